"""Cached reads: at most 100 ms old, with the caller's own writes, never another caller's data; all others query Postgres."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2
import psycopg
import pytest

from pyapp.cache import answers
from pyapp.database import keep
from pyapp.database.calls import Database, Row
from pyapp.database.reads import ReadQuery
from tests.http.conftest import Api, key, run_server
from tests.patience import PATIENCE_SECONDS

PATH = "/v1/inventory/HOTSAUCE-001"
WRITES = 60  # and as many reads


Adjust = Callable[[], int]


@pytest.fixture
def adjust(authenticator_url: str) -> Iterator[Adjust]:
    """Removes one unit in another process's transaction; returns the units then available."""
    with psycopg.connect(authenticator_url, autocommit=True) as connection:

        def adjust() -> int:
            change = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -1, "reason_code": "correction"}
            meta = {"actor": "elsewhere", "idempotency_key": str(uuid.uuid4())}
            with connection.transaction():
                connection.execute("select app.enter('admin', %s)", ['{"sub": "elsewhere"}'])
                [(code, body)] = connection.execute(
                    "select code, body from api.adjust_stock(1::smallint, %s::jsonb)", [json.dumps([change | {"meta": meta}])]
                ).fetchall()
            assert code is None, body
            return int(body["available"])

        yield adjust


def available(client: httpx2.Client, **headers: str) -> int:
    response = client.get(PATH, headers=headers)
    assert response.status_code == 200, response.text
    return int(response.json()["available"])


def warm_up(api: Api, client: httpx2.Client, path: str = PATH) -> None:
    """Reads until the path is served from cache."""
    limit = time.monotonic() + PATIENCE_SECONDS
    hits = api.answers.hits
    while api.answers.hits == hits:
        assert time.monotonic() < limit, "no response came from the cache"
        assert client.get(path).status_code == 200


def read_all_events(api: Api, database_url: str) -> None:
    """Waits until the server has read what was written so far."""
    unread = "select exists (select from events.outbox) or s.last_seq > %s from events.stream s"
    with psycopg.connect(database_url, autocommit=True) as connection:
        limit = time.monotonic() + PATIENCE_SECONDS
        while connection.execute(unread, [api.live.hub.seq]).fetchone() != (False,):
            assert time.monotonic() < limit, "the server reads no events"
            api.client("admin").get(PATH)  # the hub of a server without readers rests
            time.sleep(0.02)


def test_what_nobody_changes_is_answered_from_memory_and_looks_the_same(api: Api, stocked: httpx2.Client) -> None:
    for path in (PATH, "/v1/inventory?limit=10", "/v1/inventory?q=ghost"):
        from_database = stocked.get(path, headers={"cache-control": "no-cache"})
        warm_up(api, stocked, path)
        response = stocked.get(path)
        assert response.content == from_database.content
        ours = {"date", "x-request-id"}
        assert {k: v for k, v in response.headers.items() if k not in ours} == {
            k: v for k, v in from_database.headers.items() if k not in ours
        }
        assert response.headers["x-request-id"] != from_database.headers["x-request-id"]
        assert stocked.get(path, headers={"x-request-id": "mine"}).headers["x-request-id"] == "mine"


def test_no_answer_is_older_than_a_tenth_of_a_second(api: Api, stocked: httpx2.Client, adjust: Adjust) -> None:
    reader = api.client("sales", channels=["web"])
    warm_up(api, reader)
    told = [(0.0, available(reader))]
    done = threading.Event()

    def write() -> None:
        try:
            while len(told) <= WRITES or before <= WRITES:
                left = adjust()
                told.append((time.monotonic(), left))  # committed before this moment
                time.sleep(0.02)
        finally:
            done.set()

    before, hits = 0, api.answers.hits
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        while not done.is_set():
            began = time.monotonic()
            seen = available(reader)
            known = min(left for at, left in list(told) if at <= began - answers.STALE_SECONDS)
            assert seen <= known, f"{seen} units reported as available; 100 ms earlier there were only {known}"
            before += 1
        writing.result()
    assert api.answers.hits > hits


def test_nobody_reads_an_answer_that_is_older_than_what_they_wrote(api: Api, stocked: httpx2.Client) -> None:
    adjustment = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -1, "reason_code": "correction"}
    for number in range(40):
        if number % 10 == 0:
            warm_up(api, stocked)
        left = stocked.post("/v1/inventory/adjust", json=adjustment, headers=key()).json()["available"]
        assert available(stocked) == left
        assert stocked.get("/v1/inventory?sku_id=HOTSAUCE-001").json()["data"][0]["available"] == left


def test_with_no_cache_the_database_answers(api: Api, stocked: httpx2.Client, adjust: Adjust) -> None:
    reader = api.client("sales", channels=["web"])
    for value in ("no-cache", "max-age=0", "no-store"):
        warm_up(api, reader)
        for _ in range(10):
            assert available(reader, **{"cache-control": value}) >= 0
            left = adjust()
            hits = api.answers.hits
            assert available(reader, **{"cache-control": value}) == left
            assert api.answers.hits == hits


@contextmanager
def sequencers_held_up(database_url: str) -> Iterator[None]:
    with psycopg.connect(database_url) as holder:
        holder.execute("select from events.stream for update")
        yield
        holder.rollback()


def test_while_the_log_is_behind_the_database_answers(
    api: Api, stocked: httpx2.Client, adjust: Adjust, database_url: str
) -> None:
    reader = api.client("sales", channels=["web"])
    warm_up(api, reader)
    with sequencers_held_up(database_url):
        for _ in range(5):
            left = adjust()
            time.sleep(answers.STALE_SECONDS)
            assert available(reader) == left
    warm_up(api, reader)


