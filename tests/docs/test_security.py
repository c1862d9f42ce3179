"""docs/security.md: the tests that it names exist, its figures match the code, and it covers every risk."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
UNITS = {"": 1, "s": 1, "KiB": 1024, "MiB": 1024**2}
RISKS = {f"API{number}" for number in range(1, 11)}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    table = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in table[2:]]


@cache
def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def missing(text: str) -> list[str]:
    """The names in the text that do not exist."""
    found = NAMED.findall(text)
    return [f"{path}::{name}" for path, name in found if not (ROOT / path).exists() or (name and name not in names_in(path))]


def test_every_test_that_is_named_is_there() -> None:
    assert len(NAMED.findall(TEXT)) > 50
    assert missing(TEXT) == []


def test_one_that_is_not_there_would_be_found() -> None:
    text = "`tests/docs/test_security.py::test_nothing` `tests/none.py` `tests/docs/test_security.py`"
    assert missing(text) == ["tests/docs/test_security.py::test_nothing", "tests/none.py::"]


def test_every_risk_is_answered_by_a_test_of_its_own() -> None:
    table = rows("OWASP API Security Top 10 (2023)")
    assert [risk.split()[0] for risk, *_ in table] == sorted(RISKS, key=lambda risk: int(risk[3:]))
    for risk, stops, shown in table:
        assert stops, risk
        assert [name for _, name in NAMED.findall(shown) if name], risk


@pytest.mark.parametrize("row", [row for row in rows("Limits") if row[2].startswith("`pyapp.")], ids=lambda row: row[0])
def test_a_limit_is_that_of_the_code(row: list[str]) -> None:
    module, _, name = row[2].strip("`").rpartition(".")
    number, _, unit = row[1].partition(" ")
    assert getattr(importlib.import_module(module), name) == int(number.replace(",", "")) * UNITS[unit]
