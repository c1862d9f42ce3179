"""Bodies in which null means left out, as POST and PUT read them: many languages write null for every member that is not set.

The documents that we answer are full of null, too, and can be sent back as they are. PATCH is different: null removes a value.
Only the lines of a list, which PATCH replaces as a whole, are read in the same way. A member whose own type takes null keeps its
meaning: a SKU without a list price.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, defstruct
from msgspec.structs import FieldInfo, fields

from pyapp.http.unions import alternatives, metas, plain_types

S = TypeVar("S", bound=Struct)

NULL = b"null"


def body_type(type_: type[S], method: str) -> type[S]:
    """Returns the struct as which this method reads a body."""
    return _read_as(type_, null_is_absent=method != "PATCH")


@cache
def _read_as(type_: type[S], *, null_is_absent: bool) -> type[S]:
    """Returns the struct, with optional members that may be null and are then unset; so are those of the structs within it."""
    members = [(member.name, _type_of(member, null_is_absent=null_is_absent), _default(member)) for member in fields(type_)]
    if [kind for _, kind, _ in members] == [member.type for member in fields(type_)]:
        return type_
    optional = [member.name for member in fields(type_) if null_is_absent and not (member.required or _takes_null(member.type))]

    def unset_nulls(self: Struct) -> None:
        for name in optional:
            value = getattr(self, name)
            if value is None or (isinstance(value, Raw) and bytes(value) == NULL):
                setattr(self, name, UNSET)
        if checks := getattr(type_, "__post_init__", None):
            checks(self)

    namespace = {"__post_init__": unset_nulls, "__doc__": type_.__doc__}
    return cast(type[S], defstruct(type_.__name__, members, bases=(type_,), namespace=namespace, kw_only=True))


def _type_of(member: FieldInfo, *, null_is_absent: bool) -> Any:
    kind = _within(member.type, null_is_absent=null_is_absent)
    if not null_is_absent or member.required or _takes_null(member.type):
        return kind
    if Raw in plain_types(kind):  # which takes null as it is
        return Union[tuple(map(_or_null, alternatives(kind)))]  # noqa: UP007 (known only now)
    return Union[kind, None]  # noqa: UP007


def _takes_null(type_: Any) -> bool:
    schemas = [meta.extra_json_schema or {} for meta in metas(type_)]
    return type(None) in alternatives(type_) or any("null" in schema.get("type", ()) for schema in schemas)


def _default(member: FieldInfo) -> Any:
    return msgspec.field(name=member.encode_name) if member.required else msgspec.field(default=UNSET, name=member.encode_name)


def _or_null(type_: Any) -> Any:
    """Returns Raw with a schema that allows null."""
    if not hasattr(type_, "__metadata__"):
        return type_
    raw, meta = get_args(type_)
    schema = dict(meta.extra_json_schema or {})
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    return Annotated[raw, Meta(description=meta.description, examples=meta.examples, extra_json_schema=schema)]


def _within(type_: Any, *, null_is_absent: bool) -> Any:
    """Returns a type with the structs in it replaced."""
    if isinstance(type_, type) and issubclass(type_, Struct):
        return _read_as(type_, null_is_absent=null_is_absent)
    if hasattr(type_, "__metadata__"):
        inner, *notes = get_args(type_)
        return Annotated[(_within(inner, null_is_absent=null_is_absent), *notes)]
    if get_origin(type_) is list:
        return list[_within(get_args(type_)[0], null_is_absent=True)]  # type: ignore[misc]
    if len(alternatives(type_)) > 1:
        return Union[tuple(_within(one, null_is_absent=null_is_absent) for one in alternatives(type_))]  # noqa: UP007
    return type_
