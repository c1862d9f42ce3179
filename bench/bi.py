"""Schema bi with a million orders: a typical question for each view, and the cost of analysts for orders."""

from __future__ import annotations

import itertools
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from bench import history
from bench.load import Workload, closed_loop
from bench.report import Row
from bench.system import SKUS, System, start_api, start_worker
from pyapp.deploy import analysts

ANALYST = "analyst"
PASSWORD = "for the bench only"  # noqa: S105
TARGET_MS = 2000
TIMES = 3  # runs of each question; the first one reads its pages from outside shared_buffers
QUICK_ORDERS = 20_000
PARCELS_OF_WEBHOOKS = 100_000
PAUSE_SECONDS = 5.0  # an analyst's pause; a dashboard of twenty tiles that is refreshed every 100 seconds asks as much
ROUNDS = 2
ROUND_SECONDS = 40  # a worker that rests nineteen times as long as it sums runs once or twice in that time
WORKER_SECONDS = 2.0  # until the worker has started
ORDERS_TARGET = 0.9

# A typical question for each view, as a BI tool would ask it.
QUESTIONS = {
    "dim_sku": "select * from bi.dim_sku",
    "dim_warehouse": "select * from bi.dim_warehouse",
    "dim_channel": "select * from bi.dim_channel",
    "dim_customer": "select is_returning, count(*), sum(orders) from bi.dim_customer group by 1",
    "dim_date": "select * from bi.dim_date",
    "dim_reason": "select * from bi.dim_reason",
    "fact_order_line": "select placed_on, channel_id, sum(quantity), sum(amount) from bi.fact_order_line"
    " where placed_at >= now() - interval '28 days' group by 1, 2",
    "fact_stock_movement": "select recorded_on, kind, count(*), sum(on_hand_delta) from bi.fact_stock_movement"
    " where recorded_at >= now() - interval '28 days' group by 1, 2",
    "fact_stock_daily": "select day_on, warehouse_id, sum(on_hand), sum(available) from bi.fact_stock_daily"
    " where day_on >= current_date - 91 group by 1, 2",
    "fact_fulfillment": "select shipped_on, warehouse_id, count(distinct parcel_no), sum(quantity) from bi.fact_fulfillment"
    " where shipped_at >= now() - interval '28 days' group by 1, 2",
    "fact_reservation": "select created_on, status, count(*), sum(quantity) from bi.fact_reservation"
    " where created_at >= now() - interval '28 days' group by 1, 2",
    "fact_webhook_delivery": "select endpoint_no, created_on, status, count(*), avg(seconds), max(attempts)"
    " from bi.fact_webhook_delivery group by 1, 2, 3",
    "inventory_turnover": "select month_on, sku_id, sum(units_shipped) / nullif(sum(average_on_hand), 0)"
    " from bi.inventory_turnover group by 1, 2",
    "days_of_cover": "select * from bi.days_of_cover order by days_of_cover nulls last limit 100",
    "sell_through": "select month_on, sku_id, sum(units_shipped)::numeric / nullif(sum(opening_on_hand + units_received), 0)"
    " from bi.sell_through group by 1, 2",
    "stockouts": "select * from bi.stockouts where started_on >= current_date - 91",
    "fill_rate": "select month_on, channel_id, sum(units_shipped)::numeric / sum(units_ordered) from bi.fill_rate group by 1, 2",
    "fulfillment_lead_time": "select * from bi.fulfillment_lead_time",
    "expiring_lots": "select * from bi.expiring_lots order by days_left limit 100",
    "aging_stock": "select age_band, sum(on_hand), sum(value) from bi.aging_stock group by 1",
    "abc_xyz": "select * from bi.abc_xyz",
    "order_patterns": "select iso_weekday, hour_of_day, sum(orders), sum(units) from bi.order_patterns group by 1, 2",
    "channel_performance": "select * from bi.channel_performance",
    "shrinkage": "select month_on, reason_code, sum(units_out), sum(value_net) from bi.shrinkage where is_loss group by 1, 2",
    "refused_demand": "select refused_on, sku_id, sum(refusals), sum(units) from bi.refused_demand"
    " where refused_on >= current_date - 91 group by 1, 2",
    "count_accuracy": "select counted_on, sum(lines_agreed) / sum(lines_counted), sum(units_under) from bi.count_accuracy"
    " group by 1",
    "in_transit": "select to_warehouse_id, sku_id, sum(units), min(shipped_at) from bi.in_transit group by 1, 2",
    "freshness": "select * from bi.freshness",
    "relationships": "select * from bi.relationships",
    "stock_as_of, end of last month": "select * from bi.stock_as_of(date_trunc('month', now()))",
    "stock_as_of, half a year ago": "select * from bi.stock_as_of(now() - interval '183 days')",
}


