"""A connection and its cycles, without a network: how an answer is written, and how long a connection may idle."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import ServerState

from pyapp.serve import server
from pyapp.serve.slow_clients import HttpConnection
from tests.patience import PATIENCE_SECONDS

GET = b"GET /healthz HTTP/1.1\r\nHost: scoville\r\n\r\n"
BODY = b"the body"


class Wire(asyncio.Transport):
    """Keeps each write."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written: list[bytes] = []
        self.end = asyncio.Event()

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.end.is_set()

    def close(self) -> None:
        self.end.set()

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def start(**given: object) -> Message:
    fields = [(b"content-length", b"%d" % len(BODY))]
    return {"type": "http.response.start", "status": 200, "headers": fields, **given}


def sending(*messages: Message) -> ASGIApp:
    """An application that sends these messages."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        for message in messages:
            await send(dict(message))

    return app


WHOLE = sending(start(), {"type": "http.response.body", "body": BODY})


def connect(app: ASGIApp) -> tuple[HttpConnection, Wire]:
    configuration = server.configuration(app)
    configuration.load()
    connection, wire = HttpConnection(configuration, ServerState(), {}), Wire()
    connection.connection_made(wire)
    return connection, wire


def answers(app: ASGIApp, *requests: bytes) -> Wire:
    """Sends the requests at once, and returns what was written when nothing is under way."""

    async def run() -> Wire:
        connection, wire = connect(app)
        connection.data_received(b"".join(requests))
        while connection.tasks:
            await asyncio.wait(connection.tasks)
        connection.connection_lost(None)
        return wire

    return asyncio.run(run())


def test_an_answer_whose_body_is_known_leaves_in_one_write() -> None:
    [written] = answers(WHOLE, GET).written
    assert written == b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nthe body"


def test_each_of_several_requests_at_once_has_its_answer() -> None:
    assert len(answers(WHOLE, GET, GET, GET).written) == 3


def test_an_answer_to_head_has_no_body() -> None:
    assert b"".join(answers(WHOLE, GET.replace(b"GET", b"HEAD")).written).endswith(b"content-length: 8\r\n\r\n")


def test_a_client_that_says_so_keeps_no_connection() -> None:
    wire = answers(WHOLE, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert b"\r\nconnection: close\r\n\r\nthe body" in wire.written[0]
    assert wire.end.is_set()


def test_an_answer_without_a_length_is_not_held_back() -> None:
    sent = sending(start(headers=[]), {"type": "http.response.body", "body": b"1", "more_body": True})
    assert b"transfer-encoding: chunked" in answers(sent, GET).written[0]


def test_an_answer_in_parts_is_sent_as_it_comes() -> None:
    parts = ({"type": "http.response.body", "body": b"the ", "more_body": True}, {"type": "http.response.body", "body": b"body"})
    written = answers(sending(start(), *parts), GET).written
    assert b"".join(written).endswith(b"\r\n\r\nthe body")
    assert len(written) == 3


@pytest.mark.parametrize(
    "fields",
    [
        [(b"x-name", b"a\r\nset-cookie: b")],
        [(b"x-name", b"a\nb")],
        [(b"x-name", b"a\rb")],
        [(b"x\r\ny", b"a")],
        [(b"x", b"\x00")],
    ],
)
def test_a_field_cannot_begin_another_one(fields: list[tuple[bytes, bytes]]) -> None:
    sent = sending(start(headers=[*start()["headers"], *fields]), {"type": "http.response.body", "body": BODY})
    written = b"".join(answers(sent, GET).written)
    assert written.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in written


def test_a_length_is_true() -> None:
    sent = sending(start(), {"type": "http.response.body", "body": BODY + b" and more"})
    assert b"".join(answers(sent, GET).written).startswith(b"HTTP/1.1 500 ")


def test_an_error_after_the_head_is_still_an_answer() -> None:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send(start())
        raise ValueError

    assert b"".join(answers(app, GET).written).startswith(b"HTTP/1.1 500 ")


def test_a_connection_without_requests_ends_in_silence() -> None:
    """One timer serves all of its requests."""

    async def run() -> Wire:
        connection, wire = connect(WHOLE)
        connection.timeout_keep_alive = 0.05  # type: ignore[assignment]
        timers = set()
        for _ in range(3):
            connection.data_received(GET)
            await asyncio.wait(connection.tasks)
            timers.add(connection._timer)
        assert len(timers) == 1
        async with asyncio.timeout(PATIENCE_SECONDS):
            await wire.end.wait()
        return wire

    assert [answer[:15] for answer in asyncio.run(run()).written] == [b"HTTP/1.1 200 OK"] * 3


def test_a_connection_idles_from_the_last_byte_of_an_early_answer_s_request() -> None:
    async def run() -> None:
        connection, wire = connect(WHOLE)  # it reads no body
        connection.timeout_keep_alive = 0.05  # type: ignore[assignment]
        connection.data_received(GET.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n1"))
        await asyncio.wait(connection.tasks)
        await asyncio.sleep(0.2)
        assert wire.written
        assert not wire.end.is_set()
        connection.data_received(b"2")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await wire.end.wait()

    asyncio.run(run())
