"""Sales at a till are placed and handed over in one act; what was sold offline is recorded whatever the count says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.event_log import happened, types
from tests.races import race, sender
from tests.world import AFTER_EARLY, EARLY, LATE, OTHER_SKU, SKU, THIRD_SKU, Result, Shop, codes, keyed, order, parts

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

CUSTOMER = {"name": "Walk-in"}
LISTED = """select body from api.list_inventory(1::smallint, '{"count_requested": true}', null, 50)"""
YESTERDAY, TODAY = "2026-03-09T18:30:00Z", "2026-03-10T09:00:00Z"


@pytest.fixture
def store(shop: Shop) -> Shop:
    """Three units in the shop's warehouse, of two lots, and ten in another one of the channel."""
    shop.receive(2, batch_number="L-1", expiration_date=EARLY, warehouse_location="WH-02")
    shop.receive(1, batch_number="L-2", expiration_date=LATE, warehouse_location="WH-02")
    shop.receive(10, batch_number="FAR")
    return shop


def sale(*items: tuple[str, int], lots: list[dict[str, Any]] | None = None, offline: bool = False, **rest: Any) -> dict[str, Any]:
    handed = {"warehouse_location": "WH-02", **({"items": lots} if lots else {}), **({"offline": True} if offline else {})}
    return order(*items, **{"channel": "till", "customer": CUSTOMER, "handed_over": handed} | rest)


def sell(shop: Shop, *items: tuple[str, int], role: str = "admin", now: str | None = None, **rest: Any) -> Result:
    [answer] = shop.send("place_orders", sale(*items, **rest), role=role, now=now, channels=["till"])
    return answer


