"""Runs each pair of commands on the same rows concurrently, in both orders: one starts while the other waits with some of its
locks taken. No deadlock and no error occurs, and the result equals the result of running them one after the other.

A third session locks one row of each table in turn. The first command stops there with the locks that it has taken, and the
second waits behind it; then the row is unlocked. The long battery runs all pairs, the suite runs some of them.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.battery.lengths import LENGTH, chance
from tests.battery.tables import EMPTY
from tests.calls import sample_element
from tests.conftest import Server
from tests.patience import PATIENCE_SECONDS
from tests.prepared import AUTHENTICATOR_PASSWORD

SOON = "2030-05-01T12:00:00Z"
NOW = "2030-05-02T12:00:00Z"  # by then a reservation and a lot have expired, and no sweep has run
BASKET = [{"sku_id": "S-1", "quantity": 2}, {"sku_id": "S-2", "quantity": 2}]
HERE = {"sku_id": "S-2", "warehouse_location": "WH-01"}
TILL = {"warehouse_location": "WH-01"}


def of_both(function: str, **changes: Any) -> tuple[str, list[dict[str, Any]]]:
    """The sample call of a command on both SKUs, in reverse key order."""
    return function, [sample_element(function, **changes, sku_id=sku) for sku in ("S-2", "S-1")]


# Each command on the same levels, lots, reservations and orders. {hold} and {parcel} are filled in once they exist.
COMMANDS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "receive": ("receive_stock", [{**HERE, "sku_id": sku, "stock": 3, "batch_number": "B-1"} for sku in ("S-2", "S-1")]),
    "adjust": of_both("adjust_stock", delta=-2, reason_code="correction"),
    "count": of_both("set_stock", stock=9),
    "lose": of_both("set_stock", stock=1, batch_number="B-1"),
    "move": (
        "reallocate_orders",
        [{"order_id": "X-1", "items": [{"sku_id": "S-2", "quantity": 1, "to_warehouse_location": "WH-02"}]}],
    ),
    "keep back": of_both("set_safety_stock", safety_stock=2),
    "recall": of_both("change_batches", batch_number="B-1", status="recalled"),
    "reserve": ("reserve_stock", [sample_element("reserve_stock", channel="web", items=BASKET)]),
    "extend": ("extend_reservations", [sample_element("extend_reservations", {"reservation_id": "{hold}"}, ttl_seconds=600)]),
    "release": ("release_reservations", [sample_element("release_reservations", {"reservation_id": "{hold}"})]),
    "order": ("place_orders", [{"channel": "web", "items": BASKET}]),
    "order unpaid": ("place_orders", [{"channel": "web", "items": BASKET, "status": "pending"}]),
    "sell": ("place_orders", [{"channel": "web", "items": BASKET, "handed_over": TILL}]),
    "sell offline": ("place_orders", [{"channel": "web", "items": BASKET[::-1], "handed_over": TILL | {"offline": True}}]),
    "convert": ("place_orders", [{"reservation_id": "{hold}"}]),
    "modify": (
        "modify_orders",
        [{"order_id": "X-1", "items": [{"sku_id": "S-1", "quantity": 4}, {"sku_id": "S-2", "quantity": 1}]}],
    ),
    "cancel": ("cancel_orders", [sample_element("cancel_orders", {"order_id": order}) for order in ("X-1", "X-2")]),
    "confirm": ("confirm_orders", [{"order_id": order} for order in ("X-2", "X-0")]),
    "put on hold": ("hold_orders", [{"order_id": order, "reason": "address?"} for order in ("X-2", "X-0")]),
    "let go": ("release_held_orders", [{"order_id": order} for order in ("X-2", "X-0")]),
    "ship": ("fulfill_orders", [sample_element("fulfill_orders", {"order_id": order}) for order in ("X-2", "X-1")]),
    "undo": ("cancel_fulfillments", [{"order_id": "X-3", "fulfillment_id": "{parcel}", "reason": "never collected"}]),
    "erase": ("erase_customers", [{"order_ids": ["X-2", "X-1"], "include_open": True}]),
    "expire holds": ("expire_reservations", []),
    "expire batches": ("expire_lots", []),
    "cancel unpaid": ("cancel_unpaid_orders", []),
}
# A command needs levels that it did not know when it locked; the API repeats it once.
REPEATED = (
    "a lot reached another warehouse in the meantime",
    "units were promised in the meantime",
    "an order was changed in the meantime",
)
# The rows where the first command stops: the last row of each table in key order, except the levels, which are locked first.
STOPS = {
    "level": "select from stock.stock_levels where sku_id = 'S-2' for update",
    "batch level": "select from stock.lot_levels where sku_id = 'S-2' for update",
    "hold": "select from stock.reservations for update",
    "order": "select from orders.orders where external_id = 'X-2' for update",
}
# The final rows, without times and transaction ids.
OUTCOME = """
    select jsonb_build_array(
      (select jsonb_agg(jsonb_build_array(warehouse_id, sku_id, on_hand, reserved, committed, unavailable, shortfall,
                                          safety_stock) order by warehouse_id, sku_id) from stock.stock_levels),
      (select jsonb_agg(jsonb_build_array(v.warehouse_id, v.sku_id, t.batch_number, v.on_hand, v.sellable, t.status)
                        order by v.warehouse_id, v.sku_id, t.batch_number)
         from stock.lot_levels v join stock.lots t using (region_id, lot_id)),
      (select jsonb_agg(jsonb_build_array(status, version) order by reservation_id) from stock.reservations),
      (select jsonb_agg(jsonb_build_array(sku_id, quantity) order by order_id, sku_id) from orders.backorders),
      (select jsonb_agg(jsonb_build_array(status, fulfillment_status, version, total_price) order by order_id)
         from orders.orders))"""


class Desk:
    """The connections of two callers and of the owner."""

    def __init__(self, server: Server, database: str) -> None:
        login = server.url(database, "authenticator", AUTHENTICATOR_PASSWORD)
        self.callers = [psycopg.connect(login), psycopg.connect(login)]
        self.owner = psycopg.connect(server.url(database), autocommit=True)
        self.blocker = psycopg.connect(server.url(database))
        self.pool = ThreadPoolExecutor(2)
        self.ids: dict[str, str] = {}

    def close(self) -> None:
        self.pool.shutdown()
        for connection in (*self.callers, self.owner, self.blocker):
            connection.close()

    def run(self, name: str, caller: int = 0, now: str = NOW, **more: Any) -> list[Any]:
        """The codes and documents that a command returned; tried again once, as the API does."""
        try:
            return self._run(name, self.callers[caller], now, more)
        except psycopg.errors.SerializationFailure as error:
            if error.diag.message_primary not in REPEATED:
                raise
        return self._run(name, self.callers[caller], now, more)

    def _run(self, name: str, connection: psycopg.Connection[Any], now: str, more: dict[str, Any]) -> list[Any]:
        command, elements = more.get("as_", COMMANDS.get(name)) or ("", [])
        job = command.startswith("expire_") or command == "cancel_unpaid_orders"
        with connection.transaction():
            connection.execute("reset role")
            connection.execute("select app.enter(%s, %s)", ["scoville_worker" if job else "admin", Jsonb({"sub": "tester"})])
            connection.execute("select set_config('scoville.now', %s, true)", [now])
            if job:
                return connection.execute(f"select jobs.{command}(1::smallint, 100)".encode()).fetchall()
            elements = [element | {name: self.ids[name] for name in self.ids if name in element} for element in elements]
            region = "" if command.startswith("save_") else "1::smallint, "
            query = f"select code, body from api.{command}({region}%s) order by ordinal"
            return connection.execute(query.encode(), [Jsonb(elements)]).fetchall()

    def set_up(self) -> None:
        """Two levels with two lots each, one of which expires; an active and an expired reservation; an unpaid order whose time
        is over, and three others, the last of them shipped in two parcels."""
        self.owner.execute(EMPTY)
        dated = {"batch_number": "B-0", "expiration_date": "2030-05-01"}
        receipts = [
            {**HERE, "sku_id": sku, "stock": 10, **batch} for sku in ("S-1", "S-2") for batch in ({"batch_number": "B-1"}, dated)
        ]
        receipts.append({**HERE, "warehouse_location": "WH-02", "stock": 1, "batch_number": "B-1"})
        holds = [{"channel": "web", "items": BASKET, "ttl_seconds": seconds} for seconds in (60, 86_400)]
        orders = [{"channel": "web", "items": BASKET, "external_id": name} for name in ("X-0", "X-1", "X-2", "X-3")]
        orders[0]["status"] = "pending"
        parcel = [{"order_id": "X-3", "items": BASKET[:1]}, {"order_id": "X-3"}]
        for command, elements in (
            *(("receive_stock", receipts), ("reserve_stock", holds), ("place_orders", orders)),
            *(("fulfill_orders", parcel[:1]), ("fulfill_orders", parcel[1:])),
        ):
            answers = self.run("", now=SOON, as_=(command, elements))
            assert [code for code, _ in answers] == [None] * len(elements)
            if command == "reserve_stock":
                self.ids["reservation_id"] = answers[1][1]["reservation_id"]
            elif command == "fulfill_orders":
                self.ids["fulfillment_id"] = answers[0][1]["fulfillments"][0]["fulfillment_id"]

    def outcome(self) -> Any:
        assert self.owner.execute("select * from stock.verify()").fetchall() == []
        assert self.owner.execute("select * from stock.stock_levels where available < 0").fetchall() == []
        return self.owner.execute(OUTCOME.encode()).fetchone()

    def one_after_the_other(self, first: str, second: str) -> Any:
        self.set_up()
        self.run(first)
        self.run(second)
        return self.outcome()

    def at_once(self, first: str, second: str, stop: str) -> Any:
        """The second starts when the first waits for the locked row. The row is unlocked when both wait or are done."""
        self.set_up()
        self.blocker.execute(STOPS[stop].encode())
        running = []
        for caller, name in enumerate((first, second)):
            running.append(self.pool.submit(self.run, name, caller))
            self._wait_until_still(running[-1], caller)
        self.blocker.rollback()
        for future in running:
            future.result(PATIENCE_SECONDS)
        return self.outcome()

    def _wait_until_still(self, running: Future[Any], caller: int) -> None:
        pid = self.callers[caller].info.backend_pid
        limit = time.monotonic() + PATIENCE_SECONDS
        query = "select from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
        while not running.done() and not self.owner.execute(query, [pid]).rowcount:
            assert time.monotonic() < limit, "it neither waits nor ends"
            threading.Event().wait(0.001)


@pytest.fixture(scope="module")
def desk(server: Server, module_clone: str) -> Iterator[Desk]:
    desk = Desk(server, module_clone)
    for command, elements in (
        ("save_warehouses", [{"warehouse_id": "WH-01"}, {"warehouse_id": "WH-02"}]),
        ("save_channels", [{"channel_id": "web", "warehouses": ["WH-01", "WH-02"]}]),
        ("save_skus", [{"sku_id": sku, "name": sku, "price": 10} for sku in ("S-1", "S-2")]),
    ):
        desk.run("", as_=(command, elements))
    yield desk
    desk.close()


@pytest.mark.timeout(3600)
def test_any_two_commands_at_once_come_out_as_one_after_the_other(desk: Desk) -> None:
    pairs = list(itertools.product(COMMANDS, repeat=2))
    draw = chance("pairs")
    chosen = draw.sample(pairs, min(LENGTH.pairs, len(pairs)))
    # A receipt locks rows that it creates, an order locks existing rows: only the key order prevents a deadlock.
    opposed = [("receive", "order"), ("order", "receive")]
    for first, second in [*opposed, *(pair for pair in chosen if pair not in opposed)]:
        serial = [desk.one_after_the_other(first, second), desk.one_after_the_other(second, first)]
        every = len(chosen) == len(pairs) or (first, second) in opposed
        for stop in STOPS if every else [draw.choice(list(STOPS))]:
            found = desk.at_once(first, second, stop)
            assert found in serial, (first, second, stop)
    rows = desk.owner.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchall()
    assert rows == [(0,)]
    print(f"\n{len(chosen)} pairs of {len(COMMANDS)} commands, {len(STOPS)} places to stop: no deadlock, no other outcome")
