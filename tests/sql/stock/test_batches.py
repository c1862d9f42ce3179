"""Lots that are quarantined, recalled and released; and safety stock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.races import race, sender, weaken
from tests.world import AFTER_EARLY, EARLY, LATE, OTHER_SKU, SKU, Result, Shop, codes, keyed, order, receipt


def change(status: str, batch: str = "B-1", **rest: Any) -> dict[str, Any]:
    return {"sku_id": SKU, "batch_number": batch, "status": status, **rest}


def put(shop: Shop, status: str, batch: str = "B-1", *, now: str | None = None, **rest: Any) -> Result:
    """An admin sets the status of a lot."""
    return shop.send("change_batches", change(status, batch, **rest), now=now)[0]


def as_staff(shop: Shop, *elements: dict[str, Any], warehouses: tuple[str, ...] = ("WH-01",)) -> list[str | None]:
    return codes(shop.send("change_batches", *elements, role="warehouse", warehouses=warehouses))


def ledger(shop: Shop) -> list[dict[str, Any]]:
    """The adjustments of units that became unavailable or available."""
    return shop.rows(
        "select unavailable_delta as unavailable, shortfall_delta as shortfall, reason_code, note, actor"
        " from stock.stock_movements where kind = 'adjustment' order by movement_id"
    )


def listed(shop: Shop, role: str = "admin", now: str | None = None, **filters: Any) -> list[tuple[str, str, int]]:
    """Number, status and units of each lot, read page by page."""
    found: list[tuple[str, str, int]] = []
    cursor = None
    with shop.session(role, now, warehouses=["WH-01"]) as connection:
        while True:
            query = "select body, next_cursor from api.list_batches(1::smallint, %s, %s, %s, 2)"
            row = connection.execute(query, [SKU, Jsonb(filters), cursor]).fetchone()
            assert row is not None
            found += [(batch["batch_number"], batch["status"], batch["stock"]) for batch in row[0]["data"]]
            cursor = row[1]
            if cursor is None:
                return found


def test_units_of_a_batch_that_is_not_available_are_on_hand_and_not_sold(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(2, batch_number="B-2"), receipt(3, warehouse_location="WH-02"))
    for nth, status in enumerate(["on_hold", "quarantined", "recalled", "damaged"]):
        answer = put(shop, status)
        assert (answer.code, answer.body["status"], answer.body["stock"]) == (None, status, 8)
        assert answer.body["version"] == nth + 2
        assert shop.level() == {"on_hand": 7, "available": 2, "unavailable": 5}
        assert shop.level(warehouse="WH-02") == {"on_hand": 3, "unavailable": 3}
        assert shop.order((SKU, 3)).body["errors"][0]["available"] == 2
    assert put(shop, "available").body["warehouses"] == [
        {"warehouse_location": "WH-01", "stock": 5, "withheld": 0},
        {"warehouse_location": "WH-02", "stock": 3, "withheld": 0},
    ]
    assert shop.fulfill(shop.order((SKU, 10))).code is None


def test_a_change_says_who_and_why_in_ledger_audit_and_event(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(3, warehouse_location="WH-02"))
    put(shop, "recalled", note="caps leak", meta={"actor": "Ada", "request_id": "r-1"})
    assert ledger(shop) == [
        {"unavailable": units, "shortfall": 0, "reason_code": "recalled", "note": "lot is recalled: caps leak", "actor": "Ada"}
        for units in (5, 3)
    ]
    [lot] = shop.rows("select lot_id::text from stock.lots")
    row = shop.audit("stock.lots", lot["lot_id"])[-1]
    assert (row["actor"], row["reason"], row["request_id"]) == ("Ada", "recalled: caps leak", "r-1")
    assert (row["old"]["status"], row["new"]["status"]) == ("available", "recalled")
    [event] = shop.rows("select * from events.outbox where type = 'lot.status_changed'")
    assert (event["subject"], event["version"], event["sku_id"]) == (f"lots/{SKU}/B-1", 2, SKU)
    assert (event["warehouse_ids"], event["actor"]) == (["WH-01", "WH-02"], "Ada")
    data = event["data"]
    assert (data["old"], data["new"]) == ({"status": "available"}, {"status": "recalled"})
    assert (data["reason_code"], data["note"], data["expiration_date"]) == ("recalled", "caps leak", LATE)
    assert not {"stock", "warehouses"} & set(data), "staff of WH-01 read the stock of WH-02"


def test_a_change_that_cannot_be_is_refused_and_changes_nothing(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"batch_number": "NO-SUCH"}, "ST016", ""),
        ({"sku_id": OTHER_SKU}, "ST016", ""),
        ({"if_match": "2"}, "ST009", ""),
        ({"status": "lost"}, "VA001", "/status"),
        ({"status": "expired"}, "VA001", "/status"),
        ({"status": None}, "VA001", "/status"),
        ({"reason_code": "no_such"}, "ST004", "/reason_code"),
        ({"reason_code": "other"}, "ST005", "/note"),
        ({"reason_code": "found"}, "ST006", "/reason_code"),
        ({"status": "destroyed"}, "ST018", "/status"),
    ]
    shop.receive(5)
    answers = shop.send(
        "change_batches", *(change("recalled") | rest for rest, _, _ in cases), change("quarantined", if_match="1")
    )
    assert codes(answers) == [*(code for _, code, _ in cases), None]
    assert [answer.body["errors"][0]["pointer"] for answer in answers[:-1]] == [pointer for _, _, pointer in cases]
    assert put(shop, "available", reason_code="damaged").code == "ST006"
    assert shop.level() == {"on_hand": 5, "unavailable": 5}


def test_the_same_again_changes_nothing(shop: Shop) -> None:
    shop.receive(5)
    first = put(shop, "quarantined")
    events = shop.rows("select count(*) from events.outbox")
    assert put(shop, "quarantined", reason_code="no_such").body == first.body
    assert shop.rows("select count(*) from events.outbox") == events
    element = keyed(change("available"))
    [done] = shop.send("change_batches", element)
    put(shop, "recalled")
    [again] = shop.send("change_batches", element)
    assert (again.replayed, again.body, listed(shop)) == (True, done.body, [("B-1", "recalled", 5)])


def test_a_batch_named_twice_in_a_call_is_changed_in_order(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(2, batch_number="B-2"))
    elements = (
        change("quarantined"),
        change("recalled", if_match="2"),
        change("available", "B-2"),
        change("available", if_match="1"),
    )
    answers = shop.send("change_batches", *elements)
    assert codes(answers) == [None, None, None, "ST009"]
    assert [answer.body["version"] for answer in answers[:3]] == [2, 3, 1]
    assert shop.level() == {"on_hand": 7, "available": 2, "unavailable": 5}


def test_a_batch_is_destroyed_when_no_unit_is_left(shop: Shop) -> None:
    shop.receive(5)
    refused = put(shop, "destroyed")
    assert "WH-01" in refused.body["detail"]
    assert shop.adjust(-5, batch_number="B-1", reason_code="scrapped").code is None
    assert put(shop, "destroyed").body["status"] == "destroyed"
    assert listed(shop) == [("B-1", "destroyed", 0)]


def test_an_expired_batch_stays_expired_whatever_it_is_given(shop: Shop) -> None:
    shop.receive(5, expiration_date=EARLY)
    assert put(shop, "quarantined", now=AFTER_EARLY).body["status"] == "quarantined"
    assert put(shop, "available", now=AFTER_EARLY).body["status"] == "expired"
    assert shop.level() == {"on_hand": 5, "unavailable": 5}


# The number

SAME = ("R7", "R7\n", "\t R7", "r7", "R7\u00a0", "\ufeffR7")
HIDDEN = ("R\u200b7", "R7\u200b", "\u200b", "\u202eabc", "R\n7", "R\x1f7", "R\u00ad7", "R\u20667")


def test_a_number_typed_or_scanned_otherwise_is_the_same_lot(shop: Shop) -> None:
    answers = shop.send("receive_stock", *(receipt(1, batch_number=number) for number in SAME))
    assert {(answer.code, answer.body["batch_number"]) for answer in answers} == {(None, "R7")}
    assert listed(shop) == [("R7", "available", len(SAME))]
    shop.receive(1, batch_number="\u00c9te\u0301  1")
    assert shop.receive(1, batch_number="\u00e9t\u00e9 1").body["batch_number"] == "\u00c9t\u00e9  1"
    assert shop.receive(1, batch_number="ete 1").body["batch_number"] == "ete 1", "accents are part of a number"
    assert shop.adjust(-1, batch_number="r7 ").body["batch_stock"] == len(SAME) - 1
    assert shop.count(9, batch_number=" r7", change_from_quantity=len(SAME) - 1).body["batch_number"] == "R7"
    assert put(shop, "recalled", "r7").body["batch_number"] == "R7"
    assert shop.level() == {"on_hand": 12, "available": 3, "unavailable": 9}
    assert shop.receive(1, batch_number="r7", expiration_date=EARLY).code == "ST011"


def test_a_number_that_looks_like_another_is_refused(shop: Shop) -> None:
    answers = shop.send("receive_stock", *(receipt(1, batch_number=number) for number in HIDDEN), receipt(1, batch_number=" "))
    assert codes(answers) == ["VA001"] * (len(HIDDEN) + 1)
    assert {answer.body["errors"][0]["pointer"] for answer in answers} == {"/batch_number"}
    assert "U+202E" in answers[3].body["detail"]
    [refused] = shop.send("receive_stock", receipt(1, batch_number=None) | {"lot_number": HIDDEN[0]})
    assert refused.body["errors"][0]["pointer"] == "/lot_number"
    assert codes(
        shop.send("adjust_stock", *({**adjustments(1)[0], "warehouse_location": "WH-01", "batch_number": HIDDEN[0]},))
    ) == ["VA001"]
    assert shop.rows("select from stock.lots") == []


@pytest.mark.commits
def test_two_sessions_that_receive_the_same_new_lot_make_one(shop: Shop, pool: ThreadPoolExecutor) -> None:
    first = sender(shop, "receive_stock", receipt(2, batch_number="R7"))
    second = sender(shop, "receive_stock", receipt(3, batch_number="r7"))
    assert codes(list(race(shop, pool, first, second))) == [None, None]
    assert listed(shop) == [("R7", "available", 5)]


# The dates


def correct(shop: Shop, batch: str = "B-1", *, role: str = "admin", now: str | None = None, **dates: Any) -> Result:
    element = {"sku_id": SKU, "batch_number": batch, "reason_code": "data_entry_error", "note": "typed wrongly", **dates}
    return shop.send("change_batches", element, role=role, warehouses=["WH-01"], now=now)[0]


def test_a_corrected_date_makes_units_expire_and_come_back(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(3, warehouse_location="WH-02"), receipt(2, batch_number="B-2"))
    placed = shop.order((SKU, 6))
    answer = correct(shop, expiration_date="1999-12-31")
    assert (answer.code, answer.body["status"], answer.body["version"]) == (None, "expired", 2)
    assert shop.level() == {"on_hand": 7, "committed": 6, "unavailable": 1, "shortfall": 4}
    assert shop.level(warehouse="WH-02") == {"on_hand": 3, "unavailable": 3}
    assert shop.order((SKU, 1)).code == "ST001"
    assert {(row["reason_code"], row["note"]) for row in ledger(shop)} == {("data_entry_error", "lot is expired: typed wrongly")}
    assert correct(shop, expiration_date=EARLY, manufactured_on="2024-01-01").body["status"] == "available"
    assert shop.level() == {"on_hand": 7, "available": 1, "committed": 6}
    assert shop.level(warehouse="WH-02") == {"on_hand": 3, "available": 3}
    assert shop.rows("select distinct next_expiry_at::text as day from stock.stock_levels") == [{"day": "2030-07-01 00:00:00+00"}]
    shipped = shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 5}])
    assert [line["batch_number"] for line in shipped.body["fulfillments"][0]["items"]] == ["B-1"]
    assert shop.rows("select * from stock.verify()") == []


def test_a_corrected_date_is_in_audit_and_event(shop: Shop) -> None:
    shop.receive(5)
    assert correct(shop, expiration_date=None, meta={"actor": "Ada", "request_id": "r-1"}).body["expiration_date"] is None
    [event] = shop.rows("select * from events.outbox where type like 'lot.%%'")
    assert (event["type"], event["subject"], event["version"]) == ("lot.changed", f"lots/{SKU}/B-1", 2)
    assert event["data"]["old"] == {"expiration_date": LATE, "manufactured_on": None}
    assert event["data"]["new"] == {"expiration_date": None, "manufactured_on": None}
    assert not {"stock", "warehouses"} & set(event["data"])
    [lot] = shop.rows("select lot_id::text from stock.lots")
    row = shop.audit("stock.lots", lot["lot_id"])[-1]
    assert (row["actor"], row["reason"]) == ("Ada", "data_entry_error: typed wrongly")
    assert correct(shop, expiration_date=None).body["version"] == 2, "the same again changes nothing"


@pytest.mark.parametrize(
    ("change_", "code", "pointer"),
    [
        ({"role": "warehouse"}, "ST019", ""),
        ({"reason_code": None}, "VA001", "/reason_code"),
        ({"reason_code": "no_such"}, "ST004", "/reason_code"),
        ({"note": None}, "ST005", "/note"),
        ({"status": "recalled"}, "VA001", "/status"),
        ({"manufactured_on": "2041-01-01"}, "VA001", "/expiration_date"),
        ({"if_match": "2"}, "ST009", ""),
        ({"status": "available"}, None, ""),
    ],
)
def test_a_correction_needs_an_admin_a_reason_and_a_note(
    shop: Shop, change_: dict[str, Any], code: str | None, pointer: str
) -> None:
    shop.receive(5)
    answer = correct(shop, **{"expiration_date": EARLY, **change_})
    assert answer.code == code
    assert code is None or answer.body["errors"][0]["pointer"] == pointer


def test_an_admin_ends_a_recall_and_decides_on_a_batch_without_units(shop: Shop) -> None:
    shop.receive(5)
    assert as_staff(shop, change("recalled"), change("available"), change("destroyed")) == [None, "ST019", "ST019"]
    assert put(shop, "available").code is None
    shop.receive(0, batch_number="TRANSIT-1", warehouse_location="WH-02")
    assert as_staff(shop, change("destroyed", "TRANSIT-1"), change("on_hold", "TRANSIT-1")) == ["ST019", "ST019"]
    assert put(shop, "on_hold", "TRANSIT-1").code is None
    shop.receive(2, batch_number="TRANSIT-1", warehouse_location="WH-02")
    assert shop.level(warehouse="WH-02") == {"on_hand": 2, "unavailable": 2}


def test_staff_make_a_batch_by_receiving_units(shop: Shop) -> None:
    shop.receive(0, batch_number="B-2")
    empty, existing, full = receipt(0), receipt(0, batch_number="B-2"), receipt(1, batch_number="B-3")
    assert codes(shop.send("receive_stock", empty, existing, full, role="warehouse", warehouses=["WH-01"])) == [
        "ST019",
        None,
        None,
    ]
    assert [batch for batch, _, _ in listed(shop)] == ["B-2", "B-3"]


# Promises


def test_promised_units_of_a_recalled_batch_are_owed_until_they_are_replaced_or_given_free(shop: Shop) -> None:
    shop.receive(10)
    placed = shop.order((SKU, 6))
    shop.hold(3, "2099-01-01")
    put(shop, "recalled")
    assert shop.level() == {"on_hand": 10, "reserved": 3, "committed": 6, "unavailable": 1, "shortfall": 9}
    assert shop.fulfill(placed).code == "ST013"
    shop.receive(4, batch_number="FRESH")
    assert shop.level() == {"on_hand": 14, "reserved": 3, "committed": 6, "unavailable": 5, "shortfall": 5}
    assert shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 4}]).code is None
    assert put(shop, "available").code is None
    assert shop.level() == {"on_hand": 10, "available": 5, "reserved": 3, "committed": 2}
    assert shop.fulfill(placed).body["fulfillment_status"] == "fulfilled"


def test_a_canceled_order_frees_no_recalled_unit(shop: Shop) -> None:
    shop.receive(5)
    placed = shop.order((SKU, 5))
    put(shop, "recalled")
    assert shop.cancel(placed).code is None
    assert shop.level() == {"on_hand": 5, "unavailable": 5}


# Incoming units


@pytest.mark.parametrize("emptied", [True, False], ids=["where it was", "where it never was"])
def test_units_of_a_batch_that_is_not_available_come_in_unavailable(shop: Shop, emptied: bool) -> None:
    """A lot level without units has no status of its own, whatever its status was when the last unit left."""
    shop.receive(5)
    if emptied:
        shop.receive(1, warehouse_location="WH-02")
        shop.adjust(-1, warehouse_location="WH-02")
    put(shop, "quarantined")
    shop.receive(3, warehouse_location="WH-02")
    assert shop.level(warehouse="WH-02") == {"on_hand": 3, "unavailable": 3}
    shop.adjust(-3, warehouse_location="WH-02", batch_number="B-1")
    put(shop, "available")
    two = {"warehouse_location": "WH-02", "batch_number": "B-1"}
    assert codes(shop.send("adjust_stock", *({**change_, **two} for change_ in adjustments(4, -3)))) == [None, None]
    assert shop.level(warehouse="WH-02") == {"on_hand": 1, "available": 1}


def adjustments(*deltas: int) -> list[dict[str, Any]]:
    return [{"sku_id": SKU, "delta": delta, "reason_code": "correction"} for delta in deltas]


def quarantine_while_it_arrives(shop: Shop, pool: ThreadPoolExecutor, *, first: str) -> list[str | None]:
    """A lot in WH-01 is quarantined while WH-02 receives its first units of the lot."""
    shop.receive(5)
    acts = {
        "quarantine": sender(shop, "change_batches", change("quarantined")),
        "receipt": sender(shop, "receive_stock", receipt(3, warehouse_location="WH-02")),
    }
    return codes(list(race(shop, pool, acts.pop(first), *acts.values())))


@pytest.mark.commits
def test_a_batch_that_is_quarantined_while_it_arrives_arrives_quarantined(shop: Shop, pool: ThreadPoolExecutor) -> None:
    assert quarantine_while_it_arrives(shop, pool, first="quarantine") == [None, None]
    assert shop.level(warehouse="WH-02") == {"on_hand": 3, "unavailable": 3}


@pytest.mark.commits
def test_a_quarantine_that_waited_for_an_arrival_begins_anew(shop: Shop, pool: ThreadPoolExecutor) -> None:
    with pytest.raises(psycopg.errors.SerializationFailure):
        quarantine_while_it_arrives(shop, pool, first="receipt")
    assert put(shop, "quarantined").code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 3, "unavailable": 3}


def test_without_the_lock_on_the_batch_quarantined_units_are_for_sale(unchecked_shop: Shop, pool: ThreadPoolExecutor) -> None:
    """Without the guard, the race above fails."""
    weaken(unchecked_shop, "stock.open_lot_levels", "for share")
    with unchecked_shop.session() as connection:
        unchecked_shop.receive(5)
        sender(unchecked_shop, "change_batches", change("quarantined"))(connection)
        assert unchecked_shop.receive(3, warehouse_location="WH-02").code is None
    assert unchecked_shop.level(warehouse="WH-02") == {"on_hand": 3, "available": 3}
    assert listed(unchecked_shop) == [("B-1", "quarantined", 8)]


@pytest.mark.commits
def test_an_order_and_a_recall_do_not_both_have_the_units(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    recall, checkout = sender(shop, "change_batches", change("recalled")), sender(shop, "place_orders", order((SKU, 5)))
    assert codes(list(race(shop, pool, recall, checkout))) == [None, "ST001"]
    put(shop, "available")
    assert codes(list(race(shop, pool, checkout, recall))) == [None, None]
    assert shop.level() == {"on_hand": 5, "committed": 5, "shortfall": 5}


# Staff


def test_staff_change_a_batch_while_all_its_units_lie_with_them(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, batch_number="B-2"), receipt(1, warehouse_location="WH-02"))
    assert as_staff(shop, change("quarantined"), change("quarantined", "B-2"), change("quarantined", "B-3")) == [
        *("ST017", None, "ST016")
    ]
    assert as_staff(shop, change("quarantined"), warehouses=()) == ["ST017"]
    assert shop.level() == {"on_hand": 10, "available": 5, "unavailable": 5}
    shop.adjust(-1, warehouse_location="WH-02")
    [answer] = shop.send("change_batches", change("on_hold"), role="warehouse", warehouses=["WH-01"])
    assert (answer.code, answer.body["warehouses"]) == (None, [{"warehouse_location": "WH-01", "stock": 5, "withheld": 0}])
    assert shop.level() == {"on_hand": 10, "unavailable": 10}
    assert as_staff(shop, change("recalled"), warehouses=("WH-01", "WH-02")) == [None]


def test_batches_are_listed_by_expiry_status_and_place(shop: Shop) -> None:
    shop.send(
        "receive_stock",
        receipt(1, batch_number="NEVER", expiration_date=None),
        receipt(2, batch_number="LATE", warehouse_location="WH-02"),
        receipt(3, batch_number="EARLY", expiration_date=EARLY),
        receipt(4, batch_number="EARLY", expiration_date=EARLY, warehouse_location="WH-02"),
        receipt(5, batch_number="OLD", expiration_date="1999-12-31"),
        receipt(0, batch_number="EMPTY", expiration_date=EARLY),
        receipt(9, OTHER_SKU),
    )
    old, early, late = ("OLD", "expired", 5), ("EARLY", "available", 7), ("LATE", "available", 2)
    empty, never = ("EMPTY", "available", 0), ("NEVER", "available", 1)
    assert listed(shop) == [old, early, empty, late, never]
    assert listed(shop, in_stock=True) == [old, early, late, never]
    assert listed(shop, warehouse="WH-02") == [early, late]
    assert listed(shop, "warehouse") == [old, ("EARLY", "available", 3), empty, ("LATE", "available", 0), never]
    assert listed(shop, "warehouse", warehouse="WH-02") == []
    assert listed(shop, status="expired") == [old]
    assert listed(shop, status="expired", now=AFTER_EARLY) == [old, ("EARLY", "expired", 7), ("EMPTY", "expired", 0)]


# Safety stock


def keep(shop: Shop, units: int | None, *, role: str = "admin", **rest: Any) -> Result:
    element = {"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": units, **rest}
    return shop.send("set_safety_stock", element, role=role, warehouses=["WH-01"])[0]


def test_units_that_are_kept_back_are_not_sold(shop: Shop) -> None:
    shop.receive(5)
    answer = keep(shop, 2, note="for the fair", meta={"actor": "Ada"})
    assert (answer.code, answer.body["safety_stock"], answer.body["available"]) == (None, 2, 3)
    assert shop.order((SKU, 4)).code == "ST001"
    assert shop.order((SKU, 3)).code is None
    refused = keep(shop, 3)
    assert (refused.code, refused.body["errors"][0]["available"]) == ("ST001", 2)
    assert keep(shop, 0).body["available"] == 2
    assert [(row["note"], row["actor"]) for row in ledger(shop)] == [("for the fair", "Ada"), ("safety stock", "tester")]
    assert shop.rows("select safety_stock_delta from stock.stock_movements where safety_stock_delta <> 0 order by 1") == [
        {"safety_stock_delta": -2},
        {"safety_stock_delta": 2},
    ]


def test_safety_stock_is_set_for_what_there_is_where_it_may(shop: Shop) -> None:
    shop.receive(5)
    assert keep(shop, 1, role="warehouse").code is None
    assert keep(shop, 1, role="warehouse", warehouse_location="WH-02").code == "ST003"
    assert keep(shop, 1, sku_id="NO-SUCH").code == "ST010"
    assert keep(shop, 1, warehouse_location="WH-02").code == "ST001"
    assert (keep(shop, 0, warehouse_location="WH-02").code, shop.level(warehouse="WH-02")) == (None, {})
    assert [keep(shop, units).code for units in (-1, None, 3_000_000_000)] == ["VA001", "VA001", "ST001"]
    assert keep(shop, 2, if_match="0.0").code == "ST009"
    elements = [{"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": units} for units in (4, 9, 5)]
    assert codes(shop.send("set_safety_stock", *elements)) == [None, "ST001", None]
    assert shop.order((SKU, 1)).code == "ST001"


def test_units_that_are_kept_back_and_expire_are_owed(shop: Shop) -> None:
    shop.receive(5, expiration_date=EARLY)
    keep(shop, 4)
    shop.job("expire_lots", AFTER_EARLY)
    assert shop.level() == {"on_hand": 5, "unavailable": 1, "shortfall": 4}
    [lowered] = shop.send("set_safety_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": 1}, now=AFTER_EARLY)
    assert lowered.code is None
    assert shop.level() == {"on_hand": 5, "unavailable": 4, "shortfall": 1}
