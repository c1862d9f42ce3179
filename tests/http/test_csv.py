"""Lists as CSV: programs and spreadsheets read the same values as from JSON, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import unicodedata
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pyapp.api.orders import OrderPage
from pyapp.api.table import ROUTES
from pyapp.http import csv_pages as sheets
from pyapp.http.accept import choose
from pyapp.http.fields import Page
from pyapp.http.route import Route
from tests.calls import ORDER, SKU
from tests.http.conftest import Api, check_problem, delivered, key
from tests.http.samples import make_recall

LISTS = [route for route in ROUTES if route.method == "GET" and issubclass(route.answer, Page)]

ROOT = Path(__file__).parents[2]
BARE = {name: value for name, value in ORDER.items() if name != "created_at"}


def read(response: httpx2.Response) -> list[dict[str, str]]:
    """The rows as dicts, keyed by the header line."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    lines = response.content.decode().split("\r\n")
    assert lines[-1] == ""
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline=""), strict=True))


def place(client: httpx2.Client, **changes: object) -> dict[str, Any]:
    response = client.post("/v1/orders", json=BARE | {"order_id": str(uuid.uuid4())} | changes, headers=key())
    assert response.status_code == 201, response.text
    return dict(response.json())


def flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict) and name in ("customer", "status_change"):
            cells |= flat(value, f"{prefix}{name}.")
        else:
            cells[prefix + name] = value
    return cells


