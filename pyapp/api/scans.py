"""Scans: what a code means, and the labels that carry it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, cast

import msgspec
import zxingcpp
from msgspec import UNSET, Meta, UnsetType
from starlette.responses import Response

from pyapp.http.context import enter, path_values
from pyapp.http.endpoints import read, write
from pyapp.http.fields import Answer, Body, Json, PackagingName, Query, WarehouseId, WriteQuery
from pyapp.http.headers import Request
from pyapp.http.responses import document_response
from pyapp.http.route import Noun, Route
from pyapp.values import BatchNumber, BatchStatus, ExpirationDate, Gtin, ManufacturedOn, PackedUnits, Sku, Units, Warehouse

SVG_SCALE = 3  # pixels per module


class Scan(Body):
    """What a scanner read, and where. It changes nothing."""

    sample: ClassVar[Json] = {"data": "]d2011036000029145510BATCH-202404\x1d17350430", "warehouse_location": "WH-01"}

    data: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            description="An element string of GS1 with its symbology identifier (]C1, ]d2, ]Q3, ]e0) or without, its form with "
            "brackets, a GS1 Digital Link, a GTIN, the number of a lot, or a SKU.",
            examples=["(01)10360000291455(10)BATCH-202404(17)350430"],
        ),
    ]
    separator: (
        Annotated[
            str, Meta(min_length=1, max_length=5, description="What the scanner sends for FNC1, if not U+001D.", examples=["~"])
        ]
        | UnsetType
    ) = UNSET
    warehouse_location: WarehouseId | UnsetType = UNSET


class ScanPlace(Answer):
    """The units of the lot in the warehouse."""

    warehouse_location: Warehouse
    stock: Annotated[Units, Meta(description="Units of this lot here.", examples=[350])]
    withheld: Annotated[Units, Meta(description="Units of these that are set aside.", examples=[0])]


class Reading(Answer, kw_only=True):
    """What a code means."""

    gtin: Gtin | None
    sscc: Annotated[str | None, Meta(description="The number of a logistic unit (00).", examples=[None])]
    sku_id: Sku | None
    packaging: PackagingName | None
    units: Annotated[int | None, Meta(description="Units of the SKU in what was scanned.", examples=[12])]
    batch_number: BatchNumber | None
    serial_number: Annotated[str | None, Meta(examples=[None])]
    expiration_date: ExpirationDate | None
    manufactured_on: ManufacturedOn | None
    known: Annotated[bool, Meta(description="The SKU exists, and the lot too, if the code names one.", examples=[True])]
    status: BatchStatus | None
    sellable: Annotated[
        bool, Meta(description="Units of the lot can be sold (in the warehouse, if one was sent).", examples=[True])
    ]
    location: Annotated[ScanPlace | None, Meta(description="In the warehouse that was sent.")]
    faults: Annotated[list[str], Meta(description="What the label says otherwise than the stock does.", examples=[[]])]
    can: Annotated[
        list[Literal["receive", "count", "adjust", "withhold", "ship"]],
        Meta(
            description="What can be done with the lot in the warehouse, as it is now.", examples=[["receive", "count", "ship"]]
        ),
    ]


class ScanResult(Reading, kw_only=True):
    """What a code means. Of an ambiguous one, what its readings have in common."""

    data: Annotated[str, Meta(description="What was read.", examples=["(01)10360000291455(10)BATCH-202404"])]
    ambiguous: Annotated[
        list[Reading],
        Meta(
            description="Every reading, if there are several: a field has no end, or several SKUs have such a lot.", examples=[[]]
        ),
    ]


class LabelQuery(Query):
    packaging: (
        Annotated[PackagingName, Meta(description="The packaging; without it, the smallest one with a GTIN.")] | UnsetType
    ) = UNSET
    format: Annotated[Literal["zpl", "svg"], Meta(description="For a label printer (ZPL), or for a page (SVG).")] = "svg"

    def filters(self) -> bytes:
        return msgspec.json.encode({} if self.packaging is UNSET else {"packaging": self.packaging})


class Label(Answer, kw_only=True):
    """A label of a lot: GTIN, lot, expiry date."""

    sku_id: Sku
    packaging: PackagingName
    units: PackedUnits
    gtin: Gtin
    batch_number: BatchNumber
    expiration_date: ExpirationDate | None
    element_string: Annotated[
        str, Meta(description="What the symbols say.", examples=["011036000029145510BATCH-202404\x1d17350430"])
    ]
    text: Annotated[str, Meta(description="The same for people.", examples=["(01)10360000291455(10)BATCH-202404(17)350430"])]
    zpl: Annotated[str, Meta(description="With format=zpl: the label for a printer.")] | UnsetType = UNSET
    datamatrix: Annotated[str, Meta(description="With format=svg: the GS1 DataMatrix.")] | UnsetType = UNSET
    gs1_128: Annotated[str, Meta(description="With format=svg: the GS1-128 bar code.")] | UnsetType = UNSET


def draw(label: Label) -> Label:
    """Adds the symbols of the label as SVG."""
    fields = [("01", label.gtin), ("10", label.batch_number)]
    if label.expiration_date is not None:
        fields.append(("17", f"{label.expiration_date:%y%m%d}"))
    content = "".join(f"[{ai}]{value}" for ai, value in fields)

    def svg(symbol: zxingcpp.BarcodeFormat) -> str:
        barcode = zxingcpp.create_barcode(content, symbol, gs1=True)
        return zxingcpp.write_barcode_to_svg(barcode, scale=SVG_SCALE, add_quiet_zones=True)

    label.datamatrix, label.gs1_128 = svg(zxingcpp.BarcodeFormat.DataMatrix), svg(zxingcpp.BarcodeFormat.Code128)
    return label


async def read_label(request: Request) -> Response:
    """Returns the label. Postgres says what stands on it; only the symbols are drawn here."""
    context = await enter(request)
    query = cast(LabelQuery, context.query)
    body, etag = await read(request, context, (*path_values(request).values(), query.filters()))
    label = msgspec.json.decode(body, type=Label)
    if query.format == "svg":
        label = draw(label)
        label.zpl = UNSET
    return document_response(request, msgspec.json.encode(label), (etag or b"") + b"-" + query.format.encode())


NOUN = Noun(
    "scans",
    "What scanned codes mean: SKU, packaging, lot, and what can be done with it.",
    (
        Route(
            method="POST",
            path="/v1/scans",
            endpoint=write,
            summary="Read a scan, or a list of them",
            description="Changes nothing. Several readings are listed in ambiguous; a scan is never guessed.",
            function="read_scans",
            answer=ScanResult,
            query=WriteQuery,
            body=Scan,
            many=True,
        ),
    ),
)
LABEL = Route(
    method="GET",
    path="/v1/inventory/{sku_id}/batches/{batch_number}/label",
    endpoint=read_label,
    summary="Print the label of a lot",
    description="GS1 DataMatrix and GS1-128 with GTIN, lot and expiry date. A scan of it says the same.",
    function="get_label",
    answer=Label,
    query=LabelQuery,
)
