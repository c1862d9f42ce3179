"""The tables that a shop writes."""

from __future__ import annotations

# DELETE, not TRUNCATE: TRUNCATE would invalidate all cached plans of the session.
TABLES = """orders.fulfillment_lines orders.fulfillments orders.backorders orders.order_allocations orders.order_lines
    orders.order_contacts orders.orders stock.reservation_lines stock.reservations stock.stock_movements stock.count_requests
    stock.lot_levels stock.stock_levels stock.lots events.outbox identity.idempotency_keys audit.audit_log"""
EMPTY = "; ".join(f"delete from {table}" for table in TABLES.split()).encode()
