"""Payment, hold, change and end of an unpaid order at once: one of them decides, in both orders, and each unit has one taker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.races import race, weaken
from tests.world import OTHER_SKU, SKU, Result, Shop, order

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

pytestmark = pytest.mark.commits

NOON, LAST, OVER = "2030-05-01T12:00:00Z", "2030-05-01T12:59:59Z", "2030-05-01T13:00:00Z"
NAME = {"order_id": "S-1"}
ACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "confirm": ("confirm_orders", NAME),
    "hold": ("hold_orders", NAME | {"reason": "address?"}),
    "release": ("release_held_orders", NAME),
    "cancel": ("cancel_orders", NAME),
    "ship": ("fulfill_orders", NAME),
    "change": ("modify_orders", NAME | {"items": [{"sku_id": SKU, "quantity": 4}]}),
    "add": ("modify_orders", NAME | {"items": [{"sku_id": SKU, "quantity": 3}, {"sku_id": OTHER_SKU, "quantity": 1}]}),
    "buy": ("place_orders", order((SKU, 5))),
    "count": ("set_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "stock": 0}),
}


def act(shop: Shop, name: str, now: str) -> Callable[[psycopg.Connection[Any]], str | None]:
    """The act of a session at this time: its code. The worker has none."""

    def run(connection: psycopg.Connection[Any]) -> str | None:
        if name == "sweep":
            connection.execute("reset role")
            connection.execute("select app.enter('scoville_worker', '{}')")
        connection.execute("select set_config('scoville.now', %s, true)", [now])
        if name == "sweep":
            connection.execute("select jobs.cancel_unpaid_orders(1::smallint, 100)")
            return None
        command, element = ACTS[name]
        [answer] = shop.run(connection, command, element)
        return answer.code

    return run


def outcome(shop: Shop, pool: ThreadPoolExecutor, first: str, second: str, now: str = OVER) -> tuple[str | None, str | None, str]:
    """Both codes, and what the order is then."""
    codes = race(shop, pool, act(shop, first, now), act(shop, second, now))
    [row] = shop.rows("select status, unpaid_until from orders.orders where external_id = 'S-1'")
    assert shop.verify() == []
    assert shop.rows("select from stock.stock_levels where available < 0") == []
    return *codes, row["status"]


def stocked(shop: Shop, **rest: Any) -> Result:
    shop.receive(5)
    shop.receive(5, OTHER_SKU)
    placed = shop.order((SKU, 3), external_id="S-1", now=NOON, **rest)
    assert placed.code is None
    return placed


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("confirm", "sweep", (None, None, "processing")),
        ("sweep", "confirm", (None, "OR014", "canceled")),
        ("confirm", "buy", (None, "ST001", "processing")),
        ("buy", "confirm", (None, "OR014", "canceled")),
        ("confirm", "count", (None, None, "processing")),
        ("count", "confirm", (None, "OR014", "canceled")),
        ("hold", "sweep", (None, None, "on_hold")),
        ("sweep", "hold", (None, "OR014", "canceled")),
        ("hold", "buy", (None, "ST001", "on_hold")),
        ("buy", "hold", (None, "OR014", "canceled")),
        ("change", "sweep", (None, None, "canceled")),
        ("sweep", "change", (None, "OR010", "canceled")),
        ("change", "buy", (None, None, "canceled")),
        ("buy", "change", (None, "OR010", "canceled")),
        ("sweep", "buy", (None, None, "canceled")),
        ("buy", "sweep", (None, None, "canceled")),
        ("buy", "buy", (None, "ST001", "canceled")),
    ],
)
def test_the_first_decides_about_an_order_whose_time_is_over(
    shop: Shop, pool: ThreadPoolExecutor, first: str, second: str, expected: tuple[Any, ...]
) -> None:
    stocked(shop, status="pending")
    assert outcome(shop, pool, first, second) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("hold", "ship", (None, "OR013", "on_hold")),
        ("ship", "hold", (None, "OR014", "completed")),
        ("hold", "cancel", (None, None, "canceled")),
        ("cancel", "hold", (None, "OR014", "canceled")),
    ],
)
def test_the_first_decides_whether_a_paid_order_leaves(
    shop: Shop, pool: ThreadPoolExecutor, first: str, second: str, expected: tuple[Any, ...]
) -> None:
    stocked(shop)
    assert outcome(shop, pool, first, second, NOON) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("release", "cancel", (None, None, "canceled")),
        ("cancel", "release", (None, "OR014", "canceled")),
        ("release", "ship", (None, None, "completed")),
        ("ship", "release", ("OR013", None, "processing")),
    ],
)
def test_the_first_decides_about_an_order_on_hold(
    shop: Shop, pool: ThreadPoolExecutor, first: str, second: str, expected: tuple[Any, ...]
) -> None:
    stocked(shop)
    with shop.session() as connection:
        assert act(shop, "hold", NOON)(connection) is None
    assert outcome(shop, pool, first, second, NOON) == expected


def test_who_ends_an_order_that_was_just_changed_starts_again(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """The change gave the order a level that the other session has not locked: then it may not touch it."""
    stocked(shop, status="pending")
    with pytest.raises(psycopg.errors.SerializationFailure):
        race(shop, pool, act(shop, "add", LAST), act(shop, "buy", OVER))
    with shop.session() as connection:
        assert act(shop, "buy", OVER)(connection) is None
    assert shop.level(OTHER_SKU) == {"on_hand": 5, "available": 5}
    assert shop.verify() == []


def test_the_lock_of_the_order_alone_lets_one_of_payment_and_sale_decide(unchecked_shop: Shop, pool: ThreadPoolExecutor) -> None:
    stocked(unchecked_shop, status="pending")
    weaken(unchecked_shop, "orders.lock_orders", "       for no key update of l")
    assert outcome(unchecked_shop, pool, "buy", "confirm") == (None, "OR014", "canceled")
