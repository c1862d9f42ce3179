"""A hostile analyst with a login for one warehouse and any SQL gains no access and blocks no other session."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest
from psycopg import sql

from pyapp.deploy import analysts
from pyapp.deploy.migrate import migrate
from pyapp.deploy.replay import QUEUE_SCHEMA, SCHEMAS
from tests.conftest import Roles
from tests.prepared import AUTHENTICATOR_PASSWORD
from tests.sql.bi import bi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Server

OURS = [*SCHEMAS, QUEUE_SCHEMA, "migrations"]
REFUSED = "42501"


class Target(NamedTuple):
    """A database that the tests of this module share, with the demo's data and their own logins."""

    name: str
    owner_url: str
    authenticator_url: str


@pytest.fixture(scope="module")
def target(server: Server, module_clone: str) -> Target:
    found = Target(module_clone, server.url(module_clone), server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD))
    bi.load(found.authenticator_url)
    return found


@pytest.fixture
def mallory(server: Server, target: Target) -> Iterator[psycopg.Connection[Any]]:
    """A session of a login that is bound to WH-02."""
    with (
        bi.analyst(target.owner_url, warehouses=["WH-02"]) as login,
        psycopg.connect(server.url(target.name, login, "for tests only"), autocommit=True) as connection,
    ):
        yield connection


@pytest.fixture
def owner(target: Target) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(target.owner_url, autocommit=True) as connection:
        yield connection


def refusal(connection: psycopg.Connection[Any], statement: str) -> str | None:
    """The SQLSTATE; None if the statement succeeded."""
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return error.sqlstate
    return None


FORGERIES = [
    "set scoville.warehouses = '{WH-01,WH-02,WH-03}'",
    "set scoville.channels = '{web,pos,wholesale,marketplace}'",
    "set scoville.subject = 'admin'",
    "select set_config('scoville.warehouses', '{WH-01,WH-02,WH-03}', false)",
    "select set_config('role', 'bi_reader', false)",
    "set role bi_reader",
    "set role none",
    "set row_security = on",
    "set search_path = pg_temp, bi, public",
    "set session_replication_role = replica",
    "set default_transaction_read_only = off",
    "set application_name = 'scoville worker'",
    "set check_function_bodies = off",
    "set enable_seqscan = off",
    "set max_parallel_workers_per_gather = 2",
    "set client_min_messages = debug5",
]


def test_no_setting_shows_a_row_more(mallory: psycopg.Connection[Any]) -> None:
    before = bi.read_all(mallory)
    assert before["fact_stock_daily"]
    assert all("WH-01" not in row and "WH-03" not in row for row in before["fact_stock_daily"])
    for forgery in FORGERIES:
        refusal(mallory, forgery)
        assert bi.read_all(mallory) == before, forgery


def test_with_row_security_off_she_reads_nothing(mallory: psycopg.Connection[Any]) -> None:
    mallory.execute("set row_security = off")
    assert refusal(mallory, "select * from bi.fact_stock_daily") == REFUSED


def test_she_becomes_nobody_else(mallory: psycopg.Connection[Any]) -> None:
    mallory.execute("set default_transaction_read_only = off")
    roles = [name for (name,) in mallory.execute("select rolname from pg_roles where rolname !~ '^analyst_'").fetchall()]
    assert {"postgres", "scoville_owner", "scoville_definer", "admin", "bi_reader_all", "authenticator"} <= set(roles)
    for role in roles:
        for statement in (
            f'set role "{role}"',
            f'set session authorization "{role}"',
            f"select set_config('role', '{role}', false)",
        ):
            own_group = role == "bi_reader" and "authorization" not in statement  # which gives her no more rights than before
            assert refusal(mallory, statement) == (None if own_group else REFUSED), statement
        mallory.execute("reset role")
        assert refusal(mallory, f'grant "{role}" to current_user') in (REFUSED, "0LP01", "0A000"), role


