"""Checks of the database; they work with the rights of the API's login, too."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from pyapp.cli.checks import Finding, bad, cluster, ok, unknown, warning
from pyapp.cli.context import LOGIN, one_line
from pyapp.deploy import migrate
from pyapp.identity.enter import Component, entering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyapp.settings import Settings

    Connection = psycopg.Connection[Any]

WEBHOOKS_NAMED_MAX = 5
BACKLOG_SECONDS = 60  # older work means that worker or sequencer is not running
SKEW_SECONDS_BAD = 10  # the leeway of tokens
SKEW_SECONDS_LOW = 1
DOCTOR = Component("scoville_worker", "doctor")

FUNCTIONS = (
    "select n.nspname || '.' || p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any (%s)"
)
LOGINS = """
    select r.rolsuper or r.rolbypassrls, r.rolname = %(login)s, l.rolname is not null,
           coalesce(l.rolsuper or l.rolbypassrls, false)
      from pg_roles r left join pg_roles l on l.rolname = %(login)s
     where r.rolname = session_user"""
# By name: a login can see that a partition exists without a right on it.
MISSING_PARTITIONS = """
    select n.nspname || '.' || c.relname, to_char(m.month, 'YYYY-MM')
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace,
           (values (date_trunc('month', now() at time zone 'UTC')),
                   (date_trunc('month', now() at time zone 'UTC') + interval '1 month')) as m (month)
     where c.relkind = 'p' and n.nspname in ('stock', 'events', 'audit')
       and not exists (select from pg_class p join pg_inherits i on i.inhrelid = p.oid
                        where i.inhparent = c.oid and p.relname = c.relname || to_char(m.month, '"_y"YYYY"m"MM'))
     order by 1, 2"""
WORKERS = "select count(*) from pg_stat_activity where application_name = 'scoville worker' and datname = current_database()"
SNAPSHOT_LOW, SNAPSHOT_BAD = 10_000, 1_000_000  # transactions since the oldest snapshot
SNAPSHOTS = "select holder, transactions from jobs.measure_snapshots() limit 1"
UNCLAIMED = (
    "select webhook_id, owner, extract(epoch from now() - confirmed_at)::float8 / 86400 from jobs.find_unclaimed_webhooks()"
)
BACKLOGS = "select backlog, waiting, oldest_seconds from jobs.measure_backlogs()"


def check(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """All checks, independent of each other: a missing right stops only the check that needs it."""
    for name, look in (
        ("server", check_server),
        ("clock", check_clock),
        ("login", check_login),
        ("migrations", check_migrations),
        ("functions", check_functions),
        ("partitions", check_partitions),
        ("worker", check_worker),
        ("backlogs", check_backlogs),
        ("snapshots", check_snapshots),
        ("webhooks", partial(check_webhooks, days=settings.webhook_confirm_days)),
        ("durability", cluster.check_durability),
        ("autovacuum", cluster.check_autovacuum),
        ("slots", cluster.check_slots),
        ("archive", cluster.check_archive),
        ("connections", cluster.check_connections),
        ("locks", partial(cluster.check_locks, settings=settings)),
        ("notifications", cluster.check_notifications),
        ("rights", cluster.check_rights),
        ("analysts", cluster.check_analysts),
        ("encryption", cluster.check_encryption),
    ):
        try:
            yield from look(connection)
        except psycopg.errors.InsufficientPrivilege:
            yield unknown(name, "this login lacks the right to check", f"Use the URL of {LOGIN} or of the owner.")
        except psycopg.Error as error:
            if connection.closed:
                raise
            yield bad(name, f"cannot be checked: {one_line(error)}", "Run `scoville migrate` with the URL of the owner.")


def check_server(connection: Connection) -> Iterator[Finding]:
    try:
        version, warnings = migrate.check_server(connection)
    except migrate.UnsupportedServerError as error:
        yield bad("server", str(error))
        return
    if warnings:
        yield bad("server", warnings[0].partition(";")[0], "Update the server: the minor version is enough.")
    else:
        yield ok("server", f"PostgreSQL {version}")


def check_clock(connection: Connection) -> Iterator[Finding]:
    """Two clocks decide on the expiry of tokens and reservations: ours and the server's."""
    before = time.time()
    row = connection.execute("select clock_timestamp()").fetchone()
    middle = (before + time.time()) / 2
    seconds = abs((row[0] - datetime.fromtimestamp(middle, UTC)).total_seconds()) if row else 0.0
    said = f"{seconds:.1f} s apart from the server's"
    if seconds > SKEW_SECONDS_BAD:
        yield bad("clock", said, "Let both machines follow NTP: tokens are refused, and reservations expire at the wrong time.")
    elif seconds > SKEW_SECONDS_LOW:
        yield warning("clock", said, "Let both machines follow NTP.")
    else:
        yield ok("clock", said)


