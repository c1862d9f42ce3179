"""The shop that SQL tests start with, and two ways to get it.

`Rehearsal` runs the sessions of a test as savepoints of one transaction that is rolled back. Its connection already has compiled
functions and cached plans. A test that commits, waits for another session, or removes guards gets its own database
(mark `commits`).
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.conftest import Roles, enter
from tests.prepared import AUTHENTICATOR_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.conftest import AsRole, Server

REGION = 1
SKU, OTHER_SKU, THIRD_SKU, UNPRICED_SKU = "SAUCE-1", "SAUCE-2", "SAUCE-3", "SAUCE-WITHOUT-PRICE"
EARLY, LATE = "2030-06-30", "2040-01-01"
LONG_AGO = "2024-06-01T13:45:30Z"
AFTER_EARLY = "2030-07-01T12:00:00Z"  # the first day on which a lot of EARLY cannot be sold
WITHOUT_REGION = (
    *("save_skus", "save_channels", "save_warehouses", "save_reason_codes", "save_regions", "save_suppliers"),
    *("create_clients", "change_clients", "revoke_clients"),
)


class Result(NamedTuple):
    """One row of a command's result."""

    code: str | None
    replayed: bool
    body: Any


class Shop:
    """Three warehouses, three channels and four SKUs. Each call is one transaction, as in the API."""

    def __init__(self, as_role: AsRole, connection: psycopg.Connection[Any]) -> None:
        self.as_role = as_role
        self.connection = connection

    def furnish(self) -> None:
        """The initial rows of every shop."""
        self.send("save_warehouses", *({"warehouse_id": f"WH-0{nth}"} for nth in (1, 2, 3)))
        self.send(
            "save_channels",
            {"channel_id": "web", "warehouses": ["WH-01", "WH-02"]},
            {"channel_id": "till", "kind": "pos", "pricing": "channel", "warehouses": ["WH-02", "WH-01"]},
            {"channel_id": "far", "warehouses": ["WH-03"]},
        )
        self.send("save_skus", *({"sku_id": sku_id, "name": sku_id, "price": 10} for sku_id in (SKU, OTHER_SKU, THIRD_SKU)))
        self.send("save_skus", {"sku_id": UNPRICED_SKU, "name": UNPRICED_SKU, "price": None})

    @contextmanager
    def session(self, role: str = "admin", now: str | None = None, **claims: Any) -> Iterator[psycopg.Connection[Any]]:
        """A transaction of this role at this time."""
        with self.as_role(role, **claims) as connection:
            if now:
                connection.execute("select set_config('scoville.now', %s, true)", [now])
            yield connection

    @staticmethod
    def run(connection: psycopg.Connection[Any], command: str, *elements: dict[str, Any]) -> list[Result]:
        """A command of the API in an open transaction."""
        region = () if command in WITHOUT_REGION else (REGION,)
        query = sql.SQL("select code, replayed, body from api.{}({}) order by ordinal").format(
            sql.Identifier(command), sql.SQL(", ").join([sql.Placeholder()] * (len(region) + 1))
        )
        return [Result(*row) for row in connection.execute(query, [*region, Jsonb(list(elements))])]

    def send(
        self, command: str, *elements: dict[str, Any], role: str = "admin", now: str | None = None, **claims: Any
    ) -> list[Result]:
        """A command of the API in its own transaction."""
        with self.session(role, now, **claims) as connection:
            return self.run(connection, command, *elements)

    def receive(self, stock: int, sku_id: str = SKU, *, now: str | None = None, role: str = "admin", **rest: Any) -> Result:
        return self.send("receive_stock", receipt(stock, sku_id, **rest), now=now, role=role)[0]

    def adjust(self, delta: int, sku_id: str = SKU, *, now: str | None = None, **rest: Any) -> Result:
        return self.send("adjust_stock", adjustment(delta, sku_id, **rest), now=now)[0]

    def count(self, stock: int, sku_id: str = SKU, *, now: str | None = None, **rest: Any) -> Result:
        element = {"sku_id": sku_id, "warehouse_location": "WH-01", "stock": stock, **rest}
        return self.send("set_stock", element, now=now)[0]

    def order(self, *items: tuple[str, int], now: str | None = None, **rest: Any) -> Result:
        return self.send("place_orders", order(*items, **rest), now=now)[0]

    def record(self, *items: tuple[str, int], role: str = "admin", **rest: Any) -> Result:
        """A historic order of items at 4.5, placed in 2024."""
        lines = [{"sku_id": sku_id, "quantity": quantity, "price": 4.5} for sku_id, quantity in items]
        body = {"channel": "web", "customer": {"name": "Jane Doe"}, "created_at": LONG_AGO, "historic": True, "items": lines}
        return self.send("place_orders", {**body, **rest}, role=role, channels=["web"])[0]

    def fulfill(self, placed: Result, *, now: str | None = None, **rest: Any) -> Result:
        return self.send("fulfill_orders", {"order_id": placed.body["order_id"], **rest}, now=now)[0]

    def cancel(self, placed: Result, *, now: str | None = None, **rest: Any) -> Result:
        return self.send("cancel_orders", {"order_id": placed.body["order_id"], **rest}, now=now)[0]

    def job(self, name: str, now: str | None = None) -> int:
        """Runs one of the worker's jobs. Returns the number of processed items."""
        with self.session("scoville_worker", now) as connection:
            row = connection.execute(sql.SQL("select jobs.{}(%s, 100)").format(sql.Identifier(name)), [REGION]).fetchone()
        assert row is not None
        return int(row[0])

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Reads rows as the superuser."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def level(self, sku_id: str = SKU, warehouse: str = "WH-01") -> dict[str, int]:
        """The quantities of a level that are not zero."""
        [row] = self.rows(
            "select on_hand, available, reserved, committed, unavailable, shortfall from stock.stock_levels"
            " where sku_id = %s and warehouse_id = %s",
            sku_id,
            warehouse,
        )
        return {name: units for name, units in row.items() if units}

    def batches(self, sku_id: str = SKU, warehouse: str = "WH-01") -> dict[str, int]:
        found = self.rows(
            "select t.batch_number, v.on_hand from stock.lot_levels v join stock.lots t using (region_id, lot_id)"
            " where v.sku_id = %s and v.warehouse_id = %s",
            sku_id,
            warehouse,
        )
        return {row["batch_number"]: row["on_hand"] for row in found}

    def audit(self, table: str, key: str) -> list[dict[str, Any]]:
        return self.rows("select * from audit.audit_log where table_name = %s and row_key = %s order by audit_id", table, key)

    def hold(self, units: int, expires_at: str, sku_ids: tuple[str, ...] = (SKU,), warehouse: str = "WH-01") -> int:
        """A reservation of the channel web."""
        with self.connection.transaction():
            [row] = self.rows(
                "insert into stock.reservations (region_id, channel_id, owner, expires_at, changed_by)"
                " values (%s, 'web', 'tester', %s, 'tester') returning reservation_id",
                REGION,
                expires_at,
            )
            for sku_id in sku_ids:
                self.connection.execute(
                    "insert into stock.reservation_lines values (%s, %s, %s, %s, 'web', %s)",
                    [REGION, row["reservation_id"], sku_id, warehouse, units],
                )
                self.connection.execute(
                    "select stock.post_movements(%s, array[stock.new_movement(p_warehouse_id => %s, p_sku_id => %s,"
                    " p_kind => 'reserve', p_delta => stock.new_counters(p_reserved => %s), p_actor => 'tester')])",
                    [REGION, warehouse, sku_id, units],
                )
        return int(row["reservation_id"])

    def verify(self) -> list[Any]:
        with self.session() as connection:
            return connection.execute("select * from stock.verify()").fetchall()


