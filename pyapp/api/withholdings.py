"""Withheld units: set aside, whatever their lot is, until it is said what becomes of them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import change, read_document, read_page
from pyapp.http.fields import (
    Answer,
    BatchNumberDraft,
    Body,
    Json,
    LineQuantity,
    NoteDraft,
    Page,
    PageQuery,
    ReasonDraft,
    Reference,
    SkuId,
    WarehouseId,
    WriteQuery,
)
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.values import Actor, BatchNumber, BatchStatus, ExpirationDate, Moment, Note, Reason, Sku, Units, Version, Warehouse

Cause = Annotated[
    Literal["damaged", "returned", "inspection", "count", "recall_return", "transfer", "other"],
    Meta(description="Why they were set aside. transfer: they were already when they left another warehouse."),
]


class Withhold(Body):
    """Units of a lot to set aside. They stay on hand, and nothing sells them."""

    sample: ClassVar[Json] = {
        "sku_id": "HOTSAUCE-002",
        "warehouse_location": "WH-01",
        "batch_number": "BATCH-202405",
        "quantity": 1,
        "cause": "damaged",
        "note": "label torn",
    }

    sku_id: SkuId
    warehouse_location: WarehouseId
    batch_number: BatchNumberDraft
    quantity: LineQuantity
    cause: Cause
    reason_code: (
        Annotated[ReasonDraft, Meta(description="Of the movement. Default: the usual one for the cause.")] | UnsetType
    ) = UNSET
    note: NoteDraft | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET


class Disposition(Body):
    """What becomes of withheld units."""

    sample: ClassVar[Json] = {"disposition": "scrap", "quantity": 1, "note": "label torn"}

    disposition: Annotated[
        Literal["restock", "scrap", "send_back"],
        Meta(
            description="restock: back on the shelf; orders that wait get them first, and units of a lot that cannot be sold "
            "stay unavailable. scrap, send_back: they leave."
        ),
    ]
    quantity: Annotated[LineQuantity, Meta(description="Default: all that are still withheld.")] | UnsetType = UNSET
    reason_code: Annotated[ReasonDraft, Meta(description="Default: restock, scrapped or sent_back.")] | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET
    reference: Reference | UnsetType = UNSET
    force: (
        Annotated[bool, Meta(description="Put returned units back, though their lot keeps no promise about the time of sale.")]
        | UnsetType
    ) = UNSET


class WithholdingQuery(PageQuery):
    open: Annotated[bool, Meta(description="True: something is still withheld; false: nothing is.")] | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET
    sku: SkuId | UnsetType = UNSET
    cause: Cause | UnsetType = UNSET


class Withholding(Answer):
    """Units of a lot that were set aside at one time. quantity is the sum of the five parts below it."""

    withholding_id: Annotated[str, Meta(examples=["WD-1-1001"])]
    sku_id: Sku
    warehouse_location: Warehouse
    batch_number: BatchNumber
    expiration_date: ExpirationDate | None
    status: Annotated[BatchStatus, Meta(description="Of the lot.")]
    cause: Cause
    document: Annotated[
        str | None, Meta(description="What they came with, or the reference of who set them aside.", examples=["QC-7"])
    ]
    note: Note | None
    quantity: Annotated[Units, Meta(description="Units that were set aside.", examples=[5])]
    restocked: Annotated[Units, Meta(description="Of these: put back on the shelf.", examples=[2])]
    scrapped: Annotated[Units, Meta(description="Of these: scrapped.", examples=[1])]
    sent_back: Annotated[Units, Meta(description="Of these: sent back to the supplier.", examples=[0])]
    transferred: Annotated[Units, Meta(description="Of these: sent to another warehouse, still withheld.", examples=[0])]
    open_quantity: Annotated[Units, Meta(description="Of these: still withheld.", examples=[2])]
    version: Version
    created_at: Moment
    updated_at: Moment


class WithholdingMovement(Answer):
    """One movement of the ledger that opened or reduced a withholding."""

    movement_id: Annotated[int, Meta(examples=[1043])]
    occurred_at: Moment
    kind: Annotated[
        str,
        Meta(
            description="What opened it (withhold, receipt, return, transfer_in), or restock, scrap, send_back or transfer_out.",
            examples=["restock"],
        ),
    ]
    quantity: Annotated[
        Units, Meta(description="Units that it set aside, or of which it says what became of them.", examples=[2])
    ]
    reason_code: Reason | None
    note: Note | None
    document: Annotated[str | None, Meta(description="The reference of that movement.", examples=["QC-7"])]
    actor: Actor


class WithholdingDetail(Withholding, kw_only=True):
    """A withholding with its movements, the earliest first."""

    movements: list[WithholdingMovement]


class WithholdingPage(Page):
    """A page of withholdings, the latest first."""

    data: list[Withholding]


WITHHOLDING_ID = PathVariable("withholding_id", "The withholding.", "WD-1-1001")

NOUN = Noun(
    "withholdings",
    "Units that are set aside: damaged, returned or to be inspected. They are on hand; nothing sells them until it is said what "
    "becomes of them.",
    (
        Route(
            method="GET",
            path="/v1/withholdings",
            endpoint=read_page,
            summary="List units that were set aside, the latest first",
            function="list_withholdings",
            answer=WithholdingPage,
            query=WithholdingQuery,
        ),
        Route(
            method="GET",
            path="/v1/withholdings/{withholding_id}",
            endpoint=read_document,
            summary="Read a withholding with its movements",
            function="get_withholding",
            answer=WithholdingDetail,
        ),
        Route(
            method="POST",
            path="/v1/withholdings/{withholding_id}/dispose",
            endpoint=change,
            summary="Put withheld units back, scrap them or send them back",
            function="dispose_withholdings",
            answer=Withholding,
            query=WriteQuery,
            body=Disposition,
            key="optional",
        ),
    ),
    (WITHHOLDING_ID,),
)
