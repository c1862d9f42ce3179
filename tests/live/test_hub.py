"""Positions from which the log can and cannot be continued, and the message that each client gets."""

from __future__ import annotations

import time
from contextlib import ExitStack

import psycopg
import pytest

from pyapp.eventlog import hub, levels
from tests.http.conftest import run_server
from tests.live.conftest import Onlookers, Shop, Socket, wait_for


def watching(shop: Shop, **what: object) -> Socket:
    socket = shop.connect()
    socket.subscribe(**what)
    socket.snapshot()
    return socket


def check_reset(socket: Socket, reason: str) -> None:
    assert socket.receive() == {"type": "reset", "reason": reason}
    socket.snapshot()


def terminate(connection: psycopg.Connection[object]) -> None:
    statement = (
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s and datname = current_database()"
    )
    assert connection.execute(statement, ["scoville live"]).fetchall() == [(True,)]


def test_a_killed_listener_costs_nobody_anything(shop: Shop) -> None:
    shop.receive("HOT")
    socket = watching(shop)
    for number in range(1, 4):
        wait_for(lambda: shop.live.hub.connected)
        terminate(shop.connection)
        shop.adjust("HOT")
        socket.until("WH-01", "HOT", stock=100 - number)
    assert {message["type"] for message in socket.told[1:]} == {"changes"}


def test_where_notifications_are_swallowed_the_log_is_polled(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.receive("HOT")
    socket = watching(shop)
    listen_events, listen_beat = hub.LISTEN_EVENTS, hub.LISTEN_BEAT
    monkeypatch.setattr(hub, "LISTEN_EVENTS", "listen nothing")
    monkeypatch.setattr(hub, "LISTEN_BEAT", "listen nothing")
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 0.2)
    monkeypatch.setattr(hub, "POLL_SECONDS", 3.0)
    terminate(shop.connection)
    shop.adjust("HOT")
    socket.until("WH-01", "HOT", stock=99)  # through the poll
    wait_for(lambda: shop.live.hub.silent)
    started = time.monotonic()
    for number in range(5):
        shop.adjust("HOT")
        socket.until("WH-01", "HOT", stock=98 - number)
    assert time.monotonic() - started < 5 * hub.POLL_SECONDS
    monkeypatch.setattr(hub, "LISTEN_EVENTS", listen_events)
    monkeypatch.setattr(hub, "LISTEN_BEAT", listen_beat)
    wait_for(lambda: not shop.live.hub.silent)


@pytest.mark.parametrize(
    ("place", "reason"),
    [("0123456789ab:7", "epoch_changed"), ("{epoch}:{beyond}", "place_unknown"), ("{epoch}:1", "place_expired")],
)
def test_a_place_that_cannot_be_continued_from_gets_a_reset_and_a_snapshot(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, place: str, reason: str
) -> None:
    monkeypatch.setattr(hub, "CATCH_UP_SECONDS", 0.1)
    shop.receive("A", "B", "C")
    epoch, _, last = shop.settle().partition(":")
    shop.connection.execute("update events.stream set first_seq = last_seq")
    with run_server(shop.api.settings.database_url or "") as api:  # a new server without recent events
        wait_for(lambda: api.live.hub.position)
        socket = Onlookers(api, shop.stack).connect()
        socket.subscribe(after=place.format(epoch=epoch, beyond=int(last) + 5))
        check_reset(socket, reason)
        assert len(socket.levels) == 3
        shop.adjust("A")
        socket.until("WH-01", "A", stock=99)
        socket.connection.close()


def test_after_a_restart_of_the_server_what_changed_is_read_back_from_the_log(shop: Shop) -> None:
    shop.receive("A", "B", "C")
    socket = watching(shop)
    shop.flood("A", rounds=30)
    shop.adjust("B")
    shop.settle()
    with run_server(shop.api.settings.database_url or "") as api:
        wait_for(lambda: api.live.hub.position)
        assert api.live.hub.window.base > 3
        for _ in range(2):
            again = Onlookers(api, shop.stack).connect()
            again.subscribe(after=socket.place)
            again.until("WH-01", "B", stock=99)
            assert {name: level["stock"] for name, level in again.levels.items()} == {("WH-01", "A"): 70, ("WH-01", "B"): 99}
            assert [message["type"] for message in again.told] == ["changes"]
            again.connection.close()


def test_what_lies_too_far_back_is_not_read_but_reset(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "EXTEND_EVENTS_MAX", 10)
    shop.receive("A")
    socket = watching(shop)
    shop.flood("A", rounds=12)
    shop.settle()
    with run_server(shop.api.settings.database_url or "") as api:
        wait_for(lambda: api.live.hub.position)
        again = Onlookers(api, shop.stack).connect()
        again.subscribe(after=socket.place)
        check_reset(again, "place_too_far_back")
        assert again.levels["WH-01", "A"]["stock"] == 88
        again.connection.close()


def test_a_new_epoch_resets_every_socket(shop: Shop) -> None:
    shop.receive("A", "B")
    sockets = [watching(shop), watching(shop, skus=["A"])]
    with shop.connection.transaction():
        shop.connection.execute("select jobs.renew_epoch()")
    for socket in sockets:
        check_reset(socket, "epoch_changed")
        assert socket.place == shop.settle()
    shop.adjust("A")
    for socket in sockets:
        socket.until("WH-01", "A", stock=99)


def test_a_gap_in_the_log_resets_every_socket(shop: Shop) -> None:
    shop.receive("HOT")
    socket = watching(shop)
    shop.connection.execute("update events.stream set last_seq = last_seq + 5, first_seq = last_seq + 6")
    check_reset(socket, "events_missing")
    shop.adjust("HOT")
    socket.until("WH-01", "HOT", stock=99)


def test_one_that_falls_behind_all_that_is_remembered_is_reset(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window drops the oldest levels; clients that have not received them need a snapshot."""
    monkeypatch.setattr(levels, "LEVELS_MAX", 3)
    skus = [f"S-{number}" for number in range(8)]
    shop.receive(*skus)
    socket = watching(shop)
    shop.flood(*skus)
    shop.settle()
    assert len(shop.live.hub.window) == 3
    again = shop.connect()
    again.subscribe(after=socket.place)
    check_reset(again, "place_too_far_back")
    assert {level["stock"] for level in again.levels.values()} == {99}
    for sku in skus:  # a client that keeps up is not reset
        shop.adjust(sku)
        socket.until("WH-01", sku, stock=98)
    assert "reset" not in {message["type"] for message in socket.told}


def test_without_a_database_a_socket_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "READY_SECONDS", 0.2)
    with ExitStack() as stack:
        api = stack.enter_context(run_server("postgresql://authenticator@127.0.0.1:1/none"))
        socket = Onlookers(api, stack).connect()
        socket.subscribe()
        assert socket.close_code() == 1013
        assert socket.told[0]["problem"]["code"] == "RQ503"


def test_an_event_that_cannot_be_read_resets_instead_of_stopping_everything(shop: Shop) -> None:
    shop.receive("HOT")
    socket = watching(shop)
    shop.connection.execute(
        "insert into events.outbox (region_id, type, audience, subject, version, data, actor, occurred_at)"
        " values (1, 'stock.adjusted', 'warehouse', 's', 1, '{}', 'a', now())"
    )
    check_reset(socket, "events_missing")
    shop.adjust("HOT")
    socket.until("WH-01", "HOT", stock=99)
