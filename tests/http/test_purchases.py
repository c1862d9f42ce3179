"""Purchases over HTTP: the whole story, what each role may do, and what is refused."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.calls import BOUGHT, SKU, SUPPLIER
from tests.http.conftest import Api, key
from tests.http.samples import make

LOT = {"sku_id": SKU["sku_id"], "batch_number": "P-1", "expiration_date": "2036-04-30"}


def post(client: httpx2.Client, path: str, body: Any = None) -> httpx2.Response:
    return client.post(path, json=body, headers=key())


def deliver(client: httpx2.Client, purchase: str, *items: dict[str, Any], **rest: Any) -> httpx2.Response:
    return post(client, f"/v1/purchases/{purchase}/receipts", {"items": list(items), **rest})


@pytest.fixture
def buyer(api: Api) -> httpx2.Client:
    client = api.client("admin")
    make(client, "/v1/inventory", SKU)
    make(client, "/v1/suppliers", SUPPLIER | {"over_percent": 10})
    return client


def ordered(buyer: httpx2.Client, units: int = 100) -> str:
    items = [{"sku_id": SKU["sku_id"], "quantity": units}]
    name = make(buyer, "/v1/purchases", BOUGHT | {"items": items, "expected_on": "2034-06-01"})["purchase_id"]
    assert post(buyer, f"/v1/purchases/{name}/order").status_code == 200
    return str(name)


def incoming(client: httpx2.Client) -> int:
    return int(client.get(f"/v1/inventory/{SKU['sku_id']}").json()["incoming"])


def test_a_purchase_is_drafted_ordered_received_and_closed(buyer: httpx2.Client) -> None:
    before = buyer.get(f"/v1/inventory/{SKU['sku_id']}").json()
    drafted = post(buyer, "/v1/purchases", BOUGHT | {"items": [{"sku_id": SKU["sku_id"], "quantity": 100}]})
    name = drafted.json()["purchase_id"]
    path = f"/v1/purchases/{name}"
    assert (drafted.status_code, drafted.headers["location"], drafted.json()["status"]) == (201, path, "draft")
    assert incoming(buyer) == 0
    changed = buyer.patch(path, json={"expected_on": "2034-06-08", "note": "by truck"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["expected_on"]) == (200, '"2"', "2034-06-08")
    assert buyer.patch(path, json={"note": "again"}, headers={"If-Match": '"1"'}).status_code == 412
    assert post(buyer, f"{path}/order").json()["status"] == "ordered"
    assert incoming(buyer) == 100
    items = [
        LOT | {"quantity": 60},
        LOT | {"quantity": 5, "condition": "damaged"},
        {"sku_id": SKU["sku_id"], "quantity": 2, "condition": "refused", "reason_code": "damaged"},
    ]
    once = key()
    for replayed in (None, "true"):
        got = buyer.post(f"{path}/receipts", json={"delivery_note": "DN-77", "items": items}, headers=once)
        assert (got.status_code, got.json()["open_quantity"], got.headers.get("idempotency-replayed")) == (200, 33, replayed)
    [receipt] = got.json()["receipts"]
    assert [(line["condition"], line["quantity"]) for line in receipt["items"]] == [("good", 60), ("damaged", 5), ("refused", 2)]
    after = buyer.get(f"/v1/inventory/{SKU['sku_id']}").json()
    assert (after["incoming"], after["stock"] - before["stock"], after["unavailable"]) == (33, 65, 5)
    [aside] = [one for one in buyer.get("/v1/withholdings").json()["data"] if one["document"] == receipt["receipt_id"]]
    assert (aside["cause"], aside["quantity"]) == ("damaged", 5)
    ended = post(buyer, f"{path}/close", {"reason": "The supplier is out of peppers."})
    assert (ended.json()["status"], ended.json()["canceled"], incoming(buyer)) == ("received", 33, 0)


def test_the_tag_of_an_order_changes_with_the_day_on_which_its_units_are_expected(buyer: httpx2.Client) -> None:
    """The version stays, because nobody changed the order: If-Match takes both tags."""
    sku = SKU["sku_id"]
    rules = [{"sku_id": sku, "mode": "backorder"}]
    make(buyer, "/v1/channels", {"channel_id": "web", "name": "Web", "warehouses": ["WH-01"], "sale_rules": rules})
    here = int(buyer.get(f"/v1/inventory/{sku}").json()["available"])
    body = {"customer": {"name": "Jane Doe"}, "channel": "web", "items": [{"sku_id": sku, "quantity": here + 5}]}
    path = f"/v1/orders/{make(buyer, '/v1/orders', body)['order_id']}"
    first = buyer.get(path)
    assert [part["promised_on"] for part in first.json()["backorders"]] == [None]
    ordered(buyer)
    second = buyer.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (second.status_code, second.json()["version"]) == (200, first.json()["version"])
    assert [part["promised_on"] for part in second.json()["backorders"]] == ["2034-06-01"]
    assert buyer.get(path, headers={"if-none-match": second.headers["etag"]}).status_code == 304
    assert buyer.patch(path, json={"note": "ring twice"}, headers={"if-match": second.headers["etag"]}).status_code == 200
    for tag in (first.headers["etag"], second.headers["etag"]):
        assert buyer.put(f"{path}/cancel", headers={"if-match": tag}).status_code == 412
    assert buyer.put(f"{path}/cancel", headers={"if-match": buyer.get(path).headers["etag"]}).status_code == 200


def test_lists_find_purchases_by_status_supplier_sku_and_whether_they_are_late(buyer: httpx2.Client) -> None:
    name = ordered(buyer)

    def found(**filters: str) -> list[str]:
        response = buyer.get("/v1/purchases", params=filters)
        assert response.status_code == 200, response.text
        return [one["purchase_id"] for one in response.json()["data"]]

    assert found() == found(status="ordered") == found(supplier="ACME") == found(sku=str(SKU["sku_id"])) == [name]
    assert found(warehouse="WH-02") == found(overdue="true") == found(status="draft") == []
    assert buyer.patch(f"/v1/purchases/{name}", json={"expected_on": "2024-01-01"}).json()["overdue"] is True
    assert found(overdue="true") == [name]


def test_problems_say_which_units_are_too_many(buyer: httpx2.Client) -> None:
    name = ordered(buyer, 10)

    def fault(response: httpx2.Response) -> tuple[Any, ...]:
        problem = response.json()
        [said] = problem["errors"]
        facts = (said[name] for name in ("accepted_max", "came", "receipt_id") if name in said)
        return response.status_code, problem["code"], said["pointer"], next(facts, None)

    assert fault(deliver(buyer, name, LOT | {"quantity": 12})) == (409, "SU003", "/items/0/quantity", 11)
    [receipt] = deliver(buyer, name, LOT | {"quantity": 9}, delivery_note="DN-1").json()["receipts"]
    again = deliver(buyer, name, LOT | {"quantity": 1}, delivery_note="dn-1")
    assert fault(again) == (409, "SU005", "/delivery_note", receipt["receipt_id"])
    lower = {"items": [{"sku_id": SKU["sku_id"], "quantity": 8}]}
    assert fault(buyer.patch(f"/v1/purchases/{name}", json=lower)) == (409, "SU004", "/items/0/quantity", 9)
    make(buyer, "/v1/skus", {"sku_id": "OTHER", "name": "Other", "price": 1})
    other = LOT | {"sku_id": "OTHER", "quantity": 1}
    assert fault(deliver(buyer, name, other)) == (409, "SU006", "/items/0/sku_id", None)
    nobody = post(buyer, "/v1/purchases", BOUGHT | {"supplier_id": "NOBODY"})
    assert fault(nobody) == (409, "SU007", "/supplier_id", None)
    assert deliver(buyer, "PUR-1-7", LOT | {"quantity": 1}).json()["code"] == "SU001"
    assert deliver(buyer, name, LOT | {"quantity": 5}, accept_over=True).json()["over"] == 4


@pytest.mark.parametrize(
    "item",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 1.5},
        {"quantity": 2**31},
        {"quantity": 1, "condition": "lost"},
        {"quantity": 1, "expiration_date": "1 Nov"},
        {"quantity": 1, "expiration_date": "11/01/2035"},
    ],
)
def test_bad_deliveries(buyer: httpx2.Client, item: dict[str, Any]) -> None:
    name = ordered(buyer)
    assert deliver(buyer, name, LOT | item).status_code == 422
    assert (incoming(buyer), buyer.get(f"/v1/purchases/{name}").json()["receipts"]) == (100, [])


def test_staff_receive_and_admins_buy(api: Api, buyer: httpx2.Client) -> None:
    name = ordered(buyer)
    here, there = (api.client("warehouse", warehouses=[place]) for place in ("WH-01", "WH-02"))
    assert here.get("/v1/suppliers/ACME").json()["name"] == SUPPLIER["name"]
    assert deliver(here, name, LOT | {"quantity": 60}).status_code == 200
    over = deliver(here, name, LOT | {"quantity": 60}, accept_over=True)
    assert over.json()["code"] == "SU003"
    for answer in (
        post(here, "/v1/purchases", BOUGHT),
        here.patch(f"/v1/purchases/{name}", json={"note": "mine"}),
        post(here, f"/v1/purchases/{name}/order"),
        post(here, f"/v1/purchases/{name}/close", {"reason": "late"}),
        post(here, "/v1/suppliers", SUPPLIER),
    ):
        assert answer.status_code == 403, answer.text
    assert there.get("/v1/purchases").json()["data"] == []
    for answer in (there.get(f"/v1/purchases/{name}"), deliver(there, name, LOT | {"quantity": 1})):
        assert (answer.status_code, answer.json()["code"]) == (404, "SU001")
    for role in ("sales", "integration"):
        client = api.client(role, channels=["web"])
        assert client.get("/v1/purchases").status_code == client.get("/v1/suppliers").status_code == 403
        assert deliver(client, name, LOT | {"quantity": 1}).status_code == 403
