"""Helpers for reservations, by default made at noon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.world import order

if TYPE_CHECKING:
    from tests.world import Result, Shop

NOON = "2030-05-01T12:00:00Z"


def held(*items: tuple[str, int], **rest: Any) -> dict[str, Any]:
    return {"channel": "web", "items": [{"sku_id": sku_id, "quantity": quantity} for sku_id, quantity in items], **rest}


def reserve(shop: Shop, *items: tuple[str, int], now: str | None = NOON, **rest: Any) -> Result:
    return shop.send("reserve_stock", held(*items, **rest), now=now)[0]


def conversion(hold: Result, *items: tuple[str, int], **rest: Any) -> dict[str, Any]:
    """An order that converts this reservation, with other items if given."""
    named = {"items": order(*items)["items"]} if items else {}
    return {"reservation_id": hold.body["reservation_id"], **named, **rest}


def read(shop: Shop, hold: Result, now: str = NOON, role: str = "admin", **claims: Any) -> tuple[Any, str]:
    with shop.session(role, now, **claims) as connection:
        row = connection.execute("select * from api.get_reservation(1::smallint, %s)", [hold.body["reservation_id"]]).fetchone()
    assert row is not None
    return row[0], row[1]
