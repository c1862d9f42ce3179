"""Names every fault of a body or query, each with its place and in plain words.

msgspec stops at the first fault and names Python's types. So what it refuses is taken apart here: each member is decoded on its
own, with the same types. Nothing is decided here: what msgspec accepts never comes here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from itertools import islice
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import FieldInfo, fields

from pyapp.http.fields import CODE_PATTERN, INK_PATTERN, FieldError
from pyapp.http.text import ERRORS_MAX, NAME_CHARACTERS_MAX, pointer_token, shown
from pyapp.http.unions import metas, plain_types, sent

Fault = dict[str, Any]

KNOWN_MAX = 30  # names that an error lists
TEXT_MAX = 500

NOUNS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a string",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "date": "a date such as 2024-06-01",
    "datetime": "a date-time such as 2024-06-01T13:45:30Z",
}
COMPARED = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
PATTERNS = {
    CODE_PATTERN: "Expected a code: letters, digits, dot, underscore and hyphen, at most 64, beginning with a letter or digit.",
    INK_PATTERN: "Expected at least one visible character.",
}

TYPE = re.compile(r"Expected `([\w| ]+)`, got `(\w+)`")
BOUND = re.compile(r"Expected `(?:int|float)` (>=|<=|>|<) (\S+)")
LENGTH = re.compile(r"Expected `(str|array|object)` of length (>=|<=) (\d+)")
PATTERN = re.compile(r"Expected `str` matching regex '(.*)'", re.DOTALL)
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
MISSING = re.compile(r"Object missing required field `(.*)`")
STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


class _StandIn:
    """The value of a member at fault, while the rules across members are checked."""


def find_faults(document: Raw, type_: type[Struct], pointer: str) -> list[Fault]:
    """Returns the faults of an element, up to ERRORS_MAX."""
    return list(islice(_faults(document, type_, pointer), ERRORS_MAX))


def describe(error: msgspec.ValidationError, pointer: str = "", type_: Any = None) -> Fault:
    """Returns {"pointer", "detail"} of an error: msgspec's path `$.items[0].sku_id` becomes /items/0/sku_id.

    `type_`, if known, is that of the place: it tells which values are allowed.
    """
    message, separator, path = str(error).rpartition(" - at `$")
    if not separator:
        message, path = str(error), ""
    steps = "".join(f"/{name or number}" for name, number in STEP.findall(path))
    cause = error.__cause__
    if isinstance(cause, FieldError):
        return {"pointer": f"{pointer}{steps}/{cause.name}", "detail": _sentence(message)}
    if unknown := UNKNOWN.match(message):
        return _unknown_field(unknown[1], (), pointer + steps)
    if missing := MISSING.match(message):
        return _missing_field(missing[1], pointer + steps)
    return {"pointer": pointer + steps, **explain(message, type_)}


def explain(message: str, type_: Any = None, *, is_text: bool = False) -> Fault:
    """Returns the detail of a message of msgspec, and the allowed values if it is about them.

    `is_text`: the value came as text, as query parameters do, so its JSON type says nothing.
    """
    if message.startswith("Invalid enum value") and (allowed := [*map(str, _allowed(type_))]):
        given = message.removeprefix("Invalid enum value ").strip("'")
        return {"detail": f"Expected one of {', '.join(allowed)}.{_did_you_mean(given, allowed)}", "allowed": allowed}
    if found := TYPE.search(message):
        expected = " or ".join(NOUNS.get(name.strip(), name.strip()) for name in found[1].split("|"))
        got = "a fraction" if "int" in found[1] and found[2] == "float" else NOUNS.get(found[2], found[2])
        return {"detail": f"Expected {expected}." if is_text else f"Expected {expected}, not {got}."}
    if found := BOUND.search(message):
        return {"detail": f"Must be {COMPARED[found[1]]} {found[2]}."}
    if found := LENGTH.search(message):
        noun = {"str": "character", "array": "element", "object": "member"}[found[1]]
        return {"detail": f"Must have {COMPARED[found[2]]} {found[3]} {noun}{'' if found[3] == '1' else 's'}."}
    if found := PATTERN.search(message):
        example = next((example for meta in metas(type_) for example in meta.examples or ()), None)
        form = "Not of the expected form" + (f", such as {example}." if example else "; see the API description.")
        return {"detail": PATTERNS.get(found[1].replace("\\\\", "\\"), form)}
    if "RFC3339" in message or "timezone component" in message:
        noun = NOUNS["datetime" if "datetime" in message else "date"]
        return {"detail": f"No such day or moment, or not written as {noun}."}
    return {"detail": _sentence(message)}


def unknown_parameter(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    listed = ", ".join(names) or "none"
    return f"Unknown query parameter {shown(name)!r}.{_did_you_mean(name, names)} Known parameters: {listed}."


def parameter_faults(values: Mapping[str, str], type_: type[Struct]) -> list[Fault]:
    """Returns the faults of the values of query parameters, as {"parameter", "detail"}."""
    found = []
    known = _fields(type_)
    for name, value in values.items():
        try:
            msgspec.convert(value, _sent(known[name].type), strict=False)
        except msgspec.ValidationError as error:
            found.append({"parameter": name, **explain(str(error), known[name].type, is_text=True)})
    return found


def _faults(document: Raw, type_: Any, pointer: str) -> Iterator[Fault]:
    try:
        msgspec.json.decode(document, type=_sent(type_))
        return
    except msgspec.ValidationError as error:
        first = describe(error, pointer, type_)
    found: Iterator[Fault] = iter(())
    for option in plain_types(type_):
        if isinstance(option, type) and issubclass(option, Struct) and bytes(document).startswith(b"{"):
            found = _member_faults(document, option, pointer)
        elif get_origin(option) is list and bytes(document).startswith(b"["):
            found = _element_faults(document, get_args(option)[0], pointer)
    nothing = True
    for fault in found:
        nothing = False
        yield fault
    if nothing:
        yield first


def _element_faults(document: Raw, type_: Any, pointer: str) -> Iterator[Fault]:
    for number, part in enumerate(msgspec.json.decode(document, type=list[Raw])):
        yield from _faults(part, type_, f"{pointer}/{number}")


def _member_faults(document: Raw, type_: type[Struct], pointer: str) -> Iterator[Fault]:
    known = _fields(type_)
    values: dict[str, Any] = {}
    members = msgspec.json.decode(document, type=dict[str, Raw])
    for name, value in members.items():
        if name not in known:
            yield _unknown_field(name, known, pointer)
            continue
        nothing = True
        for fault in _faults(value, known[name].type, f"{pointer}/{name}"):
            nothing = False
            yield fault
        decoded = msgspec.json.decode(value, type=_sent(known[name].type)) if nothing else _StandIn()
        values[known[name].name] = decoded
    for name, member in known.items():
        if member.required and name not in members:
            values[member.name] = _StandIn()
            yield _missing_field(name, pointer)
    yield from _broken_rules(type_, values, pointer)


def _broken_rules(type_: type[Struct], values: dict[str, Any], pointer: str) -> Iterator[Fault]:
    """Yields what __post_init__ refuses, except for members that are at fault already."""
    while True:
        try:
            type_(**values)
        except FieldError as error:
            if isinstance(values.get(error.name), _StandIn):
                return
            yield {"pointer": f"{pointer}/{error.name}", "detail": _sentence(str(error))}
            values[error.name] = _StandIn()
        else:
            return


def _unknown_field(name: str, known: Iterable[str], pointer: str) -> Fault:
    names = sorted(known)
    listed = f" Known here: {', '.join(names[:KNOWN_MAX])}." if names else ""
    detail = f"Unknown field {shown(name)!r}.{_did_you_mean(name, names)}{listed}"
    return {"pointer": f"{pointer}/{pointer_token(name)}", "detail": detail if names else f"{detail} Leave it out."}


def _missing_field(name: str, pointer: str) -> Fault:
    return {"pointer": f"{pointer}/{name}", "detail": f"The field {name} is required."}


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name[:NAME_CHARACTERS_MAX], list(known), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _sentence(message: str) -> str:
    text = f"{message[:1].upper()}{message[1:TEXT_MAX]}"
    return text if text.endswith(".") else f"{text}."


# Types ----------------------------------------------------------------------------------------------------------------------


@cache
def _fields(type_: type[Struct]) -> dict[str, FieldInfo]:
    return {member.encode_name: member for member in fields(type_)}


_sent = cache(sent)


def _allowed(type_: Any) -> list[Any]:
    return [value for option in plain_types(type_) if get_origin(option) is Literal for value in get_args(option)]
