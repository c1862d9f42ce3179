"""Promises of every route, tested for each row of the route table: new routes are covered automatically."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import httpx2
import msgspec
import pytest

from pyapp.api.table import ROUTES
from pyapp.describe import openapi
from pyapp.http.endpoints import read_document, read_page
from pyapp.http.fields import Body, RangeQuery, WriteQuery
from pyapp.http.route import Route
from tests.calls import HOOK, ORDER, REQUESTS, SKU
from tests.http.conftest import Api, check_problem, key
from tests.http.samples import LOST, announce, make_purchases, make_recall, make_reviewed, make_room, make_transfer, recovered

BODY_BYTES_MAX = 1024 * 1024
# These follow other rules: OAuth 2.0 (RFC 6749), and tickets, which are valid for one use.
APART = ("/v1/oauth/token", "/v1/ws/tickets")
OURS = [route for route in ROUTES if route.path not in APART]
READS = [route for route in OURS if route.method == "GET"]
WRITES = [route for route in OURS if route.method != "GET"]
BODIES = [route for route in WRITES if route.body is not None]
PAGES = [route for route in READS if route.endpoint is read_page]
DOCUMENTS = [route for route in READS if route.endpoint is read_document]
KEYED = [route for route in WRITES if route.key != "none"]
JSON = {"content-type": "application/json"}
# Changes that make a body different, whatever its type.
OTHERWISE = {
    "email": "someone.else@example.com",
    "note": "something else",
    "ttl_seconds": 77,
    "overlap_seconds": 77,
    "description": "something else",
    "reason": "something else",
    "entries": [{"sku_id": SKU["sku_id"], "batch_number": SKU["batch_number"], "counted": 7}],
}


def each(routes: list[Route]) -> pytest.MarkDecorator:
    assert routes
    return pytest.mark.parametrize("route", routes, ids=lambda route: f"{route.method} {route.path}")


class World:
    """A server with at least one object of every kind, and the paths to these objects."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.admin = api.client("admin")
        self.nobody = api.client()
        self.known: dict[str, str] = {}
        fresh: dict[str, Callable[[], str]] = {
            "order_id": self.order,
            "reservation_id": self.reservation,
            "withholding_id": self.withholding,
            "recall_id": self.recall,
            "transfer_id": lambda: make_transfer(self.admin),
            "purchase_id": lambda: make_purchases(self.admin)["purchase_id"],
            "count_id": lambda: make_reviewed(self.admin),
            "return_id": lambda: str(announce(self.admin)["return_id"]),
        }
        self.fresh = fresh
        self.admin.post("/v1/clients", json={"client_id": "shop", "name": "Shop", "role": "integration", "channels": ["web"]})
        more = self.admin.post("/v1/inventory", json={**SKU, "batch_number": "ANOTHER"}, headers=key())
        assert more.status_code == 201, more.text
        other = self.admin.post("/v1/warehouses", json={"warehouse_id": "WH-02", "name": "Second"}, headers=key())
        assert other.status_code == 201, other.text
        for make in fresh.values():
            for _ in range(2):
                make()

    def order(self) -> str:
        order = {**ORDER, "items": [{"sku_id": SKU["sku_id"], "quantity": 2}]}
        body = {name: value for name, value in order.items() if name not in ("order_id", "total_price")}
        return self._made("/v1/orders", body, "order_id")

    def reservation(self) -> str:
        body = {"channel": "web", "items": [{"sku_id": SKU["sku_id"], "quantity": 1}]}
        return self._made("/v1/reservations", body, "reservation_id")

    def recall(self) -> str:
        return make_recall(self.admin)

    def withholding(self) -> str:
        lot = {"sku_id": SKU["sku_id"], "warehouse_location": SKU["warehouse_location"], "batch_number": "ANOTHER"}
        return self._made("/v1/inventory/withhold", lot | {"quantity": 2, "cause": "inspection"}, "withholding_id")

    def _made(self, path: str, body: dict[str, Any], name: str) -> str:
        response = self.admin.post(path, json=body, headers=key())
        assert response.status_code == 201, response.text
        return str(response.json()[name])

    def path(self, route: Route, *, fresh: bool = False) -> str:
        """The route's path filled with IDs: of new objects, of the first listed objects, or of a missing object."""
        path = route.path
        while found := re.search(r"(.*?)/{(\w+)}", path):
            before, name = found[1], found[2]
            if fresh and name in self.fresh:
                value = self.fresh[name]()
            elif fresh and name == "webhook_id":
                value = self._made("/v1/webhooks", HOOK, name)
            elif fresh and name == "fulfillment_id":
                shipped = self.admin.post(before, json={}, headers=key())
                value = shipped.json()["fulfillments"][0][name]
            else:
                value = self.known[name] if name in self.known else self.known.setdefault(name, self.find(before, name))
            path = path.replace(f"{{{name}}}", value, 1)
        return path

    def find(self, path: str, name: str) -> str:
        """The value of this name in the first row of the list at this path."""
        lists = [re.sub(r"{\w+}", "[^/]+", route.path) for route in READS if route.endpoint is not read_document]
        rows = self.admin.get(path).json().get("data") if any(re.fullmatch(pattern, path) for pattern in lists) else None
        return str(rows[0].get(name, "no-such-thing")) if rows else "no-such-thing"

    def send(self, route: Route, content: bytes | None = None, **headers: str) -> httpx2.Response:
        """Sends the route's method with this body, and a new key if the route requires one. Changes nothing."""
        keyed = key() if route.key in ("required", "or_if_match") else {}
        params = {"dry_run": "true"} if route.method != "GET" else {}
        return self.admin.request(route.method, self.path(route), params=params, content=content, headers=JSON | keyed | headers)


