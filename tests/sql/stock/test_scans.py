"""Scans: what a code says, told from the text alone, and what catalog and stock know of it."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.world import EARLY, LATE, OTHER_SKU, SKU, Result, Shop

GS = "\x1d"
CASE, BOTTLE, SSCC = "10360000291455", "00036000291452", "106141411234567897"
TODAY = "2026-06-15"

# Text, and the readings: fields by application identifier.
READ: dict[str, list[dict[str, str]]] = {
    # Numbers of trade items
    "036000291452": [{"01": BOTTLE}],
    "0036000291452": [{"01": BOTTLE}],
    BOTTLE: [{"01": BOTTLE}],
    CASE: [{"01": CASE}],
    "96385074": [{"01": "00000096385074"}],
    "]E00036000291452": [{"01": BOTTLE}],
    "]I110360000291455": [{"01": CASE}],
    # Symbols with their identifiers
    f"]C101{CASE}": [{"01": CASE}],
    f"]d201{CASE}": [{"01": CASE}],
    f"]Q301{CASE}": [{"01": CASE}],
    f"]e001{CASE}": [{"01": CASE}],
    f"]d2{GS}01{CASE}": [{"01": CASE}],
    f"]C101{CASE}17300831": [{"01": CASE, "17": "300831"}],
    f"]C101{CASE}1730083110AB12": [{"01": CASE, "17": "300831", "10": "AB12"}],
    f"]C101{CASE}10AB12{GS}17300831": [{"01": CASE, "10": "AB12", "17": "300831"}],
    f"]C101{CASE}{GS}10AB12{GS}17300831{GS}": [{"01": CASE, "10": "AB12", "17": "300831"}],
    f"]C10100036000291452{GS}21S{GS}10L": [{"01": BOTTLE, "21": "S", "10": "L"}],
    f"]d202{CASE}3724": [{"02": CASE, "37": "24"}],
    f"]d202{CASE}3724{GS}10AB": [{"02": CASE, "37": "24", "10": "AB"}],
    f"]d200{SSCC}": [{"00": SSCC}],
    f"]d200{SSCC}02{CASE}3724": [{"00": SSCC, "02": CASE, "37": "24"}],
    f"]d201{CASE}240X-9{GS}3012": [{"01": CASE, "240": "X-9", "30": "12"}],
    f"]d201{CASE}1124010115260101": [{"01": CASE, "11": "240101", "15": "260101"}],
    f"]d201{CASE}1010D9T": [{"01": CASE, "10": "10D9T"}],
    f"]d201{CASE}10L-2030": [{"01": CASE, "10": "L-2030"}],
    f"]d201{CASE}10AB21X": [{"01": CASE, "10": "AB21X"}],
    f"]d201{CASE}10A_b(c)/%&": [{"01": CASE, "10": "A_b(c)/%&"}],
    f"]d201{CASE}1012345678901234567890": [{"01": CASE, "10": "12345678901234567890"}],
    # Without identifier
    f"01{CASE}": [{"01": CASE}],
    f"01{CASE}17300831": [{"01": CASE, "17": "300831"}],
    f"01{CASE}1730083110XYZ": [{"01": CASE, "17": "300831", "10": "XYZ"}],
    f"{GS}01{CASE}10XYZ{GS}17300831": [{"01": CASE, "10": "XYZ", "17": "300831"}],
    f"00{SSCC}": [{"00": SSCC}],
    f"17300831{GS}01{CASE}": [{"17": "300831", "01": CASE}],
    # For people
    f"(01){CASE}": [{"01": CASE}],
    f"(01){CASE}(17)300831(10)AB12": [{"01": CASE, "17": "300831", "10": "AB12"}],
    f"(01){CASE}(10)AB12(17)300831": [{"01": CASE, "10": "AB12", "17": "300831"}],
    f"(01){CASE}(10)17300831": [{"01": CASE, "10": "17300831"}],
    f"(02){CASE}(37)24(10)A(B)": [{"02": CASE, "37": "24", "10": "A(B)"}],
    # Links
    f"https://id.gs1.org/01/{CASE}": [{"01": CASE}],
    f"https://id.gs1.org/01/{CASE}/10/AB12?17=300831": [{"01": CASE, "10": "AB12", "17": "300831"}],
    f"HTTPS://sauce.example/a/b/01/{CASE}/10/AB12/21/9": [{"01": CASE, "10": "AB12", "21": "9"}],
    "https://sauce.example/01/036000291452": [{"01": BOTTLE}],
    f"https://sauce.example/01/{CASE}/10/A%2FB?17=300831&utm=x#top": [{"01": CASE, "10": "A/B", "17": "300831"}],
    # A field without an end: every reading
    f"]C101{CASE}10AB1217300831": [{"01": CASE, "10": "AB1217300831"}, {"01": CASE, "10": "AB12", "17": "300831"}],
    f"01{CASE}10AB9917300831": [
        {"01": CASE, "10": "AB9917300831"},
        {"01": CASE, "10": "AB9917", "30": "0831"},
        {"01": CASE, "10": "AB99", "17": "300831"},
    ],
    f"01{CASE}10AB21X": [{"01": CASE, "10": "AB21X"}, {"01": CASE, "10": "AB", "21": "X"}],
    f"01{CASE}10L20301": [{"01": CASE, "10": "L20301"}, {"01": CASE, "10": "L20", "30": "1"}],
    f"]d202{CASE}10AB11240101": [{"02": CASE, "10": "AB11240101"}, {"02": CASE, "10": "AB", "11": "240101"}],
    f"]C101{CASE}10ABCDEFGHIJKLMNO17300831": [{"01": CASE, "10": "ABCDEFGHIJKLMNO", "17": "300831"}],
}
# No code of GS1, without a fault: a number of a lot, or a SKU.
PLAIN = (
    "10D9T",
    "17300831X",
    "BATCH-202404",
    "SAUCE-1",
    "2024-06",
    "L/17",
    "37024",
    "(99)X",
    "]C0BATCH",
    "]d1L-1",
    "21",
    "ß ü",
    "()",
)
# Broken ones, and a word of each fault.
BROKEN = {
    "036000291453": "check digit",
    "10360000291452": "check digit",
    "96385075": "check digit",
    "]C10110360000291452": "check digit",
    "]d200106141411234567890": "check digit",
    f"]C101{CASE}17301301": "no day",
    f"]C101{CASE}17300231": "no day",
    f"]C101{CASE}17300832": "no day",
    f"]C101{CASE}1730": "characters",
    "]C1011036000029145": "characters",
    f"]C101{CASE}99X": "no field begins",
    f"]C101{CASE}XX": "no field begins",
    f"]C101{CASE}01{CASE}": "no field begins",
    f"]C101{CASE}10": "no field begins",
    f"]C101{CASE}10A B": "cannot have",
    f"]C101{CASE}10ü": "cannot have",
    f"]C101{CASE}10123456789012345678901": "characters",
    f"]C101{CASE}37A": "no number",
    f"]C101{CASE}{GS}{GS}17300831": "no field begins",
    "]C110AB": "neither",
    "]C117300831": "neither",
    "]C1": "neither",
    "]d2HELLO": "neither",
    f"(01){CASE}(17)300231": "no day",
    "(01)1036000029145(10)A": "characters",
    "(01)10360000291452": "check digit",
    f"(01){CASE}(10)A(10)B": "no field begins",
    f"(01){CASE}(10)": "no field begins",
    "https://sauce.example/01/10360000291452": "check digit",
    f"https://sauce.example/01/{CASE}?17=300231": "no day",
    "https://sauce.example/": "neither",
    f"01{CASE}17300231": "no day",
    "0110360000291452": "check digit",
}


def value(shop: Shop, query: str, *parameters: Any) -> Any:
    """The one value of a query of the superuser."""
    [row] = shop.rows(f"select ({query}) as value", *parameters)
    return row["value"]


def parse(shop: Shop, text: str, separator: str | None = None) -> dict[str, Any]:
    parsed: dict[str, Any] = value(shop, "catalog.parse_gs1(%s, %s, %s)", text, separator, TODAY)
    return parsed


def scan(shop: Shop, data: str, role: str = "admin", **rest: Any) -> Result:
    [answer] = shop.send("read_scans", {"data": data, **rest}, role=role)
    return answer


def test_the_corpus_is_large_enough() -> None:
    assert len(READ) + len(PLAIN) + len(BROKEN) >= 80
    assert len(BROKEN) * 3 >= len(READ) + len(PLAIN) + len(BROKEN)


def test_gs1_gs3_what_is_read(shop: Shop) -> None:
    assert {text: parse(shop, text)["readings"] for text in READ} == READ


def test_gs2_other_text_is_no_code_of_gs1(shop: Shop) -> None:
    for text in PLAIN:
        parsed = parse(shop, text)
        assert (text, parsed["readings"], parsed["faults"]) == (text, [], [])


def test_gs4_what_is_broken_is_named(shop: Shop) -> None:
    for text, fault in BROKEN.items():
        parsed = parse(shop, text)
        assert (text, parsed["readings"]) == (text, [])
        assert fault in "; ".join(parsed["faults"]), (text, parsed)


def test_gs1_a_separator_that_the_caller_names(shop: Shop) -> None:
    assert parse(shop, f"01{CASE}10AB~17300831", "~")["readings"] == [{"01": CASE, "10": "AB", "17": "300831"}]
    assert parse(shop, f"01{CASE}10AB<GS>17300831", "<GS>")["readings"] == [{"01": CASE, "10": "AB", "17": "300831"}]


@pytest.mark.parametrize(
    ("digits", "today", "day"),
    [
        ("300200", "2026-01-01", "2030-02-28"),
        ("280200", "2026-01-01", "2028-02-29"),
        ("301200", "2026-01-01", "2030-12-31"),
        ("760101", "2026-01-01", "2076-01-01"),
        ("770101", "2026-01-01", "1977-01-01"),
        ("260101", "2076-01-01", "2126-01-01"),
        ("270101", "2076-01-01", "2027-01-01"),
        ("000101", "2026-01-01", "2000-01-01"),
        ("990101", "2051-01-01", "2099-01-01"),
        ("000101", "2051-01-01", "2100-01-01"),
        ("300229", "2026-01-01", None),
        ("301301", "2026-01-01", None),
        ("300001", "2026-01-01", None),
        ("3002", "2026-01-01", None),
        (None, "2026-01-01", None),
    ],
)
def test_gs4_day_00_and_the_century(shop: Shop, digits: str | None, today: str, day: str | None) -> None:
    expected = None if day is None else datetime.date.fromisoformat(day)
    assert value(shop, "catalog.gs1_date(%s, %s)", digits, today) == expected


PIECES = st.sampled_from(
    [
        *("01", CASE, "10", "17", "300831", "21", "30", "37", "240", "02", "00", SSCC, GS, "]C1", "]d2", "(", ")", "(01)"),
        *("https://a.b/01/", "/10/", "?17=", "%", "%2F", "~"),
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=200),
    st.lists(st.one_of(PIECES, st.text("0123456789AB", max_size=6)), max_size=12).map("".join),
)


@settings(
    max_examples=max(1, 10_000 // 100),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
@given(texts=st.lists(TEXTS, min_size=100, max_size=100), separator=st.sampled_from([None, "", "~", ")", "01"]))
def test_gs1_no_text_makes_the_parser_raise(shop: Shop, texts: list[str], separator: str | None) -> None:
    assert value(shop, "select count(catalog.parse_gs1(t, %s, %s)) from unnest(%s::text[]) t", separator, TODAY, texts) == 100


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.send(
        "save_packagings",
        {"packaging_id": "CASE", "sku_id": SKU, "name": "case", "units": 12, "gtin": CASE},
        {"packaging_id": "BOTTLE", "sku_id": SKU, "name": "bottle", "units": 1, "gtin": "036000291452"},
    )
    receipt = {"sku_id": SKU, "warehouse_location": "WH-01", "stock": 30, "batch_number": "10D9T", "expiration_date": EARLY}
    shop.send("receive_stock", receipt, receipt | {"batch_number": "OLD", "expiration_date": "2020-01-31"})
    return shop


def test_a_scan_says_sku_packaging_lot_and_what_can_be_done(stocked: Shop) -> None:
    body = scan(stocked, f"]C101{CASE}17300630101{GS}3702", warehouse_location="WH-01").body
    assert (body["units"], body["known"], body["can"]) == (24, False, ["receive"])
    body = scan(stocked, f"]d201{CASE}1730063010 10D9T".replace(" ", ""), warehouse_location="WH-01").body
    assert body | {"data": None} == {
        "data": None,
        "ambiguous": [],
        "gtin": CASE,
        "sscc": None,
        "sku_id": SKU,
        "packaging": "case",
        "units": 12,
        "batch_number": "10D9T",
        "serial_number": None,
        "expiration_date": EARLY,
        "manufactured_on": None,
        "known": True,
        "status": "available",
        "sellable": True,
        "location": {"warehouse_location": "WH-01", "stock": 30, "withheld": 0},
        "faults": [],
        "can": ["receive", "count", "adjust", "withhold", "ship"],
    }
    elsewhere = scan(stocked, "10D9T", warehouse_location="WH-02").body
    assert (elsewhere["sellable"], elsewhere["can"]) == (False, ["receive", "count"])
    assert scan(stocked, "036000291452").body["packaging"] == "bottle"


def test_gs2_a_lot_called_10d9t_is_that_lot(stocked: Shop) -> None:
    body = scan(stocked, "10d9t").body
    assert (body["sku_id"], body["batch_number"], body["gtin"], body["known"]) == (SKU, "10D9T", None, True)
    assert scan(stocked, SKU.lower()).body["sku_id"] == SKU
    unknown = scan(stocked, "nothing")
    assert (unknown.code, unknown.body["known"], unknown.body["sku_id"], unknown.body["can"]) == (None, False, None, [])


def test_gs3_an_ambiguous_scan_lists_its_readings_and_nothing_can_be_done(stocked: Shop) -> None:
    body = scan(stocked, f"]C101{CASE}10AB1217300831", warehouse_location="WH-01").body
    assert [reading["batch_number"] for reading in body["ambiguous"]] == ["AB1217300831", "AB12"]
    assert (body["sku_id"], body["packaging"], body["batch_number"], body["can"]) == (SKU, "case", None, [])
    receipt = {"sku_id": OTHER_SKU, "warehouse_location": "WH-01", "stock": 1, "batch_number": "10D9T", "expiration_date": LATE}
    stocked.send("receive_stock", receipt)
    assert [reading["sku_id"] for reading in scan(stocked, "10D9T").body["ambiguous"]] == [SKU, OTHER_SKU]


def test_gs6_a_label_with_another_expiry_date_than_the_lot_is_not_received(stocked: Shop) -> None:
    body = scan(stocked, f"]C101{CASE}1730083110" + "10D9T", warehouse_location="WH-01").body
    assert body["faults"] == [f"the label says that the lot expires on 2030-08-31, but it expires on {EARLY}"]
    assert "receive" not in body["can"]


def test_an_expired_lot_is_not_sellable(stocked: Shop) -> None:
    body = scan(stocked, "OLD", warehouse_location="WH-01").body
    assert (body["status"], body["sellable"], "ship" in body["can"]) == ("expired", False, False)


def test_a_scan_that_cannot_be_read_is_refused(stocked: Shop) -> None:
    refused = scan(stocked, "]C10110360000291452")
    assert (refused.code, refused.body["errors"][0]["faults"]) == ("SN001", ["(01) 10360000291452 has a wrong check digit"])
    assert scan(stocked, "036000291453").code == "SN001"
    assert scan(stocked, "").code == "VA001"
    assert scan(stocked, "x" * 201).code == "VA001"
    for warehouse in ("WH-02", "NONE"):
        [answer] = stocked.send(
            "read_scans", {"data": "x", "warehouse_location": warehouse}, role="warehouse", warehouses=["WH-01"]
        )
        assert answer.code == "ST003"


def test_a_hostile_text_is_read_quickly(stocked: Shop) -> None:
    for text in (f"01{CASE}" + "10211024030" * 16, "01" * 100, "10" * 100, "(10)" * 50, f"01{CASE}10" + "1730083121" * 4):
        with stocked.session() as connection:
            connection.execute("set local statement_timeout = '2s'")
            [answer] = stocked.run(connection, "read_scans", {"data": text[:200]})
        assert answer.code in (None, "SN001")


@pytest.mark.parametrize("batch", ["10D9T", "A_b>c(d)", "L17300831", "12345678901234567890", "X11240101", "21/30"])
def test_lb1_what_a_label_says_is_read_as_the_same(stocked: Shop, batch: str) -> None:
    receipt = {"sku_id": SKU, "warehouse_location": "WH-01", "stock": 30, "batch_number": batch, "expiration_date": EARLY}
    stocked.send("receive_stock", receipt)
    label = value(stocked, "select body from api.get_label(1::smallint, %s, %s, %s)", SKU, batch, '{"packaging": "case"}')
    zpl = label["zpl"].split("\n")
    matrix = zpl[3].removeprefix("^FO40,90^BXN,6,200,,,,_^FD_1").removesuffix("^FS")
    bars = zpl[4].removeprefix("^FO40,300^BY2^BCN,120,N,N,N^FD>:>8").removesuffix("^FS")
    printed = [
        f"]d2{label['element_string']}",
        label["text"],
        "]d2" + matrix.replace("__", "\x00").replace("_1", GS).replace("\x00", "_"),
        "]C1" + bars.replace(">0", "\x00").replace(">8", GS).replace("\x00", ">"),
    ]
    for text in printed:
        body = scan(stocked, text).body
        assert "gtin" in body, (text, body)
        assert (body["gtin"], body["batch_number"], body["expiration_date"], body["ambiguous"]) == (CASE, batch, EARLY, [])
