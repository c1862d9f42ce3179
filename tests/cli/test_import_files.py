"""Files as people have them: separators, encodings, workbooks, stray quotation marks, any bytes."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest

from pyapp.cli.importing.csv_text import Record, read_records
from pyapp.cli.importing.files import Given
from pyapp.cli.importing.report import BadLine, Line, Report
from pyapp.cli.importing.rows import read_rows
from pyapp.cli.importing.values import Forms
from pyapp.failures import Failure
from tests.cli.conftest import Demo, assert_one_clear_line, run_here

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyapp.cli.importing.kinds import KindName

STOCK = "sku_id,warehouse_location,stock,batch_number,note\n"


def read(kind: KindName, content: str | bytes, **given: Any) -> tuple[list[dict[str, str]], list[str], Report]:
    """The rows of a file, what was said about the others, and the report."""
    said: list[str] = []
    report = Report(said.append)
    data = content.encode() if isinstance(content, str) else content
    rows = [row.values for row in read_rows(data, kind, Given(**given), report, [], {}).rows]
    return rows, said, report


TABLE = [["sku_id", "name", "price"], ["A-1", "Jalapeño; Árbol, hot", "12.99"], ["A-2", 'The "12" bottle', "3.00"]]


def written(rows: Sequence[Sequence[str]], separator: str = ",", end: str = "\r\n") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=end).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (written(TABLE), "CSV in UTF-8, separated by commas"),
        (written(TABLE, ";"), "CSV in UTF-8, separated by semicolons"),
        (written(TABLE, "\t"), "CSV in UTF-8, separated by tabs"),
        (written(TABLE, "|"), "CSV in UTF-8, separated by bars"),
        (written(TABLE, end="\r"), "CSV in UTF-8, separated by commas"),
        (written(TABLE).encode("utf-8-sig"), "CSV in UTF-8 with a byte order mark, separated by commas"),
        (written(TABLE, "\t").encode("utf-16"), "CSV in UTF-16 with a byte order mark, separated by tabs"),
        (written(TABLE).encode("utf-16-be"), "CSV in UTF-16, separated by commas"),
        ("sep=;\r\n" + written(TABLE, ";"), "CSV in UTF-8, separated by semicolons"),
        ("My sauces\r\n\r\nAs of,2026-11-29\r\n" + written(TABLE), "CSV in UTF-8, separated by commas"),
        (written([["SKU ID", "Name ", "PRICE"], *TABLE[1:]]), "CSV in UTF-8, separated by commas"),
        (written([[*row, "", ""] for row in TABLE]), "CSV in UTF-8, separated by commas"),
    ],
)
def test_the_same_table_is_read_from_every_form_of_text(content: str | bytes, seen: str) -> None:
    rows, said, report = read("skus", content)
    assert rows == [dict(zip(TABLE[0], row, strict=True)) for row in TABLE[1:]]
    assert (said, report.seen) == ([], [seen])


def test_text_in_another_encoding_is_read_if_it_is_named_and_never_guessed() -> None:
    content = written(TABLE).encode("windows-1252")
    rows, _, report = read("skus", content, encoding="windows-1252")
    assert [row["name"] for row in rows] == [row[1] for row in TABLE[1:]]
    assert report.seen == ["CSV in cp1252, separated by commas"]
    rows, said, _ = read("skus", content)
    assert [row["sku_id"] for row in rows] == ["A-2"]
    assert said[0].startswith("line 2: bad: not UTF-8 (as Windows-1252 it reads 'A-1 Jalapeño;")
    with pytest.raises(Failure, match=r"As Windows-1252 they are: sku_id, name, attributes\.Größe"):
        read("skus", "sku_id,name,attributes.Größe\nH1,x,1\n".encode("windows-1252"))
    rows, said, _ = read("skus", b"sku_id,name\n+2AA-,x\nB,+AOk-\n", encoding="utf-7")
    assert ([row["name"] for row in rows], len(said)) == (["é"], 1)
    with pytest.raises(Failure, match="Unknown encoding 'klingon'"):
        read("skus", content, encoding="klingon")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"<html><table><tr><td>sku_id</td></tr></table></html>", "HTML"),
        (b'[{"sku_id": "A"}]', "JSON"),
        (b"PK\x03\x04 no archive", "ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no workbook", "workbook cannot be read"),
        (b"sku_id;name;price;colour\n", "Unknown columns: colour"),
        (b"sku id,nmae\n", "missing: name (name may be nmae)"),
        (b"sku_id,name,price,prise\n", "Is prise price?"),
        (b"sku_id,name,name\n", "twice: name"),
        (b"Handle,Title,Variant SKU\n", "Its first line has: Handle, Title, Variant SKU"),
        (b"", "missing: sku_id, name"),
    ],
)
def test_what_is_no_table_is_named_for_what_it_is(content: bytes, words: str) -> None:
    with pytest.raises(Failure) as raised:
        read("skus", content)
    assert words in str(raised.value)


def test_a_stray_quotation_mark_loses_no_line_from_the_count(demo: Demo, tmp_path: Path) -> None:
    lines = [f"NO-SUCH,WH-01,1,Q{number}," for number in range(600)]
    lines[49] = 'NO-SUCH,WH-01,1,Q49,"5 oz'
    path = tmp_path / "file.csv"
    path.write_text(STOCK + "\n".join(lines) + "\n")
    done = run_here("import", "stock", path, "--data-dir", demo.data_dir)
    assert done.returncode == 3
    assert "lines 51 to 601: bad: not CSV: the quotation mark that opens in line 51 is never closed\n" in done.stderr
    assert done.stdout.startswith("600 lines read; ")
    # Two marks that swallow lines, whether or not the text between them happens to be CSV.
    for text, first, last in (
        ('A,"Tall bottle,1.00\nB,x,2.00\nC,Short" bottle,3.00\nD,y,4.00\n', 2, 4),
        ('A,"Tall bottle,1.00\nB,x,2.00\nC,Short",3.00\nD,y,4.00\n', 2, 4),
        ('A,"Ghost Drops 12" bottle",1.00\nD,y,4.00\n', 2, 2),
    ):
        rows, (said,), report = read("skus", "sku_id,name,price\n" + text)
        assert [row["sku_id"] for row in rows] == ["D"]
        assert said.startswith(f"lines {first} to {last}: bad: " if last > first else f"line {first}: bad: ")
        assert report.lines == text.count("\n")
    rows, (said,), _ = read("stock", STOCK + 'A,WH-01,1,Q1,"5 oz\nA,WH-01,1,Q2,\nA,WH-01,1,Q3,5 oz"\nA,WH-01,1,Q4,\n')
    assert said.startswith("lines 2 to 4: bad: note holds what look like lines of the file")
    assert [row["batch_number"] for row in rows] == ["Q4"]


def test_a_cell_may_have_lines_where_text_belongs() -> None:
    rows, said, report = read("skus", 'sku_id,name,description\nA,x,"one\r\ntwo, ""three"""\n\nB,5" bottle,\n')
    assert [row["description"] for row in rows] == ['one\r\ntwo, "three"', ""]
    assert rows[1]["name"] == '5" bottle'
    assert (said, report.header_lines, report.lines, report.blank) == ([], 1, 3, 1)


