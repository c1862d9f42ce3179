"""Rules about the time of sale that is left: a promise is one date, frozen at the order, and no order strands another."""

from __future__ import annotations

import datetime
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from tests.battery.lengths import LENGTH, LONG
from tests.races import race, sender
from tests.world import OTHER_SKU, SKU, Result, Shop, codes, order, parts, shortages

NOW = "2030-01-10T12:00:00Z"
TODAY_RULE = {"min_days": 30}  # units that can be sold on 2030-02-09
FAR, NEAR = "2099-12-31", str(datetime.date.today() + datetime.timedelta(days=9))  # by the real clock
STALE, GOOD, BETTER = "2030-02-08", "2030-02-09", "2031-01-01"


def set_rules(shop: Shop, *rules: dict[str, Any], channel: str = "web", **rest: Any) -> Result:
    return shop.send("save_channels", {"channel_id": channel, "freshness_rules": list(rules), **rest})[0]


def receive(shop: Shop, units: int, expires: str | None, **rest: Any) -> None:
    done = shop.receive(units, batch_number=f"B-{expires}", expiration_date=expires, now=NOW, **rest)
    assert done.code is None, done


def place(shop: Shop, units: int, sku_id: str = SKU, now: str = NOW, **rest: Any) -> Result:
    return shop.order((sku_id, units), now=now, **rest)


def ask(
    shop: Shop, sku: str = SKU, *, now: str = NOW, role: str = "admin", channels: tuple[str, ...] = (), **filters: Any
) -> Any:
    with shop.session(role, now, channels=channels) as connection:
        question = psycopg.types.json.Jsonb({"sku": sku, "channel": "web", **filters})
        [(body,)] = connection.execute("select body from api.get_availability(1::smallint, %s)", [question]).fetchall()
    return body


def read(shop: Shop, placed: Result) -> Any:
    with shop.session() as connection:
        [(body,)] = connection.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchall()
    return body


def lots(shop: Shop) -> dict[str, int]:
    return {number: units for number, units in shop.batches().items() if units}


# Rules


def test_a_channel_keeps_its_rules_and_shows_them(shop: Shop) -> None:
    full = {"customer_group": None, "category": None, "sku_id": None, "min_days": 30, "min_percent": None, "transit_days": 0}
    assert set_rules(shop, TODAY_RULE).body["freshness_rules"] == [full]
    [same] = shop.send("save_channels", {"channel_id": "web", "name": "Shop"})
    assert same.body["freshness_rules"] == [full]
    assert set_rules(shop, full).body["version"] == same.body["version"]
    [none] = shop.send("save_channels", {"channel_id": "web", "name": "Shop", "mode": "put", "if_match": "*"})
    assert none.body["freshness_rules"] == []


@pytest.mark.parametrize(
    ("rules", "code", "pointers"),
    [
        ([{"sku_id": "SAUCE-9", "min_days": 1}], "ST002", ["/freshness_rules/0/sku_id"]),
        ([{"min_days": 1}, {"min_percent": 5}], "VA001", ["/freshness_rules/1/customer_group"]),
        ([{"min_days": 1, "min_percent": 5}], "VA001", ["/freshness_rules/0/min_percent"]),
        ([{"customer_group": "x"}], "VA001", ["/freshness_rules/0/min_percent"]),
        ([{"min_percent": 101}], "VA001", ["/freshness_rules/0/min_percent"]),
        ([{"min_days": -1}], "VA001", ["/freshness_rules/0/min_days"]),
        ([{"min_days": 1, "transit_days": -1}], "VA001", ["/freshness_rules/0/transit_days"]),
        ([{"sku_id": SKU, "category": "hot", "min_days": 1}], "VA001", ["/freshness_rules/0/category"]),
    ],
)
def test_rules_that_contradict_are_refused(shop: Shop, rules: list[dict[str, Any]], code: str, pointers: list[str]) -> None:
    refused = set_rules(shop, *rules)
    assert refused.code == code
    assert [error["pointer"] for error in refused.body["errors"]] == pointers


