"""Webhooks: which events are sent where, and the result of each message."""

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
        description="The URL that messages are POSTed to: https, a host on the public internet.",
        examples=["https://example.com/hooks/scoville"],
    ),
]
Description = Annotated[str, Meta(max_length=200, description="A description in your own words.")]
EventTypeDraft = Annotated[
    str, Meta(max_length=64, pattern=r"^[a-z]+\.([a-z_]+\.)?([a-z_]+|\*)$(?!\n)", examples=["order.placed"])
]
EventTypes = Annotated[
    list[EventTypeDraft],
    Meta(
        max_length=100,
        description="Only these types, such as order.placed, or order.* or channel.stock.* for a group; empty: all.",
    ),
]
Skus = Annotated[list[SkuId], Meta(max_length=FILTER_MAX, description="Only events that name one of these SKUs.")]
Warehouses = Annotated[
    list[WarehouseId], Meta(max_length=FILTER_MAX, description="Only events that name one of these warehouses.")
]
Channels = Annotated[list[ChannelId], Meta(max_length=FILTER_MAX, description="Only events that name one of these channels.")]
RateLimit = Annotated[int, Meta(ge=1, le=60_000, description="Maximum number of messages per minute.", examples=[600])]
Concurrency = Annotated[int, Meta(ge=1, le=100, description="Maximum number of concurrent messages.", examples=[10])]
Active = Annotated[bool, Meta(description="False: nothing is sent, and events in the meantime are skipped.")]
SeqDraft = Annotated[int, Meta(ge=1, le=2**53, description="The seq of an event.")]


def check_address(url: str, request: Request) -> None:
    """Gives a clear answer early. The check at each connection decides (outbound/webhooks/egress.py). Raises Problem WH002."""
    try:
        check_url(url, cast(Allowed, request.scope["state"]["allowed"]))
    except Refused as refused:
        raise Problem("WH002", "Messages cannot be sent to this URL.", [{"pointer": "/url", "detail": str(refused)}]) from None


class WebhookDraft(Body):
    """A webhook to create. It receives events from now on."""

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
    """The members to change; the others stay. active true also resumes a disabled webhook."""

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
    """No members."""


