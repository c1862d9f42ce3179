"""The sequencer under several writers, several sequencers, crashes, long transactions, and a restored dump."""

from __future__ import annotations

import random
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from pyapp.demo.embedded import POSTGRES_BIN_PATH
from pyapp.files import ROOT
from tests.event_log import happened, page, place, read, sequence
from tests.patience import PATIENCE_SECONDS
from tests.prepared import AUTHENTICATOR_PASSWORD
from tests.world import SKU, Shop, adjustment, receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Server


pytestmark = pytest.mark.commits

WRITERS = 16
SEQUENCERS = 2
STORM_SKUS = [f"STORM-{nth}" for nth in range(24)]
STORM_EVENTS_MIN = 1200
STORM_KILLS_MIN = 6
STORM_SECONDS_MAX = 150.0


@pytest.fixture
def shop(shop: Shop) -> Iterator[Shop]:
    """Each test starts with an empty log."""
    shop.connection.execute("delete from events.outbox")
    yield shop
    assert shop.rows("select * from events.verify_chain()") == []


@pytest.fixture
def database_url(server: Server, shop: Shop) -> str:
    """The superuser's URL of the shop's database."""
    return server.url(shop.connection.info.dbname)


@pytest.fixture
def authenticator_url(server: Server, shop: Shop) -> str:
    """The API's URL of the shop's database."""
    return server.url(shop.connection.info.dbname, "authenticator", AUTHENTICATOR_PASSWORD)


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def check_epoch(shop: Shop) -> str:
    with shop.session("scoville_worker") as connection:
        row = connection.execute("select jobs.check_epoch()").fetchone()
    assert row
    return str(row[0])


def test_a_storm_of_writers_and_killed_sequencers_leaves_no_gap_no_double_and_no_version_out_of_order(
    shop: Shop, authenticator_url: str
) -> None:
    shop.send("save_skus", *({"sku_id": sku_id, "name": sku_id, "price": 1} for sku_id in STORM_SKUS))
    shop.send("receive_stock", *(receipt(1000, sku_id) for sku_id in STORM_SKUS))
    done = threading.Event()
    deadline = time.monotonic() + STORM_SECONDS_MAX
    written, kills, moved = [0] * WRITERS, [0], [0] * SEQUENCERS

    def write(nth: int) -> None:
        chance = random.Random(nth)
        with psycopg.connect(authenticator_url) as connection:
            while sum(written) < STORM_EVENTS_MIN or kills[0] < STORM_KILLS_MIN:
                assert time.monotonic() < deadline, f"{sum(written)} events and {kills[0]} kills only"
                skus = chance.sample(STORM_SKUS, 6)
                connection.execute("select app.enter('admin', %s)", [Jsonb({"sub": f"writer {nth}"})])
                answers = shop.run(connection, "adjust_stock", *(adjustment(chance.choice((-1, 1)), sku_id) for sku_id in skus))
                if chance.random() < 0.05:
                    connection.rollback()
                    continue
                connection.commit()
                written[nth] += len([answer for answer in answers if answer.code is None])

    def move(nth: int) -> None:
        chance = random.Random(nth)
        while not done.is_set():
            try:
                with psycopg.connect(authenticator_url, application_name="storm sequencer") as connection:
                    while not done.is_set():
                        connection.execute("select app.enter('scoville_worker', '{}')")
                        row = connection.execute("select jobs.sequence_events(%s)", [chance.randint(1, 60)]).fetchone()
                        connection.commit()
                        assert row
                        moved[nth] += max(row[0], 0)
            except psycopg.OperationalError:  # killed; the next sequencer moves its uncommitted events
                continue

    def kill() -> None:
        chance = random.Random(0)
        with psycopg.connect(shop.connection.info.dsn, autocommit=True) as connection:
            while not done.wait(chance.uniform(0.01, 0.1)):
                rows = connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'storm sequencer'"
                    " and datname = current_database() order by random() limit 1"
                ).fetchall()
                kills[0] += len(rows)

    with ThreadPoolExecutor(WRITERS + SEQUENCERS + 1) as pool:
        others = [pool.submit(kill), *(pool.submit(move, nth) for nth in range(SEQUENCERS))]
        writers = [pool.submit(write, nth) for nth in range(WRITERS)]
        try:
            for future in writers:
                future.result()
        finally:
            done.set()
        for future in others:
            future.result()
    while sequence(shop, 100):
        pass
    assert all(moved), "one sequencer moved no events"
    assert shop.rows("select from events.outbox") == []
    log = shop.rows("select seq, type, subject, version from events.event_log order by seq")
    assert [row["seq"] for row in log] == list(range(1, len(log) + 1))
    assert len([row for row in log if row["type"] == "stock.adjusted"]) == sum(written) >= STORM_EVENTS_MIN
    versions: dict[str, list[int]] = {}
    for row in log:
        if row["type"] in ("stock.adjusted", "stock.received"):
            versions.setdefault(row["subject"], []).append(row["version"])
    levels = shop.rows("select 'stock/' || warehouse_id || '/' || sku_id as subject, version from stock.stock_levels")
    assert versions == {row["subject"]: list(range(1, row["version"] + 1)) for row in levels}


