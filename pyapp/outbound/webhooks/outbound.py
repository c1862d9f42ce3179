"""The webhook tasks of a worker, in one event loop."""

from __future__ import annotations

import asyncio
import logging

from pyapp.database.calls import Database
from pyapp.outbound.webhooks.addresses import Allowed
from pyapp.outbound.webhooks.bell import Bell
from pyapp.outbound.webhooks.challenges import CHALLENGES_MAX, challenge
from pyapp.outbound.webhooks.delivery import CLAIM_SECONDS, UNDER_WAY_MAX, Deliverer
from pyapp.outbound.webhooks.dispatcher import WORKER, dispatch
from pyapp.outbound.webhooks.egress import Egress
from pyapp.problems import Problem
from pyapp.tasks import end

logger = logging.getLogger("scoville.webhooks")

CONNECTIONS = 4  # one each for dispatcher, fetcher, reporter and challenges
PAUSE_SECONDS = 60.0  # between two looks for webhooks whose owner has gone
PAUSED_MAX = 1000  # per look
PAUSE = "select jobs.pause_unconfirmed_webhooks($1, $2)"


async def run(
    database_url: str, allowed: Allowed, stop: asyncio.Event, *, claim_seconds: int = CLAIM_SECONDS, confirm_days: float = 0
) -> None:
    """Dispatches and delivers until `stop`. confirm_days 0: no webhook has to be confirmed."""
    database = Database(database_url, CONNECTIONS)
    await database.open()
    bell, egress = Bell(database_url), Egress(allowed, connections_max=UNDER_WAY_MAX + CHALLENGES_MAX)
    loops = [bell.run(), dispatch(database, bell), challenge(database, bell, egress)]
    if confirm_days:
        loops.append(_pause_unconfirmed(database, round(confirm_days * 86_400)))
    helpers = [asyncio.create_task(loop) for loop in loops]
    deliverer = Deliverer(database, bell, egress, claim_seconds=claim_seconds)
    try:
        delivering = asyncio.create_task(deliverer.run(stop))
        await asyncio.wait({delivering, *helpers}, return_when=asyncio.FIRST_COMPLETED)
        for helper in helpers:  # they never return by themselves
            if helper.done():
                helper.result()
        await delivering
    finally:
        await end(*helpers)
        await egress.close()
        await database.close()


async def _pause_unconfirmed(database: Database, seconds: int) -> None:
    while True:
        try:
            [(paused,)] = await database.call(WORKER, PAUSE, (seconds, PAUSED_MAX), request_id="")
            if paused != b"0":
                logger.warning(
                    "%s webhooks are disabled: their owners are no clients, and were not heard of", (paused or b"").decode()
                )
        except Problem as problem:
            logger.debug("webhooks of owners who have gone are looked for later: %s", problem)
        await asyncio.sleep(PAUSE_SECONDS)
