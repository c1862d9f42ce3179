"""Checks of the server: durability, and everything that could stop it. Any login may run them."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from pyapp.cli.checks import Finding, bad, ok, warning
from pyapp.deploy.analysts import OPEN_FUNCTIONS
from pyapp.deploy.replay import ROLES, SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from pyapp.settings import Settings

    Connection = psycopg.Connection[Any]

SLOT_BYTES_BAD = 5 * 1024**3  # of WAL that a slot retains
AGE_LOW = 500_000_000  # transactions; autovacuum should have acted at 200 million
AGE_BAD = 1_500_000_000  # PostgreSQL refuses writes at about 2,100 million
CONNECTIONS_LOW, CONNECTIONS_BAD = 0.75, 0.9  # of max_connections
COMMAND_LOCKS = 128  # of a command beside its idempotency keys: tables, indexes, external_ids and new levels, 32 each at most
NOTIFY_LOW, NOTIFY_BAD = 0.1, 0.5  # of the queue of notifications

# The risk of each setting that is off.
DURABLE = {
    "fsync": "a power cut may destroy the whole database",
    "full_page_writes": "a power cut may destroy the whole database",
    "synchronous_commit": "a crash loses orders that were acknowledged",
}
SLOTS = """
    select slot_name, active, coalesce(wal_status, '') in ('unreserved', 'lost'),
           coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint
      from pg_replication_slots where not temporary order by 1"""
ARCHIVER = """
    select current_setting('archive_mode'), coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false),
           last_failed_wal
      from pg_stat_archiver"""
AGES = """
    select datname, greatest(age(datfrozenxid), mxid_age(datminmxid)) from pg_database order by 2 desc limit 1"""
CONNECTIONS = "select sum(numbackends)::integer, current_setting('max_connections')::integer from pg_stat_database"
LOCK_ROOM = """
    select current_setting('max_locks_per_transaction')::bigint
         * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint)"""
NOTIFY_USAGE = "select pg_notification_queue_usage()"
# Every role that the API's login is or can become.
STRONG_ROLES = """
    select r.rolname
      from pg_roles r
     where r.rolname = any (%(roles)s) and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolreplication)
        or exists (select from pg_roles l
                    where l.rolname = 'authenticator' and not l.rolsuper and pg_has_role(l.oid, r.oid, 'member'))
           and (r.rolsuper or r.rolbypassrls or r.rolname in ('scoville_owner', 'scoville_definer'))
     order by 1"""
OPEN_TABLES = """
    select c.oid::regclass::text
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = any (%s) and c.relkind in ('r', 'p') and not c.relispartition
       and not (c.relrowsecurity and c.relforcerowsecurity)
     order by 1"""
# Analysts of this database, by their group: every login may ask for that. For each, other databases to which it may connect.
ANALYSTS = """
    select r.rolname, has_database_privilege(r.oid, current_database(), 'temporary'),
           array(select d.datname::text from pg_database d
                  where d.datallowconn and d.datname <> current_database() and has_database_privilege(r.oid, d.oid, 'connect')
                  order by 1)
      from pg_roles r
     where r.rolcanlogin and not r.rolsuper and pg_has_role(r.oid, 'bi_reader', 'member')
       and has_database_privilege(r.oid, current_database(), 'connect')
     order by 1"""
ENCRYPTED = "select ssl from pg_stat_ssl where pid = pg_backend_pid()"


def check_durability(connection: Connection) -> Iterator[Finding]:
    rows = connection.execute("select name, setting from pg_settings where name = any (%s) order by name", [list(DURABLE)])
    off = [name for name, setting in rows if setting == "off"]
    if off:
        costs = dict.fromkeys(DURABLE[name] for name in off)
        yield bad("durability", f"{', '.join(off)} off: {' and '.join(costs)}", f"alter system set {off[0]} = 'on'; reload.")
    else:
        yield ok("durability", "acknowledged commits are on disk")


def check_autovacuum(connection: Connection) -> Iterator[Finding]:
    """Without autovacuum tables keep growing, and the server finally stops to protect itself from transaction ID wraparound."""
    row = connection.execute("select current_setting('autovacuum'), current_setting('track_counts')").fetchone()
    [(database, age)] = connection.execute(AGES).fetchall()
    said = f"database {database} is {age / 1_000_000:.0f} million transactions old"
    if row != ("on", "on"):
        yield bad("autovacuum", "off", "alter system set autovacuum = 'on' (and track_counts); reload.")
    elif age > AGE_BAD:
        yield bad("autovacuum", said, f"vacuum (freeze) in {database}, now: at 2,100 million PostgreSQL refuses writes.")
    elif age > AGE_LOW:
        yield warning("autovacuum", said, "Find what holds it up: long transactions, abandoned slots, prepared transactions.")
    else:
        yield ok("autovacuum", f"on; {said}")


def check_slots(connection: Connection) -> Iterator[Finding]:
    """A replication slot without a reader retains WAL until the disk is full."""
    found = connection.execute(SLOTS).fetchall()
    remedy = "Start its reader, or call pg_drop_replication_slot; max_slot_wal_keep_size sets a limit."
    for name, active, lost, size in found:
        said = f"{name} {'has a reader' if active else 'has no reader'} and retains {size / 1024**2:.0f} MB of WAL"
        if lost or size > SLOT_BYTES_BAD:
            yield bad("slots", f"{said}{', and is lost' if lost else ''}", remedy)
        elif not active:
            yield warning("slots", said, remedy)
    if all(active and not lost and size <= SLOT_BYTES_BAD for _, active, lost, size in found):
        yield ok("slots", f"{len(found)}, all with a reader" if found else "none")


def check_archive(connection: Connection) -> Iterator[Finding]:
    [(mode, fails, segment)] = connection.execute(ARCHIVER).fetchall()
    if mode == "off":
        yield ok("archive", "off: back up by other means")
    elif fails:
        remedy = "Look for archive_command in the server's log: until it works, WAL grows, and this moment cannot be restored."
        yield bad("archive", f"{segment} could not be archived", remedy)
    else:
        yield ok("archive", "on")


def check_connections(connection: Connection) -> Iterator[Finding]:
    [(used, limit)] = connection.execute(CONNECTIONS).fetchall()
    said = f"{used} of {limit} are in use"
    remedy = "Lower SCOVILLE_POOL_SIZE or the number of processes, or raise max_connections."
    if used > limit * CONNECTIONS_BAD:
        yield bad("connections", said, remedy)
    elif used > limit * CONNECTIONS_LOW:
        yield warning("connections", said, remedy)
    else:
        yield ok("connections", said)


def check_locks(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """One table of locks for the whole cluster: full, it fails everybody's statements. Idle connections hold none."""
    [(room,)] = connection.execute(LOCK_ROOM).fetchall()
    needed = settings.workers * settings.pool_size * (settings.batch_elements + COMMAND_LOCKS)
    said = f"room for {room:,}; the API, with {settings.workers} x {settings.pool_size} connections, may take {needed:,}"
    if needed > room:
        yield warning("locks", said, "Raise max_locks_per_transaction (restart), or lower SCOVILLE_POOL_SIZE.")
    else:
        yield ok("locks", said)


