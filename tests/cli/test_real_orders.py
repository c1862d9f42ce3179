"""Real baskets through the API: each unit in the file is committed, refused or invalid, per SKU.

SCOVILLE_REAL_DATA names a folder with the grocer's complete sauce_products.csv and sauce_order_lines.csv.gz;
without it, the tests use the demo's extract, converted back to the grocer's format.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from pyapp import demo as demo_data
from tests.cli.conftest import ROOT, Demo, Scoville

if TYPE_CHECKING:
    from collections.abc import Callable

WAREHOUSES = ("WH-01", "WH-02", "WH-03")
GROCER = ("--map", ROOT / "pyapp" / "demo" / "grocer.toml")


def extract(folder: Path) -> None:
    """The demo's month in the grocer's format."""
    products = [row for row in demo_data.read_rows("skus.csv") if row["attributes.grocer_product_id"]]
    ids = {row["sku_id"]: row["attributes.grocer_product_id"] for row in products}
    with (folder / "sauce_products.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["product_id", "manufacturer_id", "department", "brand", "product_category", "product_type", "package_size"])
        for row in products:
            out.writerow(
                [ids[row["sku_id"]], row["attributes.grocer_manufacturer_id"], "GROCERY", "National", "SAUCES", "HOT SAUCE", ""]
            )
    with gzip.open(folder / "sauce_order_lines.csv.gz", "wt", newline="") as file:
        out = csv.writer(file)
        out.writerow(["basket_id", "transaction_timestamp", "store_id", "household_id", "product_id", "quantity", "sales_value"])
        for row in demo_data.read_rows("orders.csv"):
            store = row["customer_address"].removeprefix("Store ")
            household = row["customer_name"].removeprefix("Household ")
            paid = Decimal(row["price"] or "1.11") * int(row["quantity"])
            basket = row["order_id"].rpartition("-")[2]
            out.writerow([basket, row["created_at"][:19], store, household, ids[row["sku_id"]], row["quantity"], paid])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    given = os.environ.get("SCOVILLE_REAL_DATA")
    if given:
        return Path(given)
    extract(tmp_path)
    return tmp_path


@pytest.mark.timeout(600)
def test_every_unit_of_the_file_is_accounted_for(
    scoville: Scoville, folder: Path, tmp_path: Path, copy_folder: Callable[[], Path], start_demo: Callable[[Path], Demo]
) -> None:
    with gzip.open(folder / "sauce_order_lines.csv.gz", "rt", newline="") as file:
        lines = list(csv.DictReader(file))
    wanted: Counter[str] = Counter()
    for line in lines:
        wanted[f"P-{line['product_id']}"] += int(line["quantity"])
    bad = {number for number, line in enumerate(lines, 2) if int(line["quantity"]) <= 0}
    good_baskets = {line["basket_id"] for line in lines if int(line["quantity"]) > 0}
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if int(line["quantity"]) > 0:
            paid[line["basket_id"]] += Decimal(line["sales_value"])

    demo = start_demo(copy_folder())
    stock, report = tmp_path / "stock.csv", tmp_path / "report.json"
    with stock.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["sku_id", "warehouse_location", "stock", "batch_number", "expiration_date"])
        for place, (sku_id, units) in enumerate(sorted(wanted.items())):
            # Every tenth SKU gets two thirds of the demand; the others get exactly the demand, split over three warehouses.
            given = units * 2 // 3 if place % 10 == 0 else units
            for number, warehouse in enumerate(WAREHOUSES):
                share = given // 3 + (number < given % 3)
                out.writerow([sku_id, warehouse, share, "LOT-1", "2031-12-31"])
    place_of = ("--data-dir", demo.data_dir)
    done = scoville("import", "skus", folder / "sauce_products.csv", *GROCER, *place_of)
    assert done.returncode == 0, done.stderr
    done = scoville("import", "stock", stock, *place_of)
    assert done.returncode == 0, done.stderr
    done = scoville("import", "orders", folder / "sauce_order_lines.csv.gz", *GROCER, "--report", report, *place_of)
    assert done.returncode == 3, done.stderr

    said = done.stderr.splitlines()
    assert {int(line.split(":")[0].removeprefix("line ")) for line in said if ": bad: " in line} == bad
    assert all(": short: " in line for line in said if ": bad: " not in line)
    result = json.loads(report.read_text())
    assert result["lines"] == len(lines)
    assert result["done"] + result["refused"] == len(good_baskets)
    assert result["refused"] == sum(": short: " in line for line in said) > 0
    found = {sku: sum(outcome["units"] for outcome in outcomes.values()) for sku, outcomes in result["skus"].items()}
    assert found == dict(wanted)

    # The report agrees with the database, in units and cents.
    url = json.loads((demo.data_dir / "scoville.json").read_text())["database_url"]
    with psycopg.connect(url) as connection:
        connection.execute("select app.enter('admin', %s)", ['{"sub": "test"}'])
        committed: dict[str, int] = dict(
            connection.execute(
                "select sku_id, sum(committed) from stock.stock_levels where sku_id like 'P-%' group by 1"
            ).fetchall()
        )
        totals: dict[str, Decimal] = dict(
            connection.execute("select external_id, total_price from orders.orders where channel_id like 'store-%'").fetchall()
        )
    assert {sku: units for sku, units in committed.items() if units} == {
        sku: outcomes["committed"]["units"] for sku, outcomes in result["skus"].items() if outcomes["committed"]["units"]
    }
    assert len(totals) == result["done"]
    assert totals == {basket: paid[basket] for basket in totals}
    assert scoville("verify", *place_of).stdout == "Everything agrees.\n"

    # A second import doubles nothing; it decides the short orders again, with the same result.
    again = scoville("import", "orders", folder / "sauce_order_lines.csv.gz", *GROCER, "--report", report, *place_of)
    assert again.returncode == 3
    assert json.loads(report.read_text())["totals"] == result["totals"]
    with psycopg.connect(url) as connection:
        connection.execute("select app.enter('admin', %s)", ['{"sub": "test"}'])
        count = connection.execute("select count(*) from orders.orders where channel_id like 'store-%'").fetchone()
    assert count == (result["done"],)
