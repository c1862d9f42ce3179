"""Stock: receipts, adjustments, counts, expiring lots, reservations, the audit and the check of the books."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import AFTER_EARLY, EARLY, LATE, OTHER_SKU, REGION, SKU, Result, Shop, adjustment, codes, keyed, receipt

# Receipts


def test_a_receipt_adds_units_of_its_batch(shop: Shop) -> None:
    assert shop.receive(5).code is None
    answer = shop.receive(7)
    assert (answer.code, answer.body["received"], answer.body["stock"], answer.body["warehouse_available"]) == (None, 7, 12, 12)
    assert shop.batches() == {"B-1": 12}


def test_a_batch_received_after_its_last_day_is_on_hand_and_never_available(shop: Shop) -> None:
    answer = shop.receive(5, expiration_date=EARLY, now=AFTER_EARLY)
    assert answer.body["status"] == "expired"
    assert shop.level() == {"on_hand": 5, "unavailable": 5}
    assert shop.order((SKU, 1), now=AFTER_EARLY).code == "ST001"


def test_a_batch_may_be_sold_on_its_last_day(shop: Shop) -> None:
    shop.receive(5, expiration_date=EARLY)
    placed = shop.order((SKU, 5), now=f"{EARLY}T23:59:59Z")
    assert shop.fulfill(placed, now=f"{EARLY}T23:59:59Z").code is None


def test_a_known_batch_with_another_date_is_a_conflict(shop: Shop) -> None:
    shop.receive(5)
    answer = shop.receive(5, expiration_date=EARLY)
    assert (answer.code, answer.body["errors"][0]["current"]) == ("ST011", LATE)
    assert codes(
        shop.send("receive_stock", receipt(1, batch_number="B-2"), receipt(1, batch_number="B-2", expiration_date=EARLY))
    ) == [
        None,
        "ST011",
    ]
    assert shop.batches() == {"B-1": 5, "B-2": 1}


def test_a_receipt_that_describes_the_sku_otherwise_is_a_conflict(shop: Shop) -> None:
    answer = shop.receive(5, price=11)
    assert (answer.code, answer.body["errors"][0]["pointer"]) == ("ST012", "/price")
    assert shop.rows("select from stock.lots") == []


def test_a_sku_made_by_one_receipt_serves_the_next_of_the_same_call(shop: Shop) -> None:
    answers = shop.send("receive_stock", receipt(1, "NEW", name="New"), receipt(2, "NEW"), receipt(3, "NEW", name="Otherwise"))
    assert codes(answers) == [None, None, "ST012"]
    assert shop.level("NEW") == {"on_hand": 3, "available": 3}


@pytest.mark.parametrize(("fault", "code"), [({"reason_code": "no_such"}, "ST004"), ({"batch_number": None}, "ST015")])
def test_a_sku_whose_naming_receipt_is_refused_stays_unknown_to_the_next(shop: Shop, fault: dict[str, Any], code: str) -> None:
    second = receipt(2, "NEW", warehouse_location="WH-NEW")
    assert codes(shop.send("receive_stock", receipt(1, "NEW", name="New", **fault), second, receipt(3))) == [code, "ST002", None]
    assert shop.rows("select from catalog.skus where sku_id = 'NEW'") == []
    assert shop.rows("select from catalog.warehouses where warehouse_id = 'WH-NEW'") == []


def test_a_receipt_that_is_refused_leaves_nothing_behind(shop: Shop) -> None:
    """Only a receipt that adds units creates missing SKUs, warehouses and lots, alone or with others in its call."""
    shop.receive(5, expiration_date="2035-01-31")
    elsewhere = {"warehouse_location": "WH-TYPO"}
    cases = [
        ([receipt(1, name="Another name", **elsewhere)], ["ST012"]),
        ([receipt(1, expiration_date="2036-01-31", **elsewhere)], ["ST011"]),
        ([receipt(1, batch_number=None, **elsewhere)], ["ST015"]),
        ([receipt(1, "NEW", name="New", price=1), receipt(1, "NEW", name="Old", price=1, **elsewhere)], [None, "ST012"]),
        ([receipt(1, "NEW", expiration_date="2036-01-31", batch_number="C"), receipt(1, "NEW", batch_number="C",
          expiration_date="2037-01-31", **elsewhere)], [None, "ST011"]),
        ([receipt(1, "NAMELESS", **elsewhere)], ["ST002"]),
    ]  # fmt: skip
    for receipts, expected in cases:
        assert codes(shop.send("receive_stock", *receipts)) == expected
        assert shop.rows("select from catalog.warehouses where warehouse_id = 'WH-TYPO'") == []
    assert shop.rows("select sku_id from catalog.skus where sku_id in ('NEW', 'NAMELESS')") == [{"sku_id": "NEW"}]


def test_a_receipt_past_the_limit_of_a_level_leaves_nothing(shop: Shop) -> None:
    billion = 1_000_000_000
    assert codes(shop.send("receive_stock", receipt(billion), receipt(billion), receipt(1, batch_number="B-2"))) == [
        None,
        None,
        "ST014",
    ]
    assert shop.receive(1, batch_number="B-3").code == "ST014"
    assert shop.level() == {"on_hand": 2 * billion, "available": 2 * billion}
    assert [lot["batch_number"] for lot in shop.rows("select batch_number from stock.lots")] == ["B-1"]


def test_warehouse_staff_make_neither_skus_nor_warehouses(shop: Shop) -> None:
    answers = shop.send(
        "receive_stock",
        receipt(1, "NEW", name="New"),
        receipt(1, warehouse_location="WH-NEW"),
        receipt(1, warehouse_location="WH-02"),
        receipt(1),
        role="warehouse",
        warehouses=["WH-01"],
    )
    assert codes(answers) == ["ST002", "ST003", "ST003", None]
    assert shop.rows("select from catalog.skus where sku_id = 'NEW'") == []


@pytest.mark.parametrize(
    ("element", "code"),
    [
        ({"batch_number": None}, "ST015"),
        ({"reason_code": "damaged"}, "ST006"),
        ({"reason_code": "no_such"}, "ST004"),
        ({"manufactured_on": "2040-01-02"}, "VA001"),
        ({"stock": -5}, "VA001"),
    ],
)
def test_a_receipt_that_cannot_be_is_refused(shop: Shop, element: dict[str, Any], code: str) -> None:
    assert codes(shop.send("receive_stock", receipt(1) | element, receipt(1, OTHER_SKU))) == [code, None]
    assert shop.rows("select from stock.lots where sku_id = %s", SKU) == []


# Adjustments and counts


def test_units_that_leave_without_a_batch_come_from_the_one_that_expires_first(shop: Shop) -> None:
    shop.receive(5, batch_number="LATE")
    shop.receive(3, batch_number="EARLY", expiration_date=EARLY)
    assert shop.adjust(-4, reason_code="shrinkage").body["stock"] == 4
    assert shop.batches() == {"LATE": 4, "EARLY": 0}


def test_units_that_leave_a_batch_come_from_that_batch(shop: Shop) -> None:
    shop.receive(5, batch_number="LATE")
    shop.receive(3, batch_number="EARLY", expiration_date=EARLY)
    assert shop.adjust(-4, batch_number="LATE").body["batch_stock"] == 1
    assert shop.adjust(-2, batch_number="LATE").code == "ST001"
    assert shop.batches() == {"LATE": 1, "EARLY": 3}


@pytest.mark.parametrize(
    ("delta", "rest", "code"),
    [
        (1, {"reason_code": "damaged"}, "ST006"),
        (-1, {"reason_code": "found"}, "ST006"),
        (-1, {"reason_code": "damaged"}, None),
        (1, {"reason_code": "found"}, None),
        (-1, {"reason_code": "other"}, "ST005"),
        (-1, {"reason_code": "other", "note": ""}, "ST005"),
        (-1, {"reason_code": "other", "note": "a mouse"}, None),
        (-1, {"reason_code": "no_such"}, "ST004"),
        (-1, {"batch_number": "NO-SUCH"}, "ST007"),
        (-1, {"warehouse_location": "NO-SUCH"}, "ST003"),
        (-1, {"sku_id": "NO-SUCH"}, "ST002"),
        (2_000_000_000, {}, "ST014"),
        (-1, {"change_from_quantity": 4}, "ST008"),
        (-1, {"change_from_quantity": 5}, None),
        (-1, {"warehouse_location": "WH-02"}, "ST001"),
        (1, {"warehouse_location": "WH-02"}, "ST015"),
        (1, {"warehouse_location": "WH-02", "batch_number": "B-1"}, None),
    ],
)
def test_an_adjustment_needs_a_reason_that_fits(shop: Shop, delta: int, rest: dict[str, Any], code: str | None) -> None:
    shop.receive(5)
    answers = shop.send("adjust_stock", adjustment(delta, **rest), adjustment(-1))
    assert codes(answers) == [code, None]


@pytest.mark.parametrize(("stock", "reason", "code"), [(4, "found", "ST006"), (6, "damaged", "ST006"), (6, "found", None)])
def test_the_reason_of_a_count_fits_what_the_count_changes(shop: Shop, stock: int, reason: str, code: str | None) -> None:
    shop.receive(5)
    assert shop.count(stock, reason_code=reason).code == code


def test_free_units_leave_first(shop: Shop) -> None:
    shop.receive(5)
    shop.order((SKU, 3))
    shop.hold(1, "2099-01-01")
    answer = shop.adjust(-6)
    assert (answer.code, answer.body["errors"][0]["available"]) == ("ST001", 5)
    assert shop.adjust(-1).code is None
    assert shop.level() == {"on_hand": 4, "committed": 3, "reserved": 1}
    assert shop.adjust(-1).code is None
    assert shop.level() == {"on_hand": 3, "committed": 2, "reserved": 1}  # tests/sql/stock/test_true_count.py says who gives


def test_a_count_of_an_unknown_sku_is_not_found(shop: Shop) -> None:
    """A count has its SKU in the path of the request, an adjustment in the body."""
    shop.receive(5)
    refused = shop.count(4, sku_id="NO-SUCH")
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("ST010", "")
    refused = shop.adjust(-1, "NO-SUCH")
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("ST002", "/sku_id")


def test_a_count_decided_on_another_quantity_is_refused(shop: Shop) -> None:
    shop.receive(5)
    answer = shop.count(9, change_from_quantity=4)
    assert (answer.code, answer.body["errors"][0]["current"]) == ("ST008", 5)
    assert shop.count(9, change_from_quantity=5).body["stock"] == 9


def test_a_count_decided_on_another_version_is_refused(shop: Shop) -> None:
    shop.receive(5)
    with shop.session() as connection:
        row = connection.execute("select etag from api.get_inventory(%s, %s)", [REGION, SKU]).fetchone()
    assert row is not None
    assert shop.count(6, if_match=row[0]).code is None
    assert shop.count(7, if_match=row[0]).code == "ST009"
    assert shop.count(7, if_match="*").code is None
    assert shop.level()["on_hand"] == 7


def test_an_adjustment_is_carried_out_whole_or_not_at_all(shop: Shop) -> None:
    shop.receive(2, batch_number="EARLY", expiration_date=EARLY)
    shop.receive(2, batch_number="LATE")
    assert shop.adjust(-5).code == "ST001"
    assert shop.batches() == {"EARLY": 2, "LATE": 2}


def test_what_a_batch_of_adjustments_brings_first_is_there_for_what_comes_after(shop: Shop) -> None:
    shop.receive(3)
    shop.receive(3, OTHER_SKU)
    assert codes(shop.send("adjust_stock", adjustment(-5), adjustment(5), adjustment(-5, OTHER_SKU))) == ["ST001", None, "ST001"]
    assert codes(shop.send("adjust_stock", adjustment(5, OTHER_SKU), adjustment(-8, OTHER_SKU), adjustment(-8))) == [
        None,
        None,
        None,
    ]
    assert (shop.level(), shop.level(OTHER_SKU)) == ({}, {})


# Lots that expire while their units are promised


@pytest.fixture
def promised(shop: Shop) -> Result:
    """Ten units of a lot that expires, six of them promised to this order."""
    shop.receive(10, expiration_date=EARLY)
    return shop.order((SKU, 6))


swept_or_not = pytest.mark.parametrize("swept", [True, False], ids=["swept", "not swept"])


@swept_or_not
def test_expired_units_are_neither_sold_nor_shipped(shop: Shop, promised: Result, swept: bool) -> None:
    if swept:
        assert shop.job("expire_lots", AFTER_EARLY) == 1
    assert shop.fulfill(promised, now=AFTER_EARLY).code == "ST013"
    assert shop.order((SKU, 1), now=AFTER_EARLY).body["errors"][0]["available"] == 0
    assert shop.level() == {"on_hand": 10, "committed": 6, "unavailable": 4, "shortfall": 6}
    assert shop.job("expire_lots", AFTER_EARLY) == 0


@swept_or_not
def test_a_canceled_promise_settles_the_shortfall_and_frees_nothing(shop: Shop, promised: Result, swept: bool) -> None:
    if swept:
        shop.job("expire_lots", AFTER_EARLY)
    assert shop.cancel(promised, now=AFTER_EARLY).code is None
    assert shop.order((SKU, 1), now=AFTER_EARLY).code == "ST001"
    assert shop.level() == {"on_hand": 10, "unavailable": 10}


@swept_or_not
def test_a_receipt_keeps_the_promise_that_an_expired_batch_could_not(shop: Shop, promised: Result, swept: bool) -> None:
    if swept:
        shop.job("expire_lots", AFTER_EARLY)
    shop.receive(8, batch_number="FRESH", now=AFTER_EARLY)
    assert shop.order((SKU, 3), now=AFTER_EARLY).code == "ST001"
    assert shop.level() == {"on_hand": 18, "available": 2, "committed": 6, "unavailable": 10}
    [parcel] = shop.fulfill(promised, now=AFTER_EARLY).body["fulfillments"]
    assert [(line["batch_number"], line["quantity"]) for line in parcel["items"]] == [("FRESH", 6)]
    assert shop.level() == {"on_hand": 12, "available": 2, "unavailable": 10}


@swept_or_not
def test_expired_units_leave_only_by_their_batch(shop: Shop, swept: bool) -> None:
    shop.receive(10, expiration_date=EARLY)
    shop.receive(2, batch_number="FRESH")
    if swept:
        shop.job("expire_lots", AFTER_EARLY)
    assert shop.adjust(-3, now=AFTER_EARLY).code == "ST015"  # a correction of which?
    assert shop.adjust(-3, reason_code="promotion", now=AFTER_EARLY).code == "ST001"
    assert shop.adjust(-2, reason_code="promotion", now=AFTER_EARLY).code is None
    assert shop.adjust(-10, batch_number="B-1", reason_code="expired", now=AFTER_EARLY).code is None
    assert shop.level() == {}


def test_a_count_of_an_expired_batch_changes_what_is_unavailable(shop: Shop) -> None:
    shop.receive(10, expiration_date=EARLY)
    assert shop.count(7, batch_number="B-1", now=AFTER_EARLY).code is None
    assert shop.count(12, batch_number="B-1", now=AFTER_EARLY).code is None
    assert shop.level() == {"on_hand": 12, "unavailable": 12}


# Reservations
@swept_or_not
def test_an_expired_hold_blocks_no_order(shop: Shop, swept: bool) -> None:
    shop.receive(5)
    shop.receive(5, OTHER_SKU)
    reservation = shop.hold(5, "2020-01-01", (SKU, OTHER_SKU))
    if swept:
        assert shop.job("expire_reservations") == 1
    assert shop.order((SKU, 5)).code is None
    assert (shop.level(), shop.level(OTHER_SKU)) == ({"on_hand": 5, "committed": 5}, {"on_hand": 5, "available": 5})
    [row] = shop.rows("select status, changed_by, change_reason from stock.reservations where reservation_id = %s", reservation)
    assert row == {"status": "expired", "changed_by": "system", "change_reason": "expired"}
    assert shop.job("expire_reservations") == 0


def test_an_expired_hold_in_another_warehouse_goes_as_well(shop: Shop) -> None:
    shop.receive(5)
    shop.receive(5, warehouse_location="WH-03")
    shop.hold(5, "2020-01-01", warehouse="WH-03")
    assert shop.order((SKU, 5)).code is None
    assert shop.level(warehouse="WH-03") == {"on_hand": 5, "available": 5}


def test_a_live_hold_keeps_its_units(shop: Shop) -> None:
    shop.receive(5)
    shop.hold(4, "2030-01-01")
    assert shop.order((SKU, 2)).body["errors"][0]["available"] == 1
    assert shop.job("expire_reservations") == 0
    assert shop.order((SKU, 2), now="2030-01-01T00:00:00Z").code is None


@swept_or_not
def test_an_expired_hold_on_an_expired_batch_frees_nothing(shop: Shop, swept: bool) -> None:
    shop.receive(5, expiration_date=EARLY)
    shop.hold(4, EARLY)
    if swept:
        shop.job("expire_lots", AFTER_EARLY)
        shop.job("expire_reservations", AFTER_EARLY)
    assert shop.order((SKU, 1), now=AFTER_EARLY).code == "ST001"
    assert shop.level() == {"on_hand": 5, "unavailable": 5}


# The audit


def test_the_audit_says_who_made_a_batch_and_when_and_why(shop: Shop) -> None:
    meta = {"actor": "Ada", "request_id": "r-1"}
    shop.receive(5, reason_code="return", meta=meta, now="2027-01-02T03:04:05Z")
    [lot] = shop.rows("select lot_id::text from stock.lots")
    [row] = shop.audit("stock.lots", lot["lot_id"])
    assert (row["action"], row["actor"], row["role"], row["reason"], row["request_id"]) == (
        "insert",
        "Ada",
        "admin",
        "return",
        "r-1",
    )
    assert (row["old"], row["new"]["batch_number"]) == (None, "B-1")
    assert row["recorded_at"].isoformat().startswith("2027-01-0")


def test_the_audit_of_a_sku_keeps_what_differs(shop: Shop) -> None:
    shop.send("save_skus", {"sku_id": SKU, "price": 11.5}, sub="Ada", request_id="r-2")
    made, changed = shop.audit("catalog.skus", SKU)
    assert (made["action"], made["actor"], made["old"], made["new"]["price"]) == ("insert", "tester", None, 10)
    assert (changed["action"], changed["actor"], changed["request_id"]) == ("update", "Ada", "r-2")
    assert (changed["old"].keys(), changed["old"]["price"]) == ({"price", "version", "updated_at"}, 10)
    assert changed["new"]["price"] == 11.5


def test_the_ledger_says_who_moved_units_and_why(shop: Shop) -> None:
    shop.receive(5)
    shop.adjust(-1, reason_code="other", note="a mouse", reference="Q-1", meta={"actor": "Ada", "request_id": "r-3"})
    [row] = shop.rows("select * from stock.stock_movements where kind = 'adjustment'")
    assert (row["actor"], row["reason_code"], row["note"], row["document"]) == ("Ada", "other", "a mouse", "Q-1")
    assert (row["on_hand_delta"], row["on_hand_after"], row["available_after"], row["request_id"]) == (-1, 4, 4, "r-3")


# The check of the books


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("update stock.stock_levels set on_hand = on_hand + 1", {"ledger on_hand", "lots on_hand"}),
        ("update stock.stock_levels set committed = committed - 1", {"ledger committed", "orders committed"}),
        ("update stock.stock_levels set reserved = reserved - 1", {"ledger reserved", "reservations reserved"}),
        ("update stock.stock_levels set unavailable = unavailable + 1", {"ledger unavailable", "lots unsellable"}),
        ("update stock.stock_levels set safety_stock = 1", {"ledger safety_stock"}),
        ("update stock.stock_levels set incoming = 1", {"ledger incoming", "incoming"}),
        ("update stock.stock_levels set shortfall = 1", {"ledger shortfall", "lots unsellable"}),
        ("update stock.lot_levels set on_hand = on_hand - 1", {"lots on_hand", "ledger of lot"}),
        ("update stock.lot_levels set sellable = false", {"lots unsellable"}),
        ("update orders.order_allocations set released_quantity = 1", {"orders committed", "lines kept"}),
        ("update stock.reservations set status = 'released'", {"reservations reserved"}),
        ("delete from {ledger} where kind = 'receipt'", {"ledger on_hand", "ledger of lot"}),
        ("delete from {ledger} where kind = 'commit'", {"ledger committed"}),
    ],
)
def test_the_check_finds_what_does_not_agree(shop: Shop, fault: str, found: set[str]) -> None:
    shop.receive(9)
    shop.order((SKU, 3))
    shop.hold(2, "2099-01-01")
    [partition] = shop.rows("select distinct tableoid::regclass::text as name from stock.stock_movements")
    with shop.connection.transaction(force_rollback=True):
        assert shop.connection.execute(fault.format(ledger=partition["name"])).rowcount == 1
        shop.connection.execute("select app.enter('admin', '{}')")
        rows = shop.rows("select * from stock.verify()")
    assert {row["check_name"] for row in rows} == found
    where = {(row["check_name"] == "lines kept", row["warehouse_id"], row["sku_id"]) for row in rows}  # a line has no warehouse
    assert where <= {(False, "WH-01", SKU), (True, None, SKU)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (adjustment(5), adjustment(-5)),
        ({"attributes": {"heat": 3}}, {"attributes": {"heat": -3}}),
        ({"attributes": {"x": 1, "reference": "R"}}, {"attributes": {"x": 1}, "reference": "R"}),
        ({"attributes": {"x": [True, True]}}, {"attributes": {"x": [None, False]}}),
        ({"attributes": {"x": ["a", [["b"]]]}}, {"attributes": {"x": ["a", "b"]}}),
    ],
    ids=["sign", "sign within attributes", "a member moved", "other constants", "other nesting"],
)
def test_a_key_with_a_similar_payload_is_not_a_repeat(shop: Shop, first: dict[str, Any], second: dict[str, Any]) -> None:
    shop.receive(100)
    if "delta" in first:
        command = "adjust_stock"
    else:
        command, first, second = "receive_stock", *(receipt(1, "NEW", name="New", **members) for members in (first, second))
    assert codes(shop.send(command, keyed(first))) == [None]
    assert codes(shop.send(command, keyed(second))) == ["ID001"]
