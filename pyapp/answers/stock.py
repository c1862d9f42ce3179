"""Inventory: SKUs with their stock, the levels that changes leave, movements, sums of warehouses."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.answers.fields import (
    Actor,
    Amount,
    Answer,
    Attributes,
    Available,
    BatchNumber,
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
    Page,
    Prose,
    Reason,
    RequestId,
    Reserved,
    SafetyStock,
    Sku,
    SkuName,
    Unavailable,
    Units,
    Version,
    Warehouse,
)

BatchStatus = Literal["available", "on_hold", "quarantined", "recalled", "damaged", "destroyed", "expired"]
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
    "return",
]


class Level(Answer, kw_only=True):
    """The stock of a SKU in one warehouse."""

    warehouse_location: Warehouse
    stock: OnHand
    available: Available
    reserved: Reserved | UnsetType = UNSET
    committed: Committed | UnsetType = UNSET
    unavailable: Unavailable | UnsetType = UNSET
    safety_stock: SafetyStock | UnsetType = UNSET
    incoming: Incoming | UnsetType = UNSET
    version: Version


class Batch(Answer, kw_only=True):
    """What a warehouse has of a batch."""

    warehouse_location: Warehouse
    batch_number: BatchNumber
    expiration_date: ExpirationDate | UnsetType = UNSET
    manufactured_on: ManufacturedOn | UnsetType = UNSET
    status: BatchStatus
    stock: Annotated[Units, Meta(description="Units of this batch here.", examples=[350])]


class LotLevel(Answer):
    """So many units of a batch in a warehouse."""

    warehouse_location: Warehouse
    stock: Annotated[Units, Meta(description="Units of this batch here.", examples=[350])]


class Lot(Answer):
    """A batch of a SKU, with its units by warehouse. Only those of an available one can be sold."""

    sku_id: Sku
    batch_number: BatchNumber
    status: BatchStatus
    expiration_date: ExpirationDate | None
    manufactured_on: ManufacturedOn | None
    stock: Annotated[Units, Meta(description="Units of this batch that you see.", examples=[350])]
    warehouses: list[LotLevel]
    version: Version
    created_at: Moment
    updated_at: Moment


class LotPage(Page):
    """A page of batches, the next to expire first."""

    data: list[Lot]


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
    reserved: Reserved | UnsetType = UNSET
    committed: Committed | UnsetType = UNSET
    unavailable: Unavailable | UnsetType = UNSET
    safety_stock: SafetyStock | UnsetType = UNSET
    incoming: Incoming | UnsetType = UNSET
    low_stock: Annotated[bool, Meta(description="Available is at or below the reorder point.", examples=[False])]
    warehouses: list[Level]
    updated_at: Moment


class InventoryDetail(Inventory, kw_only=True):
    """A SKU with its stock by warehouse and batch. An integration sees no batches."""

    batches: list[Batch] | UnsetType = UNSET


class InventoryPage(Page):
    """A page of SKUs with their stock."""

    data: list[Inventory]


class Received(Answer):
    """A batch in a warehouse, after a receipt."""

    sku_id: Sku
    name: SkuName
    description: Prose
    size_ml: Milliliters | None
    flavor_profile: Flavors
    price: Amount | None
    warehouse_location: Warehouse
    stock: Annotated[Units, Meta(description="Units of this batch here, now.", examples=[350])]
    batch_number: BatchNumber
    expiration_date: ExpirationDate | None
    manufactured_on: ManufacturedOn | None
    status: BatchStatus
    received: Annotated[Units, Meta(description="Units that this receipt brought.", examples=[350])]
    reason_code: Reason | None
    warehouse_stock: Annotated[Units, Meta(description="Units of the SKU here, of all batches.", examples=[350])]
    warehouse_available: Annotated[Units, Meta(description="Units of the SKU here that can be sold.", examples=[350])]
    version: Version


class Adjusted(Answer):
    """The stock of a SKU in a warehouse, after a change by hand."""

    sku_id: Sku
    warehouse_location: Warehouse
    stock: OnHand
    available: Available
    reserved: Reserved
    committed: Committed
    unavailable: Unavailable
    safety_stock: SafetyStock
    incoming: Incoming
    version: Version
    batch_number: BatchNumber | None
    batch_stock: Annotated[Units | None, Meta(description="Units of the batch here, now.", examples=[349])]
    delta: Annotated[int | None, Meta(description="The change that was asked for; null for a count.", examples=[-1])]
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
    stock_after: Annotated[Units, Meta(examples=[349])]
    available_after: Annotated[Units, Meta(examples=[341])]
    version: Version
    reason_code: Reason | None
    note: Note | None
    document: Annotated[str | None, Meta(description="The order, reservation or paper behind it.", examples=["ORD-1-1001"])]
    actor: Actor
    request_id: RequestId | None


class MovementPage(Page):
    """A page of movements, the newest first."""

    data: list[Movement]


class WarehouseSummary(Answer, kw_only=True):
    """A warehouse with the sums of what it holds."""

    warehouse_location: Warehouse
    name: Annotated[str, Meta(examples=["Main warehouse"])]
    active: Annotated[bool, Meta(examples=[True])]
    skus: Annotated[Units, Meta(description="SKUs that have or had stock here.", examples=[12])]
    stock: OnHand
    available: Available
    reserved: Reserved | UnsetType = UNSET
    committed: Committed | UnsetType = UNSET
    unavailable: Unavailable | UnsetType = UNSET
    safety_stock: SafetyStock | UnsetType = UNSET
    incoming: Incoming | UnsetType = UNSET


class WarehouseSummaryPage(Page):
    """All warehouses of the region that the caller may see."""

    data: list[WarehouseSummary]
