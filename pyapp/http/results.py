"""Problem documents (RFC 9457), and the answer to a list of elements: a result for each, in order (207)."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, cast

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from pyapp.http.fields import Answer


class Fault(Struct, kw_only=True):
    """One thing that is wrong, where it stands, and the facts that help to mend it; which ones depends on the code."""

    pointer: Annotated[str, Meta(description="Where in the body: a JSON Pointer (RFC 6901).", examples=["/items/0/quantity"])] | (
        UnsetType
    ) = UNSET
    parameter: Annotated[str, Meta(description="Which parameter of the query.", examples=["limit"])] | UnsetType = UNSET
    detail: Annotated[str, Meta(examples=["5 of HOTSAUCE-001 wanted, 3 available."])]
    sku_id: Annotated[str, Meta(examples=["HOTSAUCE-001"])] | UnsetType = UNSET
    warehouse_location: Annotated[str, Meta(examples=["WH-01"])] | UnsetType = UNSET
    requested: Annotated[int, Meta(description="Units wanted.", examples=[5])] | UnsetType = UNSET
    available: Annotated[int, Meta(description="Units that can be had.", examples=[3])] | UnsetType = UNSET
    open: Annotated[int, Meta(description="Units of the order not yet shipped.", examples=[1])] | UnsetType = UNSET
    current: Annotated[Any, Meta(description="The value as it is now.", examples=[342])] = UNSET
    current_price: Annotated[float, Meta(description="The price as it is now.", examples=[12.99])] | UnsetType = UNSET
    allowed: Annotated[list[str], Meta(description="What could be sent instead.", examples=[["other"]])] | UnsetType = UNSET
    first: Annotated[str, Meta(description="A place before the first event kept.", examples=["e1:1000"])] | UnsetType = UNSET
    last: Annotated[str, Meta(description="The place of the last event.", examples=["e1:84211"])] | UnsetType = UNSET
    order_id: Annotated[str, Meta(description="The order that there is already.", examples=["ORD-1-1001"])] | UnsetType = UNSET
    reservation_id: Annotated[str, Meta(description="The reservation.", examples=["RSV-1-1001"])] | UnsetType = UNSET
    status: Annotated[str, Meta(description="What it is now.", examples=["expired"])] | UnsetType = UNSET
    total_price: Annotated[float, Meta(description="The computed total.", examples=[49.96])] | UnsetType = UNSET


class Problem(Answer, kw_only=True):
    """Why a request was refused. Decide by `code`: it is stable, texts are not."""

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
                description="Quote it when you report the problem.",
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
                description="Of the traceparent that the request came with (W3C Trace Context).",
                examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
            ),
        ]
        | UnsetType
    ) = UNSET


@cache
def results_of(answer: type[Answer]) -> type[Answer]:
    """The struct of {"results": [...]} whose `data` are documents of this type."""
    name = answer.__name__
    replayed = Annotated[bool, Meta(description="True: answered before, under the same key.")]
    outcome = defstruct(
        f"{name}Outcome",
        [
            ("status", Annotated[int, Meta(description="What a request of its own would have answered.", examples=[201])]),
            ("data", answer | UnsetType, UNSET),
            ("problem", Problem | UnsetType, UNSET),
            ("replayed", replayed | UnsetType, UNSET),
        ],
        bases=(Answer,),
        namespace={"__doc__": "What became of one element: data where it was done, problem where it was refused."},
    )
    made = defstruct(
        f"{name}Results",
        [("results", list[outcome])],  # type: ignore[valid-type]
        bases=(Answer,),
        namespace={"__doc__": "A result for each element, in the order in which they were sent."},
    )
    return cast(type[Answer], made)
