"""The disk of the database fills up. Requests that do not fit get a clear 503, acknowledged orders stay, and requests succeed
again once space is free."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.battery.history import check_books
from tests.battery.lengths import LENGTH
from tests.battery.load import CHANNEL, SKUS, stock_up
from tests.battery.system import System, running_cluster, running_system, wait_until_ready
from tests.folders import short_folder

BYTES = 420 * 1024 * 1024
LIST = 100  # orders per request
TRIES_MAX = 200


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A separate filesystem in memory."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small filesystem")
    with short_folder() as folder:
        disk = folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={BYTES},mode=0711", "tmpfs", str(disk)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
        if mounted.returncode != 0:
            pytest.skip(f"this machine mounts no small filesystem: {mounted.stderr.strip()}")
        yield disk
        subprocess.run(["umount", "-l", str(disk)], check=True)  # noqa: S607


def fill(disk: Path) -> Path:
    """Fills the remaining space with one file."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096) == 4096:
            continue
    assert shutil.disk_usage(disk).free < 4096
    return ballast


def place_orders(client: httpx2.Client, name: str) -> tuple[int, list[str]]:
    """The status of a list of orders, and the ids of the acknowledged orders."""
    orders = [{"customer": {"name": "D"}, "items": [{"sku_id": sku, "quantity": 1} for sku in SKUS[:5]]}] * LIST
    try:
        response = client.post("/v1/orders", json=orders, headers={"Idempotency-Key": name})
    except httpx2.HTTPError as error:
        raise AssertionError(f"the API hung up: {error!r}") from None
    if response.status_code == 503:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "RQ503"
        assert response.headers["retry-after"]
        return 503, []
    assert response.status_code == 207, response.text
    return 207, [result["data"]["order_id"] for result in response.json()["results"]]


def check_recovery(system: System, client: httpx2.Client, acknowledged: list[str], name: str) -> None:
    if not system.cluster.lives():  # PostgreSQL may stop if it cannot write its WAL
        system.cluster.start()
    wait_until_ready(system.url)
    limit = time.monotonic() + 90
    while (answer := place_orders(client, name))[0] != 207:
        assert time.monotonic() < limit, "requests still fail"
        time.sleep(0.2)
    acknowledged += answer[1]
    found = {order_id for (order_id,) in system.cluster.rows("select orders.public_id(region_id, order_id) from orders.orders")}
    assert set(acknowledged) <= found, "acknowledged orders are lost"
    assert len(acknowledged) == len(set(acknowledged))
    check_books(system.cluster)


@pytest.mark.timeout(600)
def test_a_full_disk_is_a_503_that_loses_nothing_and_passes(small_disk: Path) -> None:
    with running_cluster(small_disk) as cluster, running_system(cluster) as system:
        stock_up(system, units=1_000_000)
        client = system.client("sales", subject="shop", channels=[CHANNEL])
        acknowledged: list[str] = []
        for again in range(1 if LENGTH.seconds < 30 else 3):
            ballast = fill(small_disk)
            refused = 0
            for number in range(TRIES_MAX):
                status, ids = place_orders(client, f"{again}-{number}")
                acknowledged += ids
                refused += status == 503
                if refused >= 5:
                    break
                time.sleep(0.2 * (status == 503))
            assert refused, "the disk did not fill up"
            assert httpx2.get(f"{system.url}/healthz").status_code == 200
            ballast.unlink()
            check_recovery(system, client, acknowledged, f"{again}-again")
            said = "PANIC" if "PANIC" in cluster.log else "ERROR"
            print(f"\n{len(acknowledged)} orders acknowledged, {refused} requests refused; PostgreSQL said {said}; lost 0")
            cluster.rows("checkpoint")
