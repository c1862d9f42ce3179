"""What sockets and streams are asked for in their query."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pyapp.http.fields import PAGE_DEFAULT, PAGE_MAX, Query

PLACE = Meta(
    pattern=r"^[0-9a-z]{1,32}:[0-9]{1,18}$(?!\n)",
    description="A place in the event log, the id of an event: what comes after it is sent.",
    examples=["4f1c9a2e77b0:1042"],
)


class StreamQuery(Query):
    after: Annotated[str, PLACE] | UnsetType = UNSET
    types: (
        Annotated[str, Meta(min_length=1, max_length=1000, description="Types of events, with commas between them.")] | UnsetType
    ) = UNSET


class EventsQuery(StreamQuery):
    """Left out, `after` is the beginning of what is kept."""

    subject: (
        Annotated[
            str,
            Meta(min_length=1, max_length=500, description="What the events are about.", examples=["stock/WH-01/HOTSAUCE-001"]),
        ]
        | UnsetType
    ) = UNSET
    limit: Annotated[int, Meta(ge=1, le=PAGE_MAX, description="Events on a page.")] = PAGE_DEFAULT

    def filters(self) -> bytes:
        return msgspec.json.encode({name: text for name in ("types", "subject") if isinstance(text := getattr(self, name), str)})


class SocketQuery(Query):
    ticket: Annotated[str, Meta(description="From POST /v1/ws/tickets; good once, for 30 seconds.")] | UnsetType = UNSET
