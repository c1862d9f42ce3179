"""Clients that order, change, ship, cancel, reserve and count, and that record the answer to each act."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.battery.system import System

SKUS = [f"S-{number:02}" for number in range(20)]
WAREHOUSES = ("WH-01", "WH-02")
STOCK = 60  # per SKU and warehouse: few enough to sell out
LINES = 5
CHANNEL = "web"
ABANDONED = 0.1  # the share of acts with an unknown outcome that are not sent again
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 90.0  # while the system is down

Outcome = str  # done, refused, unknown


@dataclass
class Act:
    """One act of a client, and its outcome for the client."""

    kind: str
    key: str
    body: dict[str, Any]
    order_id: str | None = None
    outcome: Outcome = "unknown"
    code: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    replayed: bool = False


class Client(threading.Thread):
    """A client that acts until `stopping` is set. It sends each act with one idempotency key until an answer arrives."""

    def __init__(self, system: System, number: int, chance: random.Random) -> None:
        super().__init__()
        self.system = system
        self.number = number
        self.chance = chance
        self.admin = system.client("admin", subject=f"admin-{number}")
        self.shop = system.client("sales", subject=f"shop-{number}", channels=[CHANNEL])
        self.acts: list[Act] = []
        self.orders: list[str] = []  # orders that no act has changed
        self.holds: list[str] = []
        self.wrong: list[str] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        kinds = [self.order] * 6 + [
            self.modify,
            self.cancel,
            self.ship,
            self.ship,
            self.receive,
            self.adjust,
            self.hold,
            self.convert,
        ]
        while not self.stopping.is_set():
            self.chance.choice(kinds)()

    # The acts of a client

    def order(self) -> None:
        act = self._act("order", customer={"name": f"Client {self.number}"}, items=self._items())
        act.body["external_id"] = act.key
        self._send(act, lambda: self.shop.post("/v1/orders", json=act.body, headers={"Idempotency-Key": act.key}))
        if act.outcome == "done":
            self.orders.append(act.answer["order_id"])

    def hold(self) -> None:
        act = self._act("hold", items=self._items(), note="", ttl_seconds=self.chance.choice([2, 600]))
        act.body["note"] = act.key
        self._send(act, lambda: self.shop.post("/v1/reservations", json=act.body, headers={"Idempotency-Key": act.key}))
        if act.outcome == "done":
            self.holds.append(act.answer["reservation_id"])

    def convert(self) -> None:
        if not self.holds:
            return
        act = self._act("order", customer={"name": "Holder"}, reservation_id=self.holds.pop())
        act.body["external_id"] = act.key
        self._send(act, lambda: self.shop.post("/v1/orders", json=act.body, headers={"Idempotency-Key": act.key}))
        if act.outcome == "done":
            self.orders.append(act.answer["order_id"])

    def modify(self) -> None:
        if act := self._of_order("modify", items=self._items()):
            self._send(act, lambda: self.shop.patch(self._path(act), json=act.body, headers={"Idempotency-Key": act.key}))

    def cancel(self) -> None:
        if act := self._of_order("cancel", reason="battery"):
            path = f"{self._path(act)}/cancel"
            self._send(act, lambda: self.shop.put(path, json=act.body, headers={"Idempotency-Key": act.key}))

    def ship(self) -> None:
        if act := self._of_order("ship"):
            act.body["tracking_number"] = act.key
            path = f"{self._path(act)}/fulfillments"
            self._send(act, lambda: self.admin.post(path, json=act.body, headers={"Idempotency-Key": act.key}))

    def receive(self) -> None:
        place = self._place()
        act = self._act("stock", **place, stock=self.chance.randint(1, 30), batch_number=f"B-{self.chance.randint(1, 3)}")
        self._move(act, "/v1/inventory")

    def adjust(self) -> None:
        act = self._act("stock", **self._place(), delta=self.chance.choice([-3, -2, -1, 1, 2]), reason_code="correction")
        self._move(act, "/v1/inventory/adjust")

    def _move(self, act: Act, path: str) -> None:
        act.body["note"] = act.key
        self._send(act, lambda: self.admin.post(path, json=act.body, headers={"Idempotency-Key": act.key}))

    # Sending

    def _act(self, kind: str, **body: Any) -> Act:
        self.acts.append(Act(kind, f"{kind}-{self.number}-{len(self.acts)}", body))
        return self.acts[-1]

    def _of_order(self, kind: str, **body: Any) -> Act | None:
        """Each order is changed once, so one act determines its final state."""
        if not self.orders:
            return None
        order_id = self.orders.pop(self.chance.randrange(len(self.orders)))
        act = self._act(kind, **body)
        act.order_id = order_id
        return act

    @staticmethod
    def _path(act: Act) -> str:
        return f"/v1/orders/{act.order_id}"

    def _items(self) -> list[dict[str, Any]]:
        return [{"sku_id": sku, "quantity": self.chance.randint(1, 3)} for sku in self.chance.sample(SKUS, LINES)]

    def _place(self) -> dict[str, str]:
        return {"sku_id": self.chance.choice(SKUS), "warehouse_location": self.chance.choice(WAREHOUSES)}

    def _send(self, act: Act, send: Callable[[], httpx2.Response]) -> None:
        """Sends the act until an answer arrives. Sometimes gives up after the first lost answer."""
        abandoned = self.chance.random() < ABANDONED
        limit = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < limit:
            act.attempts += 1
            try:
                response = send()
            except httpx2.HTTPError:
                response = None
            if response is not None and self._take(act, response):
                return
            if abandoned or self.stopping.wait(PAUSE_SECONDS):
                return
        self.wrong.append(f"{act.key}: no answer in {PATIENCE_SECONDS:g} s")

    def _take(self, act: Act, response: httpx2.Response) -> bool:
        """Whether this answer is final. 503 and a key in flight are not final; any other 5xx is a fault."""
        problem = response.headers["content-type"] == "application/problem+json"
        act.code = response.json()["code"] if problem else None
        if response.status_code == 503 or act.code == "ID002":
            if not problem or (response.status_code == 503 and "retry-after" not in response.headers):
                self.wrong.append(f"{act.key}: {response.status_code} {response.text[:200]}")
            return False
        if response.status_code >= 500 or response.status_code in (400, 401, 403, 404, 422):
            self.wrong.append(f"{act.key}: {response.status_code} {response.text[:200]}")
        act.outcome = "done" if response.status_code < 300 else "refused"
        act.answer = response.json()
        act.replayed = "idempotency-replayed" in response.headers
        return True


def stock_up(system: System, *, units: int = STOCK) -> None:
    """Creates the warehouses, the channel, and this number of units per SKU and warehouse."""
    admin = system.client("admin")
    channel = {"channel_id": CHANNEL, "name": "Web", "kind": "web", "pricing": "list", "warehouses": list(WAREHOUSES)}
    receipts = [
        {"sku_id": sku, "name": sku, "price": 5, "warehouse_location": warehouse, "stock": units, "batch_number": "B-1"}
        for sku in SKUS
        for warehouse in WAREHOUSES
    ]
    sent = (
        ("/v1/warehouses", [{"warehouse_id": code, "name": code, "region_id": 1} for code in WAREHOUSES]),
        ("/v1/inventory", receipts),
        ("/v1/channels", [channel]),
    )
    for path, body in sent:
        response = admin.post(path, json=body, headers={"Idempotency-Key": f"first {path}"})
        assert response.status_code == 207, response.text
        assert {result["status"] for result in response.json()["results"]} <= {200, 201}, response.text


def run_clients(
    system: System,
    number: int,
    chance: random.Random,
    meanwhile: Callable[[], object],
    enough: Callable[[list[Client]], bool] = lambda _: True,
) -> list[Client]:
    """Runs clients while `meanwhile` runs and until they have done enough. Returns them when they have ended."""
    clients = [Client(system, n, random.Random(chance.random())) for n in range(number)]
    for client in clients:
        client.start()
    try:
        meanwhile()
        limit = time.monotonic() + PATIENCE_SECONDS
        while not enough(clients) and time.monotonic() < limit:
            time.sleep(PAUSE_SECONDS)
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(PATIENCE_SECONDS)
    assert not [client for client in clients if client.is_alive()]
    return clients
