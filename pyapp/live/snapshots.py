"""Snapshots of levels, read as the caller under row-level security, and framed once for all callers with the same view.

After a restart of the server a thousand sockets may ask at once. Sockets with the same view share a query: all requests that
arrive during a query wait for the next one. A caller's snapshots are read one after the other, so that a caller with many views
does not take the database from the others.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Sequence

import msgspec
from msgspec import Raw

from pyapp.database.calls import Database, Row
from pyapp.eventlog import messages
from pyapp.eventlog.hub import FLUSH_SECONDS, Hub
from pyapp.eventlog.levels import Change, LevelKey
from pyapp.eventlog.messages import LEVELS_PER_FRAME
from pyapp.eventlog.reading import Position
from pyapp.identity.tokens import Identity
from pyapp.live.relay import ViewKey
from pyapp.problems import unavailable
from pyapp.tasks import Turns

BYTES_MAX = 64 * 1024 * 1024  # of all snapshots not yet accepted by every socket; above it, new ones wait
WAIT_SECONDS = 30.0  # for free memory, and for the hub to reach the epoch of a snapshot
POLL_SECONDS = 0.02
SETTLE_SECONDS = 1.0  # for the log to contain every change that a snapshot contains

STATEMENT = "select body, epoch, seq, unsequenced from api.snapshot_levels($1, $2)"


class _Level(msgspec.Struct):
    sku_id: str
    warehouse_location: str
    version: int


class Snapshot:
    """The levels at a position. `ahead`: levels newer than the log at that position, with their versions; almost always empty."""

    def __init__(self, position: Position, frames: Sequence[bytes], ahead: dict[LevelKey, int]) -> None:
        self.position = position
        self.frames = frames
        self.ahead = ahead
        self.size = sum(map(len, frames))


class Snapshots:
    """Builds snapshots, and keeps the unsent ones within BYTES_MAX."""

    def __init__(self, hub: Hub, database: Database) -> None:
        self._hub = hub
        self._database = database
        self._running: dict[ViewKey, asyncio.Task[Snapshot]] = {}
        self._next: dict[ViewKey, asyncio.Task[Snapshot]] = {}
        self._turns = Turns()
        self._queued: dict[tuple[str, ViewKey], asyncio.Task[Snapshot]] = {}  # waiting for the caller's turn
        self.waiting_bytes = 0

    async def get(self, key: ViewKey, identity: Identity, request_id: str) -> Snapshot:
        """Returns a snapshot that the window can continue. Raises Problem RQ503."""
        limit = time.monotonic() + WAIT_SECONDS
        await self._hub.ready()
        while time.monotonic() < limit:
            if self.waiting_bytes <= BYTES_MAX:
                snapshot = await self._in_turn(key, identity, request_id)
                if self._goes_on_from(snapshot):
                    return snapshot
                self._hub.poke()
            await asyncio.sleep(POLL_SECONDS)
        raise unavailable("The server has too much to send at the moment. Try again.")

    async def _in_turn(self, key: ViewKey, identity: Identity, request_id: str) -> Snapshot:
        place = (identity.subject, key)
        task = self._queued.get(place)
        if task is None:
            task = self._queued[place] = asyncio.create_task(self._wait_for_turn(place, identity, request_id))
            task.add_done_callback(_retrieve)
        return await asyncio.shield(task)

    async def _wait_for_turn(self, place: tuple[str, ViewKey], identity: Identity, request_id: str) -> Snapshot:
        subject, key = place
        async with self._turns.of(subject):
            del self._queued[place]  # whoever asks from now on must not get what is about to be read
            return await self._shared(key, identity, request_id)

    async def _shared(self, key: ViewKey, identity: Identity, request_id: str) -> Snapshot:
        """Returns a snapshot whose read begins after this call, so that it contains the caller's earlier writes."""
        running = self._running.get(key)
        if running is None:
            task = self._running[key] = asyncio.create_task(self._read(key, identity, request_id))
            task.add_done_callback(lambda done: self._end(key, done))
        else:
            waiting = self._next.get(key)
            task = waiting or asyncio.create_task(self._read_after(running, key, identity, request_id))
            self._next[key] = task
        return await asyncio.shield(task)

    def _end(self, key: ViewKey, task: asyncio.Task[Snapshot]) -> None:
        del self._running[key]
        _retrieve(task)

    async def _read_after(self, running: asyncio.Task[Snapshot], key: ViewKey, identity: Identity, request_id: str) -> Snapshot:
        await asyncio.wait([running])
        del self._next[key]
        return await self._shared(key, identity, request_id)

    def _goes_on_from(self, snapshot: Snapshot) -> bool:
        position = self._hub.position
        return (
            position is not None and position.epoch == snapshot.position.epoch and snapshot.position.seq >= self._hub.window.base
        )

    async def _read(self, key: ViewKey, identity: Identity, request_id: str) -> Snapshot:
        asked = (("skus", key.skus), ("warehouses", key.warehouses))
        # A view of no warehouse names one that does not exist: an empty list would mean all.
        filters = {name: sorted(codes) or [""] for name, codes in asked if codes is not None}
        values = (key.region, messages.encode(filters))
        rows = await self._database.call(identity, STATEMENT, values, request_id=request_id, read_only=True)
        snapshot = await self._settle(key, _Reading(key.region, rows))
        self.waiting_bytes += snapshot.size
        weakref.finalize(snapshot, self._release, snapshot.size)
        return snapshot

    async def _settle(self, key: ViewKey, reading: _Reading) -> Snapshot:
        """Returns the reading as of a position, with the changes that the log has received since, once it has all that was read.

        The reading may be newer than the log. Sent as it is, a client that resumes at its position would get changes twice.
        """
        limit = time.monotonic() + SETTLE_SECONDS
        hub = self._hub
        while time.monotonic() < limit:
            changes = hub.window.since(reading.position.seq) if hub.has_reached(reading.position) else None
            if changes is not None and not reading.ahead_of(changes):
                reading.take([change for change in changes if key.sees(change)], available_only=key.available_only)
                return reading.snapshot(reading.position._replace(seq=hub.seq))
            hub.poke()
            await asyncio.sleep(FLUSH_SECONDS)
        return reading.snapshot(reading.position)  # no sequencer is running

    def _release(self, size: int) -> None:
        self.waiting_bytes -= size


