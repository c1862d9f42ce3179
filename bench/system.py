"""The system under test: its own PostgreSQL with full durability, the schema, stock to sell, and an API process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from pyapp.demo import embedded
from pyapp.deploy.migrate import migrate
from pyapp.identity.tokens import Role, mint_token
from pyapp.settings import Settings

KEY = "a key for the bench, 32 bytes or more"
SKUS = 1000
UNITS = 1_000_000_000  # more than any run can sell
START_SECONDS_MAX = 30
EMPTYING_TRIES_MAX = 20
PRIMING_ORDERS = 200
CONTENTS = ("stock", "orders", "events", "audit", "identity")


class System:
    """A running PostgreSQL with the schema, and helpers for the workloads."""

    def __init__(self, postgres: embedded.Server, folder: Path) -> None:
        self.folder = folder
        self.binaries = embedded.POSTGRES_BIN_PATH
        self.owner_url = postgres.url("postgres", "bench")
        self.login_url = postgres.url("authenticator", "bench")
        self.socket_dir = str(postgres.socket_dir)
        self.pid = int((postgres.pgdata / "postmaster.pid").read_text().split()[0])

    def token(self, role: Role = "sales", subject: str = "bench") -> str:
        channels = () if role in ("admin", "warehouse") else ("web",)
        settings = Settings(database_url=self.login_url, jwt_key=KEY)
        return mint_token(settings, role, subject=subject, channels=channels, warehouses=("WH-1",), seconds=86400)

    def call(self, statement: str, *values: object) -> list[Any]:
        """The rows of one call as an admin. Raises AssertionError if an element is refused."""
        with psycopg.connect(self.login_url) as connection:
            connection.execute("select app.enter('admin', %s)", ['{"sub": "bench"}'])
            rows = connection.execute(statement.encode(), values).fetchall()
        refused = [row for row in rows if len(row) == 4 and row[1] is not None]
        assert not refused, refused[:1]
        return rows

    def stock(self, units: int = UNITS, skus: int = SKUS) -> None:
        """Empties everything, then puts `units` of each SKU into one warehouse."""
        for _ in range(EMPTYING_TRIES_MAX):
            try:
                self._empty()
                break
            except psycopg.errors.DeadlockDetected:  # and for the API's background reads
                continue
        self.call("select * from api.save_warehouses(%s::jsonb)", '[{"warehouse_id": "WH-1", "name": "Bench"}]')
        channel = {"channel_id": "web", "name": "Web", "warehouses": ["WH-1"]}
        self.call("select * from api.save_channels(%s::jsonb)", json.dumps([channel]))
        for first in range(0, skus, 500):
            numbers = range(first, min(first + 500, skus))
            things = [{"sku_id": f"SKU-{n:04}", "name": f"Sauce {n}", "price": 4.5} for n in numbers]
            self.call("select * from api.save_skus(%s::jsonb)", json.dumps(things))
            receipts = [self.receipt(f"SKU-{n:04}", units) for n in numbers]
            self.call("select * from api.receive_stock(1::smallint, %s::jsonb)", json.dumps(receipts))
        if units > PRIMING_ORDERS:
            # Sells something first: statistics of empty tables would give bad first plans.
            meta = [{"actor": "bench", "idempotency_key": str(uuid.uuid4())} for _ in range(PRIMING_ORDERS)]
            order = {"channel": "web", "customer": {"name": "Jane Doe"}, "items": [{"sku_id": "SKU-0000", "quantity": 1}]}
            self.call("select * from api.place_orders(1::smallint, %s::jsonb)", json.dumps([order | {"meta": m} for m in meta]))
        self.settle()

    def _empty(self) -> None:
        with psycopg.connect(self.owner_url) as connection:
            connection.execute("select from events.stream for no key update")  # excludes the sequencers
            rows = connection.execute(
                "select format('%%I.%%I', schemaname, tablename) from pg_tables where schemaname = any (%s)"
                " and tablename not in ('stream', 'event_types')",
                [list(CONTENTS)],
            ).fetchall()
            catalog = ["catalog.skus", "catalog.warehouses", "catalog.channels", "catalog.channel_warehouses"]
            connection.execute(f"truncate {', '.join([*(name for (name,) in rows), *catalog])} cascade".encode())

    @staticmethod
    def receipt(sku_id: str, units: int) -> dict[str, Any]:
        meta = {"actor": "bench", "idempotency_key": str(uuid.uuid4())}
        return {"sku_id": sku_id, "warehouse_location": "WH-1", "stock": units, "batch_number": "B-1", "meta": meta}

    def settle(self) -> None:
        """Analyzes, and does the vacuum and checkpoint of the last workload outside of the next one's time."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute("vacuum analyze")
            connection.execute("checkpoint")

    def check(self, sold: int) -> None:
        """Checks the invariants after a load: nothing oversold, the ledger equal to the levels, one effect per key."""
        with psycopg.connect(self.owner_url) as connection:
            found = connection.execute("select * from stock.verify()").fetchall()
            assert not found, f"verify found {found[:3]}"
            one = connection.execute(
                "select (select count(*) from orders.orders where order_id > 0),"  # a history of the bench has other orders
                " (select count(*) from identity.idempotency_keys where route = 'place_orders'),"
                " (select count(*) from stock.stock_levels where available < 0)"
            ).fetchone()
        assert one is not None
        orders, keys, oversold = one
        assert oversold == 0
        assert orders == keys, f"{orders} orders, {keys} keys"
        assert orders >= sold, f"{sold} acknowledged, {orders} stored"

    def wal_bytes(self) -> int:
        with psycopg.connect(self.owner_url) as connection:
            row = connection.execute("select pg_current_wal_lsn() - '0/0'").fetchone()
        return int(row[0]) if row else 0

    def hot_share(self) -> float:
        """The share of HOT updates of levels: they stay on their page and touch no index."""
        with psycopg.connect(self.owner_url) as connection:
            row = connection.execute(
                "select coalesce(n_tup_hot_upd::float / nullif(n_tup_upd, 0), 1) from pg_stat_user_tables"
                " where schemaname = 'stock' and relname = 'stock_levels'"
            ).fetchone()
        return float(row[0]) if row else 0.0

    def cpu_seconds(self) -> float:
        """CPU seconds of all live server processes; the parent counts the ones that end in the meantime."""
        parent = psutil.Process(self.pid)
        times = parent.cpu_times()
        total = times.user + times.system + times.children_user + times.children_system
        for child in parent.children():
            try:
                own = child.cpu_times()
                total += own.user + own.system
            except psutil.Error:
                continue
        return float(total)

    def pgbench(self, *arguments: str, database: str = "floors") -> float:
        """Transactions per second of one run."""
        command = [str(self.binaries / "pgbench"), "-h", self.socket_dir, "-U", "postgres", "-n", *arguments, database]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        found = re.search(r"tps = ([0-9.]+)", said)
        assert found, said
        return float(found[1])


