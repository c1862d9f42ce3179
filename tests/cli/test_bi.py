"""`scoville bi`, and the demo's port for BI tools: unmodified SQLAlchemy and pandas."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import httpx2
import psycopg
import pytest

from tests.cli.conftest import Demo, Scoville, assert_one_clear_line, run_demo
from tests.conftest import ROOT
from tests.lazy import imported_at_first_use
from tests.patience import PATIENCE_SECONDS
from tests.sql.bi import bi

if TYPE_CHECKING:
    from collections.abc import Callable

pd = imported_at_first_use("pandas")
sa = imported_at_first_use("sqlalchemy")


def bi_url(demo: Demo) -> str:
    return str(re.search(r"BI tools +(postgresql://\S+)", demo.output)[1])  # type: ignore[index]


@pytest.fixture
def engine(demo: Demo) -> Any:
    made = sa.create_engine(bi_url(demo).replace("postgresql://", "postgresql+psycopg://"))
    deadline = time.monotonic() + PATIENCE_SECONDS
    with made.connect() as connection:
        while connection.execute(sa.text("select count(as_of_at) from bi.freshness")).scalar() != 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    yield made
    made.dispose()


def test_sqlalchemy_finds_every_view_with_its_comments(engine: Any) -> None:
    inspector = sa.inspect(engine)
    assert set(inspector.get_view_names()) == set(inspector.get_view_names("bi")) == bi.EXPECTED
    for view in bi.EXPECTED:
        assert inspector.get_table_comment(view, "bi")["text"].startswith("One row per "), view
        for column in inspector.get_columns(view, "bi"):
            assert column["comment"], (view, column["name"])
            assert not isinstance(column["type"], sa.types.NullType), (view, column["name"])


def test_pandas_reads_an_answer_with_the_types_that_it_has(engine: Any) -> None:
    frame = pd.read_sql("select * from bi.inventory_turnover", engine)
    assert len(frame) > 100
    assert frame["units_shipped"].sum() > 0
    assert str(frame["units_shipped"].dtype) == "int64"
    lines = pd.read_sql(sa.text("select * from bi.fact_order_line"), engine, parse_dates=["placed_on"])
    assert str(lines["placed_at"].dtype).startswith("datetime64")
    assert (lines["quantity"] * lines["unit_price"] == lines["amount"]).all()


def test_the_recipe_for_pandas_runs_as_it_stands(demo: Demo, engine: Any) -> None:
    [code] = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs" / "bi.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "BI": bi_url(demo)}, capture_output=True, text=True, check=True
    )
    with engine.connect() as connection:
        months = connection.execute(sa.text("select count(distinct month_on) from inventory_turnover")).scalar()
    assert len(re.findall(r"^20\d\d-\d\d-01 +[\d.]+$", done.stdout, re.MULTILINE)) == months, done.stdout


def test_the_port_is_of_this_machine_and_of_analysts(demo: Demo) -> None:
    address = re.search(r"@([\d.]+):(\d+)/", bi_url(demo))
    assert address
    assert address[1] == "127.0.0.1"
    for login in ("postgres", "authenticator", "scoville_owner", "nobody"):
        with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf|password"):
            psycopg.connect(f"postgresql://{login}@127.0.0.1:{address[2]}/scoville")
    for changed in (bi_url(demo).replace("analyst:", "analyst:x"), bi_url(demo).replace("/scoville", "/postgres")):
        with pytest.raises(psycopg.OperationalError, match=r"password|pg_hba\.conf"):
            psycopg.connect(changed)


def test_it_stays_the_same_at_the_second_start(copy_folder: Callable[[], Any]) -> None:
    folder = copy_folder()
    found = []
    for _ in range(2):
        with run_demo(folder) as demo:
            found.append(bi_url(demo))
            assert httpx2.get(f"{demo.url}/readyz").status_code == 200
            with psycopg.connect(found[-1]) as connection:
                assert connection.execute("select count(*) > 0 from bi.dim_sku").fetchone() == (True,)
            assert demo.stop() == (0, "")
    assert found[0] == found[1]
    with socket.socket() as taken:  # the port is taken, so the demo must choose another
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # allows the port that the demo has just closed
        taken.bind(("127.0.0.1", int(found[0].rpartition(":")[2].partition("/")[0])))
        taken.listen()
        with run_demo(folder) as demo, psycopg.connect(bi_url(demo)):
            assert bi_url(demo) != found[0]


def test_status_shows_where_bi_tools_connect(demo: Demo, scoville: Scoville) -> None:
    done = scoville("status", "-o", "json", "--data-dir", demo.data_dir)
    assert json.loads(done.stdout)["bi"] == {"url": bi_url(demo)}
    assert f"export BI={bi_url(demo)}\n" in scoville("status", "-o", "env", "--data-dir", demo.data_dir).stdout
    assert bi_url(demo) in scoville("status", "--data-dir", demo.data_dir).stdout


def test_an_analyst_comes_sees_its_warehouse_and_goes(demo: Demo, scoville: Scoville) -> None:
    name = f"ana_{uuid.uuid4().hex[:8]}"
    made = scoville("bi", "add-user", name, "--warehouse", "WH-01", "-o", "json", "--data-dir", demo.data_dir)
    assert (made.returncode, made.stderr) == (0, "The password is shown only once: store it now.\n")
    document = json.loads(made.stdout)
    assert document["warehouses"] == ["WH-01"]
    with psycopg.connect(document["url"]) as connection:
        assert connection.execute("select distinct warehouse_id from fact_stock_daily").fetchall() == [("WH-01",)]
    listed = json.loads(scoville("bi", "list", "-o", "json", "--data-dir", demo.data_dir).stdout)
    assert {(one["login"], tuple(one["warehouses"])) for one in listed} >= {("analyst", ()), (name, ("WH-01",))}
    table = scoville("bi", "list", "--data-dir", demo.data_dir).stdout
    assert re.search(rf"^{name} +WH-01 +20\d\d-", table, re.MULTILINE)
    assert document["password"] not in table
    again = scoville("bi", "add-user", name, "--data-dir", demo.data_dir)
    assert_one_clear_line(again, 11, "already")
    assert scoville("bi", "remove-user", name, "--data-dir", demo.data_dir).returncode == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(document["url"])
    assert_one_clear_line(scoville("bi", "remove-user", name, "--data-dir", demo.data_dir), 11, name)
    with demo.client() as admin:
        rows = admin.get("/v1/audit", params={"table": "identity.bi_logins", "key": name}).json()["data"]
    assert [(row["action"], row["role"], row["new"]) for row in rows] == [
        ("delete", "scoville_owner", None),
        ("insert", "scoville_owner", {"login": name, "warehouse_ids": ["WH-01"]}),
    ]
    assert all(row["actor"] for row in rows)
    assert document["password"] not in str(rows)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [(("Robert'); drop",), 2, "lowercase letters"), (("ana", "--warehouse", "WH-99"), 11, "WH-99"), (("admin",), 11, "already")],
)
def test_what_cannot_be_an_analyst_is_refused(
    demo: Demo, scoville: Scoville, arguments: tuple[str, ...], code: int, word: str
) -> None:
    assert_one_clear_line(scoville("bi", "add-user", *arguments, "--data-dir", demo.data_dir), code, word)


def test_no_login_but_those_that_it_made_can_be_removed(demo: Demo, scoville: Scoville) -> None:
    assert_one_clear_line(
        scoville("bi", "remove-user", "authenticator", "--data-dir", demo.data_dir), 11, "Analyst authenticator does not exist"
    )
