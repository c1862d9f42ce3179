"""From the event log to the queue: lets Postgres create deliveries for new events and enqueue due ones.

jobs.dispatch_webhooks does all of it in one transaction that also moves the cursor. Several workers can run at once: a row lock
admits one of them, the others check again soon.
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

EVENTS_MAX = 500  # per transaction
# A dispatcher this late has too little of the machine: for a while (bell.late_until) it dispatches little, and nothing while most
# endpoints have that many due; and the worker gathers longer, because calls with few events cost the most.
LATE_SECONDS = 0.02
LATE_FOR_SECONDS = 1.0
LATE_EVENTS_MAX = 100
LATE_BACKLOG_MAX = 100
LATE_GATHER_SECONDS = 0.1
GATHER_SECONDS = 0.03  # minimum pause between two calls that find little: a call costs much the same for ten events as for one
POLL_SECONDS = 1.0  # retries become due without a notification
AWAY_SECONDS = 2.0

DISPATCH = "select jobs.dispatch_webhooks($1, $2)"


WORKER = Component("scoville_worker", "webhooks")


async def dispatch(database: Database, bell: Bell) -> None:
    """Dispatches until canceled. Waits for a database that is down."""
    away = False
    while True:
        late = bell.is_late
        limits = (LATE_EVENTS_MAX, LATE_BACKLOG_MAX) if late else (EVENTS_MAX, None)
        try:
            done = int((await database.call(WORKER, DISPATCH, limits, request_id=""))[0][0] or b"0")
            away = False
            if done >= 0:  # perhaps also messages without a new event: retries that are due
                bell.queue.set()
        except Problem as problem:
            if not away:
                logger.warning("webhooks cannot be dispatched, trying again: %s", problem)
            away, done = True, 0
            await asyncio.sleep(AWAY_SECONDS)
        before, pause = time.monotonic(), LATE_GATHER_SECONDS if late else GATHER_SECONDS
        await asyncio.sleep(pause)
        if time.monotonic() - before > pause + LATE_SECONDS:
            bell.late_until = time.monotonic() + LATE_FOR_SECONDS
        if done < limits[0] and not late:
            await wait(bell.events, POLL_SECONDS)
