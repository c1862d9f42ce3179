"""A file to rows in our columns. Every line of the file is a row, part of one, blank, or named with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyapp import formulas
from pyapp.cli.importing import maps
from pyapp.cli.importing.csv_text import Record
from pyapp.cli.importing.files import Given, Source, as_windows, open_table
from pyapp.cli.importing.kinds import KINDS, Kind, KindName, check_columns, folded
from pyapp.cli.importing.maps import Table
from pyapp.cli.importing.report import BadLine, LeftOut, Line, Report
from pyapp.cli.importing.values import units_of
from pyapp.failures import Exit, Failure

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Row:
    """A line in our columns, and the sales channel that a map derives from it."""

    line: Line
    values: dict[str, str]
    channel: dict[str, Any] | None = None


@dataclass
class Rows:
    """The rows, and what is known about the file. table: the map that was used; whole: the API's own export of SKUs."""

    rows: Iterator[Row]
    columns: list[str]
    table: Table | None = None
    whole: bool = False


def read_rows(
    content: bytes, kind_name: KindName, given: Given, report: Report, tables: Sequence[Table], named: dict[str, str]
) -> Rows:
    """The rows of a file. tables: of --map or --preset, none for our columns; named: columns that an option fills.

    Raises Failure if the header lacks what is needed.
    """
    kind = KINDS[kind_name]
    own = [] if tables else _own_tables(kind_name)
    required = {name for name in kind.required if name not in named}

    def fits(header: Sequence[str]) -> bool:
        if tables:
            return any(table.fits(header) for table in tables)
        return required <= {folded(name) for name in header} or any(table.fits(header) for table in own)

    def likeness(header: Sequence[str]) -> int:
        known = {name for table in tables for name in table.needed} if tables else {*kind.known, *kind.exported}
        return len(known & ({*header} if tables else {folded(name) for name in header}))

    source = open_table(content, given, fits, likeness)
    report.header_lines = source.header_lines
    report.seen.append(source.seen)
    table = next((table for table in (*tables, *own) if table.fits(source.header)), None)
    if table is None and tables:
        missing = min((sorted(one.needed - {*source.header}) for one in tables), key=len)
        lacking = f" does not name: {', '.join(missing)}" if missing else " does not name what the map needs"
        shown = ", ".join(filter(None, source.header)) or "nothing"
        raise Failure(
            Exit.USAGE,
            f"The map or preset for {kind_name} uses columns that the first line{lacking}. Its first line has: {shown}. "
            f"It was read as {source.seen}.",
        )
    if table is not None:
        table = table.narrowed(source.header)
        header = source.header
        _refuse_twice([name for name in header if name in table.needed])
        read = _mapped(table, named)
    else:
        header = [folded(name) for name in source.header]
        _refuse_twice([name for name in header if name])
        check_columns(
            kind_name,
            [name if kind.has(name) else theirs for name, theirs in zip(header, source.header, strict=True)],
            named,
            source.seen,
        )
        read = _native(kind, named)
    whole = table is None and {"version", "updated_at"} <= set(header)
    columns = list(table.columns) if table else header
    return Rows(_read(source, header, kind, report, read, whole=whole), columns, table, whole)


def _own_tables(kind_name: KindName) -> list[Table]:
    try:
        return maps.read_preset(maps.OWN, kind_name)
    except Failure:
        return []


def _refuse_twice(names: Sequence[str]) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Failure(Exit.USAGE, f"The first line names a column twice: {', '.join(twice)}.")


Reader = Callable[[dict[str, str]], list[tuple[dict[str, str], dict[str, Any] | None]]]


def _native(kind: Kind, named: dict[str, str]) -> Reader:
    def read(row: dict[str, str]) -> list[tuple[dict[str, str], dict[str, Any] | None]]:
        values = {}
        for name, text in row.items():
            if name and name not in kind.exported:
                kept = text if name in kind.prose or name.startswith("attributes") else text.strip()
                values[name] = formulas.unmark(kept)
        return [(_named(values, named), None)]

    return read


