"""Bundles over HTTP: defined as SKUs, shown as what can be made of their components, ordered as one line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.calls import SECOND_SKU, SKU
from tests.http.conftest import Api, check_problem, key
from tests.http.orders import but, lines, place
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    import httpx2

GIFT = "GIFT-001"
READS = 50
COMPONENTS = [{"sku_id": "HOTSAUCE-001", "quantity": 3}, {"sku_id": "HOTSAUCE-002", "quantity": 1}]


def gift(quantity: int, **rest: Any) -> dict[str, Any]:
    return but(items=[{"sku_id": GIFT, "quantity": quantity}], total_price=None, external_id=None, **rest)


def make_gift(admin: httpx2.Client) -> None:
    made = admin.post("/v1/skus", json={"sku_id": GIFT, "name": "Gift set", "price": 29.9, "components": COMPONENTS})
    assert made.status_code == 201, made.text
    assert made.json()["components"] == COMPONENTS


def test_a_bundle_is_defined_ordered_sent_back_shipped_and_exported(stocked: httpx2.Client) -> None:
    make_gift(stocked)
    fault = [*COMPONENTS, {"sku_id": GIFT, "quantity": 1}]
    problem = check_problem(stocked.patch(f"/v1/skus/{GIFT}", json={"components": fault}), 422, "KT001")
    assert problem["errors"][0]["pointer"] == "/components/2/sku_id"
    check_problem(stocked.patch("/v1/skus/HOTSAUCE-001", json={"components": [{"sku_id": GIFT, "quantity": 0}]}), 422, "RQ422")
    check_problem(stocked.patch("/v1/skus/HOTSAUCE-002", json={"components": COMPONENTS[:1]}), 422, "KT001")
    receipt = {"sku_id": GIFT, "warehouse_location": "WH-01", "stock": 1, "batch_number": "B-1"}
    problem = check_problem(stocked.post("/v1/inventory", json=receipt, headers=key()), 409, "KT003")
    assert problem["errors"][0]["components"] == COMPONENTS

    placed = place(stocked, gift(2))
    assert placed.status_code == 201, placed.text
    order = placed.json()
    assert order["total_price"] == 59.8
    [line] = order["items"]
    assert line["components"] == [{**component, "fulfilled": 0} for component in COMPONENTS]
    path = f"/v1/orders/{order['order_id']}"
    assert stocked.patch(path, json={"items": order["items"]}, headers=key()).json() == order
    raised = stocked.patch(path, json={"items": [gift_line := {"sku_id": GIFT, "quantity": 3}]}, headers=key())
    assert (raised.status_code, raised.json()["total_price"]) == (200, 89.7), raised.text
    lowered = stocked.patch(path, json={"items": [{**gift_line, "quantity": 2}]}, headers=key())
    assert (lowered.status_code, lowered.json()["items"]) == (200, order["items"]), lowered.text
    part = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
    problem = check_problem(stocked.post(f"/v1/orders/{order['order_id']}/fulfillments", json=part, headers=key()), 409, "KT004")
    assert {error["bundle_sku_id"] for error in problem["errors"]} == {GIFT}
    shipped = stocked.post(f"/v1/orders/{order['order_id']}/fulfillments", json={}, headers=key())
    assert shipped.json()["items"][0]["fulfilled"] == 2
    for path in ("/v1/skus", "/v1/inventory", "/v1/orders"):
        assert stocked.get(path, headers={"accept": "text/csv"}).status_code == 200, path


def test_the_stock_of_a_bundle_is_never_older_than_that_of_its_components(api: Api, stocked: httpx2.Client) -> None:
    make_gift(stocked)
    limit = time.monotonic() + PATIENCE_SECONDS
    hits = api.answers.hits
    while api.answers.hits == hits:
        assert time.monotonic() < limit, "no response came from the cache"
        assert stocked.get("/v1/inventory/HOTSAUCE-001").status_code == 200
    hits = api.answers.hits
    for _ in range(READS):  # nothing tells the cache which bundles a component belongs to
        assert stocked.get(f"/v1/inventory/{GIFT}").json()["available"] == 116
    assert api.answers.hits == hits


def test_a_refused_bundle_is_sold_as_soon_as_its_component_came(api: Api, stocked: httpx2.Client) -> None:
    make_gift(stocked)
    made = int(stocked.get(f"/v1/inventory/{GIFT}", headers={"cache-control": "no-cache"}).json()["available"])
    for _ in range(20):  # a slow refusal is never kept
        problem = check_problem(place(stocked, gift(made + 1)), 409, "ST001")
        assert len(api.refusals) == 0
    assert problem["errors"][0]["pointer"] == "/items/0/quantity"
    assert {error["sku_id"] for error in problem["errors"]} <= {component["sku_id"] for component in COMPONENTS}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(api.refusals) == 0:  # one that names what was ordered is kept
        assert time.monotonic() < deadline
        check_problem(place(stocked, lines(999_999)), 409, "ST001")
    for receipt in (SKU, SECOND_SKU):
        assert stocked.post("/v1/inventory", json=receipt, headers=key()).status_code == 201
    assert place(stocked, gift(made + 1)).status_code == 201
