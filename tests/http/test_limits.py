"""Rate limits: per caller and kind, shared by all processes, reported in every response, and off by default."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import psycopg
import pytest
from websockets.sync.client import connect

from pyapp.http import leases as limits
from tests.http.conftest import Api, check_problem, run_server

READS, WRITES = 40, 20
WINDOW_SECONDS = 30  # longer than the tests, which start at the beginning of a window
SHARE = READS // limits.LEASES


@pytest.fixture
def pair(authenticator_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Api, Api]]:
    """Two servers on one database, at the beginning of a window."""
    monkeypatch.setattr(limits, "WINDOW_SECONDS", WINDOW_SECONDS)
    with ExitStack() as stack:
        rates = {"reads_per_minute": READS, "writes_per_minute": WRITES}
        first, second = (stack.enter_context(run_server(authenticator_url, **rates)) for _ in range(2))
        if time.time() % WINDOW_SECONDS > WINDOW_SECONDS / 2:
            time.sleep(WINDOW_SECONDS - time.time() % WINDOW_SECONDS)
        yield first, second


def remaining(response: httpx2.Response) -> int:
    kind, *parameters = response.headers["ratelimit"].split(";")
    named = dict(part.split("=") for part in parameters)
    assert kind in ('"read"', '"write"')
    assert 0 <= int(named["t"]) <= WINDOW_SECONDS
    return int(named["r"])


def test_a_caller_gets_its_share_and_not_more_however_many_processes_it_asks(pair: tuple[Api, Api]) -> None:
    clients = [api.client("admin", subject="greedy") for api in pair]
    answers = [clients[number % 2].get("/v1/inventory") for number in range(2 * READS)]
    served = [answer for answer in answers if answer.status_code == 200]
    assert READS - 2 * SHARE <= len(served) <= READS
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {f'"read";q={READS};w={WINDOW_SECONDS}'}
    left = [remaining(answer) for answer in answers if answer.status_code == 200]
    assert left[0] == READS - 1
    assert sorted(left, reverse=True)[-1] <= 2 * SHARE
    refused = answers[-1]
    problem = check_problem(refused, 429, "RQ429")
    assert str(READS) in problem["detail"]
    assert remaining(refused) == 0
    assert 1 <= int(refused.headers["retry-after"]) <= WINDOW_SECONDS


def test_others_and_other_kinds_are_not_concerned(pair: tuple[Api, Api]) -> None:
    greedy, modest = (pair[0].client("admin", subject=subject) for subject in ("greedy", "modest"))
    while greedy.get("/v1/inventory").status_code == 200:
        pass
    assert modest.get("/v1/inventory").status_code == 200
    written = greedy.post("/v1/warehouses", json={"warehouse_id": "WH-01", "name": "x"})
    assert (written.status_code, remaining(written)) == (201, WRITES - 1)
    assert written.headers["ratelimit-policy"] == f'"write";q={WRITES};w={WINDOW_SECONDS}'


def test_to_open_a_stream_counts_as_a_read(pair: tuple[Api, Api]) -> None:
    client = pair[0].client("admin", subject="greedy")
    with client.stream("GET", "/v1/events/stream") as opened:
        assert (opened.status_code, remaining(opened)) == (200, READS - 1)
    bad = client.get("/v1/events/stream?after=rubbish")
    assert (check_problem(bad, 400, "RQ400")["code"], remaining(bad)) == ("RQ400", READS - 2)
    while client.get("/v1/inventory").status_code == 200:
        pass
    refused, elsewhere = client.get("/v1/events/stream"), client.get("/v1/inventory")
    assert str(READS) in check_problem(refused, 429, "RQ429")["detail"]
    assert remaining(refused) == 0
    assert {"ratelimit", "ratelimit-policy", "retry-after"} <= set(refused.headers)
    assert set(refused.headers) == set(elsewhere.headers)
    with pair[0].client("admin", subject="modest").stream("GET", "/v1/events/stream") as other:
        assert other.status_code == 200


def test_a_subscription_of_a_socket_counts_as_a_read(authenticator_url: str) -> None:
    with run_server(authenticator_url, reads_per_minute=6) as api:
        authorization = api.client("admin").headers["authorization"]
        url = f"{api.url.replace('http', 'ws')}/v1/ws/inventory"
        if time.time() % 60 > 50:
            time.sleep(60 - time.time() % 60)
        with connect(url, additional_headers={"authorization": authorization}) as socket:
            answers = []
            for number in range(8):
                socket.send(json.dumps({"type": "subscribe", "skus": [f"SKU-{number}"]}))
                answers.append(json.loads(socket.recv(10)))
            assert [answer["type"] for answer in answers] == ["snapshot"] * 6 + ["error"] * 2
            assert answers[-1]["problem"]["code"] == "RQ429"
            socket.send(json.dumps({"type": "ping"}))  # the socket goes on
            assert json.loads(socket.recv(10))["type"] == "pong"


def test_in_the_next_window_there_is_more(authenticator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WINDOW_SECONDS", 3)
    with run_server(authenticator_url, reads_per_minute=2) as api:
        client = api.client("admin")
        while (refused := client.get("/v1/inventory")).status_code == 200:  # a slow machine needs another window
            pass
        assert refused.status_code == 429
        time.sleep(int(refused.headers["retry-after"]))
        assert client.get("/v1/inventory").status_code == 200


def test_a_crash_of_the_database_forgets_the_count_and_nothing_else(connection: psycopg.Connection[object]) -> None:
    row = connection.execute("select relpersistence from pg_class where oid = 'identity.request_windows'::regclass").fetchone()
    assert row == ("u",)


def test_without_a_setting_nobody_has_a_limit(api: Api) -> None:
    response = api.client("admin").get("/v1/inventory")
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("ratelimit")]
