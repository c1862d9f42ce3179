"""Concurrent sessions do not disturb each other. The server reports whether a session waits."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp.database.calls import REPEATED_CONSTRAINTS
from tests.patience import PATIENCE_SECONDS
from tests.races import SESSIONS, race, sender, wait_for_a_waiter, weaken
from tests.world import SKU, Result, Shop, adjustment, codes, keyed, order, receipt

if TYPE_CHECKING:
    from collections.abc import Callable


pytestmark = pytest.mark.commits

STORM_SECONDS = 1.0
STORM_SKUS = [f"STORM-{nth}" for nth in range(12)]
STORM_STOCK = 400


def listed(number: int, element: dict[str, Any], key: str = "list") -> dict[str, Any]:
    """An element of a list, with its key as the API writes it."""
    return {**element, "meta": {"actor": "tester", "idempotency_key": f"{key}\x1f{number}"}}


def drop_the_lock(shop: Shop) -> None:
    weaken(shop, "stock.lock_candidates", "for no key update of l")


def drop_the_condition(shop: Shop) -> None:
    weaken(shop, "stock.commit_units", "and l.available >= n.units")


def drop_the_check(shop: Shop) -> None:
    shop.connection.execute("alter domain stock.units drop constraint units_are_within_range_check")


# The last unit


def sell_the_last_unit_twice(shop: Shop, pool: ThreadPoolExecutor) -> list[str | None]:
    shop.receive(1)
    checkout = sender(shop, "place_orders", order((SKU, 1)))
    return codes(list(race(shop, pool, checkout, checkout)))


def test_of_two_checkouts_for_the_last_unit_one_wins(shop: Shop, pool: ThreadPoolExecutor) -> None:
    assert sell_the_last_unit_twice(shop, pool) == [None, "ST001"]
    assert shop.level() == {"on_hand": 1, "committed": 1}


@pytest.mark.parametrize(
    ("drop_another", "error"),
    [(drop_the_check, "ST001"), (drop_the_condition, "23514")],
    ids=["the condition of the update", "the CHECK"],
)
def test_each_guard_behind_the_lock_stops_the_second_sale_by_itself(
    shop: Shop, pool: ThreadPoolExecutor, drop_another: Callable[[Shop], None], error: str
) -> None:
    drop_the_lock(shop)
    drop_another(shop)
    with pytest.raises(psycopg.Error) as caught:
        sell_the_last_unit_twice(shop, pool)
    assert caught.value.sqlstate == error
    assert shop.level() == {"on_hand": 1, "committed": 1}


def test_without_any_guard_the_last_unit_is_sold_twice(unchecked_shop: Shop, pool: ThreadPoolExecutor) -> None:
    """Without the guard, the test above would fail."""
    drop_the_lock(unchecked_shop)
    drop_the_condition(unchecked_shop)
    drop_the_check(unchecked_shop)
    assert sell_the_last_unit_twice(unchecked_shop, pool) == [None, None]
    assert unchecked_shop.level() == {"on_hand": 1, "available": -1, "committed": 2}


def test_a_checkout_that_waited_gets_what_a_rollback_gave_back(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(1)
    with shop.session() as connection:
        assert codes(shop.run(connection, "place_orders", order((SKU, 1)))) == [None]
        other = pool.submit(shop.order, (SKU, 1))
        wait_for_a_waiter(shop, other)
        connection.rollback()
    assert other.result(PATIENCE_SECONDS).code is None


def test_an_adjustment_and_a_checkout_do_not_both_take_the_last_unit(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(1)
    leave, checkout = sender(shop, "adjust_stock", adjustment(-1)), sender(shop, "place_orders", order((SKU, 1)))
    assert codes(list(race(shop, pool, leave, checkout))) == [None, "ST001"]
    shop.receive(1)
    with pytest.raises(psycopg.errors.SerializationFailure):  # its promise needs more levels: the API repeats it at once
        race(shop, pool, checkout, leave)
    with shop.session() as connection:
        assert leave(connection).code is None
    assert shop.level() == {}
    assert shop.rows("select quantity from orders.backorders") == [{"quantity": 1}]
    assert shop.verify() == []


def test_two_first_receipts_of_a_batch_make_one_batch(shop: Shop, pool: ThreadPoolExecutor) -> None:
    arrive = sender(shop, "receive_stock", receipt(3))
    assert codes(list(race(shop, pool, arrive, arrive))) == [None, None]
    assert (shop.level(), shop.batches()) == ({"on_hand": 6, "available": 6}, {"B-1": 6})


def test_two_orders_with_one_external_id_are_one(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    checkout = sender(shop, "place_orders", order((SKU, 1), external_id="S-1"))
    assert codes(list(race(shop, pool, checkout, checkout))) == [None, "OR005"]


def test_an_external_id_is_used_once_even_beside_a_list_too_long_to_lock(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """The constraint refuses the second call as a whole, the API repeats it at once, and then it is told of the first."""
    shop.receive(100)
    orders = [order((SKU, 1), external_id=f"S-{number}") for number in range(40)]
    whole, single = sender(shop, "place_orders", *orders), sender(shop, "place_orders", order((SKU, 1), external_id="S-7"))
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        race(shop, pool, whole, single)
    assert caught.value.diag.constraint_name in REPEATED_CONSTRAINTS
    with shop.session() as connection:
        assert single(connection).code == "OR005"
    assert shop.level() == {"on_hand": 100, "available": 60, "committed": 40}


def test_a_list_takes_few_locks_of_the_table_that_the_whole_server_shares(shop: Shop) -> None:
    """Its keys are numbers after one key, its external_ids are not locked, and new levels are locked together."""

    shop.receive(1)
    orders = [listed(number, order((SKU, 9), external_id=f"S-{number}")) for number in range(300)]
    receipts = [listed(number, receipt(1, f"NEW-{number}", name="New")) for number in range(300)]
    for command, elements in (("place_orders", orders), ("receive_stock", receipts)):
        with shop.session() as connection:
            results = shop.run(connection, command, *elements)
            row = connection.execute(
                "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
            ).fetchone()
            assert row
            assert row[0] <= 2
        assert {result.code for result in results} == {"ST001" if command == "place_orders" else None}


def test_a_list_of_a_key_in_flight_is_refused_and_other_lists_are_not(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(100)

    first, second = ([listed(number, order((SKU, 1)), key) for number in range(40)] for key in "ab")
    with shop.session() as connection:
        assert codes(shop.run(connection, "place_orders", *first)) == [None] * 40
        assert set(codes(pool.submit(shop.send, "place_orders", *first).result(PATIENCE_SECONDS))) == {"ID002"}
        other = pool.submit(shop.send, "place_orders", *second)
        wait_for_a_waiter(shop, other)  # for the stock
    assert codes(other.result(PATIENCE_SECONDS)) == [None] * 40
    again = shop.send("place_orders", *first)
    assert [result.replayed for result in again] == [True] * 40
    assert shop.level() == {"on_hand": 100, "available": 20, "committed": 80}


# Two sessions on one order


def test_a_cancellation_and_a_shipment_of_one_order_do_not_both_happen(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    cancel, ship = (sender(shop, command, {"order_id": "S-1"}) for command in ("cancel_orders", "fulfill_orders"))
    shop.order((SKU, 2), external_id="S-1")
    assert codes(list(race(shop, pool, cancel, ship))) == [None, "OR004"]
    assert shop.level() == {"on_hand": 5, "available": 5}
    cancel, ship = (sender(shop, command, {"order_id": "S-2"}) for command in ("cancel_orders", "fulfill_orders"))
    shop.order((SKU, 2), external_id="S-2")
    assert codes(list(race(shop, pool, ship, cancel))) == [None, "OR003"]
    assert shop.level() == {"on_hand": 3, "available": 3}


@pytest.mark.parametrize(("command", "second"), [("cancel_orders", None), ("fulfill_orders", "OR004")])
def test_the_same_done_twice_at_once_has_one_effect(
    shop: Shop, pool: ThreadPoolExecutor, command: str, second: str | None
) -> None:
    shop.receive(5)
    shop.order((SKU, 2), external_id="S-1")
    act = sender(shop, command, {"order_id": "S-1"})
    assert codes(list(race(shop, pool, act, act))) == [None, second]
    assert shop.level()["available"] == (5 if command == "cancel_orders" else 3)


def test_a_sweep_and_a_checkout_release_an_expired_hold_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    shop.hold(5, "2020-01-01")
    with shop.session() as connection:
        assert codes(shop.run(connection, "place_orders", order((SKU, 2)))) == [None]
        sweep = pool.submit(shop.job, "expire_reservations")
        wait_for_a_waiter(shop, sweep)
    assert sweep.result(PATIENCE_SECONDS) == 0
    assert shop.level() == {"on_hand": 5, "available": 3, "committed": 2}


# Idempotency keys


def test_one_key_from_many_sessions_at_once_places_one_order(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(50)
    start = threading.Barrier(SESSIONS)

    def insist() -> Result:
        start.wait(PATIENCE_SECONDS)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            [answer] = shop.send("place_orders", keyed(order((SKU, 1))))
            if answer.code != "ID002":
                return answer
            assert time.monotonic() < deadline

    answers = [future.result() for future in [pool.submit(insist) for _ in range(SESSIONS)]]
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * (SESSIONS - 1)
    assert len({answer.body["order_id"] for answer in answers}) == 1
    assert shop.level() == {"on_hand": 50, "available": 49, "committed": 1}


# Many sessions


def test_many_sessions_with_orders_of_five_skus_never_deadlock_and_lose_no_unit(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.send("save_skus", *({"sku_id": sku_id, "name": sku_id, "price": 1} for sku_id in STORM_SKUS))
    shop.send("receive_stock", *(receipt(STORM_STOCK, sku_id) for sku_id in STORM_SKUS))
    shop.send("receive_stock", *(receipt(STORM_STOCK, sku_id, warehouse_location="WH-02") for sku_id in STORM_SKUS))
    start = threading.Barrier(SESSIONS)

    def storm(seed: int) -> tuple[int, int]:
        """Orders, ships and cancels. Returns the units sold and not canceled, and the shipped ones among them."""
        chance = random.Random(seed)
        sold = shipped = 0
        start.wait(PATIENCE_SECONDS)
        deadline = time.monotonic() + STORM_SECONDS
        while time.monotonic() < deadline:
            baskets = [order(*((sku_id, chance.randint(1, 3)) for sku_id in chance.sample(STORM_SKUS, 5))) for _ in range(2)]
            placed = [answer for answer in shop.send("place_orders", *baskets) if answer.code != "ST001"]
            assert codes(placed) == [None] * len(placed)
            sold += sum(item["quantity"] for answer in placed for item in answer.body["items"])
            fate = chance.choice(["cancel_orders", "fulfill_orders", None, None])
            if fate and placed:
                units = sum(item["quantity"] for answer in placed for item in answer.body["items"])
                done = shop.send(fate, *({"order_id": answer.body["order_id"]} for answer in reversed(placed)))
                assert codes(done) == [None] * len(placed)
                sold -= units if fate == "cancel_orders" else 0
                shipped += units if fate == "fulfill_orders" else 0
        return sold, shipped

    done = [future.result() for future in [pool.submit(storm, seed) for seed in range(SESSIONS)]]
    sold, shipped = sum(units for units, _ in done), sum(units for _, units in done)
    assert sold > 0
    [row] = shop.rows(
        "select sum(committed) as committed, sum(on_hand) as on_hand, min(available) as least from stock.stock_levels"
    )
    assert row["committed"] == sold - shipped
    assert row["on_hand"] == 2 * STORM_STOCK * len(STORM_SKUS) - shipped
    assert row["least"] >= 0
    assert shop.rows("select deadlocks from pg_stat_database where datname = current_database()") == [{"deadlocks": 0}]


# Levels that do not exist yet


def test_an_adjustment_and_a_receipt_that_make_the_same_level_do_not_wait_for_each_other(
    shop: Shop, pool: ThreadPoolExecutor
) -> None:
    """Both sessions need the missing level and an existing one, and a third session has locked the existing one."""
    shop.send("receive_stock", receipt(5, "SAUCE-2"), receipt(1, SKU, warehouse_location="WH-02", batch_number="B-9"))
    adjust = sender(shop, "adjust_stock", adjustment(5, SKU, batch_number="B-9"), adjustment(1, "SAUCE-2"))
    receive = sender(shop, "receive_stock", receipt(2, SKU, batch_number="B-9"), receipt(2, "SAUCE-2"))

    def alone(send: Callable[[psycopg.Connection[Any]], Result]) -> Result:
        with shop.session() as connection:
            return send(connection)

    waiting = "select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with shop.session() as third:
        shop.run(third, "adjust_stock", adjustment(1, "SAUCE-2"))
        answers = []
        for number, send in enumerate((adjust, receive), start=1):
            answers.append(pool.submit(alone, send))
            deadline = time.monotonic() + PATIENCE_SECONDS
            while shop.rows(waiting) != [{"n": number}]:
                assert time.monotonic() < deadline
    assert codes([answer.result(PATIENCE_SECONDS) for answer in answers]) == [None, None]
    assert (shop.level()["on_hand"], shop.level("SAUCE-2")["on_hand"]) == (7, 9)


def test_a_level_that_nothing_came_to_is_not_made(shop: Shop) -> None:
    assert codes(shop.send("adjust_stock", adjustment(-1, SKU))) != [None]
    assert shop.rows("select from stock.stock_levels") == []
