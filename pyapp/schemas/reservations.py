"""Units to hold, to hold longer, to let go; how reservations are asked for."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.fields import LINES_MAX, Body, ChannelId, Json, LineQuantity, Note, PageQuery, SkuId, Timestamp, check_moment

Seconds = Annotated[int, Meta(ge=1, le=86_400, description="How long, from now.", examples=[900])]


class ReservationLine(Body):
    """So many of a SKU."""

    sku_id: SkuId
    quantity: LineQuantity


class ReservationDraft(Body):
    """Units to hold: all of them or none. Without ttl_seconds for 15 minutes."""

    sample: ClassVar[Json] = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 2}], "ttl_seconds": 900}

    items: Annotated[list[ReservationLine], Meta(min_length=1, max_length=LINES_MAX)]
    channel: ChannelId | UnsetType = UNSET
    ttl_seconds: Seconds | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class Extension(Body):
    """Until when units are held now: one of the two. It may be sooner than before."""

    sample: ClassVar[Json] = {"ttl_seconds": 1800}

    ttl_seconds: Seconds | UnsetType = UNSET
    expires_at: Annotated[Timestamp, Meta(description="At most 24 hours ahead.")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.expires_at, datetime.datetime):
            check_moment(self.expires_at, "expires_at")


class Release(Body):
    """There is nothing to say."""


class ReservationQuery(PageQuery):
    status: Literal["active", "committed", "released", "expired"] | UnsetType = UNSET
    sku: SkuId | UnsetType = UNSET
    channel: ChannelId | UnsetType = UNSET
