"""Webhooks: which events are sent where, and what became of each message."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal, cast

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import Answer, Body, ChannelId, Page, PageQuery, SkuId, Timestamp, WarehouseId, WriteQuery, check_moment
from pyapp.http.headers import Request
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.identity.tokens import Role
from pyapp.outbound.webhooks.addresses import Allowed, Refused, check_url
from pyapp.problems import Problem
from pyapp.values import Channel, Moment, Sku, Version, Warehouse

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
EventTypeDraft = Annotated[str, Meta(max_length=64, pattern=r"^[a-z]+\.([a-z_]+|\*)$(?!\n)", examples=["order.placed"])]
EventTypes = Annotated[
    list[EventTypeDraft],
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
SeqDraft = Annotated[int, Meta(ge=1, le=2**53, description="The seq of an event.")]


def check_address(url: str, request: Request) -> None:
    """For a clear answer at once. The check at every connection decides (outbound/webhooks/egress.py). Raises Problem WH002."""
    try:
        check_url(url, cast(Allowed, request.scope["state"]["allowed"]))
    except Refused as refused:
        raise Problem("WH002", "Nothing can be sent to this URL.", [{"pointer": "/url", "detail": str(refused)}]) from None


class WebhookDraft(Body):
    """A webhook to be made. It is told of what happens from now on."""

    codes: ClassVar[tuple[str, ...]] = ("WH002",)

    url: Url
    description: Description | UnsetType = UNSET
    event_types: EventTypes | UnsetType = UNSET
    skus: Skus | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET
    rate_limit: RateLimit | UnsetType | None = UNSET
    concurrency: Concurrency | UnsetType = UNSET
    active: Active | UnsetType = UNSET

    def check(self, request: Request) -> None:
        check_address(self.url, request)


class WebhookChange(Body):
    """What shall be otherwise; the rest stays. active true also takes up again a webhook that was given up."""

    codes: ClassVar[tuple[str, ...]] = ("WH002",)

    url: Url | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    event_types: EventTypes | UnsetType = UNSET
    skus: Skus | UnsetType = UNSET
    warehouses: Warehouses | UnsetType = UNSET
    channels: Channels | UnsetType = UNSET
    rate_limit: RateLimit | UnsetType | None = UNSET
    concurrency: Concurrency | UnsetType = UNSET
    active: Active | UnsetType = UNSET

    def check(self, request: Request) -> None:
        if self.url is not UNSET:
            check_address(self.url, request)


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

    from_seq: SeqDraft
    to_seq: SeqDraft


class WebhookQuery(PageQuery):
    active: bool | UnsetType = UNSET


class DeliveryQuery(PageQuery):
    status: Literal["pending", "sending", "delivered", "failed", "canceled", "quarantined"] | UnsetType = UNSET
    type: EventTypeDraft | UnsetType = UNSET


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


ROLES: tuple[Role, ...] = ("admin", "integration")
SETTING_ERRORS = ("WH002", "WH003", "ST002", "ST003", "OR008")

WEBHOOK_ID = PathVariable("webhook_id", "The webhook.", "WHK-1-1001", prefix="WHK", missing="WH001")
DELIVERY_ID = PathVariable("delivery_id", "The delivery.", "48213")

NOUN = Noun(
    "webhooks",
    "Who is told of what happens, signed as Standard Webhooks; what became of each delivery, and its repair.",
    (
        Route(
            method="GET",
            path="/v1/webhooks",
            endpoint=read_page,
            summary="List webhooks",
            function="list_webhooks",
            answer=WebhookPage,
            query=WebhookQuery,
        ),
        Route(
            method="POST",
            path="/v1/webhooks",
            endpoint=write,
            summary="Make a webhook; the answer shows its secret, once",
            function="create_webhooks",
            answer=WebhookWithSecret,
            query=WriteQuery,
            body=WebhookDraft,
            key="optional",
            status=201,
            location="/v1/webhooks/{webhook_id}",
            description="It is told of what happens from now on. A repeat of the Idempotency-Key answers without the secret.",
        ),
        Route(
            method="GET",
            path="/v1/webhooks/{webhook_id}",
            endpoint=read_document,
            summary="Read a webhook",
            function="get_webhook",
            answer=Webhook,
        ),
        Route(
            method="PATCH",
            path="/v1/webhooks/{webhook_id}",
            endpoint=change,
            summary="Change, pause or take up again a webhook",
            function="update_webhooks",
            answer=Webhook,
            query=WriteQuery,
            body=WebhookChange,
        ),
        Route(
            method="DELETE",
            path="/v1/webhooks/{webhook_id}",
            endpoint=change,
            summary="Delete a webhook; what waits for it is called off",
            function="delete_webhooks",
            answer=Webhook,
            query=WriteQuery,
            body=WebhookDeletion,
            body_required=False,
        ),
        Route(
            method="POST",
            path="/v1/webhooks/{webhook_id}/rotate-secret",
            endpoint=change,
            summary="Give a webhook a new secret; for a while both sign",
            function="rotate_webhook_secrets",
            answer=WebhookWithSecret,
            query=WriteQuery,
            body=WebhookSecretRotation,
            body_required=False,
            description="An Idempotency-Key is not looked at: each call gives another secret; If-Match guards against two.",
        ),
        Route(
            method="POST",
            path="/v1/webhooks/{webhook_id}/test",
            endpoint=change,
            summary="Send a test, signed as any message, whatever the filters",
            function="test_webhooks",
            answer=TestRequested,
            query=WriteQuery,
            body=WebhookTest,
            body_required=False,
            status=202,
        ),
        Route(
            method="GET",
            path="/v1/webhooks/{webhook_id}/deliveries",
            endpoint=read_page,
            summary="List the deliveries of a webhook with their attempts",
            function="list_deliveries",
            answer=DeliveryPage,
            query=DeliveryQuery,
        ),
        Route(
            method="POST",
            path="/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
            endpoint=write,
            summary="Try a delivery again now, however it ended",
            function="retry_deliveries",
            answer=Delivery,
            query=WriteQuery,
            body=DeliveryRetry,
            body_required=False,
            status=202,
        ),
        Route(
            method="POST",
            path="/v1/webhooks/{webhook_id}/recover",
            endpoint=write,
            summary="Send again what failed since a moment",
            function="recover_webhooks",
            answer=Recovery,
            query=WriteQuery,
            body=WebhookRecovery,
            status=202,
        ),
        Route(
            method="POST",
            path="/v1/webhooks/{webhook_id}/replay",
            endpoint=write,
            summary="Send events of the log (again), through the filters of the webhook",
            function="replay_webhooks",
            answer=Replay,
            query=WriteQuery,
            body=WebhookReplay,
            status=202,
        ),
    ),
    (
        WEBHOOK_ID,
        DELIVERY_ID,
    ),
)
