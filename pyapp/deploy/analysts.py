"""Logins of analysts and their BI tools: read-only, limited to schema bi, with their own resource limits.

Its groups (bi_reader, bi_reader_all) and the session's login decide what it sees, never a setting: a BI tool runs any SQL, so it
could change every setting.
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from pyapp.deploy.replay import OWNER
from pyapp.failures import Exit, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
CONNECTIONS_MAX = 10
PASSWORD_BYTES = 24
# A login can change these settings; they protect against mistakes. The limits below protect against malice.
SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "2s",
    "search_path": "bi",
    "max_parallel_workers_per_gather": "0",
}
SETTINGS_OF_A_SUPERUSER = {"temp_file_limit": "1GB"}
TRANSACTION_TIMEOUT = ("transaction_timeout", "300s", 170_000)  # since PostgreSQL 17
# PostgreSQL lets everybody call these, but no analyst needs them: they fill the table of locks, which the whole cluster shares,
# leave large objects or fill the WAL.
OPEN_FUNCTIONS = """
    select p.oid::regprocedure::text
      from pg_catalog.pg_proc p
     where p.pronamespace = 'pg_catalog'::regnamespace and has_function_privilege('public', p.oid, 'execute')
       and (p.proname ~ '^pg_(try_)?advisory_' or p.proname ~ '^(lo_|lowrite$|loread$)' or p.proname = 'pg_logical_emit_message')
     order by 1"""
LOCKING_ROLES = (OWNER, "scoville_definer")  # deploys and commands take advisory locks; the other functions no role of ours needs
# Databases in which the functions above are open, too. A login reaches them through PUBLIC.
OPEN_DATABASES = """
    select d.datname
      from pg_catalog.pg_database d
     where d.datallowconn and d.datname <> current_database() and has_database_privilege('bi_reader', d.oid, 'connect')
     order by 1"""
# The logins that may connect to a database at present, and keep that right.
KEPT_LOGINS = """
    select r.rolname
      from pg_catalog.pg_roles r
     where r.rolcanlogin and not r.rolsuper and has_database_privilege(r.oid, %(database)s, 'connect')
       and r.rolname <> all (%(closed)s)
     order by 1"""


@dataclass(frozen=True)
class Analyst:
    """A login. Without warehouses it sees everything."""

    login: str
    warehouses: tuple[str, ...]
    created_at: datetime


def new_password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def add(
    connection: psycopg.Connection[Any], login: str, password: str, warehouses: Sequence[str] = (), *, anyway: bool = False
) -> list[str]:
    """Creates a login, as a superuser or a role with CREATEROLE that owns the database. Returns what stays open to it.

    Raises Failure if the name cannot be used or a warehouse does not exist; unless `anyway`, also if something stays open.
    """
    if not NAME.fullmatch(login):
        raise Failure(Exit.USAGE, f"{login!r} is not a valid login: use lowercase letters, digits and _, starting with a letter.")
    with connection.transaction():
        if connection.execute("select from pg_roles where rolname = %s", [login]).fetchone() is not None:
            raise Failure(Exit.REFUSED, f"Role {login} exists already; choose another name, or remove it first.")
        _refuse_unknown(connection, warehouses)
        create = sql.SQL("create role {} login inherit nosuperuser nocreatedb nocreaterole noreplication connection limit {}")
        connection.execute(create.format(sql.Identifier(login), sql.Literal(CONNECTIONS_MAX)))
        set_password(connection, login, password)
        for name, value in _settings(connection).items():
            alter = sql.SQL("alter role {} set {} = {}")
            connection.execute(alter.format(sql.Identifier(login), sql.Identifier(name), sql.Literal(value)))
        group = "bi_reader" if warehouses else "bi_reader_all"
        connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(group), sql.Identifier(login)))
        with _as_owner(connection):
            connection.execute(
                "insert into identity.bi_logins (login, warehouse_ids) values (%s, %s)"
                " on conflict (login) do update set warehouse_ids = excluded.warehouse_ids",
                [login, list(warehouses)],
            )
            _record(connection, "insert", login, new={"login": login, "warehouse_ids": list(warehouses)})
        connection.execute(
            sql.SQL("grant connect on database {} to {}").format(sql.Identifier(connection.info.dbname), sql.Identifier(login))
        )
        left = [*close_database(connection), *_close_others(connection)]
        if left and not anyway:
            raise Failure(
                Exit.REFUSED,
                f"Left open to analysts, because {connection.info.user} may not close it: {', '.join(left)}. No login was made."
                " Close it as a superuser, or in pg_hba.conf (docs/bi.md), and repeat the command with --anyway.",
            )
        return left


def set_password(connection: psycopg.Connection[Any], login: str, password: str) -> None:
    # Hashed here: the server logs statements, and they must not contain a password.
    hashed = connection.pgconn.encrypt_password(password.encode(), login.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(login), sql.Literal(hashed)))


def remove(connection: psycopg.Connection[Any], login: str) -> None:
    """Removes a login and ends its sessions. Raises Failure if it does not exist."""
    with connection.transaction():
        if login not in {analyst.login for analyst in find(connection)}:
            raise Failure(Exit.REFUSED, f"Analyst {login} does not exist; `scoville bi list` lists them.")
        connection.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(login)))
    with suppress(psycopg.errors.InsufficientPrivilege):  # without its role a session cannot read anything
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", [login])
    with connection.transaction():
        granted = connection.execute(
            "select d.datname from pg_database d, aclexplode(d.datacl) a where a.grantee = %s::regrole", [login]
        ).fetchall()
        for (database,) in granted:
            connection.execute(
                sql.SQL("revoke all on database {} from {}").format(sql.Identifier(database), sql.Identifier(login))
            )
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(login)))
        with _as_owner(connection):
            connection.execute("delete from identity.bi_logins where login = %s", [login])
            _record(connection, "delete", login, old={"login": login})


def _record(connection: psycopg.Connection[Any], action: str, login: str, *, old: object = None, new: object = None) -> None:
    """Writes the audit row, as the owner of the tables. The actor is the login that ran the command."""
    connection.execute(
        "select audit.record(p_action => %s, p_table_name => 'identity.bi_logins', p_row_key => %s, p_old => %s, p_new => %s,"
        " p_reason => null, p_actor => session_user::text, p_request_id => null)",
        [action, login, old and Jsonb(old), new and Jsonb(new)],
    )


def find(connection: psycopg.Connection[Any]) -> list[Analyst]:
    """The logins of this database, by name."""
    with connection.transaction(), _as_owner(connection):
        rows = connection.execute(
            "select b.login, b.warehouse_ids, b.created_at"
            " from identity.bi_logins b join pg_roles r on r.rolname = b.login order by 1"
        ).fetchall()
    return [Analyst(login, tuple(warehouses), created_at.astimezone(UTC)) for login, warehouses, created_at in rows]


def _settings(connection: psycopg.Connection[Any]) -> dict[str, str]:
    name, value, since = TRANSACTION_TIMEOUT
    chosen = SETTINGS | ({name: value} if connection.info.server_version >= since else {})
    return chosen | (SETTINGS_OF_A_SUPERUSER if _is_superuser(connection) else {})


def _is_superuser(connection: psycopg.Connection[Any]) -> bool:
    return connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone() == (True,)


def _refuse_unknown(connection: psycopg.Connection[Any], warehouses: Sequence[str]) -> None:
    with _as_owner(connection):
        known = {name for (name,) in connection.execute("select warehouse_id from catalog.warehouses")}
    if unknown := sorted(set(warehouses) - known):
        raise Failure(
            Exit.REFUSED, f"Unknown warehouse: {', '.join(unknown)}. Existing ones: {', '.join(sorted(known)) or 'none'}."
        )


@contextmanager
def _as_owner(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Acts as the owner of the tables, whom row-level security lets write the list of logins, unlike a login with CREATEROLE."""
    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
    yield
    connection.execute("reset role")