def test_records_are_those_of_the_csv_module_where_the_text_is_strict() -> None:
    chance = random.Random(7)
    for _ in range(300):
        table = [["".join(chance.choices('a,;"\n\r x', k=chance.randrange(6))) for _ in range(3)] for _ in range(4)]
        text = io.StringIO(newline="")
        csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(table)
        found = list(read_records(text.getvalue(), ","))
        assert [record.cells for record in found] == table
        assert not any(record.fault for record in found)
    assert [(record.cells, bool(record.fault)) for record in read_records('a,"b" c,d\ne', ",")] == [
        (["a", "b"], True),
        (["e"], False),
    ]
    assert list(read_records('a,"b', ",")) == [Record(1, 1, ["a"], "the quotation mark that opens in line 1 is never closed")]


def mutated(text: bytes, chance: random.Random) -> bytes:
    """The file after an accident: a stray quotation mark, a lost column, a cut tail, a shuffled header, other bytes."""
    lines = text.splitlines(keepends=True)
    place = chance.randrange(len(text))
    column = chance.randrange(3)
    kind = chance.randrange(8)
    if kind == 0:
        return text[:place] + b'"' + text[place:]
    if kind == 1:
        return b"".join(b",".join(cell for at, cell in enumerate(line.split(b",")) if at != column) for line in lines)
    if kind == 2:
        return text[:place]
    if kind == 3:
        names = lines[0].rstrip().split(b",")
        chance.shuffle(names)
        return b",".join(names) + b"\n" + b"".join(lines[1:])
    if kind == 4:
        return text[:place] + bytes(chance.choices(range(256), k=chance.randrange(1, 9))) + text[place:]
    if kind == 5:
        return text.replace(b",", chance.choice([b";", b"\t", b"|", b'","']))
    if kind == 6:
        return b"".join(chance.sample(lines, len(lines)))
    return text.replace(b"\n", chance.choice([b"\r\n", b"\r", b"\n\n", b""]))


