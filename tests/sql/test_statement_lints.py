"""What conventions ask of the statements inside functions (the seven rules of the design, 1, 3 and the lock order)."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from pglast import ast, parse_sql

from pyapp.deploy.migrate import ROOT
from tests.sql.sources import FUNCTIONS, function_files, nodes, sources

REGION_SCHEMAS = {"stock", "orders", "audit", "webhooks", "analytics"}
GLOBAL_TABLES = {("webhooks", "dispatchers")}
REGION_TABLES = {("events", "outbox"), ("identity", "idempotency_keys")}
VOLATILE_BUILT_INS = {"nextval", "random", "gen_random_uuid", "uuidv7", "clock_timestamp", "timeofday", "set_config", "pg_notify"}


@cache
def volatile_functions() -> frozenset[str]:
    """Built in, or ours and volatile by word or by default."""
    ours = set()
    for path in function_files():
        for source in sources(path.read_text(encoding="utf-8")):
            volatility = source.option("volatility")
            if volatility is None or volatility.sval == "volatile":
                ours.add(source.name.rpartition(".")[2])
    return frozenset(VOLATILE_BUILT_INS | ours)


@cache
def keys() -> dict[tuple[str, str], set[str]]:
    """Columns of each table's primary key, as sql/schema declares them."""
    found = {}
    for path in sorted((ROOT / "sql" / "schema").glob("*.sql")):
        for raw in parse_sql(path.read_text(encoding="utf-8")):
            for node in nodes(raw.stmt) if isinstance(raw.stmt, ast.CreateStmt) else ():
                if isinstance(node, ast.Constraint) and node.contype.name == "CONSTR_PRIMARY" and node.keys:
                    table = raw.stmt.relation
                    found[table.schemaname, table.relname] = {key.sval for key in node.keys}
    return found


def is_region_table(node: Any) -> bool:
    if not isinstance(node, ast.RangeVar) or (node.schemaname, node.relname) in GLOBAL_TABLES:
        return False
    return node.schemaname in REGION_SCHEMAS or (node.schemaname, node.relname) in REGION_TABLES


def names_region(tree: Any) -> bool:
    """Whether conditions or a GROUP BY speak of region_id, in words or by USING (region_id)."""
    for node in nodes(tree):
        if isinstance(node, ast.ColumnRef) and getattr(node.fields[-1], "sval", None) == "region_id":
            return True
        if isinstance(node, ast.JoinExpr) and any(part.sval == "region_id" for part in node.usingClause or ()):
            return True
    return False


def grouped_by(select: Any) -> list[Any]:
    """The expressions of GROUP BY, with numbers looked up in the select list."""
    return [select.targetList[part.val.ival - 1] if isinstance(part, ast.A_Const) else part for part in select.groupClause or ()]


def of_this_level(tree: Any) -> Any:
    """The nodes of a FROM list, without those of the sub-selects in it."""
    if isinstance(tree, ast.Node):
        yield tree
        if not isinstance(tree, ast.SelectStmt):
            for name in tree:
                yield from of_this_level(getattr(tree, name))
    elif isinstance(tree, (tuple, list)):
        for part in tree:
            yield from of_this_level(part)


def calls(tree: Any) -> set[str]:
    return {node.funcname[-1].sval for node in nodes(tree) if isinstance(node, ast.FuncCall)}


def faults_of(statement: Any) -> list[str]:
    """Faults of one statement node; its sub-statements are looked at on their own."""
    said = []
    if isinstance(statement, ast.MergeStmt):
        said.append("MERGE")
    if isinstance(statement, ast.InsertStmt):
        source = statement.selectStmt
        from_select = isinstance(source, ast.SelectStmt) and not source.valuesLists
        returns = getattr(statement, "returningClause", None) or getattr(statement, "returningList", None)
        if from_select and not returns and not statement.onConflictClause:
            said.append("INSERT .. SELECT without RETURNING or ON CONFLICT")
    if isinstance(statement, ast.SelectStmt):
        tables = [node for node in of_this_level(statement.fromClause) if is_region_table(node)]
        condition = [statement.whereClause, statement.fromClause, *grouped_by(statement)]
        if tables and not names_region(condition):
            said.append(f"reads {tables[0].relname} without its region_id")
        if statement.lockingClause and tables and not statement.sortClause:
            said.append("locks rows in no order")
    if isinstance(statement, (ast.UpdateStmt, ast.DeleteStmt)) and is_region_table(statement.relation):
        verb = "updates" if isinstance(statement, ast.UpdateStmt) else "deletes from"
        if not names_region(statement.whereClause):
            said.append(f"{verb} {statement.relation.relname} without its region_id")
    if isinstance(statement, ast.UpdateStmt):
        volatile = calls([statement.targetList, statement.whereClause]) & volatile_functions()
        if volatile:
            said.append(f"calls volatile {', '.join(sorted(volatile))} in an UPDATE")
        changed = {target.name for target in statement.targetList}
        changed &= keys().get((statement.relation.schemaname, statement.relation.relname), set())
        if changed:
            said.append(f"changes the key column {', '.join(sorted(changed))}")
    return said


