"""uvicorn's WebSocket with a second way to send: a frame that was made once is written to many sockets unchanged.

ASGI's `send` encodes and frames each message for each socket: 22,000 per second on one core, but 1,000 sockets with 100 changes
per second need 100,000. So the relay writes whole frames to the transport. uvicorn does everything else (handshake, pings,
closing, messages from the client). A socket counts as full as soon as the kernel accepts only part of a write. The relay then
writes nothing more until it has drained. Under TLS, a socket is full once the transport below holds its own 64 KiB.
"""

from __future__ import annotations

import logging
from asyncio.transports import BaseTransport
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from pyapp.live.relay import EXTENSION

FULL_BYTES = 1  # not 0: a TLS transport counts as full when it reaches its mark, a plain one when it exceeds it
CLOSE_SECONDS = 10.0  # for the client's half of the closing handshake; then the connection is cut

# uvicorn logs the URL, and the URL may hold a ticket. The endpoint logs its own line.
logger = logging.getLogger("scoville.live.protocol")
logger.setLevel(logging.WARNING)


class LiveProtocol(WebSocketsSansIOProtocol):
    """The relay's connection to a client."""

    def __init__(self, *arguments: Any, **given: Any) -> None:
        super().__init__(*arguments, **given)
        self.logger = self.conn.logger = logger
        self.conn.debug = False
        self.on_full: Callable[[], None] | None = None
        self.on_drained: Callable[[], None] | None = None
        self.on_gone: Callable[[], None] | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=FULL_BYTES, low=0)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.on_gone is not None:
            self.on_gone()

    async def run_asgi(self) -> None:
        self.scope["extensions"][EXTENSION] = {"connection": self}
        await super().run_asgi()

    @property
    def buffered(self) -> int:
        return self.transport.get_write_buffer_size()

    def write(self, frames: bytes) -> None:
        """Writes whole frames, after the handshake and before close()."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frames)

    def close(self, code: int, reason: str) -> None:
        """Closes even if the client accepts nothing; then without a handshake."""
        if self.close_sent or self.disconnected or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def abort(self) -> None:
        self.transport.abort()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.on_full is not None:
            self.on_full()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_drained is not None:
            self.on_drained()
