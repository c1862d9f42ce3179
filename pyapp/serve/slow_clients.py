"""uvicorn's HTTP connection with limits on what comes in before anybody is asked who it is.

uvicorn waits as long as it takes for a request that has begun, and keeps as much of its head as is sent. So a client could hold
connections for ever with a byte now and then (slow loris), or fill the memory with headers.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 20.0  # from the connection, or the first byte of the next request, to the end of its headers
BODY_SECONDS = 60.0  # from there to its last byte: 1 MiB at 17 KiB/s
HEAD_BYTES_MAX = 64 * 1024  # what follows on a body in chunks (its trailer) included
LAST_SECONDS = 1.0  # when the server stops: for the head of a request that is on its way
FIELD_BYTES = 4  # colon, space and line break


class _HeadTooLargeError(Exception):
    """Stops the parser in what it was given."""


class Connection(HttpToolsProtocol):
    """One that answers 408 to who is too slow and 431 to who sends too much of a head, and ends."""

    def __init__(self, *arguments: Any, **given: Any) -> None:
        super().__init__(*arguments, **given)
        self._deadline: float | None = None  # by the loop's clock; None: nothing is waited for
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes = 0  # of this request: its URL, the names and values of its fields
        self._is_last = False  # the server stops: no other request follows on this one
        self._unread_bytes = 0  # since the parser last told of anything: it keeps the part of a field that is there

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
        if not self.transport.is_closing():  # not after the answer to a head that is too large
            super().send_400_response(msg)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._wait(HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        self._add_to_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._add_to_head(len(name) + len(value) + FIELD_BYTES)
        super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._unread_bytes = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._wait(BODY_SECONDS)
        if self._is_last and self.cycle is not None:  # None where another protocol takes over
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._unread_bytes = 0
        super().on_message_complete()
        self._deadline = None

    def handle_websocket_upgrade(self) -> None:
        self._end_waiting()  # the connection is another protocol's from here on
        super().handle_websocket_upgrade()

    def shutdown(self) -> None:
        """Who has just connected, or is sending a head, is answered yet: it would take the end for an answer that was lost."""
        if self._deadline is None or self._is_answering():
            super().shutdown()
        else:
            self._is_last = True
            self.loop.call_later(LAST_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        """A socket that was opened meanwhile ends, too: its client comes back, to a server that stays."""
        if not self._is_answering():
            self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _add_to_head(self, size: int) -> None:
        self._unread_bytes = 0
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            raise _HeadTooLargeError

    def _wait(self, seconds: float) -> None:
        """One timer serves many requests: it looks at the deadline when it comes, and is made anew only where that is nearer."""
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
        """In plain HTTP where nothing of an answer is on its way; the rest of the request is not waited for."""
        self._end_waiting()
        if self.transport.is_closing():
            return
        if not self._is_answering():
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(head.encode())
        self.transport.close()
