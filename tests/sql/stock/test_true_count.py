"""A loss, a breakage or a count says what is true, whatever is promised: the promises follow."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
import pytest

from tests.battery.lengths import LENGTH, LONG
from tests.races import race, sender, weaken
from tests.world import AFTER_EARLY, EARLY, OTHER_SKU, SKU, Result, Shop, adjustment, codes, order, receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    Act = Callable[[psycopg.Connection[Any]], Result]

# No level of a SKU has available units while an order of a channel that it serves waits for the SKU.
IDLE = """
    select b.order_id, l.warehouse_id, l.sku_id, l.available
      from orders.backorders b
      join catalog.serving_warehouses() s on s.channel_id = b.channel_id
      join stock.stock_levels l on l.region_id = b.region_id and l.warehouse_id = s.warehouse_id and l.sku_id = b.sku_id
     where l.available > 0"""


def read(shop: Shop, placed: Result) -> Result:
    with shop.session() as connection:
        [(body,)] = connection.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchall()
    return Result(None, False, body)


def open_parts(shop: Shop, placed: Result) -> dict[str, int]:
    """The promised units of SKU by warehouse, and those that wait."""
    body = read(shop, placed).body
    found = {
        part["warehouse_location"]: part["quantity"] - part["fulfilled"] - part["released"]
        for part in body["allocations"]
        if part["sku_id"] == SKU
    }
    found["waits"] = sum(part["quantity"] for part in body["backorders"])
    return {place: units for place, units in found.items() if units}


def check(shop: Shop) -> None:
    assert shop.verify() == []
    assert shop.rows(IDLE) == []


def events(shop: Shop, placed: Result) -> list[str]:
    subject = f"orders/{placed.body['order_id']}"
    return [row["type"] for row in shop.rows("select type from events.outbox where subject = %s order by outbox_id", subject)]


# Losses below promises


def test_a_broken_unit_that_was_promised_is_written_off_and_its_order_waits(shop: Shop) -> None:
    shop.receive(10)
    placed = shop.order((SKU, 10))
    answer = shop.adjust(-1, reason_code="damaged")
    assert (answer.code, answer.body["stock"], answer.body["committed"]) == (None, 9, 9)
    assert shop.level() == {"on_hand": 9, "committed": 9}
    assert open_parts(shop, placed) == {"WH-01": 9, "waits": 1}
    assert events(shop, placed) == ["order.placed", "order.backordered"]
    assert shop.order((SKU, 1)).code == "ST001"
    assert shop.fulfill(placed).code is None
    assert shop.cancel(placed).body["status"] == "completed"
    assert shop.level() == {}
    check(shop)


def test_a_count_below_what_is_promised_is_the_truth(shop: Shop) -> None:
    shop.receive(10)
    placed = shop.order((SKU, 6))
    assert shop.count(4).body["stock"] == 4
    assert open_parts(shop, placed) == {"WH-01": 4, "waits": 2}
    assert shop.count(0, batch_number="B-1").code is None
    assert open_parts(shop, placed) == {"waits": 6}
    check(shop)


def test_never_more_than_lies_there(shop: Shop) -> None:
    shop.receive(5)
    shop.receive(5, batch_number="B-2")
    shop.order((SKU, 10))
    refused = shop.adjust(-6, batch_number="B-2", reason_code="damaged")
    assert (refused.code, refused.body["errors"][0]["available"]) == ("ST001", 5)
    assert refused.body["detail"] == "WH-01 has 5 units of SAUCE-1 in lot B-2, not 6."
    assert shop.adjust(-11).code == "ST001"
    assert shop.adjust(-5, batch_number="B-2").code is None
    check(shop)


# Who gives


def test_safety_stock_gives_first_then_the_latest_orders_then_holds(shop: Shop) -> None:
    shop.receive(12)
    shop.send("set_safety_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "safety_stock": 2})
    early, late = shop.order((SKU, 3)), shop.order((SKU, 3))
    first, last = shop.hold(1, "2099-01-01"), shop.hold(1, "2099-01-01")
    # 12 = 2 available + 2 kept back + 6 promised + 2 reserved
    assert shop.adjust(-3).code is None
    assert shop.level() == {"on_hand": 9, "committed": 6, "reserved": 2}  # 1 still kept back
    assert shop.adjust(-2).code is None
    assert shop.level() == {"on_hand": 7, "committed": 5, "reserved": 2}
    assert (open_parts(shop, early), open_parts(shop, late)) == ({"WH-01": 3}, {"WH-01": 2, "waits": 1})
    assert shop.adjust(-3).code is None
    assert (open_parts(shop, early), open_parts(shop, late)) == ({"WH-01": 2, "waits": 1}, {"waits": 3})
    assert shop.adjust(-3).code is None
    assert shop.level() == {"on_hand": 1, "reserved": 1}
    states = shop.rows("select reservation_id, status from stock.reservations order by reservation_id")
    assert [tuple(row.values()) for row in states] == [(first, "active"), (last, "released")]
    [event] = shop.rows("select subject from events.outbox where type = 'reservation.released'")
    assert event["subject"] == f"reservations/RSV-1-{last}"
    check(shop)


def test_what_an_ended_hold_leaves_goes_to_the_queue(shop: Shop) -> None:
    shop.receive(6)
    placed = shop.order((SKU, 2))
    shop.hold(4, "2099-01-01")
    assert shop.adjust(-3).code is None
    assert shop.level() == {"on_hand": 3, "committed": 2, "available": 1}
    assert open_parts(shop, placed) == {"WH-01": 2}
    assert events(shop, placed) == ["order.placed", "order.backordered", "order.supplied"]
    check(shop)


def test_what_an_ended_hold_leaves_goes_to_the_queue_even_if_no_more_than_before_is_free(shop: Shop) -> None:
    shop.receive(6)
    placed = shop.order((SKU, 3))
    shop.hold(2, "2099-01-01")
    assert shop.count(1).code is None  # the free unit is lost, and the hold leaves one
    assert open_parts(shop, placed) == {"WH-01": 1, "waits": 2}
    check(shop)


def test_a_hold_of_several_levels_returns_the_units_of_all(shop: Shop) -> None:
    shop.receive(2)
    shop.receive(2, OTHER_SKU)
    shop.hold(2, "2099-01-01", (SKU, OTHER_SKU))
    assert shop.count(0).code is None
    assert (shop.level(), shop.level(OTHER_SKU)) == ({}, {"on_hand": 2, "available": 2})
    check(shop)


@pytest.mark.parametrize("state", ["pending", "on_hold"])
def test_unpaid_and_held_orders_count_as_orders(shop: Shop, state: str) -> None:
    shop.receive(4)
    early = shop.order((SKU, 2))
    late = shop.order((SKU, 2), **({"status": "pending"} if state == "pending" else {}))
    if state == "on_hold":
        shop.send("hold_orders", {"order_id": late.body["order_id"], "reason": "no address"})
    assert shop.count(2).code is None
    assert (open_parts(shop, early), open_parts(shop, late)) == ({"WH-01": 2}, {"waits": 2})
    assert read(shop, late).body["status"] == state
    check(shop)


# Where the units go


def test_units_move_to_other_warehouses_of_the_channel_the_earliest_first(shop: Shop) -> None:
    shop.receive(9)
    early, middle, late = (shop.order((SKU, 3)) for _ in range(3))
    shop.receive(4, warehouse_location="WH-02")
    shop.receive(9, warehouse_location="WH-03")  # does not serve the channel
    assert shop.count(3).code is None
    assert open_parts(shop, early) == {"WH-01": 3}
    assert open_parts(shop, middle) == {"WH-02": 3}
    assert open_parts(shop, late) == {"WH-02": 1, "waits": 2}
    assert events(shop, middle) == ["order.placed", "order.reallocated"]
    assert events(shop, late) == ["order.placed", "order.reallocated", "order.backordered"]
    assert (shop.level(), shop.level(warehouse="WH-02")) == (
        {"on_hand": 3, "committed": 3},
        {"on_hand": 4, "committed": 4},
    )
    assert shop.level(warehouse="WH-03") == {"on_hand": 9, "available": 9}
    [moved] = shop.rows("select data from events.outbox where type = 'order.reallocated' order by outbox_id limit 1")
    assert [(p["warehouse_location"], p["quantity"], p["released"]) for p in moved["data"]["allocations"]] == [
        ("WH-01", 3, 3),
        ("WH-02", 3, 0),
    ]
    check(shop)
    assert shop.fulfill(middle, warehouse_location="WH-02").body["status"] == "completed"
    check(shop)


def test_staff_of_one_warehouse_move_promises_to_others_and_read_no_more_than_before(shop: Shop) -> None:
    shop.send("receive_stock", receipt(8), receipt(2, warehouse_location="WH-02"), receipt(3, OTHER_SKU))
    placed = shop.order((SKU, 5))
    kept, held = shop.hold(2, "2099-01-01"), shop.hold(1, "2099-01-01", (SKU, OTHER_SKU))
    element = {"sku_id": SKU, "warehouse_location": "WH-01", "stock": 2}
    with shop.session("warehouse", warehouses=["WH-01"]) as connection:
        [answer] = shop.run(connection, "set_stock", element)
        [claims] = connection.execute("select app.claim_warehouses(), app.claim_channels()").fetchall()
        left = connection.execute("select from orders.orders").fetchall()
    assert (answer.code, claims, left) == (None, (["WH-01"], None), [])  # nothing of the order is in WH-01 any more
    assert open_parts(shop, placed) == {"WH-02": 2, "waits": 3}
    states = {row["reservation_id"]: row["status"] for row in shop.rows("select reservation_id, status from stock.reservations")}
    assert states == {kept: "active", held: "released"}
    assert shop.level(OTHER_SKU) == {"on_hand": 3, "available": 3}
    check(shop)


def test_what_the_same_list_takes_elsewhere_is_no_room(shop: Shop) -> None:
    """Two counts in one call: the units that the second does not find do not serve the orders of the first."""
    shop.send("receive_stock", receipt(3), receipt(5, warehouse_location="WH-02"), receipt(4, warehouse_location="WH-02",
              batch_number="B-9"))  # fmt: skip
    shop.send("change_batches", {"sku_id": SKU, "batch_number": "B-9", "status": "quarantined", "note": "x"})
    placed = shop.order((SKU, 3))
    answers = shop.send(
        "adjust_stock",
        adjustment(-3),
        adjustment(-4, warehouse_location="WH-02", batch_number="B-1"),
        adjustment(-4, warehouse_location="WH-02", batch_number="B-9"),  # never for sale: takes no room
    )
    assert codes(answers) == [None, None, None]
    assert open_parts(shop, placed) == {"WH-02": 1, "waits": 2}
    check(shop)


def test_two_levels_that_lack_units_are_no_room_for_each_other(shop: Shop) -> None:
    shop.send("receive_stock", receipt(3), receipt(3, warehouse_location="WH-02"))
    placed = shop.order((SKU, 6))
    gone = [{"sku_id": SKU, "warehouse_location": place, "stock": 1} for place in ("WH-01", "WH-02")]
    assert codes(shop.send("set_stock", *gone)) == [None, None]
    assert open_parts(shop, placed) == {"WH-01": 1, "WH-02": 1, "waits": 4}
    assert events(shop, placed) == ["order.placed", "order.backordered"]
    check(shop)


def test_what_the_same_list_finds_serves_the_queue(shop: Shop) -> None:
    shop.receive(5)
    early, late = shop.order((SKU, 3)), shop.order((SKU, 2))
    assert codes(shop.send("adjust_stock", adjustment(-5), adjustment(4))) == [None, None]
    assert (open_parts(shop, early), open_parts(shop, late)) == ({"WH-01": 3}, {"WH-01": 1, "waits": 1})
    check(shop)


# The queue


def test_an_order_that_lost_its_units_waits_with_its_age(shop: Shop) -> None:
    """No rule lets orders of the channel wait: a lost promise is queued all the same, and before whoever came later."""
    shop.receive(5)
    lost = shop.order((SKU, 5), now="2030-01-01T00:00:00Z")
    shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})
    later = shop.order((SKU, 2), now="2030-01-02T00:00:00Z")
    shop.send("save_channels", {"channel_id": "web", "sale_rules": []})
    assert shop.count(1, now="2030-01-03T00:00:00Z").code is None
    [row] = read(shop, lost).body["backorders"]
    assert (row["sku_id"], row["quantity"], row["queued_at"]) == (SKU, 4, "2030-01-01T00:00:00.000Z")
    assert row["lost_at"] is not None
    assert read(shop, later).body["backorders"][0]["lost_at"] is None
    shop.receive(3)
    assert (open_parts(shop, lost), open_parts(shop, later)) == ({"WH-01": 4, "waits": 1}, {"waits": 2})
    shop.receive(3, warehouse_location="WH-02")
    assert (open_parts(shop, lost), open_parts(shop, later)) == ({"WH-01": 4, "WH-02": 1}, {"WH-02": 2})
    check(shop)


def test_the_queue_takes_the_priority_of_the_rule(shop: Shop) -> None:
    rules = [{"mode": "backorder", "priority": 7}]
    shop.send("save_channels", {"channel_id": "web", "sale_rules": rules})
    shop.receive(2)
    shop.order((SKU, 2))
    shop.count(0)
    assert shop.rows("select priority from orders.backorders") == [{"priority": 7}]


def test_an_order_that_waits_already_waits_for_more(shop: Shop) -> None:
    shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})
    shop.receive(2)
    placed = shop.order((SKU, 3))
    shop.count(1)
    assert open_parts(shop, placed) == {"WH-01": 1, "waits": 2}
    check(shop)


# Lots that cannot be sold


def test_a_level_that_owes_units_is_settled_by_the_next_loss(shop: Shop) -> None:
    shop.receive(10, batch_number="OLD", expiration_date=EARLY)
    placed = shop.order((SKU, 6), now="2030-06-01T00:00:00Z")
    shop.job("expire_lots", now=AFTER_EARLY)
    assert shop.level() == {"on_hand": 10, "committed": 6, "unavailable": 4, "shortfall": 6}
    assert shop.adjust(-5, reason_code="expired", now=AFTER_EARLY).code is None
    assert shop.level() == {"on_hand": 5, "unavailable": 5}
    assert open_parts(shop, placed) == {"waits": 6}
    check(shop)


def test_units_for_sale_that_go_missing_beside_a_shortfall(shop: Shop) -> None:
    shop.receive(4, batch_number="OLD", expiration_date=EARLY)
    shop.receive(6)
    placed = shop.order((SKU, 9), now="2030-06-01T00:00:00Z")
    shop.job("expire_lots", now=AFTER_EARLY)
    assert shop.level() == {"on_hand": 10, "committed": 9, "unavailable": 1, "shortfall": 3}
    assert shop.adjust(-2, batch_number="B-1", reason_code="shrinkage", now=AFTER_EARLY).code is None
    assert shop.level() == {"on_hand": 8, "committed": 4, "unavailable": 4}
    assert open_parts(shop, placed) == {"WH-01": 4, "waits": 5}
    check(shop)


def test_a_lot_that_expired_unseen_is_counted_out_first(shop: Shop) -> None:
    """Nobody swept the lot: the count finds it expired, and withdraws the promises that it would have kept."""
    shop.receive(4, batch_number="OLD", expiration_date=EARLY)
    shop.receive(6)
    placed = shop.order((SKU, 5), now="2030-06-01T00:00:00Z")
    reserved = shop.hold(2, "2099-01-01")
    assert shop.count(0, batch_number="B-1", now=AFTER_EARLY).code is None
    assert shop.level() == {"on_hand": 4, "unavailable": 4}
    assert open_parts(shop, placed) == {"waits": 5}
    [row] = shop.rows("select status from stock.reservations where reservation_id = %s", reserved)
    assert row["status"] == "released"
    check(shop)


def test_the_ledger_says_why(shop: Shop) -> None:
    shop.receive(2)
    shop.order((SKU, 2))
    shop.adjust(-1, reason_code="damaged", note="dropped")
    found = shop.rows(
        "select kind, actor, note, committed_delta, on_hand_delta from stock.stock_movements order by movement_id desc limit 2"
    )
    assert [tuple(row.values()) for row in found] == [
        ("adjustment", "tester", "dropped", 0, -1),
        ("uncommit", "system", "backordered: units are missing", -1, 0),
    ]


# Any sequence


class Book:
    """The same rules in plain Python, for one SKU: orders by age, and where the units of each are promised."""

    SERVING: ClassVar = {"web": ("WH-01", "WH-02"), "far": ("WH-03", "WH-02")}

    def __init__(self) -> None:
        self.stock = dict.fromkeys(("WH-01", "WH-02", "WH-03"), 0)
        self.orders: dict[str, tuple[str, dict[str, int]]] = {}  # the promises by warehouse and, under waits, the queue

    def free(self, place: str) -> int:
        return self.stock[place] - sum(promised.get(place, 0) for _, promised in self.orders.values())

    def serve(self) -> None:
        """Free units go to whoever waits longest."""
        for channel, promised in self.orders.values():
            self.take(channel, promised)

    def take(self, channel: str, promised: dict[str, int]) -> None:
        for place in self.SERVING[channel]:
            units = min(promised.get("waits", 0), self.free(place))
            promised[place] = promised.get(place, 0) + units
            promised["waits"] = promised.get("waits", 0) - units

    def lose(self, place: str, units: int) -> None:
        """The latest orders give, and of those the earliest takes what is free elsewhere."""
        self.stock[place] -= units
        losers = []
        for channel, promised in reversed(self.orders.values()):
            lost = min(promised.get(place, 0), max(0, -self.free(place)))
            if lost:
                promised[place] -= lost
                losers.append((channel, promised, lost))
        for channel, promised, lost in reversed(losers):
            before = promised.get("waits", 0)
            promised["waits"] = lost
            self.take(channel, promised)
            promised["waits"] += before

    def shown(self, name: str) -> dict[str, int]:
        return {place: units for place, units in self.orders[name][1].items() if units}


@pytest.mark.parametrize("seed", range(LENGTH.examples if LONG else 4))
def test_any_sequence_of_losses_leaves_the_promises_of_the_model(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    book = Book()
    shop.send("save_channels", {"channel_id": "far", "warehouses": ["WH-03", "WH-02"]})
    for channel in book.SERVING:
        shop.send("save_channels", {"channel_id": channel, "sale_rules": [{"mode": "backorder"}]})
    placed: dict[str, Result] = {}
    for _ in range(40):
        place = chance.choice(list(book.stock))
        match chance.choice(["order", "order", "receive", "receive", "lose", "lose", "count", "cancel", "ship", "move"]):
            case "order":
                channel, units = chance.choice(list(book.SERVING)), chance.randint(1, 6)
                answer = shop.order((SKU, units), channel=channel)
                placed[answer.body["order_id"]] = answer
                book.orders[answer.body["order_id"]] = (channel, {"waits": units})
            case "receive":
                units = chance.randint(1, 5)
                shop.receive(units, warehouse_location=place)
                book.stock[place] += units
            case "lose" if book.stock[place]:
                units = chance.randint(1, book.stock[place])
                assert shop.adjust(-units, warehouse_location=place, reason_code="shrinkage").code is None
                book.lose(place, units)
            case "count" if book.stock[place]:
                units = chance.randint(0, book.stock[place])
                assert shop.count(units, warehouse_location=place).code is None
                book.lose(place, book.stock[place] - units)
            case "cancel" if placed:
                name = chance.choice(list(placed))
                shop.cancel(placed.pop(name))
                del book.orders[name]
            case "ship" if placed:
                name = chance.choice(list(placed))
                if shop.fulfill(placed[name]).code is None:
                    for where in book.stock:
                        book.stock[where] -= book.orders[name][1].pop(where, 0)
                    if not book.shown(name):
                        del placed[name], book.orders[name]
            case "move" if placed:
                name = chance.choice(list(placed))
                channel, promised = book.orders[name]
                start = chance.choice(list(book.stock))
                item = {"sku_id": SKU, "quantity": 1, "from_warehouse_location": start, "to_warehouse_location": place}
                [answer] = shop.send("reallocate_orders", {"order_id": name, "items": [item]})
                possible = (
                    start != place and promised.get(start, 0) > 0 and place in book.SERVING[channel] and book.free(place) > 0
                )
                assert (answer.code is None) == possible, answer
                if possible:
                    promised[start], promised[place] = promised[start] - 1, promised.get(place, 0) + 1
        book.serve()
        check(shop)
        assert {name: open_parts(shop, each) for name, each in placed.items()} == {name: book.shown(name) for name in placed}
    assert shop.rows("select from stock.stock_levels where shortfall > 0") == []


# At the same moment

COUNT = {"sku_id": SKU, "warehouse_location": "WH-01"}


def meet(shop: Shop, pool: ThreadPoolExecutor, first: Act, second: Act) -> list[str | None]:
    """Both codes. A second session whose promises need more levels than it has locked is repeated, as the API does at once."""
    try:
        return codes(list(race(shop, pool, first, second)))
    except psycopg.errors.SerializationFailure:
        with shop.session() as connection:
            return [None, second(connection).code]


@pytest.mark.commits
@pytest.mark.parametrize(
    ("other", "counted_first", "expected", "left"),
    [
        ("ship", True, [None, None], {"waits": 1}),
        ("ship", False, [None, None], {}),
        ("buy", True, [None, "ST001"], {"WH-01": 1, "WH-02": 1, "waits": 1}),
        ("buy", False, [None, None], {"WH-01": 1, "waits": 2}),
        ("count", True, [None, None], {"WH-02": 1, "waits": 2}),
        ("count", False, [None, None], {"WH-01": 1, "WH-02": 1, "waits": 1}),
        ("convert", True, [None, "RV002"], {"WH-01": 1, "WH-02": 1, "waits": 1}),
        ("convert", False, [None, None], {"WH-01": 1, "WH-02": 1, "waits": 1}),
        ("cancel", True, [None, None], {}),
        ("cancel", False, [None, None], {}),
        ("receive", True, [None, None], {"WH-01": 2, "WH-02": 1}),
        ("receive", False, [None, None], {"WH-01": 1, "WH-02": 1, "waits": 1}),
        ("raise", True, [None, "ST001"], {"WH-01": 1, "WH-02": 1, "waits": 1}),
        ("raise", False, [None, None], {"WH-01": 1, "WH-02": 1, "waits": 2}),
    ],
)
def test_a_count_meets_another_act(
    shop: Shop, pool: ThreadPoolExecutor, other: str, counted_first: bool, expected: list[str | None], left: dict[str, int]
) -> None:
    """3 of 5 units are promised to an order, 2 are held, 1 is free in the other warehouse; the count finds 1 of the 5."""
    shop.send("receive_stock", receipt(5), receipt(1, warehouse_location="WH-02"))
    placed = shop.order((SKU, 3))
    held = shop.hold(2, "2099-01-01")
    name = {"order_id": placed.body["order_id"]}
    acts: dict[str, tuple[str, dict[str, Any]]] = {
        "ship": ("fulfill_orders", name),
        "buy": ("place_orders", order((SKU, 1))),
        "count": ("set_stock", {**COUNT, "stock": 0 if counted_first else 3}),
        "convert": ("place_orders", {"channel": "web", "reservation_id": f"RSV-1-{held}"}),
        "cancel": ("cancel_orders", name),
        "receive": ("receive_stock", receipt(1)),
        "raise": ("modify_orders", {**name, "items": [{"sku_id": SKU, "quantity": 4}]}),
    }
    count, act = sender(shop, "set_stock", {**COUNT, "stock": 1}), sender(shop, acts[other][0], acts[other][1])
    assert meet(shop, pool, *((count, act) if counted_first else (act, count))) == expected
    assert open_parts(shop, placed) == left
    check(shop)
    assert shop.rows("select from stock.stock_levels where available < 0 or shortfall > 0") == []


@pytest.mark.commits
@pytest.mark.parametrize("counted_first", [True, False])
def test_no_order_waits_beside_the_first_units_of_a_warehouse(shop: Shop, pool: ThreadPoolExecutor, counted_first: bool) -> None:
    """The level to which the units could move does not exist yet: count and receipt have no row in common."""
    shop.receive(2)
    placed = shop.order((SKU, 2))
    count = sender(shop, "set_stock", {**COUNT, "stock": 0})
    receive = sender(shop, "receive_stock", receipt(2, warehouse_location="WH-02"))
    assert meet(shop, pool, *((count, receive) if counted_first else (receive, count))) == [None, None]
    assert open_parts(shop, placed) == {"WH-02": 2}
    check(shop)


@pytest.mark.commits
def test_without_the_claim_of_new_levels_an_order_waits_beside_units(shop: Shop) -> None:
    """Without the guard, the race above fails."""
    weaken(
        shop,
        "stock.lock_to_change",
        "perform from stock.claim_new_levels(p_region_id => p_region_id, p_warehouse_ids => p_warehouse_ids,\n"
        "    p_sku_ids => p_sku_ids);",
    )
    shop.receive(2)
    shop.order((SKU, 2))
    with shop.session() as connection:
        shop.run(connection, "set_stock", {**COUNT, "stock": 0})
        shop.receive(2, warehouse_location="WH-02")
    assert len(shop.rows(IDLE)) == 1
