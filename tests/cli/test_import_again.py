"""A file that is corrected and imported again: what was booked is not booked twice, and what was mended is booked."""

from __future__ import annotations

import itertools
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pyapp.cli.importing.receipts import Booked, choose
from pyapp.cli.importing.report import Line, Report
from tests.cli.conftest import FRESH, Demo, Done, run_here

if TYPE_CHECKING:
    from pathlib import Path

numbers = itertools.count(1)


class ImportText(Protocol):
    """The signature of the fixture `import_text`."""

    def __call__(self, kind: str, text: str | bytes, *more: str) -> Done: ...


@pytest.fixture
def sku(demo: Demo) -> str:
    """A new SKU at 5.00, without stock."""
    sku_id = f"AGAIN-{next(numbers)}-{uuid.uuid4().hex[:6]}"
    with demo.client() as client:
        assert client.post("/v1/skus", json={"sku_id": sku_id, "name": sku_id, "price": 5.00}).status_code == 201
    return sku_id


@pytest.fixture
def import_text(demo: Demo, tmp_path: Path) -> ImportText:
    """`import_text("stock", text, "--again")`: the report is at tmp_path / "report.json"."""

    def run(kind: str, text: str | bytes, *more: str) -> Done:
        path = tmp_path / "file.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return run_here("import", kind, path, "--data-dir", demo.data_dir, "--report", tmp_path / "report.json", *more)

    return run


def stock_of(demo: Demo, sku_id: str) -> dict[str, Any]:
    with demo.client() as client:
        return dict(client.get(f"/v1/inventory/{sku_id}", headers=FRESH).json())


def orders_of(demo: Demo, sku_id: str) -> list[dict[str, Any]]:
    with demo.client() as client:
        return list(client.get("/v1/orders", params={"sku": sku_id, "limit": 200}).json()["data"])


def totals(tmp_path: Path) -> dict[str, dict[str, int]]:
    return dict(json.loads((tmp_path / "report.json").read_text())["totals"])


def receive(demo: Demo, sku_id: str, units: int) -> None:
    with demo.client() as client:
        body = {"sku_id": sku_id, "warehouse_location": "WH-01", "stock": units, "batch_number": "B-0"}
        answer = client.post("/v1/inventory", json=body, headers={"Idempotency-Key": str(uuid.uuid4())})
        assert answer.status_code == 201, answer.text


STOCK = "sku_id,warehouse_location,stock,batch_number,expiration_date\n"


def test_a_corrected_stock_file_books_only_what_was_not_booked(
    import_text: ImportText, demo: Demo, sku: str, tmp_path: Path
) -> None:
    lines = [f"{sku},WH-01,100,D1,2037-12-31", f"{sku},WH-01,50,D2,31/12/2037"]
    done = import_text("stock", STOCK + "\n".join(lines) + "\n")
    assert (done.returncode, stock_of(demo, sku)["stock"]) == (3, 100)
    assert "line 3: bad: expiration_date '31/12/2037'" in done.stderr
    mended = [line.replace("31/12/2037", "2037-12-31") for line in lines]
    forms: dict[str, str | bytes] = {
        "mended": STOCK + "\n".join(mended) + "\n",
        "saved once more by a spreadsheet": b"\xef\xbb\xbf" + (STOCK + "\n".join(mended) + "\n").replace("\n", "\r\n").encode(),
        "in Europe": (STOCK + "\n".join(mended) + "\n").replace(",", ";"),
        "as Unicode text": (STOCK + "\n".join(mended) + "\n").replace(",", "\t").encode("utf-16"),
        "sorted": STOCK + "\n".join(reversed(mended)) + "\n",
        "with a column more": (STOCK + "\n".join(mended) + "\n").replace("\n", ",\n"),
    }
    for name, text in forms.items():
        done = import_text("stock", text)
        assert (done.returncode, done.stderr) == (0, ""), name
        assert stock_of(demo, sku)["stock"] == 150, name
    assert totals(tmp_path)["already"] == {"lines": 2, "units": 150}
    # Another client, whose answers nobody keeps, books nothing either.
    done = import_text("stock", forms["mended"], "--token", demo.token("warehouse"))
    assert (done.returncode, stock_of(demo, sku)["stock"]) == (0, 150)


