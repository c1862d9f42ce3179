"""`--paired REF`: another commit beside the working tree. Both take turns, so that noise of the machine hits both.

Each has its own PostgreSQL, database and API, made by its own commands. First batches by SQL, a call of one tree after a call of
the other: CPU time of the session, and WAL. Then loads over HTTP, in short turns. Medians count; noise hardly reaches the tenth
percentile.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import TypeVar

from bench import cost
from bench.calls import FUNCTIONS, Session
from bench.load import Workload, closed_loop
from bench.report import Row
from bench.system import Api, System, start_api, start_system
from bench.tree import HERE, extract

CALLS = {1: 200, 16: 60, 128: 16}  # of place_orders, by elements per call
QUICK_CALLS = {1: 40, 16: 12, 128: 5}
OTHER_CALLS = {1: 60, 16: 20}  # of each other function
QUICK_OTHER_CALLS = {1: 10, 16: 4}
WARMING_CALLS = 8  # PostgreSQL keeps a plan by the sixth execution
CLIENTS = (1, 16, 64, 256)
ROUNDS, SECONDS = 10, 2  # short turns: the noise of the machine changes by the second
QUICK_ROUNDS, QUICK_SECONDS = 3, 1
WARMING_SECONDS = 1
# The figures of these rows against this commit; a comparison with another commit has no targets.
BASE = "aaf14c9"
TARGETS = {
    **{f"CPU of api.place_orders, {number} per call": most for number, most in ((1, 0.55), (16, 0.6), (128, 0.65))},
    **{f"Postgres CPU per order, {clients} clients": most for clients, most in ((1, 0.5), (16, 0.55), (64, 0.6))},
    **{f"API CPU per order, {clients} clients": most for clients, most in ((1, 0.65), (64, 0.75))},
    **{f"WAL per order with sequencing, {clients} clients": 0.7 for clients in CLIENTS},
}

PARTS = ("orders", "commands")
Figures = dict[str, list[float]]
T = TypeVar("T")


@dataclass
class Side:
    """One of the two trees, and its figures by name of the row."""

    system: System
    figures: Figures = field(default_factory=lambda: defaultdict(list))
    placed: int = 0


Sides = tuple[Side, Side]


def rows(ref: str, *, quick: bool, only: Sequence[str] = PARTS) -> Iterator[Row]:
    """All rows of these parts: the working tree's figure, and the other commit's as its floor."""
    with _sides(ref) as sides:
        if "orders" in only:
            yield from _call(sides, "sales", FUNCTIONS[:1], QUICK_CALLS if quick else CALLS)
        if "commands" in only:
            yield from _call(sides, "admin", FUNCTIONS[1:], QUICK_OTHER_CALLS if quick else OTHER_CALLS)
        if "orders" in only:
            _load(sides, QUICK_ROUNDS if quick else ROUNDS, QUICK_SECONDS if quick else SECONDS)
            yield from _loads(sides)


@contextmanager
def _sides(ref: str) -> Iterator[Sides]:
    """The working tree and the other commit, with stock."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="scoville-bench-")))
        trees = (HERE, extract(ref, folder))
        here, there = (Side(opened.enter_context(start_system(tree))) for tree in trees)
        for side in (here, there):
            side.placed = side.system.stock(skus=1)
        yield here, there


def _turns(pair: Sequence[T], times: int) -> Iterator[T]:
    """Each of the two that often, and each one first in every second turn."""
    for turn in range(times):
        yield from reversed(pair) if turn % 2 else pair


def _call(sides: Sides, role: str, functions: Sequence[str], calls: dict[int, int]) -> Iterator[Row]:
    """Batches by SQL. No API runs, so that nothing else writes."""
    sessions = [(side, Session(side.system, role)) for side in sides]
    for function in functions:
        for number, times in calls.items():
            for _, session in _turns(sessions, WARMING_CALLS):
                session.measure(function, number)
            cpu, wal = (f"{what} {function}, {number} per call" for what in ("CPU of", "WAL per element of"))
            for side, session in _turns(sessions, times):
                milliseconds, written = session.measure(function, number)
                side.figures[cpu].append(milliseconds)
                side.figures[wal].append(written / number)
            yield _row(sides, cpu, "ms")
            yield _row(sides, wal, "B")
    for side, session in sessions:
        session.close()
        side.placed += session.placed
        side.system.check(side.placed)


def _load(sides: Sequence[Side], rounds: int, seconds: int) -> None:
    with ExitStack() as opened:
        served = [(side, opened.enter_context(start_api(side.system))) for side in sides]
        for workload in map(Workload, CLIENTS):
            for side, api in served:
                side.system.settle()
                side.placed += closed_loop(api.url, side.system.token(), workload, WARMING_SECONDS).statuses.get(201, 0)
            for side, api in _turns(served, rounds):
                _load_once(side, api, workload, seconds)
            for side in sides:
                side.system.check(side.placed)


def _load_once(side: Side, api: Api, workload: Workload, seconds: int) -> None:
    system = side.system
    before = cost.moment(system, api)
    load = closed_loop(api.url, system.token(), workload, seconds)
    spent = cost.between(before, cost.moment(system, api))
    assert spent.orders, load.statuses
    assert not load.others, load.statuses
    for name, value in (
        ("orders/s", load.per_second(201)),
        ("Postgres CPU per order", spent.postgres_seconds * 1000 / spent.orders),
        ("API CPU per order", spent.api * 1000 / spent.orders),
        ("WAL per order with sequencing", spent.wal / spent.orders),
        ("orders per batch", spent.orders_per_batch),
    ):
        side.figures[f"{name}, {workload.clients} clients"].append(value)
    side.placed += load.statuses.get(201, 0)


def _loads(sides: Sides) -> Iterator[Row]:
    units = {"orders/s": "orders/s", "Postgres CPU per order": "ms", "API CPU per order": "ms"}
    units |= {"WAL per order with sequencing": "B", "orders per batch": "orders"}
    for name, unit in units.items():
        for clients in CLIENTS:
            yield _row(sides, f"{name}, {clients} clients", unit)


def _row(sides: Sides, name: str, unit: str) -> Row:
    here, there = sides
    ours, theirs = here.figures[name], there.figures[name]
    target = TARGETS.get(name) if there.system.tree.name == BASE else None
    facts: dict[str, float] = {"rounds": len(ours)}
    if len(ours) >= 10:
        facts |= {"p10": quantiles(ours, n=10)[0], "p10 there": quantiles(theirs, n=10)[0]}
    return Row(name, median(ours), unit, there.system.tree.name, median(theirs), target, at_most=True, facts=facts)
