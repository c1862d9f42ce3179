"""Transfers of a shop, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.world import SKU

if TYPE_CHECKING:
    from tests.world import Result, Shop


def draft(shop: Shop, *items: tuple[str, int] | dict[str, Any], **rest: Any) -> Result:
    """A draft from WH-01 to WH-02."""
    ends = {"from_warehouse_location": "WH-01", "to_warehouse_location": "WH-02"}
    lines = [item if isinstance(item, dict) else {"sku_id": item[0], "quantity": item[1]} for item in items]
    [answer] = shop.send("save_transfers", ends | {"items": lines} | rest)
    return answer


def act(shop: Shop, command: str, transfer: Result | str, *, role: str = "admin", now: str | None = None, **rest: Any) -> Result:
    """A command about one transfer."""
    name = transfer if isinstance(transfer, str) else transfer.body["transfer_id"]
    claims = {"warehouses": rest.pop("warehouses")} if "warehouses" in rest else {}
    [answer] = shop.send(command, {"transfer_id": name, **rest}, role=role, now=now, **claims)
    return answer


def ship(shop: Shop, transfer: Result | str, **rest: Any) -> Result:
    return act(shop, "ship_transfers", transfer, **rest)


def receive(shop: Shop, transfer: Result | str, **rest: Any) -> Result:
    return act(shop, "receive_transfers", transfer, **rest)


def close(shop: Shop, transfer: Result | str, **rest: Any) -> Result:
    return act(shop, "close_transfers", transfer, **rest)


def shipped(shop: Shop, units: int = 10, **rest: Any) -> Result:
    """A transfer of this many units in transit."""
    answer = ship(shop, draft(shop, (SKU, units), **rest))
    assert answer.code is None, answer
    return answer


def incoming(shop: Shop, sku_id: str = SKU, warehouse: str = "WH-02") -> int:
    [row] = shop.rows(
        "select coalesce(sum(incoming), 0) as units from stock.stock_levels where sku_id = %s and warehouse_id = %s",
        sku_id,
        warehouse,
    )
    return int(row["units"])


def lots(answer: Result) -> list[tuple[Any, ...]]:
    """The lots of a transfer: number, withheld, shipped, and what became of the units."""
    assert answer.code is None, answer
    members = ("batch_number", "withheld", "shipped", "received", "damaged", "lost", "taken_back", "in_transit")
    return [tuple(lot[member] for member in members) for lot in answer.body["lots"]]
