"""Problem documents (RFC 9457), and the answer to a list: one result per element, in order (207)."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, cast

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from pyapp.http.fields import Answer


class LotCandidate(Struct, kw_only=True):
    """A lot that the request may mean."""

    batch_number: Annotated[str, Meta(examples=["BATCH-202404"])]
    status: Annotated[str, Meta(examples=["expired"])]
    stock: Annotated[int, Meta(description="Units of the lot.", examples=[43])]


class BundleComponent(Struct, kw_only=True):
    """A component of a bundle."""

    sku_id: Annotated[str, Meta(examples=["HOTSAUCE-001"])]
    quantity: Annotated[int, Meta(description="Units per bundle.", examples=[2])]


class Fault(Struct, kw_only=True):
    """One fault, its location, and facts that help to fix it. Which facts are present depends on the code."""

    pointer: Annotated[str, Meta(description="Location in the body, a JSON Pointer.", examples=["/items/0/quantity"])] | (
        UnsetType
    ) = UNSET
    parameter: Annotated[str, Meta(description="The query parameter.", examples=["limit"])] | UnsetType = UNSET
    detail: Annotated[str, Meta(examples=["5 of HOTSAUCE-001 wanted, 3 available."])]
    sku_id: Annotated[str, Meta(examples=["HOTSAUCE-001"])] | UnsetType = UNSET
    warehouse_location: Annotated[str, Meta(examples=["WH-01"])] | UnsetType = UNSET
    requested: Annotated[int, Meta(description="Units requested.", examples=[5])] | UnsetType = UNSET
    available: Annotated[int, Meta(description="Units available.", examples=[3])] | UnsetType = UNSET
    open: Annotated[int, Meta(description="Units of the order not yet shipped.", examples=[1])] | UnsetType = UNSET
    current: Annotated[Any, Meta(description="The current value.", examples=[342])] = UNSET
    price: Annotated[float, Meta(description="The price that was sent.", examples=[11.99])] | UnsetType = UNSET
    amount: Annotated[float, Meta(description="The amount that was sent.", examples=[10.0])] | UnsetType = UNSET
    fulfilled: Annotated[int, Meta(description="The units that were shipped.", examples=[2])] | UnsetType = UNSET
    current_price: Annotated[float, Meta(description="The current price.", examples=[12.99])] | UnsetType = UNSET
    price_min: Annotated[float, Meta(description="The lowest price allowed.", examples=[6.5])] | UnsetType = UNSET
    price_max: Annotated[float, Meta(description="The highest price allowed.", examples=[19.48])] | UnsetType = UNSET
    candidates: Annotated[list[LotCandidate], Meta(description="The lots to choose from.")] | UnsetType = UNSET
    passed_over: (
        Annotated[list[str], Meta(description="The lots that expire earlier and stay.", examples=[["BATCH-202404"]])] | UnsetType
    ) = UNSET
    batch_number: Annotated[str, Meta(description="The lot.", examples=["BATCH-202404"])] | UnsetType = UNSET
    expiration_date: Annotated[str, Meta(description="Its last day of sale.", examples=["2035-04-30"])] | UnsetType = UNSET
    rule: Annotated[str, Meta(description="The freshness rule.", examples=["channel web: 30 days"])] | UnsetType = UNSET
    fresh_until: (
        Annotated[str | None, Meta(description="Until when units must be for sale; null: for ever.", examples=["2035-05-12"])]
        | UnsetType
    ) = UNSET
    days_short: Annotated[int | None, Meta(description="Days that the lot lacks.", examples=[12])] | UnsetType = UNSET
    stale: Annotated[int, Meta(description="Further units, which expire too early.", examples=[4])] | UnsetType = UNSET
    promised: Annotated[int, Meta(description="Units promised until that day.", examples=[2])] | UnsetType = UNSET
    components: Annotated[list[BundleComponent], Meta(description="What the bundle is made of.")] | UnsetType = UNSET
    bundle_sku_id: Annotated[str, Meta(description="The bundle that sku_id belongs to.", examples=["GIFT-001"])] | UnsetType = (
        UNSET
    )
    missing: Annotated[int, Meta(description="Units that make its bundles whole.", examples=[1])] | UnsetType = UNSET
    takes: Annotated[str, Meta(description="The units that the reason takes.", examples=["expired"])] | UnsetType = UNSET
    allowed: Annotated[list[str], Meta(description="The allowed values.", examples=[["other"]])] | UnsetType = UNSET
    first: Annotated[str, Meta(description="The position before the first event kept.", examples=["e1:1000"])] | UnsetType = UNSET
    last: Annotated[str, Meta(description="The position of the last event.", examples=["e1:84211"])] | UnsetType = UNSET
    order_id: Annotated[str, Meta(description="The existing order.", examples=["ORD-1-1001"])] | UnsetType = UNSET
    reservation_id: Annotated[str, Meta(description="The reservation.", examples=["RSV-1-1001"])] | UnsetType = UNSET
    ships_on: Annotated[str, Meta(description="The day from which on the units leave.", examples=["2035-03-01"])] | UnsetType = (
        UNSET
    )
    next_available_on: (
        Annotated[
            str, Meta(description="The day on which units that are expected cover what is missing.", examples=["2034-06-01"])
        ]
        | UnsetType
    ) = UNSET
    accepted_max: Annotated[int, Meta(description="Units that are accepted of the line.", examples=[105])] | UnsetType = UNSET
    came: Annotated[int, Meta(description="Units of the line that came already.", examples=[30])] | UnsetType = UNSET
    receipt_id: Annotated[str, Meta(description="The delivery that was received.", examples=["RCP-1-1001"])] | UnsetType = UNSET
    status: Annotated[str, Meta(description="The current status.", examples=["expired"])] | UnsetType = UNSET
    total_price: Annotated[float, Meta(description="The computed total.", examples=[49.96])] | UnsetType = UNSET


class Problem(Answer, kw_only=True):
    """Why a request was refused. Decide by `code`: it is stable, the texts are not."""

    type: Annotated[
        str,
        Meta(
            description="A page that explains this kind of problem.",
            pattern="^/docs/errors/[a-z-]+$",
            examples=["/docs/errors/insufficient-stock"],
        ),
    ]
    title: Annotated[str, Meta(min_length=1, examples=["Not enough stock"])]
    status: Annotated[int, Meta(ge=400, le=599, examples=[409])]
    code: Annotated[str, Meta(pattern="^[A-Z]{2}[0-9]{3}$", examples=["ST001"])]
    detail: Annotated[
        str, Meta(min_length=1, examples=["Not enough stock. Order at most what is available, or try again later."])
    ]
    errors: list[Fault]
    request_id: (
        Annotated[
            str,
            Meta(
                min_length=1,
                description="Include it when you report the problem.",
                examples=["7f3f2c1e-8a35-4c58-9a53-0d1f6a2b9c11"],
            ),
        ]
        | UnsetType
    ) = UNSET
    trace_id: (
        Annotated[
            str,
            Meta(
                pattern="^[0-9a-f]{32}$",
                description="The trace ID of the request's traceparent (W3C Trace Context).",
                examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
            ),
        ]
        | UnsetType
    ) = UNSET


@cache
def results_of(answer: type[Answer]) -> type[Answer]:
    """Returns the struct of {"results": [...]} whose `data` are documents of this type."""
    name = answer.__name__
    replayed = Annotated[bool, Meta(description="True: an earlier request with the same key got this answer.")]
    outcome = defstruct(
        f"{name}Outcome",
        [
            ("status", Annotated[int, Meta(description="The status that a separate request would get.", examples=[201])]),
            ("data", answer | UnsetType, UNSET),
            ("problem", Problem | UnsetType, UNSET),
            ("replayed", replayed | UnsetType, UNSET),
        ],
        bases=(Answer,),
        namespace={"__doc__": "The result of one element: data if it was done, problem if it was refused."},
    )
    made = defstruct(
        f"{name}Results",
        [("results", list[outcome])],  # type: ignore[valid-type]
        bases=(Answer,),
        namespace={"__doc__": "One result per element, in the order sent."},
    )
    return cast(type[Answer], made)
