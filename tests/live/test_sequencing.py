"""The sequencer's task: its own writes wake it, it polls for other writes, and it survives every outage."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from pyapp.eventlog import sequencer as module
from pyapp.eventlog.sequencer import Sequencer
from tests.calls import CHANNEL
from tests.http.conftest import run_server
from tests.patience import PATIENCE_SECONDS

EVENT = """
    insert into events.outbox (region_id, type, audience, subject, version, data, actor, occurred_at)
    select 0, 'sku.changed', 'everybody', 'skus/' || n, 1, '{}', 'a', now() - interval '7 s' from generate_series(1, %s) n"""


def last_seq(connection: psycopg.Connection[Any]) -> int:
    [(seq,)] = connection.execute("select last_seq from events.stream").fetchall()
    return int(seq)


def run(url: str, body: Callable[[Sequencer], Awaitable[None]]) -> Sequencer:
    """Runs the body with a running sequencer."""

    async def main() -> Sequencer:
        async with asyncio.timeout(PATIENCE_SECONDS), Sequencer(url).running() as sequencer:
            await body(sequencer)
            return sequencer

    return asyncio.run(main())


async def until(done: Callable[[], bool]) -> None:
    while not done():  # noqa: ASYNC110 (no event announces the condition)
        await asyncio.sleep(0.01)


@pytest.fixture
def without_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 60.0)


def test_a_write_over_http_is_in_the_log_at_once(
    without_polling: None, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    with run_server(authenticator_url) as api:
        admin = api.client("admin")
        assert admin.post("/v1/skus", json={"sku_id": "A", "name": "A"}).status_code == 201
        limit = time.monotonic() + PATIENCE_SECONDS / 2
        while last_seq(connection) == 0:
            assert time.monotonic() < limit
        page = admin.get("/v1/events", params={"types": "sku.changed", "limit": 1})
        body = page.json()
        assert [(event["subject"], event["seq"]) for event in body["data"]] == [("skus/A", 1)]
        assert body["next"] == body["last"] == body["data"][0]["id"]
        assert "link" not in page.headers
        assert admin.post("/v1/warehouses", json={"warehouse_id": "WH-01", "name": "W"}).status_code == 201
        assert admin.post("/v1/channels", json=CHANNEL).status_code == 201
        assert admin.post("/v1/skus", json=[{"sku_id": sku, "name": "B"} for sku in "BCD"]).status_code == 207
        while last_seq(connection) < 6:
            assert time.monotonic() < limit
        second = admin.get("/v1/events", params={"after": body["next"], "limit": 2})
        assert [event["seq"] for event in second.json()["data"]] == [2, 3]
        third = admin.get(second.headers["link"].partition(">")[0][1:])
        assert [event["seq"] for event in third.json()["data"]] == [4, 5]
        last = admin.get(third.headers["link"].partition(">")[0][1:])
        assert [event["seq"] for event in last.json()["data"]] == [6]
        gone = admin.get("/v1/events", params={"after": "else:1"})
        assert (gone.status_code, gone.json()["code"]) == (410, "LG001")
        assert gone.json()["errors"][0]["first"] == f"{body['next'].partition(':')[0]}:0"
        assert gone.json()["errors"][0]["last"] == last.json()["last"]


def test_what_others_wrote_is_found_without_a_kick_and_moved_to_the_end(
    authenticator_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVENTS_MAX", 10)

    async def body(sequencer: Sequencer) -> None:
        await until(lambda: sequencer.connected)
        connection.execute(EVENT, [25])
        await until(lambda: sequencer.moved == 25)

    run(authenticator_url, body)
    assert last_seq(connection) == 25


def test_it_goes_on_after_its_connection_was_killed_and_says_so_once(
    authenticator_url: str, connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "scoville.sequencer")

    async def body(sequencer: Sequencer) -> None:
        for nth in range(1, 4):
            await until(lambda: sequencer.connected)
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'scoville sequencer' and datname = current_database()"
            )
            await until(lambda: not sequencer.connected)
            connection.execute(EVENT, [1])
            await until(lambda nth=nth: last_seq(connection) == nth)  # type: ignore[misc]

    run(authenticator_url, body)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3


def test_it_waits_for_a_database_that_is_not_migrated(
    authenticator_url: str, connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    connection.execute("alter function jobs.sequence_events(integer) rename to later")

    async def body(sequencer: Sequencer) -> None:
        await until(lambda: bool(caplog.records))
        connection.execute("alter function jobs.later(integer) rename to sequence_events")
        connection.execute(EVENT, [1])
        await until(lambda: last_seq(connection) == 1)

    run(authenticator_url, body)


def test_backlog_and_lag_are_told_while_another_session_holds_the_stream(
    authenticator_url: str, database_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEASURE_SECONDS", 0.0)

    async def body(sequencer: Sequencer) -> None:
        await until(lambda: sequencer.connected)
        with psycopg.connect(database_url) as other:
            other.execute("select from events.stream for no key update")
            connection.execute(EVENT, [3])
            await until(lambda: sequencer.backlog == 3)
            assert sequencer.lag_seconds >= 7
        sequencer.kick()
        await until(lambda: sequencer.backlog == 0)
        assert sequencer.lag_seconds == 0

    run(authenticator_url, body)


def test_a_log_that_ends_earlier_than_before_begins_a_new_epoch(
    authenticator_url: str, connection: psycopg.Connection[Any], caplog: pytest.LogCaptureFixture
) -> None:
    def epoch() -> str:
        [(text,)] = connection.execute("select epoch from events.stream").fetchall()
        return str(text)

    async def body(sequencer: Sequencer) -> None:
        connection.execute(EVENT, [3])
        await until(lambda: last_seq(connection) == 3)
        before = epoch()
        for deleted in (0, 1):
            # Simulates a restore of the files: the second time, the last event is missing.
            with connection.transaction():
                connection.execute("delete from events.event_log where seq > %s", [3 - deleted])
                connection.execute("update events.stream set last_seq = 3 - %s", [deleted])
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where application_name = 'scoville sequencer' and datname = current_database()"
                )
            await until(lambda: not sequencer.connected)
            await until(lambda: sequencer.connected)
            assert (epoch() == before) == (deleted == 0)

    run(authenticator_url, body)
    assert any("a new epoch begins" in record.getMessage() for record in caplog.records)
