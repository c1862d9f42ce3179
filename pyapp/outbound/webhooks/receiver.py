"""A receiver for development: it verifies and reports messages. `scoville webhooks listen` runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError

BODY_BYTES_MAX = 1024 * 1024
SEEN_MAX = 10_000  # message IDs in memory
READ_SECONDS = 10


class Arrival(NamedTuple):
    """A message. `verified`: one of the secrets signed it. `again`: a message with this ID arrived before."""

    message_id: str
    body: bytes
    verified: bool
    again: bool

    def event(self) -> dict[str, object]:
        """The CloudEvent; empty if the body is not one."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}


class Receiver(ThreadingHTTPServer):
    """Responds 204 to messages that it can verify, 401 to others. `secrets` can grow while it runs.

    It answers every challenge: one may arrive before the secret is known, and the answer tells nothing.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], secrets: Sequence[str], tell: Callable[[Arrival], None]) -> None:
        super().__init__(address, Handler)
        self.secrets = list(secrets)
        self._tell = tell
        self._seen: dict[str, None] = {}

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"

    def take(self, body: bytes, headers: dict[str, str]) -> bool:
        """True if the message is verified."""
        message_id = headers.get("webhook-id", "")
        arrival = Arrival(message_id, body, self._verify(body, headers), message_id in self._seen)
        if arrival.verified:
            self._seen[message_id] = None
            if len(self._seen) > SEEN_MAX:
                self._seen.pop(next(iter(self._seen)))
        self._tell(arrival)
        return arrival.verified

    def _verify(self, body: bytes, headers: dict[str, str]) -> bool:
        for secret in self.secrets:
            try:
                Webhook(secret).verify(body, headers, json_parse=False)
            except (WebhookVerificationError, ValueError):
                continue
            return True
        return False


class Handler(BaseHTTPRequestHandler):
    """A request to the receiver."""

    server: Receiver
    protocol_version = "HTTP/1.1"
    timeout = READ_SECONDS

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length[:10]) > BODY_BYTES_MAX:
            self.close_connection = True
            self._answer(413)
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if challenge := headers.get("webhook-challenge"):
            self._answer(200, challenge.encode())
            return
        self._answer(204 if self.server.take(body, headers) else 401)

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Logs nothing: each message is already reported once."""
