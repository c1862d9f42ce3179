"""Role x table x verb and role x function: one spec each, every cell executed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp.http.functions import FUNCTIONS
from tests.calls import FUNCTION_CALLS, REMEDY, REPORTS, Names, sql_call
from tests.sql.seeded import attempt

if TYPE_CHECKING:
    from tests.conftest import AsRole

ROLES = ("admin", "warehouse", "sales", "integration", "scoville_worker", "bi_reader", "bi_reader_all", "authenticator")
# The rows of each scope that a caller with warehouse WH-01 or channel web sees.
WHERE = {
    "all": "true",
    "none": "false",
    "warehouse": "warehouse_id = 'WH-01'",
    "ends": "'WH-01' in (from_warehouse_id, to_warehouse_id)",
    "warehouses": "'WH-01' = any (warehouse_ids)",
    "channel": "channel_id = 'web'",
    "owner": "owner = 't'",
    "events of warehouse": "audience = 'everybody' or audience = 'warehouse' and 'WH-01' = any (warehouse_ids)",
    "events of channel": "audience = 'everybody' or audience in ('channel', 'warehouse') and channel_id = 'web'",
}
EVERYONE = {"admin": "all", "warehouse": "all", "sales": "all", "integration": "all", "scoville_worker": "all"}
BY_ENDS = {"admin": "all", "warehouse": "ends", "scoville_worker": "all"}
BY_OWNER = {"admin": "all", "integration": "owner"}
BY_CHANNEL = {"admin": "all", "sales": "channel", "integration": "channel"}
# The rows that each role reads; a role without an entry is refused.
READS: dict[str, dict[str, str]] = {
    "catalog.regions": EVERYONE,
    "catalog.currencies": EVERYONE,
    "catalog.skus": EVERYONE,
    "catalog.warehouses": EVERYONE,
    "catalog.channels": EVERYONE,
    "catalog.channel_warehouses": EVERYONE,
    "catalog.sale_rules": EVERYONE,
    "catalog.reason_codes": EVERYONE,
    "stock.stock_levels": {**EVERYONE, "warehouse": "warehouse"},
    "stock.lots": {"admin": "all", "warehouse": "all", "sales": "all", "scoville_worker": "all"},
    "stock.lot_levels": {"admin": "all", "warehouse": "warehouse", "sales": "all", "scoville_worker": "all"},
    "stock.stock_movements": {"admin": "all", "warehouse": "warehouse", "scoville_worker": "all"},
    "stock.recalls": {"admin": "all", "warehouse": "all", "sales": "all", "scoville_worker": "all"},
    "stock.recall_lots": {"admin": "all", "warehouse": "all", "sales": "all", "scoville_worker": "all"},
    "stock.recall_places": {"admin": "all", "warehouse": "warehouse", "sales": "none", "scoville_worker": "all"},
    "stock.recall_orders": {"admin": "all", "warehouse": "none", "sales": "channel", "scoville_worker": "all"},
    "stock.recall_parcels": {"admin": "all", "warehouse": "warehouse", "sales": "channel", "scoville_worker": "all"},
    "stock.recall_drills": {"admin": "all", "scoville_worker": "all"},
    "stock.withholdings": {"admin": "all", "warehouse": "warehouse", "scoville_worker": "all"},
    "supply.suppliers": {"admin": "all", "warehouse": "all", "scoville_worker": "all"},
    **{
        f"supply.{name}": {"admin": "all", "warehouse": "warehouse", "scoville_worker": "all"}
        for name in ("purchases", "purchase_lines", "receipts", "receipt_lines")
    },
    "supply.transfers": BY_ENDS,
    "supply.transfer_lines": BY_ENDS,
    "supply.transfer_lots": BY_ENDS,
    **{
        f"stock.{table}": {"admin": "all", "warehouse": "warehouse", "scoville_worker": "all"}
        for table in ("counts", "count_lines", "count_entries")
    },
    "stock.count_requests": {
        "admin": "all",
        "warehouse": "warehouse",
        "sales": "all",
        "integration": "none",
        "scoville_worker": "all",
    },
    "stock.reservations": {**BY_CHANNEL, "scoville_worker": "all"},
    "stock.reservation_lines": {**BY_CHANNEL, "scoville_worker": "all"},
    "orders.orders": {**BY_CHANNEL, "warehouse": "warehouses", "scoville_worker": "all"},
    "orders.order_contacts": {**BY_CHANNEL, "warehouse": "none"},
    "orders.erasures": {"admin": "all"},
    "orders.order_lines": {**BY_CHANNEL, "warehouse": "warehouses", "scoville_worker": "all"},
    "orders.order_allocations": {**BY_CHANNEL, "warehouse": "warehouse", "scoville_worker": "all"},
    "orders.backorders": {**BY_CHANNEL, "warehouse": "warehouses", "scoville_worker": "all"},
    # Read only through an order, whose rows are those of the warehouse; a promise names no person.
    "orders.freshness": {**BY_CHANNEL, "warehouse": "all", "scoville_worker": "all"},
    "orders.fulfillments": {**BY_CHANNEL, "warehouse": "warehouse", "scoville_worker": "all"},
    "orders.fulfillment_lines": {**BY_CHANNEL, "warehouse": "warehouse", "scoville_worker": "all"},
    "orders.returns": {**BY_CHANNEL, "warehouse": "warehouse", "scoville_worker": "all"},
    "orders.return_lines": {**BY_CHANNEL, "warehouse": "warehouse", "scoville_worker": "all"},
    "orders.return_receipts": {**BY_CHANNEL, "warehouse": "warehouse", "scoville_worker": "all"},
    "events.event_types": EVERYONE,
    "events.outbox": {},
    "events.known_levels": {},
    "events.announced_states": {},
    "events.event_log": {
        "admin": "all",
        "scoville_worker": "all",
        "warehouse": "events of warehouse",
        "sales": "events of channel",
        "integration": "events of channel",
    },
    "events.stream": EVERYONE,
    "audit.audit_log": {"admin": "all"},
    "identity.clients": {"admin": "all"},
    "identity.client_secrets": {"admin": "all"},
    "identity.idempotency_keys": {},
    "identity.socket_tickets": {},
    "identity.request_windows": {},
    "webhooks.endpoints": BY_OWNER,
    "webhooks.endpoint_states": BY_OWNER,
    "webhooks.secrets": {},
    "webhooks.deliveries": BY_OWNER,
    "webhooks.attempts": BY_OWNER,
    "webhooks.dispatchers": {},
    "identity.pseudonym_keys": {},
    "identity.bi_logins": {},
    "analytics.rollups": {"admin": "all"},
    "analytics.stock_marks": {"admin": "all", "warehouse": "warehouse", "scoville_worker": "all"},
    "analytics.stock_days": {"admin": "all", "warehouse": "warehouse", "sales": "all", "scoville_worker": "all"},
    "analytics.adjustment_days": {"admin": "all"},
    "analytics.lot_receipts": {"admin": "all"},
    "analytics.due_days": {},
    "analytics.order_hours": {"admin": "all"},
    "analytics.sales_days": {"admin": "all"},
    "analytics.refusal_days": {"admin": "all", "sales": "channel"},
    "analytics.lead_hours": {"admin": "all", "warehouse": "warehouse", "sales": "channel"},
}
COLUMNS = {
    ("stock.stock_levels", "integration"): "region_id, warehouse_id, sku_id, available, version, updated_at",
    ("identity.client_secrets", "admin"): "client_id, secret_no, created_at, expires_at",
    ("analytics.rollups", "admin"): "region_id, rollup, as_of_at",
    **dict.fromkeys(
        (("analytics.stock_marks", role) for role in ("admin", "warehouse")),
        "region_id, warehouse_id, sku_id, movement_id, version, last_on",
    ),
    ("analytics.stock_days", "sales"): "region_id, warehouse_id, sku_id, day_on, available",
}


def test_the_spec_names_every_table(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute("""
        select relnamespace::regnamespace || '.' || relname from pg_class
         where relkind in ('r', 'p') and not relispartition
           and relnamespace::regnamespace::text
               in ('catalog', 'stock', 'orders', 'events', 'audit', 'identity', 'webhooks', 'analytics', 'supply')""").fetchall()
    assert {name for (name,) in found} == set(READS)


def test_every_role_reads_the_rows_of_the_spec_and_no_others(seeded: psycopg.Connection[Any]) -> None:
    wrong = []
    for table, readers in READS.items():
        for role in ROLES:
            # A refused role may not even select without columns, which would suffice to count rows.
            statement = f"select {COLUMNS.get((table, role), '*') if role in readers else ''} from {table}"
            found = attempt(seeded, role, statement)
            if role not in readers:
                expected: int | str = "42501"
            else:
                row = seeded.execute(f"select count(*) from {table} where {WHERE[readers[role]]}").fetchone()
                assert row
                expected = row[0]
                everything = seeded.execute(f"select count(*) from {table}").fetchone()
                assert everything
                # A scope that hides no row here would make the test meaningless.
                assert readers[role] == "all" or everything[0] > expected, table
            if (found if isinstance(found, str) else len(found)) != expected:
                wrong.append((table, role, found, expected))
    assert wrong == []


def test_no_role_writes_to_any_table(seeded: psycopg.Connection[Any]) -> None:
    wrong = []
    for table in READS:
        column = seeded.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1", [table]
        ).fetchone()
        assert column
        writes = (
            f"insert into {table} default values",
            f"update {table} set {column[0]} = {column[0]}",
            f"delete from {table}",
            f"truncate {table} cascade",
        )
        wrong += [(role, write) for role in ROLES for write in writes if attempt(seeded, role, write) != "42501"]
    assert wrong == []


@pytest.mark.parametrize("role", ["scoville_definer", "scoville_owner"])
@pytest.mark.parametrize("table", ["stock.stock_movements", "audit.audit_log", "events.event_log"])
def test_nobody_rewrites_the_ledger_or_the_audit(seeded: psycopg.Connection[Any], table: str, role: str) -> None:
    before = seeded.execute(f"select * from {table} order by 1, 2, 3").fetchall()
    for statement in (f"update {table} set actor = 'x'", f"delete from {table}"):
        try:
            with seeded.transaction():
                seeded.execute(f"set local role {role}")
                seeded.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            continue
    assert before
    assert seeded.execute(f"select * from {table} order by 1, 2, 3").fetchall() == before


def test_every_role_calls_the_functions_of_the_spec_and_no_others(seeded: psycopg.Connection[Any], names: Names) -> None:
    found = seeded.execute("select proname from pg_proc where pronamespace = 'api'::regnamespace").fetchall()
    assert {name for (name,) in found} == set(FUNCTION_CALLS), REMEDY
    wrong = []
    for function, row in FUNCTION_CALLS.items():
        for role in ROLES:
            answer = attempt(seeded, role, sql_call(function, names))
            if isinstance(answer, str) != (role not in row.roles) or (isinstance(answer, str) and answer != "42501"):
                wrong.append((function, role, answer))
    assert wrong == []


def test_every_role_reads_the_reports_of_the_spec_and_no_others(seeded: psycopg.Connection[Any]) -> None:
    found = seeded.execute("select report from analytics.reports").fetchall()
    assert {report for (report,) in found} == set(REPORTS)
    wrong = []
    for report, readers in REPORTS.items():
        for role in ROLES:
            answer = attempt(seeded, role, f"select * from api.read_report(1::smallint, '{report}', '{{}}', null, 10)")
            if isinstance(answer, str) != (role not in readers) or (isinstance(answer, str) and answer != "42501"):
                wrong.append((report, role, answer))
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_inner_functions_are_out_of_reach(seeded: psycopg.Connection[Any], role: str) -> None:
    for call in (
        "stock.post_movements(1::smallint, '{}')",
        "events.emit(1::smallint, 't', 's', null, '{}', 1, '{}', 'a', null)",
        "audit.record('insert', 't', 'k', null, null, null, 'a', null)",
    ):
        assert attempt(seeded, role, f"select {call}") == "42501", call


@pytest.mark.parametrize(("role", "table"), [("warehouse", "stock.stock_levels"), ("sales", "orders.orders")])
def test_a_missing_claim_means_no_rows(seeded: psycopg.Connection[Any], as_role: AsRole, role: str, table: str) -> None:
    with as_role(role) as c:
        assert c.execute(f"select * from {table}").fetchall() == []


CALLERS = ("warehouse", "sales", "integration")
IDS_OF_REGION_1 = ("WH-01", "WH-02", "ORD-1-", "RSV-1-", "WHK-1-", '"web"')
REGION_TABLES = """
    select c.oid::regclass::text
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'region_id'
     where c.relkind in ('r', 'p') and not c.relispartition
       and c.relnamespace::regnamespace::text in ('stock', 'supply', 'orders', 'events', 'webhooks', 'analytics')"""
another_region = pytest.mark.parametrize("region", [2, None], ids=["another", "none"])


@another_region
def test_a_caller_of_another_region_reads_no_row_of_this_one(seeded: psycopg.Connection[Any], region: int | None) -> None:
    tables = [table for (table,) in seeded.execute(REGION_TABLES).fetchall()]
    for table in (*tables, "catalog.warehouses", "catalog.channels"):
        statement = f"select region_id from {table} where region_id <> 0"
        for role in READS[table]:
            own = attempt(seeded, role, statement)
            bound = role in CALLERS
            assert attempt(seeded, role, statement, region) == ([] if bound else own), (table, role)
            assert own or READS[table][role] == "none" or table == "analytics.adjustment_days", (table, role)


@another_region
def test_a_caller_of_another_region_gets_nothing_from_a_function(
    seeded: psycopg.Connection[Any], names: Names, region: int | None
) -> None:
    """A command refuses, a query returns no rows; an admin may name any region."""
    told = set()
    commands = {
        name
        for (name,) in seeded.execute(
            "select proname from pg_proc where pronamespace = 'api'::regnamespace and prosecdef"
        ).fetchall()
    }
    for function, row in FUNCTION_CALLS.items():
        if "p_region_id" not in FUNCTIONS[function].arguments:
            continue
        sample = sql_call(function, names)
        for role in row.roles & set(CALLERS):
            answer = attempt(seeded, role, sample, region)
            if function in commands:
                assert answer == "42501", (function, role)
            else:
                assert not any(name in str(answer) for name in IDS_OF_REGION_1), (function, role, answer)
                told |= {function for name in IDS_OF_REGION_1 if name in str(attempt(seeded, role, sample))}
        assert not isinstance(attempt(seeded, "admin", sample, region), str), function
    assert told >= {
        "list_inventory",
        "get_inventory",
        "summarize_warehouses",
        "list_movements",
        "list_orders",
        "list_reservations",
    }
    assert told >= {"list_events", "snapshot_levels", "list_warehouses", "list_channels", "list_webhooks", "get_order"}


@another_region
@pytest.mark.parametrize("role", CALLERS)
def test_functions_reach_rows_of_the_region_of_their_caller_only(
    seeded: psycopg.Connection[Any], as_role: AsRole, role: str, region: int | None
) -> None:
    """Policies limit the definer to the region, even if a function lacks its check."""
    readable = [
        table
        for (table,) in seeded.execute(REGION_TABLES).fetchall()
        if seeded.execute("select has_table_privilege('scoville_definer', %s, 'select')", [table]).fetchone() == (True,)
    ]
    counts = " union all ".join(f"select '{table}', count(*) from {table} where region_id <> 0" for table in readable)
    seeded.execute(
        "create function api.count_rows() returns table (name text, rows bigint) language sql stable security definer "
        f"set search_path = '' as $$ {counts} $$"
    )
    seeded.execute("alter function api.count_rows() owner to scoville_definer")
    with as_role(role, region=region, warehouses=["WH-01"], channels=["web"], sub="t") as c:
        assert {name for name, rows in c.execute("select * from api.count_rows()").fetchall() if rows} == set()
    with as_role("admin", region=region) as c:
        reached = {name for name, rows in c.execute("select * from api.count_rows()").fetchall() if rows}
    assert reached >= {"stock.stock_levels", "stock.reservations", "orders.orders", "events.event_log", "webhooks.endpoints"}


@pytest.mark.parametrize("verb", ["select", "update"])
def test_the_functions_themselves_are_bound_by_the_claims(seeded: psycopg.Connection[Any], verb: str) -> None:
    """Policies limit the definer to the caller's rows, even if a function lacks its check."""
    queries = {
        "select": "select warehouse_id from stock.stock_levels",
        "update": "update stock.stock_levels set version = version + 1 returning warehouse_id",
    }
    with seeded.transaction(force_rollback=True):
        seeded.execute("set local role scoville_definer")
        seeded.execute("set local scoville.region = '1'")
        seeded.execute("set local scoville.warehouses = '{WH-01}'")
        if verb == "update":  # so that the select policy is not the one that limits the update
            seeded.execute("reset role")
            seeded.execute("create policy everything on stock.stock_levels for select to scoville_definer using (true)")
            seeded.execute("set local role scoville_definer")
        assert {row[0] for row in seeded.execute(queries[verb].encode()).fetchall()} == {"WH-01"}


def test_staff_cannot_touch_another_warehouse(seeded: psycopg.Connection[Any], as_role: AsRole) -> None:
    change = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-02", "delta": -1, "reason_code": "damaged"}
    with as_role("warehouse", warehouses=["WH-01"]) as c:
        adjusted = c.execute("select code from api.adjust_stock(1::smallint, %s)", [json.dumps([change])]).fetchall()
        shipped = c.execute("select code from api.fulfill_orders(1::smallint, %s)", ['[{"order_id": "from-pos"}]']).fetchall()
    assert adjusted == [("ST003",)]
    assert shipped == [("OR002",)]


def test_nobody_enters_without_a_role(authenticator_url: str) -> None:
    with psycopg.connect(authenticator_url) as c, pytest.raises(psycopg.errors.NullValueNotAllowed):
        c.execute("select app.enter(null, '{}')")