class WebhookSecretRotation(Body):
    """How long the previous secret signs in addition to the new one. Default: one day."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=OVERLAP_SECONDS_MAX, examples=[86_400])] | UnsetType = UNSET


class WebhookTest(Body):
    """No members."""


class DeliveryRetry(Body):
    """No members."""


class WebhookRecovery(Body):
    """Failed deliveries since this time are sent again."""

    since: Timestamp

    def __post_init__(self) -> None:
        if isinstance(self.since, datetime.datetime):
            check_moment(self.since, "since")


class WebhookReplay(Body):
    """The events of the log to send (again), both ends included; at most 10,000."""

    from_seq: SeqDraft
    to_seq: SeqDraft


class WebhookQuery(PageQuery):
    active: bool | UnsetType = UNSET


class DeliveryQuery(PageQuery):
    status: Literal["pending", "sending", "delivered", "failed", "canceled", "quarantined"] | UnsetType = UNSET
    type: EventTypeDraft | UnsetType = UNSET


WebhookId = Annotated[str, Meta(examples=["WHK-1-1001"])]
EventType = Annotated[str, Meta(examples=["order.placed"])]
Seq = Annotated[int, Meta(description="The seq of the event in the log.", examples=[48213])]


class RecentDeliveries(Answer):
    """The results of the last hundred deliveries, by number of attempts."""

    pending: int
    delivered: int
    failed: int
    canceled: int
    attempts: int
    failed_attempts: int
    last_attempt_at: Annotated[Moment | None, Meta(description="The time of the last attempt.")]


class Webhook(Answer):
    """A receiver of events, and its filters. An empty filter passes every event that its owner may see."""

    webhook_id: WebhookId
    url: Annotated[str, Meta(examples=["https://example.com/hooks/scoville"])]
    description: Annotated[str, Meta(examples=["Orders to the warehouse system"])]
    event_types: list[EventType]
    skus: list[Sku]
    warehouses: list[Warehouse]
    channels: list[Channel]
    rate_limit: Annotated[int | None, Meta(description="Maximum number of messages per minute.", examples=[600])]
    concurrency: Annotated[int, Meta(description="Maximum number of concurrent messages.", examples=[10])]
    active: Annotated[bool, Meta(description="Set by its owner.", examples=[True])]
    status: Annotated[
        Literal["working", "failing", "unverified", "paused", "disabled", "deleted"],
        Meta(
            description="unverified: its URL has not answered the challenge yet, so no event is sent; paused: by its owner; "
            "disabled: by the service, see disabled_reason.",
            examples=["working"],
        ),
    ]
    disabled_at: Moment | None
    disabled_reason: Annotated[
        Literal["gone", "failing", "unverified", "unconfirmed"] | None,
        Meta(
            description="gone: it answered 410; failing: every delivery failed for five days; unverified: its URL did not answer "
            "the challenge for three days; unconfirmed: its owner, who is no API client, made no request about it for too long.",
            examples=[None],
        ),
    ]
    verified_at: Annotated[Moment | None, Meta(description="When its URL answered the challenge. Events are sent from then on.")]
    verification_error: Annotated[
        str | None,
        Meta(
            description="What was wrong with the last answer to a challenge; challenge: it did not contain it.", examples=[None]
        ),
    ]
    confirmed_at: Annotated[Moment, Meta(description="The last command about it by its owner.")]
    failing_since: Annotated[Moment | None, Meta(description="The first failure since the last success.", examples=[None])]
    paused_until: Annotated[
        Moment | None,
        Meta(description="Nothing is sent until then, after repeated failures or a Retry-After.", examples=[None]),
    ]
    recent: RecentDeliveries
    owner: Annotated[str, Meta(description="The subject of the token that created it.", examples=["warehouse-system"])]
    previous_secret_expires_at: Annotated[
        Moment | None, Meta(description="The time until which the previous secret also signs.", examples=[None])
    ]
    version: Version
    created_at: Moment
    updated_at: Moment


class WebhookWithSecret(Webhook):
    """A webhook with its secret, which no other answer shows. A replayed answer omits it."""

    secret: Annotated[
        str,
        Meta(
            description="To verify messages, in the form of Standard Webhooks.",
            examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
        ),
    ] = ""


class WebhookPage(Page):
    """A page of webhooks, oldest first."""

    data: list[Webhook]


class Attempt(Answer):
    """One request and its result."""

    attempt: Annotated[int, Meta(ge=1, examples=[1])]
    started_at: Moment
    duration_ms: Annotated[int, Meta(examples=[84])]
    status_code: Annotated[int | None, Meta(description="null: no answer; see error.", examples=[204])]
    error: Annotated[
        str | None,
        Meta(
            description="The cause of a missing answer: address (the host has no public one), timeout, connection, tls or "
            "protocol. A redirect is an answer.",
            examples=[None],
        ),
    ]
    response: Annotated[str, Meta(description="The first KiB of the answer's body.", examples=["ok"])]


class Delivery(Answer):
    """An event on its way to a webhook. pending: tried at due_at; quarantined: it seems to crash its senders."""

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
    due_at: Annotated[Moment | None, Meta(description="The time of the next attempt.", examples=[None])]
    created_at: Moment
    finished_at: Moment | None
    attempts: list[Attempt]


class DeliveryPage(Page):
    """A page of deliveries, latest event first."""

    data: list[Delivery]


class TestRequested(Answer):
    """A test is on its way: an event of this type and subject, which is listed among the deliveries."""

    __test__ = False  # pytest would collect it

    webhook_id: WebhookId
    type: Annotated[str, Meta(examples=["webhook.test"])]
    subject: Annotated[str, Meta(examples=["webhooks/WHK-1-1001"])]
    requested_at: Moment


class Recovery(Answer):
    """The number of deliveries sent again, and whether more remain: then repeat the request."""

    webhook_id: WebhookId
    deliveries: Annotated[int, Meta(examples=[12])]
    more: Annotated[bool, Meta(examples=[False])]


class Replay(Answer):
    """The number of events of the range that are sent: those that pass the filters and are not already being sent."""

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
    "Events sent to your URLs, signed as Standard Webhooks; the result of each delivery, and ways to retry.",
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
            summary="Create a webhook; the answer shows its secret, once",
            function="create_webhooks",
            answer=WebhookWithSecret,
            query=WriteQuery,
            body=WebhookDraft,
            key="optional",
            status=201,
            location="/v1/webhooks/{webhook_id}",
            description="Its URL is sent a challenge: a POST with the header webhook-challenge. It has to answer 2xx with this "
            "text as the body, and then gets all events since the webhook was created. A repeat of the Idempotency-Key returns "
            "no secret.",
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
            summary="Change, pause or resume a webhook",
            function="update_webhooks",
            answer=Webhook,
            query=WriteQuery,
            body=WebhookChange,
        ),
        Route(
            method="DELETE",
            path="/v1/webhooks/{webhook_id}",
            endpoint=change,
            summary="Delete a webhook; its waiting deliveries are canceled",
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
            description="So that a repeated request does not rotate twice, send an Idempotency-Key (a repeat returns the secret "
            "that signs now) or If-Match (a repeat is refused).",
            key="or_if_match",
        ),
        Route(
            method="POST",
            path="/v1/webhooks/{webhook_id}/test",
            endpoint=change,
            summary="Send a test, signed like any message, regardless of the filters; first a challenge, if it is unverified",
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
            summary="Retry a delivery now, whatever its result",
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
            summary="Resend the failed deliveries since a given time",
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
            summary="Send events of the log (again), through the webhook's filters",
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
