"""Suppliers, purchases and deliveries: what is ordered is incoming until it is said of each unit what became of it."""

from __future__ import annotations

import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType

from pyapp.api.catalog import CatalogQuery, Part
from pyapp.http.endpoints import change, read_document, read_page, write
from pyapp.http.fields import (
    Answer,
    BatchNumberDraft,
    Body,
    Json,
    LineQuantity,
    Name,
    NoteDraft,
    Page,
    PageQuery,
    ReasonDraft,
    Reference,
    SkuId,
    WarehouseId,
    WriteQuery,
    _code,
)
from pyapp.http.route import Noun, PathVariable, Route
from pyapp.values import BatchNumber, ExpirationDate, Moment, Note, Sku, Units, Version, Warehouse

ITEMS_MAX = 1000

SupplierId = Annotated[str, _code("The supplier.", "ACME")]
SupplierCode = Annotated[str, Meta(examples=["ACME"])]
PurchaseId = Annotated[str, Meta(examples=["PUR-1-1001"])]
PurchaseStatus = Annotated[
    Literal["draft", "ordered", "partially_received", "received", "canceled"],
    Meta(description="received: nothing is open. canceled: closed before anything came."),
]
DueOn = Annotated[datetime.date, Meta(description="The day on which it should come.", examples=["2034-06-01"])]
Condition = Annotated[
    Literal["good", "damaged", "refused"],
    Meta(description="damaged: on hand, and withheld. refused: never on hand."),
]
LeadDays = Annotated[int, Meta(ge=0, le=1000, description="The usual days from the order to the delivery.", examples=[14])]
OverPercent = Annotated[
    int, Meta(ge=0, le=1000, description="So many percent more than ordered are accepted, rounded down to units.", examples=[5])
]
SupplierReference = Annotated[str, Meta(description="The supplier's number of the purchase.", examples=["SO-4711"])]


class SupplierChange(Body):
    """The members of a supplier to change."""

    sample: ClassVar[Json | None] = {"over_percent": 5}

    supplier_id: SupplierId | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    lead_days: LeadDays | UnsetType | None = UNSET
    over_percent: OverPercent | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class SupplierReplacement(SupplierChange, kw_only=True):
    """A whole supplier."""

    sample: ClassVar[Json | None] = {"name": "Acme Peppers"}

    name: Name


class SupplierDraft(SupplierReplacement, kw_only=True):
    """Who delivers."""

    sample: ClassVar[Json | None] = {"supplier_id": "ACME", "name": "Acme Peppers", "lead_days": 14}

    supplier_id: SupplierId


class Supplier(Answer):
    """Who delivers."""

    supplier_id: SupplierCode
    name: Annotated[str, Meta(examples=["Acme Peppers"])]
    lead_days: LeadDays | None
    over_percent: OverPercent
    active: Annotated[bool, Meta(description="False: retired, gets no new purchases.", examples=[True])]
    version: Version
    created_at: Moment
    updated_at: Moment


class SupplierPage(Page):
    """A page of suppliers."""

    data: list[Supplier]


class PurchaseItemDraft(Body):
    """Units of a SKU to buy."""

    sku_id: SkuId
    quantity: LineQuantity
    expected_on: Annotated[DueOn, Meta(description="Default: that of the purchase.")] | UnsetType | None = UNSET


class PurchaseItemChange(Body):
    """A line to change or to add."""

    sku_id: SkuId
    quantity: (
        Annotated[int, Meta(ge=0, le=1_000_000_000, description="Of the whole line, with what came.", examples=[100])] | UnsetType
    ) = UNSET
    expected_on: Annotated[DueOn, Meta(description="null: that of the purchase.")] | UnsetType | None = UNSET


class PurchaseDraft(Body):
    """Units to buy from a supplier for a warehouse. Nothing is incoming until the purchase is ordered."""

    sample: ClassVar[Json] = {
        "supplier_id": "ACME",
        "warehouse_location": "WH-01",
        "expected_on": "2034-06-01",
        "items": [{"sku_id": "HOTSAUCE-001", "quantity": 100}],
    }

    supplier_id: SupplierId
    warehouse_location: WarehouseId
    items: Annotated[list[PurchaseItemDraft], Meta(min_length=1, max_length=ITEMS_MAX)]
    expected_on: DueOn | UnsetType = UNSET
    supplier_reference: Reference | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class PurchaseChange(Body):
    """The members of a purchase to change. items change or add the lines of the SKUs that they name; other lines stay."""

    sample: ClassVar[Json] = {"expected_on": "2034-06-08"}

    items: Annotated[list[PurchaseItemChange], Meta(max_length=ITEMS_MAX)] | UnsetType = UNSET
    expected_on: DueOn | UnsetType | None = UNSET
    supplier_reference: Reference | UnsetType | None = UNSET
    note: NoteDraft | UnsetType | None = UNSET


