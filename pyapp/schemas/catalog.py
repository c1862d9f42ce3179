"""SKUs, warehouses, channels, reason codes: as they are made (POST), replaced (PUT), changed (PATCH) and listed."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Raw, UnsetType

from pyapp.http.fields import (
    INK_PATTERN,
    Attributes,
    Body,
    ChannelId,
    Count,
    Json,
    Name,
    PageQuery,
    ReasonCode,
    Region,
    SkuId,
    Text,
    WarehouseId,
    check_attributes,
    check_number,
)

Kind = Literal["web", "pos", "marketplace", "wholesale"]
Direction = Literal["in", "out", "both"]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217.", examples=["USD"])]
Description = Annotated[str, Meta(min_length=1, max_length=200, pattern=INK_PATTERN)]
Words = Annotated[str, Meta(min_length=1, max_length=200, description="Part of the id or name.")]


ListPrice = Annotated[
    Raw,
    Meta(
        description="An amount with at most two decimals; null: no list price.",
        extra_json_schema={"type": ["number", "null"], "minimum": 0, "maximum": 9_999_999.99, "multipleOf": 0.01},
        examples=[12.99],
    ),
]


class SkuChange(Body):
    """What changes of a SKU; members of attributes one by one, null takes one away. price null: no list price."""

    sample: ClassVar[Json | None] = {"price": 10.49, "attributes": {"vegan": True}}

    sku_id: SkuId | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    size_ml: Annotated[int, Meta(ge=1, le=1_000_000)] | UnsetType | None = UNSET
    flavor_profile: Annotated[list[Name], Meta(max_length=50)] | UnsetType = UNSET
    price: ListPrice | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    reorder_point: Count | UnsetType = UNSET
    attributes: Attributes | UnsetType = UNSET
    active: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        if isinstance(self.price, Raw) and bytes(self.price) != b"null":
            check_number(self.price, "price")
        check_attributes(self.attributes)


class SkuReplacement(SkuChange, kw_only=True):
    """A whole SKU: what is left out gets its default."""

    sample: ClassVar[Json | None] = {
        "name": "Smoky Chipotle Sauce",
        "size_ml": 150,
        "flavor_profile": ["smoky", "mild"],
        "price": 9.99,
    }

    name: Name


class Sku(SkuReplacement, kw_only=True):
    """A SKU as the catalogue knows it. price null: no list price."""

    sample: ClassVar[Json | None] = {
        "sku_id": "HOTSAUCE-003",
        "name": "Smoky Chipotle Sauce",
        "size_ml": 150,
        "flavor_profile": ["smoky", "mild"],
        "price": 9.99,
        "reorder_point": 20,
    }

    sku_id: SkuId


class WarehouseChange(Body):
    """What changes of a warehouse."""

    sample: ClassVar[Json | None] = {"name": "Main warehouse"}

    warehouse_id: WarehouseId | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    region_id: Region | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class WarehouseReplacement(WarehouseChange, kw_only=True):
    """A whole warehouse."""

    sample: ClassVar[Json | None] = {"name": "Main warehouse"}

    name: Name


class Warehouse(WarehouseReplacement, kw_only=True):
    """A place that keeps stock."""

    sample: ClassVar[Json | None] = {"warehouse_id": "WH-01", "name": "Main warehouse"}

    warehouse_id: WarehouseId


HoldShare = Annotated[
    int, Meta(ge=1, le=100, description="Percent of a SKU's units that one client may hold by reservations; 100: no limit.")
]


class ChannelChange(Body):
    """What changes of a channel; warehouses as a whole."""

    sample: ClassVar[Json | None] = {"warehouses": ["WH-01"], "pricing": "list"}

    channel_id: ChannelId | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    pricing: Literal["list", "channel"] | UnsetType = UNSET
    hold_share_max: HoldShare | UnsetType = UNSET
    region_id: Region | UnsetType = UNSET
    warehouses: Annotated[list[WarehouseId], Meta(max_length=1000)] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ChannelReplacement(ChannelChange, kw_only=True):
    """A whole channel: what is left out gets its default, and without warehouses it sells nothing."""

    sample: ClassVar[Json | None] = {"name": "Web shop", "kind": "web", "pricing": "list", "warehouses": ["WH-01"]}

    name: Name


class Channel(ChannelReplacement, kw_only=True):
    """Where orders come from, and which warehouses serve it, the first one first."""

    sample: ClassVar[Json | None] = {
        "channel_id": "web",
        "name": "Web shop",
        "kind": "web",
        "pricing": "list",
        "warehouses": ["WH-01"],
    }

    channel_id: ChannelId


class ReasonCodeChange(Body):
    """What changes of a reason code."""

    sample: ClassVar[Json | None] = {"note_required": True}

    reason_code: ReasonCode | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    direction: Direction | UnsetType = UNSET
    note_required: bool | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ReasonCodeReplacement(ReasonCodeChange, kw_only=True):
    """A whole reason code."""

    sample: ClassVar[Json | None] = {"description": "Eaten by mice", "direction": "out"}

    description: Description
    direction: Direction


class ReasonCodeDraft(ReasonCodeReplacement, kw_only=True):
    """Why stock is changed by hand, and whether units may come in or go out for it."""

    sample: ClassVar[Json | None] = {"reason_code": "mice", "description": "Eaten by mice", "direction": "out"}

    reason_code: ReasonCode


class CatalogQuery(PageQuery):
    q: Words | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ChannelQuery(CatalogQuery):
    kind: Kind | UnsetType = UNSET


class ReasonCodeQuery(CatalogQuery):
    direction: Direction | UnsetType = UNSET
