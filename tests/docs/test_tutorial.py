"""The tutorial, the README's first ten minutes and the guides on roles and upgrades run as printed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import psycopg

from tests.cli.conftest import Demo
from tests.conftest import ROOT
from tests.docs.walk import fenced, indented, walk
from tests.prepared import AUTHENTICATOR_PASSWORD


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_tutorial_comes_to_what_it_says(demo: Demo, tmp_path: Path) -> None:
    said = walk(fenced(page("docs/tutorial.md")), tmp_path, SCOVILLE_DATA_DIR=str(demo.data_dir))
    _, arrives, held, ordered, refused, shipped, recalled, why, proved = said
    assert json.loads(arrives)["stock"] == 40
    assert json.loads(held)["available"] == 38
    assert (json.loads(ordered)["status"], json.loads(ordered)["total_price"]) == ("processing", 19.0)
    assert (json.loads(refused)["code"], json.loads(refused)["errors"][0]["available"]) == ("ST001", 38)
    assert json.loads(shipped)["fulfillment_status"] == "fulfilled"
    assert "FIRST-1" in shipped
    assert '"recalled"' in recalled
    assert '"ST001"' in recalled
    assert ("fulfill" in why, "loose seals" in why, "lot.status_changed" in why) == (True, True, True)
    assert proved.strip()


def test_the_life_of_an_order_is_as_told(demo: Demo, tmp_path: Path) -> None:
    said = walk(fenced(page("docs/tutorial-order.md")), tmp_path, SCOVILLE_DATA_DIR=str(demo.data_dir))
    _, _, short, paid, supplied, moved, parcels, nine, told = said
    assert [block.strip().endswith("verified") for block in said] == [False, *[True] * 7, False]

    def order(block: str) -> dict[str, Any]:
        found: dict[str, Any] = json.JSONDecoder().raw_decode(block, block.rindex('{"order_id"'))[0]
        return found

    def kept(block: str) -> dict[str, int]:
        return {part["warehouse_location"]: part["quantity"] - part["released"] for part in order(block)["allocations"]}

    assert (order(short)["status"], kept(short), order(short)["backorders"][0]["quantity"]) == ("pending", {"WH-01": 6}, 4)
    assert order(paid)["status"] == "processing"
    assert (kept(supplied), order(supplied)["backorders"]) == ({"WH-01": 6, "WH-02": 4}, [])
    assert kept(moved) == {"WH-01": 5, "WH-02": 5}
    lots = {part["batch_number"]: part["assumed"] for parcel in order(parcels)["fulfillments"] for part in parcel["items"]}
    assert lots == {"ALPHA": False, "BETA": False}
    assert (order(nine)["status"], order(nine)["total_price"]) == ("completed", 90)
    assert [(line["quantity"], line["fulfilled"], line["canceled"]) for line in order(nine)["items"]] == [(10, 9, 1)]
    story = ["placed", "confirmed", "supplied", "reallocated", "shipped", "shipped", "modified"]
    assert [step["type"] for step in order(told)["timeline"]] == story


def test_the_first_ten_minutes_are_so(demo: Demo, tmp_path: Path) -> None:
    text = page("README.md")
    tour = text[text.index("## The first ten minutes") : text.index("## The API")]
    exports = [line for line in demo.output.splitlines() if line.startswith("export ")]
    blocks = [block.replace("http://127.0.0.1:8000", demo.url) for block in indented(tour)]
    _, _, looked, placed, refused, dropped, audited = walk(
        ["\n".join(exports), *blocks], tmp_path, SCOVILLE_DATA_DIR=str(demo.data_dir)
    )
    assert json.loads(looked)["sku_id"] == "HOTSAUCE-001"
    assert json.loads(placed)["total_price"] == 49.96
    assert json.loads(refused)["code"] == "ST001"
    assert '"damaged"' in dropped
    assert '"data"' in audited


def test_the_commands_about_roles_run(demo: Demo, tmp_path: Path) -> None:
    said = "".join(walk(fenced(page("docs/how-to/roles.md")), tmp_path, SCOVILLE_DATA_DIR=str(demo.data_dir)))
    assert "web-shop" in said
    assert "sku_id" in said


def test_the_life_of_a_client_is_as_told(demo: Demo, tmp_path: Path) -> None:
    text = page("docs/how-to/clients.md").replace("web-shop", "guided-shop")
    makes, *others = [block for block in indented(text) if block.startswith("curl")]
    copied = 'SECRET=$(printf %s "$ANSWER" | sed -n \'s/.*"client_secret" *: *"\\([^"]*\\)".*/\\1/p\')'
    made = f"ANSWER=$({makes})\n{copied}"
    variables = {"API": demo.url, "TOKEN": demo.token(), "SCOVILLE_DATA_DIR": str(demo.data_dir)}
    _, token, rotated, *changed = walk([made, *others], tmp_path, **variables)
    assert json.loads(token)["scope"] == "integration"
    assert json.loads(rotated)["client_secret"].startswith("scs_")
    assert '"pos"' in changed[0]
    assert '"problem' not in "".join(changed)


def test_the_event_log_is_read_as_told(demo: Demo, tmp_path: Path) -> None:
    [pull] = [block for block in indented(page("docs/reference/event-log.md")) if block.startswith("curl")]
    [said] = walk([pull], tmp_path, API=demo.url, TOKEN=demo.token())
    assert {"data", "next", "last"} == set(json.loads(said))


def test_sql_in_the_pages_is_sql(database_url: str) -> None:
    blocks = [block for path in sorted((ROOT / "docs").rglob("*.md")) for block in indented(path.read_text(encoding="utf-8"))]
    statements = [block for block in blocks if re.match(r"(select|update|with) ", block)]
    assert len(statements) > 4
    with psycopg.connect(database_url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
            connection.rollback()


def test_the_commands_of_an_upgrade_run(demo: Demo, database_url: str, tmp_path: Path) -> None:
    before, backup, migrate, _start, after = fenced(page("docs/how-to/upgrade.md"))
    walk([before, backup, after], tmp_path / "demo", SCOVILLE_DATA_DIR=str(demo.data_dir))
    assert (tmp_path / "demo" / "before-the-upgrade.dump").stat().st_size > 0
    given = {"DATABASE_URL": database_url, "SCOVILLE_AUTHENTICATOR_PASSWORD": AUTHENTICATOR_PASSWORD}
    walk([migrate], tmp_path / "own", **given)
