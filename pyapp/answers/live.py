"""Tickets and events. What sockets and streams send is in pyapp/eventlog/messages.py."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from pyapp.answers.fields import Actor, Answer, Moment, RequestId, Version


class Ticket(Answer):
    """Opens one WebSocket, as ?ticket=, until expires_at."""

    ticket: Annotated[str, Meta(description="Good once.", examples=["Vb2y7TlqJmF4sW0hNnRk9cXeAzGdPuoI1E8L6ZtQw3M"])]
    expires_at: Moment


Place = Annotated[str, Meta(description="A place in the event log.", examples=["4f1c9a2e77b0:1042"])]


class Event(Answer):
    """Something that happened, as CloudEvents 1.0 JSON. It is complete: data holds the old and the new state."""

    specversion: Literal["1.0"]
    id: Annotated[
        str, Meta(description="Its place in the log when it was recorded; never changes.", examples=["4f1c9a2e77b0:1042"])
    ]
    source: Annotated[str, Meta(examples=["/scoville/regions/1"])]
    type: Annotated[str, Meta(examples=["stock.adjusted"])]
    subject: Annotated[str, Meta(description="What it is about.", examples=["stock/WH-01/HOTSAUCE-001"])]
    time: Moment
    datacontenttype: Literal["application/json"]
    seq: Annotated[int, Meta(ge=1, description="Its number in the log, which has no gap.", examples=[1042])]
    version: Version
    actor: Actor
    requestid: RequestId | None
    region: Annotated[int, Meta(ge=0, description="0: the catalogue, which every region shares.", examples=[1])]
    data: Annotated[dict[str, Any], Meta(examples=[{"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "version": 7}])]


class EventPage(Answer):
    """Events after a place, the earliest first. A page may be empty and still get on: go on from next until it equals last."""

    data: list[Event]
    next: Annotated[Place, Meta(description="The place to go on from.")]
    last: Annotated[Place, Meta(description="The end of the log.")]
