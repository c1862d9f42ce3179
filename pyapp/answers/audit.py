"""The audit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from pyapp.answers.fields import Actor, Answer, Moment, Page, RequestId


class AuditEntry(Answer):
    """A change of a row: who, what, when and why. For an update old and new hold what differs."""

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
