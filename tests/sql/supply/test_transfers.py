"""Transfers: units leave one warehouse, are in transit, and each of them gets an answer (TR1 to TR8)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.battery.lengths import LENGTH, LONG
from tests.transfers import close, draft, incoming, lots, receive, ship, shipped
from tests.world import AFTER_EARLY, EARLY, LATE, OTHER_SKU, SKU, THIRD_SKU, Result, Shop, codes, keyed, order

SAUCE = {"sku_id": SKU, "batch_number": "B-1"}


def arrived(**units: Any) -> list[dict[str, Any]]:
    return [SAUCE | units]


def withhold(shop: Shop, quantity: int, **rest: Any) -> Result:
    [answer] = shop.send(
        "withhold_stock", {**SAUCE, "warehouse_location": "WH-01", "quantity": quantity, "cause": "inspection", **rest}
    )
    assert answer.code is None, answer
    return answer


def error(answer: Result) -> tuple[str | None, str]:
    return answer.code, answer.body["errors"][0]["pointer"]


def test_units_leave_are_in_transit_and_arrive_in_parts(shop: Shop) -> None:
    """TR1, TR2: at every step each unit is on hand somewhere, or in transit."""
    shop.receive(20)
    drafted = draft(shop, (SKU, 12), reference="VAN-12", expected_on="2034-06-03")
    assert (drafted.code, drafted.body["status"], drafted.body["quantity"], drafted.body["lots"]) == (None, "draft", 12, [])
    assert shop.level() == {"on_hand": 20, "available": 20}
    sent = ship(shop, drafted)
    assert (sent.body["status"], lots(sent)) == ("in_transit", [("B-1", False, 12, 0, 0, 0, 0, 12)])
    assert shop.level() == {"on_hand": 8, "available": 8}
    assert (shop.level(warehouse="WH-02"), incoming(shop)) == ({}, 12)
    part = receive(shop, sent, items=arrived(received=7, damaged=2))
    assert (part.body["status"], lots(part)) == ("partially_received", [("B-1", False, 12, 7, 2, 0, 0, 3)])
    assert (shop.level(warehouse="WH-02"), incoming(shop)) == ({"on_hand": 9, "available": 7, "unavailable": 2}, 3)
    last = receive(shop, sent)
    assert (last.body["status"], last.body["received"], last.body["in_transit"]) == ("received", 10, 0)
    assert last.body["ended_at"] is not None
    assert incoming(shop) == 0
    kinds = shop.rows(
        "select kind, warehouse_id, on_hand_delta as units, incoming_delta as coming, withheld_delta as aside"
        " from stock.stock_movements where document = %s order by movement_id",
        drafted.body["transfer_id"],
    )
    assert [tuple(row.values()) for row in kinds] == [
        ("transfer_out", "WH-01", -12, 0, None),
        ("expect", "WH-02", 0, 12, None),
        ("transfer_in", "WH-02", 2, -2, 2),
        ("transfer_in", "WH-02", 7, -7, None),
        ("transfer_in", "WH-02", 3, -3, None),
    ]
    causes = shop.rows("select cause, document, quantity from stock.withholdings")
    assert [tuple(row.values()) for row in causes] == [("damaged", drafted.body["transfer_id"], 2)]


def test_what_expires_first_leaves_first_unless_a_lot_is_named(shop: Shop) -> None:
    shop.receive(5, batch_number="B-2")
    shop.receive(5, batch_number="B-1", expiration_date=EARLY)
    assert [lot[:3] for lot in lots(shipped(shop, 7))] == [("B-1", False, 5), ("B-2", False, 2)]
    named = draft(shop, {"sku_id": SKU, "quantity": 2, "batch_number": "b-2"})
    assert named.body["items"] == [{"sku_id": SKU, "batch_number": "B-2", "withheld": False, "quantity": 2}]
    assert [lot[:3] for lot in lots(ship(shop, named))] == [("B-2", False, 2)]
    assert ship(shop, draft(shop, {"sku_id": SKU, "quantity": 1, "batch_number": "B-1"})).code == "ST001"


def test_who_packs_names_the_lots_and_may_send_fewer_units_but_not_more(shop: Shop) -> None:
    shop.receive(5, expiration_date=EARLY)
    shop.receive(5, batch_number="B-2")
    drafted = draft(shop, (SKU, 6))
    many = ship(shop, drafted, items=[{"sku_id": SKU, "quantity": 4}, {"sku_id": SKU, "quantity": 3, "batch_number": "B-2"}])
    assert error(many) == ("TR003", "/items/0/quantity")
    assert ship(shop, drafted, items=[{"sku_id": OTHER_SKU, "quantity": 1}]).code == "TR003"
    sent = ship(shop, drafted, items=[{"sku_id": SKU, "quantity": 2}, {"sku_id": SKU, "quantity": 3, "batch_number": "B-2"}])
    assert [lot[:3] for lot in lots(sent)] == [("B-1", False, 2), ("B-2", False, 3)]


def test_promised_units_stay(shop: Shop) -> None:
    """TR3: only available units leave, whatever lies there."""
    shop.receive(10)
    assert shop.order((SKU, 4)).code is None
    assert codes(shop.send("set_safety_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": 1})) == [None]
    refused = ship(shop, draft(shop, (SKU, 6)))
    assert refused.code == "ST001"
    assert refused.body["errors"] == [
        {
            "pointer": "/items/0/quantity",
            "detail": "6 of SAUCE-1 wanted, 5 available in WH-01.",
            "sku_id": SKU,
            "warehouse_location": "WH-01",
            "requested": 6,
            "available": 5,
        }
    ]
    parts = [{"sku_id": SKU, "quantity": 3}, {"sku_id": SKU, "quantity": 3, "batch_number": "B-1"}]
    assert error(ship(shop, draft(shop, *parts))) == ("ST001", "/items/1/quantity")
    assert ship(shop, draft(shop, (SKU, 5))).code is None
    assert shop.level() == {"on_hand": 5, "committed": 4}


def test_a_lot_that_was_promised_for_its_time_of_sale_stays(shop: Shop) -> None:
    """TR3: units that expire late are promised to orders that need them, however many others lie there."""
    assert codes(shop.send("save_channels", {"channel_id": "web", "freshness_rules": [{"sku_id": SKU, "min_days": 3000}]})) == [
        None
    ]
    shop.receive(5, expiration_date=EARLY)
    shop.receive(5, batch_number="B-2", expiration_date="2190-01-01")
    placed = shop.order((SKU, 4))
    named = draft(shop, {"sku_id": SKU, "quantity": 2, "batch_number": "B-2"})
    assert error(ship(shop, named)) == ("SH003", "/items/0/batch_number")
    assert ship(shop, named, items=[{"sku_id": SKU, "quantity": 1, "batch_number": "B-2"}]).code is None
    assert [lot[:3] for lot in lots(shipped(shop, 5))] == [("B-1", False, 5)]
    assert shop.fulfill(placed).code is None


def test_reserved_units_whose_time_is_over_can_leave(shop: Shop) -> None:
    shop.receive(5)
    shop.hold(5, "2020-01-01T00:00:00Z")
    assert ship(shop, draft(shop, (SKU, 5))).code is None


def test_withheld_units_travel_only_as_such_and_arrive_withheld(shop: Shop) -> None:
    """TR3: their withholding is reduced at the source, and another one opens where they arrive."""
    shop.receive(10)
    first, second = withhold(shop, 3), withhold(shop, 4)
    assert ship(shop, draft(shop, (SKU, 4))).code == "ST001"
    sent = ship(shop, draft(shop, {"sku_id": SKU, "quantity": 5, "withheld": True}, (SKU, 1)))
    assert sorted(lots(sent)) == [("B-1", False, 1, 0, 0, 0, 0, 1), ("B-1", True, 5, 0, 0, 0, 0, 5)]
    assert shop.level() == {"on_hand": 4, "available": 2, "unavailable": 2}
    gone = shop.rows("select transferred, open_quantity as open from stock.withholdings order by withholding_id")
    assert [tuple(row.values()) for row in gone] == [(3, 0), (2, 2)]
    assert error(receive(shop, sent, items=arrived(received=1))) == ("VA001", "/items/0/withheld")
    assert receive(shop, sent, items=arrived(received=3, damaged=1, withheld=True)).code is None
    assert receive(shop, sent, items=arrived(received=1, withheld=False)).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 5, "available": 1, "unavailable": 4}
    opened = shop.rows("select cause, quantity from stock.withholdings where warehouse_id = 'WH-02' order by cause")
    assert [tuple(row.values()) for row in opened] == [("damaged", 1), ("transfer", 3)]
    assert close(shop, sent, rest="taken_back").body["status"] == "received"
    assert shop.level() == {"on_hand": 5, "available": 2, "unavailable": 3}
    with shop.session() as connection:
        found = connection.execute(
            "select body from api.get_withholding(1::smallint, %s)", [second.body["withholding_id"]]
        ).fetchone()
    assert found
    assert [movement["kind"] for movement in found[0]["movements"]] == ["withhold", "transfer_out"]
    assert first.body["open_quantity"] == 3


def test_units_of_a_lot_that_cannot_be_sold_travel_as_such(shop: Shop) -> None:
    """TR3: they are withheld nowhere; their lot decides there, too."""
    shop.receive(6)
    withhold(shop, 2)
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "quarantined"})
    assert ship(shop, draft(shop, (SKU, 1))).code == "ST001"
    sent = ship(shop, draft(shop, {"sku_id": SKU, "quantity": 5, "withheld": True, "batch_number": "B-1"}))
    assert sorted(lots(sent)) == [("B-1", False, 3, 0, 0, 0, 0, 3), ("B-1", True, 2, 0, 0, 0, 0, 2)]
    assert shop.level() == {"on_hand": 1, "unavailable": 1}
    assert receive(shop, sent).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 5, "unavailable": 5}
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "available"})
    assert shop.level(warehouse="WH-02") == {"on_hand": 5, "available": 3, "unavailable": 2}


@pytest.mark.parametrize("first_there", [False, True])
def test_a_lot_that_was_recalled_on_the_way_arrives_unavailable(shop: Shop, first_there: bool) -> None:
    """TR4."""
    shop.receive(10)
    if first_there:
        shop.receive(1, warehouse_location="WH-02")
    sent = shipped(shop, 10)
    assert codes(shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "recalled"})) == [None]
    assert receive(shop, sent).body["lots"][0]["status"] == "recalled"
    assert shop.level(warehouse="WH-02") == {"on_hand": 10 + first_there, "unavailable": 10 + first_there}
    assert shop.order((SKU, 1)).code == "ST001"


def test_a_lot_that_expired_on_the_way_arrives_unavailable(shop: Shop) -> None:
    """TR4."""
    shop.receive(10, expiration_date=EARLY)
    sent = shipped(shop, 10)
    assert receive(shop, sent, now=AFTER_EARLY).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 10, "unavailable": 10}


def test_more_than_is_in_transit_cannot_be_received(shop: Shop) -> None:
    """TR5: what is over is an adjustment of its own."""
    shop.receive(10)
    sent = shipped(shop, 5)
    over = receive(shop, sent, items=arrived(received=5, damaged=1))
    assert (over.code, over.body["detail"]) == ("TR003", "5 units of lot B-1 of SAUCE-1 are in transit, not 6.")
    twice = receive(shop, sent, items=[*arrived(received=3), *arrived(received=3)])
    assert twice.code == "TR003"
    assert error(receive(shop, sent, items=[SAUCE | {"batch_number": "B-9", "received": 1}])) == (
        "TR003",
        "/items/0/batch_number",
    )
    assert (shop.level(warehouse="WH-02"), incoming(shop)) == ({}, 5)
    assert receive(shop, sent, items=[*arrived(received=3), *arrived(received=2)]).body["status"] == "received"
    shop.adjust(1, warehouse_location="WH-02", reason_code="found", batch_number="B-1")
    assert shop.level(warehouse="WH-02") == {"on_hand": 6, "available": 6}


def test_a_transfer_ends_only_when_each_unit_has_an_answer(shop: Shop) -> None:
    """TR6: taken back, or lost for a reason."""
    shop.receive(10)
    sent = shipped(shop, 10)
    assert receive(shop, sent, items=arrived(received=4)).code is None
    for answer in ({}, {"items": arrived(taken_back=5)}):
        refused = close(shop, sent, **answer)
        assert error(refused) == ("TR004", "/rest")
    assert error(close(shop, sent, rest="lost")) == ("VA001", "/reason_code")
    assert close(shop, sent, rest="lost", reason_code="found").code == "ST006"
    assert error(close(shop, sent, items=arrived(taken_back=7))) == ("TR003", "/items/0/taken_back")
    ended = close(shop, sent, items=arrived(taken_back=5), rest="lost", reason_code="shrinkage", note="one bottle")
    assert (ended.body["status"], lots(ended)) == ("received", [("B-1", False, 10, 4, 0, 1, 5, 0)])
    assert shop.level() == {"on_hand": 5, "available": 5}
    assert (shop.level(warehouse="WH-02"), incoming(shop)) == ({"on_hand": 4, "available": 4}, 0)
    lost = shop.rows(
        "select kind, incoming_delta as units, reason_code, note from stock.stock_movements where reason_code = 'shrinkage'"
    )
    assert [tuple(row.values()) for row in lost] == [("expect", -1, "shrinkage", "one bottle")]
    assert close(shop, sent, rest="lost", reason_code="shrinkage").code == "TR002"


def test_a_transfer_of_which_nothing_arrived_is_canceled(shop: Shop) -> None:
    shop.receive(10)
    drafted = draft(shop, (SKU, 3))
    assert close(shop, drafted).body["status"] == "canceled"
    assert ship(shop, drafted).code == "TR002"
    back = close(shop, shipped(shop, 10), rest="taken_back")
    assert (back.body["status"], back.body["taken_back"]) == ("canceled", 10)
    assert shop.level() == {"on_hand": 10, "available": 10}


def test_each_end_does_its_part_and_both_see_the_transfer(shop: Shop) -> None:
    """TR7."""
    shop.receive(10)
    source, destination, other = ({"role": "warehouse", "warehouses": [place]} for place in ("WH-01", "WH-02", "WH-03"))
    drafted = draft(shop, (SKU, 4))
    for command in (ship, receive, close):
        assert command(shop, drafted, **other).code == "TR001"
    assert ship(shop, drafted, **destination).code == "TR005"
    sent = ship(shop, drafted, **source)
    assert sent.code is None
    assert receive(shop, sent, **source).code == "TR005"
    assert receive(shop, sent, items=arrived(received=2), **destination).code is None
    assert close(shop, sent, rest="taken_back", **destination).code == "TR005"
    assert close(shop, sent, rest="taken_back", **source).code is None
    for who in (source, destination, other):
        with shop.session("warehouse", warehouses=who["warehouses"]) as connection:
            [(body,)] = connection.execute("select body from api.list_transfers(1::smallint, '{}', null, 10)").fetchall()
            level = connection.execute("select distinct warehouse_id from stock.stock_levels").fetchall()
        assert [one["transfer_id"] for one in body["data"]] == ([] if who is other else [sent.body["transfer_id"]])
        assert {place for (place,) in level} <= set(who["warehouses"])


def test_a_list_shows_nothing_of_the_transfers_of_others(shop: Shop) -> None:
    """TR7: one element gives no access to the other end of another one."""
    shop.receive(10)
    shop.receive(10, warehouse_location="WH-02")
    mine, theirs = draft(shop, (SKU, 1)), draft(shop, (SKU, 1), from_warehouse_location="WH-02", to_warehouse_location="WH-03")
    names = [{"transfer_id": answer.body["transfer_id"]} for answer in (mine, theirs)]
    for command in ("ship_transfers", "close_transfers"):
        answers = shop.send(command, *names, role="warehouse", warehouses=["WH-01"])
        assert answers[1].code == "TR001"
    assert shop.level(warehouse="WH-02") == {"on_hand": 10, "available": 10}


def test_staff_draft_transfers_of_their_own_warehouses(shop: Shop) -> None:
    shop.receive(10)
    body = {"from_warehouse_location": "WH-01", "to_warehouse_location": "WH-02", "items": [{"sku_id": SKU, "quantity": 1}]}
    for place, code in (("WH-01", None), ("WH-02", None), ("WH-03", "ST003")):
        assert codes(shop.send("save_transfers", body, role="warehouse", warehouses=[place])) == [code]


def test_units_arrive_whatever_became_of_sku_and_warehouse(shop: Shop) -> None:
    """TR8: nothing of the SKU is anywhere, and it and the destination are retired meanwhile."""
    shop.receive(5)
    sent = shipped(shop, 5)
    assert shop.level() == {}
    shop.send("save_skus", {"sku_id": SKU, "active": False})
    shop.send("save_warehouses", {"warehouse_id": "WH-02", "active": False})
    assert receive(shop, sent).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 5, "available": 5}


def test_a_retired_warehouse_is_emptied_but_gets_nothing(shop: Shop) -> None:
    shop.receive(5)
    shop.receive(5, warehouse_location="WH-02")
    drafted = draft(shop, (SKU, 2))
    shop.send("save_warehouses", {"warehouse_id": "WH-02", "active": False})
    assert ship(shop, drafted).code == "ST003"
    assert error(draft(shop, (SKU, 2))) == ("ST003", "/to_warehouse_location")
    emptied = draft(shop, (SKU, 5), from_warehouse_location="WH-02", to_warehouse_location="WH-01")
    assert receive(shop, ship(shop, emptied)).code is None
    assert shop.level() == {"on_hand": 10, "available": 10}


def test_orders_that_wait_get_the_units_as_they_arrive(shop: Shop) -> None:
    """BO8: also the first units of a warehouse."""
    shop.send("save_channels", {"channel_id": "till", "warehouses": ["WH-02"], "sale_rules": [{"mode": "backorder"}]})
    shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01"]})
    shop.receive(6)
    placed = shop.send("place_orders", order((SKU, 4), channel="till"))[0]
    assert placed.body["backorders"][0]["quantity"] == 4
    sent = shipped(shop, 6)
    assert shop.level(warehouse="WH-02") == {}
    assert receive(shop, sent, role="warehouse", warehouses=["WH-02"]).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 6, "committed": 4, "available": 2}


def test_units_that_are_taken_back_go_to_orders_that_wait_at_the_source(shop: Shop) -> None:
    shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01"], "sale_rules": [{"mode": "backorder"}]})
    shop.receive(5)
    sent = shipped(shop, 5)
    assert shop.order((SKU, 3)).code is None
    assert close(shop, sent, rest="taken_back").code is None
    assert shop.level() == {"on_hand": 5, "committed": 3, "available": 2}


def test_a_draft_changes_until_it_is_shipped(shop: Shop) -> None:
    shop.receive(10)
    drafted = draft(shop, (SKU, 3), (OTHER_SKU, 1), note="soon")
    name = {"transfer_id": drafted.body["transfer_id"]}
    [changed] = shop.send(
        "save_transfers", name | {"items": [{"sku_id": SKU, "quantity": 2}], "status": "ready", "note": None, "if_match": "1"}
    )
    assert (changed.body["version"], changed.body["status"], changed.body["note"], changed.body["quantity"]) == (
        2,
        "ready",
        None,
        2,
    )
    assert codes(shop.send("save_transfers", name | {"note": "late", "if_match": "1"})) == ["ST009"]
    assert codes(shop.send("save_transfers", name | {"status": "received"})) == ["VA001"]
    [audited] = [
        row for row in shop.audit("supply.transfer_lines", name["transfer_id"].split("-")[-1]) if row["action"] == "update"
    ]
    assert [line["quantity"] for line in audited["old"]["items"]] == [3, 1]
    sent = ship(shop, drafted)
    assert sent.body["shipped"] == 2
    assert codes(shop.send("save_transfers", name | {"items": [{"sku_id": SKU, "quantity": 1}]})) == ["TR002"]


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"to_warehouse_location": "WH-01"}, "VA001", "/to_warehouse_location"),
        ({"to_warehouse_location": "WH-99"}, "ST003", "/to_warehouse_location"),
        ({"from_warehouse_location": "ELSEWHERE"}, "ST003", "/from_warehouse_location"),
        ({"from_warehouse_location": None}, "ST003", "/from_warehouse_location"),
        ({"items": []}, "VA001", "/items"),
        ({"items": [{"sku_id": SKU, "quantity": 0}]}, "VA001", "/items/0/quantity"),
        ({"items": [{"sku_id": SKU}]}, "VA001", "/items/0/quantity"),
        ({"items": [{"sku_id": "NONE", "quantity": 1}]}, "ST002", "/items/0/sku_id"),
        ({"items": [{"sku_id": "BUNDLE", "quantity": 1}]}, "KT003", "/items/0/sku_id"),
        ({"items": [{"sku_id": SKU, "quantity": 1, "batch_number": "B-9"}]}, "ST007", "/items/0/batch_number"),
        ({"items": [{"sku_id": SKU, "quantity": 1}, {"sku_id": SKU, "quantity": 2}]}, "VA001", "/items/1"),
    ],
)
def test_bad_drafts(shop: Shop, change: dict[str, Any], code: str, pointer: str) -> None:
    shop.receive(10)
    shop.send("save_regions", {"region_id": 2, "name": "Two"})
    shop.send("save_warehouses", {"warehouse_id": "ELSEWHERE", "region_id": 2})
    shop.send("save_skus", {"sku_id": "BUNDLE", "name": "Bundle", "price": 1, "components": [{"sku_id": SKU, "quantity": 2}]})
    refused = draft(shop, (SKU, 1), **change)
    assert error(refused) == (code, pointer)
    assert shop.rows("select from supply.transfers") == []


def test_bad_orders_of_steps(shop: Shop) -> None:
    shop.receive(10)
    drafted = draft(shop, (SKU, 2))
    assert receive(shop, drafted).code == "TR002"
    assert ship(shop, drafted, if_match="7").code == "ST009"
    assert ship(shop, drafted).code is None
    assert ship(shop, drafted).code == "TR002"
    for items in ([], arrived(), arrived(received=0)):
        assert receive(shop, drafted, items=items).code == "VA001"
    assert receive(shop, drafted, items=arrived(received=-1, damaged=2)).code == "VA001"
    assert receive(shop, "TRF-1-7").code == "TR001"
    assert receive(shop, "TRF-2-1001").code == "TR001"
    assert (shop.level(), incoming(shop)) == ({"on_hand": 8, "available": 8}, 2)


def test_a_repeat_of_a_receipt_acts_once(shop: Shop) -> None:
    shop.receive(10)
    sent = shipped(shop, 6)
    element = keyed({"transfer_id": sent.body["transfer_id"], "items": arrived(received=2)})
    first, second = (shop.send("receive_transfers", element)[0] for _ in range(2))
    assert (first.replayed, second.replayed, second.body) == (False, True, first.body)
    assert incoming(shop) == 4


def test_events_go_to_both_ends_with_the_units_that_moved(shop: Shop) -> None:
    shop.receive(10)
    sent = shipped(shop, 5)
    receive(shop, sent, items=arrived(received=2, damaged=1))
    close(shop, sent, rest="lost", reason_code="shrinkage")
    found = shop.rows(
        "select type, warehouse_ids, version, data -> 'status' as status, data -> 'items' as items from events.outbox"
        " where type like 'transfer.%%' order by outbox_id"
    )
    lot = {"sku_id": SKU, "batch_number": "B-1", "withheld": False}
    both = ["WH-01", "WH-02"]
    assert [tuple(row.values()) for row in found] == [
        ("transfer.shipped", both, 2, "in_transit", [lot | {"shipped": 5}]),
        ("transfer.received", both, 3, "partially_received", [lot | {"received": 2, "damaged": 1}]),
        ("transfer.closed", both, 4, "received", [lot | {"lost": 2}]),
    ]


def test_a_large_transfer_is_one_shipment(shop: Shop) -> None:
    skus = [f"BULK-{number}" for number in range(60)]
    shop.send("save_skus", *({"sku_id": sku, "name": sku, "price": 1} for sku in skus))
    numbers = [(number, date) for number, date in (("B-1", EARLY), ("B-2", LATE))]
    for number, date in numbers:
        receipts = [
            {"sku_id": sku, "warehouse_location": "WH-01", "stock": 5, "batch_number": number, "expiration_date": date}
            for sku in skus
        ]
        assert set(codes(shop.send("receive_stock", *receipts))) == {None}
    sent = ship(shop, draft(shop, *((sku, 7) for sku in skus)))
    assert (sent.body["shipped"], len(sent.body["lots"])) == (420, 120)
    assert receive(shop, sent).body["received"] == 420


def step(shop: Shop, chance: random.Random, known: list[str]) -> None:
    """One of everything that moves units of two lots and two SKUs between three warehouses."""
    lot = {"sku_id": chance.choice((SKU, THIRD_SKU)), "batch_number": chance.choice(("B-1", "B-2"))}
    units = chance.randint(1, 5)
    places = chance.sample(("WH-01", "WH-02", "WH-03"), 2)
    name = chance.choice(known or ["TRF-1-1"])
    match chance.randint(1, 11):
        case 1 | 2:
            shop.receive(units * 2, lot["sku_id"], batch_number=lot["batch_number"], warehouse_location=places[0])
        case 3:
            aside = {**lot, "warehouse_location": places[0], "quantity": units, "cause": "inspection"}
            shop.send("withhold_stock", aside)
        case 4:
            shop.order((lot["sku_id"], units), channel=chance.choice(("web", "far")))
        case 5:
            shop.send("change_batches", lot | {"status": chance.choice(("recalled", "available", "available"))})
        case 6 | 7 | 8:
            item = {"sku_id": lot["sku_id"], "quantity": units, "withheld": chance.random() < 0.3}
            item |= {"batch_number": lot["batch_number"]} if chance.random() < 0.3 else {}
            drafted = draft(shop, item, from_warehouse_location=places[0], to_warehouse_location=places[1])
            if drafted.code is None:
                known.append(drafted.body["transfer_id"])
                ship(shop, drafted)
        case 9 | 10:
            outcome = {"received": units - 1, "damaged": 1, "withheld": chance.random() < 0.3}
            receive(shop, name, **({"items": [lot | outcome]} if chance.random() < 0.7 else {}))
        case _:
            close(shop, name, rest=chance.choice(("taken_back", "lost")), reason_code="shrinkage")


def test_any_sequence_of_transfers_leaves_every_unit_accounted_for(shop: Shop) -> None:
    """TR1, TR2: what was received is on hand, in transit, lost or shipped, whatever happens in between."""
    shop.send("save_channels", {"channel_id": "far", "sale_rules": [{"mode": "backorder"}]})
    for seed in range(LENGTH.examples if LONG else 2):
        chance = random.Random(seed)
        known: list[str] = []
        for _ in range(30):
            step(shop, chance, known)
            assert shop.verify() == [], seed
