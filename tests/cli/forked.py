"""Commands in processes of their own that are forked from one that has imported everything: a start costs 20 ms instead of 400.

Only tests of the start itself, of signals and of what outlives a command start Python anew.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["pyapp.cli", "pyapp.cli.imports", "pyapp.deploy.migrate", "pyapp.deploy.replay", "pyapp.serve.server", "pyapp.worker.jobs"]
)
SECONDS_MAX = 120


def run(arguments: list[str], *, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Like subprocess.run with captured text. Raises TimeoutError."""
    with (folder / ".stdout").open("w+") as out, (folder / ".stderr").open("w+") as errors:
        process = CONTEXT.Process(target=_run, args=(arguments, folder, environment, out.name, errors.name))
        process.start()
        process.join(SECONDS_MAX)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{arguments} did not end in {SECONDS_MAX} s: {errors.read()}")
        done = subprocess.CompletedProcess(arguments, process.exitcode, out.read(), errors.read())
        process.close()
    for file in (out, errors):
        Path(file.name).unlink()
    return done


def _run(arguments: list[str], folder: Path, environment: dict[str, str], out: str, errors: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, name in ((1, out), (2, errors)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_APPEND), descriptor)
    sys.argv = ["scoville", *arguments]
    from pyapp.cli import main

    main()
