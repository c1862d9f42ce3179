"""Commands called by SQL, without the API: what the API calls, over the same kind of connection."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
from psycopg.types.numeric import Int2

from bench.cost import cpu_seconds
from bench.system import System

ENTER = "select app.enter($1, $2)"
ORDER = {
    "channel": "web",
    "customer": {"name": "Jane Doe", "email": "jane@example.com", "address": "123 Hot St, Spicetown, USA"},
    "items": [{"sku_id": "SKU-0000", "quantity": 1}],
}
LEVEL = {"sku_id": "SKU-0000", "warehouse_location": "WH-1"}
# An element of each command; fulfill_orders and cancel_orders take orders that were placed for them.
ELEMENTS: dict[str, dict[str, Any]] = {
    "place_orders": ORDER,
    "receive_stock": LEVEL | {"stock": 1, "batch_number": "B-1"},
    "adjust_stock": LEVEL | {"delta": -1, "reason_code": "correction"},
    "reserve_stock": {"channel": "web", "items": ORDER["items"]},
    "fulfill_orders": {},
    "cancel_orders": {},
}
SEQUENCER = "jobs.sequence_events"
FUNCTIONS = (*(f"api.{command}" for command in ELEMENTS), SEQUENCER)
CLAIMS = {"sub": "bench", "region": 1, "channels": ["web"], "warehouses": ["WH-1"]}


class Session:
    """A connection that sends batches, each in one transaction and one round trip. Everything is about one hot SKU.

    `settings` are those that only a superuser may change.
    """

    def __init__(self, system: System, role: str = "sales", **settings: str) -> None:
        self._system = system
        self._role = role
        url = system.owner_url if settings else system.login_url
        self.connection = psycopg.connect(url, autocommit=True, application_name="bench")
        for name, value in settings.items():
            self.connection.execute("select set_config(%s, %s, false)", [name, value])
        self.connection.execute("set session authorization authenticator")
        self._control, self._call = psycopg.RawCursor(self.connection), psycopg.RawCursor(self.connection)
        self.placed = 0

    def elements(self, command: str, number: int) -> list[dict[str, Any]]:
        """A batch of that many elements, each with its own key."""
        elements = [ELEMENTS[command]] * number
        if command in ("fulfill_orders", "cancel_orders"):
            elements = [
                {"order_id": row[3]["order_id"]} for row in self.send("place_orders", self.elements("place_orders", number))
            ]
        metas = ({"actor": "bench", "request_id": uuid.uuid4().hex, "idempotency_key": str(uuid.uuid4())} for _ in elements)
        return [element | {"meta": meta} for element, meta in zip(elements, metas, strict=True)]

    def send(self, command: str, elements: list[dict[str, Any]]) -> list[Any]:
        """The results of a batch, all of them accepted."""
        rows = self._run(self._role, f"select * from api.{command}($1, $2)", Int2(1), json.dumps(elements))
        assert all(row[1] is None for row in rows), rows[:1]
        self.placed += len(rows) if command == "place_orders" else 0
        return rows

    def place(self, number: int) -> float:
        """Places a batch of orders. Returns its milliseconds."""
        elements = self.elements("place_orders", number)
        started = time.perf_counter()
        self.send("place_orders", elements)
        return (time.perf_counter() - started) * 1000

    def nothing(self) -> float:
        """The same transaction and round trip with an empty statement. Returns its milliseconds, like the next two."""
        return self._time(self._role, "select 1")

    def sequence(self) -> float:
        """Moves events into the log, as the sequencer does."""
        return self._time("scoville_worker", f"select {SEQUENCER}(1000)")

    def notify(self) -> float:
        """Notifies those who read the log, as the sequencer does."""
        return self._time("scoville_worker", "select pg_notify('scoville_events', '')")

    def _time(self, role: str, statement: str) -> float:
        started = time.perf_counter()
        self._run(role, statement)
        return (time.perf_counter() - started) * 1000

    def _run(self, role: str, statement: str, *values: Any) -> list[Any]:
        with self.connection.pipeline():
            self._control.execute("begin")
            self._control.execute(ENTER, [role, json.dumps(CLAIMS)], prepare=True)
            self._call.execute(statement.encode(), values, prepare=True)
            self._control.execute("commit")
        return self._call.fetchall()

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.connection.info.backend_pid)

    def measure(self, function: str, number: int) -> tuple[float, int]:
        """Sends a batch to the function, or sequences its events. Returns the CPU milliseconds and the bytes of WAL of that."""
        act: Callable[[], object] = self.sequence
        if function == SEQUENCER:
            self.place(number)
        else:
            command = function.removeprefix("api.")
            act = partial(self.send, command, self.elements(command, number))
        wal, cpu = self._system.wal_bytes(), self.cpu_seconds()
        act()
        return (self.cpu_seconds() - cpu) * 1000, self._system.wal_bytes() - wal

    def report(self) -> None:
        """Makes PostgreSQL's statistics include all that this session has done."""
        self.connection.execute("select pg_stat_force_next_flush()")
        self.connection.execute("select 1")

    def close(self) -> None:
        self.connection.close()
