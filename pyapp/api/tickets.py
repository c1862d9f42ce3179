"""Tickets: a browser opens a WebSocket or an EventSource with one. They send no headers, and a token must not be in a URL.

A ticket is 256 random bits, valid once and for 30 seconds. Postgres stores its hash with the rights of the caller. If two
processes receive the same ticket, only one of them can redeem it.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated, cast

import msgspec
from msgspec import Meta
from starlette.responses import Response

from pyapp.database.calls import Database
from pyapp.http.context import enter
from pyapp.http.fields import Answer
from pyapp.http.headers import Request
from pyapp.http.responses import json_response
from pyapp.http.route import Noun, Route
from pyapp.identity.tokens import Identity, Role, Session, Verifier, unauthenticated
from pyapp.values import Moment

TICKET_BYTES = 32
TICKET_CHARACTERS_MAX = 100
ISSUE = "select * from api.issue_ticket($1, $2, $3)"
REDEEM = "select * from api.redeem_ticket($1)"


TicketText = Annotated[str, Meta(description="From POST /v1/ws/tickets; valid once, for 30 seconds.")]


class Ticket(Answer):
    """Opens one WebSocket or stream of events, as ?ticket=, until expires_at."""

    ticket: Annotated[str, Meta(description="Valid once.", examples=["Vb2y7TlqJmF4sW0hNnRk9cXeAzGdPuoI1E8L6ZtQw3M"])]
    expires_at: Moment


class _Session(msgspec.Struct):
    """The data stored with a ticket, in addition to the rights."""

    expires_at: float
    client_id: str | None
    grant: int | None
    key_id: str | None = None


class _Ticket(msgspec.Struct):
    role: str
    subject: str
    region: int
    warehouses: tuple[str, ...]
    channels: tuple[str, ...]
    session: _Session


async def tickets(request: Request) -> Response:
    """The endpoint."""
    context = await enter(request)
    session = await cast(Verifier, request.scope["state"]["verifier"]).session(request.headers.getlist("authorization"))
    body = await issue_ticket(cast(Database, request.scope["state"]["database"]), session, context.region, context.request_id)
    return json_response(body, context.route.status)


async def issue_ticket(database: Database, session: Session, region: int, request_id: str) -> bytes:
    """Returns {"ticket", "expires_at"} for the holder of a session. Raises Problem as Database.call does."""
    ticket = secrets.token_urlsafe(TICKET_BYTES)
    kept = msgspec.json.encode(_Session(session.expires_at, session.client_id, session.grant, session.key_id))
    rows = await database.call(session.identity, ISSUE, (region, _hash(ticket), kept), request_id=request_id)
    return (rows[0][0] or b"{}")[:-1] + b', "ticket": "%b"}' % ticket.encode()


async def redeem_ticket(database: Database, ticket: str, request_id: str) -> Session:
    """Redeems the ticket and returns its holder's session. Raises Problem RQ401, RQ503."""
    rows = await database.ask(REDEEM, (_hash(ticket),), request_id=request_id) if len(ticket) <= TICKET_CHARACTERS_MAX else []
    if not rows:
        raise unauthenticated("The ticket is unknown, used or older than 30 seconds. Get a new one: POST /v1/ws/tickets.")
    found = msgspec.json.decode(rows[0][0] or b"", type=_Ticket)
    identity = Identity(cast(Role, found.role), found.subject, found.warehouses, found.channels, found.region)
    kept = found.session
    return Session(identity, kept.expires_at, kept.client_id, kept.grant, kept.key_id)


def _hash(ticket: str) -> str:
    return "\\x" + hashlib.sha256(ticket.encode(errors="replace")).hexdigest()


NOUN = Noun(
    "ws",
    "Live stock: tickets for the socket /v1/ws/inventory and the stream /v1/events/stream. /asyncapi.json describes both.",
    (
        Route(
            method="POST",
            path="/v1/ws/tickets",
            endpoint=tickets,
            summary="Get a ticket that opens a WebSocket or stream: once, within 30 seconds, with the rights of the caller",
            function="issue_ticket",
            answer=Ticket,
            status=201,
        ),
    ),
)
