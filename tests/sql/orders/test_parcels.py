"""Parcels name the lots that left: scanned, assumed, or taken before one that expires earlier; a parcel can be undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.races import race, sender
from tests.world import EARLY, LATE, OTHER_SKU, SKU, Result, Shop, codes, keyed, parts

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

NOW = "2026-03-10T12:00:00Z"
RECALL = {"sku_id": SKU, "batch_number": "L-1", "status": "recalled", "reason_code": "recalled"}


@pytest.fixture
def shelf(shop: Shop) -> Shop:
    """Ten units of a lot that expires early, ten of one that expires late, and ten of another SKU's lot."""
    shop.receive(10, batch_number="L-1", expiration_date=EARLY)
    shop.receive(10, batch_number="L-2", expiration_date=LATE)
    shop.receive(10, OTHER_SKU, batch_number="M-1")
    return shop


def events_of(shop: Shop, kind: str) -> list[dict[str, Any]]:
    return shop.rows("select data, actor, audience from events.outbox where type = %s order by outbox_id", kind)


def item(quantity: int, lot: str | None = None, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    return {"sku_id": sku_id, "quantity": quantity, **({"batch_number": lot} if lot else {}), **rest}


def lots(shipped: Result, parcel: int = -1) -> list[tuple[str, int, bool]]:
    assert shipped.code is None, shipped
    return [(line["batch_number"], line["quantity"], line["assumed"]) for line in shipped.body["fulfillments"][parcel]["items"]]


def faults(refused: Result) -> list[tuple[str | None, str]]:
    return [(refused.code, error["pointer"]) for error in refused.body["errors"]]


def undo(shop: Shop, shipped: Result, parcel: int = -1, *, role: str = "admin", **rest: Any) -> Result:
    [answer] = shop.send("cancel_fulfillments", undoing(shipped, parcel), role=role, **rest)
    return answer


def undoing(shipped: Result, parcel: int = -1) -> dict[str, Any]:
    fulfillment = shipped.body["fulfillments"][parcel]["fulfillment_id"]
    return {"order_id": shipped.body["order_id"], "fulfillment_id": fulfillment, "reason": "never collected"}


# The lot that left


def test_the_scanned_lots_leave(shelf: Shop) -> None:
    placed = shelf.order((SKU, 10))
    named = [item(6, " l-1"), item(2, "L-2", reason_code="could_not_locate")]
    shipped = shelf.fulfill(placed, items=named)
    assert lots(shipped) == [("L-1", 6, False), ("L-2", 2, False)]
    assert shelf.batches() == {"L-1": 4, "L-2": 8}
    rest = shelf.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2, "lot_number": "L-1"}])
    assert lots(rest) == [("L-1", 2, False)]
    assert rest.body["status"] == "completed"
    assert shelf.verify() == []


def test_without_a_lot_the_first_to_expire_is_assumed(shelf: Shop) -> None:
    shipped = shelf.fulfill(shelf.order((SKU, 12)))
    assert lots(shipped) == [("L-1", 10, True), ("L-2", 2, True)]
    assert {line["passed_over"] for line in shipped.body["fulfillments"][0]["items"]} == {None}
    [event] = events_of(shelf, "order.fulfilled")
    assert [line["assumed"] for line in event["data"]["fulfillments"][0]["items"]] == [True, True]


