"""From the event log to the queue: has Postgres make deliveries of new events, and put what is due into the queue.

All of it happens in jobs.dispatch_webhooks, in one transaction that moves the cursor too. Several workers at once are harmless:
a row lock lets one of them at it, the others look again in a moment.
"""

from __future__ import annotations

import asyncio
import logging
import time

from pyapp.database.calls import Database
from pyapp.identity.enter import Component
from pyapp.outbound.webhooks.bell import Bell, wait
from pyapp.problems import Problem

logger = logging.getLogger("scoville.webhooks")

EVENTS_MAX = 500  # a transaction
# Who comes so late has too much to do, and for a while dispatches little, and nothing while most endpoints have that many due.
LATE_SECONDS = 0.02
LATE_FOR_SECONDS = 1.0
LATE_EVENTS_MAX = 50
LATE_BACKLOG_MAX = 100
LATE_GATHER_SECONDS = 0.05
GATHER_SECONDS = 0.01  # at least, between two that find little
POLL_SECONDS = 1.0  # retries fall due without anybody ringing
AWAY_SECONDS = 2.0

DISPATCH = "select jobs.dispatch_webhooks($1, $2)"


WORKER = Component("scoville_worker", "webhooks")


async def dispatch(database: Database, bell: Bell) -> None:
    """Dispatches until cancelled. A database that is away is waited for."""
    away, late_until = False, 0.0
    while True:
        late = time.monotonic() < late_until
        limits = (LATE_EVENTS_MAX, LATE_BACKLOG_MAX) if late else (EVENTS_MAX, None)
        try:
            done = int((await database.call(WORKER, DISPATCH, limits, request_id=""))[0][0] or b"0")
            away = False
        except Problem as problem:
            if not away:
                logger.warning("webhooks cannot be dispatched, trying again: %s", problem)
            away, done = True, 0
            await asyncio.sleep(AWAY_SECONDS)
        before, pause = time.monotonic(), LATE_GATHER_SECONDS if late else GATHER_SECONDS
        await asyncio.sleep(pause)
        if time.monotonic() - before > pause + LATE_SECONDS:
            late_until = time.monotonic() + LATE_FOR_SECONDS
        if done < limits[0] and not late:
            await wait(bell.events, POLL_SECONDS)
