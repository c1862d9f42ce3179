"""The conventions for statements inside functions: rules 1 and 3 of the design, the lock order, named arguments, constructors."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from pglast import ast, parse_sql
from pglast.enums import A_Expr_Kind, CoercionForm

from pyapp.deploy.replay import SCHEMAS
from pyapp.files import ROOT
from tests.sql.sources import FUNCTIONS, function_files, nodes, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.sql.sources import Source

REGION_SCHEMAS = {"stock", "supply", "orders", "audit", "webhooks", "analytics"}
GLOBAL_TABLES = {("analytics", "reports"), ("supply", "suppliers"), ("webhooks", "dispatchers")}
REGION_TABLES = {("events", "outbox"), ("identity", "idempotency_keys")}
VOLATILE_BUILT_INS = {"nextval", "random", "gen_random_uuid", "uuidv7", "clock_timestamp", "timeofday", "set_config", "pg_notify"}


CONSTRUCTORS = re.compile(r"app\.refuse(_lines)?|[a-z]+\.new_[a-z_]+")
POSITIONAL_MAX = 2
CASES = {f"{schema}{name}" for schema in ("", "pg_catalog.") for name in ("lower", "upper", "initcap")}


@cache
def volatile_functions() -> frozenset[str]:
    """Built in, or ours and declared volatile or volatile by default."""
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


@cache
def composites() -> frozenset[str]:
    """The types that pass between functions, as sql/schema declares them."""
    return frozenset(
        f"{raw.stmt.typevar.schemaname}.{raw.stmt.typevar.relname}"
        for path in sorted((ROOT / "sql" / "schema").glob("*.sql"))
        for raw in parse_sql(path.read_text(encoding="utf-8"))
        if isinstance(raw.stmt, ast.CompositeTypeStmt)
    )


@cache
def columns_of_bytes() -> frozenset[str]:
    """The names of columns with the collation "C", as sql/schema declares them. Their lower() knows only ASCII."""
    return frozenset(
        node.colname
        for path in sorted((ROOT / "sql" / "schema").glob("*.sql"))
        for raw in parse_sql(path.read_text(encoding="utf-8"))
        for node in nodes(raw.stmt)
        if isinstance(node, ast.ColumnDef) and node.collClause is not None and node.collClause.collname[-1].sval == "C"
    )


def is_region_table(node: Any) -> bool:
    if not isinstance(node, ast.RangeVar) or (node.schemaname, node.relname) in GLOBAL_TABLES:
        return False
    return node.schemaname in REGION_SCHEMAS or (node.schemaname, node.relname) in REGION_TABLES


def names_region(tree: Any) -> bool:
    """Whether conditions or a GROUP BY mention region_id, directly or by USING (region_id)."""
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
    """The nodes of a FROM list, without the nodes of its sub-selects."""
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


def faults_of(statement: Any, counted: Sequence[Any] = ()) -> list[str]:
    """Faults of one statement node; its sub-statements are checked separately. `counted`: the function reads their ROW_COUNT."""
    said = []
    if isinstance(statement, ast.MergeStmt):
        said.append("MERGE")
    if isinstance(statement, ast.InsertStmt):
        source = statement.selectStmt
        from_select = isinstance(source, ast.SelectStmt) and not source.valuesLists
        returns = getattr(statement, "returningClause", None) or getattr(statement, "returningList", None)
        if from_select and not returns and not statement.onConflictClause and statement not in counted:
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


def name_of(node: Any) -> str:
    return ".".join(part.sval for part in node if isinstance(part, ast.String))


def is_row(node: Any) -> bool:
    """ROW (..), or a parenthesized list that is cast to one of our types. Rows in comparisons do not count."""
    if isinstance(node, ast.TypeCast):
        return isinstance(node.arg, ast.RowExpr) and name_of(node.typeName.names) in composites()
    return isinstance(node, ast.RowExpr) and node.row_format == CoercionForm.COERCE_EXPLICIT_CALL


def faults_of_rows(source: Source) -> list[str]:
    """Rows of our types that are built by position: a migration that adds an attribute would break them until the replay.

    A constructor has a standard body, which PostgreSQL stores parsed: it still works, and the new attribute is null.
    """
    said = ["makes a ROW by position"] if any(is_row(node) for tree in source.statements() for node in nodes(tree)) else []
    returned = source.tree.returnType
    if CONSTRUCTORS.fullmatch(source.name) and said:
        volatility = source.option("volatility")
        keeps = source.tree.sql_body is not None and volatility is not None and volatility.sval == "immutable"
        said = [] if keeps else ["is a constructor, and not immutable with a standard body"]
    if returned is not None and name_of(returned.names) in composites():
        said += [f"answers {name_of(returned.names)} by position" for select in source.answers() if width(select) > 1]
    said += [f"fills {name} by position" for name, select in source.filled() if width(select) > 1]
    return said


def width(select: Any) -> int:
    """The number of columns that a SELECT names; a whole row is one."""
    while isinstance(select, ast.SelectStmt) and select.larg is not None:
        select = select.larg
    return len(select.targetList or ()) if isinstance(select, ast.SelectStmt) else 0


def faults_of_calls(tree: Any) -> list[str]:
    """Calls of our own functions with too many positional arguments."""
    return [
        f"calls {name_of(node.funcname)} by position"
        for node in nodes(tree)
        if isinstance(node, ast.FuncCall)
        and len(node.funcname) > 1
        and node.funcname[0].sval in SCHEMAS
        and len(node.args or ()) > POSITIONAL_MAX
        and not node.func_variadic
        and not all(isinstance(argument, ast.NamedArgExpr) for argument in node.args)
    ]


def without_collate(tree: Any) -> Any:
    """The nodes of an expression, without parts that name their collation: who writes collate "C" wants ASCII."""
    if isinstance(tree, ast.Node):
        yield tree
        if not isinstance(tree, ast.CollateClause):
            for name in tree:
                yield from without_collate(getattr(tree, name))
    elif isinstance(tree, (tuple, list)):
        for part in tree:
            yield from without_collate(part)


def faults_of_case(tree: Any) -> list[str]:
    """Comparisons that ignore case, of texts with a column of the collation "C": the whole text takes it."""
    folded = [node.args for node in nodes(tree) if isinstance(node, ast.FuncCall) and name_of(node.funcname) in CASES]
    folded += [(node.lexpr,) for node in nodes(tree) if isinstance(node, ast.A_Expr) and node.kind == A_Expr_Kind.AEXPR_ILIKE]
    return [
        f"folds {node.fields[-1].sval} by the collation of bytes: use app.fold or app.matches"
        for text in folded
        for node in without_collate(text)
        if isinstance(node, ast.ColumnRef) and getattr(node.fields[-1], "sval", None) in columns_of_bytes()
    ]


def faults_of_cases(text: str) -> list[str]:
    return [fault for source in sources(text) for tree in source.statements() for fault in faults_of_case(tree)]


def faults_of_notation(text: str) -> list[str]:
    return [
        fault
        for source in sources(text)
        for fault in [*faults_of_rows(source), *(said for tree in source.statements() for said in faults_of_calls(tree))]
    ]


def faults(text: str) -> list[str]:
    """Faults of all functions in a file's text."""
    return [
        fault
        for source in sources(text)
        for counted in [source.counted()]
        for tree in source.statements()
        for statement in nodes(tree)
        for fault in faults_of(statement, counted)
    ]


