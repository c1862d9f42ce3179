"""Orders."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pyapp.answers.fields import (
    Amount,
    Answer,
    BatchNumber,
    Channel,
    Currency,
    Moment,
    Note,
    Page,
    Sku,
    Units,
    Version,
    Warehouse,
)

Status = Literal["processing", "pending", "on_hold", "completed", "canceled"]
FulfillmentStatus = Literal["unfulfilled", "partially_fulfilled", "fulfilled"]
Quantity = Annotated[int, Meta(ge=1, examples=[3])]


class Customer(Answer):
    """Who buys. Warehouse staff see no e-mail."""

    name: Annotated[str | None, Meta(examples=["Jane Doe"])]
    email: Annotated[str | None, Meta(examples=["jane@example.com"])]
    address: Annotated[str | None, Meta(examples=["123 Hot St, Spicetown, USA"])]


class Line(Answer):
    """So many of a SKU at a price."""

    sku_id: Sku
    quantity: Quantity
    price: Amount


class Allocation(Answer):
    """How much of a SKU comes from which warehouse, and what became of it."""

    sku_id: Sku
    warehouse_location: Warehouse
    quantity: Quantity
    fulfilled: Annotated[Units, Meta(description="Shipped.", examples=[3])]
    released: Annotated[Units, Meta(description="Given back by a cancellation or change.", examples=[0])]


class Picked(Answer):
    """Units of a batch in a parcel."""

    sku_id: Sku
    batch_number: BatchNumber
    quantity: Quantity


class Fulfillment(Answer):
    """A parcel: what left a warehouse at once."""

    fulfillment_id: Annotated[str, Meta(examples=["FUL-1-1001"])]
    warehouse_location: Warehouse
    created_at: Moment
    tracking_number: Annotated[str | None, Meta(examples=["1Z999AA10123456784"])]
    note: Note | None
    items: list[Picked]


class Order(Answer):
    """An order. Warehouse staff see the allocations and parcels of their own warehouses."""

    order_id: Annotated[str, Meta(description="Ours.", examples=["ORD-1-1001"])]
    external_id: Annotated[str | None, Meta(description="Yours.", examples=["ORD-123456"])]
    channel: Channel
    created_at: Annotated[Moment, Meta(description="When it was placed at the source.")]
    customer: Customer
    items: list[Line]
    total_price: Annotated[Amount, Meta(description="Computed: the sum of quantity times price.", examples=[38.97])]
    currency: Currency
    status: Annotated[Status, Meta(examples=["completed"])]
    fulfillment_status: FulfillmentStatus
    allocations: list[Allocation]
    fulfillments: list[Fulfillment]
    note: Note | None
    version: Version
    updated_at: Moment


class OrderPage(Page):
    """A page of orders, the latest first."""

    data: list[Order]
