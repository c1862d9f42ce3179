"""The demo: an embedded PostgreSQL, data, API clients, and customers (traffic). Only `pyapp.cli` imports it.

The data are real sauces and a month of real orders (ATTRIBUTION.md); warehouses, lots and expiry dates are random with a fixed
seed.

The api functions insert everything as role admin, in one transaction. The database's clock is set to the time of each event, so
the ledger has a month of history for the reports.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import resources
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg import sql

from pyapp.failures import Exit, Failure
from pyapp.identity.enter import Component, entering

DEMO = Component("admin", "demo")
SEED = 2017
REGION = 1
TIME_ZONE = "America/Chicago"  # of the region; Portland has its own
OPEN_ORDERS = 18  # the newest stay open
RETURNED = 2  # of which a unit came back
SHELF_LIFE = timedelta(days=540)
RECEIVED_BEFORE = timedelta(days=3)  # the first order
LOW_STOCK = 2  # units of a lot

RECEIVE: LiteralString = "select * from api.receive_stock(1::smallint, %s::jsonb)"
PLACE: LiteralString = "select * from api.place_orders(1::smallint, %s::jsonb)"
CANCEL: LiteralString = "select * from api.cancel_orders(1::smallint, %s::jsonb)"
SHIP: LiteralString = "select * from api.fulfill_orders(1::smallint, %s::jsonb)"
REQUEST: LiteralString = "select * from api.request_returns(1::smallint, %s::jsonb)"
APPROVE_RETURN: LiteralString = "select * from api.approve_returns(1::smallint, %s::jsonb)"
TAKE_BACK: LiteralString = "select * from api.receive_returns(1::smallint, %s::jsonb)"
ADJUST: LiteralString = "select * from api.adjust_stock(1::smallint, %s::jsonb)"
DRAFT: LiteralString = "select * from api.save_transfers(1::smallint, %s::jsonb)"
SEND: LiteralString = "select * from api.ship_transfers(1::smallint, %s::jsonb)"
BUY: LiteralString = "select * from api.save_purchases(1::smallint, %s::jsonb)"
ORDER: LiteralString = "select * from api.order_purchases(1::smallint, %s::jsonb)"
DELIVER: LiteralString = "select * from api.receive_purchases(1::smallint, %s::jsonb)"
PLAN: LiteralString = "select * from api.plan_counts(1::smallint, %s::jsonb)"
COUNT: LiteralString = "select * from api.enter_counts(1::smallint, %s::jsonb)"
APPROVE_COUNT: LiteralString = "select * from api.approve_counts(1::smallint, %s::jsonb)"
Event = tuple[datetime, LiteralString, dict[str, Any]]

WAREHOUSES = [
    {"warehouse_id": "WH-01", "name": "Austin", "region_id": REGION},
    {"warehouse_id": "WH-02", "name": "Chicago", "region_id": REGION},
    {"warehouse_id": "WH-03", "name": "Portland", "region_id": REGION, "time_zone": "America/Los_Angeles"},
]
CHANNELS = [
    ("web", "Web shop", "web", "list", ["WH-01", "WH-02", "WH-03"]),
    ("pos", "Shops", "pos", "channel", ["WH-02", "WH-01", "WH-03"]),
    ("wholesale", "Wholesale", "wholesale", "list", ["WH-03", "WH-01"]),
    ("marketplace", "Marketplace", "marketplace", "channel", ["WH-03", "WH-02", "WH-01"]),
]
SAMPLE_STOCK = {"WH-01": 350, "WH-02": 120, "WH-03": 80}  # of the two sample sauces, in their second lot
SUPPLIERS = [
    {"supplier_id": "ACME", "name": "Acme Peppers", "lead_days": 14, "over_percent": 5},
    {"supplier_id": "HILL", "name": "Hill Country Bottling", "lead_days": 21},
]
ADJUSTMENTS = [
    ("HOTSAUCE-101", "WH-01", -3, "damaged", "Pallet dropped at the dock"),
    ("HOTSAUCE-112", "WH-02", -2, "shrinkage", None),
    ("HOTSAUCE-120", "WH-03", -6, "promotion", "Tasting at the farmers' market"),
    ("HOTSAUCE-127", "WH-01", -1, "quality_control", "Sample for the lab"),
    ("HOTSAUCE-131", "WH-02", -1, "other", "Kept as a display bottle"),
]


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of skus.csv or orders.csv, which are part of the package."""
    return list(csv.DictReader(resources.files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()))


