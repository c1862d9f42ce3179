"""`scoville status`: running parts, for people, programs and shells."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from pyapp.cli.status import without_password
from tests.cli.conftest import Demo, Scoville, assert_one_clear_line

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


def test_it_names_the_demo_its_versions_and_what_is_in_it(scoville: Scoville, demo: Demo) -> None:
    done = scoville("status", "-o", "json", "--data-dir", demo.data_dir)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["demo"]["pid"] == demo.process.pid
    assert found["api"] == {"url": demo.url, "ready": True}
    assert found["database"]["server_version"].split(".")[0].isdecimal()
    assert (found["database"]["warehouses"], found["database"]["channels"] >= 4) == (3, True)
    assert 0 < found["database"]["open_orders"] < found["database"]["orders"]
    assert 0 <= found["database"]["skus_out_of_stock"] < found["database"]["skus"]
    assert 0 <= found["database"]["orders_of_24_hours"] < found["database"]["orders"]
    table = scoville("status", "--data-dir", demo.data_dir).stdout
    assert ["api", demo.url] in list(map(str.split, table.splitlines()))
    assert "\x1b" not in table


def test_a_shell_can_take_over_where_it_is_and_the_tokens(scoville: Scoville, demo: Demo) -> None:
    done = scoville("status", "-o", "env", "--tokens", "--data-dir", demo.data_dir)
    script = f'{done.stdout}\nprintf \'%s\\n\' "$API" "$SQL" "$TOKEN" "$WAREHOUSE_TOKEN"'
    said = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S607
    assert said[0] == demo.url
    assert said[1].startswith("postgresql://authenticator@")
    for token, path in ((said[2], "/v1/audit"), (said[3], "/v1/inventory/HOTSAUCE-001/movements")):
        assert httpx2.get(f"{demo.url}{path}", headers={"authorization": f"Bearer {token}"}).status_code == 200
    assert "TOKEN" not in scoville("status", "-o", "env", "--data-dir", demo.data_dir).stdout


def test_it_looks_at_a_server_of_ones_own_without_showing_the_password(scoville: Scoville, authenticator_url: str) -> None:
    done = scoville("status", "-o", "json", DATABASE_URL=authenticator_url)
    assert done.returncode == 0, done.stderr
    assert (json.loads(done.stdout)["demo"], json.loads(done.stdout)["database"]["skus"]) == (None, 59)
    assert "for%20tests%20only" in authenticator_url
    assert "for%20tests%20only" not in done.stdout


@pytest.mark.parametrize("output", ["table", "json", "env"])
def test_where_nothing_runs_it_says_so_and_fails(scoville: Scoville, tmp_path: Path, output: str) -> None:
    assert_one_clear_line(scoville("status", "-o", output), 4, "No `scoville demo` runs")


def test_a_url_is_shown_without_its_password() -> None:
    assert without_password("postgresql://me:s%40cret@host:5432/db?x=1") == "postgresql://me@host:5432/db?x=1"
    assert without_password("postgresql://me@/db?host=%2Ftmp") == "postgresql://me@/db?host=%2Ftmp"
    assert without_password("postgresql:///db") == "postgresql:///db"
    assert without_password("postgresql:///db?user=me&password=s&sslpassword=t") == "postgresql:///db?user=me"


def test_what_was_sold_is_that_of_the_orders(
    scoville: Scoville, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    found = json.loads(scoville("status", "-o", "json", DATABASE_URL=authenticator_url).stdout)["database"]
    row = connection.execute("""
        select (select sum(l.quantity) from orders.order_lines l join orders.orders o using (region_id, order_id)
                 where o.status <> 'canceled'),
               (select sum(total_price) || ' USD' from orders.orders where status <> 'canceled'),
               (select count(*) from orders.orders where placed_at > now() - interval '24 hours')""").fetchone()
    assert (found["units_sold"], found["revenue"], found["orders_of_24_hours"]) == row
    connection.execute("update stock.stock_levels set on_hand = 0, reserved = 0, committed = 0, unavailable = 0")
    found = json.loads(scoville("status", "-o", "json", DATABASE_URL=authenticator_url).stdout)["database"]
    assert found["skus_out_of_stock"] == found["skus"]
