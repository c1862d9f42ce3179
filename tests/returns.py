"""Returns of a shop, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.world import SKU

if TYPE_CHECKING:
    from tests.world import Result, Shop


def units(quantity: int, sku_id: str = SKU, **rest: Any) -> list[dict[str, Any]]:
    return [{"sku_id": sku_id, "quantity": quantity, **rest}]


def ship(shop: Shop, quantity: int) -> Result:
    """An order of which a parcel left."""
    return shop.fulfill(shop.order((SKU, quantity)))


def announce(shop: Shop, placed: Result, quantity: int, **rest: Any) -> Result:
    element = {"order_id": placed.body["order_id"], "items": units(quantity), "reason": "too hot", **rest}
    [answer] = shop.send("request_returns", element)
    return answer


def approve(shop: Shop, announced: Result) -> Result:
    assert announced.code is None, announced
    [answer] = shop.send("approve_returns", {"return_id": announced.body["return_id"]})
    assert answer.code is None, answer
    return answer


def arrival(announced: Result, quantity: int, batch_number: str | None = "B-1", **rest: Any) -> dict[str, Any]:
    lot: dict[str, Any] = {"unreadable": True} if batch_number is None else {"batch_number": batch_number}
    return {"return_id": announced.body["return_id"], "items": units(quantity, **lot), **rest}


def receive(shop: Shop, announced: Result, quantity: int, batch_number: str | None = "B-1") -> Result:
    [answer] = shop.send("receive_returns", arrival(announced, quantity, batch_number))
    return answer


def dispose(shop: Shop, came: Result, disposition: str, quantity: int | None = None, at: int = -1, **rest: Any) -> Result:
    element = {"withholding_id": came.body["withholdings"][at]["withholding_id"], "disposition": disposition, **rest}
    [answer] = shop.send("dispose_withholdings", element if quantity is None else element | {"quantity": quantity})
    return answer


def read(shop: Shop, announced: Result, role: str = "admin", **claims: Any) -> dict[str, Any]:
    with shop.session(role, **claims) as connection:
        row = connection.execute("select body from api.get_return(1::smallint, %s)", [announced.body["return_id"]]).fetchone()
    assert row
    body: dict[str, Any] = row[0]
    return body
