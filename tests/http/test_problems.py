"""Error codes: the register, the SQL and Python agree, and each Postgres error becomes the right problem."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from pyapp.api.table import ROUTES
from pyapp.files import ROOT, SQL
from pyapp.http.route import COMMON_ERRORS, WRITE_ERRORS
from pyapp.problems import KINDS, from_database

IN_SQL, IN_PYTHON = (re.compile(f"{mark}([A-Z]{{2}}[0-9]{{3}}){mark}") for mark in "'\"")


def codes(folder: Path, pattern: str, literal: re.Pattern[str]) -> set[str]:
    """The string literals in a folder's files that are error codes."""
    return {code for path in folder.rglob(pattern) for code in literal.findall(path.read_text(encoding="utf-8"))}


def test_the_register_lists_the_codes_of_the_sql_and_no_others() -> None:
    assert codes(SQL, "*.sql", IN_SQL) == {code for code, kind in KINDS.items() if kind.made_by == "sql"}


def test_the_register_lists_the_codes_of_python_and_no_others() -> None:
    prefixes = {code[:2] for code in KINDS}
    used = {code for code in codes(ROOT / "pyapp", "*.py", IN_PYTHON) if code[:2] in prefixes}
    assert used - set(KINDS) == set()
    assert {code for code, kind in KINDS.items() if kind.made_by == "api"} - used == set()


def test_every_code_of_a_route_is_known() -> None:
    codes = {code for route in ROUTES for code in route.errors} | set(COMMON_ERRORS) | set(WRITE_ERRORS)
    assert codes - set(KINDS) == set()


def test_slugs_are_unique_and_texts_are_there() -> None:
    assert len({kind.slug for kind in KINDS.values()}) == len(KINDS)
    for kind in KINDS.values():
        assert re.fullmatch("[a-z]+(-[a-z]+)*", kind.slug)
        assert 400 <= kind.status <= 599
        assert kind.title
        for text in (kind.when, kind.remedy, kind.example.detail, *(error["detail"] for error in kind.example.errors)):
            assert re.fullmatch(r"[A-Za-z0-9].*[.]\)?", text), text


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
