"""Returns over HTTP: the steps, their headers, what each role may do, and problems that name the field and the remedy."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.calls import SKU
from tests.http.conftest import Api, check_problem, key
from tests.http.orders import available, lines, place
from tests.http.samples import announce

NAMED = SKU["sku_id"]
LOT = {"sku_id": NAMED, "batch_number": SKU["batch_number"]}


def post(client: httpx2.Client, path: str, body: Any = None, **headers: str) -> httpx2.Response:
    return client.post(path, json={} if body is None else body, headers=headers or key())


def remedy(client: httpx2.Client, problem: dict[str, Any]) -> str:
    """The page about the problem."""
    page = client.get(problem["type"])
    assert page.status_code == 200, page.text
    return page.text


def asked(quantity: int, **changes: Any) -> dict[str, Any]:
    return {"items": [{"sku_id": NAMED, "quantity": quantity}], "reason": "too hot"} | changes


def came(quantity: int, **changes: Any) -> dict[str, Any]:
    return {"items": [LOT | {"quantity": quantity} | changes]}


@pytest.fixture
def order_id(stocked: httpx2.Client) -> str:
    """An order of which three units left."""
    placed = place(stocked, lines(3)).json()
    shipped = post(stocked, f"/v1/orders/{placed['order_id']}/fulfillments", {"items": [{"sku_id": NAMED, "quantity": 3}]})
    assert shipped.status_code == 201, shipped.text
    return str(placed["order_id"])


@pytest.fixture
def approved(sales: httpx2.Client, order_id: str) -> str:
    """The path of a return of two of them."""
    made = post(sales, "/v1/returns", asked(2, order_id=order_id))
    assert made.status_code == 201, made.text
    path = made.headers["location"]
    assert post(sales, f"{path}/approve").status_code == 200
    return str(path)


def test_a_return_from_its_announcement_to_its_end(
    integration: httpx2.Client, sales: httpx2.Client, warehouse: httpx2.Client, order_id: str
) -> None:
    made = post(integration, "/v1/returns", asked(3, order_id=order_id, person="John Doe", note="box open"))
    assert (made.status_code, made.json()["status"]) == (201, "requested")
    path = made.headers["location"]
    assert integration.get(path).headers["etag"] == '"1"'
    assert path == f"/v1/returns/{made.json()['return_id']}"
    approval = {"reason": "within 30 days"}
    yes = post(sales, f"{path}/approve", approval, **{"if-match": '"1"'})
    assert (yes.json()["status"], yes.json()["status_change"]["reason"], yes.headers["etag"]) == (
        "approved",
        "within 30 days",
        '"2"',
    )
    check_problem(post(sales, f"{path}/approve", approval, **{"if-match": '"1"'}), 412, "ST009")
    before = available(warehouse)
    once = key()
    for replayed in (None, "true"):
        got = post(warehouse, f"{path}/receive", came(1), **once)
        assert (got.status_code, got.json()["status"], got.headers.get("idempotency-replayed")) == (200, "received", replayed)
    got = post(warehouse, f"{path}/receive", {"items": [{"sku_id": NAMED, "quantity": 1, "unreadable": True}]})
    assert [(lot["batch_number"], lot["open_quantity"]) for lot in got.json()["withholdings"]] == [
        (SKU["batch_number"], 1),
        ("UNKNOWN", 1),
    ]
    assert available(warehouse) == before
    named, unreadable = (f"/v1/withholdings/{lot['withholding_id']}/dispose" for lot in got.json()["withholdings"])
    problem = check_problem(post(warehouse, unreadable, {"disposition": "restock"}), 409, "RT005")
    assert problem["errors"][0]["pointer"] == "/disposition"
    assert "They can only be scrapped." in problem["detail"]
    assert post(warehouse, unreadable, {"disposition": "scrap"}).status_code == 200
    assert post(warehouse, named, {"disposition": "restock"}).status_code == 200
    assert available(warehouse) == before + 1
    ended = post(sales, f"{path}/close", {"reason": "The customer keeps it."})
    assert (ended.json()["status"], ended.json()["items"][0]["given_up"]) == ("closed", 1)
    assert sales.get(f"/v1/orders/{order_id}").json()["return_status"] == "partially_returned"
    listed = integration.get(
        "/v1/returns", params={"order": order_id, "status": "closed", "channel": "web", "warehouse": "WH-01"}
    )
    assert [one["return_id"] for one in listed.json()["data"]] == [made.json()["return_id"]]
    assert integration.get(path).json() == warehouse.get(path).json() == ended.json()


def test_each_role_does_its_part(
    api: Api, sales: httpx2.Client, integration: httpx2.Client, warehouse: httpx2.Client, order_id: str, approved: str
) -> None:
    again = asked(1, order_id=order_id)
    check_problem(post(warehouse, "/v1/returns", again), 403, "RQ403")
    for step in ("approve", "refuse", "close"):
        for client in (integration, warehouse):
            check_problem(post(client, f"{approved}/{step}", {"reason": "x"}), 403, "RQ403")
    for client in (sales, integration):
        check_problem(post(client, f"{approved}/receive", came(1)), 403, "RQ403")
    strangers = api.client("sales", channels=["pos"]), api.client("warehouse", warehouses=["WH-02"])
    for stranger in strangers:
        check_problem(stranger.get(approved), 404, "RT001")
        assert stranger.get("/v1/returns").json()["data"] == []
    check_problem(post(strangers[0], f"{approved}/approve"), 404, "RT001")
    check_problem(post(strangers[1], f"{approved}/receive", came(1)), 404, "RT001")
    check_problem(post(strangers[0], "/v1/returns", again), 404, "OR002")


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (asked(4), 409, "RT002", "/items/0/quantity"),
        (asked(1, items=[{"sku_id": "HOTSAUCE-002", "quantity": 1}]), 409, "RT002", "/items/0/quantity"),
        (asked(1, items=[{"sku_id": "NONE", "quantity": 1}]), 422, "ST002", "/items/0/sku_id"),
        (asked(0), 422, "RQ422", "/items/0/quantity"),
        (asked(1, items=[]), 422, "RQ422", "/items"),
        (asked(1, reason=" "), 422, "VA001", "/reason"),
        (asked(1, warehouse_location="WH-99"), 422, "ST003", "/warehouse_location"),
        (asked(1, order_id=None, channel="web", warehouse_location="WH-01"), 422, "VA001", "/note"),
    ],
)
def test_a_request_that_cannot_be_right_names_its_fault(
    stocked: httpx2.Client, order_id: str, body: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    element = {name: value for name, value in ({"order_id": order_id} | body).items() if value is not None}
    problem = check_problem(post(stocked, "/v1/returns", element), status, code)
    assert problem["errors"][0]["pointer"] == pointer
    assert stocked.get("/v1/returns").json()["data"] == []


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (came(3), 409, "RT004", "/items/0/quantity"),
        (came(1, batch_number="NONE"), 422, "ST007", "/items/0/batch_number"),
        (came(1, unreadable=True), 422, "VA001", "/items/0/batch_number"),
        ({"items": [{"sku_id": LOT["sku_id"], "quantity": 1, "unreadable": False}]}, 422, "VA001", "/items/0/batch_number"),
        (came(0), 422, "RQ422", "/items/0/quantity"),
        ({"items": []}, 422, "RQ422", "/items"),
    ],
)
def test_a_receipt_that_cannot_be_right_names_its_fault(
    warehouse: httpx2.Client, approved: str, body: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    problem = check_problem(post(warehouse, f"{approved}/receive", body), status, code)
    assert problem["errors"][0]["pointer"] == pointer
    assert warehouse.get(approved).json()["withholdings"] == []


def test_the_problem_of_a_second_return_says_what_is_left(stocked: httpx2.Client, order_id: str, approved: str) -> None:
    problem = check_problem(post(stocked, "/v1/returns", asked(2, order_id=order_id)), 409, "RT002")
    assert problem["errors"][0]["available"] == 1
    assert "Announce at most what available says." in remedy(stocked, problem)


def test_a_refused_return_is_not_received(stocked: httpx2.Client, approved: str) -> None:
    assert post(stocked, f"{approved}/refuse", {"reason": "opened"}).json()["status"] == "refused"
    problem = check_problem(post(stocked, f"{approved}/receive", came(1)), 409, "RT003")
    assert problem["detail"] == "Return RET-1-1001 is refused. This needs one that is approved or received."


def test_units_that_keep_no_promise_are_put_back_by_force(stocked: httpx2.Client, approved: str) -> None:
    got = post(stocked, f"{approved}/receive", came(2)).json()
    path = f"/v1/withholdings/{got['withholdings'][0]['withholding_id']}/dispose"
    rules = [{"min_days": 3650}]
    promised = stocked.patch("/v1/channels/web", json={"freshness_rules": rules})
    assert promised.status_code == 200, promised.text
    problem = check_problem(post(stocked, path, {"disposition": "restock"}), 409, "RT006")
    assert (problem["errors"][0]["pointer"], "send force" in problem["detail"]) == ("/disposition", True)
    back = post(stocked, path, {"disposition": "restock", "force": True})
    assert (back.status_code, back.json()["restocked"]) == (200, 2)
    assert stocked.get(approved).json()["status"] == "closed"


def test_a_receipt_needs_a_key_or_a_version_and_a_dry_run_books_nothing(stocked: httpx2.Client, approved: str) -> None:
    check_problem(stocked.post(f"{approved}/receive", json=came(1)), 428, "RQ428")
    dry = post(stocked, f"{approved}/receive?dry_run=true", came(1))
    assert dry.json()["status"] == "received"
    assert stocked.get(approved).json()["status"] == "approved"
    once = {"if-match": stocked.get(approved).headers["etag"]}
    assert post(stocked, f"{approved}/receive", came(1), **once).status_code == 200
    check_problem(post(stocked, f"{approved}/receive", came(1), **once), 412, "ST009")


def test_a_parcel_of_which_units_come_back_is_not_undone(stocked: httpx2.Client, order_id: str, approved: str) -> None:
    [parcel] = stocked.get(f"/v1/orders/{order_id}").json()["fulfillments"]
    path = f"/v1/orders/{order_id}/fulfillments/{parcel['fulfillment_id']}/cancel"
    problem = check_problem(stocked.put(path, json={"reason": "never collected"}, headers=key()), 409, "RT007")
    assert "Refuse or close the return first." in problem["detail"]
    assert stocked.get(approved).json()["status"] == "approved"


def test_a_gift_without_an_order_comes_back_with_a_note(stocked: httpx2.Client) -> None:
    gift = announce(stocked)
    path = f"/v1/returns/{gift['return_id']}"
    assert (gift["order_id"], gift["note"]) == (None, "a gift")
    assert post(stocked, f"{path}/approve").status_code == 200
    got = post(stocked, f"{path}/receive", came(gift["items"][0]["quantity"])).json()
    assert (got["status"], got["withholdings"][0]["wrong_lot"]) == ("received", False)
