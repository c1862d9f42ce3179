"""The same load for minutes: memory, open files and connections do not grow."""

from __future__ import annotations

import statistics
import time
from typing import Any, NamedTuple

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest
from websockets.sync.client import connect

from tests.battery.history import check_history
from tests.battery.lengths import LENGTH, chance
from tests.battery.load import run_clients, stock_up
from tests.battery.system import System, running_system

SAMPLE_SECONDS = 5.0
MEMORY_GROWTH_MAX = 0.08  # between the second and the last quarter
MEMORY_SLACK_BYTES = 8 * 1024 * 1024  # memory that an allocator may keep after a peak
COUNT_SLACK = 4  # open files and connections vary
CLIENTS = 4


class Sample(NamedTuple):
    api_bytes: int
    worker_bytes: int
    postgres_bytes: int
    api_files: int
    worker_files: int
    connections: int


def sample(system: System) -> Sample:
    backends = [process for process in system.cluster.postmaster().children() if process.is_running()]
    own = 0
    for process in backends:
        try:
            own += process.memory_full_info().uss
        except psutil.Error:
            continue
    [(connections,)] = system.cluster.rows("select count(*) from pg_stat_activity where application_name like 'scoville%'")
    api, worker = system.api.process, system.worker.process
    return Sample(api.memory_info().rss, worker.memory_info().rss, own, api.num_fds(), worker.num_fds(), connections)


def look_on(system: System, admin: httpx2.Client) -> None:
    """Opens and closes sockets and streams."""
    headers = {"Authorization": admin.headers["authorization"]}
    for _ in range(3):
        with connect(system.url.replace("http", "ws") + "/v1/ws/inventory", additional_headers=headers) as socket:
            socket.send('{"type": "subscribe"}')
            socket.recv(10)
        with admin.stream("GET", "/v1/events/stream") as stream:
            assert stream.status_code == 200


def middle(samples: list[Sample], field: int) -> float:
    return statistics.median(one[field] for one in samples)


@pytest.mark.timeout(7200)
def test_memory_files_and_connections_stay_flat() -> None:
    if not LENGTH.soak_minutes:
        pytest.skip("a soak takes minutes: make battery (SCOVILLE_SOAK_MINUTES, 10)")
    draw = chance("soak")
    samples: list[Sample] = []
    with running_system() as system:
        stock_up(system, units=10_000_000)
        admin = system.client("admin", subject="onlooker")

        def soak() -> None:
            limit = time.monotonic() + LENGTH.soak_minutes * 60
            while time.monotonic() < limit:
                look_on(system, admin)
                samples.append(sample(system))
                time.sleep(SAMPLE_SECONDS)

        clients: Any = run_clients(system, CLIENTS, draw, soak)
        findings = check_history(system.cluster, clients, stock=10_000_000)
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[3 * quarter :]
    print(f"\n{findings}")
    for number, name in enumerate(Sample._fields):
        before, after = middle(early, number), middle(late, number)
        print(f"{name}: {before:,.0f} then {after:,.0f}")
        slack = MEMORY_SLACK_BYTES + MEMORY_GROWTH_MAX * before if name.endswith("bytes") else COUNT_SLACK
        assert after <= before + slack, name
