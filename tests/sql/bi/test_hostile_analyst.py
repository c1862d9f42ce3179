"""A hostile analyst with a login for one warehouse and any SQL gains no access and blocks no other session."""

from __future__ import annotations

import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from pyapp.cli.checks import cluster
from pyapp.deploy import analysts
from pyapp.deploy.migrate import migrate
from pyapp.deploy.replay import QUEUE_SCHEMA, ROLES, SCHEMAS
from pyapp.failures import Failure
from tests.conftest import Roles
from tests.prepared import AUTHENTICATOR_PASSWORD
from tests.sql.bi import bi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Server

OURS = [*SCHEMAS, QUEUE_SCHEMA, "migrations"]
REFUSED = "42501"


class Target(NamedTuple):
    """A database that the tests of this module share, with the demo's data and their own logins."""

    name: str
    owner_url: str
    authenticator_url: str


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


@pytest.fixture(scope="module")
def target(server: Server, module_clone: str) -> Target:
    found = Target(module_clone, server.url(module_clone), server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD))
    hide_rows(found)
    return found


def hide_rows(target: Target) -> None:
    """A batch and two reservations of WH-03, of which one became an order."""
    received = {"sku_id": "HOTSAUCE-101", "warehouse_location": "WH-03", "stock": 50, "batch_number": "HIDDEN-1"}
    received["expiration_date"] = str(datetime.now(UTC).date() + timedelta(days=30))
    held = {"channel": "wholesale", "items": [{"sku_id": "HOTSAUCE-101", "quantity": 2}]}
    customer = {"name": "J", "address": "1"}
    with closing(Roles(target.authenticator_url)) as as_role, as_role("admin") as c:

        def send(function: str, body: dict[str, Any]) -> Any:
            element = body | {"meta": {"idempotency_key": uuid4().hex, "actor": "t"}}
            statement = sql.SQL("select code, body from api.{}(1::smallint, %s)").format(sql.Identifier(function))
            ((code, answer),) = c.execute(statement, [json.dumps([element])]).fetchall()
            assert code is None, answer
            return answer

        send("receive_stock", received)
        send("reserve_stock", held)
        kept = send("reserve_stock", held)["reservation_id"]
        send("place_orders", {"reservation_id": kept, "channel": "wholesale", "customer": customer})


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


def test_no_other_database_of_the_cluster_lets_her_in(
    mallory: psycopg.Connection[Any], server: Server, owner: psycopg.Connection[Any]
) -> None:
    """The table of locks and the queue of notifications belong to the cluster: in another database she could fill them."""
    names = [name for (name,) in owner.execute("select datname from pg_database where datname <> current_database()").fetchall()]
    assert {"postgres", "template1"} <= set(names)
    for name in names:
        with pytest.raises(psycopg.OperationalError, match=r"permission denied for database|not currently accepting"):
            psycopg.connect(server.url(name, mallory.info.user, "for tests only"))


def test_closing_takes_nothing_from_other_logins(
    server: Server, owner: psycopg.Connection[Any], new_database: Callable[[], str]
) -> None:
    """A login of another program, and an analyst of a second Scoville in the cluster, who has a login here, too."""
    other = psycopg.conninfo.conninfo_to_dict(new_database())["dbname"]
    owner.execute("create role clerk login password 'for tests only'")
    try:
        with bi.analyst(owner.info.dsn) as here, bi.analyst(owner.info.dsn) as both:
            # As after a restore beside the original: the login is in both lists.
            with psycopg.connect(server.url(str(other)), autocommit=True) as second:
                second.execute(f"grant connect on database {other} to public".encode())
                second.execute("create schema identity; create table identity.bi_logins (login text)")
                second.execute(
                    "grant usage on schema identity to scoville_owner; grant select on identity.bi_logins to scoville_owner"
                )
                second.execute("insert into identity.bi_logins values (%s)", [both])
            with bi.analyst(owner.info.dsn):
                pass
            for login, may in (("clerk", True), (both, True), (here, False)):
                may_connect = owner.execute("select has_database_privilege(%s, %s, 'connect')", [login, other]).fetchone()
                assert may_connect == (may,), login
    finally:
        owner.execute("drop owned by clerk; drop role clerk")


def test_a_login_that_stays_open_is_made_only_on_demand(owner: psycopg.Connection[Any], target: Target, server: Server) -> None:
    """A deploying login that is no superuser, as on a managed server, can close neither other databases nor functions."""
    owner.execute("create role deployer login createrole password 'for tests only' in role scoville_owner, pg_signal_backend")
    owner.execute("grant bi_reader, bi_reader_all to deployer with admin option")
    functions = sql.SQL("{} execute on function pg_advisory_lock(bigint) {} public")
    owner.execute(functions.format(sql.SQL("grant"), sql.SQL("to")))
    owner.execute("grant connect on database template1 to public")
    try:
        with psycopg.connect(server.url(target.name, "deployer", "for tests only"), autocommit=True) as deployer:
            with pytest.raises(Failure, match=r"advisory locks.*, database template1.*--anyway"):
                analysts.add(deployer, "open_ana", "for tests only")
            assert owner.execute("select from pg_roles where rolname = 'open_ana'").fetchone() is None
            left = analysts.add(deployer, "open_ana", "for tests only", anyway=True)
            assert left[-1] == "database template1"
            said = [finding.said for finding in cluster.check_analysts(deployer)]
            assert "open_ana may use advisory locks and large objects" in said
            assert "open_ana may connect to other databases: template1" in said
            analysts.remove(deployer, "open_ana")
    finally:
        owner.execute(functions.format(sql.SQL("revoke"), sql.SQL("from")))
        owner.execute("revoke connect on database template1 from public")
        owner.execute("drop owned by deployer; drop role deployer")


