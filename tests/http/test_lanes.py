"""Lanes: calls that queue behind a batch are sent as one batch, and each caller gets its own result."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest

from pyapp.database import lanes as lanes_module
from pyapp.database.calls import Database
from pyapp.database.commands import Command, Result, Transactions
from pyapp.database.lanes import Lanes
from pyapp.identity.tokens import Identity
from pyapp.problems import Problem
from tests.http.conftest import Api, check_problem, key, run_server
from tests.http.orders import available, lines, place
from tests.outages import Proxy, proxy, wait_for
from tests.patience import PATIENCE_SECONDS

__all__ = ["proxy"]  # a fixture

PLACE = "select * from api.place_orders($1, $2)"
SALES = Identity("sales", "till-1", (), ("web",))


def order(number: int, *, identity: Identity = SALES, keyed: bool = True, **members: Any) -> Command:
    """One order of one unit, in the form that the endpoint passes to a lane."""
    meta = {"actor": identity.subject, "request_id": f"r-{number}"} | ({"idempotency_key": f"k-{number}"} if keyed else {})
    element = {"customer": {"name": f"c-{number}"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}], "meta": meta} | members
    return Command(identity, PLACE, 1, [json.dumps(element).encode()], f"r-{number}", keyed, shares=True)


def with_lanes(url: str, work: Callable[[Lanes, Database], Awaitable[None]], **given: int) -> None:
    """Runs `work` with lanes on their own database."""

    async def run() -> None:
        database = Database(url, 4)
        await database.open()
        try:
            lanes = Lanes(Transactions(database), **given)
            await work(lanes, database)
            await lanes.drain()
        finally:
            await database.close()

    asyncio.run(run())


async def pile_up(lanes: Lanes, connection: psycopg.Connection[Any], commands: list[Command]) -> list[asyncio.Task[Any]]:
    """Sends the first call, waits until it is blocked by a lock, then sends the others."""
    tasks = [asyncio.create_task(lanes.execute(commands[0]))]
    await asyncio.to_thread(wait_for, connection, "wait_event_type = 'Lock'")
    tasks += [asyncio.create_task(lanes.execute(command)) for command in commands[1:]]
    await asyncio.sleep(0)
    return tasks


def batches(connection: psycopg.Connection[Any]) -> list[int]:
    """The number of orders per transaction: orders of one transaction share their created_at."""
    rows = connection.execute("select count(*) from orders.orders group by created_at order by created_at").fetchall()
    return [number for (number,) in rows]


@pytest.mark.parametrize(("size", "expected"), [(1, [1] * 7), (4, [1, 4, 2]), (128, [1, 6])])
def test_what_queues_behind_a_batch_goes_together_in_the_order_it_came(
    stocked: httpx2.Client,
    authenticator_url: str,
    database_url: str,
    connection: psycopg.Connection[Any],
    size: int,
    expected: list[int],
) -> None:
    async def work(lanes: Lanes, _: Database) -> None:
        with psycopg.connect(database_url) as blocker:
            blocker.execute("select from stock.stock_levels for update")
            tasks = await pile_up(lanes, connection, [order(number) for number in range(7)])
            assert lanes.queued == 6
            blocker.rollback()
            answers = await asyncio.gather(*tasks)
        assert lanes.queued == 0
        documents = [json.loads(result.body) for (result,) in answers]
        assert [document["customer"]["name"] for document in documents] == [f"c-{number}" for number in range(7)]
        numbers = [int(document["order_id"].rpartition("-")[2]) for document in documents]
        assert numbers == sorted(numbers)

    with_lanes(authenticator_url, work, batch_elements_max=size, under_way_max=1)
    assert batches(connection) == expected


def test_neighbors_keep_their_actor_their_key_and_their_request(
    stocked: httpx2.Client, authenticator_url: str, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    tills = [Identity("sales", f"till-{number}", (), ("web",)) for number in range(4)]

    async def work(lanes: Lanes, _: Database) -> None:
        with psycopg.connect(database_url) as blocker:
            blocker.execute("select from stock.stock_levels for update")
            tasks = await pile_up(lanes, connection, [order(number, identity=till) for number, till in enumerate(tills)])
            blocker.rollback()
            placed = await asyncio.gather(*tasks)
        again = [await lanes.execute(order(number, identity=till)) for number, till in enumerate(tills)]
        assert again == [[result._replace(replayed=True)] for (result,) in placed]
        [of_another] = await lanes.execute(order(0, identity=tills[1], customer={"name": "another"}))
        assert (of_another.code, of_another.replayed) == (None, False)  # the key k-0 of till-1, not of till-0

    with_lanes(authenticator_url, work, under_way_max=1)
    assert batches(connection) == [1, 3, 1]
    expected = [("till-0", "r-0"), ("till-1", "r-0"), *((f"till-{number}", f"r-{number}") for number in range(1, 4))]
    for table, actor in (("audit.audit_log", "actor"), ("stock.stock_movements", "actor"), ("orders.orders", "changed_by")):
        where = "where table_name = 'orders.orders'" if "audit" in table else "where request_id like 'r-%'"
        found = connection.execute(f"select {actor}, request_id from {table} {where} order by 2, 1".encode()).fetchall()
        assert found == expected, table


def test_what_receipts_of_one_batch_make_is_laid_to_those_who_sent_them(
    authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    def receipt(number: int) -> Command:
        meta = {"actor": f"dock-{number}", "request_id": f"r-{number}", "idempotency_key": f"k-{number}"}
        element = {"sku_id": f"NEW-{number}", "name": "New", "warehouse_location": f"W-{number}", "stock": 1, "batch_number": "B"}
        identity = Identity("admin", f"dock-{number}")
        receive = "select * from api.receive_stock($1, $2)"
        return Command(identity, receive, 1, [json.dumps(element | {"meta": meta}).encode()], f"r-{number}", True, shares=True)

    async def work(lanes: Lanes, _: Database) -> None:
        await asyncio.gather(*(lanes.execute(receipt(number)) for number in range(3)))

    with_lanes(authenticator_url, work)
    made = connection.execute("select created_at from catalog.skus").fetchall()
    assert len(set(made)) == 1, "they did not share a batch"
    for table in ("catalog.skus", "catalog.warehouses"):
        found = connection.execute(
            "select row_key, actor, request_id from audit.audit_log where table_name = %s order by 1", [table]
        ).fetchall()
        assert [row[1:] for row in found] == [(f"dock-{number}", f"r-{number}") for number in range(3)], table
    events = connection.execute("select actor from events.outbox where type = 'sku.changed' order by 1").fetchall()
    assert events == [(f"dock-{number}",) for number in range(3)]


def test_one_bad_order_among_128_changes_nothing_for_the_other_127(
    stocked: httpx2.Client, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    bad: dict[int, dict[str, Any]] = {
        5: {"items": [{"sku_id": "NO-SUCH", "quantity": 1}]},
        40: {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1000}]},
        77: {"items": 5},  # the middleware would refuse this: Postgres raises, and the whole batch fails
    }

    async def work(lanes: Lanes, _: Database) -> None:
        tasks = [asyncio.create_task(lanes.execute(order(number, **bad.get(number, {})))) for number in range(128)]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        refused: dict[int, str | None] = {}
        for number, answer in enumerate(answers):
            if isinstance(answer, Problem):
                refused[number] = answer.code
            else:
                assert not isinstance(answer, BaseException)
                (result,) = answer
                if result.code:
                    refused[number] = result.code
        assert refused == {5: "ST002", 40: "ST001", 77: "VA001"}

    with_lanes(authenticator_url, work)
    assert available(stocked) == 350 - 125
    assert sum(batches(connection)) == 125


def test_roles_and_scopes_never_share_a_batch(
    stocked: httpx2.Client, authenticator_url: str, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    response = stocked.post("/v1/channels", json={"channel_id": "pos", "name": "Till", "warehouses": ["WH-01"]})
    assert response.status_code == 201
    callers = [SALES, Identity("sales", "till-2", (), ("pos",)), Identity("integration", "shop", (), ("web",))]

    async def work(lanes: Lanes, _: Database) -> None:
        with psycopg.connect(database_url) as blocker:
            blocker.execute("select from stock.stock_levels for update")
            tasks = await pile_up(lanes, connection, [order(n, identity=callers[n % 3]) for n in range(9)])
            blocker.rollback()
            answers = await asyncio.gather(*tasks)
        for number, (result,) in enumerate(answers):
            assert json.loads(result.body)["channel"] == callers[number % 3].channels[0]

    with_lanes(authenticator_url, work, under_way_max=1)
    assert sorted(batches(connection)) == [1, 2, 3, 3]


def test_a_caller_that_goes_away_harms_nobody(
    stocked: httpx2.Client, authenticator_url: str, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    async def work(lanes: Lanes, _: Database) -> None:
        with psycopg.connect(database_url) as blocker:
            blocker.execute("select from stock.stock_levels for update")
            tasks = await pile_up(lanes, connection, [order(number) for number in range(5)])
            tasks[0].cancel()  # in progress
            tasks[2].cancel()  # still in the queue
            await asyncio.sleep(0)
            blocker.rollback()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
        gone = [isinstance(answer, asyncio.CancelledError) for answer in answers]
        assert gone == [True, False, True, False, False]

    with_lanes(authenticator_url, work, under_way_max=1)
    # The call in progress is carried out. Abandoned calls in the queue are not started.
    assert available(stocked) == 350 - 4


def test_past_the_limit_callers_are_told_to_come_back_and_those_within_are_served(
    stocked: httpx2.Client,
    authenticator_url: str,
    database_url: str,
    connection: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes_module, "QUEUED_ELEMENTS_MAX", 3)
    with run_server(authenticator_url) as api, psycopg.connect(database_url) as blocker, ThreadPoolExecutor(12) as threads:
        client = api.client("admin")
        blocker.execute("select from stock.stock_levels for update")
        answers = [threads.submit(place, client, lines(1)) for _ in range(12)]
        limit = time.monotonic() + 60
        while sum(answer.done() for answer in answers) < 5:
            assert time.monotonic() < limit
            time.sleep(0.01)
        blocker.rollback()
        responses = [answer.result() for answer in answers]
    refused = [response for response in responses if response.status_code != 201]
    assert 5 <= len(refused) < 12
    for response in refused:
        assert "Nothing was changed" in check_problem(response, 503, "RQ503")["detail"]
        assert response.headers["retry-after"] == "1"
    assert available(stocked) == 350 - (12 - len(refused))


def test_dry_runs_of_a_caller_run_one_at_a_time_and_see_nothing_of_each_other(
    stocked: httpx2.Client, authenticator_url: str, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """Also lists of commands that share no transaction. Both leave the other connections to other callers."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    dry = [order(number, items=[{"sku_id": "HOTSAUCE-001", "quantity": 300}])._replace(dry_run=True) for number in range(3)]
    element = json.dumps({"sku_id": "HOTSAUCE-001", "name": "New name", "meta": {"actor": SALES.subject}}).encode()
    save = "select * from api.save_skus($1)"
    lists = [Command(SALES, save, None, [element, element], "r", shares=False) for _ in range(2)]

    async def work(lanes: Lanes, _: Database) -> None:
        with psycopg.connect(database_url) as blocker:
            blocker.execute("select from stock.stock_levels for update")
            tasks = await pile_up(lanes, connection, dry + lists)
            assert (lanes.queued, lanes.listed) == (2, 4)
            [(result,)] = [await lanes.execute(order(9, identity=Identity("sales", "till-1", (), ("pos",)), channel="pos"))]
            assert result.code == "OR008"  # a lane of its own
            assert connection.execute(waiting).fetchone() == (1,)
            blocker.rollback()
            answers = await asyncio.gather(*tasks)
        assert [result.code for answer in answers for result in answer] == [None] * 7
        assert (lanes.queued, lanes.listed, lanes.in_use) == (0, 0, 0)

    with_lanes(authenticator_url, work)
    assert available(stocked) == 350


