"""Server shutdown: every client is told, and no client can block it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from pyapp.serve import server
from tests.http.conftest import run_server
from tests.live.conftest import Onlookers, Shop, wait_for
from tests.live.raw import RECEIVED_BYTES, open_socket, subscription

SKUS = [f"S-{number:03}" for number in range(200)]


def test_sockets_are_closed_with_1012_streams_end_and_the_stalled_are_cut_off(shop: Shop) -> None:
    shop.receive(*SKUS)
    with ExitStack() as stack:
        second = ExitStack()
        api = second.enter_context(run_server(shop.api.settings.database_url or ""))
        onlookers = Onlookers(api, stack)
        watcher, idle, quiet = onlookers.connect(), onlookers.connect(), onlookers.stream(types="order.placed")
        onlookers.stream()  # an unread stream
        watcher.subscribe()
        watcher.snapshot()
        stalled = stack.enter_context(open_socket(api.url, onlookers.token("admin"), small=True))
        stalled.sendall(subscription())
        wait_for(lambda: api.live.relay.members + api.live.relay.full == 2)
        for _ in range(10):
            shop.flood(*SKUS)
            shop.settle()
        wait_for(lambda: api.live.relay.full == 1 and api.live.hub.position == shop.live.hub.position)
        started = time.monotonic()
        second.close()  # stops the server and waits for the end
        assert time.monotonic() - started < server.GRACE_SECONDS / 2
        assert (watcher.close_code(), idle.close_code()) == (1012, 1012)
        with pytest.raises(EOFError):
            quiet.next()


@contextmanager
def _unread_stream(url: str, token: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
        opened.connect((parts.hostname, parts.port))
        opened.sendall(
            f"GET /v1/events/stream HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        yield opened


def test_the_kernel_cuts_off_a_stream_that_takes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STALLED_MILLISECONDS", 1000)
    with ExitStack() as stack:
        api = stack.enter_context(run_server(shop.api.settings.database_url or ""))
        shop.receive(*SKUS)
        stalled = stack.enter_context(_unread_stream(api.url, Onlookers(api, stack).token("admin")))
        wait_for(lambda: len(api.live.streams) == 1)
        shop.flood(*SKUS, rounds=30)  # 2 MB
        shop.settle()
        wait_for(lambda: not api.live.streams)
        assert stalled