def test_a_deploy_closes_what_a_restore_opened(
    mallory: psycopg.Connection[Any], owner: psycopg.Connection[Any], target: Target
) -> None:
    """Rights on a database are not in its backup."""
    database = sql.Identifier(target.name)
    owner.execute(sql.SQL("grant temporary on database {} to public").format(database))
    owner.execute("grant execute on function pg_advisory_lock(bigint) to public")
    assert [finding.state for finding in cluster.check_analysts(owner)] == ["warning"]
    migrate(target.owner_url, only_if_needed=True)
    assert [finding.state for finding in cluster.check_analysts(owner)] == ["ok"]
    mallory.execute("set default_transaction_read_only = off")
    assert [statement for statement in SIDE_ROADS if refusal(mallory, statement) is None] == []


def test_no_role_of_ours_may_call_what_it_does_not_need(mallory: psycopg.Connection[Any], owner: psycopg.Connection[Any]) -> None:
    """Commands, which run as the definer, and deploys take advisory locks. Nobody needs large objects or messages in the WAL."""
    rows = owner.execute(
        "select distinct r.rolname, p.proname ~ 'advisory' from pg_roles r, pg_proc p"
        " where p.pronamespace = 'pg_catalog'::regnamespace"
        " and p.proname ~ '^(pg_(try_)?advisory_|lo_|lowrite$|loread$|pg_logical_emit_message$)'"
        " and r.rolname = any (%s) and has_function_privilege(r.oid, p.oid, 'execute') order by 1",
        [list(ROLES)],
    ).fetchall()
    assert rows == [("scoville_definer", True), ("scoville_owner", True)]


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


JOINS = ("enable_nestloop", "enable_hashjoin", "enable_mergejoin")


def leaks(mallory: psycopg.Connection[Any], relation: str, known: dict[str, list[str]]) -> list[str]:
    """The columns of which an error shows her a value that is not known. Each has a condition of its own, so that the planner may
    push it down to the column's table."""
    found: list[str] = []
    for join in (None, *JOINS):
        mallory.execute("reset all" if join is None else f"set {join} = off".encode())
        while True:
            probes = sql.SQL(" and ").join(
                sql.SQL("case when {0}::text <> all ({1}::text[]) then ({2} || {0}::text)::integer = 1 else true end").format(
                    sql.Identifier(column), sql.Literal(values), sql.Literal(f"column {column}: ")
                )
                for column, values in known.items()
                if column not in found
            )
            try:
                mallory.execute(b"select count(*) from %b where %b" % (relation.encode(), probes.as_bytes(mallory) or b"true"))
            except psycopg.errors.InvalidTextRepresentation as error:
                found += re.findall(r'"column (\w+): ', str(error))
            else:
                break
        mallory.execute("reset all")
    return found


def test_no_error_of_hers_shows_a_row_that_a_view_hides(mallory: psycopg.Connection[Any], owner: psycopg.Connection[Any]) -> None:
    views = [name for (name,) in owner.execute(bi.VIEWS).fetchall() if name != "freshness"]  # whose values change by themselves
    for relation in (*(f"bi.{view}" for view in views), "bi.stock_as_of('infinity')"):
        columns = [column.name for column in mallory.execute(f"select * from {relation} limit 0".encode()).description or ()]
        values = ", ".join(f"array_agg(distinct {column}::text) filter (where {column} is not null)" for column in columns)
        (seen,) = mallory.execute(f"select {values} from {relation}".encode()).fetchall()
        assert leaks(mallory, relation, {name: found or [] for name, found in zip(columns, seen, strict=True)}) == [], relation


def test_policies_alone_hide_reservations_and_batches_of_others(
    mallory: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    """Without the barriers the planner may apply her conditions below the joins: she may not read more there either."""
    views = ("fact_reservation", "aging_stock", "expiring_lots")
    held = ("reservation_no", "status", "created_at", "created_on", "expires_at", "order_no")
    (own,) = owner.execute(
        "select array_agg(t.batch_number), array_agg(t.lot_id::text) from stock.lots t"
        " where exists (select from stock.lot_levels v where v.lot_id = t.lot_id and v.warehouse_id = 'WH-02')"
    ).fetchall()
    lots = dict(zip(("batch_number", "batch_id"), own, strict=True))
    try:
        for view in views:
            owner.execute(f"alter view bi.{view} set (security_barrier = false)".encode())
        assert mallory.execute("select count(*) from bi.fact_reservation").fetchone() == (0,)
        assert leaks(mallory, "bi.fact_reservation", {column: [] for column in held}) == []
        assert leaks(mallory, "bi.aging_stock", lots) == []
        assert leaks(mallory, "bi.expiring_lots", lots) == []
    finally:
        for view in views:
            owner.execute(f"alter view bi.{view} set (security_barrier = true)".encode())


def test_what_comes_over_notify_is_no_news(mallory: psycopg.Connection[Any], target: Target) -> None:
    """A notification contains only the position in the log, nothing about the event."""
    for channel in ("scoville_events", "scoville_beat"):
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