def load(url: str, now: datetime | None = None) -> dict[str, int] | None:
    """Inserts the demo data, as authenticator. Returns the number of rows by kind; None if any SKU exists already."""
    now = now or datetime.now(UTC)
    with psycopg.connect(url, application_name="scoville demo") as connection:
        connection.execute(*entering(DEMO, "demo"))
        if connection.execute("select exists (select from catalog.skus)").fetchone() == (True,):
            return None
        skus, lines = read_rows("skus.csv"), read_rows("orders.csv")
        _call(connection, "select * from api.save_regions(%s::jsonb)", [{"region_id": REGION, "time_zone": TIME_ZONE}])
        _call(connection, "select * from api.save_warehouses(%s::jsonb)", WAREHOUSES)
        _call(connection, "select * from api.save_channels(%s::jsonb)", _channels())
        _call(connection, "select * from api.save_skus(%s::jsonb)", map(_sku, skus))
        receipts = _receipts([row["sku_id"] for row in skus], {row["sku_id"] for row in lines}, now.date())
        orders = _orders(lines, now)
        begin = datetime.fromisoformat(orders[0]["created_at"]) - RECEIVED_BEFORE
        _set_clock(connection, begin)
        _call(connection, RECEIVE, _keyed("receipt", receipts))
        happened = [*_trade(orders, now), *_adjustments(begin, now), *_restocking(receipts, now)]
        for place, (at, statement, element) in enumerate(sorted(happened, key=lambda one: one[0])):
            _set_clock(connection, at)
            _call(connection, statement, _keyed(f"event-{place}", [element]))
        _set_clock(connection, now)
        [drafted] = _call(connection, DRAFT, _keyed("transfer", [_transfer(now.date())]))
        _call(connection, SEND, _keyed("shipment", [{"transfer_id": drafted["transfer_id"]}]))
        _call(connection, "select * from api.save_suppliers(%s::jsonb)", SUPPLIERS)
        bought = [
            {"purchase_id": one["purchase_id"]} for one in _call(connection, BUY, _keyed("purchase", _purchases(now.date())))
        ]
        _call(connection, ORDER, _keyed("order", bought))
        _call(connection, DELIVER, _keyed("delivery", [bought[1] | _delivery(now.date())]))
        done = _count(connection, "WH-02", 0, all_lines=True)
        _call(connection, APPROVE_COUNT, _keyed("count-approval", [{"count_id": done}]))
        _count(connection, "WH-03", -1, all_lines=False)
        _take_back(connection, orders[RETURNED], now)
    lots = {(one["sku_id"], one["batch_number"]) for one in receipts}
    return {"SKUs": len(skus), "warehouses": len(WAREHOUSES), "lots": len(lots), "orders": len(orders)}


def _call(connection: psycopg.Connection[Any], statement: LiteralString, elements: Iterable[dict[str, Any]]) -> list[Any]:
    """The documents that one command returns. The demo data must not be refused."""
    rows = connection.execute(
        statement, [msgspec.json.Encoder(decimal_format="number").encode(list(elements)).decode()]
    ).fetchall()
    for ordinal, code, _, body, *_ in rows:  # some commands also return whether the row is new
        if code is not None:
            raise Failure(Exit.DATABASE, f"The demo data was refused at {statement.split()[3]} {ordinal}: {code} {body}")
    return [row[3] for row in rows]


def _set_clock(connection: psycopg.Connection[Any], at: datetime) -> None:
    connection.execute(sql.SQL("set local scoville.now = {}").format(sql.Literal(at.isoformat())))


def _keyed(kind: str, elements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**element, "meta": {"actor": "demo", "request_id": "demo", "idempotency_key": f"demo-{kind}-{place}"}}
        for place, element in enumerate(elements, 1)
    ]


def _transfer(today: date) -> dict[str, Any]:
    """A few sauces go to Chicago, and arrive in two days."""
    return {
        "from_warehouse_location": "WH-01",
        "to_warehouse_location": "WH-02",
        "items": [{"sku_id": "HOTSAUCE-101", "quantity": 6}, {"sku_id": "HOTSAUCE-127", "quantity": 3}],
        "reference": "VAN-12",
        "expected_on": (today + timedelta(days=2)).isoformat(),
    }


