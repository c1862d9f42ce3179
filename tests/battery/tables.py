"""What a shop does, in tables."""

from __future__ import annotations

# Rows are deleted, not truncated: that would have every plan of the session made anew.
TABLES = """orders.fulfillment_lines orders.fulfillments orders.order_allocations orders.order_lines orders.order_contacts
    orders.orders stock.reservation_lines stock.reservations stock.stock_movements stock.lot_levels stock.stock_levels stock.lots
    events.outbox identity.idempotency_keys audit.audit_log"""
EMPTY = "; ".join(f"delete from {table}" for table in TABLES.split()).encode()