def test_a_lot_has_as_many_sellable_units_there_as_are_taken(shelf: Shop) -> None:
    shelf.receive(5, batch_number="FAR", warehouse_location="WH-02")
    placed = shelf.order((SKU, 12))
    refused = shelf.fulfill(placed, items=[item(12, "L-1")])
    assert faults(refused) == [("ST013", "/items/0/batch_number")]
    [error] = refused.body["errors"]
    assert (error["requested"], error["available"]) == (12, 10)
    assert error["candidates"] == [
        {"batch_number": "L-1", "status": "available", "stock": 10},
        {"batch_number": "L-2", "status": "available", "stock": 10},
    ]
    assert faults(shelf.fulfill(placed, items=[item(1, "FAR")])) == [("ST013", "/items/0/batch_number")]
    shelf.send("change_batches", RECALL)
    refused = shelf.fulfill(placed, items=[item(1, "L-1")])
    assert faults(refused) == [("ST013", "/items/0/batch_number")]
    assert refused.body["errors"][0]["candidates"][0] == {"batch_number": "L-1", "status": "recalled", "stock": 10}
    assert shelf.batches() == {"L-1": 10, "L-2": 10}
    assert lots(shelf.fulfill(placed, items=[item(10, "L-2")])) == [("L-2", 10, False)]  # the recalled lot is not passed over


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        ([item(1, "M-1")], ("ST007", "/items/0/batch_number")),
        ([item(1, "X-9")], ("ST007", "/items/0/batch_number")),
        ([item(1, "L-1"), item(1, "l-1 ")], ("VA001", "/items/1/batch_number")),
        ([item(1, "L-1"), item(1)], ("VA001", "/items/1/batch_number")),
        ([item(0, "L-1")], ("OR004", "/items/0/quantity")),
        ([item(4, "L-1"), item(1, "M-1", OTHER_SKU), item(4, "L-2", reason_code="damaged")], ("OR004", "/items/0/quantity")),
        ([item(1, reason_code="damaged")], ("VA001", "/items/0/reason_code")),
        ([item(1, "L-2")], ("SH002", "/items/0/reason_code")),
        ([item(1, "L-2", reason_code="mice")], ("ST004", "/items/0/reason_code")),
        ([item(1, "L-2", reason_code="found")], ("ST006", "/items/0/reason_code")),
        ([item(1, "L-2", reason_code="other")], ("ST005", "/note")),
    ],
)
def test_an_item_that_cannot_be_right_is_refused(shelf: Shop, items: list[dict[str, Any]], fault: tuple[str, str]) -> None:
    placed = shelf.order((SKU, 5), (OTHER_SKU, 5))
    assert faults(shelf.fulfill(placed, items=items)) == [fault]
    assert shelf.batches() == {"L-1": 10, "L-2": 10}


def test_a_lot_that_expires_earlier_is_passed_over_for_a_reason(shelf: Shop) -> None:
    placed = shelf.order((SKU, 12))
    refused = shelf.fulfill(placed, items=[item(3, "L-2")])
    assert refused.body["errors"][0]["passed_over"] == ["L-1"]
    shipped = shelf.fulfill(placed, items=[item(3, "L-2", reason_code="could_not_locate")])
    [line] = shipped.body["fulfillments"][0]["items"]
    assert line["passed_over"] == {"reason_code": "could_not_locate", "batch_numbers": ["L-1"]}
    [event] = events_of(shelf, "order.fulfilled")
    assert event["data"]["fulfillments"][0]["items"] == [line]
    # Nothing is left of the earlier lot: nothing is passed over.
    whole = shelf.fulfill(placed, items=[item(8, "L-1")])
    assert lots(whole) == [("L-1", 8, False)]
    again = shelf.order((SKU, 4))
    assert lots(shelf.fulfill(again, items=[item(2, "L-2", reason_code="damaged"), item(2, "L-1")])) == [
        ("L-1", 2, False),
        ("L-2", 2, False),
    ]


def test_reasons_for_picking_change_no_stock(shelf: Shop) -> None:
    for delta in (1, -1):
        assert shelf.adjust(delta, reason_code="could_not_locate").code == "ST006"
    assert shelf.count(5, reason_code="earlier_expiration_date").code == "ST006"
    change = {**RECALL, "status": "quarantined", "reason_code": "could_not_locate"}
    assert codes(shelf.send("change_batches", change)) == ["ST006"]
    assert shelf.receive(1, reason_code="could_not_locate").code == "ST006"


def test_a_warehouse_can_require_the_scan(shelf: Shop) -> None:
    shelf.send("save_warehouses", {"warehouse_id": "WH-01", "scan_required": True})
    placed = shelf.order((SKU, 3))
    assert faults(shelf.fulfill(placed)) == [("SH001", "/items")]
    assert faults(shelf.fulfill(placed, items=[item(3)])) == [("SH001", "/items/0/batch_number")]
    assert lots(shelf.fulfill(placed, items=[item(3, "L-1")])) == [("L-1", 3, False)]


# When it left


def test_a_parcel_left_when_it_was_handed_over(shelf: Shop) -> None:
    placed = shelf.order((SKU, 5), created_at="2026-03-08T10:00:00Z", now=NOW)
    shipped = shelf.fulfill(placed, items=[item(2, "L-1")], shipped_at="2026-03-09T09:30:00Z", now=NOW)
    [parcel] = shipped.body["fulfillments"]
    assert (parcel["shipped_at"], parcel["created_at"]) == ("2026-03-09T09:30:00.000Z", "2026-03-10T12:00:00.000Z")
    [row] = shelf.rows("select occurred_at, recorded_at from stock.stock_movements where kind = 'fulfill'")
    assert row["occurred_at"] == datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
    assert row["recorded_at"] == datetime(2026, 3, 10, 12, tzinfo=UTC)
    [fact] = shelf.rows("select shipped_at, lead_hours from bi.fact_fulfillment")
    assert (fact["shipped_at"], float(fact["lead_hours"])) == (datetime(2026, 3, 9, 9, 30, tzinfo=UTC), 23.5)
    [event] = events_of(shelf, "order.fulfilled")
    assert event["data"]["fulfillments"] == [parcel]


