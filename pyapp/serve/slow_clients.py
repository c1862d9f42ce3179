"""uvicorn's HTTP connection with limits on what a client can send before it is authenticated.

uvicorn waits forever for a request that has begun, and buffers as much of its headers as a client sends. So a client could hold
connections forever with an occasional byte (slow loris), fill the memory with headers, or keep the loop busy with their fields.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0  # from the connection, or the first byte of the next request, to the end of its headers
BODY_SECONDS = 60.0  # from there to its last byte: 1 MiB at 17 KiB/s
HEAD_BYTES_MAX = 16 * 1024  # including the trailer after a chunked body; a token has at most 8 KiB
FIELDS_MAX = 100  # of a head and such a trailer
LAST_SECONDS = 1.0  # when the server stops: for headers that are still arriving
FIELD_BYTES = 4  # colon, space and line break


class _RefusedError(Exception):
    """Stops the parser."""


class HttpConnection(HttpToolsProtocol):
    """Answers 408 to slow clients, 431 to oversized headers and 400 to an ambiguous host, then closes."""

    def __init__(self, *arguments: Any, **given: Any) -> None:
        super().__init__(*arguments, **given)
        self._deadline: float | None = None  # by the loop's clock; None: not waiting
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0  # of this request: its URL, the names and values of its fields
        self._fields = 0
        self._hosts = 0
        self._is_last = False  # the server is stopping: no other request follows on this connection
        self._unread_bytes = 0  # since the parser's last callback: it buffers the incomplete field

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unread_bytes += len(data)
        super().data_received(data)
        if self._unread_bytes > HEAD_BYTES_MAX:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():  # not after the answer to oversized headers
            super().send_400_response(msg)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = self._fields = self._hosts = 0
        self._wait(HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        self._add_to_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        self._hosts += name.lower() == b"host"
        self._add_to_head(len(name) + len(value) + FIELD_BYTES)
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._unread_bytes = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        # Two hosts, or none since HTTP/1.1, mean another thing to each server on the way (RFC 9112, section 3.2).
        if self._hosts > 1 or (not self._hosts and self.parser.get_http_version() != "1.0"):
            self._refuse(HTTPStatus.BAD_REQUEST)
            raise _RefusedError
        super().on_headers_complete()
        self._wait(BODY_SECONDS)
        if self._is_last and self.cycle is not None:  # None if another protocol takes over
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._unread_bytes = 0
        super().on_message_complete()
        self._deadline = None

    def handle_websocket_upgrade(self) -> None:
        self._end_waiting()  # another protocol owns the connection from here on
        super().handle_websocket_upgrade()

    def shutdown(self) -> None:
        """A client that has just connected or is still sending headers gets its answer. Otherwise it would mistake the close
        for a lost response."""
        if self._deadline is None or self._is_answering():
            super().shutdown()
        else:
            self._is_last = True
            self.loop.call_later(LAST_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        """Also closes a connection that was opened in the last second: its client reconnects, to a running server."""
        if not self._is_answering():
            self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _add_to_head(self, size: int) -> None:
        self._unread_bytes = 0
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES_MAX or self._fields > FIELDS_MAX:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            raise _RefusedError

    def _wait(self, seconds: float) -> None:
        """One timer serves many requests: it checks the deadline when it fires, replaced only if the deadline is earlier."""
        self._deadline = self.loop.time() + seconds
        if self._timer is None or self._deadline < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self.loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._deadline > self.loop.time():
            self._timer = self.loop.call_at(self._deadline, self._look)
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _end_waiting(self) -> None:
        self._deadline = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, status: HTTPStatus) -> None:
        """Sends plain HTTP if no answer has begun, and does not wait for the rest of the request."""
        self._end_waiting()
        if self.transport.is_closing():
            return
        if not self._is_answering():
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode())
        self.transport.close()
