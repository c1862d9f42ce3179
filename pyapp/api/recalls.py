"""Recalls and drills: lots that no path gives out any more, who has them, and the trace of a lot."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import (
    Answer,
    BatchNumberDraft,
    Body,
    ChannelId,
    Json,
    LineQuantity,
    Name,
    NoteDraft,
    Page,
    PageQuery,
    ReasonDraft,
    SkuId,
    WriteQuery,
)
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.values import Actor, BatchNumber, Channel, Moment, Note, Reason, Sku, SkuName, Units, Version, Warehouse


class RecallLotDraft(Body):
    """Lots of a SKU to recall."""

    sku_id: SkuId
    batch_numbers: Annotated[list[BatchNumberDraft], Meta(min_length=1, max_length=1000)]


class RecallDraft(Body):
    """A recall: its lots, and who is responsible."""

    sample: ClassVar[Json] = {
        "lots": [{"sku_id": "HOTSAUCE-001", "batch_numbers": ["BATCH-202404"]}],
        "person": "Ada Quality",
        "note": "glass in a bottle",
    }

    lots: Annotated[list[RecallLotDraft], Meta(min_length=1, max_length=100)]
    person: Annotated[Name, Meta(description="Who is responsible for it.")]
    reason_code: Annotated[ReasonDraft, Meta(description="Default: recalled.")] | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET
    reallocate: (
        Annotated[
            bool,
            Meta(description="False: promises stay where they are, as a shortfall, until somebody moves them. Default: true."),
        ]
        | UnsetType
    ) = UNSET


class RecoveryItem(Body):
    """Units of a parcel that came back."""

    fulfillment_id: Annotated[str, Meta(max_length=64, examples=["FUL-1-1001"])]
    sku_id: SkuId
    batch_number: BatchNumberDraft
    quantity: LineQuantity


class RecallRecovery(Body):
    """Units of parcels that came back or were destroyed."""

    sample: ClassVar[Json] = {
        "items": [{"fulfillment_id": "FUL-1-1001", "sku_id": "HOTSAUCE-001", "batch_number": "BATCH-202404", "quantity": 1}]
    }

    items: Annotated[list[RecoveryItem], Meta(min_length=1, max_length=1000)]
    note: NoteDraft | UnsetType = UNSET


class RecallClosure(Body):
    """The end of a recall."""

    sample: ClassVar[Json] = {"note": "all customers answered"}

    note: NoteDraft | UnsetType = UNSET


class RecallQuery(PageQuery):
    status: Literal["open", "closed"] | UnsetType = UNSET
    sku: SkuId | UnsetType = UNSET


class RecallParcelQuery(PageQuery):
    sku: SkuId | UnsetType = UNSET
    channel: ChannelId | UnsetType = UNSET
    recovered: Annotated[bool, Meta(description="False: parcels of which something is still out.")] | UnsetType = UNSET


class RecallDrillQuery(PageQuery):
    actor: Annotated[str, Meta(max_length=200, description="Who drilled it.", examples=["ada"])] | UnsetType = UNSET


class TraceQuery(PageQuery):
    direction: (
        Annotated[Literal["up", "down"], Meta(description="up: where its units came from; down: where they went.")] | UnsetType
    ) = UNSET


class RecallLot(Answer):
    """A lot of a recall: received = on_hand + in_transit + shipped - returned + written_off + unexplained."""

    sku_id: Sku
    batch_number: BatchNumber
    received: Annotated[Units, Meta(description="Units that were ever received.", examples=[350])]
    on_hand: Annotated[Units, Meta(description="Of these: in the warehouses.", examples=[300])]
    in_transit: Annotated[Units, Meta(description="Of these: on their way between warehouses.", examples=[0])]
    shipped: Annotated[Units, Meta(description="Of these: left in parcels.", examples=[45])]
    returned: Annotated[Units, Meta(description="Of the shipped ones: came back before the recall.", examples=[0])]
    written_off: Annotated[Units, Meta(description="Of these: damaged, scrapped, given away or sent back.", examples=[5])]
    unexplained: Annotated[
        int, Meta(description="Units that nobody can show; negative: more were found than came.", examples=[0])
    ]


class RecallPlace(Answer):
    """Units of a lot in a warehouse, or on their way to it, when the recall opened: take them off the shelf."""

    warehouse_location: Warehouse
    sku_id: Sku
    batch_number: BatchNumber
    stock: Annotated[Units, Meta(examples=[300])]
    in_transit: Annotated[Units, Meta(description="Units that arrive there, and are unavailable.", examples=[0])]
    transfers: Annotated[list[str], Meta(description="With which transfers.", examples=[[]])]


class RecallOrder(Answer):
    """An order that lost promised units by the recall."""

    order_id: Annotated[str, Meta(examples=["ORD-1-1001"])]
    sku_id: Sku
    channel: Channel
    moved: Annotated[Units, Meta(description="Units that were moved to another warehouse.", examples=[2])]
    waiting: Annotated[Units, Meta(description="Units for which the order had to wait.", examples=[0])]


class UnresolvedLevel(Answer):
    """A level that promises units that nobody can ship."""

    warehouse_location: Warehouse
    sku_id: Sku
    shortfall: Annotated[Units, Meta(examples=[0])]


Digest = Annotated[
    str,
    Meta(
        description="SHA-256 of the frozen lists. A drill of the same state has the same one.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]
Seconds = Annotated[float, Meta(ge=0, description="From the request until the lists were frozen.", examples=[0.042])]
Percent = Annotated[
    float | None, Meta(description="Units that somebody can show, of those received. Null: none was received.", examples=[100.0])
]


class RecallFacts(Answer, kw_only=True):
    """What a recall found, as far as the caller may see it."""

    reason_code: Reason
    note: Note | None
    person: Annotated[str, Meta(examples=["Ada Quality"])]
    accounted_percent: Percent
    recovered_percent: Annotated[float | None, Meta(description="Of the shipped units. Null: none was shipped.", examples=[50.0])]
    lots: list[RecallLot]
    places: list[RecallPlace]
    orders: list[RecallOrder]
    parcels: Annotated[Units, Meta(description="Parcels that left with units of the lots.", examples=[12])]
    shipped: Annotated[Units, Meta(description="Their units.", examples=[45])]
    recovered: Annotated[Units, Meta(description="Of these: came back.", examples=[20])]
    unresolved: Annotated[list[UnresolvedLevel], Meta(description="Empty, unless promises were left where they are.")]


class Recall(RecallFacts, kw_only=True):
    """A recall. Its lists are those of the moment when it opened."""

    recall_id: Annotated[str, Meta(examples=["RCL-1-1001"])]
    status: Literal["open", "closed"]
    seconds: Seconds
    digest: Digest
    version: Version
    opened_at: Moment
    closed_at: Moment | None
    close_note: Note | None
    updated_at: Moment


class RecallDrill(RecallFacts, kw_only=True):
    """The evidence of a drill: what a recall would have found and done."""

    drill_id: Annotated[str, Meta(examples=["DRL-1-1001"])]
    drilled_at: Moment
    drilled_by: Actor
    seconds: Seconds
    digest: Digest


class RecallPage(Page):
    """A page of recalls, the latest first."""

    data: list[Recall]


class RecallDrillPage(Page):
    """A page of drills, the latest first."""

    data: list[RecallDrill]


class RecallCustomer(Answer):
    """Whom to tell, as the order names them now. Everything is null once the customer was erased."""

    name: Annotated[str | None, Meta(examples=["Jane Doe"])]
    email: Annotated[str | None, Meta(examples=["jane@example.com"])]
    phone: Annotated[str | None, Meta(examples=["+1 555 0100"])]
    address: Annotated[str | None, Meta(examples=["123 Hot St, Spicetown, USA"])]


class RecallParcel(Answer):
    """A parcel that left with units of a lot of the recall."""

    fulfillment_id: Annotated[str, Meta(examples=["FUL-1-1001"])]
    order_id: Annotated[str, Meta(examples=["ORD-1-1001"])]
    external_id: Annotated[str | None, Meta(examples=["WEB-1001"])]
    channel: Channel
    warehouse_location: Warehouse
    shipped_at: Moment
    tracking_number: Annotated[str | None, Meta(examples=["1Z999AA10123456784"])]
    sku_id: Sku
    batch_number: BatchNumber
    quantity: Annotated[Units, Meta(examples=[2])]
    recovered: Annotated[Units, Meta(description="Of these: noted as recovered, or returned.", examples=[1])]
    returned: Annotated[Units, Meta(description="Units of this lot that returns brought back from the parcel.", examples=[1])]
    unreadable: Annotated[
        Units,
        Meta(description="Units of the SKU that came back to the order in lot UNKNOWN: they may be of this lot.", examples=[0]),
    ]
    returns: Annotated[list[str], Meta(description="The returns that brought any of these back.", examples=[["RET-1-1001"]])]
    assumed: Annotated[bool, Meta(description="Nobody named the lot: it is the one that expired first.", examples=[False])]
    customer: RecallCustomer


class RecallParcelPage(Page):
    """A page of parcels."""

    data: list[RecallParcel]


class TraceEvent(Answer):
    """A tracking event of a lot: one line of the ledger that changed its units."""

    event: Annotated[str, Meta(description="The kind of movement: receipt, fulfill, return, ...", examples=["receipt"])]
    occurred_at: Moment
    recorded_at: Moment
    traceability_lot_code: BatchNumber
    sku_id: Sku
    product: SkuName
    expiration_date: datetime.date | None
    quantity: Annotated[Units, Meta(examples=[350])]
    unit_of_measure: Literal["each"]
    direction: Literal["in", "out"]
    warehouse_location: Warehouse
    reference: Annotated[str | None, Meta(description="The order or document behind it.", examples=["ORD-1-1001"])]
    counterpart: Annotated[
        str | None,
        Meta(description="Who was at the other end, if the order says it.", examples=["Jane Doe, 123 Hot St, Spicetown"]),
    ]
    reason_code: Reason | None
    note: Note | None
    actor: Actor


class Trace(Page):
    """A page of the trace of a lot, the earliest first."""

    data: list[TraceEvent]


DRILL_ID = PathVariable("drill_id", "The drill.", "DRL-1-1001")
RECALL_ID = PathVariable("recall_id", "The recall.", "RCL-1-1001")

NOUN = Noun(
    "recalls",
    "Recalls in one act: every unit held, every promise moved or queued, every parcel listed.",
    (
        Route(
            method="POST",
            path="/v1/recalls",
            endpoint=write,
            summary="Recall lots",
            description="One transaction: every unit of the lots in every warehouse is held, promises move to good units by age "
            "or wait, and the lists are frozen.",
            location="/v1/recalls/{recall_id}",
            function="recall_lots",
            answer=Recall,
            query=WriteQuery,
            body=RecallDraft,
            key="required",
            status=201,
        ),
        Route(
            method="GET",
            path="/v1/recalls",
            endpoint=read_page,
            summary="List recalls, the latest first",
            function="list_recalls",
            answer=RecallPage,
            query=RecallQuery,
        ),
        Route(
            method="GET",
            path="/v1/recalls/{recall_id}",
            endpoint=read_document,
            summary="Read a recall",
            function="get_recall",
            answer=Recall,
        ),
        Route(
            method="GET",
            path="/v1/recalls/{recall_id}/parcels",
            endpoint=read_page,
            summary="List the parcels of a recall with their customers",
            function="list_recall_parcels",
            answer=RecallParcelPage,
            query=RecallParcelQuery,
        ),
        Route(
            method="POST",
            path="/v1/recalls/{recall_id}/recovered",
            endpoint=change,
            summary="Note units that came back",
            function="recover_recalls",
            answer=Recall,
            query=WriteQuery,
            body=RecallRecovery,
            key="optional",
        ),
        Route(
            method="POST",
            path="/v1/recalls/{recall_id}/close",
            endpoint=change,
            summary="Close a recall",
            function="close_recalls",
            answer=Recall,
            query=WriteQuery,
            body=RecallClosure,
            key="optional",
        ),
    ),
    (RECALL_ID,),
)

DRILLS = Noun(
    "recall-drills",
    "The evidence of recall drills.",
    (
        Route(
            method="POST",
            path="/v1/recall-drills",
            endpoint=write,
            location="/v1/recall-drills/{drill_id}",
            summary="Drill a recall: do it, measure it, take it back",
            function="drill_recalls",
            answer=RecallDrill,
            query=WriteQuery,
            body=RecallDraft,
            key="required",
            status=201,
        ),
        Route(
            method="GET",
            path="/v1/recall-drills",
            endpoint=read_page,
            summary="List drills, the latest first",
            function="list_recall_drills",
            answer=RecallDrillPage,
            query=RecallDrillQuery,
        ),
        Route(
            method="GET",
            path="/v1/recall-drills/{drill_id}",
            endpoint=read_document,
            summary="Read the evidence of a drill",
            function="get_recall_drill",
            answer=RecallDrill,
        ),
    ),
    (DRILL_ID,),
)
