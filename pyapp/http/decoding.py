"""Decodes bytes into structs, or raises a problem document that points to each fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from pyapp.http.faults import Fault, describe, find_faults, parameter_faults, unknown_parameter
from pyapp.http.fields import FieldError
from pyapp.http.nulls import body_type
from pyapp.http.text import ERRORS_MAX, check_text, invalid, plain_numbers, shown
from pyapp.problems import Problem

ELEMENTS_MAX = 1000
FAULT_BYTES_MAX = 64 * 1024  # of the elements of a body whose faults are all named; of further ones, only the first is

S = TypeVar("S", bound=Struct)
_ENCODER = msgspec.json.Encoder()


def parse(body: bytes, type_: type[S], *, many: bool, method: str = "POST") -> tuple[list[S], bool]:
    """Returns the elements of a body, and whether it was a list. The method decides what null means (nulls.py).

    Raises Problem: RQ400 for text that is not JSON, RQ413 for too many values, RQ422 for a wrong shape, with an RFC 6901
    pointer to each fault, up to ERRORS_MAX.
    """
    check_text(body)
    if b"null" in body:
        type_ = body_type(type_, method)
    if not body.lstrip().startswith(b"["):
        return _decode_all([Raw(body)], type_, [""]), False
    if not many:
        raise invalid([{"pointer": "", "detail": "Expected an object, not a list: send one at a time."}])
    parts = msgspec.json.decode(body, type=list[Raw])
    if not parts:
        raise invalid([{"pointer": "", "detail": "The list is empty: send 1 to 1000 elements."}])
    if len(parts) > ELEMENTS_MAX:
        raise invalid([{"pointer": "", "detail": f"{len(parts)} elements: send at most {ELEMENTS_MAX}, in several requests."}])
    return _decode_all(parts, type_, [f"/{number}" for number in range(len(parts))]), True


def split_members(body: bytes, names: Collection[str]) -> tuple[bytes, dict[str, Raw]]:
    """Returns the body without these members of its object, and these members. Raises Problem as parse does."""
    if not names or not any(name.encode() in body for name in names):
        return body, {}
    check_text(body)
    if not body.lstrip().startswith(b"{"):
        return body, {}
    members = msgspec.json.decode(body, type=dict[str, Raw])
    taken = {name: members.pop(name) for name in names if name in members}
    return _ENCODER.encode(members) if taken else body, taken


def _decode_all(parts: list[Raw], type_: type[S], pointers: list[str]) -> list[S]:
    elements: list[S] = []
    errors: list[Fault] = []
    left, decode = FAULT_BYTES_MAX, _decoder(type_).decode
    for pointer, part in zip(pointers, parts, strict=True):
        try:
            elements.append(decode(part))
            continue
        except msgspec.ValidationError as error:
            repaired = _repair(part, error)
        try:
            elements.append(decode(repaired))
        except msgspec.ValidationError as error:
            left -= len(bytes(part))
            found = find_faults(repaired, type_, pointer) if left >= 0 else []
            errors += found or [describe(error, pointer)]
            if len(errors) >= ERRORS_MAX:
                break
    if errors:
        raise invalid(errors[:ERRORS_MAX])
    return elements


@cache
def _decoder(type_: type[S]) -> msgspec.json.Decoder[S]:
    return msgspec.json.Decoder(type_)


def _repair(part: Raw, error: msgspec.ValidationError) -> Raw:
    """Returns the element with its numbers in plain notation, if their notation may be to blame."""
    if isinstance(error.__cause__, FieldError) or "Expected `int" in str(error):
        return Raw(plain_numbers(bytes(part)))
    return part


def element(body: Struct, **added: object) -> bytes:
    """Returns the JSON of one element for Postgres: the client's members, and those from path and headers."""
    encoded, more = _ENCODER.encode(body), _ENCODER.encode(added)
    return more if encoded == b"{}" else encoded[:-1] + b"," + more[1:]


@cache
def _names(type_: type[Struct]) -> frozenset[str]:
    return frozenset(member.encode_name for member in msgspec.structs.fields(type_))


def parse_query(pairs: list[tuple[str, str]], type_: type[S]) -> S:
    """Decodes the query string into a struct. Raises Problem RQ400, which names each unknown, repeated or invalid parameter."""
    known = _names(type_)
    times = Counter(name for name, _ in pairs)
    values = dict(pairs)
    said = {name: unknown_parameter(name, known) for name in values if name not in known}
    said |= {name: f"The query parameter {shown(name)!r} occurs twice. Send it once." for name in times if times[name] > 1}
    for name, value in values.items():
        if "\0" in value:
            said[name] = f"The query parameter {shown(name)!r} contains the character NUL. Leave it out."
    errors: list[Fault] = [{"parameter": shown(name), "detail": detail} for name, detail in said.items()]
    sound = {name: value for name, value in values.items() if name not in said}
    try:
        made = msgspec.convert(sound, type_, strict=False)
    except msgspec.ValidationError as error:
        errors += parameter_faults(sound, type_) or [_parameter_fault(error)]
    else:
        if not errors:
            return made
    raise _unusable(errors)


def _parameter_fault(error: msgspec.ValidationError) -> Fault:
    fault = describe(error)
    return {"parameter": fault["pointer"].removeprefix("/"), "detail": fault["detail"]}


def _unusable(errors: list[Fault]) -> Problem:
    first = errors[0]
    detail = first["detail"] if "parameter" in first["detail"] else f"The query parameter {first['parameter']!r} cannot be used."
    return Problem("RQ400", detail if len(errors) == 1 else f"{detail} {len(errors) - 1} more: see errors.", errors)
