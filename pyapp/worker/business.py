"""Business metrics: stock, orders, webhooks and backlogs, measured in the database by the worker at an interval.

A worker without a fresh measurement reports nothing instead of old values. Several workers report the same values: take the max.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pyapp import metrics
from pyapp.database.calls import SPARE_SECONDS, Connection, answering
from pyapp.database.keep import Keeper
from pyapp.identity.enter import Component, entering
from pyapp.tasks import end

logger = logging.getLogger("scoville.figures")

MEASURE_SECONDS = 15.0
KEPT_SECONDS = 60.0  # without a new measurement
FIRST_VERIFICATION_SECONDS = 600.0  # after the start, so that a worker in a crash loop does not verify each time
MEASURE_MILLISECONDS = 10_000
VERIFY_MILLISECONDS = 3_600_000

CALLER = Component("scoville_worker", "figures")
MEASURE = """
    select figure, labels, value::float8 from jobs.measure_stock()
    union all select figure, labels, value::float8 from jobs.measure_orders()
    union all select figure, labels, value::float8 from jobs.measure_webhooks()
    union all select figure, labels, value::float8 from jobs.measure_rollups()
    union all select 'oldest_snapshot_transactions', '{}', coalesce(max(s.transactions), 0) from jobs.measure_snapshots() s
    union all select f.figure, '{}', f.value
      from jobs.measure_backlogs() b
     cross join lateral (values ('expired reservations', 'expired_holds', b.waiting::float8),
             ('expired reservations', 'expired_holds_oldest_seconds', b.oldest_seconds::float8),
             ('overdue orders', 'overdue_orders', b.waiting::float8),
             ('overdue orders', 'overdue_orders_oldest_seconds', b.oldest_seconds::float8)) f (backlog, figure, value)
     where f.backlog = b.backlog"""
VERIFY = "select count(*) from stock.verify()"

# Name without scoville_: description and labels.
FIGURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "stock_units": ("Units by state; unserved: available where no channel sells.", ("region", "state")),
    "stock_shortfall_units": ("Promised units whose lots cannot be sold any more; part of reserved and committed.", ("region",)),
    "stock_value": ("Value of the units on hand at list prices.", ("region", "currency")),
    "skus": ("Active SKUs per region, by availability.", ("region", "state")),
    "recent_orders": ("Orders placed in the last hour, by current status; among the newest 10,000.", ("region", "status")),
    "recent_units": ("Units of the orders that were not canceled.", ("region",)),
    "recent_order_value": ("Their totals.", ("region", "currency")),
    "unpaid_orders": ("Unpaid orders (pending), however old; counted to 100,000.", ("region",)),
    "overdue_orders": ("Unpaid orders whose time is over and that are not canceled yet; counted to 100,000.", ()),
    "overdue_orders_oldest_seconds": ("Time since that of the oldest of them was over.", ()),
    "holds": ("Active reservations; counted to 100,000.", ("region",)),
    "expiring_lots": ("Lots in stock that expire within the region's notice.", ("region",)),
    "expiring_units": ("Units of those lots.", ("region",)),
    "expired_holds": ("Reservations that expired and are not released yet; counted to 100,000.", ()),
    "expired_holds_oldest_seconds": ("Time since the oldest of them expired.", ()),
    "webhook_deliveries": ("Deliveries waiting or being sent; counted to 10,000 per endpoint.", ("status",)),
    "webhook_oldest_due_seconds": ("Time that the oldest due delivery has waited.", ()),
    "webhook_endpoints": ("Endpoints by state; gone, failing and unconfirmed are disabled, unverified get no event.", ("state",)),
    "webhook_undispatched_events": ("Events in the log without deliveries so far.", ()),
    "oldest_snapshot_transactions": ("Transactions since the oldest snapshot that somebody keeps was taken.", ()),
    "rollup_as_of_timestamp_seconds": ("Time up to which the sums of the BI views are complete; 0: never.", ("region", "rollup")),
    "figures_timestamp_seconds": ("Time of this measurement.", ()),
    "figures_duration_seconds": ("Duration of this measurement.", ()),
    "stock_disagreements": ("Rows in which ledger, levels, lots and allocations disagree, by the last `verify`.", ()),
    "stock_verified_timestamp_seconds": ("Time of that `verify`.", ()),
}


class Row(NamedTuple):
    figure: str
    labels: dict[str, str]
    value: float


class Figures(Collector):
    """The last measurement, as long as it is fresh, and the last verification."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._verified: list[Row] = []
        self._until = 0.0

    def measured(self, rows: list[Row]) -> None:
        self._rows, self._until = rows, time.monotonic() + KEPT_SECONDS

    def verified(self, disagreements: int) -> None:
        self._verified = [
            Row("stock_disagreements", {}, disagreements),
            Row("stock_verified_timestamp_seconds", {}, time.time()),
        ]

    def describe(self) -> Iterator[GaugeMetricFamily]:
        for name, (help_, labels) in FIGURES.items():
            yield GaugeMetricFamily(f"scoville_{name}", help_, labels=labels)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = {family.name.removeprefix("scoville_"): family for family in self.describe()}
        rows = self._rows if time.monotonic() < self._until else []
        for row in [*rows, *self._verified]:
            _, labels = FIGURES[row.figure]
            families[row.figure].add_metric([row.labels[label] for label in labels], row.value)
        yield from (family for family in families.values() if family.samples)


async def run(url: str, verify_hours: float, stop: asyncio.Event) -> None:
    """Measures until `stop`; waits for a database that is down. verify_hours 0: never verifies."""
    figures = Figures()
    metrics.REGISTRY.register(figures)
    working = asyncio.create_task(_keep_measuring(url, figures, verify_hours * 3600))
    try:
        await stop.wait()
    finally:
        await end(working)
        metrics.REGISTRY.unregister(figures)


async def _keep_measuring(url: str, figures: Figures, verify_seconds: float) -> None:
    verify_at = time.monotonic() + min(FIRST_VERIFICATION_SECONDS, verify_seconds) if verify_seconds else float("inf")
    keeper = Keeper(url, "scoville figures")

    async def work(connection: Connection) -> None:
        nonlocal verify_at
        while True:
            figures.measured(await measure(connection))
            keeper.works()
            if time.monotonic() >= verify_at:
                verify_at = time.monotonic() + verify_seconds
                await _verify(connection, figures)
            await asyncio.sleep(MEASURE_SECONDS)

    await keeper.run(work)


async def measure(connection: psycopg.AsyncConnection[Any]) -> list[Row]:
    started = time.perf_counter()
    rows = [Row(*row) for row in await _ask(connection, MEASURE, MEASURE_MILLISECONDS)]
    return [
        *rows,
        Row("figures_timestamp_seconds", {}, time.time()),
        Row("figures_duration_seconds", {}, time.perf_counter() - started),
    ]


async def _verify(connection: psycopg.AsyncConnection[Any], figures: Figures) -> None:
    [(disagreements,)] = await _ask(connection, VERIFY, VERIFY_MILLISECONDS)
    if disagreements:
        logger.error("stock and ledger disagree in %d rows: run `scoville verify`", disagreements)
    figures.verified(disagreements)


async def _ask(connection: psycopg.AsyncConnection[Any], statement: str, milliseconds: int) -> list[Any]:
    with answering(connection, milliseconds / 1000 + SPARE_SECONDS):
        async with connection.transaction():
            await connection.execute("select set_config('statement_timeout', %s, true)", [str(milliseconds)])
            await connection.execute(*entering(CALLER))
            return await (await connection.execute(statement.encode())).fetchall()