def test_equal_lines_are_as_many_receipts(import_text: ImportText, demo: Demo, sku: str) -> None:
    line = f"{sku},WH-01,48,LOT-7,\n"
    assert import_text("stock", STOCK + line * 2).returncode == 0
    assert stock_of(demo, sku)["stock"] == 96
    done = import_text("stock", STOCK + line * 3)
    assert (done.returncode, stock_of(demo, sku)["stock"]) == (0, 144)
    assert "1 receipts booked, 2 existed already" in done.stdout
    assert import_text("stock", STOCK + line, "--again").returncode == 0
    assert stock_of(demo, sku)["stock"] == 192


def test_a_delivery_note_is_booked_once_and_never_with_other_units(import_text: ImportText, demo: Demo, sku: str) -> None:
    header = "sku_id,warehouse_location,stock,batch_number,reference\n"
    assert import_text("stock", f"{header}{sku},WH-01,100,D1,DN-1\n{sku},WH-01,100,D1,DN-2\n").returncode == 0
    assert stock_of(demo, sku)["stock"] == 200
    done = import_text("stock", f"{header}{sku},WH-01,120,d1,DN-1\n{sku},WH-01,100,D1,DN-2\n{sku},WH-01,5,D1,DN-3\n")
    assert done.returncode == 3
    assert done.stderr.startswith("line 2: refused: delivery DN-1 has already brought 100 units of this lot, not 120.")
    assert stock_of(demo, sku)["stock"] == 205


def test_a_receipt_without_a_reference_that_came_long_ago_is_for_the_user_to_decide() -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    receipt = {"sku_id": "A", "warehouse_location": "W", "batch_number": "L", "stock": 48}
    place = ("A", "W", "l", "")

    def chosen(*ages: int, again: bool = False, lines: int = 1) -> tuple[list[int], list[str]]:
        said: list[str] = []
        booked = {place: Booked({48: [now - timedelta(hours=age) for age in sorted(ages, reverse=True)]})} if ages else {}
        wanted = [(Line(number, sku_id="A", units=48), dict(receipt)) for number in range(2, 2 + lines)]
        found = choose(wanted, booked, Report(said.append), again=again, now=now)
        return [element.occurrence for element in found], said

    assert chosen() == ([1], [])
    assert chosen(1) == ([], [])
    assert chosen(23, 600) == ([], [])
    elements, (reason,) = chosen(600)
    assert elements == []
    assert "came in on 2026-11-04" in reason
    assert "--again" in reason
    assert chosen(600, again=True) == ([2], [])
    assert chosen(1, lines=3) == ([2, 3], [])


def test_mended_order_lines_are_ordered(import_text: ImportText, demo: Demo, sku: str, tmp_path: Path) -> None:
    receive(demo, sku, 20)
    header = "order_id,channel,customer_name,sku_id,quantity\n"
    lines = [f"{sku}-1,web,Ann,{sku},1", f"{sku}-1,web,Ann,{sku}-X,5"]
    done = import_text("orders", header + "\n".join(lines))
    assert (done.returncode, stock_of(demo, sku)["available"]) == (3, 19)
    lines[1] = lines[1].replace("-X", "")
    done = import_text("orders", header + "\n".join(lines), "--dry-run")
    assert f"line 3 would be added to order {sku}-1" in done.stdout
    assert stock_of(demo, sku)["available"] == 19
    done = import_text("orders", header + "\n".join(lines))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"line 3 was added to order {sku}-1" in done.stdout
    assert stock_of(demo, sku)["available"] == 14
    assert (totals(tmp_path)["already"]["units"], totals(tmp_path)["committed"]["units"]) == (1, 5)
    done = import_text("orders", header + "\n".join(lines) + "\n\n")
    assert (done.returncode, stock_of(demo, sku)["available"]) == (0, 14)
    assert totals(tmp_path)["already"] == {"lines": 2, "units": 6}


def test_an_order_that_exists_with_other_items_is_named(import_text: ImportText, demo: Demo, sku: str) -> None:
    receive(demo, sku, 20)
    header = "order_id,channel,customer_name,sku_id,quantity\n"
    assert import_text("orders", f"{header}{sku}-1,web,Ann,{sku},2\n").returncode == 0
    done = import_text("orders", f"{header}{sku}-1,web,Ann,{sku},3\n")
    assert done.returncode == 3
    assert "line 2: refused: ORD-" in done.stderr
    assert f"2 x {sku} at 5.00" in done.stderr
    # Somebody has changed the order since: the file no longer decides.
    (order,) = orders_of(demo, sku)
    with demo.client() as client:
        assert client.patch(f"/v1/orders/{order['order_id']}", json={"note": "call first"}).status_code == 200
    done = import_text("orders", f"{header}{sku}-1,web,Ann,{sku},2\n{sku}-1,web,Ann,{sku},1\n")
    assert done.returncode == 3
    assert "line 3: refused" in done.stderr
    assert "it was changed since" in done.stderr
    assert stock_of(demo, sku)["available"] == 18


