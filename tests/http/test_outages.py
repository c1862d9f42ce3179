"""Database outages: 503 and never 500, no duplicate writes, and recovery without a restart."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import psycopg
import pytest
import uvloop
from psycopg.abc import PQGen
from psycopg.waiting import Wait

from pyapp.database import calls as database
from tests.calls import ORDER
from tests.http.conftest import Api, check_problem, key, run_server
from tests.http.orders import available, lines, place
from tests.outages import Proxy, proxy, wait_for
from tests.patience import PATIENCE_SECONDS

__all__ = ["proxy"]  # a fixture

END_ALL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'scoville'"


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """A server whose database cannot be reached."""
    monkeypatch.setattr(database, "POOL_WAIT_SECONDS", 0.3)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with run_server(f"postgresql://authenticator@127.0.0.1:{unused.getsockname()[1]}/scoville") as api:
            yield api


def test_without_a_database_the_process_is_alive_but_not_ready(away: Api) -> None:
    with away.client("admin") as client:
        assert client.get("/healthz").json() == {"status": "alive"}
        response = client.get("/readyz")
        check_problem(response, 503, "RQ503")
        assert response.headers["retry-after"] == "1"


def test_without_a_database_every_request_is_a_503(away: Api) -> None:
    with away.client("admin") as client:
        for response in (client.get("/v1/inventory"), client.get("/v1/orders/ORD-1-1"), place(client)):
            check_problem(response, 503, "RQ503")
            assert response.headers["retry-after"] == "1"


def test_a_migrated_database_makes_the_app_ready(api: Api) -> None:
    with api.client() as client:
        assert client.get("/readyz").json() == {"status": "ready"}


def test_a_database_that_is_not_migrated_is_not_ready(database_url: str, connection: psycopg.Connection[object]) -> None:
    connection.execute("drop function api.place_orders")
    with run_server(database_url) as api, api.client() as client:
        check_problem(client.get("/readyz"), 503, "RQ503")


def test_idle_connections_that_the_server_ended_are_replaced_unnoticed(
    stocked: httpx2.Client, connection: psycopg.Connection[object]
) -> None:
    for _ in range(3):
        connection.execute(END_ALL)
        time.sleep(0.1)
        response = place(stocked, lines(1))
        assert response.status_code == 201, response.text
        connection.execute(END_ALL)
        time.sleep(0.1)
        assert stocked.get("/v1/inventory").status_code == 200
    assert available(stocked) == 347


def test_a_write_that_the_server_ended_before_its_commit_is_carried_out_once(
    stocked: httpx2.Client, database_url: str, connection: psycopg.Connection[object]
) -> None:
    with psycopg.connect(database_url) as blocker, ThreadPoolExecutor(1) as thread:
        blocker.execute("select from stock.stock_levels for update")
        answer = thread.submit(place, stocked, lines(1))
        wait_for(connection, "wait_event_type = 'Lock'")
        connection.execute(f"{END_ALL} and wait_event_type = 'Lock'".encode())
        time.sleep(0.1)
        blocker.rollback()
        response = answer.result()
    assert response.status_code == 201, response.text
    assert available(stocked) == 349


def test_a_wait_for_a_lock_that_is_too_long_is_a_503_and_changes_nothing(
    stocked: httpx2.Client, authenticator_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_MILLISECONDS", 300)
    with run_server(authenticator_url) as api, psycopg.connect(database_url) as blocker:
        blocker.execute("select from stock.stock_levels for update")
        response = place(api.client("admin"), lines(1))
    check_problem(response, 503, "RQ503")
    assert response.headers["retry-after"] == "1"
    assert available(stocked) == 350


def test_a_deadlock_is_tried_again(stocked: httpx2.Client, connection: psycopg.Connection[object]) -> None:
    connection.execute(
        """create sequence public.tries; grant usage on sequence public.tries to public;
           create function public.fail_first() returns trigger language plpgsql as $$
           begin
             if nextval('public.tries') = 1 then raise exception using errcode = '40P01', message = 'deadlock'; end if;
             return null;
           end $$;
           create trigger fail_first after insert on orders.orders for each statement execute function public.fail_first()"""
    )
    response = place(stocked, lines(1))
    assert response.status_code == 201, response.text
    assert available(stocked) == 349
    connection.execute("alter sequence public.tries increment by -1 restart with 1 minvalue -10")
    connection.execute(
        """create or replace function public.fail_first() returns trigger language plpgsql as $$
           begin raise exception using errcode = '40001', message = 'could not serialize'; end $$"""
    )
    check_problem(place(stocked, lines(1)), 503, "RQ503")
    assert available(stocked) == 349


def test_an_unexpected_error_is_a_500_without_sql_and_with_a_line_in_the_log(
    stocked: httpx2.Client, connection: psycopg.Connection[object], caplog: pytest.LogCaptureFixture
) -> None:
    connection.execute(
        """create function public.fail() returns trigger language plpgsql as $$
           begin raise exception 'secret_table is broken'; end $$;
           create trigger fail after insert on orders.orders for each statement execute function public.fail()"""
    )
    with caplog.at_level(logging.ERROR, "scoville.problems"):
        response = stocked.post("/v1/orders", json=ORDER, headers=key() | {"x-request-id": "find-me"})
    problem = check_problem(response, 500, "RQ500")
    assert "secret_table" not in json.dumps(problem)
    (record,) = caplog.records
    assert problem["request_id"] == "find-me"
    assert record.__dict__["request_id"].endswith(":find-me")
    assert "secret_table" in record.getMessage()


def test_a_function_that_was_replaced_is_called_without_an_error(
    stocked: httpx2.Client, connection: psycopg.Connection[object]
) -> None:
    assert stocked.get("/v1/inventory/warehouses").status_code == 200
    row = connection.execute(
        "select pg_get_functiondef(p.oid) from pg_proc p where p.proname = 'summarize_warehouses'"
    ).fetchone()
    assert isinstance(row, tuple)
    owner = "alter function api.summarize_warehouses(smallint) owner to scoville_owner"
    connection.execute("drop function api.summarize_warehouses(smallint)")
    connection.execute(str(row[0]).encode())
    connection.execute(owner)
    connection.execute("grant execute on function api.summarize_warehouses(smallint) to admin")
    assert stocked.get("/v1/inventory/warehouses").status_code == 200


def test_an_answer_lost_after_the_commit_is_told_as_unknown_and_the_repeat_finds_it_done(
    stocked: httpx2.Client, proxy: Proxy
) -> None:
    headers = {"idempotency-key": "lost"}
    with run_server(proxy.url) as api:
        client = api.client("admin")
        assert client.get("/v1/inventory").status_code == 200
        proxy.cut_at = b"COMMIT\0"  # the command tag that PostgreSQL sends after the commit
        response = place(client, lines(1), **headers)
        problem = check_problem(response, 503, "RQ503")
        assert "Idempotency-Key" in problem["detail"]
        proxy.cut_at = None
        again = place(client, lines(1), **headers)
        assert again.status_code == 201, again.text
        assert again.headers["idempotency-replayed"] == "true"
    assert available(stocked) == 349


def test_a_write_without_a_key_whose_answer_is_lost_is_not_sent_again(stocked: httpx2.Client, proxy: Proxy) -> None:
    with run_server(proxy.url) as api:
        client = api.client("admin")
        assert client.get("/v1/inventory").status_code == 200
        proxy.cut_at, proxy.counted = b"COMMIT\0", b"Renamed"
        check_problem(client.patch("/v1/skus/HOTSAUCE-001", json={"name": "Renamed"}), 503, "RQ503")
        assert proxy.count == 1  # with a key, the call would have been retried until its outcome was known
        proxy.cut_at = None
    assert stocked.get("/v1/skus/HOTSAUCE-001").json()["name"] == "Renamed"


def test_a_lost_read_is_tried_again_unnoticed(stocked: httpx2.Client, proxy: Proxy) -> None:
    with run_server(proxy.url, pool_size=1) as api:
        client = api.client("admin")
        assert client.get("/v1/skus").status_code == 200
        proxy.cut_at = b"next_cursor"
        check_problem(client.get("/v1/skus"), 503, "RQ503")
        proxy.cut_at = None
        assert client.get("/v1/skus").status_code == 200


def test_under_load_with_connections_ended_again_and_again_no_key_acts_twice(
    stocked: httpx2.Client, connection: psycopg.Connection[object]
) -> None:
    accepted = itertools.count(1)

    def order(number: int) -> int:
        for _ in range(20):
            response = place(stocked, lines(1), **{"idempotency-key": f"n-{number}"})
            if response.status_code == 201:
                if next(accepted) % 5 == 0:  # by progress, not by time: a slow machine gets its orders in, too
                    connection.execute(END_ALL)
                return 201
            assert response.status_code in (409, 503), response.text
            assert response.json()["code"] in ("ID002", "RQ503")
            time.sleep(0.05)
        return 0

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(order, range(200)))
    assert answers == [201] * 200
    limit = time.monotonic() + PATIENCE_SECONDS
    while stocked.get("/v1/inventory/HOTSAUCE-001").status_code == 503:  # the last connections were terminated a moment ago
        assert time.monotonic() < limit
    assert available(stocked) == 150


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_an_answer_in_pieces_is_read_to_the_end_of_a_connection_that_failed(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    """uvloop reports a socket with an error once, then no longer watches it, and the call would wait for its whole time."""
    here, there = socket.socketpair()

    def exchange() -> PQGen[bytes]:
        read = b""
        while len(read) < 4:
            yield Wait.R
            read += here.recv(1)
        return read

    async def wait() -> bytes:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await database._wait(exchange(), here.fileno())

    with here, asyncio.Runner(loop_factory=new_loop) as runner:
        here.setblocking(False)
        here.send(b"never read")  # with that the end of the other side is an error
        there.send(b"done")
        there.close()
        assert runner.run(wait()) == b"done"
