"""Live updates as users see them: real sockets and streams of a real server, and stock changed through the API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from pyapp.identity.tokens import Role, mint_token
from tests.calls import CHANNEL
from tests.http.conftest import Api, key, run_server, shared_api, shared_database
from tests.patience import PATIENCE_SECONDS

__all__ = ["shared_api", "shared_database"]  # fixtures

QUIET_SECONDS = 0.3  # during which nothing must happen

PATH = "/v1/ws/inventory"
FLOOD = """
    with changed as (
      update stock.stock_levels set on_hand = on_hand - 1, version = version + 1, updated_at = now()
       where region_id = 1 and warehouse_id = %(warehouse)s and sku_id = any (%(skus)s) returning *)
    insert into events.outbox (region_id, type, audience, subject, sku_id, warehouse_ids, version, data, actor, occurred_at)
    select 1, 'stock.adjusted', 'warehouse', 'stock/' || warehouse_id || '/' || sku_id, sku_id, array[warehouse_id], version,
           jsonb_build_object('sku_id', sku_id, 'warehouse_location', warehouse_id, 'version', version, 'new',
             jsonb_build_object('sku_id', sku_id, 'warehouse_location', warehouse_id, 'stock', on_hand, 'available', available,
               'reserved', reserved, 'committed', committed, 'unavailable', unavailable, 'safety_stock', safety_stock,
               'incoming', incoming, 'shortfall', shortfall, 'version', version,
               'updated_at', app.rfc3339(updated_at))), 'flood', now()
      from changed order by sku_id"""


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Waits for the first true value and returns it."""
    limit = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < limit, "the condition was not met in time"
        time.sleep(0.01)
    return value


class Socket:
    """A client of the inventory socket that records the levels and checks their order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.levels: dict[tuple[str, str], dict[str, Any]] = {}
        self.place = ""
        self.told: list[dict[str, Any]] = []

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def subscribe(self, **what: Any) -> None:
        self.send(type="subscribe", **what)

    def receive(self, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """Receives and records the next message; no level may go back or repeat."""
        message: dict[str, Any] = json.loads(self.connection.recv(seconds))
        self.told.append(message)
        if message["type"] == "reset":
            self.levels, self.place = {}, ""
        if message["type"] in ("snapshot", "changes"):
            for level in message["levels"]:
                name = (level["warehouse_location"], level["sku_id"])
                known = self.levels.get(name)
                assert known is None or known["version"] < level["version"], (known, level)
                self.levels[name] = level
            self.place = message["place"]
        return message

    def snapshot(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Receives a whole snapshot."""
        while True:
            message = self.receive()
            assert message["type"] == "snapshot", message
            if not message["more"]:
                return self.levels

    def until(self, warehouse: str, sku: str, **wanted: Any) -> dict[str, Any]:
        """Receives until a level has these values."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while not wanted.items() <= (level := self.levels.get((warehouse, sku), {})).items():
            self.receive(max(0.0, limit - time.monotonic()))
        return level

    def is_quiet(self, seconds: float = QUIET_SECONDS) -> bool:
        try:
            message = self.receive(seconds)
        except TimeoutError:
            return True
        raise AssertionError(message)

    def reach(self, place: str) -> None:
        """Receives until it has everything up to this position: after a reset, a whole snapshot."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while not self.place or self.told[-1].get("more") or _seq(self.place) < _seq(place):
            self.receive(max(0.0, limit - time.monotonic()))

    def close_code(self) -> int | None:
        """Receives until the server closes; returns the close code."""
        try:
            while True:
                self.receive()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


