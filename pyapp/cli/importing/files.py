"""A file to a table: what it is by its first bytes, its encoding, separator and header. Nothing is guessed that changes a value.

The rest of a file that is not in its encoding is named by line.
"""

from __future__ import annotations

import codecs
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from pyapp.cli.importing.csv_text import Record, read_records
from pyapp.cli.importing.workbooks import is_workbook, read_workbook
from pyapp.failures import Exit, Failure

FILE_BYTES_MAX = 256 * 1024 * 1024  # unpacked; the file is read whole before anything is sent
HEADER_LINES_MAX = 20  # titles above the names of the columns
HEADER_CHARACTERS_MAX = 1_000_000
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "pipe": "|"}
MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16 with a byte order mark"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16 with a byte order mark"),
)
FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"PAR1", "a Parquet file"),
)


@dataclass(frozen=True)
class Given:
    """What the user, or the preset, says about the text of the file."""

    separator: str = ""
    encoding: str = ""
    sheet: str | None = None
    usual: str = ""  # of the source: the encoding of files that are not UTF-8
    quotes: bool = True  # false: a quotation mark is a character like any other


@dataclass
class Text:
    """The decoded text. lost: what stands for bytes that are not in the encoding."""

    text: str
    encoding: str
    lost: Callable[[str], bool]


@dataclass
class Source:
    """The records below the header, and how they were found."""

    header: list[str]
    header_lines: int
    records: Iterator[Record]
    seen: str
    encoding: str = ""
    lost: Callable[[str], bool] = field(default=lambda _: False)