def lot(quantity: int, number: str, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    return {"sku_id": sku_id, "quantity": quantity, "batch_number": number, **rest}


def parcel(sold: Result) -> list[tuple[str, int, bool]]:
    assert sold.code is None, sold
    [left] = sold.body["fulfillments"]
    return [(line["batch_number"], line["quantity"], line["assumed"]) for line in left["items"]]


def fault(refused: Result) -> tuple[str | None, str]:
    return refused.code, refused.body["errors"][0]["pointer"]


def shelf(shop: Shop, sku_id: str = SKU) -> dict[str, int]:
    return shop.batches(sku_id, "WH-02")


def requests(shop: Shop) -> list[tuple[str, str, int]]:
    found = shop.rows("select warehouse_id, sku_id, units from stock.count_requests order by 1, 2")
    return [(row["warehouse_id"], row["sku_id"], row["units"]) for row in found]


def ledger(shop: Shop, sold: Result) -> list[dict[str, Any]]:
    return shop.rows(
        "select kind, on_hand_delta, committed_delta, reason_code, note, occurred_at, actor from stock.stock_movements"
        " where document = %s order by movement_id",
        sold.body["order_id"],
    )


# A sale now


@pytest.mark.parametrize("role", ["admin", "sales", "integration"])
def test_a_sale_is_placed_and_handed_over_in_one_act(store: Shop, role: str) -> None:
    sold = sell(store, (SKU, 3), role=role)
    assert parcel(sold) == [("L-1", 2, True), ("L-2", 1, True)]
    assert (sold.body["status"], sold.body["fulfillment_status"], sold.body["version"]) == ("completed", "fulfilled", 2)
    assert parts(sold) == {(SKU, "WH-02"): 3}
    assert [line["fulfilled"] for line in sold.body["items"]] == [3]
    assert store.level(warehouse="WH-02") == {}
    assert [(row["kind"], row["on_hand_delta"], row["committed_delta"]) for row in ledger(store, sold)] == [
        ("fulfill", -2, 0),
        ("fulfill", -1, 0),
    ]
    assert requests(store) == []
    assert store.verify() == []


def test_its_events_tell_the_sale_and_the_parcel(store: Shop) -> None:
    happened(store)
    sold = sell(store, (SKU, 1))
    events = happened(store)
    assert types(events) == ["order.placed", "stock.fulfilled", "order.fulfilled"]
    assert events[2]["data"]["fulfillments"] == sold.body["fulfillments"]


def test_units_come_from_the_named_warehouse_only(store: Shop) -> None:
    refused = sell(store, (SKU, 4))
    assert fault(refused) == ("ST001", "/items/0/quantity")
    assert (refused.body["errors"][0]["requested"], refused.body["errors"][0]["available"]) == (4, 3)
    assert shelf(store) == {"L-1": 2, "L-2": 1}
    assert store.order((SKU, 4), channel="till").code is None  # without a hurry, two warehouses serve it


def test_promised_units_stay_in_the_shop(store: Shop) -> None:
    store.order((SKU, 2), channel="till")  # WH-02 comes first
    assert sell(store, (SKU, 2)).body["errors"][0]["available"] == 1
    assert parcel(sell(store, (SKU, 1))) == [("L-1", 1, True)]
    assert store.level(warehouse="WH-02") == {"on_hand": 2, "committed": 2}
    assert store.verify() == []


def test_what_may_wait_is_not_handed_over(store: Shop) -> None:
    store.send("save_channels", {"channel_id": "till", "sale_rules": [{"mode": "backorder"}]})
    assert sell(store, (SKU, 4)).code == "ST001"


def test_the_scanned_lot_leaves_by_the_rules_of_parcels(store: Shop) -> None:
    refused = sell(store, (SKU, 1), lots=[lot(1, "L-2")])
    assert fault(refused) == ("SH002", "/handed_over/items/0/reason_code")
    assert fault(sell(store, (SKU, 2), lots=[lot(2, "L-2")])) == ("ST013", "/handed_over/items/0/batch_number")
    assert fault(sell(store, (SKU, 1), lots=[lot(1, "L-9")])) == ("ST007", "/handed_over/items/0/batch_number")
    assert fault(sell(store, (SKU, 1), lots=[lot(1, "L-2", reason_code="other")])) == ("ST005", "/note")
    sold = sell(store, (SKU, 1), lots=[lot(1, " l-2", reason_code="could_not_locate")])
    assert parcel(sold) == [("L-2", 1, False)]
    assert sold.body["fulfillments"][0]["items"][0]["passed_over"]["batch_numbers"] == ["L-1"]


def test_a_warehouse_that_wants_scans_gets_them(store: Shop) -> None:
    store.send("save_warehouses", {"warehouse_id": "WH-02", "scan_required": True})
    assert fault(sell(store, (SKU, 1))) == ("SH001", "/handed_over/items")
    assert parcel(sell(store, (SKU, 1), lots=[lot(1, "L-1")])) == [("L-1", 1, False)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"handed_over": {"warehouse_location": "WH-03"}}, ("ST003", "/handed_over/warehouse_location")),
        ({"handed_over": {"warehouse_location": "NONE"}}, ("ST003", "/handed_over/warehouse_location")),
        ({"status": "pending"}, ("VA001", "/handed_over")),
        ({"lots": [lot(2, "L-1")]}, ("VA001", "/handed_over/items/0/quantity")),
        ({"lots": [lot(1, "L-1"), lot(1, "L-1", OTHER_SKU)]}, ("VA001", "/handed_over/items/1/quantity")),
        ({"channel": "gone"}, ("OR008", "/channel")),
        ({"offline": True, "lots": [lot(1, "L-9")]}, ("ST007", "/handed_over/items/0/batch_number")),
        ({"offline": True, "lots": [lot(1, "L-1", reason_code="damaged")]}, ("VA001", "/handed_over/items/0/reason_code")),
    ],
)
def test_what_cannot_be_right_is_refused(store: Shop, change: dict[str, Any], expected: tuple[str, str]) -> None:
    assert fault(sell(store, (SKU, 1), **change)) == expected
    assert shelf(store) == {"L-1": 2, "L-2": 1}
    assert store.rows("select from orders.orders") == []


def test_a_historic_order_or_a_reservation_is_not_handed_over(store: Shop) -> None:
    assert fault(store.record((SKU, 1), channel="till", handed_over={"warehouse_location": "WH-02"})) == ("VA001", "/handed_over")
    [held] = store.send("reserve_stock", {"channel": "till", "items": [{"sku_id": SKU, "quantity": 1}]})
    converting = sale((SKU, 1), reservation_id=held.body["reservation_id"])
    assert fault(store.send("place_orders", converting)[0]) == ("VA001", "/handed_over")


