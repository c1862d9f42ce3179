"""`backup` and `restore`: one file of pg_dump, and a manifest of its content beside it."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pyapp.cli import context
from pyapp.cli.migrations import deploy
from pyapp.cli.options import DataDir
from pyapp.cli.output import end
from pyapp.cli.psql import find_program, owner_parameters
from pyapp.cli.verification import disagreements
from pyapp.failures import Exit, Failure
from pyapp.identity.enter import Component, entering

if TYPE_CHECKING:
    import psycopg

COUNTED = """
    select n.nspname, c.relname
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
       and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
     order by 1, 2"""
BYPASSES = "select rolsuper or rolbypassrls from pg_catalog.pg_roles where rolname = current_user"
Manifest = dict[str, Any]


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the backup; FILE.json beside it lists its content.")],
    data_dir: DataDir = None,
) -> None:
    """Write the whole database to a file, as of one moment, while it is in use.

    Works on DATABASE_URL or the running demo. The login must bypass row-level security: a superuser, or a role with BYPASSRLS.
    """
    parameters = owner_parameters(context.settings(data_dir=data_dir))
    with context.connect(make_conninfo("", **parameters)) as connection:
        if connection.execute(BYPASSES).fetchone() != (True,):
            raise Failure(
                Exit.DATABASE,
                f"Row-level security binds {connection.info.user}: a backup would miss rows. Use the URL of a superuser, "
                "or of a role with BYPASSRLS.",
            )
        program = find_program("pg_dump", connection.info.server_version // 10_000)
        connection.rollback()
        connection.execute("set transaction isolation level repeatable read, read only")
        [(snapshot,)] = connection.execute("select pg_export_snapshot()").fetchall()
        manifest = describe(connection)
        part = _aside(file)
        arguments = ["--format=custom", "--no-unlogged-table-data", f"--snapshot={snapshot}", f"--file={part}"]
        try:
            _run(program, parameters, arguments)
            _write(file, part, manifest)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    print(f"{sum(manifest['rows'].values())} rows of {len(manifest['rows'])} tables, {file.stat().st_size} bytes: {file}")


def restore(
    file: Annotated[Path, typer.Argument(help="A file written by backup, with FILE.json beside it.")],
) -> None:
    """Restore a backup into the empty database at DATABASE_URL, deploy to it, and verify that it is complete.

    All or nothing. The event log begins a new epoch, so clients start over with a snapshot.
    """
    settings = context.settings()
    url = context.database_url(settings)
    manifest = _read(file)
    with context.connect(url) as connection:
        if connection.execute("select rolsuper from pg_catalog.pg_roles where rolname = current_user").fetchone() != (True,):
            raise Failure(
                Exit.DATABASE,
                f"{connection.info.user} is not a superuser: a restore creates roles and assigns each object to its owner.",
            )
        program = find_program("pg_restore", connection.info.server_version // 10_000)
        if connection.execute("select to_regnamespace('stock') is not null").fetchone() == (True,):
            raise Failure(Exit.DATABASE, "The database is not empty: restore into a new one (createdb).")
        _make_roles(connection)
    _run(program, dict(conninfo_to_dict(url)), ["--single-transaction", "--exit-on-error", str(file)])
    with context.connect(url) as connection:
        found = describe(connection)
    other = {name: rows for name, rows in manifest["rows"].items() if rows != found["rows"].get(name)}
    if other:
        wrong = ", ".join(f"{name} has {found['rows'].get(name, 0)} rows instead of {rows}" for name, rows in other.items())
        raise Failure(Exit.DISAGREES, f"Restored, but different from the backup: {wrong}.")
    deploy(url, only_if_needed=False)
    with context.connect(url) as connection:
        connection.execute(*entering(Component("scoville_worker", "restore")))
        [(epoch,)] = connection.execute("select jobs.check_epoch()").fetchall()
        if epoch == manifest["epoch"]:
            [(epoch,)] = connection.execute("select jobs.renew_epoch()").fetchall()
    if disagreements(url):
        end(Exit.DISAGREES, "Restored, but verification found disagreements: scoville verify lists them.")
    rows = manifest["rows"]
    print(f"{sum(rows.values())} rows of {len(rows)} tables restored; everything agrees; epoch {epoch}.")


def describe(connection: psycopg.Connection[Any]) -> Manifest:
    """The content as this transaction sees it: rows by table, and the epoch of the event log."""
    rows = {}
    for schema, table in connection.execute(COUNTED).fetchall():
        counted = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))).fetchone()
        rows[f"{schema}.{table}"] = counted[0] if counted else 0
    [(epoch,)] = connection.execute("select epoch from events.stream").fetchall()
    return {"server": connection.info.parameter_status("server_version"), "epoch": epoch, "rows": rows}


def _make_roles(connection: psycopg.Connection[Any]) -> None:
    """Creates the roles. They belong to the cluster, so a dump of the database names them but does not create them."""
    from pyapp.files import ROOT

    connection.execute((ROOT / "sql" / "policies" / "roles.sql").read_bytes())


def _run(program: Path, parameters: dict[str, Any], arguments: list[str]) -> None:
    """Runs the program. The password is in the environment: everybody can read a command line. Only we can read its files."""
    password = parameters.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    command = [str(program), "--dbname", make_conninfo("", **parameters), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, umask=0o077)  # noqa: S603
    if done.returncode < 0:
        raise Failure(Exit.DATABASE, f"{program.name} was killed by {signal.Signals(-done.returncode).name}; run it again.")
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if "error:" in line] or ["error: without a message"]
        raise Failure(Exit.DATABASE, f"{program.name} failed: {said[0].partition('error: ')[2]}")


def _write(file: Path, part: Path, manifest: Manifest) -> None:
    """Renames the files when both are complete, the dump first. In between, readers find the manifest under its other name."""
    import msgspec

    beside = _beside(file)
    aside = _aside(beside)
    try:
        if _describes(aside, file):  # an earlier run stopped here
            aside.replace(beside)
        aside.unlink(missing_ok=True)
        aside.touch(0o600)
        aside.write_bytes(msgspec.json.format(msgspec.json.encode({**manifest, "bytes": part.stat().st_size})))
        for path in (part, aside):
            with path.open("rb") as whole:
                os.fsync(whole.fileno())
        part.replace(file)
        aside.replace(beside)
    except BaseException as error:
        if part.exists():  # the manifest belongs to it
            aside.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise Failure(Exit.USAGE, f"{file} cannot be written ({error.strerror}).") from error
        raise


def _read(file: Path) -> Manifest:
    import msgspec

    beside = _beside(file)
    if not file.exists():
        raise Failure(Exit.USAGE, f"{file} does not exist.")
    try:
        found = beside if not _describes(_aside(beside), file) else _aside(beside)
        manifest: Manifest = msgspec.json.decode(found.read_bytes())
    except OSError as error:
        raise Failure(Exit.USAGE, f"{error.filename} cannot be read ({error.strerror}): it must be beside the backup.") from None
    except msgspec.DecodeError:
        raise Failure(Exit.USAGE, f"{beside} was not written by backup.") from None
    size = file.stat().st_size
    if manifest.get("bytes", size) != size:  # the first backups have no such member
        raise Failure(
            Exit.USAGE, f"{file} is not complete, or {beside} belongs to another file: it names {manifest['bytes']} bytes."
        )
    return manifest


def _describes(manifest: Path, file: Path) -> bool:
    """True if the manifest belongs to exactly this dump."""
    import msgspec

    try:
        return bool(msgspec.json.decode(manifest.read_bytes()).get("bytes") == file.stat().st_size)
    except (OSError, msgspec.DecodeError, AttributeError):
        return False


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _aside(file: Path) -> Path:
    """The name of the file until it is complete."""
    return file.with_name(f"{file.name}.part")
