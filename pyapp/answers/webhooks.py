"""Webhooks and their deliveries."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from pyapp.answers.fields import Answer, Channel, Moment, Page, Sku, Version, Warehouse

WebhookId = Annotated[str, Meta(examples=["WHK-1-1001"])]
EventType = Annotated[str, Meta(examples=["order.placed"])]
Seq = Annotated[int, Meta(description="Of the event, in the log.", examples=[48213])]


class RecentDeliveries(Answer):
    """What became of the last hundred deliveries, in how many attempts."""

    pending: int
    delivered: int
    failed: int
    canceled: int
    attempts: int
    failed_attempts: int
    last_attempt_at: Annotated[Moment | None, Meta(description="When one of them was tried last.")]


class Webhook(Answer):
    """Who is told of what. An empty filter lets everything through that its owner may see."""

    webhook_id: WebhookId
    url: Annotated[str, Meta(examples=["https://example.com/hooks/scoville"])]
    description: Annotated[str, Meta(examples=["Orders to the warehouse system"])]
    event_types: list[EventType]
    skus: list[Sku]
    warehouses: list[Warehouse]
    channels: list[Channel]
    rate_limit: Annotated[int | None, Meta(description="Messages a minute, at most.", examples=[600])]
    concurrency: Annotated[int, Meta(description="Messages under way at once, at most.", examples=[10])]
    active: Annotated[bool, Meta(description="Its owner's word.", examples=[True])]
    status: Annotated[
        Literal["working", "failing", "paused", "disabled", "deleted"],
        Meta(description="paused: by its owner; disabled: by us, for disabled_reason.", examples=["working"]),
    ]
    disabled_at: Moment | None
    disabled_reason: Annotated[
        Literal["gone", "failing"] | None,
        Meta(description="gone: it answered 410; failing: nothing got through for five days.", examples=[None]),
    ]
    failing_since: Annotated[Moment | None, Meta(description="The first failure since something got through.", examples=[None])]
    paused_until: Annotated[
        Moment | None,
        Meta(description="After failures in a row, or by Retry-After: nothing is sent until then.", examples=[None]),
    ]
    recent: RecentDeliveries
    owner: Annotated[str, Meta(description="The subject of the token that made it.", examples=["warehouse-system"])]
    previous_secret_expires_at: Annotated[
        Moment | None, Meta(description="Until when the secret before signs beside the present one.", examples=[None])
    ]
    version: Version
    created_at: Moment
    updated_at: Moment


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which no other answer shows. It is left out of a replayed answer."""

    secret: Annotated[
        str, Meta(description="To verify with, as Standard Webhooks has it.", examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])
    ] = ""


class WebhookPage(Page):
    """A page of webhooks, the oldest first."""

    data: list[Webhook]


class Attempt(Answer):
    """A request that was made, and what came of it."""

    attempt: Annotated[int, Meta(ge=1, examples=[1])]
    started_at: Moment
    duration_ms: Annotated[int, Meta(examples=[84])]
    status_code: Annotated[int | None, Meta(description="None: there was no answer; error says why.", examples=[204])]
    error: Annotated[
        str | None,
        Meta(
            description="timeout, refused, name, connection, tls or protocol: what was in the way. A redirect is an answer.",
            examples=[None],
        ),
    ]
    response: Annotated[str, Meta(description="The first KiB of the answer's body.", examples=["ok"])]


class Delivery(Answer):
    """An event on its way to a webhook. pending is tried at due_at; quarantined: senders seem to die of it."""

    delivery_id: Annotated[str, Meta(examples=["48213"])]
    webhook_id: WebhookId
    message_id: Annotated[str, Meta(description="The header webhook-id, the same in every attempt.", examples=["msg_9f2c_48213"])]
    event_id: Annotated[str, Meta(description="The id of the CloudEvent.", examples=["9f2c:48213"])]
    seq: Seq
    type: EventType
    subject: Annotated[str, Meta(examples=["orders/ORD-1-1001"])]
    status: Annotated[
        Literal["pending", "sending", "delivered", "failed", "canceled", "quarantined"], Meta(examples=["delivered"])
    ]
    due_at: Annotated[Moment | None, Meta(description="When it is tried (again).", examples=[None])]
    created_at: Moment
    finished_at: Moment | None
    attempts: list[Attempt]


class DeliveryPage(Page):
    """A page of deliveries, the latest event first."""

    data: list[Delivery]


class TestRequested(Answer):
    """A test is on its way: an event of this type and subject, which shows up among the deliveries."""

    __test__ = False  # pytest would collect it

    webhook_id: WebhookId
    type: Annotated[str, Meta(examples=["webhook.test"])]
    subject: Annotated[str, Meta(examples=["webhooks/WHK-1-1001"])]
    requested_at: Moment


class Recovery(Answer):
    """How many deliveries are sent again, and whether there are more: then ask again."""

    webhook_id: WebhookId
    deliveries: Annotated[int, Meta(examples=[12])]
    more: Annotated[bool, Meta(examples=[False])]


class Replay(Answer):
    """How many events of the range are sent: those that pass the filters and are not under way."""

    webhook_id: WebhookId
    from_seq: Seq
    to_seq: Seq
    deliveries: Annotated[int, Meta(examples=[12])]
