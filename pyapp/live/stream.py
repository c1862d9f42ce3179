"""GET /v1/events/stream: every event that the caller may see, as server-sent events (WHATWG HTML, section 9.2), without a gap.

A stream only has a position in the log. The events after it come from the hub's memory. If the memory does not go back that far,
they come from the log itself, read as the caller under row-level security. The next chunk is made when the client has accepted
the previous one. So a slow client is only further behind, and nothing is queued for it. TCP cuts off a client that accepts
nothing at all (pyapp.serve.server, STALLED_MILLISECONDS).
"""

from __future__ import annotations

import asyncio
import time
from urllib.parse import parse_qsl

import msgspec
from msgspec import UNSET, Raw, UnsetType
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pyapp.api.events import StreamQuery
from pyapp.api.tickets import TicketText, redeem_ticket
from pyapp.eventlog import messages
from pyapp.eventlog.reading import Position, parse_position
from pyapp.eventlog.rights import Rights
from pyapp.http.context import PARAMETERS_MAX, check_accept, count, read_query, region_of, request_id
from pyapp.http.headers import Request
from pyapp.identity.tokens import Session
from pyapp.live.chunks import PAGE_EVENTS, Chunk, StreamView, block
from pyapp.live.live import Live
from pyapp.problems import RETRY_AFTER_SECONDS, Problem, unavailable

STREAMS_MAX = 1000  # per process; any more are refused with 503
STREAMS_OF_ONE_MAX = 500  # per process and caller, so that one caller cannot shut out the others
HEARTBEAT_SECONDS = 15.0
RETRY_SECONDS = 1.0

MEDIA_TYPE = "text/event-stream"
LIST_EVENTS = "select * from api.list_events($1, $2, $3, $4)"


class TicketQuery(StreamQuery):
    ticket: TicketText | UnsetType = UNSET


class _Event(msgspec.Struct):
    seq: int
    type: str


class _Page(msgspec.Struct):
    data: list[Raw]
    next: str


async def stream(request: Request) -> Response:
    """The endpoint. Raises Problem."""
    live: Live = request.scope["state"]["live"]
    check_accept(request, (MEDIA_TYPE,))
    session = await _session(request, live)
    request.scope["state"]["identity"] = session.identity
    await count(request, session.identity, "read")
    query = read_query(request, TicketQuery)
    region = region_of(session.identity, query)
    given = request.headers.get("last-event-id") or (query.after if isinstance(query.after, str) else None)
    position = parse_position(given) if given else await live.hub.ready()
    if position is None:
        raise Problem(
            "RQ400", "Last-Event-ID, or after, is not a position in the event log. Send the id of the last event received."
        )
    types = frozenset(query.types.split(",")) if isinstance(query.types, str) else None
    view = StreamView(Rights.of(session.identity, region), types)
    events = EventStream(live, session, view, position, request_id(request))
    _check_room(live, session.identity.subject)
    live.streams.add(events)  # before any await, so that the next check counts it
    try:
        await events.prepare()
    except BaseException:
        live.streams.discard(events)
        raise
    return events


async def _session(request: Request, live: Live) -> Session:
    """Identifies the caller by its token, or by a ticket: a browser's EventSource can send no headers. Raises Problem."""
    tickets = [value for name, value in parse_qsl(request.url.query, max_num_fields=PARAMETERS_MAX) if name == "ticket"]
    authorization = request.headers.getlist("authorization")
    if not tickets:
        return await live.verifier.session(authorization)
    if authorization or len(tickets) > 1:
        raise Problem("RQ400", "Send one ticket or the header Authorization, not both.")
    return await redeem_ticket(live.database, tickets[0], request_id(request))


def _check_room(live: Live, subject: str) -> None:
    """Checks whether this caller may open one more stream. Raises Problem RQ429, RQ503."""
    if len(live.streams) >= STREAMS_MAX:
        raise unavailable("This process has the most streams it can serve. Try again to reach another process.")
    if sum(one.session.identity.subject == subject for one in live.streams) >= STREAMS_OF_ONE_MAX:
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        raise Problem("RQ429", f"You have {STREAMS_OF_ONE_MAX} streams here. Close some, or share one.", headers=headers)


