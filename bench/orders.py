"""Orders and reads over HTTP: a flash sale on one SKU, many SKUs, a sell-out, one client alone, reads beside orders."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

from bench import cost, floors, history
from bench.calls import ORDER, Session
from bench.load import Load, Workload, closed_loop, open_loop, order_request
from bench.report import Row
from bench.system import SKUS, Api, System, start_api

MANY = Workload(64, skus=SKUS, lines=2)
READS = Workload(64, skus=SKUS, method="GET", path="/v1/inventory")
CALLS = 200
REFUSALS_TARGET = 0.6
SELL_OUT_UNITS = 200  # demand is more than two hundred times higher


def rows(system: System, *, quick: bool) -> Iterator[Row]:
    """All rows of this section; `system` is freshly stocked before each load."""
    seconds = 3 if quick else 10
    hot, written = floors.hot_row(system, 2 if quick else 5), floors.write(system, 2 if quick else 5)
    yield Row("hot-row floor: bare conditional UPDATE, best of 1, 8, 32", hot, "tps")
    yield Row("write floor: pgbench -N, 16 clients", written, "tps")
    with floors.constant_server() as constant:
        get = closed_loop(constant.url, "t", Workload(64, method="GET"), seconds).per_second(200)
        post = closed_loop(constant.url, "t", Workload(64), seconds).per_second(200)
    yield Row("HTTP floor: constant bytes, GET, 64 clients", get, "req/s")
    yield Row("HTTP floor: constant bytes, POST, 64 clients", post, "req/s")
    with start_api(system) as api:
        system.stock()
        yield Row("API process, idle", api.memory_mib(), "MiB", target=90, at_most=True)
        yield from _alone(system, api)
        capacity = 0.0
        for clients in (1, 16, 64, 256):
            system.stock()
            name = f"orders/s, one hot SKU, {clients} clients"
            row = _orders(system, api, name, Workload(clients), seconds, ("hot row", hot), None)
            capacity = max(capacity, row.value)
            yield row
        for percent in (50,) if quick else (50, 70, 90):
            yield _open(system, api, capacity * percent / 100, percent, seconds)
        system.stock()
        yield _orders(system, api, "orders/s, 1,000 SKUs, 2 lines, 64 clients", MANY, seconds, ("write", written), 0.35)
        system.stock()
        by_zipf = Workload(64, skus=SKUS, zipf=True)
        yield _orders(system, api, "orders/s, 1,000 SKUs by Zipf, 64 clients", by_zipf, seconds, ("write", written), None)
        yield sell_out(system, api, post, seconds)
        yield from _reads(system, api, get, seconds)
        if not quick:
            yield from _with_history(system, api, seconds)


def _orders(
    system: System,
    api: Api,
    name: str,
    workload: Workload,
    seconds: int,
    floor: tuple[str, float],
    target: float | None,
) -> Row:
    """Orders per second of a stocked system, with their costs."""
    token = system.token()
    warm = closed_loop(api.url, token, workload, 1)  # plans are made, and pages written in full since the checkpoint
    before = cost.moment(system, api)
    load = closed_loop(api.url, token, workload, seconds)
    spent = cost.between(before, cost.moment(system, api))
    placed = load.statuses.get(201, 0)
    facts: dict[str, object] = {
        "p50 ms": load.p50,
        "p99 ms": load.p99,
        "client CPU ms per order": load.client_cpu_seconds * 1000 / max(spent.orders, 1),
        **spent.facts(),
    }
    if load.others:
        facts["OTHER ANSWERS"] = load.others
    system.check(placed + warm.statuses.get(201, 0))
    return Row(name, load.per_second(201), "orders/s", *floor, target, facts=facts)


def _alone(system: System, api: Api) -> Iterator[Row]:
    """One client's order over HTTP, alternating with a call of the function over the same kind of connection."""
    direct: list[float] = []
    over_http: list[float] = []
    body = json.dumps({name: value for name, value in ORDER.items() if name != "channel"})
    headers = {"Authorization": f"Bearer {system.token()}", "Content-Type": "application/json"}
    browser, session = http.client.HTTPConnection(urlsplit(api.url).netloc), Session(system)
    for _ in range(CALLS):
        direct.append(session.place(1))
        started = time.perf_counter()
        browser.request("POST", "/v1/orders", body, headers | {"Idempotency-Key": str(uuid.uuid4())})
        browser.getresponse().read()
        over_http.append((time.perf_counter() - started) * 1000)
    session.close()
    browser.close()
    half = CALLS // 2  # the first half warms up
    yield Row(
        "one client alone: an order over HTTP, median",
        statistics.median(over_http[half:]),
        "ms",
        "direct call",
        statistics.median(direct[half:]),
        1.5,
        at_most=True,
    )


def _open(system: System, api: Api, rate: float, percent: int, seconds: int) -> Row:
    system.stock()
    token = system.token()
    closed_loop(api.url, token, Workload(16), 1)
    load = open_loop(api.url, rate, seconds, order_request(api.url, token))
    facts = {"p50 ms": load.p50, "sent/s": rate, "answered/s": load.per_second(201)} | (
        {"OTHER": load.others} if load.others else {}
    )
    return Row(f"one hot SKU, open loop at {percent} % of capacity: p99", load.p99, "ms", facts=facts)


def sell_out(system: System, api: Api, floor: float, seconds: int) -> Row:
    """SELL_OUT_UNITS units and 64 clients that keep ordering: nearly every response is a refusal."""
    system.stock(SELL_OUT_UNITS, skus=1)
    load = closed_loop(api.url, system.token(), Workload(64), seconds)
    system.check(load.statuses.get(201, 0))
    assert load.statuses.get(201, 0) == SELL_OUT_UNITS, load.statuses
    facts = {"sold": load.statuses[201], "of": SELL_OUT_UNITS, "wanted": sum(load.statuses.values())}
    return Row(
        "sold out: refusals/s, 64 clients", load.per_second(409), "req/s", "HTTP POST", floor, REFUSALS_TARGET, facts=facts
    )


def _reads(system: System, api: Api, floor: float, seconds: int) -> Iterator[Row]:
    system.stock()
    token = system.token()

    def read() -> Load:
        return closed_loop(api.url, token, READS, seconds)

    read()
    yield Row("GET /v1/inventory/{sku}, 64 clients, 1,000 SKUs", read().per_second(200), "req/s", "HTTP GET", floor, 0.7)
    stop = threading.Event()

    def buy() -> None:
        while not stop.is_set():
            open_loop(api.url, 200, 0.5, order_request(api.url, token, "SKU-0007"))

    buyer = threading.Thread(target=buy)
    buyer.start()
    try:
        load = read()
    finally:
        stop.set()
        buyer.join()
    yield Row("the same beside 200 orders/s", load.per_second(200), "req/s", "HTTP GET", floor, facts={"p99 ms": load.p99})


def _with_history(system: System, api: Api, seconds: int) -> Iterator[Row]:
    """The hot SKU and the 1,000 SKUs again, with a history of a million orders and ten million movements, against none."""
    workloads = {"one hot SKU, 64 clients": Workload(64), "1,000 SKUs, 2 lines, 64 clients": MANY}
    empty = {}
    for name, workload in workloads.items():
        system.stock()
        empty[name] = _orders(system, api, name, workload, seconds, ("", 1), None).value
    system.stock()
    history.fill(system)
    for name, workload in workloads.items():
        yield _orders(system, api, f"orders/s, {name}, history of 1M orders", workload, seconds, ("empty", empty[name]), 0.8)