def test_a_channel_sells_from_its_own(store: Shop) -> None:
    [refused] = store.send("place_orders", sale((SKU, 1)), role="sales", channels=["web"])
    assert refused.code == "OR008"


def test_sales_and_orders_share_a_batch(store: Shop) -> None:
    batch = [
        order((SKU, 1), channel="till"),
        sale((SKU, 2)),
        sale((SKU, 2)),
        sale((SKU, 1), offline=True),
        order((SKU, 10), channel="till"),
    ]
    answers = store.send("place_orders", *batch)
    # What is handed over comes first: the customer holds it.
    assert codes(answers) == [None, None, "ST001", None, "ST001"]
    assert parts(answers[0]) == {(SKU, "WH-01"): 1}
    assert requests(store) == []
    assert store.verify() == []


def test_a_key_and_a_number_act_once(store: Shop) -> None:
    first, again = (store.send("place_orders", keyed(sale((SKU, 1), external_id="T-1")))[0] for _ in range(2))
    assert (again.replayed, again.body) == (True, first.body)
    refused = sell(store, (SKU, 1), external_id="T-1", offline=True)
    assert (refused.code, refused.body["errors"][0]["order_id"]) == ("OR005", first.body["order_id"])
    twins = store.send("place_orders", *(keyed(sale((SKU, 1), external_id="T-2"), key) for key in ("k-2", "k-3")))
    assert codes(twins) == [None, "OR005"]
    assert store.level(warehouse="WH-02") == {"on_hand": 1, "available": 1}


def test_a_sale_can_be_undone(store: Shop) -> None:
    sold = sell(store, (SKU, 1))
    fulfillment = sold.body["fulfillments"][0]["fulfillment_id"]
    undoing = {"order_id": sold.body["order_id"], "fulfillment_id": fulfillment, "reason": "brought back at once"}
    assert store.send("cancel_fulfillments", undoing)[0].body["status"] == "processing"
    assert store.cancel(sold).body["status"] == "canceled"
    assert store.level(warehouse="WH-02") == {"on_hand": 3, "available": 3}
    assert store.verify() == []


# A sale that has happened


def test_what_is_there_is_taken_first_and_no_count_is_asked_for(store: Shop) -> None:
    sold = sell(store, (SKU, 3), offline=True, created_at=YESTERDAY, now=TODAY)
    assert parcel(sold) == [("L-1", 2, True), ("L-2", 1, True)]
    assert (sold.body["created_at"], sold.body["fulfillments"][0]["shipped_at"]) == ("2026-03-09T18:30:00.000Z",) * 2
    assert {row["occurred_at"] for row in ledger(store, sold)} == {datetime(2026, 3, 9, 18, 30, tzinfo=UTC)}
    assert requests(store) == []
    assert store.verify() == []


def test_what_the_count_does_not_have_is_found(store: Shop) -> None:
    happened(store)
    sold = sell(store, (SKU, 5), offline=True, created_at=YESTERDAY, now=TODAY, role="integration")
    assert parcel(sold) == [("L-1", 2, True), ("L-2", 3, True)]  # the newest lot that was there
    assert store.level(warehouse="WH-02") == {}
    found, *shipped = ledger(store, sold)
    assert (found["kind"], found["on_hand_delta"], found["reason_code"]) == ("adjustment", 2, "found")
    assert sold.body["order_id"] in found["note"]
    assert found["occurred_at"] == datetime(2026, 3, 9, 18, 30, tzinfo=UTC)
    assert [row["on_hand_delta"] for row in shipped] == [-2, -3]
    assert requests(store) == [("WH-02", SKU, 2)]
    events = happened(store)
    assert types(events) == ["order.placed", "stock.adjusted", "stock.fulfilled", "order.fulfilled", "stock.count_requested"]
    data = events[-1]["data"]
    assert (data["sku_id"], data["warehouse_location"], data["found"], data["order_id"]) == (
        SKU,
        "WH-02",
        2,
        sold.body["order_id"],
    )
    [audited] = [row for row in store.audit("orders.orders", sold.body["order_id"].split("-")[2]) if row["action"] == "insert"]
    assert audited["role"] == "integration"
    assert store.verify() == []