def read_file(path: Path) -> bytes:
    """The content of a file, or of standard input (`-`), unpacked if it is gzipped. Raises Failure."""
    try:
        if str(path) == "-":
            return _unpack(io.BytesIO(sys.stdin.buffer.read(FILE_BYTES_MAX + 1)), path)
        with path.open("rb") as file:
            return _unpack(file, path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Failure(Exit.INCOMPLETE, f"{path} is damaged ({error}); nothing was sent. Get another copy of the file.") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Failure(Exit.USAGE, f"{path} cannot be read: {reason}.") from error


def _unpack(file: BinaryIO, path: Path) -> bytes:
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    content = (gzip.GzipFile(fileobj=file) if packed else file).read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise Failure(Exit.USAGE, f"{path} is larger than {FILE_BYTES_MAX // 1024**2} MiB; split it.")
    return content


def open_table(
    content: bytes, given: Given, fits: Callable[[Sequence[str]], bool], likeness: Callable[[Sequence[str]], int]
) -> Source:
    """The table in a file. fits: whether a header has all that is needed; likeness: how many of its names are known.

    Raises Failure for what is no table.
    """
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _open_workbook(content, given, fits)
    text = _decode(content, given.encoding, given.usual)
    _refuse_foreign(content, text.text)
    return _open_text(text, given, fits, likeness)


def _open_workbook(content: bytes, given: Given, fits: Callable[[Sequence[str]], bool]) -> Source:
    if content.startswith(b"PK") and not is_workbook(content):
        raise Failure(Exit.USAGE, "The file is a ZIP archive: unpack it, and import the file inside.")
    name, rows, others = read_workbook(content, given.sheet, FILE_BYTES_MAX)
    seen = f"the sheet {name} of a workbook" + (f" (others: {others}; --sheet chooses)" if others else "")
    records = [Record(number, number, row) for number, row in enumerate(rows, 1)]
    place = next((at for at, record in enumerate(records[:HEADER_LINES_MAX]) if fits(_names(record))), 0)
    header = _names(records[place]) if records else []
    return Source(header, place + 1 if records else 0, iter(records[place + 1 :]), seen)


def _decode(content: bytes, encoding: str, usual: str) -> Text:
    for mark, name, said in MARKS:
        if content.startswith(mark) and not encoding:
            return _as(content[len(mark) :], name, said)
    if encoding:
        try:
            name = codecs.lookup(encoding).name
            found = _as(content, encoding, name)
        except (LookupError, UnicodeError, ValueError) as error:
            raise Failure(Exit.USAGE, f"Unknown encoding {encoding!r}: write a name such as utf-8 or windows-1252.") from error
        return Text(found.text.removeprefix("\ufeff"), name, found.lost)
    if name := _sixteen_bits(content):
        return _as(content, name, "UTF-16")
    try:
        return Text(content.decode(), "UTF-8", _is_surrogate)
    except UnicodeDecodeError:
        return _as(content, usual, usual) if usual else _as(content, "utf-8", "UTF-8")


def _as(content: bytes, encoding: str, said: str) -> Text:
    if encoding == "utf-8":
        return Text(content.decode(errors="surrogateescape"), said, _is_surrogate)
    return Text(content.decode(encoding, errors="replace"), said, lambda text: "\ufffd" in text or _is_surrogate(text))


def as_windows(text: str) -> str:
    """A text that is not UTF-8, read as Windows-1252: shown to a person, never stored."""
    return text.encode(errors="surrogatepass" if _has_halves(text) else "surrogateescape").decode("cp1252", "replace")


def _has_halves(text: str) -> bool:
    """Whether there are surrogates that stand for no byte."""
    return any("\ud800" <= character <= "\udfff" and not "\udc80" <= character <= "\udcff" for character in text)


def _is_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _sixteen_bits(content: bytes) -> str:
    """UTF-16 without a mark has a NUL in every second byte of English text."""
    begin = content[:1000]
    if begin.count(0) * 3 < len(begin):
        return ""
    return "utf-16-le" if begin[1::2].count(0) > begin[0::2].count(0) else "utf-16-be"


def _refuse_foreign(content: bytes, text: str) -> None:
    for mark, name in FOREIGN:
        if content.startswith(mark):
            raise Failure(Exit.USAGE, f"The file is {name}, not CSV and no workbook.")
    begin = text[:1000].lstrip()
    if begin.startswith("<"):
        raise Failure(
            Exit.USAGE,
            "The file is HTML or XML, not CSV (some programs call such a file .xls): open it in a spreadsheet, and save it as "
            ".xlsx or CSV.",
        )
    if begin.startswith(("{", "[{")):
        raise Failure(Exit.USAGE, "The file is JSON, not CSV: send it to the API itself (docs/how-to/integrate.md).")


def _open_text(
    text: Text, given: Given, fits: Callable[[Sequence[str]], bool], likeness: Callable[[Sequence[str]], int]
) -> Source:
    body, above, separators = text.text, 0, list(SEPARATORS)
    if given.separator:
        separators = [NAMES.get(given.separator, given.separator)]
        if len(separators[0]) != 1 or separators[0] in '"\r\n':
            raise Failure(Exit.USAGE, f"--separator {given.separator!r} is not one character, nor comma, semicolon, tab or bar.")
    elif body[:4].casefold() == "sep=" and body[4:5].strip(" \r\n"):
        separators, above = [body[4]], 1
        rest = body[5:].lstrip(" ")
        body = rest.removeprefix("\r\n") if rest.startswith("\r\n") else rest[1:]
    begin = body[:HEADER_CHARACTERS_MAX]
    heads = {
        separator: list(islice(read_records(begin, separator, quotes=given.quotes), HEADER_LINES_MAX)) for separator in separators
    }
    found = next(
        (
            (separator, place)
            for place in range(HEADER_LINES_MAX)
            for separator, head in heads.items()
            if place < len(head) and fits(_names(head[place]))
        ),
        None,
    )
    separator, place = found or (max(separators, key=lambda one: (likeness(_names_at(heads[one])), _width(heads[one]))), 0)
    seen = f"CSV in {text.encoding}, separated by {SEPARATORS.get(separator, repr(separator))}"
    head = heads[separator]
    header = _names_at(head[place:])
    if text.lost("".join(header)):
        shown = as_windows(", ".join(header))
        raise Failure(
            Exit.USAGE,
            f"The names of the columns are not in {text.encoding}. As Windows-1252 they are: {shown}. "
            f"--encoding names the encoding.",
        )
    records = read_records(body, separator, quotes=given.quotes)
    skipped = list(islice(records, place + 1))
    lines = (skipped[-1].last if skipped else 0) + above
    shifted = (record._replace(first=record.first + above, last=record.last + above) for record in records)
    return Source(header, lines, shifted if above else records, seen, text.encoding, text.lost)


def _names(record: Record) -> list[str]:
    return [] if record.fault else [name.strip() for name in record.cells]


def _names_at(records: Sequence[Record]) -> list[str]:
    return _names(records[0]) if records else []


def _width(records: Sequence[Record]) -> int:
    return max((len(record.cells) for record in records), default=0)
