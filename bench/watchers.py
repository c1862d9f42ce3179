"""A thousand clients of the inventory socket in one process, cheap enough to leave the server its core.

`python -m bench.watchers URL SOCKETS` opens the sockets, subscribes each to everything, and prints `ready`. For each input line
with a number of seconds it prints a line of JSON: the frames received in that time, and the age of the states in them.

It never waits in epoll: a sender that wakes a sleeping receiver on the same machine pays for it (22 us per frame instead of 6,
measured), unlike a sender on a network. It polls, and sleeps half a millisecond if nothing has arrived, which adds to the
latencies.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import sys
import time
from collections import Counter
from datetime import datetime
from urllib.parse import urlsplit

IDLE_SECONDS = 0.0005
BUCKETS_PER_SECOND = 10_000  # latencies are counted in tenths of a millisecond
SNAPSHOT_SECONDS = 60.0
TEXT, PING, PONG = 0x1, 0x9, 0xA  # opcodes
RECEIVED_BYTES = 1 << 15  # a larger buffer would be mapped and unmapped by each call


def connect(url: str, token: str) -> socket.socket:
    """A socket after the handshake, subscribed to everything."""
    parts = urlsplit(url)
    opened = socket.create_connection((parts.hostname or "", parts.port or 80))
    key = base64.b64encode(os.urandom(16)).decode()
    opened.sendall(
        f"GET /v1/ws/inventory HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += opened.recv(1)
    if not head.startswith(b"HTTP/1.1 101 "):
        raise SystemExit(head.decode())
    message = b'{"type":"subscribe"}'
    opened.sendall(bytes([0x81, 0x80 | len(message), 0, 0, 0, 0]) + message)  # masked with zeros
    opened.setblocking(False)
    return opened


class Watchers:
    """Reads frames of all sockets; equal payloads are stored once, with their times of arrival."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self._epoll = select.epoll()
        self._sockets = {opened.fileno(): opened for opened in sockets}
        self._rest: dict[int, bytes] = dict.fromkeys(self._sockets, b"")
        for number in self._sockets:
            self._epoll.register(number, select.EPOLLIN)
        self.arrivals: dict[bytes, list[float]] = {}
        self._last, self._last_times = b"", list[float]()
        self.frames = 0
        self.closed = 0

    def watch(self, seconds: float) -> None:
        limit = time.time() + seconds
        while time.time() < limit:
            ready = self._epoll.poll(0, len(self._sockets))
            if not ready:
                time.sleep(IDLE_SECONDS)
            for number, _ in ready:
                self._read(number)

    def forget(self) -> None:
        self.arrivals.clear()
        self._last, self._last_times = b"", []
        self.frames = 0

    def _read(self, number: int) -> None:
        try:
            data = self._sockets[number].recv(RECEIVED_BYTES)
        except OSError:
            data = b""
        if not data:
            self._epoll.unregister(number)
            self.closed += 1
            return
        at = time.time()
        if rest := self._rest[number]:
            data = rest + data
        elif data == self._last:  # mostly the same frame as the neighbor's; comparing is cheaper than hashing
            self.frames += 1
            self._last_times.append(at)
            return
        start, end = 0, len(data)
        while end - start >= 2:
            size, head = data[start + 1], 2
            if size == 126:
                size, head = int.from_bytes(data[start + 2 : start + 4], "big"), 4
            elif size == 127:
                size, head = int.from_bytes(data[start + 2 : start + 10], "big"), 10
            if end - start < head + size:
                break
            opcode, payload = data[start] & 0x0F, data[start + head : start + head + size]
            start += head + size
            if opcode != TEXT:
                if opcode == PING:  # otherwise the server would close the connection
                    self._sockets[number].send(bytes([0x80 | PONG, 0x80 | size, 0, 0, 0, 0]) + payload)
                continue
            self.frames += 1
            times = self.arrivals.setdefault(payload, [])
            times.append(at)
            if head + size == len(data):
                self._last, self._last_times = data, times
        self._rest[number] = data[start:]


def main() -> None:
    url, count = sys.argv[1], int(sys.argv[2])
    watchers = Watchers([connect(url, os.environ["TOKEN"]) for _ in range(count)])
    limit = time.time() + SNAPSHOT_SECONDS
    while watchers.frames < count and time.time() < limit:
        watchers.watch(0.1)
    print("ready", flush=True)
    for line in sys.stdin:
        watchers.forget()
        cpu = time.process_time()
        watchers.watch(float(line))
        print(json.dumps(report(watchers, time.process_time() - cpu)), flush=True)


def report(watchers: Watchers, cpu: float) -> dict[str, object]:
    """The number of frames and states, and their delays after the beginning of their transactions, in tenths of a millisecond."""
    states, counted = 0, Counter[int]()
    for payload, times in watchers.arrivals.items():
        message = json.loads(payload)
        if message["type"] == "changes":
            for level in message["levels"]:
                began = datetime.fromisoformat(level["updated_at"]).timestamp()
                counted.update(int((at - began) * BUCKETS_PER_SECOND) for at in times)
                states += len(times)
    return {
        "frames": watchers.frames,
        "states": states,
        "closed": watchers.closed,
        "cpu_seconds": cpu,
        "p50_ms": percentile(counted, 0.5),
        "p99_ms": percentile(counted, 0.99),
    }


def percentile(counted: Counter[int], share: float) -> float:
    left = sum(counted.values()) * share
    for bucket, number in sorted(counted.items()):
        left -= number
        if left <= 0:
            return bucket * 1000 / BUCKETS_PER_SECOND
    return float("inf")


if __name__ == "__main__":
    main()
