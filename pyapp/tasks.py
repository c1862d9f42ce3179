"""Tasks that run until they are cancelled or an event is set."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

REPEAT_SECONDS = 1.0


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancels tasks until all of them have ended; what they raised stays with them.

    Once is not enough: `wait_for` of Python 3.11, by which psycopg and its pool wait, loses a cancellation that comes in the
    moment in which what it waits for happens, and a process that is told to stop would run on for ever.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=REPEAT_SECONDS)
        for task in done:
            if not task.cancelled():
                task.exception()  # has been looked at: nobody is warned


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set or that time has passed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
