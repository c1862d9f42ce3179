"""Nonstop orders and receipts, six webhooks, and repeated SIGKILLs of the worker and of PostgreSQL.

Each kill interrupts deliveries: one slow webhook always has requests in progress, and its concurrency is so high that the
claims of a killed worker do not block the rest until they expire. In the end every acknowledged order must
be in the log, and every event of the log must have reached each subscribed webhook at least once: with the same ID and body
in each attempt, a distinct timestamp and a valid signature. The receiver is independent: it shares no code with the sender.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import psycopg
import standardwebhooks

from tests.battery.system import Cluster
from tests.calls import CHANNEL, SKU
from tests.conftest import ROOT
from tests.http.conftest import Api, key, run_server
from tests.lazy import imported_at_first_use
from tests.patience import PATIENCE_SECONDS
from tests.webhooks.conftest import OK, Received, Sink, run_sink, status

svix = imported_at_first_use("svix")
SKUS = [f"S-{number:02}" for number in range(10)]
WRITERS = 2
PAUSE_SECONDS = 0.08  # between two requests of a writer
SLOW_SECONDS = 0.2  # response time of the slow webhook
FLAKY = 7  # one message in this many is refused at first
SVIX = 20  # svix verifies one attempt in this many, too; it is built on the other library
FRESH_SECONDS = 10  # between signature and arrival, on a busy machine
APART_SECONDS = 1.9  # between arrivals: two attempts this far apart have different seconds
QUARANTINED_MAX = 3
FAULT_SECONDS_MAX = 90
SETTLE_SECONDS_MAX = 180
# The real worker, with a shorter claim time.
WORKER = """
import sys
from pyapp.cli import main
from pyapp.outbound.webhooks import outbound
outbound.run.__kwdefaults__["claim_seconds"] = int(sys.argv.pop(1))
main()
"""


class Event(NamedTuple):
    """A row of the log."""

    message_id: str
    type: str
    channel: str | None
    subject: str


class Attempt(NamedTuple):
    """A received request. The body as its hash."""

    at: float
    timestamp: int
    body: bytes
    accepted: bool


@dataclass
class Hook:
    """A webhook: its owner, its filter, and what its receiver has seen."""

    wants: Callable[[Event], bool]
    event_types: list[str] = field(default_factory=list)
    channels: tuple[str, ...] = ()  # of the integration that owns it; empty if an admin owns it
    flaky: bool = False
    slow: bool = False
    concurrency: int = 10
    webhook_id: str = ""
    secrets: list[str] = field(default_factory=list)
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)

    def settings(self, url: str) -> dict[str, Any]:
        return {"url": url, "event_types": self.event_types, "concurrency": self.concurrency}


def hooks() -> dict[str, Hook]:
    """The webhooks by path. Python repeats each filter, so the expectation does not depend on the product's filter."""
    placed = ["order.placed"]
    return {
        "/all": Hook(lambda _: True),
        "/orders": Hook(lambda event: event.type.startswith("order."), ["order.*"]),
        "/slow": Hook(lambda event: event.type == "order.placed", placed, slow=True, concurrency=100),
        "/flaky": Hook(lambda event: event.type in ("order.placed", "stock.received"), [*placed, "stock.received"], flaky=True),
        "/rotated": Hook(lambda event: event.type == "order.placed", placed),
        "/pos": Hook(lambda event: event.channel == "pos" or event.type == "sku.changed", channels=("pos",)),
    }


