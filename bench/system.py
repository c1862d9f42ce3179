"""The system under test: its own PostgreSQL with full durability, the schema, stock to sell, and an API process."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from bench.cost import cpu_seconds
from bench.tree import HERE, Tree
from pyapp.demo import embedded
from pyapp.failures import Failure

KEY = "a key for the bench, 32 bytes or more"
SKUS = 1000
UNITS = 1_000_000_000  # more than any run can sell
START_SECONDS_MAX = 30
EMPTYING_TRIES_MAX = 20
IDLE_SECONDS_MAX = 30
IDLE_POLLS, POLL_SECONDS = 3, 0.05
BUSY = "select exists (select from pg_stat_activity where application_name = 'scoville' and state <> 'idle')"
PRIMING_ORDERS = 200
CONTENTS = ("stock", "orders", "events", "audit", "identity")


class System:
    """A running PostgreSQL with the schema, and helpers for the workloads."""

    binaries = embedded.POSTGRES_BIN_PATH

    def __init__(self, folder: Path, owner_url: str, login_url: str, tree: Tree = HERE) -> None:
        self.folder = folder
        self.tree = tree
        self.owner_url = owner_url
        self.login_url = login_url
        self.owner = psycopg.connect(owner_url, autocommit=True)  # one for all measurements, because each new one costs CPU time
        row = self.owner.execute("select current_setting('data_directory')").fetchone()
        assert row
        self.pid = int(Path(row[0], "postmaster.pid").read_text().split()[0])
        self.token = functools.cache(self._token)

    def environment(self, **variables: str) -> dict[str, str]:
        ours = {"DATABASE_URL": self.login_url, "SCOVILLE_JWT_KEY": KEY, "SCOVILLE_LOG_LEVEL": "warning"}
        return self.tree.environment(**ours | variables)

    def _token(self, role: str = "sales") -> str:
        scope = ["--warehouse", "WH-1", *(() if role in ("admin", "warehouse") else ("--channel", "web"))]
        command = self.tree.command("token", "--role", role, "--subject", "bench", "--ttl", "1d", *scope)
        return subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=True).stdout.strip()

    def call(self, statement: str, *values: object) -> list[Any]:
        """The rows of one call as an admin. Raises AssertionError if an element is refused."""
        with psycopg.connect(self.login_url) as connection:
            connection.execute("select app.enter('admin', %s)", ['{"sub": "bench"}'])
            rows = connection.execute(statement.encode(), values).fetchall()
        refused = [row for row in rows if len(row) == 4 and row[1] is not None]
        assert not refused, refused[:1]
        return rows

    def stock(self, units: int = UNITS, skus: int = SKUS) -> int:
        """Empties everything, then puts `units` of each SKU into one warehouse. Returns the number of orders placed."""
        self.wait_until_idle()
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
        orders = PRIMING_ORDERS if units > PRIMING_ORDERS else 0
        if orders:
            # Sells something first: statistics of empty tables would give bad first plans.
            meta = [{"actor": "bench", "idempotency_key": str(uuid.uuid4())} for _ in range(orders)]
            order = {"channel": "web", "customer": {"name": "Jane Doe"}, "items": [{"sku_id": "SKU-0000", "quantity": 1}]}
            self.call("select * from api.place_orders(1::smallint, %s::jsonb)", json.dumps([order | {"meta": m} for m in meta]))
        self.settle()
        return orders

    def wait_until_idle(self) -> None:
        """Waits for the last orders of clients that have gone: a load ends without their answers."""
        limit, idle = time.monotonic() + IDLE_SECONDS_MAX, 0
        while idle < IDLE_POLLS:
            assert time.monotonic() < limit, "the API is still busy"
            idle = 0 if self.owner.execute(BUSY).fetchone() == (True,) else idle + 1
            time.sleep(POLL_SECONDS)

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
                " (select count(distinct k.answer ->> 'order_id') from identity.idempotency_keys k),"
                " (select count(*) from stock.stock_levels where available < 0)"
            ).fetchone()
        assert one is not None
        orders, answered, oversold = one
        assert oversold == 0
        assert orders == answered, f"{orders} orders, {answered} of them in an answer that is kept under a key"
        assert orders >= sold, f"{sold} acknowledged, {orders} stored"

    def wal_bytes(self) -> int:
        row = self.owner.execute("select pg_current_wal_insert_lsn() - '0/0'").fetchone()
        return int(row[0]) if row else 0

    def cpu_seconds(self) -> float:
        """CPU seconds of all live server processes; the parent counts the ones that end in the meantime."""
        parent = psutil.Process(self.pid)
        times = parent.cpu_times()
        total = cpu_seconds(self.pid) + times.children_user + times.children_system
        for child in parent.children():
            with suppress(OSError, psutil.Error):
                total += cpu_seconds(child.pid)
        return float(total)

    def pgbench(self, *arguments: str, database: str = "floors") -> float:
        """Transactions per second of one run."""
        url = self.owner_url.replace("/bench?", f"/{database}?")
        said = subprocess.run(
            [str(self.binaries / "pgbench"), "-n", *arguments, url], capture_output=True, text=True, check=True
        ).stdout
        found = re.search(r"tps = ([0-9.]+)", said)
        assert found, said
        return float(found[1])


class Api:
    """A separate API process, as `scoville serve` runs it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = psutil.Process(process.pid)
        self.url = url

    def cpu_seconds(self) -> float:
        """Of all its processes."""
        return sum(cpu_seconds(process.pid) for process in (self.process, *self.process.children(recursive=True)))

    def memory_mib(self) -> float:
        return float(self.process.memory_info().rss / 2**20)


@contextmanager
def start_system(tree: Tree = HERE) -> Iterator[System]:
    """A new cluster in its own folder with the schema of this tree, deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="scoville-bench-"))
    with ExitStack() as undo:
        undo.callback(_delete, folder)
        folder.chmod(0o711)  # as root, the server runs as another user
        postgres = embedded.start(folder)
        undo.callback(postgres.stop)
        with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
            connection.execute("create database bench")
            connection.execute("create database floors")
        owner_url = postgres.url("postgres", "bench")
        subprocess.run(
            tree.command("migrate"), env=tree.environment(DATABASE_URL=owner_url), check=True, capture_output=True, text=True
        )
        system = System(folder, owner_url, postgres.url("authenticator", "bench"), tree)
        undo.callback(system.owner.close)
        yield system


def _delete(folder: Path) -> None:
    """Stops the server if Ctrl-C came before its holder knew of it, and deletes the folder."""
    with suppress(Failure):
        embedded.wipe(folder)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def start_api(system: System, *arguments: str, **variables: str) -> Iterator[Api]:
    """`scoville serve` on a free port."""
    command = system.tree.command("serve", "--port", "0", *arguments)
    with run_server(command, system.environment(**variables)) as api:
        yield api


@contextmanager
def start_worker(system: System, **variables: str) -> Iterator[psutil.Process]:
    """`scoville worker`, at its usual lower priority."""
    process = subprocess.Popen(system.tree.command("worker"), env=system.environment(**variables), stderr=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(START_SECONDS_MAX)


@contextmanager
def run_server(command: Sequence[str], environment: dict[str, str]) -> Iterator[Api]:
    """A server that prints its URL on standard error."""
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
