"""Reservations over HTTP: reserve at checkout, extend, release, convert into an order; and permissions."""

from __future__ import annotations

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest

from tests.http.conftest import Api, check_problem, key
from tests.http.orders import available

ITEMS = [{"sku_id": "HOTSAUCE-001", "quantity": 3}]
MISSING = "/v1/reservations/RSV-1-999999"
THREADS, HOLDS, LEFT = 16, 20, 30  # LEFT: unreserved units


def hold(client: httpx2.Client, quantity: int = 3, **rest: Any) -> httpx2.Response:
    body = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": quantity}], **rest}
    return client.post("/v1/reservations", json=body, headers=key())


def test_a_checkout_holds_looks_extends_and_orders(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    made = hold(sales, ttl_seconds=60, note="basket 7")
    assert made.status_code == 201, made.text
    url = made.headers["location"]
    assert url == f"/v1/reservations/{made.json()['reservation_id']}"
    assert available(stocked) == 347

    seen = sales.get(url)
    assert (seen.status_code, seen.json(), seen.headers["etag"]) == (200, made.json(), '"1"')
    assert sales.get(url, headers={"if-none-match": '"1"'}).status_code == 304
    extended = sales.patch(url, json={"ttl_seconds": 3600}, headers={"if-match": '"1"'})
    assert (extended.status_code, extended.json()["version"]) == (200, 2), extended.text
    check_problem(sales.patch(url, json={"ttl_seconds": 3600}, headers={"if-match": '"1"'}), 412, "ST009")
    check_problem(sales.delete(url, headers={"if-match": '"1"'}), 412, "ST009")

    order = {"reservation_id": made.json()["reservation_id"], "customer": {"name": "Jane Doe"}}
    headers = key()
    placed = sales.post("/v1/orders", json=order, headers=headers)
    assert (placed.status_code, placed.json()["total_price"]) == (201, 38.97), placed.text
    line = {"sku_id": "HOTSAUCE-001", "quantity": 3, "price": 12.99, "amount": None}
    items = [{**line, "fulfilled": 0, "canceled": 0, "components": [], "address": None}]
    assert placed.json()["items"] == items
    again = sales.post("/v1/orders", json=order, headers=headers)
    assert (again.content, again.headers["idempotency-replayed"]) == (placed.content, "true")
    problem = check_problem(sales.post("/v1/orders", json=order, headers=key()), 409, "RV002")
    assert problem["errors"][0]["order_id"] == placed.json()["order_id"]
    check_problem(sales.delete(url), 409, "RV002")
    assert sales.get(url).json()["status"] == "committed"
    assert available(stocked) == 347


def test_a_release_may_be_repeated(stocked: httpx2.Client, integration: httpx2.Client) -> None:
    url = hold(integration).headers["location"]
    released = integration.delete(url)
    assert (released.status_code, released.json()["status"]) == (200, "released"), released.text
    again = integration.delete(url)
    assert (again.status_code, again.json()) == (200, released.json())
    assert available(stocked) == 350
    check_problem(integration.patch(url, json={"ttl_seconds": 60}), 409, "RV002")


def test_a_dry_run_of_each_write_keeps_nothing(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    dry = sales.post("/v1/reservations?dry_run=true", json={"items": ITEMS}, headers=key())
    assert (dry.status_code, dry.headers["dry-run"], dry.json()["status"]) == (201, "true", "active")
    assert "location" not in dry.headers
    assert sales.get("/v1/reservations").json()["data"] == []
    made = hold(sales)
    url, name = made.headers["location"], {"reservation_id": made.json()["reservation_id"]}
    assert sales.patch(f"{url}?dry_run=true", json={"ttl_seconds": 60}).json()["version"] == 2
    assert sales.delete(f"{url}?dry_run=true").json()["status"] == "released"
    order = name | {"customer": {"name": "Jane"}}
    assert sales.post("/v1/orders?dry_run=true", json=order, headers=key()).status_code == 201
    assert sales.get(url).json() == made.json()


def test_a_list_is_answered_one_by_one_and_read_page_by_page(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    drafts = [{"items": ITEMS}, {"items": [*ITEMS, {"sku_id": "HOTSAUCE-001", "quantity": 400}]}, {"items": ITEMS}]
    response = sales.post("/v1/reservations", json=drafts, headers=key())
    assert response.status_code == 207, response.text
    results = response.json()["results"]
    assert [result["status"] for result in results] == [201, 409, 201]
    [short] = results[1]["problem"]["errors"]
    assert (short["pointer"], short["requested"], short["available"]) == ("/1/items/0/quantity", 403, 347)
    assert hold(sales).status_code == 201

    first = sales.get("/v1/reservations?limit=2")
    second = sales.get(first.headers["link"].partition(">")[0].removeprefix("<"))
    assert [len(page.json()["data"]) for page in (first, second)] == [2, 1]
    assert "link" not in second.headers
    assert second.json()["data"] == [results[0]["data"]]
    assert len(sales.get("/v1/reservations?status=active&sku=HOTSAUCE-001&channel=web").json()["data"]) == 3
    assert sales.get("/v1/reservations?status=expired").json()["data"] == []
    check_problem(sales.get("/v1/reservations?status=gone"), 400, "RQ400")
    check_problem(sales.get("/v1/reservations?order=1"), 400, "RQ400")
    check_problem(sales.get("/v1/reservations?cursor=abc"), 422, "VA001")
    other = stocked.get("/v1/inventory?limit=1").json()["next_cursor"]
    check_problem(sales.get(f"/v1/reservations?cursor={other}"), 422, "VA001")


def test_only_its_owner_or_an_admin_changes_it_and_only_its_channel_sees_it(stocked: httpx2.Client, api: Api) -> None:
    ada, bob = (api.client("sales", subject=name, channels=["web"]) for name in ("Ada", "Bob"))
    foreign = api.client("integration", subject="Ada", channels=["pos"])
    made = hold(ada)
    url, order = made.headers["location"], {"reservation_id": made.json()["reservation_id"], "customer": {"name": "Jane"}}
    assert bob.get(url).json()["owner"] == "Ada"
    for client, status, code in ((bob, 403, "RV003"), (foreign, 404, "RV001")):
        check_problem(client.patch(url, json={"ttl_seconds": 9}), status, code)
        check_problem(client.delete(url), status, code)
        problem = check_problem(client.post("/v1/orders", json=order, headers=key()), status, code)
        assert problem["errors"][0]["pointer"] == "/reservation_id"
    check_problem(foreign.get(url), 404, "RV001")
    assert foreign.get("/v1/reservations").json()["data"] == []
    assert stocked.patch(url, json={"ttl_seconds": 9}).status_code == 200
    assert stocked.post("/v1/orders", json=order, headers=key()).status_code == 201


def test_staff_of_a_warehouse_hold_nothing(shared_api: Api) -> None:
    staff = shared_api.client("warehouse", warehouses=["WH-01"])
    for response in (hold(staff), staff.get("/v1/reservations"), staff.get(MISSING), staff.delete(MISSING)):
        check_problem(response, 403, "RQ403")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/items"),
        ({"items": []}, "/items"),
        ({"items": [{"sku_id": "HOTSAUCE-001", "quantity": 0}]}, "/items/0/quantity"),
        ({"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1, "price": 1}]}, "/items/0/price"),
        ({"items": ITEMS, "ttl_seconds": 0}, "/ttl_seconds"),
        ({"items": ITEMS, "ttl_seconds": 86_401}, "/ttl_seconds"),
        ({"items": ITEMS, "ttl_seconds": "60"}, "/ttl_seconds"),
        ({"items": ITEMS, "expires_at": "2030-01-01T00:00:00Z"}, "/expires_at"),
        ({"items": ITEMS, "owner": "me"}, "/owner"),
        ({"items": ITEMS, "meta": {"actor": "me"}}, "/meta"),
    ],
)
def test_a_hold_of_another_shape_is_refused_with_its_place(shared_api: Api, body: dict[str, Any], pointer: str) -> None:
    client = shared_api.client("admin")
    problem = check_problem(client.post("/v1/reservations", json=body, headers=key()), 422, "RQ422")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    check_problem(client.post("/v1/reservations", json={"items": ITEMS}), 400, "ID003")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"ttl_seconds": 0}, "RQ422"),
        ({"ttl_seconds": True}, "RQ422"),
        ({"expires_at": "2030-01-01"}, "RQ422"),
        ({"expires_at": "2030-01-01T00:00:00"}, "RQ422"),
        ({"expires_at": "0001-01-01T00:00:00+10:00"}, "RQ422"),
        ({"status": "released"}, "RQ422"),
        ([], "RQ422"),
    ],
)
def test_an_extension_of_another_shape_is_refused(shared_api: Api, body: Any, code: str) -> None:
    check_problem(shared_api.client("admin").patch(MISSING, json=body), 422, code)


