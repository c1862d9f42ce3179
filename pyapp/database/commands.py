"""Writes: elements in, a result for each, in order.

An element is complete in itself (what the client sent, and in `meta` who sent it, under which key and request), and a
call takes a list of them. So elements of several requests of the same role and scope can share a call (lanes.py).

Layers with one method stand on each other; pyapp/serve/app.py stacks them. Each hands a command on, or answers it itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from pyapp.database.calls import Database, Row, UnknownOutcome, Value
from pyapp.identity.tokens import Identity

ATTEMPTS_MAX = 4  # of a command whose outcome is not known, where a repeat is harmless
PAUSE_SECONDS = 0.25  # before the second attempt; doubles


class Wanted(NamedTuple):
    """The units that a command takes, so that an equal one of the same scope is refused for lack of stock alike."""

    skus: tuple[str, ...]
    terms: tuple[object, ...]  # whatever else decides


class Command(NamedTuple):
    """A batch function of schema api, called as the identity with these elements."""

    identity: Identity
    statement: str
    region: int | None
    elements: Sequence[bytes]
    request_id: str
    keyed: bool = False  # every element carries an idempotency key: a repeat acts once only
    dry_run: bool = False
    shares: bool = False  # it may share a transaction with others of its role and scope
    wanted: Wanted | None = None


class Result(NamedTuple):
    """What became of an element: code None is done and body the document; else refused and body says why."""

    code: str | None
    replayed: bool
    body: bytes
    created: bool = True  # False: it was there before; said by functions that do both
    position: str = ""  # where a standby must have come to know of it; empty: nothing is read from a standby

    def showing(self, members: Mapping[str, str]) -> Result:
        """Where it was done, the same with these members added to the document."""
        if self.code is not None:
            return self
        return self._replace(body=self.body[:-1] + b"," + msgspec.json.encode(members)[1:])


class Commands(Protocol):
    """A layer of the writes."""

    async def execute(self, command: Command) -> list[Result]:
        """The results of the elements, in order. Raises Problem as Database.call does."""


class Transactions:
    """The innermost layer: each command is a transaction.

    A connection that was lost before the answer came leaves open whether the transaction was committed. With idempotency
    keys the same call then gives either the kept answers or does the work: never twice, and never an answer that is not known.
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
            command.identity, command.statement, values, request_id=command.request_id, dry_run=command.dry_run
        )
        if len(rows) != len(command.elements):
            raise RuntimeError(f"{len(command.elements)} elements, {len(rows)} results: {command.statement}")
        return [_result(row) for row in rows]


def _result(row: Row) -> Result:
    _, code, replayed, body, *created = row
    return Result(None if code is None else code.decode(), replayed == b"t", body or b"{}", created != [b"f"])
