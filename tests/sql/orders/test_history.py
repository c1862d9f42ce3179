"""Historic orders: shipped elsewhere, long ago. They are completed, are found and reported, and move nothing."""

from __future__ import annotations

import pytest

from tests.world import LONG_AGO, OTHER_SKU, SKU, Shop, codes, order, parts


def test_a_historic_order_is_completed_and_moves_no_stock(shop: Shop) -> None:
    shop.receive(5)
    before = (shop.level(), shop.rows("select count(*) from stock.stock_movements"))
    found = shop.record((SKU, 700), (SKU, 1), external_id="OLD-1").body
    assert (found["status"], found["fulfillment_status"]) == ("completed", "fulfilled")
    assert (found["created_at"], found["total_price"], found["fulfillments"]) == ("2024-06-01T13:45:30.000Z", 3154.5, [])
    assert [(one["quantity"], one["fulfilled"]) for one in found["allocations"]] == [(701, 701)]
    assert (shop.level(), shop.rows("select count(*) from stock.stock_movements")) == before
    assert shop.rows("select * from stock.verify()") == []
    with shop.session() as connection:
        row = connection.execute("select body from api.get_order(1::smallint, %s)", [found["order_id"]]).fetchone()
    assert row is not None
    assert [entry["type"] for entry in row[0].pop("timeline")] == ["placed"]
    assert row[0].pop("return_status") == "none"
    assert row == (found,)
    assert shop.rows("select type from events.outbox where subject like 'orders/%%'") == [{"type": "order.recorded"}]
    assert shop.record((SKU, 1), external_id="OLD-1").code == "OR005"
    # Nothing of it is open.
    for command, more in (
        ("cancel_orders", {}),
        ("fulfill_orders", {}),
        ("modify_orders", {"items": [{"sku_id": SKU, "quantity": 1}]}),
    ):
        assert shop.send(command, {"order_id": found["order_id"], **more})[0].code is not None
    assert shop.level() == before[0]


def test_historic_and_new_orders_of_one_list_are_told_apart(shop: Shop) -> None:
    shop.receive(5)
    line = {"sku_id": SKU, "quantity": 3}
    old = {"channel": "web", "customer": {"name": "A"}, "created_at": LONG_AGO, "historic": True, "items": [line | {"price": 1}]}
    new = {"channel": "web", "customer": {"name": "B"}, "items": [line]}
    results = shop.send("place_orders", old, new, old | {"historic": False}, new)
    assert [result.code for result in results] == [None, None, "OR001", "ST001"]
    assert [result.body["status"] for result in results[:2]] == ["completed", "processing"]
    assert shop.level() == {"on_hand": 5, "available": 2, "committed": 3}
    assert parts(results[1]) == {(SKU, "WH-01"): 3}
    types = shop.rows("select type from events.outbox where subject like 'orders/%%' order by data ->> 'status'")
    assert [row["type"] for row in types] == ["order.recorded", "order.placed"]
    assert shop.rows("select * from stock.verify()") == []


@pytest.mark.parametrize("kinds", ["on", "non", "noo", "os", "oso"], ids=lambda kinds: kinds)
def test_in_any_order_of_the_list_each_order_names_its_warehouses(shop: Shop, kinds: str) -> None:
    """o: an old order, n: a new one, s: a new one of which there is not enough."""
    shop.receive(50)
    line = {"sku_id": OTHER_SKU, "quantity": 7, "price": 1}
    drafts = {
        "o": {"channel": "web", "created_at": LONG_AGO, "historic": True, "items": [line]},
        "n": order((SKU, 1)),
        "s": order((SKU, 100)),
    }
    results = shop.send("place_orders", *({**drafts[kind], "customer": {"name": "A"}} for kind in kinds))
    assert codes(results) == [{"s": "ST001"}.get(kind) for kind in kinds]
    for kind, result in zip(kinds, results, strict=True):
        if kind == "s":
            continue
        assert parts(result) == {(OTHER_SKU if kind == "o" else SKU, "WH-01"): 7 if kind == "o" else 1}
        with shop.session("warehouse", warehouses=["WH-01"]) as connection:
            row = connection.execute("select body from api.get_order(1::smallint, %s)", [result.body["order_id"]]).fetchone()
        assert row is not None
        assert row[0]["allocations"] == result.body["allocations"]
    told = shop.rows("select warehouse_ids from events.outbox where subject like 'orders/%%'")
    assert {tuple(row["warehouse_ids"]) for row in told} == {("WH-01",)}


def test_a_historic_order_may_have_retired_skus_at_its_own_prices(shop: Shop) -> None:
    assert shop.send("save_skus", {"sku_id": "GONE", "name": "Gone", "active": False})[0].code is None
    assert shop.record(("GONE", 2)).body["total_price"] == 9
    assert shop.record(("NEVER", 2)).code == "ST002"


def test_what_a_historic_order_must_not_be(shop: Shop) -> None:
    for role in ("sales", "integration"):
        refused = shop.record((SKU, 1), role=role)
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/historic")
    assert shop.record((SKU, 1), created_at=None).body["errors"][0]["pointer"] == "/created_at"
    assert shop.record((SKU, 1), reservation_id="RSV-1-1").code is not None
    assert shop.send("save_channels", {"channel_id": "bare", "name": "Bare", "kind": "web"})[0].code is None
    assert shop.record((SKU, 1), channel="bare").body["errors"][0]["pointer"] == "/channel"
    assert shop.rows("select count(*) from orders.orders") == [{"count": 0}]


def test_a_historic_order_is_in_the_reports_of_its_day(shop: Shop) -> None:
    assert shop.record((SKU, 7)).code is None
    shop.job("roll_up_sales")
    (day,) = shop.rows("select placed_on::text, ordered, shipped, withdrawn, revenue from analytics.sales_days")
    assert day == {"placed_on": "2024-06-01", "ordered": 7, "shipped": 7, "withdrawn": 0, "revenue": day["revenue"]}
    assert day["revenue"] == 31.5
    (hour,) = shop.rows("select orders, shipped_orders, units, revenue from analytics.order_hours")
    assert (hour["orders"], hour["shipped_orders"], hour["units"], hour["revenue"]) == (1, 1, 7, 31.5)
