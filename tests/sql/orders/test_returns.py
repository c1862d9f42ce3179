"""Returns: units come back withheld, no more than were shipped, and the return closes when it is said what became of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests import transfers
from tests.battery.lengths import LENGTH, LONG
from tests.event_log import happened, types
from tests.races import race, sender
from tests.returns import announce, approve, arrival, dispose, read, receive, ship, units
from tests.world import EARLY, OTHER_SKU, SKU, Result, Shop, codes

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

GIFT = {"channel": "web", "warehouse_location": "WH-01", "note": "a gift", "reason": "too hot"}


def test_units_come_back_withheld_and_the_return_closes_with_the_last_disposition(shop: Shop) -> None:
    """RT2, RT3, RT6"""
    shop.receive(10)
    placed = ship(shop, 4)
    happened(shop)
    asked = announce(shop, placed, 3, note="box open", person="John Doe")
    assert (asked.body["status"], asked.body["warehouse_location"], asked.body["person"]) == ("requested", "WH-01", "John Doe")
    assert receive(shop, asked, 1).code == "RT003"
    approve(shop, asked)
    came = receive(shop, asked, 2)
    assert shop.level() == {"on_hand": 8, "unavailable": 2, "available": 6}
    assert came.body["items"][0]["received"] == 2
    assert dispose(shop, came, "restock", 1).code is None
    assert shop.level() == {"on_hand": 8, "unavailable": 1, "available": 7}
    assert dispose(shop, came, "scrap").code is None
    assert read(shop, asked)["status"] == "received"
    late = receive(shop, asked, 1)
    assert dispose(shop, late, "send_back").code is None
    closed = read(shop, asked)
    assert closed["status"] == "closed"
    parts = ("quantity", "restocked", "scrapped", "sent_back", "open_quantity")
    assert [[lot[part] for part in parts] for lot in closed["withholdings"]] == [[2, 1, 1, 0, 0], [1, 0, 0, 1, 0]]
    with shop.session() as connection:
        row = connection.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchone()
    assert row
    assert (row[0]["items"][0]["fulfilled"], row[0]["return_status"]) == (4, "partially_returned")
    assert [name for name in types(happened(shop)) if name.startswith("return.")] == [
        "return.requested",
        "return.approved",
        "return.received",
        "return.received",
        "return.closed",
    ]
    assert shop.verify() == []


def test_units_that_go_to_another_warehouse_close_their_return_too(shop: Shop) -> None:
    """RT3"""
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2)
    approve(shop, asked)
    came = receive(shop, asked, 2)
    assert dispose(shop, came, "restock", 1).code is None
    assert read(shop, asked)["status"] == "received"
    assert transfers.ship(shop, transfers.draft(shop, {"sku_id": SKU, "quantity": 1, "withheld": True})).code is None
    closed = read(shop, asked)
    assert (closed["status"], closed["withholdings"][0]["transferred"]) == ("closed", 1)
    assert shop.verify() == []


def test_no_more_comes_back_than_was_shipped(shop: Shop) -> None:
    """RT1"""
    shop.receive(10)
    placed = ship(shop, 3)
    other = ship(shop, 2)
    parcel = other.body["fulfillments"][0]["fulfillment_id"]
    assert announce(shop, placed, 4).code == "RT002"
    assert announce(shop, placed, 1, items=units(1, fulfillment_id=parcel)).code == "RT002"
    first = announce(shop, placed, 2)
    assert announce(shop, placed, 2).body["errors"][0]["available"] == 1
    approve(shop, first)
    assert receive(shop, first, 3).code == "RT004"
    assert receive(shop, first, 1).code is None
    assert shop.send("close_returns", {"return_id": first.body["return_id"], "reason": "kept"})[0].body["status"] == "received"
    assert receive(shop, first, 1).code == "RT004"
    second = announce(shop, placed, 2)
    assert second.code is None
    [refused] = shop.send("refuse_returns", {"return_id": second.body["return_id"], "reason": "opened"})
    assert (refused.code, refused.body["status"]) == (None, "refused")
    assert announce(shop, placed, 2).code is None
    assert shop.verify() == []


def test_several_parcels_of_an_order_are_announced_together(shop: Shop) -> None:
    shop.receive(10)
    placed = shop.order((SKU, 4))
    for _ in range(2):
        shop.fulfill(placed, items=units(2))
    asked = announce(shop, placed, 3)
    assert [line["quantity"] for line in asked.body["items"]] == [2, 1]
    assert len({line["fulfillment_id"] for line in asked.body["items"]}) == 2
    approve(shop, asked)
    assert [line["received"] for line in receive(shop, asked, 3).body["items"]] == [2, 1]
    assert shop.verify() == []


def test_a_parcel_of_which_units_come_back_is_not_undone(shop: Shop) -> None:
    shop.receive(10)
    placed = ship(shop, 2)
    undo = {
        "order_id": placed.body["order_id"],
        "fulfillment_id": placed.body["fulfillments"][0]["fulfillment_id"],
        "reason": "never collected",
    }
    asked = announce(shop, placed, 1, warehouse_location="WH-02")
    assert codes(shop.send("cancel_fulfillments", undo, role="warehouse", warehouses=["WH-01"])) == ["RT007"]
    assert codes(shop.send("close_returns", {"return_id": asked.body["return_id"], "reason": "kept"})) == [None]
    assert read(shop, asked)["status"] == "closed"
    assert codes(shop.send("cancel_fulfillments", undo)) == [None]
    assert announce(shop, placed, 1).code == "RT002"
    assert shop.verify() == []


def test_a_lot_that_the_parcel_does_not_name_is_taken_as_found(shop: Shop) -> None:
    """RT1, RT4: the lot decides whether units can be sold."""
    shop.receive(5, expiration_date=EARLY)
    shop.receive(5, batch_number="B-2", expiration_date="2090-01-01")
    asked = announce(shop, ship(shop, 2), 2)
    approve(shop, asked)
    assert receive(shop, asked, 1, "B-9").code == "ST007"
    came = receive(shop, asked, 1, "B-2")
    assert came.body["withholdings"][0]["wrong_lot"] is True
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "recalled"})
    recalled = receive(shop, asked, 1)
    assert [(lot["batch_number"], lot["wrong_lot"]) for lot in recalled.body["withholdings"]] == [("B-2", True), ("B-1", False)]
    restocked = dispose(shop, recalled, "restock")
    assert (restocked.code, restocked.body["status"]) == (None, "recalled")
    assert shop.level() == {"on_hand": 10, "unavailable": 5, "available": 5}
    assert shop.verify() == []


def test_units_of_which_nobody_can_read_the_lot_are_only_scrapped(shop: Shop) -> None:
    """RT5"""
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2)
    approve(shop, asked)
    came = receive(shop, asked, 2, None)
    assert [(lot["batch_number"], lot["status"], lot["wrong_lot"]) for lot in came.body["withholdings"]] == [
        ("UNKNOWN", "quarantined", False)
    ]
    assert shop.level() == {"on_hand": 5, "unavailable": 2, "available": 3}
    assert [dispose(shop, came, what).code for what in ("restock", "send_back")] == ["RT005", "RT005"]
    changes: tuple[dict[str, Any], ...] = (
        {"status": "available"},
        {"expiration_date": "2090-01-01", "reason_code": "other", "note": "x"},
    )
    for change in changes:
        assert codes(shop.send("change_batches", {"sku_id": SKU, "batch_number": "UNKNOWN", **change})) == ["RT005"]
    assert shop.receive(1, batch_number=" unknown").code == "VA001"
    assert dispose(shop, came, "scrap").code is None
    assert read(shop, asked)["status"] == "closed"
    assert shop.verify() == []


def test_units_that_keep_no_promise_are_put_back_by_force_only(shop: Shop) -> None:
    """RT4"""
    shop.receive(5, expiration_date=EARLY)
    asked = announce(shop, ship(shop, 3), 3)
    approve(shop, asked)
    came = receive(shop, asked, 3)
    assert dispose(shop, came, "restock", 1).code is None
    rules = [{"sku_id": SKU, "min_days": 3000}, {"sku_id": OTHER_SKU, "min_days": 1}]
    assert codes(shop.send("save_channels", {"channel_id": "web", "freshness_rules": rules})) == [None]
    refused = dispose(shop, came, "restock", 1)
    assert (refused.code, refused.body["errors"][0]["expiration_date"]) == ("RT006", EARLY)
    assert dispose(shop, came, "restock", 1, force=True).code is None
    assert codes(shop.send("save_channels", {"channel_id": "far", "freshness_rules": [{"min_days": 1}]})) == [None]
    assert dispose(shop, came, "restock", 1).code is None


def test_a_return_without_an_order_needs_a_note(shop: Shop) -> None:
    """RT7"""
    shop.receive(1)
    gift = GIFT | {"items": units(2)}
    assert codes(shop.send("request_returns", gift | {"note": " "})) == ["VA001"]
    [asked] = shop.send("request_returns", gift)
    approve(shop, asked)
    assert receive(shop, asked, 2).code is None
    assert shop.level() == {"on_hand": 3, "unavailable": 2, "available": 1}
    assert shop.verify() == []


def test_the_first_units_of_a_warehouse_can_be_returned_ones(shop: Shop) -> None:
    shop.receive(3)
    asked = announce(shop, ship(shop, 1), 1, warehouse_location="WH-03")
    approve(shop, asked)
    assert receive(shop, asked, 1).code is None
    assert shop.level(warehouse="WH-03") == {"on_hand": 1, "unavailable": 1}
    assert shop.verify() == []


def test_units_that_are_booked_as_returned_by_hand_are_withheld(shop: Shop) -> None:
    """RT8"""
    shop.receive(10)
    assert shop.adjust(5, reason_code="return", batch_number="B-1").code is None
    assert shop.receive(2, reason_code="return").code is None
    assert shop.count(18, reason_code="return", batch_number="B-1").code is None
    assert shop.level() == {"on_hand": 18, "unavailable": 8, "available": 10}
    [*causes] = shop.rows("select cause, quantity from stock.withholdings order by withholding_id")
    assert [tuple(row.values()) for row in causes] == [("returned", 5), ("returned", 2), ("returned", 1)]
    assert shop.verify() == []


def test_a_returned_unit_is_not_counted_as_room_in_the_same_list(shop: Shop) -> None:
    """RT8: of two adjustments of a list, the second cannot take what the first brought."""
    shop.receive(1)
    base = {"sku_id": SKU, "warehouse_location": "WH-01", "batch_number": "B-1"}
    answers = shop.send(
        "adjust_stock",
        base | {"delta": 5, "reason_code": "return"},
        base | {"delta": -2, "reason_code": "shrinkage"},
    )
    assert codes(answers) == [None, "ST001"]
    assert shop.verify() == []


def test_a_bundle_comes_back_as_its_components(shop: Shop) -> None:
    """KT8"""
    shop.receive(10)
    components = [{"sku_id": SKU, "quantity": 2}]
    assert codes(shop.send("save_skus", {"sku_id": "BOX", "name": "Box", "price": 30, "components": components})) == [None]
    placed = shop.fulfill(shop.order(("BOX", 1)))
    assert announce(shop, placed, 1, items=units(1, "BOX")).code == "KT003"
    asked = announce(shop, placed, 1)
    approve(shop, asked)
    assert receive(shop, asked, 1).code is None
    assert shop.verify() == []


def test_a_historic_order_is_returned_without_a_parcel(shop: Shop) -> None:
    shop.receive(1)
    placed = shop.record((SKU, 2))
    assert announce(shop, placed, 3).code == "RT002"
    asked = announce(shop, placed, 2)
    assert asked.body["items"][0]["fulfillment_id"] is None
    approve(shop, asked)
    assert receive(shop, asked, 2).body["withholdings"][0]["wrong_lot"] is False
    assert shop.verify() == []


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"order_id": "ORD-1-9999"}, "OR002", None),
        ({"items": []}, "VA001", "/items"),
        ({"items": units(0)}, "VA001", "/items/0/quantity"),
        ({"items": units(1, "NONE")}, "ST002", "/items/0/sku_id"),
        ({"items": units(1, OTHER_SKU)}, "RT002", "/items/0/quantity"),
        ({"items": units(1, fulfillment_id="FUL-1-9999")}, "RT002", "/items/0/quantity"),
        ({"reason": " "}, "VA001", "/reason"),
        ({"warehouse_location": "WH-99"}, "ST003", "/warehouse_location"),
        ({"order_id": None, "channel": "none", "note": "x"}, "OR008", "/channel"),
        ({"order_id": None, "note": "x"}, "VA001", "/warehouse_location"),
    ],
)
def test_bad_requests_are_refused(shop: Shop, change: dict[str, Any], code: str, pointer: str | None) -> None:
    shop.receive(5)
    refused = announce(shop, ship(shop, 1), 1, **change)
    assert (refused.code, refused.body.get("errors", [{"pointer": None}])[0]["pointer"]) == (code, pointer)
    assert shop.rows("select from orders.returns") == []


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"quantity": 0, "batch_number": "B-1"}, "VA001"),
        ({"quantity": 1}, "VA001"),
        ({"quantity": 1, "batch_number": "B-1", "unreadable": True}, "VA001"),
        ({"quantity": 1, "batch_number": "B-9"}, "ST007"),
        ({"quantity": 3, "batch_number": "B-1"}, "RT004"),
        ({"sku_id": OTHER_SKU, "quantity": 1, "unreadable": True}, "RT004"),
    ],
)
def test_bad_receipts_are_refused(shop: Shop, item: dict[str, Any], code: str) -> None:
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2)
    approve(shop, asked)
    answer = shop.send("receive_returns", {"return_id": asked.body["return_id"], "items": [{"sku_id": SKU, **item}]})
    assert codes(answer) == [code]
    assert shop.level() == {"on_hand": 3, "available": 3}
    assert shop.rows("select from stock.lots where batch_number = 'UNKNOWN'") == []


def test_each_sees_and_changes_only_its_own_returns(shop: Shop) -> None:
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2)
    element = {"return_id": asked.body["return_id"], "reason": "x"}
    assert codes(shop.send("approve_returns", element, role="sales", channels=["till"])) == ["RT001"]
    foreign = {"order_id": asked.body["order_id"], "items": units(1), "reason": "x"}
    assert codes(shop.send("request_returns", foreign, role="integration", channels=["till"])) == ["OR002"]
    assert codes(shop.send("approve_returns", element, role="sales", channels=["web"])) == [None]
    came = arrival(asked, 1)
    assert codes(shop.send("receive_returns", came, role="warehouse", warehouses=["WH-02"])) == ["RT001"]
    assert codes(shop.send("receive_returns", came, role="warehouse", warehouses=["WH-01"])) == [None]
    seen = read(shop, asked, "integration", channels=["web"])
    assert [(lot["batch_number"], lot["open_quantity"]) for lot in seen["withholdings"]] == [("B-1", 1)]
    strangers: tuple[tuple[str, dict[str, Any]], ...] = (
        ("sales", {"channels": ["till"]}),
        ("warehouse", {"warehouses": ["WH-02"]}),
    )
    for role, claims in strangers:
        with shop.session(role, **claims) as connection:
            ids = [int(asked.body["return_id"].rpartition("-")[2])]
            assert connection.execute("select from orders.return_documents(1::smallint, %s)", [ids]).fetchall() == []


def test_an_erased_customer_leaves_no_text_in_returns(shop: Shop) -> None:
    shop.receive(5)
    jane: dict[str, Any] = {"customer": {"name": "Jane Doe", "email": "jane@example.com"}}
    placed = shop.fulfill(shop.order((SKU, 2), **jane))
    meta = {"meta": {"idempotency_key": "k", "actor": "Ada"}}
    asked = announce(shop, placed, 2, reason="Janes taste", note="Jane called", person="Janes son", **meta)
    approve(shop, asked)
    [came] = shop.send("receive_returns", arrival(asked, 2, note="Jane sent it", meta=meta["meta"] | {"idempotency_key": "r"}))
    assert dispose(shop, came, "scrap", 1, note="Jane spilled it").code is None
    happened(shop)
    assert codes(shop.send("erase_customers", {"email": "jane@example.com", "include_open": True})) == [None]
    happened(shop)
    for table in (
        *("orders.returns", "stock.withholdings", "stock.stock_movements", "audit.audit_log", "events.event_log"),
        *("events.outbox", "identity.idempotency_keys"),
    ):
        assert shop.rows(f"select t::text from {table} t where t::text like %s", "%Jane%") == [], table
    [again] = shop.send(
        "request_returns",
        {"order_id": placed.body["order_id"], "items": units(2), "reason": "Janes taste", "note": "Jane called",
         "person": "Janes son", **meta},
    )  # fmt: skip
    assert (again.replayed, again.body["return_id"], again.body["reason"]) == (True, asked.body["return_id"], "erased")
    assert shop.verify() == []


@pytest.mark.commits
def test_two_returns_of_one_parcel_at_once_announce_its_units_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """RT1"""
    shop.receive(5)
    placed = ship(shop, 2)
    element = {"order_id": placed.body["order_id"], "items": units(2), "reason": "too hot"}
    first, second = race(shop, pool, sender(shop, "request_returns", element), sender(shop, "request_returns", element))
    assert (first.code, second.code) == (None, "RT002")
    assert shop.verify() == []


@pytest.mark.commits
def test_two_receipts_of_one_return_at_once_book_its_units_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """RT1"""
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2)
    approve(shop, asked)
    element = arrival(asked, 2)
    first, second = race(shop, pool, sender(shop, "receive_returns", element), sender(shop, "receive_returns", element))
    assert (first.code, second.code) == (None, "RT004")
    assert shop.level() == {"on_hand": 5, "unavailable": 2, "available": 3}
    assert shop.verify() == []


@pytest.mark.commits
@pytest.mark.parametrize("warehouse", ["WH-01", "WH-03"])
@pytest.mark.parametrize("recall_first", [True, False])
def test_a_lot_that_is_recalled_while_units_come_back_keeps_them(
    shop: Shop, pool: ThreadPoolExecutor, *, recall_first: bool, warehouse: str
) -> None:
    """RT4: WH-03 has no units of the SKU before."""
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2, warehouse_location=warehouse)
    approve(shop, asked)
    recall = sender(shop, "recall_lots", {"lots": [{"sku_id": SKU, "batch_numbers": ["B-1"]}], "person": "Ada"})
    come = sender(shop, "receive_returns", arrival(asked, 2))
    first, second = race(shop, pool, *((recall, come) if recall_first else (come, recall)))
    assert (first.code, second.code) == (None, None)
    recalled, came = (first, second) if recall_first else (second, first)
    assert [lot["returned"] for lot in recalled.body["lots"]] == [0 if recall_first else 2]
    assert dispose(shop, came, "restock").code is None
    levels = shop.rows("select sum(on_hand) as on_hand, sum(unavailable) as unavailable from stock.stock_levels")
    assert [tuple(row.values()) for row in levels] == [(5, 5)]
    assert shop.verify() == []


@pytest.mark.commits
@pytest.mark.parametrize("cancel_first", [True, False])
def test_units_come_back_while_the_rest_of_their_order_is_canceled(
    shop: Shop, pool: ThreadPoolExecutor, *, cancel_first: bool
) -> None:
    """RT6"""
    shop.receive(6)
    placed = shop.order((SKU, 4))
    shop.fulfill(placed, items=units(2))
    asked = announce(shop, placed, 2)
    approve(shop, asked)
    cancel = sender(shop, "cancel_orders", {"order_id": placed.body["order_id"]})
    come = sender(shop, "receive_returns", arrival(asked, 2))
    first, second = race(shop, pool, *((cancel, come) if cancel_first else (come, cancel)))
    assert (first.code, second.code) == (None, None)
    assert shop.level() == {"on_hand": 6, "unavailable": 2, "available": 4}
    assert shop.verify() == []


@pytest.mark.commits
@pytest.mark.parametrize("refuse_first", [True, False])
def test_a_return_is_refused_or_received(shop: Shop, pool: ThreadPoolExecutor, *, refuse_first: bool) -> None:
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2)
    approve(shop, asked)
    refuse = sender(shop, "refuse_returns", {"return_id": asked.body["return_id"], "reason": "opened"})
    come = sender(shop, "receive_returns", arrival(asked, 2))
    first, second = race(shop, pool, *((refuse, come) if refuse_first else (come, refuse)))
    assert (first.code, second.code) == (None, "RT003")
    assert shop.level()["on_hand"] == (3 if refuse_first else 5)
    assert shop.verify() == []


@pytest.mark.commits
@pytest.mark.parametrize("undo_first", [True, False])
def test_a_parcel_is_undone_or_comes_back(shop: Shop, pool: ThreadPoolExecutor, *, undo_first: bool) -> None:
    """RT1"""
    shop.receive(5)
    placed = ship(shop, 2)
    order_id, [parcel] = placed.body["order_id"], placed.body["fulfillments"]
    undo = sender(
        shop,
        "cancel_fulfillments",
        {"order_id": order_id, "fulfillment_id": parcel["fulfillment_id"], "reason": "never collected"},
    )
    ask = sender(shop, "request_returns", {"order_id": order_id, "items": units(1), "reason": "too hot"})
    first, second = race(shop, pool, *((undo, ask) if undo_first else (ask, undo)))
    assert (first.code, second.code) == (None, "RT002" if undo_first else "RT007")
    assert shop.verify() == []


@pytest.mark.commits
def test_two_dispositions_at_once_dispose_of_each_unit_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """RT3"""
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2)
    approve(shop, asked)
    [lot] = receive(shop, asked, 2).body["withholdings"]
    restock, scrap = (
        sender(shop, "dispose_withholdings", {"withholding_id": lot["withholding_id"], "disposition": what, "quantity": 2})
        for what in ("restock", "scrap")
    )
    first, second = race(shop, pool, restock, scrap)
    assert (first.code, second.code) == (None, "WD002")
    assert shop.level() == {"on_hand": 5, "available": 5}
    assert read(shop, asked)["status"] == "closed"
    assert shop.verify() == []


@pytest.mark.commits
def test_a_return_closes_when_its_last_units_are_disposed_of_at_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """RT3: of two SKUs, so that no level makes one session wait for the other."""
    shop.receive(5)
    shop.receive(5, sku_id=OTHER_SKU)
    placed = shop.fulfill(shop.order((SKU, 1), (OTHER_SKU, 1)))
    asked = announce(shop, placed, 1, items=units(1) + units(1, OTHER_SKU))
    approve(shop, asked)
    items = units(1, batch_number="B-1") + units(1, OTHER_SKU, batch_number="B-1")
    [came] = shop.send("receive_returns", {"return_id": asked.body["return_id"], "items": items})
    scraps = (
        sender(shop, "dispose_withholdings", {"withholding_id": lot["withholding_id"], "disposition": "scrap"})
        for lot in came.body["withholdings"]
    )
    first, second = race(shop, pool, *scraps)
    assert (first.code, second.code) == (None, None)
    assert read(shop, asked)["status"] == "closed"


@pytest.mark.commits
def test_a_return_that_is_closed_while_its_last_units_are_disposed_of_closes(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    asked = announce(shop, ship(shop, 2), 2)
    approve(shop, asked)
    came = receive(shop, asked, 1)
    close = sender(shop, "close_returns", {"return_id": asked.body["return_id"], "reason": "kept"})
    name = came.body["withholdings"][0]["withholding_id"]
    scrap = sender(shop, "dispose_withholdings", {"withholding_id": name, "disposition": "scrap"})
    race(shop, pool, close, scrap)
    assert read(shop, asked)["status"] == "closed"


@pytest.mark.parametrize("seed", range(LENGTH.examples // (1 if LONG else 10)))
def test_a_random_sequence_loses_no_unit(shop: Shop, seed: int) -> None:
    rng = random.Random(seed)
    shop.receive(30, expiration_date=EARLY)
    shop.receive(30, batch_number="B-2", expiration_date="2090-01-01")
    placed = [ship(shop, rng.randint(1, 6)) for _ in range(3)]
    asked: list[Result] = []
    for _ in range(25):
        match rng.randrange(6):
            case 0:
                announced = announce(shop, rng.choice(placed), rng.randint(1, 4))
                asked += [announced] if announced.code is None else []
            case 1 if asked:
                shop.send("approve_returns", {"return_id": rng.choice(asked).body["return_id"]})
            case 2 if asked:
                receive(shop, rng.choice(asked), rng.randint(1, 3), rng.choice(["B-1", "B-2", None]))
            case 3 if asked:
                command = rng.choice(["close_returns", "refuse_returns"])
                shop.send(command, {"return_id": rng.choice(asked).body["return_id"], "reason": "x"})
            case 4 if asked:
                came = Result(None, replayed=False, body=read(shop, rng.choice(asked)))
                if came.body["withholdings"]:
                    dispose(shop, came, rng.choice(["restock", "scrap", "send_back"]), rng.randint(1, 2))
            case 5:
                status = rng.choice(["available", "recalled"])
                shop.send("change_batches", {"sku_id": SKU, "batch_number": rng.choice(["B-1", "B-2"]), "status": status})
        assert shop.verify() == []
    for one in asked:
        body = read(shop, one)
        still = sum(lot["open_quantity"] for lot in body["withholdings"])
        expected = sum(line["quantity"] - line["received"] - line["given_up"] for line in body["items"])
        assert (body["status"] == "closed") == (still + expected == 0 and body["status"] != "refused")
