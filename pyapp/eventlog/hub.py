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

from pyapp.database.calls import Database, Row, Session, run_steps
from pyapp.database.keep import Keeper
from pyapp.eventlog import messages
from pyapp.eventlog import reading as log
from pyapp.eventlog.levels import Change, Key, Window
from pyapp.eventlog.reading import Batch, Event, Extent, Lost, Place
from pyapp.eventlog.recent import Recent
from pyapp.problems import unavailable

logger = logging.getLogger("scoville.live")

LISTEN_EVENTS = "listen scoville_events"
LISTEN_BEAT = "listen scoville_beat"
BEAT = "select pg_notify('scoville_beat', $1)"
POLL_SECONDS = 1.0  # also while notifications arrive
FRESH_POLL_SECONDS = 0.04  # while a cache needs to know that nothing has changed
FRESH_SECONDS = 1.0  # for this long after the last such request
SILENT_POLL_SECONDS = 0.05  # while the heartbeat does not arrive, because something between swallows NOTIFY
HEARTBEAT_SECONDS = 10.0
STATEMENT_MILLISECONDS = 8_000
FLUSH_SECONDS = 0.004  # while busy, between the starts of two flushes
FLUSH_SHARE = 0.6  # largest share of the process's time that reading and flushing may take
READY_SECONDS = 5.0
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
        self._keeper = Keeper(url, "scoville live", statement_milliseconds=STATEMENT_MILLISECONDS)
        self._database = database
        self.place: Place | None = None
        self.window = Window()
        self.recent = Recent()
        self.subscribers: list[Subscriber] = []
        self.silent = False
        self.events_read = 0
        self.lag_seconds = 0.0  # of the last event, from the change to its arrival here
        self.fresh_at = 0.0  # monotonic: subscribers have everything committed before this moment
        self._fresh_until = 0.0
        self._ready = asyncio.Event()
        self._woken = asyncio.Event()
        self._extending = asyncio.Lock()
        self._name = uuid.uuid4().hex.encode()
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
        return 0 if self.place is None else self.place.seq

    def has_come_to(self, place: Place) -> bool:
        return self.place is not None and self.place.epoch == place.epoch and self.place.seq >= place.seq

    def place_at(self, seq: int) -> str:
        """Returns a position in the current epoch, as clients receive it."""
        return str(Place("" if self.place is None else self.place.epoch, seq))

    async def ready(self) -> Place:
        """Returns the hub's position. Raises Problem RQ503 if the log has not been read yet."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self._ready.wait()
        except TimeoutError:
            raise unavailable("The event log cannot be read at the moment. Try again.") from None
        assert self.place is not None  # noqa: S101
        return self.place

    def poke(self) -> None:
        """Reads the log now."""
        self._woken.set()

    def stay_fresh(self) -> None:
        """Keeps `fresh_at` close to the clock for the next FRESH_SECONDS."""
        now = time.monotonic()
        if self._fresh_until < now:
            self._woken.set()
        self._fresh_until = now + FRESH_SECONDS

    async def reach(self, place: Place) -> None:
        """Waits until the hub has reached `position`, and extends the window back to it. Raises Lost, and Problem RQ503."""
        await self.ready()
        limit = time.monotonic() + CATCH_UP_SECONDS
        while self._seq(place) < place.seq:
            if time.monotonic() > limit:
                raise Lost("place_unknown")
            self.poke()
            await asyncio.sleep(FLUSH_SECONDS)
        async with self._extending:
            if place.seq < self.window.base:
                await self._extend(place)

    def _seq(self, place: Place) -> int:
        if self.place is None or self.place.epoch != place.epoch:
            raise Lost("epoch_changed")
        return self.place.seq

    async def _extend(self, place: Place) -> None:
        """Reads the events between the position and the window. Clients that resume after a restart share this work."""
        found: list[Event] = []
        until = self.window.base
        extent = log.extent((await self._query(log.PLACE_NOW))[0])
        if place.seq < extent.first_seq - 1:
            raise Lost("place_expired")
        if until - place.seq > EXTEND_EVENTS_MAX:
            raise Lost("place_too_far_back")
        while (seq := place.seq + len(found)) < until:
            page = log.events(await self._query(log.READ_EVENTS, seq, min(log.PAGE_EVENTS, until - seq)))
            if not page or page[0].seq != seq + 1 or page[-1].seq != seq + len(page):
                raise Lost("place_expired")
            found += page
        self._seq(place)
        try:
            self.window.extend(place.seq, until, log.changes(found))
        except msgspec.ValidationError:
            logger.exception("an event in the log cannot be read")
        if place.seq < self.window.base:
            raise Lost("place_too_far_back")

    async def _query(self, statement: str, *values: int) -> list[Row]:
        return await self._database.call(log.READER, statement, values, request_id="live", read_only=True)

    async def _work(self, session: Session) -> None:
        self._beat_sent = 0.0
        await self._listen(session)
        await self._read(session)
        logger.info("following the event log from %s", self.place)
        self._keeper.works()
        await self._follow(session)

    async def _listen(self, session: Session) -> None:
        """Listens (repeating it is harmless), and sends a notification that must come back."""
        session.pgconn.notify_handler = self._on_notify
        silent = self._beat_heard < self._beat_sent
        if silent != self.silent:
            logger.warning("notifications do not arrive, polling" if silent else "notifications arrive again")
        self.silent = silent
        self._beat_sent = time.monotonic()
        await run_steps(session, ((LISTEN_EVENTS, ()), (LISTEN_BEAT, ()), (BEAT, (self._name,))))

    def _on_notify(self, notify: PGnotify) -> None:
        if notify.extra == self._name:
            self._beat_heard = time.monotonic()
        self._woken.set()

    async def _follow(self, session: Session) -> None:
        while True:
            await self._wait(session)
            if time.monotonic() > self._beat_sent + HEARTBEAT_SECONDS:
                await self._listen(session)
            started = time.monotonic()
            busy = await self._read(session)
            pause = max(FLUSH_SECONDS, busy / FLUSH_SHARE) - (time.monotonic() - started)
            if pause > 0:
                await asyncio.sleep(pause)

    async def _wait(self, session: Session) -> None:
        """Waits until there may be news: a notification, a request to read, or the next poll."""
        if not self._woken.is_set():
            loop = asyncio.get_running_loop()
            loop.add_reader(session.pgconn.socket, self._woken.set)
            try:
                async with asyncio.timeout(self._poll_seconds()):
                    await self._woken.wait()
            except TimeoutError:
                pass
            finally:
                loop.remove_reader(session.pgconn.socket)
        self._woken.clear()
        session.pgconn.consume_input()
        while (notify := session.pgconn.notifies()) is not None:
            self._on_notify(notify)
        self._woken.clear()

    def _poll_seconds(self) -> float:
        if time.monotonic() < self._fresh_until:
            return FRESH_POLL_SECONDS
        return SILENT_POLL_SECONDS if self.silent else POLL_SECONDS

    async def _read(self, session: Session) -> float:
        """Reads up to the end of the log. Returns the seconds that subscribers took."""
        busy = 0.0
        while True:
            asked, after = time.monotonic(), None if self.place is None else self.place.seq
            batch = log.batch(await run_steps(session, log.steps(after, waiting=asked < self._fresh_until)))
            started = time.monotonic()
            self._take(batch)
            busy += time.monotonic() - started
            if len(batch.events) < log.PAGE_EVENTS:
                if batch.waiting_seconds is not None:
                    self.fresh_at = asked - batch.waiting_seconds
                return busy

    def _take(self, batch: Batch) -> None:
        extent, events = batch.extent, batch.events
        if self.place is None:
            self._restart(extent)
            self._ready.set()
        elif extent.epoch != self.place.epoch:
            self._reset(extent, "epoch_changed")
        elif not _follows(self.place.seq, batch):
            self._reset(extent, "events_missing")
        elif events:
            try:
                changes = log.changes(events)
            except msgspec.ValidationError:
                logger.exception("an event in the log cannot be read")
                self._reset(extent, "events_missing")
                return
            self._publish(self.place, events, changes)

    def _publish(self, before: Place, events: list[Event], changes: list[Change]) -> None:
        newest: dict[Key, Change] = {}
        for change in changes:
            if self.window.take(change):
                if (older := newest.pop(change.key, None)) is not None:
                    change.states += older.states
                newest[change.key] = change  # moved to the end: the changes are in the order of their seq
        self.recent.add(events)
        self.place = before._replace(seq=events[-1].seq)
        self.events_read += len(events)
        self.lag_seconds = max(0.0, time.time() - messages.decode_time(events[-1].body).time.timestamp())
        for subscriber in self.subscribers:
            try:
                subscriber.on_events(events, list(newest.values()))
            except Exception:
                logger.exception("events did not reach a subscriber")
                subscriber.on_reset("events_missing")

    def _reset(self, extent: Extent, reason: str) -> None:
        # An empty log gets its epoch from the first process that reads it. Then no client loses a position.
        level = logging.WARNING if self.place and self.place.seq else logging.INFO
        logger.log(level, "the event log cannot be continued after %s: %s", self.place, reason)
        self._restart(extent)
        for subscriber in self.subscribers:
            subscriber.on_reset(reason)

    def _restart(self, extent: Extent) -> None:
        self.place = Place(extent.epoch, extent.last_seq)
        self.window.clear(extent.last_seq)
        self.recent.clear(extent.last_seq)


def _follows(seq: int, batch: Batch) -> bool:
    """Whether the batch continues directly after seq: nothing was deleted before it, and no event is missing."""
    extent, events = batch.extent, batch.events
    if not extent.first_seq - 1 <= seq <= extent.last_seq:
        return False
    if not events:
        return seq == extent.last_seq
    return events[0].seq == seq + 1 and events[-1].seq == seq + len(events)
