"""Decodes bytes into structs, or raises a problem document that points to each fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, Struct

from pyapp.http.fields import CODE_PATTERN, ContradictionError, FieldError
from pyapp.problems import Problem

ELEMENTS_MAX = 1000
DEPTH_MAX = 32
ERRORS_MAX = 20
NUMBER_CHARACTERS_MAX = 24  # of a number in unusual notation: within Decimal's precision
NAME_CHARACTERS_MAX = 100  # of a field or parameter name that an error quotes

STRING_OR_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?', re.DOTALL)

S = TypeVar("S", bound=Struct)
_ENCODER = msgspec.json.Encoder()


def parse(body: bytes, type_: type[S], *, many: bool) -> tuple[list[S], bool]:
    """Returns the elements of a body, and whether it was a list.

    Raises Problem: RQ400 for text that is not JSON (RFC 8259, I-JSON: no duplicate names, no lone surrogates), RQ422
    for a wrong shape, with one error per faulty element, up to ERRORS_MAX, and an RFC 6901 pointer for each.
    """
    check_text(body)
    is_list = body.lstrip().startswith(b"[")
    if not is_list:
        return [_decode_all(body, type_, [""])[0]], False
    if not many:
        raise _invalid([{"pointer": "", "detail": "Expected `object`, got `array`: send one object, not a list."}])
    parts = msgspec.json.decode(body, type=list[Raw])
    if not parts:
        raise _invalid([{"pointer": "", "detail": "The list is empty: send 1 to 1000 elements."}])
    if len(parts) > ELEMENTS_MAX:
        raise _invalid([{"pointer": "", "detail": f"{len(parts)} elements: send at most {ELEMENTS_MAX}, in several requests."}])
    return _decode_all(body, type_, [f"/{number}" for number in range(len(parts))], parts), True


def _decode_all(body: bytes, type_: type[S], pointers: list[str], parts: list[Raw] | None = None) -> list[S]:
    elements: list[S] = []
    errors: list[dict[str, str]] = []
    for pointer, part in zip(pointers, parts or [Raw(body)], strict=True):
        try:
            elements.append(_decode(part, type_))
        except msgspec.ValidationError as error:
            errors.append(describe(error, pointer))
            if len(errors) == ERRORS_MAX:
                break
    if errors:
        raise _invalid(errors)
    return elements


def _decode(part: Raw, type_: type[S]) -> S:
    try:
        return msgspec.json.decode(part, type=type_)
    except msgspec.ValidationError:
        plain = write_plainly(bytes(part))
        if plain == bytes(part):
            raise
        return msgspec.json.decode(plain, type=type_)


def write_plainly(document: bytes) -> bytes:
    """Returns the document with its numbers in plain notation: 3 for 3.0 and 3e0, 12.5 for 12.50.

    JSON Schema, and languages with a single number type, treat them as equal.
    """

    def write(match: re.Match[bytes]) -> bytes:
        token = match[0]
        if token.startswith(b'"') or token.isdigit() or len(token) > NUMBER_CHARACTERS_MAX:
            return token
        number = Decimal(token.decode())
        exponent = number.adjusted()
        return f"{number.normalize():f}".encode() if -NUMBER_CHARACTERS_MAX < exponent < NUMBER_CHARACTERS_MAX else token

    return STRING_OR_NUMBER.sub(write, document)


def _invalid(errors: list[dict[str, str]]) -> Problem:
    return Problem("RQ422", "The request body is invalid. See errors.", errors)


def describe(error: msgspec.ValidationError, prefix: str = "") -> dict[str, str]:
    """Returns {"pointer", "detail"} of a shape error: msgspec's path `$.items[0].sku_id` becomes /items/0/sku_id."""
    message, _, path = str(error).rpartition(" - at `$") if " - at `$" in str(error) else (str(error), "", "`")
    tokens = [name or index for name, index in re.findall(r"\.([A-Za-z_]\w*)|\[(\d+)\]", path)]
    cause = error.__cause__
    if isinstance(cause, FieldError):
        tokens.append(cause.name)
    elif unknown := re.match(r"Object contains unknown field `(.*)`$", message, re.DOTALL):
        name = unknown[1][:NAME_CHARACTERS_MAX]
        tokens.append(name.replace("~", "~0").replace("/", "~1"))
        message = f"Unknown field {name!r}: leave it out, or correct its name."
    elif missing := re.match(r"Object missing required field `(.*)`$", message):
        tokens.append(missing[1])
        message = f"The field {missing[1]} is required."
    pointer = prefix + "".join(f"/{token}" for token in tokens)
    return {"pointer": pointer, "detail": _sentence(message)}


