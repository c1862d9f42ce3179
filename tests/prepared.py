"""Folders that take seconds to make and are the same for all workers: the first worker makes them, the others copy them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from pyapp.demo import embedded
from pyapp.deploy.migrate import migrate
from tests.sql.bi import bi

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = "SCOVILLE_TEST_SHARED"  # the name of the folder that all workers of a run share
AUTHENTICATOR_PASSWORD = "for tests only"
MIGRATED = "migrated"
WITH_DEMO = "with_demo"


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name. `make` fills it unless another worker has. It never changes afterwards."""
    shared = Path(os.environ[SHARED])
    done = shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(shared / name, ignore_errors=True)
            make(shared / name)
            done.touch()
    return shared / name


def copy(source: Path, target: Path) -> None:
    """Copies owners and modes too, because PostgreSQL checks them."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # noqa: S607


def copy_cluster(folder: Path) -> None:
    """Copies a stopped cluster into a folder. Its database postgres is migrated, and so are two templates: MIGRATED and
    WITH_DEMO, which also has the demo's data and their sums."""
    copy(made_once("cluster", _make_cluster) / "pg", folder / "pg")


def _make_cluster(folder: Path) -> None:
    running = embedded.start(folder)
    try:
        migrate(running.url("postgres", "postgres"), authenticator_password=AUTHENTICATOR_PASSWORD)
        with psycopg.connect(running.url("postgres", "template1"), autocommit=True) as connection:
            connection.execute(f"create database {MIGRATED} template postgres")
            connection.execute(f"create database {WITH_DEMO} template postgres")
        bi.load(running.url("authenticator", WITH_DEMO))
    finally:
        running.stop()
