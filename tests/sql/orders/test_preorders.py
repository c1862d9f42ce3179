"""Units that were sold before their release wait like any others, and leave from a day on."""

from __future__ import annotations

from typing import Any

from tests.waiting import let_wait, read, waiting
from tests.world import OTHER_SKU, SKU, Result, Shop, receipt

RELEASE = "2039-03-01"
BEFORE, RELEASED = "2039-02-28T23:59:59Z", "2039-03-01T00:00:00Z"
RULE = {"sku_id": SKU, "mode": "preorder", "ships_on": RELEASE}


def early(refused: Result) -> dict[str, Any]:
    assert refused.code == "OR015", refused
    [error] = refused.body["errors"]
    return {name: error[name] for name in ("pointer", "sku_id", "ships_on")}


def test_a_preorder_waits_and_says_when_it_leaves(shop: Shop) -> None:
    let_wait(shop, RULE | {"units_max": 5})
    placed = shop.order((SKU, 4))
    assert [part["ships_on"] for part in placed.body["backorders"]] == [RELEASE]
    assert read(shop, placed).body["backorders"] == placed.body["backorders"]
    assert shop.order((SKU, 2)).code == "ST001"  # beyond units_max
    shop.receive(3)
    assert waiting(read(shop, placed)) == {SKU: 1}
    assert shop.verify() == []


def test_units_of_a_preorder_leave_from_its_day_on(shop: Shop) -> None:
    let_wait(shop, RULE)
    placed = shop.order((SKU, 2))
    shop.receive(9)
    later = shop.order((SKU, 1))  # found its units at once, and waits for the day all the same
    for order in (placed, later):
        assert early(shop.fulfill(order, now=BEFORE)) == {"pointer": "/items", "sku_id": SKU, "ships_on": RELEASE}
        assert shop.fulfill(order, now=RELEASED).body["fulfillment_status"] == "fulfilled"
    assert shop.verify() == []


def test_the_day_begins_by_the_clock_of_the_warehouse(shop: Shop) -> None:
    shop.send("save_warehouses", {"warehouse_id": "WH-01", "time_zone": "America/Chicago"})
    let_wait(shop, RULE)
    shop.receive(2)
    placed = shop.order((SKU, 2))
    assert shop.fulfill(placed, now="2039-03-01T05:59:59Z").code == "OR015"
    assert shop.fulfill(placed, now="2039-03-01T06:00:00Z").code is None


def test_other_items_of_the_order_can_leave_before(shop: Shop) -> None:
    let_wait(shop, RULE)
    shop.send("receive_stock", receipt(2), receipt(2, OTHER_SKU))
    placed = shop.order((SKU, 2), (OTHER_SKU, 1))
    assert shop.fulfill(placed, now=BEFORE).code == "OR015"
    assert shop.fulfill(placed, now=BEFORE, items=[{"sku_id": OTHER_SKU, "quantity": 1}]).code is None
    assert shop.fulfill(placed, now=RELEASED).body["status"] == "completed"


def test_another_channel_may_sell_it_today(shop: Shop) -> None:
    let_wait(shop, RULE)
    shop.receive(2)
    assert shop.fulfill(shop.order((SKU, 1), channel="till")).code is None


def test_whoever_moves_the_day_moves_it_for_all_orders(shop: Shop) -> None:
    let_wait(shop, RULE)
    shop.receive(2)
    placed = shop.order((SKU, 1))
    let_wait(shop, RULE | {"ships_on": "2039-04-01"})
    assert early(shop.fulfill(placed, now=RELEASED))["ships_on"] == "2039-04-01"
    let_wait(shop, {"sku_id": SKU, "mode": "backorder"})
    assert shop.fulfill(placed).code is None


def test_a_rule_whose_day_has_come_stays_in_the_list(shop: Shop) -> None:
    let_wait(shop, RULE)
    with shop.session(now="2039-06-01T00:00:00Z") as connection:
        [kept] = shop.run(connection, "save_channels", {"channel_id": "web", "sale_rules": [RULE, {"mode": "backorder"}]})
    assert [rule["ships_on"] for rule in kept.body["sale_rules"]] == [RELEASE, None]