def test_a_read_that_takes_long_is_not_shared_with_those_who_come_after_a_change(
    api: Api, stocked: httpx2.Client, adjust: Adjust, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, slow, answered = Database.call, [True], threading.Event()

    async def dawdle(self: Database, identity: Any, statement: str, *rest: Any, **given: Any) -> Any:
        rows = await call(self, identity, statement, *rest, **given)
        if "get_inventory" in statement and slow and slow.pop():
            answered.set()
            await asyncio.sleep(10 * answers.STALE_SECONDS)
        return rows

    first, second = (api.client("sales", channels=["web"]) for _ in range(2))
    with sequencers_held_up(database_url), ThreadPoolExecutor(1) as threads:
        monkeypatch.setattr(Database, "call", dawdle)
        before = threads.submit(available, first)
        assert answered.wait(PATIENCE_SECONDS)
        left = adjust()
        time.sleep(answers.STALE_SECONDS)
        assert available(second) == left
        assert before.result() == left + 1


def test_callers_with_a_limit_read_from_memory_too(stocked: httpx2.Client, authenticator_url: str) -> None:
    with run_server(authenticator_url, reads_per_minute=100_000) as limited:
        reader = limited.client("sales", channels=["web"])
        warm_up(limited, reader)
        assert "ratelimit" in reader.get(PATH).headers


def test_while_the_log_is_lost_the_database_answers(
    api: Api, stocked: httpx2.Client, adjust: Adjust, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = api.client("sales", channels=["web"])
    warm_up(api, reader)
    monkeypatch.setattr(keep, "BACKOFF_SECONDS_MIN", 3.0)
    monkeypatch.setattr(keep, "BACKOFF_SECONDS_MAX", 3.0)
    ended = connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'scoville live'")
    assert ended.fetchall()
    for _ in range(5):
        left = adjust()
        time.sleep(answers.STALE_SECONDS)
        assert available(reader) == left
    warm_up(api, reader)


def test_everyone_gets_what_they_may_see(api: Api, stocked: httpx2.Client) -> None:
    receipt = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-02", "stock": 40, "batch_number": "BATCH-202404"}
    assert stocked.post("/v1/inventory", json=receipt, headers=key()).status_code == 201
    callers = {
        "all": (api.client("admin"), 390),
        "the channel's": (api.client("sales", channels=["web"]), 350),
        "here": (api.client("warehouse", warehouses=["WH-01"]), 350),
        "there": (api.client("warehouse", warehouses=["WH-02"]), 40),
    }
    partner = api.client("integration", channels=["web"])
    for _ in range(2):  # from the database, then from cache
        for client, stock in callers.values():
            warm_up(api, client)
            assert client.get(PATH).json()["stock"] == stock
        warm_up(api, partner)
        assert "committed" not in partner.get(PATH).json()
    assert api.client().get(PATH).status_code == 401
    assert api.client("sales", channels=["web"], seconds=-60).get(PATH).status_code == 401


def test_a_changed_product_or_batch_shows(api: Api, stocked: httpx2.Client) -> None:
    reader = api.client("sales", channels=["web"])
    warm_up(api, reader)
    assert stocked.patch("/v1/skus/HOTSAUCE-001", json={"name": "Fierier"}, headers={"if-match": "*"}).status_code == 200
    time.sleep(answers.STALE_SECONDS)
    assert reader.get(PATH).json()["name"] == "Fierier"
    warm_up(api, reader)
    change = {"status": "quarantined", "reason_code": "quality_control"}
    quarantine = stocked.patch("/v1/inventory/HOTSAUCE-001/batches/BATCH-202404", json=change, headers=key() | {"if-match": "*"})
    assert quarantine.status_code == 200, quarantine.text
    time.sleep(answers.STALE_SECONDS)
    assert reader.get(PATH).json()["batches"][0]["status"] == "quarantined"


def test_memory_has_a_limit(api: Api, stocked: httpx2.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "BYTES_MAX", 20_000)
    for number in range(60):
        assert stocked.get(f"/v1/inventory?limit={number + 1}").status_code == 200
    assert 0 < api.answers.size <= 20_000
    warm_up(api, stocked)


def test_those_who_ask_at_the_same_time_share_an_answer(
    api: Api, stocked: httpx2.Client, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pyapp.cache.answers.STALE_SECONDS", PATIENCE_SECONDS
    )  # a busy machine takes its time for twelve requests
    read_all_events(api, database_url)  # or one of them makes the second reader ask again
    readers = [api.client("sales", channels=["web"]) for _ in range(12)]
    reads: list[ReadQuery] = []
    inner = api.answers._inner
    ask = inner.fetch

    async def counted(query: ReadQuery) -> list[Row]:
        reads.append(query)
        return await ask(query)

    monkeypatch.setattr(inner, "fetch", counted)
    misses = api.answers.misses
    with psycopg.connect(database_url) as blocker, ThreadPoolExecutor(12) as threads:
        blocker.execute("lock table stock.stock_levels in access exclusive mode")
        answers = [threads.submit(available, reader) for reader in readers]
        limit = time.monotonic() + PATIENCE_SECONDS
        while api.answers.misses < misses + len(readers):
            assert time.monotonic() < limit
            time.sleep(0.01)
        blocker.rollback()
        assert {answer.result() for answer in answers} == {350}
    assert len(reads) == 1
