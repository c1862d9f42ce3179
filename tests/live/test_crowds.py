"""Slow clients, stalled clients and very many clients."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil  # type: ignore[import-untyped]
import pytest

from pyapp.live import relay
from tests.live.conftest import PATH, Shop, Socket, wait_for
from tests.live.raw import RECEIVED_BYTES, open_socket, read_all, subscription

SKUS = [f"S-{number:03}" for number in range(200)]
ROUNDS = 12  # of changes of all SKUs: 50 KB each, more than a socket and the kernel can buffer


@pytest.fixture
def slow(shop: Shop) -> Iterator[Socket]:
    """A client that reads only on request."""
    from websockets.sync.client import connect

    with socket.create_connection(("127.0.0.1", int(shop.api.url.rpartition(":")[2]))) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVED_BYTES)
        headers = {"Authorization": f"Bearer {shop.token('admin')}"}
        url = shop.api.url.replace("http://", "ws://") + PATH
        with connect(url, sock=opened, additional_headers=headers, max_queue=1, compression=None, close_timeout=1) as connection:
            yield Socket(connection)


def flood(shop: Shop) -> str:
    """Changes all SKUs ROUNDS times, with one flush per round; returns the position after the last change."""
    for _ in range(ROUNDS):
        shop.flood(*SKUS)
        end = shop.settle()
    return end


def stock_of(shop: Shop) -> dict[tuple[str, str], int]:
    rows = shop.connection.execute("select warehouse_id, sku_id, on_hand from stock.stock_levels").fetchall()
    return {(warehouse, sku): stock for warehouse, sku, stock in rows}


def test_a_slow_client_skips_states_and_ends_on_the_newest(shop: Shop, slow: Socket) -> None:
    shop.receive(*SKUS)
    slow.subscribe()
    slow.snapshot()
    before = len(slow.told)
    end = flood(shop)
    wait_for(lambda: shop.live.relay.full == 1)
    while slow.place != end:
        slow.receive()
    assert {name: level["stock"] for name, level in slow.levels.items()} == stock_of(shop)
    states = sum(len(message["levels"]) for message in slow.told[before:])
    assert states < ROUNDS * len(SKUS)
    assert shop.live.relay.states_skipped == ROUNDS * len(SKUS) - states
    shop.adjust("S-000")
    slow.until("WH-01", "S-000", stock=100 - ROUNDS - 1)  # and the client catches up


def test_one_that_stays_slow_is_closed_and_can_resume(shop: Shop, slow: Socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "SLOW_SECONDS", 0.3)
    monkeypatch.setattr(relay, "TICK_SECONDS", 0.1)
    shop.receive(*SKUS)
    slow.subscribe()
    slow.snapshot()
    flood(shop)
    wait_for(lambda: shop.live.relay.closed_slow == 1)
    shop.adjust("S-000")
    assert slow.close_code() == relay.TOO_SLOW == 4408
    assert slow.place
    again = shop.connect()
    again.levels = slow.levels
    again.subscribe(after=slow.place)
    end = shop.settle()
    while again.place != end:
        again.receive()
    assert {message["type"] for message in again.told} == {"changes"}
    assert {name: level["stock"] for name, level in again.levels.items()} == stock_of(shop)
    assert shop.live.relay.buffered_bytes == 0


def test_stalled_sockets_do_not_grow_memory_past_the_limit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = 3 * 1024 * 1024
    monkeypatch.setattr(relay, "BUFFERED_BYTES_MAX", limit)
    held: list[int] = []  # measured after each full socket; another thread would see intermediate states of the relay
    on_full = relay.Relay.on_full

    def watched(self: relay.Relay, client: relay.SocketClient) -> None:
        on_full(self, client)
        held.append(self.buffered_bytes)

    monkeypatch.setattr(relay.Relay, "on_full", watched)
    shop.receive(*SKUS)
    token = shop.token("admin")
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(open_socket(shop.api.url, token, small=True)).sendall(subscription())
        wait_for(lambda: shop.live.relay.members + shop.live.relay.full >= 200)
        process = psutil.Process()
        before = process.memory_info().rss
        for _ in range(2 * ROUNDS):
            shop.flood(*SKUS)
            shop.settle()
        assert 0 < max(held) <= limit
        assert shop.live.relay.closed_slow > 0
        assert process.memory_info().rss - before < 48 * 1024 * 1024
        healthy = shop.connect()
        healthy.subscribe()
        healthy.snapshot()
        shop.adjust("S-000")
        healthy.until("WH-01", "S-000", stock=100 - 2 * ROUNDS - 1)
    wait_for(lambda: shop.live.relay.buffered_bytes == 0)


def test_a_thousand_sockets_each_receive_a_change(shop: Shop) -> None:
    shop.receive("HOT")
    token = shop.token("sales", channels=["web"])
    with ExitStack() as stack:
        sockets = [stack.enter_context(open_socket(shop.api.url, token)) for _ in range(1000)]
        for opened in sockets:
            opened.sendall(subscription())
        started = time.monotonic()
        snapshots = read_all(sockets, seconds=60, enough=bool)
        undisturbed = time.monotonic() - started
        assert {message[0]["levels"][0]["stock"] for message in snapshots} == {100}
        started = time.monotonic()
        shop.adjust("HOT")
        changes = read_all(sockets, seconds=60, enough=bool)
        assert time.monotonic() - started < max(5.0, 3 * undisturbed)  # a change is less than a snapshot
        assert [message[0]["levels"][0]["stock"] for message in changes] == [99] * 1000
    wait_for(lambda: not shop.live.sockets)
