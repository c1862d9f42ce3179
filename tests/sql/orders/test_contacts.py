"""E-mail and phone number of an order's customer: who reads them, and where they are not."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.world import SKU, Shop, codes

JANE = {"name": "Jane", "email": "jane@example.com", "phone": "+1 (555) 010-0199", "address": "1 Hot St"}


def customer_of(shop: Shop, role: str, **claims: Any) -> Any:
    with shop.session(role, **claims) as connection:
        [(body,)] = connection.execute("select body from api.get_order(1::smallint, 'S-1')")
    return body["customer"]


def contacts(shop: Shop) -> list[dict[str, Any]]:
    return shop.rows("select email, email_key, phone, phone_key from orders.order_contacts")


def test_a_phone_number_is_kept_beside_the_email(shop: Shop) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 1), external_id="S-1", customer=JANE)
    assert placed.body["customer"] == JANE
    [row] = contacts(shop)
    assert row == {"email": JANE["email"], "email_key": JANE["email"], "phone": JANE["phone"], "phone_key": "15550100199"}
    assert shop.order((SKU, 1), customer={"name": "Joe", "phone": "none"}).body["customer"]["phone"] == "none"
    assert {row["phone_key"] for row in contacts(shop)} == {"15550100199", None}


def test_staff_read_an_order_without_email_and_phone_number(shop: Shop) -> None:
    shop.receive(9)
    shop.order((SKU, 1), external_id="S-1", customer=JANE)
    assert customer_of(shop, "warehouse", warehouses=["WH-01"]) == {**JANE, "email": None, "phone": None}
    assert customer_of(shop, "sales", channels=["web"]) == JANE
    with shop.session("warehouse", warehouses=["WH-01"]) as connection:
        assert connection.execute("select * from orders.order_contacts").fetchall() == []


def test_no_event_has_a_phone_number(shop: Shop) -> None:
    shop.receive(9)
    shop.order((SKU, 2), external_id="S-1", customer=JANE)
    shop.send("modify_orders", {"order_id": "S-1", "customer": {"phone": "0049 30 1234567"}})
    shop.send("fulfill_orders", {"order_id": "S-1"})
    events = shop.rows("select type, data from events.outbox where type like 'order.%%' order by outbox_id")
    assert [event["type"] for event in events] == ["order.placed", "order.modified", "order.fulfilled"]
    for event in events:
        assert event["data"]["customer"] == {"name": "Jane", "address": "1 Hot St"}
        assert "555" not in str(event["data"])
        assert "1234567" not in str(event["data"])


def test_a_phone_number_is_changed_by_itself_and_removed(shop: Shop) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 2), external_id="S-1", customer=JANE)

    def change(**customer: Any) -> Any:
        [result] = shop.send("modify_orders", {"order_id": "S-1", "customer": customer})
        assert result.code is None
        return result.body["customer"]

    assert change(phone="0049 30 1234567") == {**JANE, "phone": "0049 30 1234567"}
    assert [row["phone_key"] for row in contacts(shop)] == ["49301234567"]
    assert change(email=None) == {**JANE, "email": None, "phone": "0049 30 1234567"}
    assert [row["email"] for row in contacts(shop)] == [None]
    assert change(phone=None) == {**JANE, "email": None, "phone": None}
    assert contacts(shop) == []
    audit = shop.audit("orders.order_contacts", placed.body["order_id"].rpartition("-")[2])
    assert [entry["new"] for entry in audit] == [{"phone": "0049 30 1234567"}, {"email": None}, {"phone": None}]
    assert codes(shop.send("modify_orders", {"order_id": "S-1", "customer": {"phone": None}})) == [None]
    assert len(shop.audit("orders.order_contacts", placed.body["order_id"].rpartition("-")[2])) == 3


@pytest.mark.parametrize("asked", ["+1 555 010-0199", "15550100199", "001 555.010.0199", "(1) 555/010 0199"])
def test_a_phone_number_is_found_by_its_digits(shop: Shop, asked: str) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 1), customer=JANE)
    shop.order((SKU, 1), customer={"name": "15550100", "phone": "+1 555 010 0198"})

    def found(role: str = "admin", **filters: str) -> list[str]:
        with shop.session(role, channels=["web"], warehouses=["WH-01"]) as connection:
            rows = connection.execute("select body from api.list_orders(1::smallint, %s, null, 10)", [Jsonb(filters)])
            return [order["order_id"] for (body,) in rows for order in body["data"]]

    assert found(customer=asked) == found(q=asked) == found("sales", customer=asked) == [placed.body["order_id"]]
    assert found("warehouse", customer=asked) == found(customer="555") == []
    assert found(q="0100199") == [placed.body["order_id"]]