def test_promised_units_are_never_taken(store: Shop) -> None:
    promised = store.order((SKU, 3), channel="till")
    sold = sell(store, (SKU, 2), offline=True)
    assert store.level(warehouse="WH-02") == {"on_hand": 3, "committed": 3}
    assert requests(store) == [("WH-02", SKU, 2)]
    assert store.fulfill(promised).body["status"] == "completed"
    assert parcel(sold) == [("L-2", 2, True)]
    assert shelf(store) == {"L-1": 0, "L-2": 0}
    assert store.verify() == []


def test_what_is_found_does_not_go_to_orders_that_wait(store: Shop) -> None:
    store.send("save_channels", {"channel_id": "till", "sale_rules": [{"mode": "backorder"}]})
    waiting = store.order((SKU, 20), channel="till")
    assert waiting.body["backorders"][0]["quantity"] == 7
    sell(store, (SKU, 2), offline=True)
    [row] = store.rows("select quantity from orders.backorders")
    assert row["quantity"] == 7
    assert store.level(warehouse="WH-02") == {"on_hand": 3, "committed": 3}
    assert store.verify() == []


def test_a_lot_that_expired_since_was_sold_while_it_could_be(store: Shop) -> None:
    assert sell(store, (SKU, 2), now=AFTER_EARLY).code == "ST001"
    sold = sell(store, (SKU, 3), offline=True, created_at=f"{EARLY}T12:00:00Z", now=AFTER_EARLY)
    assert parcel(sold) == [("L-1", 2, True), ("L-2", 1, True)]
    assert store.level(warehouse="WH-02") == {}
    assert requests(store) == []
    assert store.verify() == []


def test_a_lot_that_had_expired_before_is_left_alone(store: Shop) -> None:
    sold = sell(store, (SKU, 3), offline=True, now=AFTER_EARLY)
    assert parcel(sold) == [("L-2", 3, True)]
    assert store.level(warehouse="WH-02") == {"on_hand": 2, "unavailable": 2}
    assert requests(store) == [("WH-02", SKU, 2)]
    assert store.verify() == []


def test_the_scanned_lot_left_whatever_it_is(store: Shop) -> None:
    """Even of a recalled lot: the trace must name its customers. Its units are no longer unavailable."""
    store.send("change_batches", {"sku_id": SKU, "batch_number": "L-1", "status": "recalled", "reason_code": "recalled"})
    sold = sell(store, (SKU, 4), offline=True, lots=[lot(3, "L-1"), lot(1, "FAR")])
    assert sorted(parcel(sold)) == [("FAR", 1, False), ("L-1", 3, False)]
    assert store.level(warehouse="WH-02") == {"on_hand": 1, "available": 1}
    assert shelf(store) == {"L-1": 0, "L-2": 1, "FAR": 0}
    assert requests(store) == [("WH-02", SKU, 2)]
    assert store.verify() == []


def test_promised_units_of_an_expired_lot_stay_a_shortfall(store: Shop) -> None:
    promised = store.order((SKU, 3), channel="till")
    assert store.job("expire_lots", AFTER_EARLY) > 0
    assert store.level(warehouse="WH-02")["shortfall"] == 2
    sold = sell(store, (SKU, 1), offline=True, lots=[lot(1, "L-1")], created_at=f"{EARLY}T12:00:00Z", now=AFTER_EARLY)
    assert sold.code is None, sold
    assert store.level(warehouse="WH-02") == {"on_hand": 3, "committed": 3, "shortfall": 2}
    assert requests(store) == [("WH-02", SKU, 1)]
    assert promised.code is None
    assert store.verify() == []


def test_a_sku_that_was_never_there_needs_its_lot(store: Shop) -> None:
    refused = sell(store, (THIRD_SKU, 1), offline=True)
    assert fault(refused) == ("ST015", "/handed_over/items")
    assert store.rows("select from stock.stock_levels where sku_id = %s", THIRD_SKU) == []
    named = [lot(2, "N-1", THIRD_SKU, expiration_date=LATE)]
    sold = sell(store, (THIRD_SKU, 2), (SKU, 1), offline=True, lots=named)
    assert sorted(parcel(sold)) == [("L-1", 1, True), ("N-1", 2, False)]
    assert requests(store) == [("WH-02", THIRD_SKU, 2)]
    [row] = store.rows("select expiration_date::text from stock.lots where batch_number = 'N-1'")
    assert row["expiration_date"] == LATE
    assert store.verify() == []


