"""The tables' CHECKs back up the functions: each CHECK refuses its bad values, even if a function is wrong."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.purchases import buy, came, deliver
from tests.transfers import receive, shipped
from tests.world import OTHER_SKU, SKU, Shop, codes, keyed, order

# The values that each rule refuses, tried as a superuser: constraint, table, column, value (and a condition for the rows).
pytestmark = pytest.mark.commits

LINE_CHECK = "order_lines_have_parts_within_quantity_and_one_price_check"
BREAKS = (
    ("units_are_within_range_check", "stock.stock_levels", "on_hand", "2000000001"),
    ("units_are_within_range_check", "stock.stock_levels", "reserved", "-1"),
    ("units_are_within_range_check", "stock.stock_levels", "committed", "-1"),
    ("units_are_within_range_check", "stock.stock_levels", "unavailable", "-1"),
    ("units_are_within_range_check", "stock.stock_levels", "safety_stock", "-1"),
    ("units_are_within_range_check", "stock.stock_levels", "reorder_point", "-1"),
    ("units_are_within_range_check", "stock.stock_levels", "incoming", "-1"),
    ("units_are_within_range_check", "stock.stock_levels", "shortfall", "-1"),
    ("units_are_within_range_check", "stock.stock_levels", "committed", "on_hand + 1"),  # available would be negative
    ("stock_levels_shortfall_is_within_promises_check", "stock.stock_levels", "shortfall", "reserved + committed + 1"),
    ("lots_batch_number_is_not_empty_check", "stock.lots", "batch_number", "''"),
    ("lots_batch_number_is_composed_check", "stock.lots", "batch_number", "U&'e\\0301'"),
    ("lots_status_is_known_check", "stock.lots", "status", "'expired'"),
    ("lots_manufactured_before_expiry_check", "stock.lots", "manufactured_on", "expiration_date + 1"),
    ("units_are_within_range_check", "stock.lot_levels", "on_hand", "-1"),
    ("units_are_within_range_check", "stock.lot_levels", "withheld", "on_hand + 1"),  # unwithheld would be negative
    ("units_are_within_range_check", "stock.lot_levels", "withheld", "-1"),
    ("quantity_is_positive_check", "stock.withholdings", "quantity", "0"),
    ("recalls_status_is_known_check", "stock.recalls", "status", "'lost'"),
    ("recalls_closed_at_a_time_check", "stock.recalls", "closed_at", "now()"),
    ("recall_lots_every_unit_has_a_place_check", "stock.recall_lots", "on_hand", "on_hand + 1"),
    ("recall_parcels_recovered_is_within_quantity_check", "stock.recall_parcels", "recovered", "quantity + 1"),
    ("withholdings_cause_is_known_check", "stock.withholdings", "cause", "'rain'"),
    ("withholdings_disposed_units_are_not_negative_check", "stock.withholdings", "scrapped", "-1"),
    ("units_are_within_range_check", "stock.withholdings", "restocked", "quantity + 1"),
    ("suppliers_lead_days_are_within_range_check", "supply.suppliers", "lead_days", "-1"),
    ("suppliers_over_percent_is_within_range_check", "supply.suppliers", "over_percent", "-1"),
    ("purchases_status_is_known_check", "supply.purchases", "status", "'lost'"),
    ("purchases_were_ordered_if_their_status_says_so_check", "supply.purchases", "ordered_at", "null"),
    ("purchases_canceled_are_closed_check", "supply.purchases", "status", "'canceled'"),
    *(
        ("units_are_within_range_check", "supply.purchase_lines", part, "-1")
        for part in ("quantity", "over", "received", "damaged", "refused", "canceled")
    ),
    ("quantity_is_positive_check", "supply.receipt_lines", "quantity", "0"),
    ("receipt_lines_condition_is_known_check", "supply.receipt_lines", "condition", "'lost'"),
    ("receipt_lines_on_hand_have_a_lot_check", "supply.receipt_lines", "lot_id", "null"),
    ("withholdings_disposed_units_are_not_negative_check", "stock.withholdings", "transferred", "-1"),
    ("transfers_have_two_ends_check", "supply.transfers", "to_warehouse_id", "from_warehouse_id"),
    ("transfers_status_is_known_check", "supply.transfers", "status", "'gone'"),
    ("transfers_were_shipped_if_their_status_says_so_check", "supply.transfers", "shipped_at", "null"),
    ("transfers_ended_if_their_status_says_so_check", "supply.transfers", "ended_at", "now()"),
    ("quantity_is_positive_check", "supply.transfer_lines", "quantity", "0"),
    ("quantity_is_positive_check", "supply.transfer_lots", "shipped", "0"),
    ("transfer_lots_in_transit_is_not_negative_check", "supply.transfer_lots", "shipped", "1"),
    *(
        ("units_are_within_range_check", "supply.transfer_lots", part, "-1")
        for part in ("received", "damaged", "lost", "taken_back")
    ),
    ("returns_status_is_known_check", "orders.returns", "status", "'lost'"),
    ("returns_without_order_have_a_note_check", "orders.returns", "order_id", "null"),
    ("quantity_is_positive_check", "orders.return_lines", "quantity", "0"),
    ("return_lines_parts_are_within_quantity_check", "orders.return_lines", "received", "quantity + 1"),
    ("return_lines_parts_are_within_quantity_check", "orders.return_lines", "given_up", "-1"),
    ("count_requests_units_is_positive_check", "stock.count_requests", "units", "0"),
    ("counts_scope_is_known_check", "stock.counts", "scope", "'some'"),
    ("counts_status_is_known_check", "stock.counts", "status", "'lost'"),
    ("counts_tolerance_is_not_negative_check", "stock.counts", "tolerance_units", "-1"),
    ("count_lines_status_is_known_check", "stock.count_lines", "status", "'lost', entry_id = null"),
    ("count_lines_entry_fits_status_check", "stock.count_lines", "entry_id", "null"),
    ("count_lines_posted_fits_status_check", "stock.count_lines", "posted", "1"),
    ("units_are_within_range_check", "stock.count_entries", "counted", "-1"),
    ("units_are_within_range_check", "stock.count_entries", "on_hand_at_mark", "-1"),
    ("movement_kind_is_known_check", "stock.stock_movements", "kind", "'gift'"),
    ("reservations_status_is_known_check", "stock.reservations", "status", "'lost'"),
    ("quantity_is_positive_check", "stock.reservation_lines", "quantity", "0"),
    ("order_status_is_known_check", "orders.orders", "status", "'lost'"),
    ("fulfillment_status_is_known_check", "orders.orders", "fulfillment_status", "'lost'"),
    ("amount_is_within_bounds_check", "orders.orders", "total_price", "-0.01"),
    ("amount_is_within_bounds_check", "orders.orders", "total_price", "100000000000000"),
    ("orders_time_to_pay_fits_status_check", "orders.orders", "unpaid_until", "now()"),
    ("orders_time_to_pay_fits_status_check", "orders.orders", "unpaid_left", "'1 hour'"),
    ("quantity_is_positive_check", "orders.order_lines", "quantity", "0 where fulfilled_quantity = 0"),
    ("price_is_within_bounds_check", "orders.order_lines", "price", "-0.01"),
    ("price_is_within_bounds_check", "orders.order_lines", "price", "'NaN'"),
    ("amount_is_within_bounds_check", "orders.order_lines", "amount", "-0.01"),
    (LINE_CHECK, "orders.order_lines", "price", "null"),
    (LINE_CHECK, "orders.order_lines", "amount", "1"),
    (LINE_CHECK, "orders.order_lines", "price", "null, amount = 1, amount_quantity = 0"),
    (LINE_CHECK, "orders.order_lines", "canceled_quantity", "quantity + 1"),
    ("quantity_is_positive_check", "orders.order_allocations", "quantity", "0 where fulfilled_quantity = 0"),
    ("order_allocations_parts_are_within_quantity_check", "orders.order_allocations", "released_quantity", "quantity + 1"),
    ("quantity_is_positive_check", "orders.backorders", "quantity", "0"),
    ("quantity_is_positive_check", "orders.fulfillment_lines", "quantity", "0"),
    ("fulfillment_lines_passes_over_for_a_reason_check", "orders.fulfillment_lines", "passed_over", "'{B-1}'"),
    ("fulfillments_canceled_for_a_reason_check", "orders.fulfillments", "canceled_at", "now()"),
    ("erasures_order_ids_is_not_empty_check", "orders.erasures", "order_ids", "'{}'"),
    ("action_is_known_check", "audit.audit_log", "action", "'look'"),
)


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A database with rows in all tables."""
    shop.receive(9)
    left = shop.fulfill(shop.order((SKU, 1)))
    assert codes(shop.send("erase_customers", {"order_ids": [left.body["order_id"]]})) == [None]
    assert shop.order((SKU, 9), handed_over={"warehouse_location": "WH-01", "offline": True}).code is None
    shop.receive(9)
    back = {"order_id": left.body["order_id"], "items": [{"sku_id": SKU, "quantity": 1}], "reason": "too hot"}
    assert codes(shop.send("request_returns", back)) == [None]
    aside = {"sku_id": SKU, "warehouse_location": "WH-01", "batch_number": "B-1", "quantity": 1, "cause": "inspection"}
    assert codes(shop.send("withhold_stock", aside)) == [None]
    assert deliver(shop, buy(shop, (SKU, 3)), came(2)).code is None
    sent = shipped(shop, 3)
    assert receive(shop, sent, items=[{"sku_id": SKU, "batch_number": "B-1", "received": 2}]).code is None
    assert codes(shop.send("recall_lots", {"lots": [{"sku_id": SKU, "batch_numbers": ["B-1"]}], "person": "Ada"})) == [None]
    shop.receive(9, batch_number="B-2")
    [planned] = shop.send("plan_counts", {"warehouse_location": "WH-01", "scope": "all"})
    entry = {"sku_id": SKU, "batch_number": "B-1", "counted": 9}
    assert codes(shop.send("enter_counts", {"count_id": planned.body["count_id"], "entries": [entry]})) == [None]
    assert shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})[0].code is None
    assert shop.order((SKU, 1), (OTHER_SKU, 1)).code is None
    assert shop.send("reserve_stock", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 1}]})[0].code is None
    return shop


