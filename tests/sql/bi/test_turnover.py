"""The views count of an order exactly the units and money that plain Python sums from its document."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.world import OTHER_SKU, REGION, SKU, THIRD_SKU, Result, Shop, receipt

SKUS = (SKU, OTHER_SKU, THIRD_SKU)
PLACED_AT = (datetime.now(UTC) - timedelta(days=3)).isoformat()


def lines(*items: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in items]


def documents(shop: Shop) -> list[dict[str, Any]]:
    with shop.session() as connection:
        row = connection.execute("select body from api.list_orders(%s::smallint, '{}', null, 200)", [REGION]).fetchone()
    assert row is not None
    assert row[0]["next_cursor"] is None
    return list(row[0]["data"])


def roll_up(shop: Shop) -> None:
    with shop.session("scoville_worker") as connection:
        connection.execute("select jobs.sequence_events(1000)")
        connection.execute("select jobs.roll_up_sales(1::smallint, 500)")


def undo(shop: Shop, shipped: Result) -> None:
    """Undoes the last parcel of an order."""
    parcel = shipped.body["fulfillments"][-1]["fulfillment_id"]
    element = {"order_id": shipped.body["order_id"], "fulfillment_id": parcel, "reason": "never collected"}
    assert [answer.code for answer in shop.send("cancel_fulfillments", element)] == [None]


def money(value: float) -> Decimal:
    return Decimal(str(value))


def check(shop: Shop) -> None:
    """Compares every view that counts orders with the sums of the documents."""
    orders = documents(shop)
    by_channel: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(Decimal))
    by_sku: dict[str, dict[str, Any]] = defaultdict(lambda: defaultdict(Decimal))
    for order in orders:
        owed = Decimal(0)
        for item in order["items"]:
            assert item["fulfilled"] + item["canceled"] <= item["quantity"]
            kept = item["quantity"] - item["canceled"]
            owed += kept * money(item["price"])
            by_channel[order["channel"]]["units"] += kept
            by_sku[item["sku_id"]]["units"] += kept
            by_sku[item["sku_id"]]["revenue"] += kept * money(item["price"])
            by_sku[item["sku_id"]]["shipped"] += item["fulfilled"]
        assert money(order["total_price"]) == owed
        by_channel[order["channel"]]["revenue"] += owed
        by_channel[order["channel"]]["orders"] += 1
        by_channel[order["channel"]]["canceled_orders"] += order["status"] == "canceled"
        by_channel[order["channel"]]["shipped_orders"] += order["fulfillment_status"] == "fulfilled"
        if order["status"] == "canceled":
            assert {item["fulfilled"] for item in order["items"]} == {0}
    roll_up(shop)

    found = {row.pop("channel_id"): row for row in shop.rows(
        "select channel_id, orders, canceled_orders, shipped_orders, units, revenue from bi.channel_performance")}  # fmt: skip
    assert found == by_channel
    patterns = shop.rows("select channel_id, sum(units) as units from bi.order_patterns group by 1")
    assert {row["channel_id"]: row["units"] for row in patterns} == {name: sums["units"] for name, sums in by_channel.items()}
    for query in (
        "select sku_id, units, revenue from bi.abc_xyz",
        "select sku_id, sum(quantity - units_canceled) as units, sum(revenue) as revenue from bi.fact_order_line group by 1",
        "select sku_id, sum(ordered - withdrawn) as units, sum(revenue) as revenue from analytics.sales_days group by 1",
    ):
        sold = {row["sku_id"]: (row["units"], round(row["revenue"], 2)) for row in shop.rows(query)}
        assert sold == {sku_id: (sums["units"], sums["revenue"]) for sku_id, sums in by_sku.items()}, query
    for query in (
        "select sku_id, sum(units_shipped) as units from bi.fill_rate group by 1",
        "select sku_id, sum(units_shipped) as units from bi.fact_order_line group by 1",
    ):
        assert {row["sku_id"]: row["units"] for row in shop.rows(query)} == {
            sku_id: sums["shipped"] for sku_id, sums in by_sku.items()
        }, query
    [customers] = shop.rows("select sum(orders) as orders, sum(canceled_orders) as canceled from bi.dim_customer")
    assert customers["canceled"] == sum(sums["canceled_orders"] for sums in by_channel.values())
    assert shop.verify() == []


def test_of_nine_shipped_and_one_canceled_nine_are_turnover(shop: Shop) -> None:
    shop.receive(100)
    placed = shop.order((SKU, 10), created_at=PLACED_AT, customer={"name": "A"})
    shop.order((SKU, 1), channel="till", items=[{"sku_id": SKU, "quantity": 1, "price": 5}], created_at=PLACED_AT)
    shop.fulfill(placed, items=lines((SKU, 9)))
    done = shop.cancel(placed)
    assert (done.body["status"], done.body["total_price"]) == ("completed", 90)
    [line] = done.body["items"]
    assert line == {
        "sku_id": SKU,
        "quantity": 10,
        "price": 10,
        "address": None,
        "amount": None,
        "fulfilled": 9,
        "canceled": 1,
        "components": [],
    }
    assert shop.cancel(placed).body == done.body
    roll_up(shop)
    [row] = shop.rows("select * from bi.channel_performance where channel_id = 'web'")
    assert {name: row[name] for name in ("orders", "canceled_orders", "units", "revenue", "cancellation_rate")} == {
        "orders": 1, "canceled_orders": 0, "units": 9, "revenue": 90, "cancellation_rate": 0}  # fmt: skip


def test_lead_times_go_by_the_hour_at_which_a_parcel_left_and_forget_one_that_did_not(shop: Shop) -> None:
    shop.receive(10)
    placed = shop.order((SKU, 4), created_at=PLACED_AT)
    left_at = (datetime.fromisoformat(PLACED_AT) + timedelta(hours=5, minutes=1)).isoformat()
    shop.fulfill(placed, items=lines((SKU, 1)), shipped_at=left_at)
    shipped = shop.fulfill(placed, items=lines((SKU, 3)))
    query = "select parcels, median_hours, hours_max from bi.fulfillment_lead_time"
    roll_up(shop)
    assert shop.rows(query) == [{"parcels": 2, "median_hours": 5, "hours_max": 72}]
    undo(shop, shipped)
    roll_up(shop)
    assert shop.rows(query) == [{"parcels": 1, "median_hours": 5, "hours_max": 5}]
    with shop.session("scoville_worker") as connection:
        connection.execute("select jobs.roll_up_stock(1::smallint, 500)")
    [row] = shop.rows("select sum(units_shipped) as units from bi.fact_stock_daily")
    assert row["units"] == 1
    assert shop.verify() == []


@pytest.mark.parametrize("seed", range(3))
def test_every_view_counts_what_was_ordered_and_not_canceled(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    receipts = [receipt(60, sku_id, warehouse_location=f"WH-0{nth}") for sku_id in SKUS for nth in (1, 2)]
    shop.send("receive_stock", *receipts)
    for number in range(24):
        chosen = [(chance.choice(SKUS), chance.randint(1, 6)) for _ in range(chance.randint(1, 4))]
        items = [{"sku_id": sku_id, "quantity": n, "price": chance.choice((3.33, 3.34, 9.99))} for sku_id, n in chosen]
        channel = chance.choice(("till", "web"))
        if channel == "web":
            items = lines(*chosen)
        name = f"Customer {number % 7}"
        placed = shop.order(channel=channel, items=items, created_at=PLACED_AT, customer={"name": name})
        if placed.code is not None:
            continue
        for _ in range(chance.randint(0, 2)):
            sku_id, quantity = chance.choice(chosen)
            shipped = shop.fulfill(placed, items=lines((sku_id, chance.randint(1, quantity))))
            if shipped.code is None and chance.random() < 0.3:
                undo(shop, shipped)
        end = chance.choice(("open", "cancel", "ship"))
        if end == "cancel":
            shop.cancel(placed)
        elif end == "ship":
            shop.fulfill(placed)
    check(shop)
    statuses = {(order["status"], order["fulfillment_status"]) for order in documents(shop)}
    assert ("completed", "partially_fulfilled") in statuses
    assert ("canceled", "partially_fulfilled") not in statuses


def test_an_unpaid_order_is_no_turnover_until_it_is_confirmed(shop: Shop) -> None:
    shop.receive(100)
    pending, held, paid = (shop.order((SKU, units), status=status, created_at=PLACED_AT) for units, status in
                           ((1, "pending"), (2, "pending"), (4, "processing")))  # fmt: skip
    shop.send("hold_orders", {"order_id": held.body["order_id"], "reason": "address?"})

    def check(orders: int, canceled: int, units: int) -> None:
        roll_up(shop)
        [performance] = shop.rows("select orders, canceled_orders, units, revenue from bi.channel_performance")
        assert tuple(performance.values()) == (orders, canceled, units, 10 * units)
        [patterns] = shop.rows("select sum(orders) as orders, sum(units) as units from bi.order_patterns")
        assert tuple(patterns.values()) == (orders, units)
        [ordered] = shop.rows("select sum(units_ordered - units_withdrawn) as units from bi.fill_rate")
        assert ordered["units"] == units
        for view in ("abc_xyz", "fact_order_line"):
            [sold] = shop.rows(f"select sum(revenue) as revenue from bi.{view}")
            assert sold["revenue"] == 10 * units, view

    check(1, 0, 4)
    shop.send("hold_orders", {"order_id": paid.body["order_id"], "reason": "address?"})  # it is paid: it stays turnover
    shop.send("confirm_orders", {"order_id": held.body["order_id"]})  # the money came while it is on hold
    check(2, 0, 6)
    assert shop.job("cancel_unpaid_orders", "2070-01-01T00:00:00Z") == 1
    check(3, 1, 6)
    assert pending.code is None
