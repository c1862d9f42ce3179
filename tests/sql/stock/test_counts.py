"""Counts: planned, counted, approved. Nothing stands still meanwhile (rules CN1 to CN8)."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest

from tests.battery.lengths import LENGTH
from tests.counts import approval, approve, enter, entries, plan, read
from tests.world import OTHER_SKU, SKU, Shop, codes


def test_cn1_what_moves_after_the_mark_moves_on(shop: Shop) -> None:
    shop.receive(20)
    placed = shop.order((SKU, 5))
    count = plan(shop)
    entered = enter(shop, count, 18)
    assert (entered.code, entered.body["status"]) == (None, "review")
    shop.receive(7)
    assert shop.fulfill(placed).code is None
    approved = approve(shop, count)
    assert (approved.code, approved.body["status"], approved.body["refused"]) == (None, "approved", [])
    assert shop.level() == {"on_hand": 18 + 7 - 5, "available": 20}
    [line] = read(shop, count)["details"]
    assert (line["expected"], line["counted"], line["difference"], line["posted"]) == (20, 18, -2, -2)
    [moved] = shop.rows("select kind, on_hand_delta, document, actor from stock.stock_movements where kind = 'count'")
    assert list(moved.values()) == ["count", -2, count, "boss"]
    assert shop.verify() == []


@pytest.mark.parametrize(
    ("counted_at", "expected", "left"),
    [
        ("2030-01-10T07:00:00Z", 0, 19 + 20 - 3 - 5),
        ("2030-01-10T08:00:00Z", 20, 19 - 3 - 5),
        ("2030-01-10T09:00:00Z", 20, 19 - 3 - 5),
        ("2030-01-10T10:30:00+00:00", 17, 19 - 5),
        ("2030-01-10T13:00:00+01:00", 12, 19),
        (None, 12, 19),
    ],
)
def test_cn1_an_entry_of_an_offline_device_is_compared_with_its_own_moment(
    shop: Shop, counted_at: str | None, expected: int, left: int
) -> None:
    """counted_at decides the mark: later movements stay. An entry that arrives only now is compared with the ledger of then."""
    shop.receive(20, now="2030-01-10T08:00:00Z")
    shop.adjust(-3, now="2030-01-10T10:00:00Z")
    shop.adjust(-5, now="2030-01-10T11:00:00Z")
    count = plan(shop)
    at = {"counted_at": counted_at} if counted_at else {}
    assert enter(shop, count, 19, now="2030-01-12T00:00:00Z", **at).code is None
    assert [entry["expected"] for entry in read(shop, count)["details"][0]["entries"]] == [expected]
    assert approve(shop, count).code is None
    assert shop.level() == {"on_hand": left, "available": left}
    assert shop.verify() == []


@pytest.mark.parametrize(
    ("counted_at", "detail"),
    [
        ("2030-01-04T23:59:59Z", "counted_at is older than 7 days. Count again."),
        ("2030-01-05T00:00:00Z", None),
        ("2030-01-12T00:05:00Z", None),
        ("2030-01-12T00:05:01Z", "counted_at is in the future."),
    ],
)
def test_an_entry_is_at_most_seven_days_old(shop: Shop, counted_at: str, detail: str | None) -> None:
    shop.receive(20, now="2030-01-01T08:00:00Z")
    answer = enter(shop, plan(shop), 19, now="2030-01-12T00:00:00Z", counted_at=counted_at)
    if detail is None:
        assert answer.code is None, answer
    else:
        assert answer.code == "VA001"
        assert answer.body["errors"] == [{"pointer": "/entries/0/counted_at", "detail": detail}]


def test_of_two_looks_the_later_one_stands_whichever_arrives_first(shop: Shop) -> None:
    """Yesterday's entry of a handheld that was offline does not replace today's."""
    shop.receive(20, now="2030-01-10T08:00:00Z")
    count = plan(shop, tolerance_units=5)
    assert enter(shop, count, 18, now="2030-01-12T08:00:00Z").code is None
    for counter, units in (("sam", 15), ("kim", 16)):
        late = enter(shop, count, units, counter, now="2030-01-12T09:00:00Z", counted_at="2030-01-11T08:00:00Z")
        assert late.body["status"] == "review"
    [line] = read(shop, count)["details"]
    assert (line["counted"], [entry["counted"] for entry in line["entries"]]) == (18, [18, 15, 16])
    assert enter(shop, count, 17, now="2030-01-12T10:00:00Z").code is None
    assert approve(shop, count).code is None
    assert shop.level() == {"on_hand": 17, "available": 17}


def test_cn2_a_blind_count_tells_no_counter_what_is_expected(shop: Shop) -> None:
    shop.receive(20)
    shop.receive(5, batch_number="B-2")
    count = plan(shop)
    for line in read(shop, count, "warehouse", "sam")["details"]:
        assert "expected" not in line
    assert [line["expected"] for line in read(shop, count)["details"]] == [20, 5]
    enter(shop, count, 19)
    seen = {line["batch_number"]: line for line in read(shop, count, "warehouse", "sam")["details"]}
    assert (seen["B-1"]["expected"], "expected" in seen["B-2"]) == (20, False)
    hidden = read(shop, count, "warehouse", "kim")["details"]
    assert [("expected" in line, line["entries"]) for line in hidden] == [(False, []), (False, [])]
    enter(shop, count, 5, number="B-2")
    assert all("expected" in line for line in read(shop, count, "warehouse", "kim")["details"])
    open_count = plan(shop, blind=False)
    assert all("expected" in line for line in read(shop, open_count, "warehouse", "kim")["details"])
    written = shop.rows("select data from events.outbox where starts_with(type, 'count.')")
    assert written
    assert all(not {"expected", "counted"} & row["data"].keys() for row in written)


def test_cn3_two_counters_who_differ_both_keep_their_entries_and_a_third_decides(shop: Shop) -> None:
    shop.receive(20)
    count = plan(shop, tolerance_units=1)
    assert enter(shop, count, 18).body["status"] == "review"
    assert enter(shop, count, 17, "kim").body["status"] == "review"  # within the tolerance: the later one stands
    disputed = enter(shop, count, 12, "lee")
    assert (disputed.body["status"], disputed.body["lines_to_recount"]) == ("counting", 1)
    assert approve(shop, count).code == "TA004"
    assert enter(shop, count, 17, "max").body["status"] == "review"
    [line] = read(shop, count)["details"]
    assert [entry["counted"] for entry in line["entries"]] == [18, 17, 12, 17]
    again = {"count_id": count, "lines": [{"sku_id": SKU, "batch_number": "b-1"}]}
    assert codes(shop.send("recount_counts", again)) == [None]
    assert codes(shop.send("recount_counts", again)) == ["VA001"]
    assert enter(shop, count, 16, "max").code is None
    assert approve(shop, count).code is None
    assert shop.level() == {"on_hand": 16, "available": 16}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_cn4_two_counts_of_a_lot_correct_it_once(shop: Shop, order: tuple[int, int]) -> None:
    shop.receive(20)
    counts = [plan(shop), plan(shop)]
    assert enter(shop, counts[0], 18).code is None
    shop.receive(5)
    assert enter(shop, counts[1], 22).code is None  # one more is gone
    for nth in order:
        assert approve(shop, counts[nth]).code is None
    assert shop.level() == {"on_hand": 22, "available": 22}
    assert codes(shop.send("approve_counts", approval(counts[0]))) == ["TA002"]
    assert shop.verify() == []


def test_cn4_an_earlier_look_changes_nothing_after_a_count_by_hand(shop: Shop) -> None:
    shop.receive(20)
    count = plan(shop)
    enter(shop, count, 18)
    shop.count(17, batch_number="B-1")
    assert approve(shop, count).code is None
    assert shop.level() == {"on_hand": 17, "available": 17}


def test_cn4_counts_of_one_list_do_not_correct_a_lot_twice(shop: Shop) -> None:
    shop.receive(20)
    counts = [plan(shop), plan(shop)]
    for count in counts:
        enter(shop, count, 18)
    assert codes(shop.send("approve_counts", *map(approval, counts))) == [None, "TA002"]
    assert approve(shop, counts[1]).code is None
    assert shop.level() == {"on_hand": 18, "available": 18}


def test_cn5_who_counted_approves_no_difference_beyond_the_tolerance(shop: Shop) -> None:
    shop.receive(20)
    count = plan(shop, tolerance_percent=10)
    enter(shop, count, 17)
    assert approve(shop, count, "sam").code == "TA007"
    enter(shop, count, 18)
    assert approve(shop, count, "sam").code is None


def test_cn6_a_count_below_what_is_promised_is_true(shop: Shop) -> None:
    shop.receive(20)
    assert shop.order((SKU, 18)).code is None
    count = plan(shop)
    enter(shop, count, 10)
    assert approve(shop, count).code is None
    assert shop.level() == {"on_hand": 10, "committed": 10}
    assert shop.verify() == []


def test_cn7_whatever_is_found_becomes_a_line(shop: Shop) -> None:
    shop.receive(20)
    shop.receive(5, OTHER_SKU, batch_number="T-1", warehouse_location="WH-02")
    count = plan(shop, "skus", sku_ids=[SKU])
    assert enter(shop, count, 3, number="B-1O").code == "ST007"
    assert enter(shop, count, 0, number="NEW", expiration_date="2090-01-01").code == "VA001"
    assert enter(shop, count, 3, number="NEW", expiration_date="2090-01-01").code is None
    enter(shop, count, 20)
    other = {"sku_id": OTHER_SKU, "batch_number": "T-1", "counted": 2}
    assert codes(shop.send("enter_counts", {"count_id": count, "entries": [other]})) == [None]
    assert approve(shop, count).code is None
    assert shop.batches() == {"B-1": 20, "NEW": 3}
    assert shop.level(OTHER_SKU) == {"on_hand": 2, "available": 2}
    assert shop.verify() == []


def test_cn8_a_canceled_count_leaves_no_movement(shop: Shop) -> None:
    shop.receive(20)
    count = plan(shop)
    enter(shop, count, 3)
    assert codes(shop.send("cancel_counts", {"count_id": count, "note": "no time"})) == [None]
    assert shop.level() == {"on_hand": 20, "available": 20}
    for answer in (approve(shop, count), enter(shop, count, 3), shop.send("cancel_counts", {"count_id": count})[0]):
        assert answer.code == "TA002"


def test_a_line_that_would_take_withheld_units_is_refused_by_itself(shop: Shop) -> None:
    shop.receive(5)
    shop.receive(5, batch_number="B-2")
    aside = {"sku_id": SKU, "warehouse_location": "WH-01", "batch_number": "B-1", "quantity": 4, "cause": "damaged"}
    assert codes(shop.send("withhold_stock", aside)) == [None]
    count = plan(shop)
    enter(shop, count, 3)
    enter(shop, count, 4, number="B-2")
    answer = approve(shop, count)
    assert (answer.code, answer.body["status"]) == (None, "review")
    assert [(line["batch_number"], line["code"]) for line in answer.body["refused"]] == [("B-1", "ST001")]
    assert shop.batches() == {"B-1": 5, "B-2": 4}
    assert approve(shop, count).code == "ST001"
    enter(shop, count, 5)
    assert approve(shop, count).body["status"] == "approved"


def test_an_approval_ends_the_request_of_a_till(shop: Shop) -> None:
    shop.receive(2)
    sold = {"warehouse_location": "WH-01", "offline": True}
    assert shop.order((SKU, 3), handed_over=sold).code is None
    count = plan(shop, "requested")
    enter(shop, count, 0)
    assert len(shop.rows("select from stock.count_requests")) == 1
    assert approve(shop, count).code is None
    assert shop.rows("select from stock.count_requests") == []
    [refused] = shop.send("plan_counts", {"warehouse_location": "WH-01", "scope": "requested"})
    assert refused.code == "TA005"


def test_scopes_choose_lots(shop: Shop) -> None:
    shop.receive(2, expiration_date="2030-02-01", now="2030-01-01T12:00:00Z")
    shop.receive(2, batch_number="B-2", expiration_date="2090-01-01")
    shop.receive(2, OTHER_SKU, batch_number="T-1", expiration_date="2090-01-01")

    def lots(scope: str, **rest: Any) -> list[str]:
        [made] = shop.send("plan_counts", {"warehouse_location": "WH-01", "scope": scope, **rest}, now="2030-01-10T12:00:00Z")
        assert made.code is None, made
        return [line["batch_number"] for line in read(shop, made.body["count_id"])["details"]]

    assert lots("all") == ["B-1", "B-2", "T-1"]
    assert lots("all", lines_max=2) == ["B-1", "B-2"]
    assert lots("skus", sku_ids=[OTHER_SKU]) == ["T-1"]
    assert lots("expiring") == ["B-1"]
    count = plan(shop, "expiring", within_days=36500)
    enter(shop, count, 2)
    assert lots("never_counted") == ["B-1", "B-2", "T-1"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"counted": -1}, "VA001"),
        ({"counted": 1_000_000_001}, "VA001"),
        ({"counted": 1_000_000_000}, "TA003"),
        ({"counted": 1021}, "TA003"),
        ({"counted": 1020}, None),
        ({"counted": 100_000, "confirm": True}, None),
        ({"counted": None}, "VA001"),
        ({"sku_id": "NOBODY"}, "ST002"),
        ({"batch_number": " "}, "VA001"),
        ({"batch_number": "OTHER"}, "ST007"),
        ({"expiration_date": "2031-01-01"}, "ST011"),
    ],
)
def test_bad_entries(shop: Shop, change: dict[str, Any], code: str | None) -> None:
    shop.receive(20)
    count = plan(shop)
    entry = {"sku_id": SKU, "batch_number": "B-1", "counted": 20} | change
    [answer] = shop.send("enter_counts", {"count_id": count, "entries": [entry]})
    assert answer.code == code, answer
    assert len(read(shop, count)["details"][0]["entries"]) == (code is None)


def test_a_list_with_a_fault_is_refused_whole_and_every_fault_is_named(shop: Shop) -> None:
    shop.receive(20)
    count = plan(shop)
    [answer] = shop.send("enter_counts", entries(count, "sam", 20, 20, -1))
    assert [error["pointer"] for error in answer.body["errors"]] == ["/entries/1/batch_number", "/entries/2/counted"]
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        shop.send("enter_counts", {"count_id": count, "entries": [{"sku_id": SKU, "batch_number": "B-1", "counted": 1.5}]})
    assert read(shop, count)["details"][0]["entries"] == []


def test_staff_count_their_own_warehouses(shop: Shop) -> None:
    shop.receive(20)
    count = plan(shop)
    far: dict[str, Any] = {"role": "warehouse", "sub": "far", "warehouses": ["WH-02"]}
    assert codes(shop.send("enter_counts", entries(count, "far", 2), **far)) == ["TA001"]
    assert codes(shop.send("approve_counts", approval(count), **far)) == ["TA001"]
    assert codes(shop.send("plan_counts", {"warehouse_location": "WH-01", "scope": "all"}, **far)) == ["ST003"]
    near = far | {"warehouses": ["WH-01"]}
    assert codes(shop.send("enter_counts", entries(count, "near", 19), **near)) == [None]


def test_any_sequence_of_moves_between_mark_and_approval(shop: Shop) -> None:
    rng = random.Random(17)
    shop.receive(60)
    for _ in range(max(3, LENGTH.examples // 4)):
        expected = shop.batches()["B-1"]
        counted = max(12, expected + rng.randint(-6, 6))
        count = plan(shop)
        assert enter(shop, count, counted).code is None
        moved = 0
        for _ in range(rng.randint(0, 4)):
            units = rng.randint(1, 3)
            match rng.choice(("receive", "lose", "ship", "order")):
                case "receive":
                    assert shop.receive(units).code is None
                    moved += units
                case "lose":
                    moved -= units if shop.adjust(-units, batch_number="B-1", reason_code="shrinkage").code is None else 0
                case "ship":
                    placed = shop.order((SKU, units))
                    moved -= units if placed.code is None and shop.fulfill(placed).code is None else 0
                case _:
                    shop.order((SKU, units))
        assert approve(shop, count).code is None
        assert shop.batches()["B-1"] == counted + moved
        assert shop.verify() == []