def test_every_check_refuses_what_it_says(shop: Shop) -> None:
    for name, table, column, value in BREAKS:
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
            "insert into identity.idempotency_keys select region_id, key_hash, fingerprint, answer, now() + interval '1 minute'"
            " from identity.idempotency_keys",
            "idempotency_keys_pkey",
        ),
    ):
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            shop.connection.execute(copy.encode())
        assert caught.value.diag.constraint_name == name


def test_every_check_of_stock_orders_and_audit_is_tried(connection: psycopg.Connection[Any]) -> None:
    of_tables = connection.execute("""
        select distinct c.conname from pg_constraint c join pg_class r on r.oid = c.conrelid
         where c.contype = 'c' and r.relnamespace::regnamespace::text in ('stock', 'supply', 'orders', 'audit')""")
    of_domains = connection.execute("""
        select c.conname, a.attrelid::regclass::text, a.attname
          from pg_constraint c
          join pg_attribute a on a.atttypid = c.contypid and a.attgenerated = ''
          join pg_class r on r.oid = a.attrelid and r.relkind in ('r', 'p') and not r.relispartition
         where c.contype = 'c' and r.relnamespace::regnamespace::text in ('stock', 'supply', 'orders', 'audit')""")
    tried = {(name, table, column) for name, table, column, _ in BREAKS}
    assert set(of_domains) - tried == set()
    assert {name for (name,) in of_tables} <= {name for name, _, _ in tried}
