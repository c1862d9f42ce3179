"""WebSocket clients on bare sockets: many at once, and some that do not read."""

from __future__ import annotations

import base64
import json
import os
import selectors
import socket
from typing import Any
from urllib.parse import urlsplit

RECEIVED_BYTES = 4096  # the receive buffer of a client that must fill up soon


def subscription(**what: Any) -> bytes:
    """The frame of a subscribe message. Clients mask their frames (RFC 6455, section 5.3); a mask of zeros changes nothing."""
    message = json.dumps({"type": "subscribe", **what}).encode()
    size = len(message)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + message


def open_socket(url: str, token: str, *, small: bool = False) -> socket.socket:
    """A socket after the handshake. With `small`, unread data soon fills it."""
    parts = urlsplit(url)
    opened = socket.socket()
    if small:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
    opened.connect((parts.hostname, parts.port))
    key = base64.b64encode(os.urandom(16)).decode()
    opened.sendall(
        f"GET /v1/ws/inventory HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += opened.recv(1)
    assert head.startswith(b"HTTP/1.1 101 "), head
    return opened


class Frames:
    """Parses the data that arrives at a socket."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The complete frames so far: opcode and payload."""
        self._data += data
        found = []
        while len(self._data) >= 2:
            size, start = self._data[1], 2
            if size == 126:
                size, start = int.from_bytes(self._data[2:4], "big"), 4
            elif size == 127:
                size, start = int.from_bytes(self._data[2:10], "big"), 10
            if len(self._data) < start + size:
                break
            found.append((self._data[0] & 0x0F, bytes(self._data[start : start + size])))
            del self._data[: start + size]
        return found


def read_all(sockets: list[socket.socket], *, seconds: float, enough: Any) -> list[list[dict[str, Any]]]:
    """The messages at each socket, until `enough(messages)` is true for all sockets or the time is over."""
    import time

    selector = selectors.DefaultSelector()
    frames = [Frames() for _ in sockets]
    messages: list[list[dict[str, Any]]] = [[] for _ in sockets]
    for number, opened in enumerate(sockets):
        opened.setblocking(False)
        selector.register(opened, selectors.EVENT_READ, number)
    waiting, limit = set(range(len(sockets))), time.monotonic() + seconds
    while waiting and time.monotonic() < limit:
        for key, _ in selector.select(0.1):
            number = key.data
            data = sockets[number].recv(1 << 20)
            if not data:
                selector.unregister(sockets[number])
                waiting.discard(number)
            for opcode, payload in frames[number].feed(data):
                if opcode == 1:
                    messages[number].append(json.loads(payload))
            if enough(messages[number]):
                waiting.discard(number)
    selector.close()
    return messages