def test_she_names_no_table_view_or_sequence_but_the_views(
    mallory: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    relations = owner.execute(
        "select n.nspname, c.relname, c.relkind from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = any (%s) and c.relkind in ('r', 'p', 'v', 'S', 'm', 'f')", [OURS]
    ).fetchall()  # fmt: skip
    assert len(relations) > 70
    for schema, name, kind in relations:
        for verb in (
            f'select * from "{schema}"."{name}"',
            f'copy "{schema}"."{name}" to stdout',
            f'lock table "{schema}"."{name}"',
        ):
            if kind != "S" or verb.startswith("select"):
                expected = None if schema == "bi" and verb.startswith("select") else True
                assert bool(refusal(mallory, verb)) == bool(expected), verb
        for verb in (
            "insert into {} default values",
            "delete from {}",
            "truncate {}",
            "drop view {}",
            "comment on view {} is 'x'",
        ):
            assert refusal(mallory, verb.format(f'"{schema}"."{name}"')) is not None, (verb, schema, name)


def test_she_calls_no_function_but_those_of_bi(mallory: psycopg.Connection[Any], owner: psycopg.Connection[Any]) -> None:
    functions = owner.execute(
        "select n.nspname, p.proname, p.prokind, array(select format_type(t, null) from unnest(p.proargtypes) t)"
        " from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any (%s)", [OURS]
    ).fetchall()  # fmt: skip
    assert len(functions) > 200
    called = []
    for schema, name, kind, types in functions:
        arguments = ", ".join(f"null::{given}" for given in types)
        verb = "call" if kind == "p" else "select"
        found = refusal(mallory, f'{verb} "{schema}"."{name}"({arguments})')
        if found is None:
            called.append(f"{schema}.{name}")
        else:
            assert found in (REFUSED, "3F000", "42704", "42883", "42809"), (schema, name, found)
    assert sorted(called) == ["bi.own_warehouses", "bi.stock_as_of"]
    assert mallory.execute("select bi.own_warehouses()").fetchone() == (["WH-02"],)


SIDE_ROADS = [
    "create table bi.t (n integer)",
    "create table public.t (n integer)",
    "create temporary table dim_sku (n integer)",
    "select * into temporary t from bi.dim_sku",
    "create schema s",
    "create function public.f() returns integer language sql as 'select 1'",
    "create or replace view bi.dim_sku as select 1",
    "create extension dblink",
    "create extension file_fdw",
    "create server s foreign data wrapper postgres_fdw",
    "create publication p for all tables",
    "create subscription s connection 'host=127.0.0.1' publication p",
    "create role helper",
    "alter role current_user superuser",
    "alter role current_user bypassrls",
    "alter role current_user connection limit -1",
    "alter role bi_reader set statement_timeout = 0",
    "alter system set fsync = off",
    "alter database postgres set search_path = x",
    "copy (select 1) to '/tmp/stolen'",
    "copy (select 1) to program 'id'",
    "select pg_read_file('postgresql.conf')",
    "select pg_read_binary_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "select pg_ls_waldir()",
    "select pg_stat_file('postgresql.conf')",
    "select lo_import('/etc/passwd')",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select lo_creat(-1)",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select * from pg_statistic",
    "select * from pg_largeobject",
    "select * from pg_user_mapping",
    "select * from pg_hba_file_rules",
    "select pg_reload_conf()",
    "select pg_switch_wal()",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user",
    "select pg_cancel_backend(pid) from pg_stat_activity where usename <> current_user",
    "select pg_advisory_lock(1)",
    "select pg_advisory_xact_lock(1)",
    "select pg_try_advisory_lock_shared(1, 1)",
    "select pg_logical_emit_message(false, 'x', 'y')",
    "select pg_create_physical_replication_slot('s', true)",
    "select pg_stat_reset()",
    "select query_to_xml('select * from stock.stock_levels', true, true, '')",
    "do $$ begin perform * from identity.clients; end $$",
    "select table_to_xml('identity.bi_logins', true, true, '')",
    "prepare p as select * from webhooks.secrets",
    "security label on role current_user is 'x'",
]


def test_no_side_road_leads_anywhere(mallory: psycopg.Connection[Any]) -> None:
    mallory.execute("set default_transaction_read_only = off")
    assert [statement for statement in SIDE_ROADS if refusal(mallory, statement) is None] == []


def test_the_catalog_tells_nothing_of_rows(mallory: psycopg.Connection[Any], owner: psycopg.Connection[Any]) -> None:
    owner.execute("analyze")
    with psycopg.connect(owner.info.dsn) as other:
        other.execute("select 'a secret in a query'")
        queries = mallory.execute("select query from pg_stat_activity where usename is distinct from current_user").fetchall()
        assert queries
        assert not any("secret" in query for (query,) in queries)
    for statistics in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
        seen = mallory.execute(f"select * from {statistics} where schemaname = any (%s)".encode(), [OURS]).fetchall()
        assert seen == [], statistics
    bodies = mallory.execute(
        "select secret from pg_proc, lateral (select prosrc) s (secret) where prosrc ~ 'whsec_[A-Za-z0-9]{20}'"
    )
    assert bodies.fetchall() == []


def test_no_error_or_function_of_hers_sees_a_hidden_row(mallory: psycopg.Connection[Any]) -> None:
    """A condition that fails on a row of another warehouse would reveal the row, so it must never see one."""
    for view in ("fact_stock_daily", "fact_stock_movement", "fact_fulfillment", "days_of_cover", "fill_rate", "expiring_lots"):
        trap = (
            f"select count(*) from bi.{view} where case when warehouse_id <> 'WH-02' then warehouse_id::integer = 0 else true end"
        )
        assert refusal(mallory, trap) is None, view


def test_what_comes_over_notify_is_no_news(mallory: psycopg.Connection[Any], target: Target) -> None:
    """A notification contains only the position in the log, nothing about the event."""
    for channel in ("scoville_events", "scoville_webhooks", "scoville_beat"):
        mallory.execute(f"listen {channel}".encode())
    with closing(Roles(target.authenticator_url)) as as_role, as_role("admin") as c:
        c.execute("select * from api.adjust_stock(1::smallint, %s)", [
            '[{"sku_id": "HOTSAUCE-101", "warehouse_location": "WH-01", "delta": -1, "reason_code": "damaged",'
            ' "meta": {"idempotency_key": "k", "actor": "t"}}]'])  # fmt: skip
    bi.roll_up(target.authenticator_url)
    heard = [notice.payload for notice in mallory.notifies(timeout=2, stop_after=1)]
    assert all(len(payload) < 40 and "HOT" not in payload for payload in heard)


def test_she_is_in_nobodys_way(mallory: psycopg.Connection[Any], target: Target) -> None:
    """An open transaction that has read every view blocks neither orders nor sums nor a deploy, which ends the transaction."""
    mallory.execute("begin isolation level repeatable read")
    bi.read_all(mallory)
    for mode in ("row share", "row exclusive", "share update exclusive", "share", "exclusive", "access exclusive"):
        mallory.execute("savepoint s")
        assert refusal(mallory, f"lock table bi.dim_sku in {mode} mode nowait") == REFUSED, mode
        mallory.execute("rollback to s")
    with closing(Roles(target.authenticator_url)) as as_role, as_role("sales", channels=["web"]) as c:
        c.execute("set local lock_timeout = '2s'")
        (row,) = c.execute("select code from api.place_orders(1::smallint, %s)", [
            '[{"customer": {"name": "J", "address": "1"}, "items": [{"sku_id": "HOTSAUCE-101", "quantity": 1}],'
            ' "meta": {"idempotency_key": "k", "actor": "t"}}]']).fetchall()  # fmt: skip
        assert row == (None,)
    bi.roll_up(target.authenticator_url)
    assert mallory.execute("select count(*) from bi.dim_warehouse").fetchone() == (3,)
    migrate(target.owner_url, lock_wait_seconds=5)
    assert refusal(mallory, "select 1") == "57P01"


def test_her_session_has_limits(mallory: psycopg.Connection[Any], server: Server, target: Target) -> None:
    wanted = analysts.SETTINGS | {
        "statement_timeout": "1min",
        "idle_in_transaction_session_timeout": "1min",
        "temp_file_limit": "1GB",
    }
    assert {name: mallory.execute(f"show {name}".encode()).fetchone() for name in wanted} == {
        name: (value,) for name, value in wanted.items()
    }
    assert refusal(mallory, "set temp_file_limit = -1") == REFUSED
    more = []
    try:
        url = server.url(target.name, mallory.info.user, "for tests only")
        more += [psycopg.connect(url) for _ in range(analysts.CONNECTIONS_MAX - 1)]
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            psycopg.connect(url)
    finally:
        for one in more:
            one.close()
    mallory.execute("set statement_timeout = '50ms'")
    assert refusal(mallory, "select pg_sleep(5)") == "57014"


def test_when_she_is_removed_she_is_gone(mallory: psycopg.Connection[Any], owner: psycopg.Connection[Any]) -> None:
    login = mallory.info.user
    analysts.remove(owner, login)
    assert refusal(mallory, "select 1") is not None
    assert owner.execute("select from pg_roles where rolname = %s", [login]).fetchone() is None
    owner.execute(sql.SQL("create role {}").format(sql.Identifier(login)))  # for the fixture, which drops it
