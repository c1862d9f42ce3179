"""WS /v1/ws/inventory: the current levels, then their changes. asyncapi.json describes the messages.

A browser cannot read the status of a refused handshake. So every socket is accepted, gets the error, and is closed with a code.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from typing import Protocol, cast
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType
from starlette.websockets import WebSocket

from pyapp.api.tickets import TicketText, redeem_ticket
from pyapp.eventlog import messages
from pyapp.eventlog.reading import Lost, parse_position
from pyapp.http.context import read_query, region_of
from pyapp.http.faults import describe
from pyapp.http.fields import Query
from pyapp.http.leases import Limits
from pyapp.http.middleware import principal_of
from pyapp.http.responses import problem_response
from pyapp.http.text import check_text
from pyapp.identity.tokens import Session
from pyapp.live.live import Live
from pyapp.live.relay import EXTENSION, SocketClient, SocketConnection, ViewKey
from pyapp.problems import Problem, unavailable

SOCKETS_MAX = 2000  # per process; any more are refused with 503
SOCKETS_OF_ONE_MAX = 1000  # per process and caller, so that one caller cannot shut out the others
MESSAGES_BURST = 20
MESSAGES_PER_SECOND = 5.0

POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TRY_AGAIN = 1013
UNAUTHENTICATED = 4401
FORBIDDEN = 4403
CLOSE_CODES = {401: UNAUTHENTICATED, 403: FORBIDDEN, 503: TRY_AGAIN, 500: INTERNAL_ERROR}  # by the status of a problem

logger = logging.getLogger("scoville.live")
access_logger = logging.getLogger("scoville.access")


class NotifyingConnection(SocketConnection, Protocol):
    """A connection that reports when its buffer is full, drained or gone."""

    on_full: Callable[[], None] | None
    on_drained: Callable[[], None] | None
    on_gone: Callable[[], None] | None


class SocketQuery(Query):
    ticket: TicketText | UnsetType = UNSET


async def inventory(websocket: WebSocket) -> None:
    """Serves one socket from its handshake to its end. Needs a connection of pyapp.serve.websocket."""
    live: Live = websocket.scope["state"]["live"]
    connection: NotifyingConnection = websocket.scope["extensions"][EXTENSION]["connection"]
    request_id = str(uuid.uuid4())
    if len(live.sockets) >= SOCKETS_MAX:
        problem = unavailable("This process has the most sockets it can serve. Try again to reach another process.")
        await websocket.send_denial_response(problem_response(problem, request_id))
        return
    await websocket.accept()
    started = time.perf_counter()
    socket = Socket(live, connection, websocket.scope["state"]["limits"], request_id)
    live.sockets.add(socket)
    try:
        await socket.open(websocket)
        while (message := await websocket.receive())["type"] != "websocket.disconnect":
            socket.receive(message.get("text"))
    except Problem as problem:
        socket.refuse(problem)
    except Exception:
        logger.exception("a socket failed", extra={"request_id": request_id})
        connection.close(INTERNAL_ERROR, "internal error")
    finally:
        socket.end()
        live.sockets.discard(socket)
        access_logger.info(
            "socket",
            extra={
                "request_id": request_id,
                "path": websocket.scope["path"],
                "principal": principal_of(socket.session.identity.subject) if socket.session else None,
                "address": websocket.client.host if websocket.client else None,
                "milliseconds": round((time.perf_counter() - started) * 1000, 2),
            },
        )


class Socket:
    """A client's subscription and the connection behind it."""

    def __init__(self, live: Live, connection: NotifyingConnection, limits: Limits | None, request_id: str) -> None:
        self._live = live
        self._connection = connection
        self._request_id = request_id
        self._limits = limits
        self._counting: set[asyncio.Task[None]] = set()
        self.session: Session | None = None
        self._region = 0
        self._key: ViewKey | None = None
        self._client = SocketClient(connection, self._on_lost)
        self._start: asyncio.Task[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._allowance, self._counted_at = float(MESSAGES_BURST), time.monotonic()
        connection.on_full = lambda: live.relay.on_full(self._client)
        connection.on_drained = lambda: live.relay.on_drained(self._client)
        connection.on_gone = lambda: live.relay.on_gone(self._client)

    async def open(self, websocket: WebSocket) -> None:
        """Identifies the caller and checks the page's origin. Raises Problem."""
        self._check_origin(websocket)
        query = read_query(websocket, SocketQuery)
        if isinstance(query.ticket, str):
            if "authorization" in websocket.headers:
                raise Problem("RQ400", "Send a ticket or the header Authorization, not both.")
            session = await redeem_ticket(self._live.database, query.ticket, self._request_id)
        else:
            session = await self._live.verifier.session(websocket.headers.getlist("authorization"))
        self._region = region_of(session.identity, query)
        subject = session.identity.subject
        if sum(s.session is not None and s.session.identity.subject == subject for s in self._live.sockets) >= SOCKETS_OF_ONE_MAX:
            raise Problem("RQ429", f"You have {SOCKETS_OF_ONE_MAX} sockets here. Close some, or share one socket.")
        self.session = session
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(max(0.0, session.expires_at - time.time()), self.close_unauthenticated)

    def _check_origin(self, websocket: WebSocket) -> None:
        """A browser names the page that opens a socket. A page of another host could use the browser's credentials."""
        origins = websocket.headers.getlist("origin")
        if not origins:
            return
        host = websocket.headers.get("host", "").lower()
        origin = origins[0].lower()
        if len(origins) > 1 or not (urlsplit(origin).netloc == host or origin in self._live.allowed_origins):
            raise Problem("RQ403", "Pages of this origin may not open sockets. Add it to SCOVILLE_ALLOWED_ORIGINS.")

    def close_unauthenticated(self) -> None:
        """The token has expired, or its claims are no longer valid."""
        self._connection.close(UNAUTHENTICATED, "the token has expired or was revoked")

    def refuse(self, problem: Problem) -> None:
        self._send(messages.Error(problem.document(self._request_id)))
        self._connection.close(CLOSE_CODES.get(problem.status, POLICY_VIOLATION), problem.code)

    def end(self) -> None:
        self._live.relay.leave(self._client)
        for task in (self._start, *self._counting):
            if task is not None:
                task.cancel()
        if self._expiry is not None:
            self._expiry.cancel()

    # Messages from the client -----------------------------------------------------------------------------------------

    def receive(self, text: str | None) -> None:
        """Carries out a message, or returns an error to the client. Raises Problem RQ429 above the rate limit."""
        now = time.monotonic()
        self._allowance = min(MESSAGES_BURST, self._allowance + (now - self._counted_at) * MESSAGES_PER_SECOND) - 1
        self._counted_at = now
        if self._allowance < 0:
            raise Problem("RQ429", f"More than {MESSAGES_PER_SECOND:g} messages per second. Send fewer.")
        try:
            message = self._read(text)
            if isinstance(message, messages.Ping):
                self._send(messages.Pong())
            else:
                self._subscribe(message)
        except Problem as problem:
            self._send(messages.Error(problem.document(self._request_id)))

    def _read(self, text: str | None) -> messages.FromClient:
        if text is None:
            raise Problem("RQ400", "Messages are JSON in text frames.")
        body = text.encode(errors="surrogatepass")
        check_text(body)
        try:
            return cast(messages.FromClient, messages.decode_from_client(body))
        except msgspec.ValidationError as error:
            raise Problem("RQ422", "The message is invalid. See errors.", [describe(error)]) from None

    def _subscribe(self, message: messages.Subscribe) -> None:
        key, after = self._view_key(message), message.after if isinstance(message.after, str) else None
        if self._limits is None:
            self._follow(key, after)
        else:
            self._counting.add(task := asyncio.create_task(self._follow_counted(self._limits, key, after)))
            task.add_done_callback(self._counting.discard)

    def _follow(self, key: ViewKey, after: str | None) -> None:
        self._live.relay.leave(self._client)
        self._key = key
        self._begin(after)

    async def _follow_counted(self, limits: Limits, key: ViewKey, after: str | None) -> None:
        """A subscription counts as a read. Above the limit the socket keeps its earlier subscription."""
        try:
            await limits.take(cast(Session, self.session).identity.subject, "read", self._request_id)
        except Problem as problem:
            self._send(messages.Error(problem.document(self._request_id)))
        else:
            self._follow(key, after)

    def _view_key(self, message: messages.Subscribe) -> ViewKey:
        identity = cast(Session, self.session).identity
        skus = frozenset(message.skus) if message.skus is not UNSET else None
        warehouses = frozenset(message.warehouses) if message.warehouses is not UNSET else None
        if identity.role == "warehouse":
            own = frozenset(identity.warehouses)
            for number, code in enumerate(message.warehouses or ()):
                if code not in own:
                    detail = "This warehouse does not exist or is not yours. Leave it out."
                    raise Problem("RQ403", detail, [{"pointer": f"/warehouses/{number}", "detail": detail}])
            warehouses = own if warehouses is None else warehouses
        return ViewKey(self._region, identity.role == "integration", warehouses, skus)

    # Start and restart ------------------------------------------------------------------------------------------------

    def _begin(self, after: str | None, reason: str | None = None) -> None:
        """Starts from the position `after`, or with a snapshot. Sends the client a reset first if there is a reason."""
        if self._start is not None:
            self._start.cancel()
        self._start = asyncio.create_task(self._begin_at(after, reason))

    async def _within_channels(self, key: ViewKey) -> ViewKey:
        """Returns the view with the warehouses from which the caller's channels sell now, if the caller is bound to channels."""
        identity = cast(Session, self.session).identity
        if identity.role not in ("sales", "integration"):
            return key
        served = await self._live.serving.of(key.region, identity.channels)
        return key._replace(warehouses=served if key.warehouses is None else served & key.warehouses)

    def _on_lost(self, reason: str) -> None:
        self._begin(None, reason)

    async def _begin_at(self, after: str | None, reason: str | None) -> None:
        session = cast(Session, self.session)
        live, client = self._live, self._client
        try:
            key = await self._within_channels(cast(ViewKey, self._key))
            if after is not None:
                position = parse_position(after)
                try:
                    if position is None:
                        raise Lost("place_unknown")
                    await live.hub.reach(position)
                    if live.hub.regrouped.get(key.region, 0) > position.seq:
                        raise Lost("warehouses_changed")
                    live.relay.follow(client, key, position.seq)
                    return
                except Lost as lost:
                    reason = lost.reason
            snapshot = await live.snapshots.get(key, session.identity, self._request_id)
            reset = [_frame(messages.Reset(reason))] if reason else []
            live.relay.follow(
                client, key, snapshot.position.seq, parts=[*reset, *snapshot.frames], ahead=snapshot.ahead, snapshot=snapshot
            )
        except Problem as problem:
            self.refuse(problem)
        except Exception:
            logger.exception("a socket failed", extra={"request_id": self._request_id})
            self._connection.close(INTERNAL_ERROR, "internal error")

    def _send(self, message: messages.Error | messages.Pong) -> None:
        self._connection.write(_frame(message))


def _frame(message: msgspec.Struct) -> bytes:
    return messages.text_frame(messages.encode(message))