def _purchases(today: date) -> list[dict[str, Any]]:
    """One comes next week. Of the other one, a part has come."""
    return [
        {
            "supplier_id": "ACME",
            "warehouse_location": "WH-01",
            "items": [{"sku_id": "HOTSAUCE-101", "quantity": 120}, {"sku_id": "HOTSAUCE-112", "quantity": 48}],
            "expected_on": (today + timedelta(days=7)).isoformat(),
            "supplier_reference": "SO-4711",
        },
        {
            "supplier_id": "HILL",
            "warehouse_location": "WH-02",
            "items": [{"sku_id": "HOTSAUCE-120", "quantity": 60}],
            "expected_on": (today + timedelta(days=1)).isoformat(),
        },
    ]


def _delivery(today: date) -> dict[str, Any]:
    lot = {
        "sku_id": "HOTSAUCE-120",
        "batch_number": f"HILL-{today:%Y%m%d}",
        "expiration_date": (today + SHELF_LIFE).isoformat(),
    }
    items = [lot | {"quantity": 36}, lot | {"quantity": 2, "condition": "damaged"}]
    return {"delivery_note": "DN-77", "items": items}


def _count(connection: psycopg.Connection[Any], warehouse: str, units: int, *, all_lines: bool) -> str:
    """Counts some lots of a warehouse, or only the first of them, of which there are so many units more than expected."""
    plan = {"warehouse_location": warehouse, "scope": "never_counted", "lines_max": 12, "tolerance_units": 1}
    [planned] = _call(connection, PLAN, _keyed(f"count-{warehouse}", [plan]))
    count_id = str(planned["count_id"])
    [(lines,)] = connection.execute("select body -> 'details' from api.get_count(1::smallint, %s)", [count_id]).fetchall()
    entries = [
        {"sku_id": line["sku_id"], "batch_number": line["batch_number"], "counted": line["expected"] + (0 if place else units)}
        for place, line in enumerate(lines if all_lines else lines[:1])
    ]
    _call(connection, COUNT, _keyed(f"entries-{warehouse}", [{"count_id": count_id, "entries": entries}]))
    return count_id


def _channels() -> list[dict[str, Any]]:
    names = ("channel_id", "name", "kind", "pricing", "warehouses")
    return [{**dict(zip(names, channel, strict=True)), "region_id": REGION} for channel in CHANNELS]


def _sku(row: dict[str, str]) -> dict[str, Any]:
    return {
        "sku_id": row["sku_id"],
        "name": row["name"],
        "description": row["description"],
        "size_ml": int(row["size_ml"]),
        "flavor_profile": row["flavor_profile"].split("|"),
        "price": Decimal(row["price"]),
        "reorder_point": int(row["reorder_point"]),
        "attributes": {
            key.removeprefix("attributes."): text for key, text in row.items() if key.startswith("attributes.") and text
        },
    }


def _receipts(sku_ids: list[str], ordered: set[str], today: date) -> list[dict[str, Any]]:
    """Three lots per SKU; each warehouse has two or three of them. One SKU in nine has an expired lot, one in nine is low."""
    rng = random.Random(SEED)  # noqa: S311 (a fixed seed)
    receipts = []
    for place, sku_id in enumerate(sku_ids):
        first = -rng.randint(5, 40) if place % 9 == 4 else rng.randint(8, 60)
        expiries = [today + timedelta(days=days) for days in (first, rng.randint(150, 250), rng.randint(330, 480))]
        low = place % 9 == 7 and sku_id not in ordered
        for warehouse in WAREHOUSES:
            sample = SAMPLE_STOCK[str(warehouse["warehouse_id"])] if place < 2 else None
            for batch in [1] if sample else sorted(rng.sample(range(3), rng.choice([2, 3]))):
                made_on = expiries[batch] - SHELF_LIFE
                receipts.append(
                    {
                        "sku_id": sku_id,
                        "warehouse_location": warehouse["warehouse_id"],
                        "stock": sample or (rng.randint(1, 2) if low else rng.randint(15, 60)),
                        "batch_number": f"BATCH-{made_on:%Y%m}",
                        "expiration_date": expiries[batch].isoformat(),
                        "manufactured_on": made_on.isoformat(),
                        "reason_code": "received",
                    }
                )
    return receipts


