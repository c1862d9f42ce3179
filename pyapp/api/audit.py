"""The audit: who changed what, when and why."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import read_page
from pyapp.http.fields import Answer, Page, RangeQuery
from pyapp.http.route import Noun, Route
from pyapp.values import Actor, Moment, RequestId


class AuditQuery(RangeQuery):
    table: Annotated[str, Meta(min_length=1, max_length=100, examples=["orders.orders"])] | UnsetType = UNSET
    key: Annotated[str, Meta(min_length=1, max_length=200, examples=["1001"])] | UnsetType = UNSET
    actor: Annotated[str, Meta(min_length=1, max_length=255, examples=["sales-anna"])] | UnsetType = UNSET


class AuditEntry(Answer):
    """A change of a row: who, what, when and why. For an update, old and new hold the members that differ."""

    audit_id: Annotated[int, Meta(examples=[5120])]
    recorded_at: Moment
    actor: Actor
    role: Annotated[str, Meta(description="The database role that wrote.", examples=["sales"])]
    action: Annotated[Literal["update", "insert", "delete"], Meta(examples=["update"])]
    table: Annotated[str, Meta(examples=["orders.orders"])]
    key: Annotated[str, Meta(description="The key of the row.", examples=["1001"])]
    old: Annotated[dict[str, Any] | None, Meta(examples=[{"status": "processing"}])]
    new: Annotated[dict[str, Any] | None, Meta(examples=[{"status": "canceled"}])]
    reason: Annotated[str | None, Meta(examples=["customer"])]
    request_id: RequestId | None


class AuditPage(Page):
    """A page of the audit, the latest first."""

    data: list[AuditEntry]


NOUN = Noun(
    "audit",
    "Who changed what, when and why.",
    (
        Route(
            method="GET",
            path="/v1/audit",
            endpoint=read_page,
            summary="List who changed what, when and why",
            function="list_audit",
            answer=AuditPage,
            query=AuditQuery,
        ),
    ),
)