@pytest.mark.parametrize(
    ("shipped_at", "role", "code"),
    [
        ("2026-03-10T12:04:00Z", "warehouse", None),
        ("2026-03-10T12:06:00Z", "warehouse", "VA001"),
        ("2026-03-08T09:59:00Z", "warehouse", "VA001"),
    ],
)
def test_a_parcel_leaves_between_order_and_now(shelf: Shop, shipped_at: str, role: str, code: str | None) -> None:
    placed = shelf.order((SKU, 5), created_at="2026-03-08T10:00:00Z", now=NOW)
    request = {"order_id": placed.body["order_id"], "shipped_at": shipped_at}
    [answer] = shelf.send("fulfill_orders", request, role=role, warehouses=["WH-01"], now=NOW)
    assert answer.code == code
    if code:
        assert faults(answer) == [("VA001", "/shipped_at")]
    else:  # a clock that is ahead
        assert answer.body["fulfillments"][0]["shipped_at"] == "2026-03-10T12:00:00.000Z"


# A parcel that never left


def test_an_undone_parcel_is_promised_again(shelf: Shop) -> None:
    placed = shelf.order((SKU, 12), (OTHER_SKU, 1))
    before = shelf.level(), shelf.batches()
    shipped = shelf.fulfill(placed, tracking_number="T-1")
    undone = undo(shelf, shipped)
    assert undone.code is None, undone
    [parcel] = undone.body["fulfillments"]
    assert (parcel["tracking_number"], parcel["cancel_reason"]) == ("T-1", "never collected")
    assert parcel["canceled_at"] is not None
    assert [line["quantity"] for line in parcel["items"]] == [10, 2, 1]
    assert (undone.body["status"], undone.body["fulfillment_status"]) == ("processing", "unfulfilled")
    assert {line["fulfilled"] for line in undone.body["items"]} == {0}
    assert (shelf.level(), shelf.batches()) == before
    kinds = shelf.rows(
        "select kind, on_hand_delta, committed_delta from stock.stock_movements where kind = 'unfulfill' order by 2"
    )
    assert [(row["on_hand_delta"], row["committed_delta"]) for row in kinds] == [(1, 1), (2, 2), (10, 10)]
    [event] = events_of(shelf, "fulfillment.canceled")
    assert event["data"]["fulfillments"] == [parcel]
    old = event["data"]["old"]
    assert (old["status"], old["fulfillment_status"], old["fulfillments"][0]["canceled_at"]) == ("completed", "fulfilled", None)
    assert shelf.verify() == []
    again = shelf.fulfill(placed)
    assert (again.body["status"], len(again.body["fulfillments"])) == ("completed", 2)
    assert shelf.verify() == []


def test_undoing_twice_is_undoing_once(shelf: Shop) -> None:
    shipped = shelf.fulfill(shelf.order((SKU, 2)))
    first, second = undo(shelf, shipped), undo(shelf, shipped)
    assert (second.code, second.body) == (None, first.body)
    element = keyed(undoing(shipped))
    assert codes(shelf.send("cancel_fulfillments", element, keyed(undoing(shipped), "k-2"))) == [None, None]
    assert len(events_of(shelf, "fulfillment.canceled")) == 1
    assert shelf.level() == {"on_hand": 20, "available": 18, "committed": 2}


def test_one_of_several_parcels_is_undone(shelf: Shop) -> None:
    placed = shelf.order((SKU, 5))
    shelf.fulfill(placed, items=[item(2)])
    shipped = shelf.fulfill(placed, items=[item(3)])
    undone = undo(shelf, shipped, 0)
    assert (undone.body["status"], undone.body["fulfillment_status"]) == ("processing", "partially_fulfilled")
    assert [line["fulfilled"] for line in undone.body["items"]] == [3]
    [row] = shelf.rows("select count(*), sum(quantity) from bi.fact_fulfillment")
    assert (row["count"], row["sum"]) == (1, 3)


