"""Signals possible work: events to dispatch, or messages in the queue.

Postgres notifies of events, which costs nothing while idle; the dispatcher of this process signals its messages. A notification
can be lost (a failover, a pooler, a full queue), so waiting tasks also check at an interval; this module only reconnects.
"""

from __future__ import annotations

import asyncio
import time

from pyapp.database.calls import Connection
from pyapp.database.keep import Keeper
from pyapp.tasks import wait_for

EVENTS_CHANNEL = "scoville_events"


class Bell:
    """Notifications set `events`, the dispatcher sets `queue`; the waiting task clears them.

    `late_until` (monotonic) is the dispatcher's: until then it has too little of the machine.
    """

    def __init__(self, url: str) -> None:
        self.events = asyncio.Event()
        self.queue = asyncio.Event()
        self.late_until = 0.0
        self._keeper = Keeper(url, "scoville webhooks")

    @property
    def is_late(self) -> bool:
        return time.monotonic() < self.late_until

    async def run(self) -> None:
        """Listens until cancelled."""
        await self._keeper.run(self._listen)

    async def _listen(self, connection: Connection) -> None:
        await connection.execute(f"listen {EVENTS_CHANNEL}")
        self._keeper.works()
        readable = asyncio.Event()
        loop = asyncio.get_running_loop()
        while True:
            # Work from before LISTEN, or from a time without a connection, counts too.
            self.events.set()
            self.queue.set()
            descriptor = connection.pgconn.socket
            # For each wait: uvloop watches a socket with an error only until it has reported it once.
            loop.add_reader(descriptor, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(descriptor)
            readable.clear()
            connection.pgconn.consume_input()
            while connection.pgconn.notifies() is not None:
                pass


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Waits until the event is set or the time has passed, and clears the event."""
    await wait_for(event, seconds)
    event.clear()