class DeliveryItem(Body):
    """Units that came in one condition, of one lot."""

    sku_id: SkuId
    quantity: LineQuantity
    condition: Annotated[Condition, Meta(description="Default: good.")] | UnsetType = UNSET
    batch_number: Annotated[BatchNumberDraft, Meta(description="Required, but for refused units.")] | UnsetType = UNSET
    expiration_date: datetime.date | UnsetType = UNSET
    manufactured_on: datetime.date | UnsetType = UNSET
    reason_code: Annotated[ReasonDraft, Meta(description="Why they are refused (required), or damaged.")] | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class DeliveryDraft(Body):
    """A delivery. It is received whole, or refused whole."""

    sample: ClassVar[Json] = {
        "delivery_note": "DN-77",
        "items": [
            {"sku_id": "HOTSAUCE-001", "quantity": 1, "batch_number": "BATCH-202404"},
            {"sku_id": "HOTSAUCE-001", "quantity": 1, "condition": "refused", "reason_code": "damaged"},
        ],
    }

    items: Annotated[list[DeliveryItem], Meta(min_length=1, max_length=ITEMS_MAX)]
    delivery_note: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=100,
                description="The supplier's number of the delivery: it counts once.",
                examples=["DN-77"],
            ),
        ]
        | UnsetType
    ) = UNSET
    received_on: Annotated[datetime.date, Meta(description="The day on which it came. Default: today.")] | UnsetType = UNSET
    occurred_at: Annotated[datetime.datetime, Meta(tz=True, description="Or the moment.")] | UnsetType = UNSET
    accept_over: Annotated[bool, Meta(description="An admin accepts more than over_percent.")] | UnsetType = UNSET
    note: NoteDraft | UnsetType = UNSET


class PurchaseClosing(Body):
    """Why nothing more comes."""

    sample: ClassVar[Json] = {"reason": "The supplier is out of peppers."}

    reason: Annotated[str, Meta(min_length=1, max_length=1000, examples=["The supplier is out of peppers."])]


class PurchaseQuery(PageQuery):
    status: PurchaseStatus | UnsetType = UNSET
    supplier: SupplierId | UnsetType = UNSET
    warehouse: WarehouseId | UnsetType = UNSET
    sku: SkuId | UnsetType = UNSET
    overdue: Annotated[bool, Meta(description="True: units are open after the day on which they were expected.")] | UnsetType = (
        UNSET
    )


class PurchaseLine(Answer):
    """The units of a SKU. quantity + over = received + damaged + refused + canceled + open_quantity."""

    sku_id: Sku
    expected_on: Annotated[DueOn | None, Meta(description="Null: that of the purchase.")]
    quantity: Annotated[Units, Meta(description="Units that were ordered.", examples=[100])]
    over: Annotated[Units, Meta(description="Units that came in addition.", examples=[0])]
    received: Annotated[Units, Meta(description="Came in good condition.", examples=[60])]
    damaged: Annotated[Units, Meta(description="Came damaged: on hand, withheld.", examples=[5])]
    refused: Annotated[Units, Meta(description="Came, and were sent away.", examples=[0])]
    canceled: Annotated[Units, Meta(description="Will not come: the purchase was closed.", examples=[0])]
    open_quantity: Annotated[Units, Meta(description="Expected: incoming, once it was ordered.", examples=[35])]


class Purchase(Answer):
    """Units ordered from a supplier for a warehouse: its head, and the sums of its lines."""

    purchase_id: PurchaseId
    supplier_id: SupplierCode
    warehouse_location: Warehouse
    status: PurchaseStatus
    expected_on: DueOn | None
    overdue: Annotated[bool, Meta(description="Units are open after the day on which they were expected.", examples=[False])]
    supplier_reference: SupplierReference | None
    note: Note | None
    quantity: Annotated[Units, Meta(examples=[100])]
    over: Annotated[Units, Meta(examples=[0])]
    received: Annotated[Units, Meta(examples=[60])]
    damaged: Annotated[Units, Meta(examples=[5])]
    refused: Annotated[Units, Meta(examples=[0])]
    canceled: Annotated[Units, Meta(examples=[0])]
    open_quantity: Annotated[Units, Meta(examples=[35])]
    ordered_at: Moment | None
    closed_at: Annotated[Moment | None, Meta(description="When an admin said that nothing more comes.")]
    version: Version
    created_at: Moment
    updated_at: Moment


