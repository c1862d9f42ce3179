"""Two checkouts race for the last unit: one gets it. Without the guards both would, so this test can fail."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.sources import function_text

if TYPE_CHECKING:
    from tests.conftest import AsRole

LOCK_WAIT_SECONDS_MAX = 10
CUSTOMER = {"name": "Jane Doe", "email": "jane@example.com", "address": "123 Hot St"}


@pytest.fixture
def last_unit(as_role: AsRole) -> None:
    """One unit of HOT in WH-01, sold through web."""
    with as_role("admin") as c:
        c.execute("select * from api.save_warehouses(%s)", [json.dumps([{"warehouse_id": "WH-01"}])])
        c.execute("select * from api.save_channels(%s)", [json.dumps([{"channel_id": "web", "warehouses": ["WH-01"]}])])
        receipt = {"sku_id": "HOT", "name": "Hot", "price": 1, "warehouse_location": "WH-01", "stock": 1, "batch_number": "B"}
        assert codes(c, "select code from api.receive_stock(1::smallint, %s)", [receipt]) == [None]


def codes(connection: psycopg.Connection[Any], statement: str, elements: list[dict[str, Any]]) -> list[str | None]:
    return [code for (code,) in connection.execute(statement, [json.dumps(elements)]).fetchall()]


def checkout(connection: psycopg.Connection[Any]) -> list[str | None]:
    order = {"customer": CUSTOMER, "items": [{"sku_id": "HOT", "quantity": 1}]}
    return codes(connection, "select code from api.place_orders(1::smallint, %s)", [order])


def wait_for_lock(watcher: psycopg.Connection[Any]) -> bool:
    deadline = time.monotonic() + LOCK_WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        waiting = watcher.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ).fetchone()
        if waiting and waiting[0]:
            return True
        time.sleep(0.01)
    return False


def race(as_role: AsRole, watcher: psycopg.Connection[Any]) -> list[str | None]:
    """The answers of two checkouts, the second of which begins while the first is not committed."""
    second: list[str | None] = []

    def later() -> None:
        with as_role("sales", channels=["web"]) as c:
            second.extend(checkout(c))

    thread = threading.Thread(target=later)
    with as_role("sales", channels=["web"]) as c:
        first = checkout(c)
        thread.start()
        assert wait_for_lock(watcher), "the second checkout did not wait for the first"
    thread.join(LOCK_WAIT_SECONDS_MAX)
    return first + second


def test_one_of_two_checkouts_gets_the_last_unit(as_role: AsRole, last_unit: None, connection: psycopg.Connection[Any]) -> None:
    assert race(as_role, connection) == [None, "ST001"]
    assert connection.execute("select on_hand, committed, available from stock.stock_levels").fetchall() == [(1, 1, 0)]
    with as_role("admin") as c:
        assert c.execute("select * from stock.verify()").fetchall() == []


def test_without_the_guards_both_would_get_it(as_role: AsRole, last_unit: None, connection: psycopg.Connection[Any]) -> None:
    """The lock before the decision, the condition of the update and the CHECK: take them away, and a unit is sold twice."""

    def remove(name: str, guard: str) -> None:
        text = function_text(name)
        assert guard in text, f"{name} no longer has this guard"
        connection.execute(text.replace(guard, ""))

    remove("stock.lock_candidates", "                  for no key update of l")
    remove(
        "stock.post_movements",
        "       and l.available + stock.available_of(n.delta) >= 0\n",
    )
    connection.execute("alter table stock.stock_levels drop constraint stock_levels_promises_are_within_on_hand_check")
    assert race(as_role, connection) == [None, None]
    assert connection.execute("select on_hand, committed from stock.stock_levels").fetchall() == [(1, 2)]


@pytest.mark.parametrize("kept", ["the condition of the update", "the CHECK"])
def test_each_guard_behind_the_lock_stops_the_second_sale_by_itself(
    as_role: AsRole, last_unit: None, connection: psycopg.Connection[Any], kept: str
) -> None:
    text = function_text("stock.lock_candidates")
    connection.execute(text.replace("                  for no key update of l", ""))
    if kept == "the CHECK":
        text = function_text("stock.post_movements")
        connection.execute(text.replace("       and l.available + stock.available_of(n.delta) >= 0\n", ""))
    else:
        connection.execute("alter table stock.stock_levels drop constraint stock_levels_promises_are_within_on_hand_check")
    raised: list[str | None] = []

    def later() -> None:
        try:
            with as_role("sales", channels=["web"]) as c:
                checkout(c)
        except psycopg.Error as error:
            raised.append(error.sqlstate)

    thread = threading.Thread(target=later)
    with as_role("sales", channels=["web"]) as c:
        assert checkout(c) == [None]
        thread.start()
        assert wait_for_lock(connection)
    thread.join(LOCK_WAIT_SECONDS_MAX)
    assert raised == ["23514" if kept == "the CHECK" else "ST001"]
    assert connection.execute("select on_hand, committed from stock.stock_levels").fetchall() == [(1, 1)]