def _sentence(message: str) -> str:
    if "matching regex" in message:
        if CODE_PATTERN in message:
            return "Expected a code: letters, digits, dot, underscore and hyphen, at most 64, beginning with a letter or digit."
        return "The text does not have the expected form; see the examples in the API description."
    message = message.replace("Invalid RFC3339 encoded date", "No such date, or not written as YYYY-MM-DD")
    message = message.replace("No such date, or not written as YYYY-MM-DDtime", "No such moment, or not in RFC 3339")
    return message[:500] if message.endswith(".") else f"{message[:500]}."


def check_text(body: bytes) -> None:
    """Refuses malformed JSON text before its shape is checked. Raises Problem RQ400 or RQ422."""
    if not body.strip():
        raise Problem("RQ400", "The body is empty. Send a JSON object.")
    try:
        value = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise Problem("RQ400", "The body is not valid UTF-8. Encode it as UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except msgspec.ValidationError as error:  # a number outside every range
        raise _invalid([describe(error)]) from None
    except msgspec.DecodeError as error:
        if b"\\u" in body:
            _check_escapes(body)
        raise Problem("RQ400", f"The body is not JSON: {str(error).removeprefix('JSON is malformed: ')}.") from None
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX and _depth(value) > DEPTH_MAX:
        raise _too_deep()
    # Without escapes each quotation mark begins or ends a string. The value lacks a duplicate name, so the two counts differ.
    # The comparison is exact, and much cheaper than checking each name.
    if b"\\" in body or body.count(b'"') != _ENCODER.encode(value).count(b'"'):
        _check_escapes(body)


def _too_deep() -> Problem:
    return _invalid([{"pointer": "", "detail": f"Nested deeper than {DEPTH_MAX} levels: send a flatter document."}])


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level and depth <= DEPTH_MAX:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
    return depth


def _check_escapes(body: bytes) -> None:
    """The slow and thorough check, with Python's own parser: duplicate names, NUL characters, lone surrogates."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    shown = _shown(name)
                    raise Problem("RQ400", f"The name {shown} occurs twice in one object. Send each name once.")
                seen.add(name)
        return members

    try:
        value = json.loads(body, object_pairs_hook=unique)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Problem("RQ400", "The body is not JSON.") from None
    errors = [{"pointer": pointer, "detail": detail} for pointer, detail in _bad_strings(value, "")]
    if errors:
        raise _invalid(errors[:ERRORS_MAX])


def _bad_strings(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if "\0" in value:
            yield pointer, "The character NUL (\\u0000) cannot be stored. Leave it out."
        elif any("\ud800" <= character <= "\udfff" for character in value):
            yield pointer, "Half of a surrogate pair (\\ud800 to \\udfff) is not a character. Send both halves, or UTF-8."
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _bad_strings(item, f"{pointer}/{number}")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            shown = f"{pointer}/{_shown(name).replace('~', '~0').replace('/', '~1')}"
            yield from _bad_strings(name, shown)
            yield from _bad_strings(item, shown)


def _shown(name: str) -> str:
    return name[:NAME_CHARACTERS_MAX].encode(errors="replace").decode().replace("\0", "\\u0000")


def element(body: Struct, **added: object) -> bytes:
    """Returns the JSON of one element for Postgres: the client's members, and those from path and headers."""
    encoded, more = _ENCODER.encode(body), _ENCODER.encode(added)
    return more if encoded == b"{}" else encoded[:-1] + b"," + more[1:]


@cache
def _names(type_: type[Struct]) -> frozenset[str]:
    return frozenset(member.encode_name for member in msgspec.structs.fields(type_))


def parse_query(pairs: list[tuple[str, str]], type_: type[S]) -> S:
    """Decodes the query string into a struct. Raises Problem RQ400, which names the unknown, repeated or invalid parameter,
    and VA001 for values that contradict each other."""
    values: dict[str, str] = {}
    known = _names(type_)
    for name, value in pairs:
        shown = _shown(name)
        if name not in known:
            raise Problem("RQ400", f"Unknown query parameter {shown!r}. Known parameters: {', '.join(sorted(known)) or 'none'}.")
        if name in values:
            raise Problem("RQ400", f"The query parameter {shown!r} occurs twice. Send it once.")
        if "\0" in value:
            raise Problem("RQ400", f"The query parameter {shown!r} contains the character NUL. Leave it out.")
        values[name] = value
    try:
        return msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        at = describe(error)
        name = at["pointer"].removeprefix("/")
        code = "VA001" if isinstance(error.__cause__, ContradictionError) else "RQ400"
        raise Problem(
            code, f"The query parameter {name!r} cannot be used.", [{"parameter": name, "detail": at["detail"]}]
        ) from None
