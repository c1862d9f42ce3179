"""`backup` and `restore`: backups are complete and private, and clients learn that the log starts a new epoch."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pyapp.cli import backups
from pyapp.failures import Failure
from tests.cli.conftest import COMMAND, Demo, Scoville, assert_one_clear_line, environment, place_order
from tests.http.conftest import run_server

UNLOGGED = {"identity.request_windows", "pgmq.notify_insert_throttle"}


@pytest.fixture
def backup(demo: Demo, scoville: Scoville, tmp_path: Path) -> Path:
    """A backup of the running demo."""
    with demo.client("sales") as client:
        place_order(client)
    file = tmp_path / "scoville.dump"
    done = scoville("backup", file, "--data-dir", demo.data_dir)
    assert done.returncode == 0, done.stderr
    assert str(file) in done.stdout
    return file


def test_nobody_else_can_read_it_while_it_is_written_and_half_of_it_is_not_left(
    demo: Demo, scoville: Scoville, database_url: str, tmp_path: Path
) -> None:
    part, modes, done = tmp_path / "all.dump.part", set[int](), threading.Event()

    def watch() -> None:
        while not done.is_set():
            with suppress(FileNotFoundError):
                modes.add(stat.S_IMODE(part.stat().st_mode))
            time.sleep(0.001)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        assert scoville("backup", tmp_path / "all.dump", "--data-dir", demo.data_dir).returncode == 0
    finally:
        done.set()
        watching.join()
    assert modes == {0o600}
    never = [*COMMAND, "backup", str(tmp_path / "never.dump")]
    limited = ["bash", "-c", 'ulimit -f 64; exec "$@"', "bash", *never]  # KiB: simulates a full disk
    ended = subprocess.run(limited, env=environment(DATABASE_URL=database_url), capture_output=True, text=True, check=False)
    assert_one_clear_line(ended, 5, "pg_dump", "SIGXFSZ")
    assert not list(tmp_path.glob("never.dump*"))


def as_login(url: str, user: str) -> str:
    return url.replace("postgresql://postgres@", f"postgresql://{user}@")


def test_what_was_backed_up_is_all_there_and_goes_on(
    backup: Path, demo: Demo, scoville: Scoville, new_database: Callable[[], str]
) -> None:
    manifest = json.loads(backup.with_name("scoville.dump.json").read_text())
    with demo.client() as client:
        orders = client.get("/v1/orders", params={"limit": 5}).json()["data"]
    url = new_database()
    done = scoville("restore", backup, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert "everything agrees" in done.stdout
    with psycopg.connect(url) as connection:
        # Rights on a database are not in its backup. PostgreSQL opens a new one to everybody; the deploy closes it to analysts.
        temporary = connection.execute("select has_database_privilege('bi_reader', current_database(), 'temporary')")
        assert temporary.fetchone() == (False,)
        found: list[Any] = connection.execute("select count(*) from orders.orders").fetchall()
        assert found == [(manifest["rows"]["orders.orders"],)]
        [(epoch,)] = connection.execute("select epoch from events.stream").fetchall()
    assert epoch != manifest["epoch"]
    with run_server(as_login(url, "authenticator")) as api:
        admin = api.client("admin")
        assert admin.get("/v1/orders", params={"limit": 5}).json()["data"] == orders
        receipt = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "stock": 1, "batch_number": "NEW"}
        assert admin.post("/v1/inventory", json=receipt, headers={"Idempotency-Key": "after"}).status_code == 201
        gone = admin.get("/v1/events", params={"after": f"{manifest['epoch']}:1"})
        assert (gone.status_code, gone.json()["code"]) == (410, "LG001")


def test_no_table_is_left_out_of_the_count(scoville: Scoville, database_url: str, tmp_path: Path) -> None:
    assert scoville("backup", tmp_path / "all.dump", DATABASE_URL=database_url).returncode == 0
    counted = set(json.loads((tmp_path / "all.dump.json").read_text())["rows"])
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("""
            select schemaname || '.' || tablename, relpersistence
              from pg_tables join pg_class on oid = format('%I.%I', schemaname, tablename)::regclass
             where schemaname <> 'pg_catalog' and schemaname <> 'information_schema' and not relispartition""").fetchall()
    assert counted == {name for name, persistence in tables if persistence == "p"}
    assert {name for name, persistence in tables if persistence == "u"} == UNLOGGED


def test_a_login_that_sees_everything_and_is_no_superuser_makes_one(
    scoville: Scoville, database_url: str, new_database: Callable[[], str], tmp_path: Path
) -> None:
    file = tmp_path / "kept.dump"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("create role keeper login bypassrls in role pg_read_all_data")
        try:
            done = scoville("backup", file, DATABASE_URL=as_login(database_url, "keeper"))
            assert done.returncode == 0, done.stderr
            target = new_database()
            assert_one_clear_line(scoville("restore", file, DATABASE_URL=as_login(target, "keeper")), 5, "superuser")
            assert scoville("restore", file, DATABASE_URL=target).returncode == 0
        finally:
            connection.execute("drop role keeper")


def test_only_its_owner_reads_a_backup(backup: Path) -> None:
    for file in (backup, backup.with_name("scoville.dump.json")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in backup.parent.iterdir() if path.suffix == ".part") == []


def test_rows_that_are_missing_are_named(backup: Path, scoville: Scoville, new_database: Callable[[], str]) -> None:
    beside = backup.with_name("scoville.dump.json")
    manifest = json.loads(beside.read_text())
    manifest["rows"]["orders.orders"] += 1
    beside.write_text(json.dumps(manifest))
    assert_one_clear_line(scoville("restore", backup, DATABASE_URL=new_database()), 1, "orders.orders")


def test_a_login_that_sees_not_all_makes_no_backup(scoville: Scoville, authenticator_url: str, tmp_path: Path) -> None:
    done = scoville("backup", tmp_path / "less.dump", DATABASE_URL=authenticator_url)
    assert_one_clear_line(done, 5, "BYPASSRLS")
    assert not list(tmp_path.glob("less*"))


def test_a_database_that_holds_something_is_left_alone(backup: Path, scoville: Scoville, database_url: str) -> None:
    assert_one_clear_line(scoville("restore", backup, DATABASE_URL=database_url), 5, "not empty")


def test_a_file_that_is_not_there_is_named(scoville: Scoville, tmp_path: Path, database_url: str) -> None:
    assert_one_clear_line(scoville("restore", tmp_path / "none.dump", DATABASE_URL=database_url), 2, "none.dump")


class Killed(BaseException):
    """Simulates a killed process: no cleanup runs."""


def write(file: Path, content: bytes) -> None:
    """Writes a backup with this content, without pg_dump."""
    part = file.with_name(f"{file.name}.part")
    part.write_bytes(content)
    backups._write(file, part, {"rows": {"content": content.decode()}})


@pytest.mark.parametrize("steps", range(8))
def test_wherever_one_ends_over_another_what_is_there_can_be_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    file = tmp_path / "all.dump"
    write(file, b"old")
    with monkeypatch.context() as patch:
        left = steps

        def step(real: Callable[..., Any]) -> Callable[..., Any]:
            def take(*given: Any, **named: Any) -> Any:
                nonlocal left
                if left == 0:
                    raise Killed
                left -= 1
                return real(*given, **named)

            return take

        for owner, name in ((Path, "write_bytes"), (Path, "replace"), (Path, "unlink"), (Path, "touch"), (os, "fsync")):
            patch.setattr(owner, name, step(getattr(owner, name)))
        with suppress(Killed):
            write(file, b"newer")
    assert backups._read(file)["rows"] == {"content": file.read_text()}
    write(file, b"the newest")
    assert backups._read(file)["rows"] == {"content": "the newest"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.dump", "all.dump.json"]


def test_what_one_left_that_was_interrupted_is_kept_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next backup is interrupted, too, while it writes its description."""
    file, beside = tmp_path / "all.dump", tmp_path / "all.dump.json"
    write(file, b"old")
    old = beside.read_bytes()
    write(file, b"newer")
    beside.replace(tmp_path / "all.dump.json.part")
    beside.write_bytes(old)
    assert backups._read(file)["rows"] == {"content": "newer"}
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(Failure, match="No space left"):
            write(file, b"the newest")
    assert backups._read(file)["rows"] == {"content": "newer"}


def test_a_copy_that_is_not_whole_is_not_restored(backup: Path, scoville: Scoville, new_database: Callable[[], str]) -> None:
    with backup.open("r+b") as file:
        file.truncate(backup.stat().st_size - 1)
    assert_one_clear_line(scoville("restore", backup, DATABASE_URL=new_database()), 2, "not complete")
