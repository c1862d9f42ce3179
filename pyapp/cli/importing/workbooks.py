"""Workbooks (.xlsx, .xls, .ods) as rows of text: numbers with the 15 digits that Excel itself keeps, days in ISO 8601."""

from __future__ import annotations

import datetime
import io
import zipfile

from pyapp.failures import Exit, Failure

CELLS_MAX = 20_000_000
REMEDY = "Save it as .xlsx without a password, or as CSV."


def read_workbook(content: bytes, sheet: str | None, bytes_max: int) -> tuple[str, list[list[str]], str]:
    """The name of the sheet, its rows from the top, and the names of the other sheets. Raises Failure."""
    from python_calamine import CalamineError, CalamineWorkbook

    if content.startswith(b"PK"):
        _check_size(content, bytes_max)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        if not names:
            raise Failure(Exit.USAGE, "The workbook has no sheet.")
        if sheet is not None and sheet not in names:
            raise Failure(Exit.USAGE, f"The workbook has no sheet {sheet}, but {', '.join(names)}.")
        name = sheet or names[0]
        found = book.get_sheet_by_name(name)
        if found.total_height * found.total_width > CELLS_MAX:
            raise Failure(Exit.USAGE, f"The sheet {name} has more than {CELLS_MAX:,} cells; split it.")
        rows = found.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as error:
        raise Failure(Exit.USAGE, f"The workbook cannot be read ({error}). {REMEDY}") from error
    except BaseException as error:  # a panic of the library is not an Exception
        if type(error).__name__ != "PanicException":
            raise
        raise Failure(Exit.USAGE, f"The workbook cannot be read. {REMEDY}") from error
    return name, [[_text(cell) for cell in row] for row in rows], ", ".join(other for other in names if other != name)


def is_workbook(content: bytes) -> bool:
    """Whether a ZIP archive is a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            return bool(names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"})
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return b"xl/workbook" in content


def _check_size(content: bytes, bytes_max: int) -> None:
    """A small archive may unpack to any size. Raises Failure."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Failure(Exit.USAGE, f"The workbook is damaged ({error}). {REMEDY}") from error
    if unpacked > bytes_max:
        raise Failure(Exit.USAGE, f"The workbook unpacks to more than {bytes_max // 1024**2} MiB; split it.")


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def _number(value: float) -> str:
    text = f"{value:.15g}"
    if "e" in text and abs(value) < 1e21:
        text = f"{value:.0f}" if value == int(value) else f"{value:.15f}".rstrip("0")
    return text
