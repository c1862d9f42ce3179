"""The closed loop where wrk is missing: reads the environment variables of `bench/orders.lua` and prints the same line of JSON.

METHOD=POST HEADERS='Authorization: Bearer ...' python -m bench.closed URL CLIENTS SECONDS
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

import uvloop

BODY = '{"customer":{"name":"Jane Doe","email":"jane@example.com","address":"123 Hot St, Spicetown, USA"},"items":[$lines]}'
LINE = '{"sku_id":"$sku","quantity":1}'
LATE_SECONDS_MAX = 30.0


def setting(name: str, default: str) -> str:
    return os.environ.get(name) or default


def requests(url: str) -> Callable[[int], bytes]:
    """A function that makes the n-th request."""
    target = urlsplit(url)
    method, body, line = setting("METHOD", "POST"), setting("BODY", BODY), setting("LINE", LINE)
    lines, skus, name = int(setting("LINES", "1")), range(int(setting("SKUS", "1"))), setting("SKU", "SKU-%04d")
    weights = [1 / (sku + 1) for sku in skus] if setting("ZIPF", "0") == "1" else None
    run = setting("RUN", str(time.time_ns()))
    head = f"Host: {target.netloc}\r\n" + "".join(f"{header}\r\n" for header in setting("HEADERS", "").splitlines())

    def make(number: int) -> bytes:
        chosen = [name % sku for sku in random.choices(skus, weights, k=lines)]  # noqa: S311
        if method == "GET":
            return f"GET {target.path}/{chosen[0]} HTTP/1.1\r\n{head}\r\n".encode()
        text = body.replace("$lines", ",".join(line.replace("$sku", sku) for sku in chosen)).replace("$n", f"{run}-{number}")
        content = f"Content-Type: application/json\r\nContent-Length: {len(text.encode())}\r\nIdempotency-Key: {run}-{number}\r\n"
        return f"{method} {target.path} HTTP/1.1\r\n{head}{content}\r\n{text}".encode()

    return make


async def main(url: str, clients: int, seconds: float) -> dict[str, object]:
    target, make = urlsplit(url), requests(url)
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    sent = 0

    async def work() -> None:
        nonlocal sent
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        while time.perf_counter() < limit:
            sent += 1
            begun = time.perf_counter()
            writer.write(make(sent))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]))
            latencies.append((time.perf_counter() - begun) * 1000)
            statuses[int(head[9:12])] += 1
        writer.close()

    started = time.perf_counter()
    limit = started + seconds
    async with asyncio.timeout(seconds + LATE_SECONDS_MAX):
        await asyncio.gather(*(work() for _ in range(clients)))
    latencies.sort()
    return {
        "seconds": time.perf_counter() - started,
        "p50": latencies[len(latencies) // 2],
        "p99": latencies[int(len(latencies) * 0.99)],
        "statuses": statuses,
    }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))))
