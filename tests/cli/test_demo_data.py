"""The demo data: real where it claims to be, loaded once, all or nothing."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from pyapp import demo as demo_data
from pyapp.failures import Failure

if TYPE_CHECKING:
    import psycopg


def test_it_is_loaded_once(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    loaded = demo_data.load(authenticator_url)
    assert loaded is not None
    assert (loaded["SKUs"], loaded["warehouses"], loaded["orders"]) == (59, 3, 114)
    assert demo_data.load(authenticator_url) is None
    assert connection.execute("select count(*) from orders.orders").fetchone() == (114,)
    assert connection.execute("select count(*) from stock.verify()").fetchone() == (0,)


def test_it_looks_alive(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    demo_data.load(authenticator_url)
    statuses = dict(
        connection.execute("select status || ' ' || fulfillment_status, count(*) from orders.orders group by 1").fetchall()
    )
    assert {"processing unfulfilled", "completed fulfilled", "processing partially_fulfilled", "canceled unfulfilled"} <= set(
        statuses
    )
    expired = connection.execute("select count(*) from stock.stock_levels where unavailable > 0").fetchone()
    assert expired
    assert expired[0] > 0
    newest = connection.execute("select max(placed_at) <= now(), max(placed_at) > now() - interval '8 days' from orders.orders")
    assert newest.fetchone() == (True, True)


def test_purchases_are_on_their_way_and_received_in_part(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    demo_data.load(authenticator_url)
    found = connection.execute("""
        select p.status, p.warehouse_id, p.expected_on > current_date, sum(l.open_quantity), sum(l.received), sum(l.damaged)
          from supply.purchases p
          join supply.purchase_lines l on l.region_id = p.region_id and l.purchase_id = p.purchase_id
         group by p.purchase_id, p.status, p.warehouse_id, p.expected_on
         order by p.purchase_id""")
    assert found.fetchall() == [("ordered", "WH-01", True, 168, 0, 0), ("partially_received", "WH-02", True, 22, 36, 2)]


def test_it_is_whole_or_not_at_all(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    connection.execute("alter function api.adjust_stock(smallint, jsonb) rename to gone")
    with pytest.raises(Exception, match="adjust_stock"):
        demo_data.load(authenticator_url)
    assert connection.execute("select count(*) from catalog.skus").fetchone() == (0,)


def test_a_refusal_is_not_passed_over(authenticator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_data, "ADJUSTMENTS", [("HOTSAUCE-101", "WH-01", -999_999, "damaged", None)])
    with pytest.raises(Failure, match="adjust_stock"):
        demo_data.load(authenticator_url)


def test_the_extract_is_what_its_attribution_says() -> None:
    skus = demo_data.read_rows("skus.csv")
    kinds = Counter(row["attributes.type"] for row in skus)
    assert kinds == {"": 2, "hot sauce": 43, "chili sauce cocktail sauce": 14}
    assert len({row["name"] for row in skus}) == len({row["sku_id"] for row in skus}) == 59
    lines = demo_data.read_rows("orders.csv")
    assert {row["sku_id"] for row in lines} <= {row["sku_id"] for row in skus}
    assert len({row["order_id"] for row in lines}) == 114
    assert sum(int(row["quantity"]) <= 0 for row in lines) == 1
    months = {datetime.fromisoformat(row["created_at"]).astimezone(UTC).strftime("%Y-%m") for row in lines}
    assert months <= {"2017-09", "2017-10"}  # the last evening of September is October in UTC