def same(cell: str, value: Any) -> bool:
    if isinstance(value, list | dict | bool | int | float):
        return bool(json.loads(cell) == value)
    return cell == ("" if value is None else value)


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.path)
def test_every_list_has_the_same_rows_as_csv_and_as_json(module_api: Api, route: Route) -> None:
    admin = module_api.client("admin")
    order_id = place(admin)["order_id"]
    admin.put(f"/v1/orders/{order_id}/cancel")
    admin.post("/v1/clients", json={"client_id": "shop", "name": "Shop", "role": "sales", "channels": ["web"]})
    admin.post("/v1/reservations", json={"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}, headers=key())
    for role in route.roles:
        client = module_api.client(role, warehouses=["WH-01"], channels=["web"])
        names = {"sku_id": "HOTSAUCE-001", "batch_number": SKU["batch_number"]}
        if "{recall_id}" in route.path:
            names["recall_id"] = make_recall(admin)
        if "{webhook_id}" in route.path:
            names["webhook_id"], _ = delivered(client, str(module_api.settings.database_url))
        path = route.path.format_map(names)
        documents = client.get(path).json()["data"]
        rows = read(client.get(path, headers={"accept": "text/csv"}))
        assert len(rows) == len(documents)
        for row, document in zip(rows, documents, strict=True):
            cells = flat(document)
            # An object has a column for each of its members, also where it is null.
            objects = {name.rpartition(".")[0] for name in row}
            assert {name for name in cells if name not in row and (cells[name] is not None or name not in objects)} == set()
            assert {name: row[name] for name in row if not same(row[name], cells.get(name))} == {}


def test_numbers_are_written_as_postgres_wrote_them(module_api: Api) -> None:
    admin = module_api.client("admin")
    admin.post("/v1/skus", json={"sku_id": "ROUND", "name": "Round", "price": 10})
    (row,) = read(admin.get("/v1/inventory?sku_id=ROUND", headers={"accept": "text/csv"}))
    assert (row["price"], row["stock"], row["active"], row["size_ml"]) == ("10.00", "0", "true", "")


# A text, and its cell: an apostrophe stands where a spreadsheet would begin a formula, whatever separates its cells.
FORMULAS = {
    "=1+1": "'=1+1",
    "+1": "'+1",
    "-1": "'-1",
    "@SUM(A1)": "'@SUM(A1)",
    "\t=1": "'\t'=1",
    '=HYPERLINK("http://x")': '\'=HYPERLINK("http://x")',
    "'=1+1": "''=1+1",
    "''-1": "'''-1",
    " =1+1": "' =1+1",
    "\u200b=1+1": "'\u200b=1+1",
    "\u3000\ufeff@x": "'\u3000\ufeff@x",
    "\n=1+1": "'\n'=1+1",
    "\uff1d1+1": "'\uff1d1+1",
    "\uff0bcmd": "'\uff0bcmd",
    "\uff0d1": "'\uff0d1",
    "\uff20x": "'\uff20x",
    'a;=HYPERLINK("http://evil")': 'a;\'=HYPERLINK("http://evil")',
    "a;=1+1;b; -1": "a;'=1+1;b;' -1",
    "a\t=1": "a\t'=1",
    "a\r\n=1": "a\r\n'=1",
    'a;"=1+1"': 'a;\'"=1+1"',
    "a;'=1": "a;''=1",
    "Hot & Sweet; 1=1": "Hot & Sweet; 1=1",
    "line\n\nline": "line\n\nline",
    "'tis hot": "'tis hot",
}


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_a_spreadsheet_would_run_is_marked_as_text(module_api: Api, text: str) -> None:
    """As customers write it: whoever may place an order chooses names and notes."""
    admin = module_api.client("admin")
    assert place(admin, note=text)["note"] == text
    row, *_ = read(admin.get("/v1/orders?limit=1", headers={"accept": "text/csv"}))
    assert row["note"] == FORMULAS[text]


def test_a_list_in_a_cell_is_marked_as_well(module_api: Api) -> None:
    admin = module_api.client("admin")
    flavors = ["smoky;=1+1", "=sweet"]
    admin.post("/v1/skus", json={"sku_id": "LISTED", "name": "L", "flavor_profile": flavors})
    (row,) = read(admin.get("/v1/inventory?sku_id=LISTED", headers={"accept": "text/csv"}))
    assert "smoky;'=1+1" in row["flavor_profile"]
    assert json.loads(unmarked(row["flavor_profile"])) == flavors


@cache
def rule() -> re.Pattern[str]:
    """The regular expression that docs/reference/csv.md gives to programs."""
    page = (ROOT / "docs/reference/csv.md").read_text(encoding="utf-8")
    [found] = re.findall(r"^    (\(.+)$", page, re.MULTILINE)
    return re.compile(found)


def unmarked(cell: str) -> str:
    """Restores the original text."""
    return rule().sub("", cell)


def begins_as_a_formula(cell: str) -> bool:
    """Whether it does once white space and characters that nobody sees are gone."""
    seen = [c for c in cell if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Zs", "Zl", "Zp")]
    return unicodedata.normalize("NFKC", "".join(seen[:1])) in ("=", "+", "-", "@")


@settings(deadline=None)
@given(st.text(st.sampled_from("'=+-@\t\r\n\",x; \u200b\uff1d") | st.characters(exclude_categories=["Cs"])))
@example("'=x")
@example(';"=1')
@example("\t'\n'=")
def test_a_mark_can_be_taken_away_again_and_no_cell_begins_as_a_formula(text: str) -> None:
    """However a spreadsheet separates the cells: with a comma, or as in countries where that is a semicolon or a tab."""
    order = {"customer": {"name": text, "address": f"x{text}"}, "note": text, "items": [text]}
    page = sheets.write(OrderPage, json.dumps({"data": [order]}).encode()).decode()
    (row,) = csv.DictReader(io.StringIO(page, newline=""), strict=True)
    assert (unmarked(row["note"]), json.loads(unmarked(row["items"]))) == (text, [text])
    for separator in ",;\t":
        for line in csv.reader(io.StringIO(page, newline=""), delimiter=separator):
            assert not any(begins_as_a_formula(cell) for cell in line), line


def test_a_negative_number_is_no_formula(module_api: Api) -> None:
    admin = module_api.client("admin")
    place(admin)
    rows = read(admin.get("/v1/inventory/HOTSAUCE-001/movements", headers={"accept": "text/csv"}))
    assert rows[0]["available_delta"] == "-3"


@pytest.mark.parametrize("text", ['say "hot", or not', "two\r\nlines", "ünïcödé 🌶", " spaced ", "a,b;c"])
def test_any_text_survives(module_api: Api, text: str) -> None:
    admin = module_api.client("admin")
    place(admin, note=text)
    row, *_ = read(admin.get("/v1/orders?limit=1", headers={"accept": "text/csv"}))
    assert row["note"] == text


def test_an_empty_list_has_its_header_line(shared_api: Api) -> None:
    response = shared_api.client("admin").get("/v1/orders", headers={"accept": "text/csv"})
    assert read(response) == []
    assert response.text.startswith("order_id,external_id,channel,created_at,customer.name,customer.email,")


def test_pages_of_csv_are_followed_by_the_link(admin: httpx2.Client) -> None:
    bodies = [SKU | {"sku_id": f"S-{number:02}", "batch_number": f"B-{number}"} for number in range(7)]
    assert admin.post("/v1/inventory", json=bodies, headers=key()).status_code == 207
    seen, url = [], "/v1/inventory?limit=3"
    while url:
        response = admin.get(url, headers={"accept": "text/csv"})
        seen += [row["sku_id"] for row in read(response)]
        url = response.links.get("next", {}).get("url", "")
    assert seen == [f"S-{number:02}" for number in range(7)]


def test_a_list_says_that_it_depends_on_accept(shared_api: Api) -> None:
    client = shared_api.client("admin")
    for accept in ("application/json", "text/csv"):
        assert client.get("/v1/orders", headers={"accept": accept}).headers["vary"] == "Accept"
    head = client.head("/v1/orders", headers={"accept": "text/csv"})
    assert (head.content, head.headers["content-type"]) == (b"", "text/csv; charset=utf-8; header=present")


def test_what_is_no_list_is_not_to_be_had_as_csv(shared_api: Api) -> None:
    client = shared_api.client("admin")
    problem = check_problem(client.get("/v1/inventory/HOTSAUCE-001", headers={"accept": "text/csv"}), 406, "RQ406")
    assert "application/json" in problem["detail"]
    problem = check_problem(client.get("/v1/orders", headers={"accept": "text/html"}), 406, "RQ406")
    assert "application/json or text/csv" in problem["detail"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("text/csv", "csv"),
        ("TEXT/CSV; charset=utf-8; header=present", "csv"),
        ("text/*", "csv"),
        ("text/csv, application/json", "json"),
        ("text/csv, application/json;q=0.9", "csv"),
        ("text/csv;q=0.8, application/json;q=0.9", "json"),
        ("text/csv;q=0.8, */*;q=0.9", "json"),
        ("application/json;q=0, */*", "csv"),
        ("text/*;q=0.1, text/csv;q=0.9, application/json;q=0.5", "csv"),
        ("application/json;q=0.000, text/csv;q=0.001", "csv"),
        ('text/csv;x="a,b;q=0"', "csv"),
        (r'text/csv;x="a\",application/json,b"', "csv"),
        (r'application/json;q=0.1;x="\\", text/csv', "csv"),
        ('application/json;q=0.1, text/csv;x="without an end, */*', "csv"),
        ("application/problem+json", "json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "json"),
        ("text/html", None),
        ("*/*;q=0", None),
        ("text/csv;q=0, application/json;q=0.0", None),
        ("application/json;q=0, text/csv;q=0, */*", None),
        (",,,", None),
    ],
)
def test_the_preferred_form_is_chosen(accept: str, chosen: str | None) -> None:
    found = choose(accept, ("application/json", "text/csv"))
    assert found == {"json": "application/json", "csv": "text/csv", None: None}[chosen]
    assert choose(",".join(accept.split(", ")), ("application/json", "text/csv")) == found


@pytest.mark.parametrize("piece", ['\\"', '"', '"\\', '",', ",", ";", " ", "a;", "q=1,"])
@pytest.mark.parametrize("end", ["", "\\", "x"])
def test_a_long_accept_costs_no_time(piece: str, end: str) -> None:
    """However long it is; longer ones than 1,000 characters are refused anyway."""
    accept = '"' + piece * (60_000 // len(piece)) + end
    started = time.thread_time()
    choose(accept, ("application/json", "text/csv"))
    assert time.thread_time() - started < 1
