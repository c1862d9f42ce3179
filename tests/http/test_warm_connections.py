"""A new pool connection compiles the order functions before its first order, without writing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from pyapp.api.table import ROUTES
from pyapp.database import calls
from pyapp.database.calls import Database
from pyapp.serve.warming import warming_calls
from tests.patience import PATIENCE_SECONDS

STATEMENTS = {call.statement for call in warming_calls()}
PREPARED = "select statement from pg_prepared_statements"
LANES = [route.function for route in ROUTES if route.lane]
SEQUENCES = "select schemaname || '.' || sequencename, last_value from pg_sequences order by 1"
TABLES = """select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') order by 1"""
NEXT_TRANSACTION = "select pg_snapshot_xmax(pg_current_snapshot())::text"
CALLED = "select funcname, sum(calls)::int from pg_stat_user_functions where schemaname = 'api' group by 1"


def with_database(url: str, size: int, work: Callable[[Database], Awaitable[None]]) -> None:
    async def run() -> None:
        database = Database(url, size, warming=warming_calls())
        await database.open()
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())


async def prepared(database: Database) -> set[str]:
    return {(row[0] or b"").decode() for row in await database.ask(PREPARED, (), request_id="")}


def test_the_commands_of_lanes_and_the_first_lists_are_warmed() -> None:
    functions = {statement.partition("api.")[2].partition("(")[0] for statement in STATEMENTS}
    assert functions == {*LANES, "list_inventory", "list_orders"}
    assert {"place_orders", "reserve_stock", "adjust_stock"} <= functions


async def idle(database: Database, number: int) -> None:
    """Waits until the pool has this many ready connections."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while database.pool_stats()["pool_available"] < number:  # noqa: ASYNC110 (the pool has no event for this)
            await asyncio.sleep(0.01)


def test_each_connection_that_the_pool_makes_is_warm_before_its_first_call(
    authenticator_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At startup, and when a connection replaces an expired one."""
    connection.execute(f"alter database {connection.info.dbname} set track_functions = 'all'")
    monkeypatch.setattr(calls, "CONNECTION_LIFETIME_SECONDS", 1.0)
    made: list[int] = []

    async def work(database: Database) -> None:
        await idle(database, 2)
        for statements in await asyncio.gather(prepared(database), prepared(database)):
            assert statements >= STATEMENTS
        await asyncio.sleep(1.2)
        await asyncio.gather(prepared(database), prepared(database))  # both have expired when they are returned
        await idle(database, 2)
        for statements in await asyncio.gather(prepared(database), prepared(database)):
            assert statements >= STATEMENTS
        made.append(database.pool_stats()["connections_num"])

    with_database(authenticator_url, 2, work)
    called = dict(connection.execute(CALLED).fetchall())
    assert called.keys() >= {*LANES, "list_inventory", "list_orders"}
    assert 4 <= called["place_orders"] <= made[0]


def test_nobody_waits_until_a_connection_is_warm(authenticator_url: str) -> None:
    async def work(database: Database) -> None:
        assert not await prepared(database) >= STATEMENTS  # this call was waiting before the first connection existed
        await idle(database, 2)

    with_database(authenticator_url, 2, work)


def test_warming_leaves_no_trace(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    def state() -> list[Any]:
        tables = [name for (name,) in connection.execute(TABLES).fetchall()]
        counts = [connection.execute(f"select count(*) from {name}".encode()).fetchone() for name in tables]
        return [connection.execute(SEQUENCES).fetchall(), dict(zip(tables, counts, strict=True))]

    async def work(database: Database) -> None:
        await idle(database, 2)
        assert await prepared(database) >= STATEMENTS

    before = state()
    with_database(authenticator_url, 2, work)
    assert state() == before


def test_warming_needs_no_transaction_id(authenticator_url: str) -> None:
    """Without a transaction ID, nothing was written and no row locked."""

    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(authenticator_url, autocommit=True) as session:
            for caller, statement, values in warming_calls():
                async with session.transaction(force_rollback=True):
                    await session.execute("select app.enter(%s, %s)", [caller.role, caller.claims("").decode()])
                    await session.execute(_psycopg(statement), values)
                    cursor = await session.execute("select pg_current_xact_id_if_assigned() is null")
                    assert await cursor.fetchone() == (True,), statement

    asyncio.run(work())


def _psycopg(statement: str) -> bytes:
    return statement.replace("$1", "%s").replace("$2", "%s").replace("$3", "%s").replace("$4", "%s").encode()


def test_a_database_that_is_not_migrated_is_connected_to_all_the_same(
    authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("alter function api.place_orders(smallint, jsonb) rename to later")

    async def work(database: Database) -> None:
        await idle(database, 2)
        assert not await prepared(database) >= STATEMENTS

    with_database(authenticator_url, 2, work)


def test_a_call_that_does_not_end_is_given_up_and_the_connection_serves(
    authenticator_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "WARMING_TIMEOUT", "set local statement_timeout = '100ms'")
    connection.execute(
        "create or replace function api.place_orders(p_region_id smallint, p_orders jsonb) returns setof api.result"
        " language sql as 'select app.new_result(p_ordinal => 1, p_code => pg_sleep(60)::text)'"
    )

    async def work(database: Database) -> None:
        await idle(database, 1)
        assert await database.ask("select 1", (), request_id="") == [(b"1",)]

    with_database(authenticator_url, 1, work)
