"""A durable PostgreSQL, the API and the worker, in separate processes that a test can kill and restart."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil  # type: ignore[import-untyped]
import psycopg

from pyapp.demo import embedded
from pyapp.failures import Exit
from pyapp.identity.tokens import Role, mint_token
from pyapp.settings import Settings
from tests.cli import forked
from tests.cli.conftest import environment
from tests.folders import short_folder
from tests.patience import PATIENCE_SECONDS
from tests.ports import free_port
from tests.prepared import copy_cluster

KEY = "a key for the battery, 32 bytes or more"


class Cluster:
    """A migrated PostgreSQL with the durability of the embedded one, which a test can kill."""

    def __init__(self, folder: Path, *, standby: bool = False) -> None:
        self._folder = folder
        if not standby:
            copy_cluster(folder)
        self._running = embedded.start(folder)
        self.owner_url = self._running.url("postgres", "postgres")
        self.url = self._running.url("authenticator", "postgres")

    @property
    def pgdata(self) -> Path:
        return self._running.pgdata

    @property
    def log(self) -> str:
        return (self.pgdata / "log").read_text(errors="replace")

    def postmaster(self) -> Any:
        return psutil.Process(int((self.pgdata / "postmaster.pid").read_text().split()[0]))

    def end(self) -> None:
        """Kills all its processes with signal 9 and leaves it down."""
        postmaster = self.postmaster()
        for process in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        postmaster.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Kills all its processes with signal 9 and starts it again."""
        self.end()
        self.start()

    def lives(self) -> bool:
        try:
            return bool(self.postmaster().status() != psutil.STATUS_ZOMBIE)
        except (OSError, psutil.NoSuchProcess):
            return False

    def program(self, name: str, *arguments: str | Path) -> None:
        """Runs one of PostgreSQL's programs as its user. Raises AssertionError if the program fails."""
        done = embedded._run(self.pgdata, name, *arguments)
        assert done.returncode == 0, done.stdout

    def restart(self) -> None:
        """A clean restart, for settings that PostgreSQL reads only at startup."""
        self._running.stop()
        self.start()

    def standby(self, folder: Path) -> Cluster:
        """A streaming standby of this cluster, in another folder."""
        self.base_backup(folder, "-R")
        return Cluster(folder, standby=True)

    def base_backup(self, folder: Path, *options: str) -> Path:
        """Copies this cluster to another folder. Returns the folder of its files."""
        folder.mkdir(mode=0o711)
        (folder / "pg").mkdir(mode=0o700)
        owner = self.pgdata.stat()
        os.chown(folder / "pg", owner.st_uid, owner.st_gid)
        arguments = ("-h", self._running.socket_dir, "-p", "5432", "-U", "postgres", "-D", folder / "pg")
        self.program("pg_basebackup", *arguments, *options, "-X", "stream", "-c", "fast")
        (folder / "pg" / "log").unlink(missing_ok=True)
        return folder / "pg"

    def start(self) -> None:
        """Starts it again if it is down. Ignores other clusters of the machine."""
        self._running._lock.close()
        self._running = embedded.start(self._folder)

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Reads as the owner, who sees all rows."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if (cursor.statusmessage or "").startswith("SELECT") else []

    def stop(self) -> None:
        self._running.stop()


class Process:
    """`scoville serve` or `scoville worker`. Its output goes to a file."""

    def __init__(self, arguments: Sequence[str], log: Path, **variables: str) -> None:
        self._arguments = arguments
        self._variables = variables
        self.log = log
        self.start()

    def start(self) -> None:
        self.log.touch()
        self._said_before = self.log.stat().st_size
        given = environment(**self._variables)
        self._command = forked.Command([*self._arguments], folder=self.log.parent, environment=given, log=self.log)
        self.process = psutil.Process(self._command.pid)

    def kill(self) -> None:
        """Kills it with signal 9 and starts it again."""
        self._command.kill()
        self._command.wait(PATIENCE_SECONDS)
        self.start()

    def revive(self) -> None:
        """Restarts it, as a supervisor does, if it ended because the database was down at its start."""
        if self._command.poll() == Exit.DATABASE:
            self.start()

    def stop(self) -> int:
        """Stops it cleanly, after it has reported that it runs. Returns the exit code."""
        limit = time.monotonic() + PATIENCE_SECONDS
        while b"scoville: " not in self.log.read_bytes()[self._said_before :] and self._command.poll() is None:
            assert time.monotonic() < limit
            time.sleep(0.05)
        if self._command.poll() is None:
            self._command.send_signal(signal.SIGTERM)
        try:
            return self._command.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._command.kill()
            self._command.wait(PATIENCE_SECONDS)
            raise


class System:
    """PostgreSQL, the API and the worker. `url` is the URL of the API and never changes."""

    def __init__(self, cluster: Cluster, folder: Path, stack: ExitStack, **variables: str) -> None:
        self.cluster = cluster
        self.folder = folder
        self._stack = stack
        self._urls: dict[str, str] = {}
        self._variables = {"DATABASE_URL": cluster.url, "SCOVILLE_JWT_KEY": KEY, **variables}
        self.api = self.serve("api")
        self.worker = self._run("worker", ["worker"])
        self.url = self._urls["api"]

    def serve(self, name: str, **variables: str) -> Process:
        """One more process of the API, ready for requests; see `address`."""
        port = free_port()
        self._urls[name] = f"http://127.0.0.1:{port}"
        process = self._run(name, ["serve", "--port", str(port)], **variables)
        wait_until_ready(self._urls[name])
        return process

    def address(self, name: str) -> str:
        return self._urls[name]

    def _run(self, name: str, arguments: Sequence[str], **variables: str) -> Process:
        process = Process(arguments, self.folder / f"{name}.log", **{**self._variables, **variables})
        self._stack.callback(process.stop)
        return process

    def client(self, role: Role = "admin", url: str | None = None, **claims: Any) -> httpx2.Client:
        """A client of the API. Its token does not expire during the battery."""
        token = mint_token(Settings(jwt_key=KEY), role, seconds=86_400, **claims)
        client = httpx2.Client(base_url=url or self.url, headers={"authorization": f"Bearer {token}"}, timeout=30)
        self._stack.callback(client.close)
        return client

    def logs(self) -> str:
        """The output of all our processes."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


def wait_until_ready(url: str) -> None:
    limit = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(httpx2.HTTPError):
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        assert time.monotonic() < limit, f"{url} is not ready"
        time.sleep(0.05)


@contextmanager
def running_cluster(folder: Path | None = None) -> Iterator[Cluster]:
    """A cluster, in a new folder or in this one."""
    with ExitStack() as stack:
        cluster = Cluster(folder or stack.enter_context(short_folder()))
        stack.callback(cluster.stop)
        yield cluster


@contextmanager
def running_system(cluster: Cluster | None = None, **variables: str) -> Iterator[System]:
    """All processes, on a new cluster or on this one. Their logs are kept if the battery names a folder for them."""
    with ExitStack() as stack:
        folder = stack.enter_context(short_folder())
        yield System(cluster or stack.enter_context(running_cluster()), folder, stack, **variables)
        if kept := os.environ.get("SCOVILLE_BATTERY_LOGS"):
            shutil.copytree(folder, kept, dirs_exist_ok=True)