def test_the_most_specific_rule_wins(shop: Shop) -> None:
    shop.send("save_skus", {"sku_id": OTHER_SKU, "attributes": {"category": "hot"}})
    set_rules(
        shop,
        {"min_days": 1},
        {"category": "hot", "min_days": 2},
        {"sku_id": SKU, "min_days": 3},
        {"customer_group": "export", "min_days": 4, "transit_days": 10},
        {"customer_group": "export", "category": "hot", "min_days": 5},
        {"customer_group": "export", "sku_id": SKU, "min_days": 6},
    )
    third = "SAUCE-3"
    found = {
        (group, sku): ask(shop, sku, customer_group=group)["fresh_until"]
        for group in (None, "export", "other")
        for sku in (SKU, OTHER_SKU, third)
    }
    assert found == {
        (None, SKU): "2030-01-13",
        (None, OTHER_SKU): "2030-01-12",
        (None, third): "2030-01-11",
        ("other", SKU): "2030-01-13",
        ("other", OTHER_SKU): "2030-01-12",
        ("other", third): "2030-01-11",
        ("export", SKU): "2030-01-16",
        ("export", OTHER_SKU): "2030-01-15",
        ("export", third): "2030-01-24",
    }
    rule = "channel web, customer group export: 4 days after 10 days of transit"
    assert ask(shop, third, customer_group="export")["rule"] == rule
    assert ask(shop, channel="till")["rule"] == "none"


def test_a_percentage_is_of_the_longest_life_of_the_lots(shop: Shop) -> None:
    set_rules(shop, {"min_percent": 50})
    receive(shop, 5, "2030-04-20", manufactured_on="2030-01-10")  # a life of 100 days: 50 are left on 2030-03-01
    assert place(shop, 5).body["freshness"] == [
        {"sku_id": SKU, "fresh_until": "2030-03-01", "rule": "channel web: 50 percent", "at_risk": False},
    ]


def test_without_a_day_of_manufacture_a_percentage_is_unknown(shop: Shop) -> None:
    set_rules(shop, {"min_percent": 1}, sale_rules=[{"mode": "backorder"}])
    receive(shop, 5, BETTER)
    refused = place(shop, 1)
    assert shortages(refused) == [("/items/0/quantity", 1, 0)]
    assert "no lot says when it was made" in refused.body["errors"][0]["detail"]
    receive(shop, 2, None)
    assert place(shop, 2).body["freshness"] == [
        {"sku_id": SKU, "fresh_until": None, "rule": "channel web: 1 percent", "at_risk": False}
    ]


# Orders


def test_exactly_the_minimum_is_good_and_a_day_less_is_not(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 5, STALE)
    refused = place(shop, 1)
    assert shortages(refused) == [("/items/0/quantity", 1, 0)]
    [error] = refused.body["errors"]
    assert (error["rule"], error["fresh_until"], error["stale"]) == ("channel web: 30 days", GOOD, 5)
    receive(shop, 2, GOOD)
    assert shortages(place(shop, 3)) == [("/items/0/quantity", 3, 2)]
    placed = place(shop, 2)
    assert placed.body["freshness"] == [{"sku_id": SKU, "fresh_until": GOOD, "rule": "channel web: 30 days", "at_risk": False}]
    found = read(shop, placed)
    assert found == {**placed.body, "timeline": found["timeline"], "return_status": "none"}
    assert shortages(place(shop, 1)) == [("/items/0/quantity", 1, 0)]


def test_a_shortage_of_any_unit_names_no_rule(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 2, BETTER)
    [error] = place(shop, 3).body["errors"]
    assert "rule" not in error


def test_an_order_of_another_group_or_channel_takes_any_unit(shop: Shop) -> None:
    set_rules(shop, {"customer_group": "export", **TODAY_RULE})
    receive(shop, 3, STALE)
    assert place(shop, 1, customer_group="export").code == "ST001"
    assert place(shop, 1).body["freshness"] == []
    loose = place(shop, 1, customer_group="other")
    assert (loose.body["customer_group"], loose.body["freshness"]) == ("other", [])


