"""Returns: units that customers send back. They are withheld until it is said what becomes of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import (
    LINES_MAX,
    Answer,
    BatchNumberDraft,
    Body,
    ChannelId,
    ExternalId,
    Json,
    LineQuantity,
    Name,
    NoteDraft,
    Page,
    PageQuery,
    SkuId,
    WarehouseId,
    WriteQuery,
)
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.values import Actor, BatchNumber, BatchStatus, Channel, Moment, Note, Sku, Units, Version, Warehouse

ReturnStatus = Literal["requested", "approved", "received", "closed", "refused"]
Why = Annotated[str, Meta(min_length=1, max_length=200)]
Unreadable = Annotated[bool, Meta(description="Nobody can read the lot: the units come to lot UNKNOWN of the SKU.")]


class ReturnItemDraft(Body):
    """Units of a SKU that come back. A bundle comes back as its components."""

    sku_id: SkuId
    quantity: LineQuantity
    fulfillment_id: (
        Annotated[str, Meta(max_length=40, description="The parcel that they left in. Default: the earliest ones.")] | UnsetType
    ) = UNSET


class ReturnDraft(Body):
    """Units that a customer sends back: of an order or, with a note that says where they were bought, without one."""

    sample: ClassVar[Json] = {
        "order_id": "ORD-1-1001",
        "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}],
        "reason": "Too hot.",
    }

    items: Annotated[list[ReturnItemDraft], Meta(min_length=1, max_length=LINES_MAX)]
    reason: Annotated[Why, Meta(description="Why they come back, in the words of the customer.")]
    order_id: Annotated[ExternalId, Meta(description="Our ID or the channel's number.")] | UnsetType = UNSET
    channel: Annotated[ChannelId, Meta(description="Of a return without an order.")] | UnsetType = UNSET
    warehouse_location: (
        Annotated[WarehouseId, Meta(description="Where they go. Default: the warehouse that shipped the first of them.")]
        | UnsetType
    ) = UNSET
    note: NoteDraft | UnsetType = UNSET
    person: Annotated[Name, Meta(description="Who sends them, if not the customer.")] | UnsetType = UNSET


class Approval(Body):
    """The approval of a return."""

    sample: ClassVar[Json] = {"reason": "Within 30 days."}

    reason: Why | UnsetType = UNSET


class ReturnEnd(Body):
    """Why the return is refused, or why the rest of it will not come."""

    sample: ClassVar[Json] = {"reason": "The customer keeps them."}

    reason: Why


class ReturnArrivalItem(Body):
    """Units of a lot that came back: batch_number or unreadable."""

    sku_id: SkuId
    quantity: LineQuantity
    batch_number: BatchNumberDraft | UnsetType = UNSET
    unreadable: Unreadable | UnsetType = UNSET


class ReturnArrival(Body):
    """What came. More may come later."""

    sample: ClassVar[Json] = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1, "batch_number": "BATCH-202404"}]}

    items: Annotated[list[ReturnArrivalItem], Meta(min_length=1, max_length=LINES_MAX)]
    note: NoteDraft | UnsetType = UNSET


class ReturnQuery(PageQuery):
    status: ReturnStatus | UnsetType = UNSET
    channel: ChannelId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET
    order: Annotated[ExternalId, Meta(description="Our ID of the order, or the channel's number.")] | UnsetType = UNSET


class ReturnLine(Answer):
    """Units of a SKU from one parcel."""

    sku_id: Sku
    fulfillment_id: Annotated[str | None, Meta(description="The parcel that they left in.", examples=["FUL-1-1001"])]
    quantity: Annotated[Units, Meta(description="Units that were announced.", examples=[2])]
    received: Annotated[Units, Meta(description="Units of these that came.", examples=[1])]
    given_up: Annotated[Units, Meta(description="Units of these that will not come.", examples=[0])]


class ReturnedUnits(Answer):
    """Units of a lot that came at one time, and what became of them."""

    withholding_id: Annotated[str, Meta(examples=["WD-1-1001"])]
    sku_id: Sku
    batch_number: Annotated[BatchNumber, Meta(description="UNKNOWN: nobody can read it.")]
    status: Annotated[BatchStatus, Meta(description="Of the lot.")]
    wrong_lot: Annotated[bool, Meta(description="The parcel does not name this lot: it was packed otherwise.", examples=[False])]
    quantity: Annotated[Units, Meta(examples=[1])]
    restocked: Annotated[Units, Meta(description="Of these: put back on the shelf.", examples=[0])]
    scrapped: Annotated[Units, Meta(description="Of these: scrapped.", examples=[0])]
    sent_back: Annotated[Units, Meta(description="Of these: sent on to the supplier.", examples=[0])]
    transferred: Annotated[Units, Meta(description="Of these: sent to another warehouse.", examples=[0])]
    open_quantity: Annotated[Units, Meta(description="Of these: still withheld.", examples=[1])]


class ReturnDecision(Answer):
    """Who last approved, refused or closed the return by hand."""

    at: Moment
    by: Actor
    reason: Annotated[str | None, Meta(examples=["Within 30 days."])]


class ReturnState(Answer, kw_only=True):
    """A return without who sends it, as events have it."""

    return_id: Annotated[str, Meta(examples=["RET-1-1001"])]
    order_id: Annotated[str | None, Meta(description="Null: it belongs to no order.", examples=["ORD-1-1001"])]
    channel: Channel
    warehouse_location: Warehouse
    status: Annotated[ReturnStatus, Meta(description="closed: nothing is withheld or expected any more.", examples=["received"])]
    reason: Annotated[str | None, Meta(description="In the words of the customer.", examples=["Too hot."])]
    note: Note | None
    status_change: ReturnDecision | None
    items: list[ReturnLine]
    withholdings: Annotated[
        list[ReturnedUnits], Meta(description="What came: POST /v1/withholdings/{id}/dispose says what becomes of it.")
    ]
    version: Version
    created_at: Moment
    updated_at: Moment


class Return(ReturnState, kw_only=True):
    """Units that come back, what came, and what became of it."""

    person: Annotated[str | None, Meta(description="Who sends them, if not the customer.", examples=["John Doe"])]


class ReturnPage(Page):
    """A page of returns, the latest first."""

    data: list[Return]


RETURN_ID = PathVariable("return_id", "The return.", "RET-1-1001", prefix="RET", missing="RT001")

NOUN = Noun(
    "returns",
    "Units that customers send back: announced, approved, received. They are withheld until it is said what becomes of them.",
    (
        Route(
            method="GET",
            path="/v1/returns",
            endpoint=read_page,
            summary="List returns, the latest first",
            function="list_returns",
            answer=ReturnPage,
            query=ReturnQuery,
        ),
        Route(
            method="POST",
            path="/v1/returns",
            endpoint=write,
            summary="Announce units that come back",
            function="request_returns",
            answer=Return,
            query=WriteQuery,
            body=ReturnDraft,
            key="required",
            status=201,
            location="/v1/returns/{return_id}",
        ),
        Route(
            method="GET",
            path="/v1/returns/{return_id}",
            endpoint=read_document,
            summary="Read a return with what came and what became of it",
            function="get_return",
            answer=Return,
        ),
        Route(
            method="POST",
            path="/v1/returns/{return_id}/approve",
            endpoint=change,
            summary="Approve a return",
            function="approve_returns",
            answer=Return,
            query=WriteQuery,
            body=Approval,
            body_required=False,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/returns/{return_id}/refuse",
            endpoint=change,
            summary="Refuse a return of which nothing came",
            function="refuse_returns",
            answer=Return,
            query=WriteQuery,
            body=ReturnEnd,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/returns/{return_id}/receive",
            endpoint=change,
            summary="Book units of an approved return that came",
            description="They are withheld. POST /v1/withholdings/{withholding_id}/dispose says what becomes of them.",
            function="receive_returns",
            answer=Return,
            query=WriteQuery,
            body=ReturnArrival,
            key="or_if_match",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/returns/{return_id}/close",
            endpoint=change,
            summary="Give up what has not come of a return",
            function="close_returns",
            answer=Return,
            query=WriteQuery,
            body=ReturnEnd,
            key="optional",
            versioned=True,
        ),
    ),
    (RETURN_ID,),
)
