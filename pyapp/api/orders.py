"""Orders: place, read, change, cancel, fulfill."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Raw, UnsetType

from pyapp.database.commands import Wanted
from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import (
    LINES_MAX,
    TOTAL_BYTES,
    Answer,
    BatchNumberDraft,
    Body,
    ChannelId,
    CustomerGroup,
    Email,
    ExternalId,
    FieldError,
    Json,
    LineAmount,
    LineQuantity,
    Money,
    Name,
    NoteDraft,
    Page,
    Phone,
    RangeQuery,
    ReasonDraft,
    ReservationId,
    Since,
    SkuId,
    Timestamp,
    Total,
    WarehouseId,
    WriteQuery,
    check_lot,
    check_moment,
    check_number,
    check_range_end,
)
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.values import Amount, BatchNumber, Channel, Currency, Moment, Note, Reason, Sku, Units, Version, Warehouse

Address = Annotated[str, Meta(min_length=1, max_length=1000)]


class CustomerDraft(Body):
    """The customer."""

    name: Name
    email: Email | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    address: Address | UnsetType = UNSET


ReasonText = Annotated[str, Meta(min_length=1, max_length=200)]


class SoldComponentDraft(Body):
    """A component of a bundle, as it was read."""

    sku_id: SkuId
    quantity: LineQuantity
    fulfilled: Annotated[int, Meta(ge=0)]


class PricedLine(Body):
    """A quantity of a SKU, and the price that the customer was shown: of a unit, or (amount) of the whole line."""

    together: ClassVar[Json] = {
        "not": {
            "required": ["price", "amount"],
            "properties": {"price": {"not": {"type": "null"}}, "amount": {"not": {"type": "null"}}},
        }
    }

    sku_id: SkuId
    quantity: LineQuantity
    price: Money | UnsetType = UNSET
    amount: LineAmount | UnsetType = UNSET
    address: (
        Annotated[Address, Meta(description="Where these units go, if not to the customer's address.", examples=["2 Mild Rd"])]
        | UnsetType
    ) = UNSET
    components: (
        Annotated[list[SoldComponentDraft], Meta(max_length=50, description="Read-only; may be sent back as it was read.")]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        check_number(self.price, "price")
        check_number(self.amount, "amount", TOTAL_BYTES)
        self.components = UNSET


class OrderLine(PricedLine):
    """A quantity of a SKU, and the price that the customer was shown: of a unit, or (amount) of the whole line."""

    fulfilled: Annotated[Literal[0], Meta(description="Read-only; may be sent back as it was read.")] | UnsetType = UNSET
    canceled: Annotated[Literal[0], Meta(description="Read-only; may be sent back as it was read.")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        self.fulfilled = self.canceled = UNSET


class ScannedLine(Body):
    """Units of a SKU, of the lot that was scanned."""

    together: ClassVar[Json] = {"not": {"required": ["batch_number", "lot_number"]}}

    sku_id: SkuId
    quantity: LineQuantity
    batch_number: BatchNumberDraft | UnsetType = UNSET
    lot_number: BatchNumberDraft | UnsetType = UNSET
    reason_code: (
        Annotated[
            ReasonDraft,
            Meta(description="Why lots that expire earlier stay on the shelf; kept if some do.", examples=["could_not_locate"]),
        ]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        check_lot(self.batch_number, self.lot_number)


class HandedOverLine(ScannedLine):
    """Units of a SKU that were handed over, of the lot that the till scanned."""

    expiration_date: (
        Annotated[
            datetime.date,
            Meta(description="With offline: of a lot that Scoville does not know. The lot is created.", examples=["2035-04-30"]),
        ]
        | UnsetType
    ) = UNSET


class HandedOver(Body):
    """The order left the shelf at a till, at its created_at. It is completed at once, with a parcel.

    All units are of this warehouse, which serves the channel. items names the lots that were scanned; a SKU that is not named
    leaves from the lots that expire first.
    """

    warehouse_location: WarehouseId
    items: Annotated[list[HandedOverLine], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    offline: (
        Annotated[
            bool,
            Meta(
                description="True: it was sold while the till was offline. It is recorded whatever the count says, at its own "
                "prices: units that the count does not have are booked as found, and a count is asked for."
            ),
        ]
        | UnsetType
    ) = UNSET


class OrderDraft(Body):
    """An order to place. order_id is the shop's own number, stored as external_id. The total is checked against the computed one.

    With a reservation_id its units become the order's. items may then be missing; they are those of the reservation.
    """

    sample: ClassVar[Json] = {
        "customer": {
            "name": "Jane Doe",
            "email": "jane@example.com",
            "phone": "+1 555 010 0199",
            "address": "123 Hot St, Spicetown, USA",
        },
        "items": [
            {"sku_id": "HOTSAUCE-001", "quantity": 3, "price": 12.99},
            {"sku_id": "HOTSAUCE-002", "quantity": 1, "price": 10.99},
        ],
        "total_price": 49.96,
    }
    together: ClassVar[Json] = {
        "not": {"required": ["order_id", "external_id"]},
        # null means left out, so a member that is there is not enough.
        "if": {"not": {"required": ["reservation_id"], "properties": {"reservation_id": {"type": "string"}}}},
        "then": {"required": ["items"], "properties": {"items": {"not": {"type": "null"}}}},
    }

    customer: CustomerDraft
    customer_group: CustomerGroup | UnsetType | None = UNSET
    items: Annotated[list[OrderLine], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    reservation_id: ReservationId | UnsetType = UNSET
    channel: ChannelId | UnsetType = UNSET
    order_id: ExternalId | UnsetType = UNSET
    external_id: ExternalId | UnsetType = UNSET
    created_at: Timestamp | UnsetType = UNSET
    total_price: Total | UnsetType = UNSET
    status: (
        Annotated[
            Literal["processing", "pending"],
            Meta(
                description="pending: not paid yet. Its units are kept for the channel's `unpaid_minutes` and not shipped before "
                "`POST /v1/orders/{order_id}/confirm`. Otherwise the order can be shipped at once."
            ),
        ]
        | UnsetType
    ) = UNSET
    note: NoteDraft | UnsetType = UNSET
    historic: (
        Annotated[bool, Meta(description="True: it was shipped elsewhere. Completed, moves no stock; admins only.")] | UnsetType
    ) = UNSET
    handed_over: HandedOver | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.items is UNSET and self.reservation_id is UNSET:
            raise FieldError("items", "is required without a reservation_id")
        check_number(self.total_price, "total_price", TOTAL_BYTES)
        if isinstance(self.created_at, datetime.datetime):
            check_moment(self.created_at, "created_at")
        if self.order_id is not UNSET:
            if self.external_id is not UNSET and self.external_id != self.order_id:
                raise FieldError("external_id", "is another name for order_id: send one of them, or the same in both")
            self.external_id, self.order_id = self.order_id, UNSET

    def wanted(self) -> Wanted | None:
        if self.items is UNSET or self.reservation_id is not UNSET or self.historic is True:
            return None
        if isinstance(self.created_at, datetime.datetime) and self.created_at > datetime.datetime.now(datetime.UTC):
            return None
        lines = tuple((line.quantity, _bytes(line.price), _bytes(line.amount)) for line in self.items)
        terms = (self.channel, self.customer_group, lines, _bytes(self.total_price), self.status, _place(self.handed_over))
        return Wanted(tuple(line.sku_id for line in self.items), terms)


def _place(handed_over: HandedOver | UnsetType) -> object:
    """The part that decides whether a sale at a till is short. Its lots are looked at later."""
    return handed_over if handed_over is UNSET else (handed_over.warehouse_location, handed_over.offline)


def _bytes(value: Raw | UnsetType) -> object:
    """Raw compares by content only after conversion to bytes."""
    return value if value is UNSET else bytes(value)


class CustomerChange(Body):
    """The members of a customer to change; null removes e-mail, phone number or address."""

    name: Name | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    address: Address | UnsetType | None = UNSET


class ChangedLine(PricedLine):
    """The units of a SKU that the order shall have, shipped ones too, and their price or amount."""

    fulfilled: Annotated[int, Meta(ge=0, description="Read-only; may be sent back as it was read.")] | UnsetType = UNSET
    canceled: (
        Annotated[
            int,
            Meta(ge=0, description="May be sent back as it was read: quantity counts these units too, and the others are kept."),
        ]
        | UnsetType
    ) = UNSET


class OrderChange(Body):
    """The members of an order to change. items are replaced as a whole. Units that the order has keep their prices; further ones
    have the current price, on a line of their own. What was shipped stays. The total is checked."""

    sample: ClassVar[Json] = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 2}], "reason": "The customer called."}

    items: Annotated[list[ChangedLine], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    customer: CustomerChange | UnsetType = UNSET
    note: NoteDraft | UnsetType | None = UNSET
    total_price: Total | UnsetType = UNSET
    reason: (
        Annotated[str, Meta(min_length=1, max_length=200, description="The reason, kept in timeline, event and audit.")]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        check_number(self.total_price, "total_price", TOTAL_BYTES)


class Cancellation(Body):
    """The reason to cancel an order."""

    sample: ClassVar[Json] = {"reason": "customer", "note": "Ordered twice."}

    reason: ReasonText | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class Move(Body):
    """Promised units of a SKU that another warehouse is to ship."""

    sku_id: SkuId
    quantity: LineQuantity
    to_warehouse_location: WarehouseId
    from_warehouse_location: (
        Annotated[
            WarehouseId,
            Meta(description="Where they are promised now; may be missing if that is only one other warehouse."),
        ]
        | UnsetType
    ) = UNSET


class Reallocation(Body):
    """Which units move where."""

    sample: ClassVar[Json] = {
        "items": [
            {
                "sku_id": "HOTSAUCE-001",
                "quantity": 1,
                "from_warehouse_location": "WH-01",
                "to_warehouse_location": "WH-02",
            }
        ],
        "reason": "Not on the shelf.",
    }

    items: Annotated[list[Move], Meta(min_length=1, max_length=LINES_MAX)]
    reason: ReasonText | UnsetType = UNSET


class StatusReason(Body):
    """Why the order goes on, kept in the order and the audit."""

    sample: ClassVar[Json] = {"reason": "Bank transfer of 1 June."}

    reason: ReasonText | UnsetType = UNSET


class HoldReason(Body):
    """Why the order has to wait, kept in the order and the audit."""

    sample: ClassVar[Json] = {"reason": "The address does not exist."}

    reason: ReasonText


class FulfillmentLine(ScannedLine):
    """Units of a SKU, of the lot that was scanned. Without a lot, those that expire first are assumed to leave."""


class FulfillmentDraft(Body):
    """The units that leave. Without items: everything left of the order."""

    sample: ClassVar[Json] = {
        "warehouse_location": "WH-01",
        "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1, "batch_number": "BATCH-202404"}],
        "tracking_number": "1Z999AA10123456784",
    }

    warehouse_location: WarehouseId | UnsetType = UNSET
    items: Annotated[list[FulfillmentLine], Meta(min_length=1, max_length=LINES_MAX)] | UnsetType = UNSET
    shipped_at: (
        Annotated[
            datetime.datetime,
            Meta(tz=True, description="When the parcel was handed over; without it, now.", examples=["2024-06-01T16:00:00Z"]),
        ]
        | UnsetType
    ) = UNSET
    tracking_number: ReasonText | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.shipped_at, datetime.datetime):
            check_moment(self.shipped_at, "shipped_at")


class ParcelCancellation(Body):
    """Why a parcel is undone."""

    sample: ClassVar[Json] = {"reason": "The carrier never came."}

    reason: ReasonText
    note: NoteDraft | UnsetType = UNSET


class ParcelChange(Body):
    """The members of a parcel to correct; null removes them."""

    sample: ClassVar[Json] = {"tracking_number": "1Z999AA10123456784"}

    tracking_number: ReasonText | UnsetType | None = UNSET
    note: NoteDraft | UnsetType | None = UNSET


FulfillmentStatus = Literal["unfulfilled", "partially_fulfilled", "fulfilled"]
OrderStatus = Literal[
    "pending", "processing", "on_hold", "completed", "canceled", "unfulfilled", "partially_fulfilled", "fulfilled"
]


class OrderQuery(RangeQuery):
    customer: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=254,
                description="Complete name, e-mail address or phone number; of a number, only the digits count.",
                examples=["Jane Doe"],
            ),
        ]
        | UnsetType
    ) = UNSET
    status: OrderStatus | UnsetType = UNSET
    fulfillment_status: FulfillmentStatus | UnsetType = UNSET
    waiting: Annotated[bool, Meta(description="Whether units of it wait for stock.")] | UnsetType = UNSET
    short: (
        Annotated[
            bool,
            Meta(
                description="Whether units that were promised to it are missing: it waits since a loss, or it is one of the "
                "latest orders of a warehouse whose lots of the SKU cannot all be sold any more, as many as lack units there."
            ),
        ]
        | UnsetType
    ) = UNSET
    channel: ChannelId | UnsetType = UNSET
    external_id: (
        Annotated[ExternalId, Meta(description="The channel's number; several channels may use the same.")] | UnsetType
    ) = UNSET
    sku: Annotated[SkuId, Meta(description="A SKU of one of the lines that the order has now.")] | UnsetType = UNSET
    q: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=200,
                description="Words, or parts of words, that all occur in the customer's name, e-mail or phone number, our "
                "number, the channel's number, or a tracking number. Case and accents do not matter. A whole number or e-mail is "
                "found, however old; parts are searched in 10,000 orders per page, so follow next_cursor even if a page is "
                "empty.",
                examples=["tester"],
            ),
        ]
        | UnsetType
    ) = UNSET
    updated_since: (
        Annotated[
            Since,
            Meta(
                description="Only orders changed (or placed) at this moment or later, the earliest change first, by updated_at "
                "and order_id. The list ends before the oldest change that is not committed yet, so no later answer has an "
                "earlier change. To go on, send updated_at of the last order that you got. It comes again, with later changes.",
                examples=["2024-06-01T13:45:30Z"],
            ),
        ]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range_end("updated_since", self.updated_since)

    def asks_primary(self) -> bool:
        return self.updated_since is not UNSET


Status = Literal["processing", "pending", "on_hold", "completed", "canceled"]
Quantity = Annotated[int, Meta(ge=1, examples=[3])]


class Customer(Answer):
    """The customer. Warehouse staff see neither e-mail address nor phone number. All null: the customer was erased."""

    name: Annotated[str | None, Meta(examples=["Jane Doe"])]
    email: Annotated[str | None, Meta(examples=["jane@example.com"])]
    phone: Annotated[str | None, Meta(examples=["+1 555 010 0199"])]
    address: Annotated[str | None, Meta(examples=["123 Hot St, Spicetown, USA"])]


class SoldComponent(Answer):
    """A component of a bundle that was ordered. The allocations have its units together with those of other lines."""

    sku_id: Sku
    quantity: Annotated[int, Meta(ge=1, description="Units per bundle, as of the time of the order.", examples=[2])]
    fulfilled: Annotated[Units, Meta(description="Units for this line that were shipped.", examples=[4])]


class Line(Answer):
    """A quantity of a SKU at a price. What is neither fulfilled nor canceled is still open."""

    sku_id: Sku
    quantity: Annotated[int, Meta(ge=1, description="Units ordered.", examples=[3])]
    price: Annotated[Amount | None, Meta(description="Of a unit. Null: the line has an exact amount.")]
    amount: Annotated[
        Amount | None,
        Meta(
            description="Where the channel said what the whole line costs: the exact price of its units that are not canceled. "
            "Null: price times units.",
            examples=[None],
        ),
    ]
    fulfilled: Annotated[Units, Meta(description="Units of these that were shipped.", examples=[2])]
    canceled: Annotated[Units, Meta(description="Units of these that were canceled; they are not paid.", examples=[1])]
    components: Annotated[
        list[SoldComponent],
        Meta(
            description="What the bundle is made of; a bundle is fulfilled when all of it has left. Empty: no bundle.",
            examples=[[]],
        ),
    ]
    address: Annotated[str | None, Meta(description="Where these units go. Null: to the customer's address.", examples=[None])]


class Allocation(Answer):
    """The quantity of a SKU from one warehouse, and what happened to it."""

    sku_id: Sku
    warehouse_location: Warehouse
    quantity: Quantity
    fulfilled: Annotated[Units, Meta(description="Shipped.", examples=[3])]
    released: Annotated[Units, Meta(description="Units released by a cancellation or change.", examples=[0])]


class Backorder(Answer):
    """Units of a SKU that wait for stock. The next ones that become available go to whoever waits longest."""

    sku_id: Sku
    quantity: Quantity
    queued_at: Annotated[Moment, Meta(description="Its age in the queue: when the order was taken, or raised.")]
    lost_at: Annotated[Moment | None, Meta(description="When promised units turned out to be missing; null: these never were.")]
    ships_on: Annotated[
        datetime.date | None,
        Meta(
            description="The day from which on the units leave, if the channel sells the SKU as a preorder.",
            examples=["2035-03-01"],
        ),
    ]
    promised_on: Annotated[
        datetime.date | None,
        Meta(
            description="The earliest day on which purchases and units in transit cover it, less what waits before; null: none.",
            examples=["2034-06-01"],
        ),
    ]


class Freshness(Answer):
    """What the order promises about the units of a SKU, frozen when it got the SKU. Not listed: any unit that can be sold."""

    sku_id: Sku
    fresh_until: Annotated[
        datetime.date | None,
        Meta(description="They can be sold on this day. Null: they never expire.", examples=["2035-04-30"]),
    ]
    rule: Annotated[str, Meta(examples=["channel web, customer group export: 180 days after 21 days of transit"])]
    at_risk: Annotated[bool, Meta(description="Too few such units are left where the order gets its units.", examples=[False])]


class PassedOver(Answer):
    """The lots that expire earlier and stayed on the shelf, and why."""

    reason_code: Annotated[Reason, Meta(examples=["could_not_locate"])]
    batch_numbers: list[BatchNumber]


class Picked(Answer):
    """Units of a lot in a parcel."""

    sku_id: Sku
    batch_number: BatchNumber
    quantity: Quantity
    assumed: Annotated[bool, Meta(description="Nobody named the lot: it is the one that expired first.", examples=[False])]
    passed_over: PassedOver | None


class Fulfillment(Answer):
    """A parcel: units that left a warehouse together. With canceled_at it was undone: it did not leave."""

    fulfillment_id: Annotated[str, Meta(examples=["FUL-1-1001"])]
    warehouse_location: Warehouse
    created_at: Moment
    shipped_at: Annotated[Moment, Meta(description="When it was handed over; created_at is when that was recorded.")]
    canceled_at: Moment | None
    cancel_reason: Annotated[str | None, Meta(examples=[None])]
    tracking_number: Annotated[str | None, Meta(examples=["1Z999AA10123456784"])]
    note: Note | None
    items: list[Picked]


class StatusChange(Answer):
    """Who confirmed, held, released or canceled an order, when and why."""

    at: Moment
    by: Annotated[str, Meta(description="system: its time to be paid was over.", examples=["clerk"])]
    reason: Annotated[str | None, Meta(examples=["The address does not exist."])]


class Order(Answer):
    """An order. Warehouse staff see the allocations and parcels of their own warehouses."""

    order_id: Annotated[str, Meta(description="Ours.", examples=["ORD-1-1001"])]
    external_id: Annotated[str | None, Meta(description="Yours.", examples=["ORD-123456"])]
    channel: Channel
    created_at: Annotated[Moment, Meta(description="The time of the order at its source.")]
    customer: Customer
    customer_group: CustomerGroup | None
    items: list[Line]
    total_price: Annotated[
        Amount,
        Meta(
            description="Computed: what the customer owes for the items, without shipping: the sum of their amounts, or "
            "(quantity - canceled) times price.",
            examples=[38.97],
        ),
    ]
    currency: Currency
    status: Annotated[Status, Meta(examples=["completed"])]
    unpaid_until: Annotated[
        Moment | None,
        Meta(
            description="Of a pending order: until when its units are kept. Then it is canceled (reason unpaid). Null while it "
            "is on hold: the time stands still."
        ),
    ]
    held_from: Annotated[
        Literal["pending", "processing"] | None, Meta(description="Of an order on hold: what it is when it is released.")
    ]
    status_change: Annotated[
        StatusChange | None, Meta(description="The latest confirmation, hold, release or cancellation; null if there was none.")
    ]
    fulfillment_status: FulfillmentStatus
    allocations: list[Allocation]
    backorders: Annotated[list[Backorder], Meta(description="What waits for stock; it can only be shipped when it has come.")]
    freshness: list[Freshness]
    fulfillments: list[Fulfillment]
    note: Note | None
    version: Version
    updated_at: Moment


class ChangedMember(Answer):
    """A member of an order that changed. member items: the units of a SKU that are not canceled; items.address: where they go (a
    dash: to the customer's address)."""

    member: Annotated[
        Literal[
            "customer.name",
            "customer.email",
            "customer.phone",
            "customer.address",
            "note",
            "items",
            "items.address",
            "total_price",
            "status",
            "fulfillment_status",
            "parcel.tracking_number",
            "parcel.note",
        ],
        Meta(examples=["items"]),
    ]
    sku_id: Annotated[str | None, Meta(examples=["HOTSAUCE-001"])]
    before: Annotated[str | float | None, Meta(examples=[3])]
    after: Annotated[str | float | None, Meta(examples=[2])]


class SuppliedUnits(Answer):
    """Units that a warehouse promised to the order."""

    sku_id: Sku
    warehouse_location: Warehouse
    quantity: Annotated[int, Meta(description="Negative: it does not serve these any more.", examples=[1])]


class TimelineEntry(Answer):
    """What was done with an order, when and by whom."""

    at: Moment
    type: Literal[
        "placed",
        "confirmed",
        "held",
        "released",
        "modified",
        "supplied",
        "reallocated",
        "backordered",
        "shipped",
        "parcel_corrected",
        "parcel_undone",
        "canceled",
        "erased",
    ]
    by: Annotated[str, Meta(description="system: nobody asked for it.", examples=["clerk"])]
    reason: Annotated[str | None, Meta(description="Null after the customer was erased.", examples=["The customer called."])]
    changes: Annotated[
        list[ChangedMember],
        Meta(description="Values of the customer are null after an erasure; staff see no e-mail address and phone number."),
    ]
    fulfillments: Annotated[list[str], Meta(description="The parcels that it was about.", examples=[["FUL-1-1001"]])]
    units: Annotated[
        list[SuppliedUnits], Meta(description="Of supplied, reallocated and backordered: where units came from, and were lost.")
    ]


class OrderWithTimeline(Order):
    """An order, and what was done with it."""

    timeline: Annotated[list[TimelineEntry], Meta(description="The earliest first; at most the latest 500.")]
    return_status: Annotated[
        Literal["none", "requested", "partially_returned", "returned"],
        Meta(description="How much of it came back (GET /v1/returns?order=...).", examples=["none"]),
    ]


class OrderPage(Page):
    """A page of orders: the latest first, or with updated_since the earliest change first."""

    data: list[Order]


FULFILLMENT_ID = PathVariable("fulfillment_id", "The parcel.", "FUL-1-1001", prefix="FUL", missing="OR012")
ORDER_ID = PathVariable("order_id", "Our ID, or your channel's external_id.", "ORD-1-1001", prefix="ORD", missing="OR002")

NOUN = Noun(
    "orders",
    "Place, read, cancel and fulfill.",
    (
        Route(
            method="GET",
            path="/v1/orders",
            endpoint=read_page,
            summary="List orders by date, change, customer, status, channel, number, SKU or words",
            description="The latest first. `updated_since` lists what changed, for bookkeeping that asks again and again; "
            "`GET /v1/events` tells each change by itself, also what it was before.",
            function="list_orders",
            answer=OrderPage,
            query=OrderQuery,
        ),
        Route(
            method="POST",
            path="/v1/orders",
            endpoint=write,
            summary="Place an order, or a list of them",
            function="place_orders",
            answer=Order,
            query=WriteQuery,
            body=OrderDraft,
            many=True,
            lane=True,
            key="required",
            status=201,
            location="/v1/orders/{order_id}",
            versioned=True,
        ),
        Route(
            method="GET",
            path="/v1/orders/{order_id}",
            endpoint=read_document,
            summary="Read an order, by our ID or yours",
            function="get_order",
            answer=OrderWithTimeline,
        ),
        Route(
            method="PATCH",
            path="/v1/orders/{order_id}",
            endpoint=change,
            summary="Change an order while anything of it is open: items, customer and note",
            description="A merge patch: missing members stay unchanged, items are replaced whole. Additional units are taken "
            "all or nothing, at the current price; removed units become available. No line gets fewer units than were shipped; "
            "once something was, units that a line loses stay in it as canceled, and an order without open units is completed.",
            function="modify_orders",
            answer=Order,
            query=WriteQuery,
            body=OrderChange,
            key="optional",
            versioned=True,
        ),
        Route(
            method="PUT",
            path="/v1/orders/{order_id}/cancel",
            endpoint=change,
            summary="Cancel the unfulfilled part of an order",
            description="If something was shipped, the order ends as completed: items show what was fulfilled and what was "
            "canceled, and total_price is that of the shipped units. Otherwise it ends as canceled.",
            function="cancel_orders",
            answer=Order,
            query=WriteQuery,
            body=Cancellation,
            body_required=False,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/orders/{order_id}/confirm",
            endpoint=change,
            summary="Confirm that a pending order was paid",
            description="It becomes processing and can be shipped. A processing order stays as it is, an order on hold stays on "
            "hold and is processing when it is released. Possible after `unpaid_until` too, until the order is canceled.",
            function="confirm_orders",
            answer=Order,
            query=WriteQuery,
            body=StatusReason,
            body_required=False,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/orders/{order_id}/hold",
            endpoint=change,
            summary="Put an order on hold",
            description="It keeps its units and is not shipped. The time to pay stands still. On an order that is on hold, "
            "another reason replaces the former one.",
            function="hold_orders",
            answer=Order,
            query=WriteQuery,
            body=HoldReason,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/orders/{order_id}/release",
            endpoint=change,
            summary="Release an order from hold",
            description="It becomes what it was: processing, or pending with the time to pay that was left.",
            function="release_held_orders",
            answer=Order,
            query=WriteQuery,
            body=StatusReason,
            body_required=False,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/orders/{order_id}/reallocate",
            endpoint=change,
            summary="Move promised units of an order to other warehouses",
            description="All or nothing. The units have to be available there, in a warehouse that serves the channel of the "
            "order. What becomes free goes to the orders that wait. Staff move units between warehouses of their own.",
            function="reallocate_orders",
            answer=Order,
            query=WriteQuery,
            body=Reallocation,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/orders/{order_id}/fulfillments",
            endpoint=write,
            summary="Fulfill an order, whole or in part",
            function="fulfill_orders",
            answer=Order,
            query=WriteQuery,
            body=FulfillmentDraft,
            key="required",
            status=201,
            location="/v1/orders/{order_id}",
        ),
        Route(
            method="PATCH",
            path="/v1/orders/{order_id}/fulfillments/{fulfillment_id}",
            endpoint=change,
            summary="Correct the tracking number or the note of a parcel",
            description="A merge patch, also for a completed order. The event is order.modified.",
            function="change_fulfillments",
            answer=Order,
            query=WriteQuery,
            body=ParcelChange,
            key="optional",
            versioned=True,
        ),
        Route(
            method="PUT",
            path="/v1/orders/{order_id}/fulfillments/{fulfillment_id}/cancel",
            endpoint=change,
            summary="Undo a parcel that did not leave",
            description="Its units are on hand again, in the same lots, and promised to the order, which is open again. The "
            "parcel stays in the order, with canceled_at. Units of a lot that was recalled or has expired meanwhile come back "
            "unavailable. A parcel that is already undone stays as it is. The event is fulfillment.canceled.",
            function="cancel_fulfillments",
            answer=Order,
            query=WriteQuery,
            body=ParcelCancellation,
            key="optional",
            versioned=True,
        ),
    ),
    (ORDER_ID, FULFILLMENT_ID),
)