def test_a_group_is_a_code(shop: Shop) -> None:
    refused = place(shop, 1, customer_group="all of them")
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/customer_group")


def test_loose_and_strict_orders_do_not_strand_each_other_whoever_leaves_first(shop: Shop) -> None:
    set_rules(shop, {"customer_group": "export", **TODAY_RULE})
    receive(shop, 2, STALE)
    receive(shop, 2, BETTER)
    loose = place(shop, 2)
    strict = place(shop, 2, customer_group="export")
    assert codes([loose, strict]) == [None, None]
    assert place(shop, 1).code == "ST001"
    assert shop.fulfill(loose, now=NOW).body["fulfillments"][0]["items"][0]["batch_number"] == f"B-{STALE}"
    assert shop.fulfill(strict, now=NOW).body["fulfillments"][0]["items"][0]["batch_number"] == f"B-{BETTER}"
    assert shop.verify() == []


def test_strict_orders_leave_the_units_that_expire_late_to_stricter_ones(shop: Shop) -> None:
    set_rules(shop, {"customer_group": "a", "min_days": 30}, {"customer_group": "b", "min_days": 100})
    receive(shop, 1, GOOD)
    receive(shop, 1, BETTER)
    first, second = place(shop, 1, customer_group="b"), place(shop, 1, customer_group="a")
    assert codes([first, second]) == [None, None]
    assert shop.fulfill(second, now=NOW).body["fulfillments"][0]["items"][0]["batch_number"] == f"B-{GOOD}"
    assert shop.fulfill(first, now=NOW).body["fulfillments"][0]["items"][0]["batch_number"] == f"B-{BETTER}"


def test_a_promise_leaves_room_for_those_of_earlier_days(shop: Shop) -> None:
    """Whoever needs the later day takes a unit that would do for the earlier one, too."""
    set_rules(shop, {"customer_group": "a", "min_days": 30}, {"customer_group": "b", "min_days": 100})
    receive(shop, 3, STALE)
    receive(shop, 2, BETTER)
    assert place(shop, 2, customer_group="a").code is None
    assert shortages(place(shop, 1, customer_group="b")) == [("/items/0/quantity", 1, 0)]


def test_promises_of_one_list_count_each_other(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 5, STALE)
    receive(shop, 3, GOOD)
    answers = shop.send("place_orders", *(order((SKU, 2)) for _ in range(2)), order((SKU, 1)), now=NOW)
    assert codes(answers) == [None, "ST001", None]
    assert shortages(answers[1]) == [("/items/0/quantity", 2, 1)]


def test_an_order_is_split_over_the_warehouses_that_have_fresh_units(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 2, GOOD)
    receive(shop, 5, STALE)
    receive(shop, 2, BETTER, warehouse_location="WH-02")
    assert parts(place(shop, 3)) == {(SKU, "WH-01"): 2, (SKU, "WH-02"): 1}


def test_a_lot_on_hold_keeps_no_promise(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 2, BETTER)
    receive(shop, 5, STALE)
    shop.send("change_batches", {"sku_id": SKU, "batch_number": f"B-{BETTER}", "status": "on_hold"}, now=NOW)
    assert shortages(place(shop, 1)) == [("/items/0/quantity", 1, 0)]


def test_a_rule_that_changes_touches_new_orders_only(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 2, GOOD)
    placed = place(shop, 1)
    set_rules(shop, {"min_days": 100})
    assert place(shop, 1).code == "ST001"
    [changed] = shop.send(
        "modify_orders", {"order_id": placed.body["order_id"], "items": [{"sku_id": SKU, "quantity": 2}]}, now=NOW
    )
    assert changed.body["freshness"] == [{"sku_id": SKU, "fresh_until": GOOD, "rule": "channel web: 30 days", "at_risk": False}]
    assert shop.fulfill(placed, now=NOW).code is None