class Api:
    """A separate API process, as `scoville serve` runs it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = psutil.Process(process.pid)
        self.url = url

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory_mib(self) -> float:
        return float(self.process.memory_info().rss / 2**20)


@contextmanager
def start_system() -> Iterator[System]:
    """A new cluster in its own folder, deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="scoville-bench-"))
    folder.chmod(0o711)  # as root, the server runs as another user
    postgres = embedded.start(folder)
    try:
        with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
            connection.execute("create database bench")
            connection.execute("create database floors")
        migrate(postgres.url("postgres", "bench"))
        yield System(postgres, folder)
    finally:
        postgres.stop()
        shutil.rmtree(folder)


@contextmanager
def start_api(system: System, *arguments: str, **variables: str) -> Iterator[Api]:
    """`scoville serve` on a free port."""
    command = [sys.executable, "-m", "pyapp.cli", "serve", "--port", "0", *arguments]
    with run_server(command, _environment(system, variables)) as api:
        yield api


@contextmanager
def start_worker(system: System, **variables: str) -> Iterator[psutil.Process]:
    """`scoville worker`, at its usual lower priority."""
    command = [sys.executable, "-m", "pyapp.cli", "worker"]
    process = subprocess.Popen(command, env=_environment(system, variables), stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(START_SECONDS_MAX)


def _environment(system: System, variables: dict[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("SCOVILLE_", "DATABASE_URL", "PG"))}
    ours = {"DATABASE_URL": system.login_url, "SCOVILLE_JWT_KEY": KEY, "SCOVILLE_LOG_LEVEL": "warning"}
    return {**kept, **ours, **variables}


@contextmanager
def run_server(command: Sequence[str], environment: dict[str, str]) -> Iterator[Api]:
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        limit = time.monotonic() + START_SECONDS_MAX
        while True:
            line = process.stderr.readline()
            if found := re.search(r"http://\S+", line):
                break
            assert line, f"the server ended with {process.wait()}"
            assert time.monotonic() < limit, "the server does not start"
        yield Api(process, found[0])
    finally:
        process.terminate()
        process.communicate(timeout=START_SECONDS_MAX)