def physical_lines(content: bytes) -> int:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        if encoding == "utf-8" and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            return sum(1 for _ in io.StringIO(content.decode(errors="surrogateescape"), newline=""))
    return -1


def test_every_line_of_a_thousand_damaged_files_is_read_named_or_counted() -> None:
    chance = random.Random(20261129)
    rows = [[f"SKU-{number}", "WH-01", str(number), f"B-{number}", f'note "{number}", ñ'] for number in range(30)]
    files: dict[KindName, bytes] = {
        "stock": written([STOCK.strip().split(","), *rows], end="\n").encode(),
        "skus": written([["sku_id", "name", "price"], *([f"S-{n}", f"Sauce {n}, hot", "1.00"] for n in range(30))]).encode(),
        "orders": written(
            [["order_id", "sku_id", "quantity", "customer_address"], *([f"O-{n}", "S", "2", "1 Hot St\nTown"] for n in range(30))]
        ).encode(),
    }
    usable = 0
    for number in range(1000):
        kind = chance.choice(list(files))
        content = mutated(files[kind], chance)
        if number % 3 == 0 and content:
            content = mutated(content, chance)
        said: list[str] = []
        report = Report(said.append)
        try:
            lines = [row.line for row in read_rows(content, kind, Given(), report, [], {}).rows]
        except Failure:
            continue
        usable += 1
        named = report.total("bad", "lines")
        assert sum(line.lines for line in lines) + named == report.lines, (number, content)
        assert len(said) == sum(1 for one in said if one.startswith(("line ", "lines ")))
        assert report.header_lines + report.blank + report.lines == physical_lines(content), (number, content)
    assert usable > 400


def test_no_bytes_make_a_traceback(demo: Demo, tmp_path: Path) -> None:
    chance = random.Random(5)
    path = tmp_path / "file.csv"
    texts = [
        b"sku_id,name,price,attributes.a\nA,\x00,1\xff,\n",
        b"sku_id,name\n\xed\xa0\x80,\xed\xa0\x80\n",
        b"order_id,sku_id,quantity\n\xff,\xfe,1\n,,\n",
        "sku_id,name\n\ud800,x\n".encode("utf-16-le", "surrogatepass"),
        b"\xff\xfesku",
        b'"\n' * 50,
        *(bytes(chance.choices(range(256), k=200)) for _ in range(20)),
    ]
    for text in texts:
        path.write_bytes(text)
        done = run_here(
            "import", chance.choice(["skus", "stock", "orders", "counts"]), path, "--data-dir", demo.data_dir, "--dry-run"
        )
        assert done.returncode in (0, 2, 3), (text, done)
        assert "Traceback" not in done.stderr


XLSX = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override '
    'PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>'
    "</Relationships>",
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="Stock" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": '<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs count="2">'
    '<xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
}


def workbook(rows: Sequence[Sequence[str | float]], dates: tuple[int, ...] = ()) -> bytes:
    """A workbook as Excel writes it. dates: columns whose numbers are formatted as days."""
    cells = [
        "<row>"
        + "".join(
            f'<c t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
            if isinstance(value, str)
            else f'<c s="{int(at in dates)}"><v>{value!r}</v></c>'
            for at, value in enumerate(row)
        )
        + "</row>"
        for row in rows
    ]
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + "".join(cells)
        + "</sheetData></worksheet>"
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**XLSX, "xl/worksheets/sheet1.xml": sheet}.items():
            archive.writestr(name, text)
    return content.getvalue()


def test_a_workbook_is_read_as_it_is_shown() -> None:
    header = ["sku_id", "warehouse_location", "stock", "batch_number", "expiration_date"]
    content = workbook(
        [
            ["Counted by Ann"],
            [],
            header,
            ["00123", "WH-01", 5.0, 20240501.0, 46752.0],
            [4006381333931.0, "WH-01", 12.990000000000001, "B", ""],
        ],
        dates=(4,),
    )
    rows, said, report = read("stock", content)
    assert said == []
    assert report.seen == ["the sheet Stock of a workbook"]
    assert list(rows[0].values()) == ["00123", "WH-01", "5", "20240501", "2027-12-31"]
    assert list(rows[1].values())[:3] == ["4006381333931", "WH-01", "12.99"]
    assert (report.header_lines, report.lines) == (3, 2)
    with pytest.raises(Failure, match="no sheet Orders, but Stock"):
        read("stock", content, sheet="Orders")


