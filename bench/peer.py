"""`--peer postgraphile`: orders per second beside PostGraphile 5 over a bare function for one order (`bench/postgraphile`).

The same PostgreSQL with the same settings, the same load generator, turns of a few seconds. PostGraphile's function does less:
it has no roles, no idempotency keys, no audit, no channels, warehouses or lots, and nobody reads its events.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import psycopg

from bench import floors, orders
from bench.load import Workload, closed_loop
from bench.report import Row
from bench.system import Api, System, run_server, start_api
from tests import npm

FOLDER = Path(__file__).with_name("postgraphile")
TARGETS = {1: 0.5, 16: 1.3, 64: 2.0, 256: 3.0}  # by clients
ROUNDS, SECONDS = 3, 5
QUICK_ROUNDS, QUICK_SECONDS = 1, 2
WARMING_SECONDS = 1
MUTATION = (
    r'{"query":"mutation ($email: String!) { placeOrder(input: {sku: \"SKU-0000\", quantity: 1, email: $email}) { result } }",'
    r'"variables":{"email":"$n@example.com"}}'
)


@dataclass(frozen=True)
class Shop:
    """One of the two systems: what it is sent, how it answers a placed order, and how its database counts them."""

    server: Api
    workload: Workload
    placed: int
    database_url: str
    count: str


def rows(system: System, *, quick: bool) -> Iterator[Row]:
    """All rows of this comparison."""
    rounds, seconds = (QUICK_ROUNDS, QUICK_SECONDS) if quick else (ROUNDS, SECONDS)
    with floors.constant_server() as constant:
        floor = closed_loop(constant.url, "t", Workload(64), seconds).per_second(200)
    yield Row("HTTP floor: constant bytes, POST, 64 clients", floor, "req/s")
    with start_api(system) as api:
        system.stock(skus=1)
        with _postgraphile(system) as peer:
            ours = Shop(api, Workload(1), 201, system.owner_url, "select count(*) from orders.orders")
            for clients, target in TARGETS.items():
                yield _beside(system, ours, peer, clients, rounds, seconds, target)
        yield orders.sell_out(system, api, floor, seconds)


@contextmanager
def _postgraphile(system: System) -> Iterator[Shop]:
    """PostGraphile over its own database of the same cluster."""
    system.owner.execute("create database peer")
    url = system.owner_url.replace("/bench?", "/peer?")
    with psycopg.connect(url) as connection:
        connection.execute((FOLDER / "schema.sql").read_bytes())
    program = npm.install(FOLDER) / "server.mjs"
    program.write_bytes((FOLDER / "server.mjs").read_bytes())  # Node looks for packages beside the program
    environment = {**os.environ, "NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    with run_server([npm.node(), str(program), url], environment) as server:
        workload = Workload(1, path="/graphql", body=MUTATION)
        yield Shop(server, workload, 200, url, "select sold from shop.products")  # a refusal is also answered by 200


def _beside(system: System, ours: Shop, theirs: Shop, clients: int, rounds: int, seconds: int, target: float) -> Row:
    """One row of the comparison: the medians of the turns."""
    rates: dict[str, list[float]] = {ours.count: [], theirs.count: []}
    for turn in range(rounds):
        for shop in (ours, theirs) if turn % 2 else (theirs, ours):
            rates[shop.count].append(_rate(system, shop, clients, seconds))
    name = f"orders/s beside PostGraphile 5, {clients} clients"
    floor = median(rates[theirs.count])
    return Row(name, median(rates[ours.count]), "orders/s", "PostGraphile", floor, target, facts={"rounds": rounds})


def _rate(system: System, shop: Shop, clients: int, seconds: int) -> float:
    """Orders per second of one load, all of them in the database afterwards."""
    system.settle()
    workload, before = replace(shop.workload, clients=clients), _count(shop)
    loads = [closed_loop(shop.server.url, system.token(), workload, length) for length in (WARMING_SECONDS, seconds)]
    for load in loads:
        assert load.statuses.keys() <= {shop.placed}, load.statuses
    answered = sum(load.statuses.get(shop.placed, 0) for load in loads)
    assert _count(shop) - before >= answered, f"{answered} answers, {_count(shop) - before} orders"
    return loads[-1].per_second(shop.placed)


def _count(shop: Shop) -> int:
    with psycopg.connect(shop.database_url) as connection:
        row = connection.execute(shop.count.encode()).fetchone()
    return int(row[0]) if row else 0
