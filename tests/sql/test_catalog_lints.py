"""The query in catalog_lints.sql finds no fault in a deployed database, and each of its lints detects its fault."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg

from pyapp.files import ROOT
from tests.docs.reference import definers

LINTS = (Path(__file__).parent / "catalog_lints.sql").read_text(encoding="utf-8")

FUNCTION = "create function app.planted() returns integer language sql set search_path = '' as 'select 1';"
REVOKE = "revoke execute on function app.planted() from public;"
TABLE = "create table stock.planted (region_id smallint not null, n integer not null, at timestamp, "

# The lint, a part of the object's name, and the statements that create the fault.
FAULTS = [
    (
        "function_search_path_not_pinned",
        "app.planted()",
        "create function app.planted() returns integer language sql as 'select 1'",
    ),
    (
        "claim_reader_without_standard_body",
        "app.claim_role()",
        "create or replace function app.claim_role() returns text language sql stable set search_path = '' as "
        "$$ select current_setting('role') $$",
    ),
    ("function_public_execute", "app.planted()", f"{FUNCTION} grant execute on function app.planted() to public"),
    (
        "argument_without_p_",
        "app.planted(integer) n",
        "create function app.planted(n integer, out m integer) language sql as 'select 1'",
    ),
    ("definer_function_not_owned_by_the_definer", "app.planted()", f"{FUNCTION} alter function app.planted() security definer"),
    (
        "definer_owns_what_is_not_a_definer_function",
        "app.planted()",
        f"{FUNCTION} alter function app.planted() owner to scoville_definer",
    ),
    ("not_owned_by_the_owner", "app.planted()", FUNCTION),
    ("not_owned_by_the_owner", "catalog.skus", "alter table catalog.skus owner to scoville_definer"),
    (
        "api_function_without_comment",
        "api.planted()",
        FUNCTION.replace("app.", "api."),
    ),
    ("table_without_rls", "catalog.skus", "alter table catalog.skus disable row level security"),
    ("table_without_forced_rls", "catalog.skus", "alter table catalog.skus no force row level security"),
    (
        "table_without_forced_rls",
        "stock.stock_movements_default",
        "alter table stock.stock_movements_default no force row level security",
    ),
    ("table_without_comment", "catalog.skus", "comment on table catalog.skus is null"),
    ("table_without_primary_key", "stock.planted", f"{TABLE} check (true))"),
    ("column_of_unwanted_type", "stock.planted at", f"{TABLE} check (true))"),
    ("moment_not_named_at", "catalog.skus seen", "alter table catalog.skus add seen timestamptz"),
    ("enum_type", "stock.mood", "create type stock.mood as enum ('hot', 'mild')"),
    ("view_not_security_invoker", "stock.v", "create view stock.v as select 1 as n"),
    (
        "view_of_analysts_without_barrier",
        "bi.planted",
        "create view bi.planted with (security_invoker = true) as select 1 as n",
    ),
    ("view_without_comment", "stock.v n", "create view stock.v as select 1 as n; comment on view stock.v is 'V.'"),
    ("constraint_not_named_by_hand", "stock.planted planted_n_check", f"{TABLE} check (n > 0))"),
    ("constraint_not_named_by_hand", "stock.planted key", f"{TABLE} constraint key unique (region_id, n))"),
    ("index_not_named_by_hand", "catalog.skus by_name", "create index by_name on catalog.skus (name)"),
    (
        "foreign_key_without_on_delete",
        "stock.planted planted_lot_id_fkey",
        f"{TABLE} constraint planted_lot_id_fkey foreign key (region_id, n) references stock.lots (region_id, lot_id))",
    ),
    (
        "foreign_key_without_index",
        "stock.planted planted_lot_id_fkey",
        f"{TABLE} constraint planted_lot_id_fkey foreign key (region_id, n) references stock.lots (region_id, lot_id))",
    ),
    ("region_table_without_region_id", "stock.stock_levels", "alter table stock.stock_levels alter region_id set default 1"),
    ("region_table_without_region_id", "orders.planted", "create table orders.planted (n integer)"),
    (
        "key_not_led_by_region_id",
        "stock.lots stock.lots_batch_number_key",
        "create unique index lots_batch_number_key on stock.lots (batch_number, region_id)",
    ),
    (
        "key_not_led_by_region_id",
        "stock.planted planted_lot_id_fkey",
        f"{TABLE} constraint planted_lot_id_fkey foreign key (n, region_id) references stock.lots (lot_id, region_id))",
    ),
    (
        "append_only_table_not_partitioned",
        "audit.audit_log",
        "drop table audit.audit_log cascade; create table audit.audit_log (region_id smallint not null)",
    ),
    (
        "append_only_table_can_be_changed",
        "stock.stock_movements note UPDATE scoville_definer",
        "grant update (note) on stock.stock_movements to scoville_definer",
    ),
    (
        "append_only_table_can_be_changed",
        "events.event_log_default TRUNCATE admin",
        "grant truncate on events.event_log_default to admin",
    ),
    (
        "append_only_table_can_be_changed",
        "audit.audit_log p",
        "create policy p on audit.audit_log for delete to admin using (true)",
    ),
    ("write_right_outside_the_definer", "catalog.skus name UPDATE sales", "grant update (name) on catalog.skus to sales"),
    ("right_on_a_table_that_nobody_should_have", "catalog.skus SELECT public", "grant select on catalog.skus to public"),
    (
        "insert_or_update_granted_without_columns",
        "catalog.skus INSERT scoville_definer",
        "grant insert on catalog.skus to scoville_definer",
    ),
    ("login_can_act_as_an_owner", "sales scoville_definer", "grant scoville_definer to sales"),
    ("policy_for_all", "catalog.skus p", "create policy p on catalog.skus to sales using (true)"),
    (
        "region_table_without_region_policy",
        "stock.stock_levels",
        "drop policy stock_levels_select_own_region on stock.stock_levels",
    ),
    (
        "region_table_without_region_policy",
        "orders.orders",
        "alter policy orders_select_own_region on orders.orders to warehouse, sales, integration",
    ),
    (
        "update_policy_without_check",
        "catalog.skus p",
        "create policy p on catalog.skus for update to sales using (true)",
    ),
    ("policy_to_public", "catalog.skus p", "create policy p on catalog.skus for select using (true)"),
    (
        "policy_looks_up_or_tests_null",
        "catalog.skus p",
        "create policy p on catalog.skus for select to sales using (sku_id = (select app.claim_role()))",
    ),
    (
        "policy_looks_up_or_tests_null",
        "catalog.skus p",
        "create policy p on catalog.skus for select to sales using (size_ml is not null)",
    ),
    (
        "policy_calls_a_function_of_the_row",
        "catalog.channels p",
        "create policy p on catalog.channels for select to sales using (app.today(region_id) > '2020-01-01')",
    ),
    (
        "policy_function_not_stable",
        "catalog.skus p app.planted()",
        f"{FUNCTION} create policy p on catalog.skus for select to sales using (size_ml = app.planted())",
    ),
    (
        "policy_not_named_by_table_command_whose",
        "catalog.skus p",
        "create policy p on catalog.skus for select to sales using (true)",
    ),
    *[
        (
            lint,
            "catalog.skus watch",
            "create trigger watch before update on catalog.skus for each row execute function public.f()",
        )
        for lint in ("trigger_not_named_by_table_and_task", "trigger_on_a_table_without_region", "trigger_for_each_row")
    ],
]

# Definer functions that need the rights of the owner of the tables.
OF_THE_OWNER = ("make_partitions", "drop_old_events", "analyze_young_tables", "erase_history", "erase_email", "erase_events")


def found(connection: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    return {(lint, name) for lint, name in connection.execute(LINTS)}


def test_the_catalog_is_clean(connection: psycopg.Connection[Any]) -> None:
    assert sorted(f"{lint}: {name}" for lint, name in found(connection)) == []


def test_every_planted_fault_is_found(connection: psycopg.Connection[Any]) -> None:
    connection.execute("set search_path = public")
    connection.execute("create function f() returns trigger language plpgsql as 'begin return null; end'")
    clean = found(connection)
    missed = []
    for lint, name, fault in FAULTS:
        with connection.transaction(force_rollback=True):
            connection.execute(fault)
            if (lint, name) not in found(connection) - clean:
                missed.append(f"{lint}: {name}")
    assert missed == []


def test_every_lint_has_a_planted_fault() -> None:
    assert set(re.findall(r"^select '([a-z_]+)'", LINTS, flags=re.MULTILINE)) == {lint for lint, _, _ in FAULTS}


def test_every_definer_function_begins_with_its_reason(connection: psycopg.Connection[Any]) -> None:
    """The comments behind docs/reference/sql-functions.md match the definer functions of the database and their owners."""
    real = connection.execute(
        "select pronamespace::regnamespace || '.' || proname, proowner::regrole::text from pg_proc where prosecdef"
    )
    assert dict(real.fetchall()) == {name: owner for name, (_, owner) in definers().items()}


def test_the_definer_is_not_bound_to_be_listed_by_accident() -> None:
    """A file that creates a definer function also makes scoville_definer its owner, with few exceptions."""
    for path in sorted((ROOT / "sql" / "functions").rglob("*.sql")):
        text = path.read_text(encoding="utf-8")
        handed_over = "owner to scoville_definer" in text
        assert handed_over == ("security definer" in text and path.stem not in OF_THE_OWNER), path.name