class Receiver:
    """The receiver of all webhooks; records each message."""

    def __init__(self, made: dict[str, Hook]) -> None:
        self.hooks = made
        self.wrong: list[object] = []
        self.under_way = 0
        self.attempts = 0
        self.by_svix = 0

    async def answer(self, received: Received) -> bytes:
        self.under_way += 1
        try:
            return await self._judge(received)
        finally:
            self.under_way -= 1

    async def _judge(self, received: Received) -> bytes:
        hook, message_id = self.hooks[received.path], received.headers["webhook-id"]
        self.attempts += 1
        verified = self._verify(hook, received)
        if hook.slow:
            await asyncio.sleep(SLOW_SECONDS)
        seen = hook.attempts.setdefault(message_id, [])
        refused = hook.flaky and not seen and hashlib.sha256(message_id.encode()).digest()[0] % FLAKY == 0
        seen.append(
            Attempt(
                received.at,
                int(received.headers["webhook-timestamp"]),
                hashlib.sha256(received.body).digest(),
                verified and not refused,
            )
        )
        if not verified:
            self.wrong.append(received)
            return status(401)
        return status(503) if refused else OK

    def _verify(self, hook: Hook, received: Received) -> bool:
        both = self.attempts % SVIX == 0
        self.by_svix += both
        for secret in hook.secrets:
            with suppress(standardwebhooks.WebhookVerificationError):
                standardwebhooks.Webhook(secret).verify(received.body, received.headers)
                if both:
                    svix.webhooks.Webhook(secret).verify(received.body, received.headers)
                return True
        return False


class Writer(threading.Thread):
    """Places orders and receives stock until stopped. Retries a request without a response under the same key."""

    def __init__(self, client: httpx2.Client, seed: int) -> None:
        super().__init__()
        self._client = client
        self._random = random.Random(seed)
        self._ended = threading.Event()
        self.orders: list[str] = []
        self.repeats = 0

    def stop(self) -> None:
        self._ended.set()
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive()

    def run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            sku = self._random.choice(SKUS)
            if self._random.random() < 0.2:
                self._do("/v1/inventory", {**SKU, "sku_id": sku, "name": sku, "stock": 50})
            else:
                customer = {"name": "Zoë 🌶️", "email": "zoe@example.com", "address": "1"}
                line = {"sku_id": sku, "quantity": self._random.randint(1, 3)}
                draft = {"customer": customer, "items": [line], "channel": self._random.choice(("web", "pos"))}
                self.orders.append(self._do("/v1/orders", draft)["order_id"])

    def _do(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"idempotency-key": str(uuid.uuid4())}
        while True:
            with suppress(httpx2.TransportError):
                response = self._client.post(path, json=body, headers=headers)
                if response.status_code == 201:
                    return response.json()
                assert response.status_code in (409, 503), response.text  # in progress, or the database is down
            self.repeats += 1
            time.sleep(0.1)


