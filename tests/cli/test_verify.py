"""`scoville verify` prints the rows and exits with 1 if data disagrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import Demo, Scoville

if TYPE_CHECKING:
    import psycopg


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


def test_all_agrees_after_the_demo_data(demo: Demo, scoville: Scoville) -> None:
    done = scoville("verify", "--data-dir", demo.data_dir)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Everything agrees.\n", "")


def test_a_level_without_its_movement_is_shown(
    scoville: Scoville, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    assert scoville("verify", DATABASE_URL=authenticator_url).returncode == 0
    connection.execute(
        "update stock.stock_levels set on_hand = on_hand + 7 where warehouse_id = 'WH-02' and sku_id = 'HOTSAUCE-001'"
    )
    done = scoville("verify", DATABASE_URL=authenticator_url)
    assert done.returncode == 1
    assert "ledger on_hand\t1\tWH-02\tHOTSAUCE-001\t\t120\t127" in done.stdout
    assert done.stderr.count("\n") == 1


def test_a_batch_is_nothing_that_a_terminal_obeys(
    scoville: Scoville, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("update stock.lots set batch_number = E'\\x1b[2J' || batch_number where sku_id = 'HOTSAUCE-001'")
    connection.execute("update stock.lot_levels set on_hand = on_hand + 7 where sku_id = 'HOTSAUCE-001'")
    done = scoville("verify", DATABASE_URL=authenticator_url)
    assert done.returncode == 1
    assert "\tHOTSAUCE-001\t?[2J" in done.stdout
    assert "\x1b" not in done.stdout


def test_an_event_that_was_altered_is_named(
    scoville: Scoville, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    assert connection.execute("select count(*) > 100 from events.event_log").fetchone() == (True,)
    connection.execute("update events.event_log set actor = 'nobody' where seq = 42")
    done = scoville("verify", DATABASE_URL=authenticator_url)
    assert done.returncode == 1
    assert done.stdout.splitlines()[1].startswith("altered\t42\t")
    assert done.stderr == "scoville: 1 disagreements.\n"
