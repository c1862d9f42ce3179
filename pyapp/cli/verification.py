"""`verify`: compares every quantity with its history."""

from __future__ import annotations

from typing import Any, LiteralString

from pyapp.cli import context
from pyapp.cli.options import DataDir
from pyapp.cli.output import end, printable
from pyapp.cli.state import State
from pyapp.failures import Exit
from pyapp.identity.enter import Component, entering

CHECKS: tuple[LiteralString, ...] = ("select * from stock.verify()", "select * from events.verify_chain()")


def verify(data_dir: DataDir = None) -> None:
    """Verify that ledger, levels, lots and orders agree and that no event is missing or altered.

    Prints each row that disagrees, and then exits with 1.
    """
    settings = context.settings(data_dir=data_dir)
    url = settings.database_url or State(settings.data_dir).read().database_url
    tables = disagreements(url)
    for names, rows in tables:
        for row in [names, *rows]:
            print("\t".join("" if value is None else printable(value) for value in row))
    if tables:
        end(Exit.DISAGREES, f"{sum(len(rows) for _, rows in tables)} disagreements.")
    print("Everything agrees.")


def disagreements(url: str) -> list[tuple[list[str], list[Any]]]:
    """The findings of each check that has any: the names of its columns, and the rows."""
    tables = []
    with context.connect(url) as connection:
        connection.execute(*entering(Component("admin", "verify")))
        for query in CHECKS:
            cursor = connection.execute(query)
            if rows := cursor.fetchall():
                tables.append(([column.name for column in cursor.description or []], rows))
    return tables
