"""`scoville reset`: deletes a stopped demo, and nothing else."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pyapp.demo import embedded
from tests.cli.conftest import COMMAND, Demo, Scoville, assert_one_clear_line, environment, postgres_processes, run_demo
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_demo_is_wiped_and_other_files_stay(scoville: Scoville, copy_folder: Callable[[], Path]) -> None:
    folder = copy_folder()
    (folder / "notes.txt").write_text("mine")
    assert_one_clear_line(scoville("reset", "--data-dir", folder), 2, "--yes")  # no terminal to ask
    assert (folder / "pg" / "PG_VERSION").exists()
    done = scoville("reset", "--yes", "--data-dir", folder)
    assert (done.returncode, done.stdout) == (0, f"Deleted {folder}.\n")
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    (folder / "notes.txt").unlink()
    assert "nothing to delete" in scoville("reset", "--yes", "--data-dir", folder).stdout


def test_it_asks_on_a_terminal_and_takes_no_for_an_answer(copy_folder: Callable[[], Path]) -> None:
    folder = copy_folder()
    for answer, code, there in (("n", 1, True), ("", 1, True), ("y", 0, False)):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*COMMAND, "reset", "--data-dir", str(folder)], env=environment(), stdin=theirs, stdout=subprocess.PIPE, text=True
        )
        os.write(ours, f"{answer}\n".encode())
        said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        os.close(ours)
        os.close(theirs)
        assert "Delete all data" in said
        assert (process.returncode, (folder / "pg").exists()) == (code, there)


def test_a_running_demo_and_a_server_of_ones_own_are_left_alone(scoville: Scoville, demo: Demo) -> None:
    assert_one_clear_line(scoville("reset", "--yes", "--data-dir", demo.data_dir), 9, str(demo.process.pid))
    done = scoville("reset", "--yes", "--data-dir", demo.data_dir, DATABASE_URL="postgresql://someone@host/db")
    assert_one_clear_line(done, 2, "DATABASE_URL")
    assert (demo.data_dir / "pg" / "PG_VERSION").exists()


def test_a_folder_in_use_is_left_alone_even_without_its_state(scoville: Scoville, copy_folder: Callable[[], Path]) -> None:
    server = embedded.start(copy_folder())
    try:
        done = scoville("reset", "--yes", "--data-dir", server.pgdata.parent)
        assert_one_clear_line(done, 9, str(os.getpid()))
    finally:
        server.stop()


def test_a_server_that_outlived_its_killed_demo_is_stopped_first(scoville: Scoville, copy_folder: Callable[[], Path]) -> None:
    with run_demo(copy_folder()) as demo:
        demo.process.kill()
        demo.process.communicate()
        assert postgres_processes(demo.data_dir)
        assert scoville("reset", "--yes", "--data-dir", demo.data_dir).returncode == 0
        assert not postgres_processes(demo.data_dir)
        assert not demo.data_dir.exists()
