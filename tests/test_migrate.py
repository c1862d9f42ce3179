"""A deploy completes or reports the reason for its failure in one line."""

from __future__ import annotations

import shutil
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest

from pyapp.deploy import migrate as deploy
from pyapp.deploy import replay
from pyapp.deploy.migrate import (
    LOCK_KEY,
    DatabaseUrlError,
    DeployBusyError,
    DeployError,
    EditedMigrationError,
    NewerDatabaseError,
    UnreachableError,
    UnsupportedServerError,
    is_current,
    migrate,
)
from pyapp.deploy.replay import ROLES
from pyapp.files import ROOT
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Connection = psycopg.Connection[Any]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A copy of this release's files for the test to change."""
    for folder in ("sql", "migrations"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def add_migration(release: Path, statements: str, name: str = "0900_test") -> None:
    (release / "migrations" / f"{name}.sql").write_text(f"set local lock_timeout = '5s';\n{statements}\n")


def value(connection: Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def test_pending_migrations_are_applied_once(database_url: str, connection: Connection, release: Path) -> None:
    add_migration(release, "create table app.added (n integer);")
    assert migrate(database_url, root=release).applied == ("0900_test",)
    assert migrate(database_url, root=release).applied == ()
    assert value(connection, "select relowner::regrole::text from pg_class where oid = 'app.added'::regclass") == "scoville_owner"


def test_a_failing_migration_is_named_and_leaves_nothing(database_url: str, connection: Connection, release: Path) -> None:
    add_migration(release, "create table app.added (n integer); insert into app.added values ('one');")
    with pytest.raises(DeployError, match=r"^migrations/0900_test.sql: invalid input syntax for type integer: \"one\"$"):
        migrate(database_url, root=release)
    assert value(connection, "select to_regclass('app.added')") is None
    assert not is_current(database_url, root=release)


def test_a_failing_replay_is_named_and_leaves_the_old_code(database_url: str, connection: Connection, release: Path) -> None:
    (release / "sql/functions/app/claim_role.sql").write_text(
        "create or replace function app.claim_role() returns text language sql stable return 'replaced'"
    )
    (release / "sql/functions/app/now.sql").write_text("create function is no statement")
    before = value(connection, "select pg_get_functiondef('app.claim_role()'::regprocedure)")
    with pytest.raises(DeployError, match=r"^sql/functions/app/now.sql: syntax error"):
        migrate(database_url, root=release)
    assert value(connection, "select pg_get_functiondef('app.claim_role()'::regprocedure)") == before


def test_a_newer_database_is_refused(database_url: str, release: Path) -> None:
    add_migration(release, "create table app.added (n integer);")
    migrate(database_url, root=release)
    with pytest.raises(NewerDatabaseError, match="it has the migrations 0900_test"):
        migrate(database_url)
    assert not is_current(database_url)


def test_an_edited_migration_is_refused(database_url: str, release: Path) -> None:
    file = release / "migrations" / "0001_foundation.sql"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))  # a different line ending is not an edit
    migrate(database_url, root=release)
    file.write_bytes(file.read_bytes() + b"-- one more line\n")
    with pytest.raises(EditedMigrationError, match=r"^migrations/0001_foundation.sql was changed"):
        migrate(database_url, root=release)


def test_a_second_deploy_waits_for_the_first(database_url: str, connection: Connection) -> None:
    connection.execute("select pg_advisory_lock(%s)", [LOCK_KEY])
    with pytest.raises(DeployBusyError, match=r"gave up after 0.1 s"):
        migrate(database_url, lock_wait_seconds=0.1)
    second = threading.Thread(target=migrate, args=[database_url])
    second.start()
    waiting = "select count(*) from pg_stat_activity where application_name = 'scoville migrate' and wait_event = 'advisory'"
    while value(connection, waiting) != 1:
        time.sleep(0.01)
    connection.execute("select pg_advisory_unlock(%s)", [LOCK_KEY])
    second.join()
    assert is_current(database_url)