def test_a_sku_that_is_added_gets_the_promise_of_today(shop: Shop) -> None:
    receive(shop, 2, STALE)
    placed = place(shop, 1)
    set_rules(shop, TODAY_RULE)
    items = [{"sku_id": SKU, "quantity": 2}, {"sku_id": OTHER_SKU, "quantity": 1}]
    receive(shop, 1, STALE, sku_id=OTHER_SKU)
    change = {"order_id": placed.body["order_id"], "items": items}
    [refused] = shop.send("modify_orders", change, now=NOW)
    assert shortages(refused) == [("/items/1/quantity", 1, 0)]
    assert refused.body["errors"][0]["rule"] == "channel web: 30 days"
    receive(shop, 1, GOOD, sku_id=OTHER_SKU)
    [changed] = shop.send("modify_orders", change, now=NOW)
    assert changed.body["freshness"] == [
        {"sku_id": OTHER_SKU, "fresh_until": GOOD, "rule": "channel web: 30 days", "at_risk": False}
    ]
    assert shop.verify() == []


def test_a_conversion_takes_only_fresh_units_of_its_reservation(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 3, STALE)
    receive(shop, 1, GOOD)
    [held] = shop.send("reserve_stock", order((SKU, 2), ttl_seconds=600), now=NOW)
    convert = {"channel": "web", "reservation_id": held.body["reservation_id"]}
    assert shop.send("place_orders", convert, now=NOW)[0].code == "ST001"
    receive(shop, 1, BETTER)
    [placed] = shop.send("place_orders", convert, now=NOW)
    assert parts(placed) == {(SKU, "WH-01"): 2}
    assert shop.level() == {"on_hand": 5, "available": 3, "committed": 2}
    assert shop.verify() == []


# Orders that wait


def test_an_order_that_waits_takes_only_fresh_units_and_blocks_nobody(shop: Shop) -> None:
    set_rules(shop, {"customer_group": "export", **TODAY_RULE}, sale_rules=[{"mode": "backorder"}])
    strict = place(shop, 3, customer_group="export")
    loose = place(shop, 2)
    receive(shop, 4, STALE)
    assert parts(Result(None, False, read(shop, loose))) == {(SKU, "WH-01"): 2}
    assert read(shop, strict)["allocations"] == []
    assert place(shop, 2).code is None  # units that the strict order cannot use
    receive(shop, 4, GOOD)
    assert parts(Result(None, False, read(shop, strict))) == {(SKU, "WH-01"): 3}
    assert read(shop, strict)["freshness"][0]["fresh_until"] == GOOD
    assert shop.level() == {"on_hand": 8, "available": 1, "committed": 7}
    assert shop.verify() == []


def test_a_short_strict_order_takes_the_fresh_units_and_waits_for_the_rest(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE, sale_rules=[{"mode": "backorder"}])
    receive(shop, 5, STALE)
    receive(shop, 1, GOOD)
    placed = place(shop, 3)
    assert parts(placed) == {(SKU, "WH-01"): 1}
    assert [part["quantity"] for part in placed.body["backorders"]] == [2]
    assert shop.job("serve_backorders", now=NOW) == 0
    receive(shop, 9, BETTER)
    assert parts(Result(None, False, read(shop, placed))) == {(SKU, "WH-01"): 3}


def test_a_level_where_only_strict_orders_wait_does_not_keep_the_worker_from_others(shop: Shop) -> None:
    set_rules(shop, {"customer_group": "export", **TODAY_RULE}, sale_rules=[{"mode": "backorder"}])
    place(shop, 1, customer_group="export")
    receive(shop, 1, STALE)
    loose = place(shop, 1, sku_id=OTHER_SKU)
    shop.receive(1, OTHER_SKU, warehouse_location="WH-03", now=NOW)
    shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01", "WH-03"]})
    with shop.session("scoville_worker", NOW) as connection:
        connection.execute("select jobs.serve_backorders(1::smallint, 1)")
    assert parts(Result(None, False, read(shop, loose))) == {(OTHER_SKU, "WH-03"): 1}


