"""Live: the log of events, tickets, the inventory socket, the stream of events."""

from __future__ import annotations

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.routing import Route as StarletteRoute

from pyapp.answers import live as answers
from pyapp.http.endpoints import read_events
from pyapp.http.route import Route
from pyapp.live.inventory import inventory
from pyapp.live.stream import stream
from pyapp.live.tickets import ISSUE, tickets
from pyapp.schemas.live import EventsQuery

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/ws/tickets",
        endpoint=tickets,
        summary="Get a ticket that opens a WebSocket: once, within 30 seconds, with the rights of the caller",
        statement=ISSUE,
        answer=answers.Ticket,
        status=201,
    ),
    Route(
        method="GET",
        path="/v1/events",
        endpoint=read_events,
        summary="Pull what happened after a place in the event log",
        statement="select * from api.list_events($1, $2, $3, $4)",
        answer=answers.EventPage,
        query=EventsQuery,
        fresh=True,  # a standby may not know a place in the log that a client has from a stream
        errors=("VA001", "LG001"),
    ),
)
SOCKET_PATHS = ("/v1/ws/inventory", "/ws/inventory")
STREAM_PATH = "/v1/events/stream"


def live_routes() -> list[BaseRoute]:
    """What is no row of the table, since it does not answer once: asyncapi.json describes it."""
    return [*(WebSocketRoute(path, inventory) for path in SOCKET_PATHS), StarletteRoute(STREAM_PATH, stream, methods=["GET"])]
