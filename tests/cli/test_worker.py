"""The worker runs its jobs on schedule, and survives database outages."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from pyapp import metrics
from pyapp.database import keep
from pyapp.database.calls import Database
from pyapp.worker import business as figures
from pyapp.worker import jobs as worker
from tests.cli import forked
from tests.cli.conftest import environment
from tests.outages import Proxy, proxy
from tests.patience import PATIENCE_SECONDS

__all__ = ["proxy"]  # a fixture


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


def run_until(
    url: str,
    done: Callable[[], Awaitable[bool]],
    run: Callable[[str, asyncio.Event], Coroutine[Any, Any, None]] = worker.run,
) -> None:
    """Runs the worker until `done`, then stops it properly."""

    async def main() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(run(url, stop))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await done():
                assert not task.done()
                await asyncio.sleep(0.05)
            stop.set()
            await task

    asyncio.run(main())


def test_lots_expire_while_it_runs(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    connection.execute("update stock.lots set expiration_date = current_date - 3 where sku_id = 'HOTSAUCE-002'")
    connection.execute("update stock.stock_levels set next_expiry_at = current_date - 2 where sku_id = 'HOTSAUCE-002'")

    async def expired() -> bool:
        rows = connection.execute("select sum(available), sum(unavailable) from stock.stock_levels where sku_id = 'HOTSAUCE-002'")
        return rows.fetchone() == (0, 550)

    run_until(authenticator_url, expired)
    assert connection.execute("select count(*) from stock.verify()").fetchone() == (0,)


def test_it_says_what_it_does_and_what_there_is(authenticator_url: str, tmp_path: Path) -> None:
    given = environment(DATABASE_URL=authenticator_url)
    process = forked.Command(["worker", "--metrics-port", "0"], folder=tmp_path, environment=given)
    try:
        assert process.stderr
        url = re.findall(r"http://\S+", process.stderr.readline())[0]
        limit, text = time.monotonic() + PATIENCE_SECONDS, ""
        wanted = ("stock_value{", 'result="done",task="expire_lots"}', "sequencer_connected 1.0", "holds{")
        while not all(f"scoville_{part}" in text or part in text for part in wanted):
            assert time.monotonic() < limit, text
            time.sleep(0.1)
            with suppress(httpx2.TransportError):  # the port opens a moment before it responds
                text = httpx2.get(url).text
        assert "scoville_stock_disagreements" not in text  # not yet verified
        assert httpx2.get(url.replace("/metrics", "/healthz")).json() == {"status": "alive"}
    finally:
        process.terminate()
        process.communicate()  # reads all output: the process writes while it stops
    assert process.returncode == 0


def test_old_idempotency_keys_go(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    connection.execute("update identity.idempotency_keys set created_at = now() - interval '25 hours'")

    async def gone() -> bool:
        return connection.execute("select count(*) from identity.idempotency_keys").fetchone() == (0,)

    run_until(authenticator_url, gone)


def test_it_outlives_a_lost_connection(
    authenticator_url: str, connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scoville.database")
    killed: list[bool] = []

    async def came_back() -> bool:
        if not killed:
            rows = connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'scoville worker' and datname = current_database()"
            )
            killed.extend(rows.fetchall())
        return any(record.message == "scoville worker: the database is back" for record in caplog.records)

    run_until(authenticator_url, came_back)
    away = [record.getMessage() for record in caplog.records if "is unreachable" in record.getMessage()]
    assert len(away) == 1
    assert "\n" not in away[0]


def test_a_job_that_fails_does_not_stop_the_others(
    authenticator_url: str, connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    connection.execute("alter function jobs.expire_lots(smallint, integer) rename to gone")
    connection.execute("update identity.idempotency_keys set created_at = now() - interval '25 hours'")

    async def gone() -> bool:
        return connection.execute("select count(*) from identity.idempotency_keys").fetchone() == (0,)

    run_until(authenticator_url, gone)
    assert any("job expire_lots failed" in record.getMessage() for record in caplog.records)


def test_a_job_that_can_wait_rests_as_long_as_it_was_told(
    authenticator_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After two seconds a job starts no further call: a backlog does not keep the other jobs waiting."""
    connection.execute("create table public.runs (job text, at timestamptz default clock_timestamp())")
    connection.execute("grant insert on public.runs to public")
    busy = "with run as (insert into public.runs (job) values ('busy')) select %(limit)s + 0 * length(pg_sleep(0.3)::text)"
    rests = "with run as (insert into public.runs (job) values ('rests')) select 0 * length(pg_sleep(0.1)::text)"
    jobs = (worker.Job("busy", busy, 0.01), worker.Job("rests", rests, 0.01, rest=9))
    monkeypatch.setattr(worker, "JOBS", jobs)
    monkeypatch.setattr(worker, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(worker, "CALLS_SECONDS_MAX", 0.35)

    async def rested() -> bool:
        return connection.execute("select count(*) >= 3 from public.runs where job = 'rests'").fetchone() == (True,)

    run_until(authenticator_url, rested)
    rows = connection.execute("select at from public.runs where job = 'rests' order by at").fetchall()
    pauses = [(later - earlier).total_seconds() for (earlier,), (later,) in itertools.pairwise(rows)]
    assert min(pauses) >= 0.95
    assert min(pauses) < 0.3 * worker.CALLS_MAX  # shorter than the full run of the busy job


def test_what_a_run_left_is_gone_on_with_at_once_and_the_others_have_their_turn(
    authenticator_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("create table public.left_over as select generate_series(1, 45) as number")
    connection.execute("create table public.runs (at timestamptz default clock_timestamp())")
    connection.execute("grant select, insert, delete on public.left_over, public.runs to public")
    some = "select number from public.left_over where number > %(region)s - %(region)s limit %(limit)s"
    delete = f"with gone as (delete from public.left_over where number in ({some}) returning 1) select count(*)::int from gone"
    look = "with run as (insert into public.runs default values returning 1) select 0 * count(*)::int from run"
    jobs = (worker.Job("delete", delete, 3600, by_region=True), worker.Job("look", look, 0))
    monkeypatch.setattr(worker, "JOBS", jobs)
    monkeypatch.setattr(worker, "ROWS_MAX", 5)
    monkeypatch.setattr(worker, "CALLS_MAX", 2)
    monkeypatch.setattr(worker, "TICK_SECONDS", 0.01)

    async def gone() -> bool:
        return connection.execute("select count(*) from public.left_over").fetchone() == (0,)

    run_until(authenticator_url, gone)
    [(looked,)] = connection.execute("select count(*) from public.runs").fetchall()
    assert looked >= 4  # once after each run with work left


async def work(url: str, stop: asyncio.Event) -> None:
    await worker.run(url, stop, sequences=False)


async def measure(url: str, stop: asyncio.Event) -> None:
    await figures.run(url, 0, stop)


Run = Callable[[str, asyncio.Event], Coroutine[Any, Any, None]]
RUNS = [(work, "worker_job_last_success_timestamp_seconds", {"task": "expire_lots"}), (measure, "figures_timestamp_seconds", {})]


class Frozen:
    """Freezes a part's connections after its first work. `at`: the time of the freeze (time.time); `done_at`: its last work."""

    def __init__(self, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, name: str, labels: dict[str, str]) -> None:
        self.at = 0.0
        self._started = time.time()
        self._proxy, self._sample = proxy, (f"scoville_{name}", labels)
        for module, name_ in ((figures, "MEASURE_SECONDS"), (keep, "BACKOFF_SECONDS_MAX"), (worker, "TICK_SECONDS")):
            monkeypatch.setattr(module, name_, 0.1)

    @property
    def done_at(self) -> float:
        return metrics.REGISTRY.get_sample_value(*self._sample) or 0

    async def is_silent(self) -> bool:
        """Whether a response has been due for a second."""
        if not self.at and self.done_at > self._started:
            self._proxy.freeze()
            self.at = time.time()
        return bool(self.at) and time.time() > self.at + 1


@pytest.mark.parametrize(("run", "name", "labels"), RUNS)
def test_a_connection_that_goes_silent_is_given_up_for_another(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, run: Run, name: str, labels: dict[str, str]
) -> None:
    monkeypatch.setattr(worker, "CALL_SECONDS", 1.0)
    monkeypatch.setattr(figures, "SPARE_SECONDS", 1 - figures.MEASURE_MILLISECONDS / 1000)
    frozen = Frozen(proxy, monkeypatch, name, labels)

    async def came_back() -> bool:
        return await frozen.is_silent() and frozen.done_at > frozen.at + 0.5

    run_until(proxy.url, came_back, run)


@pytest.mark.parametrize(("run", "name", "labels"), RUNS)
def test_at_the_end_a_silent_connection_is_waited_for_a_moment_only(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, run: Run, name: str, labels: dict[str, str]
) -> None:
    monkeypatch.setattr(worker, "STOP_SECONDS", 0.5)
    frozen = Frozen(proxy, monkeypatch, name, labels)
    run_until(proxy.url, frozen.is_silent, run)
    assert frozen.done_at < frozen.at + 0.5  # the connection was frozen and did not recover
    assert time.time() < frozen.at + 8


def test_a_transaction_that_nobody_goes_on_with_lets_its_locks_go(authenticator_url: str) -> None:
    async def limits() -> list[str]:
        statement = "show idle_in_transaction_session_timeout"
        async with keep.Keeper(authenticator_url, "scoville test").connection() as connection:
            [(kept,)] = await (await connection.execute(statement)).fetchall()
        database = Database(authenticator_url, 1)
        await database.open()
        [(limit,)] = await database.ask(statement, (), request_id="")
        await database.close()
        return [kept, (limit or b"").decode()]

    assert asyncio.run(limits()) == ["10s"] * 2


def test_the_options_of_its_url_stay_in_force(authenticator_url: str) -> None:
    async def shown() -> list[Any]:
        url = f"{authenticator_url}&options=-c%20work_mem%3D5MB"
        async with keep.Keeper(url, "scoville test", statement_milliseconds=7000).connection() as connection:
            return [
                *await (await connection.execute("show work_mem")).fetchall(),
                *await (await connection.execute("show statement_timeout")).fetchall(),
            ]

    assert asyncio.run(shown()) == [("5MB",), ("7s",)]
