"""Reservations."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pyapp.answers.fields import Answer, Channel, Moment, Note, Page, Sku, Version, Warehouse

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
