"""`reset`: the demo's data, gone."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pyapp.cli import context
from pyapp.cli.options import DataDir
from pyapp.cli.output import end
from pyapp.cli.state import State
from pyapp.failures import Exit, Failure


def reset(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Wipe the demo's data: the next `scoville demo` begins anew. Asks first; touches no database of yours."""
    from pyapp.demo import embedded

    settings = context.settings(data_dir=data_dir)
    if settings.database_url:
        raise Failure(Exit.USAGE, "DATABASE_URL is set: reset wipes the demo's own folder, never a server. Unset it first.")
    folder = settings.data_dir
    if running := State(folder).find():
        raise Failure(Exit.DATA_DIR_BUSY, f"A demo runs on {folder} (pid {running.pid}). Stop it first (Ctrl-C).")
    if not embedded.is_cluster(folder):
        print(f"There is no demo in {folder}: nothing to wipe.")
        return
    embedded.check_unused(folder)
    if not yes and not _confirm(f"Wipe all data of the demo in {folder}? [y/N] "):
        end(Exit.DISAGREES, "Nothing was wiped.")
    embedded.wipe(folder)
    print(f"Wiped {folder}.")


def _confirm(question: str) -> bool:
    if not sys.stdin.isatty():
        raise Failure(Exit.USAGE, "Nobody is there to ask: say --yes to wipe the data.")
    return input(question).strip().lower() in ("y", "yes")