def _mapped(table: Table, named: dict[str, str]) -> Reader:
    above: dict[str, str] | None = None
    exact = any("|exact}" in str(template) for template in table.columns.values())

    def read(row: dict[str, str]) -> list[tuple[dict[str, str], dict[str, Any] | None]]:
        nonlocal above
        cells = row if exact else {name: text.strip() for name, text in row.items()}
        cells = {name: table.without_apostrophes(text) for name, text in cells.items()}
        cells = above = table.filled(cells, above)
        channel = table.make_channel(cells)
        return [(_named(item, named), channel) for item in table.items(cells, historic=named.get("historic") == "true")]

    return read


def _named(values: dict[str, str], named: dict[str, str]) -> dict[str, str]:
    """The values, with those of the options for columns that are empty or missing."""
    return {**values, **{name: text for name, text in named.items() if not values.get(name)}}


def _read(source: Source, header: Sequence[str], kind: Kind, report: Report, read: Reader, *, whole: bool) -> Iterator[Row]:
    for record in source.records:
        line = Line(record.first, record.last)
        if record.is_blank:
            report.blank += line.lines
            continue
        report.read(line)
        try:
            made = read(_cells(source, header, record, kind, whole=whole))
        except LeftOut as reason:
            report.skip(line, str(reason))
            continue
        except BadLine as error:
            report.bad(_known(line, header, record, kind), str(error))
            continue
        for part, (values, channel) in enumerate(made):
            units = units_of(values.get(kind.quantity, "")) if kind.quantity else 0
            yield Row(Line(record.first, record.last, values.get("sku_id", ""), units, part), values, channel)


def _known(line: Line, header: Sequence[str], record: Record, kind: Kind) -> Line:
    """The line with what can be read of a bad one, for the totals."""
    if line.lines > 1:
        return line
    cells = dict(zip(header, (cell.strip() for cell in record.cells), strict=False))
    sku_id = cells.get("sku_id", "")
    return Line(line.number, line.last, sku_id if CODE.fullmatch(sku_id) else "", units_of(cells.get(kind.quantity, "")))


def _cells(source: Source, header: Sequence[str], record: Record, kind: Kind, *, whole: bool) -> dict[str, str]:
    """The cells by name. Raises BadLine."""
    if record.fault:
        raise BadLine(f"not CSV: {record.fault}")
    cells = record.cells
    while len(cells) > len(header) and not cells[-1].strip():
        cells = cells[:-1]
    if any(map(source.lost, cells)):
        shown = as_windows(" ".join(cells))
        raise BadLine(f"not {source.encoding} (as Windows-1252 it reads {shown[:60]!r}; --encoding names the encoding)")
    if len(cells) != len(header):
        raise BadLine(f"{len(cells)} columns instead of {len(header)}")
    if unnamed := [number for number, (name, cell) in enumerate(zip(header, cells, strict=True), 1) if not name and cell.strip()]:
        raise BadLine(f"has text in column {unnamed[0]}, which has no name")
    if record.last > record.first and not whole:
        _refuse_swallowed(header, record, kind)
    return dict(zip(header, cells, strict=True))


def _refuse_swallowed(header: Sequence[str], record: Record, kind: Kind) -> None:
    """A stray quotation mark may join lines. Raises BadLine for a cell with lines of the file, or breaks where none belongs."""
    for name, cell in zip(header, record.cells, strict=False):
        lines = re.split(r"\r\n|\r|\n", cell)
        if len(lines) == 1:
            continue
        prose = (name in kind.prose and name != "name") or name.startswith("attributes") or not kind.has(name)
        if not prose:
            raise BadLine(f"{name} has a line break: is a quotation mark missing?")
        for inner in lines[1:-1]:
            for separator in ",;\t|":
                cells = dict(zip(header, inner.split(separator), strict=False))
                if inner.count(separator) == len(header) - 1 and _looks_like_a_line(cells, kind):
                    raise BadLine(f"{name} holds what look like lines of the file: is a quotation mark missing?")


def _looks_like_a_line(cells: dict[str, str], kind: Kind) -> bool:
    numbers = [cells[kind.quantity]] if kind.quantity in cells else []
    codes = [cells["sku_id"]] if "sku_id" in cells else []
    return all(CODE.fullmatch(code.strip()) for code in codes) and all(
        re.fullmatch(r"-?[0-9]+", text.strip()) for text in numbers
    )