def test_units_that_a_cancellation_frees_go_to_the_strict_order_that_waits(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE, sale_rules=[{"mode": "backorder"}])
    receive(shop, 2, GOOD)
    receive(shop, 2, STALE)
    first, second = place(shop, 2), place(shop, 2)
    assert second.body["allocations"] == []
    shop.cancel(first, now=NOW)
    assert parts(Result(None, False, read(shop, second))) == {(SKU, "WH-01"): 2}


# Parcels


def test_a_scanned_lot_that_is_not_fresh_enough_stays(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 2, STALE)
    receive(shop, 2, GOOD)
    placed = place(shop, 2)
    refused = shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 1, "batch_number": f"B-{STALE}"}], now=NOW)
    assert refused.code == "SH003"
    [error] = refused.body["errors"]
    assert error["pointer"] == "/items/0/batch_number"
    assert (error["batch_number"], error["days_short"], error["rule"]) == (f"B-{STALE}", 1, "channel web: 30 days")
    assert shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2, "batch_number": f"B-{GOOD}"}], now=NOW).code is None
    assert lots(shop) == {f"B-{STALE}": 2}


def test_after_a_recall_a_promise_finds_no_fresh_unit(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 2, STALE)
    receive(shop, 2, GOOD)
    placed = place(shop, 2)
    shop.send("change_batches", {"sku_id": SKU, "batch_number": f"B-{GOOD}", "status": "recalled"}, now=NOW)
    refused = shop.fulfill(placed, now=NOW)
    assert (refused.code, refused.body["errors"][0]["batch_number"]) == ("SH003", f"B-{STALE}")


def test_a_loose_parcel_leaves_the_lot_that_others_were_promised(shop: Shop) -> None:
    set_rules(shop, {"customer_group": "export", **TODAY_RULE})
    receive(shop, 2, STALE)
    receive(shop, 3, BETTER)
    strict, loose = place(shop, 2, customer_group="export"), place(shop, 2)
    scanned = [{"sku_id": SKU, "quantity": 2, "batch_number": f"B-{BETTER}", "reason_code": "could_not_locate"}]
    refused = shop.fulfill(loose, items=scanned, now=NOW)
    assert (refused.code, refused.body["errors"][0]["fresh_until"]) == ("SH003", GOOD)
    scanned[0]["quantity"] = 1  # there are three of them, two are promised
    assert shop.fulfill(loose, items=scanned, now=NOW).code is None
    assert shop.fulfill(strict, items=[{**scanned[0], "quantity": 2}], now=NOW).code is None
    assert shop.fulfill(loose, now=NOW).code is None
    assert lots(shop) == {f"B-{STALE}": 1}


def test_a_parcel_that_is_undone_is_a_promise_again(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 2, GOOD)
    receive(shop, 2, STALE)
    placed = place(shop, 2)
    shipped = shop.fulfill(placed, now=NOW)
    assert shop.job("close_freshness", now=NOW) == 1
    parcel = {"order_id": placed.body["order_id"], "fulfillment_id": shipped.body["fulfillments"][0]["fulfillment_id"]}
    assert shop.send("cancel_fulfillments", {**parcel, "reason": "stayed"}, now=NOW)[0].code is None
    assert place(shop, 1).code == "ST001"


def test_the_worker_tells_of_orders_whose_fresh_units_are_gone(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 2, GOOD)
    receive(shop, 2, BETTER)
    receive(shop, 4, STALE)
    first, second = place(shop, 2), place(shop, 1)
    assert shop.job("recheck_freshness", now=NOW) == 0
    recalled = {"sku_id": SKU, "batch_number": f"B-{GOOD}", "status": "recalled"}
    shop.send("change_batches", recalled, now=NOW)
    assert shop.job("recheck_freshness", now=NOW) == 1
    assert shop.job("recheck_freshness", now=NOW) == 0
    told = shop.rows("select subject from events.outbox where type = 'order.at_risk'")
    assert [row["subject"] for row in told] == [f"orders/{second.body['order_id']}"]
    assert [read(shop, placed)["freshness"][0]["at_risk"] for placed in (first, second)] == [False, True]
    shop.send("change_batches", {**recalled, "status": "available", "reason_code": "correction"}, now=NOW)
    assert shop.job("recheck_freshness", now=NOW) == 1
    assert read(shop, second)["freshness"][0]["at_risk"] is False


