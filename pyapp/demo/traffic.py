"""The demo's customers and staff. They repeat the real orders slowly, so that live pages have changes to show.

Everything goes through the api functions as the proper role: sales place and cancel orders; warehouse staff pack, adjust and
receive.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString

import msgspec

from pyapp.database.calls import Connection
from pyapp.database.keep import Keeper
from pyapp.demo import CHANNELS, REGION, SHELF_LIFE, WAREHOUSES, read_rows
from pyapp.identity.enter import Component, entering
from pyapp.tasks import wait_for

logger = logging.getLogger("scoville.demo")

PACE_SECONDS = 1.0
BUSY_SECONDS = 3600  # duration of this pace; an unattended demo continues slowly, with some 30 MB per day
IDLE_PACE_SECONDS = 10.0
OPEN_ORDERS = 18  # orders that wait to be packed, approximately
ROWS_MAX = 200  # of a list page
LOW = 15  # units available in all warehouses together, or the reorder point if it is higher
RECEIPT_UNITS = (24, 60)
CANCELED = 0.03  # of all steps
ADJUSTED = 0.03
PACKED_IN_PART = 0.2  # of the orders that have more than one unit
MISHAPS = (
    ("damaged", "Bottle dropped while packing"),
    ("quality_control", "Sample for the lab"),
    ("promotion", "Tasting at the counter"),
    ("shrinkage", None),
)

SALES = Component("sales", "demo-sales", channels=[channel[0] for channel in CHANNELS], region=1)
STAFF = Component("warehouse", "demo-packer", [str(warehouse["warehouse_id"]) for warehouse in WAREHOUSES], region=1)


async def run(database_url: str, stop: asyncio.Event) -> None:
    """Trades until `stop`. Does nothing without the demo's SKUs; waits for a database that is down."""
    started = time.monotonic()
    drafts = _drafts()
    rng = random.Random()  # noqa: S311 (not a secret)
    keeper = Keeper(database_url, "scoville demo")

    async def trade(connection: Connection) -> None:
        if not await _is_demo(connection):
            logger.warning("some of the demo's SKUs are missing: its orders are not replayed")
            return
        keeper.works()
        while not stop.is_set():
            pace = PACE_SECONDS if time.monotonic() - started < BUSY_SECONDS else IDLE_PACE_SECONDS
            await wait_for(stop, pace * rng.uniform(0.4, 1.6))
            if not stop.is_set():
                await _step(connection, drafts, rng)

    await keeper.run(trade, stop)


def _drafts() -> Iterator[dict[str, Any]]:
    """The month's orders in an endless loop, as if placed now: without the shop's order number, which is unique per channel."""
    orders: dict[str, dict[str, Any]] = {}
    for row in read_rows("orders.csv"):
        if int(row["quantity"]) <= 0:
            continue
        customer = {name: row[f"customer_{name}"] for name in ("name", "email", "address")}
        order = orders.setdefault(row["order_id"], {"channel": row["channel"], "customer": customer, "items": []})
        price = {"price": Decimal(row["price"])} if row["price"] else {}
        order["items"].append({"sku_id": row["sku_id"], "quantity": int(row["quantity"]), **price})
    while True:
        yield from orders.values()


async def _is_demo(connection: Connection) -> bool:
    sold = {row["sku_id"] for row in read_rows("orders.csv")}
    page = await _read(connection, STAFF, "select * from api.list_inventory(%s::smallint, %s, null, %s)", {})
    return sold <= {product["sku_id"] for product in page["data"]}


async def _step(connection: Connection, drafts: Iterator[dict[str, Any]], rng: random.Random) -> None:
    """One random event of such a business."""
    page = await _read(connection, STAFF, "select * from api.list_orders(%s::smallint, %s, null, %s)", {"status": "processing"})
    waiting = page["data"]
    chance = rng.random()
    if chance < CANCELED and waiting:
        order = rng.choice(waiting)
        cancel = {"order_id": order["order_id"], "reason": "Customer changed their mind"}
        await _write(connection, SALES, "select * from api.cancel_orders(%s::smallint, %s)", cancel)
    elif chance < CANCELED + ADJUSTED and waiting:
        await _mishap(connection, rng.choice(waiting), rng)
    elif len(waiting) > OPEN_ORDERS and rng.random() < 0.6:
        await _pack(connection, waiting[-1], rng)
    else:
        draft = next(drafts)
        await _write(connection, SALES, "select * from api.place_orders(%s::smallint, %s)", draft)
        await _refill(connection, rng.choice(draft["items"])["sku_id"], rng)


