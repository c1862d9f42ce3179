"""`scoville import`: imports every valid line once, and reports each invalid line by number."""

from __future__ import annotations

import gzip
import itertools
import json
import signal
import subprocess
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import COMMAND, FRESH, ROOT, Demo, Done, Scoville, assert_one_clear_line, environment, run_here
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

numbers = itertools.count(1)


@pytest.fixture
def sku(demo: Demo) -> str:
    """A new SKU with 10 units in WH-01 at 5.00."""
    sku_id = f"TEST-{next(numbers)}-{uuid.uuid4().hex[:6]}"
    with demo.client() as client:
        receipt = {
            "sku_id": sku_id,
            "name": sku_id,
            "price": 5.00,
            "warehouse_location": "WH-01",
            "stock": 10,
            "batch_number": "B-0",
        }
        answer = client.post("/v1/inventory", json=receipt, headers={"Idempotency-Key": sku_id})
        assert answer.status_code == 201, answer.text
    return sku_id


def stock_of(demo: Demo, sku_id: str) -> dict[str, Any]:
    with demo.client() as client:
        return dict(client.get(f"/v1/inventory/{sku_id}", headers=FRESH).json())


def movements_of(demo: Demo, sku_id: str) -> list[dict[str, Any]]:
    with demo.client() as client:
        return list(client.get(f"/v1/inventory/{sku_id}/movements").json()["data"])


def orders_of(demo: Demo, sku_id: str) -> list[dict[str, Any]]:
    with demo.client() as client:
        return list(client.get("/v1/orders", params={"sku": sku_id, "limit": 200}).json()["data"])


GROCER = ("--map", ROOT / "pyapp" / "demo" / "grocer.toml")


def import_file(demo: Demo, kind: str, path: Path, *more: str | Path) -> Done:
    return run_here("import", kind, path, "--data-dir", demo.data_dir, *more)


