"""The audit of new orders: it keeps no copy of them, and tells them as they were inserted."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.world import OTHER_SKU, SKU, Result, Shop, codes, keyed, order

CUSTOMER = {"name": "Jane", "email": "jane@example.com", "address": "1 Hot St"}


def inserted(shop: Shop) -> dict[str, Any]:
    """By number, each new order as GET /v1/audit shows it to an admin."""
    with shop.session() as connection:
        rows = connection.execute(
            "select body from api.list_audit(1::smallint, %s, null, 200)", [json.dumps({"table": "orders.orders"})]
        ).fetchone()
    assert rows is not None
    return {row["key"]: row["new"] for row in rows[0]["data"] if row["action"] == "insert"}


def copies(shop: Shop) -> dict[str, Any]:
    return {
        row["key"]: row["copy"] for row in shop.rows("select order_id::text as key, to_jsonb(o) as copy from orders.orders o")
    }


def place_all_kinds(shop: Shop) -> list[Result]:
    shop.receive(50)
    shop.receive(50, OTHER_SKU)
    hold = shop.send("reserve_stock", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 2}]})[0]
    assert hold.code is None, hold
    placed = [
        shop.order((SKU, 1)),
        shop.order((SKU, 2), (OTHER_SKU, 3), external_id="S-1", customer=CUSTOMER, note="Ring twice"),
        *shop.send("place_orders", {"reservation_id": hold.body["reservation_id"], "customer": CUSTOMER}),
        *shop.send("place_orders", *(order((SKU, 1), external_id=f"B-{nth}") for nth in range(3))),
        shop.record((SKU, 7), external_id="OLD-1"),
    ]
    assert codes(placed) == [None] * len(placed)
    return placed


def test_it_tells_a_new_order_as_a_copy_would(shop: Shop) -> None:
    placed = place_all_kinds(shop)
    copied = copies(shop)
    assert len(copied) == len(placed) == 7
    assert inserted(shop) == copied


def test_later_changes_do_not_change_what_it_tells(shop: Shop) -> None:
    placed = place_all_kinds(shop)
    copied = copies(shop)
    ids = [result.body["order_id"] for result in placed]
    for nth in (0, 1):
        for change in ({"note": f"note {nth}"}, {"items": [{"sku_id": SKU, "quantity": 4}]}, {"note": "again"}):
            assert codes(shop.send("modify_orders", {"order_id": ids[nth], **change})) == [None]
    assert codes(shop.send("modify_orders", {"order_id": ids[2], "customer": {"name": "Joan", "email": None}})) == [None]
    shop.fulfill(placed[1])
    shop.cancel(placed[2])
    shop.cancel(placed[3])
    assert inserted(shop) == copied
    assert copies(shop) != copied


@pytest.mark.parametrize(
    "table",
    [
        *("orders.orders", "orders.order_lines", "orders.order_allocations", "orders.order_contacts", "audit.audit_log"),
        *("events.outbox", "stock.stock_movements", "stock.stock_levels", "identity.idempotency_keys"),
    ],
)
def test_an_order_of_which_a_row_is_missing_fails_as_a_whole(shop: Shop, table: str) -> None:
    """Also if something outside drops the row: a trigger that somebody added."""
    shop.receive(5)
    shop.connection.execute(
        f"""
        create function public.drop_row() returns trigger language plpgsql as 'begin return null; end';
        create trigger a_drop_row before insert or update on {table} for each row execute function public.drop_row()""".encode()
    )
    with pytest.raises(psycopg.Error):
        shop.send("place_orders", keyed(order((SKU, 1), customer=CUSTOMER)))
    assert shop.rows("select from orders.orders") == []
