"""Clients act while the test kills PostgreSQL, the API and the worker: no acknowledged act is lost, no act is done twice, no
unit is oversold, and every refusal says what to do."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx2
import psycopg
import pytest

from tests.battery.history import check_books, check_history
from tests.battery.lengths import LENGTH, chance
from tests.battery.load import CHANNEL, PATIENCE_SECONDS, SKUS, Client, run_clients, stock_up
from tests.battery.system import System, running_system, wait_until_ready

END_SOME = """select pg_terminate_backend(pid) from pg_stat_activity
    where application_name like 'scoville%' and backend_type = 'client backend' order by random() limit 3"""

EVERY_KIND = {"order", "modify", "cancel", "ship", "stock", "hold"}
ACTS_MIN = 10  # done per client

pytestmark = pytest.mark.timeout(7200)


def have_done_enough(clients: list[Client]) -> bool:
    done = [act.kind for client in clients for act in list(client.acts) if act.outcome == "done"]
    return set(done) == EVERY_KIND and len(done) > ACTS_MIN * len(clients)


def faults_of(system: System, draw: random.Random) -> list[Callable[[], None]]:
    def terminate() -> None:
        with suppress(psycopg.OperationalError):
            system.cluster.rows(END_SOME)

    postgres, api, worker = LENGTH.kills
    times = (
        (system.cluster.kill, postgres),
        (system.api.kill, api),
        (system.worker.kill, worker),
        (terminate, LENGTH.terminated),
    )
    faults = [fault for fault, number in times for _ in range(number)]
    draw.shuffle(faults)
    return faults


def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice_whatever_is_killed() -> None:
    draw = chance("load")
    with running_system() as system:
        stock_up(system)

        def disturb() -> None:
            started = time.monotonic()
            for fault in faults_of(system, draw):
                time.sleep(draw.uniform(0.5, 1.5) * LENGTH.seconds / (sum(LENGTH.kills) + LENGTH.terminated))
                fault()
                system.api.revive()
                system.worker.revive()
            time.sleep(max(0.5, LENGTH.seconds - (time.monotonic() - started)))
            system.api.revive()
            wait_until_ready(system.url)
            system.worker.revive()
            time.sleep(0.5)

        clients = run_clients(system, LENGTH.clients, draw, disturb, have_done_enough)
        findings = check_history(system.cluster, clients)
        kinds = Counter((act.kind, act.outcome) for client in clients for act in client.acts)
        print(f"\n{findings}; kills {LENGTH.kills}, {LENGTH.terminated} times backends ended; lost 0, twice 0, oversold 0")
        print(", ".join(f"{kind} {outcome} {number}" for (kind, outcome), number in sorted(kinds.items())))
        assert {kind for kind, outcome in kinds if outcome == "done"} == EVERY_KIND
        assert findings.done > ACTS_MIN * LENGTH.clients
        assert "Traceback" not in system.logs()
        assert system.worker.stop() == 0, system.worker.log.read_text()[-2000:]


def test_a_key_that_is_sent_twice_at_once_acts_once_though_the_api_is_killed() -> None:
    draw = chance("doubled")
    with running_system() as system, ThreadPoolExecutor(16) as pool:
        stock_up(system, units=1_000_000)
        clients = [system.client("sales", subject="shop", channels=[CHANNEL]) for _ in range(4)]
        stopping = threading.Event()
        answered: list[str] = []

        def submit(key: str) -> dict[str, Any]:
            body = {"customer": {"name": "Twice"}, "items": [{"sku_id": SKUS[hash(key) % 20], "quantity": 1}]}
            limit = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < limit:
                with suppress(httpx2.HTTPError):
                    response = draw.choice(clients).post("/v1/orders", json=body, headers={"Idempotency-Key": key})
                    if response.status_code == 201:
                        answered.append(key)
                        return dict(response.json())
                    assert response.json()["code"] in ("ID002", "RQ503"), response.text
                time.sleep(0.02)
            raise AssertionError(f"{key} was not answered")

        def kill() -> None:
            for turn in range(LENGTH.doubled_kills):
                share = (turn + draw.uniform(0.1, 0.8)) / LENGTH.doubled_kills
                while len(answered) < share * 2 * LENGTH.doubled and not stopping.wait(0.005):
                    continue
                system.api.kill()

        killer = pool.submit(kill)
        keys = [str(uuid.UUID(int=draw.getrandbits(128))) for _ in range(LENGTH.doubled)]
        try:
            answers = list(pool.map(submit, [key for key in keys for _ in range(2)]))
        finally:
            stopping.set()
        killer.result()
        assert [answer["order_id"] for answer in answers[::2]] == [answer["order_id"] for answer in answers[1::2]]
        assert len({answer["order_id"] for answer in answers}) == LENGTH.doubled
        assert system.cluster.rows("select count(*) from orders.orders") == [(LENGTH.doubled,)]
        check_books(system.cluster)