@pytest.mark.parametrize("name", ["RSV-1-999999", "RSV-99999-1", "RSV-2-1", "ORD-1-1001", "1001", "RSV-1-1/x", "%00", "x" * 300])
def test_what_names_no_reservation_is_a_404(shared_api: Api, name: str) -> None:
    client = shared_api.client("admin")
    for response in (
        client.get(f"/v1/reservations/{name}"),
        client.patch(f"/v1/reservations/{name}", json={"ttl_seconds": 60}),
        client.delete(f"/v1/reservations/{name}"),
    ):
        assert response.status_code == 404, response.text
        check_problem(response, 404, response.json()["code"])
    assert client.delete(MISSING).json()["code"] == "RV001"


def test_an_order_names_items_or_a_reservation(shared_api: Api) -> None:
    client = shared_api.client("admin")
    for order, place in (
        ({}, "/items"),
        ({"reservation_id": "x"}, "/reservation_id"),
        ({"reservation_id": None}, "/items"),
    ):
        body = {"customer": {"name": "Jane"}, **order}
        problem = check_problem(client.post("/v1/orders", json=body, headers=key()), 422, "RQ422")
        assert problem["errors"][0]["pointer"] == place
    body = {"customer": {"name": "Jane"}, "reservation_id": "RSV-1-999999"}
    check_problem(client.post("/v1/orders", json=body, headers=key()), 404, "RV001")


