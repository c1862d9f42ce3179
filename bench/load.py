"""Load: a closed loop for capacity (wrk, which costs almost nothing itself, or `bench/closed.py`) and an open loop for latency.

The open loop sends on a schedule, independent of responses, and counts latency from the scheduled time: if the server stalls, all
requests scheduled during the stall count.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]

CONNECTIONS_MAX = 512  # of the open loop
LATE_SECONDS_MAX = 30.0  # slower responses count as missing


@dataclass(frozen=True)
class Workload:
    """A workload: orders of `lines` units over `skus` SKUs (by Zipf's law or evenly), or reads of them. `body` is a template for
    another system than Scoville (`bench/orders.lua`)."""

    clients: int
    skus: int = 1
    lines: int = 1
    zipf: bool = False
    method: str = "POST"
    path: str = "/v1/orders"
    body: str = ""


@dataclass(frozen=True)
class Load:
    """The results of a load. Latencies are in milliseconds."""

    seconds: float
    statuses: dict[int, int]
    p50: float
    p99: float
    client_cpu_seconds: float

    def per_second(self, *statuses: int) -> float:
        return sum(self.statuses.get(status, 0) for status in statuses) / self.seconds

    @property
    def others(self) -> dict[int, int]:
        """Responses with a status that no workload expects."""
        return {status: number for status, number in self.statuses.items() if status not in (200, 201, 409)}


SCRIPT = Path(__file__).with_name("orders.lua")


@functools.cache
def wrk() -> str | None:
    """The path of wrk, installed first on Debian if this runs as root. None: there is none, so loads come from Python."""
    found = shutil.which("wrk")
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        with suppress(subprocess.CalledProcessError):
            subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
            subprocess.run(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "wrk"], check=True, capture_output=True)
        found = shutil.which("wrk")
    if found is None:
        print("Without the package `wrk` the load is made in Python: it takes more CPU, so rates are lower.", flush=True)
    return found


def closed_loop(url: str, token: str, workload: Workload, seconds: float) -> Load:
    """Each client sends its next request when the last one is answered."""
    environment = {
        **os.environ,
        "HEADERS": f"Authorization: Bearer {token}",
        "METHOD": workload.method,
        "SKUS": str(workload.skus),
        "LINES": str(workload.lines),
        "ZIPF": str(int(workload.zipf)),
        "BODY": workload.body,
        "RUN": uuid.uuid4().hex,
    }
    target, program = url + workload.path, wrk()
    if program:
        whole = str(max(round(seconds), 1))
        command = [program, "-t1", f"-c{workload.clients}", f"-d{whole}", "--timeout", "30", "-s", str(SCRIPT), target]
    else:
        command = [sys.executable, "-m", "bench.closed", target, str(workload.clients), str(seconds)]
    before = os.times()
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    after = os.times()
    document = json.loads(said.strip().splitlines()[-1])
    return Load(
        seconds=document["seconds"],
        statuses={int(status): number for status, number in document["statuses"].items()},
        p50=document["p50"],
        p99=document["p99"],
        client_cpu_seconds=after.children_user + after.children_system - before.children_user - before.children_system,
    )


def open_loop(url: str, rate: float, seconds: float, make: Callable[[int], bytes]) -> Load:
    """Sends make(n), a whole HTTP/1.1 request, at n / rate seconds, over as many connections as needed."""
    return asyncio.run(_open_loop(urlsplit(url), rate, seconds, make))


async def _open_loop(target: object, rate: float, seconds: float, make: Callable[[int], bytes]) -> Load:
    host, port = target.hostname, target.port  # type: ignore[attr-defined]
    idle: asyncio.LifoQueue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.LifoQueue()
    opened = 0
    latencies: list[float] = []
    statuses: Counter[int] = Counter()

    async def send(number: int, due: float) -> None:
        nonlocal opened
        if idle.empty() and opened < CONNECTIONS_MAX:
            opened += 1
            connection = await asyncio.open_connection(host, port)
        else:
            connection = await idle.get()
        reader, writer = connection
        writer.write(make(number))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        latencies.append((time.perf_counter() - due) * 1000)
        statuses[int(head[9:12])] += 1
        idle.put_nowait(connection)

    own = psutil.Process()
    cpu = sum(own.cpu_times()[:2])
    started = time.perf_counter()
    tasks = set()
    total = int(rate * seconds)
    for number in range(total):
        due = started + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        elif number % 64 == 0:
            await asyncio.sleep(0)
        task = asyncio.create_task(send(number, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    _, late = await asyncio.wait(tasks, timeout=LATE_SECONDS_MAX) if tasks else (set(), set())
    for task in late:
        task.cancel()
    elapsed = time.perf_counter() - started
    while not idle.empty():
        idle.get_nowait()[1].close()
    latencies.sort()
    statuses[0] += len(late)
    return Load(
        seconds=elapsed,
        statuses={status: number for status, number in statuses.items() if number},
        p50=latencies[len(latencies) // 2] if latencies else float("inf"),
        p99=latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))] if latencies else float("inf"),
        client_cpu_seconds=sum(own.cpu_times()[:2]) - cpu,
    )


def order_request(url: str, token: str, sku_id: str = "SKU-0000") -> Callable[[int], bytes]:
    """The bytes of an order of one unit, with its own key for each number."""
    run = uuid.uuid4().hex
    customer = '{"name":"Jane Doe","email":"jane@example.com","address":"123 Hot St, Spicetown, USA"}'
    body = f'{{"customer":{customer},"items":[{{"sku_id":"{sku_id}","quantity":1}}]}}'
    host = urlsplit(url).netloc
    head = (
        f"POST /v1/orders HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nIdempotency-Key: {run}-"
    )
    return lambda number: f"{head}{number}\r\n\r\n{body}".encode()