def test_a_deploy_that_has_to_wait_for_a_table_keeps_nobody_from_the_others(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(database_url) as holder, psycopg.connect(database_url, autocommit=True) as other:
        holder.execute("select from catalog.skus")
        other.execute("set lock_timeout = '1s'")
        deploy = threading.Thread(target=migrate, args=[database_url])
        deploy.start()
        waited = 0
        while waited < 3:  # observations of the wait; this table is among the last to be locked
            [(waits,)] = other.execute(
                "select count(*) from pg_locks where not granted and relation = 'catalog.skus'::regclass"
            ).fetchall()
            waited += waits
            other.execute("select from identity.idempotency_keys")
            assert deploy.is_alive()
            time.sleep(0.01)
        holder.rollback()
        deploy.join(PATIENCE_SECONDS)
        assert not deploy.is_alive()
        assert is_current(database_url)
        monkeypatch.setattr(replay, "LOCK_ALL_ATTEMPTS_MAX", 2)
        holder.execute("select from catalog.skus")
        with pytest.raises(DeployError, match="another session keeps a table locked"):
            migrate(database_url)
        assert other.execute("select count(*) > 0 from bi.dim_sku").fetchone() == (False,)  # the old code is still in place


def test_the_lock_row_of_a_killed_run_is_in_nobodys_way(database_url: str, connection: Connection) -> None:
    connection.execute("insert into migrations.yoyo_lock (locked, ctime, pid) values (1, now(), 1)")
    migrate(database_url)
    assert value(connection, "select count(*) from migrations.yoyo_lock") == 0


def test_a_run_killed_before_its_migration_was_noted_is_repeated(
    database_url: str, connection: Connection, release: Path
) -> None:
    add_migration(release, "create table app.added (n integer);")
    with connection.transaction():
        connection.execute("lock table migrations._yoyo_migration in share mode")

        def run() -> None:
            with pytest.raises(DeployError):
                migrate(database_url, root=release)

        thread = threading.Thread(target=run)
        thread.start()
        waits = "select count(*) from pg_locks where relation = 'migrations._yoyo_migration'::regclass and not granted"
        deadline = time.monotonic() + 60
        while not value(connection, waits):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    thread.join()
    assert migrate(database_url, root=release).applied == ("0900_test",)
    assert is_current(database_url, root=release)


def test_nothing_is_replayed_when_these_files_were_deployed_last(database_url: str, release: Path) -> None:
    assert migrate(database_url, only_if_needed=True).skipped
    assert not migrate(database_url).skipped
    (release / "sql/functions/app/now.sql").write_text((ROOT / "sql/functions/app/now.sql").read_text() + "-- a word more\n")
    assert not is_current(database_url, root=release)
    assert not migrate(database_url, only_if_needed=True, root=release).skipped
    assert migrate(database_url, only_if_needed=True, root=release).skipped


def test_partitions_are_made_even_when_nothing_else_is(database_url: str, connection: Connection) -> None:
    newest = "select max(inhrelid::regclass::text) from pg_inherits where inhparent = 'stock.stock_movements'::regclass"
    before = value(connection, newest)
    connection.execute(f"drop table {before}")
    assert migrate(database_url, only_if_needed=True).partitions == 1
    assert value(connection, newest) == before


def test_a_password_leaves_here_as_a_hash_only(database_url: str, connection: Connection) -> None:
    kept = value(connection, "select rolpassword from pg_authid where rolname = 'authenticator'")
    try:
        migrate(database_url, authenticator_password="hunter2", only_if_needed=True)
        assert value(connection, "select rolpassword from pg_authid where rolname = 'authenticator'").startswith("SCRAM-SHA-256$")
    finally:
        connection.execute(f"alter role authenticator password '{kept}'")


def test_a_login_that_is_no_superuser_can_deploy(server: Any, new_database: Callable[[], str], connection: Connection) -> None:
    """Like the administrator of a managed PostgreSQL, the login has CREATEROLE, the database, and the roles that it created."""
    url = new_database()
    database = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    connection.execute("create role deployer login createrole password 'for tests only'")
    try:
        connection.execute(f"grant {', '.join(ROLES)} to deployer with admin option")
        connection.execute(f"alter database {database} owner to deployer")
        theirs = server.url(database, "deployer", "for tests only")
        migrate(theirs, authenticator_password="for tests only")
        assert is_current(theirs)
        assert migrate(theirs).applied == ()
    finally:
        connection.execute(f"alter database {database} owner to current_user")
        connection.execute(f"revoke {', '.join(ROLES)} from deployer cascade")
        connection.execute("drop role deployer")


@pytest.mark.parametrize("url", ["postgresql://me:secret@[half/db", "mysql://me:secret@host/db", "secret"])
def test_what_is_no_url_is_not_repeated(url: str) -> None:
    with pytest.raises(DatabaseUrlError) as caught:
        migrate(url)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_away_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="No connection to the database: ") as caught:
        migrate(f"postgresql://me:secret@/db?host={tmp_path}")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["postgres", "postgresql+psycopg"])
def test_other_spellings_of_the_url_work(database_url: str, prefix: str) -> None:
    assert is_current(database_url.replace("postgresql:", f"{prefix}:"))


def on_version(number: int, *, standby: bool = False) -> Any:
    text = f"{number // 10_000}.{number % 10_000}"
    info = SimpleNamespace(server_version=number, parameter_status=lambda _: text)
    return cast("Any", SimpleNamespace(info=info, execute=lambda _: SimpleNamespace(fetchone=lambda: (standby,))))


@pytest.mark.parametrize("number", [140_020, 190_000])
def test_other_major_versions_are_refused(number: int) -> None:
    with pytest.raises(UnsupportedServerError, match="Scoville runs on 15 to 18"):
        deploy.check_server(on_version(number))


def test_a_standby_is_refused() -> None:
    with pytest.raises(UnsupportedServerError, match="standby"):
        deploy.check_server(on_version(180_006, standby=True))


@pytest.mark.parametrize(("number", "warned"), [(150_018, 1), (150_019, 0), (170_010, 1), (180_005, 1), (180_006, 0)])
def test_minor_versions_with_a_known_hole_are_warned_of(number: int, warned: int) -> None:
    _, warnings = deploy.check_server(on_version(number))
    assert len(warnings) == warned
