"""Sale rules, and orders that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.world import Result

if TYPE_CHECKING:
    from tests.world import Shop

EVERY_SKU = {"mode": "backorder"}


def let_wait(shop: Shop, *rules: dict[str, Any], channel: str = "web") -> Result:
    return shop.send("save_channels", {"channel_id": channel, "sale_rules": list(rules or [EVERY_SKU])})[0]


def waiting(answer: Result) -> dict[str, int]:
    assert answer.code is None, answer
    return {part["sku_id"]: part["quantity"] for part in answer.body["backorders"]}


def read(shop: Shop, placed: Result) -> Result:
    with shop.session() as connection:
        [(body,)] = connection.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchall()
    del body["timeline"], body["return_status"]  # no command answers with it
    return Result(None, False, body)
