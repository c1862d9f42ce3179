"""Counts of a shop, in few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.world import SKU

if TYPE_CHECKING:
    from tests.world import Result, Shop


def plan(shop: Shop, scope: str = "all", warehouse: str = "WH-01", **rest: Any) -> str:
    [answer] = shop.send("plan_counts", {"warehouse_location": warehouse, "scope": scope, **rest})
    assert answer.code is None, answer
    return str(answer.body["count_id"])


def entries(count_id: str, counter: str, *counted: int, number: str = "B-1", **rest: Any) -> dict[str, Any]:
    made = [{"sku_id": SKU, "batch_number": number, "counted": units, **rest} for units in counted]
    return {"count_id": count_id, "entries": made, "meta": {"actor": counter}}


def enter(shop: Shop, count_id: str, counted: int, counter: str = "sam", now: str | None = None, **rest: Any) -> Result:
    [answer] = shop.send("enter_counts", entries(count_id, counter, counted, **rest), now=now)
    return answer


def approval(count_id: str, who: str = "boss") -> dict[str, Any]:
    return {"count_id": count_id, "meta": {"actor": who}}


def approve(shop: Shop, count_id: str, who: str = "boss") -> Result:
    [answer] = shop.send("approve_counts", approval(count_id, who))
    return answer


def read(shop: Shop, count_id: str, role: str = "admin", sub: str = "boss") -> Any:
    with shop.session(role, sub=sub, warehouses=["WH-01", "WH-02"]) as connection:
        row = connection.execute("select body from api.get_count(1::smallint, %s)", [count_id]).fetchone()
    assert row is not None
    return row[0]