def test_skus_come_in_with_all_that_the_columns_name(demo: Demo, tmp_path: Path) -> None:
    sku_id = f"NEW-{uuid.uuid4().hex[:8]}"
    path = tmp_path / "skus.csv"
    path.write_text(
        "sku_id,name,description,size_ml,flavor_profile,price,reorder_point,attributes.color\n"
        f'{sku_id},"Red, hot",Very,150,spicy|smoky,4.50,7,red\n'
        f"{sku_id}-B,Plain,,,,,,\n"
    )
    done = import_file(demo, "skus", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 lines read; 2 SKUs saved." in done.stdout
    saved = stock_of(demo, sku_id)
    assert (saved["name"], saved["price"], saved["size_ml"]) == ("Red, hot", 4.5, 150)
    assert (saved["flavor_profile"], saved["attributes"]) == (["spicy", "smoky"], {"color": "red"})
    assert stock_of(demo, f"{sku_id}-B").get("price") is None


def test_stock_is_added_once_however_often_the_file_is_imported(demo: Demo, tmp_path: Path, sku: str) -> None:
    path = tmp_path / "stock.csv"
    path.write_text(
        "sku_id,warehouse_location,stock,batch_number,expiration_date,reason_code,note\n"
        f"{sku},WH-01,5,B-1,2031-04-30,received,first\n"
        f"{sku},WH-02,7,B-1,2031-04-30,,\n"
    )
    for more in ((), (), ("--time-zone", "Europe/Berlin")):  # stock rows have no times, so the zone has no effect
        done = import_file(demo, "stock", path, *more)
        assert done.returncode == 0, done.stderr
        assert "12 units" in done.stdout
    assert stock_of(demo, sku)["stock"] == 22


def test_stock_came_on_the_day_that_the_file_says(demo: Demo, tmp_path: Path, sku: str) -> None:
    path = tmp_path / "stock.csv"
    day = (datetime.now(UTC) - timedelta(days=5)).date()
    path.write_text(
        f"sku_id,warehouse_location,stock,batch_number,received_on\n{sku},WH-01,5,LATE,{day}\n{sku},WH-01,6,LATE,2199-01-01\n"
    )
    done = import_file(demo, "stock", path)
    assert done.returncode == 3, done.stderr
    assert "received_on is in the future: in WH-01 (America/Chicago) it is" in done.stdout + done.stderr
    [row] = [row for row in movements_of(demo, sku) if row["batch_number"] == "LATE"]
    assert datetime.fromisoformat(row["occurred_at"]).astimezone(ZoneInfo("America/Chicago")).isoformat()[:16] == f"{day}T00:00"
    assert datetime.fromisoformat(row["recorded_at"]) > datetime.now(UTC) - timedelta(hours=1)


def test_orders_are_placed_once_however_often_the_file_is_imported(demo: Demo, tmp_path: Path, sku: str) -> None:
    path = tmp_path / "orders.csv.gz"
    order_id = uuid.uuid4().hex
    text = (
        "order_id,created_at,channel,customer_name,customer_email,customer_phone,customer_address,sku_id,quantity,price\n"
        f"{order_id},2024-06-01T13:45:30Z,web,Jane Doe,jane@example.com,555 0199,1 Hot St,{sku},2,\n"
        f"{order_id},2024-06-01T13:45:30Z,web,Jane Doe,jane@example.com,555 0199,1 Hot St,{sku},1,5.00\n"
    )
    path.write_bytes(gzip.compress(text.encode()))
    for _ in range(2):
        done = import_file(demo, "orders", path)
        assert (done.returncode, done.stderr) == (0, "")
    (order,) = orders_of(demo, sku)
    assert (order["external_id"], order["total_price"], order["created_at"]) == (order_id, 15.0, "2024-06-01T13:45:30.000Z")
    assert order["customer"]["phone"] == "555 0199"
    assert stock_of(demo, sku)["available"] == 7
    # Without the stored responses (with another key, as after a day), the order is recognized by its own number.
    path.write_bytes(gzip.compress((text + "\n").encode()))
    done = import_file(demo, "orders", path)
    assert done.returncode == 0
    assert "1 existed already" in done.stdout
    assert len(orders_of(demo, sku)) == 1


def test_a_line_of_a_file_may_go_somewhere_else(demo: Demo, tmp_path: Path, sku: str) -> None:
    path = tmp_path / "orders.csv"
    order_id = uuid.uuid4().hex
    path.write_text(
        "order_id,channel,customer_name,customer_address,line_address,sku_id,quantity\n"
        f"{order_id},web,Jane Doe,1 Hot St,,{sku},2\n"
        f'{order_id},web,Jane Doe,1 Hot St,"2 Mild St, Town",{sku},1\n'
    )
    done = import_file(demo, "orders", path)
    assert (done.returncode, done.stderr) == (0, "")
    (order,) = orders_of(demo, sku)
    assert [(item["quantity"], item["address"]) for item in order["items"]] == [(2, None), (1, "2 Mild St, Town")]


def test_orders_of_a_file_may_be_unpaid(demo: Demo, tmp_path: Path, sku: str) -> None:
    path = tmp_path / "orders.csv"
    unpaid, paid = uuid.uuid4().hex, uuid.uuid4().hex
    path.write_text(
        f"order_id,sku_id,quantity,status,channel\n{unpaid},{sku},1,Pending,web\n{paid},{sku},1,,web\nx,{sku},1,paid,web\n"
    )
    done = import_file(demo, "orders", path)
    assert done.returncode == 3
    assert "status 'paid' is not pending or processing" in done.stdout + done.stderr
    assert {order["external_id"]: order["status"] for order in orders_of(demo, sku)} == {unpaid: "pending", paid: "processing"}


def test_every_bad_line_is_named_and_nothing_else_is_lost(demo: Demo, tmp_path: Path, sku: str) -> None:
    path = tmp_path / "orders.csv"
    header = b"order_id,channel,customer_name,customer_address,sku_id,quantity,price\n"
    lines = [
        f"{sku}-A,web,Ann,1 Hot St,{sku},1,".encode(),
        f"{sku}-A,web,Ann,1 Hot St,{sku},0,".encode(),  # line 3
        f"{sku}-B,web,Ben,1 Hot St,{sku},-2,".encode(),  # line 4: leaves nothing of the order
        f"{sku}-C,web,Cem,1 Hot St,{sku},many,".encode(),  # line 5
        f"{sku}-C,web,Cem,1 Hot St,NO-SUCH-SKU,1,".encode(),  # line 6
        f"{sku}-C,web,Cem,1 Hot St,{sku},1,5.00".encode(),
        f"{sku}-D,web,D\xff,1 Hot St,{sku},1,".encode("latin-1"),  # line 8
        f"{sku}-E,web,Eve,1 Hot St,{sku},1,,more".encode(),  # line 9
        f"{sku}-F,web,Fay,1 Hot St,{sku},1,1.999".encode(),  # line 10
        f"{sku}-G,nowhere,Gus,1 Hot St,{sku},1,".encode(),  # line 11
        f"{sku}-H,web,Hal,1 Hot St,{sku},1,4.00".encode(),  # line 12: a wrong price
        f"{sku}-I,web,Ida,1 Hot St,not a code,1,".encode(),  # line 13
        f"{sku}-J,web,Jim,1 Hot St,{sku},1,".encode(),
    ]
    path.write_bytes(header + b"\n".join(lines) + b"\n")
    report = tmp_path / "report.json"
    done = import_file(demo, "orders", path, "--report", report)
    assert done.returncode == 3, done.stderr
    said = done.stderr.splitlines()
    for number, word in {
        3: "not positive",
        4: "not positive",
        5: "whole number",
        6: "NO-SUCH-SKU",
        8: "UTF-8",
        9: "columns",
        10: "decimals",
        11: "nowhere",
        12: "5.00",
        13: "sku_id",
    }.items():
        assert any(line.startswith(f"line {number}: ") and word in line for line in said), (number, word, done.stderr)
    assert len(said) == 10
    assert {order["external_id"]: order["total_price"] for order in orders_of(demo, sku)} == {
        f"{sku}-A": 5.0,
        f"{sku}-C": 5.0,
        f"{sku}-J": 5.0,
    }
    totals = json.loads(report.read_text())
    assert totals["lines"] == 13
    assert totals["totals"]["committed"] == {"lines": 3, "units": 3}
    assert sum(outcome["lines"] for outcome in totals["totals"].values()) == 13


def test_what_stands_in_a_file_is_nothing_that_a_terminal_obeys(scoville: Scoville, demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,channel,customer_address,sku_id,quantity\n\x1b[2JA,web,1 Hot St,NO-SUCH-SKU,1\n")
    done = scoville("import", "orders", path, "--data-dir", demo.data_dir)
    assert done.returncode == 3
    assert done.stderr.startswith("line 2: bad: ")
    assert done.stderr.endswith("(order ?[2JA)\n")
    path.write_text("order_id,sku_id,quantity,\x1b[2Jprice\n")
    done = scoville("import", "orders", path, "--data-dir", demo.data_dir)
    assert_one_clear_line(done, 2, "Unknown columns: ?[2Jprice.")


def test_a_shortage_is_reported_as_such(demo: Demo, tmp_path: Path, sku: str) -> None:
    path = tmp_path / "orders.csv"
    lines = [f"{sku}-{number},web,1 Hot St,{sku},{quantity}" for number, quantity in enumerate([8, 8, 2])]
    path.write_text("\n".join(["order_id,channel,customer_address,sku_id,quantity", *lines]) + "\n")
    report = tmp_path / "report.json"
    done = import_file(demo, "orders", path, "--report", report)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("line 3: short: ")
    assert sku in line
    assert "8" in line
    assert "2" in line
    assert json.loads(report.read_text())["skus"][sku] == {
        "committed": {"lines": 2, "units": 10},
        "already": {"lines": 0, "units": 0},
        "refused": {"lines": 1, "units": 8},
        "bad": {"lines": 0, "units": 0},
    }


def test_an_interrupted_import_goes_on_where_it_stopped(scoville: Scoville, demo: Demo, tmp_path: Path, sku: str) -> None:
    with demo.client() as client:
        receipt = {"sku_id": sku, "warehouse_location": "WH-01", "stock": 5000, "batch_number": "B-0"}
        assert client.post("/v1/inventory", json=receipt, headers={"Idempotency-Key": f"{sku}-more"}).status_code == 201
    path = tmp_path / "orders.csv"
    path.write_text(
        "order_id,channel,customer_address,sku_id,quantity\n" + "".join(f"{sku}-{n},web,1 Hot St,{sku},1\n" for n in range(3000))
    )
    arguments = ["import", "orders", str(path), "--data-dir", str(demo.data_dir)]
    process = subprocess.Popen(
        [*COMMAND, *arguments], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while stock_of(demo, sku)["committed"] == 0:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130
    assert errors.startswith("scoville: Interrupted.")
    assert 0 < stock_of(demo, sku)["committed"] < 3000
    done = import_file(demo, "orders", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert stock_of(demo, sku)["committed"] == 3000


def test_a_map_makes_the_grocers_files_ours(demo: Demo, tmp_path: Path) -> None:
    product, basket, store = (str(uuid.uuid4().int)[:9] for _ in range(3))
    skus = tmp_path / "products.csv"
    skus.write_text(
        "product_id,manufacturer_id,department,brand,product_category,product_type,package_size\n"
        f"{product},69,GROCERY,Private,CONDIMENTS/SAUCES,HOT SAUCE,N    12 OZ\n"
    )
    assert import_file(demo, "skus", skus, *GROCER).returncode == 0
    saved = stock_of(demo, f"P-{product}")
    assert (saved["size_ml"], saved.get("price"), saved["attributes"]["brand"]) == (355, None, "Private")
    stock = tmp_path / "stock.csv"
    stock.write_text(f"sku_id,warehouse_location,stock,batch_number\nP-{product},WH-02,10,B-0\n")
    assert import_file(demo, "stock", stock).returncode == 0
    orders = tmp_path / "lines.csv"
    orders.write_text(
        "basket_id,transaction_timestamp,store_id,household_id,product_id,quantity,sales_value,retail_disc,coupon_disc,coupon_match_disc\n"
        f"{basket},2017-01-01 15:32:09,{store},1519,{product},3,2.0,0.0,0.0,0.0\n"
        f"{basket},2017-01-01 15:32:09,{store},1519,{product},0,0.0,0.0,0.0,0.0\n"
    )
    done = import_file(demo, "orders", orders, *GROCER)
    assert done.returncode == 3
    assert done.stderr.startswith("line 3: bad: quantity 0")
    (order,) = orders_of(demo, f"P-{product}")
    assert (order["channel"], order["customer"]["name"]) == (f"store-{store}", "Household 1519")
    assert (order["created_at"], order["total_price"]) == ("2017-01-01T20:32:09.000Z", 2.0)
    assert [(item["quantity"], item["price"], item["amount"]) for item in order["items"]] == [(3, None, 2.0)]
    orders.write_text(orders.read_text() + "\n")  # under another key the order is recognized by its lines
    assert "1 existed already" in import_file(demo, "orders", orders, *GROCER).stdout
    # A channel that exists stays as its owner has made it.
    with demo.client() as client:
        change = {"name": "Corner shop", "warehouses": ["WH-02"]}
        assert client.patch(f"/v1/channels/store-{store}", json=change).status_code == 200
        assert import_file(demo, "orders", orders, *GROCER).returncode == 3
        channel = client.get(f"/v1/channels/store-{store}").json()
    assert (channel["name"], channel["warehouses"]) == ("Corner shop", ["WH-02"])


def test_a_file_that_cannot_be_used_is_named_and_nothing_is_sent(demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert_one_clear_line(import_file(demo, "skus", path), 2, "No such file")
    path.write_text("order_id,sku_id,quantity\n")
    assert_one_clear_line(import_file(demo, "skus", path), 2, "missing: name")
    path.write_text("sku_id,name,nmae\n")
    assert_one_clear_line(import_file(demo, "skus", path), 2, "nmae")
    path.write_bytes(gzip.compress(b"sku_id,name\nX-1,X\n" * 1000)[:-20])
    assert_one_clear_line(import_file(demo, "skus", path), 3, "damaged")
    path.write_bytes(b"")
    assert_one_clear_line(import_file(demo, "skus", path), 2, "sku_id")
    path.write_text("sku_id,name\n")
    assert_one_clear_line(import_file(demo, "skus", path, "--time-zone", "Mars/Base"), 2, "Mars/Base")


def test_a_map_that_cannot_be_used_is_named_and_nothing_is_sent(demo: Demo, tmp_path: Path) -> None:
    path, map_ = tmp_path / "skus.csv", tmp_path / "map.toml"
    path.write_text("code,title\nX-1,X\n")

    def says(text: str, *words: str) -> None:
        map_.write_text(text)
        assert_one_clear_line(import_file(demo, "skus", path, "--map", map_), 2, *words)

    assert_one_clear_line(import_file(demo, "skus", path, "--map", tmp_path / "none"), 2, "No such file")
    says("[skus", "is not a map")
    says("[orders.columns]", "[skus.columns]")
    says('[skus.columns]\nsku_id = "{code}"\nname = "{title}"\nnmae = "x"', "unknown columns: nmae.")
    says('[skus.columns]\nsku_id = "{code|shout}"\nname = "{title}"', "unknown filters: shout.")
    says('[skus.columns]\nsku_id = "{kode}"\nname = "{title}"', "does not name: kode")
    says('[skus.columns]\nname = "{title}"', "sku_id")


def test_a_map_names_columns_and_the_rest_of_the_file_is_left_out(demo: Demo, tmp_path: Path) -> None:
    name = f"M-{uuid.uuid4().hex[:8]}"
    path, map_ = tmp_path / "skus.csv", tmp_path / "map.toml"
    path.write_text(f"code,title,size,color\n{name},  Two   words,1.5 L,red\n")
    map_.write_text(
        '[skus.columns]\nsku_id = "{code}"\nname = "{title}"\nsize_ml = "{size|ml}"\n"attributes.hue" = "a {color} one"\n'
    )
    assert import_file(demo, "skus", path, "--map", map_).returncode == 0
    saved = stock_of(demo, name)
    assert (saved["name"], saved["size_ml"], saved["attributes"]) == ("Two words", 1500, {"hue": "a red one"})


def test_a_server_that_is_down_or_refuses_the_token_is_named(scoville: Scoville, demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "skus.csv"
    path.write_text("sku_id,name\nX-1,X\n")
    done = scoville("import", "skus", path, "--url", "http://127.0.0.1:1", "--token", "x")
    assert_one_clear_line(done, 10, "http://127.0.0.1:1", "--url")
    assert_one_clear_line(scoville("import", "skus", path, "--url", "nonsense", "--token", "x"), 2, "nonsense")
    assert_one_clear_line(scoville("import", "skus", path, "--url", demo.url, "--token", "x"), 10, "--token")
    done = scoville("import", "skus", path, "--url", demo.url, "--token", demo.token("warehouse"))
    assert_one_clear_line(done, 10, "--token")


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(demo: Demo, tmp_path: Path, sku: str) -> None:
    path = tmp_path / "orders.csv"
    wanted = [("A", "web", 4), ("B", "web", 4), ("C", "web", 4), ("D", "nowhere", 1), ("E", "web", 0)]
    lines = [f"{sku}-{name},{channel},1 Hot St,{sku},{quantity}" for name, channel, quantity in wanted]
    path.write_text("\n".join(["order_id,channel,customer_address,sku_id,quantity", *lines]) + "\n")
    report = tmp_path / "report.json"
    dry = import_file(demo, "orders", path, "--dry-run", "--report", report)
    assert dry.returncode == 3
    assert dry.stdout.startswith("5 lines read; 2 orders would be placed, 1 would be refused.\n")
    assert dry.stdout.endswith("Nothing was kept.\n")
    said = json.loads(report.read_text())
    assert said["dry_run"] is True
    assert (said["totals"]["committed"], said["totals"]["refused"]["lines"]) == ({"lines": 2, "units": 8}, 1)
    assert orders_of(demo, sku) == []
    assert stock_of(demo, sku)["available"] == 10
    # The real run reports the same for each line.
    real = import_file(demo, "orders", path)
    assert (real.returncode, real.stderr) == (3, dry.stderr)
    assert len(orders_of(demo, sku)) == 2


def test_a_dry_run_counts_the_orders_of_stores_that_only_a_real_run_makes(demo: Demo, tmp_path: Path, sku: str) -> None:
    product, store = (str(uuid.uuid4().int)[:9] for _ in range(2))
    path = tmp_path / "lines.csv"
    path.write_text(
        "basket_id,transaction_timestamp,store_id,household_id,product_id,quantity,sales_value\n"
        f"1,2017-01-01 15:32:09,{store},1519,{product},3,2.0\n"
    )
    done = import_file(demo, "orders", path, *GROCER, "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "not tried: the dry run did not create their sales channel: 1 lines, 3 units" in done.stdout
    with demo.client() as client:
        assert f"store-{store}" not in client.get("/v1/inventory").text
    assert import_file(demo, "orders", path, *GROCER).returncode == 3  # the SKU is unknown, the warehouse new


def test_a_dry_run_of_skus_and_stock_keeps_nothing_either(demo: Demo, tmp_path: Path, sku: str) -> None:
    skus, stock = tmp_path / "skus.csv", tmp_path / "stock.csv"
    skus.write_text(f"sku_id,name\n{sku}-NEW,New\n")
    stock.write_text(f"sku_id,warehouse_location,stock,batch_number\n{sku},WH-01,5,B-1\n")
    assert "1 SKUs would be saved." in import_file(demo, "skus", skus, "--dry-run").stdout
    assert "1 receipts would be booked." in import_file(demo, "stock", stock, "--dry-run").stdout
    with demo.client() as client:
        assert client.get(f"/v1/inventory/{sku}-NEW").status_code == 404
    assert stock_of(demo, sku)["stock"] == 10
