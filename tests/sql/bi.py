"""What tests of the BI views share: demo data with its sums, and logins of analysts that go with the test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
from psycopg import sql

from pyapp import demo
from pyapp.deploy import analysts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

VIEWS = "select viewname from pg_views where schemaname = 'bi' order by 1"
CALLS_MAX = 1000


def load(authenticator_url: str) -> None:
    """The demo's data, with its sums."""
    assert demo.load(authenticator_url)
    roll_up(authenticator_url)


def roll_up(authenticator_url: str, rows: int = 500, now: datetime | None = None) -> None:
    """What the worker does every few seconds, until nothing is left to do; `rows` a call. `now`: at this moment."""
    sums = tuple(f"roll_up_{name}(1::smallint, {rows})" for name in ("stock", "sales"))
    jobs = ("sequence_events(1000)", *sums)
    with psycopg.connect(authenticator_url, autocommit=True) as connection:
        for job in jobs:
            for _ in range(CALLS_MAX):
                done = call(connection, job, now)
                if done == 0 or (job.startswith("roll") and done < rows):
                    break
            else:
                raise AssertionError(f"{job} finds no end")


def call(connection: psycopg.Connection[Any], job: str, now: datetime | None = None) -> int:
    """One call of the worker's, in a transaction of its own: how much it did."""
    with connection.transaction():
        connection.execute("select app.enter('scoville_worker', '{}')")
        if now:
            connection.execute("select set_config('scoville.now', %s, true)", [now.isoformat()])
        done = connection.execute(f"select jobs.{job}".encode()).fetchone()
    assert done is not None
    return int(done[0])


@contextmanager
def analyst(owner_url: str, *, warehouses: Sequence[str] = ()) -> Iterator[str]:
    """The name of a login that is there for a while."""
    login = f"analyst_{uuid4().hex[:8]}"
    with psycopg.connect(owner_url, autocommit=True) as connection:
        analysts.add(connection, login, "for tests only", warehouses)
        try:
            yield login
        finally:
            connection.execute("delete from identity.bi_logins where login = %s", [login])
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [login])
            connection.execute(sql.SQL("drop owned by {0}; drop role {0}").format(sql.Identifier(login)))


def read_all(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Every row of every view but those that tell the time, as text."""
    found = {}
    for (view,) in connection.execute(VIEWS).fetchall():
        if view not in ("freshness", "dim_date"):
            rows = connection.execute(sql.SQL("select t::text from bi.{} t").format(sql.Identifier(view))).fetchall()
            found[view] = sorted(text for (text,) in rows)
    return found
