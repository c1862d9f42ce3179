"""The answer to a list of elements: a result for each, in order (207)."""

from __future__ import annotations

from functools import cache
from typing import Annotated, cast

from msgspec import UNSET, Meta, UnsetType, defstruct

from pyapp.answers.fields import Answer
from pyapp.answers.problems import Problem


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
