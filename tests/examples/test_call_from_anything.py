"""The Python code and the pre-request function of the page "Call it from anything" work as described."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp.files import ROOT
from tests.examples.runner import build_world

if TYPE_CHECKING:
    from tests.conftest import AsRole

PAGE = (ROOT / "docs" / "how-to" / "call-from-anything.md").read_text(encoding="utf-8")
CLAIMS = {"sub": "till-7", "region": 1, "channels": ["web"]}
ORDER = [{"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "GHOST-150", "quantity": 1}]}]


def block(language: str) -> str:
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def world(authenticator_url: str, database_url: str) -> None:
    build_world(authenticator_url, database_url)


def test_the_python_places_one_order_however_often_it_runs(
    world: None, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", block("python")],
            env={**os.environ, "DATABASE_URL": authenticator_url},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    }
    assert said == {"placed: ORD-1-1001 25.98\n"}
    assert connection.execute("select count(*) from orders.orders").fetchone() == (1,)


def test_a_thin_api_that_sets_the_role_itself_copies_the_claims(
    world: None, as_role: AsRole, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("create schema hooks")
    connection.execute(block("sql").encode())
    connection.execute("grant usage on schema hooks to sales")

    def call(claims: dict[str, Any]) -> list[tuple[Any, ...]]:
        """A transaction like one of PostgREST."""
        with psycopg.connect(authenticator_url) as c:
            c.execute(
                "select set_config('role', 'sales', true), set_config('request.jwt.claims', %s, true)", [json.dumps(claims)]
            )
            c.execute("select hooks.copy_claims()")
            return c.execute("select code from api.place_orders(1::smallint, %s)", [json.dumps(ORDER)]).fetchall()

    assert call(CLAIMS) == [(None,)]
    assert call({"sub": "till-7", "region": 1}) == [("OR009",)], "a caller without a claim of channels sells through no channel"
    assert connection.execute("select distinct actor from stock.stock_movements where kind = 'commit'").fetchall() == [
        ("till-7",)
    ]
