"""Orders that wait for stock: a queue that nobody passes, served in the transaction that brings the units."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests import transfers
from tests.battery.lengths import LENGTH, LONG
from tests.races import race, sender
from tests.waiting import EVERY_SKU, let_wait, read, waiting
from tests.world import AFTER_EARLY, EARLY, OTHER_SKU, SKU, THIRD_SKU, Result, Shop, codes, order, parts, receipt, shortages

# No level of a SKU has available units while an order of a channel that it serves waits for the SKU.
IDLE = """
    select b.order_id, l.warehouse_id, l.sku_id, l.available
      from orders.backorders b
      join catalog.serving_warehouses() s on s.channel_id = b.channel_id
      join stock.stock_levels l on l.region_id = b.region_id and l.warehouse_id = s.warehouse_id and l.sku_id = b.sku_id
     where l.available > 0"""


def units(shop: Shop, placed: Result) -> tuple[int, int]:
    """How many units of SKU the order has, and for how many it waits."""
    answer = read(shop, placed)
    return sum(units for (sku_id, _), units in parts(answer).items() if sku_id == SKU), waiting(answer).get(SKU, 0)


def check(shop: Shop) -> None:
    assert shop.verify() == []
    assert shop.rows(IDLE) == []


def events(shop: Shop) -> list[tuple[str, str]]:
    found = shop.rows("select type, subject from events.outbox where subject like 'orders/%%' order by outbox_id")
    return [(row["type"], row["subject"].removeprefix("orders/")) for row in found]


# Rules


def test_without_a_rule_a_short_order_is_refused(shop: Shop) -> None:
    shop.receive(2)
    assert shortages(shop.order((SKU, 3))) == [("/items/0/quantity", 3, 2)]
    assert shop.rows("select from orders.backorders") == []


def test_a_rule_of_the_sku_comes_before_that_of_all_others(shop: Shop) -> None:
    let_wait(shop, EVERY_SKU, {"sku_id": OTHER_SKU, "mode": "refuse"})
    assert waiting(shop.order((SKU, 1))) == {SKU: 1}
    assert shop.order((OTHER_SKU, 1)).code == "ST001"
    assert shop.order((SKU, 1), channel="far").code == "ST001"


def test_an_order_with_one_line_that_may_not_wait_is_refused_and_takes_nothing(shop: Shop) -> None:
    let_wait(shop, {"sku_id": SKU, "mode": "backorder"})
    shop.receive(2)
    assert shortages(shop.order((SKU, 3), (OTHER_SKU, 1))) == [("/items/1/quantity", 1, 0)]
    assert shop.level() == {"on_hand": 2, "available": 2}
    assert shop.rows("select from orders.backorders") == []


def test_the_channel_shows_its_rules_and_keeps_them(shop: Shop) -> None:
    let_wait(shop, {"mode": "backorder", "units_max": 9}, {"sku_id": SKU, "mode": "backorder", "priority": 2})
    full = [
        {"sku_id": None, "mode": "backorder", "units_max": 9, "priority": 0, "ships_on": None},
        {"sku_id": SKU, "mode": "backorder", "units_max": None, "priority": 2, "ships_on": None},
    ]
    [same] = shop.send("save_channels", {"channel_id": "web", "name": "Shop"})
    assert same.body["sale_rules"] == full
    [again] = shop.send("save_channels", {"channel_id": "web", "sale_rules": full})
    assert again.body["version"] == same.body["version"]
    [none] = shop.send("save_channels", {"channel_id": "web", "name": "Shop", "mode": "put", "if_match": "*"})
    assert none.body["sale_rules"] == []


@pytest.mark.parametrize(
    ("rules", "code", "pointers"),
    [
        ([{"sku_id": "SAUCE-9", "mode": "backorder"}], "ST002", ["/sale_rules/0/sku_id"]),
        ([EVERY_SKU, {"sku_id": SKU, "mode": "refuse"}, EVERY_SKU], "VA001", ["/sale_rules/2/sku_id"]),
        ([{"sku_id": SKU, "mode": "refuse", "units_max": 3}], "VA001", ["/sale_rules/0/mode"]),
        ([EVERY_SKU, {"sku_id": SKU, "mode": "preorder"}], "VA001", ["/sale_rules/1/ships_on"]),
        ([EVERY_SKU | {"ships_on": "2040-01-01"}], "VA001", ["/sale_rules/0/ships_on"]),
        ([{"mode": "preorder", "ships_on": "2024-06-01"}], "VA001", ["/sale_rules/0/ships_on"]),
    ],
)
def test_contradicting_rules_are_refused(shop: Shop, rules: list[dict[str, Any]], code: str, pointers: list[str]) -> None:
    refused = let_wait(shop, *rules)
    assert refused.code == code
    assert [error["pointer"] for error in refused.body["errors"]] == pointers


def test_a_retired_sku_gets_no_new_rule_and_its_old_one_disturbs_nobody(shop: Shop) -> None:
    let_wait(shop, {"sku_id": THIRD_SKU, "mode": "backorder"})
    shop.send("save_skus", {"sku_id": THIRD_SKU, "active": False})
    assert shop.send("save_channels", {"channel_id": "web", "name": "Renamed"})[0].code is None
    assert let_wait(shop, {"sku_id": THIRD_SKU, "mode": "refuse"}).code == "ST002"


def test_no_more_units_wait_than_the_limit(shop: Shop) -> None:
    let_wait(shop, {"mode": "backorder", "units_max": 5})
    shop.receive(1)
    placed = shop.send("place_orders", order((SKU, 4)), order((SKU, 3)), order((SKU, 2)), order((OTHER_SKU, 5)))
    assert codes(placed) == [None, "ST001", None, None]
    assert shortages(placed[1]) == [("/items/0/quantity", 3, 0)]
    assert shop.order((SKU, 1)).code == "ST001"
    shop.receive(1)
    assert waiting(shop.order((SKU, 1))) == {SKU: 1}
    check(shop)


@pytest.mark.commits
def test_two_orders_at_once_obey_the_limit(shop: Shop, pool: ThreadPoolExecutor) -> None:
    let_wait(shop, {"mode": "backorder", "units_max": 5})
    shop.receive(1)
    place = sender(shop, "place_orders", order((SKU, 4)))
    assert codes(list(race(shop, pool, place, place))) == [None, "ST001"]


# Expiry


def test_units_past_their_last_day_serve_nobody_though_no_sweep_has_come(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(3, expiration_date=EARLY, now="2030-06-01T00:00:00Z")
    first = shop.order((SKU, 3), now="2030-06-02T00:00:00Z")
    second = shop.order((SKU, 2), now="2030-06-03T00:00:00Z")
    assert shop.cancel(first, now=AFTER_EARLY).code is None
    assert units(shop, second) == (0, 2)
    shop.job("expire_lots", AFTER_EARLY)
    assert shop.level() == {"on_hand": 3, "unavailable": 3}
    shop.receive(2, batch_number="B-2", now=AFTER_EARLY)
    assert units(shop, second) == (2, 0)
    check(shop)


# Placing


def test_a_short_order_takes_what_there_is_and_waits_for_the_rest(shop: Shop) -> None:
    let_wait(shop)
    shop.send("receive_stock", receipt(2), receipt(1, warehouse_location="WH-02"), receipt(9, OTHER_SKU))
    placed = shop.order((SKU, 5), (OTHER_SKU, 3))
    assert parts(placed) == {(SKU, "WH-01"): 2, (SKU, "WH-02"): 1, (OTHER_SKU, "WH-01"): 3}
    assert waiting(placed) == {SKU: 2}
    assert (placed.body["status"], placed.body["total_price"]) == ("processing", 80)
    assert read(shop, placed).body == placed.body
    assert shop.level() == {"on_hand": 2, "committed": 2}
    name = placed.body["order_id"]
    assert events(shop) == [("order.placed", name), ("order.backordered", name)]
    check(shop)


def test_an_order_of_nothing_that_there_is_waits_as_a_whole(shop: Shop) -> None:
    let_wait(shop)
    placed = shop.order((SKU, 2), (OTHER_SKU, 1))
    assert (parts(placed), waiting(placed)) == ({}, {SKU: 2, OTHER_SKU: 1})
    assert shop.fulfill(placed).code == "OR004"
    check(shop)


def test_lines_of_one_sku_wait_together(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(3)
    placed = shop.order((SKU, 2), (SKU, 4))
    assert (parts(placed), waiting(placed)) == ({(SKU, "WH-01"): 3}, {SKU: 3})
    check(shop)


def test_an_order_that_converts_a_reservation_keeps_it_and_waits_for_the_rest(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(3)
    [held] = shop.send("reserve_stock", {"items": [{"sku_id": SKU, "quantity": 3}], "channel": "web"})
    placed = shop.order((SKU, 5), reservation_id=held.body["reservation_id"])
    assert (parts(placed), waiting(placed)) == ({(SKU, "WH-01"): 3}, {SKU: 2})
    check(shop)


def test_orders_that_wait_for_a_sku_are_listed_by_it(shop: Shop) -> None:
    let_wait(shop)
    placed = shop.order((SKU, 2))
    for filters in ('{"sku": "SAUCE-1"}', '{"sku": "SAUCE-1", "waiting": true}'):
        with shop.session() as c:
            [(body,)] = c.execute("select body from api.list_orders(1::smallint, %s, null, 10)", [filters]).fetchall()
        assert [order["order_id"] for order in body["data"]] == [placed.body["order_id"]]


def test_a_rule_that_is_gone_since_the_decision_fails_no_order(shop: Shop) -> None:
    let_wait(shop)
    shop.connection.execute(
        "create function public.no_rule() returns trigger language plpgsql as $$ begin"
        " delete from catalog.sale_rules; return null; end $$"
    )
    shop.connection.execute("create trigger t after insert on orders.orders for each statement execute function public.no_rule()")
    shop.connection.execute("alter function public.no_rule() security definer")
    assert waiting(shop.order((SKU, 1))) == {SKU: 1}


# The queue


def test_a_receipt_serves_who_waits_longest_before_it_commits(shop: Shop) -> None:
    let_wait(shop)
    first, second, third = (shop.order((SKU, 40)) for _ in range(3))
    shop.receive(100)
    assert [units(shop, placed) for placed in (first, second, third)] == [(40, 0), (40, 0), (20, 20)]
    assert shop.level() == {"on_hand": 100, "committed": 100}
    supplied = [name for kind, name in events(shop) if kind == "order.supplied"]
    assert supplied == [placed.body["order_id"] for placed in (first, second, third)]
    late = shop.order((SKU, 1))
    assert waiting(late) == {SKU: 1}
    shop.receive(21)
    assert (units(shop, third), units(shop, late)) == ((40, 0), (1, 0))
    check(shop)


def test_a_higher_priority_comes_first(shop: Shop) -> None:
    let_wait(shop)
    let_wait(shop, {"mode": "backorder", "priority": 5}, channel="till")
    usual = shop.order((SKU, 2))
    vip = shop.send("place_orders", order((SKU, 2), channel="till") | {"items": [{"sku_id": SKU, "quantity": 2, "price": 9}]})[0]
    shop.receive(3)
    assert (units(shop, usual), units(shop, vip)) == ((1, 1), (2, 0))


def test_an_earlier_created_at_does_not_pass_the_queue(shop: Shop) -> None:
    let_wait(shop)
    first = shop.order((SKU, 1), now="2030-05-02T12:00:00Z")
    second = shop.order((SKU, 1), created_at="2030-05-01T12:00:00Z", now="2030-05-02T12:00:01Z")
    shop.receive(1, now="2030-05-02T13:00:00Z")
    assert (units(shop, first), units(shop, second)) == ((1, 0), (0, 1))


def test_units_go_only_where_the_warehouse_serves(shop: Shop) -> None:
    let_wait(shop)
    let_wait(shop, channel="far")
    web, far = shop.order((SKU, 2)), shop.order((SKU, 2), channel="far")
    shop.receive(3, warehouse_location="WH-03")
    assert (units(shop, web), units(shop, far)) == ((0, 2), (2, 0))
    shop.receive(1, warehouse_location="WH-02")
    assert units(shop, web) == (1, 1)
    check(shop)


@pytest.mark.parametrize("how", ["cancel", "modify", "release", "expire", "count", "found", "safety stock", "quarantine ends"])
def test_whatever_becomes_available_goes_to_the_queue(shop: Shop, how: str) -> None:
    let_wait(shop)
    shop.receive(5)
    has = shop.order((SKU, 3), external_id="S-1")
    hold = shop.send("reserve_stock", {"items": [{"sku_id": SKU, "quantity": 2}], "channel": "web", "ttl_seconds": 60})[0]
    if how == "quarantine ends":
        shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-2", "status": "quarantined"})
        shop.receive(2, batch_number="B-2")
        shop.send(
            "change_batches", {"sku_id": SKU, "batch_number": "B-2", "status": "quarantined", "reason_code": "quality_control"}
        )
    if how == "safety stock":
        shop.receive(2)
        shop.send("set_safety_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": 2})
    waits = shop.order((SKU, 2))
    assert units(shop, waits) == (0, 2)
    match how:
        case "cancel":
            shop.cancel(has)
        case "modify":
            assert shop.send("modify_orders", {"order_id": "S-1", "items": [{"sku_id": SKU, "quantity": 1}]})[0].code is None
        case "release":
            shop.send("release_reservations", {"reservation_id": hold.body["reservation_id"]})
        case "expire":
            shop.job("expire_reservations", "2039-01-01T00:00:00Z")
        case "count":
            assert shop.count(7, reason_code="cycle_count").code is None
        case "found":
            assert shop.adjust(2, reason_code="found").code is None
        case "safety stock":
            shop.send("set_safety_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": 0})
        case "quarantine ends":
            shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-2", "status": "available"})
    assert units(shop, waits) == (2, 0)
    check(shop)


def test_an_expired_reservation_serves_the_queue_before_the_order_that_found_it(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(2)
    shop.hold(2, "2030-01-01T00:00:00Z")
    waits = shop.order((SKU, 1), now="2029-12-31T00:00:00Z")
    late = shop.order((SKU, 2), now="2030-01-02T00:00:00Z")
    assert (units(shop, waits), units(shop, late)) == ((1, 0), (1, 1))
    check(shop)


def test_what_a_conversion_leaves_goes_to_the_queue_and_not_to_a_later_order_of_the_list(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(5)
    [held] = shop.send("reserve_stock", {"items": [{"sku_id": SKU, "quantity": 5}], "channel": "web"})
    waits = shop.order((SKU, 4))
    converts = {**order((SKU, 1)), "reservation_id": held.body["reservation_id"]}
    _, late = shop.send("place_orders", converts, order((SKU, 4)))
    assert (units(shop, waits), units(shop, late)) == ((4, 0), (0, 4))
    check(shop)


def test_a_supply_names_nobody_of_another_channel(shop: Shop) -> None:
    let_wait(shop, channel="till")
    shop.receive(1)
    has = shop.order((SKU, 1))
    shop.send("place_orders", order(channel="till") | {"items": [{"sku_id": SKU, "quantity": 1, "price": 3}]})
    shop.send("cancel_orders", {"order_id": has.body["order_id"], "meta": {"actor": "Wanda", "request_id": "r-1"}})
    found = shop.rows("select actor, request_id from events.outbox where type = 'order.supplied'")
    assert found == [{"actor": "system", "request_id": None}]


def test_staff_of_a_warehouse_serve_orders_of_channels_that_they_do_not_see(shop: Shop) -> None:
    let_wait(shop)
    waits = shop.order((SKU, 2), external_id="S-1")
    with shop.session("warehouse", warehouses=["WH-02"]) as c:
        assert shop.run(c, "receive_stock", receipt(1, warehouse_location="WH-02"))[0].code is None
        assert c.execute("select app.claim_channels()").fetchone() == (None,)
    assert units(shop, waits) == (1, 1)
    with shop.session("warehouse", warehouses=["WH-02"]) as c:
        [(body,)] = c.execute("select body from api.get_order(1::smallint, 'S-1')").fetchall()
    assert body["backorders"] == read(shop, waits).body["backorders"]


def test_a_cancellation_by_one_channel_serves_another(shop: Shop) -> None:
    let_wait(shop, channel="till")
    shop.receive(2)
    has = shop.order((SKU, 2))
    waits = shop.send("place_orders", order(channel="till") | {"items": [{"sku_id": SKU, "quantity": 1, "price": 3}]})[0]
    [canceled] = shop.send("cancel_orders", {"order_id": has.body["order_id"]}, role="sales", channels=["web"])
    assert canceled.code is None
    assert units(shop, waits) == (1, 0)
    check(shop)


def test_freed_units_first_replace_those_that_can_no_longer_be_sold(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(2)
    shop.order((SKU, 2))
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "recalled"})
    waits = shop.order((SKU, 1))
    shop.receive(3, batch_number="B-2")
    assert shop.level() == {"on_hand": 5, "committed": 3, "unavailable": 2} | {}
    assert units(shop, waits) == (1, 0)
    check(shop)


# Leaving the queue


def test_a_canceled_order_leaves_the_queue_and_what_it_had_goes_to_the_next(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(2)
    first, second = shop.order((SKU, 5)), shop.order((SKU, 3))
    canceled = shop.cancel(first)
    assert (canceled.body["status"], waiting(canceled)) == ("canceled", {})
    assert units(shop, second) == (2, 1)
    check(shop)


def test_a_lowered_order_first_waits_for_less(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(2)
    first, second = shop.order((SKU, 5), external_id="S-1"), shop.order((SKU, 3))
    [less] = shop.send("modify_orders", {"order_id": "S-1", "items": [{"sku_id": SKU, "quantity": 3}]})
    assert (parts(less), waiting(less)) == ({(SKU, "WH-01"): 2}, {SKU: 1})
    [least] = shop.send("modify_orders", {"order_id": "S-1", "items": [{"sku_id": SKU, "quantity": 1}]})
    assert waiting(least) == {}
    assert (units(shop, first)[1], units(shop, second)) == (0, (1, 2))
    check(shop)


def test_an_order_that_waits_for_more_goes_to_the_end_of_the_queue(shop: Shop) -> None:
    def at(second: int) -> str:
        return f"2030-05-02T12:00:{second:02}Z"

    let_wait(shop)
    shop.receive(2, now=at(0))
    first = shop.order((SKU, 3), external_id="S-1", now=at(1))
    second = shop.order((SKU, 1), now=at(2))
    lines = [{"sku_id": SKU, "quantity": 4}, {"sku_id": OTHER_SKU, "quantity": 1}]
    [more] = shop.send("modify_orders", {"order_id": "S-1", "items": lines}, now=at(3))
    assert waiting(more) == {SKU: 2, OTHER_SKU: 1}
    let_wait(shop, {"mode": "refuse"})
    lines = [{"sku_id": SKU, "quantity": 9}]
    assert codes(shop.send("modify_orders", {"order_id": "S-1", "items": lines}, now=at(4))) == ["ST001"]
    shop.receive(1, now=at(5))
    assert (units(shop, first), units(shop, second)) == ((2, 2), (1, 0))
    check(shop)


def test_an_order_that_waits_for_less_keeps_its_place(shop: Shop) -> None:
    let_wait(shop)
    first = shop.order((SKU, 3), external_id="S-1", now="2030-05-02T12:00:01Z")
    second = shop.order((SKU, 1), now="2030-05-02T12:00:02Z")
    less = {"order_id": "S-1", "items": [{"sku_id": SKU, "quantity": 2}]}
    assert codes(shop.send("modify_orders", less, now="2030-05-02T12:00:03Z")) == [None]
    shop.receive(2, now="2030-05-02T12:00:04Z")
    assert (units(shop, first), units(shop, second)) == ((2, 0), (0, 1))


def test_a_part_is_shipped_and_the_order_is_complete_when_the_rest_has_come(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(2)
    placed = shop.order((SKU, 3))
    shipped = shop.fulfill(placed)
    assert (shipped.body["status"], shipped.body["fulfillment_status"]) == ("processing", "partially_fulfilled")
    assert waiting(shipped) == {SKU: 1}
    shop.receive(1)
    shipped = shop.fulfill(placed)
    assert (shipped.body["status"], shipped.body["fulfillment_status"], waiting(shipped)) == ("completed", "fulfilled", {})
    check(shop)


def test_the_rest_of_a_shipped_order_is_canceled_while_it_waits(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(2)
    placed = shop.order((SKU, 3))
    shop.fulfill(placed)
    canceled = shop.cancel(placed)
    assert (canceled.body["status"], canceled.body["total_price"], waiting(canceled)) == ("completed", 20, {})
    check(shop)


# A warehouse that begins to serve a channel posts nothing


def test_the_worker_serves_what_no_posting_can_see(shop: Shop) -> None:
    let_wait(shop)
    shop.receive(3, warehouse_location="WH-03")
    waits = shop.order((SKU, 2))
    assert shop.job("serve_backorders") == 0
    shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01", "WH-03"]})
    assert shop.job("serve_backorders") == 1
    assert units(shop, waits) == (2, 0)
    assert shop.job("serve_backorders") == 0
    check(shop)


# Races


@pytest.mark.commits
@pytest.mark.parametrize("exists", [True, False])
def test_no_order_waits_beside_units_that_come_at_the_same_time(shop: Shop, pool: ThreadPoolExecutor, exists: bool) -> None:
    let_wait(shop)
    if exists:
        shop.receive(1)
        shop.order((SKU, 1))
    place, receive = sender(shop, "place_orders", order((SKU, 2))), sender(shop, "receive_stock", receipt(2))
    placed, _ = race(shop, pool, place, receive)
    assert units(shop, placed) == (2, 0)
    _, placed = race(shop, pool, receive, place)
    assert units(shop, placed) == (2, 0)
    check(shop)


@pytest.mark.commits
def test_without_the_new_levels_an_order_waits_beside_units(shop: Shop) -> None:
    """Without the guard, the race above fails: the order and the receipt have no lock in common."""
    let_wait(shop)
    shop.connection.execute(
        "create or replace function orders.open_queue("
        "p_region_id smallint, p_demands stock.demand[], p_allocations stock.allocation[])"
        " returns void language sql as ''"
    )
    with shop.session() as connection:
        shop.run(connection, "place_orders", order((SKU, 2)))
        shop.receive(2)
    assert len(shop.rows(IDLE)) == 1


@pytest.mark.commits
def test_receipts_in_two_warehouses_do_not_both_serve_one_order(shop: Shop, pool: ThreadPoolExecutor) -> None:
    let_wait(shop)
    shop.send("receive_stock", receipt(1), receipt(1, warehouse_location="WH-02"))
    shop.order((SKU, 2))
    first, second = shop.order((SKU, 3)), shop.order((SKU, 2))
    race(
        shop,
        pool,
        sender(shop, "receive_stock", receipt(2)),
        sender(shop, "receive_stock", receipt(2, warehouse_location="WH-02")),
    )
    assert (units(shop, first), units(shop, second)) == ((3, 0), (1, 1))
    check(shop)


@pytest.mark.commits
def test_a_cancellation_and_a_receipt_meet(shop: Shop, pool: ThreadPoolExecutor) -> None:
    let_wait(shop)
    shop.receive(1)
    first, second = shop.order((SKU, 3)), shop.order((SKU, 3))
    cancel = sender(shop, "cancel_orders", {"order_id": first.body["order_id"]})
    race(shop, pool, cancel, sender(shop, "receive_stock", receipt(1)))
    assert units(shop, second) == (2, 1)
    third = shop.order((SKU, 3))
    cancel = sender(shop, "cancel_orders", {"order_id": second.body["order_id"]})
    race(shop, pool, sender(shop, "receive_stock", receipt(2)), cancel)
    assert units(shop, third) == (3, 0)
    check(shop)


@pytest.mark.parametrize("seed", range(LENGTH.examples if LONG else 3))
def test_any_sequence_leaves_a_queue_that_nobody_passed(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    let_wait(shop)
    let_wait(shop, channel="far")
    shop.send("save_channels", {"channel_id": "far", "warehouses": ["WH-03", "WH-02"]})
    live: list[tuple[str, Result]] = []
    sent: list[Result] = []
    for _ in range(40):
        match chance.choice(["place", "place", "receive", "receive", "cancel", "ship", "found", "send", "arrive"]):
            case "place":
                channel = chance.choice(["web", "far"])
                live.append((channel, shop.order((SKU, chance.randint(1, 6)), channel=channel)))
            case "receive":
                shop.receive(chance.randint(1, 5), warehouse_location=chance.choice(["WH-01", "WH-02", "WH-03"]))
            case "found":
                shop.adjust(1, reason_code="found", warehouse_location="WH-02")
            case "send":
                source, place = chance.sample(["WH-01", "WH-02", "WH-03"], 2)
                ends = {"from_warehouse_location": source, "to_warehouse_location": place}
                moved = transfers.ship(shop, transfers.draft(shop, (SKU, chance.randint(1, 4)), **ends))
                assert moved.code in (None, "ST001")  # available units only
                sent += [moved] if moved.code is None else []
            case "arrive":
                if sent:
                    coming = sent.pop(chance.randrange(len(sent)))
                    if chance.random() < 0.8:
                        assert transfers.receive(shop, coming).code is None
                    else:
                        assert transfers.close(shop, coming, rest="taken_back").code is None
            case kind if live:
                _, gone = live.pop(chance.randrange(len(live)))
                if kind == "cancel":
                    shop.cancel(gone)
                elif shop.fulfill(gone).code is None and units(shop, gone)[1]:
                    live.append((_, gone))
                    live.sort(key=lambda item: int(item[1].body["order_id"].rpartition("-")[2]))
        check(shop)
        # Of the orders of a channel, the older ones have all their units before a newer one waits for the next.
        for channel in ("web", "far"):
            waits = [units(shop, placed)[1] > 0 for name, placed in live if name == channel]
            assert waits == sorted(waits), waits


def test_many_waiting_orders_are_served_at_once(shop: Shop) -> None:
    let_wait(shop)
    for _ in range(4):
        assert set(codes(shop.send("place_orders", *(order((SKU, 1)) for _ in range(500))))) == {None}
    shop.receive(1500)
    assert shop.rows("select count(*)::int as n, sum(quantity)::int as units from orders.backorders") == [
        {"n": 500, "units": 500}
    ]
    check(shop)


@pytest.mark.commits
def test_who_waits_is_the_callers_business_only(shop: Shop) -> None:
    let_wait(shop)
    let_wait(shop, channel="far")
    shop.order((SKU, 1))
    shop.order((SKU, 1), channel="far")
    for role, claims, seen in (
        ("admin", {}, 2),
        ("sales", {"channels": ["web"]}, 1),
        ("integration", {"channels": ["far"]}, 1),
        ("warehouse", {"warehouses": ["WH-01"]}, 0),
        ("sales", {"channels": ["web"], "region": 2}, 0),
    ):
        with shop.session(role, **claims) as c:
            assert c.execute("select count(*) from orders.backorders").fetchone() == (seen,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege), c.transaction():
                c.execute("delete from orders.backorders")