async def _pack(connection: Connection, order: dict[str, Any], rng: random.Random) -> None:
    parcel: dict[str, Any] = {"order_id": order["order_id"], "tracking_number": f"DEMO{rng.randrange(10**8):08}"}
    item = order["items"][0]
    if order["fulfillment_status"] == "unfulfilled" and item["quantity"] > 1 and rng.random() < PACKED_IN_PART:
        parcel["items"] = [{"sku_id": item["sku_id"], "quantity": 1}]
    await _write(connection, STAFF, "select * from api.fulfill_orders(%s::smallint, %s)", parcel)


async def _mishap(connection: Connection, order: dict[str, Any], rng: random.Random) -> None:
    part = rng.choice(order["allocations"])
    reason, note = rng.choice(MISHAPS)
    change = {"sku_id": part["sku_id"], "warehouse_location": part["warehouse_location"], "delta": -1, "reason_code": reason}
    # The lot that sells next: where others cannot be sold, most reasons need the lot.
    filters = {"warehouse": part["warehouse_location"], "status": "available", "in_stock": True}
    lots = "select * from api.list_batches(%s::smallint, %s, %s, null, %s)"
    if found := (await _read(connection, STAFF, lots, filters, part["sku_id"]))["data"]:
        change["batch_number"] = found[0]["batch_number"]
    if note:
        change["note"] = note
    await _write(connection, STAFF, "select * from api.adjust_stock(%s::smallint, %s)", change)


async def _refill(connection: Connection, sku_id: str, rng: random.Random) -> None:
    """A delivery of a SKU that is low: a new lot for the warehouse with the fewest units."""
    page = await _read(connection, STAFF, "select * from api.list_inventory(%s::smallint, %s, null, %s)", {"sku_id": sku_id})
    product = page["data"][0]
    if product["available"] > max(LOW, product["reorder_point"]):
        return
    held = {level["warehouse_location"]: level["available"] for level in product["warehouses"]}
    today = datetime.now(UTC).date()
    receipt = {
        "sku_id": sku_id,
        "warehouse_location": min((str(one["warehouse_id"]) for one in WAREHOUSES), key=lambda name: held.get(name, 0)),
        "stock": rng.randint(*RECEIPT_UNITS),
        "batch_number": f"BATCH-{today:%Y%m%d}",
        "manufactured_on": (today - timedelta(days=7)).isoformat(),
        "expiration_date": (today - timedelta(days=7) + SHELF_LIFE).isoformat(),
        "reason_code": "received",
    }
    await _write(connection, STAFF, "select * from api.receive_stock(%s::smallint, %s)", receipt)


async def _read(connection: Connection, who: Component, statement: LiteralString, filters: dict[str, Any], *path: str) -> Any:
    """The rows of one page of a query. path: what its filters do not say."""
    async with connection.transaction():
        await connection.execute(*entering(who, "demo"))
        row = await (await connection.execute(statement, [REGION, *path, _json(filters), ROWS_MAX])).fetchone()
        assert row is not None  # noqa: S101 (queries return one row)
        return row[0]


async def _write(connection: Connection, who: Component, statement: LiteralString, element: dict[str, Any]) -> None:
    """One element of a command. A refusal, such as a shortage, is normal."""
    meta = {"actor": who.subject, "request_id": "demo", "idempotency_key": str(uuid.uuid4())}
    async with connection.transaction():
        await connection.execute(*entering(who, "demo"))
        row = await (await connection.execute(statement, [REGION, _json([{**element, "meta": meta}])])).fetchone()
        assert row is not None  # noqa: S101 (a command returns one row per element)
        if row[1] is not None:
            logger.info("the demo was refused: %s %s", row[1], row[3])


def _json(value: Any) -> str:
    return msgspec.json.Encoder(decimal_format="number").encode(value).decode()
