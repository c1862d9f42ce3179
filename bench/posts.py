"""The delivery floor: the worker's HTTP client in a loop that POSTs prepared bytes; prints their rate per second."""

from __future__ import annotations

import asyncio
import sys
import time

import aiohttp
import uvloop

BODY = b'{"specversion":"1.0","type":"order.placed","data":{"text":"' + b"x" * 900 + b'"}}'
HEADERS = {
    "content-type": "application/cloudevents+json; charset=utf-8",
    "user-agent": "Scoville-Webhooks/1",
    "webhook-id": "msg_0123456789ab_1000",
    "webhook-timestamp": "1700000000",
    "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
}


async def main(url: str, at_once: int, seconds: float) -> float:
    connector = aiohttp.TCPConnector(limit=at_once)
    sent, limit = 0, time.perf_counter() + seconds

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal sent
        while time.perf_counter() < limit:
            async with session.post(url, data=BODY, headers=HEADERS, allow_redirects=False) as response:
                await response.read()
            sent += 1

    async with aiohttp.ClientSession(connector=connector, skip_auto_headers=("Accept-Encoding",)) as session:
        started = time.perf_counter()
        await asyncio.gather(*(work(session) for _ in range(at_once)))
        return sent / (time.perf_counter() - started)


if __name__ == "__main__":
    print(uvloop.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
