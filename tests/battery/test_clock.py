"""The clock of the database jumps forward and back, as after a long pause or a wrong setting. Reservations expire at their end
and never become active again, versions and numbers keep their order, and no client gets a 5xx.

One test sets the clock that all functions read (app.now, which then does not advance). The other shifts the time of the whole
PostgreSQL by libfaketime, if it is installed, so that defaults, timeouts and the log jump too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.battery.history import check_books, check_history
from tests.battery.lengths import LENGTH, LONG, chance
from tests.battery.load import CHANNEL, PATIENCE_SECONDS, SKUS, WAREHOUSES, run_clients, stock_up
from tests.battery.system import System, running_cluster, running_system
from tests.folders import short_folder

LIBRARIES = [Path(f"/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1") for machine in ("x86_64", "aarch64")]
JUMPS = (3600, -1800, 2 * 86_400, -86_400, 0)  # seconds from the real time
DAY = 86_400


def patiently(ask: Callable[[], httpx2.Response]) -> httpx2.Response:
    """A jump ends all sessions of the API at once. A request that gets two ended sessions in a row returns 503."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while (response := ask()).status_code == 503 and time.monotonic() < limit:
        time.sleep(0.1)
    return response


def run_with_jumps(system: System, jump: Callable[[float], object]) -> None:
    """Clients act while the clock jumps. A reservation that expires by a jump forward stays expired after the jump back."""
    stock_up(system)
    draw = chance("clock")
    shop = system.client("sales", subject="watcher", channels=[CHANNEL])
    body = {"items": [{"sku_id": SKUS[0], "quantity": 1}], "ttl_seconds": DAY, "note": "watched"}

    def jumps() -> None:
        for seconds in JUMPS:
            time.sleep(LENGTH.seconds / 2 / len(JUMPS))
            jump(seconds)

    clients = run_clients(system, 3, draw, jumps)
    print("\n", check_history(system.cluster, clients), sep="")

    receipt = {"sku_id": SKUS[0], "warehouse_location": WAREHOUSES[0], "stock": 9, "batch_number": "B-1"}
    admin = system.client("admin")
    received = patiently(lambda: admin.post("/v1/inventory", json=receipt, headers={"Idempotency-Key": "more"}))
    assert received.status_code == 201, received.text
    held = patiently(lambda: shop.post("/v1/reservations", json=body, headers={"Idempotency-Key": "watched"}))
    assert held.status_code == 201, held.text
    path = f"/v1/reservations/{held.json()['reservation_id']}"
    jump(2 * DAY)
    assert patiently(lambda: shop.get(path)).json()["status"] == "expired"
    limit = time.monotonic() + PATIENCE_SECONDS
    while system.cluster.rows("select from stock.reservations where note = 'watched' and status = 'active'"):
        assert time.monotonic() < limit, "the worker does not sweep"
        time.sleep(0.1)
    jump(0)
    assert patiently(lambda: shop.get(path)).json()["status"] == "expired"
    refused = patiently(lambda: shop.patch(path, json={"ttl_seconds": 60}))
    assert (refused.status_code, refused.json()["code"]) == (409, "RV002")
    check_books(system.cluster)


@pytest.mark.timeout(600)
def test_jumps_of_the_clock_that_functions_read_confuse_nobody() -> None:
    with running_system() as system:

        def jump(seconds: float) -> None:
            """New sessions have this time; existing sessions end."""
            with psycopg.connect(system.cluster.owner_url, autocommit=True) as connection:
                setting = "alter role authenticator reset scoville.now"
                if seconds:
                    row = connection.execute("select (now() + %s * interval '1 second')::text", [seconds]).fetchone()
                    setting = f"alter role authenticator set scoville.now = '{row[0] if row else ''}'"
                connection.execute(setting.encode())
                connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'authenticator'")

        run_with_jumps(system, jump)


@pytest.mark.timeout(600)
def test_jumps_of_the_whole_server_confuse_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    if not LONG:
        pytest.skip("runs in make battery: what differs from the test above is PostgreSQL's own use of time")
    library = next((path for path in LIBRARIES if path.exists()), None)
    if library is None:
        pytest.skip("libfaketime is not here: .ci/tools installs it for root")
    with short_folder() as folder:
        clock = folder / "clock"
        clock.write_text("+0\n")
        with monkeypatch.context() as patch:  # for PostgreSQL only; the monotonic clock stays real
            patch.setitem(os.environ, "LD_PRELOAD", str(library))
            patch.setitem(os.environ, "FAKETIME_TIMESTAMP_FILE", str(clock))
            patch.setitem(os.environ, "FAKETIME_NO_CACHE", "1")
            patch.setitem(os.environ, "DONT_FAKE_MONOTONIC", "1")
            running = running_cluster()
            cluster = running.__enter__()
        try:
            with running_system(cluster) as system:

                def jump(seconds: float) -> None:
                    clock.write_text(f"{seconds:+d}\n")
                    [(away,)] = cluster.rows("select extract(epoch from clock_timestamp())::float8")
                    assert abs(away - time.time() - seconds) < 60, "the clock did not jump"

                run_with_jumps(system, jump)
        finally:
            running.__exit__(None, None, None)
