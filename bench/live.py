"""Live stock: latency from a change to a thousand sockets, frames per second, and the cost of streaming for orders."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench.load import Workload, closed_loop, open_loop
from bench.report import Row
from bench.system import Api, System, start_api
from bench.tree import HERE

SOCKETS = 1000
SKUS = 200
CHANGES_PER_SECOND = 500
ONLOOKERS = 100  # beside the orders
FRAMES_TARGET = 100_000
P50_TARGET_MS, P99_TARGET_MS = 15, 100
ORDERS_TARGET = 0.9

# One level changes per round, like an adjustment but without the ledger, so that the sockets are the only limit.
CHANGE = """
    with changed as (
      update stock.stock_levels set on_hand = on_hand - 1, version = version + 1, updated_at = clock_timestamp()
       where region_id = 1 and warehouse_id = 'WH-1' and sku_id = %s returning *)
    insert into events.outbox (region_id, type, audience, subject, sku_id, warehouse_ids, version, data, actor, occurred_at)
    select 1, 'stock.adjusted', 'warehouse', 'stock/' || warehouse_id || '/' || sku_id, sku_id, array[warehouse_id], version,
           jsonb_build_object('new', jsonb_build_object('sku_id', sku_id, 'warehouse_location', warehouse_id, 'stock', on_hand,
             'available', available, 'reserved', reserved, 'committed', committed, 'unavailable', unavailable,
             'safety_stock', safety_stock, 'incoming', incoming, 'version', version, 'updated_at', app.rfc3339(updated_at))),
           'bench', now()
      from changed"""


def rows(system: System, *, quick: bool) -> Iterator[Row]:
    """All rows of this section."""
    seconds = 3 if quick else 10
    system.stock(skus=SKUS)
    with start_api(system) as api:
        with watchers(system, api, SOCKETS) as watch:
            yield _frames(system, api, watch, seconds)
            yield from _latency(system, api, watch, seconds, "one process")
        yield from _orders(system, api, seconds)
    system.stock(skus=SKUS)
    with start_api(system, "--workers", "2") as api, watchers(system, api, SOCKETS) as watch:
        yield from _latency(system, api, watch, seconds, "two processes", P50_TARGET_MS, P99_TARGET_MS)


@contextmanager
def watchers(system: System, api: Api, count: int) -> Iterator[Callable[[float], dict[str, Any]]]:
    """That many sockets in a separate process; call the result with seconds to get what they received in that time."""
    environment = HERE.environment(TOKEN=system.token("admin"))
    command = [sys.executable, "-m", "bench.watchers", api.url, str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdin
    assert process.stdout

    def watch(seconds: float) -> dict[str, Any]:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
        return dict(json.loads(process.stdout.readline()))

    try:
        assert process.stdout.readline() == "ready\n"
        yield watch
    finally:
        process.stdin.close()
        process.wait(30)
        process.stdout.close()


@contextmanager
def meanwhile(body: Callable[[threading.Event], None]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=body, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _frames(system: System, api: Api, watch: Callable[[float], dict[str, Any]], seconds: int) -> Row:
    """Changes without a pause, each sequenced at once: as many flushes as possible, with one frame per socket in each."""

    def change(stop: threading.Event) -> None:
        with psycopg.connect(system.owner_url, autocommit=True) as connection:
            connection.execute("set synchronous_commit = off")
            number = 0
            while not stop.is_set():
                connection.execute(CHANGE, [f"SKU-{number % SKUS:04}"])
                connection.execute("select jobs.sequence_events(1000)")
                number += 1

    with meanwhile(change):
        watch(1)
        cpu = api.cpu_seconds()
        seen = watch(seconds)
    used = api.cpu_seconds() - cpu
    facts = {
        "API cores": used / seconds,
        "API CPU us per frame": used * 1e6 / max(seen["frames"], 1),
        "client CPU us per frame": seen["cpu_seconds"] * 1e6 / max(seen["frames"], 1),
        "states per frame": seen["states"] / max(seen["frames"], 1),
        "closed": seen["closed"],
    }
    return Row(
        f"frames/s, one process, {SOCKETS:,} sockets", seen["frames"] / seconds, "frames/s", target=FRAMES_TARGET, facts=facts
    )


def _latency(
    system: System,
    api: Api,
    watch: Callable[[float], dict[str, Any]],
    seconds: int,
    processes: str,
    p50: float | None = None,
    p99: float | None = None,
) -> Iterator[Row]:
    """Adjustments over HTTP on a schedule. The clock starts at the beginning of each transaction, which is before its commit."""
    request = _adjustment(api.url, system.token("admin"))
    sent: list[float] = []

    def adjust(stop: threading.Event) -> None:
        while not stop.is_set():
            load = open_loop(api.url, CHANGES_PER_SECOND, 1, request)
            sent.append(load.per_second(201))

    with meanwhile(adjust):
        watch(1)
        seen = watch(seconds)
    facts = {"changes/s": sum(sent) / max(len(sent), 1), "frames/s": seen["frames"] / seconds, "closed": seen["closed"]}
    name = f"change to client, {CHANGES_PER_SECOND}/s, {SOCKETS:,} sockets, {processes}"
    yield Row(f"{name}: p50", seen["p50_ms"], "ms", target=p50, at_most=True, facts=facts)
    yield Row(f"{name}: p99", seen["p99_ms"], "ms", target=p99, at_most=True)


def _adjustment(url: str, token: str) -> Callable[[int], bytes]:
    run, host = uuid.uuid4().hex, urlsplit(url).netloc

    def make(number: int) -> bytes:
        body = f'{{"sku_id":"SKU-{number % SKUS:04}","warehouse_location":"WH-1","delta":-1,"reason_code":"correction"}}'
        return (
            f"POST /v1/inventory/adjust HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Idempotency-Key: {run}-{uuid.uuid4().hex}\r\n\r\n{body}"
        ).encode()

    return make


def _orders(system: System, api: Api, seconds: int) -> Iterator[Row]:
    """Orders without a sequencer (the lock of the stream is held), and with the log running and sockets following it."""
    workload = Workload(64, skus=SKUS)
    system.stock(skus=SKUS)
    with psycopg.connect(system.owner_url) as holder:
        holder.execute("select from events.stream for update")
        closed_loop(api.url, system.token(), workload, 1)
        without = closed_loop(api.url, system.token(), workload, seconds).per_second(201)
        holder.rollback()
    for count, target in ((0, None), (ONLOOKERS, ORDERS_TARGET)):
        system.stock(skus=SKUS)
        with watchers(system, api, count) if count else _nobody():
            closed_loop(api.url, system.token(), workload, 1)
            value = closed_loop(api.url, system.token(), workload, seconds).per_second(201)
        name = f"orders/s, {SKUS} SKUs, 64 clients, streaming to {count} sockets"
        yield Row(name, value, "orders/s", "streaming off", without, target)


@contextmanager
def _nobody() -> Iterator[None]:
    yield