def test_a_sale_that_has_happened_keeps_its_prices(store: Shop) -> None:
    """Also in a channel with list prices, and of a SKU that was retired meanwhile."""
    store.send("save_skus", {"sku_id": SKU, "active": False})
    handed = {"warehouse_location": "WH-02", "offline": True}
    lines = [{"sku_id": SKU, "quantity": 2, "price": 8.5}]
    body = {"channel": "web", "items": lines, "customer": CUSTOMER, "handed_over": handed}
    assert store.send("place_orders", body | {"total_price": 18})[0].code == "OR007"
    [sold] = store.send("place_orders", body | {"total_price": 17})
    assert (sold.code, sold.body["total_price"]) == (None, 17)
    handed.pop("offline")
    assert store.send("place_orders", body | {"external_id": "now"})[0].code == "OR006"


def test_a_count_ends_the_request(store: Shop) -> None:
    sell(store, (SKU, 4), offline=True)
    sell(store, (SKU, 1), (OTHER_SKU, 1), offline=True, lots=[lot(1, "O-1", OTHER_SKU, expiration_date=LATE)])
    assert requests(store) == [("WH-02", SKU, 2), ("WH-02", OTHER_SKU, 1)]
    store.adjust(1, warehouse_location="WH-02")
    store.count(10)  # another warehouse
    assert len(requests(store)) == 2
    assert store.count(1, warehouse_location="WH-02").code is None
    assert requests(store) == [("WH-02", OTHER_SKU, 1)]


@pytest.mark.parametrize("expected", [[], None])
def test_requests_are_shown_to_those_who_can_count(store: Shop, expected: list[str] | None) -> None:
    if expected is None:
        sell(store, (SKU, 4), offline=True)
        expected = [SKU]
    for role, warehouse, seen in (
        ("admin", None, expected),
        ("warehouse", "WH-02", expected),
        ("warehouse", "WH-01", []),
        ("sales", None, expected),
        ("integration", None, []),
    ):
        with store.session(role, warehouses=[warehouse] if warehouse else [], channels=["till"]) as connection:
            row = connection.execute(LISTED).fetchone()
        assert row is not None
        assert [sku["sku_id"] for sku in row[0]["data"]] == seen, role
        for sku in row[0]["data"]:
            assert {level["warehouse_location"] for level in sku["warehouses"] if "count_requested_at" in level} == {"WH-02"}


# At once


@pytest.mark.commits
@pytest.mark.parametrize("offline_first", [True, False])
def test_an_offline_sale_and_an_order_of_the_last_bottle(shop: Shop, pool: ThreadPoolExecutor, *, offline_first: bool) -> None:
    shop.receive(1, warehouse_location="WH-02")
    sold = sender(shop, "place_orders", sale((SKU, 1), offline=True))
    ordered = sender(shop, "place_orders", order((SKU, 1), channel="till"))
    first, second = race(shop, pool, sold, ordered) if offline_first else race(shop, pool, ordered, sold)
    assert (first.code, second.code) == (None, "ST001" if offline_first else None)
    expected = {} if offline_first else {"on_hand": 1, "committed": 1}
    assert shop.level(warehouse="WH-02") == expected
    assert requests(shop) == ([] if offline_first else [("WH-02", SKU, 1)])
    assert shop.verify() == []


@pytest.mark.commits
def test_two_sales_of_the_last_bottle(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(1, warehouse_location="WH-02")
    answers = race(shop, pool, *(sender(shop, "place_orders", sale((SKU, 1))) for _ in range(2)))
    assert codes(list(answers)) == [None, "ST001"]
    assert shop.verify() == []


@pytest.mark.commits
def test_two_offline_sales_of_a_level_that_does_not_exist(shop: Shop, pool: ThreadPoolExecutor) -> None:
    named = [lot(1, "N-1", expiration_date=LATE)]
    answers = race(shop, pool, *(sender(shop, "place_orders", sale((SKU, 1), offline=True, lots=named)) for _ in range(2)))
    assert codes(list(answers)) == [None, None]
    assert requests(shop) == [("WH-02", SKU, 2)]
    assert shop.verify() == []
