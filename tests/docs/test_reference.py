"""The reference matches the code, every page is listed, every link has a target, every command exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from pyapp.cli import app
from pyapp.settings import SECRETS, VARIABLES, Settings
from tests.docs.reference import PAGES, ROOT, functions

DOCS = ROOT / "docs"
TEXTS = {path: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]}
SETTING = re.compile(r"^\| `(\w+)`( 🔑)? \| (?:`([^`]*)`)? ?\| ", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")
# Commands in code, with an optional prompt, variables or a pipe before them.
COMMAND = re.compile(r"(?:^|[`(|]|&& |: )\s*(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?scoville ([a-z][^\n`|;)]*)", re.MULTILINE)

CONNECTIONS = ("sequencer",)  # not commands: application names in PostgreSQL


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_made_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PAGES[name](), "make reference"


def test_every_function_that_can_be_called_is_described() -> None:
    text = functions()
    for schema in ("api", "jobs", "bi"):
        for path in (ROOT / "sql" / "functions" / schema).glob("*.sql"):
            [line] = [line for line in text.splitlines() if line.startswith(f"| `{schema}.{path.stem}(")]
            assert len(line.rpartition("` | ")[2]) > 20, line


def test_every_setting_is_told_with_its_default() -> None:
    told = {name: (bool(key), default) for name, key, default in SETTING.findall(TEXTS[DOCS / "reference" / "settings.md"])}
    defaults = {field: getattr(Settings(), field) for field in VARIABLES}
    assert told == {
        variable: (field in SECRETS, str(defaults[field]) if defaults[field] not in (None, (), "") else "")
        for field, variable in VARIABLES.items()
    }


def test_every_page_is_listed() -> None:
    index = {(DOCS / link).resolve() for link in LINK.findall(TEXTS[DOCS / "README.md"])}
    assert {path for path in TEXTS if DOCS in path.parents} - index == {DOCS / "README.md"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_link_leads_nowhere(path: Path) -> None:
    assert [link for link in LINK.findall(TEXTS[path]) if not (path.parent / link).exists()] == []


def test_make_has_the_targets_that_are_told() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = {name for text in TEXTS.values() for name in re.findall(r"(?:^    |`)make ([a-z][a-z0-9-]*)", text, re.MULTILINE)}
    assert told <= targets


def commands(text: str) -> Iterator[list[str]]:
    for found in COMMAND.findall(text):
        line = re.sub(r"\s(#|\.\.\.).*", "", found)
        yield shlex.split(line.replace('"', "").replace("'", ""))


def check(words: list[str]) -> str | None:
    """The error in a command, or nothing."""
    command: Any = typer.main.get_command(app)
    words = list(words)
    while hasattr(command, "commands"):  # a command group
        if not words or (command := command.commands.get(words.pop(0))) is None:
            return "there is no such command"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    if command.context_settings.get("ignore_unknown_options"):
        return None  # psql reads the rest
    unknown = [word for word in words if word.startswith("-") and word.partition("=")[0] not in known]
    return f"there is no {' '.join(unknown)}" if unknown else None


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_is_one(path: Path) -> None:
    wrong = {" ".join(words): said for words in commands(TEXTS[path]) if words[0] not in CONNECTIONS and (said := check(words))}
    assert wrong == {}


def test_a_wrong_command_would_be_found() -> None:
    text = "    scoville serve --wrokers 2\n`scoville sreve`\n    X=1 scoville bi add-user ana --warehouse WH-01\n"
    assert [check(words) for words in commands(text)] == ["there is no --wrokers", "there is no such command", None]
