"""Webhooks: what to be told of and where, and what to do with their deliveries."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.fields import Body, ChannelId, PageQuery, SkuId, Timestamp, WarehouseId, check_moment

FILTER_MAX = 1000
OVERLAP_SECONDS_MAX = 7 * 86_400

Url = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="Where messages are POSTed: https, a host of the public internet.",
        examples=["https://example.com/hooks/scoville"],
    ),
]
Description = Annotated[str, Meta(max_length=200, description="What it is for, in your words.")]
EventType = Annotated[str, Meta(max_length=64, pattern=r"^[a-z]+\.([a-z_]+|\*)$(?!\n)", examples=["order.placed"])]
EventTypes = Annotated[
    list[EventType],
    Meta(max_length=100, description="Only these, such as order.placed, or order.* for all of a kind; none: all."),
]
Skus = Annotated[list[SkuId], Meta(max_length=FILTER_MAX, description="Only events that name one of these SKUs.")]
Warehouses = Annotated[
    list[WarehouseId], Meta(max_length=FILTER_MAX, description="Only events that name one of these warehouses.")
]
Channels = Annotated[list[ChannelId], Meta(max_length=FILTER_MAX, description="Only events that name one of these channels.")]
RateLimit = Annotated[int, Meta(ge=1, le=60_000, description="Messages a minute, at most.", examples=[600])]
Concurrency = Annotated[int, Meta(ge=1, le=100, description="Messages under way at once, at most.", examples=[10])]
Active = Annotated[bool, Meta(description="False: nothing is sent, and events of the meantime are left out.")]
Seq = Annotated[int, Meta(ge=1, le=2**53, description="The seq of an event.")]


class WebhookDraft(Body):
    """A webhook to be made. It is told of what happens from now on."""

    url: Url
    description: Description | UnsetType = UNSET
    event_types: EventTypes | UnsetType = UNSET
    skus: Skus | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET
    rate_limit: RateLimit | UnsetType | None = UNSET
    concurrency: Concurrency | UnsetType = UNSET
    active: Active | UnsetType = UNSET


class WebhookChange(Body):
    """What shall be otherwise; the rest stays. active true also takes up again a webhook that was given up."""

    url: Url | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    event_types: EventTypes | UnsetType = UNSET
    skus: Skus | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET
    rate_limit: RateLimit | UnsetType | None = UNSET
    concurrency: Concurrency | UnsetType = UNSET
    active: Active | UnsetType = UNSET


class WebhookDeletion(Body):
    """There is nothing to say."""


class WebhookSecretRotation(Body):
    """How long the secret so far signs beside the new one; a day if left out."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=OVERLAP_SECONDS_MAX, examples=[86_400])] | UnsetType = UNSET


class WebhookTest(Body):
    """There is nothing to say."""


class DeliveryRetry(Body):
    """There is nothing to say."""


class WebhookRecovery(Body):
    """From when on what failed is sent again."""

    since: Timestamp

    def __post_init__(self) -> None:
        if isinstance(self.since, datetime.datetime):
            check_moment(self.since, "since")


class WebhookReplay(Body):
    """Which events of the log are sent (again), both ends included; at most 10,000 of them."""

    from_seq: Seq
    to_seq: Seq


class WebhookQuery(PageQuery):
    active: bool | UnsetType = UNSET


class DeliveryQuery(PageQuery):
    status: Literal["pending", "sending", "delivered", "failed", "canceled", "quarantined"] | UnsetType = UNSET
    type: EventType | UnsetType = UNSET
