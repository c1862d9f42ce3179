"""The codes in the comment of an api function are the refusals of the function and of the functions that it calls."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from pglast import ast

from pyapp.http.functions import FUNCTIONS
from tests.sql.sources import Source, function_files, nodes, sources

if TYPE_CHECKING:
    import psycopg

CODE = re.compile("[A-Z]{2}[0-9]{3}")

# Codes in a body that never refuse: a second guard after the decision that the caller made under the same locks.
GUARDS = {("stock.post_movements", "ST001")}

# Codes of what leaves with a transfer, and of what does not arrive.
LEAVING = ("KT003", "SH003", "ST001", "ST002", "ST003", "ST007")
LOSING = ("ST004", "ST005", "ST006", "TR004")
# Codes of the items of a delivery, and of the items of a purchase.
DELIVERING = ("ST004", "ST005", "ST006", "ST010", "ST011", "ST014", "ST015", "ST019", "SU003", "SU005", "SU006")
BUYING = ("KT003", "ST002", "ST003", "SU007")

# Codes that the call graph reaches but that cannot occur: a shared function refuses with them only for other callers.
UNREACHABLE = (
    (
        "ST009",
        "adjust_stock place_orders recover_webhooks replay_webhooks retry_deliveries withhold_stock",
        "no element has a member if_match",
    ),
    ("ST002", "set_reorder_point set_safety_stock set_stock", "the path names the SKU: ST010"),
    ("RC003", "close_recalls", "no element has items"),
    ("VA001", "close_recalls", "no element has items"),
    ("ST009", "recall_lots drill_recalls", "no element has a member if_match"),
    ("ST016", "recall_lots drill_recalls", "a lot that does not exist is RC001"),
    ("ST017", "recall_lots drill_recalls", "an admin reaches all warehouses"),
    ("ST018", "recall_lots drill_recalls", "no lot becomes destroyed"),
    ("ST019", "recall_lots drill_recalls", "only an admin recalls"),
    ("ST008", "withhold_stock", "no element has a member change_from_quantity"),
    ("ST014", "withhold_stock", "no unit comes in"),
    ("ST010", "adjust_stock receive_stock withhold_stock", "the body names the SKU: ST002"),
    ("ST001", "set_reorder_point", "no unit is moved"),
    ("ST006", "set_reorder_point set_safety_stock", "no unit comes in or goes out"),
    ("OR009", "modify_orders", "an order keeps its channel"),
    ("WH007", "delete_webhooks rotate_webhook_secrets update_webhooks", "a paused webhook may be changed"),
    ("SK001", "get_sku save_skus", "a SKU in the path is ST010"),
    (
        "ST010",
        "get_channel get_reason_code get_region get_supplier get_warehouse "
        "save_channels save_reason_codes save_regions save_suppliers save_warehouses",
        "not a SKU: SK001",
    ),
    *((code, "save_purchases order_purchases close_purchases", "nothing is received") for code in DELIVERING),
    *((code, "order_purchases close_purchases", "no element has items") for code in BUYING),
    ("ST010", "receive_purchases", "the body names the SKU: ST002"),
    ("SU004", "receive_purchases close_purchases", "no line is lowered"),
    ("SU007", "receive_purchases", "the purchase has its supplier"),
    ("VA001", "order_purchases cancel_counts", "no element has members of its own that are needed"),
    ("SK004", "save_reason_codes save_regions", "its codes have no capitals"),
    ("SK002", "save_regions", "migrations create regions, and nobody replaces one"),
    ("SK003", "save_regions", "migrations create regions, and nobody replaces one"),
    *((code, "receive_transfers close_transfers", "nothing leaves") for code in LEAVING),
    *((code, "ship_transfers receive_transfers", "no unit is lost") for code in LOSING),
    ("ST003", "save_reason_codes save_regions save_skus save_suppliers save_warehouses", "only a channel names warehouses"),
    ("ST002", "save_reason_codes save_regions save_skus save_suppliers save_warehouses", "only a channel has sale rules"),
    ("SK005", "save_channels save_reason_codes save_regions save_suppliers save_warehouses", "not a SKU"),
    ("KT001", "save_channels save_reason_codes save_regions save_suppliers save_warehouses", "not a SKU"),
    ("KT002", "save_channels save_reason_codes save_regions save_suppliers save_warehouses", "not a SKU"),
)


@cache
def by_name() -> dict[str, Source]:
    return {source.name: source for path in function_files() for source in sources(path.read_text(encoding="utf-8"))}


@cache
def constants(name: str) -> frozenset[str]:
    """The codes that are string constants in the body."""
    found = (
        node.val.sval
        for statement in by_name()[name].statements()
        for node in nodes(statement)
        if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String)
    )
    return frozenset(constant for constant in found if CODE.fullmatch(constant))


def own_codes(name: str) -> set[str]:
    """The codes that the function itself refuses with."""
    return {code for code in constants(name) if (name, code) not in GUARDS}


@cache
def calls(name: str) -> frozenset[str]:
    """Our functions that the body or the default of an argument calls."""
    source = by_name()[name]
    names = (
        ".".join(part.sval for part in node.funcname)
        for tree in (*source.statements(), source.tree.parameters)
        for node in nodes(tree)
        if isinstance(node, ast.FuncCall)
    )
    return frozenset(called for called in names if called in by_name())


def reached(name: str) -> set[str]:
    """The function and all functions that it calls, directly or indirectly."""
    found, waiting = set(), [name]
    while waiting:
        function = waiting.pop()
        if function not in found:
            found.add(function)
            waiting += calls(function)
    return found


def reachable(name: str) -> set[str]:
    """The codes of the functions that an api function reaches, including those that cannot occur."""
    return {code for function in reached(f"api.{name}") for code in own_codes(function)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_lists_the_codes_that_it_can_refuse_with(name: str) -> None:
    unreachable = {code for code, names, _ in UNREACHABLE if name in names.split()}
    assert list(FUNCTIONS[name].errors) == sorted(reachable(name) - unreachable)


def test_no_exception_outlives_its_reason() -> None:
    for code, names, _ in UNREACHABLE:
        assert [name for name in names.split() if code not in reachable(name)] == []
    guards = {(name, code) for name in by_name() for code in constants(name)} & GUARDS
    assert guards == GUARDS


def test_the_call_graph_sees_every_code_and_call_of_the_text() -> None:
    """Regular expressions, which ignore syntax, find the same codes and the same names of our functions in the text."""
    ours = set(by_name())
    for name, source in by_name().items():
        body = re.sub("--.*", "", source.text).partition("(")[2]
        assert set(re.findall("'([A-Z]{2}[0-9]{3})'", body)) == constants(name), name
        outside = re.sub(
            r"(?s)'(?:[^']|'')*'|[$](\w+)[$].*?[$]\1[$]", "", body
        )  # in constants, from which a function may build a statement
        assert {called for called in re.findall(r"\b(\w+\.\w+)\s*\(", outside) if called in ours} == calls(name), name


def test_the_database_says_the_same_as_the_files(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("""
        select p.proname, coalesce(p.proargnames[:p.pronargs], '{}'), obj_description(p.oid, 'pg_proc'),
               array(select a.grantee::regrole::text from aclexplode(p.proacl) a where a.grantee <> p.proowner)
          from pg_proc p
         where p.pronamespace = 'api'::regnamespace""").fetchall()
    assert {name for name, *_ in rows} == set(FUNCTIONS)
    for name, arguments, comment, roles in rows:
        function = FUNCTIONS[name]
        assert (tuple(arguments), frozenset(roles)) == (function.arguments, function.roles), name
        codes = f"\nErrors: {' '.join(function.errors)}" if function.errors else ""
        assert comment == function.comment + codes, name
