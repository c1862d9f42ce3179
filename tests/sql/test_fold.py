"""Search and comparison of text without the difference of case: the same on every server, whatever its locale."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp.cli.importing.values import lot_key
from pyapp.files import ROOT
from tests.conftest import run_clone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Server

FUNCTIONS = ("casefold", "fold", "like_patterns", "matches")
SCRIPTS = ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN")
BLOCKS_END = 0x590  # the end of these scripts' blocks, but for extensions


@pytest.fixture(scope="module")
def bare(server: Server) -> Iterator[psycopg.Connection[Any]]:
    """A database with the locale C, which has nothing but these functions."""
    source = "template0 locale_provider libc locale 'C'"
    with run_clone(server, source, "bare") as name, psycopg.connect(server.url(name), autocommit=True) as connection:
        assert connection.execute("select lower('\u00dc')").fetchone() == ("\u00dc",)
        connection.execute("create schema app")
        for function in FUNCTIONS:
            text = (ROOT / f"sql/functions/app/{function}.sql").read_text(encoding="utf-8")
            connection.execute(text[: text.index("grant ")])
        yield connection


def value(connection: psycopg.Connection[Any], query: str, *arguments: str) -> Any:
    row = connection.execute(query, arguments).fetchone()
    assert row
    return row[0]


@pytest.mark.parametrize(
    ("text", "case", "plain"),
    [
        ("WH-01", "wh-01", "wh-01"),
        ("", "", ""),
        ("\u00dcBER", "\u00fcber", "uber"),
        ("Jalapen\u0303o", "jalape\u00f1o", "jalapeno"),
        ("Stra\u00dfe STRA\u1e9eE", "strasse strasse", "strasse strasse"),
        (
            "\u0141\u00d3D\u0179 SM\u00d8RREBR\u00d8D \u00c6",
            "\u0142\u00f3d\u017a sm\u00f8rrebr\u00f8d \u00e6",
            "lodz smorrebrod ae",
        ),
        ("\u0416\u0419 \u03a9\u03a3", "\u0436\u0439 \u03c9\u03c3", "\u0436\u0438 \u03c9\u03c3"),
        ("\uff32\uff17 \ufb01", "\uff32\uff17 \ufb01", "r7 fi"),
        ("\u8fa3\u6912 \u30ac\U0001f336", "\u8fa3\u6912 \u30ac\U0001f336", "\u8fa3\u6912 \u30ab\u3099\U0001f336"),
    ],
)
def test_text_folds(bare: psycopg.Connection[Any], text: str, case: str, plain: str) -> None:
    assert value(bare, "select app.casefold(%s)", text) == case
    assert unicodedata.normalize("NFD", value(bare, "select app.fold(%s)", text)) == plain


def test_every_capital_of_four_scripts_folds_as_unicode_says(bare: psycopg.Connection[Any]) -> None:
    letters = [chr(code) for code in range(0x41, BLOCKS_END) if unicodedata.name(chr(code), "").split(" ")[0] in SCRIPTS]
    capitals = [c for c in letters if c != c.casefold() and unicodedata.normalize("NFKD", c) == unicodedata.normalize("NFD", c)]
    assert len(capitals) > 400
    wrong = {
        capital: folded
        for capital in capitals
        if (folded := value(bare, "select app.casefold(%s)", capital)) != unicodedata.normalize("NFC", capital.casefold())
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("q", "text", "found"),
    [
        ("verde jal", "Jalape\u00f1o Verde", True),
        ("jal rojo", "Jalape\u00f1o Verde", False),
        ("50%", "50 percent", False),
        ("a_b", "axb", False),
        ("a\\b", "A\\B", True),
        (" \t\n", "x", True),
    ],
)
def test_every_word_must_occur(bare: psycopg.Connection[Any], q: str, text: str, *, found: bool) -> None:
    assert value(bare, "select app.matches(%s, %s)", q, text) is found


def test_the_planner_makes_the_patterns_once(bare: psycopg.Connection[Any]) -> None:
    plan = bare.execute("explain verbose select from generate_series(1, 9) i where app.matches('a b', i::text)").fetchall()
    assert "{%a%,%b%}" in str(plan)
    assert "app.matches" not in str(plan)


def test_the_importer_takes_for_one_lot_what_the_database_takes_for_one(connection: psycopg.Connection[Any]) -> None:
    labels = ["R 7", "r  7", " R\u00a07 ", "R\t7\n", "\ufeffR 7", "R7"]
    labels += ["É-1", "e\u0301-1", "E-1", "Straße", "STRASSE", "ΣΑΣ", "σας"]
    keys = dict(connection.execute("select l, app.code_key(l) from unnest(%s::text[]) l", [labels]).fetchall())
    assert {(a, b): lot_key(a) == lot_key(b) for a in labels for b in labels} == {
        (a, b): keys[a] == keys[b] for a in labels for b in labels
    }
