"""The database as the API sees it, for the test that compares it with the model (test_model.py)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.conftest import Server
from tests.prepared import AUTHENTICATOR_PASSWORD

START = datetime(2030, 5, 1, 12, tzinfo=UTC)

# The books after a sweep that is then rolled back: the sweep must change no answer.
BOOKS = """
    select jsonb_build_object(
      'levels', (select jsonb_object_agg(warehouse_id || ' ' || sku_id, to_jsonb(l)) from stock.stock_levels l),
      'ledger', (select jsonb_object_agg(warehouse_id || ' ' || sku_id, to_jsonb(m)) from (
         select warehouse_id, sku_id, sum(on_hand_delta) as on_hand, sum(reserved_delta) as reserved,
                sum(committed_delta) as committed, sum(unavailable_delta) as unavailable, sum(shortfall_delta) as shortfall,
                sum(safety_stock_delta) as safety_stock from stock.stock_movements group by 1, 2) m),
      'lots', (select jsonb_object_agg(v.warehouse_id || ' ' || v.sku_id || ' ' || t.batch_number, v.on_hand)
         from stock.lot_levels v join stock.lots t using (region_id, lot_id) where v.on_hand > 0),
      'holds', (select jsonb_object_agg(stock.reservation_public_id(region_id, reservation_id), status) from stock.reservations),
      'orders', (select jsonb_object_agg(orders.public_id(region_id, order_id), status) from orders.orders),
      'open', (select jsonb_object_agg(orders.public_id(region_id, order_id) || ' ' || warehouse_id || ' ' || sku_id,
         quantity - fulfilled_quantity - released_quantity) from orders.order_allocations
         where quantity > fulfilled_quantity + released_quantity),
      'shipped', (select jsonb_object_agg(k, n) from (
         select orders.public_id(f.region_id, f.order_id) || ' ' || l.warehouse_id || ' ' || l.sku_id || ' ' || l.batch_number
                as k, sum(l.quantity) as n
           from orders.fulfillment_lines l join orders.fulfillments f using (region_id, fulfillment_id)
          where f.canceled_at is null group by 1) s),
      'channels', (select jsonb_object_agg(orders.public_id(region_id, order_id), channel_id) from orders.orders),
      'waits', (select jsonb_object_agg(orders.public_id(region_id, order_id) || ' ' || sku_id, jsonb_build_array(
         quantity, priority, extract(epoch from queued_at), lost_at is not null)) from orders.backorders),
      'verify', (select jsonb_agg(to_jsonb(v)) from stock.verify() v))"""
# Orders that wait and promises, before that sweep: units that came or went since the last look.
QUEUE = """
    select jsonb_build_object(
      'waits', coalesce((select jsonb_agg(jsonb_build_array(orders.public_id(region_id, order_id), sku_id, channel_id, quantity,
         -priority, extract(epoch from queued_at), order_id)) from orders.backorders), '[]'),
      'gains', coalesce((select jsonb_agg(jsonb_build_array(document, sku_id, warehouse_id,
           committed_delta + least(0, reserved_delta)))
         from stock.stock_movements where kind in ('commit', 'uncommit') and movement_id > %s), '[]'),
      'last', coalesce((select max(movement_id) from stock.stock_movements), 0))"""


class Desk:
    """The API's own login on one connection. Each call is one transaction as the role of the caller."""

    def __init__(self, server: Server, database: str) -> None:
        self.owner = psycopg.connect(server.url(database), autocommit=True)
        self.api = psycopg.connect(server.url(database, "authenticator", AUTHENTICATOR_PASSWORD))
        self.now = START
        self.answers: Counter[tuple[str, str | None]] = Counter()
        self.happened: Counter[str] = Counter()

    def close(self) -> None:
        self.api.close()
        self.owner.close()

    def enter(self, role: str, **claims: Any) -> None:
        """At the beginning of a transaction, or after `reset role`."""
        values = [role, Jsonb({"sub": "tester", "region": 1, **claims}), self.now.isoformat()]
        self.api.execute("select app.enter(%s, %s), set_config('scoville.now', %s, true)", values)

    def send(self, command: str, *elements: dict[str, Any], role: str = "admin", **claims: Any) -> list[Any]:
        with self.api.transaction():
            self.enter(role, **claims)
            region = "" if command in ("save_skus", "save_warehouses", "save_channels") else "1::smallint, "
            query = f"select code, replayed, body from api.{command}({region}%s) order by ordinal"
            rows = self.api.execute(query.encode(), [Jsonb(list(elements))]).fetchall()
        self.answers.update((command, code) for code, _, _ in rows)
        return rows

    def sweep(self) -> None:
        """At the beginning of a transaction, or after `reset role`."""
        self.enter("scoville_worker")
        for job in ("expire_lots", "expire_reservations", "cancel_unpaid_orders"):
            self.api.execute(f"select jobs.{job}(1::smallint, 100)".encode())
        idle = self.api.execute("select jobs.serve_backorders(1::smallint, 100)").fetchone()
        assert idle == (0,), "an order waited beside units"

    def parcels(self, order_id: str) -> list[str]:
        query = """select 'FUL-1-' || fulfillment_id from orders.fulfillments
                    where orders.public_id(region_id, order_id) = %s order by fulfillment_id"""
        return [name for (name,) in self.owner.execute(query, [order_id])]

    def books(self, seen: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The queue and the movements after `seen`, and the books after a sweep."""
        with self.api.transaction(force_rollback=True):
            self.enter("admin")
            assert self.api.execute("select * from stock.verify()").fetchall() == []
            queue = self.api.execute(QUEUE.encode(), [seen]).fetchone()
            self.api.execute("reset role")
            self.sweep()
            self.api.execute("reset role")
            self.enter("admin")
            books = self.api.execute(BOOKS.encode()).fetchone()
        assert queue is not None
        assert books is not None
        return queue[0], {name: value or {} for name, value in books[0].items()}