def _orders(lines: list[dict[str, str]], now: datetime) -> list[dict[str, Any]]:
    """The month's orders, moved by whole weeks so that they end within the last seven days, without the line with quantity 0."""
    newest = max(datetime.fromisoformat(line["created_at"]) for line in lines)
    shift = timedelta(weeks=(now - newest).days // 7)
    orders: dict[str, dict[str, Any]] = {}
    for line in lines:
        if int(line["quantity"]) <= 0:
            continue
        order = orders.setdefault(
            line["order_id"],
            {
                "external_id": line["order_id"],
                "created_at": (datetime.fromisoformat(line["created_at"]) + shift).isoformat(),
                "channel": line["channel"],
                "customer": {name: line[f"customer_{name}"] for name in ("name", "email", "address")},
                "items": [],
            },
        )
        price = {"price": Decimal(line["price"])} if line["price"] else {}
        order["items"].append({"sku_id": line["sku_id"], "quantity": int(line["quantity"]), **price})
    return list(orders.values())


def _trade(orders: list[dict[str, Any]], now: datetime) -> Iterator[Event]:
    """Places the orders; cancels a few, ships most, some in part, and leaves the newest open."""
    rng = random.Random(SEED)  # noqa: S311 (a fixed seed)
    for place, order in enumerate(orders):
        placed_at = datetime.fromisoformat(order["created_at"])
        yield placed_at, PLACE, order
        if place >= len(orders) - OPEN_ORDERS:
            continue
        ended_at = min(placed_at + timedelta(hours=rng.uniform(2, 44)), now)
        named = {"order_id": order["external_id"]}
        item = order["items"][0]
        if place % 19 == 5:
            yield ended_at, CANCEL, named | {"reason": "Customer changed their mind"}
        elif place % 4 == 1 and item["quantity"] > 1:
            part = [{"sku_id": item["sku_id"], "quantity": 1}]
            yield ended_at, SHIP, named | {"tracking_number": f"DEMO{place:06}", "items": part}
        else:
            yield ended_at, SHIP, named | {"tracking_number": f"DEMO{place:06}"}


def _adjustments(begin: datetime, now: datetime) -> Iterator[Event]:
    names = ("sku_id", "warehouse_location", "delta", "reason_code", "note")
    for place, adjustment in enumerate(ADJUSTMENTS, 1):
        at = begin + (now - begin) * place / (len(ADJUSTMENTS) + 1)
        yield at, ADJUST, dict(zip(names, adjustment, strict=True))


def _take_back(connection: psycopg.Connection[Any], order: dict[str, Any], now: datetime) -> None:
    """One unit of a parcel came back this morning and waits in quarantine."""
    _set_clock(connection, now)
    placed = {"channel": order["channel"], "external_id": order["external_id"]}
    query = "select body from api.get_channel_order(1::smallint, %(channel)s, %(external_id)s)"
    [(found,)] = connection.execute(query, placed).fetchall()
    left = found["fulfillments"][0]["items"][0]
    asked = {
        "items": [{"sku_id": left["sku_id"], "quantity": 1}],
        "reason": "Hotter than expected",
        "order_id": found["order_id"],
    }
    [announced] = _call(connection, REQUEST, _keyed("return", [asked]))
    named = {"return_id": announced["return_id"]}
    _call(connection, APPROVE_RETURN, _keyed("approval", [named]))
    came = [{"sku_id": left["sku_id"], "quantity": 1, "batch_number": left["batch_number"]}]
    _call(connection, TAKE_BACK, _keyed("arrival", [named | {"items": came}]))


def _restocking(receipts: list[dict[str, Any]], now: datetime) -> Iterator[Event]:
    """Empties one warehouse of each low SKU by a tasting; some are restocked a week later."""
    low = [one for one in receipts if one["stock"] <= LOW_STOCK and one["warehouse_location"] == "WH-02"]
    for place, sku_id in enumerate(dict.fromkeys(one["sku_id"] for one in low)):
        given = [one for one in low if one["sku_id"] == sku_id]
        tasting = {"sku_id": sku_id, "warehouse_location": "WH-02", "reason_code": "promotion", "note": "Tasting at the fair"}
        yield now - timedelta(days=12 - place), ADJUST, tasting | {"delta": -sum(one["stock"] for one in given)}
        if place % 2 == 0:
            yield now - timedelta(days=5 - place // 2), RECEIVE, given[-1]