@pytest.mark.parametrize(
    "check",
    [faults, faults_of_notation, faults_of_cases],
    ids=["the rules of statements", "names of arguments and attributes", "the folding of case"],
)
def test_all_functions_keep(check: Callable[[str], list[str]]) -> None:
    found = {path.relative_to(FUNCTIONS).as_posix(): check(path.read_text(encoding="utf-8")) for path in function_files()}
    assert len(found) > 200
    assert {name: said for name, said in found.items() if said} == {}


# The statement and its fault.
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


def test_an_insert_may_be_counted_by_its_function() -> None:
    count = "get diagnostics v_rows = row_count;"
    body = f"declare v_rows integer; begin insert into catalog.skus (sku_id) select 'A'; {count} end"
    text = f"create function f() returns void language plpgsql as $$ {body} $$"
    assert faults(text) == []
    assert faults(text.replace(count, "")) == ["INSERT .. SELECT without RETURNING or ON CONFLICT"]


PLANTED_CASES = [
    ("select from catalog.skus t where strpos(lower(t.sku_id || ' ' || t.name), 'q') > 0", "sku_id"),
    ("select from catalog.warehouses t where t.warehouse_id ilike '%q%'", "warehouse_id"),
    ("select pg_catalog.upper(client_id) from identity.clients", "client_id"),
    ("select from catalog.skus t where app.matches('q', t.sku_id || ' ' || t.name)", None),
    ('select lower(k.sku_id collate "C") from catalog.skus k', None),
    ("select lower(k.name), lower('sku_id') from catalog.skus k where k.sku_id = 'q'", None),
]


@pytest.mark.parametrize(("statement", "column"), PLANTED_CASES, ids=[statement for statement, _ in PLANTED_CASES])
def test_a_planted_folding_is_judged(statement: str, column: str | None) -> None:
    said = faults_of_cases(f"create function f() returns void language sql as $$ {statement} $$")
    assert said == ([f"folds {column} by the collation of bytes: use app.fold or app.matches"] if column else [])


