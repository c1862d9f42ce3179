"""The tables' CHECKs back up the functions: each CHECK refuses its bad values, even if a function is wrong."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.world import SKU, Shop, codes, keyed, order

# The values that each CHECK refuses, tried as a superuser: table, column, value (and a condition for the rows).
pytestmark = pytest.mark.commits

BREAKS: dict[str, tuple[str, str, str]] = {
    "stock_levels_on_hand_is_within_range_check": ("stock.stock_levels", "on_hand", "2000000001"),
    "stock_levels_reserved_is_not_negative_check": ("stock.stock_levels", "reserved", "-1"),
    "stock_levels_committed_is_not_negative_check": ("stock.stock_levels", "committed", "-1"),
    "stock_levels_unavailable_is_not_negative_check": ("stock.stock_levels", "unavailable", "-1"),
    "stock_levels_safety_stock_is_not_negative_check": ("stock.stock_levels", "safety_stock", "-1"),
    "stock_levels_reorder_point_is_not_negative_check": ("stock.stock_levels", "reorder_point", "-1"),
    "stock_levels_incoming_is_not_negative_check": ("stock.stock_levels", "incoming", "-1"),
    "stock_levels_promises_are_within_on_hand_check": ("stock.stock_levels", "committed", "on_hand + 1"),
    "stock_levels_shortfall_is_within_promises_check": ("stock.stock_levels", "shortfall", "reserved + committed + 1"),
    "lots_batch_number_is_not_empty_check": ("stock.lots", "batch_number", "''"),
    "lots_batch_number_is_composed_check": ("stock.lots", "batch_number", "U&'e\\0301'"),
    "lots_status_is_known_check": ("stock.lots", "status", "'expired'"),
    "lots_manufactured_before_expiry_check": ("stock.lots", "manufactured_on", "expiration_date + 1"),
    "lot_levels_on_hand_is_not_negative_check": ("stock.lot_levels", "on_hand", "-1"),
    "stock_movements_kind_is_known_check": ("stock.stock_movements", "kind", "'gift'"),
    "reservations_status_is_known_check": ("stock.reservations", "status", "'lost'"),
    "reservation_lines_quantity_is_positive_check": ("stock.reservation_lines", "quantity", "0"),
    "orders_status_is_known_check": ("orders.orders", "status", "'lost'"),
    "orders_fulfillment_status_is_known_check": ("orders.orders", "fulfillment_status", "'lost'"),
    "orders_total_price_is_not_negative_check": ("orders.orders", "total_price", "-0.01"),
    "order_lines_quantity_is_positive_check": ("orders.order_lines", "quantity", "0 where fulfilled_quantity = 0"),
    "order_lines_price_is_not_negative_check": ("orders.order_lines", "price", "-0.01"),
    "order_lines_parts_are_within_quantity_check": ("orders.order_lines", "canceled_quantity", "quantity + 1"),
    "order_allocations_quantity_is_positive_check": ("orders.order_allocations", "quantity", "0 where fulfilled_quantity = 0"),
    "order_allocations_parts_are_within_quantity_check": ("orders.order_allocations", "released_quantity", "quantity + 1"),
    "fulfillment_lines_quantity_is_positive_check": ("orders.fulfillment_lines", "quantity", "0"),
}


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A database with rows in all tables."""
    shop.receive(9)
    shop.fulfill(shop.order((SKU, 1)))
    assert shop.order((SKU, 1)).code is None
    assert shop.send("reserve_stock", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 1}]})[0].code is None
    return shop


def test_every_check_refuses_what_it_says(shop: Shop) -> None:
    for name, (table, column, value) in BREAKS.items():
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            shop.connection.execute(f"update {table} set {column} = {value}".encode())
        assert caught.value.diag.constraint_name == name
    assert shop.verify() == []


def test_what_stands_once_cannot_stand_twice(shop: Shop) -> None:
    placed = shop.send("place_orders", keyed(order((SKU, 1), external_id="S-1")))
    assert codes(placed) == [None]
    for copy, name in (
        (
            "insert into orders.orders (region_id, channel_id, external_id, status, currency, total_price, warehouse_ids,"
            " placed_at, created_at, updated_at, changed_by) select region_id, channel_id, external_id, status, currency,"
            " total_price, warehouse_ids, placed_at, now(), now(), changed_by from orders.orders where external_id = 'S-1'",
            "orders_region_id_external_id_channel_id_key",
        ),
        (
            "insert into identity.idempotency_keys select region_id, principal, route, idempotency_key, fingerprint, answer,"
            " now() + interval '1 minute' from identity.idempotency_keys",
            "idempotency_keys_pkey",
        ),
    ):
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            shop.connection.execute(copy.encode())
        assert caught.value.diag.constraint_name == name


def test_every_check_of_stock_and_orders_is_tried(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("""
        select distinct c.conname from pg_constraint c join pg_namespace n on n.oid = c.connamespace
         where c.contype = 'c' and n.nspname in ('stock', 'orders')""")
    assert {name for (name,) in rows} == set(BREAKS)
