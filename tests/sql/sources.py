"""The files of sql/functions, read by PostgreSQL's own parser (pglast)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pglast import ast, parse_plpgsql, parse_sql

from pyapp.deploy.replay import SCHEMAS
from pyapp.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUNCTIONS = ROOT / "sql" / "functions"
OURS = rf"\b(?:{'|'.join(SCHEMAS)})\.\w+(?:%(?:row)?type)?"
OUR_TYPE = OURS + r"(?!\w*\()"
STATEMENT, ASSIGNMENT = 0, 3  # parse modes of plpgsql: 2 is an expression, 3 to 5 assign to a variable or to a part of it


@dataclass(frozen=True)
class Source:
    """One `create function`: its location, its parse tree and its body as text (empty for a standard body)."""

    name: str
    tree: Any
    text: str
    body: str

    @property
    def language(self) -> str:
        return next((str(option.arg.sval) for option in self.tree.options if option.defname == "language"), "sql")

    def option(self, name: str) -> Any:
        return next((option.arg for option in self.tree.options if option.defname == name), None)

    def statements(self) -> list[Any]:
        """Parse trees of every SQL statement and expression of the body."""
        if self.tree.sql_body is not None:
            return [self.tree.sql_body]
        if self.language == "sql":
            return [raw.stmt for raw in parse_sql(self.body)]
        return [raw.stmt for query in _queries(self._plpgsql()) for raw in parse_sql(query)]

    def answers(self) -> list[Any]:
        """Parse trees of the queries whose rows the function returns."""
        if self.tree.sql_body is not None:
            return []
        if self.language == "sql":
            return [raw.stmt for raw in parse_sql(self.body)][-1:]
        return [
            tree
            for kind, part in _parts(self._plpgsql())
            if kind == "PLpgSQL_stmt_return_query"
            for tree in _select(part, "query")
        ]

    def filled(self) -> list[tuple[str, Any]]:
        """Each variable of one of our types that a query fills: the type, and the parse tree of the query."""
        if self.language != "plpgsql":
            return []
        types = dict(re.findall(rf"\b(\w+)\s+(?:constant\s+)?({OURS})\s*(?:;|:=|,|\n|\))", self.text))
        found = []
        for kind, part in _parts(self._plpgsql()):
            target, query = {"PLpgSQL_stmt_execsql": ("target", "sqlstmt"), "PLpgSQL_stmt_fors": ("var", "query")}.get(
                kind, ("", "")
            )
            name = part.get(target, {}).get("PLpgSQL_rec", {}).get("refname") if target else None
            found += [(types[name], tree) for tree in _select(part, query) if name in types]
        return found

    def counted(self) -> list[Any]:
        """Parse trees of the statements after which the function reads the number of their rows (GET DIAGNOSTICS)."""
        if self.language != "plpgsql":
            return []
        steps = [(kind, part) for kind, part in _parts(self._plpgsql()) if kind.startswith("PLpgSQL_stmt_")]
        return [
            tree
            for (kind, part), (following, _) in pairwise(steps)
            if kind == "PLpgSQL_stmt_execsql" and following == "PLpgSQL_stmt_getdiag"
            for tree in _select(part, "sqlstmt")
        ]

    def _plpgsql(self) -> Any:
        return parse_plpgsql(_without_our_types(self.text))


def function_files() -> list[Path]:
    return sorted(FUNCTIONS.rglob("*.sql"))


def sources(text: str) -> list[Source]:
    """The functions that a file creates."""
    found = []
    for raw in parse_sql(text):
        if isinstance(raw.stmt, ast.CreateFunctionStmt):
            own = text[raw.stmt_location : raw.stmt_location + (raw.stmt_len or len(text))]
            name = ".".join(part.sval for part in raw.stmt.funcname)
            body = next((option.arg[0].sval for option in raw.stmt.options if option.defname == "as"), "")
            found.append(Source(name, raw.stmt, own, body))
    return found


def nodes(tree: Any) -> Iterator[Any]:
    """The nodes of a parse tree, from the top."""
    if isinstance(tree, ast.Node):
        yield tree
        for name in tree:
            yield from nodes(getattr(tree, name))
    elif isinstance(tree, (tuple, list)):
        for part in tree:
            yield from nodes(part)


def _without_our_types(text: str) -> str:
    """pglast supports only PostgreSQL's own types. For the structure of a body any type works.

    A variable with a value becomes text, because pglast omits the value of a record.
    """
    head, mark, body = text.partition("as $$")
    body = re.sub(
        r"\bdeclare\b.*?\bbegin\b",
        lambda part: re.sub(OUR_TYPE, "record", re.sub(rf"(\brecord|{OUR_TYPE})(?=(\[\])?\s*:=)", "text", part[0])),
        body,
        flags=re.DOTALL | re.IGNORECASE,
    ).replace("record[]", "text[]")
    body = re.sub(r"\b(p_\w+)\.\w+(?=\s*:=)", r"\1", body)  # a field of an argument that is now text
    head = re.sub(r"(?<=[ (])" + OUR_TYPE, "text", head[head.index("(") :])
    return text[: text.index("(")] + head + mark + body


def _parts(tree: Any) -> Iterator[tuple[str, Any]]:
    """The statements of a plpgsql body and all their parts, as pairs of kind and part."""
    if isinstance(tree, dict):
        for kind, part in tree.items():
            if isinstance(part, dict):
                yield kind, part
            yield from _parts(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _parts(part)


def _select(part: Any, member: str) -> list[Any]:
    """The parse tree of a query of a plpgsql statement; none if the query is built at run time."""
    expression = part.get(member, {}).get("PLpgSQL_expr")
    return [raw.stmt for raw in parse_sql(expression["query"])] if expression else []


def _queries(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "PLpgSQL_expr":
                mode, query = value.get("parseMode", STATEMENT), value["query"]
                if mode >= ASSIGNMENT:
                    query = query.partition(":=")[2] or query.partition("=")[2]
                yield query if mode == STATEMENT else f"select {query}"
            else:
                yield from _queries(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _queries(value)
