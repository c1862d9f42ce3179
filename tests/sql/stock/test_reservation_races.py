"""Reservations are converted, extended, released and expire while others want the same units: each unit has one taker."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.patience import PATIENCE_SECONDS
from tests.races import SESSIONS, race, wait_for_a_waiter, weaken
from tests.reservations import NOON, conversion, held, read, reserve
from tests.world import OTHER_SKU, SKU, Result, Shop, codes, order, parts, receipt

if TYPE_CHECKING:
    from collections.abc import Callable


pytestmark = pytest.mark.commits

BEFORE, AT = "2030-05-01T12:14:59.999Z", "2030-05-01T12:15:00Z"  # the end of a default reservation made at noon
STORM_SECONDS, STORM_SECONDS_MAX = 1.0, 60.0  # longer on a busy machine, until every outcome has occurred
# Without "release expired": it needs a release after the end of a reservation and before the next command on its SKUs.
FATES = {
    *("reserve done", "reserve ST001", "convert done", "convert RV002", "convert_other done", "buy done", "buy ST001"),
    *("extend done", "release released", "release RV002"),
}
STORM_STOCK = {(SKU, "WH-01"): 30, (SKU, "WH-02"): 10, (OTHER_SKU, "WH-02"): 20}


def sender(shop: Shop, now: str, command: str, *elements: dict[str, Any]) -> Callable[[psycopg.Connection[Any]], Result]:
    """The act of a session that started at this time."""

    def send(connection: psycopg.Connection[Any]) -> Result:
        connection.execute("select set_config('scoville.now', %s, true)", [now])
        return shop.run(connection, command, *elements)[0]

    return send


def named(hold: Result, **rest: Any) -> dict[str, Any]:
    return {"reservation_id": hold.body["reservation_id"], **rest}


def convert_twice(shop: Shop, pool: ThreadPoolExecutor) -> list[str | None]:
    """Two orders convert one reservation of two units. One more unit is available; another reservation has two."""
    shop.receive(5)
    hold = reserve(shop, (SKU, 2))
    reserve(shop, (SKU, 2))
    checkout = sender(shop, NOON, "place_orders", conversion(hold))
    return codes(list(race(shop, pool, checkout, checkout)))


def test_of_two_orders_that_convert_a_hold_at_once_one_gets_it(shop: Shop, pool: ThreadPoolExecutor) -> None:
    assert convert_twice(shop, pool) == [None, "RV002"]
    assert shop.level() == {"on_hand": 5, "available": 1, "reserved": 2, "committed": 2}


LOCKS = {
    "the levels": ("stock.lock_candidates", "for no key update of l"),
    "the hold": ("stock.lock_live_reservations", "for no key update"),
}


@pytest.mark.parametrize("kept", LOCKS)
def test_each_lock_alone_keeps_a_hold_from_becoming_two_orders(shop: Shop, pool: ThreadPoolExecutor, kept: str) -> None:
    for name, (function, guard) in LOCKS.items():
        if name != kept:
            weaken(shop, function, guard)
    assert convert_twice(shop, pool) == [None, "RV002"]


def test_without_the_locks_a_hold_becomes_two_orders(unchecked_shop: Shop, pool: ThreadPoolExecutor) -> None:
    """Without the guard, the units of the other reservation are sold."""
    for function, guard in LOCKS.values():
        weaken(unchecked_shop, function, guard)
    assert convert_twice(unchecked_shop, pool) == [None, None]
    assert unchecked_shop.level() == {"on_hand": 5, "available": 1, "committed": 4}
    assert {row[0] for row in unchecked_shop.verify()} == {"reservations reserved"}


def hold_at_once(shop: Shop, pool: ThreadPoolExecutor) -> list[str | None]:
    """One client makes two reservations at once, each of 4 of 10 units. Its limit is 5."""
    shop.receive(10)
    shop.send("save_channels", {"channel_id": "web", "hold_share_max": 50, "mode": "patch"})
    hold = sender(shop, NOON, "reserve_stock", held((SKU, 4)))
    return codes(list(race(shop, pool, hold, hold)))


def test_a_client_that_holds_from_two_sessions_at_once_gets_its_share_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    assert hold_at_once(shop, pool) == [None, "RV005"]
    assert shop.level() == {"on_hand": 10, "available": 6, "reserved": 4}


def test_without_the_lock_before_it_is_counted_a_client_gets_more_than_its_share(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """Without the guard, the race above fails."""
    weaken(
        shop, "stock.cap_reservations", "perform from stock.lock_candidates(p_region_id, stock.reservation_demands(p_drafts));"
    )
    assert hold_at_once(shop, pool) == [None, None]


def test_between_held_and_sold_nobody_takes_the_units(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 5))
    for command in ("place_orders", "reserve_stock"):
        checkout, other = sender(shop, NOON, "place_orders", conversion(hold)), sender(shop, NOON, command, held((SKU, 1)))
        with shop.session() as connection:
            assert checkout(connection).code is None
            waiting = pool.submit(shop.send, command, held((SKU, 1)), now=NOON)
            wait_for_a_waiter(shop, waiting)
            connection.rollback()
        assert codes(waiting.result(PATIENCE_SECONDS)) == ["ST001"]
        assert codes(list(race(shop, pool, other, checkout))) == ["ST001", None]
        shop.receive(5)
        hold = reserve(shop, (SKU, 5))


def test_of_two_changes_of_a_hold_the_second_meets_what_the_first_left(shop: Shop, pool: ThreadPoolExecutor) -> None:
    order, extend, release = "place_orders", "extend_reservations", "release_reservations"
    cases = [
        (order, release, [None, "RV002"], "committed"),
        (release, order, [None, "RV002"], "released"),
        (order, extend, [None, "RV002"], "committed"),
        (extend, order, [None, None], "committed"),
        (release, extend, [None, "RV002"], "released"),
        (extend, release, [None, None], "released"),
        (extend, extend, [None, None], "active"),
        (release, release, [None, None], "released"),
    ]
    shop.receive(99)
    for first, second, expected, left in cases:
        hold = reserve(shop, (SKU, 2))
        element = named(hold, ttl_seconds=60)
        answers = race(shop, pool, *(sender(shop, NOON, command, element) for command in (first, second)))
        assert (first, second, codes(list(answers)), read(shop, hold)[0]["status"]) == (first, second, expected, left)
    assert shop.level() == {"on_hand": 99, "available": 91, "committed": 6, "reserved": 2}


def test_an_order_that_came_when_a_hold_had_expired_and_a_late_conversion_share_nothing(
    shop: Shop, pool: ThreadPoolExecutor
) -> None:
    """The first lock decides: a session that started after the end may overtake one that started before it."""
    shop.receive(5)
    hold = reserve(shop, (SKU, 5))
    convert, other = sender(shop, BEFORE, "place_orders", conversion(hold)), sender(shop, AT, "place_orders", order((SKU, 5)))
    assert codes(list(race(shop, pool, other, convert))) == [None, "RV002"]
    shop.receive(5)
    hold = reserve(shop, (SKU, 5))
    convert = sender(shop, BEFORE, "place_orders", conversion(hold))
    assert codes(list(race(shop, pool, convert, other))) == [None, "ST001"]
    assert shop.level() == {"on_hand": 10, "committed": 10}


def test_a_hold_that_is_being_extended_keeps_its_units_if_it_is(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 5))
    extend = sender(shop, BEFORE, "extend_reservations", named(hold, ttl_seconds=60))
    other = sender(shop, AT, "place_orders", order((SKU, 5)))
    assert codes(list(race(shop, pool, extend, other))) == [None, "ST001"]
    later = sender(shop, "2030-05-01T12:16:00Z", "place_orders", order((SKU, 5)))
    with shop.session() as connection:
        assert sender(shop, "2030-05-01T12:15:59Z", "extend_reservations", named(hold, ttl_seconds=60))(connection).code is None
        waiting = pool.submit(shop.send, "place_orders", order((SKU, 5)), now="2030-05-01T12:16:00Z")
        wait_for_a_waiter(shop, waiting)
        connection.rollback()
    assert codes(waiting.result(PATIENCE_SECONDS)) == [None]
    with shop.session() as connection:
        assert later(connection).code == "ST001"
    assert read(shop, hold)[0]["status"] == "expired"


def test_a_sweep_and_a_release_end_a_hold_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 5))
    with shop.session() as connection:
        assert sender(shop, AT, "release_reservations", named(hold))(connection).body["status"] == "expired"
        sweep = pool.submit(shop.job, "expire_reservations", AT)
        wait_for_a_waiter(shop, sweep)
    assert sweep.result(PATIENCE_SECONDS) == 0
    assert shop.level() == {"on_hand": 5, "available": 5}


class Storm:
    """The acts of one session on the shared reservations, and their results."""

    def __init__(self, shop: Shop, holds: list[Result], seed: int) -> None:
        self.shop = shop
        self.holds = holds  # the reservations of all sessions
        self.chance = random.Random(seed)
        self.placed: list[Result] = []
        self.sold: Counter[str] = Counter()
        self.became: dict[str, str] = {}
        self.said: Counter[str] = Counter()

    def run(self, stop: threading.Event) -> None:
        acts = (self.reserve, self.reserve, self.convert, self.convert_other, self.extend, self.release, self.buy, self.cancel)
        while not stop.is_set():
            act = self.chance.choice(acts)
            if outcome := act():
                self.said[f"{act.__name__} {outcome}"] += 1

    def some(self) -> list[tuple[str, int]]:
        skus = self.chance.sample([SKU, OTHER_SKU], self.chance.choice([1, 1, 2]))
        return [(sku_id, self.chance.randint(1, 3)) for sku_id in skus]

    def hold(self) -> Result | None:
        """Mostly one of the newest, for which sessions compete; else any, usually converted or expired."""
        return self.chance.choice(self.holds[-20:] if self.chance.random() < 0.75 else self.holds) if self.holds else None

    def reserve(self) -> str:
        [answer] = self.shop.send("reserve_stock", held(*self.some(), ttl_seconds=self.chance.choice([1, 1, 60])))
        if answer.code is None:
            self.holds.append(answer)
        return answer.code or "done"

    def convert(self) -> str | None:
        """Orders exactly the reserved units. Succeeds unless the reservation is gone; never a shortage."""
        if not (hold := self.hold()):
            return None
        answer = self.keep(conversion(hold), hold)
        assert answer in ("done", "RV002")
        return answer

    def convert_other(self) -> str | None:
        """Orders other items than reserved, together with a plain order and a second conversion of the same reservation."""
        if not (hold := self.hold()):
            return None
        return self.keep(conversion(hold, *self.some()), hold, order(*self.some()), conversion(hold))

    def buy(self) -> str:
        return self.keep(order(*self.some()), None)

    def keep(self, element: dict[str, Any], hold: Result | None, *others: dict[str, Any]) -> str:
        elements = [element, *others]
        self.chance.shuffle(elements)
        answers = self.shop.send("place_orders", *elements)
        for wanted, answer in zip(elements, answers, strict=True):
            if answer.code is not None:
                continue
            items = wanted["items"] if "items" in wanted else hold.body["items"] if hold else []
            assert Counter(parts(answer)).total() == sum(item["quantity"] for item in items)
            self.sold.update({item["sku_id"]: item["quantity"] for item in items})
            self.placed.append(answer)
            if "reservation_id" in wanted:
                assert wanted["reservation_id"] not in self.became
                self.became[wanted["reservation_id"]] = answer.body["order_id"]
        return answers[elements.index(element)].code or "done"

    def extend(self) -> str | None:
        if not (hold := self.hold()):
            return None
        [answer] = self.shop.send("extend_reservations", named(hold, ttl_seconds=self.chance.choice([1, 60])))
        return answer.code or "done"

    def release(self) -> str | None:
        if not (hold := self.hold()):
            return None
        [answer] = self.shop.send("release_reservations", named(hold))
        return answer.code or str(answer.body["status"])

    def cancel(self) -> str | None:
        """Cancels an order so that units stay in play, and runs the worker's sweep."""
        self.shop.job("expire_reservations")
        if not self.placed:
            return None
        order = self.placed.pop(self.chance.randrange(len(self.placed)))
        [answer] = self.shop.send("cancel_orders", {"order_id": order.body["order_id"]})
        assert answer.code is None
        self.sold.subtract({item["sku_id"]: item["quantity"] for item in order.body["items"]})
        return "done"


