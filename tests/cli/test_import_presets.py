"""Exports of other programs, and the API's own, go in as they are."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from pyapp.cli.importing import maps
from pyapp.cli.importing.kinds import KINDS
from pyapp.failures import Failure
from tests.cli.conftest import FRESH, Demo, Done, run_here

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def skus(demo: Demo) -> tuple[str, str]:
    """Two new SKUs at 5.00 with 20 units each in WH-01."""
    found = []
    with demo.client() as client:
        for _ in range(2):
            sku_id = f"PRE-{uuid.uuid4().hex[:8]}"
            body = {
                "sku_id": sku_id,
                "name": sku_id,
                "price": 5.00,
                "warehouse_location": "WH-01",
                "stock": 20,
                "batch_number": "B-0",
            }
            assert client.post("/v1/inventory", json=body, headers={"Idempotency-Key": sku_id}).status_code == 201
            found.append(sku_id)
    return found[0], found[1]


def get(demo: Demo, path: str, **parameters: str) -> Any:
    with demo.client() as client:
        return client.get(path, params=parameters, headers=FRESH).json()


def imported(demo: Demo, folder: Path, kind: str, text: str | bytes, *more: str) -> tuple[Done, dict[str, Any]]:
    """The result, and the report, whose totals are the lines of the file."""
    path, report = folder / "file.csv", folder / "report.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = run_here("import", kind, path, "--data-dir", demo.data_dir, "--report", report, *more)
    found = json.loads(report.read_text())
    assert sum(one["lines"] for one in found["totals"].values()) == found["lines"], done
    return done, dict(found)


def test_every_preset_makes_only_columns_that_exist() -> None:
    for name in (*maps.PRESETS, maps.OWN):
        for kind in ("skus", "stock", "orders"):
            if (name, kind) == (maps.OWN, "skus"):  # needs no map
                continue
            for table in maps.read_preset(name, kind):
                known = KINDS[kind]
                given = {"batch_number"} if kind == "stock" else set()
                assert set(known.required) - given <= set(table.columns), (name, kind)
                assert all(known.has(column) for column in table.columns), (name, kind)
                assert maps._filters(table) <= maps.FILTERS.keys(), (name, kind)


def test_products_of_shopify_in_both_dialects(demo: Demo, tmp_path: Path) -> None:
    mark = uuid.uuid4().hex[:6]
    new = (
        "Title,URL handle,Description,Vendor,SKU,Barcode,Option1 name,Option1 value,Price,Product image URL\r\n"
        f'Ghost & Co,ghost,"<p>Hot,<br>very &amp; long</p>",Us,N-{mark}-S,\'0123,Size,Small,12.99,a.jpg\r\n'
        f",ghost,,,N-{mark}-L,,,Large,15.00,\r\n"
        ",ghost,,,,,,,,b.jpg\r\n"
        f"Mild,mild,,Us,N-{mark}-M,,Title,Default Title,7.00,\r\n"
    )
    done, report = imported(demo, tmp_path, "skus", new, "--preset", "shopify")
    assert (done.returncode, done.stderr) == (0, "")
    assert report["totals"]["skipped"]["lines"] == 1
    assert "it has no SKU (an image, or a product without one): 1 lines" in done.stdout
    small, large, mild = (get(demo, f"/v1/skus/N-{mark}-{size}") for size in "SLM")
    assert [sku["name"] for sku in (small, large, mild)] == ["Ghost & Co Small", "Ghost & Co Large", "Mild"]
    assert [sku["price"] for sku in (small, large, mild)] == [12.99, 15, 7]
    assert [sku["description"] for sku in (small, large)] == ["Hot, very & long"] * 2
    assert small["attributes"] == {"barcode": "0123", "vendor": "Us"}
    # An export without the column of prices leaves prices alone.
    priceless = f"Title,URL handle,SKU\nGhost,ghost,N-{mark}-S\n"
    assert imported(demo, tmp_path, "skus", priceless, "--preset", "shopify")[0].returncode == 0
    assert [get(demo, f"/v1/skus/N-{mark}-S")[name] for name in ("name", "price")] == ["Ghost", 12.99]
    old = (
        f"Handle,Title,Body (HTML),Option1 Name,Option1 Value,Variant SKU,Variant Price\nx,X,,Title,Default Title,O-{mark},4.00\n"
    )
    assert imported(demo, tmp_path, "skus", old, "--preset", "shopify")[0].returncode == 0
    assert get(demo, f"/v1/skus/O-{mark}")["name"] == "X"


@pytest.mark.parametrize("kind", ["stock", "counts"])
def test_inventory_of_shopify_is_counted(demo: Demo, tmp_path: Path, skus: tuple[str, str], kind: str) -> None:
    place = get(demo, "/v1/warehouses/WH-02")["name"]
    text = (
        "Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Location,Bin name,Incoming (not editable),"
        "Unavailable (not editable),Committed (not editable),Available (not editable),On hand (current),On hand (new)\n"
        f"a,A,Title,Default Title,{skus[0]},,,WH-01,,0,0,0,7,7,\n"
        f"a,A,Title,Default Title,{skus[0]},,,{place},,0,0,0,3,3,4\n"
        f"b,B,Title,Default Title,{skus[1]},,,WH-01,,0,0,0,not stocked,not stocked,\n"
    )
    for _ in range(2):
        done, report = imported(demo, tmp_path, kind, text, "--preset", "shopify")
        assert (done.returncode, done.stderr) == (0, "")
        levels = {row["warehouse_location"]: row["stock"] for row in get(demo, f"/v1/inventory/{skus[0]}")["warehouses"]}
        assert levels == {"WH-01": 7, "WH-02": 4}
    assert report["totals"]["already"] == {"lines": 2, "units": 11}
    assert get(demo, f"/v1/inventory/{skus[1]}")["stock"] == 20


def test_orders_of_shopify(demo: Demo, tmp_path: Path, skus: tuple[str, str]) -> None:
    header = (
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Created at,Lineitem quantity,Lineitem name,"
        "Lineitem price,Lineitem sku,Lineitem fulfillment status,Shipping Name,Shipping Street,Shipping City,Shipping Zip,"
        "Shipping Province,Shipping Country,Billing Name,Billing Street,Billing City,Billing Zip,Billing Province,"
        "Billing Country,Cancelled at\n"
    )
    first, second = skus
    mark = uuid.uuid4().hex[:6]
    rest = "Ann Lee,1 Hot St,Springfield,'01001,MA,US,,,,,,,"
    text = header + (
        f"#{mark}1,ann@example.com,paid,,unfulfilled,USD,2026-09-03 10:14:00 -0400,2,A,5.00,{first},pending,{rest}\n"
        f"#{mark}1,ann@example.com,,,,,,1,B,5.00,{second},pending,,,,,,,,,,,,,\n"
        f"#{mark}2,b@example.com,voided,,unfulfilled,USD,2026-09-03 10:14:00 -0400,9,A,5.00,{first},pending,{rest}\n"
        f"#{mark}3,c@example.com,paid,,fulfilled,USD,2026-09-03 10:14:00 -0400,9,A,5.00,{first},fulfilled,{rest}\n"
        f"#{mark}3,c@example.com,,,,,,9,A,5.00,{second},fulfilled,,,,,,,,,,,,,\n"
        f"#{mark}4,d@example.com,paid,,unfulfilled,USD,2026-09-03 10:14:00 -0400,9,A,5.00,{first},pending,{rest}2026-09-04\n"
        f"#{mark}5,e@example.com,paid,,unfulfilled,EUR,2026-09-03 10:14:00 -0400,9,A,5.00,{first},pending,{rest}\n"
    )
    done, report = imported(demo, tmp_path, "orders", text, "--preset", "shopify", "--channel", "web")
    assert done.returncode == 3
    assert done.stderr == f"line 8: bad: currency 'EUR' is not that of {first}, USD\n"
    assert report["totals"]["skipped"]["lines"] == 4
    (order,) = get(demo, "/v1/orders", sku=first)["data"]
    stock = get(demo, f"/v1/inventory/{first}")
    done, report = imported(demo, tmp_path, "orders", text, "--preset", "shopify", "--historic")
    assert (done.returncode, done.stderr) == (0, "")
    assert (report["totals"]["committed"], report["totals"]["skipped"]["lines"]) == ({"lines": 2, "units": 18}, 5)
    assert get(demo, f"/v1/inventory/{first}") == stock
    (past,) = get(demo, "/v1/orders", sku=first, status="completed")["data"]
    assert (past["external_id"], past["status"], past["total_price"]) == (f"#{mark}3", "completed", 90)
    assert (order["external_id"], order["created_at"]) == (f"#{mark}1", "2026-09-03T14:14:00.000Z")
    assert order["customer"] == {
        "name": "Ann Lee",
        "email": "ann@example.com",
        "phone": None,
        "address": "1 Hot St, Springfield, MA 01001, US",
    }
    assert [(item["sku_id"], item["quantity"]) for item in order["items"]] == [(first, 2), (second, 1)]


def test_products_and_orders_of_woocommerce(demo: Demo, tmp_path: Path, skus: tuple[str, str]) -> None:
    mark = uuid.uuid4().hex[:6]
    products = (
        '\ufeffID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,"Short description",Description,Stock,"Regular price"\r\n'
        f"1,simple,W-{mark},,'+1 Hot,1,short,,12,4.50\r\n"
        f"2,variable,W-{mark}-V,,Parent,1,,,,\r\n"
        f'3,variation,W-{mark}-1,,"Parent - Small",1,,"<b>Long</b>",,5.50\r\n'
    )
    done, _ = imported(demo, tmp_path, "skus", products, "--preset", "woocommerce")
    assert (done.returncode, done.stderr) == (0, "")
    assert get(demo, f"/v1/skus/W-{mark}")["name"] == "+1 Hot"
    assert get(demo, f"/v1/skus/W-{mark}")["description"] == "short"
    assert get(demo, f"/v1/skus/W-{mark}-1")["price"] == 5.5
    first, second = skus
    packed = (
        "order_id,order_number,order_date,status,order_currency,billing_first_name,billing_last_name,billing_email,"
        "shipping_address_1,shipping_city,line_item_1,line_item_2\n"
        f"1,{mark}1,09/06/2026 06:29:00,processing,USD,Ann,Lee,ann@example.com,1 Hot St,Town,"
        f"name:A|product_id:3|sku:{first}|quantity:2|total:10.00,sku:{second}|quantity:1|total:5.00\n"
        f"2,{mark}2,09/06/2026 06:29:00,completed,USD,Ben,Lee,ben@example.com,1 Hot St,Town,sku:{first}|quantity:9|total:45.00,\n"
    )
    done, report = imported(demo, tmp_path, "orders", packed, "--preset", "woocommerce")
    assert (done.returncode, done.stderr) == (0, "")
    assert report["totals"]["committed"] == {"lines": 1, "units": 3}
    assert "Dates such as 05/06/2026 were read as month, day, year" in done.stdout
    (order,) = get(demo, "/v1/orders", sku=first)["data"]
    assert (order["external_id"], order["total_price"], order["created_at"]) == (f"{mark}1", 15, "2026-09-06T10:29:00.000Z")
    rows = (
        "order_number,date,status,currency,billing_first_name,billing_last_name,item_sku,item_quantity,item_total\n"
        f"{mark}3,2026-09-06 06:29:00,processing,USD,Cem,Oz,{first},1,5.00\n{mark}3,,,,,,{second},2,10.00\n"
    )
    assert imported(demo, tmp_path, "orders", rows, "--preset", "woocommerce")[0].returncode == 0
    assert sorted(order["external_id"] for order in get(demo, "/v1/orders", sku=second)["data"]) == [f"{mark}1", f"{mark}3"]
    plugin = (
        "Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),SKU,Quantity (- Refund),Item Cost\n"
        f"{mark}4,Processing,2026-09-06 06:29,Dee,Dun,{second},3,5.00\n"
        f"{mark}5,Completed,2026-09-06 06:29,Dee,Dun,{second},3,5.00\n"
    )
    done, report = imported(demo, tmp_path, "orders", plugin, "--preset", "woocommerce")
    assert (done.returncode, report["totals"]["committed"]["units"], report["totals"]["skipped"]["lines"]) == (0, 3, 1), done
    # A date that contradicts the usual order stops everything: the others may be wrong, too.
    path = tmp_path / "file.csv"
    path.write_text(packed.replace(mark, f"{mark}x").replace("completed", "processing").replace("2,09/06", "2,30/06"))
    done = run_here("import", "orders", path, "--preset", "woocommerce", "--data-dir", demo.data_dir)
    assert done.returncode == 2
    assert "30/06/2026" in done.stderr
    assert len(get(demo, "/v1/orders", sku=first)["data"]) == 2
    stock = f"Type,SKU,Name,Stock\nsimple,{first},A,7\nvariation,{second},B,parent\n"
    done, report = imported(demo, tmp_path, "stock", stock, "--preset", "woocommerce", "--warehouse", "WH-01")
    assert (done.returncode, report["totals"]["committed"]["units"], report["totals"]["skipped"]["lines"]) == (0, 7, 1)


def test_items_counts_and_sales_of_square(demo: Demo, tmp_path: Path, skus: tuple[str, str]) -> None:
    mark = uuid.uuid4().hex[:6]
    library = (
        "Reference Handle,Token,Item Name,Variation Name,SKU,Description,GTIN,Price,Archived,Current Quantity WH-01,"
        "New Quantity WH-01,Current Quantity WH-02\n"
        f"#a,T1,Ghost,Regular,S-{mark},Hot,,$12.99,N,5,,\n#b,T2,Old,Regular,S-{mark}-O,,,1.00,Y,,,\n#c,T3,None,Regular,,,,1.00,N,,,\n"
    )
    done, report = imported(demo, tmp_path, "skus", library, "--preset", "square")
    assert (done.returncode, report["totals"]["skipped"]["lines"]) == (0, 2)
    assert (get(demo, f"/v1/skus/S-{mark}")["name"], get(demo, f"/v1/skus/S-{mark}")["price"]) == ("Ghost Regular", 12.99)
    counts = library.replace(f"S-{mark},Hot,,$12.99,N,5,,", f"{skus[0]},Hot,,$12.99,N,5,,3").replace(f"S-{mark}-O", "")
    done, report = imported(demo, tmp_path, "counts", counts, "--preset", "square")
    assert (done.returncode, done.stderr) == (0, "")
    assert report["totals"]["committed"] == {"lines": 1, "units": 8}
    levels = {row["warehouse_location"]: row["stock"] for row in get(demo, f"/v1/inventory/{skus[0]}")["warehouses"]}
    assert levels == {"WH-01": 5, "WH-02": 3}
    sales = (
        "Date,Time,Time Zone,Item,Qty,SKU,Gross Sales,Discounts,Net Sales,Transaction ID,Event Type,Customer Name\n"
        f"2026-08-27,10:15:00,Eastern Time (US & Canada),Ghost,1,{skus[1]},$5.00,$0.00,$5.00,TX-{mark},Payment,Ann\n"
        f"2026-08-27,10:16:00,Eastern Time (US & Canada),Ghost,1,{skus[1]},-$5.00,$0.00,-$5.00,TX-{mark}-R,Refund,Ann\n"
    )
    done, report = imported(demo, tmp_path, "orders", sales, "--preset", "square", "--channel", "pos")
    assert (done.returncode, report["totals"]["skipped"]["lines"]) == (0, 1), done.stderr
    (order,) = get(demo, "/v1/orders", sku=skus[1])["data"]
    assert (order["channel"], order["total_price"], order["created_at"]) == ("pos", 5, "2026-08-27T14:15:00.000Z")


def test_reports_of_amazon(demo: Demo, tmp_path: Path, skus: tuple[str, str]) -> None:
    mark = uuid.uuid4().hex[:6]
    listings = (
        "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\tfulfillment-channel\tasin1\tstatus\n"
        f'12" Jalapeño\t"Best" of all\tL1\tA-{mark}\t12.99\t4\t08/07/2026 10:12:40 BST\tDEFAULT\tB0\tActive\n'
    )
    done, report = imported(demo, tmp_path, "skus", listings.encode("windows-1252"), "--preset", "amazon")
    assert (done.returncode, done.stderr) == (0, "")
    assert report["file"] == ["CSV in windows-1252, separated by tabs"]
    saved = get(demo, f"/v1/skus/A-{mark}")
    assert (saved["name"], saved["description"]) == ('12" Jalapeño', '"Best" of all')
    fba = (
        "seller-sku\tfulfillment-channel-sku\tasin\tcondition-type\tWarehouse-Condition-code\tQuantity Available\n"
        f"{skus[0]}\tX0\tB0\tNewItem\tSELLABLE\t9\n{skus[0]}\tX0\tB0\tNewItem\tUNSELLABLE\t2\n"
    )
    done, _ = imported(demo, tmp_path, "stock", fba, "--preset", "amazon", "--create-warehouses")
    assert (done.returncode, done.stderr) == (0, "")
    levels = {row["warehouse_location"]: row["stock"] for row in get(demo, f"/v1/inventory/{skus[0]}")["warehouses"]}
    assert levels == {"WH-01": 20, "Amazon": 9}
    orders = (
        "amazon-order-id\tmerchant-order-id\tpurchase-date\torder-status\tfulfillment-channel\tsku\tquantity\tcurrency\titem-price\n"
        f"112-{mark}-1\t\t2026-09-03T10:14:00+00:00\tUnshipped\tMerchant\t{skus[1]}\t2\tUSD\t10.00\n"
        f"112-{mark}-2\t\t2026-09-03T10:14:00+00:00\tShipped\tMerchant\t{skus[1]}\t2\tUSD\t10.00\n"
        f"112-{mark}-3\t\t2026-09-03T10:14:00+00:00\tPending\tAmazon\t{skus[1]}\t2\tUSD\t10.00\n"
    )
    done, report = imported(demo, tmp_path, "orders", orders, "--preset", "amazon")
    assert (done.returncode, report["totals"]["skipped"]["lines"]) == (0, 2), done.stderr
    assert [order["external_id"] for order in get(demo, "/v1/orders", sku=skus[1])["data"]] == [f"112-{mark}-1"]


def test_a_file_that_no_table_of_a_preset_fits_is_named(demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("Handle,Title\nx,X\n")
    done = run_here("import", "skus", path, "--preset", "shopify", "--data-dir", demo.data_dir)
    assert done.returncode == 2
    assert "does not name: Variant SKU" in done.stderr
    with pytest.raises(Failure, match="nothing for skus, but for orders, stock"):
        maps.read_preset(maps.OWN, "skus")
    path.write_text("[skus.columns]\n")
    done = run_here("import", "skus", path, "--preset", "shopify", "--map", path, "--data-dir", demo.data_dir)
    assert "not both" in done.stderr


NAMES = [
    "+1 Hot",
    "'=x",
    "''=y",
    "@home",
    '=SUM(A1)"',
    " spaced ",
    "line\nbreak",
    "tab\tbed",
    "Jalapeño 🌶",
    "-5",
    "semi;colon",
    "semi;=1",
    "\u200b=z",
    "\uff1dwide",
]


@pytest.mark.parametrize("cut", [False, True])
def test_our_own_export_of_skus_comes_back_as_it_was(demo: Demo, tmp_path: Path, cut: bool) -> None:
    mark = uuid.uuid4().hex[:8]
    with demo.client() as client:
        for number, name in enumerate(NAMES):
            sku = {
                "sku_id": f"X{mark}-{number}",
                "name": name if not cut else name.replace("\n", " "),
                "description": f'{name}\r\n"quoted" \'=1',
                "flavor_profile": [name.replace("\n", " "), "a|b"] if number else [],
                "price": None if number == 3 else 1.1,
                "currency": "EUR",
                "size_ml": 150 if number % 2 else None,
                "reorder_point": number,
                "attributes": {"a": name, "n": 12.90, "deep": {"x": [1, None]}} if number else {},
            }
            assert client.post("/v1/skus", json=sku).status_code == 201
        parts = [{"sku_id": f"X{mark}-{number}", "quantity": number + 1} for number in (0, 1)]
        bundle = {
            "sku_id": f"A{mark}",
            "name": "Both",
            "description": "A set",
            "currency": "EUR",
            "price": 2,
            "components": parts,
        }  # listed before its parts
        assert client.post("/v1/skus", json=bundle).status_code == 201
        accept = {"Accept": "text/csv"}
        exported = client.get("/v1/skus", params={"q": mark, "limit": 200}, headers=accept).content
        before = client.get("/v1/skus", params={"q": mark, "limit": 200}).json()["data"]
        for sku in before:
            change = {
                "name": "other",
                "description": "other",
                "flavor_profile": ["o"],
                "price": 9,
                "currency": "USD",
                "size_ml": 1,
                "reorder_point": 99,
                "attributes": {"added": 1, "a": None},
                "components": [],
                "active": False,
            }
            assert client.patch(f"/v1/skus/{sku['sku_id']}", json=change).status_code == 200
    if cut:
        import csv
        import io

        wanted = ["sku_id", "name", "description", "flavor_profile", "price", "currency", "reorder_point", "active"]
        table = csv.DictReader(io.StringIO(exported.decode(), newline=""))
        text = io.StringIO(newline="")
        out = csv.DictWriter(text, wanted, extrasaction="ignore")
        out.writeheader()
        out.writerows(table)
        exported = text.getvalue().encode()
    done, _ = imported(demo, tmp_path, "skus", exported)
    assert (done.returncode, done.stderr) == (0, "")
    with demo.client() as client:
        after = client.get("/v1/skus", params={"q": mark, "limit": 200}).json()["data"]
        if not cut:
            again = client.get("/v1/skus", params={"q": mark, "limit": 200}, headers={"Accept": "text/csv"}).text.splitlines()
            assert [line[:20] for line in again] == [line[:20] for line in exported.decode().splitlines()]
    left = {"version", "updated_at", *({"size_ml", "attributes", "components"} if cut else set())}
    assert [{name: value for name, value in sku.items() if name not in left} for sku in after] == [
        {name: value for name, value in sku.items() if name not in left} for sku in before
    ]


def test_our_own_exports_of_orders_and_stock_are_recognized(demo: Demo, tmp_path: Path, skus: tuple[str, str]) -> None:
    first, second = skus
    number = uuid.uuid4().hex
    with demo.client() as client:
        order = {
            "external_id": number,
            "channel": "web",
            "customer": {"name": "=Ann", "email": "ann@example.com", "phone": "+1 555 0199", "address": "1 Hot St\nTown"},
            "items": [{"sku_id": first, "quantity": 2}, {"sku_id": second, "quantity": 1}],
        }
        assert client.post("/v1/orders", json=order, headers={"Idempotency-Key": number}).status_code == 201
        accept = {"Accept": "text/csv"}
        orders = client.get("/v1/orders", params={"sku": first}, headers=accept).text
        stock = client.get("/v1/inventory", params={"sku_id": first}, headers=accept | FRESH).text
    done, report = imported(demo, tmp_path, "orders", orders)
    assert (done.returncode, done.stderr) == (0, "")
    assert report["totals"]["already"]["units"] == 3
    done, _ = imported(demo, tmp_path, "orders", orders.replace(number, f"{number}-2"))
    assert (done.returncode, done.stderr) == (0, "")
    placed = {one["external_id"]: one for one in get(demo, "/v1/orders", sku=first)["data"]}
    assert placed[f"{number}-2"]["customer"] == placed[number]["customer"]
    assert placed[f"{number}-2"]["items"] == placed[number]["items"]
    assert placed[f"{number}-2"]["created_at"] == placed[number]["created_at"]
    done, report = imported(demo, tmp_path, "counts", stock)
    assert (done.returncode, report["totals"]["already"]["lines"]) == (0, 1)
    done, report = imported(
        demo, tmp_path, "counts", stock.replace('""stock"": 20', '""stock"": 25').replace('""stock"":20', '""stock"":25')
    )
    assert (done.returncode, get(demo, f"/v1/inventory/{first}")["stock"]) == (0, 25)
