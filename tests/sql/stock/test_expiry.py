"""Expiry: expired lots are never sold and expired reservations never block units, even before the worker's sweep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import AsRole
    from tests.world import Shop

CUSTOMER = {"name": "Jane Doe", "email": "jane@example.com", "address": "123 Hot St"}
BEFORE, LAST_DAY, AFTER = "2030-05-01T12:00:00Z", "2030-06-30T23:59:00Z", "2030-07-01T00:00:01Z"


def run(c: psycopg.Connection[Any], function: str, elements: list[dict[str, Any]]) -> list[tuple[str | None, Any]]:
    return c.execute(f"select code, body from api.{function}(1::smallint, %s)", [json.dumps(elements)]).fetchall()


def at(c: psycopg.Connection[Any], moment: str) -> psycopg.Connection[Any]:
    c.execute("select set_config('scoville.now', %s, true)", [moment])
    return c


def order(quantity: int, name: str) -> dict[str, Any]:
    return {"customer": CUSTOMER, "external_id": name, "items": [{"sku_id": "HOT", "quantity": quantity}]}


def level(c: psycopg.Connection[Any]) -> tuple[int, ...]:
    row = c.execute("select on_hand, available, reserved, committed, unavailable, shortfall from stock.stock_levels").fetchone()
    assert row
    return tuple(row)


@pytest.fixture
def as_role(rehearsal: Shop) -> AsRole:
    return rehearsal.as_role


@pytest.fixture
def connection(rehearsal: Shop) -> psycopg.Connection[Any]:
    return rehearsal.connection


@pytest.fixture
def stocked(as_role: AsRole, connection: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """10 units: 6 of a lot that is good through 2030-06-30, 4 of a lot that expires later. The books agree afterwards."""
    with as_role("admin") as c:
        c.execute("select * from api.save_warehouses(%s)", ['[{"warehouse_id": "WH-01"}]'])
        c.execute("select * from api.save_channels(%s)", ['[{"channel_id": "web", "warehouses": ["WH-01"]}]'])
        receipt = {"sku_id": "HOT", "name": "Hot", "price": 1, "warehouse_location": "WH-01"}
        batches = [
            receipt | {"stock": 6, "batch_number": "SOON", "expiration_date": "2030-06-30"},
            receipt | {"stock": 4, "batch_number": "LATER", "expiration_date": "2031-06-30"},
        ]
        assert [code for code, _ in run(at(c, BEFORE), "receive_stock", batches)] == [None, None]
    yield connection
    with as_role("admin") as c:
        assert c.execute("select * from stock.verify()").fetchall() == []


def sweep(as_role: AsRole, moment: str) -> None:
    with as_role("scoville_worker") as c:
        at(c, moment).execute("select jobs.expire_lots(1::smallint, 100), jobs.expire_reservations(1::smallint, 100)")


def test_the_day_of_expiry_is_the_last_day_of_sale(as_role: AsRole, stocked: psycopg.Connection[Any]) -> None:
    with as_role("sales", channels=["web"]) as c:
        assert run(at(c, LAST_DAY), "place_orders", [order(10, "all")])[0][0] is None


@pytest.mark.parametrize("swept", [True, False])
def test_an_expired_batch_is_not_sold(as_role: AsRole, stocked: psycopg.Connection[Any], swept: bool) -> None:
    if swept:
        sweep(as_role, AFTER)
        assert level(stocked) == (10, 4, 0, 0, 6, 0)
    with as_role("sales", channels=["web"]) as c:
        answers = run(at(c, AFTER), "place_orders", [order(5, "a"), order(4, "b"), order(1, "c")])
    assert [code for code, _ in answers] == ["ST001", None, "ST001"]
    assert level(stocked) == (10, 0, 0, 4, 6, 0)


@pytest.mark.parametrize("swept", [True, False])
def test_promised_units_that_expire_are_not_shipped_and_not_sold_again(
    as_role: AsRole, stocked: psycopg.Connection[Any], swept: bool
) -> None:
    with as_role("sales", channels=["web"]) as c:
        assert [code for code, _ in run(at(c, BEFORE), "place_orders", [order(5, "a"), order(3, "b")])] == [None, None]
    if swept:
        sweep(as_role, AFTER)
        assert level(stocked) == (10, 0, 0, 8, 2, 4)
    with as_role("warehouse", warehouses=["WH-01"]) as c:
        at(c, AFTER)
        assert run(c, "fulfill_orders", [{"order_id": "a"}])[0][0] == "ST013"
        assert run(c, "fulfill_orders", [{"order_id": "b"}])[0][0] is None
    with as_role("sales", channels=["web"]) as c:
        at(c, AFTER)
        assert run(c, "cancel_orders", [{"order_id": "a"}])[0][0] is None
        assert [code for code, _ in run(c, "place_orders", [order(2, "c"), order(1, "d")])] == ["ST001", None]
    sweep(as_role, AFTER)
    assert level(stocked) == (7, 0, 0, 1, 6, 0)


def test_an_expired_batch_is_received_as_expired(as_role: AsRole, stocked: psycopg.Connection[Any]) -> None:
    old = {"sku_id": "HOT", "warehouse_location": "WH-01", "stock": 3, "batch_number": "OLD", "expiration_date": "2020-01-31"}
    with as_role("warehouse", warehouses=["WH-01"]) as c:
        code, body = run(at(c, BEFORE), "receive_stock", [old])[0]
    assert (code, body["status"], body["stock"]) == (None, "expired", 3)
    assert level(stocked) == (13, 10, 0, 0, 3, 0)


def hold(connection: psycopg.Connection[Any], quantity: int, until: str) -> None:
    """A reservation like those of reserve_stock."""
    with connection.transaction():
        connection.execute(
            """
            with held as (
              insert into stock.reservations (region_id, channel_id, owner, expires_at, changed_by)
              values (1, 'web', 'o', %s, 'o') returning reservation_id)
            insert into stock.reservation_lines (region_id, reservation_id, sku_id, warehouse_id, channel_id, quantity)
            select 1, reservation_id, 'HOT', 'WH-01', 'web', %s from held""",
            [until, quantity],
        )
        connection.execute(
            """
            select stock.post_movements(1::smallint, array[stock.new_movement(p_warehouse_id => 'WH-01', p_sku_id => 'HOT',
              p_kind => 'reserve', p_delta => stock.new_counters(p_reserved => %s::integer), p_actor => 'o')])""",
            [quantity],
        )


@pytest.mark.parametrize("swept", [True, False])
def test_an_expired_hold_never_blocks_an_order(as_role: AsRole, stocked: psycopg.Connection[Any], swept: bool) -> None:
    hold(stocked, 9, "2030-05-01T12:10:00Z")
    with as_role("sales", channels=["web"]) as c:
        assert run(at(c, BEFORE), "place_orders", [order(2, "early")])[0][0] == "ST001"
    if swept:
        sweep(as_role, "2030-05-01T12:10:00Z")
        assert level(stocked) == (10, 10, 0, 0, 0, 0)
    with as_role("sales", channels=["web"]) as c:
        assert run(at(c, "2030-05-01T12:10:00Z"), "place_orders", [order(2, "late")])[0][0] is None
    assert level(stocked) == (10, 8, 0, 2, 0, 0)
    assert stocked.execute("select status from stock.reservations").fetchall() == [("expired",)]


def test_units_leave_first_expired_first_out(as_role: AsRole, stocked: psycopg.Connection[Any]) -> None:
    with as_role("sales", channels=["web"]) as c:
        assert run(at(c, BEFORE), "place_orders", [order(8, "a")])[0][0] is None
    with as_role("warehouse", warehouses=["WH-01"]) as c:
        code, body = run(at(c, BEFORE), "fulfill_orders", [{"order_id": "a", "items": [{"sku_id": "HOT", "quantity": 7}]}])[0]
    assert code is None
    assert {i["batch_number"]: i["quantity"] for i in body["fulfillments"][0]["items"]} == {"SOON": 6, "LATER": 1}
    assert (body["status"], body["fulfillment_status"]) == ("processing", "partially_fulfilled")
    with as_role("sales", channels=["web"]) as c:
        body = run(at(c, BEFORE), "cancel_orders", [{"order_id": "a"}])[0][1]
    assert (body["status"], body["fulfillment_status"]) == ("completed", "partially_fulfilled")
    assert level(stocked) == (3, 3, 0, 0, 0, 0)