def rows(system: System, *, quick: bool) -> Iterator[Row]:
    """All rows of this section."""
    orders = QUICK_ORDERS if quick else history.ORDERS
    system.stock()
    started = time.perf_counter()
    history.fill(system, orders=orders)
    yield Row(f"history: {orders:,} orders, {orders * 10:,} movements", time.perf_counter() - started, "s")
    started = time.perf_counter()
    history.roll_up(system)
    yield Row("the same, summed from scratch by the worker's jobs", time.perf_counter() - started, "s")
    _send_webhooks(system)
    system.settle()
    with psycopg.connect(system.owner_url, autocommit=True) as connection:
        analysts.add(connection, ANALYST, PASSWORD)
    with _analyst(system) as analyst:
        for name, question in QUESTIONS.items():
            yield _ask(analyst, name, question)
    yield from _orders(system, 3 if quick else ROUND_SECONDS)
    system.check(0)


@contextmanager
def _analyst(system: System) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """An analyst who sees everything, with an analyst's usual limits."""
    with psycopg.connect(make_conninfo(system.owner_url, user=ANALYST, password=PASSWORD), autocommit=True) as connection:
        yield connection


def _ask(analyst: psycopg.Connection[tuple[object, ...]], name: str, question: str) -> Row:
    times, found = [], 0
    for _ in range(TIMES):
        started = time.perf_counter()
        found = len(analyst.execute(question.encode()).fetchall())
        times.append((time.perf_counter() - started) * 1000)
    facts = {"the first": times[0], "rows": found}
    return Row(f"bi.{name}", statistics.median(times), "ms", target=TARGET_MS, at_most=True, facts=facts)


def _send_webhooks(system: System) -> None:
    """Two webhooks, with deliveries of the newest orders as if they had been sent."""
    settings = [{"url": f"https://{name}.example.com/", "event_types": ["order.placed"], "active": False} for name in ("a", "b")]
    meta = {"meta": {"actor": "bench"}}
    system.call("select * from api.create_webhooks(1::smallint, %s::jsonb)", Jsonb([s | meta for s in settings]))
    with psycopg.connect(system.owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into webhooks.deliveries (region_id, endpoint_id, delivery_id, owner, event_id, type, subject, recorded_at,"
            " status, due_at, attempts, created_at, finished_at)"
            " select 1, p.endpoint_id, -n, 'bench', 'past:' || n, 'order.placed', 'orders/ORD-1-1', t.at, 'delivered', t.at, 1,"
            " t.at, t.at + interval '200 ms'"
            " from generate_series(1, %s) n, webhooks.endpoints p, lateral (select now() - n * interval '30 seconds') t (at)",
            [PARCELS_OF_WEBHOOKS],
        )


def _orders(system: System, seconds: int) -> Iterator[Row]:
    """Orders per second with analysts and a worker that keeps their sums, alternating with runs without both."""
    alone, beside = "orders/s, 1,000 SKUs, 64 clients, no worker, no analyst", "orders/s beside "
    placed: dict[str, list[float]] = {}
    asked: dict[str, int] = {}
    workload, token = Workload(64, skus=SKUS, lines=2), system.token()
    with start_api(system) as api:
        closed_loop(api.url, token, workload, 2)
        for _ in range(ROUNDS):
            for name, pause in (
                (alone, None),
                (f"{beside}one question every {PAUSE_SECONDS:g} s", PAUSE_SECONDS),
                (f"{beside}questions without a pause", 0.0),
            ):
                system.settle()
                if pause is None:
                    load = closed_loop(api.url, token, workload, seconds)
                else:
                    history.roll_up(system)  # sums the orders placed without a worker
                    with start_worker(system), _asking(system, pause) as count:
                        time.sleep(WORKER_SECONDS)
                        load = closed_loop(api.url, token, workload, seconds)
                        asked[name] = asked.get(name, 0) + count()
                placed.setdefault(name, []).append(load.per_second(201))
    without = statistics.mean(placed[alone])
    yield Row(alone, without, "orders/s")
    for name, number in asked.items():
        target = ORDERS_TARGET if "every" in name else None
        yield Row(name, statistics.mean(placed[name]), "orders/s", "without", without, target, facts={"questions": number})


@contextmanager
def _asking(system: System, pause: float) -> Iterator[Callable[[], int]]:
    """An analyst who asks the questions in random order; call the result for the number of answers."""
    stop, done = threading.Event(), itertools.count()

    def ask() -> None:
        questions = random.sample(sorted(QUESTIONS.values()), len(QUESTIONS))
        with _analyst(system) as analyst:
            for question in itertools.cycle(questions):
                analyst.execute(question.encode()).fetchall()
                next(done)
                if stop.wait(pause):
                    return

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield lambda: next(done)
    finally:
        stop.set()
        thread.join()
