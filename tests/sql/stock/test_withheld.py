"""Withheld units: some of a good lot are set aside, whatever is promised, until it is said what becomes of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.battery.lengths import LENGTH, LONG
from tests.races import race, sender
from tests.world import EARLY, SKU, Result, Shop, codes

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


def withholding(quantity: int, **rest: Any) -> dict[str, Any]:
    return {
        "sku_id": SKU,
        "warehouse_location": "WH-01",
        "batch_number": "B-1",
        "quantity": quantity,
        "cause": "inspection",
        **rest,
    }


def withhold(shop: Shop, quantity: int, **rest: Any) -> Result:
    [answer] = shop.send("withhold_stock", withholding(quantity, **rest))
    return answer


def dispose(shop: Shop, withheld: Result, disposition: str, quantity: int | None = None, **rest: Any) -> Result:
    element = {"withholding_id": withheld.body["withholding_id"], "disposition": disposition, **rest}
    [answer] = shop.send("dispose_withholdings", element if quantity is None else element | {"quantity": quantity})
    return answer


def test_units_of_a_good_lot_are_set_aside_and_disposed_of_in_parts(shop: Shop) -> None:
    shop.receive(10)
    aside = withhold(shop, 6, note="labels", reference="QC-7")
    assert (aside.code, aside.body["open_quantity"], aside.body["document"]) == (None, 6, "QC-7")
    assert shop.level() == {"on_hand": 10, "unavailable": 6, "available": 4}
    assert dispose(shop, aside, "restock", 3).body["open_quantity"] == 3
    assert dispose(shop, aside, "scrap", 1).body["open_quantity"] == 2
    assert dispose(shop, aside, "send_back", 1).body["open_quantity"] == 1
    assert shop.level() == {"on_hand": 8, "unavailable": 1, "available": 7}
    last = dispose(shop, aside, "restock").body
    assert [last[part] for part in ("quantity", "restocked", "scrapped", "sent_back", "open_quantity")] == [6, 4, 1, 1, 0]
    assert shop.level() == {"on_hand": 8, "available": 8}
    assert dispose(shop, aside, "restock").code == "WD002"
    kinds = shop.rows(
        "select kind, withheld_delta as units, reason_code from stock.stock_movements where withholding_id is not null"
        " order by movement_id"
    )
    assert [tuple(row.values()) for row in kinds] == [
        ("withhold", 6, "quality_control"),
        ("restock", -3, "restock"),
        ("scrap", -1, "scrapped"),
        ("send_back", -1, "sent_back"),
        ("restock", -1, "restock"),
    ]
    assert shop.verify() == []


def test_nothing_gives_withheld_units_out(shop: Shop) -> None:
    shop.receive(5, expiration_date=EARLY)
    shop.receive(5, batch_number="B-2", expiration_date="2090-01-01")
    assert withhold(shop, 5).code is None
    assert shop.order((SKU, 6)).code == "ST001"
    placed = shop.order((SKU, 5))
    named = {"order_id": placed.body["order_id"], "items": [{"sku_id": SKU, "quantity": 1, "batch_number": "B-1"}]}
    assert codes(shop.send("fulfill_orders", named)) == ["ST013"]
    shipped = shop.fulfill(placed)
    assert [line["batch_number"] for line in shipped.body["fulfillments"][0]["items"]] == ["B-2"]
    assert shop.adjust(-1, batch_number="B-1", reason_code="shrinkage").body["detail"] == (
        "WH-01 has no units of SAUCE-1 in lot B-1, not 1. 5 more are withheld: say with POST /v1/withholdings/{id}/dispose what "
        "became of them."
    )
    [refused] = shop.send("adjust_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "delta": -1, "reason_code": "shrinkage"})
    assert refused.code == "ST001"
    assert shop.count(4, batch_number="B-1").code == "ST001"
    assert shop.count(5, batch_number="B-1").code is None
    assert shop.level() == {"on_hand": 5, "unavailable": 5}
    assert shop.verify() == []


def test_a_loss_over_several_lots_passes_withheld_units_over(shop: Shop) -> None:
    shop.receive(5, expiration_date=EARLY)
    shop.receive(5, batch_number="B-2", expiration_date="2090-01-01")
    assert withhold(shop, 2).code is None
    lost = shop.adjust(-6, reason_code="shrinkage")
    assert [(lot["batch_number"], lot["delta"]) for lot in lost.body["batches"]] == [("B-1", -3), ("B-2", -3)]
    assert shop.level() == {"on_hand": 4, "unavailable": 2, "available": 2}
    assert shop.verify() == []


def test_promised_units_can_be_withheld_and_their_orders_wait_until_they_are_put_back(shop: Shop) -> None:
    shop.receive(10)
    placed = shop.order((SKU, 8))
    aside = withhold(shop, 5, cause="damaged")
    assert aside.code is None
    assert shop.level() == {"on_hand": 10, "committed": 5, "unavailable": 5}
    assert dispose(shop, aside, "restock", 4).code is None
    assert shop.level() == {"on_hand": 10, "committed": 8, "unavailable": 1, "available": 1}
    assert shop.fulfill(placed).code is None
    assert shop.verify() == []


def test_what_becomes_of_a_blocked_lot_is_said_by_the_lot(shop: Shop) -> None:
    shop.receive(10)
    aside = withhold(shop, 4)
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "quarantined"})
    assert shop.level() == {"on_hand": 10, "unavailable": 10}
    restocked = dispose(shop, aside, "restock", 2)
    assert (restocked.code, restocked.body["status"]) == (None, "quarantined")
    assert shop.level() == {"on_hand": 10, "unavailable": 10}
    assert dispose(shop, aside, "scrap", 1).code is None
    assert shop.level() == {"on_hand": 9, "unavailable": 9}
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "available"})
    assert shop.level() == {"on_hand": 9, "unavailable": 1, "available": 8}
    assert shop.verify() == []


def test_a_lot_whose_units_are_all_withheld_follows_its_status_too(shop: Shop) -> None:
    shop.receive(3)
    aside = withhold(shop, 3)
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "recalled"})
    assert dispose(shop, aside, "restock").code is None
    assert shop.level() == {"on_hand": 3, "unavailable": 3}
    assert shop.order((SKU, 1)).code == "ST001"
    assert shop.verify() == []


def test_a_promise_about_the_time_of_sale_does_not_count_on_withheld_units(shop: Shop) -> None:
    rules = [{"sku_id": SKU, "min_days": 3000}]
    assert codes(shop.send("save_channels", {"channel_id": "web", "freshness_rules": rules})) == [None]
    shop.receive(5, batch_number="OLD", expiration_date=EARLY)
    shop.receive(5, expiration_date="2190-01-01")
    assert withhold(shop, 3).code is None
    assert shop.order((SKU, 3)).code == "ST001"
    placed = shop.order((SKU, 2))
    shipped = shop.fulfill(placed)
    assert [line["batch_number"] for line in shipped.body["fulfillments"][0]["items"]] == ["B-1"]


def test_units_that_are_withheld_in_the_same_list_are_no_room_for_others(shop: Shop) -> None:
    shop.send("save_warehouses", {"warehouse_id": "WH-02", "name": "Second"})
    shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01", "WH-02"]})
    shop.receive(10)
    shop.receive(5, warehouse_location="WH-02")
    placed = shop.order((SKU, 10))
    answers = shop.send("withhold_stock", withholding(2), withholding(4, warehouse_location="WH-02"))
    assert codes(answers) == [None, None]
    assert shop.level() == {"on_hand": 10, "committed": 8, "unavailable": 2}
    assert shop.level(warehouse="WH-02") == {"on_hand": 5, "committed": 1, "unavailable": 4}
    assert shop.fulfill(placed).code is None
    assert shop.verify() == []


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"batch_number": None}, "ST015", "/batch_number"),
        ({"batch_number": "B-9"}, "ST007", "/batch_number"),
        ({"quantity": 11}, "ST001", "/quantity"),
        ({"warehouse_location": "WH-99"}, "ST003", "/warehouse_location"),
        ({"sku_id": "NONE"}, "ST002", "/sku_id"),
        ({"cause": "other"}, "ST005", "/note"),
        ({"reason_code": "none"}, "ST004", "/reason_code"),
        ({"reason_code": "found"}, "ST006", "/reason_code"),
        ({"reason_code": "recalled"}, "ST020", "/reason_code"),
    ],
)
def test_bad_withholdings(shop: Shop, change: dict[str, Any], code: str, pointer: str) -> None:
    shop.receive(10)
    element = {name: value for name, value in (withholding(1) | change).items() if value is not None}
    [refused] = shop.send("withhold_stock", element)
    assert (refused.code, refused.body["errors"][0]["pointer"]) == (code, pointer)
    assert shop.level() == {"on_hand": 10, "available": 10}


def test_bad_dispositions(shop: Shop) -> None:
    shop.receive(10)
    aside = withhold(shop, 3)
    many = dispose(shop, aside, "scrap", 4)
    name = aside.body["withholding_id"]
    assert (many.code, many.body["detail"]) == ("WD002", f"3 of the 3 units of {name} are still withheld, not 4.")
    assert dispose(shop, aside, "scrap", 1, reason_code="found").code == "ST006"
    assert dispose(shop, aside, "restock", 1, reason_code="other").code == "ST005"
    [unknown] = shop.send("dispose_withholdings", {"withholding_id": "WD-1-7", "disposition": "scrap"})
    assert unknown.code == "WD001"
    both = [{"withholding_id": aside.body["withholding_id"], "disposition": "scrap", "quantity": 2}] * 2
    assert codes(shop.send("dispose_withholdings", *both)) == [None, "WD002"]
    assert shop.level() == {"on_hand": 8, "unavailable": 1, "available": 7}
    assert shop.verify() == []


def test_staff_withhold_and_dispose_only_in_their_warehouses(shop: Shop) -> None:
    shop.send("save_warehouses", {"warehouse_id": "WH-02", "name": "Second"})
    shop.receive(5)
    aside = withhold(shop, 2)
    assert codes(shop.send("withhold_stock", withholding(1), role="warehouse", warehouses=["WH-02"])) == ["ST003"]
    element = {"withholding_id": aside.body["withholding_id"], "disposition": "restock"}
    assert codes(shop.send("dispose_withholdings", element, role="warehouse", warehouses=["WH-02"])) == ["WD001"]
    assert codes(shop.send("dispose_withholdings", element, role="warehouse", warehouses=["WH-01"])) == [None]


def test_events_say_what_was_withheld_and_what_became_of_it(shop: Shop) -> None:
    shop.receive(5)
    aside = withhold(shop, 2)
    dispose(shop, aside, "scrap", 1)
    found = shop.rows(
        "select type, data -> 'batches' -> 0 as lot from events.outbox where type in ('stock.withheld', 'stock.disposed')"
        " order by outbox_id"
    )
    assert [tuple(row.values()) for row in found] == [
        ("stock.withheld", {"batch_number": "B-1", "delta": 0, "withheld": 2, "withholding_id": aside.body["withholding_id"]}),
        ("stock.disposed", {"batch_number": "B-1", "delta": -1, "withheld": -1, "withholding_id": aside.body["withholding_id"]}),
    ]


@pytest.mark.commits
def test_two_dispositions_of_the_same_units_give_one(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    aside = withhold(shop, 2)
    element = {"withholding_id": aside.body["withholding_id"], "disposition": "restock", "quantity": 2}
    twice = sender(shop, "dispose_withholdings", element)
    first, second = race(shop, pool, twice, twice)
    assert (first.code, second.code) == (None, "WD002")
    assert shop.level() == {"on_hand": 5, "available": 5}
    assert shop.verify() == []


def act(shop: Shop, chance: random.Random, known: list[str]) -> None:
    """One of everything that moves units of two lots. `known`: the withholdings so far."""
    lot = {"sku_id": SKU, "batch_number": chance.choice(("B-1", "B-2"))}
    units = chance.randint(1, 4)
    match chance.randint(1, 6):
        case 1:
            shop.receive(units, batch_number=lot["batch_number"])
        case 2:
            aside = withhold(shop, units, batch_number=lot["batch_number"], cause=chance.choice(("inspection", "damaged")))
            known += [aside.body["withholding_id"]] if aside.code is None else []
        case 3:
            shop.order((SKU, units))
        case 4:
            shop.adjust(-units, batch_number=lot["batch_number"], reason_code="shrinkage")
        case 5:
            shop.send("change_batches", lot | {"status": chance.choice(("quarantined", "available"))})
        case _:
            disposition = chance.choice(("restock", "scrap", "send_back"))
            element = {"withholding_id": chance.choice(known or ["WD-1-1"]), "disposition": disposition, "quantity": units}
            shop.send("dispose_withholdings", element)


def test_any_sequence_of_withholdings_leaves_every_unit_accounted_for(shop: Shop) -> None:
    for seed in range(LENGTH.examples if LONG else 2):
        chance = random.Random(seed)
        known: list[str] = []
        for _ in range(25):
            act(shop, chance, known)
            assert shop.verify() == [], seed
