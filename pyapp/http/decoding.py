"""Decodes bytes into structs, or raises a problem document that points to each fault."""

from __future__ import annotations

import re
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from pyapp.http.fields import CODE_PATTERN, ContradictionError, FieldError
from pyapp.http.text import ERRORS_MAX, check_text, invalid, plain_numbers, pointer_token, shown
from pyapp.problems import Problem

ELEMENTS_MAX = 1000

S = TypeVar("S", bound=Struct)
_ENCODER = msgspec.json.Encoder()


def parse(body: bytes, type_: type[S], *, many: bool) -> tuple[list[S], bool]:
    """Returns the elements of a body, and whether it was a list.

    Raises Problem: RQ400 for text that is not JSON, RQ413 for too many values, RQ422 for a wrong shape, with one error per
    faulty element, up to ERRORS_MAX, and an RFC 6901 pointer for each.
    """
    check_text(body)
    is_list = body.lstrip().startswith(b"[")
    if not is_list:
        return [_decode_all(body, type_, [""])[0]], False
    if not many:
        raise invalid([{"pointer": "", "detail": "Expected `object`, got `array`: send one object, not a list."}])
    parts = msgspec.json.decode(body, type=list[Raw])
    if not parts:
        raise invalid([{"pointer": "", "detail": "The list is empty: send 1 to 1000 elements."}])
    if len(parts) > ELEMENTS_MAX:
        raise invalid([{"pointer": "", "detail": f"{len(parts)} elements: send at most {ELEMENTS_MAX}, in several requests."}])
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
        raise invalid(errors)
    return elements


def _decode(part: Raw, type_: type[S]) -> S:
    try:
        return msgspec.json.decode(part, type=type_)
    except msgspec.ValidationError as error:
        if not isinstance(error.__cause__, FieldError) and "Expected `int" not in str(error):
            raise  # no notation of a number is to blame
        plain = plain_numbers(bytes(part))
        if plain == bytes(part):
            raise
        return msgspec.json.decode(plain, type=type_)


def describe(error: msgspec.ValidationError, prefix: str = "") -> dict[str, str]:
    """Returns {"pointer", "detail"} of a shape error: msgspec's path `$.items[0].sku_id` becomes /items/0/sku_id."""
    message, _, path = str(error).rpartition(" - at `$") if " - at `$" in str(error) else (str(error), "", "`")
    tokens = [name or index for name, index in re.findall(r"\.([A-Za-z_]\w*)|\[(\d+)\]", path)]
    cause = error.__cause__
    if isinstance(cause, FieldError):
        tokens.append(cause.name)
    elif unknown := re.match(r"Object contains unknown field `(.*)`$", message, re.DOTALL):
        tokens.append(pointer_token(unknown[1]))
        message = f"Unknown field {shown(unknown[1])!r}: leave it out, or correct its name."
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
        quoted = shown(name)
        if name not in known:
            raise Problem("RQ400", f"Unknown query parameter {quoted!r}. Known parameters: {', '.join(sorted(known)) or 'none'}.")
        if name in values:
            raise Problem("RQ400", f"The query parameter {quoted!r} occurs twice. Send it once.")
        if "\0" in value:
            raise Problem("RQ400", f"The query parameter {quoted!r} contains the character NUL. Leave it out.")
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
