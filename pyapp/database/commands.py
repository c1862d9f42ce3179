"""Writes: elements in, one result per element out, in order.

An element is self-contained: it holds what the client sent, and in `meta` its sender, key and request. A call takes a
list of elements, so elements of several requests with the same role and scope can share a call (lanes.py).

Layers with a single method wrap each other; pyapp/serve/app.py stacks them. Each passes a command on or returns its own result.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from pyapp.database.calls import Database, Row, UnknownOutcome, Value
from pyapp.identity.tokens import Identity

ATTEMPTS_MAX = 4  # of a command with unknown outcome, if a repeat is harmless
PAUSE_SECONDS = 0.25  # before the second attempt; doubles


class Wanted(NamedTuple):
    """The units that a command takes. An equal command of the same scope would also be refused for lack of stock."""

    skus: tuple[str, ...]
    terms: tuple[object, ...]  # everything else that decides


class Command(NamedTuple):
    """A function of schema api that takes a list of elements, called as the identity."""

    identity: Identity
    statement: str
    region: int | None
    elements: Sequence[bytes]
    request_id: str
    keyed: bool = False  # every element has an idempotency key, so a repeat acts only once
    dry_run: bool = False
    shares: bool = False  # it may share a transaction with others of its role and scope
    wanted: Wanted | None = None
    reads: bool = False  # it changes nothing


class Result(NamedTuple):
    """The result of one element. code None: done, and body is the document; else refused, and body gives the reason."""

    code: str | None
    replayed: bool
    body: bytes
    created: bool = True  # False: it existed before; set by functions that create or change
    position: str = ""  # position that a standby must have replayed; empty: no reads go to a standby

    def showing(self, members: Mapping[str, str]) -> Result:
        """Returns the result with these members added to the document, if it was done."""
        if self.code is not None:
            return self
        return self._replace(body=self.body[:-1] + b"," + msgspec.json.encode(members)[1:])


class Commands(Protocol):
    """A layer of the writes."""

    async def execute(self, command: Command) -> list[Result]:
        """Returns the results of the elements, in order. Raises Problem as Database.call does."""


class Transactions:
    """The innermost layer: each command is one transaction.

    A connection that was lost before the answer came leaves open whether the transaction was committed. With idempotency
    keys the call is repeated: it returns the stored results or does the work, so the work happens once and the outcome is known.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def execute(self, command: Command) -> list[Result]:
        pause = PAUSE_SECONDS
        for _ in range(ATTEMPTS_MAX - 1):
            try:
                return await self._call(command)
            except UnknownOutcome:
                if not command.keyed:
                    raise
            await asyncio.sleep(pause)
            pause *= 2
        return await self._call(command)

    async def _call(self, command: Command) -> list[Result]:
        batch = b"[" + b",".join(command.elements) + b"]"
        values: tuple[Value, ...] = (batch,) if command.region is None else (command.region, batch)
        rows = await self._database.call(
            command.identity,
            command.statement,
            values,
            request_id=command.request_id,
            read_only=command.reads,
            dry_run=command.dry_run,
        )
        if len(rows) != len(command.elements):
            raise RuntimeError(f"{len(command.elements)} elements, {len(rows)} results: {command.statement}")
        return [_result(row) for row in rows]


def _result(row: Row) -> Result:
    _, code, replayed, body, *created = row
    return Result(None if code is None else code.decode(), replayed == b"t", body or b"{}", created != [b"f"])
