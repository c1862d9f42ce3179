"""Moves committed events into the log: a task in every API process and every worker.

The work is one statement, jobs.sequence_events, and one process at a time does it: whoever comes while another is at it is
told so and comes back. A process is kicked by its own writes; besides, it looks every POLL_SECONDS for those of others that are
gone, or that wrote by SQL. A look that finds nothing only reads: about 0.2 ms of the server's time, no lock and no WAL.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psycopg

from pyapp.database.calls import ENTER, KEEPALIVE, Row, Session, Value, run_steps, with_options
from pyapp.tasks import end

logger = logging.getLogger("scoville.sequencer")

EVENTS_MAX = 1000  # a call: 20 to 50 ms
POLL_SECONDS = 0.05
BUSY_SECONDS = 0.01  # until the next try when another process was at it while this one had written
REST_SECONDS = 0.005  # after a call that did not fill up: what arrives meanwhile shares the next commit
MEASURE_SECONDS = 5.0
CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 15_000
BACKOFF_SECONDS_MIN = 0.1
BACKOFF_SECONDS_MAX = 5.0

CLAIMS = b'{"sub":"sequencer"}'
SEQUENCE = "select jobs.sequence_events($1)"
CHECK_EPOCH = "select jobs.check_epoch()"
RENEW_EPOCH = "select jobs.renew_epoch()"
MEASURE = """select b.waiting, b.oldest_seconds, p.epoch, p.last_seq
    from jobs.measure_backlogs() b, jobs.stream_place() p where b.backlog = 'events'"""


class Sequencer:
    """`backlog` (events) and `lag_seconds` (of the oldest) are at most MEASURE_SECONDS old; `moved` counts what this one did."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.connected = False
        self.backlog = 0
        self.lag_seconds = 0.0
        self.moved = 0
        self._epoch = ""
        self._last_seq = 0  # that the log has reached at least
        self._kicked = asyncio.Event()
        self._measured = 0.0

    def kick(self) -> None:
        """There are events: something was committed."""
        self._kicked.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Sequencer]:
        task = asyncio.create_task(self.run())
        try:
            yield self
        finally:
            await end(task)

    async def run(self) -> None:
        """Until cancelled. A database that is away, or not migrated yet, is waited for."""
        backoff = BACKOFF_SECONDS_MIN
        while True:
            try:
                async with _closing(await self._connect()) as session:
                    await self._begin(session)
                    self.connected, backoff = True, BACKOFF_SECONDS_MIN
                    while True:
                        await self._work(session)
            except (psycopg.Error, OSError) as error:  # TimeoutError is an OSError
                log = logger.warning if self.connected or backoff == BACKOFF_SECONDS_MIN else logger.debug
                log("events cannot be sequenced, trying again: %s", " ".join(str(error).split()))
            except Exception:
                logger.exception("events cannot be sequenced, trying again")
            self.connected = False
            await asyncio.sleep(backoff * random.uniform(0.5, 1))  # noqa: S311 (spreads processes, hides nothing)
            backoff = min(backoff * 2, BACKOFF_SECONDS_MAX)

    async def _connect(self) -> Session:
        return await Session.connect(
            self._url,
            autocommit=True,
            application_name="scoville sequencer",
            connect_timeout=CONNECT_SECONDS,
            options=with_options(self._url, f"-c statement_timeout={STATEMENT_MILLISECONDS}"),
            **KEEPALIVE,
        )

    async def _begin(self, session: Session) -> None:
        """Settles the epoch of a database that was restored before this connection."""
        await _call(session, CHECK_EPOCH)
        epoch, last_seq = await self._measure(session)
        if epoch == self._epoch and last_seq < self._last_seq:
            # The files were put back as they had been: nothing in them can tell, but this process remembers.
            logger.warning("the event log ends at %d and had come to %d: a new epoch begins", last_seq, self._last_seq)
            await _call(session, RENEW_EPOCH)
            epoch, last_seq = await self._measure(session)
        self._epoch, self._last_seq = epoch, last_seq

    async def _work(self, session: Session) -> None:
        """One call, and the pause after it."""
        kicked = self._kicked.is_set()
        self._kicked.clear()
        [(answer,)] = await _call(session, SEQUENCE, EVENTS_MAX)
        moved = int(answer or b"0")
        if moved > 0:
            self.moved += moved
            self._last_seq += moved
        if self._measured + MEASURE_SECONDS < time.monotonic():
            self._epoch, self._last_seq = await self._measure(session)
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

    async def _measure(self, session: Session) -> tuple[str, int]:
        """Takes the figures; answers the epoch and the last seq."""
        [(backlog, lag, epoch, last_seq)] = await _call(session, MEASURE)
        self.backlog, self.lag_seconds = int(backlog or b"0"), float(lag or b"0")
        self._measured = time.monotonic()
        return (epoch or b"").decode(), int(last_seq or b"0")


@asynccontextmanager
async def _closing(session: Session) -> AsyncIterator[Session]:
    """Ends it as it is: one that was cut off in the middle of an exchange can do nothing more, not even roll back."""
    try:
        yield session
    finally:
        await session.close()


async def _call(session: Session, statement: str, *values: Value) -> list[Row]:
    steps = (("begin", ()), (ENTER, ("scoville_worker", CLAIMS)), (statement, values), ("commit", ()))
    return (await run_steps(session, steps))[2]
