"""Takes the types of members apart: `Annotated[str, Meta(...)] | UnsetType | None` has three alternatives."""

from __future__ import annotations

import types
from typing import Any, Union, get_args, get_origin

from msgspec import Meta, UnsetType


def alternatives(type_: Any) -> tuple[Any, ...]:
    return get_args(type_) if get_origin(type_) in (Union, types.UnionType) else (type_,)


def plain_types(type_: Any) -> list[Any]:
    """Returns the alternatives without their annotations."""
    return [get_args(one)[0] if hasattr(one, "__metadata__") else one for one in alternatives(type_)]


def metas(type_: Any) -> list[Meta]:
    """Returns msgspec's annotations of all alternatives."""
    return [meta for one in alternatives(type_) for meta in getattr(one, "__metadata__", ()) if isinstance(meta, Meta)]


def sent(type_: Any) -> Any:
    """Returns the type of a member that is there."""
    return Union[tuple(one for one in alternatives(type_) if one is not UnsetType)]  # noqa: UP007 (known only now)
