"""A full queue of notifications: an analyst can fill PostgreSQL's, and events arrive all the same."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from pyapp.cli.checks import cluster
from pyapp.demo import embedded
from tests.calls import CHANNEL
from tests.folders import short_folder
from tests.http.conftest import run_server
from tests.live.conftest import Shop, wait_for
from tests.patience import PATIENCE_SECONDS
from tests.prepared import copy_cluster
from tests.sql.bi import bi

if TYPE_CHECKING:
    from collections.abc import Iterator

ARRIVES_SECONDS_MAX = 2.0  # or ten times as long as before the jam, on a slow machine
ORDERS = 4
SESSIONS = """
    select application_name, backend_start from pg_stat_activity
     where application_name in ('scoville live', 'scoville sequencer') order by 1"""


@pytest.fixture
def small_queue() -> Iterator[embedded.Server]:
    """A cluster whose queue is full after half a megabyte instead of eight gigabytes."""
    with short_folder() as folder:
        copy_cluster(folder)
        with (folder / "pg" / "postgresql.conf").open("a") as settings:
            settings.write("max_notify_queue_pages = 64\n")
        running = embedded.start(folder)
        try:
            yield running
        finally:
            running.stop()


@contextmanager
def jam(url: str) -> Iterator[None]:
    """Fills the queue and keeps it full: one session listens in an open transaction, the other one notifies."""
    stop = threading.Event()
    full = threading.Event()

    def fill() -> None:
        with psycopg.connect(url, autocommit=True) as sender:
            while not stop.is_set():
                try:
                    sender.execute("select pg_notify('junk', repeat('x', 7900) || g) from generate_series(1, 5) g")
                except psycopg.errors.ProgramLimitExceeded:
                    full.set()
                    time.sleep(0.01)

    with psycopg.connect(url, autocommit=True) as listener:
        listener.execute("set idle_in_transaction_session_timeout = 0")
        listener.execute("listen junk")
        listener.execute("begin")
        listener.execute("select 1")
        thread = threading.Thread(target=fill)
        thread.start()
        try:
            assert full.wait(PATIENCE_SECONDS)
            yield
        finally:
            stop.set()
            thread.join()


def test_a_jam_of_notifications_delays_no_event_and_leaves_nothing_to_do(small_queue: embedded.Server) -> None:
    owner_url, url = small_queue.url("postgres", "postgres"), small_queue.url("authenticator", "postgres")
    with ExitStack() as stack:
        analyst = stack.enter_context(bi.analyst(owner_url))
        connection = stack.enter_context(psycopg.connect(owner_url, autocommit=True))
        shop = Shop(stack.enter_context(run_server(url)), connection, stack)
        shop.done(shop.admin.post("/v1/warehouses", json={"warehouse_id": "WH-01", "name": "W"}))
        shop.done(shop.admin.post("/v1/channels", json=CHANNEL | {"warehouses": ["WH-01"]}))
        shop.receive("HOT")
        socket = shop.connect()
        socket.subscribe()
        socket.snapshot()

        def arrives(committed: int) -> float:
            started = time.monotonic()
            shop.order("HOT")
            socket.until("WH-01", "HOT", committed=committed)
            return time.monotonic() - started

        limit = max(ARRIVES_SECONDS_MAX, 10 * arrives(1))
        with jam(small_queue.url(analyst, "postgres")):
            for number in range(ORDERS):
                assert arrives(number + 2) < limit
            sessions = connection.execute(SESSIONS).fetchall()
            assert len(sessions) == 2
            (finding,) = cluster.check_notifications(connection)
            assert (finding.state, "runbook" in finding.remedy) == ("bad", True)
        # Nobody calls pg_notification_queue_usage() here: the sequencer does.
        assert arrives(ORDERS + 2) < limit
        connection.execute("listen scoville_events")
        time.sleep(1.1)  # the pause after its last failure
        assert arrives(ORDERS + 3) < limit
        assert [notice.channel for notice in connection.notifies(timeout=PATIENCE_SECONDS, stop_after=1)] == ["scoville_events"]
        wait_for(lambda: not shop.live.hub.silent)
        assert connection.execute(SESSIONS).fetchall() == sessions, "a failed notification costs no connection"
        (finding,) = cluster.check_notifications(connection)
        assert finding.state == "ok"