def faults(text: str) -> list[str]:
    """Faults of every function in a file's text."""
    return [
        fault
        for source in sources(text)
        for tree in source.statements()
        for statement in nodes(tree)
        for fault in faults_of(statement)
    ]


def test_statements_keep_the_rules() -> None:
    found = {path.relative_to(FUNCTIONS).as_posix(): faults(path.read_text(encoding="utf-8")) for path in function_files()}
    assert len(found) > 200
    assert {name: said for name, said in found.items() if said} == {}


# The statement, and the fault that it is.
PLANTED = [
    ("insert into catalog.skus (sku_id) select 'A'", "INSERT .. SELECT without RETURNING or ON CONFLICT"),
    ("insert into catalog.skus (sku_id) values ('A')", None),
    ("insert into catalog.skus (sku_id) select 'A' on conflict do nothing", None),
    ("with w as (insert into catalog.skus (sku_id) select 'A' returning 1) select count(*) from w", None),
    (
        "with w as (insert into catalog.skus (sku_id) select 'A') select 1",
        "INSERT .. SELECT without RETURNING or ON CONFLICT",
    ),
    ("merge into catalog.skus s using catalog.skus t on s.sku_id = t.sku_id when matched then delete", "MERGE"),
    ("select from stock.stock_levels where sku_id = 'A'", "reads stock_levels without its region_id"),
    ("select from stock.stock_levels where region_id = p_region_id", None),
    ("select from catalog.skus s join stock.lots l on l.region_id = p_region_id and l.sku_id = s.sku_id", None),
    ("select from orders.orders join orders.order_lines using (region_id, order_id)", None),
    ("select sum(n) from orders.order_lines group by region_id, sku_id", None),
    ("select o.region_id, count(*) from orders.orders o group by 1", None),
    ("select o.channel_id, count(*) from orders.orders o group by 1", "reads orders without its region_id"),
    ("select from (select from events.outbox) o where region_id = 1", "reads outbox without its region_id"),
    ("select from stock.lots where region_id = 1 for no key update", "locks rows in no order"),
    ("select from stock.lots where region_id = 1 order by lot_id for no key update", None),
    ("select from stock.lots where lot_id = 1 order by lot_id for update", "reads lots without its region_id"),
    ("update stock.lots set status = 'recalled' where lot_id = 1", "updates lots without its region_id"),
    ("delete from identity.idempotency_keys where route = 'x'", "deletes from idempotency_keys without its region_id"),
    (
        "update stock.lots set updated_at = clock_timestamp() where region_id = 1",
        "calls volatile clock_timestamp in an UPDATE",
    ),
    ("update stock.lots set updated_at = app.now() where region_id = 1", None),
    ("update stock.lots set lot_id = 2 where region_id = 1 and lot_id = 1", "changes the key column lot_id"),
]


@pytest.mark.parametrize(("statement", "fault"), PLANTED, ids=[statement for statement, _ in PLANTED])
def test_a_planted_statement_is_judged(statement: str, fault: str | None) -> None:
    as_sql = f"create function f(p_region_id smallint) returns void language sql as $$ {statement} $$"
    assert faults(as_sql) == ([fault] if fault else [])
    if not re.match(r"select|with", statement):
        block = "declare v_row stock.stock_levels; begin if true then {}; end if; end"
        as_plpgsql = f"create function f(p_region_id smallint) returns void language plpgsql as $$ {block.format(statement)} $$"
        assert faults(as_plpgsql) == ([fault] if fault else [])


def test_every_body_can_be_read() -> None:
    for path in function_files():
        for source in sources(path.read_text(encoding="utf-8")):
            assert source.statements(), path.name
