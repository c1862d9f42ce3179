"""Checks JSON text (RFC 8259; I-JSON: no duplicate names, no lone surrogates) in time that is bounded per byte.

The event loop serves nobody else in the meantime. So the number of values and the depth are counted in the bytes, before any
object exists, and all else works on whole texts at once. A loop in Python runs only to name the place of a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from typing import Any

import msgspec

from pyapp.problems import Problem

VALUES_MAX = 100_000  # at least; commas and brackets within strings count as well
DEPTH_MAX = 32
ERRORS_MAX = 20
NUMBER_CHARACTERS_MAX = 24  # of a number in unusual notation: within Decimal's precision
EXPONENTS_MAX = 1000  # of a body: a power of ten costs more to write out than it does to send
DIGITS_MAX = 40  # of a number that is stored as it came, and its point
EXPONENT_MAX = 30  # of such a number; 0e-16383 would take 16 KB in the database
NAMED_BYTES_MAX = 256 * 1024  # of a body in which a duplicate name or a bad character is looked for
NAME_CHARACTERS_MAX = 100  # of a field or parameter name that an error quotes

STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # as signed bytes: one level deeper, one back
OTHERS = bytes(set(range(256)) - set(b"[]{}"))
NO_FRACTION = re.compile(rb"\.0++(?![0-9eE])")
LONG_FRACTION = re.compile(rb"(\.[0-9]*[1-9])0++(?![0-9eE])")
POWER = re.compile(rb"-?[0-9]++(?:\.[0-9]++)?[eE][+-]?[0-9]++")
ABSURD = re.compile(rb"[0-9.]{%d}|[eE][+-]?0*(?:[0-9]{3}|[4-9][0-9]|3[1-9])" % (DIGITS_MAX + 1))

_ENCODER = msgspec.json.Encoder()


def check_text(body: bytes) -> None:
    """Refuses malformed JSON text before its shape is checked. Raises Problem RQ400, RQ413 or RQ422."""
    if not body.strip():
        raise Problem("RQ400", "The body is empty. Send a JSON object.")
    brackets = body.count(b"[") + body.count(b"{")
    if body.count(b",") + brackets > VALUES_MAX:
        raise Problem("RQ413", f"The body has more than {VALUES_MAX} values. Send it in several requests.")
    masked = _mask(body)
    if brackets > DEPTH_MAX and _is_too_deep(_outside(masked)):
        raise _too_deep()
    try:
        value = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise Problem("RQ400", "The body is not valid UTF-8. Encode it as UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except msgspec.ValidationError:  # its integer would be larger than any that is stored
        raise invalid([{"pointer": "", "detail": "A number is out of range: send a smaller one."}]) from None
    except msgspec.DecodeError as error:
        if b"\\u" in body:
            _name_fault(body)
        raise Problem("RQ400", f"The body is not JSON: {str(error).removeprefix('JSON is malformed: ')}.") from None
    # Each string begins and ends with a quotation mark. The value lacks a duplicate name, so the two counts differ.
    if b"\\u0000" in masked or masked.count(b'"') != _mask(_ENCODER.encode(value)).count(b'"'):
        _name_fault(body)
        raise Problem("RQ400", "A name occurs twice in one object, or a string contains the character NUL. Send neither.")


def invalid(errors: list[dict[str, Any]]) -> Problem:
    return Problem("RQ422", "The request body is invalid. See errors.", errors)


def plain_numbers(document: bytes) -> bytes:
    """Returns valid JSON with its numbers in plain notation: 3 for 3.0 and 3e0, 12.5 for 12.50.

    JSON Schema, and languages with a single number type, treat them as equal.
    """
    masked = _mask(document)
    parts = masked.split(b'"')  # strings are those with odd numbers
    outside = b'"'.join(parts[::2])
    plain = LONG_FRACTION.sub(rb"\1", NO_FRACTION.sub(b"", outside))
    plain = POWER.sub(_write_out, plain, count=EXPONENTS_MAX)
    if plain == outside:
        return document
    begins = 0
    pieces = iter(plain.split(b'"'))
    for number, part in enumerate(parts):
        parts[number] = document[begins : begins + len(part)] if number % 2 else next(pieces)
        begins += len(part) + 1
    return b'"'.join(parts)


def has_absurd_number(document: bytes) -> bool:
    """Whether valid JSON contains a number with more than DIGITS_MAX digits, or an exponent beyond EXPONENT_MAX."""
    return ABSURD.search(_outside(_mask(document))) is not None


def shown(name: str) -> str:
    """Returns a name of the client as an error quotes it."""
    return name[:NAME_CHARACTERS_MAX].encode(errors="replace").decode().replace("\0", "\\u0000")


def pointer_token(name: str) -> str:
    """Returns a name as a part of a JSON Pointer (RFC 6901)."""
    return shown(name).replace("~", "~0").replace("/", "~1")


def _mask(text: bytes) -> bytes:
    """Returns text of the same length in which each quotation mark begins or ends a string."""
    return text.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in text else text


def _outside(masked: bytes) -> bytes:
    """Returns the text without the contents of its strings."""
    return b'"'.join(masked.split(b'"')[::2])


def _is_too_deep(outside: bytes) -> bool:
    steps = outside.translate(STEPS, delete=OTHERS)
    return len(steps) > DEPTH_MAX and max(accumulate(memoryview(steps).cast("b"))) > DEPTH_MAX


def _too_deep() -> Problem:
    return invalid([{"pointer": "", "detail": f"Nested deeper than {DEPTH_MAX} levels: send a flatter document."}])


def _write_out(found: re.Match[bytes]) -> bytes:
    token = found[0]
    if len(token) > NUMBER_CHARACTERS_MAX:
        return token
    number = Decimal(token.decode())
    is_plain = -NUMBER_CHARACTERS_MAX < number.adjusted() < NUMBER_CHARACTERS_MAX
    return f"{number.normalize():f}".encode() if is_plain else token


def _name_fault(body: bytes) -> None:
    """Raises Problem for a duplicate name, a NUL character or a lone surrogate, with its place: Python's parser accepts them all.

    Returns if the text is malformed in another way, or too long to look for the place.
    """
    if len(body) > NAMED_BYTES_MAX:
        return

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    raise Problem("RQ400", f"The name {shown(name)} occurs twice in one object. Send each name once.")
                seen.add(name)
        return members

    try:
        value = json.loads(body, object_pairs_hook=unique)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        return  # the caller says where it is malformed
    errors = [
        {"pointer": "".join(f"/{pointer_token(str(token))}" for token in path), "detail": detail}
        for (path, detail), _ in zip(_bad_strings(value, []), range(ERRORS_MAX), strict=False)
    ]
    if errors:
        raise invalid(errors)


def _bad_strings(value: object, path: list[str | int]) -> Iterator[tuple[list[str | int], str]]:
    """Yields the path of each string that cannot be stored. A path is good until the next is asked for."""
    if isinstance(value, str):
        if "\0" in value:
            yield path, "The character NUL (\\u0000) cannot be stored. Leave it out."
        elif not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            yield path, "Half of a surrogate pair (\\ud800 to \\udfff) is not a character. Send both halves, or UTF-8."
    elif isinstance(value, list | dict):
        for token, item in enumerate(value) if isinstance(value, list) else value.items():
            if isinstance(item, str | list | dict) or isinstance(token, str):
                path.append(token)
                if isinstance(token, str):
                    yield from _bad_strings(token, path)
                yield from _bad_strings(item, path)
                path.pop()