class EventStream(Response):
    """The response. It ends when the client goes, the token expires, or the server stops. It counts before it is sent."""

    def __init__(self, live: Live, session: Session, view: StreamView, position: Position, request_id: str) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"content-type": f"{MEDIA_TYPE}; charset=utf-8", "x-accel-buffering": "no"})
        self.body = b""  # the body of the answer to HEAD
        self.session = session
        self._live = live
        self._view = view
        self._position = position
        self._request_id = request_id
        self._first = b""
        self._ended = False
        self._woken = asyncio.Event()

    async def prepare(self) -> None:
        """Reads the first chunk from the log, which checks position and types, before the response begins. Raises Problem."""
        chunk = await self._read()
        self._position = chunk.position
        self._first = chunk.body or self._heartbeat()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            self._live.streams.discard(self)  # HEAD gets the headers and ends
            await super().__call__(scope, receive, send)
            return
        listener = asyncio.create_task(self._listen(receive))
        expiry = asyncio.get_running_loop().call_later(max(0.0, self.session.expires_at - time.time()), self.end)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self._first, "more_body": True})
            await self._pump(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            listener.cancel()
            expiry.cancel()
            self._live.streams.discard(self)

    def wake(self) -> None:
        """Reports new events."""
        self._woken.set()

    def end(self) -> None:
        """Ends the stream cleanly, so that the client reconnects with its last id."""
        self._ended = True
        self._woken.set()

    close_unauthenticated = end

    async def _listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.end()

    async def _pump(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        said_at = loop.time()
        while not self._ended:
            self._woken.clear()
            try:
                body, pause = await self._next(), HEARTBEAT_SECONDS
            except Problem:  # the database is unreachable; events in memory are still sent
                body, pause = b"", RETRY_SECONDS
            if not body and loop.time() - said_at >= HEARTBEAT_SECONDS:
                body = self._heartbeat()
            if body:
                said_at = loop.time()
                await send({"type": "http.response.body", "body": body, "more_body": True})
                continue
            try:
                async with asyncio.timeout(min(pause, said_at + HEARTBEAT_SECONDS - loop.time())):
                    await self._woken.wait()
            except TimeoutError:
                pass

    def _heartbeat(self) -> bytes:
        """Returns a comment, and an id without data: the client's position advances without an event."""
        return b": heartbeat\nid: %b\n\n" % str(self._position).encode()

    async def _next(self) -> bytes:
        """Returns what follows the position and advances it; empty if there is nothing yet. Raises Problem RQ503."""
        while True:
            chunk = self._live.chunks.after(self._view, self._position) or await self._read()
            if chunk.body or chunk.position == self._position:
                self._position = chunk.position
                return chunk.body
            self._position = chunk.position

    async def _read(self) -> Chunk:
        """Reads from the log, as the caller."""
        rights, types = self._view
        filters = {} if types is None else {"types": ",".join(sorted(types))}
        values = (rights.region, messages.encode(filters), str(self._position), PAGE_EVENTS)
        try:
            rows = await self._live.database.call(
                self.session.identity, LIST_EVENTS, values, request_id=self._request_id, read_only=True
            )
        except Problem as problem:
            if problem.code != "LG001":
                raise
            return _reset(self._position, problem)
        page = msgspec.json.decode(rows[0][0] or b"", type=_Page)
        position = parse_position(page.next) or self._position
        blocks = []
        for body in page.data:
            event = msgspec.json.decode(body, type=_Event)
            blocks.append(block(position._replace(seq=event.seq), event.type, bytes(body)))
        return Chunk(b"".join(blocks), position)


def _reset(position: Position, problem: Problem) -> Chunk:
    """Resets the client, whose position is gone. The stream continues from the end of the log."""
    error = problem.errors[0]
    last, first = parse_position(str(error["last"])), parse_position(str(error["first"]))
    if last is None or first is None:
        raise problem
    reason = "place_expired" if position.seq < first.seq else "place_unknown"
    if position.epoch != last.epoch:
        reason = "epoch_changed"
    data = messages.encode(messages.StreamReset(reason, str(last)))
    return Chunk(block(last, "reset", data), last)
