"""Floors: the best that the same server does without Scoville, measured in the same run with the same settings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bench.system import Api, System, run_server
from bench.tree import HERE

HOT_ROW = """
create table if not exists hot_row (
  sku text primary key, on_hand int not null, reserved int not null default 0, check (reserved between 0 and on_hand)
) with (fillfactor = 70);
insert into hot_row values ('S1', 2000000000) on conflict do nothing;
"""
SELL_ONE = "update hot_row set reserved = reserved + 1 where sku = 'S1' and on_hand - reserved >= 1;\n"
BYTES = 450  # size of a response, similar to an order's


def hot_row(system: System, seconds: int) -> float:
    """The best rate of one-row transactions on one SKU: a bare conditional UPDATE at 1, 8 and 32 clients."""
    script = system.folder / "sell_one.sql"
    script.write_text(SELL_ONE)
    with psycopg.connect(system.owner_url.replace("/bench?", "/floors?"), autocommit=True) as connection:
        connection.execute(HOT_ROW)
        best = 0.0
        for clients in (1, 8, 32):
            best = max(
                best, system.pgbench("-M", "prepared", "-f", str(script), "-c", str(clients), "-j", "2", "-T", str(seconds))
            )
            connection.execute("vacuum hot_row")
    return best


def write(system: System, seconds: int) -> float:
    """pgbench's simple update at 16 clients, scale 10."""
    url = system.owner_url.replace("/bench?", "/floors?")
    subprocess.run([str(system.binaries / "pgbench"), "-i", "-q", "-s", "10", url], check=True, capture_output=True)
    return system.pgbench("-N", "-M", "prepared", "-c", "16", "-j", "2", "-T", str(seconds))


@contextmanager
def constant_server() -> Iterator[Api]:
    """The HTTP floor: uvicorn with our settings and one route that returns constant bytes."""
    with run_server([sys.executable, "-m", "bench.constant"], HERE.environment()) as api:
        yield api
