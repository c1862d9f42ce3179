"""A history: a million orders and ten million movements, inserted directly because the functions would take an hour.

The rows are what the functions would write: the ledger sums to the levels and the allocations to the committed units, so
`stock.verify()` can check them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import psycopg

from bench.system import SKUS, UNITS, System

ORDERS = 1_000_000  # one in 30 seconds: nearly a year
ROLLED_MAX = 500  # levels or days per call, as in the worker
MONTHS_A_CALL = 4  # of jobs.make_partitions

# Each order has two lines, and each line five movements: received, committed, shipped, and two corrections that cancel out.
# Shipped units were received before, so they do not change the level. Current units arrived at the beginning; those of one SKU in
# a hundred arrived today, so that it was out of stock. A third of the orders came through a shop with its own warehouse. The
# numbers of these orders are negative, so they do not collide with real ones.
PARTS = (
    """
create temporary view past as
select n - 10000000 as order_id, n %% 50000 as customer, p.at as placed_at,
       least(p.at + s.seconds * interval '1 second', now()) as shipped_at,
       case n %% 3 when 0 then 'shop' else 'web' end as channel_id, case n %% 3 when 0 then 'WH-2' else 'WH-1' end as warehouse_id
  from generate_series(1, %(orders)s) n
 cross join lateral (select now() - (%(orders)s - n + 100) * interval '30 seconds') p (at)
 cross join lateral (select 3600 * (2 + n %% 40 * 7919 %% 40)) s (seconds)""",
    """
create temporary view past_lines as
select p.*, l as line_no, 'SKU-' || lpad((((p.order_id + 10000000) * 7 + l * 13) %% %(skus)s)::text, 4, '0') as sku_id
  from past p, generate_series(1, 2) l""",
    """
update stock.stock_movements set recorded_at = now() - interval '360 days'
 where kind = 'receipt' and right(sku_id, 2) <> '42'""",
    """
insert into orders.orders (region_id, order_id, channel_id, status, fulfillment_status, customer_name, customer_address,
  customer_pseudonym, currency, total_price, warehouse_ids, placed_at, created_at, updated_at, changed_by)
select 1, order_id, channel_id, 'completed', 'fulfilled', 'Customer ' || customer, '1 Street', md5(customer::text)::uuid,
       'USD', 9, array[warehouse_id], placed_at, placed_at, shipped_at, 'past'
  from past""",
    """
insert into orders.order_lines
  (region_id, order_id, line_no, channel_id, warehouse_ids, sku_id, quantity, price, fulfilled_quantity)
select 1, order_id, line_no, channel_id, array[warehouse_id], sku_id, 1, 4.5, 1 from past_lines""",
    """
insert into orders.order_allocations (region_id, order_id, sku_id, warehouse_id, channel_id, quantity, fulfilled_quantity)
select 1, order_id, sku_id, warehouse_id, channel_id, 1, 1 from past_lines""",
    """
insert into orders.fulfillments (region_id, fulfillment_id, order_id, warehouse_id, channel_id, shipped_at, created_at,
  changed_by)
select 1, order_id, order_id, warehouse_id, channel_id, shipped_at, shipped_at, 'past' from past""",
    """
insert into orders.fulfillment_lines (region_id, fulfillment_id, sku_id, lot_id, warehouse_id, channel_id, batch_number, quantity,
  assumed)
select 1, p.order_id, p.sku_id, t.lot_id, p.warehouse_id, p.channel_id, t.batch_number, 1, true
  from past_lines p join stock.lots t on t.region_id = 1 and t.sku_id = p.sku_id""",
    """
insert into stock.stock_movements (region_id, recorded_at, occurred_at, warehouse_id, sku_id, kind, lot_id, on_hand_delta,
  reserved_delta, committed_delta, unavailable_delta, safety_stock_delta, incoming_delta, shortfall_delta, on_hand_after,
  available_after, version, reason_code, document, actor)
select 1, case when k.later then p.shipped_at else p.placed_at end, p.placed_at, p.warehouse_id, p.sku_id, k.kind,
       case when k.on_hand <> 0 then t.lot_id end, k.on_hand,
       0, k.committed, 0, 0, 0, 0, 0, 0, 0, k.reason_code, 'ORD-1-' || p.order_id, 'past'
  from past_lines p
  join stock.lots t on t.region_id = 1 and t.sku_id = p.sku_id
 cross join (values ('receipt', 1, 0, false, 'received'), ('commit', 0, 1, false, null), ('fulfill', -1, -1, true, null),
                    ('adjustment', 1, 0, true, 'found'), ('adjustment', -1, 0, true, 'shrinkage'))
       as k (kind, on_hand, committed, later, reason_code)""",
)


def fill(system: System, skus: int = SKUS, orders: int = ORDERS) -> None:
    """Inserts the history. A million orders take some minutes."""
    _open_shop(system, skus)
    with psycopg.connect(system.owner_url, autocommit=True) as connection:
        connection.execute("alter system set max_wal_size = '8GB'")  # avoids constant checkpoints
        connection.execute("select pg_reload_conf()")
        try:
            with psycopg.ClientCursor(connection) as cursor:
                cursor.execute("set session_replication_role = replica; set synchronous_commit = off; set work_mem = '256MB'")
                _make_partitions(connection)
                for part in PARTS:
                    cursor.execute(part.encode(), {"orders": orders, "skus": skus})
        finally:
            connection.execute("alter system reset max_wal_size")
            connection.execute("select pg_reload_conf()")
    system.settle()


def roll_up(system: System) -> None:
    """Runs the worker's jobs until the sums have caught up."""
    with psycopg.connect(system.login_url, autocommit=True) as connection:
        for job in ("roll_up_stock", "roll_up_sales"):
            done = ROLLED_MAX
            while done >= ROLLED_MAX:
                with connection.transaction():
                    connection.execute("select app.enter('scoville_worker', '{}')")
                    (done,) = connection.execute(f"select jobs.{job}(1::smallint, %s)".encode(), [ROLLED_MAX]).fetchone()  # type: ignore[misc]


def _open_shop(system: System, skus: int) -> None:
    system.call("select * from api.save_warehouses(%s::jsonb)", '[{"warehouse_id": "WH-2", "name": "Back of the shop"}]')
    shop = {"channel_id": "shop", "name": "Shop", "warehouses": ["WH-2"]}
    system.call("select * from api.save_channels(%s::jsonb)", json.dumps([shop]))
    for first in range(0, skus, 500):
        receipts = [
            system.receipt(f"SKU-{n:04}", UNITS) | {"warehouse_location": "WH-2"} for n in range(first, min(first + 500, skus))
        ]
        system.call("select * from api.receive_stock(1::smallint, %s::jsonb)", json.dumps(receipts))


def _make_partitions(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Creates the partitions of the past months, as the worker would have."""
    moment = datetime.now(UTC)
    for back in range(MONTHS_A_CALL, 13, MONTHS_A_CALL):
        then = (moment.replace(day=1) - timedelta(days=30 * back)).isoformat()
        with connection.transaction():
            connection.execute("select set_config('scoville.now', %s, true)", [then])
            connection.execute("select jobs.make_partitions()")
