"""`scoville psql`: SQL by hand, as the owner or as a caller under row-level security."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pyapp.cli.psql import find_program
from pyapp.demo import embedded
from pyapp.failures import Exit, Failure
from tests.cli.conftest import Demo, Scoville, assert_one_clear_line

if TYPE_CHECKING:
    import subprocess


def psql(scoville: Scoville, demo: Demo, sql: str, *options: str) -> subprocess.CompletedProcess[str]:
    return scoville("psql", *options, "--data-dir", demo.data_dir, "-XAtc", sql)


def test_without_a_role_it_is_the_owner_who_sees_everything(scoville: Scoville, demo: Demo) -> None:
    done = psql(scoville, demo, "select current_user, count(*) > 0 from audit.audit_log")
    assert (done.returncode, done.stdout, done.stderr) == (0, "postgres|t\n", "")


def test_a_role_sees_its_scope_and_is_known_by_its_name(scoville: Scoville, demo: Demo) -> None:
    who = "select session_user, current_user, app.claim_subject(), app.claim_warehouses(), app.claim_channels()"
    done = psql(scoville, demo, who, "--role", "warehouse", "--warehouse", "WH-02", "--subject", r"Kim \ O'Hara")
    assert (done.stdout, done.stderr) == ("authenticator|warehouse|Kim \\ O'Hara|{WH-02}|\n", "")
    seen = psql(scoville, demo, "select string_agg(distinct channel_id, ',') from orders.orders", "--role", "sales")
    assert seen.stdout == "web\n"
    refused = psql(scoville, demo, "select * from audit.audit_log", "--role", "sales")
    assert refused.returncode == 1
    assert "permission denied" in refused.stderr


def test_it_goes_to_a_server_of_ones_own_with_the_password_out_of_sight(scoville: Scoville, authenticator_url: str) -> None:
    assert "for%20tests%20only" in authenticator_url
    sql = "select current_user, app.claim_channels()"
    done = scoville("psql", "--role", "sales", "-XAtc", sql, DATABASE_URL=authenticator_url)
    assert (done.stdout, done.stderr) == ("sales|{web}\n", "")
    done = scoville("psql", "-XAt", "-c", r"\! tr '\0' ' ' < /proc/$PPID/cmdline", DATABASE_URL=authenticator_url)
    assert "psql --dbname" in done.stdout
    assert "tests only" not in done.stdout


def test_without_a_demo_it_says_what_to_do(scoville: Scoville) -> None:
    assert_one_clear_line(scoville("psql"), 4, "scoville demo", "DATABASE_URL")


def test_psql_is_the_bundled_one_or_the_installed_one_or_named_as_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert find_program("psql") == embedded.POSTGRES_BIN_PATH / "psql"
    monkeypatch.setattr(embedded, "POSTGRES_BIN_PATH", tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "psql").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_program("psql") == tmp_path / "bin" / "psql"
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(Failure, match="apt install postgresql-client") as raised:
        find_program("psql")
    assert raised.value.exit_code == Exit.PROGRAM