@pytest.mark.parametrize("channel", ["web", "pos"])
def test_empty_order_cells_mean_as_above(import_text: ImportText, demo: Demo, sku: str, tmp_path: Path, channel: str) -> None:
    receive(demo, sku, 20)
    done = import_text(
        "orders",
        "order_id,created_at,channel,customer_name,sku_id,quantity\n"
        f"{sku}-1,2026-09-03T10:14:00-04:00,{channel},Ann,{sku},many\n"  # its item is bad, its order cells count
        f"{sku}-1,,,,{sku},5\n"
        f"{sku}-2,,,,{sku},1\n"
        f"{sku}-1,,,Ann,{sku},1\n"
        f"{sku}-1,,{channel},Ben,{sku},1\n"
        f",,{channel},Ann,{sku},1\n",
    )
    assert done.returncode == 3
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["line 2", "line 6", "line 7"]
    found = {order["external_id"]: order for order in orders_of(demo, sku)}
    assert set(found) == {f"{sku}-1", f"{sku}-2"}
    order = found[f"{sku}-1"]
    assert (order["channel"], order["customer"]["name"], [item["quantity"] for item in order["items"]]) == (
        channel,
        "Ann",
        [5, 1],
    )
    assert order["created_at"] == "2026-09-03T14:14:00.000Z"
    assert totals(tmp_path)["committed"] == {"lines": 3, "units": 7}


def test_whole_orders_are_placed_whole_or_not(import_text: ImportText, demo: Demo, sku: str) -> None:
    receive(demo, sku, 20)
    text = (
        "order_id,channel,customer_name,sku_id,quantity\n"
        f"{sku}-1,web,Ann,{sku},1\n{sku}-1,web,Ann,NO-SUCH,5\n{sku}-2,web,Ben,{sku},1\n{sku}-2,web,Ben,{sku},0\n{sku}-3,web,C,{sku},2\n"
    )
    done = import_text("orders", text, "--whole-orders")
    assert done.returncode == 3
    assert [order["external_id"] for order in orders_of(demo, sku)] == [f"{sku}-3"]
    said = {line.split(":")[0] for line in done.stderr.splitlines()}
    assert said == {"line 2", "line 3", "line 4", "line 5"}


def test_a_missing_column_changes_nothing_and_a_dry_run_names_each_change(import_text: ImportText, demo: Demo, sku: str) -> None:
    whole = f"sku_id,name,description,price,currency,size_ml,reorder_point\n{sku},Ten,desc,9.99,EUR,150,40\n"
    assert import_text("skus", whole).returncode == 0
    names = f"sku_id,name\n{sku},Ten renamed\n"
    dry = import_text("skus", names, "--dry-run")
    assert f"  line 2: {sku}: name Ten -> Ten renamed\n" in dry.stdout
    assert import_text("skus", names).returncode == 0
    with demo.client() as client:
        saved = client.get(f"/v1/skus/{sku}").json()
    assert [saved[name] for name in ("name", "description", "price", "currency", "size_ml", "reorder_point")] == [
        "Ten renamed",
        "desc",
        9.99,
        "EUR",
        150,
        40,
    ]
    for column in ("a", "b"):  # an attribute is one column, and the others stay
        assert import_text("skus", f"sku_id,name,attributes.{column}\n{sku},Ten renamed,{column}\n").returncode == 0
    with demo.client() as client:
        assert client.get(f"/v1/skus/{sku}").json()["attributes"] == {"a": "a", "b": "b"}
    dry = import_text("skus", f"sku_id,name,price\n{sku},Ten renamed,\n", "--dry-run")
    assert f"line 2: {sku}: price 9.99 -> none" in dry.stdout
    assert f"1 SKUs would lose their list price and could not be sold: {sku}." in dry.stdout
    done = import_text("skus", f"sku_id,name\n{sku},One\n{sku},Two\n")
    assert done.returncode == 3
    assert "line 3: bad: " in done.stderr


