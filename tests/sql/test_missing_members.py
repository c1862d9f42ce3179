"""A member that HTTP requires is required in SQL too: a command that lacks it, or gets null, is refused."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import psycopg
import pytest

from pyapp.api.table import ROUTES
from pyapp.http.fields import Body
from pyapp.http.functions import FUNCTIONS
from tests.calls import FUNCTION_CALLS, REQUESTS, Json, Names, sample_element, sql_call
from tests.conftest import Roles
from tests.prepared import AUTHENTICATOR_PASSWORD
from tests.sql.seeded import attempt, seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyapp.http.route import Route
    from tests.conftest import Server

Path = tuple[str | int, ...]

# Errors of PostgreSQL itself: a value that is invalid for its type, and null that a column or a CHECK forbids.
FOUND_BY_POSTGRES = ("22", "23502", "23514")
COMMANDS = [route for route in ROUTES if route.method != "GET" and route.function not in ("issue_ticket", "issue_token")]
# Members that HTTP requires and SQL does not, with the reason why their absence does no harm.
OPTIONAL_IN_SQL = {
    ("save_warehouses", ("name",)): "a new warehouse is called by its id; a known one keeps its name",
    ("save_suppliers", ("name",)): "a new supplier is called by its id; a known one keeps its name",
    ("save_channels", ("name",)): "a new channel is called by its id; a known one keeps its name",
    ("place_orders", ("customer",)): "an order without a customer shows null; nobody else's order and no unit changes by it",
    ("place_orders", ("customer", "name")): "as customer",
}
# Roles that may call a function and succeed nowhere in this world.
CANNOT = {"reallocate_orders": {"warehouse"}}  # staff of one warehouse have no other one to which units could move
LEFT_OUT = object()


@pytest.fixture(scope="module")
def world(server: Server, module_clone: str) -> Iterator[tuple[psycopg.Connection[Any], Names]]:
    roles = Roles(server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD))
    with closing(roles), psycopg.connect(server.url(module_clone), autocommit=True) as connection:
        yield connection, seed(roles, connection)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every member of the JSON, at any depth."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        if isinstance(name, str):
            yield (*path, name)
        yield from paths(inner, (*path, name))


def changed(value: Any, path: Path, new: object) -> Any:
    """A copy with this value at the path, or (LEFT_OUT) without the member."""
    first, *rest = path
    copy = value.copy()
    if rest:
        copy[first] = changed(value[first], tuple(rest), new)
    elif new is LEFT_OUT:
        del copy[first]
    else:
        copy[first] = new
    return copy


def is_null_allowed(route: Route, name: str) -> bool:
    """Whether the body must have the member, and null is one of its values: null takes a reorder point away."""
    members = {member.encode_name: member for member in msgspec.structs.fields(route.body or Body)}
    return name in members and members[name].required and type(None) in get_args(members[name].type)


def is_required(route: Route, body: Json, path: Path, new: object) -> bool:
    """Whether HTTP refuses the body without the member, or with null. Members from outside the body are in every request."""
    if (route.function, path) in OPTIONAL_IN_SQL:
        return False
    if path[0] not in body:
        return True
    if new is None and is_null_allowed(route, path[0]):
        return False
    try:
        msgspec.json.decode(msgspec.json.encode(changed(body, path, LEFT_OUT)), type=route.body or Body)
    except msgspec.ValidationError:
        return True
    return False


def outcome(connection: psycopg.Connection[Any], role: str, function: str, names: Names, element: Json) -> str:
    """None if the call succeeded; else the code of the refusal, or the SQLSTATE."""
    answer = attempt(connection, role, sql_call(function, names, element))
    if isinstance(answer, str):
        return answer
    [(_, code, *_)] = answer
    return str(code or "")


@pytest.mark.parametrize("route", COMMANDS, ids=lambda route: f"{route.method} {route.path}")
def test_a_member_that_http_requires_is_never_silently_missing(
    world: tuple[psycopg.Connection[Any], Names], route: Route
) -> None:
    connection, names = world
    request = REQUESTS[route.method, route.path]
    sample = request.element(names)
    mode = {"mode": route.mode} if route.mode else {}
    cases = [(path, new, is_required(route, request.body or {}, path, new)) for path in paths(sample) for new in (LEFT_OUT, None)]
    fields = {field.encode_name for field in msgspec.structs.fields(route.body or Body)}
    cases += [((name,), None, False) for name in fields - sample.keys()]
    wrong = []
    for role in (request.roles or FUNCTION_CALLS[route.function].roles) - CANNOT.get(route.function, set()):
        assert outcome(connection, role, route.function, names, sample | mode) == "", role
        for path, new, required in cases:
            found = outcome(connection, role, route.function, names, changed(sample, path, new) | mode)
            refused = found in FUNCTIONS[route.function].errors or found.startswith(FOUND_BY_POSTGRES)
            if not refused and (required or found):
                wrong.append((role, path, "left out" if new is LEFT_OUT else "null", found or "done"))
    assert wrong == []


@pytest.mark.parametrize(
    ("function", "member"),
    [
        ("receive_stock", "stock"),
        ("adjust_stock", "delta"),
        ("set_stock", "stock"),
        ("set_safety_stock", "safety_stock"),
        ("set_reorder_point", "reorder_point"),
        ("recover_webhooks", "since"),
        ("replay_webhooks", "from_seq"),
        ("replay_webhooks", "to_seq"),
    ],
)
def test_a_refusal_names_the_missing_member(world: tuple[psycopg.Connection[Any], Names], function: str, member: str) -> None:
    connection, names = world
    element = changed(sample_element(function, names), (member,), LEFT_OUT)
    rows = attempt(connection, "admin", sql_call(function, names, element))
    assert isinstance(rows, list)
    [(_, code, _, body, *_)] = rows
    assert (code, [error["pointer"] for error in body["errors"]]) == ("VA001", [f"/{member}"])
    assert member in body["detail"]
