"""What has to happen by the clock: holds and lots expire, partitions are made in time, old keys go.

Every job is one function of schema jobs that does at most a stated number of rows in a transaction of its own, entered as
role scoville_worker. Several workers at once are harmless: the functions lock the rows that they take. A call that is not
answered in time, or keeps a worker from its end, is given up with its connection: Postgres rolls it back.
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
ROWS_MAX = 500  # a call
CALLS_MAX = 20  # of one job in a row, so that a backlog does not starve the other jobs
CALLS_SECONDS_MAX = 2.0  # another call begins only within them
STATEMENT_MILLISECONDS = 30_000
CALL_SECONDS = STATEMENT_MILLISECONDS / 1000 + SPARE_SECONDS
STOP_SECONDS = 5.0  # that a call is waited for at the end

WORKER = Component("scoville_worker", "worker")


@dataclass(frozen=True)
class Job:
    """`statement` answers how many rows it did; its parameters are those of `region` and `limit` that it names.

    A run that left something, for its calls or its time were up, is due again at once, when the others had their turn. `rest`: so
    many times as long as a run took it does nothing: what can wait takes a share of one core and no more, however much there is.
    """

    name: str
    statement: LiteralString
    seconds: float
    by_region: bool = False
    rest: float = 0


JOBS = (
    Job("expire_reservations", "select jobs.expire_reservations(%(region)s::smallint, %(limit)s)", 1, by_region=True),
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
    Job("make_partitions", "select jobs.make_partitions()", 600),  # one table at a time
    Job("forget_tickets", "select jobs.forget_tickets(%(limit)s)", 60, rest=4),
    Job("drop_old_events", "select jobs.drop_old_events()", 3600),
    Job("clean_up", "select jobs.clean_up(%(limit)s)", 60, rest=4),
    Job("clean_up_webhooks", "select jobs.clean_up_webhooks(%(region)s::smallint, %(limit)s)", 60, by_region=True, rest=4),
)


async def run(database_url: str, stop: asyncio.Event, *, sequences: bool = True) -> None:
    """Do the jobs until `stop`. A database that is away is waited for; a job that fails is tried again when next due.

    `sequences`: also moves events into the log, as API processes do; a worker that shares its process with one need not.
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
    """One run; answers whether it left something."""
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
