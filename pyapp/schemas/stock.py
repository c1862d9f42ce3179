"""Receipts, adjustments and counts; how inventory and movements are asked for."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.fields import (
    Attributes,
    Batch,
    Body,
    Count,
    Delta,
    FieldError,
    Json,
    Money,
    Name,
    Note,
    PageQuery,
    ReasonCode,
    Reference,
    SkuId,
    Text,
    WarehouseId,
    check_attributes,
    check_number,
)


class Receipt(Body):
    """Goods that arrive: a SKU, where, how many, of which batch. What is new is made (admin)."""

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
    together: ClassVar[Json] = {"not": {"required": ["batch_number", "lot_number"]}}

    sku_id: SkuId
    warehouse_location: WarehouseId
    stock: Annotated[Count, Meta(description="Units received.", examples=[350])]
    name: Name | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    size_ml: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType = UNSET
    flavor_profile: Annotated[list[Name], Meta(max_length=50)] | UnsetType = UNSET
    price: Money | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    batch_number: Batch | UnsetType = UNSET
    lot_number: Batch | UnsetType = UNSET
    expiration_date: datetime.date | UnsetType = UNSET
    manufactured_on: datetime.date | UnsetType = UNSET
    reason_code: ReasonCode | UnsetType = UNSET
    note: Note | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET

    def __post_init__(self) -> None:
        check_number(self.price, "price")
        check_attributes(self.attributes)
        if self.lot_number is not UNSET and self.batch_number is not UNSET and self.lot_number != self.batch_number:
            raise FieldError("lot_number", "is another name for batch_number: send one of them, or the same in both")


class Adjustment(Body):
    """A change of stock by hand: so many more or fewer, and why."""

    sample: ClassVar[Json] = {
        "sku_id": "HOTSAUCE-001",
        "warehouse_location": "WH-01",
        "delta": -1,
        "reason_code": "damaged",
        "note": "dropped",
    }

    sku_id: SkuId
    warehouse_location: WarehouseId
    delta: Delta
    reason_code: ReasonCode
    note: Note | UnsetType = UNSET
    batch_number: Batch | UnsetType = UNSET
    change_from_quantity: Count | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.delta == 0:
            raise FieldError("delta", "must not be 0: there is nothing to change")


class StockCount(Body):
    """A counted stock: what is there now."""

    sample: ClassVar[Json] = {"warehouse_location": "WH-01", "stock": 348, "change_from_quantity": 349}

    warehouse_location: WarehouseId
    stock: Annotated[Count, Meta(description="Units counted.")]
    sku_id: SkuId | UnsetType = UNSET
    batch_number: Batch | UnsetType = UNSET
    reason_code: ReasonCode | UnsetType = UNSET
    note: Note | UnsetType = UNSET
    change_from_quantity: Count | UnsetType = UNSET


class SafetyStock(Body):
    """How many units a warehouse keeps back: on hand, and not for sale."""

    sample: ClassVar[Json] = {"warehouse_location": "WH-01", "safety_stock": 10}

    warehouse_location: WarehouseId
    safety_stock: Annotated[Count, Meta(description="Units kept back from now on.")]
    reason_code: ReasonCode | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class BatchChange(Body):
    """What a batch is from now on, in all warehouses. Without reason_code the usual one of the status is taken."""

    sample: ClassVar[Json] = {"status": "available", "note": "passed inspection"}

    status: Annotated[
        Literal["available", "on_hold", "quarantined", "recalled", "damaged", "destroyed"],
        Meta(description="destroyed: when no unit of it is left."),
    ]
    reason_code: ReasonCode | UnsetType = UNSET
    note: Note | UnsetType = UNSET


class BatchQuery(PageQuery):
    status: Literal["available", "on_hold", "quarantined", "recalled", "damaged", "destroyed", "expired"] | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET
    in_stock: Annotated[bool, Meta(description="Only those of which units are there.")] | UnsetType = UNSET


class InventoryQuery(PageQuery):
    sku_id: SkuId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET
    q: Annotated[str, Meta(min_length=1, max_length=200, description="Words in the name or code.")] | UnsetType = UNSET
    low_stock: Annotated[bool, Meta(description="Available is at or below the reorder point, or is not.")] | UnsetType = UNSET
    expiring_before: Annotated[datetime.date, Meta(description="With stock that expires before this day.")] | UnsetType = UNSET


class MovementQuery(PageQuery):
    warehouse: WarehouseId | UnsetType = UNSET
