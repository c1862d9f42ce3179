"""Scheduled jobs: expire reservations and lots, create partitions in time, delete old keys, and more.

Every job is one function of schema jobs. A call processes a limited number of rows in its own transaction, as role
scoville_worker. Several workers can run at once: the functions lock their rows. A call that takes too long, or delays the
worker's shutdown, is dropped with its connection: Postgres rolls it back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from pyapp import metrics
from pyapp.database.calls import SPARE_SECONDS, Connection, answering, cut_off
from pyapp.database.keep import Keeper
from pyapp.eventlog.sequencer import Sequencer
from pyapp.identity.enter import Component, entering
from pyapp.metrics import sources
from pyapp.tasks import end, wait_for

logger = logging.getLogger("scoville.worker")

TICK_SECONDS = 1.0
ROWS_MAX = 500  # per call
CALLS_MAX = 20  # of one job in a row, so that a backlog does not starve other jobs
CALLS_SECONDS_MAX = 2.0  # no further call begins after them
STATEMENT_MILLISECONDS = 30_000
CALL_SECONDS = STATEMENT_MILLISECONDS / 1000 + SPARE_SECONDS
STOP_SECONDS = 5.0  # to wait for a running call at shutdown

WORKER = Component("scoville_worker", "worker")


@dataclass(frozen=True)
class Job:
    """`statement` returns the number of rows it processed; it may use the parameters `region` and `limit`.

    A run that hits its limit of calls or time with rows left is due again at once, after the other jobs. `rest`: the job pauses
    for this multiple of the run's duration, so that low-priority work takes a limited share of one core.
    """

    name: str
    statement: LiteralString
    seconds: float
    by_region: bool = False
    rest: float = 0


JOBS = (
    Job("expire_reservations", "select jobs.expire_reservations(%(region)s::smallint, %(limit)s)", 1, by_region=True),
    Job("cancel_unpaid_orders", "select jobs.cancel_unpaid_orders(%(region)s::smallint, %(limit)s)", 1, by_region=True),
    Job("serve_backorders", "select jobs.serve_backorders(%(region)s::smallint, %(limit)s)", 1, by_region=True),
    Job("recheck_freshness", "select jobs.recheck_freshness(%(region)s::smallint, %(limit)s)", 600, by_region=True, rest=4),
    Job("close_freshness", "select jobs.close_freshness(%(region)s::smallint, %(limit)s)", 600, by_region=True, rest=4),
    Job("expire_lots", "select jobs.expire_lots(%(region)s::smallint, %(limit)s)", 1, by_region=True),
    Job(
        "announce_expiring_lots",
        "select jobs.announce_expiring_lots(%(region)s::smallint, %(limit)s)",
        60,
        by_region=True,
        rest=4,
    ),
    Job("roll_up_stock", "select jobs.roll_up_stock(%(region)s::smallint, %(limit)s)", 10, by_region=True, rest=19),
    Job("roll_up_sales", "select jobs.roll_up_sales(%(region)s::smallint, %(limit)s)", 10, by_region=True, rest=19),
    Job("analyze_young_tables", "select jobs.analyze_young_tables()", 5),
    Job("make_partitions", "select jobs.make_partitions()", 600),  # one table at a time
    Job("forget_tickets", "select jobs.forget_tickets(%(limit)s)", 60, rest=4),
    Job("drop_old_events", "select jobs.drop_old_events()", 3600),
    Job("clean_up", "select jobs.clean_up(%(limit)s)", 60, rest=4),
    Job("clean_up_webhooks", "select jobs.clean_up_webhooks(%(region)s::smallint, %(limit)s)", 60, by_region=True, rest=4),
)


async def run(database_url: str, stop: asyncio.Event, *, sequences: bool = True) -> None:
    """Runs the jobs until `stop`. Waits for a database that is down; a failed job runs again when it is next due.

    `sequences`: also moves events into the log, as API processes do. A worker in the same process as an API does not need it.
    """
    if not sequences:
        await _keep_working(database_url, stop)
        return
    async with Sequencer(database_url).running() as sequencer:
        sampling = asyncio.create_task(sources.Sampler(sources.sequencer(sequencer)).run())
        try:
            await _keep_working(database_url, stop)
        finally:
            await end(sampling)


async def _keep_working(database_url: str, stop: asyncio.Event) -> None:
    keeper = Keeper(database_url, "scoville worker", statement_milliseconds=STATEMENT_MILLISECONDS)

    async def work(connection: Connection) -> None:
        keeper.works()
        cutting = asyncio.create_task(_cut_off_at_end(connection, stop))
        try:
            await _work(connection, stop)
        finally:
            await end(cutting)

    await keeper.run(work, stop)


async def _cut_off_at_end(connection: psycopg.AsyncConnection[Any], stop: asyncio.Event) -> None:
    await stop.wait()
    await asyncio.sleep(STOP_SECONDS)
    cut_off(connection)


async def _work(connection: psycopg.AsyncConnection[Any], stop: asyncio.Event) -> None:
    due = dict.fromkeys(JOBS, 0.0)
    while not stop.is_set():
        for job in JOBS:
            if due[job] <= time.monotonic() and not stop.is_set():
                started = time.monotonic()
                left = await _do(connection, job, stop)
                ended = time.monotonic()
                due[job] = max(started if left else started + job.seconds, ended + (ended - started) * job.rest)
        await wait_for(stop, TICK_SECONDS)


async def _do(connection: psycopg.AsyncConnection[Any], job: Job, stop: asyncio.Event) -> bool:
    """One run; returns True if rows are left."""
    started, done, left, result = time.perf_counter(), 0, False, "failed"
    try:
        regions = await _call(connection, "select region_id from catalog.regions order by 1", {}) if job.by_region else [(None,)]
        for (region,) in regions:
            for _ in range(CALLS_MAX):
                [(rows,)] = await _call(connection, job.statement, {"region": region, "limit": ROWS_MAX})
                done += rows
                more = rows >= ROWS_MAX
                if not more or stop.is_set() or time.perf_counter() - started > CALLS_SECONDS_MAX:
                    break
            left = left or more
        result = "done"
        metrics.JOB_DONE.labels(job.name).set(time.time())
    except psycopg.Error as error:
        if connection.closed:
            raise psycopg.OperationalError(_one_line(error)) from error
        logger.warning("job %s failed, trying again in %g s: %s", job.name, job.seconds, _one_line(error))
    finally:
        metrics.JOBS.labels(job.name, result).inc()
        metrics.JOB_ROWS.labels(job.name).inc(max(0, done))
        metrics.JOB_DURATION.labels(job.name).observe(time.perf_counter() - started)
    return left and result == "done"


async def _call(connection: psycopg.AsyncConnection[Any], statement: LiteralString, values: dict[str, Any]) -> list[Any]:
    with answering(connection, CALL_SECONDS):
        async with connection.transaction():
            await connection.execute(*entering(WORKER))
            return await (await connection.execute(statement, values)).fetchall()


def _one_line(error: psycopg.Error) -> str:
    return " ".join((error.diag.message_primary or str(error)).split())