class Worker:
    """`scoville worker`, one process at a time."""

    def __init__(self, url: str, claim_seconds: int) -> None:
        self._command = [sys.executable, "-c", WORKER, str(claim_seconds), "worker"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCOVILLE_", "DATABASE_URL", "PG"))}
        self._environment = {**kept, "DATABASE_URL": url, "SCOVILLE_WEBHOOK_ALLOW": "127.0.0.1", "PYTHONPATH": str(ROOT)}
        self.start()

    def start(self) -> None:
        # Discarded: the worker logs every database outage, and this test causes many.
        self._process = subprocess.Popen(self._command, env=self._environment, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(PATIENCE_SECONDS)

    def is_alive(self) -> bool:
        return self._process.poll() is None


class Shop:
    """All running parts."""

    def __init__(self, cluster: Cluster, api: Api, sink: Sink) -> None:
        self.cluster = cluster
        self.api = api
        self.sink = sink
        self.admin = api.client("admin")
        self.hooks = hooks()
        self.receiver = Receiver(self.hooks)
        sink.answer = self.receiver.answer
        self.start = 0  # the last event before the webhooks existed

    def open(self) -> None:
        """Creates stock to sell, and the webhooks."""
        for code in ("WH-01", "WH-02"):
            assert self.admin.post("/v1/warehouses", json={"warehouse_id": code, "name": code}).status_code == 201
        channels = [CHANNEL, {**CHANNEL, "channel_id": "pos"}]
        assert self.admin.post("/v1/channels", json=channels).status_code == 207
        receipts = [{**SKU, "sku_id": sku, "name": sku, "stock": 1_000_000} for sku in SKUS]
        assert self.admin.post("/v1/inventory", json=receipts, headers=key()).status_code == 207
        self.wait(lambda: self.ask("select not exists (select from events.outbox)") == [(True,)], 30)
        [(self.start,)] = self.ask("select last_seq from events.stream")
        for path, hook in self.hooks.items():
            client = self.api.client("integration", channels=hook.channels) if hook.channels else self.admin
            response = client.post("/v1/webhooks", json=hook.settings(self.sink.url + path))
            assert response.status_code == 201, response.text
            hook.webhook_id = response.json()["webhook_id"]
            hook.secrets.append(response.json()["secret"])

    def rotate(self) -> None:
        """Rotates one webhook's secret; both secrets sign from now on."""
        hook = self.hooks["/rotated"]
        path = f"/v1/webhooks/{hook.webhook_id}/rotate-secret"
        headers = {"idempotency-key": f"rotate {hook.webhook_id}"}
        # 503: the database has just been killed.
        while (response := self.admin.post(path, json={}, headers=headers)).status_code == 503:
            time.sleep(0.1)
        assert response.status_code == 200, response.text
        hook.secrets.insert(0, response.json()["secret"])

    def recover(self, since: str) -> int:
        """Replays the quarantined messages, as their owner would; returns their number."""
        found = 0
        for hook in self.hooks.values():
            client = self.api.client("integration", channels=hook.channels) if hook.channels else self.admin
            response = client.post(f"/v1/webhooks/{hook.webhook_id}/recover", json={"since": since})
            assert response.status_code == 202, response.text
            found += response.json()["deliveries"]
        return found

    def ask(self, statement: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.cluster.owner_url) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def wait(self, done: Callable[[], bool], seconds: float) -> None:
        limit = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < limit, self.ask("select status, count(*) from webhooks.deliveries group by 1")
            time.sleep(0.001)


@contextmanager
def running(folder: Path) -> Iterator[Shop]:
    """PostgreSQL, the API and the receiver."""
    with ExitStack() as stack:
        cluster = Cluster(folder)
        stack.callback(cluster.stop)
        sink = stack.enter_context(run_sink())
        yield Shop(cluster, stack.enter_context(run_server(cluster.url, webhook_allow="127.0.0.1")), sink)


def battery(folder: Path, workers: int, postgres: int, claim_seconds: int, seed: int) -> None:
    """Runs the battery with this many kills of each kind. Raises AssertionError if an event is lost or wrong."""
    faults = ["worker"] * workers + ["postgres"] * postgres
    chance = random.Random(seed)
    chance.shuffle(faults)
    started, began = time.monotonic(), datetime.now(UTC).isoformat()
    with running(folder) as shop, ExitStack() as stack:
        shop.open()
        worker = Worker(shop.cluster.url, claim_seconds)
        stack.callback(worker.kill)
        writers = [Writer(shop.api.client("admin"), chance.randrange(1 << 32)) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
            stack.callback(writer.stop)
        cut = []
        for nth, fault in enumerate(faults):
            if nth == len(faults) // 2:
                shop.rotate()
            cut.append(_strike(shop, worker, fault, chance.randint(10, 60)))
        for writer in writers:
            writer.stop()
        ended = time.monotonic()
        shop.wait(lambda: _is_settled(shop), SETTLE_SECONDS_MAX)
        quarantined = shop.recover(began)
        shop.wait(lambda: _is_settled(shop), SETTLE_SECONDS_MAX)
        assert worker.is_alive()
        print(f"{time.monotonic() - started:.0f} s, the last {time.monotonic() - ended:.0f} of them without new orders")
        _check(shop, [order for writer in writers for order in writer.orders])
        # By chance, five kills may hit the same message, three of them while it is sent alone. This is rare.
        assert quarantined <= QUARANTINED_MAX, quarantined
        print(f"{quarantined} messages quarantined, and recovered")
        _report(shop, writers, workers, postgres, cut)


def _strike(shop: Shop, worker: Worker, fault: str, attempts: int) -> int:
    """One kill, after this many more attempts and with requests in progress; returns the number of these requests."""
    receiver, until = shop.receiver, shop.receiver.attempts + attempts
    shop.wait(lambda: receiver.attempts >= until and receiver.under_way > 0, FAULT_SECONDS_MAX)
    under_way = receiver.under_way
    if fault == "worker":
        worker.kill()
        worker.start()
    else:
        shop.cluster.kill()
        assert worker.is_alive()  # the worker waits for the database
    return under_way


def _is_settled(shop: Shop) -> bool:
    time.sleep(0.2)
    rows = shop.ask("""
        select not exists (select from events.outbox)
           and (select d.last_seq from webhooks.dispatchers d) = (select s.last_seq from events.stream s)
           and not exists (select from webhooks.deliveries d where d.status in ('pending', 'queued'))
           and not exists (select from pgmq.q_webhook_deliveries)""")
    return rows == [(True,)]


def _check(shop: Shop, orders: list[str]) -> None:
    rows = shop.ask(
        "select 'msg_' || epoch || '_' || seq, type, channel_id, subject from events.event_log where seq > %s order by seq",
        shop.start,
    )
    log = [Event(*row) for row in rows]
    assert shop.ask("select * from stock.verify()") == []
    assert {f"orders/{order}" for order in orders} <= {event.subject for event in log if event.type == "order.placed"}
    assert shop.receiver.wrong == []
    for path, hook in shop.hooks.items():
        wanted = {event.message_id for event in log if hook.wants(event)}
        got = {message_id for message_id, attempts in hook.attempts.items() if any(attempt.accepted for attempt in attempts)}
        assert got == wanted, (path, "lost", len(wanted - got), "not wanted", len(got - wanted))
        assert len(wanted) > 0, path
        for message_id, attempts in hook.attempts.items():
            assert len({attempt.body for attempt in attempts}) == 1, (path, message_id)
            for attempt in attempts:
                assert -1 <= attempt.at - attempt.timestamp <= FRESH_SECONDS, (path, message_id, attempt)
            for earlier, later in itertools.pairwise(attempts):
                assert later.timestamp > earlier.timestamp or later.at - earlier.at < APART_SECONDS, (path, message_id)
    counts = dict(shop.ask("select status, count(*) from webhooks.deliveries group by 1"))
    messages = sum(len(hook.attempts) for hook in shop.hooks.values())
    assert counts == {"delivered": messages}, (counts, messages)


def _report(shop: Shop, writers: list[Writer], workers: int, postgres: int, cut: list[int]) -> None:
    messages = sum(len(hook.attempts) for hook in shop.hooks.values())
    again = [attempts for hook in shop.hooks.values() for attempts in hook.attempts.values() if len(attempts) > 1]
    twice = sum(sum(attempt.accepted for attempt in attempts) > 1 for attempts in again)
    # Kills must have interrupted deliveries, or the test proved nothing.
    assert min(cut) > 0
    repeats, orders = sum(writer.repeats for writer in writers), sum(len(writer.orders) for writer in writers)
    print(
        f"worker killed {workers} times, PostgreSQL {postgres} times, {sum(cut)} requests under way then;"
        f" {orders} orders acknowledged ({repeats} requests repeated), {messages} messages to {len(shop.hooks)} webhooks in"
        f" {shop.receiver.attempts} attempts, {len(again)} tried again, {twice} of them accepted twice; nothing lost, every"
        f" signature good ({shop.receiver.by_svix} of them by svix too)"
    )
