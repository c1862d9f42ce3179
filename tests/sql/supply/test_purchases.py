"""Purchases: what is ordered is incoming until it is said of each unit what became of it (rules PU1 to PU8, BO4)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.battery.lengths import LENGTH, LONG
from tests.purchases import LATER, SOON, buy, came, deliver, draft, promised, queue_of, told
from tests.world import EARLY, OTHER_SKU, SKU, Shop, codes, order


def incoming(shop: Shop, sku_id: str = SKU) -> int:
    rows = shop.rows("select incoming from stock.stock_levels where sku_id = %s and warehouse_id = 'WH-01'", sku_id)
    return int(rows[0]["incoming"]) if rows else 0


def line(shop: Shop, sku_id: str = SKU) -> dict[str, int]:
    [row] = shop.rows(
        "select quantity, over, received, damaged, refused, canceled, open_quantity as open"
        " from supply.purchase_lines where sku_id = %s",
        sku_id,
    )
    return {name: units for name, units in row.items() if units}


def test_what_is_ordered_is_incoming_until_it_came_or_is_canceled_pu1_pu2_pu3(shop: Shop) -> None:
    [drafted] = shop.send("save_suppliers", {"supplier_id": "ACME"})
    assert drafted.code is None
    [drafted] = shop.send("save_purchases", draft((SKU, 100), (OTHER_SKU, 5)))
    assert (drafted.code, drafted.body["status"], incoming(shop)) == (None, "draft", 0)
    purchase = drafted.body["purchase_id"]
    assert shop.send("order_purchases", {"purchase_id": purchase})[0].body["status"] == "ordered"
    assert (incoming(shop), incoming(shop, OTHER_SKU)) == (100, 5)
    first = deliver(
        shop,
        purchase,
        came(60),
        came(5, condition="damaged"),
        {"sku_id": SKU, "quantity": 10, "condition": "refused", "reason_code": "damaged"},
        delivery_note="DN-1",
    )
    assert (first.code, first.body["status"]) == (None, "partially_received"), first
    assert shop.level() == {"on_hand": 65, "available": 60, "unavailable": 5}
    assert incoming(shop) == 25
    assert line(shop) == {"quantity": 100, "received": 60, "damaged": 5, "refused": 10, "open": 25}
    assert shop.rows("select cause, quantity, document from stock.withholdings") == [
        {"cause": "damaged", "quantity": 5, "document": first.body["receipts"][0]["receipt_id"]}
    ]
    assert shop.verify() == []
    [closed] = shop.send("close_purchases", {"purchase_id": purchase, "reason": "sold out"})
    assert (closed.code, closed.body["status"], closed.body["canceled"], incoming(shop)) == (None, "received", 30, 0)
    assert deliver(shop, purchase, came(1)).code == "SU002"
    assert shop.verify() == []


@pytest.mark.parametrize(("percent", "ordered", "most"), [(0, 100, 100), (5, 99, 103), (10, 9, 9)])
def test_more_than_the_tolerance_needs_an_admin_who_accepts_it_pu4(shop: Shop, percent: int, ordered: int, most: int) -> None:
    purchase = buy(shop, (SKU, ordered), percent=percent)
    assert deliver(shop, purchase, came(most + 1)).code == "SU003"
    assert deliver(shop, purchase, came(most - 5)).code is None
    assert deliver(shop, purchase, came(6)).code == "SU003"
    assert deliver(shop, purchase, came(3), came(3)).code == "SU003"
    assert deliver(shop, purchase, came(5)).code is None
    assert deliver(shop, purchase, came(1), role="warehouse", accept_over=True).code == "SU003"
    assert deliver(shop, purchase, came(1), accept_over=True).code is None
    assert line(shop)["received"] == most + 1
    assert line(shop).get("over") == most + 1 - ordered
    assert (incoming(shop), shop.verify()) == (0, [])


def test_refused_units_do_not_count_against_the_tolerance_pu4(shop: Shop) -> None:
    purchase = buy(shop, (SKU, 10))
    refused = {"sku_id": SKU, "quantity": 2, "condition": "refused", "reason_code": "damaged"}
    assert deliver(shop, purchase, came(10), refused).code is None
    assert line(shop) == {"quantity": 10, "received": 10, "refused": 2, "over": 2}
    assert shop.verify() == []


def test_a_delivery_note_counts_once_pu5(shop: Shop) -> None:
    purchase = buy(shop, (SKU, 10))
    assert deliver(shop, purchase, came(4), delivery_note="DN-1").code is None
    assert deliver(shop, purchase, came(4), delivery_note=" dn-1").code == "SU005"
    assert deliver(shop, purchase, came(4), delivery_note="DN-2").code is None
    keyed = {"purchase_id": purchase, "items": [came(1)], "meta": {"idempotency_key": "k"}}
    assert [shop.send("receive_purchases", keyed)[0].replayed for _ in range(2)] == [False, True]
    assert shop.level()["on_hand"] == 9


def test_a_line_is_not_lowered_below_what_came_and_closing_says_a_reason_pu6(shop: Shop) -> None:
    purchase = buy(shop, (SKU, 10))
    deliver(shop, purchase, came(4))
    lower = {"purchase_id": purchase, "items": [{"sku_id": SKU, "quantity": 3}]}
    assert shop.send("save_purchases", lower)[0].code == "SU004"
    [lowered] = shop.send("save_purchases", {"purchase_id": purchase, "items": [{"sku_id": SKU, "quantity": 6}]})
    assert (lowered.code, incoming(shop)) == (None, 2)
    [added] = shop.send("save_purchases", {"purchase_id": purchase, "items": [{"sku_id": OTHER_SKU, "quantity": 7}]})
    assert (added.code, incoming(shop, OTHER_SKU)) == (None, 7)
    assert shop.send("close_purchases", {"purchase_id": purchase, "reason": " "})[0].code == "VA001"
    assert shop.send("close_purchases", {"purchase_id": purchase, "reason": "late"})[0].code is None
    assert shop.send("close_purchases", {"purchase_id": purchase, "reason": "late"})[0].code == "SU002"
    assert (incoming(shop), incoming(shop, OTHER_SKU), shop.verify()) == (0, 0, [])


def test_a_changed_day_is_an_event_and_late_purchases_are_listed_pu7(shop: Shop) -> None:
    purchase = buy(shop, (SKU, 10))
    assert shop.send("save_purchases", {"purchase_id": purchase, "expected_on": LATER})[0].code is None
    [event] = shop.rows("select data from events.outbox where type = 'purchase.changed'")
    assert (event["data"]["old"]["expected_on"], event["data"]["expected_on"]) == (SOON, LATER)

    def late(now: str) -> list[str]:
        with shop.session(now=now) as connection:
            [row] = connection.execute(
                "select body from api.list_purchases(1::smallint, '{\"overdue\": true}', null, 10)"
            ).fetchall()
        return [one["purchase_id"] for one in row[0]["data"]]

    assert late("2034-09-01T12:00:00Z") == []
    assert late("2034-09-02T12:00:00Z") == [purchase]


def test_units_of_a_recalled_or_expired_lot_are_received_and_unavailable_pu8(shop: Shop) -> None:
    shop.receive(1)
    assert (
        shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "recalled", "reason_code": "recalled"})[
            0
        ].code
        is None
    )
    purchase = buy(shop, (SKU, 10))
    assert deliver(shop, purchase, {"sku_id": SKU, "quantity": 4, "batch_number": "B-1"}).code is None
    assert deliver(shop, purchase, came(6, batch_number="OLD", expiration_date="2020-01-01")).code is None
    assert shop.level() == {"on_hand": 11, "unavailable": 11}
    assert shop.verify() == []


@pytest.mark.parametrize(
    ("item", "code", "pointer"),
    [
        (came(1, OTHER_SKU), "SU006", "/items/0/sku_id"),
        (came(1, "NOBODY"), "ST002", "/items/0/sku_id"),
        (came(0), "VA001", "/items/0/quantity"),
        (came(-1), "VA001", "/items/0/stock"),
        (came(2**31), "ST014", "/items/0/stock"),
        (came(1, condition="lost"), "VA001", "/items/0/condition"),
        ({"sku_id": SKU, "quantity": 1}, "ST015", "/items/0/batch_number"),
        ({"sku_id": SKU, "quantity": 1, "condition": "refused"}, "VA001", "/items/0/reason_code"),
        (came(1, condition="damaged", reason_code="mystery"), "ST004", "/items/0/reason_code"),
        (came(1, batch_number="B-1", expiration_date="2031-01-01"), "ST011", "/items/0/expiration_date"),
    ],
)
def test_a_wrong_item_refuses_the_delivery_and_creates_no_lot(shop: Shop, item: dict[str, Any], code: str, pointer: str) -> None:
    shop.receive(1, batch_number="B-1", expiration_date=EARLY)
    purchase = buy(shop, (SKU, 10))
    refused = deliver(shop, purchase, item, came(1, batch_number="NEW"))
    assert (refused.code, refused.body["errors"][0]["pointer"]) == (code, pointer)
    assert [row["batch_number"] for row in shop.rows("select batch_number from stock.lots")] == ["B-1"]
    assert line(shop) == {"quantity": 10, "open": 10}


def test_staff_receive_for_their_warehouses_and_see_no_other(shop: Shop) -> None:
    purchase = buy(shop, (SKU, 10))
    body = {"purchase_id": purchase, "items": [came(1)]}
    assert shop.send("receive_purchases", body, role="warehouse", warehouses=["WH-02"])[0].code == "SU001"
    assert shop.send("receive_purchases", body, role="warehouse", warehouses=["WH-01"])[0].code is None


def test_an_order_that_waits_is_promised_the_day_of_the_purchase_that_covers_it_bo4(shop: Shop) -> None:
    queue_of(shop)
    first, second = (shop.order((SKU, 30)).body["order_id"] for _ in range(2))
    assert promised(shop, first) == [None]
    purchase = buy(shop, (SKU, 40))
    assert (promised(shop, first), promised(shop, second)) == ([SOON], [None])
    buy(shop, (SKU, 20), expected_on=LATER)
    assert (promised(shop, first), promised(shop, second)) == ([SOON], [LATER])
    assert told(shop) == [(first, None, SOON), (second, None, LATER)]
    third = shop.order((SKU, 10))
    assert third.body["backorders"][0]["promised_on"] is None
    buy(shop, (SKU, 10), expected_on=LATER)
    assert promised(shop, third.body["order_id"]) == [LATER]
    fourth = shop.order((SKU, 1))
    assert fourth.body["backorders"][0]["promised_on"] is None
    before = len(told(shop))
    assert shop.send("save_purchases", {"purchase_id": purchase, "note": "nothing that an order cares for"})[0].code is None
    assert len(told(shop)) == before
    assert shop.send("close_purchases", {"purchase_id": purchase, "reason": "burned down"})[0].code is None
    assert told(shop)[before:] == [(first, SOON, LATER), (second, LATER, None), (third.body["order_id"], LATER, None)]


def test_only_purchases_for_warehouses_that_serve_the_channel_promise_bo4(shop: Shop) -> None:
    queue_of(shop)
    waits = shop.order((SKU, 5)).body["order_id"]
    buy(shop, (SKU, 50), warehouse_location="WH-03")
    assert promised(shop, waits) == [None]
    buy(shop, (SKU, 5), warehouse_location="WH-02")
    assert promised(shop, waits) == [SOON]


def test_a_delivery_supplies_who_waits_and_tells_who_waits_on_bo4(shop: Shop) -> None:
    queue_of(shop)
    purchase = buy(shop, (SKU, 40))
    first, second = (shop.order((SKU, 20)) for _ in range(2))
    assert [one.body["backorders"][0]["promised_on"] for one in (first, second)] == [SOON, SOON]
    refused = {"sku_id": SKU, "quantity": 10, "condition": "refused", "reason_code": "damaged"}
    assert deliver(shop, purchase, came(20), refused).code is None
    assert promised(shop, first.body["order_id"]) == []
    assert told(shop) == [(second.body["order_id"], SOON, None)]
    assert shop.verify() == []


def test_a_shortage_says_when_purchases_cover_it_bo4(shop: Shop) -> None:
    short = shop.order((SKU, 5))
    assert (short.code, "next_available_on" in short.body["errors"][0]) == ("ST001", False)
    buy(shop, (SKU, 5))
    assert shop.order((SKU, 5)).body["errors"][0]["next_available_on"] == SOON
    assert "next_available_on" not in shop.order((SKU, 6)).body["errors"][0]


@pytest.mark.parametrize(("expected", "asked"), [(True, 2), (False, 0)])
def test_many_refusals_ask_for_a_day_once_and_only_if_something_is_expected(shop: Shop, expected: bool, asked: int) -> None:
    """A sale that has sold out refuses by the thousand: its refusals cost what they did before purchases."""
    if expected:
        buy(shop, (SKU, 50))
    shop.connection.execute("set local track_functions = 'all'")
    calls = "select coalesce(sum(calls), 0)::int as n from pg_stat_xact_user_functions where funcname = 'promise_dates'"
    [before] = shop.rows(calls)
    wanted = [order((SKU, 5)), order((SKU, 5)), order((SKU, 6))] * 10
    refused = shop.send("place_orders", *wanted)
    assert codes(refused) == ["ST001"] * len(wanted)
    days = {result.body["errors"][0].get("next_available_on") for result in refused}
    assert days == {SOON if expected else None}
    [after] = shop.rows(calls)
    assert after["n"] - before["n"] == asked


@pytest.mark.parametrize("seed", range(LENGTH.examples if LONG else 3))
def test_after_any_sequence_the_books_agree(shop: Shop, seed: int) -> None:
    """PU1, PU2: incoming, lines, deliveries and promises agree after each step of a random sequence."""
    queue_of(shop)
    chance = random.Random(seed)
    names = [buy(shop, (SKU, 20), (OTHER_SKU, 20), percent=10) for _ in range(3)]
    for _ in range(25):
        name, sku_id, units = chance.choice(names), chance.choice((SKU, OTHER_SKU)), chance.randint(1, 9)
        match chance.randrange(7):
            case 0:
                shop.order((sku_id, units))
            case 1:
                shop.send("save_purchases", {"purchase_id": name, "items": [{"sku_id": sku_id, "quantity": 3 * units}]})
            case 2 if chance.random() < 0.3:
                shop.send("close_purchases", {"purchase_id": name, "reason": "late"})
            case 3:
                shop.send("save_purchases", {"purchase_id": name, "expected_on": f"2034-06-{units:02}"})
            case _:
                how = chance.choice(("good", "good", "damaged", "refused"))
                deliver(shop, name, came(units, sku_id, condition=how, reason_code=None if how == "good" else "damaged"))
        assert shop.verify() == []
