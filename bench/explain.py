"""`--explain FILE`: where the time of an order goes, as a page (docs/explanation/speed.md).

CPU time by process, of the API by part (`bench/sampled.py`), of `api.place_orders` by PostgreSQL's statistics of functions; waits
for the disk by its statistics of I/O. The code that is measured is the code that users run.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from bench import cost
from bench.calls import Session
from bench.load import Workload, closed_loop
from bench.report import machine
from bench.system import Api, System, run_server
from bench.tree import HERE

CLIENTS = (1, 64)
BATCHES = {1: 100, 16: 30, 128: 8}  # calls by their orders
QUICK_BATCHES = {1: 10, 16: 5, 128: 3}
WARMING_CALLS = 8
SECONDS, QUICK_SECONDS = 10, 1
FUNCTIONS_MAX = 30  # rows of the table
FILE_SECONDS_MAX = 10
FUNCTIONS = """
select schemaname || '.' || funcname, sum(self_time) from pg_stat_user_functions group by 1"""
FLUSHES = "select sum(fsync_time) from pg_stat_get_backend_io(%s) where object = 'wal'"
TRANSACTIONS = "select xact_commit from pg_stat_database where datname = current_database()"

TEMPLATE = Path(__file__).with_name("speed.template.md")
# Rows in the order of an order's way; the dearest first where several begin alike.
BEGINNINGS = ("client", "API", "PostgreSQL", "CPU", "latency", "orders", "transactions", "WAL")


def page(system: System, *, quick: bool) -> str:
    """The page. `system` is a new one."""
    calls = QUICK_BATCHES if quick else BATCHES
    system.stock(skus=1)
    functions = _functions(system, calls)
    calls_table = _calls(system, calls)
    processes = _processes(system, QUICK_SECONDS if quick else SECONDS)
    about = machine()
    described = f"{about['cores']} cores, {about['system']}, Python {about['python']}, {about['at'][:10]}"
    counts = " / ".join(str(number) for number in calls.values())
    return TEMPLATE.read_text(encoding="utf-8").format(
        machine=described, processes=processes, calls=counts, calls_table=calls_table, functions=functions
    )


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _processes(system: System, seconds: int) -> str:
    """The table of CPU time by process, for each number of clients."""
    samples = system.folder / "samples.json"
    command = [sys.executable, "-m", "bench.sampled", str(samples), "serve", "--port", "0"]
    columns: list[dict[str, float]] = []
    with run_server(command, system.environment()) as api:
        for clients in CLIENTS:
            columns.append(_column(system, api, samples, Workload(clients), seconds))
    costs = {name: max(column.get(name, 0.0) for column in columns) for column in columns for name in column}
    by_cost = sorted(costs, key=lambda name: -costs[name])
    names = [name for beginning in BEGINNINGS for name in by_cost if name.startswith(beginning)]
    head = ["", *(f"{clients} client{'s' * (clients > 1)}" for clients in CLIENTS)]
    return _table(head, ([name, *(_number(column.get(name)) for column in columns)] for name in names))


def _column(system: System, api: Api, samples: Path, workload: Workload, seconds: int) -> dict[str, float]:
    system.settle()
    closed_loop(api.url, system.token(), workload, 1)
    before, transactions = cost.moment(system, api), _one(system, TRANSACTIONS)
    os.kill(api.process.pid, signal.SIGUSR1)
    load = closed_loop(api.url, system.token(), workload, seconds)
    os.kill(api.process.pid, signal.SIGUSR2)
    spent = cost.between(before, cost.moment(system, api))
    transactions = _one(system, TRANSACTIONS) - transactions
    assert spent.orders, load.statuses
    system.check(load.statuses.get(201, 0))
    each = 1000 / spent.orders
    parts = _read(samples)
    column = {"client (the load generator)": load.client_cpu_seconds * each}
    column |= {f"API: {name}": spent.api * each * number / sum(parts.values()) for name, number in parts.items()}
    column |= {f"PostgreSQL: {kind}": value * each for kind, value in spent.postgres.items() if value * each >= 0.0005}
    column["CPU, all of it"] = sum(column.values())
    column["latency, median, ms"] = load.p50
    column["orders/s"] = load.per_second(201)
    column["orders per batch"] = spent.orders_per_batch
    column["transactions per order, all processes"] = transactions / spent.orders
    column["WAL per order, bytes"] = spent.wal / spent.orders
    return column


def _read(samples: Path) -> dict[str, int]:
    limit = time.monotonic() + FILE_SECONDS_MAX
    while not samples.exists():
        assert time.monotonic() < limit, "the profiler wrote nothing"
        time.sleep(0.02)
    found: dict[str, int] = json.loads(samples.read_text())
    samples.unlink()
    return found


def _calls(system: System, calls: dict[int, int]) -> str:
    """The table of time, CPU and flush of each step, for each number of orders."""
    session = Session(system, track_wal_io_timing="on")
    rows: dict[str, list[float]] = {}
    for number, times in calls.items():
        steps: dict[str, Callable[[], float]] = {
            "the round trip alone": session.nothing,
            "placing": partial(session.place, number),
            "sequencing": session.sequence,
            "the notification": session.notify,
        }
        measured: dict[str, list[float]] = {}
        for turn in range(WARMING_CALLS + times):
            for name, step in steps.items():
                flushed, used = _flushed(system, session), session.cpu_seconds()
                milliseconds, cpu = step(), session.cpu_seconds() - used
                if turn >= WARMING_CALLS:
                    measured.setdefault(name, []).append(milliseconds * 1000)
                    measured.setdefault(f"{name}: CPU of PostgreSQL", []).append(cpu * 1e6)
                    measured.setdefault(f"{name}: waiting for the disk", []).append((_flushed(system, session) - flushed) * 1000)
        for name, values in measured.items():
            rows.setdefault(name, []).append(median(values) / number)
    session.close()
    return _table(
        ["", *(f"{number} per call" for number in calls)], ([name, *map(_number, values)] for name, values in rows.items())
    )


def _functions(system: System, calls: dict[int, int]) -> str:
    """The table of time by function, for each number of orders."""
    session = Session(system, track_functions="all")
    columns: list[dict[str, float]] = []
    for number, times in calls.items():
        for _ in range(WARMING_CALLS):
            session.place(number)
        totals = [_totals(system, session)]
        for _ in range(times):
            session.place(number)
            session.sequence()
            totals.append(_totals(system, session))
        columns.append(
            {
                name: median(after.get(name, 0.0) - before.get(name, 0.0) for before, after in pairwise(totals)) * 1000 / number
                for name in totals[-1]
            }
        )
    session.close()
    names = sorted(columns[0], key=lambda name: -max(column[name] for column in columns))
    shown, rest = names[:FUNCTIONS_MAX], names[FUNCTIONS_MAX:]
    rows: list[list[str]] = [[f"`{name}`", *(_number(column[name]) for column in columns)] for name in shown]
    rows.append([f"{len(rest)} others", *(_number(sum(column[name] for name in rest)) for column in columns)])
    rows.append(["all", *(_number(sum(column.values())) for column in columns)])
    return _table(["self time", *(f"{number} per call" for number in calls)], iter(rows))


def _totals(system: System, session: Session) -> dict[str, float]:
    """Milliseconds of each function so far."""
    session.report()
    return {name: float(milliseconds) for name, milliseconds in system.owner.execute(FUNCTIONS).fetchall()}


def _flushed(system: System, session: Session) -> float:
    """Milliseconds that this session has waited until its WAL was on disk."""
    session.report()
    row = system.owner.execute(FLUSHES, [session.connection.info.backend_pid]).fetchone()
    return float(row[0] or 0) if row else 0.0


def _one(system: System, query: str) -> int:
    row: tuple[Any, ...] | None = system.owner.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def write(system: System, path: str, *, quick: bool) -> None:
    """Writes the page to the file, or prints it for `-`."""
    text = page(system, quick=quick)
    if path == "-":
        print(text, end="", flush=True)
    else:
        (HERE.folder / path).write_text(text, encoding="utf-8")
