"""Reservations: create, read, extend, release. POST /v1/orders converts one."""

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

Seconds = Annotated[int, Meta(ge=1, le=86_400, description="Duration from now, in seconds.", examples=[900])]


class ReservationLine(Body):
    """A quantity of a SKU."""

    sku_id: SkuId
    quantity: LineQuantity


class ReservationDraft(Body):
    """Units to reserve, all or none. Default of ttl_seconds: 15 minutes."""

    sample: ClassVar[Json] = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 2}], "ttl_seconds": 900}

    items: Annotated[list[ReservationLine], Meta(min_length=1, max_length=LINES_MAX)]
    channel: ChannelId | UnsetType = UNSET
    ttl_seconds: Seconds | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class Extension(Body):
    """The new end of the reservation: one of the two members. It may be earlier than before."""

    sample: ClassVar[Json] = {"ttl_seconds": 1800}

    ttl_seconds: Seconds | UnsetType = UNSET
    expires_at: Annotated[Timestamp, Meta(description="At most 24 hours ahead.")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.expires_at, datetime.datetime):
            check_moment(self.expires_at, "expires_at")


class Release(Body):
    """No members."""


class ReservationQuery(PageQuery):
    status: Literal["active", "committed", "released", "expired"] | UnsetType = UNSET
    sku: SkuId | UnsetType = UNSET
    channel: ChannelId | UnsetType = UNSET


ReservationStatus = Literal["active", "committed", "released", "expired"]
HeldUnits = Annotated[int, Meta(ge=1, examples=[2])]


class ReservedItem(Answer):
    """A quantity of a SKU, over all warehouses."""

    sku_id: Sku
    quantity: HeldUnits


class ReservedPart(Answer):
    """A quantity of a SKU, reserved in this warehouse."""

    sku_id: Sku
    warehouse_location: Warehouse
    quantity: HeldUnits


class Reservation(Answer):
    """Units reserved for a channel until expires_at. From then on it is expired and reserves nothing."""

    reservation_id: Annotated[str, Meta(examples=["RSV-1-1001"])]
    status: Annotated[ReservationStatus, Meta(description="committed: it became the order order_id.", examples=["active"])]
    channel: Channel
    owner: Annotated[str, Meta(description="The creator; only they and admins may change it.", examples=["shop"])]
    items: list[ReservedItem]
    allocations: list[ReservedPart]
    expires_at: Annotated[Moment, Meta(description="The end of the reservation.", examples=["2024-06-01T14:00:30.000Z"])]
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
    "Reserve units at checkout, extend or release them, or turn them into an order.",
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
            summary="Reserve units for a while, or create a list of reservations",
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
            summary="Extend or shorten a reservation",
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
            summary="Release a reservation",
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
