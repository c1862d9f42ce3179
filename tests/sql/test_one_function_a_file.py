"""Each function has its own file, named after it: sql/functions/<schema>/[<topic>/]<function>.sql."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pglast import ast, parse_sql

from tests.sql.sources import FUNCTIONS, function_files, sources

if TYPE_CHECKING:
    from pathlib import Path

BODY_LINES_MAX = 80  # the conventions say about 70
BESIDE_THE_FUNCTION = (ast.GrantStmt, ast.CommentStmt, ast.AlterOwnerStmt, ast.CreateTrigStmt)


def faults(path: Path, text: str) -> list[str]:
    """The faults of a function file, as text."""
    said = []
    functions = sources(text)
    if len(functions) != 1:
        said.append(f"holds {len(functions)} functions")
    for function in functions:
        if function.name != f"{path.relative_to(FUNCTIONS).parts[0]}.{path.stem}":
            said.append(f"creates {function.name}")
        if not function.tree.replace:
            said.append("does not say `or replace`, so it cannot be replayed")
        if function.body.strip().count("\n") + 1 > BODY_LINES_MAX:
            said.append(f"has a body of {function.body.strip().count(chr(10)) + 1} lines; {BODY_LINES_MAX} are enough")
    for raw in parse_sql(text):
        if not isinstance(raw.stmt, (ast.CreateFunctionStmt, *BESIDE_THE_FUNCTION)):
            said.append(f"also holds a {type(raw.stmt).__name__}")
    if not text.startswith("-- ") and "comment on function" not in text:
        said.append("does not begin by saying what the function is for")
    return said


def test_a_file_holds_the_function_it_is_named_after() -> None:
    found = {path.relative_to(FUNCTIONS).as_posix(): faults(path, path.read_text(encoding="utf-8")) for path in function_files()}
    assert len(found) > 200
    assert {name: said for name, said in found.items() if said} == {}


GOOD = "-- One.\ncreate or replace function stock.one() returns integer language sql set search_path = '' as $$\nselect 1\n$$;\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD, None),
        (GOOD + GOOD.replace("one()", "one(p_n integer)"), "holds 2 functions"),
        ("-- Nothing.\n", "holds 0 functions"),
        (GOOD.replace("stock.one", "stock.two"), "creates stock.two"),
        (GOOD.replace("stock.one", "orders.one"), "creates orders.one"),
        (GOOD.replace(" or replace", ""), "does not say `or replace`, so it cannot be replayed"),
        (GOOD.replace("select 1\n", "select 1\n" + "\n" * 79 + "+ 1\n"), "has a body of 81 lines; 80 are enough"),
        (GOOD + "create table stock.t (n integer);", "also holds a CreateStmt"),
        (GOOD[8:], "does not begin by saying what the function is for"),
    ],
)
def test_the_check_finds_what_it_is_for(text: str, fault: str | None) -> None:
    assert faults(FUNCTIONS / "stock" / "one.sql", text) == ([fault] if fault else [])
