"""A release adds one attribute to composite types and constructors while clients order, reserve and adjust. No request fails,
neither between its migration and its replay nor after."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from pyapp.deploy.migrate import DeployError, migrate
from pyapp.files import ROOT
from tests.battery.lengths import LONG, chance
from tests.conftest import AsRole

CLIENTS = 8
ACTS = 60 if LONG else 8  # per client and phase: PostgreSQL caches a plan by the sixth call
PAUSE_SECONDS = 0.05
SECONDS_MAX = 300.0
SKUS = ["S-1", "S-2", "S-3"]
TRANSIENT = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)  # the API repeats these
MIGRATION = """set local lock_timeout = '500ms';
alter type stock.movement add attribute transfer_id bigint;
alter type stock.counters add attribute withheld bigint;
alter type orders.draft add attribute gift_message text;
alter table orders.orders add column gift_message text;
"""
IS_MIGRATED = "select count(*) from pg_attribute where attname = 'gift_message' and attrelid = 'orders.orders'::regclass"
# The next release: one more parameter at the end, like the attribute.
CONSTRUCTORS = {
    "stock/levels/new_movement.sql": ("p_cause", "text", "null", "p_transfer_id", "bigint"),
    "stock/levels/new_counters.sql": ("p_shortfall", "bigint", "0", "p_withheld", "bigint"),
    "orders/new_draft.sql": ("p_has_rules", "boolean", "false", "p_gift_message", "text"),
}
# The deploy waits between its migration and its replay until this file exists.
GO = "go"
WAIT = f"""
import time


def wait(connection):
    while not (SQL.parent / "{GO}").exists():
        time.sleep(0.01)


step(wait)
"""


def next_release(root: Path) -> None:
    """The source tree of the next release."""
    for folder in ("migrations", "sql"):
        shutil.copytree(ROOT / folder, root / folder)
    (root / "migrations" / "0002_add_transfers.sql").write_text(MIGRATION)
    hook = root / "migrations" / "post-apply.py"
    hook.write_text(hook.read_text().replace("\nstep(", f"{WAIT}\nstep(", 1))
    for name, (last, kind, default, parameter, more) in CONSTRUCTORS.items():
        path = root / "sql" / "functions" / name
        text = path.read_text()
        for old, new in {
            f"  {last} {kind} default {default}\n": f"  {last} {kind} default {default},\n  {parameter} {more} default null\n",
            f"{last})::": f"{last}, {parameter})::",
            f"{kind})\n  to ": f"{kind}, {more})\n  to ",
            f"{kind}) to ": f"{kind}, {more}) to ",
        }.items():
            text = text.replace(old, new)
        assert text.count(parameter) == 2, text
        path.write_text(text)


class Client(threading.Thread):
    """A client that orders, reserves and adjusts until `stopping` is set, and records errors."""

    def __init__(self, as_role: AsRole, number: int, draw: Random) -> None:
        super().__init__()
        self.as_role = as_role
        self.name = f"client-{number}"
        self.draw = draw
        self.acts = 0
        self.failures: list[str] = []
        self.stopping = False

    def run(self) -> None:
        while not self.stopping:
            try:
                self.draw.choice((self.order, self.order, self.convert, self.adjust))()
            except TRANSIENT:
                continue
            except psycopg.Error as error:
                self.failures.append(f"{error.sqlstate} {error}")
            self.acts += 1
            time.sleep(PAUSE_SECONDS)

    def order(self, **more: Any) -> None:
        self._send("sales", "place_orders", {"customer": {"name": self.name}, "items": self._items(), **more})

    def convert(self) -> None:
        body = self._send("sales", "reserve_stock", {"items": self._items(), "ttl_seconds": 60})
        if "reservation_id" in body:
            self._send("sales", "place_orders", {"customer": {"name": self.name}, "reservation_id": body["reservation_id"]})

    def adjust(self) -> None:
        delta = {"sku_id": self.draw.choice(SKUS), "warehouse_location": "WH-1", "delta": self.draw.choice((-1, 1, 3))}
        self._send("warehouse", "adjust_stock", {**delta, "reason_code": "correction", "note": "recount"})

    def _items(self) -> list[dict[str, Any]]:
        return [{"sku_id": sku, "quantity": self.draw.randint(1, 2)} for sku in self.draw.sample(SKUS, 2)]

    def _send(self, role: str, command: str, element: dict[str, Any]) -> dict[str, Any]:
        with self.as_role(role, sub=self.name, channels=["web"], warehouses=["WH-1", "WH-2"]) as connection:
            statement = f"select code, body from api.{command}(1::smallint, %s::jsonb)".encode()
            [(code, body)] = connection.execute(statement, [json.dumps([element])], prepare=True).fetchall()
        if code not in (None, "ST001"):
            self.failures.append(f"{code} {body}")
        return dict(body)


def stock_up(as_role: AsRole) -> None:
    with as_role("admin") as c:
        for command, elements in {
            "save_warehouses": [{"warehouse_id": "WH-1"}, {"warehouse_id": "WH-2"}],
            "save_channels": [{"channel_id": "web", "warehouses": ["WH-1", "WH-2"]}],
        }.items():
            c.execute(f"select * from api.{command}(%s::jsonb)".encode(), [json.dumps(elements)])
        receipts = [
            {"sku_id": sku, "name": sku, "price": 1, "warehouse_location": warehouse, "stock": 400, "batch_number": "B"}
            for sku in SKUS
            for warehouse in ("WH-1", "WH-2")
        ]
        rows = c.execute("select code from api.receive_stock(1::smallint, %s::jsonb)", [json.dumps(receipts)])
        assert set(rows) == {(None,)}


def wait_for(condition: Callable[[], bool], failures: Callable[[], list[str]]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not condition():
        assert failures() == []
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.timeout(600)
def test_a_release_with_more_attributes_fails_no_request(
    tmp_path: Path, as_role: AsRole, connection: psycopg.Connection[Any], database_url: str
) -> None:
    next_release(tmp_path)
    stock_up(as_role)
    draw = chance("upgrade")
    clients = [Client(as_role, number, Random(draw.random())) for number in range(CLIENTS)]

    def failures() -> list[str]:
        return [failure for client in clients for failure in client.failures]

    def let_them_act() -> None:
        marks = [client.acts + ACTS for client in clients]
        wait_for(lambda: all(c.acts >= mark for c, mark in zip(clients, marks, strict=True)), failures)
        assert connection.execute("select * from stock.verify()").fetchall() == []

    def deploy() -> None:
        while True:
            try:
                migrate(database_url, root=tmp_path)
            except DeployError as error:
                if "lock timeout" not in str(error):
                    raise
            else:
                return

    pool = ThreadPoolExecutor(1)
    for client in clients:
        client.start()
    try:
        let_them_act()
        deployment = pool.submit(deploy)
        wait_for(lambda: connection.execute(IS_MIGRATED).fetchone() == (1,), failures)
        let_them_act()
        (tmp_path / GO).touch()
        deployment.result(SECONDS_MAX)
        let_them_act()
    finally:
        (tmp_path / GO).touch()
        for client in clients:
            client.stopping = True
        for client in clients:
            client.join()
        pool.shutdown()
    assert failures() == []
    names = "select proname from pg_proc where pronamespace = 'stock'::regnamespace and proname ~ '^new_(movement|counters)'"
    assert sorted(connection.execute(names).fetchall()) == [("new_counters",), ("new_movement",)]
    assert connection.execute("select (stock.new_movement(p_transfer_id => 7)).transfer_id").fetchone() == (7,)
    assert connection.execute("select * from stock.verify()").fetchall() == []
