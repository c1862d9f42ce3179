"""Runs the examples of sql/examples in psql.

An example is SQL in paragraphs. Its .out file contains each paragraph with its output below. `-- Session 2` at the start of a
paragraph sends it and the following ones to a second psql. If a session waits for a lock, the output says so, and the rest of
its output appears where it arrived.
"""

from __future__ import annotations

import re
import subprocess
import threading
import time
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any

import psycopg

from pyapp.cli.psql import find_program
from pyapp.files import ROOT
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLES = ROOT / "sql" / "examples"
WORLD = EXAMPLES / "00_world.sql"
LOOK_SECONDS = 0.05
END = "end of the answer"
SESSION = re.compile(r"-- Session (\d)")
WAITS = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"


class Session:
    """One psql, logged in as the API is."""

    def __init__(self, url: str, watcher: psycopg.Connection[Any]) -> None:
        arguments = [str(find_program("psql")), "-X", "-q", "--set", "SHOW_CONTEXT=never", "--dbname", url]
        self._psql = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        self._watcher = watcher
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.is_waiting = False
        self._pid = 0
        self._pid = int(self.say("\\t on\nselect pg_backend_pid();\n\\t off"))

    def say(self, text: str) -> str:
        """Sends lines and returns the output of psql. Returns early, with `is_waiting` set, if they wait for a lock."""
        assert self._psql.stdin is not None
        self._psql.stdin.write(f"{text}\n\\echo {END}\n")
        self._psql.stdin.flush()
        return self.answer()

    def answer(self) -> str:
        """The output of psql until it has executed all input."""
        before, self.is_waiting = self.is_waiting, False
        said: list[str] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                line = self._lines.get(timeout=LOOK_SECONDS)
            except Empty:
                if not before and self._watcher.execute(WAITS, [self._pid]).fetchone() == (True,):
                    self.is_waiting = True
                    return "\n".join(said).strip("\n")
                continue
            if line == END:
                return "\n".join(said).strip("\n")
            said.append(line.rstrip())
        raise AssertionError(f"psql did not come to its end: {said}")

    def _read(self) -> None:
        assert self._psql.stdout is not None
        with self._psql.stdout as lines:
            for line in lines:
                self._lines.put(line.rstrip("\n"))

    def close(self) -> None:
        assert self._psql.stdin is not None
        self._psql.stdin.close()
        self._psql.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)


def paragraphs(text: str) -> Iterator[str]:
    return (part.strip("\n") for part in re.split(r"\n\s*\n", text) if part.strip())


def is_sql(paragraph: str) -> bool:
    return any(not line.startswith("--") for line in paragraph.splitlines())


def run(path: Path, url: str, superuser_url: str) -> str:
    """The text of an example with its output. The database contains the world, except for the example that creates it."""
    said: list[str] = []
    sessions: dict[str, Session] = {}
    current = "1"
    with psycopg.connect(superuser_url, autocommit=True) as watcher:
        try:
            for paragraph in paragraphs(path.read_text(encoding="utf-8")):
                if mark := SESSION.match(paragraph):
                    current = mark[1]
                said.append(paragraph)
                if not is_sql(paragraph):
                    continue
                if current not in sessions:
                    sessions[current] = Session(url, watcher)
                said.append(sessions[current].say(paragraph))
                if sessions[current].is_waiting:
                    said.append(f"(session {current} waits for a lock)")
                for name, other in sessions.items():
                    if name != current and other.is_waiting:
                        said.append(f"(session {name} goes on)\n{other.answer()}")
        finally:
            for session in sessions.values():
                session.close()
    return "\n\n".join(part for part in said if part) + "\n"


def build_world(url: str, superuser_url: str) -> None:
    """The start of every example except the first."""
    run(WORLD, url, superuser_url)


def examples() -> list[Path]:
    return sorted(EXAMPLES.glob("*.sql"))