class Onlookers:
    """The clients of a server."""

    def __init__(self, api: Api, stack: ExitStack) -> None:
        self.api = api
        self.live = api.live
        self.stack = stack

    def token(self, role: Role, **claims: Any) -> str:
        return mint_token(self.api.settings, role, **claims)

    def connect(
        self, role: Role | None = "admin", path: str = PATH, headers: dict[str, str] | None = None, **claims: Any
    ) -> Socket:
        """A socket, opened with a token of the role, or without a token."""
        more = {"Authorization": f"Bearer {self.token(role, **claims)}"} if role else {}
        url = self.api.url.replace("http://", "ws://") + path
        # No queue limit: a test that only sends must hear at once that it is cut off.
        connection = connect(url, additional_headers={**more, **(headers or {})}, max_size=None, max_queue=None, compression=None)
        return Socket(self.stack.enter_context(connection))

    def stream(self, role: Role = "admin", after: str | None = None, types: str | None = None, **claims: Any) -> Stream:
        """A stream, opened like a reconnecting EventSource: with the last ID in a header."""
        client = self.stack.enter_context(httpx2.Client(base_url=self.api.url, timeout=PATIENCE_SECONDS))
        headers = {"Authorization": f"Bearer {self.token(role, **claims)}", "Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = after
        query = {"types": types} if types else {}
        response = self.stack.enter_context(client.stream("GET", "/v1/events/stream", headers=headers, params=query))
        if response.status_code == 200:
            assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert response.headers["cache-control"] == "no-store"
        return Stream(response)


class Shop(Onlookers):
    """The clients, and stock that changes."""

    def __init__(self, api: Api, connection: psycopg.Connection[Any], stack: ExitStack) -> None:
        super().__init__(api, stack)
        self.connection = connection  # connected as superuser
        self.admin = api.client("admin")

    def receive(self, *skus: str, warehouse: str = "WH-01", stock: int = 100) -> None:
        """Creates SKUs with stock."""
        receipts = [
            {"sku_id": sku, "name": sku, "price": 5, "warehouse_location": warehouse, "stock": stock, "batch_number": "B-1"}
            for sku in skus
        ]
        for start in range(0, len(receipts), 500):
            self.done(self.admin.post("/v1/inventory", json=receipts[start : start + 500], headers=key()))
        self.settle()

    def adjust(self, sku: str, delta: int = -1, warehouse: str = "WH-01") -> None:
        change = {"sku_id": sku, "warehouse_location": warehouse, "delta": delta, "reason_code": "correction"}
        self.done(self.admin.post("/v1/inventory/adjust", json=change, headers=key()))

    def flood(self, *skus: str, rounds: int = 1, warehouse: str = "WH-01") -> None:
        """Changes the level of each SKU by one unit per round, like adjustments, but without the ledger and much faster."""
        for _ in range(rounds):
            self.connection.execute(FLOOD, {"skus": list(skus), "warehouse": warehouse})

    def order(self, sku: str, quantity: int = 1, channel: str = "web") -> None:
        line = {"sku_id": sku, "quantity": quantity}
        customer = {"name": "J", "email": "j@example.com", "address": "1"}
        draft = {"customer": customer, "items": [line], "channel": channel}
        self.done(self.admin.post("/v1/orders", json=draft, headers=key()))

    @staticmethod
    def done(response: httpx2.Response) -> dict[str, Any]:
        assert response.status_code in (200, 201, 207), response.text
        if response.status_code == 207:
            assert {result["status"] for result in response.json()["results"]} <= {200, 201}, response.text
        return dict(response.json())

    def settle(self) -> str:
        """Waits until the log contains all changes and the hub has read it; returns the position."""

        def at_the_end() -> str | None:
            rows = self.connection.execute(
                "select epoch || ':' || last_seq from events.stream where not exists (select from events.outbox)"
            ).fetchall()
            return str(self.live.hub.position) if rows == [(str(self.live.hub.position),)] else None

        return str(wait_for(at_the_end))


@pytest.fixture
def shop(authenticator_url: str, connection: psycopg.Connection[Any]) -> Iterator[Shop]:
    """A server on this test's own database, with warehouses and channels but no stock."""
    with ExitStack() as stack:
        api = stack.enter_context(run_server(authenticator_url))
        shop = Shop(api, connection, stack)
        shop.done(shop.admin.post("/v1/warehouses", json=[{"warehouse_id": code, "name": code} for code in ("WH-01", "WH-02")]))
        channels = [CHANNEL, {**CHANNEL, "channel_id": "pos", "warehouses": ["WH-02"]}]
        shop.done(shop.admin.post("/v1/channels", json=channels))
        shop.settle()  # a change of a channel resets sockets
        yield shop


@pytest.fixture
def onlookers(shared_api: Api) -> Iterator[Onlookers]:
    """On a shared server, for tests that change nothing."""
    with ExitStack() as stack:
        yield Onlookers(shared_api, stack)


class Stream:
    """A client of the event stream that checks the order."""

    def __init__(self, response: httpx2.Response) -> None:
        self._lines = response.iter_lines()
        self.place = ""
        self.events: list[tuple[str, dict[str, Any]]] = []

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next event: its type and its data. An event without data only advances the position."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            if "id" in fields:
                assert fields.get("event") == "reset" or _seq(fields["id"]) >= _seq(self.place), (self.place, fields)
                assert "data" not in fields or fields["id"] != self.place, fields
                self.place = fields["id"]
            if "data" in fields:
                self.events.append((fields["event"], json.loads(fields["data"])))
                return self.events[-1]
            fields = {}
        raise EOFError

    def until(self, type_: str) -> dict[str, Any]:
        while True:
            found, data = self.next()
            if found == type_:
                return data

    def seqs(self) -> list[int]:
        return [data["seq"] for type_, data in self.events if type_ != "reset"]


def _seq(place: str) -> int:
    return int(place.rpartition(":")[2] or -1)
