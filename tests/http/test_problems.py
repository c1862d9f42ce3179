"""Error codes: sql/README.md, problems.py and the SQL say the same; what Postgres raises becomes the right problem."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from pyapp.api.table import ROUTES
from pyapp.http.route import COMMON_ERRORS, WRITE_ERRORS
from pyapp.problems import KINDS, from_database

SQL = Path(__file__).parents[2] / "sql"
ROW = re.compile(r"^\|\s*`?([A-Z]{2}[0-9]{3})`?\s*\|\s*([0-9]{3})?[^|]*\|\s*`?([a-z-]*)`?\s*\|", re.MULTILINE)
RAISED = re.compile(r"'((?:ST|OR|RV|SK|ID|VA|WH)[0-9]{3})'")


def registered() -> dict[str, tuple[str, str]]:
    """{code: (status, slug)} of the register in sql/README.md: a table of code, HTTP status, slug."""
    return {code: (status, slug) for code, status, slug in ROW.findall((SQL / "README.md").read_text())}


def test_the_register_and_the_map_agree() -> None:
    ours = {code: (str(kind.status), kind.slug) for code, kind in KINDS.items() if not code.startswith("RQ")}
    theirs = {code: row for code, row in registered().items() if not code.startswith("RQ") and row[0]}
    assert theirs == ours


def test_every_code_that_the_sql_raises_is_registered() -> None:
    raised = {code: file.name for file in sorted((SQL / "functions").rglob("*.sql")) for code in RAISED.findall(file.read_text())}
    assert raised
    assert {code: name for code, name in raised.items() if code not in registered()} == {}
    assert {code: name for code, name in raised.items() if code not in KINDS and registered()[code][0]} == {}


def test_every_code_of_a_route_is_known() -> None:
    codes = {code for route in ROUTES for code in route.errors} | set(COMMON_ERRORS) | set(WRITE_ERRORS)
    assert codes - set(KINDS) == set()


def test_slugs_are_unique_and_titles_are_there() -> None:
    assert len({kind.slug for kind in KINDS.values()}) == len(KINDS)
    assert all(kind.title for kind in KINDS.values())


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("select 'x'::integer", "VA001"),
        ("select 99999::smallint", "VA001"),
        ("select '2025-02-30'::date", "VA001"),
        ("select '99999999-01-01'::timestamptz", "VA001"),
        ("select '\"\\u0000\"'::jsonb ->> 0", "VA001"),
        ("select 1/0", "VA001"),
        ("insert into positives values (-1)", "VA001"),
        ("insert into positives values (1), (1)", "VA001"),
        ("select repeat('[', 1000000)::jsonb", "VA001"),
        ("set role postgres_is_not_yours", "VA001"),
        ("select raise('42501')", "RQ403"),
        ("select raise('57014')", "RQ503"),
        ("select raise('55P03')", "RQ503"),
        ("select raise('40P01')", "RQ503"),
        ("select raise('40001')", "RQ503"),
        ("select raise('53300')", "RQ503"),
        ("select raise('OR002')", "OR002"),
        ("select raise('XX000')", "RQ500"),
        ("select raise('P0001')", "RQ500"),
        ("select raise('ZZ999')", "RQ500"),
        ("select nothing from nowhere", "RQ500"),
    ],
)
def test_an_error_of_postgres_becomes_a_problem_without_sql(
    connection: psycopg.Connection[object], statement: str, code: str
) -> None:
    connection.execute(
        """create function pg_temp.raise(p_state text) returns void language plpgsql as $$
           begin
             raise exception using errcode = p_state, message = 'secret_table', detail = '{"detail": "No such order."}';
           end $$;
           create temp table positives (n integer primary key, constraint n_is_positive_check check (n > 0))"""
    )
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(statement.replace("raise(", "pg_temp.raise(").encode())
    problem = from_database(raised.value, "r")
    assert problem.code == code
    text = str(problem.document("r"))
    assert not re.search(r"select|insert|relation|secret_table|nowhere", text)
    if code == "OR002":
        assert problem.detail == "No such order."
    if code == "RQ503":
        assert problem.headers["Retry-After"] == "1"