def test_of_many_checkouts_at_once_each_hold_becomes_one_order_and_no_unit_is_sold_twice(
    stocked: httpx2.Client, api: Api, connection: psycopg.Connection[Any]
) -> None:
    """Lanes put orders of several requests into one call, so one reservation may appear twice in a call."""
    clients = [api.client("sales", subject="shop", channels=["web"]) for _ in range(THREADS)]
    assert hold(clients[0], 350 - HOLDS * 5 - LEFT).status_code == 201
    holds = [hold(clients[0], 5).json()["reservation_id"] for _ in range(HOLDS)]
    customer = {"name": "Jane Doe"}
    carts = [{"reservation_id": name, "customer": customer} for name in holds for _ in range(4)]
    carts += [{"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}], "customer": customer}] * (LEFT + 40)
    random.Random(1).shuffle(carts)

    def buy(numbered: tuple[int, dict[str, Any]]) -> tuple[int, str | None]:
        number, cart = numbered
        response = clients[number % THREADS].post("/v1/orders", json=cart, headers=key())
        return response.status_code, response.json().get("code")

    with ThreadPoolExecutor(THREADS) as threads:
        said = Counter(threads.map(buy, enumerate(carts)))
    assert said == {(201, None): HOLDS + LEFT, (409, "RV002"): HOLDS * 3, (409, "ST001"): 40}
    became = clients[0].get("/v1/reservations?status=committed&limit=200").json()["data"]
    assert {reservation["reservation_id"] for reservation in became} == set(holds)
    assert len({reservation["order_id"] for reservation in became}) == HOLDS
    assert available(stocked) == 0
    with connection.transaction():
        connection.execute("select app.enter('admin', '{}')")
        assert connection.execute("select * from stock.verify()").fetchall() == []
