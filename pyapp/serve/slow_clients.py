"""uvicorn's HTTP connection with limits on what a client can send before it is authenticated.

uvicorn waits forever for a request that has begun, and buffers as much of its headers as a client sends. So a client could hold
connections forever with an occasional byte (slow loris), fill the memory with headers, or keep the loop busy with their fields.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pyapp.serve.cycle import Cycle

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
        self._is_idle = False  # between requests: a client that sends none is at no fault
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
        self._head_bytes = 0
        self._wait(HEAD_SECONDS)

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._add_to_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))
        self._add_to_head(len(name) + len(value) + FIELD_BYTES)

    def on_body(self, body: bytes) -> None:
        self._unread_bytes = 0
        super().on_body(body)

    def on_headers_complete(self) -> None:
        names = [name for name, _ in self.headers]
        version = self.parser.get_http_version()
        # Two hosts, or none since HTTP/1.1, mean another thing to each server on the way (RFC 9112, section 3.2).
        if (hosts := names.count(b"host")) > 1 or (not hosts and version != "1.0"):
            self._refuse(HTTPStatus.BAD_REQUEST)
            raise _RefusedError
        if b"expect" in names:
            self.expect_100_continue = any(
                field[0] == b"expect" and field[1].lower() == b"100-continue" for field in self.headers
            )
        if b"upgrade" in names:
            super().on_headers_complete()
        else:
            self._begin(version)
        self._wait(BODY_SECONDS)
        if self._is_last and self.cycle is not None:  # None if another protocol takes over
            self.cycle.keep_alive = False

    def _begin(self, version: str) -> None:
        """Starts the application as uvicorn does, which cannot be told to make cycles of ours.

        uvicorn's settings of a root path and of a limit of concurrent requests, which we do not use, have no effect here.
        """
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        scope = self.scope
        scope["http_version"], scope["method"] = version, self.parser.get_method().decode("ascii")
        scope["path"], scope["raw_path"] = unquote(path) if "%" in path else path, url.path
        scope["query_string"] = url.query or b""
        earlier = self.cycle
        self.cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if earlier is None or earlier.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_message_complete(self) -> None:
        self._unread_bytes = 0
        super().on_message_complete()
        if self._is_answering():
            self._deadline = None
        else:
            self._wait(self.timeout_keep_alive, is_idle=True)

    def on_response_complete(self) -> None:
        """Like uvicorn's, but without a timer of each request."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._deadline is None:  # else the rest of the request is still to come
            self._wait(self.timeout_keep_alive, is_idle=True)

    def handle_websocket_upgrade(self) -> None:
        self._end_waiting()  # another protocol owns the connection from here on
        super().handle_websocket_upgrade()

    def shutdown(self) -> None:
        """A client that has just connected or is still sending headers gets its answer. Otherwise it would mistake the close
        for a lost response."""
        if self._deadline is None or self._is_idle or self._is_answering():
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
        if self._head_bytes > HEAD_BYTES_MAX or len(self.headers) > FIELDS_MAX:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            raise _RefusedError

    def _wait(self, seconds: float, *, is_idle: bool = False) -> None:
        """One timer serves many requests: it checks the deadline when it fires, replaced only if the deadline is earlier."""
        self._deadline, self._is_idle = self.loop.time() + seconds, is_idle
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
        elif self._is_idle:
            self.transport.close()
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
