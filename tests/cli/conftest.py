"""The command as a user runs it: in its own process and folder, with no settings."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import httpx2
import psutil  # type: ignore[import-untyped]
import pytest
from typer.testing import CliRunner

from pyapp.cli import app
from pyapp.failures import Failure
from tests import folders, prepared
from tests.cli import forked
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
ORDER = {"customer": {"name": "Jane Doe", "address": "1 Hot St"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
COMMAND = [sys.executable, "-m", "pyapp.cli"]
FRESH = {"Cache-Control": "no-cache"}  # reads of the inventory may otherwise be 100 ms old
OURS = [name for name in os.environ if name.startswith(("SCOVILLE_", "DATABASE_URL", "PG"))]
# A shell that starts the suite in the background makes all its processes ignore Ctrl-C; a user's shell does not.
signal.signal(signal.SIGINT, signal.default_int_handler)


def environment(**given: str) -> dict[str, str]:
    """The environment of a shell, without our settings."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("SCOVILLE_", "DATABASE_URL", "PG"))}
    return {**kept, "PYTHONPATH": str(ROOT), **given}


class Scoville(Protocol):
    """The signature of the fixture `scoville`."""

    def __call__(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def scoville(tmp_path: Path) -> Scoville:
    """`scoville("token", "--role", "admin", SCOVILLE_JWT_KEY=...)` in an empty folder."""

    def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        return forked.run([*map(str, arguments)], folder=tmp_path, environment=environment(**variables))

    return run


def assert_one_clear_line(done: subprocess.CompletedProcess[str] | Done, code: int, *words: str) -> None:
    """Asserts exactly one line on standard error with these words, and this exit code."""
    said = [line for line in done.stderr.splitlines() if "does not run as root" not in line]
    assert done.returncode == code, (done.returncode, done.stderr)
    assert len(said) == 1, done.stderr
    assert said[0].startswith("scoville: ")
    for word in words:
        assert word in said[0]
    assert done.stdout == ""


@dataclass(frozen=True)
class Done:
    """What a command in this process said."""

    returncode: int
    stdout: str
    stderr: str


def run_here(*arguments: str | Path, stdin: bytes | None = None) -> Done:
    """The command in this process: much cheaper than its own, and the same code but for the start."""
    result = CliRunner().invoke(app, list(map(str, arguments)), input=stdin, env=dict.fromkeys(OURS, None))
    if isinstance(result.exception, Failure):
        return Done(result.exception.exit_code, result.stdout, f"{result.stderr}scoville: {result.exception}\n")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


@dataclass
class Demo:
    """A running `scoville demo`."""

    process: forked.Command | subprocess.Popen[str]
    data_dir: Path
    output: str

    @property
    def url(self) -> str:
        return re.search(r"runs at (\S+)", self.output)[1]  # type: ignore[index]

    def token(self, role: str = "admin") -> str:
        name = "TOKEN" if role == "admin" else f"{role.upper()}_TOKEN"
        return re.search(rf"^export {name}=(\S+)$", self.output, re.MULTILINE)[1]  # type: ignore[index]

    def client(self, role: str = "admin") -> httpx2.Client:
        return httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token(role)}"}, timeout=PATIENCE_SECONDS)

    def stop(self, sent: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Returns the exit code and standard error, without the message that a new or copied folder starts a new epoch."""
        self.process.send_signal(sent)
        _, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        said = [line for line in errors.splitlines(keepends=True) if "epoch_changed" not in line]
        return self.process.wait(), "".join(said)


def place_order(client: httpx2.Client) -> str:
    answer = client.post("/v1/orders", json=ORDER, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["order_id"])


def postgres_processes(data_dir: Path) -> list[Any]:
    """The server processes of the cluster in this folder."""
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == "postgres" and Path(process.cwd()) == data_dir / "pg":
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@contextmanager
def run_demo(data_dir: Path, *arguments: str, quiet: bool = True, own_python: bool = False, **variables: str) -> Iterator[Demo]:
    """A demo on a free port; afterwards, it and its PostgreSQL are always stopped. No customers: tests count units."""
    arguments = ("demo", "--port", "0", "--data-dir", str(data_dir), *(["--quiet"] if quiet else []), *arguments)
    process: forked.Command | subprocess.Popen[str]
    if own_python:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=data_dir.parent,
            env=environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    else:
        process = forked.Command([*arguments], folder=data_dir.parent, environment=environment(**variables))
    try:
        assert process.stdout
        output, deadline = "", time.monotonic() + PATIENCE_SECONDS
        while "curl" not in output:
            line = process.stdout.readline()
            if not line or time.monotonic() > deadline:
                process.kill()
                pytest.fail(f"the demo did not start: {output}{process.communicate()[1]}")
            output += line
        yield Demo(process, data_dir, output)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        except ValueError:  # the test has already read the pipes
            pass
        for left in postgres_processes(data_dir):
            with suppress(psutil.NoSuchProcess):
                left.kill()


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    with folders.short_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def finished_folder() -> Path:
    """The data folder of a demo that ran once and was stopped."""

    def make(folder: Path) -> None:
        with run_demo(folder) as demo:
            code, errors = demo.stop()
            assert code == 0, errors

    return prepared.made_once("demo", make)


@pytest.fixture
def copy_folder(short_folder: Path, finished_folder: Path) -> Iterator[Callable[[], Path]]:
    """Returns a copy of that folder, which the test may ruin."""
    copies: list[Path] = []

    def copy() -> Path:
        copies.append(Path(tempfile.mkdtemp(dir=short_folder)) / "data")
        copies[-1].parent.chmod(0o711)
        prepared.copy(finished_folder, copies[-1])
        return copies[-1]

    yield copy
    for folder in copies:
        shutil.rmtree(folder.parent)


@pytest.fixture(scope="module")
def demo(finished_folder: Path, short_folder: Path) -> Iterator[Demo]:
    """A demo per module: tests add to it and remove nothing. It costs less to start than to keep idle through the session."""
    folder = short_folder / "shared"
    prepared.copy(finished_folder, folder)
    with run_demo(folder) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def start_demo() -> Iterator[Callable[[Path], Demo]]:
    """Starts a demo on a data folder; stops it after the test."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(run_demo(folder))
