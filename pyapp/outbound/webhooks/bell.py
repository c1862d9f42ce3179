"""Rings when there may be something to do: events to dispatch, or messages in the queue.

Postgres notifies, which costs nothing while nothing happens. A notification can be lost (a failover, a pooler in between), so
whoever waits looks again after a while in any case; here a lost connection is made anew, and that is all.
"""

from __future__ import annotations

import asyncio

from pyapp.database.calls import Connection
from pyapp.database.keep import Keeper
from pyapp.tasks import wait_for

EVENTS_CHANNEL = "scoville_events"
QUEUE_CHANNEL = "scoville_webhooks"


class Bell:
    """`events` and `queue` are set when they ring; whoever waits clears them."""

    def __init__(self, url: str) -> None:
        self.events = asyncio.Event()
        self.queue = asyncio.Event()
        self._keeper = Keeper(url, "scoville webhooks")

    async def run(self) -> None:
        """Listens until cancelled."""
        await self._keeper.run(self._listen)

    async def _listen(self, connection: Connection) -> None:
        await connection.execute(f"listen {EVENTS_CHANNEL}")
        await connection.execute(f"listen {QUEUE_CHANNEL}")
        self._keeper.works()
        readable = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(connection.pgconn.socket, readable.set)
        try:
            while True:
                # What has happened before anyone listened, or while nobody did, is looked for too.
                self.events.set()
                self.queue.set()
                await readable.wait()
                readable.clear()
                connection.pgconn.consume_input()
                while (notify := connection.pgconn.notifies()) is not None:
                    (self.events if notify.relname == EVENTS_CHANNEL.encode() else self.queue).set()
        finally:
            loop.remove_reader(connection.pgconn.socket)


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event is set or that time has passed; the event is then clear."""
    await wait_for(event, seconds)
    event.clear()