def receipt(stock: int, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    usual = {"warehouse_location": "WH-01", "batch_number": "B-1", "expiration_date": LATE}
    return {"sku_id": sku_id, "stock": stock, **usual, **rest}


def adjustment(delta: int, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    return {"sku_id": sku_id, "warehouse_location": "WH-01", "delta": delta, "reason_code": "correction", **rest}


def order(*items: tuple[str, int], **rest: Any) -> dict[str, Any]:
    return {"channel": "web", "items": [{"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in items], **rest}


def codes(results: list[Result]) -> list[str | None]:
    return [result.code for result in results]


def keyed(element: dict[str, Any], key: str = "k-1", actor: str = "Ada") -> dict[str, Any]:
    return {**element, "meta": {"actor": actor, "idempotency_key": key}}


def parts(placed: Result) -> dict[tuple[str, str], int]:
    """The units of an order by SKU and warehouse."""
    assert placed.code is None, placed
    return {(part["sku_id"], part["warehouse_location"]): part["quantity"] for part in placed.body["allocations"]}


def shortages(refused: Result) -> list[tuple[str, int, int]]:
    assert refused.code == "ST001", refused
    return [(error["pointer"], error["requested"], error["available"]) for error in refused.body["errors"]]


# Back to the superuser and the real clock. Each session sets its own claims.
LEAVE = "set local role none; set local scoville.now = ''"


class Rehearsal:
    """Runs sessions of the API one after another, as savepoints of the open transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._taken = False

    @contextmanager
    def __call__(
        self,
        role: str,
        *,
        sub: str = "tester",
        warehouses: Sequence[str] = (),
        channels: Sequence[str] = (),
        request_id: str | None = None,
        region: int | None = 1,
    ) -> Iterator[psycopg.Connection[Any]]:
        assert not self._taken, "two sessions at once: mark the test `commits` so that it gets its own database"
        self._taken = True
        try:
            with self._connection.transaction():
                enter(
                    self._connection,
                    role,
                    sub=sub,
                    warehouses=warehouses,
                    channels=channels,
                    request_id=request_id,
                    region=region,
                )
                yield self._connection
                if self._connection.info.transaction_status == TransactionStatus.INERROR:
                    raise psycopg.Rollback
            self._connection.execute(LEAVE)
        finally:
            self._taken = False


@contextmanager
def open_shop(server: Server, database: str) -> Iterator[Shop]:
    """The shop of a database."""
    roles = Roles(server.url(database, "authenticator", AUTHENTICATOR_PASSWORD))
    with closing(roles), psycopg.connect(server.url(database), autocommit=True) as connection:
        yield Shop(roles, connection)