def test_no_view_folds_a_code() -> None:
    views = [path for path in sorted((ROOT / "sql" / "views").glob("*.sql")) if path.name != "reports.sql"]
    found = {
        path.name: [said for raw in parse_sql(path.read_text(encoding="utf-8")) for said in faults_of_case(raw.stmt)]
        for path in views
    }
    assert {name: said for name, said in found.items() if said} == {}


def test_every_body_can_be_read() -> None:
    for path in function_files():
        for source in sources(path.read_text(encoding="utf-8")):
            assert source.statements(), path.name


RESULT = "returns setof api.result"
# The head of a function, its body, and its fault.
PLANTED_NOTATION = [
    ("returns void language sql as", "select app.page('skus', 'sku_id', 1, null)", "calls app.page by position"),
    (
        "returns void language sql as",
        "select app.page('a', 'b', p_limit => 1, p_documents => null)",
        "calls app.page by position",
    ),
    ("returns void language sql as", "select app.page(p_list => 'a', p_key => 'b', p_limit => 1, p_documents => null)", None),
    ("returns void language sql as", "select app.result_of(1, null), pgmq.send('q', 'm', 1), format('%s %s', 1, 2)", None),
    ("returns void language plpgsql as", "begin perform app.page('skus', 'sku_id', 1, null); end", "calls app.page by position"),
    (
        "returns void language plpgsql as",
        "begin update catalog.skus set name = app.page('a', 'b', 1, null) where true; end",
        "calls app.page by position",
    ),
    (f"{RESULT} language sql as", "select row(1, null, false, null)::api.result", "makes a ROW by position"),
    (f"{RESULT} language sql as", "select (1, null, false, null)::api.result", "makes a ROW by position"),
    (f"{RESULT} language sql as", "select 1, null, false, null", "answers api.result by position"),
    (f"{RESULT} language sql as", "select 1, '' union all select 2, ''", "answers api.result by position"),
    (f"{RESULT} language sql as", "with a as (select 1, 2) select r.* from a, app.result_of(1, null) r", None),
    (f"{RESULT} language sql as", "select app.new_result(p_ordinal => 1, p_code => 'ST001', p_body => null)", None),
    (f"{RESULT} language plpgsql as", "begin return query select 1, null, false, null; end", "answers api.result by position"),
    (f"{RESULT} language plpgsql as", "begin return next app.new_result(p_ordinal => 1); end", None),
    ("returns void language plpgsql as", "declare v_r api.result; begin v_r := row(1); end", "makes a ROW by position"),
    (
        "returns void language plpgsql as",
        "declare v_r api.result; begin select 1, '' into v_r; end",
        "fills api.result by position",
    ),
    (
        "returns void language plpgsql as",
        "declare v_w catalog.write; begin for v_w in select 1, '' loop null; end loop; end",
        "fills catalog.write by position",
    ),
    (
        "returns void language plpgsql as",
        "declare v_w catalog.write; begin for v_w in select w.* from catalog.read_writes('[]', 'id') w loop null; end loop; end",
        None,
    ),
    ("returns void language sql as", "select from stock.lots l where (l.region_id, l.lot_id) in (select 1, 2)", None),
]


@pytest.mark.parametrize(("head", "body", "fault"), PLANTED_NOTATION, ids=[body for _, body, _ in PLANTED_NOTATION])
def test_a_planted_position_is_judged(head: str, body: str, fault: str | None) -> None:
    assert faults_of_notation(f"create function app.f() {head} $$ {body} $$") == ([fault] if fault else [])


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        ("app.new_thing() returns api.refusal language sql immutable return row(1, 2)::api.refusal", None),
        ("app.refuse() returns api.refusal language sql immutable return row(1, 2)::api.refusal", None),
        ("app.thing() returns api.refusal language sql immutable return row(1, 2)::api.refusal", "makes a ROW by position"),
        (
            "app.new_thing() returns api.refusal language sql immutable as 'select row(1, 2)::api.refusal'",
            "is a constructor, and not immutable with a standard body",
        ),
        (
            "app.new_thing() returns api.refusal language sql stable return row(1, 2)::api.refusal",
            "is a constructor, and not immutable with a standard body",
        ),
    ],
)
def test_a_constructor_is_one(function: str, fault: str | None) -> None:
    assert faults_of_notation(f"create function {function}") == ([fault] if fault else [])


def test_every_composite_has_its_constructor() -> None:
    made = {
        name_of(source.tree.returnType.names)
        for path in function_files()
        for source in sources(path.read_text(encoding="utf-8"))
        if CONSTRUCTORS.fullmatch(source.name) and source.tree.sql_body is not None
    }
    assert composites() - made == set()
