"""The bench runs, counts right, and leaves nothing behind. It measures nothing here: loads last a second."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from bench import cost, explain, floors, history, load, paired, peer, report, tree
from bench.load import Workload, closed_loop
from bench.report import Row
from bench.system import PRIMING_ORDERS, System
from pyapp.files import ROOT
from tests.conftest import run_clone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Server

START_SECONDS_MAX = 60


@pytest.fixture(scope="module")
def python_load() -> Iterator[None]:
    """Loads as they are without wrk, which not every machine has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "wrk", lambda: None)
        yield


@pytest.fixture
def systems(python_load: None, server: Server, migrated: str, tmp_path: Path) -> Iterator[tuple[System, System]]:
    """Two databases of the tests' server, which trusts each login on its socket."""
    with run_clone(server, migrated, "bench") as one, run_clone(server, migrated, "bench") as two:
        yield (here := (_system(server, one, tmp_path), _system(server, two, tmp_path)))
        for system in here:
            system.owner.close()


def _system(server: Server, database: str, folder: Path) -> System:
    return System(folder, server.url(database), server.url(database, "authenticator", "unused"))


def test_the_page_says_where_the_time_goes(
    systems: tuple[System, System], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explain, "QUICK_BATCHES", {1: 3, 16: 2})
    monkeypatch.setattr(explain, "WARMING_CALLS", 2)
    explain.write(systems[0], str(tmp_path / "page.md"), quick=True)
    text = (tmp_path / "page.md").read_text()
    lines = [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("|")]
    tables = {cells[0]: cells[1:] for cells in lines}
    rows = {name: [float(value.replace(",", "") or 0) for value in values] for name, values in _numbers(tables).items()}
    parts = [sum(values) for name, values in rows.items() if re.match("client|API: |PostgreSQL: ", name)]
    assert sum(parts) == pytest.approx(sum(rows["CPU, all of it"]), rel=0.05)
    assert {"API: pyapp/http", "PostgreSQL: sessions", "PostgreSQL: sequencer"} <= rows.keys()
    assert rows["orders per batch"][0] == 1 < rows["orders per batch"][1]
    assert rows["placing"][0] > rows["placing: CPU of PostgreSQL"][0] > 0
    assert rows["sequencing"][0] > 0 < rows["the round trip alone"][0]
    functions = {name: values for name, values in rows.items() if name.startswith("`") or name.endswith("others")}
    assert {"`api.place_orders`", "`orders.insert_drafts`", "`jobs.sequence_events`"} <= functions.keys()
    assert sum(values[0] for values in functions.values()) == pytest.approx(rows["all"][0], rel=0.05)


def _numbers(tables: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: values for name, values in tables.items() if all(re.fullmatch(r"[\d,.e+-]*", value) for value in values)}


def test_two_sides_take_turns(systems: tuple[System, System], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paired, "CLIENTS", (4,))
    monkeypatch.setattr(paired, "WARMING_CALLS", 1)
    here, there = sides = paired.Side(systems[0]), paired.Side(systems[1])
    for side in sides:
        side.placed = side.system.stock(skus=1)
    rows = [*paired._call(sides, "admin", ["api.place_orders", "api.cancel_orders", "jobs.sequence_events"], {2: 3})]
    paired._load((here,), 1, 1)  # one is enough: an API takes seconds to start
    there.figures |= {name: values for name, values in here.figures.items() if "clients" in name}
    rows += paired._loads(sides)
    assert {len(values) for side in (here, there) for values in side.figures.values()} == {1, 3}
    assert all(0.02 < (row.ratio or 0) < 50 for row in rows), rows
    assert len(report.table(rows).splitlines()) == 2 + len(rows)
    assert [row.target for row in rows] == [None] * len(rows), "targets hold against one commit"


def test_the_books_of_a_history_agree(systems: tuple[System, System]) -> None:
    systems[0].stock(skus=5)
    history.fill(systems[0], skus=5, orders=60)
    systems[0].check(0)
    [(lines,)] = systems[0].owner.execute("select count(*) from orders.order_lines").fetchall()
    assert lines == 120 + PRIMING_ORDERS