def test_a_damaged_workbook_is_named() -> None:
    chance = random.Random(3)
    content = workbook([["sku_id", "name"], *([f"A-{number}", "x"] for number in range(50))])
    for number in range(200):
        damaged = bytearray(content[: chance.randrange(9, len(content))] if number % 2 else content)
        for _ in range(chance.randrange(1, 20)):
            damaged[chance.randrange(4, len(damaged))] = chance.randrange(256)
        with suppress(Failure):
            read("skus", bytes(damaged))


def test_standard_input_is_a_file(demo: Demo) -> None:
    done = run_here("import", "skus", "-", "--data-dir", demo.data_dir, "--dry-run", stdin=b"sku_id;name\nSTDIN-1;One\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  line 2: STDIN-1: new: One, none\n" in done.stdout


NUMBERS = [
    "12,99",
    "1.299,00",
    "1,299.00",
    "$12.99",
    "12.99 USD",
    "12%",
    "free",
    "(5.00)",
    "1.3E+1",
    "1_299",
    "١٢",
    "12.",
    "+12.99",
]


def test_numbers_and_dates_of_two_meanings_are_refused_unless_the_form_is_said() -> None:
    plain = Forms(UTC)
    for text in NUMBERS:
        with pytest.raises(BadLine, match="not an amount"):
            plain.amount(text, "price")
    for text in ["5.0", "1,240", "1.240", "1e3", "not stocked", "5 pcs", "+5", ""]:
        with pytest.raises(BadLine, match="not a whole number"):
            plain.whole(text, "stock")
    for text in [
        "31/12/2027",
        "12/31/2027",
        "12/31/27",
        "01/02/2027",
        "31.12.2027",
        "20271231",
        "46752",
        "0027-12-31",
        "2027-02-30",
    ]:
        with pytest.raises(BadLine, match="not a day of the form 2027-12-31"):
            plain.day(text, "expiration_date")
    comma, point = Forms(UTC, decimal=","), Forms(UTC, decimal=".")
    assert [str(comma.amount(text, "price")) for text in ("12,99", "1.299,00", "1299", "-1,5")] == [
        "12.99",
        "1299.00",
        "1299",
        "-1.5",
    ]
    assert [str(point.amount(text, "price")) for text in ("12.99", "1,299.00", "1299")] == ["12.99", "1299.00", "1299"]
    assert (comma.whole("1.240", "stock"), point.whole("1,240", "stock")) == (1240, 1240)
    for forms, text in ((comma, "12.99"), (comma, "1.29,00"), (point, "12,99"), (point, "1,2990")):
        with pytest.raises(BadLine):
            forms.amount(text, "price")
    days, months = Forms(UTC, dates="dmy"), Forms(UTC, dates="mdy")
    assert (days.day("01/02/2027", ""), months.day("01/02/2027", "")) == ("2027-02-01", "2027-01-02")
    assert (days.day("31.12.2027", ""), days.day("2027-12-31", "")) == ("2027-12-31", "2027-12-31")
    for forms, text in ((months, "31/12/2027"), (days, "12/31/2027"), (days, "01/02/27"), (days, "1/2.2027")):
        with pytest.raises(BadLine):
            forms.day(text, "expiration_date")
    assert months.moment("9/6/2016 6:29:05 PM") == "2016-09-06T18:29:05Z"
    assert days.moment("9/6/2016 18:29") == "2016-06-09T18:29:00Z"
    assert plain.moment("2026-09-03 10:14:00 -0400") == "2026-09-03T14:14:00Z"
    for text in ["9/6/2016 6:29", "1788430440", "10:14 AM", "08/07/2016 10:12:40 BST"]:
        with pytest.raises(BadLine, match="time"):
            plain.moment(text)


def test_a_line_is_named_by_all_of_its_lines() -> None:
    assert (Line(3).name, Line(3, 7).name, Line(3, 7).lines, Line(3, 7, part=1).lines) == ("line 3", "lines 3 to 7", 5, 0)


def test_the_refusal_of_a_code_shows_it(demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "skus.csv"
    path.write_text("sku_id,name\nHot & Sweet,x\n")
    done = run_here("import", "skus", path, "--data-dir", demo.data_dir)
    assert done.returncode == 3
    assert "line 2: bad: sku_id 'Hot & Sweet': " in done.stderr
    path.write_text("sku_id,name\n")
    assert_one_clear_line(run_here("import", "skus", path, "--separator", ";;", "--data-dir", demo.data_dir), 2, "--separator")