# Two sessions


@pytest.mark.commits
@pytest.mark.parametrize("groups", [("export", None), (None, "export"), ("export", "export")])
def test_two_orders_of_the_last_fresh_unit(shop: Shop, pool: ThreadPoolExecutor, groups: tuple[str | None, str | None]) -> None:
    """The loose order takes the other unit, in both orders of commits; of two strict ones the second gets none."""
    set_rules(shop, {"customer_group": "export", "min_days": 30})
    shop.receive(1, expiration_date=FAR, batch_number="FAR")
    shop.receive(1, expiration_date=NEAR, batch_number="NEAR")
    first, second = (sender(shop, "place_orders", order((SKU, 1), customer_group=group)) for group in groups)
    answers = race(shop, pool, first, second)
    assert codes(list(answers)) == [None, "ST001" if groups == ("export", "export") else None]
    for answer in reversed(answers):
        if answer.code is None:
            assert shop.fulfill(answer).code is None
    assert shop.verify() == []


@pytest.mark.commits
def test_a_recall_and_a_strict_order(shop: Shop, pool: ThreadPoolExecutor) -> None:
    set_rules(shop, {"min_days": 30})
    shop.receive(1, expiration_date=FAR, batch_number="FAR")
    shop.receive(1, expiration_date=NEAR, batch_number="NEAR")
    recall = sender(shop, "change_batches", {"sku_id": SKU, "batch_number": "FAR", "status": "recalled"})
    recalled, refused = race(shop, pool, recall, sender(shop, "place_orders", order((SKU, 1))))
    assert (recalled.code, refused.code) == (None, "ST001")
    assert refused.body["errors"][0]["stale"] == 1


@pytest.mark.commits
def test_a_promise_whose_parcel_is_being_undone_stays_open(shop: Shop) -> None:
    set_rules(shop, {"min_days": 30})
    shop.receive(1, expiration_date=FAR, batch_number="FAR")
    shipped = shop.fulfill(shop.order((SKU, 1)))
    parcel = shipped.body["fulfillments"][0]["fulfillment_id"]
    undo = {"order_id": shipped.body["order_id"], "fulfillment_id": parcel, "reason": "never collected"}
    with shop.session() as connection:
        assert shop.run(connection, "cancel_fulfillments", undo)[0].code is None
        assert shop.job("close_freshness") == 0
    assert shop.rows("select is_open from orders.freshness") == [{"is_open": True}]
    assert shop.fulfill(shipped).code is None
    assert shop.job("close_freshness") == 1


# Answers about availability


def test_the_answer_names_units_days_and_warehouses(shop: Shop) -> None:
    set_rules(shop, TODAY_RULE)
    receive(shop, 4, STALE)
    receive(shop, 2, BETTER)
    receive(shop, 1, GOOD, warehouse_location="WH-02")
    assert ask(shop, quantity=3) == {
        "sku_id": SKU,
        "channel": "web",
        "customer_group": None,
        "quantity": 3,
        "ship_on": "2030-01-10",
        "available": True,
        "available_quantity": 3,
        "available_on": "2030-01-10",
        "fresh_until": GOOD,
        "rule": "channel web: 30 days",
        "stale_quantity": 4,
        "sold_until": GOOD,
        "warehouses": [
            {"sku_id": SKU, "warehouse_location": "WH-01", "quantity": 2},
            {"sku_id": SKU, "warehouse_location": "WH-02", "quantity": 1},
        ],
    }
    few = ask(shop, quantity=4)
    assert (few["available"], few["available_on"], few["available_quantity"]) == (False, None, 3)
    later = ask(shop, ship_on="2030-01-11")
    assert (later["fresh_until"], later["available_quantity"], later["sold_until"]) == ("2030-02-10", 2, BETTER)


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"sku": "SAUCE-9"}, "ST002"),
        ({"channel": "far"}, "OR008"),
        ({"channel": None}, "OR009"),
        ({"ship_on": "2030-01-09"}, "VA001"),
    ],
)
def test_a_question_that_has_no_answer_is_refused(shop: Shop, filters: dict[str, Any], code: str) -> None:
    with pytest.raises(psycopg.Error) as refused:
        ask(shop, role="sales", channels=("web", "till"), **filters)
    assert refused.value.sqlstate == code