def test_a_commit_is_taken_out_of_the_repository(tmp_path: Path) -> None:
    other = tree.extract("HEAD", tmp_path)
    assert re.fullmatch("[0-9a-f]{7,}", other.name)
    assert (other.folder / "migrations").is_dir()
    where = other.run("import pyapp; print(pyapp.__file__)")
    said = subprocess.run(where, cwd=ROOT, env=other.environment(), capture_output=True, text=True, check=True)
    assert said.stdout.startswith(str(other.folder))
    with pytest.raises(SystemExit, match="no-such-commit"):
        tree.extract("no-such-commit", tmp_path)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (lambda text: text, True),
        (lambda text: re.sub(r"^starlette==\S+", "starlette==0.1", text, flags=re.MULTILINE), False),
        (lambda text: re.sub(r"^pytest==", "pytest-of-then==", text, flags=re.MULTILINE), True),
    ],
)
def test_a_commit_with_other_packages_gets_its_own(change: Callable[[str], str], same: bool, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (tmp_path / tree.LOCK).write_text(change((ROOT / tree.LOCK).read_text()))
    assert tree.needs_same_packages(tmp_path) is same


def test_costs_are_differences_by_kind() -> None:
    before = cost.Moment({1: ("sessions", 1.0), 2: ("autovacuum", 4.0)}, 2.0, 10.0, 100, (10, 5), (8.0, 4.0))
    after = cost.Moment({1: ("sessions", 3.0), 3: ("sessions", 0.5)}, 7.0, 11.0, 600, (20, 14), (1008.0, 104.0))
    spent = cost.between(before, after)
    assert spent.postgres == {"sessions": 2.5, "ended": 1.0}
    assert (spent.api, spent.wal, spent.hot_share, spent.orders_per_batch) == (1.0, 500, 0.9, 10.0)
    assert spent.facts()["of it"] == "sessions 2.5 + ended 1"


def test_the_load_without_wrk_is_the_same(python_load: None) -> None:
    with floors.constant_server() as constant:
        posts = closed_loop(constant.url, "t", Workload(3, lines=2, skus=5, zipf=True), 0.2)
        gets = closed_loop(constant.url, "t", Workload(3, method="GET"), 0.2)
    for done in (posts, gets):
        assert done.statuses.keys() == {200}
        assert done.p99 >= done.p50 > 0


def test_a_target_is_met_or_not() -> None:
    rows = [Row("a", value, "ms", "then", 2.0, 0.6, at_most=True) for value in (1.0, 1.5)]
    assert [line.split("|")[-2].strip() for line in report.table(rows).splitlines()[2:]] == ["<= 0.6 met", "<= 0.6 MISSED"]


def test_the_peer_sells_and_refuses(server: Server, new_database: Callable[[], str]) -> None:
    with psycopg.connect(new_database()) as connection:
        connection.execute((peer.FOLDER / "schema.sql").read_bytes())
        connection.execute("update shop.products set units = 3")
        place = "select shop.place_order('SKU-0000', 2, 'jane@example.com')"
        assert connection.execute(place).fetchone() == (1,)
        with pytest.raises(psycopg.errors.RaiseException, match="sold out"):
            connection.execute(place)


def test_the_peer_is_locked_without_addresses() -> None:
    packages = json.loads((peer.FOLDER / "package-lock.json").read_text())["packages"]
    assert packages["node_modules/postgraphile"]["version"].startswith("5.")
    assert not [name for name, package in packages.items() if name and ("resolved" in package or "integrity" not in package)]


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    command = [sys.executable, "-m", "bench", "--only", "orders", "--quick", "--json", str(tmp_path / "bench.json")]
    environment = tree.HERE.environment(TMPDIR=str(tmp_path))
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    limit = time.monotonic() + START_SECONDS_MAX
    while not list(tmp_path.glob("scoville-bench-*/pg/postmaster.pid")):
        assert process.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=START_SECONDS_MAX)
    assert process.returncode != 0
    assert list(tmp_path.iterdir()) == [], said
