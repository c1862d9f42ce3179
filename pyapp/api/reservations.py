"""Reservations: hold, read, extend, release. POST /v1/orders converts one."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import (
    LINES_MAX,
    Answer,
    Body,
    ChannelId,
    Json,
    LineQuantity,
    NoteDraft,
    Page,
    PageQuery,
    SkuId,
    Timestamp,
    WriteQuery,
    check_moment,
)
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.values import Channel, Moment, Note, Sku, Version, Warehouse

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
    note: NoteDraft | UnsetType = UNSET


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


ReservationStatus = Literal["active", "committed", "released", "expired"]
HeldUnits = Annotated[int, Meta(ge=1, examples=[2])]


class ReservedItem(Answer):
    """So many of a SKU, over all warehouses."""

    sku_id: Sku
    quantity: HeldUnits


class ReservedPart(Answer):
    """So many of a SKU, held in this warehouse."""

    sku_id: Sku
    warehouse_location: Warehouse
    quantity: HeldUnits


class Reservation(Answer):
    """Units held for a channel until expires_at. From that moment on it is expired and holds nothing."""

    reservation_id: Annotated[str, Meta(examples=["RSV-1-1001"])]
    status: Annotated[ReservationStatus, Meta(description="committed: it became the order order_id.", examples=["active"])]
    channel: Channel
    owner: Annotated[str, Meta(description="Who made it; only they and admins change it.", examples=["shop"])]
    items: list[ReservedItem]
    allocations: list[ReservedPart]
    expires_at: Annotated[Moment, Meta(description="Until when the units are held.", examples=["2024-06-01T14:00:30.000Z"])]
    created_at: Moment
    updated_at: Moment
    order_id: Annotated[str | None, Meta(description="The order that it became.", examples=[None])]
    note: Note | None
    version: Version


class ReservationPage(Page):
    """A page of reservations, the latest first."""

    data: list[Reservation]


CHANGE_ERRORS = ("RV001", "RV002", "RV003", "ST009", "ID001", "ID002", "ID003")

RESERVATION_ID = PathVariable("reservation_id", "The reservation.", "RSV-1-1001", prefix="RSV", missing="RV001")

NOUN = Noun(
    "reservations",
    "Hold units at checkout, longer or shorter; let them go, or turn them into an order.",
    (
        Route(
            method="GET",
            path="/v1/reservations",
            endpoint=read_page,
            summary="List reservations by status, SKU or channel",
            function="list_reservations",
            answer=ReservationPage,
            query=ReservationQuery,
        ),
        Route(
            method="POST",
            path="/v1/reservations",
            endpoint=write,
            summary="Hold units for a while, or make a list of such reservations",
            function="reserve_stock",
            answer=Reservation,
            query=WriteQuery,
            body=ReservationDraft,
            many=True,
            lane=True,
            key="required",
            status=201,
            location="/v1/reservations/{reservation_id}",
        ),
        Route(
            method="GET",
            path="/v1/reservations/{reservation_id}",
            endpoint=read_document,
            summary="Read a reservation",
            function="get_reservation",
            answer=Reservation,
        ),
        Route(
            method="PATCH",
            path="/v1/reservations/{reservation_id}",
            endpoint=change,
            summary="Hold the units longer, or for less long",
            function="extend_reservations",
            answer=Reservation,
            query=WriteQuery,
            body=Extension,
            key="optional",
        ),
        Route(
            method="DELETE",
            path="/v1/reservations/{reservation_id}",
            endpoint=change,
            summary="Let the units go",
            function="release_reservations",
            answer=Reservation,
            query=WriteQuery,
            body=Release,
            body_required=False,
            key="optional",
        ),
    ),
    (RESERVATION_ID,),
)
