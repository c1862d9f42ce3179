"""The functions of schema api as their files describe them: arguments, roles, error codes and comment.

They are read once, at import, without a database. A file of sql/functions/api creates one function. Its grant names the roles,
and the last line of its comment (`Errors: ST001 ST002`) names the codes that it can refuse with.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from pyapp.files import SQL

CREATE = re.compile(r"^create or replace function api\.(\w+)\(([^()]*)\)", re.MULTILINE)
GRANT = re.compile(r"^grant execute on function api\.\w+\([^()]*\) to ([\w, ]+);", re.MULTILINE)
COMMENT = re.compile(r"^comment on function api\.\w+\([^()]*\) is\s+((?:'(?:[^']|'')*'\s*)+);", re.MULTILINE)
LITERAL = re.compile(r"'((?:[^']|'')*)'")
ERRORS = "\nErrors: "


class Function(NamedTuple):
    """`arguments` are names, in order; `errors` are sorted; `comment` excludes the line of errors."""

    name: str
    arguments: tuple[str, ...]
    roles: frozenset[str]
    errors: tuple[str, ...]
    comment: str


def read(text: str) -> Function:
    """Parses the function that a file creates."""
    created = CREATE.search(text)
    if created is None:
        raise ValueError("this file creates no function of schema api")
    arguments = tuple(argument.split()[0] for argument in created[2].split(",") if argument.strip())
    granted, said = GRANT.search(text), COMMENT.search(text)
    comment = "".join(LITERAL.findall(said[1])).replace("''", "'") if said else ""
    comment, _, codes = comment.partition(ERRORS)
    roles = frozenset(granted[1].split(", ")) if granted else frozenset[str]()
    return Function(created[1], arguments, roles, tuple(codes.split()), comment)


def read_all(folder: Path = SQL / "functions" / "api") -> dict[str, Function]:
    """Returns every function by its name."""
    found = (read(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.sql")))
    return {function.name: function for function in found}


FUNCTIONS = read_all()
