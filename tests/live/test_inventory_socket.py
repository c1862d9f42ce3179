"""The inventory socket: a snapshot, then every change, limited to the caller's scope."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed

from pyapp.identity.tokens import Role
from tests.live.conftest import PATH, Onlookers, Shop, wait_for

LEVEL = {
    *("sku_id", "warehouse_location", "stock", "available", "reserved", "committed", "unavailable", "safety_stock"),
    *("incoming", "shortfall", "version", "updated_at"),
}
AVAILABLE = {"sku_id", "warehouse_location", "stock", "available", "version", "updated_at"}


@pytest.mark.parametrize("path", [PATH, "/ws/inventory"])
def test_a_snapshot_comes_first_then_the_changes(shop: Shop, path: str) -> None:
    shop.receive("HOT", "MILD")
    socket = shop.connect(path=path)
    socket.subscribe()
    levels = socket.snapshot()
    assert {name: level["stock"] for name, level in levels.items()} == {("WH-01", "HOT"): 100, ("WH-01", "MILD"): 100}
    shop.adjust("HOT", -3)
    level = socket.until("WH-01", "HOT", stock=97)
    assert socket.told[-1]["type"] == "changes"
    assert set(level) == LEVEL
    shop.order("HOT", 2)
    assert socket.until("WH-01", "HOT", stock=97, available=95)["committed"] == 2
    shop.receive("NEW")
    socket.until("WH-01", "NEW", available=100)


def test_a_change_reads_as_the_snapshot_of_it_would(shop: Shop) -> None:
    shop.receive("HOT")
    for role, claims in (("admin", {}), ("integration", {"channels": ["web"]})):
        first = shop.connect(role, **claims)  # type: ignore[arg-type]
        first.subscribe()
        first.snapshot()
        shop.order("HOT")
        changed = first.until("WH-01", "HOT", version=first.levels["WH-01", "HOT"]["version"] + 1)
        second = shop.connect(role, **claims)  # type: ignore[arg-type]
        second.subscribe()
        assert second.snapshot() == {("WH-01", "HOT"): changed}


@pytest.mark.parametrize(
    ("role", "claims", "warehouses", "members"),
    [
        ("admin", {}, {"WH-01", "WH-02"}, LEVEL),
        ("sales", {"channels": ["web", "pos"]}, {"WH-01", "WH-02"}, LEVEL),
        ("sales", {"channels": ["web"]}, {"WH-01"}, LEVEL),
        ("sales", {}, set(), LEVEL),
        ("integration", {"channels": ["pos"]}, {"WH-02"}, AVAILABLE),
        ("warehouse", {"warehouses": ["WH-02"]}, {"WH-02"}, LEVEL),
        ("warehouse", {}, set(), LEVEL),
    ],
)
def test_everybody_gets_what_the_role_may_see_and_no_more(
    shop: Shop, role: Role, claims: dict[str, Any], warehouses: set[str], members: set[str]
) -> None:
    shop.receive("HOT")
    shop.receive("HOT", warehouse="WH-02")
    socket = shop.connect(role, **claims)
    socket.subscribe()
    assert {warehouse for warehouse, _ in socket.snapshot()} == warehouses
    shop.adjust("HOT", warehouse="WH-01")
    shop.order("HOT", channel="pos")  # ships from WH-02
    for warehouse in warehouses:
        socket.until(warehouse, "HOT", available=99)
    assert socket.is_quiet()
    assert {warehouse for warehouse, _ in socket.levels} == warehouses
    for level in socket.levels.values():
        assert set(level) == members
        assert members != AVAILABLE or level["stock"] == level["available"]


def test_a_subscription_names_skus_and_warehouses_and_can_be_replaced(shop: Shop) -> None:
    shop.receive("A", "B", "C")
    shop.receive("A", warehouse="WH-02")
    socket = shop.connect()
    socket.subscribe(skus=["A", "B"], warehouses=["WH-01"])
    assert set(socket.snapshot()) == {("WH-01", "A"), ("WH-01", "B")}
    shop.adjust("C")
    shop.adjust("A", warehouse="WH-02")
    assert socket.is_quiet()
    shop.adjust("B")
    socket.until("WH-01", "B", stock=99)
    socket.levels.clear()
    socket.subscribe(skus=["C", "NOT-YET"])
    assert set(socket.snapshot()) == {("WH-01", "C")}
    shop.adjust("A")
    assert socket.is_quiet()
    shop.receive("NOT-YET")
    socket.until("WH-01", "NOT-YET", stock=100)


def test_a_large_snapshot_comes_in_parts(shop: Shop) -> None:
    skus = [f"S-{number:04}" for number in range(600)]
    shop.receive(*skus)
    socket = shop.connect()
    socket.subscribe()
    socket.snapshot()
    assert [message["more"] for message in socket.told] == [True, True, False]
    assert {sku for _, sku in socket.levels} == set(skus)
    assert len({message["place"] for message in socket.told}) == 1


def test_who_comes_back_gets_what_changed_meanwhile_and_nothing_else(shop: Shop) -> None:
    shop.receive("A", "B", "C")
    socket = shop.connect()
    socket.subscribe()
    socket.snapshot()
    shop.adjust("A")
    socket.until("WH-01", "A", stock=99)
    socket.connection.close()
    shop.adjust("B")
    shop.adjust("B")
    again = shop.connect()
    again.subscribe(after=socket.place)
    again.until("WH-01", "B", stock=98)
    shop.adjust("C")
    again.until("WH-01", "C", stock=99)
    assert set(again.levels) == {("WH-01", "B"), ("WH-01", "C")}
    assert {message["type"] for message in again.told} == {"changes"}


def test_ping_is_answered_with_pong(onlookers: Onlookers) -> None:
    socket = onlookers.connect()
    socket.send(type="ping")
    assert socket.receive() == {"type": "pong"}


BAD_MESSAGES: list[tuple[str | bytes, int, str]] = [
    ("", 400, ""),
    ("{", 400, ""),
    (b"\x00\x01", 400, ""),
    ("[" * 5000, 422, ""),
    ('{"type":"ping","type":"ping"}', 400, ""),
    ("[]", 422, ""),
    ('"ping"', 422, ""),
    ("{}", 422, "/type"),
    ('{"type":"launch"}', 422, "/type"),
    ('{"type":"ping","x":1}', 422, "/x"),
    ('{"type":"subscribe","sku":["A"]}', 422, "/sku"),
    ('{"type":"subscribe","skus":"A"}', 422, "/skus"),
    ('{"type":"subscribe","skus":[]}', 422, "/skus"),
    ('{"type":"subscribe","skus":["A B"]}', 422, "/skus/0"),
    (f'{{"type":"subscribe","skus":{["A"] * 1001}}}'.replace("'", '"'), 422, "/skus"),
    ('{"type":"subscribe","warehouses":[null]}', 422, "/warehouses/0"),
    ('{"type":"subscribe","after":7}', 422, "/after"),
    ('{"type":"subscribe","after":"yesterday"}', 422, "/after"),
]


@pytest.mark.parametrize(("message", "status", "pointer"), BAD_MESSAGES)
def test_a_bad_message_gets_an_error_and_the_socket_stays_open(
    onlookers: Onlookers, message: str | bytes, status: int, pointer: str
) -> None:
    socket = onlookers.connect()
    socket.connection.send(message)
    error = socket.receive()
    assert error["type"] == "error"
    assert error["problem"]["status"] == status, error
    if status == 422:
        assert [found["pointer"] for found in error["problem"]["errors"]] == [pointer]
    socket.send(type="ping")
    assert socket.receive() == {"type": "pong"}


def test_staff_who_ask_for_another_warehouse_are_told_so(onlookers: Onlookers) -> None:
    socket = onlookers.connect("warehouse", warehouses=["WH-01"])
    socket.subscribe(warehouses=["WH-01", "WH-02"])
    error = socket.receive()
    assert (error["problem"]["status"], error["problem"]["errors"][0]["pointer"]) == (403, "/warehouses/1")


def test_too_many_and_too_large_messages_close_the_socket(onlookers: Onlookers) -> None:
    socket = onlookers.connect()
    with suppress(ConnectionClosed):  # a slow client is cut off while it still sends
        for _ in range(40):
            socket.send(type="ping")
    assert socket.close_code() == 1008
    *answers, last = [message["type"] for message in socket.told]
    assert (set(answers), last) == ({"pong"}, "error")
    assert 20 <= len(answers) < 40  # a slow machine takes more than 0.2 seconds to send them, and the limit then allows some more
    socket = onlookers.connect()
    with suppress(ConnectionClosed):
        socket.subscribe(skus=["A" * 200_000])
    assert socket.close_code() == 1009


def test_an_admin_may_look_at_another_region_and_nobody_else(shop: Shop, connection: psycopg.Connection[Any]) -> None:
    connection.execute("insert into catalog.regions (region_id, name) values (2, 'North')")
    shop.done(shop.admin.post("/v1/warehouses", json={"warehouse_id": "N-01", "name": "N", "region_id": 2}))
    shop.receive("HOT")
    socket = shop.connect(path=f"{PATH}?region=2")
    socket.subscribe()
    assert socket.snapshot() == {}
    shop.adjust("HOT")
    assert socket.is_quiet()
    refused = shop.connect("sales", channels=["web"], path=f"{PATH}?region=2")
    assert refused.close_code() == 4403


def test_a_snapshot_and_the_changes_after_it_never_contradict(shop: Shop, connection: psycopg.Connection[Any]) -> None:
    """The snapshot includes a change that is committed but not sequenced; the clients before it receive the change later."""
    shop.receive("HOT", "MILD")
    first = shop.connect()
    first.subscribe()
    first.snapshot()
    with connection.transaction():
        connection.execute("select from events.stream for update")  # no sequencer runs
        for _ in range(3):
            shop.adjust("HOT")
        second = shop.connect()
        second.subscribe()
        assert second.snapshot()["WH-01", "HOT"]["stock"] == 97
    first.until("WH-01", "HOT", stock=97)
    assert second.is_quiet()  # its snapshot included these changes
    shop.adjust("HOT")
    second.until("WH-01", "HOT", stock=96)
    shop.adjust("MILD")
    second.until("WH-01", "MILD", stock=99)
    wait_for(lambda: shop.live.relay.members == 2)
