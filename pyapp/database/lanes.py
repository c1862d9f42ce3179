"""Lanes: calls that arrive while a batch runs go together as the next batch.

A row lock is held until commit. With one call and one commit per order, a hot SKU sells no faster than commits follow each
other. A lane shares the commit: per command, region, role and scope at most UNDER_WAY_MAX batches run. Calls that arrive in
the meantime queue, and go as one transaction when a batch ends. There is no timer: a call that finds its lane empty runs at
once, alone.

The batch enters with the role and scope that its calls share. Each element carries its own sender, key and request
(commands.py), so calls in one batch cannot be confused with each other.

A dry run shares no transaction: the next call would see its effects. Dry runs, and lists of commands that do not share, run one
at a time per caller, so one caller with long lists does not take all connections.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from prometheus_client import Histogram

from pyapp import metrics
from pyapp.database.commands import Command, Commands, Result
from pyapp.identity.tokens import Identity
from pyapp.problems import Problem, unavailable
from pyapp.settings import BATCH_ELEMENTS

UNDER_WAY_MAX = 1  # per lane: two would halve the batches, and the second would wait for the row lock of the first
QUEUED_ELEMENTS_MAX = 10_000  # per process, of requests with one element; any more are refused with 503
LISTED_ELEMENTS_MAX = 32_000  # the same for lists, which would otherwise leave no room for single requests
DRAIN_SECONDS = 8.0  # at shutdown, within the server's grace period


class QueuedCall(NamedTuple):
    """The elements of one request, and the future for its results."""

    command: Command
    answer: asyncio.Future[list[Result]]


class Lane:
    """The calls of one command, region, role and scope that wait for their batch."""

    __slots__ = ("calls", "under_way")

    def __init__(self) -> None:
        self.calls: deque[QueuedCall] = deque()
        self.under_way = 0

    def next_batch(self, elements_max: int) -> list[QueuedCall]:
        """Returns the oldest calls, as many as fit, without those whose callers have gone."""
        batch: list[QueuedCall] = []
        room = elements_max
        while self.calls and (not batch or len(self.calls[0].command.elements) <= room):
            call = self.calls.popleft()
            room -= len(call.command.elements)
            batch.append(call)
            if _runs_alone(call.command):
                break
        return batch


class Lanes:
    """All lanes of a process: a layer of the writes. A list longer than `batch_elements_max` goes as its own call."""

    def __init__(self, inner: Commands, *, batch_elements_max: int = BATCH_ELEMENTS, under_way_max: int = UNDER_WAY_MAX):
        self.batch_elements_max = batch_elements_max
        self.under_way_max = under_way_max
        self.queued = 0  # waiting elements of requests with one
        self.listed = 0  # and of lists
        self._inner = inner
        self._lanes: dict[tuple[object, ...], Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def execute(self, command: Command) -> list[Result]:
        """Returns the elements' results, in order. Raises Problem: RQ503 if too many wait.

        A batch that has started is carried out even if one of its callers is cancelled.
        """
        number = len(command.elements)
        if number == 1 and not command.shares and not command.dry_run:
            return await self._inner.execute(command)
        waiting, maximum = (self.queued, QUEUED_ELEMENTS_MAX) if number == 1 else (self.listed, LISTED_ELEMENTS_MAX)
        if waiting + number > maximum:
            raise unavailable("Too many writes are waiting. Nothing was changed; repeat the request.")
        key = _key(command)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
        call = QueuedCall(command, asyncio.get_running_loop().create_future())
        lane.calls.append(call)
        self._count(command, 1)
        if lane.under_way < self.under_way_max:
            lane.under_way += 1
            task = asyncio.create_task(self._work(key, lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await call.answer

    def _count(self, command: Command, sign: int) -> None:
        number = len(command.elements)
        if number == 1:
            self.queued += sign
        else:
            self.listed += sign * number

    @property
    def in_use(self) -> int:
        return len(self._lanes)

    async def drain(self) -> None:
        """Waits until every accepted call has its answer, or DRAIN_SECONDS have passed."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=DRAIN_SECONDS)

    async def _work(self, key: tuple[object, ...], lane: Lane) -> None:
        try:
            while lane.calls:
                batch = lane.next_batch(self.batch_elements_max)
                for call in batch:
                    self._count(call.command, -1)
                if alive := [call for call in batch if not call.answer.done()]:
                    await self._answer(alive)
        finally:
            lane.under_way -= 1
            if not lane.under_way and not lane.calls and self._lanes.get(key) is lane:
                del self._lanes[key]

    async def _answer(self, calls: Sequence[QueuedCall]) -> None:
        """Runs the calls as one batch. If the batch fails as a whole but single calls may succeed, they run one by one."""
        command = _together(calls)
        _batches(command.statement).observe(len(command.elements))
        try:
            results = await self._inner.execute(command)
        except Problem as problem:
            if len(calls) > 1 and problem.status not in (401, 403, 503):
                for call in calls:
                    await self._answer([call])
                return
            for call in calls:
                if not call.answer.done():
                    call.answer.set_exception(problem)
        except BaseException as error:
            for call in calls:
                if not call.answer.done():
                    call.answer.set_exception(error if isinstance(error, Exception) else asyncio.CancelledError())
            if not isinstance(error, Exception):
                raise
        else:
            first = 0
            for call in calls:
                last = first + len(call.command.elements)
                if not call.answer.done():
                    call.answer.set_result(results[first:last])
                first = last


@cache
def _batches(statement: str) -> Histogram:
    return metrics.BATCHES.labels(statement.partition("api.")[2].partition("(")[0])


def _runs_alone(command: Command) -> bool:
    return command.dry_run or not command.shares


def _key(command: Command) -> tuple[object, ...]:
    identity = command.identity
    if _runs_alone(command):
        return (identity.role, identity.subject)
    return (command.statement, command.region, identity.role, identity.warehouses, identity.channels)


def _together(calls: Sequence[QueuedCall]) -> Command:
    """Returns one command with all elements. It names no caller where they differ: each element names its own."""
    first = calls[0].command
    if len(calls) == 1:
        return first
    subjects = {call.command.identity.subject for call in calls}
    identity = first.identity if len(subjects) == 1 else _nobody(first.identity)
    return Command(
        identity=identity,
        statement=first.statement,
        region=first.region,
        elements=[element for call in calls for element in call.command.elements],
        request_id="",
        keyed=all(call.command.keyed for call in calls),
        reads=first.reads,
    )


def _nobody(identity: Identity) -> Identity:
    return Identity(identity.role, "", identity.warehouses, identity.channels, identity.region)
