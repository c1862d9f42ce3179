"""Sales at a till over HTTP: one request places and hands over; an offline sale asks for a count, which the next count ends."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.http.conftest import check_problem, key
from tests.http.orders import available, document, lines, place

SHELF = {"warehouse_location": "WH-01"}
NAMED = "HOTSAUCE-001"


def sale(quantity: int, **handed_over: Any) -> dict[str, Any]:
    return lines(quantity, created_at=None, handed_over=SHELF | handed_over)


def waiting(client: httpx2.Client) -> list[str]:
    answer = client.get("/v1/inventory?count_requested=true", headers={"cache-control": "no-cache"})
    assert answer.status_code == 200, answer.text
    return [sku["sku_id"] for sku in answer.json()["data"]]


def test_a_sale_is_completed_with_its_parcel_and_repeats(stocked: httpx2.Client, sales: httpx2.Client) -> None:
    keys = key()
    sold = place(sales, sale(2), **keys)
    assert sold.status_code == 201, sold.text
    order = sold.json()
    assert (order["status"], order["fulfillment_status"], len(order["fulfillments"])) == ("completed", "fulfilled", 1)
    assert available(stocked) == 348
    assert place(sales, sale(2), **keys).content == sold.content
    assert available(stocked) == 348
    assert document(sales, f"/v1/orders/{order['order_id']}") == order


def test_an_offline_sale_is_recorded_though_orders_are_refused(
    stocked: httpx2.Client, sales: httpx2.Client, integration: httpx2.Client, warehouse: httpx2.Client
) -> None:
    """Also while refusals come from memory: those of other warehouses, or of sales that happen now, say nothing about it."""
    assert place(sales, lines(350)).status_code == 201
    for _ in range(20):
        check_problem(place(integration, lines(1)), 409, "ST001")
        check_problem(place(integration, sale(1)), 409, "ST001")
    sold = place(integration, sale(1, offline=True))
    assert (sold.status_code, sold.json()["status"]) == (201, "completed")
    assert waiting(warehouse) == waiting(stocked) == [NAMED]
    before = warehouse.get(f"/v1/inventory/{NAMED}", headers={"cache-control": "no-cache"})
    [level] = [level for level in before.json()["warehouses"] if "count_requested_at" in level]
    assert (level["warehouse_location"], level["stock"]) == ("WH-01", 350)
    counted = warehouse.put(f"/v1/inventory/{NAMED}", json=SHELF | {"stock": 350}, headers={"if-match": before.headers["etag"]})
    assert counted.status_code == 200, counted.text
    assert waiting(warehouse) == []
    after = warehouse.get(f"/v1/inventory/{NAMED}", headers={"cache-control": "no-cache"})
    assert "count_requested_at" not in str(after.json())
    assert after.headers["etag"] != before.headers["etag"]


@pytest.mark.parametrize(
    ("handed_over", "code", "pointer"),
    [
        ({"warehouse_location": "NO-SUCH"}, "ST003", "/handed_over/warehouse_location"),
        ({"items": [{"sku_id": NAMED, "quantity": 2}]}, "VA001", "/handed_over/items/0/quantity"),
        ({"items": [{"sku_id": NAMED, "quantity": 1, "batch_number": "NONE"}]}, "ST007", "/handed_over/items/0/batch_number"),
        ({"items": []}, "RQ422", "/handed_over/items"),
        ({"offline": "yes"}, "RQ422", "/handed_over/offline"),
        ({"shelf": 3}, "RQ422", "/handed_over/shelf"),
    ],
)
def test_a_handover_that_cannot_be_right_names_its_fault(
    stocked: httpx2.Client, handed_over: dict[str, Any], code: str, pointer: str
) -> None:
    problem = check_problem(place(stocked, sale(1, **handed_over)), 422, code)
    assert problem["errors"][0]["pointer"] == pointer
    assert available(stocked) == 350


def test_staff_of_a_warehouse_do_not_sell(stocked: httpx2.Client, warehouse: httpx2.Client) -> None:
    check_problem(place(warehouse, sale(1)), 403, "RQ403")
