"""The cost of a load: CPU time by process, WAL, batches and HOT updates, as the difference between two moments.

CPU comes from each process's CPU clock (nanoseconds, all threads). PostgreSQL's processes are grouped by their task. Processes
that ended in between are counted by their parent in hundredths of a second; most of them are autovacuum workers.
"""

from __future__ import annotations

import re
import sys
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from bench.system import Api, System

HAS_CLOCKS = sys.platform == "linux"
SEQUENCED_SECONDS_MAX = 5.0
POLL_SECONDS = 0.01
WAITING = "select exists (select from events.outbox)"
API_SESSIONS = "sessions"
# The application names of our connections; the other kinds are PostgreSQL's own names.
KINDS = {
    "scoville": API_SESSIONS,
    "scoville sequencer": "sequencer",
    "scoville live": "listener",
    "autovacuum launcher": "autovacuum",
    "autovacuum worker": "autovacuum",
}
PROCESSES = """
select pid, coalesce(nullif(application_name, ''), backend_type) from pg_stat_activity where pid <> pg_backend_pid()"""
# Totals are late by up to a second, because sessions report at most that often. Their ratio is right.
LEVEL_UPDATES = """
select coalesce(sum(n_tup_upd), 0), coalesce(sum(n_tup_hot_upd), 0) from pg_stat_user_tables
 where schemaname = 'stock' and relname = 'stock_levels'"""
BATCHES = r'^scoville_lane_batch_elements_%s\{(?:.*,)?function="place_orders".*\} (\S+)'


def cpu_seconds(pid: int) -> float:
    """The CPU seconds that a process has used. Raises OSError or psutil.Error if it has ended."""
    if HAS_CLOCKS:
        return time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3)
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@dataclass(frozen=True)
class Moment:
    """Totals at one moment. `postgres`: kind and CPU seconds per process."""

    postgres: dict[int, tuple[str, float]]
    ended: float
    api: float
    wal: int
    updates: tuple[int, int]
    batches: tuple[float, float]


@dataclass(frozen=True)
class Cost:
    """The cost of a load: CPU seconds and WAL bytes in total.

    `orders` were placed. They are more than the load counts, which ends without the last answers.
    """

    postgres: dict[str, float]
    api: float
    wal: int
    hot_share: float | None
    batches: float
    orders: float

    @property
    def postgres_seconds(self) -> float:
        return sum(self.postgres.values())

    @property
    def orders_per_batch(self) -> float:
        return self.orders / max(self.batches, 1)

    def facts(self) -> dict[str, Any]:
        """The costs per order, for a row of the report."""
        each = 1000 / max(self.orders, 1)  # milliseconds
        kinds = sorted(self.postgres.items(), key=lambda item: -item[1])
        return {
            "per order: Postgres CPU ms": self.postgres_seconds * each,
            "of it": " + ".join(f"{kind} {seconds * each:.2g}" for kind, seconds in kinds if seconds * each >= 0.005),
            "API CPU ms": self.api * each,
            "WAL kB": self.wal * each / 1e6,
            "orders per batch": self.orders_per_batch,
            "HOT share of level updates": "unknown" if self.hot_share is None else self.hot_share,
        }


def moment(system: System, api: Api) -> Moment:
    """Waits until the last order is placed and its event in the log, and takes the totals."""
    system.wait_until_idle()
    limit = time.monotonic() + SEQUENCED_SECONDS_MAX
    while system.owner.execute(WAITING).fetchone() == (True,) and time.monotonic() < limit:
        time.sleep(POLL_SECONDS)
    batches = _batches(api)
    found: dict[int, str] = dict(system.owner.execute(PROCESSES).fetchall())
    postgres = {}
    for pid, kind in found.items():
        try:
            postgres[pid] = (KINDS.get(kind, kind), cpu_seconds(pid))
        except (OSError, psutil.Error):
            continue
    parent = psutil.Process(system.pid).cpu_times()
    updates = system.owner.execute(LEVEL_UPDATES).fetchone()
    assert updates
    return Moment(
        postgres=postgres | {system.pid: ("postmaster", cpu_seconds(system.pid))},
        ended=parent.children_user + parent.children_system,
        api=api.cpu_seconds(),
        wal=system.wal_bytes(),
        updates=(int(updates[0]), int(updates[1])),
        batches=batches,
    )


def between(before: Moment, after: Moment) -> Cost:
    """The difference."""
    postgres: defaultdict[str, float] = defaultdict(float)
    for pid, (kind, seconds) in after.postgres.items():
        postgres[kind] += seconds - (before.postgres[pid][1] if pid in before.postgres else 0.0)
    gone = sum(seconds for pid, (_, seconds) in before.postgres.items() if pid not in after.postgres)
    postgres["ended"] = max(after.ended - before.ended - gone, 0.0)
    updates, hot = (now - then for now, then in zip(after.updates, before.updates, strict=True))
    orders, batches = (now - then for now, then in zip(after.batches, before.batches, strict=True))
    return Cost(
        postgres=dict(postgres),
        api=after.api - before.api,
        wal=after.wal - before.wal,
        hot_share=hot / updates if updates else None,
        batches=batches,
        orders=orders,
    )


def _batches(api: Api) -> tuple[float, float]:
    """Elements and transactions of place_orders so far, by the API's own metrics."""
    with urllib.request.urlopen(f"{api.url}/metrics") as answer:  # noqa: S310 (our own server)
        text = answer.read().decode()
    found = [re.search(BATCHES % name, text, re.MULTILINE) for name in ("sum", "count")]
    return float(found[0][1]) if found[0] else 0.0, float(found[1][1]) if found[1] else 0.0
