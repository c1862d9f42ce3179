"""Bundles: SKUs made of others, exploded into their components when they are ordered."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.types.json import Jsonb

from tests.races import race, sender
from tests.world import LATE, OTHER_SKU, SKU, THIRD_SKU, Result, Shop, adjustment, codes, order, parts, receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

GIFT, PAIR = "GIFT-1", "PAIR-1"
UNDEFINED = {"sku_id": GIFT, "name": "Gift set", "price": 25}


def made_of(**units: int) -> list[dict[str, Any]]:
    names = {"one": SKU, "other": OTHER_SKU, "third": THIRD_SKU}
    return [{"sku_id": names[name], "quantity": quantity} for name, quantity in units.items()]


def bundle(sku_id: str = GIFT, price: float = 25, **units: int) -> dict[str, Any]:
    return {"sku_id": sku_id, "name": sku_id, "price": price, "components": made_of(**units)}


GIFT_SET = bundle(one=2, other=1)


@pytest.fixture
def gifts(shop: Shop) -> Shop:
    """A gift set of two units of SKU and one of OTHER_SKU, with stock for three of them."""
    assert codes(shop.send("save_skus", GIFT_SET)) == [None]
    shop.receive(6, SKU)
    shop.receive(3, OTHER_SKU)
    return shop


def pointers(refused: Result) -> list[tuple[str | None, str]]:
    return [(refused.code, error["pointer"]) for error in refused.body["errors"]]


def short(refused: Result) -> list[tuple[str, str, int, int]]:
    assert refused.code == "ST001", refused
    return [(fault["pointer"], fault["sku_id"], fault["requested"], fault["available"]) for fault in refused.body["errors"]]


def lines(answer: Result) -> list[tuple[str, int, int, int, dict[str, tuple[int, int]]]]:
    """SKU, quantity, fulfilled and canceled of each line; of each component the units per bundle and those shipped."""
    assert answer.code is None, answer
    return [
        (
            *(line[name] for name in ("sku_id", "quantity", "fulfilled", "canceled")),
            {part["sku_id"]: (part["quantity"], part["fulfilled"]) for part in line["components"]},
        )
        for line in answer.body["items"]
    ]


def undo(shop: Shop, shipped: Result, parcel: int) -> Result:
    fulfillment = shipped.body["fulfillments"][parcel]["fulfillment_id"]
    return shop.send(
        "cancel_fulfillments",
        {"order_id": shipped.body["order_id"], "fulfillment_id": fulfillment, "reason": "never collected"},
    )[0]


# The definition


def test_a_sku_shows_its_components_and_keeps_them(shop: Shop) -> None:
    [made] = shop.send("save_skus", GIFT_SET)
    assert made.body["components"] == made_of(one=2, other=1)
    [renamed] = shop.send("save_skus", {"sku_id": GIFT, "name": "Gift"})
    assert renamed.body["components"] == made_of(one=2, other=1)
    [changed] = shop.send("save_skus", {"sku_id": GIFT, "components": made_of(third=1), "mode": "patch"})
    assert (changed.body["components"], changed.body["version"]) == (made_of(third=1), 3)
    [plain] = shop.send("save_skus", {"sku_id": GIFT, "components": []})
    assert plain.body["components"] == []


@pytest.mark.parametrize(
    ("components", "place"),
    [
        ([{"sku_id": "SAUCE-9", "quantity": 1}], "/components/0/sku_id"),
        ([*made_of(one=1), {"sku_id": GIFT, "quantity": 1}], "/components/1/sku_id"),
        ([{"sku_id": PAIR, "quantity": 1}], "/components/0/sku_id"),
        ([*made_of(one=1), *made_of(one=2)], "/components/1/sku_id"),
        (made_of(one=0), "/components/0/quantity"),
        (made_of(one=1001), "/components/0/quantity"),
        ([{"sku_id": SKU, "quantity": 1.5}], "/components/0/quantity"),
        ([{"sku_id": SKU}], "/components/0/quantity"),
        ([{"sku_id": SKU, "quantity": 1}] * 51, "/components"),
    ],
)
def test_components_are_other_skus_that_are_no_bundles_each_named_once(
    shop: Shop, components: list[dict[str, Any]], place: str
) -> None:
    shop.send("save_skus", bundle(PAIR, one=2), UNDEFINED)
    [refused] = shop.send("save_skus", {"sku_id": GIFT, "components": components})
    assert pointers(refused) == [("KT001", place)]
    assert "detail" in refused.body["errors"][0]


def test_a_component_becomes_no_bundle(gifts: Shop) -> None:
    [refused] = gifts.send("save_skus", {"sku_id": OTHER_SKU, "components": made_of(third=1)})
    assert pointers(refused) == [("KT001", "/components")]
    assert GIFT in refused.body["detail"]


def test_a_sku_that_had_stock_or_is_waited_for_becomes_no_bundle(shop: Shop) -> None:
    shop.receive(1)
    shop.adjust(-1)
    [refused] = shop.send("save_skus", {"sku_id": SKU, "components": made_of(third=1)})
    assert pointers(refused) == [("KT002", "/components")]
    shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})
    assert shop.order((OTHER_SKU, 1)).code is None
    assert shop.send("save_skus", {"sku_id": OTHER_SKU, "components": made_of(third=1)})[0].code == "KT002"


def test_only_an_admin_says_what_a_bundle_is_made_of(gifts: Shop) -> None:
    [refused] = gifts.send("save_skus", {"sku_id": GIFT, "components": made_of(one=1)}, role="sales", channels=["web"])
    assert pointers(refused) == [("SK005", "/components")]
    [renamed] = gifts.send("save_skus", {"sku_id": GIFT, "name": "Gifts"}, role="sales", channels=["web"])
    assert renamed.code is None


@pytest.mark.commits
def test_two_definitions_at_once_make_no_bundle_of_a_bundle(shop: Shop, pool: ThreadPoolExecutor) -> None:
    outer = {"sku_id": GIFT, "name": GIFT, "components": [{"sku_id": THIRD_SKU, "quantity": 1}]}
    inner = {"sku_id": THIRD_SKU, "components": made_of(one=1)}
    first, second = race(shop, pool, sender(shop, "save_skus", outer), sender(shop, "save_skus", inner))
    assert (first.code, second.code) == (None, "KT001")


# A bundle has no level (KT1)


def test_no_posting_names_a_bundle(gifts: Shop) -> None:
    setting = {"sku_id": GIFT, "warehouse_location": "WH-01"}
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("receive_stock", receipt(1, GIFT)),
        ("adjust_stock", adjustment(1, GIFT)),
        ("set_stock", {**setting, "stock": 1}),
        ("set_safety_stock", {**setting, "safety_stock": 1}),
        ("set_reorder_point", {**setting, "reorder_point": 1}),
    ]
    for command, element in attempts:
        [refused] = gifts.send(command, element)
        assert refused.code == "KT003", (command, refused)
        assert refused.body["errors"][0]["components"] == made_of(one=2, other=1), command
    assert gifts.rows("select from stock.stock_levels where sku_id = %s", GIFT) == []


@pytest.mark.commits
def test_a_sku_that_becomes_a_bundle_meanwhile_gets_no_level(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.send("save_skus", UNDEFINED)
    receive, define = sender(shop, "receive_stock", receipt(1, GIFT)), sender(shop, "save_skus", GIFT_SET)
    with pytest.raises(Exception, match="has just become a bundle"):  # the API sends the command again
        race(shop, pool, define, receive)
    assert shop.receive(1, GIFT).code == "KT003"
    assert shop.rows("select from stock.stock_levels where sku_id = %s", GIFT) == []


@pytest.mark.commits
def test_a_sku_that_gets_stock_meanwhile_becomes_no_bundle(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.send("save_skus", UNDEFINED)
    received, defined = race(shop, pool, sender(shop, "receive_stock", receipt(1, GIFT)), sender(shop, "save_skus", GIFT_SET))
    assert (received.code, defined.code) == (None, "KT002")


# Orders


def test_an_order_of_a_bundle_takes_its_components(gifts: Shop) -> None:
    placed = gifts.order((GIFT, 2), (SKU, 1))
    assert parts(placed) == {(SKU, "WH-01"): 5, (OTHER_SKU, "WH-01"): 2}
    assert lines(placed) == [(GIFT, 2, 0, 0, {SKU: (2, 0), OTHER_SKU: (1, 0)}), (SKU, 1, 0, 0, {})]
    assert placed.body["total_price"] == 60
    assert gifts.level() == {"on_hand": 6, "available": 1, "committed": 5}
    with gifts.session() as connection:
        [(read,)] = connection.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchall()
    assert read == {**placed.body, "timeline": read["timeline"], "return_status": "none"}
    assert gifts.verify() == []


def test_demands_are_summed_over_bundles_and_single_lines(gifts: Shop) -> None:
    gifts.send("save_skus", bundle(PAIR, one=2))
    assert short(gifts.order((GIFT, 2), (SKU, 1), (PAIR, 1))) == [("/items/0/quantity", SKU, 7, 6)]
    assert short(gifts.order((SKU, 1), (GIFT, 4))) == [("/items/0/quantity", SKU, 9, 6), ("/items/1/quantity", OTHER_SKU, 4, 3)]
    assert gifts.level() == {"on_hand": 6, "available": 6}
    assert parts(gifts.order((GIFT, 1), (SKU, 2), (PAIR, 1))) == {(SKU, "WH-01"): 6, (OTHER_SKU, "WH-01"): 1}
    assert gifts.verify() == []


@pytest.mark.parametrize("last", list(itertools.permutations([((GIFT, 3),), ((SKU, 5),), ((PAIR, 1), (GIFT, 2))], 2)))
def test_orders_of_one_batch_never_share_a_unit(gifts: Shop, last: tuple[Any, Any]) -> None:
    gifts.send("save_skus", bundle(PAIR, one=2))
    placed = gifts.send("place_orders", *(order(*items) for items in last))
    assert codes(placed) == [None, "ST001"]
    assert gifts.verify() == []


def test_a_new_definition_touches_new_orders_only(gifts: Shop) -> None:
    placed = gifts.order((GIFT, 1))
    gifts.send("save_skus", {"sku_id": GIFT, "components": made_of(other=2)})
    later = gifts.order((GIFT, 1))
    assert parts(later) == {(OTHER_SKU, "WH-01"): 2}
    gifts.send("save_skus", {"sku_id": GIFT, "components": []})
    shipped = gifts.fulfill(placed)
    assert lines(shipped) == [(GIFT, 1, 1, 0, {SKU: (2, 2), OTHER_SKU: (1, 1)})]
    assert gifts.fulfill(later).body["status"] == "completed"
    assert gifts.verify() == []


def test_a_retired_component_ends_the_sale_of_the_bundle(gifts: Shop) -> None:
    gifts.send("save_skus", {"sku_id": OTHER_SKU, "active": False})
    refused = gifts.order((SKU, 1), (GIFT, 1))
    assert pointers(refused) == [("OR006", "/items/1/sku_id")]


def test_a_missing_component_waits_by_its_own_rule_and_the_bundle_leaves_whole(gifts: Shop) -> None:
    gifts.send("save_channels", {"channel_id": "web", "sale_rules": [{"sku_id": OTHER_SKU, "mode": "backorder"}]})
    assert gifts.order((GIFT, 4)).code == "ST001"
    gifts.receive(4, SKU)
    placed = gifts.order((GIFT, 5))
    assert [(part["sku_id"], part["quantity"]) for part in placed.body["backorders"]] == [(OTHER_SKU, 2)]
    refused = gifts.fulfill(placed)
    assert pointers(refused) == [("KT004", "/items")]
    [fault] = refused.body["errors"]
    assert (fault["sku_id"], fault["bundle_sku_id"], fault["missing"]) == (OTHER_SKU, GIFT, 2)
    shipped = gifts.fulfill(placed, items=[{"sku_id": SKU, "quantity": 6}, {"sku_id": OTHER_SKU, "quantity": 3}])
    assert lines(shipped) == [(GIFT, 5, 3, 0, {SKU: (2, 6), OTHER_SKU: (1, 3)})]
    gifts.receive(2, OTHER_SKU)
    assert gifts.fulfill(placed).body["status"] == "completed"
    assert gifts.verify() == []


def test_an_order_of_the_bundle_takes_the_components_that_were_reserved(gifts: Shop) -> None:
    [held] = gifts.send(
        "reserve_stock", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 5}, {"sku_id": OTHER_SKU, "quantity": 2}]}
    )
    assert gifts.order((GIFT, 2)).code == "ST001"
    placed = gifts.order((GIFT, 2), reservation_id=held.body["reservation_id"])
    assert parts(placed) == {(SKU, "WH-01"): 4, (OTHER_SKU, "WH-01"): 2}
    assert gifts.level() == {"on_hand": 6, "available": 2, "committed": 4}
    assert gifts.verify() == []


def test_a_reservation_of_a_bundle_holds_its_components_and_becomes_an_order_of_it(gifts: Shop) -> None:
    wanted = [{"sku_id": SKU, "quantity": 1}, {"sku_id": GIFT, "quantity": 2}]
    [held] = gifts.send("reserve_stock", {"channel": "web", "items": wanted})
    assert held.body["items"] == wanted
    assert {part["sku_id"]: part["quantity"] for part in held.body["allocations"]} == {SKU: 5, OTHER_SKU: 2}
    assert gifts.level() == {"on_hand": 6, "available": 1, "reserved": 5}
    [refused] = gifts.send("reserve_stock", {"channel": "web", "items": [{"sku_id": OTHER_SKU, "quantity": 1}, *wanted[1:]]})
    assert short(refused) == [("/items/0/quantity", OTHER_SKU, 3, 1), ("/items/1/quantity", SKU, 4, 1)]
    placed = gifts.send("place_orders", {"reservation_id": held.body["reservation_id"]})[0]
    assert lines(placed) == [(SKU, 1, 0, 0, {}), (GIFT, 2, 0, 0, {SKU: (2, 0), OTHER_SKU: (1, 0)})]
    assert (placed.body["total_price"], gifts.level()) == (60, {"on_hand": 6, "available": 1, "committed": 5})
    assert gifts.verify() == []
    gifts.send("save_skus", {"sku_id": OTHER_SKU, "active": False})
    assert gifts.send("reserve_stock", {"channel": "web", "items": wanted})[0].code == "OR006"


def test_a_reservation_that_ends_returns_the_components(gifts: Shop) -> None:
    wanted = [{"sku_id": GIFT, "quantity": 3}]
    gifts.send("reserve_stock", {"channel": "web", "items": wanted, "ttl_seconds": 60}, now="2026-03-10T12:00:00Z")
    assert gifts.order((GIFT, 1), now="2026-03-10T12:00:30Z").code == "ST001"
    assert gifts.order((GIFT, 3), now="2026-03-10T12:01:00Z").code is None
    assert gifts.verify() == []


def test_a_historic_order_of_a_bundle_has_shipped_its_components(gifts: Shop) -> None:
    placed = gifts.record((GIFT, 2))
    assert lines(placed) == [(GIFT, 2, 2, 0, {SKU: (2, 4), OTHER_SKU: (1, 2)})]
    assert gifts.level() == {"on_hand": 6, "available": 6}
    assert gifts.verify() == []


# Parcels (KT4)


@pytest.mark.parametrize("bundled", [True, False])
def test_units_that_leave_are_shared_among_bundles_and_single_lines(gifts: Shop, bundled: bool) -> None:
    placed = gifts.order((SKU, 1), (GIFT, 2))
    units = {SKU: 2, OTHER_SKU: 1} if bundled else {SKU: 1}
    shipped = gifts.fulfill(placed, items=[{"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in units.items()])
    gift = (GIFT, 2, 1, 0, {SKU: (2, 2), OTHER_SKU: (1, 1)}) if bundled else (GIFT, 2, 0, 0, {SKU: (2, 0), OTHER_SKU: (1, 0)})
    assert lines(shipped) == [(SKU, 1, 0 if bundled else 1, 0, {}), gift]
    assert gifts.verify() == []


def test_a_shipment_has_no_part_of_a_bundle(gifts: Shop) -> None:
    placed = gifts.order((GIFT, 2), (SKU, 1))
    refused = gifts.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2}])
    assert [(fault["sku_id"], fault["missing"]) for fault in refused.body["errors"]] == [(SKU, 1), (OTHER_SKU, 1)]
    assert gifts.level() == {"on_hand": 6, "available": 1, "committed": 5}


def test_a_larger_bundle_is_recognized_beside_one_that_has_some_of_its_components(gifts: Shop) -> None:
    gifts.send("save_skus", bundle(PAIR, one=2))
    placed = gifts.order((PAIR, 1), (GIFT, 1))
    shipped = gifts.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2}, {"sku_id": OTHER_SKU, "quantity": 1}])
    assert [line[2] for line in lines(shipped)] == [0, 1]
    assert gifts.verify() == []


def test_a_bundle_leaves_two_warehouses_in_one_request(shop: Shop) -> None:
    shop.send("save_skus", GIFT_SET)
    shop.receive(2, SKU)
    shop.receive(1, OTHER_SKU, warehouse_location="WH-02")
    placed = shop.order((GIFT, 1))
    assert parts(placed) == {(SKU, "WH-01"): 2, (OTHER_SKU, "WH-02"): 1}
    [refused] = shop.send("fulfill_orders", {"order_id": placed.body["order_id"]}, role="warehouse", warehouses=["WH-01"])
    assert refused.code == "KT004"
    shipped = shop.fulfill(placed)
    assert len(shipped.body["fulfillments"]) == 2
    undone = undo(shop, shipped, 1)
    assert lines(undone) == [(GIFT, 1, 0, 0, {SKU: (2, 2), OTHER_SKU: (1, 0)})]
    assert shop.verify() == []
    canceled = shop.cancel(undone)
    assert lines(canceled) == [(GIFT, 1, 0, 1, {SKU: (2, 2), OTHER_SKU: (1, 0)})]
    assert canceled.body["total_price"] == 0
    assert shop.verify() == []


def test_a_bundle_in_parts_is_completed_and_keeps_nobody_else_back(shop: Shop) -> None:
    shop.send("save_skus", GIFT_SET)
    shop.receive(2, SKU)
    shop.receive(1, OTHER_SKU, warehouse_location="WH-02")
    shop.receive(1, THIRD_SKU)
    placed = shop.order((GIFT, 1), (THIRD_SKU, 1))
    both = [{"sku_id": SKU, "quantity": 2}, {"sku_id": OTHER_SKU, "quantity": 1}]
    undo(shop, shop.fulfill(placed, items=both), 1)
    assert shop.fulfill(placed, items=[{"sku_id": THIRD_SKU, "quantity": 1}]).code is None
    shipped = shop.fulfill(placed)
    assert shipped.body["status"] == "completed"
    assert lines(shipped)[0] == (GIFT, 1, 1, 0, {SKU: (2, 2), OTHER_SKU: (1, 1)})
    assert shop.verify() == []


# Ends


def test_canceling_releases_the_components(gifts: Shop) -> None:
    canceled = gifts.cancel(gifts.order((GIFT, 3)))
    assert lines(canceled) == [(GIFT, 3, 0, 3, {SKU: (2, 0), OTHER_SKU: (1, 0)})]
    assert gifts.level() == {"on_hand": 6, "available": 6}
    placed = gifts.order((GIFT, 3))
    gifts.fulfill(placed, items=[{"sku_id": SKU, "quantity": 4}, {"sku_id": OTHER_SKU, "quantity": 2}])
    rest = gifts.cancel(placed)
    assert lines(rest) == [(GIFT, 3, 2, 1, {SKU: (2, 4), OTHER_SKU: (1, 2)})]
    assert (rest.body["status"], rest.body["total_price"]) == ("completed", 50)
    assert gifts.level() == {"on_hand": 2, "available": 2}
    assert gifts.verify() == []


def test_verify_finds_lines_that_disagree_with_their_components(gifts: Shop) -> None:
    placed = gifts.order((GIFT, 2))
    gifts.fulfill(placed)
    gifts.connection.execute("update orders.order_lines set fulfilled_quantity = 1 where components is not null")
    assert [(row[0], row[3]) for row in gifts.verify()] == [("bundles fulfilled", GIFT)]
    gifts.connection.execute(
        "update orders.order_lines set fulfilled_quantity = 2, components = jsonb_set(components, '{0,fulfilled}', '3')"
        " where components is not null"
    )
    assert {(row[0], row[3]) for row in gifts.verify()} == {("bundles fulfilled", GIFT), ("lines fulfilled", SKU)}
    gifts.connection.execute("update orders.order_lines set components = jsonb_set(components, '{0,fulfilled}', '4')")


def test_orders_are_found_by_bundle_and_by_component(gifts: Shop) -> None:
    placed = gifts.order((GIFT, 1)).body["order_id"]
    for sku_id, found in ((GIFT, [placed]), (SKU, [placed]), (THIRD_SKU, [])):
        with gifts.session() as connection:
            query = "select body from api.list_orders(1::smallint, %s, null, 10)"
            [(body,)] = connection.execute(query, [Jsonb({"sku": sku_id})]).fetchall()
        assert [order_["order_id"] for order_ in body["data"]] == found, sku_id


# Races: the last component (KT2)

LAST: dict[str, Callable[[Shop], Callable[..., Any]]] = {
    "bundle": lambda shop: sender(shop, "place_orders", order((GIFT, 3))),
    "other bundle": lambda shop: sender(shop, "place_orders", order((PAIR, 2))),
    "single": lambda shop: sender(shop, "place_orders", order((SKU, 3))),
}


@pytest.mark.commits
@pytest.mark.parametrize(("first", "second"), [*itertools.permutations(LAST, 2), ("bundle", "bundle")])
def test_two_sessions_never_take_the_same_component(shop: Shop, pool: ThreadPoolExecutor, first: str, second: str) -> None:
    shop.send("save_skus", GIFT_SET, bundle(PAIR, one=2))
    shop.receive(6, SKU)
    shop.receive(3, OTHER_SKU, expiration_date=LATE)
    won, lost = race(shop, pool, LAST[first](shop), LAST[second](shop))
    remaining = {"bundle": 0, "other bundle": 2, "single": 3}[first]
    fits = {"bundle": 6, "other bundle": 4, "single": 3}[second] <= remaining
    assert (won.code, lost.code) == (None, None if fits else "ST001")
    assert shop.verify() == []


# What is shown


def stock_of(shop: Shop, sku_id: str, role: str = "admin", **filters: str) -> dict[str, Any]:
    with shop.session(role, channels=["web"]) as connection:
        query = "select body, etag from api.get_inventory(1::smallint, %s, %s)"
        [(body, etag)] = connection.execute(query, [sku_id, Jsonb(filters)]).fetchall()
    return {**body, "etag": etag}


def test_the_inventory_of_a_bundle_is_what_can_be_made_of_its_components(gifts: Shop) -> None:
    shown = stock_of(gifts, GIFT)
    assert (shown["stock"], shown["available"], shown["warehouses"], shown["low_stock"]) == (0, 3, [], False)
    assert shown["components"] == [
        {"sku_id": SKU, "quantity": 2, "available": 6},
        {"sku_id": OTHER_SKU, "quantity": 1, "available": 3},
    ]
    gifts.adjust(-1, SKU)
    assert stock_of(gifts, GIFT)["available"] == 2
    assert stock_of(gifts, GIFT)["etag"] != shown["etag"]
    assert "components" not in stock_of(gifts, SKU)
    assert {name: stock_of(gifts, GIFT, "integration")[name] for name in ("stock", "available")} == {"stock": 2, "available": 2}


@pytest.mark.parametrize("channel", ["web", "far"])
def test_what_is_shown_of_a_bundle_is_what_its_channel_can_order(gifts: Shop, channel: str) -> None:
    gifts.receive(4, SKU, warehouse_location="WH-02")
    gifts.receive(2, SKU, warehouse_location="WH-03")
    shown = stock_of(gifts, GIFT, channel=channel)["available"]
    assert shown == {"web": 3, "far": 0}[channel]
    assert gifts.order((GIFT, shown + 1), channel=channel).code == "ST001"
    assert channel == "far" or gifts.order((GIFT, shown), channel=channel).code is None


def test_a_bundle_is_not_in_the_list_of_what_is_low(gifts: Shop) -> None:
    gifts.adjust(-6, SKU)
    with gifts.session() as connection:
        query = "select body from api.list_inventory(1::smallint, %s, null, 10)"
        [(body,)] = connection.execute(query, [Jsonb({"low_stock": True})]).fetchall()
        [(every,)] = connection.execute(query, [Jsonb({})]).fetchall()
    assert GIFT not in [sku["sku_id"] for sku in body["data"]]
    assert SKU in [sku["sku_id"] for sku in body["data"]]
    assert [sku["available"] for sku in every["data"] if sku["sku_id"] == GIFT] == [0]


def test_the_sums_by_day_count_components_once_and_share_the_price_of_the_bundle(gifts: Shop) -> None:
    placed = gifts.order((SKU, 1), (GIFT, 2), now="2026-03-10T12:00:00Z")
    with gifts.session("scoville_worker", "2026-03-10T12:01:00Z") as connection:
        connection.execute("select jobs.sequence_events(1000)")
        connection.execute("select jobs.roll_up_sales(1::smallint, 500)")
    sums = gifts.rows("select sku_id, ordered, revenue from analytics.sales_days order by sku_id")
    assert [(row["sku_id"], row["ordered"]) for row in sums] == [(SKU, 5), (OTHER_SKU, 2)]
    assert float(sum(row["revenue"] for row in sums)) == pytest.approx(placed.body["total_price"], abs=0.001)
    assert float(sums[0]["revenue"]) == pytest.approx(10 + 50 * 2 / 3, abs=0.001)
