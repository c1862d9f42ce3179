"""The event log: GET /v1/events returns the events after a position. live/stream.py follows the log."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from pyapp.http.context import enter
from pyapp.http.endpoints import read
from pyapp.http.fields import PAGE_DEFAULT, PAGE_MAX, Answer, Query
from pyapp.http.headers import Request
from pyapp.http.responses import page_response
from pyapp.http.route import Noun, Route
from pyapp.values import Actor, Moment, RequestId, Version

POSITION = Meta(
    pattern=r"^[0-9a-z]{1,32}:[0-9]{1,18}$(?!\n)",
    description="A position in the event log, the id of an event: returns what follows it.",
    examples=["4f1c9a2e77b0:1042"],
)


class StreamQuery(Query):
    after: Annotated[str, POSITION] | UnsetType = UNSET
    types: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=1000,
                description="Types of events, separated by commas.",
                examples=["order.placed,stock.low"],
            ),
        ]
        | UnsetType
    ) = UNSET


class EventsQuery(StreamQuery):
    """Without `after`, the list starts at the oldest event kept."""

    subject: (
        Annotated[
            str,
            Meta(min_length=1, max_length=500, description="The subject of the events.", examples=["stock/WH-01/HOTSAUCE-001"]),
        ]
        | UnsetType
    ) = UNSET
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Events per page.")] = PAGE_DEFAULT

    def filters(self) -> bytes:
        return msgspec.json.encode({name: text for name in ("types", "subject") if isinstance(text := getattr(self, name), str)})


Position = Annotated[str, Meta(description="A position in the event log.", examples=["4f1c9a2e77b0:1042"])]


class Event(Answer):
    """Something that happened, as CloudEvents 1.0 JSON. It is complete: data holds the old and the new state."""

    specversion: Literal["1.0"]
    id: Annotated[
        str, Meta(description="Its position in the log when it was recorded; never changes.", examples=["4f1c9a2e77b0:1042"])
    ]
    source: Annotated[str, Meta(examples=["/scoville/regions/1"])]
    type: Annotated[str, Meta(examples=["stock.adjusted"])]
    subject: Annotated[str, Meta(description="The thing that changed.", examples=["stock/WH-01/HOTSAUCE-001"])]
    time: Moment
    datacontenttype: Literal["application/json"]
    seq: Annotated[int, Meta(ge=1, description="Its number in the log; numbers have no gaps.", examples=[1042])]
    version: Version
    actor: Actor
    requestid: RequestId | None
    region: Annotated[int, Meta(ge=0, description="0: the catalog, which every region shares.", examples=[1])]
    data: Annotated[dict[str, Any], Meta(examples=[{"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "version": 7}])]


class EventPage(Answer):
    """Events after a position, earliest first. A page may be empty before the end: continue from next until it equals last."""

    data: list[Event]
    next: Annotated[Position, Meta(description="The position to continue from.")]
    last: Annotated[Position, Meta(description="The end of the log.")]


async def read_events(request: Request) -> Response:
    """Returns a page of the event log. Arguments: region, filters, position, limit."""
    context = await enter(request)
    query = cast(EventsQuery, context.query)
    after = query.after if isinstance(query.after, str) else None
    body, next_place = await read(request, context, (query.filters(), after, query.limit))
    return page_response(request, context, body, next_place, "after")


NOUN = Noun(
    "events",
    "Everything that happened, in order: pull it, or follow it live (/asyncapi.json).",
    (
        Route(
            method="GET",
            path="/v1/events",
            endpoint=read_events,
            summary="List events after a position in the event log",
            function="list_events",
            answer=EventPage,
            query=EventsQuery,
            fresh=True,  # a standby may not have a position that a client has from a stream
        ),
    ),
)
