"""Changes of an order of which something was shipped: its other units can be lowered, raised and substituted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.races import race, sender
from tests.world import OTHER_SKU, SKU, THIRD_SKU, UNPRICED_SKU, Result, Shop, codes, order, receipt, shortages


def line(quantity: int, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    return {"sku_id": sku_id, "quantity": quantity, **rest}


def modify(shop: Shop, *items: dict[str, Any], order_id: str = "S-1", **rest: Any) -> Result:
    return shop.send("modify_orders", {"order_id": order_id, "items": list(items), **rest})[0]


def ship(shop: Shop, *items: dict[str, Any], order_id: str = "S-1") -> Result:
    [shipped] = shop.send("fulfill_orders", {"order_id": order_id, **({"items": list(items)} if items else {})})
    assert shipped.code is None, shipped
    return shipped


def cancel(shop: Shop) -> Result:
    return shop.send("cancel_orders", {"order_id": "S-1"})[0]


def undo(shop: Shop, shipped: Result, nth: int = -1) -> Result:
    parcel = shipped.body["fulfillments"][nth]["fulfillment_id"]
    return shop.send("cancel_fulfillments", {"order_id": "S-1", "fulfillment_id": parcel, "reason": "never collected"})[0]


def lines(answer: Result) -> list[tuple[str, int, int, int]]:
    """Of each line: SKU, units ordered, shipped and canceled."""
    assert answer.code is None, answer
    return [(item["sku_id"], item["quantity"], item["fulfilled"], item["canceled"]) for item in answer.body["items"]]


def state(answer: Result) -> tuple[str, str, float]:
    return answer.body["status"], answer.body["fulfillment_status"], answer.body["total_price"]


def three_of_which_one_left(shop: Shop, **rest: Any) -> Result:
    shop.send("receive_stock", receipt(9), receipt(9, OTHER_SKU))
    placed = shop.order((SKU, 3), external_id="S-1", **rest)
    assert placed.code is None, placed
    return ship(shop, line(1))


# Lowered, raised, substituted


def test_one_of_three_is_refunded_while_another_is_shipped(shop: Shop) -> None:
    three_of_which_one_left(shop)
    lowered = modify(shop, line(2), total_price=20)
    assert (lines(lowered), state(lowered)) == ([(SKU, 3, 1, 1)], ("processing", "partially_fulfilled", 20))
    assert shop.level() == {"on_hand": 8, "available": 7, "committed": 1}
    assert [(part["quantity"], part["fulfilled"], part["released"]) for part in lowered.body["allocations"]] == [(3, 1, 1)]
    shipped = ship(shop)
    assert (lines(shipped), state(shipped)) == ([(SKU, 3, 2, 1)], ("completed", "fulfilled", 20))
    assert shop.level() == {"on_hand": 7, "available": 7}
    assert shop.verify() == []


def test_what_was_shipped_stays(shop: Shop) -> None:
    shipped = three_of_which_one_left(shop)
    for items, pointer in (
        ([line(2, OTHER_SKU)], "/items"),
        ([line(1, OTHER_SKU), line(0)], "/items/1/quantity"),
    ):
        refused = modify(shop, *items)
        assert (refused.code, [error["pointer"] for error in refused.body["errors"]]) == ("OR010", [pointer])
        assert refused.body["errors"][0]["fulfilled"] == 1
    ship(shop, line(1))
    refused = modify(shop, line(1))
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("OR010", "/items/0/quantity")
    assert shop.level() == {"on_hand": 7, "available": 6, "committed": 1}
    assert (shipped.body["version"], modify(shop, line(3)).body["version"]) == (2, 3)


def test_units_at_the_price_at_which_they_were_shipped_stay(shop: Shop) -> None:
    shop.receive(9)
    items = [line(2, price=7), line(2, price=9)]
    shop.order(items=items, channel="till", external_id="S-1")
    ship(shop, line(3))
    for wanted in ([line(1, price=7), line(2, price=9)], [line(4, price=7)], [line(4, price=9)], [line(3, price=8)]):
        assert modify(shop, *wanted).code == "OR010"
    lowered = modify(shop, line(1, price=9), line(2, price=7))
    assert (lines(lowered), state(lowered)) == ([(SKU, 2, 2, 0), (SKU, 2, 1, 1)], ("completed", "partially_fulfilled", 23))
    assert shop.verify() == []


def test_open_units_are_substituted_by_another_sku(shop: Shop) -> None:
    three_of_which_one_left(shop)
    changed = modify(shop, line(1), line(2, OTHER_SKU), reason="The customer likes it milder.")
    assert lines(changed) == [(SKU, 3, 1, 2), (OTHER_SKU, 2, 0, 0)]
    assert (shop.level(), shop.level(OTHER_SKU)) == (
        {"on_hand": 8, "available": 8},
        {"on_hand": 9, "available": 7, "committed": 2},
    )
    back = modify(shop, line(3))
    assert lines(back) == [(SKU, 5, 1, 2), (OTHER_SKU, 2, 0, 2)]
    assert shop.level(OTHER_SKU) == {"on_hand": 9, "available": 9}
    assert state(ship(shop)) == ("completed", "fulfilled", 30)
    assert shop.verify() == []


def test_a_substitution_that_cannot_be_served_changes_nothing(shop: Shop) -> None:
    shipped = three_of_which_one_left(shop)
    refused = modify(shop, line(1), line(2, THIRD_SKU), line(10, OTHER_SKU))
    assert shortages(refused) == [("/items/1/quantity", 2, 0), ("/items/2/quantity", 10, 9)]
    assert shortages(modify(shop, line(12))) == [("/items/0/quantity", 12, 9)]
    assert modify(shop, line(3)).body == shipped.body
    assert modify(shop, line(1), line(1, UNPRICED_SKU)).code == "OR006"


def test_further_units_have_the_current_price_on_a_line_of_their_own(shop: Shop) -> None:
    three_of_which_one_left(shop)
    assert lines(modify(shop, line(4))) == [(SKU, 4, 1, 0)]
    shop.send("save_skus", {"sku_id": SKU, "price": 12})
    raised = modify(shop, line(6))
    assert (lines(raised), raised.body["total_price"]) == ([(SKU, 4, 1, 0), (SKU, 2, 0, 0)], 64)
    assert modify(shop, line(5, price=10)).code == "OR001"
    assert lines(modify(shop, line(2, price=12), line(1, price=10))) == [(SKU, 4, 1, 3), (SKU, 2, 0, 0)]
    last = ship(shop)
    assert (lines(last), state(last)) == ([(SKU, 4, 1, 3), (SKU, 2, 2, 0)], ("completed", "fulfilled", 34))
    assert shop.verify() == []


def test_an_order_is_sent_back_as_it_was_read(shop: Shop) -> None:
    three_of_which_one_left(shop)
    lowered = modify(shop, line(1), line(2, OTHER_SKU))
    again = modify(shop, *lowered.body["items"])
    assert again.body == lowered.body
    emptied = modify(shop, line(2), line(1, OTHER_SKU))
    gone = modify(shop, line(2))
    assert lines(gone) == [(SKU, 4, 1, 2), (OTHER_SKU, 2, 0, 2)]
    assert modify(shop, *gone.body["items"]).body == gone.body
    assert lines(modify(shop, *emptied.body["items"])) == [(SKU, 4, 1, 2), (OTHER_SKU, 3, 0, 2)]
    for member, known in (("fulfilled", 1), ("canceled", 2)):
        refused = modify(shop, {**line(4), member: known + 1})
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", f"/items/0/{member}")


def test_exact_amounts_of_lines_that_are_partly_shipped(shop: Shop) -> None:
    shop.receive(9)
    shop.order(items=[line(3, amount=10)], channel="till", external_id="S-1")
    ship(shop, line(1))
    lowered = modify(shop, line(2))
    assert (lines(lowered), lowered.body["items"][0]["amount"], lowered.body["total_price"]) == ([(SKU, 3, 1, 1)], 6.67, 6.67)
    assert modify(shop, *lowered.body["items"]).body == lowered.body
    more = modify(shop, line(2, amount=6.67), line(1, price=2))
    assert (lines(more), more.body["total_price"]) == ([(SKU, 3, 1, 1), (SKU, 1, 0, 0)], 8.67)
    assert modify(shop, line(3, amount=5)).code == "OR010"
    ended = cancel(shop)
    assert (state(ended), ended.body["items"][0]["amount"]) == (("completed", "partially_fulfilled", 3.33), 3.33)
    assert shop.verify() == []


# The end of an order


def test_lowered_to_what_was_shipped_an_order_is_completed_as_by_a_cancellation_of_the_rest(shop: Shop) -> None:
    three_of_which_one_left(shop)
    shop.send("hold_orders", {"order_id": "S-1", "reason": "address"})
    lowered = modify(shop, line(1), reason="Two are enough elsewhere.")
    assert (lines(lowered), state(lowered)) == ([(SKU, 3, 1, 2)], ("completed", "partially_fulfilled", 10))
    [event] = shop.rows("select data from events.outbox where type = 'order.modified'")
    assert (event["data"]["status"], event["data"]["old"]["status"]) == ("completed", "on_hold")
    assert event["data"]["reason"] == "Two are enough elsewhere."
    assert modify(shop, line(2)).code == "OR010"
    assert shop.level() == {"on_hand": 8, "available": 8}
    assert shop.verify() == []


def test_after_a_change_the_rest_is_canceled_and_parcels_are_undone(shop: Shop) -> None:
    shipped = three_of_which_one_left(shop)
    modify(shop, line(2), line(1, OTHER_SKU))
    ended = cancel(shop)
    assert (lines(ended), state(ended)) == (
        [(SKU, 3, 1, 2), (OTHER_SKU, 1, 0, 1)],
        ("completed", "partially_fulfilled", 10),
    )
    undone = undo(shop, shipped)
    assert (lines(undone), state(undone)) == (
        [(SKU, 3, 0, 2), (OTHER_SKU, 1, 0, 1)],
        ("processing", "unfulfilled", 10),
    )
    assert lines(modify(shop, line(1, OTHER_SKU))) == [(SKU, 3, 0, 3), (OTHER_SKU, 2, 0, 1)]
    assert shop.verify() == []


# The queue


def test_what_a_change_frees_goes_to_whoever_waits_and_what_is_missing_waits(shop: Shop) -> None:
    shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})
    shop.receive(3)
    shop.receive(1, OTHER_SKU)
    shop.order((SKU, 3), external_id="S-1")
    ship(shop, line(1))
    shop.order((SKU, 2), external_id="S-2")
    swapped = modify(shop, line(2), line(3, OTHER_SKU))
    assert [(part["sku_id"], part["quantity"]) for part in swapped.body["backorders"]] == [(OTHER_SKU, 2)]
    waiting = shop.rows(
        "select o.external_id, b.sku_id, b.quantity from orders.backorders b join orders.orders o using (order_id) order by 1"
    )
    assert waiting == [
        {"external_id": "S-1", "sku_id": OTHER_SKU, "quantity": 2},
        {"external_id": "S-2", "sku_id": SKU, "quantity": 1},
    ]
    lowered = modify(shop, line(2), line(1, OTHER_SKU))
    assert (lowered.body["backorders"], lines(lowered)) == ([], [(SKU, 3, 1, 1), (OTHER_SKU, 3, 0, 2)])
    assert state(ship(shop))[0] == "completed"
    assert shop.verify() == []


# Concurrency


@pytest.mark.commits
@pytest.mark.parametrize("ship_first", [True, False])
def test_a_lowering_and_a_parcel_of_one_order_never_ship_what_was_canceled(
    shop: Shop, pool: ThreadPoolExecutor, ship_first: bool
) -> None:
    three_of_which_one_left(shop)
    lower = sender(shop, "modify_orders", {"order_id": "S-1", "items": [line(2)]})
    leave = sender(shop, "fulfill_orders", {"order_id": "S-1"})
    first, second = race(shop, pool, *((leave, lower) if ship_first else (lower, leave)))
    assert codes([first, second]) == ([None, "OR010"] if ship_first else [None, None])
    left = 3 if ship_first else 2
    assert shop.level() == {"on_hand": 9 - left, "available": 9 - left}
    assert shop.verify() == []


@pytest.mark.commits
@pytest.mark.parametrize("lower_first", [True, False])
def test_a_lowering_and_a_cancellation_release_each_unit_once(shop: Shop, pool: ThreadPoolExecutor, lower_first: bool) -> None:
    three_of_which_one_left(shop)
    lower = sender(shop, "modify_orders", {"order_id": "S-1", "items": [line(2)]})
    end = sender(shop, "cancel_orders", {"order_id": "S-1"})
    first, second = race(shop, pool, *((lower, end) if lower_first else (end, lower)))
    assert codes([first, second]) == ([None, None] if lower_first else [None, "OR010"])
    assert shop.level() == {"on_hand": 8, "available": 8}
    assert shop.verify() == []


@pytest.mark.commits
def test_a_substitution_and_a_checkout_do_not_both_take_the_last_unit(shop: Shop, pool: ThreadPoolExecutor) -> None:
    three_of_which_one_left(shop)
    swap = sender(shop, "modify_orders", {"order_id": "S-1", "items": [line(1), line(2, OTHER_SKU)]})
    buy = sender(shop, "place_orders", order((OTHER_SKU, 8)))
    assert codes(list(race(shop, pool, swap, buy))) == [None, "ST001"]
    assert shop.level(OTHER_SKU) == {"on_hand": 9, "available": 7, "committed": 2}
    assert shop.verify() == []
