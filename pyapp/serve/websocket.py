"""uvicorn's WebSocket with a second door: frames that were made once are written to many sockets as they are.

ASGI's `send` encodes and frames each message for each socket: 22,000 a second on one core, where 1,000 sockets at 100 changes a
second need 100,000. So the relay writes whole frames to the transport. Everything else (handshake, pings, closing,
what a client sends) is uvicorn's. A socket counts as full as soon as the kernel does not take all of a write, and the relay then
writes nothing more to it until it has drained; under TLS, as soon as the transport beneath holds its own 64 KiB.
"""

from __future__ import annotations

import logging
from asyncio.transports import BaseTransport
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from pyapp.live.relay import EXTENSION

FULL_BYTES = 1  # not 0: a TLS transport counts as full what has reached its mark, a plain one what has passed it
CLOSE_SECONDS = 10.0  # for the client's half of the closing handshake; then the connection is cut

# uvicorn logs the URL, and the URL may hold a ticket. The endpoint logs a line of its own.
logger = logging.getLogger("scoville.live.protocol")
logger.setLevel(logging.WARNING)


class LiveProtocol(WebSocketsSansIOProtocol):
    """A Line of the relay."""

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
        self.scope["extensions"][EXTENSION] = {"line": self}
        await super().run_asgi()

    @property
    def buffered(self) -> int:
        return self.transport.get_write_buffer_size()

    def write(self, frames: bytes) -> None:
        """Whole frames, from after the handshake until close()."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(frames)

    def close(self, code: int, reason: str) -> None:
        """Closes also where the client takes nothing, and then not politely."""
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
