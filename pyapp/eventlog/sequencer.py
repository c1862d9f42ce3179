"""Moves committed events into the log: a task in every API process and every worker.

The work is one statement, jobs.sequence_events; a notification follows it. One process at a time runs it; the statement tells
any other process to come back later. A process is kicked by its own writes. It also checks every POLL_SECONDS for events of
stopped processes and of SQL clients. A check that finds nothing only reads: about 0.2 ms of the server's time, no lock and no
WAL.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pyapp.database.calls import Connection, Row, Value, run_steps
from pyapp.database.keep import Keeper
from pyapp.eventlog.announcing import Announcer
from pyapp.identity.enter import Component
from pyapp.tasks import end

logger = logging.getLogger("scoville.sequencer")

EVENTS_MAX = 1000  # per call: 20 to 50 ms
POLL_SECONDS = 0.05
BUSY_SECONDS = 0.01  # until the next attempt if another process was sequencing and this one has written
# After a call that moved something but was not full: events that arrive in this pause share the next call, which costs much the
# same for ten as for one. The first event after a pause is moved at once.
REST_SECONDS = 0.02
MEASURE_SECONDS = 5.0
STATEMENT_MILLISECONDS = 15_000

SEQUENCER = Component("scoville_worker", "sequencer")
SEQUENCE = "select jobs.sequence_events($1)"
CHECK_EPOCH = "select jobs.check_epoch()"
RENEW_EPOCH = "select jobs.renew_epoch()"
EVENTS_CHANNEL = "scoville_events"
# The last column also frees the queue of notifications, should a jam have ended unseen.
MEASURE = """select b.waiting, b.oldest_seconds, p.epoch, p.last_seq, pg_notification_queue_usage()
    from jobs.measure_backlogs() b, jobs.stream_place() p where b.backlog = 'events'"""


class Sequencer:
    """`backlog` (events), `lag_seconds` (of the oldest) and `notify_usage` (share of the queue of notifications in use) are
    at most MEASURE_SECONDS old; `moved` counts its own events.
    """

    def __init__(self, url: str) -> None:
        self._keeper = Keeper(url, "scoville sequencer", statement_milliseconds=STATEMENT_MILLISECONDS, caller=SEQUENCER)
        self.backlog = 0
        self.lag_seconds = 0.0
        self.notify_usage = 0.0
        self.moved = 0
        self._announcer = Announcer()
        self._epoch = ""
        self._last_seq = 0  # lower bound of the log's last seq
        self._kicked = asyncio.Event()
        self._measured = 0.0

    def kick(self) -> None:
        """Reports that something was committed, so there may be events."""
        self._kicked.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Sequencer]:
        task = asyncio.create_task(self.run())
        try:
            yield self
        finally:
            await end(task)

    async def run(self) -> None:
        """Runs until cancelled. Waits for a database that is unreachable or not migrated yet."""
        await self._keeper.run(self._sequence)

    @property
    def connected(self) -> bool:
        return self._keeper.connected

    async def _sequence(self, connection: Connection) -> None:
        await self._begin(connection)
        self._keeper.works()
        while True:
            await self._work(connection)

    async def _begin(self, connection: Connection) -> None:
        """Checks whether the database was restored before this connection, and renews the epoch if so."""
        await _call(connection, CHECK_EPOCH)
        epoch, last_seq = await self._measure(connection)
        if epoch == self._epoch and last_seq < self._last_seq:
            # The files were copied back: nothing in them shows it, but this process remembers the last seq.
            logger.warning("the event log ends at %d but had reached %d: a new epoch begins", last_seq, self._last_seq)
            await _call(connection, RENEW_EPOCH)
            await self._announcer.announce(connection, EVENTS_CHANNEL)
            epoch, last_seq = await self._measure(connection)
        self._epoch, self._last_seq = epoch, last_seq

    async def _work(self, connection: Connection) -> None:
        """Makes one call, then pauses."""
        kicked = self._kicked.is_set()
        self._kicked.clear()
        [(answer,)] = await _call(connection, SEQUENCE, EVENTS_MAX)
        moved = int(answer or b"0")
        if moved > 0:
            self.moved += moved
            self._last_seq += moved
            await self._announcer.announce(connection, EVENTS_CHANNEL)
        if self._measured + MEASURE_SECONDS < time.monotonic():
            self._epoch, self._last_seq = await self._measure(connection)
        if moved == EVENTS_MAX:
            return
        if moved > 0:
            await asyncio.sleep(REST_SECONDS)
        elif moved < 0 and kicked:
            await asyncio.sleep(BUSY_SECONDS)
            self._kicked.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._kicked.wait()

    async def _measure(self, connection: Connection) -> tuple[str, int]:
        """Measures backlog and lag. Returns the epoch and the last seq."""
        [(backlog, lag, epoch, last_seq, usage)] = await _call(connection, MEASURE)
        self.backlog, self.lag_seconds = int(backlog or b"0"), float(lag or b"0")
        self.notify_usage = float(usage or b"0")
        self._measured = time.monotonic()
        return (epoch or b"").decode(), int(last_seq or b"0")


async def _call(connection: Connection, statement: str, *values: Value) -> list[Row]:
    return (await run_steps(connection, ((statement, values),)))[0]