def test_undoing_reopens_an_order_of_which_the_rest_was_canceled(shelf: Shop) -> None:
    placed = shelf.order((SKU, 10))
    shipped = shelf.fulfill(placed, items=[item(9)])
    canceled = shelf.cancel(placed)
    assert (canceled.body["status"], canceled.body["total_price"]) == ("completed", 90)
    undone = undo(shelf, shipped)
    assert (undone.body["status"], undone.body["fulfillment_status"], undone.body["total_price"]) == (
        "processing",
        "unfulfilled",
        90,
    )
    [line] = undone.body["items"]
    assert (line["quantity"], line["fulfilled"], line["canceled"]) == (10, 0, 1)
    assert shelf.verify() == []
    ended = shelf.cancel(placed)
    assert (ended.body["status"], ended.body["total_price"]) == ("canceled", 0)
    assert shelf.level() == {"on_hand": 20, "available": 20}
    assert undo(shelf, shipped).body == ended.body
    assert shelf.verify() == []


@pytest.mark.parametrize("rest", [0, 3])
def test_units_of_a_lot_recalled_meanwhile_come_back_unavailable(shelf: Shop, rest: int) -> None:
    shelf.adjust(-6, batch_number="L-1")
    shelf.adjust(-10, batch_number="L-2")
    shipped = shelf.fulfill(shelf.order((SKU, 4 - rest)))
    shelf.send("change_batches", RECALL)
    shelf.receive(2, batch_number="L-2")
    undone = undo(shelf, shipped)
    assert undone.code is None, undone
    units = 4 - rest
    free = {"available": 2 - units} if units < 2 else {}
    debt = {"shortfall": units - 2} if units > 2 else {}
    level = {"on_hand": 6, "committed": units, "unavailable": rest + min(units, 2)}
    assert shelf.level() == level | free | debt
    assert shelf.verify() == []
    shelf.receive(10, batch_number="L-2")  # new units settle the debt
    assert shelf.level() == {"on_hand": 16, "committed": units, "unavailable": 4, "available": 12 - units}
    assert shelf.verify() == []


def test_units_of_a_lot_expired_meanwhile_come_back_unavailable(shelf: Shop) -> None:
    shipped = shelf.fulfill(shelf.order((SKU, 10)))
    later = "2030-07-01T12:00:00Z"
    assert undo(shelf, shipped, now=later).code is None
    shelf.job("expire_lots", later)
    assert shelf.level() == {"on_hand": 20, "committed": 10, "unavailable": 10}
    assert shelf.verify() == []


def test_an_undone_parcel_feeds_nobody_who_waits(shelf: Shop) -> None:
    shelf.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})
    first = shelf.order((SKU, 20))
    shipped = shelf.fulfill(first)
    second = shelf.order((SKU, 3))
    assert [part["quantity"] for part in second.body["backorders"]] == [3]
    shelf.send("change_batches", RECALL)
    assert undo(shelf, shipped).code is None
    assert shelf.level() == {"on_hand": 20, "committed": 20, "shortfall": 10}
    shelf.receive(4, batch_number="L-2")
    assert shelf.level() == {"on_hand": 24, "committed": 20, "unavailable": 4, "shortfall": 6}
    assert shelf.verify() == []
    shelf.cancel(first)
    assert shelf.level() == {"on_hand": 24, "available": 11, "committed": 3, "unavailable": 10}
    assert shelf.verify() == []


def test_staff_undo_the_parcels_of_their_own_warehouse_only(shelf: Shop) -> None:
    shelf.receive(5, batch_number="L-1", expiration_date=EARLY, warehouse_location="WH-02")
    shipped = shelf.fulfill(shelf.order((SKU, 21)))
    at = [parcel["warehouse_location"] for parcel in shipped.body["fulfillments"]].index("WH-01")
    assert undo(shelf, shipped, at, role="warehouse", warehouses=["WH-02"]).code == "OR012"
    assert shelf.batches() == {"L-1": 0, "L-2": 0}
    undone = undo(shelf, shipped, at, role="warehouse", warehouses=["WH-01"])
    assert undone.code is None, undone
    assert (undone.body["status"], undone.body["fulfillment_status"]) == ("processing", "partially_fulfilled")
    assert [line["fulfilled"] for line in undone.body["items"]] == [1]
    assert [parcel["warehouse_location"] for parcel in undone.body["fulfillments"]] == ["WH-01"]
    assert shelf.batches() == {"L-1": 10, "L-2": 10}


def test_an_undoing_needs_an_order_a_parcel_and_a_reason(shelf: Shop) -> None:
    shipped = shelf.fulfill(shelf.order((SKU, 2)))
    element = undoing(shipped)
    other = shelf.order((SKU, 1)).body["order_id"]
    answers = shelf.send(
        "cancel_fulfillments",
        element | {"order_id": "ORD-1-1"},
        element | {"order_id": other},
        element | {"fulfillment_id": "FUL-1-1"},
        element | {"reason": None},
        element | {"reason": " "},
        element | {"if_match": "1"},
    )
    assert codes(answers) == ["OR002", "OR012", "OR012", "VA001", "VA001", "ST009"]
    assert shelf.level() == {"on_hand": 18, "available": 17, "committed": 1}


