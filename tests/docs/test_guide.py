"""The integration guide runs as printed and shows the real output."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pyapp.identity.tokens import mint_token
from tests.http.orders import available

if TYPE_CHECKING:
    import httpx2

    from tests.http.conftest import Api

GUIDE = (Path(__file__).parents[2] / "docs/how-to/integrate.md").read_text()


def block(language: str, number: int = 1) -> str:
    """The blocks of a language, one after the other: there are so many."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert len(found) == number, language
    return "".join(found)


@pytest.fixture
def environment(api: Api, stocked: httpx2.Client) -> dict[str, str]:
    """The prerequisites of the guide."""
    return {
        **os.environ,
        "API": api.url,
        "SHOP_TOKEN": mint_token(api.settings, "integration", channels=["web"]),
        "WAREHOUSE_TOKEN": mint_token(api.settings, "warehouse", warehouses=["WH-01"]),
    }


def test_the_python_prints_what_the_guide_says(environment: dict[str, str], stocked: httpx2.Client) -> None:
    done = subprocess.run([sys.executable, "-c", block("python")], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout == block("text")
    assert len([line for line in block("python").splitlines() if line.strip()]) <= 60
    assert available(stocked) == 349


def test_the_curl_lines_do_the_same(environment: dict[str, str], stocked: httpx2.Client) -> None:
    script = "shopt -s expand_aliases\nset -eu\n" + block("sh", 2)
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)  # noqa: S607
    assert done.returncode == 0, done.stderr
    assert '"ST001"' in done.stdout
    assert done.stdout.count('"status" : "processing"') == 3, (
        "expected the replayed order, that with its parcel, and the confirmed one"
    )
    assert done.stdout.count('"status" : "on_hold"') == 1
    assert done.stdout.count('"status" : "pending"') == 1, "expected the released order"
    assert '"canceled"' in done.stdout
    later, order = stocked.get("/v1/orders").json()["data"]
    assert (order["status"], order["fulfillment_status"]) == ("completed", "partially_fulfilled")
    assert (later["status"], later["status_change"]["reason"]) == ("processing", "Bank transfer of 1 June.")
    assert available(stocked) == 347
