"""Transfers: units that go from one warehouse to another, and are in transit until they arrive."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import change, read_document, read_page, write
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
from pyapp.values import BatchNumber, BatchStatus, ExpirationDate, Moment, Note, Sku, Units, Version, Warehouse

ITEMS_MAX = 500
OUTCOMES_MAX = 1000

TransferId = Annotated[str, Meta(examples=["TRF-1-1001"])]
TransferStatus = Annotated[
    Literal["draft", "ready", "in_transit", "partially_received", "received", "canceled"],
    Meta(description="draft and ready: nothing left yet. canceled: nothing left, or nothing arrived."),
]
ExpectedOn = Annotated[datetime.date, Meta(description="The day on which it should arrive.", examples=["2034-06-03"])]
ReferenceText = Annotated[str, Meta(description="Your own document number.", examples=["VAN-12"])]
WithheldDraft = Annotated[
    bool,
    Meta(description="Units that cannot be sold: withheld ones, which arrive withheld, or those of a lot that cannot be sold."),
]
LotKind = Annotated[bool, Meta(description="Which units, if withheld and other units of the lot are in transit.")]
Some = Annotated[int, Meta(ge=0, le=1_000_000)]


class TransferItemDraft(Body):
    """Units of a SKU to send."""

    sku_id: SkuId
    quantity: LineQuantity
    batch_number: (
        Annotated[BatchNumberDraft, Meta(description="The lot. Default: those that expire first.")] | UnsetType | None
    ) = UNSET
    withheld: WithheldDraft | UnsetType = UNSET


class TransferDraft(Body):
    """Units to send from one warehouse to another. Nothing moves until the transfer is shipped."""

    sample: ClassVar[Json] = {
        "from_warehouse_location": "WH-01",
        "to_warehouse_location": "WH-02",
        "items": [{"sku_id": "HOTSAUCE-001", "quantity": 4}],
        "reference": "VAN-12",
    }

    from_warehouse_location: Annotated[WarehouseId, Meta(description="The source.")]
    to_warehouse_location: Annotated[WarehouseId, Meta(description="The destination.")]
    items: Annotated[list[TransferItemDraft], Meta(min_length=1, max_length=ITEMS_MAX)]
    reference: Reference | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET
    expected_on: ExpectedOn | UnsetType = UNSET


class TransferChange(Body):
    """The members of a transfer to change. items are replaced as a whole."""

    sample: ClassVar[Json] = {"status": "ready", "expected_on": "2034-06-03"}

    status: Annotated[Literal["draft", "ready"], Meta(description="ready: packed, and waiting to leave.")] | UnsetType = UNSET
    items: Annotated[list[TransferItemDraft], Meta(min_length=1, max_length=ITEMS_MAX)] | UnsetType = UNSET
    reference: Reference | UnsetType | None = UNSET
    note: NoteDraft | UnsetType | None = UNSET
    expected_on: ExpectedOn | UnsetType | None = UNSET


class TransferShipment(Body):
    """What leaves. Default: everything that was drafted."""

    sample: ClassVar[Json] = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 4, "batch_number": "BATCH-202404"}]}

    items: (
        Annotated[
            list[TransferItemDraft],
            Meta(min_length=1, max_length=ITEMS_MAX, description="Of a SKU at most as many units as were drafted."),
        ]
        | UnsetType
    ) = UNSET
    note: NoteDraft | UnsetType = UNSET


class Arrival(Body):
    """Units of a lot that arrived."""

    sku_id: SkuId
    batch_number: BatchNumberDraft
    received: Annotated[Some, Meta(description="Units in good condition.", examples=[11])] | UnsetType = UNSET
    damaged: Annotated[Some, Meta(description="Damaged units: on hand, and withheld.", examples=[1])] | UnsetType = UNSET
    withheld: LotKind | UnsetType = UNSET


class TransferReceipt(Body):
    """What arrived. Default: everything that is in transit, in good condition."""

    sample: ClassVar[Json] = {"items": [{"sku_id": "HOTSAUCE-001", "batch_number": "BATCH-202404", "received": 2, "damaged": 1}]}

    items: Annotated[list[Arrival], Meta(min_length=1, max_length=OUTCOMES_MAX)] | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class Answered(Body):
    """What became of units in transit that do not arrive."""

    sku_id: SkuId
    batch_number: BatchNumberDraft
    taken_back: Annotated[Some, Meta(description="Units that are back at the source.", examples=[1])] | UnsetType = UNSET
    lost: Annotated[Some, Meta(description="Units that are nowhere.", examples=[1])] | UnsetType = UNSET
    withheld: LotKind | UnsetType = UNSET


class TransferClosing(Body):
    """The answer for each unit that is still in transit: it is back, or lost. A draft needs none."""

    sample: ClassVar[Json] = {"rest": "taken_back", "note": "the van broke down"}

    items: Annotated[list[Answered], Meta(max_length=OUTCOMES_MAX)] | UnsetType = UNSET
    rest: Annotated[Literal["taken_back", "lost"], Meta(description="Of all units that items leaves.")] | UnsetType = UNSET
    reason_code: (
        Annotated[ReasonDraft, Meta(description="Why units are lost; required then.", examples=["shrinkage"])] | UnsetType
    ) = UNSET
    note: NoteDraft | UnsetType = UNSET


class TransferQuery(PageQuery):
    status: TransferStatus | UnsetType = UNSET
    open: Annotated[bool, Meta(description="True: neither received nor canceled; false: one of them.")] | UnsetType = UNSET
    warehouse: Annotated[WarehouseId, Meta(description="The source or the destination.")] | UnsetType = UNSET
    sku: SkuId | UnsetType = UNSET


class Transfer(Answer):
    """Units that go from one warehouse to another. shipped = received + damaged + lost + taken_back + in_transit."""

    transfer_id: TransferId
    from_warehouse_location: Warehouse
    to_warehouse_location: Warehouse
    status: TransferStatus
    reference: ReferenceText | None
    note: Note | None
    expected_on: ExpectedOn | None
    quantity: Annotated[Units, Meta(description="Units to be sent.", examples=[12])]
    shipped: Annotated[Units, Meta(description="Units that left.", examples=[12])]
    received: Annotated[Units, Meta(description="Of these: arrived in good condition.", examples=[8])]
    damaged: Annotated[Units, Meta(description="Of these: arrived damaged.", examples=[1])]
    lost: Annotated[Units, Meta(description="Of these: lost.", examples=[0])]
    taken_back: Annotated[Units, Meta(description="Of these: back at the source.", examples=[0])]
    in_transit: Annotated[Units, Meta(description="Of these: on their way.", examples=[3])]
    shipped_at: Moment | None
    ended_at: Annotated[Moment | None, Meta(description="When the last unit had its answer, or the draft was canceled.")]
    version: Version
    created_at: Moment
    updated_at: Moment


class TransferItem(Answer):
    """Units of a SKU to be sent."""

    sku_id: Sku
    batch_number: Annotated[str | None, Meta(description="The lot; null: those that expire first.", examples=["BATCH-202404"])]
    withheld: Annotated[bool, Meta(description="Units that cannot be sold.", examples=[False])]
    quantity: Annotated[Units, Meta(examples=[12])]


class TransferLot(Answer):
    """Units of a lot that left. shipped = received + damaged + lost + taken_back + in_transit."""

    sku_id: Sku
    batch_number: BatchNumber
    expiration_date: ExpirationDate | None
    status: Annotated[BatchStatus, Meta(description="Of the lot, at the destination.")]
    withheld: Annotated[bool, Meta(description="They were withheld at the source, and arrive withheld.", examples=[False])]
    shipped: Annotated[Units, Meta(examples=[12])]
    received: Annotated[Units, Meta(examples=[8])]
    damaged: Annotated[Units, Meta(examples=[1])]
    lost: Annotated[Units, Meta(examples=[0])]
    taken_back: Annotated[Units, Meta(examples=[0])]
    in_transit: Annotated[Units, Meta(examples=[3])]


class TransferDetail(Transfer, kw_only=True):
    """A transfer with what is to be sent and, once it was shipped, the lots that left."""

    items: list[TransferItem]
    lots: list[TransferLot]


class TransferPage(Page):
    """A page of transfers, the latest first."""

    data: list[Transfer]


TRANSFER_ID = PathVariable("transfer_id", "The transfer.", "TRF-1-1001", prefix="TRF", missing="TR001")

NOUN = Noun(
    "transfers",
    "Units that go from one warehouse to another. They leave the source when they are shipped, and count as incoming at the "
    "destination until it is said of each what became of it.",
    (
        Route(
            method="POST",
            path="/v1/transfers",
            endpoint=write,
            summary="Draft transfers between two warehouses; one or a list",
            description="Staff of one of the two warehouses may draft it. Nothing moves yet.",
            location="/v1/transfers/{transfer_id}",
            function="save_transfers",
            answer=TransferDetail,
            query=WriteQuery,
            body=TransferDraft,
            many=True,
            key="required",
            status=201,
            versioned=True,
            never=("ST009", "TR001", "TR002"),
        ),
        Route(
            method="GET",
            path="/v1/transfers",
            endpoint=read_page,
            summary="List transfers, the latest first",
            function="list_transfers",
            answer=TransferPage,
            query=TransferQuery,
        ),
        Route(
            method="GET",
            path="/v1/transfers/{transfer_id}",
            endpoint=read_document,
            summary="Read a transfer with its lots",
            function="get_transfer",
            answer=TransferDetail,
        ),
        Route(
            method="PATCH",
            path="/v1/transfers/{transfer_id}",
            endpoint=change,
            summary="Change a transfer",
            description="A merge patch: missing members stay unchanged, items are replaced whole. Once it was shipped, "
            "only expected_on, reference and note change.",
            function="save_transfers",
            answer=TransferDetail,
            query=WriteQuery,
            body=TransferChange,
            key="optional",
            versioned=True,
            never=("ST003",),
            operation="change_transfers",
        ),
        Route(
            method="POST",
            path="/v1/transfers/{transfer_id}/ship",
            endpoint=change,
            summary="Ship a transfer: its units leave the source",
            description="All or nothing, and only units that are available: promised ones stay. Lots are those that items name, "
            "or those that expire first.",
            function="ship_transfers",
            answer=TransferDetail,
            query=WriteQuery,
            body=TransferShipment,
            body_required=False,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/transfers/{transfer_id}/receipts",
            endpoint=change,
            summary="Receive units of a transfer, as often as it takes",
            description="Orders that wait get the units in the same moment. Units of a lot that has expired or was recalled "
            "on the way arrive unavailable, damaged ones withheld.",
            function="receive_transfers",
            answer=TransferDetail,
            query=WriteQuery,
            body=TransferReceipt,
            body_required=False,
            key="or_if_match",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/transfers/{transfer_id}/close",
            endpoint=change,
            summary="End a transfer: cancel a draft, or say what became of all units in transit",
            function="close_transfers",
            answer=TransferDetail,
            query=WriteQuery,
            body=TransferClosing,
            body_required=False,
            key="optional",
            versioned=True,
        ),
    ),
    (TRANSFER_ID,),
)
