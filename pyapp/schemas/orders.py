"""Orders to place, cancel and fulfill; how orders are asked for."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.fields import (
    LINES_MAX,
    TOTAL_BYTES,
    Body,
    ChannelId,
    Email,
    ExternalId,
    FieldError,
    Json,
    LineQuantity,
    Money,
    Name,
    Note,
    RangeQuery,
    ReservationId,
    SkuId,
    Timestamp,
    Total,
    WarehouseId,
    check_moment,
    check_number,
)

Address = Annotated[str, Meta(min_length=1, max_length=1000)]


class Customer(Body):
    """Who buys."""

    name: Name
    email: Email | UnsetType = UNSET
    address: Address | UnsetType = UNSET


class OrderLine(Body):
    """So many of a SKU, and the price that the customer was shown."""

    sku_id: SkuId
    quantity: LineQuantity
    price: Money | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_number(self.price, "price")


class OrderDraft(Body):
    """An order to place. order_id is the shop's own number, kept as external_id; the total is checked, not believed.

    With a reservation_id its units become the order's; items may then be left out, and are those of the reservation.
    """

    sample: ClassVar[Json] = {
        "customer": {"name": "Jane Doe", "email": "jane@example.com", "address": "123 Hot St, Spicetown, USA"},
        "items": [
            {"sku_id": "HOTSAUCE-001", "quantity": 3, "price": 12.99},
            {"sku_id": "HOTSAUCE-002", "quantity": 1, "price": 10.99},
        ],
        "total_price": 49.96,
    }
    together: ClassVar[Json] = {
        "not": {"required": ["order_id", "external_id"]},
        "if": {"not": {"required": ["reservation_id"]}},
        "then": {"required": ["items"]},
    }

    customer: Customer
    items: Annotated[list[OrderLine], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    reservation_id: ReservationId | UnsetType = UNSET
    channel: ChannelId | UnsetType = UNSET
    order_id: ExternalId | UnsetType = UNSET
    external_id: ExternalId | UnsetType = UNSET
    created_at: Timestamp | UnsetType = UNSET
    total_price: Total | UnsetType = UNSET
    status: Literal["pending", "processing"] | UnsetType = UNSET
    note: Note | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.items is UNSET and self.reservation_id is UNSET:
            raise FieldError("items", "is required where no reservation_id says what is ordered")
        check_number(self.total_price, "total_price", TOTAL_BYTES)
        if isinstance(self.created_at, datetime.datetime):
            check_moment(self.created_at, "created_at")
        if self.order_id is not UNSET:
            if self.external_id is not UNSET and self.external_id != self.order_id:
                raise FieldError("external_id", "is another name for order_id: send one of them, or the same in both")
            self.external_id, self.order_id = self.order_id, UNSET


class CustomerChange(Body):
    """What changes of a customer; null takes e-mail or address away."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET
    address: Address | UnsetType | None = UNSET


class OrderChange(Body):
    """What changes of an order; items as a whole. A line that stays keeps its price. The total is checked, not believed."""

    sample: ClassVar[Json] = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 2}], "reason": "The customer called."}

    items: Annotated[list[OrderLine], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    customer: CustomerChange | UnsetType = UNSET
    note: Note | UnsetType | None = UNSET
    total_price: Total | UnsetType = UNSET
    reason: Annotated[str, Meta(min_length=1, max_length=200, description="Why; kept in the audit.")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_number(self.total_price, "total_price", TOTAL_BYTES)


class Cancellation(Body):
    """Why an order is canceled."""

    sample: ClassVar[Json] = {"reason": "customer", "note": "Ordered twice."}

    reason: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class FulfillmentLine(Body):
    sku_id: SkuId
    quantity: LineQuantity


class Fulfillment(Body):
    """What leaves the house. Without items: all that is left of the order."""

    sample: ClassVar[Json] = {"warehouse_location": "WH-01", "tracking_number": "1Z999AA10123456784"}

    warehouse_location: WarehouseId | UnsetType = UNSET
    items: Annotated[list[FulfillmentLine], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    tracking_number: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    note: Note | UnsetType = UNSET


OrderStatus = Literal[
    "pending", "processing", "on_hold", "completed", "canceled", "unfulfilled", "partially_fulfilled", "fulfilled"
]


class OrderQuery(RangeQuery):
    customer: Annotated[str, Meta(min_length=1, max_length=254, description="Name or e-mail, whole.")] | UnsetType = UNSET
    status: OrderStatus | UnsetType = UNSET
    sku: SkuId | UnsetType = UNSET
