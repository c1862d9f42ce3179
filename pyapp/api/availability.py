"""Availability: what an order could have, answered by the function that decides about orders."""

from __future__ import annotations

import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import read_document
from pyapp.http.fields import Answer, ChannelId, CustomerGroup, LineQuantity, Query, SkuId
from pyapp.http.route import Noun, Route
from pyapp.values import Channel, Sku, Units, Warehouse


class AvailabilityQuery(Query):
    sku: SkuId
    channel: (
        Annotated[ChannelId, Meta(description="The channel that would sell the units; of a token with one channel, this one.")]
        | UnsetType
    ) = UNSET
    customer_group: CustomerGroup | UnsetType = UNSET
    quantity: Annotated[LineQuantity, Meta(description="Units of the order; without it, 1.")] | UnsetType = UNSET
    ship_on: (
        Annotated[
            datetime.date,
            Meta(
                description="The day on which they would leave; without it, today or the day of the release.",
                examples=["2035-01-31"],
            ),
        ]
        | UnsetType
    ) = UNSET

    def filters(self) -> bytes:
        return msgspec.json.encode({name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET})


class WarehouseUnits(Answer):
    """Units of the SKU, or of a component of the bundle, that one warehouse would give."""

    sku_id: Sku
    warehouse_location: Warehouse
    quantity: Annotated[int, Meta(ge=1, description="Units that it would give.", examples=[1])]


class Availability(Answer):
    """The units that an order could have at this moment. Nothing is held: reserve them, or order at once."""

    sku_id: Sku
    channel: Channel
    customer_group: CustomerGroup | None
    quantity: Annotated[int, Meta(description="Units that were asked for; without quantity: 1.", examples=[1])]
    ship_on: Annotated[datetime.date, Meta(description="The day on which they would leave.", examples=["2035-01-31"])]
    available: Annotated[bool, Meta(description="Whether there are so many.", examples=[True])]
    available_quantity: Annotated[Units, Meta(description="How many there are: an order of one more is refused, or waits.")]
    available_on: Annotated[
        datetime.date | None,
        Meta(description="The day from which there are so many. Null: too few, and it is not known when more come."),
    ]
    fresh_until: Annotated[
        datetime.date | None,
        Meta(description="The units can be sold on this day, as the rule wants. Null: no rule, or they never expire."),
    ]
    rule: Annotated[str, Meta(description="The freshness rule of the channel that applies, or none.", examples=["none"])]
    stale_quantity: Annotated[
        Units | None,
        Meta(description="Further units that are there and expire too early for the rule. Null: no rule.", examples=[None]),
    ]
    sold_until: Annotated[
        datetime.date | None,
        Meta(description="The last day of sale of those that expire first. Null: none, or they never expire."),
    ]
    warehouses: Annotated[list[WarehouseUnits], Meta(description="Where they would come from, as far as there are any.")]


NOUN = Noun(
    "availability",
    "Ask what an order could have.",
    (
        Route(
            method="GET",
            path="/v1/availability",
            endpoint=read_document,
            summary="Ask how many units of a SKU an order could have, and until when they can be sold",
            description="Answered by the function that decides about orders, so an order that is placed before anything else "
            "happens gets what the answer says.",
            function="get_availability",
            answer=Availability,
            query=AvailabilityQuery,
        ),
    ),
)
