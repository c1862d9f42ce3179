"""Lists as CSV (RFC 4180): a header line, one line per row, UTF-8, CRLF.

The columns are those of the row's struct in pyapp/api: scalars as they are, members of objects as `customer.name`, lists
as JSON text. Numbers are written as Postgres wrote them. null and missing members are empty.

Anyone who may place an order can choose a name that a spreadsheet would run as a formula. pyapp/formulas.py marks such texts.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Raw, Struct

from pyapp import formulas
from pyapp.http.fields import Answer

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"


class Rows(Struct):
    data: list[dict[str, Raw]]


@cache
def columns(page: type[Answer]) -> tuple[str, ...]:
    """Returns the names of the columns of a page's rows."""
    (row,) = get_args(get_type_hints(page)["data"])
    return tuple(_names(row, ""))


def _names(row: type[Struct], prefix: str) -> Iterator[str]:
    hints = get_type_hints(row)
    for member in msgspec.structs.fields(row):
        inner = _struct(hints[member.name])
        if inner is None:
            yield prefix + member.encode_name
        else:
            yield from _names(inner, f"{prefix}{member.encode_name}.")


def _struct(hint: Any) -> type[Struct] | None:
    """Returns the struct that a member holds, possibly with null; None for lists and scalars."""
    if isinstance(hint, type) and issubclass(hint, Struct):
        return hint
    if get_origin(hint) is list:
        return None
    return next((found for part in get_args(hint) if (found := _struct(part))), None)


def write(page: type[Answer], body: bytes) -> bytes:
    """Converts a page from Postgres' JSON to CSV."""
    names = columns(page)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(names)
    for row in msgspec.json.decode(body, type=Rows).data:
        cells = dict(_cells(row, "", names))
        writer.writerow([cells.get(name, "") for name in names])
    return text.getvalue().encode()


def _cells(row: Mapping[str, Raw], prefix: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for member, raw in row.items():
        name = prefix + member
        if name in names:
            yield name, _cell(bytes(raw))
        elif bytes(raw).startswith(b"{"):
            yield from _cells(msgspec.json.decode(raw, type=dict[str, Raw]), f"{name}.", names)


def _cell(raw: bytes) -> str:
    if raw == b"null":
        return ""
    if raw.startswith((b"[", b"{")):
        return formulas.mark(raw.decode())
    if not raw.startswith(b'"'):
        return raw.decode()
    return formulas.mark(msgspec.json.decode(raw, type=str))
