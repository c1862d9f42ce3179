"""Unpaid orders keep their units for a while, unshipped; orders on hold wait; what is over blocks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.reservations import reserve
from tests.world import OTHER_SKU, SKU, Result, Shop, codes

if TYPE_CHECKING:
    from collections.abc import Callable

NOON, LAST, ONE = "2030-05-01T12:00:00Z", "2030-05-01T12:59:59.999Z", "2030-05-01T13:00:00.000Z"  # web keeps units for 60 minutes
FOREIGN: dict[str, Any] = {"role": "integration", "sub": "other shop", "channels": ["till"]}


def unpaid(shop: Shop, *items: tuple[str, int], now: str = NOON, **rest: Any) -> Result:
    placed = shop.order(*items, now=now, status="pending", **rest)
    assert placed.code is None, placed
    return placed


def act(shop: Shop, command: str, placed: Result, now: str = NOON, caller: dict[str, Any] | None = None, **rest: Any) -> Result:
    element = {"order_id": placed.body["order_id"], **({"reason": "why"} if command == "hold_orders" else {}), **rest}
    return shop.send(command, element, now=now, **(caller or {}))[0]


def confirm(shop: Shop, placed: Result, now: str = NOON, **rest: Any) -> Result:
    return act(shop, "confirm_orders", placed, now, **rest)


def hold(shop: Shop, placed: Result, now: str = NOON, **rest: Any) -> Result:
    return act(shop, "hold_orders", placed, now, **rest)


def release(shop: Shop, placed: Result, now: str = NOON, **rest: Any) -> Result:
    return act(shop, "release_held_orders", placed, now, **rest)


def state(answer: Result) -> tuple[Any, ...]:
    assert answer.code is None, answer
    return answer.body["status"], answer.body["unpaid_until"], answer.body["held_from"]


def read(shop: Shop, placed: Result) -> Any:
    with shop.session() as c:
        [row] = c.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchall()
    del row[0]["timeline"], row[0]["return_status"]  # no command answers with it
    return row[0]


def agrees(shop: Shop) -> bool:
    return shop.rows("select * from stock.verify()") == []


def events(shop: Shop, placed: Result) -> list[dict[str, Any]]:
    subject = f"orders/{placed.body['order_id']}"
    return shop.rows("select type, actor, data from events.outbox where subject = %s order by outbox_id", subject)


def test_an_unpaid_order_keeps_its_units_and_cannot_be_shipped(shop: Shop) -> None:
    shop.receive(5)
    placed = unpaid(shop, (SKU, 3))
    assert state(placed) == ("pending", ONE, None)
    assert placed.body["status_change"] is None
    assert read(shop, placed) == placed.body
    assert shop.level() == {"on_hand": 5, "available": 2, "committed": 3}
    refused = shop.fulfill(placed, now=NOON)
    assert refused.code == "OR013"
    assert "confirm" in refused.body["detail"]
    assert shop.level() == {"on_hand": 5, "available": 2, "committed": 3}
    assert [(e["type"], e["data"]["status"]) for e in events(shop, placed)] == [("order.placed", "pending")]


def test_a_channel_says_how_long(shop: Shop) -> None:
    shop.receive(5)
    shop.send("save_channels", {"channel_id": "web", "unpaid_minutes": 43200, "mode": "patch"})
    assert state(unpaid(shop, (SKU, 1))) == ("pending", "2030-05-31T12:00:00.000Z", None)


def test_a_confirmed_order_can_be_shipped(shop: Shop) -> None:
    shop.receive(5)
    placed = unpaid(shop, (SKU, 3))
    confirmed = confirm(shop, placed, LAST, caller={"role": "sales", "sub": "clerk", "channels": ["web"]}, reason="IBAN")
    assert state(confirmed) == ("processing", None, None)
    assert confirmed.body["version"] == 2
    assert (confirmed.body["status_change"]["by"], confirmed.body["status_change"]["reason"]) == ("clerk", "IBAN")
    assert confirmed.body["status_change"]["at"] == LAST
    [_, event] = events(shop, placed)
    assert (event["type"], event["actor"], event["data"]["old"]) == (
        *("order.confirmed", "clerk"),
        {"status": "pending", "unpaid_until": ONE, "version": 1},
    )
    assert event["data"]["status_change"]["reason"] == "IBAN"
    [audit] = shop.rows(
        "select actor, reason, old, new from audit.audit_log where table_name = 'orders.orders' and action = 'update'"
    )
    assert (audit["actor"], audit["reason"], audit["old"]["status"], audit["new"]["status"]) == (
        *("clerk", "confirmed: IBAN", "pending", "processing"),
    )
    assert shop.job("cancel_unpaid_orders", "2030-06-01T00:00:00Z") == 0
    assert shop.fulfill(placed, now=ONE).body["status"] == "completed"
    assert agrees(shop)


def test_a_second_confirmation_changes_nothing(shop: Shop) -> None:
    shop.receive(5)
    placed = unpaid(shop, (SKU, 3))
    assert confirm(shop, confirm(shop, placed)).body == confirm(shop, placed).body
    assert len(events(shop, placed)) == 2
    keyed: dict[str, Any] = {"meta": {"idempotency_key": "k-1", "actor": "clerk"}}
    first, again = hold(shop, placed, **keyed), hold(shop, placed, **keyed)
    assert (first.replayed, again.replayed, again.body) == (False, True, first.body)


def test_a_held_order_waits_and_its_time_stands_still(shop: Shop) -> None:
    shop.receive(5)
    placed = unpaid(shop, (SKU, 3))
    held = hold(shop, placed, "2030-05-01T12:15:00Z", reason="address?")
    assert state(held) == ("on_hold", None, "pending")
    assert held.body["status_change"]["reason"] == "address?"
    assert read(shop, placed) == held.body
    refused = shop.fulfill(placed, now=NOON)
    assert (refused.code, "address?" in refused.body["detail"]) == ("OR013", True)
    assert hold(shop, placed, ONE, reason="address?").body == held.body
    assert hold(shop, placed, ONE, reason="fraud?").body["status_change"]["reason"] == "fraud?"
    assert shop.job("cancel_unpaid_orders", "2031-01-01T00:00:00Z") == 0
    assert shop.order((SKU, 3), now="2031-01-01T00:00:00Z").code == "ST001"
    released = release(shop, placed, "2030-05-03T12:00:00Z")
    assert state(released) == ("pending", "2030-05-03T12:45:00.000Z", None)
    assert release(shop, placed).body == released.body  # not on hold: nothing to do
    assert [e["type"] for e in events(shop, placed)] == ["order.placed", "order.held", "order.held", "order.released"]
    assert shop.job("cancel_unpaid_orders", "2030-05-03T12:45:00Z") == 1
    assert agrees(shop)


def test_a_paid_order_on_hold_is_paid_when_it_is_released(shop: Shop) -> None:
    shop.receive(5)
    paid, later = shop.order((SKU, 1), now=NOON), unpaid(shop, (SKU, 1))
    assert state(hold(shop, paid)) == ("on_hold", None, "processing")
    hold(shop, later, reason="address?")
    confirmed = confirm(shop, later)  # the money comes while it is on hold
    assert state(confirmed) == ("on_hold", None, "processing")
    assert confirmed.body["status_change"]["reason"] == "address?"
    assert confirm(shop, later).body == confirmed.body
    for placed in (paid, later):
        assert shop.fulfill(placed, now=NOON).code == "OR013"
        assert state(release(shop, placed)) == ("processing", None, None)
        assert shop.fulfill(placed, now=NOON).code is None
    assert agrees(shop)


def test_a_partly_shipped_order_can_be_held(shop: Shop) -> None:
    shop.receive(5)
    placed = shop.order((SKU, 3), now=NOON)
    shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 1}])
    hold(shop, placed)
    assert shop.fulfill(placed).code == "OR013"
    assert state(shop.cancel(placed)) == ("completed", None, None)
    assert agrees(shop)


@pytest.mark.parametrize("command", ["confirm_orders", "hold_orders", "release_held_orders"])
def test_an_order_that_has_ended_stays_as_it_is(shop: Shop, command: str) -> None:
    shop.receive(5)
    canceled, shipped = shop.order((SKU, 1)), shop.order((SKU, 1))
    shop.cancel(canceled)
    shop.fulfill(shipped)
    for placed in (canceled, shipped):
        assert act(shop, command, placed).code == "OR014"
    assert act(shop, command, shipped, if_match="1").code == "ST009"
    assert shop.send(command, {"order_id": "ORD-1-9", "reason": "x"}, {"reason": "x"})[0].code == "OR002"
    theirs = act(shop, command, shop.order((SKU, 1)), caller=FOREIGN)
    assert theirs.code == "OR002"


def test_a_hold_needs_a_reason(shop: Shop) -> None:
    shop.receive(5)
    placed = shop.order((SKU, 1))
    for reason in ("", None):
        refused = act(shop, "hold_orders", placed, reason=reason)
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/reason")


def test_the_worker_cancels_an_order_that_nobody_paid(shop: Shop) -> None:
    shop.receive(5)
    placed = unpaid(shop, (SKU, 3))
    assert shop.job("cancel_unpaid_orders", LAST) == 0
    assert shop.job("cancel_unpaid_orders", ONE) == 1
    assert shop.level() == {"on_hand": 5, "available": 5}
    found = read(shop, placed)
    assert (found["status"], found["unpaid_until"], found["total_price"]) == ("canceled", None, 0)
    assert (found["status_change"]["by"], found["status_change"]["reason"]) == ("system", "unpaid")
    event = events(shop, placed)[-1]
    assert (event["type"], event["actor"], event["data"]["old"]["unpaid_until"]) == ("order.canceled", "system", ONE)
    late = confirm(shop, placed, ONE)
    assert (late.code, "not paid in time" in late.body["detail"]) == ("OR014", True)
    assert agrees(shop)


def test_money_that_comes_late_still_counts_if_nobody_needed_the_units(shop: Shop) -> None:
    shop.receive(5)
    placed = unpaid(shop, (SKU, 3))
    assert state(confirm(shop, placed, "2030-05-02T12:00:00Z")) == ("processing", None, None)
    held = unpaid(shop, (SKU, 1))
    hold(shop, held, "2030-05-02T12:00:00Z")
    assert state(release(shop, held, "2030-05-03T12:00:00Z")) == ("pending", "2030-05-02T13:00:00.000Z", None)


NEEDS: dict[str, Callable[[Shop], Result]] = {
    "an order": lambda shop: shop.order((SKU, 5), now=ONE),
    "an order of another channel": lambda shop: shop.send(
        "place_orders", {"channel": "till", "items": [{"sku_id": SKU, "quantity": 5, "price": 1}]}, now=ONE, **FOREIGN
    )[0],
    "a reservation": lambda shop: reserve(shop, (SKU, 5), now=ONE),
    "an adjustment": lambda shop: shop.adjust(-5, now=ONE),
    "a count": lambda shop: shop.count(0, now=ONE),
    "safety stock": lambda shop: shop.send(
        *("set_safety_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": 5}), now=ONE
    )[0],
    "an adjustment by staff of one warehouse": lambda shop: shop.send(
        "adjust_stock",
        {"sku_id": SKU, "warehouse_location": "WH-01", "delta": -5, "reason_code": "correction", "note": "x"},
        now=ONE, role="warehouse", warehouses=["WH-01"],
    )[0],
}  # fmt: skip


@pytest.mark.parametrize("need", NEEDS)
def test_an_unpaid_order_whose_time_is_over_blocks_nobody(shop: Shop, need: str) -> None:
    """The order has units of two warehouses and two SKUs: all of them are free afterwards."""
    shop.receive(5)
    shop.receive(2, OTHER_SKU)
    shop.receive(4, OTHER_SKU, warehouse_location="WH-02")
    placed, other = unpaid(shop, (SKU, 3), (OTHER_SKU, 5)), unpaid(shop, (OTHER_SKU, 1))
    answer = NEEDS[need](shop)
    assert answer.code is None, answer
    assert read(shop, placed)["status"] == "canceled"
    assert read(shop, other)["status"] == "pending"  # nobody needs its SKU
    assert shop.level(OTHER_SKU, "WH-01") == {"on_hand": 2, "available": 2}
    assert shop.level(OTHER_SKU, "WH-02") == {"on_hand": 4, "available": 3, "committed": 1}
    assert [e["actor"] for e in events(shop, placed)][-1] == "system"
    assert agrees(shop)


@pytest.mark.parametrize("need", NEEDS)
def test_before_its_time_is_over_it_keeps_its_units(shop: Shop, need: str) -> None:
    shop.receive(5)
    placed = unpaid(shop, (SKU, 3), now="2030-05-01T12:00:01Z")
    is_fact = "count" in need or "adjustment" in need  # then it loses them as any other order does
    assert NEEDS[need](shop).code == (None if is_fact else "ST001")
    assert read(shop, placed)["status"] == "pending"
    assert [part["quantity"] for part in read(shop, placed)["backorders"]] == ([3] if is_fact else [])


def test_the_look_for_what_is_over_shows_nothing_to_others(shop: Shop) -> None:
    """The claims of the caller are as before: an order of another channel stays out of reach."""
    shop.receive(5)
    over, other = unpaid(shop, (SKU, 2)), unpaid(shop, (SKU, 1), now=LAST)
    with shop.session(now=ONE, **FOREIGN) as c:
        item = {"sku_id": SKU, "quantity": 3, "price": 1}
        assert codes(shop.run(c, "place_orders", {"channel": "till", "items": [item]})) == [None]
        for command in ("cancel_orders", "confirm_orders", "modify_orders"):
            assert codes(shop.run(c, command, *({"order_id": one.body["order_id"], "reason": "x"} for one in (over, other)))) == [
                "OR002",
                "OR002",
            ]
        assert c.execute("select count(*) from orders.orders").fetchall() == [(1,)]


def test_unpaid_and_held_orders_can_be_changed_and_canceled(shop: Shop) -> None:
    shop.receive(9)
    pending, held = unpaid(shop, (SKU, 1)), unpaid(shop, (SKU, 1))
    hold(shop, held)
    for placed, until in ((pending, ONE), (held, None)):
        name = {"order_id": placed.body["order_id"]}
        [changed] = shop.send("modify_orders", name | {"items": [{"sku_id": SKU, "quantity": 3}]}, now=NOON)
        assert changed.code is None
        assert changed.body["unpaid_until"] == until
        assert shop.cancel(placed, now=NOON).body["status"] == "canceled"
        assert read(shop, placed)["held_from"] is None
    assert shop.level() == {"on_hand": 9, "available": 9}
    assert agrees(shop)


def test_a_change_of_an_order_whose_time_is_over_is_not_its_end(shop: Shop) -> None:
    """But the units of others whose time is over are there for it, also of one that the same request changes."""
    shop.receive(6)
    placed, other, third = unpaid(shop, (SKU, 2)), unpaid(shop, (SKU, 3)), unpaid(shop, (SKU, 1))
    wanted = [{"sku_id": SKU, "quantity": 5}]
    changes = [{"order_id": one.body["order_id"], "items": wanted} for one in (placed, third)]
    changed, refused = shop.send("modify_orders", *changes, now="2030-05-01T14:00:00Z")
    assert state(changed) == ("pending", ONE, None)
    assert read(shop, other)["status"] == "canceled"
    assert (refused.code, read(shop, third)["status"]) == ("OR010", "canceled")
    assert shop.level() == {"on_hand": 6, "available": 1, "committed": 5}
    assert agrees(shop)


def test_an_unpaid_order_may_convert_a_reservation(shop: Shop) -> None:
    shop.receive(5)
    kept = reserve(shop, (SKU, 4), now=NOON)
    [placed] = shop.send("place_orders", {"reservation_id": kept.body["reservation_id"], "status": "pending"}, now=NOON)
    assert state(placed) == ("pending", ONE, None)
    assert shop.job("cancel_unpaid_orders", ONE) == 1
    assert shop.level() == {"on_hand": 5, "available": 5}
    assert agrees(shop)


def test_a_conversion_ends_what_is_over_too(shop: Shop) -> None:
    shop.receive(5)
    over = unpaid(shop, (SKU, 2))
    kept = reserve(shop, (SKU, 3), now=LAST)
    name = {"reservation_id": kept.body["reservation_id"], "items": [{"sku_id": SKU, "quantity": 5}]}
    assert shop.send("place_orders", name, now=ONE)[0].code is None
    assert read(shop, over)["status"] == "canceled"
    assert agrees(shop)


def test_a_new_order_is_processing_or_pending(shop: Shop) -> None:
    shop.receive(5)
    for status in ("on_hold", "completed", "canceled", "paid"):
        refused = shop.order((SKU, 1), status=status)
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/status")
    refused = shop.record((SKU, 1), status="pending")
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/status")


def test_what_nobody_paid_goes_to_the_order_that_waits(shop: Shop) -> None:
    """Not to the newer order that found the unpaid one over."""
    shop.receive(3)
    shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}], "mode": "patch"})
    over = unpaid(shop, (SKU, 3))
    waiting, newer = (shop.order((SKU, 2), now=now) for now in (LAST, ONE))
    assert read(shop, over)["status"] == "canceled"
    assert read(shop, waiting)["backorders"] == []
    assert [part["quantity"] for part in read(shop, newer)["backorders"]] == [1]
    assert agrees(shop)


def test_an_unpaid_order_that_waits_leaves_the_queue_at_its_end(shop: Shop) -> None:
    shop.receive(1)
    shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}], "mode": "patch"})
    waiting = unpaid(shop, (SKU, 2), (OTHER_SKU, 1))
    assert [part["quantity"] for part in waiting.body["backorders"]] == [1, 1]
    assert state(hold(shop, waiting)) == ("on_hold", None, "pending")
    assert state(release(shop, waiting)) == ("pending", ONE, None)
    assert state(shop.order((SKU, 1), now=ONE)) == ("processing", None, None)
    assert (read(shop, waiting)["status"], read(shop, waiting)["backorders"]) == ("canceled", [])
    shop.receive(1, OTHER_SKU)
    assert shop.level(OTHER_SKU) == {"on_hand": 1, "available": 1}
    assert agrees(shop)
