"""Tasks that run until they are cancelled or an event is set, and those that take turns."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

REPEAT_SECONDS = 1.0


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancels tasks until all of them have ended. Their exceptions stay with them.

    One cancellation is not enough: in Python 3.11, `wait_for`, which psycopg and its pool use, loses a cancellation that
    arrives at the same moment as the awaited result. A process that was asked to stop would then run forever.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=REPEAT_SECONDS)
        for task in done:
            if not task.cancelled():
                task.exception()  # retrieved, so that asyncio does not warn


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Returns when the event is set or the time has passed."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Turns:
    """One at a time for each key, in order of arrival: `async with turns.of(key):`. Within one event loop."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: Hashable) -> asyncio.Lock:
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock
