"""Deploy: the only way to bring a database to the state that this release expects.

Roles, then pending migrations, then the replay of all code, then partitions; one
deploy at a time. yoyo runs the migrations. This module works around its pitfalls:
its lock row survives a killed run, it records a migration in a separate transaction,
it runs post-apply only if something is pending, it knows a migration only by its file
name, and `postgresql:` means psycopg2 to it.
"""

from __future__ import annotations

import glob
import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from yoyo import exceptions, read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import default_migration_table

from pyapp.deploy import analysts, replay
from pyapp.deploy.replay import OWNER
from pyapp.failures import Exit, Failure
from pyapp.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yoyo.migrations import Migration

SCHEMA = "migrations"  # tables of yoyo, and our own about deploys
LOCK_KEY = 0x5C0_711E  # an arbitrary number that nothing else uses
LOCK_WAIT_SECONDS_MAX = 60
CONNECT_SECONDS_MAX = 10
MAJOR_VERSIONS = range(15, 19)
# The first minor version of each that fixes CVE-2026-16239.
SAFE_MINOR_VERSIONS = {15: 19, 16: 15, 17: 11, 18: 6}


class DeployError(Failure):
    """The deploy failed. The text is one line for the user."""

    ends_with = Exit.DATABASE

    def __init__(self, text: str) -> None:
        super().__init__(self.ends_with, text)


class DatabaseUrlError(DeployError):
    """The URL is not one that libpq understands."""


class UnreachableError(DeployError):
    """No connection: the server is down, or refuses this login."""


class UnsupportedServerError(DeployError):
    """Scoville cannot run on this server: wrong version, or a standby."""


class DeployBusyError(DeployError):
    """Another deploy of the same database is running."""


class NewerDatabaseError(DeployError):
    """The database has migrations that this release does not know."""

    ends_with = Exit.NEWER_DATABASE


class EditedMigrationError(DeployError):
    """A migration file differs from the one that was applied under its name."""


@dataclass(frozen=True)
class MigrationReport:
    """The result of a deploy. `skipped`: everything was current, so nothing was replayed."""

    server_version: str
    applied: tuple[str, ...] = ()
    partitions: int = 0
    skipped: bool = False
    warnings: tuple[str, ...] = ()


def migrate(
    url: str,
    *,
    authenticator_password: str | None = None,
    only_if_needed: bool = False,
    root: Path = ROOT,
    lock_wait_seconds: float = LOCK_WAIT_SECONDS_MAX,
) -> MigrationReport:
    """Deploys to the database of a libpq URL, whose login is a superuser or has CREATEROLE and owns the database.

    `only_if_needed` skips the replay if the last deploy used exactly these files.
    Every fault of the database or the files raises DeployError, never another exception.
    """
    parameters = _parse(url)
    with _connect(parameters) as connection:
        version, warnings = check_server(connection)
        with _errors_in_one_line(), _one_deploy_at_a_time(connection, lock_wait_seconds):
            skipped = only_if_needed and _is_current(connection, root)
            applied: tuple[str, ...] = ()
            if not skipped:
                _refuse_newer_database(connection, root)
                _bootstrap(connection, root)
                _end_reading(connection)
                applied = _apply_and_replay(parameters, root)
            if authenticator_password is not None:
                _set_password(connection, "authenticator", authenticator_password)
            partitions = _make_partitions(connection)
            # A restored database has its analysts, but not what was closed to them.
            if analysts.has_any(connection) and (left := analysts.close_database(connection)):
                warnings += (f"Left open to analysts: {', '.join(left)} (docs/bi.md says how to close it).",)
    return MigrationReport(version, applied, partitions, skipped, warnings)


def is_current(url: str, *, root: Path = ROOT) -> bool:
    """True if the last deploy of this database used exactly these files. Raises DeployError without a connection."""
    with _connect(_parse(url)) as connection, _errors_in_one_line():
        return _is_current(connection, root)


def _parse(url: str) -> dict[str, Any]:
    for prefix in ("postgresql+psycopg://", "postgres+psycopg://"):
        url = url.replace(prefix, "postgresql://", 1) if url.startswith(prefix) else url
    try:
        return dict(psycopg.conninfo.conninfo_to_dict(url, connect_timeout=CONNECT_SECONDS_MAX))
    except psycopg.Error:  # its text repeats the URL, including the password
        raise DatabaseUrlError("The database URL is invalid: write postgresql://user@host/database.") from None


def _connect(parameters: dict[str, Any]) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(**{**parameters, "application_name": "scoville migrate"}, autocommit=True)
    except psycopg.OperationalError as error:
        raise UnreachableError(f"No connection to the database: {_one_line(error)}") from error


def check_server(connection: psycopg.Connection[Any]) -> tuple[str, tuple[str, ...]]:
    """The server's version, and warnings. Raises UnsupportedServerError."""
    version = connection.info.parameter_status("server_version") or "unknown"
    major, minor = divmod(connection.info.server_version, 10_000)
    if major not in MAJOR_VERSIONS:
        raise UnsupportedServerError(
            f"This server is PostgreSQL {version}; Scoville runs on {MAJOR_VERSIONS[0]} to {MAJOR_VERSIONS[-1]}."
        )
    if connection.execute("select pg_is_in_recovery()").fetchone() == (True,):
        raise UnsupportedServerError("This server is a read-only standby; deploy to its primary.")
    if minor < SAFE_MINOR_VERSIONS[major]:
        safe = f"{major}.{SAFE_MINOR_VERSIONS[major]}"
        return version, (f"PostgreSQL {major}.{minor} has CVE-2026-16239; update the server to {safe} or later.",)
    return version, ()


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise DeployError(_one_line(error)) from error
    except exceptions.BadMigration as error:
        raise DeployError(f"A migration cannot be read: {error}") from error


def _one_line(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    where = getattr(error, "__notes__", [])
    return " ".join(": ".join([*where, said]).split())


@contextmanager
def _one_deploy_at_a_time(connection: psycopg.Connection[Any], wait_seconds: float) -> Iterator[None]:
    connection.execute("select set_config('lock_timeout', %s, false)", [f"{round(wait_seconds * 1000)}ms"])
    try:
        connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
    except psycopg.errors.LockNotAvailable as error:
        raise DeployBusyError(f"Another deploy of this database is running; gave up after {wait_seconds:g} s.") from error
    connection.execute("reset lock_timeout")
    yield  # the session ends with this deploy, and the lock with it


def _migration_files(root: Path) -> dict[str, Path]:
    """Migrations by yoyo's ID."""
    read = read_migrations(glob.escape(str(root / "migrations")))
    return {migration.id: Path(migration.path) for migration in read}


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:  # independent of the line endings of the checkout
        digest.update(hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).digest())
    return digest.hexdigest()


def _fingerprint(root: Path) -> str:
    """A digest of every file that a deploy runs, and of the code that runs them."""
    files = [
        *_migration_files(root).values(),
        root / "sql" / "policies" / replay.ROLES_FILE,
        *replay.replay_files(root / "sql"),
    ]
    names = "\n".join(path.relative_to(root).as_posix() for path in files)
    code = [Path(__file__).with_name(name) for name in ("migrate.py", "pgmq_schema.py", "replay.py")]
    return hashlib.sha256(f"{names}\n{_sha256(*files, *code)}".encode()).hexdigest()


def _applied(connection: psycopg.Connection[Any]) -> set[str]:
    if connection.execute("select to_regclass(%s)", [f"{SCHEMA}.{default_migration_table}"]).fetchone() == (None,):
        return set()
    query = sql.SQL("select migration_id from {}").format(sql.Identifier(SCHEMA, default_migration_table))
    return {name for (name,) in connection.execute(query)}


def was_deployed(connection: psycopg.Connection[Any], root: Path = ROOT) -> bool:
    """True if the last deploy used exactly these files. The API's login can call it."""
    if connection.execute("select to_regclass('migrations.deploy')").fetchone() == (None,):
        return False
    return connection.execute("select fingerprint from migrations.deploy").fetchone() == (_fingerprint(root),)


def is_as_deployed(connection: psycopg.Connection[Any]) -> bool:
    """True if functions, policies and views are unchanged since the last deploy. The API's login can call it."""
    return connection.execute("select code from migrations.deploy").fetchone() == (replay.digest_code(connection),)


def _is_current(connection: psycopg.Connection[Any], root: Path) -> bool:
    return was_deployed(connection, root) and _applied(connection) == set(_migration_files(root))


def _refuse_newer_database(connection: psycopg.Connection[Any], root: Path) -> None:
    unknown = sorted(_applied(connection) - set(_migration_files(root)))
    if unknown:
        raise NewerDatabaseError(
            f"The database is newer than this release: it has the migrations {', '.join(unknown)}. Install a newer release."
        )


def _bootstrap(connection: psycopg.Connection[Any], root: Path) -> None:
    """Creates roles and grants scoville_owner its rights on the database, which it cannot do itself."""
    roles = root / "sql" / "policies" / replay.ROLES_FILE
    with connection.transaction():
        connection.execute("set local client_min_messages = warning")
        connection.execute(roles.read_text(encoding="utf-8"))
        # The creator of a role may grant it, but is not a member of it.
        may_become = "SET" if connection.info.server_version >= 160_000 else "MEMBER"
        if connection.execute("select pg_has_role(%s, %s)", [OWNER, may_become]).fetchone() == (False,):
            connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(OWNER)))
        if connection.execute("select has_database_privilege(%s, current_database(), 'create')", [OWNER]).fetchone() == (False,):
            grant = sql.SQL("grant create on database {} to {}")
            connection.execute(grant.format(sql.Identifier(connection.info.dbname), sql.Identifier(OWNER)))
        if connection.execute("select to_regnamespace(%s)", [SCHEMA]).fetchone() == (None,):
            create = sql.SQL("create schema {} authorization {}")
            connection.execute(create.format(sql.Identifier(SCHEMA), sql.Identifier(OWNER)))


def _end_reading(connection: psycopg.Connection[Any]) -> None:
    """Ends running queries of analysts: replacing a view needs an exclusive lock, and their queries can block it for long."""
    # Found by their groups; superusers are excluded because they are members of every role.
    connection.execute(
        """select pg_terminate_backend(a.pid)
             from pg_stat_activity a
            where a.datname = current_database() and a.usesysid <> (select r.oid from pg_roles r where r.rolname = current_user)
              and exists (select from pg_auth_members m
                           where m.member = a.usesysid and m.roleid in ('bi_reader'::regrole, 'bi_reader_all'::regrole))
              and (pg_has_role(a.usesysid, 'usage') or pg_has_role('pg_signal_backend', 'usage'))"""
    )


@contextmanager
def open_backend(parameters: dict[str, Any]) -> Iterator[PostgresqlPsycopgBackend]:
    """yoyo, as scoville_owner from its first statement and with its tables in their own schema."""
    arguments = {key: value for key, value in parameters.items() if key != "dbname"}
    arguments["options"] = f"{arguments.get('options') or ''} -c role={OWNER}".strip()
    arguments["schema"] = SCHEMA
    uri = DatabaseURI("postgresql+psycopg", None, None, None, None, parameters.get("dbname"), arguments)
    with PostgresqlPsycopgBackend(uri, default_migration_table) as backend:
        backend.init_database()
        backend.break_lock()  # left by a killed run: a live one would hold the advisory lock
        yield backend


def _apply_and_replay(parameters: dict[str, Any], root: Path) -> tuple[str, ...]:
    files = _migration_files(root)
    migrations = read_migrations(glob.escape(str(root / "migrations")))
    with open_backend(parameters) as backend:
        owner: psycopg.Connection[Any] = backend.connection
        _create_bookkeeping(owner)
        backend.get_applied_migration_hashes()  # creates yoyo's tables
        _refuse_edited_migrations(owner, files)
        owner.execute("delete from migrations.deploy")  # until this deploy is complete
        pending = list(backend.to_apply(migrations))
        for migration in pending:
            _apply(backend, migration, files[migration.id])
        backend.run_post_apply(migrations)
        deployed = [_fingerprint(root), replay.digest_code(owner)]
        owner.execute("insert into migrations.deploy (fingerprint, code) values (%s, %s)", deployed)
    return tuple(migration.id for migration in pending)


def _apply(backend: PostgresqlPsycopgBackend, migration: Migration, path: Path) -> None:
    """Applies one migration and records it in the same transaction.

    yoyo records it in a second one, and a run killed between the two could never be repeated.
    """
    with backend.copy() as own:  # settings of the migration end with its session
        own.ensure_internal_schema_updated()
        try:
            with own.transaction():
                migration.process_steps(own, "apply")
                own.mark_one(migration)
                _keep_hash(own.connection, migration.id, path)
        except psycopg.Error as error:
            error.add_note(f"migrations/{path.name}")
            raise


def _create_bookkeeping(owner: psycopg.Connection[Any]) -> None:
    with owner.transaction():
        owner.execute("set local client_min_messages = warning")
        owner.execute("create table if not exists migrations.file (migration_id text primary key, sha256 text not null)")
        owner.execute(
            "create table if not exists migrations.deploy"
            " (fingerprint text primary key, deployed_at timestamptz not null default now())"
        )
        owner.execute("alter table migrations.deploy add column if not exists code text")
        # `scoville doctor` reads it as the API's login.
        owner.execute("grant usage on schema migrations to authenticator")
        owner.execute("grant select on migrations.deploy to authenticator")


def _refuse_edited_migrations(owner: psycopg.Connection[Any], files: dict[str, Path]) -> None:
    kept = dict(owner.execute("select migration_id, sha256 from migrations.file").fetchall())
    for migration_id in sorted(_applied(owner) & files.keys()):
        path = files[migration_id]
        if kept[migration_id] != _sha256(path):
            raise EditedMigrationError(
                f"migrations/{path.name} was changed after it was applied to this database. "
                "Restore the old file and write a new migration."
            )


def _keep_hash(owner: psycopg.Connection[Any], migration_id: str, path: Path) -> None:
    owner.execute(
        "insert into migrations.file (migration_id, sha256) values (%s, %s)"
        " on conflict (migration_id) do update set sha256 = excluded.sha256",
        [migration_id, _sha256(path)],
    )


def _set_password(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    # Hashed here: the server logs statements, and none of them may show a password.
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(hashed)))


def _make_partitions(connection: psycopg.Connection[Any]) -> int:
    if connection.execute("select to_regprocedure('jobs.make_partitions()')").fetchone() == (None,):
        return 0
    made = 0
    while True:
        with connection.transaction():
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(OWNER)))
            row = connection.execute("select jobs.make_partitions()").fetchone()
        if not row or not row[0]:
            return made
        made += row[0]
