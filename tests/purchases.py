"""Purchases of tests: a supplier, an ordered purchase, a delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.world import LATE, SKU

if TYPE_CHECKING:
    from tests.world import Result, Shop

SOON, LATER = "2034-06-01", "2034-09-01"


def draft(*items: tuple[str, int], **rest: Any) -> dict[str, Any]:
    lines = [{"sku_id": sku_id, "quantity": units} for sku_id, units in items]
    return {"supplier_id": "ACME", "warehouse_location": "WH-01", "expected_on": SOON, "items": lines, **rest}


def buy(shop: Shop, *items: tuple[str, int], percent: int = 0, **rest: Any) -> str:
    """An ordered purchase from a supplier of whom so many percent more are accepted."""
    assert shop.send("save_suppliers", {"supplier_id": "ACME", "name": "Acme", "over_percent": percent})[0].code is None
    [drafted] = shop.send("save_purchases", draft(*items, **rest))
    assert drafted.code is None, drafted
    [ordered] = shop.send("order_purchases", {"purchase_id": drafted.body["purchase_id"]})
    assert ordered.code is None, ordered
    return str(drafted.body["purchase_id"])


def came(units: int, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    """An item of a delivery."""
    return {"sku_id": sku_id, "quantity": units, "batch_number": "P-1", "expiration_date": LATE, **rest}


def deliver(shop: Shop, purchase: str, *items: dict[str, Any], role: str = "admin", **rest: Any) -> Result:
    return shop.send(
        "receive_purchases", {"purchase_id": purchase, "items": list(items), **rest}, role=role, warehouses=["WH-01"]
    )[0]


def queue_of(shop: Shop) -> None:
    """Lets orders of the channel web wait."""
    assert shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})[0].code is None


def promised(shop: Shop, name: str) -> Any:
    """The days that an order is promised."""
    with shop.session() as connection:
        [row] = connection.execute("select body from api.get_order(1::smallint, %s)", [name]).fetchall()
    return [waits["promised_on"] for waits in row[0]["backorders"]]


def told(shop: Shop) -> list[Any]:
    """The orders whose day changed: the former and the new one."""
    rows = shop.rows("select data from events.outbox where type = 'order.promise_changed' order by occurred_at, outbox_id")
    return [
        (row["data"]["order_id"], row["data"]["old"]["backorders"][0]["promised_on"], row["data"]["backorders"][0]["promised_on"])
        for row in rows
    ]