def test_waiting_lists_leave_room_for_single_orders(
    stocked: httpx2.Client,
    authenticator_url: str,
    database_url: str,
    connection: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes_module, "QUEUED_ELEMENTS_MAX", 2)
    monkeypatch.setattr(lanes_module, "LISTED_ELEMENTS_MAX", 4)

    async def work(lanes: Lanes, _: Database) -> None:
        def two(number: int) -> Command:
            return order(number)._replace(elements=[*order(number).elements, *order(number + 100).elements])

        with psycopg.connect(database_url) as blocker:
            blocker.execute("select from stock.stock_levels for update")
            tasks = await pile_up(lanes, connection, [two(0), two(1), two(2), two(3), order(10)])
            blocker.rollback()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(answer, Problem) for answer in answers] == [False, False, False, True, False]

    with_lanes(authenticator_url, work, batch_elements_max=1)
    assert available(stocked) == 350 - 7


def test_a_batch_whose_answer_was_lost_is_repeated_by_its_keys_and_acts_once(stocked: httpx2.Client, proxy: Proxy) -> None:
    async def work(lanes: Lanes, database: Database) -> None:
        await database.call(SALES, "select * from api.list_inventory($1, '{}', null, 1)", (1,), request_id="", read_only=True)
        proxy.cut_at = b"COMMIT\0"
        tasks = [asyncio.create_task(lanes.execute(order(number))) for number in range(20)]
        await asyncio.sleep(0.1)
        proxy.cut_at = None
        for (result,) in await asyncio.gather(*tasks):
            assert result.code is None, result

    with_lanes(proxy.url, work)
    assert available(stocked) == 330


