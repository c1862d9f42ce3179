"""A request and its answer on uvicorn's connection. An answer whose body is known leaves in one write, head and body together.

uvicorn writes the head as soon as it is sent, and the body when it follows: two system calls for most answers, and two packets.
It also checks and copies each header field by itself. Here the head waits for the body, and is checked as one text.
"""

from __future__ import annotations

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

# A field contains no control character but a tab (RFC 9110, section 5.5): a line break would begin another field.
CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
LAST = b"connection: close\r\n\r\n"


class Cycle(RequestResponseCycle):
    """Joins the start of an answer with its body, if that is all of it. Everything else is uvicorn's."""

    held: Any = None  # the start of an answer that states its length, and whose body is still to come

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start" and not self.response_started:
            self.held = message if _states_length(message) and self.scope["method"] != "HEAD" else None
            if self.held is None:
                await super().send(message)
        elif self.held is None:
            await super().send(message)
        else:
            start, self.held = self.held, None
            if message.get("more_body") or self.flow.write_paused or self.disconnected:
                await super().send(start)
                await super().send(message)
            else:
                self._answer(start, message.get("body", b""))

    def _answer(self, start: Any, body: bytes) -> None:
        lines = [b"%b: %b\r\n" % field for field in (*self.default_headers, *start["headers"])]
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or CONTROLS.search(head):
            raise RuntimeError("Invalid HTTP header.")
        if b"content-length: %d\r\n" % len(body) not in lines:
            raise RuntimeError("The response has another length than it states.")
        self.response_started = self.response_complete = True
        end = b"\r\n" if self.keep_alive else LAST
        self.transport.write(b"".join([STATUS_LINE[start["status"]], head, end, body]))
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _states_length(start: Any) -> bool:
    return b"content-length" in [name for name, _ in start["headers"]]
