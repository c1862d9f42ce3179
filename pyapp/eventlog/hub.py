"""The only reader of the event log in this process: follows it, keeps the newest events, passes them to subscribers.

It starts to listen before it reads, so it misses nothing. NOTIFY only says that there may be new events; the events come from the
log, read from the last seq on. So a lost notification or a killed listener costs only time: the hub also polls, and after a lost
connection it resumes where it stopped. If it cannot (the epoch has changed, events are missing), it resets all subscribers.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Sequence
from typing import Protocol

import msgspec
from psycopg.pq.misc import PGnotify

from pyapp.database.calls import Connection, Database, Row, run_steps
from pyapp.database.keep import Keeper
from pyapp.eventlog import messages
from pyapp.eventlog import reading as log
from pyapp.eventlog.announcing import Announcer
from pyapp.eventlog.levels import Change, LevelKey, Window
from pyapp.eventlog.reading import Event, Extent, LogPage, Lost, Position
from pyapp.eventlog.recent import Recent
from pyapp.problems import unavailable

logger = logging.getLogger("scoville.live")

LISTEN_EVENTS = "listen scoville_events"
LISTEN_BEAT = "listen scoville_beat"
BEAT_CHANNEL = "scoville_beat"
POLL_SECONDS = 1.0  # also while notifications arrive
FRESH_POLL_SECONDS = 0.04  # while a cache needs to know that nothing has changed
FRESH_SECONDS = 1.0  # for this long after the last such request
SILENT_POLL_SECONDS = 0.05  # while the heartbeat does not arrive, because something between swallows NOTIFY
HEARTBEAT_SECONDS = 10.0
STATEMENT_MILLISECONDS = 8_000
FLUSH_SECONDS = 0.004  # while busy, between the starts of two flushes
FLUSH_SHARE = 0.6  # largest share of the process's time that reading and flushing may take
READY_SECONDS = 5.0
ERASED = "customer.erased"
CATCH_UP_SECONDS = 2.0  # to reach a position that another process has announced and this one has not read yet
EXTEND_EVENTS_MAX = 20_000  # read back for clients that resume after this process has started


class Subscriber(Protocol):
    def on_events(self, events: Sequence[Event], changes: Sequence[Change], /) -> None:
        """New events, and the newest states of the levels that they changed, in the order of their seq."""

    def on_reset(self, reason: str, /) -> None:
        """The log cannot be continued from the reached position: start again from the hub's new position."""


