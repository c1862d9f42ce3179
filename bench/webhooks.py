"""Webhooks: deliveries per second against a bare loop of POSTs, the queue with parked retries, orders with and without them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg

from bench.load import Workload, closed_loop
from bench.report import Row
from bench.system import System, run_server, start_api, start_worker

ENDPOINTS = 10
AT_ONCE = 400  # for the floor and the worker; one tenth per endpoint
PARKED = 200_000
POLLS = 200
ROUNDS = 3
WAIT_SECONDS_MAX = 300


def rows(system: System, *, quick: bool) -> Iterator[Row]:
    """All rows of this section."""
    system.stock(skus=10)
    with run_server([sys.executable, "-m", "bench.sink"], dict(os.environ)) as sink:
        floor = _floor(sink.url, 3 if quick else 8)
        yield Row(f"delivery floor: the same client POSTs prepared bytes, {AT_ONCE} at once", floor, "req/s")
        yield _deliveries(system, sink.url, 500 if quick else 3000, floor)
        yield from _parked(system, 20_000 if quick else PARKED)
        yield from _orders(system, sink.url, 3 if quick else 10)


def _floor(url: str, seconds: int) -> float:
    command = [sys.executable, "-m", "bench.posts", url, str(AT_ONCE), str(seconds)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _webhooks(system: System, url: str, types: list[str]) -> None:
    settings = [{"url": f"{url}/{nth}", "event_types": types, "concurrency": AT_ONCE // ENDPOINTS} for nth in range(ENDPOINTS)]
    system.call("select * from api.create_webhooks(1::smallint, %s::jsonb)", json.dumps(settings))
    with psycopg.connect(system.owner_url) as connection:  # the sink answers no challenges
        connection.execute("update webhooks.endpoint_states set verified_at = now(), challenge_due_at = null")


def _clear(system: System) -> None:
    """Deletes webhooks and deliveries, and empties the queue. A running worker waits."""
    with psycopg.connect(system.owner_url, autocommit=True) as connection:
        connection.execute(
            "begin; lock table webhooks.dispatchers, pgmq.q_webhook_deliveries, webhooks.endpoint_states, webhooks.deliveries;"
            " truncate webhooks.endpoints, webhooks.deliveries, webhooks.attempts, pgmq.q_webhook_deliveries cascade; commit"
        )


def _worker_call(system: System, statement: str, *values: object) -> Any:
    with psycopg.connect(system.login_url) as connection:
        connection.execute("select app.enter('scoville_worker', '{}')")
        row = connection.execute(statement.encode(), values).fetchone()
    return row[0] if row else None


def _sequence(system: System) -> None:
    while _worker_call(system, "select jobs.sequence_events(5000)") != 0:
        pass


def _count(system: System, condition: str) -> int:
    with psycopg.connect(system.owner_url) as connection:
        row = connection.execute(f"select count(*) from webhooks.deliveries where {condition}".encode()).fetchone()
    return int(row[0]) if row else 0


def _waiting(system: System) -> int:
    with psycopg.connect(system.owner_url) as connection:
        row = connection.execute("select s.last_seq - d.last_seq from events.stream s, webhooks.dispatchers d").fetchone()
    return int(row[0]) if row else 0


def _deliveries(system: System, url: str, events: int, floor: float) -> Row:
    """From the log to the receiver: dispatched, signed, sent, recorded."""
    _sequence(system)  # events from before the webhooks are not delivered
    _clear(system)
    _webhooks(system, url, ["order.placed"])
    order = {"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "SKU-0000", "quantity": 1}], "channel": "web"}
    for _ in range(0, events, 100):
        meta = [{"actor": "bench", "idempotency_key": str(uuid.uuid4())} for _ in range(100)]
        system.call("select * from api.place_orders(1::smallint, %s::jsonb)", json.dumps([order | {"meta": m} for m in meta]))
    _sequence(system)
    system.settle()
    total = events * ENDPOINTS
    before, cpu = _received(url), system.cpu_seconds()
    with start_worker(system, SCOVILLE_WEBHOOK_ALLOW="127.0.0.1") as worker:
        while _received(url) == before:
            time.sleep(0.002)
        started, own = time.perf_counter(), sum(worker.cpu_times()[:2])
        while _received(url) - before < total:
            assert time.perf_counter() - started < WAIT_SECONDS_MAX, f"{_received(url) - before} of {total}"
            time.sleep(0.02)
        seconds = time.perf_counter() - started
        facts = {
            "per 1,000: Postgres CPU s": (system.cpu_seconds() - cpu) * 1000 / total,
            "worker CPU s": (sum(worker.cpu_times()[:2]) - own) * 1000 / total,
        }
        while _count(system, "status <> 'delivered'"):
            time.sleep(0.05)
    assert _count(system, "attempts = 1 and status = 'delivered'") == total == _received(url) - before
    return Row("signed deliveries/s of one worker", total / seconds, "req/s", "delivery", floor, 0.5, facts=facts)


def _received(url: str) -> int:
    with urllib.request.urlopen(url) as response:  # noqa: S310 (our own sink)
        return int(response.read())


def _parked(system: System, parked: int) -> Iterator[Row]:
    """The cost of reading the queue with that many deliveries that are not due."""
    _clear(system)
    _webhooks(system, "http://127.0.0.1:9", [])
    yield from _polls(system, "nothing")
    with psycopg.connect(system.owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into webhooks.deliveries (region_id, endpoint_id, delivery_id, owner, event_id, type, subject,"
            " recorded_at, status, due_at, attempts, failures, created_at)"
            " select 1, p.endpoint_id, n, 'bench', 'e:' || n, 'order.placed', 'orders/ORD-1-1', now(), 'pending',"
            " now() + interval '1 hour' + n * interval '1 second', 1, 1, now()"
            " from generate_series(1, %s) n, webhooks.endpoints p",
            [parked // ENDPOINTS],
        )
    yield from _polls(system, f"{parked:,} retries")


def _polls(system: System, parked: str) -> Iterator[Row]:
    system.settle()
    for step, statement in (
        ("claim", "select count(*) from jobs.claim_deliveries(100, 40)"),
        ("dispatch", "select jobs.dispatch_webhooks(500)"),
    ):
        times = []
        with psycopg.connect(system.login_url, autocommit=True) as connection:
            for _ in range(POLLS):
                with connection.transaction():
                    connection.execute("select app.enter('scoville_worker', '{}')")
                    started = time.perf_counter()
                    connection.execute(statement.encode())
                    times.append((time.perf_counter() - started) * 1000)
        yield Row(f"{step} with {parked} parked, median", statistics.median(times[POLLS // 2 :]), "ms")


def _orders(system: System, url: str, seconds: int) -> Iterator[Row]:
    """Orders per second with ten webhooks that receive each order, alternating with none; the worker runs in both."""
    placed: dict[bool, list[float]] = {False: [], True: []}
    delivered, waiting = [], []
    with start_api(system) as api, start_worker(system, SCOVILLE_WEBHOOK_ALLOW="127.0.0.1"):
        for told in (False, True) * ROUNDS:
            _clear(system)
            system.stock()
            if told:
                _webhooks(system, url, ["order.placed"])
            workload, token = Workload(64), system.token()
            closed_loop(api.url, token, workload, 2)
            before = _received(url)
            load = closed_loop(api.url, token, workload, seconds)
            placed[told].append(load.per_second(201))
            if told:
                delivered.append((_received(url) - before) / load.seconds)
                waiting.append(_waiting(system))
            system.check(load.statuses.get(201, 0))
    facts = {"delivered/s at the same time": statistics.mean(delivered), "events waiting afterwards": statistics.mean(waiting)}
    without, told_of = (statistics.mean(placed[told]) for told in (False, True))
    yield Row("orders/s, one hot SKU, 64 clients, no webhook", without, "orders/s")
    yield Row("orders/s with 10 webhooks", told_of, "orders/s", "without", without, 0.9, facts=facts)
