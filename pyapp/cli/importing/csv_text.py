"""CSV as RFC 4180 has it, strictly: a record that cannot be read names all lines that it spans, and none is lost.

A quotation mark inside a cell without quotation marks is text (`5" bottle`). A cell that begins with one ends with one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple


class Record(NamedTuple):
    """The cells of a record, and its first and last line in the file. With a fault, the cells before it."""

    first: int
    last: int
    cells: list[str]
    fault: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.fault and not any(cell.strip() for cell in self.cells)


def read_records(text: str, separator: str, *, quotes: bool = True) -> Iterator[Record]:
    """The records of the text. Lines end with CR, LF or both."""
    cells: list[str] = []
    opened: list[str] | None = None
    first = number = 0
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if opened is None:
            cells, first = [], number
        if not quotes:
            yield Record(number, number, line.rstrip("\r\n").split(separator))
            continue
        try:
            opened = _scan(line, separator, cells, opened)
        except _StrayError as error:
            opened = None
            yield Record(first, number, cells, str(error))
            continue
        if opened is None:
            yield Record(first, number, cells)
    if opened is not None:
        yield Record(first, number, cells, f"the quotation mark that opens in line {first} is never closed")


class _StrayError(ValueError):
    pass


def _scan(line: str, separator: str, cells: list[str], opened: list[str] | None) -> list[str] | None:
    """Adds the cells of a line; returns the parts of a cell that the next line continues, or None."""
    body = line.rstrip("\r\n")
    at = 0
    while True:
        if opened is None:
            if not body.startswith('"', at):
                end = body.find(separator, at)
                cells.append(body[at:] if end < 0 else body[at:end])
                if end < 0:
                    return None
                at = end + 1
                continue
            opened, at = [], at + 1
        end = body.find('"', at)
        while end >= 0 and body.startswith('""', end):
            end = body.find('"', end + 2)
        if end < 0:
            opened.append(line[at:])
            return opened
        opened.append(body[at:end])
        cells.append("".join(opened).replace('""', '"'))
        opened, at = None, end + 1
        if at == len(body):
            return None
        if body[at] != separator:
            raise _StrayError(
                f"a quotation mark is followed by {body[at]!r}: inside a cell it is doubled, "
                f"and a cell that begins with one ends with one"
            )
        at += 1
