"""Customers: erase a person, and the register of erasures."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import read_page, write
from pyapp.http.fields import Answer, Body, Email, ExternalId, FieldError, Json, Page, PageQuery, WriteQuery
from pyapp.http.route import Noun, Route
from pyapp.values import Actor, Moment, RequestId, Units

ORDERS_MAX = 10_000  # of a request

ErasureId = Annotated[str, Meta(examples=["ERS-1-1001"])]
OrderIds = Annotated[list[str], Meta(description="Their IDs, ours.", examples=[["ORD-1-1001", "ORD-1-1007"]])]


class Erasure(Body):
    """A person to erase, named by the e-mail of their orders, or by orders (where there is no e-mail)."""

    sample: ClassVar[Json] = {"email": "jane.roe@example.com"}
    together: ClassVar[Json] = {
        # null means left out, so a member that is there is not enough.
        "not": {
            "required": ["email", "order_ids"],
            "properties": {"email": {"type": "string"}, "order_ids": {"not": {"type": "null"}}},
        },
        "if": {"not": {"required": ["email"], "properties": {"email": {"type": "string"}}}},
        "then": {"required": ["order_ids"], "properties": {"order_ids": {"not": {"type": "null"}}}},
    }

    email: Email | UnsetType = UNSET
    order_ids: (
        Annotated[list[ExternalId], Meta(min_length=1, max_length=ORDERS_MAX, description="Our IDs, or your own numbers.")]
        | UnsetType
    ) = UNSET
    include_open: (
        Annotated[bool, Meta(description="True: also orders of which something is still to be shipped.")] | UnsetType
    ) = UNSET
    skip_missing: (
        Annotated[bool, Meta(description="True: orders that do not exist are left out, as after the restore of a backup.")]
        | UnsetType
    ) = UNSET

    def __post_init__(self) -> None:
        if (self.email is UNSET) == (self.order_ids is UNSET):
            raise FieldError("email", "name the person either by email or by order_ids")


class ErasedRows(Answer):
    """How many rows about these orders lost what was personal in them."""

    audit_entries: Units
    movements: Annotated[Units, Meta(description="Notes of movements in the ledger.")]
    events: Units
    answers: Annotated[Units, Meta(description="Kept answers. A repeat of their key gets the order as it is after the erasure.")]
    responses: Annotated[Units, Meta(description="Answers of webhook endpoints, which may repeat an event.")]


class Erased(Answer):
    """What was erased. Nobody is named."""

    erasure_id: Annotated[ErasureId | None, Meta(description="Its entry in the register; null: there was nothing to erase.")]
    orders: Annotated[OrderIds, Meta(description="The orders whose customer is gone.")]
    former_orders: Annotated[
        OrderIds,
        Meta(
            description="Orders that had this e-mail before they got another one. The old e-mail is gone from their audit; "
            "erase them by order_ids if they are this person's too.",
            examples=[[]],
        ),
    ]
    erased: ErasedRows
    last_erased_at: Annotated[
        Moment | None, Meta(description="The latest erasure of this e-mail, by a keyed hash: the e-mail itself is not kept.")
    ]


class RegisteredErasure(Answer):
    """An entry of the register. After a restore of an older backup, erase its orders again."""

    erasure_id: ErasureId
    erased_at: Moment
    actor: Actor
    request_id: RequestId | None
    orders: OrderIds


class ErasurePage(Page):
    """A page of the register, the latest erasure first."""

    data: list[RegisteredErasure]


NOUN = Noun(
    "customers",
    "Erase a person, and read the register of erasures.",
    (
        Route(
            method="POST",
            path="/v1/customers/erase",
            endpoint=write,
            summary="Erase a person",
            description="Name, e-mail, phone number, address, notes, reasons and tracking numbers are gone from the orders "
            "of this person and from everything that repeats them: audit, ledger, events, kept answers. Units, amounts, dates "
            "and the proof of the event log stay. It cannot be undone; `?dry_run=true` says what would be "
            "erased. Once per region.",
            function="erase_customers",
            answer=Erased,
            query=WriteQuery,
            body=Erasure,
            key="required",
        ),
        Route(
            method="GET",
            path="/v1/customers/erasures",
            endpoint=read_page,
            summary="List erasures: which orders, when, by whom",
            function="list_erasures",
            answer=ErasurePage,
            query=PageQuery,
        ),
    ),
)
