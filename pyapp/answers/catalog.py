"""SKUs, warehouses, channels, reason codes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pyapp.answers import fields
from pyapp.answers.fields import (
    Amount,
    Answer,
    Attributes,
    Currency,
    Flavors,
    Milliliters,
    Moment,
    Page,
    Prose,
    Region,
    SkuName,
    Units,
    Version,
)

Active = Annotated[bool, Meta(description="False: retired, kept for what refers to it.", examples=[True])]


class Sku(Answer):
    """A SKU as the catalogue knows it. price null: no list price."""

    sku_id: fields.Sku
    name: SkuName
    description: Prose
    size_ml: Milliliters | None
    flavor_profile: Flavors
    price: Amount | None
    currency: Currency
    reorder_point: Annotated[Units, Meta(examples=[20])]
    attributes: Attributes
    active: Active
    version: Version
    created_at: Moment
    updated_at: Moment


class Channel(Answer):
    """Where orders come from, and which warehouses serve it, the first one first."""

    channel_id: fields.Channel
    name: Annotated[str, Meta(examples=["Web shop"])]
    kind: Literal["web", "pos", "marketplace", "wholesale"]
    pricing: Literal["list", "channel"]
    hold_share_max: Annotated[
        int, Meta(description="Percent of a SKU's units that one client may hold; 100: no limit.", examples=[100])
    ]
    region_id: Region
    warehouses: list[fields.Warehouse]
    active: Active
    version: Version
    created_at: Moment
    updated_at: Moment


class Warehouse(Answer):
    """A place that keeps stock."""

    warehouse_id: fields.Warehouse
    name: Annotated[str, Meta(examples=["Main warehouse"])]
    region_id: Region
    active: Active
    version: Version
    created_at: Moment
    updated_at: Moment


class ReasonCode(Answer):
    """Why stock is changed by hand, and whether units may come in or go out for it."""

    reason_code: fields.Reason
    description: Annotated[str, Meta(examples=["Damaged"])]
    direction: Annotated[Literal["in", "out", "both"], Meta(examples=["out"])]
    note_required: Annotated[bool, Meta(description="The change must say what happened.", examples=[False])]
    active: Active
    version: Version


class SkuPage(Page):
    """A page of SKUs, by id."""

    data: list[Sku]


class WarehousePage(Page):
    """A page of warehouses, by id."""

    data: list[Warehouse]


class ChannelPage(Page):
    """A page of sales channels, by id."""

    data: list[Channel]


class ReasonCodePage(Page):
    """A page of reason codes."""

    data: list[ReasonCode]
