"""Turns of phrase that trip an English reader and come back easily. The list is short on purpose: this is no style checker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pyapp.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDERS = ("bench", "deploy", "docs", "migrations", "pyapp", "sql", "tests", "tools", "ui/src")
SUFFIXES = {".css", ".html", ".js", ".md", ".py", ".sql", ".toml", ".yaml", ".yml"}
BUILT = ROOT / "pyapp" / "web"

# The beginning of a sentence: of a line after its comment sign, or after a full stop.
BEGIN = r"(?:^\s*(?:--|#|//|/?\*\*?|\"{3}|[->]\s|\|)?\s*|[.:]\s+)"
TURNS = {
    '"again" or "reread", not the old word': re.compile(r"\ba" + "new\\b", re.IGNORECASE),
    "a relative clause as the subject": re.compile(
        BEGIN + r"(?:What|Who|Whoever|Whose)\s(?!is\b|are\b|was\b|were\b|does\b|do\b|did\b|may\b|can\b|must\b)[A-Za-z][^.?!]*"
        r"\b(?:is|are|was|were|has|have)\b[^?]*$"
    ),
    '"per", not a distributive article': re.compile(
        r"\b(?:[Oo]ne|a) (?:row|file|function|page|policy|statement) an? (?!time\b)[a-z]+\b"
    ),
}


def texts() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*.md"))
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and BUILT not in path.parents and "node_modules" not in path.parts and path.is_file():
                yield path


def faults(text: str) -> list[str]:
    return [
        f"{number}: {turn}"
        for number, line in enumerate(text.splitlines(), 1)
        for turn, found in TURNS.items()
        if found.search(line)
    ]


def test_no_text_trips_its_reader() -> None:
    found = {path.relative_to(ROOT).as_posix(): faults(path.read_text(encoding="utf-8")) for path in texts()}
    assert len(found) > 500
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize(
    ("line", "is_fault"),
    [
        ("-- Read a" + "new at each call.", True),
        ("# What is sold out?", False),
        ("# What Postgres refused a moment ago " + "is refused again", True),
        ("# Who has sent it " + "is told", True),
        ("# Sold-out SKUs are cached.", False),
        ("# What does it cost?", False),
        ("-- Holds one row " + "a warehouse.", True),
        ("-- Holds one row per warehouse.", False),
    ],
)
def test_the_check_finds_what_it_is_for(line: str, is_fault: bool) -> None:
    assert bool(faults(line)) is is_fault