def test_a_shop_learns_what_others_left_and_nothing_about_them(shop: Shop) -> None:
    receive(shop, 5, BETTER)
    place(shop, 2, channel="till")
    assert ask(shop, role="integration", channels=("web",))["available_quantity"] == 3


def test_what_becomes_free_goes_to_the_queue_first(shop: Shop) -> None:
    set_rules(shop, sale_rules=[])
    set_rules(shop, channel="till", sale_rules=[{"mode": "backorder"}])
    receive(shop, 3, BETTER)
    shop.send("reserve_stock", order((SKU, 3), ttl_seconds=60), now=NOW)
    place(shop, 2, channel="till")
    later = "2030-01-10T12:05:00Z"
    assert ask(shop, now=later)["available_quantity"] == 1
    assert shortages(place(shop, 2, now=later)) == [("/items/0/quantity", 2, 1)]


@pytest.mark.parametrize("seed", range(LENGTH.examples if LONG else 12))
def test_what_an_answer_says_can_be_ordered_and_one_more_cannot(shop: Shop, seed: int) -> None:
    """Random lots, promises, reservations and unpaid orders (some over), a queue, expired lots not swept, safety stock."""
    dice = random.Random(seed)
    groups = {"a": 20, "b": 60, "c": 200}
    rules = [{"customer_group": group, "min_days": days} for group, days in groups.items()]
    set_rules(shop, *rules, sale_rules=[])
    waits = seed % 3 == 0
    if waits:
        set_rules(shop, *rules, channel="till", sale_rules=[{"mode": "backorder"}])
    for warehouse in ("WH-01", "WH-02"):
        for expires in dice.sample(["2030-01-09", "2030-01-10", "2030-01-31", "2030-03-20", "2030-09-01", None], 4):
            done = shop.receive(
                dice.randint(1, 6),
                batch_number=f"B-{expires}",
                expiration_date=expires,
                warehouse_location=warehouse,
                now="2030-01-08T12:00:00Z",
            )
            assert done.code is None
    early = "2030-01-08T12:00:00Z"
    for _ in range(dice.randint(2, 8)):
        some = dice.randint(1, 3)
        kind = dice.choice(["order", "order", "unpaid", "hold", "safety", "queue"])
        group = dice.choice([None, *groups])
        when = dice.choice([early, NOW])
        if kind == "hold":
            shop.send("reserve_stock", order((SKU, some), ttl_seconds=600), now=when)
        elif kind == "safety":
            shop.send("set_safety_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": some}, now=when)
        elif kind == "queue" and waits:
            place(shop, 12, channel="till", customer_group=group, now=when)
        else:
            status = {"status": "pending"} if kind == "unpaid" else {}
            place(shop, some, customer_group=group, now=when, **status)
    everyone = [None, *groups]
    dice.shuffle(everyone)
    for group in everyone:
        named: dict[str, Any] = {"customer_group": group} if group else {}
        said = ask(shop, **named)["available_quantity"]
        for units in (said, said + 1):
            with shop.session(now=NOW) as connection, connection.transaction(force_rollback=True):
                [answer] = shop.run(connection, "place_orders", order((SKU, max(units, 1)), **named))
            if units > said or not units:
                assert shortages(answer) == [("/items/0/quantity", max(units, 1), said)], (seed, group)
            else:
                assert answer.code is None, (seed, group, said, answer)
    assert shop.verify() == []