def test_a_batch_without_keys_whose_answer_was_lost_is_answered_as_unknown(stocked: httpx2.Client, proxy: Proxy) -> None:
    async def work(lanes: Lanes, database: Database) -> None:
        await database.call(SALES, "select * from api.list_inventory($1, '{}', null, 1)", (1,), request_id="", read_only=True)
        proxy.cut_at = b"COMMIT\0"
        answers: list[list[Result] | BaseException] = await asyncio.gather(
            *(lanes.execute(order(number, keyed=False)) for number in range(3)), return_exceptions=True
        )
        for answer in answers:
            assert isinstance(answer, Problem)
            assert answer.code == "RQ503"
            assert "may have been carried out or not" in answer.detail

    with_lanes(proxy.url, work)


def test_shutdown_answers_what_was_accepted(stocked: httpx2.Client, authenticator_url: str, database_url: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        with psycopg.connect(database_url) as blocker, run_server(authenticator_url) as api:
            client = httpx2.Client(base_url=api.url, headers=dict(api.client("admin").headers), timeout=PATIENCE_SECONDS)
            blocker.execute("select from stock.stock_levels for update")
            answers = [threads.submit(place, client, lines(1)) for _ in range(8)]
            while len(api.server.server_state.connections) < 8:  # whoever has connected is answered
                time.sleep(0.01)
            release = threading.Timer(0.5, blocker.rollback)
            release.start()
        assert [answer.result().status_code for answer in answers] == [201] * 8
        client.close()
    assert available(stocked) == 342


def test_the_last_units_go_once_however_many_queue_for_them(api: Api, stocked: httpx2.Client) -> None:
    sold_out = {**lines(1)}
    with ThreadPoolExecutor(24) as threads:
        clients = [api.client("sales", channels=["web"], subject=f"till-{number}") for number in range(24)]
        responses = list(threads.map(lambda n: clients[n % 24].post("/v1/orders", json=sold_out, headers=key()), range(400)))
    assert sorted({response.status_code for response in responses}) == [201, 409]
    assert sum(response.status_code == 201 for response in responses) == 350
    assert available(stocked) == 0
