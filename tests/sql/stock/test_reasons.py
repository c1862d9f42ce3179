"""Which units a reason takes away, and that the answer, the ledger and the event name their lots."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import AFTER_EARLY, EARLY, OTHER_SKU, SKU, Result, Shop, adjustment, codes, receipt

OLD, OLDER = {"batch_number": "OLD", "expiration_date": EARLY}, {"batch_number": "OLDER", "expiration_date": "2030-05-31"}
NEW = {"batch_number": "NEW"}
# The lots of a test by letter: N and M can be sold, O and P are past their expiry date, R is recalled, Q is quarantined.
LOTS: dict[str, dict[str, Any]] = {
    "N": NEW,
    "M": {"batch_number": "NEWER"},
    "O": OLD,
    "P": OLDER,
    "R": {"batch_number": "BAD"},
    "Q": {"batch_number": "ON-HOLD"},
}
BLOCKED = {"R": "recalled", "Q": "quarantined"}


def stock_with(shop: Shop, lots: str) -> None:
    """Five units of each of these lots, on the day after EARLY."""
    shop.send("receive_stock", *(receipt(5, **LOTS[lot]) for lot in lots))
    for lot in lots:
        if lot in BLOCKED:
            element = {"sku_id": SKU, "batch_number": LOTS[lot]["batch_number"], "status": BLOCKED[lot], "note": "glass found"}
            assert codes(shop.send("change_batches", element)) == [None]


def take(shop: Shop, units: int, reason: str, **rest: Any) -> Result:
    return shop.adjust(-units, reason_code=reason, now=AFTER_EARLY, **rest)


def taken(result: Result) -> dict[str, int]:
    """The units that left each lot."""
    assert result.code is None, result.body
    return {one["batch_number"]: -one["delta"] for one in result.body["batches"]}


def candidates(result: Result) -> list[str]:
    assert (result.code, result.body["errors"][0]["pointer"]) == ("ST015", "/batch_number"), result
    listed = [one["batch_number"] for one in result.body["errors"][0]["candidates"]]
    assert all(name in result.body["detail"] for name in listed)
    return listed


@pytest.mark.parametrize(
    ("lots", "reason", "units", "left"),
    [
        ("NO", "expired", 2, {"OLD": 2}),
        ("NOQR", "expired", 5, {"OLD": 5}),
        ("NOP", "expired", 10, {"OLDER": 5, "OLD": 5}),  # all of them: nothing to choose
        ("O", "expired", 3, {"OLD": 3}),
        ("NR", "recalled", 3, {"BAD": 3}),
        ("NORQ", "recalled", 3, {"BAD": 3}),
        ("NMOR", "promotion", 7, {"NEW": 5, "NEWER": 2}),
        ("NM", "damaged", 7, {"NEW": 5, "NEWER": 2}),
        ("NM", "shrinkage", 1, {"NEW": 1}),
        ("Q", "quality_control", 1, {"ON-HOLD": 1}),
        ("O", "scrapped", 5, {"OLD": 5}),
        ("NORQ", "scrapped", 20, {"NEW": 5, "OLD": 5, "BAD": 5, "ON-HOLD": 5}),
    ],
)
def test_a_reason_takes_the_units_that_it_means(shop: Shop, lots: str, reason: str, units: int, left: dict[str, int]) -> None:
    stock_with(shop, lots)
    before = shop.batches()
    result = take(shop, units, reason)
    assert taken(result) == left
    assert shop.batches() == {batch: number - left.get(batch, 0) for batch, number in before.items()}
    assert [one["stock"] for one in result.body["batches"]] == [5 - number for number in left.values()]


@pytest.mark.parametrize(
    ("lots", "reason", "named"),
    [
        ("NOP", "expired", ["OLDER", "OLD"]),
        ("NO", "damaged", ["NEW", "OLD"]),
        ("NQ", "quality_control", ["NEW", "ON-HOLD"]),
        ("OQ", "scrapped", ["OLD", "ON-HOLD"]),
        ("NR", "shrinkage", ["NEW", "BAD"]),
        ("NR", "correction", ["NEW", "BAD"]),
    ],
)
def test_where_lots_and_reason_do_not_decide_the_lot_has_to_be_named(
    shop: Shop, lots: str, reason: str, named: list[str]
) -> None:
    stock_with(shop, lots)
    before = shop.batches()
    assert candidates(take(shop, 2, reason)) == named
    assert shop.batches() == before
    for batch in named:
        assert taken(take(shop, 1, reason, batch_number=batch)) == {batch: 1}


def test_a_count_of_a_level_takes_the_same_care(shop: Shop) -> None:
    stock_with(shop, "NO")
    assert candidates(shop.count(8, now=AFTER_EARLY)) == ["NEW", "OLD"]
    assert taken(shop.count(8, reason_code="expired", now=AFTER_EARLY)) == {"OLD": 2}
    assert taken(shop.count(3, batch_number="NEW", now=AFTER_EARLY)) == {"NEW": 2}
    assert taken(shop.count(6, now=AFTER_EARLY)) == {}
    assert taken(shop.count(0, now=AFTER_EARLY)) == {"NEW": 3, "OLD": 3}
    assert shop.batches() == {"NEW": 0, "OLD": 0}


@pytest.mark.parametrize(
    ("lots", "reason", "batch", "says"),
    [
        ("NO", "expired", "NEW", "lot NEW is available"),
        ("NR", "recalled", "NEW", "lot NEW is available"),
        ("NR", "expired", "BAD", "lot BAD is recalled"),
        ("NO", "promotion", "OLD", "lot OLD is expired"),
    ],
)
def test_a_lot_that_contradicts_the_reason_is_refused(shop: Shop, lots: str, reason: str, batch: str, says: str) -> None:
    stock_with(shop, lots)
    refused = take(shop, 1, reason, batch_number=batch)
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("ST020", "/reason_code")
    assert says in refused.body["detail"]


def test_a_lot_without_a_date_never_expires(shop: Shop) -> None:
    shop.receive(5, batch_number="ETERNAL", expiration_date=None)
    assert take(shop, 1, "expired", batch_number="ETERNAL").code == "ST020"
    assert take(shop, 1, "expired").code == "ST001"


def test_a_quarantined_lot_can_be_past_its_date_as_well(shop: Shop) -> None:
    shop.receive(5, **OLD)
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "OLD", "status": "quarantined"})
    assert taken(take(shop, 2, "expired")) == {"OLD": 2}
    assert shop.level() == {"on_hand": 3, "unavailable": 3}


@pytest.mark.parametrize(
    ("lots", "reason", "units", "detail", "available"),
    [
        ("N", "expired", 2, "WH-01 has no units of SAUCE-1 past their expiry date, not 2.", 0),
        ("NO", "expired", 7, "WH-01 has 5 units of SAUCE-1 past their expiry date, not 7.", 5),
        ("NO", "recalled", 1, "WH-01 has no units of SAUCE-1 in recalled lots, not 1.", 0),
        ("OR", "promotion", 1, "WH-01 has no units of SAUCE-1 that can be sold, not 1.", 0),
        ("N", "damaged", 999, "WH-01 has 5 units of SAUCE-1, not 999.", 5),
    ],
)
def test_units_that_are_not_there_are_not_called_promised(
    shop: Shop, lots: str, reason: str, units: int, detail: str, available: int
) -> None:
    stock_with(shop, lots)
    refused = take(shop, units, reason)
    assert (refused.code, refused.body["detail"]) == ("ST001", detail)
    assert refused.body["errors"][0]["available"] == available


def test_promised_units_of_an_expired_lot_leave_too(shop: Shop) -> None:
    shop.receive(10, **OLD)
    shop.order((SKU, 6))
    assert take(shop, 11, "expired").code == "ST001"
    assert taken(take(shop, 4, "expired")) == {"OLD": 4}
    assert shop.rows("select from orders.backorders") == []
    assert taken(take(shop, 2, "expired")) == {"OLD": 2}
    assert shop.rows("select quantity from orders.backorders") == [{"quantity": 6}]
    assert shop.verify() == []


def test_ledger_and_event_name_the_lots_and_their_units(shop: Shop) -> None:
    stock_with(shop, "NM")
    assert taken(take(shop, 7, "damaged")) == {"NEW": 5, "NEWER": 2}
    rows = shop.rows(
        "select t.batch_number, m.on_hand_delta from stock.stock_movements m join stock.lots t using (region_id, lot_id)"
        " where m.reason_code = 'damaged' order by m.movement_id"
    )
    assert [(row["batch_number"], row["on_hand_delta"]) for row in rows] == [("NEW", -5), ("NEWER", -2)]
    [event] = shop.rows("select data from events.outbox where data -> 'reason_codes' ? 'damaged'")
    assert event["data"]["batches"] == [{"batch_number": "NEW", "delta": -5}, {"batch_number": "NEWER", "delta": -2}]


def test_units_that_come_in_are_named_with_their_lot(shop: Shop) -> None:
    stock_with(shop, "NM")
    added = shop.adjust(3, reason_code="found", now=AFTER_EARLY)
    assert added.body["batches"] == [{"batch_number": "NEWER", "delta": 3, "stock": 8}]
    assert shop.order((SKU, 1), now=AFTER_EARLY).code is None
    [event] = shop.rows("select data from events.outbox where type = 'stock.committed'")
    assert "batches" not in event["data"]  # an order moves no lot


def test_one_call_decides_line_after_line(shop: Shop) -> None:
    """The second line finds the lot that the first one emptied gone, so that nothing is left to choose."""
    stock_with(shop, "OP")
    first, second, third = shop.send(
        "adjust_stock",
        adjustment(-5, reason_code="expired", batch_number="OLDER"),
        adjustment(-2, reason_code="expired"),
        adjustment(-1, OTHER_SKU, reason_code="expired"),
        now=AFTER_EARLY,
    )
    assert (taken(first), taken(second), third.code) == ({"OLDER": 5}, {"OLD": 2}, "ST001")


def test_a_reason_of_ones_own_says_what_it_takes(shop: Shop) -> None:
    stock_with(shop, "NO")
    mice = {"reason_code": "mice", "description": "Eaten by mice", "direction": "out"}
    [made] = shop.send("save_reason_codes", mice)
    assert made.body["takes"] == "any"
    assert take(shop, 1, "mice").code == "ST015"
    [changed] = shop.send("save_reason_codes", {"reason_code": "mice", "takes": "expired", "mode": "patch"})
    assert changed.body["takes"] == "expired"
    assert taken(take(shop, 1, "mice")) == {"OLD": 1}
    assert [row["new"] for row in shop.audit("catalog.reason_codes", "mice")][1]["takes"] == "expired"
