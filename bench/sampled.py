"""`scoville` with a sampling profiler of its main thread: `python -m bench.sampled FILE serve --port 0`.

SIGUSR1 starts a count, SIGUSR2 writes it to the file as JSON: samples by part. A sample is taken every few milliseconds of CPU
time, and counts for the innermost room of `pyapp` or library on the stack. Python runs the handler when C code has returned, so
C code counts for its caller; between two callbacks that caller is the event loop (system calls, sockets, timers).
"""

from __future__ import annotations

import dis
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

from pyapp import cli

INTERVAL_SECONDS = 0.001  # the kernel rounds it up to its tick
LIBRARIES = ("uvicorn", "starlette", "psycopg", "psycopg_pool", "httptools", "msgspec", "prometheus_client")
RESUME = dis.opmap["RESUME"]
LOOP = "event loop"

samples: Counter[str] = Counter()


def part_of(frame: FrameType) -> str:
    """The part that this stack counts for."""
    outer = frame.f_back
    if outer is not None and _is_loop(outer) and frame.f_code.co_code[frame.f_lasti] == RESUME:
        return LOOP  # nothing of the callback has run yet
    at: FrameType | None = frame
    while at is not None:
        if name := _name(at.f_code.co_filename):
            return name
        if _is_loop(at):
            return LOOP
        at = at.f_back
    return LOOP


def _is_loop(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    return path.endswith(("asyncio/runners.py", "asyncio/base_events.py", "uvloop/__init__.py"))


def _name(path: str) -> str | None:
    """pyapp/database, uvicorn; None for a path that is neither a room nor one of the libraries."""
    parts = Path(path).parts
    for at, part in enumerate(parts[:-1]):
        if part == "pyapp":
            return "/".join(parts[at : at + 2])
        if part in LIBRARIES:
            return part
    return None


def main(file: Path) -> None:
    def sample(_number: int, frame: FrameType | None) -> None:
        if frame is not None:
            samples[part_of(frame)] += 1

    def write(_number: int, _frame: FrameType | None) -> None:
        unfinished = file.with_suffix(".part")
        unfinished.write_text(json.dumps(samples))
        unfinished.rename(file)

    signal.signal(signal.SIGUSR1, lambda _number, _frame: samples.clear())
    signal.signal(signal.SIGUSR2, write)
    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
    cli.main()


if __name__ == "__main__":
    path = Path(sys.argv.pop(1))
    main(path)
