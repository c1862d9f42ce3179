"""Helpers for tests of the BI views: demo data with its sums, and temporary logins of analysts."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
from psycopg import sql

from pyapp import demo
from pyapp.deploy import analysts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

VIEWS = "select viewname from pg_views where schemaname = 'bi' order by 1"
CALLS_MAX = 1000
EXPECTED = {
    *("dim_sku", "dim_warehouse", "dim_channel", "dim_customer", "dim_date", "dim_reason"),
    *("fact_order_line", "fact_stock_movement", "fact_stock_daily", "fact_fulfillment", "fact_reservation"),
    *("fact_webhook_delivery", "inventory_turnover", "days_of_cover", "sell_through", "stockouts", "fill_rate"),
    *("fulfillment_lead_time", "expiring_lots", "aging_stock", "abc_xyz", "order_patterns", "channel_performance"),
    *("shrinkage", "refused_demand", "in_transit", "count_accuracy", "relationships", "freshness"),
}
# The columns that identify a row.
GRAINS = {
    "inventory_turnover": "region_id, month_on, warehouse_id, sku_id",
    "sell_through": "region_id, month_on, warehouse_id, sku_id",
    "days_of_cover": "region_id, warehouse_id, sku_id",
    "stockouts": "region_id, warehouse_id, sku_id, started_on",
    "fill_rate": "region_id, month_on, channel_id, warehouse_id, sku_id",
    "fulfillment_lead_time": "region_id, month_on, channel_id, warehouse_id",
    "expiring_lots": "region_id, warehouse_id, batch_id",
    "aging_stock": "region_id, warehouse_id, batch_id",
    "abc_xyz": "region_id, currency, sku_id",
    "order_patterns": "region_id, channel_id, month_on, iso_weekday, hour_of_day",
    "channel_performance": "region_id, channel_id, month_on, currency",
    "shrinkage": "region_id, month_on, warehouse_id, sku_id, reason_code",
    "refused_demand": "region_id, refused_on, channel_id, sku_id",
    "in_transit": "region_id, transfer_no, batch_id, withheld",
    "count_accuracy": "region_id, counted_on, warehouse_id, scope",
    "fact_stock_daily": "region_id, warehouse_id, sku_id, day_on",
    "fact_order_line": "region_id, order_no, line_no",
    "fact_stock_movement": "region_id, movement_id",
    "fact_fulfillment": "region_id, parcel_no, sku_id, batch_id",
    "dim_customer": "region_id, customer_key",
}


def load(authenticator_url: str) -> None:
    """The demo's data, with its sums, and some refusals, which no job can sum."""
    assert demo.load(authenticator_url)
    roll_up(authenticator_url)
    refused = [
        {"channel": channel, "sku_id": f"HOTSAUCE-00{nth}", "refusals": nth, "units": 5 * nth}
        for channel in ("web", "wholesale")
        for nth in (1, 2)
    ]
    with psycopg.connect(authenticator_url, autocommit=True) as connection:
        for days in range(3):
            now = datetime.now(UTC) - timedelta(days=days)
            assert call(connection, f"record_refusals(1::smallint, '{json.dumps(refused)}')", now) == len(refused)


def roll_up(authenticator_url: str, rows: int = 500, now: datetime | None = None) -> None:
    """Runs the worker's roll-up with `rows` per call until no work is left. `now`: the time of the calls."""
    sums = tuple(f"roll_up_{name}(1::smallint, {rows})" for name in ("stock", "sales"))
    jobs = ("sequence_events(1000)", *sums)
    with psycopg.connect(authenticator_url, autocommit=True) as connection:
        for job in jobs:
            for _ in range(CALLS_MAX):
                done = call(connection, job, now)
                if done == 0 or (job.startswith("roll") and done < rows):
                    break
            else:
                raise AssertionError(f"{job} finds no end")


def call(connection: psycopg.Connection[Any], job: str, now: datetime | None = None) -> int:
    """One call of the worker in its own transaction. Returns the amount of work done."""
    with connection.transaction():
        connection.execute("select app.enter('scoville_worker', '{}')")
        if now:
            connection.execute("select set_config('scoville.now', %s, true)", [now.isoformat()])
        done = connection.execute(f"select jobs.{job}".encode()).fetchone()
    assert done is not None
    return int(done[0])


@contextmanager
def analyst(owner_url: str, *, warehouses: Sequence[str] = ()) -> Iterator[str]:
    """The name of a temporary login."""
    login = f"analyst_{uuid4().hex[:8]}"
    with psycopg.connect(owner_url, autocommit=True) as connection:
        analysts.add(connection, login, "for tests only", warehouses)
        try:
            yield login
        finally:
            connection.execute("delete from identity.bi_logins where login = %s", [login])
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [login])
            connection.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(login)))


def read_all(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Every row of every view as text, except the views that show the time."""
    found = {}
    for (view,) in connection.execute(VIEWS).fetchall():
        if view not in ("freshness", "dim_date"):
            rows = connection.execute(sql.SQL("select t::text from bi.{} t").format(sql.Identifier(view))).fetchall()
            found[view] = sorted(text for (text,) in rows)
    return found
