"""Order statements read and write by key: no cached plan scans a whole table or index."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from tests.conftest import AsRole

GROWING = (
    "schemaname in ('catalog', 'events', 'identity', 'orders', 'stock') and relname not in"
    " ('channels', 'warehouses', 'regions', 'channel_warehouses', 'reason_codes', 'stream')"
)
SKUS = 300
ORDERS = 40  # per batch
BATCHES = 8  # in one session: PostgreSQL caches a generic plan by the sixth execution
READS_AN_ORDER_MAX = 20  # rows and index entries of all tables; 12 measured


# Autovacuum would come at a time of its own, and bring statistics.
WITHOUT_AUTOVACUUM = """
    do $$
    declare
      v_table regclass;
    begin
      for v_table in
        select oid from pg_class where relkind = 'r' and relnamespace::regnamespace::text in
               ('catalog', 'events', 'identity', 'orders', 'stock', 'audit')
      loop
        execute format('alter table %s set (autovacuum_enabled = off)', v_table);
      end loop;
    end $$"""


@pytest.fixture
def shop(connection: psycopg.Connection[Any], as_role: AsRole) -> None:
    connection.execute(WITHOUT_AUTOVACUUM.encode())
    with as_role("admin") as c:
        c.execute("select * from api.save_warehouses(%s::jsonb)", ['[{"warehouse_id": "WH-1", "name": "One"}]'])
        channel = {"channel_id": "web", "name": "Web", "warehouses": ["WH-1"]}
        c.execute("select * from api.save_channels(%s::jsonb)", [json.dumps([channel])])
        skus = [{"sku_id": f"S-{n}", "name": f"Sauce {n}", "price": 4.5} for n in range(SKUS)]
        c.execute("select * from api.save_skus(%s::jsonb)", [json.dumps(skus)])
        receipts = [{"sku_id": f"S-{n}", "warehouse_location": "WH-1", "stock": 1000, "batch_number": "B"} for n in range(SKUS)]
        c.execute("select * from api.receive_stock(1::smallint, %s::jsonb)", [json.dumps(receipts)])


def place(session: psycopg.Connection[Any], batch: int) -> None:
    """Places a batch of orders with two lines each: the hot SKU and another one."""
    orders = [
        {
            "customer": {"name": "Jane", "email": "jane@example.com"},
            "items": [{"sku_id": f"S-{(batch * ORDERS + n) % (SKUS - 1) + 1}", "quantity": 1}, {"sku_id": "S-0", "quantity": 1}],
            "external_id": f"{batch}-{n}",
            "meta": {"actor": "till", "idempotency_key": f"{batch}-{n}"},
        }
        for n in range(ORDERS)
    ]
    with session.transaction():
        session.execute("select app.enter('sales', %s)", ['{"sub": "till", "region": 1, "channels": ["web"]}'])
        rows = session.execute("select code from api.place_orders(1::smallint, %s::jsonb)", [json.dumps(orders)], prepare=True)
        assert rows.fetchall() == [(None,)] * ORDERS


def read(session: psycopg.Connection[Any]) -> dict[str, int]:
    """The number of rows and index entries read so far, per growing table."""
    session.execute("select pg_stat_force_next_flush()")
    rows = session.execute(
        f"""
        select t.relname, t.seq_tup_read + coalesce((
                 select sum(i.idx_tup_read) from pg_stat_all_indexes i where i.relid = t.relid), 0)
          from pg_stat_all_tables t
         where {GROWING}""".encode()
    ).fetchall()
    return {name: int(number) for name, number in rows}


def reads_an_order(connection: psycopg.Connection[Any], authenticator_url: str, analyze: str) -> dict[str, float]:
    """The rows and index entries read for an order, by a session that begins before `analyze` runs, in a young database."""
    with psycopg.connect(authenticator_url, autocommit=True) as session:
        for batch in range(BATCHES):
            place(session, batch)
    with psycopg.connect(authenticator_url, autocommit=True) as session:
        place(session, BATCHES)
        connection.execute(analyze.encode())
        place(session, BATCHES + 1)
        before = read(session)
        for batch in range(BATCHES + 2, 2 * BATCHES + 2):
            place(session, batch)
        after = read(session)
    return {name: (after[name] - number) / (BATCHES * ORDERS) for name, number in before.items() if after[name] != number}


@pytest.mark.parametrize("analyze", ["vacuum analyze", "select jobs.analyze_young_tables()"])
def test_an_order_reads_what_it_needs_and_no_more(
    shop: None, connection: psycopg.Connection[Any], authenticator_url: str, analyze: str
) -> None:
    reads = reads_an_order(connection, authenticator_url, analyze)
    assert sum(reads.values()) < READS_AN_ORDER_MAX, sorted(reads.items(), key=lambda item: -item[1])[:5]


def test_without_statistics_it_reads_all_orders(shop: None, connection: psycopg.Connection[Any], authenticator_url: str) -> None:
    """Otherwise jobs.analyze_young_tables is superfluous."""
    assert reads_an_order(connection, authenticator_url, "select 1")["orders"] > BATCHES * ORDERS


def test_no_statement_is_compiled(connection: psycopg.Connection[Any], as_role: AsRole) -> None:
    connection.execute(f"alter database {connection.info.dbname} set jit = on")
    with as_role("sales") as c:
        assert c.execute("show jit").fetchone() == ("off",)
