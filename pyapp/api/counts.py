"""Counts: what lies on the shelf, as people see it, and the differences that are posted."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import (
    LINES_MAX,
    Answer,
    BatchNumberDraft,
    Body,
    Count,
    Json,
    NoteDraft,
    Page,
    PageQuery,
    SkuId,
    Timestamp,
    WarehouseId,
    WriteQuery,
)
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.values import BatchNumber, Delta, ExpirationDate, Moment, Note, Sku, Units, Version, Warehouse

Scope = Annotated[
    Literal["skus", "all", "never_counted", "expiring", "requested"],
    Meta(
        description="skus: those of sku_ids; all: every lot with units; never_counted: lots of which no count was approved; "
        "expiring: lots that expire within_days; requested: what a till asked for."
    ),
]
Status = Annotated[
    Literal["planned", "counting", "review", "approved", "canceled"],
    Meta(description="review: every line is counted. approved: every line is posted."),
]


class CountPlan(Body):
    """What is to be counted in a warehouse."""

    sample: ClassVar[Json] = {"warehouse_location": "WH-01", "scope": "skus", "sku_ids": ["HOTSAUCE-001"]}

    warehouse_location: WarehouseId
    scope: Scope
    sku_ids: Annotated[list[SkuId], Meta(min_length=1, max_length=LINES_MAX, description="With scope skus.")] | UnsetType = UNSET
    within_days: Annotated[int, Meta(ge=1, le=3650, description="With scope expiring. Default: 60.")] | UnsetType = UNSET
    lines_max: (
        Annotated[int, Meta(ge=1, le=LINES_MAX, description="Lots at most. Default: all, or a refusal if they are too many.")]
        | UnsetType
    ) = UNSET
    blind: Annotated[bool, Meta(description="Counters do not see what is expected. Default: true.")] | UnsetType = UNSET
    tolerance_units: (
        Annotated[int, Meta(ge=0, le=1_000_000, description="A difference of so many units is small. Default: 0.")] | UnsetType
    ) = UNSET
    tolerance_percent: (
        Annotated[int, Meta(ge=0, le=100, description="A difference of so much of what is expected is small. Default: 0.")]
        | UnsetType
    ) = UNSET
    note: NoteDraft | UnsetType = UNSET


class CountEntryDraft(Body):
    """What somebody counted of a lot: all units that lie there, withheld ones included."""

    sku_id: SkuId
    batch_number: BatchNumberDraft
    counted: Count
    counted_at: (
        Annotated[Timestamp, Meta(description="When, if the device was offline: at most 7 days ago. Default: now.")] | UnsetType
    ) = UNSET
    confirm: Annotated[bool, Meta(description="So many units really lie there.")] | UnsetType = UNSET
    expiration_date: Annotated[ExpirationDate, Meta(description="Creates a lot that is not known.")] | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class CountEntries(Body):
    """What somebody counted. All entries are recorded, or none."""

    sample: ClassVar[Json] = {"entries": [{"sku_id": "HOTSAUCE-001", "batch_number": "BATCH-202404", "counted": 341}]}

    entries: Annotated[list[CountEntryDraft], Meta(min_length=1, max_length=LINES_MAX)]


class CountLineDraft(Body):
    """A line of a count."""

    sku_id: SkuId
    batch_number: BatchNumberDraft


class Recount(Body):
    """Lines that are to be counted again."""

    sample: ClassVar[Json] = {"lines": [{"sku_id": "HOTSAUCE-001", "batch_number": "BATCH-202404"}]}

    lines: Annotated[list[CountLineDraft], Meta(min_length=1, max_length=LINES_MAX)]
    note: NoteDraft | UnsetType = UNSET


class CountClosing(Body):
    """Why a count is approved or canceled."""

    sample: ClassVar[Json] = {"note": "counted twice"}

    note: NoteDraft | UnsetType = UNSET


class CountQuery(PageQuery):
    status: Status | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET


class CycleCount(Answer):
    """A count."""

    count_id: Annotated[str, Meta(examples=["CNT-1-1001"])]
    warehouse_location: Warehouse
    scope: Scope
    status: Status
    blind: bool
    tolerance_units: Annotated[Units, Meta(examples=[2])]
    tolerance_percent: Annotated[int, Meta(ge=0, le=100, examples=[1])]
    note: Note | None
    lines: Annotated[Units, Meta(description="Lots that are to be counted, and those that were found.", examples=[12])]
    lines_counted: Annotated[Units, Meta(description="Of these: counted.", examples=[11])]
    lines_to_recount: Annotated[Units, Meta(description="Of these: to be counted again.", examples=[1])]
    lines_approved: Annotated[Units, Meta(description="Of the counted ones: posted.", examples=[0])]
    version: Version
    created_at: Moment
    updated_at: Moment


class CountEntry(Answer, kw_only=True):
    """What somebody counted. No entry replaces another."""

    counter: Annotated[str, Meta(description="Who counted.", examples=["sam"])]
    counted: Annotated[Units, Meta(examples=[341])]
    expected: Annotated[Units, Meta(description="What the ledger said at that moment.", examples=[342])] | UnsetType = UNSET
    round: Annotated[int, Meta(ge=1, description="Entries of the same round are compared.", examples=[1])]
    counted_at: Moment
    recorded_at: Moment
    note: Note | None


class CountLine(Answer, kw_only=True):
    """A lot of a count. expected, counted and difference are missing where the count is blind for the caller."""

    sku_id: Sku
    batch_number: BatchNumber
    expiration_date: ExpirationDate | None
    status: Literal["open", "counted", "recount", "approved"]
    recounts: Annotated[Units, Meta(description="How many times it had to be counted again.", examples=[0])]
    posted: Annotated[Delta | None, Meta(description="What the approval added.", examples=[-1])]
    entries: list[CountEntry]
    expected: (
        Annotated[
            Units, Meta(description="What the ledger said when it was counted; of other lines, what it says now.", examples=[342])
        ]
        | UnsetType
    ) = UNSET
    counted: Annotated[Units, Meta(description="Of the entry that stands.", examples=[341])] | UnsetType = UNSET
    difference: Annotated[Delta, Meta(examples=[-1])] | UnsetType = UNSET


class CountDetail(CycleCount, kw_only=True):
    """A count with its lines."""

    details: list[CountLine]


class RefusedLine(Answer):
    """A line that could not be posted. It stays in review; count it again."""

    sku_id: Sku
    batch_number: BatchNumber
    code: Annotated[str, Meta(examples=["ST001"])]
    detail: Annotated[str, Meta(examples=["WH-01 has no units of HOTSAUCE-001 in lot BATCH-202404, not 1."])]


class ApprovedCount(CycleCount, kw_only=True):
    """A count whose differences were posted."""

    refused: list[RefusedLine]


class CountPage(Page):
    """A page of counts, the latest first."""

    data: list[CycleCount]


COUNT_ID = PathVariable("count_id", "The count.", "CNT-1-1001")


def _act(verb: str, function: str, summary: str, body: type[Body], answer: type[Answer] = CycleCount) -> Route:
    return Route(
        method="POST",
        path=f"/v1/counts/{{count_id}}/{verb}",
        endpoint=change,
        summary=summary,
        function=function,
        answer=answer,
        query=WriteQuery,
        body=body,
        body_required=body is not CountClosing,
        key="optional",
    )


NOUN = Noun(
    "counts",
    "Counts of a warehouse: plan, count, approve. Nothing stands still meanwhile: each entry is compared with the ledger at its "
    "moment.",
    (
        Route(
            method="GET",
            path="/v1/counts",
            endpoint=read_page,
            summary="List counts, the latest first",
            function="list_counts",
            answer=CountPage,
            query=CountQuery,
        ),
        Route(
            method="POST",
            path="/v1/counts",
            endpoint=write,
            summary="Plan a count",
            status=201,
            location="/v1/counts/{count_id}",
            function="plan_counts",
            answer=CycleCount,
            query=WriteQuery,
            body=CountPlan,
            key="required",
        ),
        Route(
            method="GET",
            path="/v1/counts/{count_id}",
            endpoint=read_document,
            summary="Read a count with its lines",
            function="get_count",
            answer=CountDetail,
        ),
        _act("entries", "enter_counts", "Record what was counted", CountEntries),
        _act("recount", "recount_counts", "Have lines counted again", Recount),
        _act("approve", "approve_counts", "Post the differences of a count", CountClosing, ApprovedCount),
        _act("cancel", "cancel_counts", "Cancel a count", CountClosing),
    ),
    (COUNT_ID,),
)
