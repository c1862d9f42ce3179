"""The codes in the comment of an api function are those that it, or a function that it calls, can refuse with."""

from __future__ import annotations

import re
from functools import cache

import pytest
from pglast import ast

from pyapp.deploy.replay import SCHEMAS
from pyapp.http.functions import FUNCTIONS
from tests.sql.sources import Source, function_files, nodes, sources

CODE = re.compile("[A-Z]{2}[0-9]{3}")
OUR_NAME = re.compile(rf"\b({'|'.join(SCHEMAS)})\.(\w+)(?=\s*\()")

# Codes that the call graph reaches and that cannot come: {function: {code: reason}}.
UNREACHABLE: dict[str, dict[str, str]] = {}


@cache
def by_name() -> dict[str, Source]:
    return {source.name: source for path in function_files() for source in sources(path.read_text(encoding="utf-8"))}


@cache
def own_codes(name: str) -> frozenset[str]:
    """The codes that stand as string constants in the body."""
    constants = (
        node.val.sval
        for statement in by_name()[name].statements()
        for node in nodes(statement)
        if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String)
    )
    return frozenset(constant for constant in constants if CODE.fullmatch(constant))


@cache
def calls(name: str) -> frozenset[str]:
    """The functions of ours that the body calls."""
    names = (
        ".".join(part.sval for part in node.funcname)
        for statement in by_name()[name].statements()
        for node in nodes(statement)
        if isinstance(node, ast.FuncCall)
    )
    return frozenset(called for called in names if called in by_name())


def reached(name: str) -> set[str]:
    """The function and all that it calls, however deep."""
    found, waiting = set(), [name]
    while waiting:
        function = waiting.pop()
        if function not in found:
            found.add(function)
            waiting += calls(function)
    return found