def test_a_second_sequencer_is_told_so_and_takes_over_at_once_when_the_first_dies(shop: Shop, authenticator_url: str) -> None:
    shop.receive(5)
    first = psycopg.connect(authenticator_url)
    first.execute("select app.enter('scoville_worker', '{}')")
    assert first.execute("select jobs.sequence_events(100)").fetchone() == (1,)
    assert sequence(shop) == -1
    shop.connection.execute("select pg_terminate_backend(%s)", [first.info.backend_pid])
    wait_until(lambda: sequence(shop) == 1)
    first.close()
    assert [event["seq"] for event in read(shop)] == [1, 2, 3, 4]


def test_an_idle_call_writes_nothing(shop: Shop) -> None:
    shop.receive(5)
    sequence(shop)
    with shop.session("scoville_worker") as connection:
        assert connection.execute("select jobs.sequence_events(100)").fetchone() == (0,)
        assert connection.execute("select pg_current_xact_id_if_assigned()").fetchone() == (None,)


def test_no_function_notifies_in_the_transaction_of_its_work() -> None:
    """A full queue of notifications would roll it back at the commit. Processes notify afterwards (tests/live/test_jam.py)."""
    for path in (ROOT / "sql").rglob("*.sql"):
        assert not re.search(r"\bnotify\b|pg_notify\(", path.read_text(encoding="utf-8")), path.name


# Settling: the start of the scan of the outbox


def settled(shop: Shop) -> int:
    [row] = shop.rows("select settled_id from events.stream")
    return int(row["settled_id"])


def move_some(shop: Shop, batches: int) -> None:
    for _ in range(batches):
        assert shop.adjust(1, "SAUCE-2").code is None
        assert sequence(shop) == 1


def test_an_event_that_is_committed_late_is_not_lost_however_many_went_before(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, "SAUCE-2"))
    happened(shop)
    with shop.session() as late:
        shop.run(late, "adjust_stock", adjustment(-1))
        [row] = shop.rows("select last_value as id from events.outbox_outbox_id_seq")
        move_some(shop, 6)
        assert settled(shop) < row["id"]
    [event] = happened(shop)
    assert (event["subject"], event["version"]) == (f"stock/WH-01/{SKU}", 2)
    move_some(shop, 4)
    assert settled(shop) > row["id"]