def rage(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """Many sessions compete for few units, with every outcome of a reservation. The results agree with the books."""
    shop.send("receive_stock", *(receipt(units, sku, warehouse_location=where) for (sku, where), units in STORM_STOCK.items()))
    holds: list[Result] = []
    storms = [Storm(shop, holds, seed) for seed in range(SESSIONS)]
    stop = threading.Event()
    running = [pool.submit(storm.run, stop) for storm in storms]
    begun = time.monotonic()
    while not any(future.done() for future in running):
        missing = FATES.difference(*(tuple(storm.said) for storm in storms))
        if time.monotonic() - begun > (STORM_SECONDS_MAX if missing else STORM_SECONDS):
            break
        time.sleep(0.05)
    stop.set()
    for future in running:
        future.result(PATIENCE_SECONDS)
    assert not missing
    became = [pair for storm in storms for pair in storm.became.items()]
    assert len(dict(became)) == len(became), "a reservation became two orders"
    found = shop.rows("select reservation_id, order_id from stock.reservations where status = 'committed'")
    assert {(f"RSV-1-{row['reservation_id']}", f"ORD-1-{row['order_id']}") for row in found} == set(became)
    sold = sum((storm.sold for storm in storms), Counter[str]())
    levels = shop.rows(
        "select sku_id, sum(committed) as committed, sum(on_hand) as on_hand, min(available) as least"
        " from stock.stock_levels group by sku_id"
    )
    assert {row["sku_id"]: row["committed"] for row in levels} == dict(sold)
    assert all(row["committed"] <= row["on_hand"] and row["least"] >= 0 for row in levels)
    assert shop.rows("select deadlocks from pg_stat_database where datname = current_database()") == [{"deadlocks": 0}]


def test_many_sessions_that_hold_convert_extend_release_and_buy_the_same_units_never_sell_one_twice(
    shop: Shop, pool: ThreadPoolExecutor
) -> None:
    rage(shop, pool)
