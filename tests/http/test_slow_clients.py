"""Slow clients and endless headers, over a real socket, one byte at a time."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx2
import pytest

from pyapp.serve import slow_clients as connections
from tests.http.conftest import Api, run_server
from tests.patience import PATIENCE_SECONDS

PATIENCE = 1.0
HEAD = b"GET /healthz HTTP/1.1\r\nHost: scoville\r\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", PATIENCE)
    monkeypatch.setattr(connections, "BODY_SECONDS", PATIENCE)


@pytest.fixture
def line(api: Api) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", int(api.url.rpartition(":")[2])), timeout=PATIENCE_SECONDS)) as line:
        yield line


def ask(line: socket.socket) -> None:
    line.sendall(HEAD + b"\r\n")
    answer = b""
    while not answer.endswith(b"}"):  # head and body may arrive one after the other
        more = line.recv(65536)
        assert more, answer
        answer += more
    assert answer.startswith(b"HTTP/1.1 200 ")


def push(line: socket.socket, pieces: Iterable[bytes], pause: float) -> bytes:
    """Sends one piece after another until the server stops reading. Returns the response."""
    line.settimeout(pause)
    said = b""
    for piece in pieces:
        try:
            line.sendall(piece)
            if not (data := line.recv(65536)):
                return said
            said += data
        except TimeoutError:
            continue
        except OSError:
            return said
    pytest.fail("the connection is held, and takes heads, for as long as the client likes")


def drip(line: socket.socket, text: bytes = b"X-Slow: x\r\n", seconds: float = 60.0) -> bytes:
    """Yields one byte at intervals."""
    limit = time.monotonic() + seconds
    letters = (text[n : n + 1] for n in itertools.cycle(range(len(text))))
    return push(line, itertools.takewhile(lambda _: time.monotonic() < limit, letters), 0.05)


def send_on(line: socket.socket, piece: bytes) -> bytes:
    """Yields the same piece repeatedly."""
    return push(line, itertools.repeat(piece, 10 * connections.HEAD_BYTES_MAX // len(piece)), 0.002)


def read(line: socket.socket) -> bytes:
    line.settimeout(PATIENCE_SECONDS)
    said = b""
    while data := line.recv(65536):
        said += data
    return said


def test_a_head_that_comes_a_byte_at_a_time_is_not_waited_for(api: Api, line: socket.socket) -> None:
    line.sendall(HEAD)
    started = time.monotonic()
    assert drip(line).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - started > PATIENCE * 0.9
    assert httpx2.get(f"{api.url}/healthz").status_code == 200


def test_a_connection_that_says_nothing_is_ended(line: socket.socket) -> None:
    assert read(line).startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_a_byte_at_a_time_is_not_waited_for(api: Api, line: socket.socket) -> None:
    client = api.client("admin")
    head = f"POST /v1/orders HTTP/1.1\r\nHost: s\r\nAuthorization: {client.headers['authorization']}\r\nIdempotency-Key: slow\r\n"
    line.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n".encode())
    assert b"201" not in drip(line, b" ")
    assert client.get("/v1/orders").json()["data"] == []


def test_the_second_request_of_a_connection_has_no_more_time_than_the_first(line: socket.socket) -> None:
    ask(line)
    time.sleep(PATIENCE * 1.5)  # a connection may idle between requests
    ask(line)
    line.sendall(HEAD)
    assert drip(line).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("piece", [b"X-More: " + b"x" * 1000 + b"\r\n", b"x" * 1000], ids=["many headers", "one without an end"])
def test_a_head_without_an_end_is_refused(line: socket.socket, piece: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60.0)
    line.sendall(HEAD + b"X-First: ")
    said = send_on(line, piece)
    assert said.startswith(b"HTTP/1.1 431 ") or not said  # a reset may overtake the response


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X-Long: " + b"x" * connections.HEAD_BYTES_MAX + b"\r\n\r\n",
        HEAD + b"X: xx\r\n" * 3_000 + b"\r\n",
        HEAD + b"X:\r\n" * connections.FIELDS_MAX + b"\r\n",
        b"GET /healthz?" + b"x" * connections.HEAD_BYTES_MAX + b" HTTP/1.1\r\nHost: scoville\r\n\r\n",
    ],
    ids=["one long header", "many headers", "one header too many", "a long path"],
)
@pytest.mark.parametrize("earlier", [0, 2])
def test_a_head_past_the_limit_is_refused_though_it_comes_at_once(
    api: Api, line: socket.socket, head: bytes, earlier: int
) -> None:
    for _ in range(earlier):
        ask(line)
    line.sendall(head)
    said = read(line)
    assert said.startswith(b"HTTP/1.1 431 ")
    assert said.count(b"HTTP/1.1 ") == 1
    assert httpx2.get(f"{api.url}/healthz").status_code == 200


@pytest.mark.parametrize("piece", [b"X-More: " + b"x" * 1000 + b"\r\n", b"x" * 1000], ids=["many fields", "one without an end"])
def test_what_follows_on_a_body_in_chunks_has_the_limit_of_a_head(
    api: Api, line: socket.socket, piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 60.0)
    authorization = api.client("admin").headers["authorization"]
    head = f"POST /v1/orders HTTP/1.1\r\nHost: s\r\nAuthorization: {authorization}\r\nIdempotency-Key: long\r\n"
    line.sendall(f"{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\nX: ".encode())
    assert not send_on(line, piece).startswith(b"HTTP/1.1 2")


def test_a_head_within_the_limit_is_read(line: socket.socket) -> None:
    line.sendall(HEAD + b"X-Long: " + b"x" * (connections.HEAD_BYTES_MAX - 1000) + b"\r\nConnection: close\r\n\r\n")
    assert read(line).startswith(b"HTTP/1.1 200 ")


def test_a_head_has_as_many_fields_as_it_may(line: socket.socket) -> None:
    line.sendall(HEAD + b"X:\r\n" * (connections.FIELDS_MAX - 2) + b"Connection: close\r\n\r\n")
    assert read(line).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"HTTP/1.1\r\nHost: a\r\nHost: b", b"400"),
        (b"HTTP/1.1\r\nHost: a\r\nhost: a", b"400"),
        (b"HTTP/1.0\r\nHost: a\r\nHost: b", b"400"),
        (b"HTTP/1.1\r\nAccept: */*", b"400"),
        (b"HTTP/1.0\r\nAccept: */*", b"200"),
        (b"HTTP/1.1\r\nHost: a\r\nConnection: close", b"200"),
    ],
)
def test_a_request_names_one_host(line: socket.socket, fields: bytes, status: bytes) -> None:
    line.sendall(b"GET /healthz " + fields + b"\r\n\r\n")
    said = read(line)
    assert said.startswith(b"HTTP/1.1 " + status), said
    assert said.count(b"HTTP/1.1 ") == 1


@pytest.fixture
def patient(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Generous time limits: a busy machine may delay a request that arrives during shutdown."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60.0)
    monkeypatch.setattr(connections, "LAST_SECONDS", 5.0)


def wait_for_connection(api: Api) -> None:
    while not api.server.server_state.connections:
        time.sleep(0.01)


def wait_for_shutdown(api: Api) -> None:
    """The server has closed its listener."""
    address = ("127.0.0.1", int(api.url.rpartition(":")[2]))
    while True:
        try:
            socket.create_connection(address, timeout=PATIENCE_SECONDS).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.01)


def cross_the_end(authenticator_url: str, before: bytes, after: bytes) -> bytes:
    """The response to a request that is incomplete, or not yet sent, when the shutdown begins."""
    with ThreadPoolExecutor(1) as pool:
        with run_server(authenticator_url) as api:
            line = socket.create_connection(("127.0.0.1", int(api.url.rpartition(":")[2])), timeout=PATIENCE_SECONDS)
            line.sendall(before)
            wait_for_connection(api)

            def finish() -> bytes:
                wait_for_shutdown(api)
                line.sendall(after)
                return read(line)

            said = pool.submit(finish)
        with closing(line):
            return said.result(PATIENCE_SECONDS)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("sent", [b"", HEAD])
def test_who_has_connected_when_the_server_stops_is_answered_yet(authenticator_url: str, sent: bytes) -> None:
    """A request that arrives during shutdown is not lost: its connection, new or with a partial header, gets a response."""
    answer = cross_the_end(authenticator_url, sent, HEAD.removeprefix(sent) + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    assert b"connection: close" in answer.lower()


@pytest.mark.usefixtures("patient")
def test_a_socket_that_is_asked_for_when_the_server_stops_gets_an_answer(authenticator_url: str) -> None:
    fields = (
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
    )
    request = HEAD.replace(b"/healthz", b"/v1/ws/inventory") + b"\r\n".join(fields) + b"\r\n\r\n"
    answer = cross_the_end(authenticator_url, b"", request)
    assert answer.startswith(b"HTTP/1.1 101 "), answer
    assert b"RQ401" in answer  # the usual response without a token


def test_a_connection_on_which_nothing_is_asked_holds_up_no_end(authenticator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60.0)
    with run_server(authenticator_url) as api:
        line = socket.create_connection(("127.0.0.1", int(api.url.rpartition(":")[2])), timeout=PATIENCE_SECONDS)
        wait_for_connection(api)
        begun = time.monotonic()
    with closing(line):
        read(line)  # the complete response
    assert time.monotonic() - begun < 30
