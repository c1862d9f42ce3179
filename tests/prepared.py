"""What takes seconds to make and is the same for all: made once in a run, by the first who needs it, and copied."""

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

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED = "SCOVILLE_TEST_SHARED"  # names the folder that all workers of a run share
AUTHENTICATOR_PASSWORD = "for tests only"
MIGRATED = "migrated"


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name, which `make` fills where no other worker has. Nobody changes it afterwards."""
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
    """With owners and modes, which PostgreSQL minds."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # noqa: S607


def copy_cluster(folder: Path) -> None:
    """Puts a stopped cluster into a folder. Two of its databases are migrated: postgres, and MIGRATED for templates."""
    copy(made_once("cluster", _make_cluster) / "pg", folder / "pg")


def _make_cluster(folder: Path) -> None:
    running = embedded.start(folder)
    try:
        migrate(running.url("postgres", "postgres"), authenticator_password=AUTHENTICATOR_PASSWORD)
        with psycopg.connect(running.url("postgres", "template1"), autocommit=True) as connection:
            connection.execute(f"create database {MIGRATED} template postgres")
    finally:
        running.stop()