class Hub:
    """`position` is the last position that was read; it is None until the log has been read for the first time."""

    def __init__(self, url: str, database: Database) -> None:
        self._keeper = Keeper(url, "scoville live", statement_milliseconds=STATEMENT_MILLISECONDS, caller=log.READER)
        self._database = database
        self.position: Position | None = None
        self.window = Window()
        self.recent = Recent()
        self.regrouped: dict[int, int] = {}  # by region, the seq of the last event that changed who sells from where
        self.subscribers: list[Subscriber] = []
        self.silent = False
        self.events_read = 0
        self.lag_seconds = 0.0  # of the last event, from the change to its arrival here
        self.fresh_at = 0.0  # monotonic: subscribers have everything committed before this moment
        self._fresh_until = 0.0
        self._ready = asyncio.Event()
        self._woken = asyncio.Event()
        self._extending = asyncio.Lock()
        self._name = uuid.uuid4().hex
        self._announcer = Announcer()
        self._beat_sent = self._beat_heard = 0.0

    async def run(self) -> None:
        """Follows the log until cancelled. Waits for a database that is unreachable."""
        await self._keeper.run(self._work)

    @property
    def connected(self) -> bool:
        return self._keeper.connected

    @property
    def seq(self) -> int:
        """The seq of the last event that was read."""
        return 0 if self.position is None else self.position.seq

    def has_reached(self, position: Position) -> bool:
        return self.position is not None and self.position.epoch == position.epoch and self.position.seq >= position.seq

    def position_at(self, seq: int) -> str:
        """Returns a position in the current epoch, as clients receive it."""
        return str(Position("" if self.position is None else self.position.epoch, seq))

    async def ready(self) -> Position:
        """Returns the hub's position. Raises Problem RQ503 if the log has not been read yet."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise unavailable("The event log cannot be read at the moment. Try again.") from None
        assert self.position is not None  # noqa: S101
        return self.position

    def poke(self) -> None:
        """Reads the log now."""
        self._woken.set()

    def stay_fresh(self) -> None:
        """Keeps `fresh_at` close to the clock for the next FRESH_SECONDS."""
        now = time.monotonic()
        if self._fresh_until < now:
            self._woken.set()
        self._fresh_until = now + FRESH_SECONDS

    async def reach(self, position: Position) -> None:
        """Waits until the hub has reached `position`, and extends the window back to it. Raises Lost, and Problem RQ503."""
        await self.ready()
        limit = time.monotonic() + CATCH_UP_SECONDS
        while self._seq(position) < position.seq:
            if time.monotonic() > limit:
                raise Lost("place_unknown")
            self.poke()
            await asyncio.sleep(FLUSH_SECONDS)
        async with self._extending:
            if position.seq < self.window.base:
                await self._extend(position)

    def _seq(self, position: Position) -> int:
        if self.position is None or self.position.epoch != position.epoch:
            raise Lost("epoch_changed")
        return self.position.seq

    async def _extend(self, position: Position) -> None:
        """Reads the events between the position and the window. Clients that resume after a restart share this work."""
        found: list[Event] = []
        until = self.window.base
        extent = log.extent((await self._query(log.READ_EXTENT))[0])
        if position.seq < extent.first_seq - 1:
            raise Lost("place_expired")
        if until - position.seq > EXTEND_EVENTS_MAX:
            raise Lost("place_too_far_back")
        while (seq := position.seq + len(found)) < until:
            page = log.events(await self._query(log.READ_EVENTS, seq, min(log.PAGE_EVENTS, until - seq)))
            if not page or page[0].seq != seq + 1 or page[-1].seq != seq + len(page):
                raise Lost("place_expired")
            found += page
        self._seq(position)
        self._note(found)
        try:
            self.window.extend(position.seq, until, log.changes(found))
        except msgspec.ValidationError:
            logger.exception("an event in the log cannot be read")
        if position.seq < self.window.base:
            raise Lost("place_too_far_back")

    async def _query(self, statement: str, *values: int) -> list[Row]:
        return await self._database.call(log.READER, statement, values, request_id="live", read_only=True)

    async def _work(self, connection: Connection) -> None:
        self._beat_sent = 0.0
        await self._listen(connection)
        await self._read(connection)
        logger.info("following the event log from %s", self.position)
        self._keeper.works()
        await self._follow(connection)

    async def _listen(self, connection: Connection) -> None:
        """Listens (repeating it is harmless), and sends a notification that must come back."""
        connection.pgconn.notify_handler = self._on_notify
        silent = self._beat_heard < self._beat_sent
        if silent != self.silent:
            logger.warning("notifications do not arrive, polling" if silent else "notifications arrive again")
        self.silent = silent
        self._beat_sent = time.monotonic()
        await run_steps(connection, ((LISTEN_EVENTS, ()), (LISTEN_BEAT, ())))
        await self._announcer.announce(connection, BEAT_CHANNEL, self._name)

    def _on_notify(self, notify: PGnotify) -> None:
        if notify.extra == self._name.encode():
            self._beat_heard = time.monotonic()
        self._woken.set()

    async def _follow(self, connection: Connection) -> None:
        while True:
            await self._wait(connection)
            if time.monotonic() > self._beat_sent + HEARTBEAT_SECONDS:
                await self._listen(connection)
            started = time.monotonic()
            busy = await self._read(connection)
            pause = max(FLUSH_SECONDS, busy / FLUSH_SHARE) - (time.monotonic() - started)
            if pause > 0:
                await asyncio.sleep(pause)

    async def _wait(self, connection: Connection) -> None:
        """Waits until there may be news: a notification, a request to read, or the next poll."""
        if not self._woken.is_set():
            loop = asyncio.get_running_loop()
            loop.add_reader(connection.pgconn.socket, self._woken.set)
            try:
                async with asyncio.timeout(self._poll_seconds()):
                    await self._woken.wait()
            except TimeoutError:
                pass
            finally:
                loop.remove_reader(connection.pgconn.socket)
        self._woken.clear()
        connection.pgconn.consume_input()
        while (notify := connection.pgconn.notifies()) is not None:
            self._on_notify(notify)
        self._woken.clear()

    def _poll_seconds(self) -> float:
        if time.monotonic() < self._fresh_until:
            return FRESH_POLL_SECONDS
        return SILENT_POLL_SECONDS if self.silent or not self._announcer.works else POLL_SECONDS

    async def _read(self, connection: Connection) -> float:
        """Reads up to the end of the log. Returns the seconds that subscribers took."""
        busy = 0.0
        while True:
            asked, after = time.monotonic(), None if self.position is None else self.position.seq
            page = log.page((await run_steps(connection, (log.follow(after, waiting=asked < self._fresh_until),)))[0])
            started = time.monotonic()
            self._take(page)
            busy += time.monotonic() - started
            if len(page.events) < log.PAGE_EVENTS:
                if page.waiting_seconds is not None:
                    self.fresh_at = asked - page.waiting_seconds
                return busy

    def _take(self, page: LogPage) -> None:
        extent, events = page.extent, page.events
        if self.position is None:
            self._restart(extent)
            self._ready.set()
        elif extent.epoch != self.position.epoch:
            self._reset(extent, "epoch_changed")
        elif not _follows(self.position.seq, page):
            self._reset(extent, "events_missing")
        elif events:
            try:
                changes = log.changes(events)
            except msgspec.ValidationError:
                logger.exception("an event in the log cannot be read")
                self._reset(extent, "events_missing")
                return
            self._publish(self.position, events, changes)

    def _publish(self, before: Position, events: list[Event], changes: list[Change]) -> None:
        newest: dict[LevelKey, Change] = {}
        for change in changes:
            if self.window.take(change):
                if (older := newest.pop(change.key, None)) is not None:
                    change.states += older.states
                newest[change.key] = change  # moved to the end: the changes are in the order of their seq
        if any(event.type == ERASED for event in events):
            # Events in memory may hold the erased person. This page was read in one statement, after the erasure.
            self.recent.clear(before.seq)
        self.recent.add(events)
        self._note(events)
        self.position = before._replace(seq=events[-1].seq)
        self.events_read += len(events)
        self.lag_seconds = max(0.0, time.time() - messages.decode_time(events[-1].body).time.timestamp())
        for subscriber in self.subscribers:
            try:
                subscriber.on_events(events, list(newest.values()))
            except Exception:
                logger.exception("events did not reach a subscriber")
                subscriber.on_reset("events_missing")

    def regrouped_since(self, events: Sequence[Event]) -> list[int]:
        """Returns the regions in which these events, which were just read, or later ones changed who sells from where."""
        return [region for region, seq in self.regrouped.items() if seq >= events[0].seq]

    def _note(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.regroups:
                self.regrouped[event.region] = max(event.seq, self.regrouped.get(event.region, 0))

    def _reset(self, extent: Extent, reason: str) -> None:
        # An empty log gets its epoch from the first process that reads it. Then no client loses a position.
        level = logging.WARNING if self.position and self.position.seq else logging.INFO
        logger.log(level, "the event log cannot be continued after %s: %s", self.position, reason)
        self._restart(extent)
        for subscriber in self.subscribers:
            subscriber.on_reset(reason)

    def _restart(self, extent: Extent) -> None:
        self.position = Position(extent.epoch, extent.last_seq)
        self.window.clear(extent.last_seq)
        self.recent.clear(extent.last_seq)
        self.regrouped.clear()


def _follows(seq: int, page: LogPage) -> bool:
    """Whether the page continues directly after seq: nothing was deleted before it, and no event is missing."""
    extent, events = page.extent, page.events
    if not extent.first_seq - 1 <= seq <= extent.last_seq:
        return False
    if not events:
        return seq == extent.last_seq
    return events[0].seq == seq + 1 and events[-1].seq == seq + len(events)