def pages_read(shop: Shop, statement: str) -> int:
    [row] = shop.rows(f"explain (analyze, buffers, format json) {statement}")
    plan = row["QUERY PLAN"][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def test_dead_rows_that_a_long_reader_keeps_are_not_read_again(shop: Shop, database_url: str) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, "SAUCE-2"))
    with psycopg.connect(database_url) as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select count(*) from events.outbox")
        shop.connection.execute("""
            insert into events.outbox (region_id, type, audience, subject, version, data, actor, occurred_at)
            select 1, 'order.placed', 'channel', 'orders/' || n, 1, '{}', 'a', now() from generate_series(1, 20000) n""")
        assert pages_read(shop, "select count(*) from events.outbox") > 250
        while sequence(shop, 10000):
            pass
        move_some(shop, 4)
        busy, idle = [], []
        for _ in range(3):  # of several, because any run may have to read the catalog again: the first, one after autovacuum
            shop.adjust(1)
            busy.append(pages_read(shop, "select jobs.sequence_events(10)"))
            idle.append(pages_read(shop, "select jobs.sequence_events(10)"))
        assert min(idle) < 30
        assert min(busy) < 150


# Another database


def test_a_dump_that_was_restored_elsewhere_begins_a_new_epoch(
    shop: Shop, database_url: str, new_database: Callable[[], str], server: Any
) -> None:
    shop.receive(5)
    sequence(shop)
    shop.adjust(-1)  # committed, but not yet in the log
    epoch, _, last = place(shop)
    copy_url = new_database()
    dumped = subprocess.run([str(POSTGRES_BIN_PATH / "pg_dump"), f"--dbname={database_url}"], check=True, capture_output=True)
    with psycopg.connect(copy_url, autocommit=True) as copy:
        # Only psql can run COPY data in a script.
        subprocess.run(
            [str(POSTGRES_BIN_PATH / "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", f"--dbname={copy_url}"],
            # pg_dump 18 writes this setting; servers before 17 do not support it.
            input=dumped.stdout.replace(b"SET transaction_timeout = 0;", b""),
            check=True,
            capture_output=True,
        )
        assert copy.execute("select epoch, last_seq from events.stream").fetchone() == (epoch, last)
        copy.execute("set role scoville_worker")
        assert copy.execute("select jobs.sequence_events(10)").fetchone() == (1,)
        [(new_epoch, new_last)] = copy.execute("select epoch, last_seq from jobs.stream_place()").fetchall()
        assert new_epoch != epoch
        assert new_last == last + 1
        ids = [row[0] for row in copy.execute("select event ->> 'id' from jobs.read_events(%s, 10)", [last - 1])]
        assert ids == [f"{epoch}:{last}", f"{new_epoch}:{last + 1}"]
        assert copy.execute("select * from events.verify_chain()").fetchall() == []
        assert copy.execute("select jobs.check_epoch()").fetchone() == (new_epoch,)
    assert sequence(shop) == 1
    assert place(shop)[0] == check_epoch(shop) == epoch


def test_a_process_that_starts_renews_the_epoch_before_the_first_event(shop: Shop) -> None:
    epoch, first, last = place(shop)  # of the template that this database was copied from
    assert check_epoch(shop) != epoch
    assert place(shop) == (check_epoch(shop), first, last)


def test_an_epoch_is_renewed_by_hand(shop: Shop) -> None:
    shop.receive(5)
    sequence(shop)
    epoch, _, last = place(shop)
    [row] = shop.rows("select jobs.renew_epoch() as epoch")
    assert row["epoch"] != epoch
    assert place(shop) == (row["epoch"], 1, last)
    with pytest.raises(psycopg.Error) as caught:
        page(shop, "admin", f"{epoch}:{last}")
    assert caught.value.sqlstate == "LG001"


def test_a_stream_that_was_put_back_never_gives_a_seq_out_twice(shop: Shop) -> None:
    shop.receive(5)
    sequence(shop)
    shop.connection.execute("create temporary table kept as select * from events.stream")
    for _ in range(3):
        shop.adjust(-1)
    sequence(shop)
    shop.connection.execute("delete from events.stream; insert into events.stream select * from kept")
    epoch, _, last = place(shop)
    assert last == 4
    shop.adjust(-1)
    assert sequence(shop) == 1
    assert place(shop)[0] != epoch
    assert [event["seq"] for event in read(shop)] == list(range(1, 9))