@pytest.fixture(scope="module")
def world(module_api: Api) -> World:
    return World(module_api)


# Paths and methods


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES} | {"/healthz", "/readyz", "/openapi.json", "/docs"}))
def test_options_lists_the_methods_and_lets_no_other_origin_in(world: World, path: str) -> None:
    methods: set[str] = {route.method for route in ROUTES if route.path == path} or {"GET"}
    methods |= {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    headers = {"origin": "https://elsewhere.example", "access-control-request-method": "GET"}
    response = world.nobody.options(re.sub(r"{\w+}", "x", path), headers=headers)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == ", ".join(sorted(methods))
    patch = "application/json, application/merge-patch+json" if "PATCH" in methods else None
    assert response.headers.get("accept-patch") == patch
    assert not [name for name in response.headers if name.startswith("access-control")]
    refused = world.admin.request("PROPFIND", re.sub(r"{\w+}", "x", path))
    check_problem(refused, 405, "RQ405")
    assert refused.headers["allow"] == response.headers["allow"]


@each(READS)
def test_head_answers_as_get_without_the_body(world: World, route: Route) -> None:
    path = world.path(route)
    got, head = world.admin.get(path), world.admin.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    for headers in (got.headers, head.headers):
        del headers["date"], headers["x-request-id"]
    assert dict(head.headers) == dict(got.headers)


# Roles and scopes


@each(OURS)
def test_without_a_token_it_is_a_401_that_says_how_to_ask(world: World, route: Route) -> None:
    response = world.nobody.request(route.method, world.path(route))
    check_problem(response, 401, "RQ401")
    assert response.headers["www-authenticate"].startswith("Bearer ")


@each(OURS)
def test_an_unknown_query_parameter_is_refused_and_the_known_ones_are_named(world: World, route: Route) -> None:
    response = world.admin.request(route.method, world.path(route), params={"color": "red"}, headers=key())
    detail = check_problem(response, 400, "RQ400")["detail"]
    assert "'color'" in detail
    assert all(member.encode_name in detail for member in msgspec.structs.fields(route.query))


@each(OURS)
def test_the_id_of_a_request_is_taken_and_given_back(world: World, route: Route) -> None:
    response = world.send(route, b"[", **{"x-request-id": "a-request.7"})
    assert response.headers["x-request-id"] == "a-request.7"
    if response.status_code >= 400:
        assert response.json()["request_id"] == "a-request.7"
    made = world.send(route, b"[", **{"x-request-id": "not an id"}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", made)


@each(OURS)
def test_what_takes_no_json_gets_a_406(world: World, route: Route) -> None:
    check_problem(world.send(route, accept="image/png"), 406, "RQ406")


# Reads


@each(PAGES)
def test_a_page_has_a_limit_and_a_way_on(world: World, route: Route) -> None:
    path = world.path(route)
    for limit in ("0", "201", "-1", "x", ""):
        check_problem(world.admin.get(path, params={"limit": limit}), 400, "RQ400")
    page = world.admin.get(path, params={"limit": "1"})
    if page.status_code == 404:  # the named object does not exist
        return
    assert page.status_code == 200, page.text
    assert len(page.json()["data"]) <= 1
    cursor = page.json()["next_cursor"]
    assert (cursor is None) == ("link" not in page.headers)
    if cursor:
        assert page.headers["link"] == f'<{path}?limit=1&cursor={cursor}>; rel="next"'
        after = world.admin.get(path, params={"limit": "1", "cursor": cursor})
        assert after.status_code == 200, after.text
        assert after.json()["data"] != page.json()["data"]


@pytest.fixture(scope="module")
def cursors(world: World) -> dict[str, str]:
    """A real cursor of every list that has more than one row."""
    pages = {route.path: world.admin.get(world.path(route), params={"limit": "1"}) for route in PAGES}
    found = {path: page.json().get("next_cursor") for path, page in pages.items()}
    assert sum(1 for cursor in found.values() if cursor) >= 6
    return {path: cursor for path, cursor in found.items() if cursor}


@each(PAGES)
def test_a_cursor_that_was_altered_or_is_of_another_list_is_refused(world: World, cursors: dict[str, str], route: Route) -> None:
    path = world.path(route)
    wrong = [cursor for other, cursor in cursors.items() if other != route.path]
    if own := cursors.get(route.path):
        wrong += [own[1:], own[:-4], own + "AAAA", own[::-1], own.swapcase()]
    for cursor in wrong:
        response = world.admin.get(path, params={"cursor": cursor})
        assert response.status_code in (400, 404, 422), (cursor, response.text)
        problem = check_problem(response, response.status_code, response.json()["code"])
        assert response.status_code == 404 or "cursor" in str(problem)


@each([route for route in READS if issubclass(route.query, RangeQuery)])
def test_a_range_that_is_turned_round_is_refused_with_its_remedy(world: World, route: Route) -> None:
    path = world.path(route)
    for first, last in (
        ("2024-06-02", "2024-06-01"),
        ("2024-06-01T00:00:01Z", "2024-06-01"),
        ("2024-06-01T12:00:00Z", "2024-06-01T13:00:00+02:00"),
    ):
        problem = check_problem(world.admin.get(path, params={"from": first, "to": last}), 422, "VA001")
        assert problem["errors"] == [{"parameter": "to", "detail": "Is before from: swap the two."}]
    for first, last in (("2024-06-01", "2024-06-01"), ("2024-06-01", "2024-06-01T00:00:01Z")):
        assert world.admin.get(path, params={"from": first, "to": last}).status_code == 200


@each(DOCUMENTS)
def test_a_document_has_a_tag_and_is_not_sent_to_who_has_it(world: World, route: Route) -> None:
    path = world.path(route) + REQUESTS[route.method, route.path].query
    got = world.admin.get(path)
    if got.status_code == 404:
        return
    tag = got.headers["etag"]
    assert re.fullmatch(r'"[!#-~]+"', tag)
    for value in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        response = world.admin.get(path, headers={"if-none-match": value})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag)
    assert world.admin.get(path, headers={"if-none-match": '"other"'}).content == got.content


# Writes


@each(WRITES)
def test_every_write_can_be_tried_without_keeping_anything(route: Route) -> None:
    assert issubclass(route.query, WriteQuery)


@each([route for route in OURS if route.status == 201])
def test_what_is_made_has_a_place_where_it_can_be_read(route: Route) -> None:
    places = [re.sub(r"{\w+}", "{}", other.path) for other in READS]
    assert route.location is not None
    assert re.sub(r"{\w+}", "{}", route.location) in places


@each(BODIES)
def test_a_body_is_one_json_document_of_bounded_size(world: World, route: Route) -> None:
    check_problem(world.send(route, b"{"), 400, "RQ400")
    check_problem(world.send(route, b'{"a": 1, "a": 2}'), 400, "RQ400")
    check_problem(world.send(route, b'{"no_such_field": 1}'), 422, "RQ422")
    check_problem(world.send(route, b'"' + b"x" * BODY_BYTES_MAX + b'"'), 413, "RQ413")
    check_problem(world.send(route, b"{}", **{"content-type": "text/plain"}), 415, "RQ415")
    check_problem(world.send(route, b"{}", **{"content-type": "application/json; charset=latin-1"}), 415, "RQ415")
    check_problem(world.send(route, b"{}", **{"content-encoding": "gzip"}), 415, "RQ415")


@each(BODIES)
def test_a_list_has_up_to_1000_elements_or_none_is_taken(world: World, route: Route) -> None:
    for content in (b"[]", b"[" + b",".join([b"{}"] * 1001) + b"]"):
        [error] = check_problem(world.send(route, content), 422, "RQ422")["errors"]
        assert error["pointer"] == ""
        assert ("1000" in error["detail"]) == route.many
    [*errors] = check_problem(world.send(route, b'[{"no_such_field": 1}, 7]'), 422, "RQ422")["errors"]
    pointers = {error["pointer"] for error in errors}
    assert pointers >= {"/0/no_such_field", "/1"} if route.many else pointers == {""}


@each([route for route in ROUTES if route.method != "GET" and route.path != "/v1/oauth/token"])
def test_a_precondition_that_is_not_looked_at_is_refused(world: World, route: Route) -> None:
    taken = {"if-match": route.takes_if_match, "if-none-match": route.takes_if_none_match}
    for name in (name for name, is_taken in taken.items() if not is_taken):
        for value in ('"999"', "*", "7", ""):
            response = world.admin.request(route.method, world.path(route), json={}, headers=key() | {name: value})
            assert name in check_problem(response, 400, "RQ400")["detail"].lower()
        response = world.nobody.request(route.method, world.path(route), json={}, headers={name: "*"})
        check_problem(response, 401, "RQ401")


@each([route for route in WRITES if route.takes_if_match])
def test_a_precondition_that_cannot_be_read_is_refused(world: World, route: Route) -> None:
    for value in ("7", '"7', 'W/"7"', '"7", "8"', "", "* *", '"a"b"'):
        check_problem(world.send(route, b"{}", **{"if-match": value}), 400, "RQ400")
    for value in ("7", '"7"', "", "* *", *(() if route.takes_if_none_match else ("*",))):
        check_problem(world.send(route, b"{}", **{"if-none-match": value}), 400, "RQ400")


@each([route for route in WRITES if route.takes_if_match])
def test_a_version_that_is_not_the_current_one_is_a_412(world: World, route: Route) -> None:
    path = world.path(route, fresh=True)
    if "no-such-thing" in path:
        return
    body = example(route) if route.body is not None else None
    response = world.admin.request(route.method, path, json=body, headers={"if-match": '"999999"'})
    check_problem(response, 412, "ST009")


# Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)


def example(route: Route) -> Any:
    """A valid body: the example in the OpenAPI document."""
    operation = openapi.build([route])["paths"][route.path][route.method.lower()]
    return deepcopy(operation["requestBody"]["content"]["application/json"]["example"]) if "requestBody" in operation else {}


@each(KEYED)
def test_a_key_that_cannot_be_one_is_a_400(world: World, route: Route) -> None:
    headers = [b"", b'""', b'"', b'"a', b"k" * 256, b'"' + b"k" * 256 + b'"', "käse".encode(), b'"a\\b"']
    for value in headers:
        response = world.admin.request(route.method, world.path(route), content=b"{}", headers=[(b"idempotency-key", value)])
        check_problem(response, 400, "ID003")
    two = [("idempotency-key", "a"), ("idempotency-key", "b")]
    check_problem(world.admin.request(route.method, world.path(route), content=b"{}", headers=two), 400, "ID003")
    without = {"required": (400, "ID003"), "or_if_match": (428, "RQ428")}
    if route.key in without:
        check_problem(world.admin.request(route.method, world.path(route), content=b"{}"), *without[route.key])


@each(KEYED)
def test_under_a_key_a_request_acts_once_and_its_repeat_is_marked(world: World, route: Route) -> None:
    path, body = world.path(route, fresh=True), example(route)
    if "change_from_quantity" in body:
        body["change_from_quantity"] = sum(
            level["stock"] for level in world.admin.get(path).json()["warehouses"] if level["warehouse_location"] == "WH-01"
        )
    # Other examples may have emptied the lot that this one names.
    if route.path.endswith(("/fulfillments", "/ship", "/receipts")):
        assert world.admin.post("/v1/inventory", json=SKU, headers=key()).status_code == 201
    if route.function == "reallocate_orders":
        make_room(world.admin, body)
    if route.function == "recall_lots":  # one that no other example needs
        make_recall(world.admin)
        body["lots"] = LOST
    if route.function == "recover_recalls":
        body = recovered(world.admin, path.split("/")[3])
    if route.function == "request_returns":
        body = {"channel": "web", "warehouse_location": "WH-01", "items": body["items"], "reason": "too hot", "note": "a gift"}
    if route.function == "receive_returns":
        assert world.admin.post(path.replace("receive", "approve"), json={}, headers=key()).status_code == 200
    if route.function == "receive_transfers":
        lot = {name: SKU[name] for name in ("sku_id", "batch_number")}
        sent = world.admin.post(path.replace("receipts", "ship"), json={"items": [lot | {"quantity": 4}]}, headers=key())
        assert sent.status_code == 200, sent.text
    if route.function == "receive_purchases":
        ordered = world.admin.post(path.replace("receipts", "order"), headers=key())
        assert ordered.status_code == 200, ordered.text
    text = f"{route.method} {route.path}".ljust(255, "k")
    first = world.admin.request(route.method, path, json=body, headers={"idempotency-key": text})
    assert first.status_code in (200, 201), first.text
    assert "idempotency-replayed" not in first.headers
    for value in (text, f'"{text}"'):
        again = world.admin.request(route.method, path, json=body, headers={"idempotency-key": value})
        assert again.status_code == first.status_code
        assert {**first.json(), **again.json()} == first.json()  # except secrets, which are shown once
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers.get("location") == first.headers.get("location")
    members = {member.encode_name for member in msgspec.structs.fields(route.body or Body)}
    other = {name: value for name, value in OTHERWISE.items() if name in members}
    assert other or not members, "add a member of this body to OTHERWISE"
    if not members:
        return
    changed = json.dumps(body | other)
    response = world.admin.request(route.method, path, content=changed, headers=JSON | {"idempotency-key": text})
    check_problem(response, 422, "ID001")


def test_the_channel_is_still_served(world: World) -> None:
    """The tests above leave the channel as they found it, but for the warehouse that make_room adds."""
    assert world.admin.get("/v1/channels/web").json()["warehouses"] == ["WH-01", "WH-02"]
