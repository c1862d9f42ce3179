"""Lines of an order that go to an address of their own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.waiting import read
from tests.world import OTHER_SKU, SKU, Result, Shop, codes, receipt

HOME, WORK, AUNT = "1 Hot St", "2 Mild Rd", "3 Sweet Ln"
CUSTOMER = {"name": "Jane", "email": "jane@example.com", "address": HOME}


def line(quantity: int, address: str | None = None, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    return {"sku_id": sku_id, "quantity": quantity, **({"address": address} if address else {}), **rest}


def place(shop: Shop, *items: dict[str, Any], channel: str = "web") -> Result:
    warehouses = ("WH-01", "WH-02")
    shop.send("receive_stock", *(receipt(20, sku, warehouse_location=house) for sku in (SKU, OTHER_SKU) for house in warehouses))
    draft = {"channel": channel, "customer": CUSTOMER, "items": list(items), "external_id": "S-1"}
    [placed] = shop.send("place_orders", draft)
    assert placed.code is None, placed
    return placed


def modify(shop: Shop, *items: dict[str, Any], **rest: Any) -> Result:
    return shop.send("modify_orders", {"order_id": "S-1", "items": list(items), **rest})[0]


def ship(shop: Shop, units: int) -> Result:
    [shipped] = shop.send("fulfill_orders", {"order_id": "S-1", "items": [{"sku_id": SKU, "quantity": units}]})
    assert shipped.code is None, shipped
    return shipped


def events(shop: Shop, event_type: str) -> list[dict[str, Any]]:
    return shop.rows("select data from events.outbox where type = %s order by outbox_id", event_type)


def lines(answer: Result) -> list[tuple[int, int, int, str | None]]:
    """Of each line: units ordered, shipped and canceled, and the address."""
    assert answer.code is None, answer
    return [(item["quantity"], item["fulfilled"], item["canceled"], item["address"]) for item in answer.body["items"]]


def test_a_line_has_an_address_of_its_own(shop: Shop) -> None:
    placed = place(shop, line(2), line(1, WORK), line(1, AUNT, OTHER_SKU))
    assert lines(placed) == [(2, 0, 0, None), (1, 0, 0, WORK), (1, 0, 0, AUNT)]
    assert read(shop, placed).body == placed.body
    [event] = events(shop, "order.placed")
    assert [item["address"] for item in event["data"]["items"]] == [None, WORK, AUNT]
    rows = shop.rows("select address from orders.order_lines order by line_no")
    assert [row["address"] for row in rows] == [None, WORK, AUNT]


def test_staff_see_where_a_line_goes_as_they_see_where_the_order_goes(shop: Shop) -> None:
    placed = place(shop, line(1, WORK))
    with shop.session("warehouse", warehouses=["WH-01"]) as connection:
        [(seen,)] = connection.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchall()
    assert (seen["customer"]["address"], seen["customer"]["email"], seen["items"][0]["address"]) == (HOME, None, WORK)


@pytest.mark.parametrize(
    ("items", "after"),
    [
        ([line(3, WORK)], [(3, 0, 0, WORK)]),
        ([line(3)], [(3, 0, 0, None)]),
        ([line(1), line(2, AUNT)], [(1, 0, 0, None), (2, 0, 0, AUNT)]),
        ([line(1, AUNT), line(1, WORK), line(1)], [(1, 0, 0, AUNT), (1, 0, 0, WORK), (1, 0, 0, None)]),
    ],
)
def test_before_a_parcel_addresses_are_those_of_the_request(
    shop: Shop, items: list[dict[str, Any]], after: list[tuple[int, int, int, str | None]]
) -> None:
    placed = place(shop, line(2), line(1, WORK))
    changed = modify(shop, *items)
    assert (lines(changed), changed.body["total_price"]) == (after, 30)
    assert modify(shop, *changed.body["items"]).body == changed.body
    assert changed.body["allocations"] == placed.body["allocations"]
    assert shop.verify() == []


@pytest.mark.parametrize(
    ("items", "after"),
    [
        # One unit of the first line was shipped.
        ([line(2, AUNT), line(2, WORK)], [(2, 1, 0, AUNT), (2, 0, 0, WORK)]),
        ([line(1), line(1, AUNT), line(2, WORK)], [(2, 1, 1, None), (2, 0, 0, WORK), (1, 0, 0, AUNT)]),
        ([line(2), line(2, AUNT)], [(2, 1, 0, None), (2, 0, 0, AUNT)]),
        ([line(3), line(1, WORK)], [(3, 1, 0, None), (2, 0, 1, WORK)]),
        ([line(4)], [(4, 1, 0, None), (2, 0, 2, WORK)]),
        ([line(1, WORK), line(2)], [(2, 1, 0, None), (2, 0, 1, WORK)]),
        ([line(2, WORK), line(2, AUNT)], [(2, 1, 0, AUNT), (2, 0, 0, WORK)]),
    ],
)
def test_after_a_parcel_a_line_with_open_units_gets_another_address(
    shop: Shop, items: list[dict[str, Any]], after: list[tuple[int, int, int, str | None]]
) -> None:
    place(shop, line(2), line(2, WORK))
    ship(shop, 1)
    changed = modify(shop, *items)
    assert lines(changed) == after
    assert changed.body["total_price"] == 10 * sum(item["quantity"] for item in items)
    assert modify(shop, *changed.body["items"]).body == changed.body
    assert shop.verify() == []


def test_a_line_that_was_shipped_whole_keeps_its_address(shop: Shop) -> None:
    place(shop, line(2, WORK), line(1))
    shipped = ship(shop, 2)
    assert lines(shipped) == [(2, 2, 0, WORK), (1, 0, 0, None)]
    refused = modify(shop, line(2, AUNT), line(1))
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("OR010", "/items/0/quantity")
    assert lines(modify(shop, line(2, WORK), line(1, AUNT))) == [(2, 2, 0, WORK), (1, 0, 0, AUNT)]
    assert shop.verify() == []


def test_units_keep_their_price_wherever_they_go(shop: Shop) -> None:
    place(shop, line(2))
    shop.send("save_skus", {"sku_id": SKU, "price": 12})
    raised = modify(shop, line(2), line(2, WORK))
    assert [(item["price"], item["address"]) for item in raised.body["items"]] == [(10, None), (12, WORK)]
    swapped = modify(shop, line(2, WORK), line(2))
    assert [(item["price"], item["address"]) for item in swapped.body["items"]] == [(12, WORK), (10, None)]
    moved = modify(shop, line(1), line(3, AUNT))
    assert [(item["quantity"], item["price"], item["address"]) for item in moved.body["items"]] == [
        (1, 10, None),
        (2, 12, AUNT),
        (1, 10, AUNT),
    ]
    assert moved.body["total_price"] == 44
    assert shop.verify() == []


@pytest.mark.parametrize("shipped", [0, 1])
def test_exact_amounts_add_up_wherever_the_units_go(shop: Shop, shipped: int) -> None:
    place(shop, line(7, amount=10), line(7, WORK, amount=10), channel="till")
    if shipped:
        ship(shop, shipped)
    for items in (
        [line(7, AUNT, amount=10), line(7, WORK, amount=10)],
        [line(3, AUNT), line(4), line(7, WORK)],
        [line(1, WORK), line(2, AUNT), line(4, WORK), line(1, AUNT), line(6)],
        [line(7), line(7, WORK)],
    ):
        changed = modify(shop, *items)
        assert changed.code is None, changed
        owed = sum(item["amount"] for item in changed.body["items"])
        assert changed.body["total_price"] == pytest.approx(owed, abs=1e-9) == 20, items
        wanted = {item.get("address"): 0 for item in items}
        for item in items:
            wanted[item.get("address")] += item["quantity"]
        assert {address: units for address, units in found(changed).items() if units} == wanted
        assert modify(shop, *changed.body["items"]).body == changed.body
    assert shop.verify() == []


def found(answer: Result) -> dict[str | None, int]:
    units: dict[str | None, int] = {}
    for item in answer.body["items"]:
        units[item["address"]] = units.get(item["address"], 0) + item["quantity"] - item["canceled"]
    return units


def changes(shop: Shop, placed: Result) -> list[list[tuple[str, Any, Any]]]:
    with shop.session() as connection:
        [(body,)] = connection.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchall()
    return [
        [(change["member"], change["before"], change["after"]) for change in entry["changes"]]
        for entry in body["timeline"]
        if entry["type"] == "modified"
    ]


def test_the_timeline_and_the_event_tell_a_new_address(shop: Shop) -> None:
    placed = place(shop, line(2))
    modify(shop, line(1), line(1, WORK))
    modify(shop, line(1), line(2, WORK))
    modify(shop, line(3))
    total = [("total_price", 20, 30)]
    assert changes(shop, placed) == [
        [("items.address", None, f"-; {WORK}")],
        [("items", 2, 3), *total],
        [("items.address", f"-; {WORK}", None)],
    ]
    modified = events(shop, "order.modified")
    assert [[item["address"] for item in event["data"]["old"]["items"]] for event in modified] == [
        [None],
        [None, WORK],
        [None, WORK],
    ]


def test_addresses_of_lines_are_erased_with_the_customer(shop: Shop) -> None:
    placed = place(shop, line(2, WORK))
    modify(shop, line(2, AUNT))
    [erased] = shop.send("erase_customers", {"email": CUSTOMER["email"], "include_open": True})
    assert erased.code is None
    assert lines(read(shop, placed)) == [(2, 0, 0, None)]
    assert changes(shop, placed) == [[("items.address", None, None)]]
    assert codes([modify(shop, line(2, WORK))]) == [None]
    [again] = shop.send("erase_customers", {"order_ids": [placed.body["order_id"]], "include_open": True})
    assert again.body["orders"] == [placed.body["order_id"]]
    for table in ("orders.order_lines", "audit.audit_log", "events.outbox", "events.event_log"):
        texts = shop.rows(f"select t::text as text from {table} t")
        assert not any(address in row["text"] for row in texts for address in (WORK, AUNT)), table
    assert shop.verify() == []
