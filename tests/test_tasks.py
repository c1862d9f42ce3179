"""Tasks end on request, regardless of how they wait."""

from __future__ import annotations

import asyncio

import pytest

from pyapp import tasks
from tests.patience import PATIENCE_SECONDS


async def deaf(times: int) -> None:
    """Loses this number of cancellations, as `wait_for` of Python 3.11 may lose one."""
    for _ in range(times):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue
    await asyncio.sleep(60)


async def broken() -> None:
    raise ValueError("broken")


def test_a_task_that_loses_cancellations_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "REPEAT_SECONDS", 0.01)

    async def main() -> None:
        started = [asyncio.create_task(deaf(times)) for times in range(3)]
        await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await tasks.end(*started)
        assert all(task.cancelled() for task in started)

    asyncio.run(main())


def test_what_a_task_raised_stays_with_it() -> None:
    async def main() -> None:
        task = asyncio.create_task(broken())
        await asyncio.sleep(0)
        await tasks.end(task)
        with pytest.raises(ValueError, match="broken"):
            task.result()

    asyncio.run(main())
