"""Commands in processes of their own that are forked from one that has imported everything: a start costs 20 ms instead of 500.

Only tests of the start itself, of signals and of what outlives a command start Python themselves.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        *("pyapp.cli", "pyapp.cli.imports", "pyapp.demo.clients", "pyapp.demo.embedded", "pyapp.demo.traffic"),
        *("pyapp.deploy.migrate", "pyapp.deploy.replay", "pyapp.outbound.webhooks.outbound"),
        *("pyapp.serve.app", "pyapp.serve.server", "pyapp.worker.business", "pyapp.worker.jobs"),
    ]
)


class Command:
    """A running command, with the part of subprocess.Popen that tests use. Both outputs are pipes of text, or go to `log`."""

    def __init__(self, arguments: list[str], *, folder: Path, environment: dict[str, str], log: Path | None = None) -> None:
        self.args = arguments
        self._streams: list[IO[str]] = []
        with ExitStack() as stack:
            ends: list[Connection] = []
            for _ in range(0 if log else 2):
                reads, writes = CONTEXT.Pipe(duplex=False)
                ends.append(stack.enter_context(writes))
                with reads:
                    self._streams.append(os.fdopen(os.dup(reads.fileno()), encoding="utf-8"))
            self._process = CONTEXT.Process(target=_run, args=(arguments, folder, environment, ends or log))
            self._process.start()
        self.pid = self._process.pid or 0
        self.stdout: IO[str] | None
        self.stderr: IO[str] | None
        self.stdout, self.stderr = self._streams or (None, None)

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Reads what is left of both pipes and waits for the end."""
        with ThreadPoolExecutor(2) as threads:
            reading = [threads.submit(_read, stream) for stream in self._streams]
            try:
                self.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()  # or the threads would never end
                raise
            output, errors = (read.result() for read in reading)
        for stream in self._streams:
            stream.close()
        return output, errors

    def send_signal(self, sent: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, sent)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _read(stream: IO[str]) -> str:
    return "" if stream.closed else stream.read()


def run(arguments: list[str], *, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Like subprocess.run with captured text. Raises TimeoutExpired."""
    command = Command(arguments, folder=folder, environment=environment)
    output, errors = command.communicate(PATIENCE_SECONDS)
    return subprocess.CompletedProcess(arguments, command.wait(), output, errors)


def _run(arguments: list[str], folder: Path, environment: dict[str, str], output: list[Connection] | Path) -> None:
    os.setsid()  # a process group of its own, as a shell makes one
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if isinstance(output, list):
        targets = [pipe.fileno() for pipe in output]
    else:
        targets = [os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)] * 2
    for descriptor, target in zip((1, 2), targets, strict=True):
        os.dup2(target, descriptor)
    sys.argv = ["scoville", *arguments]
    from pyapp.cli import main

    main()
