"""`reset`: deletes the demo's data."""

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
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Delete the demo's data; the next `scoville demo` starts from scratch. Asks first, and never touches your own database."""
    from pyapp.demo import embedded

    settings = context.settings(data_dir=data_dir)
    if settings.database_url:
        raise Failure(Exit.USAGE, "DATABASE_URL is set: reset deletes only the demo's own folder. Unset it first.")
    folder = settings.data_dir
    if running := State(folder).find():
        raise Failure(Exit.DATA_DIR_BUSY, f"A demo runs on {folder} (pid {running.pid}). Stop it first (Ctrl-C).")
    if not embedded.is_cluster(folder):
        print(f"{folder} has no demo: nothing to delete.")
        return
    embedded.check_unused(folder)
    if not yes and not _confirm(f"Delete all data of the demo in {folder}? [y/N] "):
        end(Exit.DISAGREES, "Nothing was deleted.")
    embedded.wipe(folder)
    print(f"Deleted {folder}.")


def _confirm(question: str) -> bool:
    if not sys.stdin.isatty():
        raise Failure(Exit.USAGE, "No terminal for the question: pass --yes to delete the data.")
    return input(question).strip().lower() in ("y", "yes")
