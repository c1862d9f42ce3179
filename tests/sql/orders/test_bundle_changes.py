"""Changes of orders with bundles: raised, lowered, removed, added and substituted at any time, by their components (KT2, KT5)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.battery.lengths import LENGTH, LONG
from tests.patience import PATIENCE_SECONDS
from tests.races import race, sender, wait_for_a_waiter
from tests.waiting import let_wait, waiting
from tests.world import OTHER_SKU, SKU, THIRD_SKU, Result, Shop, codes, order, receipt

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

GIFT, PAIR = "GIFT-1", "PAIR-1"  # two of SKU and one of OTHER_SKU; two of SKU
MADE = {SKU: 2, OTHER_SKU: 1}
NOW, GOOD, STALE = "2030-01-10T12:00:00Z", "2030-02-09", "2030-02-08"


def bundle(sku_id: str = GIFT, price: float = 25, **units: int) -> dict[str, Any]:
    names = {"one": SKU, "other": OTHER_SKU, "third": THIRD_SKU}
    components = [{"sku_id": names[name], "quantity": quantity} for name, quantity in units.items()]
    return {"sku_id": sku_id, "name": sku_id, "price": price, "components": components}


def define(shop: Shop, *bundles: dict[str, Any]) -> None:
    assert set(codes(shop.send("save_skus", *bundles))) == {None}


@pytest.fixture
def gifts(shop: Shop) -> Shop:
    """Stock for five gift sets."""
    define(shop, bundle(one=2, other=1), bundle(PAIR, 18, one=2))
    shop.send("receive_stock", receipt(10), receipt(5, OTHER_SKU))
    return shop


def line(quantity: int, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    return {"sku_id": sku_id, "quantity": quantity, **rest}


def change(*items: dict[str, Any], order_id: str = "S-1", **rest: Any) -> dict[str, Any]:
    return {"order_id": order_id, "items": list(items), **rest}


def modify(shop: Shop, *items: dict[str, Any], **rest: Any) -> Result:
    return shop.send("modify_orders", change(*items, **rest))[0]


def place(shop: Shop, *items: tuple[str, int], **rest: Any) -> Result:
    placed = shop.order(*items, external_id="S-1", **rest)
    assert placed.code is None, placed
    return placed


def ship(shop: Shop, **units: int) -> Result:
    names = {"one": SKU, "other": OTHER_SKU, "third": THIRD_SKU}
    items = [line(quantity, names[name]) for name, quantity in units.items()]
    return shop.send("fulfill_orders", {"order_id": "S-1", **({"items": items} if items else {})})[0]


def undo(shop: Shop, shipped: Result, nth: int = -1) -> Result:
    parcel = shipped.body["fulfillments"][nth]["fulfillment_id"]
    return shop.send("cancel_fulfillments", {"order_id": "S-1", "fulfillment_id": parcel, "reason": "never collected"})[0]


def lines(answer: Result) -> list[tuple[str, int, int, int]]:
    """Of each line: SKU, units ordered, shipped and canceled."""
    assert answer.code is None, answer
    return [(item["sku_id"], item["quantity"], item["fulfilled"], item["canceled"]) for item in answer.body["items"]]


def made_of(answer: Result, nth: int = 0) -> dict[str, int]:
    return {part["sku_id"]: part["quantity"] for part in answer.body["items"][nth]["components"]}


def kept(answer: Result) -> dict[str, int]:
    """The units of stock that the order has, shipped ones too."""
    found: dict[str, int] = {}
    for part in answer.body["allocations"]:
        found[part["sku_id"]] = found.get(part["sku_id"], 0) + part["quantity"] - part["released"]
    return {sku_id: units for sku_id, units in found.items() if units}


def faults(refused: Result) -> list[tuple[str | None, str]]:
    return [(refused.code, error["pointer"]) for error in refused.body["errors"]]


def short(refused: Result) -> list[tuple[str, str, int, int]]:
    assert refused.code == "ST001", refused
    return [(fault["pointer"], fault["sku_id"], fault["requested"], fault["available"]) for fault in refused.body["errors"]]


# Raised, lowered, removed, added, substituted


@pytest.mark.parametrize(
    ("items", "units", "total"),
    [
        ([line(3, GIFT)], {SKU: 6, OTHER_SKU: 3}, 75),
        ([line(1, GIFT)], {SKU: 2, OTHER_SKU: 1}, 25),
        ([line(2, GIFT), line(4, PAIR)], None, None),
        ([line(2, GIFT), line(1, PAIR), line(2)], {SKU: 8, OTHER_SKU: 2}, 88),
        ([line(3, PAIR)], {SKU: 6}, 54),
        ([line(4), line(2, OTHER_SKU)], {SKU: 4, OTHER_SKU: 2}, 60),
        ([line(5, GIFT)], {SKU: 10, OTHER_SKU: 5}, 125),
        ([line(1, GIFT), line(1, GIFT)], {SKU: 4, OTHER_SKU: 2}, 50),
        ([line(1, THIRD_SKU), line(2, GIFT)], None, None),
    ],
)
def test_items_with_bundles_are_changed(
    gifts: Shop, items: list[dict[str, Any]], units: dict[str, int] | None, total: float | None
) -> None:
    placed = place(gifts, (GIFT, 2))
    changed = modify(gifts, *items)
    if units is None:
        assert changed.code == "ST001"
        assert modify(gifts, line(2, GIFT)).body == placed.body
    else:
        assert (kept(changed), changed.body["total_price"]) == (units, total)
        assert [item["sku_id"] for item in changed.body["items"]] == [item["sku_id"] for item in items]
        assert modify(gifts, *changed.body["items"]).body == changed.body
    assert gifts.verify() == []


def test_an_order_of_single_units_gets_a_bundle(gifts: Shop) -> None:
    place(gifts, (SKU, 1))
    changed = modify(gifts, line(1), line(2, GIFT))
    assert (kept(changed), made_of(changed, 1)) == ({SKU: 5, OTHER_SKU: 2}, MADE)
    shipped = ship(gifts)
    assert lines(shipped) == [(SKU, 1, 1, 0), (GIFT, 2, 2, 0)]
    assert gifts.level() == {"on_hand": 5, "available": 5}
    assert gifts.verify() == []


def test_a_line_keeps_what_its_bundle_was_made_of_and_a_new_one_has_what_it_is_made_of_today(gifts: Shop) -> None:
    """KT5."""
    gifts.receive(9, THIRD_SKU)
    place(gifts, (GIFT, 1), (SKU, 1))
    define(gifts, bundle(GIFT, 30, third=1), bundle(PAIR, 18, third=2))
    raised = modify(gifts, line(3, GIFT), line(1, PAIR))
    assert (kept(raised), raised.body["total_price"]) == ({SKU: 6, OTHER_SKU: 3, THIRD_SKU: 2}, 25 + 2 * 30 + 18)
    assert [made_of(raised, nth) for nth in range(3)] == [MADE, MADE, {THIRD_SKU: 2}]
    lowered = modify(gifts, line(1, GIFT), line(1, PAIR))
    assert kept(lowered) == {SKU: 2, OTHER_SKU: 1, THIRD_SKU: 2}
    removed = modify(gifts, line(1, PAIR))
    assert kept(removed) == {THIRD_SKU: 2}
    again = modify(gifts, line(1, PAIR), line(1, GIFT))
    assert (kept(again), made_of(again, 1)) == ({THIRD_SKU: 3}, {THIRD_SKU: 1})
    assert ship(gifts).body["status"] == "completed"
    assert gifts.verify() == []


def test_a_bundle_that_is_canceled_and_ordered_again_is_made_of_what_it_is_today(gifts: Shop) -> None:
    gifts.receive(9, THIRD_SKU)
    place(gifts, (SKU, 2), (GIFT, 1))
    assert lines(ship(gifts, one=1)) == [(SKU, 2, 1, 0), (GIFT, 1, 0, 0)]
    assert lines(modify(gifts, line(2))) == [(SKU, 2, 1, 0), (GIFT, 1, 0, 1)]
    define(gifts, bundle(third=1))
    again = modify(gifts, line(2), line(1, GIFT))
    assert lines(again) == [(SKU, 2, 1, 0), (GIFT, 1, 0, 1), (GIFT, 1, 0, 0)]
    assert (kept(again), made_of(again, 2)) == ({SKU: 2, THIRD_SKU: 1}, {THIRD_SKU: 1})
    assert lines(ship(gifts)) == [(SKU, 2, 2, 0), (GIFT, 1, 0, 1), (GIFT, 1, 1, 0)]
    assert gifts.verify() == []


def test_demands_are_summed_over_bundles_and_single_lines(gifts: Shop) -> None:
    """KT2. The needs of all lines for a component are one sum: another line takes the units that one gives up."""
    place(gifts, (GIFT, 3))
    assert short(modify(gifts, line(4, GIFT), line(1, PAIR), line(1))) == [("/items/0/quantity", SKU, 11, 10)]
    assert short(modify(gifts, line(3), line(4, GIFT))) == [("/items/0/quantity", SKU, 11, 10)]
    assert short(modify(gifts, line(1, OTHER_SKU), line(5, GIFT))) == [("/items/0/quantity", OTHER_SKU, 6, 5)]
    assert gifts.level() == {"on_hand": 10, "available": 4, "committed": 6}
    gifts.order((SKU, 4))
    swapped = modify(gifts, line(1, GIFT), line(2, PAIR))
    assert kept(swapped) == {SKU: 6, OTHER_SKU: 1}
    assert gifts.verify() == []


@pytest.mark.parametrize(
    ("broken", "items", "code", "pointer"),
    [
        ({"sku_id": GIFT, "active": False}, [line(1, PAIR), line(1, GIFT)], "OR006", "/items/1/sku_id"),
        ({"sku_id": OTHER_SKU, "active": False}, [line(1, GIFT), line(1, PAIR)], "OR006", "/items/0/sku_id"),
        ({"sku_id": GIFT, "price": None}, [line(1, GIFT)], "OR006", "/items/0/sku_id"),
        ({"sku_id": GIFT, "price": 30}, [line(1, GIFT, price=25)], "OR001", "/items/0/price"),
        ({"sku_id": SKU, "active": False}, [line(2, PAIR)], "OR006", "/items/0/sku_id"),
    ],
)
def test_a_bundle_that_cannot_be_sold_is_refused_as_in_a_new_order(
    gifts: Shop, broken: dict[str, Any], items: list[dict[str, Any]], code: str, pointer: str
) -> None:
    placed = place(gifts, (PAIR, 1))
    assert codes(gifts.send("save_skus", broken)) == [None]
    refused = modify(gifts, *items)
    assert faults(refused) == [(code, pointer)]
    assert faults(gifts.send("place_orders", {"channel": "web", "items": items})[0]) == [(code, pointer)]
    assert modify(gifts, line(1, PAIR)).body == placed.body


def test_units_that_the_order_has_stay_although_the_bundle_is_no_longer_sold(gifts: Shop) -> None:
    place(gifts, (GIFT, 3))
    gifts.send("save_skus", {"sku_id": OTHER_SKU, "active": False})
    assert lines(modify(gifts, line(2, GIFT))) == [(GIFT, 2, 0, 0)]
    assert modify(gifts, line(3, GIFT)).code == "OR006"
    assert gifts.verify() == []


def test_exact_amounts_of_bundles_are_counted_as_those_of_other_lines(gifts: Shop) -> None:
    gifts.send("receive_stock", receipt(9, warehouse_location="WH-02"), receipt(9, OTHER_SKU, warehouse_location="WH-02"))
    gifts.order(items=[line(3, GIFT, amount=70)], channel="till", external_id="S-1")
    assert lines(ship(gifts, one=2, other=1)) == [(GIFT, 3, 1, 0)]
    lowered = modify(gifts, line(2, GIFT))
    assert (lines(lowered), lowered.body["total_price"]) == ([(GIFT, 3, 1, 1)], 46.67)
    more = modify(gifts, line(2, GIFT, amount=46.67), line(1, GIFT, price=20))
    assert (lines(more), made_of(more, 1), more.body["total_price"]) == ([(GIFT, 3, 1, 1), (GIFT, 1, 0, 0)], MADE, 66.67)
    assert lines(ship(gifts)) == [(GIFT, 3, 2, 1), (GIFT, 1, 1, 0)]
    assert gifts.verify() == []


# After a parcel


def test_what_was_shipped_of_a_bundle_stays(gifts: Shop) -> None:
    place(gifts, (GIFT, 3), (SKU, 1))
    ship(gifts, one=4, other=2)
    refused = modify(gifts, line(1, GIFT), line(1))
    assert (faults(refused), refused.body["errors"][0]["fulfilled"]) == ([("OR010", "/items/0/quantity")], 2)
    assert faults(modify(gifts, line(6), line(3, OTHER_SKU))) == [("OR010", "/items")]
    lowered = modify(gifts, line(2, GIFT))
    assert lines(lowered) == [(GIFT, 3, 2, 1), (SKU, 1, 0, 1)]
    assert (lowered.body["status"], lowered.body["total_price"], kept(lowered)) == ("completed", 50, {SKU: 4, OTHER_SKU: 2})
    assert gifts.level() == {"on_hand": 6, "available": 6}
    assert gifts.verify() == []


def test_open_bundles_are_substituted_after_a_parcel(gifts: Shop) -> None:
    place(gifts, (GIFT, 3))
    ship(gifts, one=2, other=1)
    swapped = modify(gifts, line(1, GIFT), line(2, PAIR), line(1, OTHER_SKU))
    assert lines(swapped) == [(GIFT, 3, 1, 2), (PAIR, 2, 0, 0), (OTHER_SKU, 1, 0, 0)]
    assert (kept(swapped), swapped.body["total_price"]) == ({SKU: 6, OTHER_SKU: 2}, 25 + 36 + 10)
    back = modify(gifts, line(3, GIFT), line(2, PAIR))
    assert lines(back) == [(GIFT, 5, 1, 2), (PAIR, 2, 0, 0), (OTHER_SKU, 1, 0, 1)]
    assert modify(gifts, *back.body["items"]).body == back.body
    assert lines(ship(gifts)) == [(GIFT, 5, 3, 2), (PAIR, 2, 2, 0), (OTHER_SKU, 1, 0, 1)]
    assert gifts.verify() == []


@pytest.fixture
def begun(shop: Shop) -> Shop:
    """Two gift sets and a single unit; of one set the two units of SKU left, and the parcel with the third was undone."""
    define(shop, bundle(one=2, other=1), bundle(PAIR, 18, one=2))
    shop.send("receive_stock", receipt(9), receipt(9, OTHER_SKU, warehouse_location="WH-02"), receipt(9, THIRD_SKU))
    place(shop, (GIFT, 2), (THIRD_SKU, 1))
    undone = undo(shop, ship(shop, one=2, other=1))
    assert lines(undone) == [(GIFT, 2, 0, 0), (THIRD_SKU, 1, 0, 0)]
    return shop


def test_a_bundle_that_was_begun_is_not_withdrawn(begun: Shop) -> None:
    refused = modify(begun, line(1, THIRD_SKU))
    assert (faults(refused), refused.body["errors"][0]["fulfilled"]) == ([("OR010", "/items")], 1)
    lowered = modify(begun, line(1, GIFT))
    assert (lines(lowered), lowered.body["status"]) == ([(GIFT, 2, 0, 1), (THIRD_SKU, 1, 0, 1)], "processing")
    assert kept(lowered) == {SKU: 2, OTHER_SKU: 1}
    whole = ship(begun)
    assert (lines(whole), whole.body["status"]) == ([(GIFT, 2, 1, 1), (THIRD_SKU, 1, 0, 1)], "completed")
    assert begun.verify() == []


def test_beside_a_bundle_that_was_begun_others_are_added_and_shipped(begun: Shop) -> None:
    changed = modify(begun, line(1, GIFT), line(2), line(1, PAIR))
    assert kept(changed) == {SKU: 6, OTHER_SKU: 1}
    assert ship(begun, one=2).code is None
    assert begun.verify() == []
    assert ship(begun).body["status"] == "completed"
    assert begun.verify() == []


def test_the_rest_can_be_canceled_after_a_change(begun: Shop) -> None:
    modify(begun, line(1, GIFT), line(3))
    [canceled] = begun.send("cancel_orders", {"order_id": "S-1"})
    assert canceled.body["status"] == "completed"
    assert undo(begun, canceled, 0).code == "KT006"  # parts of a bundle that nobody wants whole
    assert begun.verify() == []


def test_a_parcel_is_undone_although_other_bundles_were_removed(gifts: Shop) -> None:
    place(gifts, (GIFT, 3))
    shipped = ship(gifts, one=4, other=2)
    modify(gifts, line(2, GIFT), line(1, PAIR))
    undone = undo(gifts, shipped)
    assert lines(undone) == [(GIFT, 3, 0, 1), (PAIR, 1, 0, 0)]
    assert lines(modify(gifts, line(1, GIFT))) == [(GIFT, 3, 0, 2), (PAIR, 1, 0, 1)]
    assert lines(ship(gifts)) == [(GIFT, 3, 1, 2), (PAIR, 1, 0, 1)]
    assert gifts.verify() == []


# The queue and promises


def test_components_that_wait_are_given_up_first(gifts: Shop) -> None:
    let_wait(gifts, {"sku_id": OTHER_SKU, "mode": "backorder"})
    placed = place(gifts, (GIFT, 5))
    raised = modify(gifts, line(5, GIFT), line(2, OTHER_SKU))
    assert (waiting(raised), kept(raised)) == ({OTHER_SKU: 2}, kept(placed))
    lowered = modify(gifts, line(4, GIFT), line(2, OTHER_SKU))
    assert (waiting(lowered), kept(lowered)) == ({OTHER_SKU: 1}, {SKU: 8, OTHER_SKU: 5})
    second = gifts.order((OTHER_SKU, 1))
    gone = modify(gifts, line(4, GIFT))
    assert (waiting(gone), kept(gone)) == ({}, {SKU: 8, OTHER_SKU: 4})
    assert gifts.rows("select * from orders.backorders") == []
    assert gifts.fulfill(second).body["status"] == "completed"
    assert gifts.verify() == []


def test_added_components_keep_the_promises_of_today(gifts: Shop) -> None:
    gifts.send("save_channels", {"channel_id": "web", "freshness_rules": [{"min_days": 30}]}, now=NOW)
    gifts.adjust(-10, now=NOW)
    for expires, units in ((GOOD, 4), (STALE, 9)):
        lot = {"batch_number": f"B-{expires}", "expiration_date": expires}
        assert codes(gifts.send("receive_stock", receipt(units, **lot), now=NOW)) == [None]
    place(gifts, (OTHER_SKU, 1), now=NOW)
    [refused] = gifts.send("modify_orders", change(line(3, GIFT)), now=NOW)
    assert short(refused) == [("/items/0/quantity", SKU, 6, 4)]
    [changed] = gifts.send("modify_orders", change(line(2, GIFT)), now=NOW)
    assert {part["sku_id"]: part["fresh_until"] for part in changed.body["freshness"]} == {SKU: GOOD, OTHER_SKU: GOOD}
    [shipped] = gifts.send("fulfill_orders", {"order_id": "S-1"}, now=NOW)
    assert shipped.body["status"] == "completed"
    assert gifts.verify() == []


# Races


@pytest.mark.commits
@pytest.mark.parametrize("modify_first", [True, False])
@pytest.mark.parametrize("bought", [(SKU, 1), (PAIR, 1), (GIFT, 1)])
def test_a_raised_bundle_and_a_checkout_do_not_both_take_the_last_component(
    gifts: Shop, pool: ThreadPoolExecutor, modify_first: bool, bought: tuple[str, int]
) -> None:
    place(gifts, (GIFT, 1))
    raising, buying = sender(gifts, "modify_orders", change(line(5, GIFT))), sender(gifts, "place_orders", order(bought))
    both = race(gifts, pool, *((raising, buying) if modify_first else (buying, raising)))
    assert codes(list(both)) == [None, "ST001"]
    assert gifts.verify() == []


@pytest.mark.commits
def test_two_changes_never_take_the_same_component(gifts: Shop, pool: ThreadPoolExecutor) -> None:
    place(gifts, (OTHER_SKU, 1))
    gifts.order((THIRD_SKU, 1), external_id="S-2")
    gifts.receive(1, THIRD_SKU)
    gifts.order((THIRD_SKU, 1), external_id="S-2")
    first = sender(gifts, "modify_orders", change(line(4, GIFT)))
    second = sender(gifts, "modify_orders", change(line(2, PAIR), order_id="S-2"))
    assert codes(list(race(gifts, pool, first, second))) == [None, "ST001"]
    assert gifts.verify() == []


@pytest.mark.commits
def test_a_second_change_of_an_order_sees_the_bundle_that_the_first_one_added(gifts: Shop, pool: ThreadPoolExecutor) -> None:
    place(gifts, (SKU, 1))
    first = sender(gifts, "modify_orders", change(line(1), line(2, GIFT)))
    second = sender(gifts, "modify_orders", change(line(1), line(4, GIFT)))
    with pytest.raises(Exception, match="an order was changed in the meantime"):  # the API sends the command again
        race(gifts, pool, first, second)
    again = modify(gifts, line(1), line(4, GIFT))
    assert kept(again) == {SKU: 9, OTHER_SKU: 4}
    assert gifts.verify() == []


@pytest.mark.commits
@pytest.mark.parametrize("modify_first", [True, False])
def test_a_change_and_a_receipt_leave_no_component_beside_a_waiting_bundle(
    gifts: Shop, pool: ThreadPoolExecutor, modify_first: bool
) -> None:
    let_wait(gifts)
    place(gifts, (GIFT, 1))
    raising, receiving = sender(gifts, "modify_orders", change(line(6, GIFT))), sender(gifts, "receive_stock", receipt(2))
    race(gifts, pool, *((raising, receiving) if modify_first else (receiving, raising)))
    [row] = gifts.rows("select sku_id, quantity from orders.backorders")
    assert row == {"sku_id": OTHER_SKU, "quantity": 1}
    assert gifts.level() == {"on_hand": 12, "committed": 12}
    assert gifts.verify() == []


@pytest.mark.commits
def test_a_change_decides_about_the_components_whose_levels_it_locked(gifts: Shop, pool: ThreadPoolExecutor) -> None:
    """The bundle gets another component while the change waits: the order has what it was made of when it was asked for."""
    place(gifts, (OTHER_SKU, 1))

    def redefine(connection: Any) -> Any:
        Shop.run(connection, "adjust_stock", {**receipt(1), "delta": 1, "reason_code": "found", "note": "x"})
        return Shop.run(connection, "save_skus", bundle(third=1))

    _, changed = race(gifts, pool, redefine, sender(gifts, "modify_orders", change(line(1, GIFT))))
    assert (kept(changed), made_of(changed)) == ({SKU: 2, OTHER_SKU: 1}, MADE)
    assert gifts.verify() == []


@pytest.mark.commits
def test_a_change_locks_the_levels_of_components_before_the_order(gifts: Shop, pool: ThreadPoolExecutor) -> None:
    place(gifts, (OTHER_SKU, 1))

    def add() -> Result:
        return modify(gifts, line(1, GIFT))

    with gifts.session() as connection:
        Shop.run(connection, "receive_stock", receipt(1))
        added = pool.submit(add)
        wait_for_a_waiter(gifts, added)
        assert codes(Shop.run(connection, "cancel_orders", {"order_id": "S-1"})) == [None]
    assert added.result(PATIENCE_SECONDS).code == "OR010"
    assert gifts.verify() == []


@pytest.mark.commits
def test_a_change_that_locked_other_components_than_the_order_has_by_now_starts_over(
    gifts: Shop, pool: ThreadPoolExecutor
) -> None:
    place(gifts, (SKU, 1), (OTHER_SKU, 1))

    def raise_it() -> Result:
        return modify(gifts, line(2, GIFT))

    with gifts.session() as connection:
        assert codes(Shop.run(connection, "modify_orders", change(line(1), line(1, OTHER_SKU), line(1, GIFT)))) == [None]
        redefined = pool.submit(define, gifts, bundle(third=1))
        redefined.result(PATIENCE_SECONDS)
        raised = pool.submit(raise_it)
        wait_for_a_waiter(gifts, raised)
    with pytest.raises(Exception, match="an order was changed in the meantime"):  # the API sends the command again
        raised.result(PATIENCE_SECONDS)
    again = raise_it()
    assert (kept(again), made_of(again)) == ({SKU: 4, OTHER_SKU: 2}, MADE)
    assert gifts.verify() == []


# Everything at once


@pytest.mark.parametrize("seed", range(LENGTH.examples if LONG else 3))
def test_any_sequence_of_changes_leaves_every_component_accounted_for(gifts: Shop, seed: int) -> None:
    chance = random.Random(seed)
    warehouses, singles, every = ["WH-01", "WH-02"], [SKU, OTHER_SKU, THIRD_SKU], [SKU, OTHER_SKU, THIRD_SKU, GIFT, PAIR]
    gifts.send("receive_stock", *(receipt(9, sku_id, warehouse_location="WH-02") for sku_id in singles))
    live = [gifts.order((GIFT, 2), (SKU, 1)), gifts.order((PAIR, 1), (OTHER_SKU, 1))]

    def some_items(most: int) -> list[tuple[str, int]]:
        return [(chance.choice(every), chance.randint(1, most)) for _ in range(chance.randint(1, 3))]

    def read(placed: Result) -> dict[str, Any]:
        with gifts.session() as connection:
            [(body,)] = connection.execute(
                "select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]
            ).fetchall()
        found: dict[str, Any] = body
        return found

    for _ in range(60):
        kind = chance.choice(
            [
                "place",
                "place",
                "modify",
                "modify",
                "modify",
                "lower",
                "ship",
                "ship",
                "undo",
                "cancel",
                "receive",
                "lose",
                "define",
                "wait",
            ]
        )
        answers: list[Result] = []
        match kind:
            case "place":
                answers = [gifts.order(*some_items(3))]
                live += [placed for placed in answers if placed.code is None]
            case "receive":
                answers = [
                    gifts.receive(chance.randint(1, 6), chance.choice(singles), warehouse_location=chance.choice(warehouses))
                ]
            case "lose":
                lost = {"reason_code": "damaged", "note": "dropped", "warehouse_location": chance.choice(warehouses)}
                answers = [gifts.adjust(-chance.randint(1, 3), chance.choice(singles), **lost)]
            case "define":
                made = chance.choice([{"one": 2, "other": 1}, {"third": 1}, {"one": 1, "third": 2}])
                define(gifts, bundle(GIFT, chance.choice([25, 30]), **made))
            case "wait":
                gifts.send("save_channels", {"channel_id": "web", "sale_rules": chance.choice([[], [{"mode": "backorder"}]])})
            case _ if live:
                placed = chance.choice(live)
                now = read(placed)
                items: list[dict[str, Any]]
                if kind == "modify":
                    items = [{"sku_id": sku_id, "quantity": units} for sku_id, units in some_items(4)]
                    answers = gifts.send("modify_orders", {"order_id": now["order_id"], "items": now["items"][:1] + items})
                elif kind == "lower":
                    items = [{**item, "quantity": item["quantity"] - chance.randint(0, 1)} for item in now["items"]]
                    wanted = {"order_id": now["order_id"], "items": [item for item in items if item["quantity"] > 0]}
                    answers = gifts.send("modify_orders", wanted)
                elif kind == "ship":
                    some: dict[str, Any] = {"warehouse_location": chance.choice(warehouses)}
                    if chance.random() < 0.5 and now["allocations"]:
                        some = {"items": [{"sku_id": part["sku_id"], "quantity": 1} for part in now["allocations"][:2]]}
                    answers = [gifts.fulfill(placed, **chance.choice([{}, some]))]
                elif kind == "undo" and now["fulfillments"]:
                    parcel = {"fulfillment_id": chance.choice(now["fulfillments"])["fulfillment_id"], "reason": "not collected"}
                    answers = gifts.send("cancel_fulfillments", {"order_id": now["order_id"], **parcel})
                elif kind == "cancel" and chance.random() < 0.4:
                    answers = [gifts.cancel(placed)]
        assert gifts.verify() == [], (kind, answers)
        for document in map(read, live):
            sold = sum(item["price"] * (item["quantity"] - item["canceled"]) for item in document["items"])
            assert document["total_price"] == sold, (kind, document)