class ReceivedLine(Answer):
    """Units of a delivery."""

    sku_id: Sku
    batch_number: BatchNumber | None
    expiration_date: ExpirationDate | None
    quantity: Annotated[Units, Meta(examples=[60])]
    condition: Condition
    reason_code: Annotated[str | None, Meta(examples=["damaged"])]


class PurchaseReceipt(Answer):
    """A delivery of a purchase."""

    receipt_id: Annotated[str, Meta(description="The document of its movements.", examples=["RCP-1-1001"])]
    delivery_note: Annotated[str | None, Meta(examples=["DN-77"])]
    received_at: Moment
    note: Note | None
    items: list[ReceivedLine]


class PurchaseDetail(Purchase, kw_only=True):
    """A purchase with its lines and deliveries."""

    items: list[PurchaseLine]
    receipts: list[PurchaseReceipt]


class PurchasePage(Page):
    """A page of purchases, the latest first."""

    data: list[Purchase]


PURCHASE_ID = PathVariable("purchase_id", "The purchase.", "PUR-1-1001")
SUPPLIERS = Part(
    "suppliers",
    "Who delivers what is bought.",
    PathVariable("supplier_id", "The supplier.", "ACME"),
    *("supplier", "suppliers", "a supplier", "suppliers"),
    answer=Supplier,
    page=SupplierPage,
    query=CatalogQuery,
    draft=SupplierDraft,
    replacement=SupplierReplacement,
    change=SupplierChange,
).noun()
NOUN = Noun(
    "purchases",
    "What is bought from suppliers. Ordered units are incoming until it is said of each what became of it, and orders that wait "
    "are promised the day on which purchases cover them.",
    (
        Route(
            method="POST",
            path="/v1/purchases",
            endpoint=write,
            summary="Draft a purchase",
            location="/v1/purchases/{purchase_id}",
            function="save_purchases",
            answer=PurchaseDetail,
            query=WriteQuery,
            body=PurchaseDraft,
            many=True,
            key="required",
            status=201,
            versioned=True,
            never=("ST009", "SU001", "SU002", "SU004"),
        ),
        Route(
            method="GET",
            path="/v1/purchases",
            endpoint=read_page,
            summary="List purchases, the latest first",
            function="list_purchases",
            answer=PurchasePage,
            query=PurchaseQuery,
        ),
        Route(
            method="GET",
            path="/v1/purchases/{purchase_id}",
            endpoint=read_document,
            summary="Read a purchase with its lines and deliveries",
            function="get_purchase",
            answer=PurchaseDetail,
        ),
        Route(
            method="PATCH",
            path="/v1/purchases/{purchase_id}",
            endpoint=change,
            summary="Change what is open of a purchase",
            description="A merge patch; items change or add lines. A line is never lowered below what came.",
            function="save_purchases",
            answer=PurchaseDetail,
            query=WriteQuery,
            body=PurchaseChange,
            key="optional",
            versioned=True,
            never=("ST003", "SU007"),
            operation="change_purchases",
        ),
        Route(
            method="POST",
            path="/v1/purchases/{purchase_id}/order",
            endpoint=change,
            summary="Order a purchase: its units are incoming",
            function="order_purchases",
            answer=PurchaseDetail,
            query=WriteQuery,
            key="optional",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/purchases/{purchase_id}/receipts",
            endpoint=change,
            summary="Receive a delivery, in parts and in any condition",
            description="Orders that wait get good units in the same moment. Units of a lot that has expired or was recalled are "
            "on hand and unavailable.",
            function="receive_purchases",
            answer=PurchaseDetail,
            query=WriteQuery,
            body=DeliveryDraft,
            key="or_if_match",
            versioned=True,
        ),
        Route(
            method="POST",
            path="/v1/purchases/{purchase_id}/close",
            endpoint=change,
            summary="Say that nothing more comes of a purchase",
            function="close_purchases",
            answer=PurchaseDetail,
            query=WriteQuery,
            body=PurchaseClosing,
            key="optional",
            versioned=True,
        ),
    ),
    (PURCHASE_ID,),
)