def check_login(connection: Connection) -> Iterator[Finding]:
    """The API must not be served by a role that bypasses row-level security."""
    row = connection.execute(LOGINS, {"login": LOGIN}).fetchone()
    unbound, is_login, exists, login_unbound = row or (True, False, False, False)
    user = connection.info.user
    if not exists:
        yield bad("login", f"role {LOGIN} does not exist", "Run `scoville migrate` with the URL of the owner.")
    elif login_unbound:
        yield bad("login", f"row-level security does not bind {LOGIN}", f"alter role {LOGIN} nosuperuser nobypassrls")
    elif is_login:
        yield ok("login", f"{LOGIN}, bound by row-level security")
    elif unbound:
        yield bad("login", f"{user}, which bypasses row-level security", f"For serve and worker, log in as {LOGIN}.")
    else:
        yield warning("login", f"{user}", f"serve and worker log in as {LOGIN}.")


def check_migrations(connection: Connection) -> Iterator[Finding]:
    remedy = "Run `scoville migrate` with the URL of the owner."
    if not migrate.was_deployed(connection):
        yield bad("migrations", "the last deploy used other files", remedy)
    elif not migrate.is_as_deployed(connection):
        yield bad("migrations", "a function, policy or view was changed since the last deploy", remedy)
    else:
        yield ok("migrations", "deployed from these files, unchanged since")


def check_functions(connection: Connection) -> Iterator[Finding]:
    """The functions that routes and jobs call exist."""
    from pyapp.api.table import CALLED_FUNCTIONS as ROUTED
    from pyapp.worker.jobs import JOBS

    wanted = {f"api.{name}" for name in ROUTED} | {name for job in JOBS for name in re.findall(r"jobs\.\w+", job.statement)}
    there = {name for (name,) in connection.execute(FUNCTIONS, [["api", "jobs"]])}
    missing = sorted(wanted - there)
    if missing:
        yield bad("functions", f"missing: {', '.join(missing)}", "Run `scoville migrate` with the URL of the owner.")
    else:
        yield ok("functions", f"all {len(wanted)} exist")


def check_partitions(connection: Connection) -> Iterator[Finding]:
    missing = [f"{table} {month}" for table, month in connection.execute(MISSING_PARTITIONS)]
    if missing:
        yield bad(
            "partitions",
            f"missing: {', '.join(missing)}",
            "Start `scoville worker`: it creates them (or run `scoville migrate`).",
        )
    else:
        yield ok("partitions", "exist for this month and the next")


def check_worker(connection: Connection) -> Iterator[Finding]:
    row = connection.execute(WORKERS).fetchone()
    if row and row[0]:
        yield ok("worker", "runs" if row[0] == 1 else f"{row[0]} run")
    else:
        yield bad("worker", "none is connected", "Start `scoville worker`: without one, reservations and lots never expire.")


def check_backlogs(connection: Connection) -> Iterator[Finding]:
    """The backlog of worker and sequencer, and its age."""
    with connection.transaction():
        connection.execute(*entering(DOCTOR))
        found = {name: (waiting, float(seconds)) for name, waiting, seconds in connection.execute(BACKLOGS)}
    for name, remedy in (
        ("expired reservations", "See the worker's log: it should release them every second."),
        ("overdue orders", "See the worker's log: it should cancel them every second."),
        ("events", "See the logs of API and worker: one of them should move events into the log immediately."),
    ):
        waiting, seconds = found.get(name, (0, 0.0))
        if seconds > BACKLOG_SECONDS:
            yield bad(name, f"{waiting} waiting, the oldest for {seconds:.0f} s", remedy)
        else:
            yield ok(name, f"{waiting} waiting" if waiting else "none waiting")


def check_snapshots(connection: Connection) -> Iterator[Finding]:
    """The oldest snapshot that somebody keeps: vacuum can remove nothing that was replaced since."""
    with connection.transaction():
        connection.execute(*entering(DOCTOR))
        oldest = connection.execute(SNAPSHOTS).fetchone()
    holder, transactions = oldest or ("nobody", 0)
    said = f"{holder} keeps one that is {transactions} transactions old"
    remedy = "End it: the section Snapshot held of docs/how-to/runbook.md says how."
    if transactions > SNAPSHOT_BAD:
        yield bad("snapshots", said, remedy)
    elif transactions > SNAPSHOT_LOW:
        yield warning("snapshots", said, remedy)
    else:
        yield ok("snapshots", "none is old")


def check_webhooks(connection: Connection, days: float) -> Iterator[Finding]:
    """A webhook of an API client ends with the client. Of other owners nobody knows whether they still have a token."""
    with connection.transaction():
        connection.execute(*entering(DOCTOR))
        found = connection.execute(UNCLAIMED).fetchall()
    if not found:
        yield ok("webhooks", "every owner is an API client")
        return
    named = [f"{webhook_id} of {owner}" for webhook_id, owner, _ in found[:WEBHOOKS_NAMED_MAX]]
    more = ["..."] if len(found) > WEBHOOKS_NAMED_MAX else []
    said = f"{len(found)} of owners who are no API clients: {', '.join(named + more)}"
    if days:
        said += f"; disabled after {days:g} days without a command of the owner (the first is at {found[0][2]:.0f})"
    yield warning("webhooks", said, "Delete those of owners who have gone; make clients of the others (`scoville clients add`).")