def test_an_unknown_warehouse_is_refused_with_the_one_that_was_meant(import_text: ImportText, demo: Demo, sku: str) -> None:
    text = f"sku_id,warehouse_location,stock,batch_number\n{sku},WH-1,8,B\n{sku},wh-01,8,B\n{sku},WH-01,1,B\n"
    for more in (["--dry-run"], []):
        done = import_text("stock", text, *more)
        assert done.returncode == 3
        assert "line 2: bad: warehouse WH-1 does not exist or is not yours; did you mean WH-01?" in done.stderr
        assert "line 3: bad: warehouse wh-01 does not exist or is not yours; did you mean WH-01?" in done.stderr
    assert [level["warehouse_location"] for level in stock_of(demo, sku)["warehouses"]] == ["WH-01"]
    text = f"sku_id,warehouse_location,stock,batch_number\n{sku},Far & Away {sku},8,B\n"
    done = import_text("stock", text, "--create-warehouses", "--dry-run")
    assert "not tried: the dry run did not create their warehouse: 1 lines, 8 units" in done.stdout
    done = import_text("stock", text, "--create-warehouses")
    assert done.returncode == 0, done.stderr
    assert f"Far-Away-{sku}" in [level["warehouse_location"] for level in stock_of(demo, sku)["warehouses"]]


def test_counts_are_set_and_not_added(import_text: ImportText, demo: Demo, sku: str, tmp_path: Path) -> None:
    header = "sku_id,warehouse_location,stock,batch_number\n"
    receive(demo, sku, 10)
    text = f"{header}{sku},WH-01,7,B-0\n{sku},WH-02,4,NEW-1\n{sku},WH-03,2,\nNO-SUCH,WH-01,1,\n{sku},WH-01,9,b-0\n"
    dry = import_text("counts", text, "--dry-run")
    assert f"line 2: {sku} in WH-01: 10 -> 7 units of lot B-0" in dry.stdout
    assert stock_of(demo, sku)["stock"] == 10
    for _ in range(2):
        done = import_text("counts", text)
        assert done.returncode == 3
        assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["line 6", "line 5"]
        levels = {level["warehouse_location"]: level["stock"] for level in stock_of(demo, sku)["warehouses"]}
        assert levels == {"WH-01": 7, "WH-02": 4, "WH-03": 2}
    assert totals(tmp_path)["already"] == {"lines": 3, "units": 13}
    assert sorted(lot["batch_number"] for lot in stock_of(demo, sku)["batches"]) == ["B-0", "COUNTED", "NEW-1"]
    for units in (0, 2):  # down and up again: neither is taken for the other's repeat
        assert import_text("counts", f"{header}{sku},WH-03,{units},\n").returncode == 0
        assert next(w["stock"] for w in stock_of(demo, sku)["warehouses"] if w["warehouse_location"] == "WH-03") == units


def test_a_count_that_leaves_open_which_units_are_missing_is_named(import_text: ImportText, demo: Demo, sku: str) -> None:
    """Some of the units cannot be sold: the line is refused with the lots to choose from, and the other lines are counted."""
    day = "2024-01-31"
    assert import_text("stock", f"{STOCK}{sku},WH-01,5,GOOD,\n{sku},WH-01,5,OLD,{day}\n").returncode == 0
    header = "sku_id,warehouse_location,stock,batch_number,reason_code\n"
    done = import_text("counts", f"{header}{sku},WH-01,8,,\n")
    assert done.returncode == 3
    assert "line 2" in done.stderr
    assert "GOOD (available, 5 units), OLD (expired, 5 units)" in done.stderr
    assert import_text("counts", f"{header}{sku},WH-01,8,,expired\n").returncode == 0
    assert import_text("counts", f"{header}{sku},WH-01,4,GOOD,\n").returncode == 0
    assert {lot["batch_number"]: lot["stock"] for lot in stock_of(demo, sku)["batches"]} == {"GOOD": 4, "OLD": 3}


def test_what_sales_may_not_change_is_named_line_by_line(import_text: ImportText, demo: Demo, sku: str) -> None:
    text = f"sku_id,name,price\n{sku},Cheap,0\n{sku}-N,New,4.50\n"
    done = import_text("skus", text, "--token", demo.token("sales"))
    assert done.returncode == 3
    [line] = [line for line in done.stderr.splitlines() if line.startswith("line 2")]
    assert "Ask an admin" in line
    assert (stock_of(demo, sku)["price"], stock_of(demo, f"{sku}-N")["name"]) == (5, "New")
    done = import_text("skus", f"sku_id,name,price\n{sku},Named,5.50\n", "--token", demo.token("sales"))
    assert done.returncode == 0, done.stderr
    assert (stock_of(demo, sku)["name"], stock_of(demo, sku)["price"]) == ("Named", 5.5)