def _retrieve(task: asyncio.Task[Snapshot]) -> None:
    """Every waiting caller gets the error of the task too; no waiting caller is not an error."""
    if not task.cancelled():
        task.exception()


class _Reading:
    """The result of api.snapshot_levels."""

    def __init__(self, region: int, rows: Sequence[Row]) -> None:
        _, epoch, seq, unsequenced = rows[0]
        self.position = Position((epoch or b"").decode(), int(seq or 0))
        self._documents: dict[LevelKey, bytes] = {}
        self._versions: dict[LevelKey, int] = {}
        for body in (body or b"[]" for body, *_ in rows):
            for document in msgspec.json.decode(body, type=list[Raw]):
                level = msgspec.json.decode(document, type=_Level)
                key = LevelKey(region, level.warehouse_location, level.sku_id)
                self._documents[key], self._versions[key] = bytes(document), level.version
        named = (LevelKey(region, *pair) for pair in msgspec.json.decode(unsequenced or b"[]", type=list[tuple[str, str]]))
        self._ahead = {key: self._versions[key] for key in named if key in self._versions}

    def ahead_of(self, changes: Sequence[Change]) -> bool:
        """Whether some of the reading is not in the changes since its position yet."""
        versions = {change.key: change.level.version for change in changes}
        return any(versions.get(key, -1) < version for key, version in self._ahead.items())

    def take(self, changes: Sequence[Change], *, available_only: bool) -> None:
        self._ahead.clear()
        for change in changes:
            if self._versions.get(change.key, -1) < change.level.version:
                self._documents[change.key] = change.document(available_only=available_only)

    def snapshot(self, position: Position) -> Snapshot:
        levels = list(self._documents.values())
        chunks = [levels[start : start + LEVELS_PER_FRAME] for start in range(0, len(levels), LEVELS_PER_FRAME)] or [[]]
        last = len(chunks) - 1
        parts = [messages.snapshot_message(str(position), chunk, more=number < last) for number, chunk in enumerate(chunks)]
        return Snapshot(position, [messages.text_frame(part) for part in parts], self._ahead)
