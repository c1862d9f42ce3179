"""The webhook tasks of a worker, in one event loop."""

from __future__ import annotations

import asyncio

from pyapp.database.calls import Database
from pyapp.outbound.webhooks.addresses import Allowed
from pyapp.outbound.webhooks.bell import Bell
from pyapp.outbound.webhooks.delivery import CLAIM_SECONDS, UNDER_WAY_MAX, Deliverer
from pyapp.outbound.webhooks.dispatcher import dispatch
from pyapp.outbound.webhooks.egress import Egress
from pyapp.tasks import end

CONNECTIONS = 3  # one each for dispatcher, fetcher and reporter


async def run(database_url: str, allowed: Allowed, stop: asyncio.Event, *, claim_seconds: int = CLAIM_SECONDS) -> None:
    """Dispatches and delivers until `stop`."""
    database = Database(database_url, CONNECTIONS)
    await database.open()
    bell, egress = Bell(database_url), Egress(allowed, connections_max=UNDER_WAY_MAX)
    helpers = [asyncio.create_task(bell.run()), asyncio.create_task(dispatch(database, bell))]
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