def close_database(connection: psycopg.Connection[Any]) -> list[str]:
    """Revokes rights in this database that PostgreSQL grants to PUBLIC by default. Returns what it could not revoke.

    Nothing of it is in a backup, so deploys repeat it where the database has analysts.
    """
    left = []
    database = sql.Identifier(connection.info.dbname)
    try:
        with connection.transaction():
            connection.execute(sql.SQL("revoke temporary on database {} from public").format(database))
        held = connection.execute("select has_database_privilege('bi_reader', current_database(), 'temporary')").fetchone()
    except psycopg.errors.InsufficientPrivilege:
        held = (True,)
    if held == (True,):
        left.append("temporary tables")
    functions = [name for (name,) in connection.execute(OPEN_FUNCTIONS)]
    if functions and not _is_superuser(connection):
        left.append("advisory locks, large objects and pg_logical_emit_message")
    elif functions:
        connection.execute(sql.SQL("revoke execute on function {} from public").format(sql.SQL(", ".join(functions))))
        locking = sql.SQL(", ".join(name for name in functions if "advisory" in name))
        roles = sql.SQL(", ").join(map(sql.Identifier, LOCKING_ROLES))
        connection.execute(sql.SQL("grant execute on function {} to {}").format(locking, roles))
    return left


def has_any(connection: psycopg.Connection[Any]) -> bool:
    """Whether this database has analysts. Needs the rights of a deploy."""
    if connection.execute("select to_regclass('identity.bi_logins')").fetchone() == (None,):
        return False
    with connection.transaction(), _as_owner(connection):
        return connection.execute("select exists (select from identity.bi_logins)").fetchone() == (True,)


def _close_others(connection: psycopg.Connection[Any]) -> list[str]:
    """Takes CONNECT on the cluster's other databases from PUBLIC, and gives it to the other logins that had it. Returns those
    databases that stay open.

    A login that analysts of both databases share keeps the other one: a restored database stands beside the original.
    """
    with _as_owner(connection):
        analysts = {name for (name,) in connection.execute("select login from identity.bi_logins")}
    for (database,) in connection.execute(OPEN_DATABASES).fetchall():
        with suppress(psycopg.Error), connection.transaction():
            closed = list(analysts - _analysts_of(connection, database))
            kept = connection.execute(KEPT_LOGINS, {"database": database, "closed": closed}).fetchall()
            connection.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(database)))
            if kept:
                logins = sql.SQL(", ").join(sql.Identifier(name) for (name,) in kept)
                connection.execute(sql.SQL("grant connect on database {} to {}").format(sql.Identifier(database), logins))
    return [f"database {database}" for (database,) in connection.execute(OPEN_DATABASES)]


def _analysts_of(connection: psycopg.Connection[Any], database: str) -> set[str]:
    """The analysts of another database of the cluster. Raises psycopg.Error if it cannot be asked."""
    with psycopg.connect(connection.info.dsn, password=connection.info.password or None, dbname=database) as other:
        if other.execute("select to_regclass('identity.bi_logins')").fetchone() == (None,):
            return set()
        with _as_owner(other):
            return {name for (name,) in other.execute("select login from identity.bi_logins")}
