"""The worker does its jobs by the clock, and outlives its database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from pyapp import demo as demo_data
from pyapp import worker

SECONDS_MAX = 20.0


def run_until(url: str, done: Callable[[], Awaitable[bool]]) -> None:
    """Let the worker work until `done`, then stop it in order."""

    async def main() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(worker.run(url, stop))
        async with asyncio.timeout(SECONDS_MAX):
            while not await done():
                assert not task.done()
                await asyncio.sleep(0.05)
            stop.set()
            await task

    asyncio.run(main())


def test_lots_expire_while_it_runs(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    demo_data.load(authenticator_url)
    connection.execute("update stock.lots set expiration_date = current_date - 3 where sku_id = 'HOTSAUCE-002'")
    connection.execute("update stock.stock_levels set next_expiry_on = current_date - 3 where sku_id = 'HOTSAUCE-002'")

    async def expired() -> bool:
        rows = connection.execute("select sum(available), sum(unavailable) from stock.stock_levels where sku_id = 'HOTSAUCE-002'")
        return rows.fetchone() == (0, 550)

    run_until(authenticator_url, expired)
    assert connection.execute("select count(*) from stock.verify()").fetchone() == (0,)


def test_old_idempotency_keys_go(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    demo_data.load(authenticator_url)
    connection.execute("update identity.idempotency_keys set created_at = now() - interval '25 hours'")

    async def gone() -> bool:
        return connection.execute("select count(*) from identity.idempotency_keys").fetchone() == (0,)

    run_until(authenticator_url, gone)


def test_it_outlives_a_lost_connection(
    authenticator_url: str, connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scoville.worker")
    killed: list[bool] = []

    async def came_back() -> bool:
        if not killed:
            rows = connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'scoville worker' and datname = current_database()"
            )
            killed.extend(rows.fetchall())
        return any(record.message == "the database is back" for record in caplog.records)

    run_until(authenticator_url, came_back)
    away = [record.getMessage() for record in caplog.records if "away" in record.getMessage()]
    assert len(away) == 1
    assert "\n" not in away[0]


def test_a_job_that_fails_does_not_stop_the_others(
    authenticator_url: str, connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    demo_data.load(authenticator_url)
    connection.execute("alter function jobs.expire_lots(smallint, integer) rename to gone")
    connection.execute("update identity.idempotency_keys set created_at = now() - interval '25 hours'")

    async def gone() -> bool:
        return connection.execute("select count(*) from identity.idempotency_keys").fetchone() == (0,)

    run_until(authenticator_url, gone)
    assert any("job expire_lots failed" in record.getMessage() for record in caplog.records)
