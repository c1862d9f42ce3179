"""Reads from a real standby: within the age limit, including the caller's own writes, and unaffected by its failure."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import psycopg
import pytest

from pyapp.cli.checks import standby as standby_check
from pyapp.database import standby as layer
from pyapp.database.calls import POSITION, Database, LostConnection
from pyapp.metrics import exposition
from tests.battery.system import Cluster, running_cluster
from tests.calls import ORDER
from tests.folders import short_folder
from tests.http.conftest import Api, key, run_server, stock_up
from tests.patience import PATIENCE_SECONDS

ORDERS = "/v1/orders"


class Pair:
    """A primary, a standby and two API processes that use both."""

    def __init__(self, primary: Cluster, standby: Cluster, apis: tuple[Api, Api]) -> None:
        self.primary, self.standby = primary, standby
        self.one, self.other = apis

    def place(self, client: httpx2.Client) -> httpx2.Response:
        line = {"sku_id": "HOTSAUCE-001", "quantity": 1}
        response = client.post(ORDERS, json={"customer": ORDER["customer"], "items": [line]}, headers=key())
        assert response.status_code == 201, response.text
        return response

    def answered(self, source: str) -> float:
        """The number of reads served so far by the standby, or by the primary instead."""
        name = f'scoville_replica_reads_total{{source="{source}"}} '
        lines = self.one.client().get("/metrics").text.splitlines()
        return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def count(client: httpx2.Client, **headers: str) -> int:
    response = client.get(ORDERS, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert response.status_code == 200, response.text
    return len(response.json()["data"])


def wait_for(happened: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < limit
        time.sleep(0.02)


@pytest.fixture(scope="module")
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    with short_folder() as folder, running_cluster() as primary:
        standby = primary.standby(folder / "standby")
        yield primary, standby
        standby.stop()


@pytest.fixture
def pair(clusters: tuple[Cluster, Cluster], monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """A long age limit, so that no test depends on its value; both processes already read from the standby."""
    monkeypatch.setattr(layer, "LAG_SECONDS_MAX", 60.0)
    monkeypatch.setattr(exposition, "SHARED_SECONDS", 0.0)
    primary, standby = clusters
    with ExitStack() as stack:
        apis = [stack.enter_context(run_server(primary.url, read_url=standby.url)) for _ in range(2)]
        if not primary.rows("select from catalog.skus"):
            stock_up(apis[0].client("admin"))
        pair = Pair(primary, standby, (apis[0], apis[1]))
        for api in apis:
            client = api.client("admin", subject="somebody else")
            before = pair.answered("standby")
            wait_for(lambda client=client, before=before: count(client) >= 0 and pair.answered("standby") > before)  # type: ignore[misc]
        yield pair
        standby.rows("select pg_wal_replay_resume()")


@pytest.fixture
def halted(pair: Pair) -> Pair:
    """A standby that has replayed everything up to now and is paused."""
    pair.standby.rows("select pg_wal_replay_pause()")
    wait_for(lambda: pair.standby.rows("select pg_get_wal_replay_pause_state()") == [("paused",)])
    return pair


def test_a_writer_sees_the_write_and_others_within_the_limit(halted: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, reader = halted.one.client("sales", subject="writer", channels=["web"]), halted.one.client("admin", subject="reader")
    before = count(writer)
    halted.place(writer)
    assert count(writer) == before + 1
    assert count(reader) == before  # from the standby, which lags
    assert count(reader, cache_control="no-cache") == before + 1
    monkeypatch.setattr(layer, "LAG_SECONDS_MAX", 0.5)
    wait_for(lambda: count(reader) == before + 1)
    monkeypatch.setattr(layer, "LAG_SECONDS_MAX", 60.0)
    halted.standby.rows("select pg_wal_replay_resume()")
    standby = halted.answered("standby")
    wait_for(lambda: count(writer) == before + 1 and halted.answered("standby") > standby)
    assert count(reader) == before + 1


def test_a_client_takes_its_writes_to_another_process(halted: Pair) -> None:
    here, there = (api.client("sales", subject="traveller", channels=["web"]) for api in (halted.one, halted.other))
    before = count(here)
    placed = halted.place(here)
    assert count(there) == before
    assert count(there, scoville_lsn=placed.headers["scoville-lsn"]) == before + 1
    assert count(there, scoville_lsn="what is this?") == before + 1  # an unreadable position gets current data


def test_what_the_standby_does_not_know_the_primary_is_asked(halted: Pair) -> None:
    placed = halted.place(halted.one.client("admin", subject="writer")).json()
    reader = halted.one.client("admin", subject="reader")
    assert reader.get(f"{ORDERS}/{placed['order_id']}").status_code == 200
    missing = reader.get(f"{ORDERS}/ORD-1-999999")
    assert (missing.status_code, missing.json()["code"]) == (404, "OR002")


def test_stock_and_events_are_never_read_from_it(halted: Pair) -> None:
    reader = halted.other.client("admin", subject="reader")
    stock = reader.get("/v1/inventory/HOTSAUCE-001").json()["available"]
    place = reader.get("/v1/events").json()["last"]
    halted.place(halted.one.client("admin", subject="writer"))
    wait_for(lambda: bool(reader.get("/v1/inventory/HOTSAUCE-001").json()["available"] == stock - 1))
    wait_for(lambda: bool(reader.get("/v1/events", params={"after": place}).json()["data"]))


def test_with_too_many_writers_everybody_waits_for_all_of_them(halted: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "WRITERS_MAX", 2)
    reader = halted.one.client("admin", subject="reader")
    before = count(reader)
    writers = [halted.one.client("admin", subject=f"writer {number}") for number in range(4)]
    for writer in writers:
        halted.place(writer)
    assert [count(writer) for writer in writers] == [before + 4] * 4


def test_while_a_write_is_under_way_its_caller_reads_from_the_primary(pair: Pair) -> None:
    writer = pair.one.client("admin", subject="patient")
    with psycopg.connect(pair.primary.owner_url) as lock:
        lock.execute("lock table stock.stock_levels in exclusive mode")
        writing = threading.Thread(target=pair.place, args=(writer,))
        writing.start()
        waiting = "select from pg_stat_activity where wait_event_type = 'Lock'"
        wait_for(lambda: bool(pair.primary.rows(waiting)))
        before = pair.answered("primary")
        count(pair.one.client("admin", subject="patient"))
        assert pair.answered("primary") == before + 1
        lock.rollback()
        writing.join()


def test_nobody_notices_the_standby_go_and_come(pair: Pair) -> None:
    reader = pair.one.client("admin", subject="reader")
    failed: list[Any] = []
    ended = threading.Event()

    def look() -> None:
        client = pair.one.client("admin", subject="onlooker")
        while not ended.is_set():
            response = client.get(ORDERS)
            if response.status_code != 200:
                failed.append(response.text)
            time.sleep(0.01)

    onlooker = threading.Thread(target=look)
    onlooker.start()
    try:
        pair.standby.end()
        before = pair.answered("primary")
        wait_for(lambda: pair.answered("primary") > before)
        assert count(reader) >= 0
        pair.standby.start()
        standby = pair.answered("standby")
        wait_for(lambda: pair.answered("standby") > standby)
    finally:
        ended.set()
        onlooker.join()
    assert failed == []


def test_the_watch_goes_on_after_whatever_goes_wrong(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reader = pair.one.client("admin", subject="reader")
    ask, broken = layer._ask, threading.Event()
    before = pair.answered("primary")
    broken.set()

    async def break_off(database: Database, statement: str) -> int | None:
        if broken.is_set():
            raise ValueError("what it says is no position")
        return await ask(database, statement)

    monkeypatch.setattr(layer, "WATCH_SECONDS", 0.5)
    monkeypatch.setattr(layer, "_ask", break_off)
    wait_for(lambda: count(reader) >= 0 and pair.answered("primary") > before)  # with unknown lag, reads go to the primary
    broken.clear()
    standby = pair.answered("standby")
    wait_for(lambda: count(reader) >= 0 and pair.answered("standby") > standby)
    assert "is no position" in caplog.text


def test_doctor_says_whether_reads_will_go_there(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standby_check, "LOOKS_PAUSE_SECONDS", 0.2)
    primary, standby = pair.primary.url, pair.standby.url

    def look(url: str) -> str:
        [finding] = standby_check.check(primary, url)
        return f"{finding.state}: {finding.said}"

    wait_for(lambda: look(standby) == "ok: less than 2 s behind")
    pair.standby.rows("select pg_wal_replay_pause()")
    pair.place(pair.one.client("admin", subject="writer"))
    assert look(standby) == "warning: more than 2 s behind"
    assert look(primary) == "warning: SCOVILLE_READ_URL does not name a standby"
    assert look("postgresql://authenticator@127.0.0.1:1/postgres").startswith("bad: no connection")


async def _fails(url: str, *statements: str) -> BaseException:
    database = Database(url, 1)
    await database.open()
    try:
        await database.run([(statement, ()) for statement in statements])
    except (psycopg.Error, LostConnection) as error:
        return error
    finally:
        await database.close()
    raise AssertionError("nothing failed")


def test_an_error_after_the_commit_is_not_taken_for_one_before_it(authenticator_url: str) -> None:
    before = asyncio.run(_fails(authenticator_url, "begin", "select 1 / 0", "commit", POSITION))
    assert isinstance(before, psycopg.errors.DivisionByZero)
    after = asyncio.run(_fails(authenticator_url, "begin", "select 1", "commit", "select 1 / 0"))
    assert isinstance(after, LostConnection)