def check_notifications(connection: Connection) -> Iterator[Finding]:
    """One queue for the whole cluster, which a session that listens in an open transaction fills."""
    [(usage,)] = connection.execute(NOTIFY_USAGE).fetchall()
    said = f"their queue is {usage:.0%} full"
    remedy = "End the session that listens in an open transaction; the section Notifications of docs/how-to/runbook.md says how."
    if usage > NOTIFY_BAD:
        yield bad("notifications", said, remedy)
    elif usage > NOTIFY_LOW:
        yield warning("notifications", said, remedy)
    else:
        yield ok("notifications", said)


def check_rights(connection: Connection) -> Iterator[Finding]:
    """Roles and tables have what the policies rely on."""
    strong = [name for (name,) in connection.execute(STRONG_ROLES, {"roles": ROLES})]
    tables = [name for (name,) in connection.execute(OPEN_TABLES, [SCHEMAS])]
    if strong:
        remedy = "alter role ... nosuperuser nobypassrls nocreaterole noreplication; revoke such roles from authenticator."
        yield bad("rights", f"too strong, or within reach of authenticator: {', '.join(strong)}", remedy)
    if tables:
        yield bad("rights", f"without forced row-level security: {', '.join(tables)}", "Run `scoville migrate` as the owner.")
    if not strong and not tables:
        yield ok("rights", "none of our roles bypasses row-level security, and every table has it")


def check_analysts(connection: Connection) -> Iterator[Finding]:
    """A login for BI tools runs any SQL. What PostgreSQL opens to everybody lets it stop the whole cluster."""
    if connection.execute("select to_regrole('bi_reader')").fetchone() == (None,):
        yield ok("analysts", "none")
        return
    found = connection.execute(ANALYSTS).fetchall()
    functions = connection.execute(OPEN_FUNCTIONS).fetchall() if found else []
    for login, temporary, databases in found:
        if functions or temporary:
            said = " and ".join(["advisory locks and large objects"] * bool(functions) + ["temporary tables"] * temporary)
            yield warning("analysts", f"{login} may use {said}", "Run `scoville migrate` as a superuser, which closes them.")
        if databases:
            remedy = "Revoke CONNECT on them from PUBLIC, or reject the login in pg_hba.conf (docs/bi.md)."
            yield warning("analysts", f"{login} may connect to other databases: {', '.join(databases)}", remedy)
    if not any(functions or temporary or databases for _, temporary, databases in found):
        yield ok("analysts", f"{len(found)}, without rights outside schema bi" if found else "none")


def check_encryption(connection: Connection) -> Iterator[Finding]:
    host = connection.info.host
    if connection.execute(ENCRYPTED).fetchone() == (True,):
        yield ok("encryption", f"TLS to {host}")
    elif is_local(host):
        yield ok("encryption", "none, but the database is on this machine")
    else:
        remedy = "Add sslmode=verify-full and sslrootcert to DATABASE_URL, or make sure that the network is trusted."
        yield warning("encryption", f"none to {host}: customers and passwords can be read on the way", remedy)


def is_local(host: str) -> bool:
    """True for the folder of a socket, or an address of this machine."""
    if host.startswith(("/", "@")) or host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
