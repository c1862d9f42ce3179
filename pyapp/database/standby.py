"""Reads from a standby: never older than LAG_SECONDS_MAX, and never older than the caller's own writes.

A write returns the header Scoville-LSN: the end of the primary's log after its commit. A read goes to the standby if the standby
has replayed

- everything that the primary had written LAG_SECONDS_MAX ago (a watch asks both for their positions);
- everything that the caller wrote through this process, which remembers it for that long;
- the Scoville-LSN of the request, with which a client carries its writes from one process to another.

The standby checks its own position at the start of the transaction of the read. If it is not that far, is unreachable, or refuses
or cancels the read, the primary serves it as if there were no standby. The clock of another machine is never used.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import psycopg

from pyapp.database.calls import POSITION, Database, LostConnection, Row
from pyapp.database.reads import ReadQuery, Reads
from pyapp.identity.enter import enter_step
from pyapp.identity.tokens import Identity
from pyapp.problems import Problem
from pyapp.tasks import end

LAG_SECONDS_MAX = 2.0
WATCH_SECONDS = 0.25
WATCH_TIMEOUT_SECONDS = 1.0
WAIT_SECONDS = 0.5  # for a free connection to the standby; then the primary is used
WRITERS_MAX = 1000  # remembered individually
UNKNOWN = 2**64  # a position that no server has reached

REPLAYED = "select pg_last_wal_replay_lsn() - '0/0'::pg_lsn"
HAS_REPLAYED = "select coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn >= $1::numeric, false)"
TOKEN = re.compile(r"[0-9A-F]{1,16}")

logger = logging.getLogger("scoville.replica")


class Standby:
    """A layer of the reads: the standby of SCOVILLE_READ_URL, and which position it must have replayed for each caller."""

    def __init__(self, inner: Reads, url: str, primary: Database, primary_url: str, pool_size: int) -> None:
        self._inner = inner
        self.from_standby = 0
        self.from_primary = 0
        self.is_close = False  # reachable and not too far behind
        self._primary = primary
        self._standby = Database(url, pool_size, wait_seconds=WAIT_SECONDS)
        # Its own connections to the primary, not the pool of the requests: the standby is needed most when that pool is full.
        self._watch = Database(primary_url, 1)
        self._seen: deque[tuple[float, int]] = deque()  # when and where the primary was, within the limit
        self._wrote: dict[str, tuple[float, int]] = {}
        self._floor = 0  # required of every read

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Standby]:
        await self._standby.open()
        await self._watch.open()
        watching = asyncio.create_task(self._watch_both())
        try:
            yield self
        finally:
            await end(watching)
            await self._standby.close()
            await self._watch.close()

    # Requests -------------------------------------------------------------------------------------------------------------

    async def fetch(self, query: ReadQuery) -> list[Row]:
        if query.positions is None:
            return await self._inner.fetch(query)
        rows = await self._read(query, query.positions)
        if rows is not None:
            self.from_standby += 1
            return rows
        self.from_primary += 1
        return await self._inner.fetch(query)

    async def _read(self, query: ReadQuery, positions: Sequence[str]) -> list[Row] | None:
        """Returns the rows, or None: the primary must be asked."""
        identity = query.identity
        needed = self._needed(identity.subject, positions)
        if needed is None or not self.is_close:
            return None
        steps = (
            ("begin read only", ()),
            (HAS_REPLAYED, (needed,)),
            enter_step(identity, query.request_id),
            (query.statement, tuple(query.values)),
            ("commit", ()),
        )
        try:
            rows = await self._standby.run(steps)
        except psycopg.Error:  # e.g. a function or column that is not replayed yet, or no longer fits
            return None
        except LostConnection:
            self._set_close(is_close=False)
            return None
        except Problem as problem:
            if problem.status == 503:
                self._set_close(is_close=False)
            return None
        return rows[3] if rows[1] == [(b"t",)] else None

    def _needed(self, subject: str, positions: Sequence[str]) -> int | None:
        """Returns the position that the standby must have replayed for this request, or None if it is unknown."""
        now = time.monotonic()
        bound = self._bound(now)
        if bound is None:
            return None
        at, wrote = self._wrote.get(subject, (0.0, 0))
        needed = max(bound, self._floor, wrote if now - at <= LAG_SECONDS_MAX else 0)
        for token in positions:
            if not TOKEN.fullmatch(token):
                return None
            needed = max(needed, int(token, 16))
        return needed

    def _bound(self, now: float) -> int | None:
        """Returns a position behind everything committed before the limit."""
        return next((position for at, position in self._seen if now - at <= LAG_SECONDS_MAX), None)

    # Writes ---------------------------------------------------------------------------------------------------------------

    def writing(self, identity: Identity) -> None:
        """Until the end of this caller's write is known, the standby counts as behind it."""
        self._remember(identity, UNKNOWN)

    def wrote(self, identity: Identity) -> str:
        """Called after an answered write. Returns the value of its Scoville-LSN."""
        self._remember(identity, self._primary.position)
        return f"{self._primary.position:X}"

    def _remember(self, identity: Identity, position: int) -> None:
        now = time.monotonic()
        if len(self._wrote) >= WRITERS_MAX:
            self._wrote = {subject: (at, wrote) for subject, (at, wrote) in self._wrote.items() if now - at <= LAG_SECONDS_MAX}
        if len(self._wrote) >= WRITERS_MAX:  # too many to remember individually
            self._floor = self._primary.position
            self._wrote = {subject: (at, wrote) for subject, (at, wrote) in self._wrote.items() if wrote > self._floor}
        self._wrote[identity.subject] = (now, position)

    # The watch ------------------------------------------------------------------------------------------------------------

    async def _watch_both(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                logger.exception("standby and primary cannot be compared, trying again")
                self._set_close(is_close=False)
            await asyncio.sleep(WATCH_SECONDS)

    async def _look(self) -> None:
        at = time.monotonic()
        primary, standby = await asyncio.gather(_ask(self._watch, POSITION), _ask(self._standby, REPLAYED))
        if primary is not None:
            self._seen.append((at, primary))
        now = time.monotonic()
        while self._seen and now - self._seen[0][0] > LAG_SECONDS_MAX:
            self._seen.popleft()
        bound = self._bound(now)
        self._set_close(is_close=standby is not None and bound is not None and standby >= bound)

    def _set_close(self, *, is_close: bool) -> None:
        if is_close != self.is_close:
            said = "reads go to the standby" if is_close else "the standby is unreachable or lags: reads go to the primary"
            logger.log(logging.INFO if is_close else logging.WARNING, said)
        self.is_close = is_close


async def _ask(database: Database, statement: str) -> int | None:
    """Returns a position, or None if the server does not give it in time."""
    try:
        async with asyncio.timeout(WATCH_TIMEOUT_SECONDS):
            [[(position,)]] = await database.run(((statement, ()),))
    except (psycopg.Error, LostConnection, Problem, TimeoutError):
        return None
    return None if position is None else int(position)
