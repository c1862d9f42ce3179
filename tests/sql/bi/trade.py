"""Plays a file of orders as a year of trade, and computes the resulting facts without a database.

Two warehouses, one channel per third of the stores. On the first day of a month, each SKU receives the month's demand (every
tenth SKU less). An order with a missing unit is refused as a whole. Orders ship on the next day at noon; every seventh order is
canceled instead.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from pyapp import demo
from tests.lazy import imported_at_first_use
from tests.sql.bi.answers import Facts

pd = imported_at_first_use("pandas")
CHANNELS = {"store-0": "WH-01", "store-1": "WH-02", "store-2": "WH-01"}
LIST_PRICE = 3.5
ZONE, ZONES = "Europe/London", {"WH-02": "America/Los_Angeles"}  # of the region, and of the warehouse that has its own
ROWS_A_CALL = 500


@dataclass
class Order:
    number: int
    placed_at: datetime
    channel: str
    customer: str
    items: list[tuple[str, int, float]] = field(default_factory=list)


def read_orders(now: datetime) -> list[Order]:
    """Reads SCOVILLE_REAL_DATA's sauce_order_lines.csv.gz if given, else the demo's extract. Shifts all orders by whole weeks so
    that the last is at least two days old."""
    given = os.environ.get("SCOVILLE_REAL_DATA")
    rows: list[tuple[str, str, int, str, str, int, float]] = []
    if given:
        with gzip.open(Path(given) / "sauce_order_lines.csv.gz", "rt", newline="") as file:
            for line in csv.DictReader(file):
                who = (line["transaction_timestamp"], int(line["store_id"]), line["household_id"], f"P-{line['product_id']}")
                rows.append((line["basket_id"], *who, int(line["quantity"]), float(line["sales_value"])))
    else:
        for line in demo.read_rows("orders.csv"):
            store, quantity = int(line["customer_address"].removeprefix("Store ")), int(line["quantity"])
            who = (line["created_at"][:19], store, line["customer_name"], line["sku_id"])
            rows.append((line["order_id"], *who, quantity, float(line["price"] or LIST_PRICE) * quantity))
    newest = max(datetime.fromisoformat(row[1]).replace(tzinfo=UTC) for row in rows)
    shift = timedelta(weeks=(now - timedelta(days=2) - newest).days // 7)
    orders: dict[str, Order] = {}
    for basket, at, store, customer, sku_id, quantity, paid in rows:
        if quantity > 0:
            placed_at = datetime.fromisoformat(at).replace(tzinfo=UTC) + shift
            order = orders.setdefault(basket, Order(0, placed_at, f"store-{store % 3}", customer))
            order.items.append((sku_id, quantity, round(paid / quantity, 2)))
    found = sorted(orders.values(), key=lambda order: order.placed_at)
    for number, order in enumerate(found, 1):
        order.number = number
    return found


class Trade:
    """Plays the orders into the database call by call, and computes the expected facts as lists."""

    def __init__(self, authenticator_url: str, now: datetime) -> None:
        self.now = now
        self.connection = psycopg.connect(authenticator_url, autocommit=True)
        self.free: dict[tuple[str, str], int] = defaultdict(int)
        self.facts: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.first_day = datetime.min.replace(tzinfo=UTC)

    def play(self, orders: list[Order]) -> Facts:
        skus = sorted({sku_id for order in orders for sku_id, _, _ in order.items})
        self._call(self.now, "save_regions", [{"region_id": "1", "time_zone": ZONE}], regional=False)
        warehouses = [{"warehouse_id": w, "time_zone": ZONES.get(w)} for w in ("WH-01", "WH-02")]
        self._call(self.now, "save_warehouses", warehouses, regional=False)
        channels = [{"channel_id": c, "pricing": "channel", "warehouses": [w]} for c, w in CHANNELS.items()]
        self._call(self.now, "save_channels", channels, regional=False)
        self._call(self.now, "save_skus", [{"sku_id": s, "name": s, "price": LIST_PRICE} for s in skus], regional=False)
        self.facts["skus"] = [{"sku_id": s, "price": LIST_PRICE, "currency": "USD"} for s in skus]
        days: dict[datetime, list[Order]] = defaultdict(list)
        for order in orders:
            days[order.placed_at.replace(hour=0, minute=0, second=0)].append(order)
        received: set[tuple[int, int]] = set()
        for day, placed in sorted(days.items()):
            month = (day.year, day.month)
            if month not in received:
                received.add(month)
                self._receive(day, [order for order in orders if (order.placed_at.year, order.placed_at.month) == month], skus)
            self._place(day + timedelta(hours=23, minutes=59), placed)
        return self._collect()

    def _receive(self, at: datetime, orders: list[Order], skus: list[str]) -> None:
        wanted: dict[tuple[str, str], int] = defaultdict(int)
        for order in orders:
            for sku_id, quantity, _ in order.items:
                wanted[CHANNELS[order.channel], sku_id] += quantity
        receipts = []
        for (warehouse, sku_id), units in sorted(wanted.items()):
            place = skus.index(sku_id)
            units = units * 2 // 3 + 1 if place % 10 == 0 else units + place % 5
            expires_on = (self.now + timedelta(days=20 + place % 200 + at.month)).date()
            number = f"B-{at:%Y%m}-{warehouse}"
            receipts.append(
                {"sku_id": sku_id, "warehouse_location": warehouse, "stock": units, "batch_number": number,
                 "expiration_date": expires_on.isoformat()}
            )  # fmt: skip
            self.free[warehouse, sku_id] += units
            self._move(at, warehouse, sku_id, "receipt", number, "received", on_hand=units)
            self.facts["batches"].append(
                {"warehouse_id": warehouse, "sku_id": sku_id, "batch_number": number, "on_hand": units,
                 "expiration_date": pd.Timestamp(expires_on)}
            )  # fmt: skip
            if place % 13 == 3 and self.free[warehouse, sku_id] > 0:
                self.free[warehouse, sku_id] -= 1
                self._move(at, warehouse, sku_id, "adjustment", None, "damaged", on_hand=-1)
                self._take(warehouse, sku_id, 1)
                receipts.append({"sku_id": sku_id, "warehouse_location": warehouse, "delta": -1, "reason_code": "damaged"})
        self._call(at, "receive_stock", [receipt for receipt in receipts if "stock" in receipt])
        self._call(at, "adjust_stock", [receipt for receipt in receipts if "delta" in receipt])

    def _place(self, at: datetime, orders: list[Order]) -> None:
        elements, refused, kept = [], [], []
        for order in orders:
            wanted: dict[str, int] = defaultdict(int)
            for sku_id, quantity, _ in order.items:
                wanted[sku_id] += quantity
            warehouse = CHANNELS[order.channel]
            items = [{"sku_id": s, "quantity": q, "price": p} for s, q, p in order.items]
            elements.append({"channel": order.channel, "external_id": str(order.number), "items": items,
                             "created_at": order.placed_at.isoformat(),
                             "customer": {"name": order.customer, "address": "1"}})  # fmt: skip
            short = any(self.free[warehouse, sku_id] < units for sku_id, units in wanted.items())
            refused.append(short)
            if short:
                continue
            kept.append((order, wanted))
            for sku_id, units in wanted.items():
                self.free[warehouse, sku_id] -= units
                self._move(at, warehouse, sku_id, "commit", None, None, committed=units)
        answers = self._call(at, "place_orders", elements)
        assert [row[1] is not None for row in answers] == refused
        self._finish(at + timedelta(hours=12), kept)

    def _finish(self, at: datetime, orders: list[tuple[Order, dict[str, int]]]) -> None:
        canceled: list[dict[str, Any]] = []
        shipped: list[dict[str, Any]] = []
        for order, wanted in orders:
            warehouse, away = CHANNELS[order.channel], order.number % 7 == 0
            (canceled if away else shipped).append({"order_id": str(order.number)})
            self.facts["orders"].append({
                "order_no": order.number, "channel_id": order.channel, "placed_at": order.placed_at.replace(tzinfo=None),
                "currency": "USD", "customer": order.customer.lower(), "canceled": away, "shipped": not away})  # fmt: skip
            self.facts["lines"] += [{"order_no": order.number, "sku_id": s, "quantity": q, "price": p} for s, q, p in order.items]
            for sku_id, units in wanted.items():
                self.facts["allocations"].append({
                    "order_no": order.number, "warehouse_id": warehouse, "sku_id": sku_id, "ordered": units,
                    "shipped": 0 if away else units, "withdrawn": units if away else 0})  # fmt: skip
                if away:
                    self.free[warehouse, sku_id] += units
                    self._move(at, warehouse, sku_id, "uncommit", None, None, committed=-units)
                else:
                    self._take(warehouse, sku_id, units)
                    self._move(at, warehouse, sku_id, "fulfill", None, None, on_hand=-units, committed=-units)
            if not away:
                self.facts["parcels"].append({
                    "order_no": order.number, "channel_id": order.channel, "warehouse_id": warehouse,
                    "shipped_at": at.replace(tzinfo=None)})  # fmt: skip
        self._call(at, "cancel_orders", canceled)
        self._call(at, "fulfill_orders", shipped)

    def _take(self, warehouse: str, sku_id: str, units: int) -> None:
        """Takes units from the lot that expires first."""
        held = [b for b in self.facts["batches"] if (b["warehouse_id"], b["sku_id"]) == (warehouse, sku_id) and b["on_hand"]]
        for batch in sorted(held, key=lambda batch: batch["expiration_date"]):
            taken = min(units, batch["on_hand"])
            batch["on_hand"] -= taken
            units -= taken
        assert units == 0

    def _move(
        self, at: datetime, warehouse: str, sku_id: str, kind: str, batch: str | None, reason: str | None, **deltas: int
    ) -> None:
        zero = dict.fromkeys(("on_hand", "reserved", "committed", "unavailable", "safety_stock", "shortfall"), 0)
        self.facts["movements"].append({
            "warehouse_id": warehouse, "sku_id": sku_id, "occurred_at": at.replace(tzinfo=None), "kind": kind,
            "batch_number": batch, "reason_code": reason, **zero, **deltas})  # fmt: skip

    def _call(self, at: datetime, function: str, elements: list[dict[str, Any]], *, regional: bool = True) -> list[Any]:
        answers: list[Any] = []
        for first in range(0, len(elements), ROWS_A_CALL):
            marked = [
                element | {"meta": {"actor": "t", "idempotency_key": f"{function}-{at.isoformat()}-{place}"}}
                for place, element in enumerate(elements[first : first + ROWS_A_CALL], first)
            ]
            with self.connection.transaction():
                self.connection.execute("select app.enter('admin', '{\"sub\": \"t\"}')")
                self.connection.execute(sql.SQL("set local scoville.now = {}").format(sql.Literal(at.isoformat())))
                call = f"select * from api.{function}({'1::smallint, ' if regional else ''}%s)"
                answers += self.connection.execute(call.encode(), [Jsonb(marked)]).fetchall()
        assert function == "place_orders" or not [row for row in answers if row[1] is not None], (function, answers)
        return answers

    def _collect(self) -> Facts:
        self.connection.close()
        frames = {name: pd.DataFrame(rows) for name, rows in self.facts.items()}
        frames["batches"] = frames["batches"][frames["batches"]["on_hand"] > 0]
        return Facts(now=pd.Timestamp(self.now.replace(tzinfo=None)), zone=ZONE, zones=ZONES, **frames)
