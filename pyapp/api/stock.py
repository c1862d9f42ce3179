"""Inventory: levels, lots, receipts, adjustments, counts, movements."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pyapp import values
from pyapp.api.recalls import Trace, TraceQuery
from pyapp.api.withholdings import Withhold, Withholding
from pyapp.http.endpoints import change, read_document, read_page, read_summary, write
from pyapp.http.fields import (
    Answer,
    AttributesDraft,
    BatchNumberDraft,
    Body,
    Count,
    DeltaDraft,
    FieldError,
    Json,
    Money,
    Name,
    NoteDraft,
    Page,
    PageQuery,
    Query,
    ReasonDraft,
    Reference,
    SkuId,
    Text,
    WarehouseId,
    Words,
    WriteQuery,
    check_attributes,
    check_lot,
    check_moment,
    check_number,
)
from pyapp.http.headers import Request
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.problems import Problem
from pyapp.values import (
    Actor,
    Amount,
    Attributes,
    Available,
    BatchNumber,
    BatchStatus,
    Committed,
    Currency,
    Delta,
    ExpirationDate,
    Flavors,
    Incoming,
    ManufacturedOn,
    Milliliters,
    Moment,
    Note,
    OnHand,
    Prose,
    Reason,
    RequestId,
    Reserved,
    Shortfall,
    Sku,
    SkuName,
    Unavailable,
    Units,
    Version,
    Warehouse,
)


class Receipt(Body):
    """Goods that arrive: SKU, warehouse, quantity, lot. A receipt by an admin creates a new SKU, warehouse or lot."""

    sample: ClassVar[Json] = {
        "sku_id": "HOTSAUCE-001",
        "name": "Fiery Ghost Pepper Sauce",
        "description": "Extra spicy sauce with the heat of ghost peppers",
        "size_ml": 150,
        "flavor_profile": ["spicy", "smoky", "fruity"],
        "price": 12.99,
        "warehouse_location": "WH-01",
        "stock": 350,
        "batch_number": "BATCH-202404",
        "expiration_date": "2035-04-30",
    }
    together: ClassVar[Json] = {
        "not": {"required": ["batch_number", "lot_number"]},
        "if": {"required": ["received_on"]},
        "then": {"not": {"required": ["occurred_at"]}},
    }

    sku_id: SkuId
    warehouse_location: WarehouseId
    stock: Annotated[Count, Meta(description="Units received.", examples=[350])]
    name: Name | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    size_ml: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType = UNSET
    flavor_profile: Annotated[list[Name], Meta(max_length=50)] | UnsetType = UNSET
    price: Money | UnsetType = UNSET
    attributes: AttributesDraft | UnsetType = UNSET
    batch_number: BatchNumberDraft | UnsetType = UNSET
    lot_number: BatchNumberDraft | UnsetType = UNSET
    expiration_date: datetime.date | UnsetType = UNSET
    manufactured_on: datetime.date | UnsetType = UNSET
    reason_code: ReasonDraft | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET
    received_on: (
        Annotated[datetime.date, Meta(description="The day on which the goods came to the warehouse; without it, now.")]
        | UnsetType
    ) = UNSET
    occurred_at: (
        Annotated[datetime.datetime, Meta(tz=True, description="The moment when the goods came, instead of received_on.")]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.occurred_at, datetime.datetime):
            check_moment(self.occurred_at, "occurred_at")
            if self.received_on is not UNSET:
                raise FieldError("received_on", "says the same as occurred_at: send one of them")
        check_number(self.price, "price")
        check_attributes(self.attributes)
        check_lot(self.batch_number, self.lot_number)


class Adjustment(Body):
    """A change of stock by hand: the difference and the reason."""

    sample: ClassVar[Json] = {
        "sku_id": "HOTSAUCE-001",
        "warehouse_location": "WH-01",
        "delta": -1,
        "reason_code": "damaged",
        "note": "dropped",
    }
    instead_of_if_match: ClassVar[str] = "change_from_quantity"

    sku_id: SkuId
    warehouse_location: WarehouseId
    delta: DeltaDraft
    reason_code: ReasonDraft
    note: NoteDraft | UnsetType = UNSET
    batch_number: BatchNumberDraft | UnsetType = UNSET
    change_from_quantity: Count | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.delta == 0:
            raise FieldError("delta", "must not be 0")


class StockCount(Body):
    """A counted stock: the units on hand now."""

    codes: ClassVar[tuple[str, ...]] = ("RQ428",)

    sample: ClassVar[Json] = {"warehouse_location": "WH-01", "stock": 348, "change_from_quantity": 349}

    warehouse_location: WarehouseId
    stock: Annotated[Count, Meta(description="Units counted.")]
    sku_id: SkuId | UnsetType = UNSET
    batch_number: BatchNumberDraft | UnsetType = UNSET
    reason_code: ReasonDraft | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET
    change_from_quantity: Count | UnsetType = UNSET

    def check(self, request: Request) -> None:
        if self.change_from_quantity is UNSET and not request.headers.getlist("if-match"):
            raise Problem(
                "RQ428",
                "Someone may have changed the stock since you counted. Send the ETag that you saw as If-Match, "
                "or the quantity that you saw as change_from_quantity.",
            )


class SafetyStock(Body):
    """The units that a warehouse keeps back: on hand, but not for sale."""

    sample: ClassVar[Json] = {"warehouse_location": "WH-01", "safety_stock": 10}

    warehouse_location: WarehouseId
    safety_stock: Annotated[Count, Meta(description="Units to keep back.")]
    reason_code: ReasonDraft | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class ReorderPoint(Body):
    """The available units at or below which a warehouse is low of a SKU; null: only the SKU as a whole has a reorder point."""

    sample: ClassVar[Json] = {"warehouse_location": "WH-01", "reorder_point": 20}

    warehouse_location: WarehouseId
    reorder_point: Annotated[Count, Meta(description="Units; null takes the reorder point away.")] | None
    reason_code: ReasonDraft | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class BatchChange(Body):
    """The new status of a lot, or its corrected dates, in all warehouses. Default of reason_code: the usual one for the status.

    Dates are corrected by an admin, with a reason_code and a note; null: the lot has no such date.
    """

    sample: ClassVar[Json] = {"status": "available", "note": "passed inspection"}

    # Not without all three.
    together: ClassVar[Json] = {
        "not": {"properties": {name: {"not": {}} for name in ("status", "expiration_date", "manufactured_on")}},
    }

    status: (
        Annotated[
            Literal["available", "on_hold", "quarantined", "recalled", "damaged", "destroyed"],
            Meta(description="destroyed: only if no units are left. An admin ends a recall."),
        ]
        | UnsetType
    ) = UNSET
    expiration_date: datetime.date | UnsetType | None = UNSET
    manufactured_on: datetime.date | UnsetType | None = UNSET
    reason_code: ReasonDraft | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.status is UNSET and self.expiration_date is UNSET and self.manufactured_on is UNSET:
            raise FieldError("status", "is required, or a date to correct: expiration_date or manufactured_on")


class BatchQuery(PageQuery):
    status: Literal["available", "on_hold", "quarantined", "recalled", "damaged", "destroyed", "expired"] | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET
    in_stock: Annotated[bool, Meta(description="True: only lots with units in stock.")] | UnsetType = UNSET


OfChannel = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="Only what this channel can sell: the active warehouses that serve it. One of your channels; admins: any.",
        examples=["web"],
    ),
]


class StockQuery(Query):
    channel: OfChannel | UnsetType = UNSET

    def filters(self) -> bytes:
        return msgspec.json.encode({} if self.channel is UNSET else {"channel": self.channel})


class InventoryQuery(PageQuery):
    sku_id: SkuId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET
    channel: OfChannel | UnsetType = UNSET
    q: Words | UnsetType = UNSET
    low_stock: Annotated[bool, Meta(description="True: SKUs at or below the reorder point; false: others.")] | UnsetType = UNSET
    expiring_before: Annotated[datetime.date, Meta(description="With stock that expires before this day.")] | UnsetType = UNSET
    count_requested: (
        Annotated[bool, Meta(description="True: SKUs that staff should count, because a till sold more than the count said.")]
        | UnsetType
    ) = UNSET


MovementKind = Literal[
    "adjustment",
    "receipt",
    "count",
    "transfer_out",
    "transfer_in",
    "reserve",
    "release",
    "commit",
    "uncommit",
    "fulfill",
    "unfulfill",
    "return",
    "withhold",
    "restock",
    "scrap",
    "send_back",
    "expect",
]


class MovementQuery(PageQuery):
    warehouse: WarehouseId | UnsetType = UNSET
    kind: MovementKind | UnsetType = UNSET


Sellable = Annotated[
    bool, Meta(description="The warehouse is active and serves a channel, so orders take its units.", examples=[True])
]


class Level(Answer, kw_only=True):
    """The stock of a SKU in one warehouse."""

    warehouse_location: Warehouse
    stock: OnHand
    available: Available
    reserved: Reserved | UnsetType = UNSET
    committed: Committed | UnsetType = UNSET
    unavailable: Unavailable | UnsetType = UNSET
    safety_stock: values.SafetyStock | UnsetType = UNSET
    incoming: Incoming | UnsetType = UNSET
    shortfall: Shortfall | UnsetType = UNSET
    sellable: Sellable | UnsetType = UNSET
    reorder_point: (
        Annotated[Units, Meta(description="Of this warehouse, if it has one of its own.", examples=[20])] | UnsetType
    ) = UNSET
    low_stock: (
        Annotated[
            bool, Meta(description="Available units are at or below the reorder point of this warehouse.", examples=[False])
        ]
        | UnsetType
    ) = UNSET
    version: Version
    count_requested_at: (
        Annotated[
            Moment,
            Meta(description="Since when a count is asked for: a till sold more than the count said. The next count ends it."),
        ]
        | UnsetType
    ) = UNSET


Withheld = Annotated[Units, Meta(description="Units of these that are set aside (GET /v1/withholdings).", examples=[0])]


class Batch(Answer, kw_only=True):
    """The units of a lot in a warehouse."""

    warehouse_location: Warehouse
    batch_number: BatchNumber
    expiration_date: ExpirationDate | UnsetType = UNSET
    manufactured_on: ManufacturedOn | UnsetType = UNSET
    status: BatchStatus
    stock: Annotated[Units, Meta(description="Units of this lot here.", examples=[350])]
    withheld: Withheld


class LotLevel(Answer):
    """The units of a lot in one warehouse."""

    warehouse_location: Warehouse
    stock: Annotated[Units, Meta(description="Units of this lot here.", examples=[350])]
    withheld: Withheld


class Lot(Answer):
    """A lot of a SKU, with its units by warehouse. Only units of an available lot can be sold."""

    sku_id: Sku
    batch_number: BatchNumber
    status: BatchStatus
    expiration_date: ExpirationDate | None
    manufactured_on: ManufacturedOn | None
    stock: Annotated[Units, Meta(description="Units of this lot in the warehouses that you see.", examples=[350])]
    withheld: Withheld
    warehouses: list[LotLevel]
    version: Version
    created_at: Moment
    updated_at: Moment


class LotPage(Page):
    """A page of lots, the next to expire first."""

    data: list[Lot]


class AvailableComponent(Answer):
    """A component of a bundle and its units, in all warehouses that count."""

    sku_id: Sku
    quantity: Annotated[int, Meta(ge=1, description="Units per bundle.", examples=[2])]
    available: Available


class Inventory(Answer, kw_only=True):
    """A SKU with its stock by warehouse."""

    sku_id: Sku
    name: SkuName
    description: Prose
    size_ml: Milliliters | UnsetType = UNSET
    flavor_profile: Flavors
    price: Amount | UnsetType = UNSET
    currency: Currency
    reorder_point: Annotated[Units, Meta(examples=[20])]
    attributes: Attributes
    active: Annotated[bool, Meta(examples=[True])]
    stock: OnHand
    available: Available
    components: (
        Annotated[
            list[AvailableComponent],
            Meta(description="Of a bundle. It has no stock and no warehouses: available is what can be made of these."),
        ]
        | UnsetType
    ) = UNSET
    reserved: Reserved | UnsetType = UNSET
    committed: Committed | UnsetType = UNSET
    unavailable: Unavailable | UnsetType = UNSET
    safety_stock: values.SafetyStock | UnsetType = UNSET
    unserved: (
        Annotated[
            int, Meta(ge=0, description="Units that would be available, in warehouses from which nothing is sold.", examples=[0])
        ]
        | UnsetType
    ) = UNSET
    incoming: Incoming | UnsetType = UNSET
    shortfall: Shortfall | UnsetType = UNSET
    low_stock: Annotated[
        bool,
        Meta(
            description="What can be sold, over all warehouses, is at or below the reorder point. With the filter warehouse, a "
            "reorder point of that warehouse counts instead, if it has one.",
            examples=[False],
        ),
    ]
    warehouses: list[Level]
    updated_at: Moment


class InventoryDetail(Inventory, kw_only=True):
    """A SKU with its stock by warehouse and lot. An integration sees no lots."""

    batches: list[Batch] | UnsetType = UNSET


class InventoryPage(Page):
    """A page of SKUs with their stock."""

    data: list[Inventory]


class Received(Answer):
    """A lot in a warehouse, after a receipt."""

    sku_id: Sku
    name: SkuName
    description: Prose
    size_ml: Milliliters | None
    flavor_profile: Flavors
    price: Amount | None
    warehouse_location: Warehouse
    stock: Annotated[Units, Meta(description="Units of this lot here, now.", examples=[350])]
    batch_number: BatchNumber
    expiration_date: ExpirationDate | None
    manufactured_on: ManufacturedOn | None
    status: BatchStatus
    received: Annotated[Units, Meta(description="Units of this receipt.", examples=[350])]
    occurred_at: Annotated[Moment, Meta(description="When they came.")]
    reason_code: Reason | None
    warehouse_stock: Annotated[Units, Meta(description="Units of the SKU here, in all lots.", examples=[350])]
    warehouse_available: Annotated[Units, Meta(description="Units of the SKU here that can be sold.", examples=[350])]
    version: Version


class ChangedLot(Answer):
    """A lot of which units came or went."""

    batch_number: BatchNumber
    delta: Annotated[Delta, Meta(description="Units that came, or (negative) went.", examples=[-1])]
    stock: Annotated[Units, Meta(description="Units of this lot here, after that.", examples=[349])]


class Adjusted(Answer):
    """The stock of a SKU in a warehouse, after a change by hand."""

    sku_id: Sku
    warehouse_location: Warehouse
    stock: OnHand
    available: Available
    reserved: Reserved
    committed: Committed
    unavailable: Unavailable
    safety_stock: values.SafetyStock
    incoming: Incoming
    shortfall: Shortfall
    reorder_point: Annotated[Units | None, Meta(description="Of this warehouse; null: it has none of its own.", examples=[20])]
    version: Version
    batch_number: BatchNumber | None
    batch_stock: Annotated[Units | None, Meta(description="Units of the lot here, now.", examples=[349])]
    batches: Annotated[list[ChangedLot], Meta(description="The lots that it changed, and by how many units.")]
    delta: Annotated[int | None, Meta(description="The requested change; null for a count.", examples=[-1])]
    reason_code: Reason | None
    note: Note | None
    updated_at: Moment


class Movement(Answer):
    """A line of the ledger: one change of a quantity, and the stock after it."""

    movement_id: Annotated[int, Meta(examples=[1043])]
    occurred_at: Moment
    recorded_at: Moment
    warehouse_location: Warehouse
    kind: MovementKind
    batch_number: BatchNumber | None
    stock_delta: Annotated[Delta, Meta(examples=[-1])]
    available_delta: Annotated[Delta, Meta(examples=[-1])]
    reserved_delta: Delta
    committed_delta: Delta
    unavailable_delta: Delta
    safety_stock_delta: Delta
    withheld_delta: Annotated[
        Delta, Meta(description="Units that were set aside, part of unavailable_delta if the lot can be sold.")
    ]
    withholding_id: Annotated[str | None, Meta(description="The withholding that they belong to.", examples=["WD-1-1001"])]
    stock_after: Annotated[Units, Meta(examples=[349])]
    available_after: Annotated[Units, Meta(examples=[341])]
    version: Version
    reason_code: Reason | None
    note: Note | None
    document: Annotated[str | None, Meta(description="The order, reservation or document behind it.", examples=["ORD-1-1001"])]
    actor: Actor
    request_id: RequestId | None


class MovementPage(Page):
    """A page of movements, newest first."""

    data: list[Movement]


class WarehouseSummary(Answer, kw_only=True):
    """A warehouse with the totals of its stock."""

    warehouse_location: Warehouse
    name: Annotated[str, Meta(examples=["Main warehouse"])]
    active: Annotated[bool, Meta(examples=[True])]
    sellable: Sellable
    skus: Annotated[Units, Meta(description="Number of SKUs that have or had stock here.", examples=[12])]
    stock: OnHand
    available: Available
    reserved: Reserved | UnsetType = UNSET
    committed: Committed | UnsetType = UNSET
    unavailable: Unavailable | UnsetType = UNSET
    safety_stock: values.SafetyStock | UnsetType = UNSET
    incoming: Incoming | UnsetType = UNSET
    shortfall: Shortfall | UnsetType = UNSET


class WarehouseSummaryPage(Page):
    """All warehouses of the region that the caller may see."""

    data: list[WarehouseSummary]


SKU_ID = PathVariable("sku_id", "The SKU.", "HOTSAUCE-001")
BATCH_NUMBER = PathVariable("batch_number", "The lot.", "BATCH-202404")

NOUN = Noun(
    "inventory",
    "Stock by warehouse and lot; receipts, adjustments and counts; and every movement behind the numbers.",
    (
        Route(
            method="GET",
            path="/v1/inventory",
            endpoint=read_page,
            summary="List SKUs with their stock by warehouse",
            function="list_inventory",
            answer=InventoryPage,
            query=InventoryQuery,
            kept=True,
        ),
        Route(
            method="POST",
            path="/v1/inventory",
            endpoint=write,
            summary="Receive a lot, or a list of them",
            function="receive_stock",
            answer=Received,
            query=WriteQuery,
            body=Receipt,
            many=True,
            lane=True,
            key="required",
            status=201,
            location="/v1/inventory/{sku_id}",
        ),
        Route(
            method="GET",
            path="/v1/inventory/warehouses",
            endpoint=read_summary,
            summary="List the total stock per warehouse",
            function="summarize_warehouses",
            answer=WarehouseSummaryPage,
        ),
        Route(
            method="POST",
            path="/v1/inventory/adjust",
            endpoint=write,
            summary="Change stock by hand, with a reason; one or a list",
            description="Promised units may leave, too: a loss is a fact. Safety stock gives first, then orders, the latest "
            "first: their units move to other warehouses of the channel, or the order waits. Then reservations end.",
            location="/v1/inventory/{sku_id}/movements",
            function="adjust_stock",
            answer=Adjusted,
            query=WriteQuery,
            body=Adjustment,
            many=True,
            lane=True,
            key="required",
            status=201,
        ),
        Route(
            method="POST",
            path="/v1/inventory/withhold",
            endpoint=write,
            summary="Set units of a lot aside; one or a list",
            description="Promised units can be set aside, too: then promises move or wait, as after an adjustment.",
            location="/v1/withholdings/{withholding_id}",
            function="withhold_stock",
            answer=Withholding,
            query=WriteQuery,
            body=Withhold,
            many=True,
            key="required",
            status=201,
        ),
        Route(
            method="GET",
            path="/v1/inventory/{sku_id}",
            endpoint=read_document,
            summary="Read a SKU with its stock by warehouse and lot",
            function="get_inventory",
            answer=InventoryDetail,
            query=StockQuery,
            kept=True,
        ),
        Route(
            method="PUT",
            path="/v1/inventory/{sku_id}",
            endpoint=change,
            summary="Set stock to a counted value",
            description="It may be less than is promised: then promises move or wait, as after an adjustment.",
            function="set_stock",
            answer=Adjusted,
            query=WriteQuery,
            body=StockCount,
            key="optional",
        ),
        Route(
            method="PUT",
            path="/v1/inventory/{sku_id}/safety-stock",
            endpoint=change,
            summary="Set how many units a warehouse keeps back from sale",
            function="set_safety_stock",
            answer=Adjusted,
            query=WriteQuery,
            body=SafetyStock,
            key="optional",
        ),
        Route(
            method="PUT",
            path="/v1/inventory/{sku_id}/reorder-point",
            endpoint=change,
            summary="Set when a warehouse is low of a SKU",
            function="set_reorder_point",
            answer=Adjusted,
            query=WriteQuery,
            body=ReorderPoint,
            key="optional",
        ),
        Route(
            method="GET",
            path="/v1/inventory/{sku_id}/batches",
            endpoint=read_page,
            summary="List the lots of a SKU, the next to expire first",
            function="list_batches",
            answer=LotPage,
            query=BatchQuery,
        ),
        Route(
            method="GET",
            path="/v1/inventory/{sku_id}/batches/{batch_number}/trace",
            endpoint=read_page,
            summary="Trace a lot: where its units came from and where they went",
            function="trace_lot",
            answer=Trace,
            query=TraceQuery,
        ),
        Route(
            method="PATCH",
            path="/v1/inventory/{sku_id}/batches/{batch_number}",
            endpoint=change,
            summary="Quarantine, recall or release a lot, or correct its dates",
            function="change_batches",
            answer=Lot,
            query=WriteQuery,
            body=BatchChange,
            key="optional",
        ),
        Route(
            method="GET",
            path="/v1/inventory/{sku_id}/movements",
            endpoint=read_page,
            summary="List the movements of a SKU, newest first: why is it 37?",
            function="list_movements",
            answer=MovementPage,
            query=MovementQuery,
        ),
    ),
    (
        SKU_ID,
        BATCH_NUMBER,
    ),
)