def test_verify_finds_a_parcel_that_the_ledger_does_not_know(shelf: Shop) -> None:
    shelf.fulfill(shelf.order((SKU, 2)))
    with shelf.connection.transaction(force_rollback=True):
        shelf.connection.execute("update orders.fulfillment_lines set quantity = 3")
        assert {row[0] for row in shelf.verify()} == {"parcels of lot", "parcels of order"}
    with shelf.connection.transaction(force_rollback=True):
        shelf.connection.execute("update orders.fulfillments set canceled_at = now(), cancel_reason = 'x'")
        assert {row[0] for row in shelf.verify()} == {"parcels of lot", "parcels of order"}


# At once


@pytest.mark.commits
@pytest.mark.parametrize("undo_first", [True, False])
@pytest.mark.parametrize("other", ["ship", "cancel", "recall", "undo"])
def test_undoing_and_another_command_at_once(shelf: Shop, pool: ThreadPoolExecutor, other: str, undo_first: bool) -> None:
    placed = shelf.order((SKU, 12))
    shipped = shelf.fulfill(placed, items=[item(10)])
    reverse = sender(shelf, "cancel_fulfillments", undoing(shipped))
    name = {"order_id": placed.body["order_id"]}
    rival = {
        "ship": sender(shelf, "fulfill_orders", name),
        "cancel": sender(shelf, "cancel_orders", name),
        "recall": sender(shelf, "change_batches", RECALL),
        "undo": sender(shelf, "cancel_fulfillments", undoing(shipped)),
    }[other]
    answers = race(shelf, pool, *((reverse, rival) if undo_first else (rival, reverse)))
    assert codes([*answers]) == [None, None]
    assert shelf.verify() == []
    order = shelf.send("fulfill_orders", {**name, "items": [item(99)]})[0]
    assert order.code == "OR004"
    open_units = {
        ("ship", True): 0,
        ("ship", False): 10,
        ("cancel", True): 0,
        ("cancel", False): 10,
        ("recall", True): 12,
        ("recall", False): 12,
        ("undo", True): 12,
        ("undo", False): 12,
    }[other, undo_first]
    assert order.body["errors"][0]["open"] == open_units
    assert len(events_of(shelf, "fulfillment.canceled")) == 1
    assert shelf.level()["on_hand"] == (8 if (other, undo_first) == ("ship", True) else 18 if other == "ship" else 20)


@pytest.mark.commits
def test_a_lot_recalled_while_it_is_scanned_does_not_leave(shelf: Shop, pool: ThreadPoolExecutor) -> None:
    placed = shelf.order((SKU, 3))
    name = {"order_id": placed.body["order_id"], "items": [item(3, "L-1")]}
    _, shipped = race(shelf, pool, sender(shelf, "change_batches", RECALL), sender(shelf, "fulfill_orders", name))
    assert faults(shipped) == [("ST013", "/items/0/batch_number")]
    assert parts(placed) == {(SKU, "WH-01"): 3}


def test_shipping_is_dated_no_later_than_now(shelf: Shop) -> None:
    placed = shelf.order((SKU, 1))
    ahead = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    [parcel] = shelf.fulfill(placed, shipped_at=ahead).body["fulfillments"]
    assert datetime.fromisoformat(parcel["shipped_at"]) <= datetime.now(UTC)


def test_an_order_whose_only_parcel_was_undone_after_the_rest_was_canceled_can_be_raised(shop: Shop) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 5), external_id="S-1")
    shipped = shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2}])
    shop.cancel(placed)
    [parcel] = shipped.body["fulfillments"]
    undone = {"order_id": "S-1", "fulfillment_id": parcel["fulfillment_id"], "reason": "never collected"}
    assert shop.send("cancel_fulfillments", undone)[0].code is None
    items = [{"sku_id": SKU, "quantity": 5}]
    [raised] = shop.send("modify_orders", {"order_id": "S-1", "items": items, "note": "gift"})
    assert raised.code is None
    [line] = raised.body["items"]
    assert (line["quantity"], line["canceled"], raised.body["total_price"]) == (8, 3, 50)  # what was canceled stays in the line
    assert shop.level() == {"on_hand": 9, "available": 4, "committed": 5}
    assert shop.verify() == []
