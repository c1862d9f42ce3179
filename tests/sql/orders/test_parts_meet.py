"""Where parts of the rules meet: bundles, tills, releases, losses, and promises about the time of sale."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.waiting import let_wait, read, waiting
from tests.world import OTHER_SKU, SKU, Result, Shop, codes, parts, receipt, shortages

GIFT = "GIFT-1"  # two of SKU and one of OTHER_SKU
NOW, STALE, GOOD = "2030-01-10T12:00:00Z", "2030-02-08", "2030-02-09"
RULE = {"min_days": 30}  # units that can be sold on GOOD
TILL = {"channel": "web", "handed_over": {"warehouse_location": "WH-01"}}
OFFLINE = {"channel": "web", "handed_over": {"warehouse_location": "WH-01", "offline": True}}


@pytest.fixture
def gifts(shop: Shop) -> Shop:
    components = [{"sku_id": SKU, "quantity": 2}, {"sku_id": OTHER_SKU, "quantity": 1}]
    assert codes(shop.send("save_skus", {"sku_id": GIFT, "name": GIFT, "price": 25, "components": components})) == [None]
    return shop


def stock(shop: Shop, units: int, sku_id: str = SKU, expires: str = GOOD, warehouse: str = "WH-01") -> None:
    lot = {"batch_number": f"B-{expires}", "expiration_date": expires, "warehouse_location": warehouse}
    assert codes(shop.send("receive_stock", receipt(units, sku_id, **lot), now=NOW)) == [None]


def ask(shop: Shop, sku_id: str, quantity: int = 1) -> dict[str, Any]:
    question = Jsonb({"sku": sku_id, "channel": "web", "quantity": quantity})
    with shop.session(now=NOW) as connection:
        [(body,)] = connection.execute("select body from api.get_availability(1::smallint, %s)", [question]).fetchall()
    found: dict[str, Any] = body
    return found


def lose(shop: Shop, units: int, sku_id: str = SKU) -> Result:
    return shop.adjust(-units, sku_id, reason_code="damaged", note="dropped", now=NOW)


def kept(order: Result) -> dict[str, int]:
    left = {part["warehouse_location"]: part["quantity"] - part["released"] for part in order.body["allocations"]}
    return {warehouse: units for warehouse, units in left.items() if units}


# Bundles


def test_a_till_hands_over_a_bundle_as_its_components(gifts: Shop) -> None:
    stock(gifts, 3)
    stock(gifts, 1, OTHER_SKU)
    sold = gifts.order((GIFT, 1), now=NOW, **TILL)
    assert (sold.code, sold.body["status"]) == (None, "completed")
    assert (gifts.level(), gifts.level(OTHER_SKU)) == ({"on_hand": 1, "available": 1}, {})
    assert shortages(gifts.order((GIFT, 1), now=NOW, **TILL)) != []
    assert gifts.verify() == []


def test_what_an_offline_sale_of_a_bundle_lacks_is_found(gifts: Shop) -> None:
    stock(gifts, 1)
    stock(gifts, 1, OTHER_SKU)
    sold = gifts.order((GIFT, 1), now=NOW, **OFFLINE)
    assert (sold.code, sold.body["status"]) == (None, "completed")
    found = gifts.rows("select sku_id, on_hand_delta from stock.stock_movements where reason_code = 'found'")
    assert [tuple(row.values()) for row in found] == [(SKU, 1)]
    assert gifts.verify() == []


def test_a_bundle_that_lost_a_component_waits_and_leaves_whole(gifts: Shop) -> None:
    stock(gifts, 2)
    stock(gifts, 1, OTHER_SKU)
    placed = gifts.order((GIFT, 1), now=NOW)
    assert lose(gifts, 1).code is None
    assert waiting(read(gifts, placed)) == {SKU: 1}
    assert gifts.fulfill(placed, now=NOW).code == "KT004"
    stock(gifts, 1)
    assert gifts.fulfill(placed, now=NOW).body["status"] == "completed"
    assert gifts.verify() == []


def test_an_answer_about_a_bundle_is_what_its_components_make(gifts: Shop) -> None:
    gifts.send("save_channels", {"channel_id": "web", "freshness_rules": [RULE]})
    stock(gifts, 3)
    stock(gifts, 2, warehouse="WH-02")
    stock(gifts, 9, expires=STALE)
    stock(gifts, 3, OTHER_SKU)
    answer = ask(gifts, GIFT, 2)
    assert (answer["available"], answer["available_quantity"], answer["fresh_until"], answer["stale_quantity"]) == (
        True,
        2,
        GOOD,
        9,
    )
    assert (answer["sold_until"], ask(gifts, GIFT, 3)["available"]) == (GOOD, False)
    units = {(part["sku_id"], part["warehouse_location"]): part["quantity"] for part in answer["warehouses"]}
    assert gifts.order((GIFT, 3), now=NOW).code == "ST001"
    placed = gifts.order((GIFT, 2), now=NOW)
    assert parts(placed) == units == {(SKU, "WH-01"): 3, (SKU, "WH-02"): 1, (OTHER_SKU, "WH-01"): 2}
    gifts.send("save_skus", {"sku_id": OTHER_SKU, "active": False})
    assert ask(gifts, GIFT)["available_quantity"] == 0


def test_a_bundle_moves_by_its_components(gifts: Shop) -> None:
    stock(gifts, 2)
    stock(gifts, 2, warehouse="WH-02")
    stock(gifts, 1, OTHER_SKU)
    placed = gifts.order((GIFT, 1), now=NOW)

    def move(sku_id: str) -> Result:
        item = {"sku_id": sku_id, "quantity": 1, "to_warehouse_location": "WH-02"}
        return gifts.send("reallocate_orders", {"order_id": placed.body["order_id"], "items": [item]}, now=NOW)[0]

    refused = move(GIFT)
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("OR018", "/items/0/sku_id")
    assert move(SKU).code is None
    assert gifts.verify() == []


@pytest.mark.parametrize(
    "rules", [{"sale_rules": [{"sku_id": GIFT, "mode": "backorder"}]}, {"freshness_rules": [{"sku_id": GIFT, **RULE}]}]
)
def test_rules_are_about_components_and_not_about_bundles(gifts: Shop, rules: dict[str, Any]) -> None:
    [refused] = gifts.send("save_channels", {"channel_id": "web", **rules})
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", f"/{next(iter(rules))}/0/sku_id")


@pytest.mark.parametrize("begun", [True, False])
def test_a_parcel_with_parts_of_a_canceled_bundle_is_not_undone(gifts: Shop, begun: bool) -> None:
    stock(gifts, 4)
    stock(gifts, 2, OTHER_SKU, warehouse="WH-02")
    placed = gifts.order((GIFT, 2), now=NOW)
    one = [{"sku_id": SKU, "quantity": 2}, {"sku_id": OTHER_SKU, "quantity": 1}]
    first, second = gifts.fulfill(placed, items=one, now=NOW).body["fulfillments"]
    undo = {"order_id": placed.body["order_id"], "reason": "x"}
    if begun:
        assert codes(gifts.send("cancel_fulfillments", {**undo, "fulfillment_id": second["fulfillment_id"]})) == [None]
    assert gifts.cancel(placed).body["status"] == "completed"
    undone = gifts.send("cancel_fulfillments", {**undo, "fulfillment_id": first["fulfillment_id"]})
    assert codes(undone) == (["KT006"] if begun else [None])
    assert gifts.verify() == []
    if not begun:
        assert gifts.fulfill(placed, now=NOW).body["status"] == "completed"
        assert gifts.verify() == []


# Releases


def test_a_preorder_is_fresh_on_the_day_of_its_release(shop: Shop) -> None:
    rule = {"sku_id": SKU, "mode": "preorder", "ships_on": "2030-02-01"}
    shop.send("save_channels", {"channel_id": "web", "freshness_rules": [RULE], "sale_rules": [rule]}, now=NOW)
    stock(shop, 2)
    stock(shop, 1, expires="2030-03-03")
    placed = shop.order((SKU, 2), now=NOW)
    assert (placed.body["freshness"][0]["fresh_until"], waiting(placed)) == ("2030-03-03", {SKU: 1})
    answer = ask(shop, SKU)
    assert (answer["ship_on"], answer["fresh_until"], answer["available_quantity"]) == ("2030-02-01", "2030-03-03", 0)


def test_a_till_does_not_sell_before_the_release_and_tells_what_was_sold_offline(shop: Shop) -> None:
    let_wait(shop, {"sku_id": SKU, "mode": "preorder", "ships_on": "2030-02-01"})
    stock(shop, 2)
    refused = shop.order((SKU, 1), now=NOW, **TILL)
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("OR015", "/handed_over/items")
    assert shop.order((SKU, 1), now=NOW, **OFFLINE).body["status"] == "completed"


# Promises about the time of sale


def test_lost_units_are_replaced_by_units_that_keep_the_promise(shop: Shop) -> None:
    shop.send("save_channels", {"channel_id": "web", "freshness_rules": [RULE]})
    let_wait(shop)
    stock(shop, 3)
    strict = shop.order((SKU, 3), now=NOW)
    stock(shop, 9, expires=STALE, warehouse="WH-02")
    stock(shop, 1, warehouse="WH-02")
    assert lose(shop, 2).code is None
    assert kept(read(shop, strict)) == {"WH-01": 1, "WH-02": 1}
    assert waiting(read(shop, strict)) == {SKU: 1}
    stock(shop, 1)
    assert shop.fulfill(strict, now=NOW).body["status"] == "completed"
    assert shop.verify() == []


def test_an_order_that_lost_units_keeps_its_age_when_it_is_raised(shop: Shop) -> None:
    let_wait(shop)
    stock(shop, 1)
    first = shop.order((SKU, 1), now=NOW)
    second = shop.order((SKU, 1), now=NOW)
    assert lose(shop, 1).code is None
    raised = {"order_id": first.body["order_id"], "items": [{"sku_id": SKU, "quantity": 2}]}
    assert codes(shop.send("modify_orders", raised, now=NOW)) == [None]
    stock(shop, 1)
    assert (waiting(read(shop, first)), waiting(read(shop, second))) == ({SKU: 1}, {SKU: 1})


def test_staff_of_a_warehouse_that_all_units_left_do_not_see_the_order(shop: Shop) -> None:
    stock(shop, 2)
    stock(shop, 2, warehouse="WH-02")
    placed = shop.order((SKU, 2), now=NOW)
    item = {"sku_id": SKU, "quantity": 2, "to_warehouse_location": "WH-02"}
    assert codes(shop.send("reallocate_orders", {"order_id": placed.body["order_id"], "items": [item]}, now=NOW)) == [None]
    for warehouse, rows in (("WH-01", 0), ("WH-02", 1)):
        with shop.session("warehouse", warehouses=[warehouse]) as connection:
            for table in ("orders", "order_lines"):
                assert len(connection.execute(f"select from orders.{table}".encode()).fetchall()) == rows


def test_units_move_by_hand_only_to_units_that_keep_the_promise(shop: Shop) -> None:
    shop.send("save_channels", {"channel_id": "web", "freshness_rules": [RULE]})
    stock(shop, 2)
    strict = shop.order((SKU, 2), now=NOW)
    stock(shop, 9, expires=STALE, warehouse="WH-02")
    stock(shop, 1, warehouse="WH-02")

    def move(units: int) -> Result:
        item = {"sku_id": SKU, "quantity": units, "to_warehouse_location": "WH-02"}
        return shop.send("reallocate_orders", {"order_id": strict.body["order_id"], "items": [item]}, now=NOW)[0]

    assert shortages(move(2)) == [("/items/0/quantity", 2, 1)]
    assert move(1).code is None
    assert shop.fulfill(strict, now=NOW).body["status"] == "completed"
    assert shop.verify() == []


def test_a_till_leaves_the_units_that_others_were_promised(shop: Shop) -> None:
    shop.send("save_channels", {"channel_id": "web", "freshness_rules": [RULE]})
    stock(shop, 2)
    stock(shop, 2, expires=STALE)
    assert shop.order((SKU, 2), now=NOW).code is None
    till = {
        "channel": "till",
        "handed_over": {
            "warehouse_location": "WH-01",
            "items": [{"sku_id": SKU, "quantity": 1, "batch_number": f"B-{GOOD}", "reason_code": "could_not_locate"}],
        },
    }
    refused = shop.send(
        "place_orders", {**till, "customer": {"name": "Jane"}, "items": [{"sku_id": SKU, "quantity": 1, "price": 9}]}, now=NOW
    )
    assert codes(refused) == ["SH003"]
