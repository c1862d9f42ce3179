"""Orders: allocation, prices, refusals, fulfillment, cancellation, idempotency and audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.world import (
    EARLY,
    LATE,
    OTHER_SKU,
    SKU,
    THIRD_SKU,
    UNPRICED_SKU,
    Result,
    Shop,
    codes,
    keyed,
    order,
    parts,
    receipt,
    shortages,
)

if TYPE_CHECKING:
    import psycopg


# Allocation


def test_a_channel_is_served_by_its_first_warehouse_that_has_units(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, warehouse_location="WH-02"), receipt(5, warehouse_location="WH-03"))
    assert parts(shop.order((SKU, 2))) == {(SKU, "WH-01"): 2}
    assert parts(shop.order((SKU, 2), channel="till")) == {(SKU, "WH-02"): 2}


def test_the_events_of_a_batch_name_its_orders_in_their_order(shop: Shop) -> None:
    shop.send("receive_stock", receipt(500), receipt(500, OTHER_SKU), receipt(500, THIRD_SKU))
    placed = shop.send("place_orders", *(order((SKU, 1), (OTHER_SKU, 1), (THIRD_SKU, 1)) for _ in range(128)))
    assert codes(placed) == [None] * 128
    events = shop.rows("select data -> 'documents' as documents from events.outbox where type = 'stock.committed'")
    assert [event["documents"] for event in events] == [[result.body["order_id"] for result in placed]] * 3


def test_an_order_names_its_warehouses_in_the_order_of_their_names(shop: Shop) -> None:
    """Whichever came first: a later change that keeps them changes nothing."""
    shop.send("receive_stock", receipt(5, warehouse_location="WH-02"), receipt(5, OTHER_SKU))
    placed = shop.order((SKU, 1), (OTHER_SKU, 1), external_id="S-1")
    assert parts(placed) == {(SKU, "WH-02"): 1, (OTHER_SKU, "WH-01"): 1}
    assert shop.rows("select warehouse_ids from orders.orders") == [{"warehouse_ids": ["WH-01", "WH-02"]}]
    assert codes(shop.send("modify_orders", {"order_id": "S-1", "note": "Ring"})) == [None]
    key = placed.body["order_id"].rpartition("-")[2]
    assert "warehouse_ids" not in shop.audit("orders.orders", key)[-1]["old"]


def test_no_list_is_no_order(shop: Shop) -> None:
    with shop.session() as connection:
        for command in ("place_orders", "reserve_stock", "receive_stock"):
            assert connection.execute(f"select * from api.{command}(1::smallint, null)".encode()).fetchall() == []


def test_a_sku_is_split_where_the_first_warehouse_has_too_little(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, warehouse_location="WH-02"), receipt(5, warehouse_location="WH-03"))
    assert parts(shop.order((SKU, 7))) == {(SKU, "WH-01"): 5, (SKU, "WH-02"): 2}
    assert shortages(shop.order((SKU, 4))) == [("/items/0/quantity", 4, 3)]
    assert parts(shop.order((SKU, 4), channel="far")) == {(SKU, "WH-03"): 4}


def test_a_closed_warehouse_serves_nobody(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(1, warehouse_location="WH-02"))
    shop.send("save_warehouses", {"warehouse_id": "WH-01", "active": False})
    assert shortages(shop.order((SKU, 2))) == [("/items/0/quantity", 2, 1)]


def test_lines_of_one_sku_are_summed(shop: Shop) -> None:
    shop.receive(5)
    assert shortages(shop.order((SKU, 3), (SKU, 3))) == [("/items/0/quantity", 6, 5)]
    placed = shop.order((SKU, 3), (SKU, 2))
    assert parts(placed) == {(SKU, "WH-01"): 5}
    assert [item["quantity"] for item in placed.body["items"]] == [3, 2]
    assert placed.body["total_price"] == 50


def test_an_order_gets_everything_or_nothing_and_every_short_line_is_named(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, OTHER_SKU))
    refused = shop.order((THIRD_SKU, 1), (SKU, 5), (OTHER_SKU, 6))
    assert shortages(refused) == [("/items/0/quantity", 1, 0), ("/items/2/quantity", 6, 5)]
    assert (shop.level(), shop.level(OTHER_SKU)) == ({"on_hand": 5, "available": 5},) * 2
    assert shop.rows("select from orders.orders") == []


def test_what_a_refused_order_would_have_taken_goes_to_the_next(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, OTHER_SKU))
    answers = shop.send("place_orders", order((SKU, 5), (OTHER_SKU, 6)), order((SKU, 5), (OTHER_SKU, 5)))
    assert codes(answers) == ["ST001", None]


def test_orders_of_a_batch_are_served_in_the_order_they_came(shop: Shop) -> None:
    shop.receive(5)
    first, second, third = shop.send("place_orders", order((SKU, 4)), order((SKU, 3)), order((SKU, 1)))
    assert (parts(first), shortages(second), parts(third)) == (
        {(SKU, "WH-01"): 4},
        [("/items/0/quantity", 3, 1)],
        {(SKU, "WH-01"): 1},
    )


@pytest.mark.parametrize(
    ("bad", "code"), [(order(("NO-SUCH", 1)), "ST002"), (order((SKU, 1000)), "ST001"), (order((SKU, 1), total_price=1), "OR007")]
)
def test_one_bad_order_among_fifty_harms_none_of_the_others(shop: Shop, bad: dict[str, Any], code: str) -> None:
    shop.receive(49)
    answers = shop.send("place_orders", *[order((SKU, 1))] * 25, bad, *[order((SKU, 1))] * 24)
    assert codes(answers) == [None] * 25 + [code] + [None] * 24
    assert shop.level() == {"on_hand": 49, "committed": 49}


# The members of an order


def test_a_price_that_is_not_the_current_one_is_refused_and_the_current_one_named(shop: Shop) -> None:
    shop.receive(5)
    item = {"sku_id": SKU, "quantity": 1, "price": 9.99}
    [refused] = shop.send("place_orders", order(items=[item]))
    assert (refused.code, refused.body["errors"][0]["current_price"]) == ("OR001", 10)
    [placed] = shop.send("place_orders", order(items=[{**item, "price": 10}]))
    assert placed.body["total_price"] == 10


def test_a_channel_that_sets_prices_sells_at_the_price_it_gives(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, UNPRICED_SKU))
    items = [
        {"sku_id": SKU, "quantity": 2, "price": 7.5},
        {"sku_id": SKU, "quantity": 1},
        {"sku_id": UNPRICED_SKU, "quantity": 1},
    ]
    [refused] = shop.send("place_orders", order(items=items, channel="till"))
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("OR006", "/items/2/sku_id")
    [placed] = shop.send("place_orders", order(items=[*items[:2], {**items[2], "price": 1.25}], channel="till"))
    assert [item["price"] for item in placed.body["items"]] == [7.5, 10, 1.25]
    assert placed.body["total_price"] == 26.25


def test_a_sku_without_a_price_or_retired_is_not_for_sale(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, UNPRICED_SKU))
    shop.send("save_skus", {"sku_id": SKU, "active": False})
    assert codes(shop.send("place_orders", order((SKU, 1)), order((UNPRICED_SKU, 1)))) == ["OR006", "OR006"]


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ({"total_price": 20}, None),
        ({"total_price": 20.01}, "OR007"),
        ({"channel": "no-such"}, "OR008"),
        ({"external_id": "ORD-1-5"}, "VA001"),
        ({"external_id": "ORD-123456"}, None),
        ({"external_id": "2026/11/0001"}, None),
        ({"external_id": "A\u200b1"}, "VA001"),
        ({"external_id": "\u202eA1"}, "VA001"),
        ({"external_id": ".."}, "VA001"),
        ({"status": "processing"}, None),
        ({"status": "pending"}, None),
        ({"status": "on_hold"}, "VA001"),
        ({"status": "completed"}, "VA001"),
        ({"created_at": "2024-06-01T13:45:30Z"}, None),
        ({"created_at": "2999-01-01T00:00:00Z"}, "VA001"),
    ],
)
def test_an_order_says_only_what_is_so(shop: Shop, rest: dict[str, Any], code: str | None) -> None:
    shop.receive(5)
    assert shop.order((SKU, 2), **rest).code == code


def test_a_channel_sells_only_for_itself(shop: Shop) -> None:
    shop.receive(5)
    elements = order((SKU, 1), channel=None), order((SKU, 1), channel="till")
    placed, refused = shop.send("place_orders", *elements, role="sales", channels=["web"])
    assert (placed.body["channel"], refused.code) == ("web", "OR008")
    assert codes(shop.send("place_orders", elements[0], role="sales", channels=["web", "till"])) == ["OR009"]


def test_a_number_whose_first_order_was_refused_is_free_for_the_next(shop: Shop) -> None:
    shop.receive(9)
    greedy, modest = order((SKU, 10), external_id="S-1"), order((SKU, 1), external_id="S-1")
    refused, second = shop.send("place_orders", greedy, modest)
    assert (refused.code, second.code) == ("ST001", "ID002")
    assert second.body["errors"][0]["pointer"] == "/external_id"
    assert codes(shop.send("place_orders", modest)) == [None]
    assert shop.level()["committed"] == 1


def test_a_channel_uses_an_external_id_once(shop: Shop) -> None:
    shop.receive(9)
    elements = order((SKU, 1), external_id="S-1"), order((SKU, 1), external_id="S-1"), order((SKU, 1), external_id="S-2")
    answers = shop.send("place_orders", *elements)
    assert codes(answers) == [None, "OR005", None]
    again, other = shop.send("place_orders", elements[0], order((SKU, 1), external_id="S-1", channel="till"))
    assert (again.code, again.body["errors"][0]["order_id"]) == ("OR005", answers[0].body["order_id"])
    assert other.code is None
    assert shop.level()["committed"] == 3


# Fulfillment


def test_what_expires_first_is_shipped_first(shop: Shop) -> None:
    shop.receive(5, batch_number="LATE")
    shop.receive(3, batch_number="EARLY", expiration_date=EARLY)
    shipped = shop.fulfill(shop.order((SKU, 5)), tracking_number="T-1")
    assert (shipped.body["status"], shipped.body["fulfillment_status"]) == ("completed", "fulfilled")
    [parcel] = shipped.body["fulfillments"]
    assert {item["batch_number"]: item["quantity"] for item in parcel["items"]} == {"EARLY": 3, "LATE": 2}
    assert (parcel["tracking_number"], shop.batches()) == ("T-1", {"EARLY": 0, "LATE": 3})
    assert shop.level() == {"on_hand": 3, "available": 3}


def test_an_order_is_shipped_in_parts(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, OTHER_SKU))
    placed = shop.order((SKU, 3), (OTHER_SKU, 1))
    shipped = shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2}])
    assert (shipped.body["status"], shipped.body["fulfillment_status"]) == ("processing", "partially_fulfilled")
    assert shop.level() == {"on_hand": 3, "available": 2, "committed": 1}
    refused = shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2}])
    assert (refused.code, refused.body["errors"][0]["open"]) == ("OR004", 1)
    for quantities in ([0], [-1], [3, -1]):
        refused = shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": quantity} for quantity in quantities])
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("OR004", "/items/0/quantity")
    assert shop.rows("select version from orders.orders") == [{"version": shipped.body["version"]}]
    assert shop.fulfill(placed).body["fulfillment_status"] == "fulfilled"
    assert shop.fulfill(placed).code == "OR004"
    assert shop.cancel(placed).code == "OR003"


def test_two_shipments_of_one_order_in_a_batch_ship_no_unit_twice(shop: Shop) -> None:
    shop.receive(5)
    request = {"order_id": shop.order((SKU, 3)).body["order_id"], "items": [{"sku_id": SKU, "quantity": 2}]}
    assert codes(shop.send("fulfill_orders", request, request, {"order_id": "ORD-1-1"})) == [None, "OR004", "OR002"]
    assert shop.level() == {"on_hand": 3, "available": 2, "committed": 1}


def test_warehouse_staff_ship_only_what_lies_with_them(shop: Shop) -> None:
    shop.send("receive_stock", receipt(2), receipt(5, warehouse_location="WH-02"))
    request = {"order_id": shop.order((SKU, 5), customer={"name": "Jane", "email": "jane@example.com"}).body["order_id"]}

    def ship(warehouse: str, **rest: Any) -> Result:
        return shop.send("fulfill_orders", {**request, **rest}, role="warehouse", warehouses=[warehouse])[0]

    assert ship("WH-03").code == "OR002"
    assert ship("WH-01", warehouse_location="WH-02").code == "OR004"
    assert ship("WH-01", items=[{"sku_id": SKU, "quantity": 3}]).code == "OR004"
    first = ship("WH-01")
    assert (parts(first), first.body["fulfillment_status"]) == ({(SKU, "WH-01"): 2}, "partially_fulfilled")
    assert first.body["customer"]["email"] is None
    assert ship("WH-01").code == "OR004"
    assert shop.level(warehouse="WH-02") == {"on_hand": 5, "available": 2, "committed": 3}
    assert ship("WH-02").body["status"] == "completed"


def test_a_shipment_that_the_sellable_batches_cannot_fill_ships_nothing(shop: Shop) -> None:
    shop.send("receive_stock", receipt(3, expiration_date=EARLY), receipt(2, batch_number="B-2"), receipt(5, OTHER_SKU))
    placed = shop.order((SKU, 5), (OTHER_SKU, 5))
    refused = shop.fulfill(placed, now="2031-01-01")
    assert (refused.code, refused.body["errors"][0]["available"]) == ("ST013", 2)
    assert shop.level(OTHER_SKU) == {"on_hand": 5, "committed": 5}
    assert shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2}], now="2031-01-01").code is None


# Cancellation


def test_a_cancellation_releases_exactly_what_is_not_shipped_and_may_be_repeated(shop: Shop) -> None:
    shop.send("receive_stock", receipt(4), receipt(5, warehouse_location="WH-02"))
    placed = shop.order((SKU, 7))
    shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 3}])
    canceled = shop.cancel(placed)
    assert canceled.body["status"] == "completed"  # something was shipped
    assert {part["warehouse_location"]: (part["fulfilled"], part["released"]) for part in canceled.body["allocations"]} == {
        "WH-01": (3, 1),
        "WH-02": (0, 3),
    }
    assert (shop.level(), shop.level(warehouse="WH-02")) == ({"on_hand": 1, "available": 1}, {"on_hand": 5, "available": 5})
    again = shop.cancel(placed)
    assert (again.code, again.body) == (None, canceled.body)
    assert shop.fulfill(placed).code == "OR004"


def test_an_order_named_twice_in_a_batch_is_canceled_once(shop: Shop) -> None:
    shop.receive(5)
    placed = shop.order((SKU, 3), external_id="S-1")
    request = {"order_id": placed.body["order_id"]}
    answers = shop.send("cancel_orders", request, {"order_id": "S-1"}, request, {"order_id": "ORD-1-1"})
    assert codes(answers) == [None, None, None, "OR002"]
    assert shop.level() == {"on_hand": 5, "available": 5}


def test_an_order_of_another_channel_is_not_found(shop: Shop) -> None:
    shop.receive(5)
    request = {"order_id": shop.order((SKU, 3)).body["order_id"]}
    assert codes(shop.send("cancel_orders", request, role="sales", channels=["till"])) == ["OR002"]
    assert codes(shop.send("cancel_orders", request, role="sales", channels=["web"])) == [None]


def test_an_order_that_costs_more_than_can_be_written_harms_no_neighbor(shop: Shop) -> None:
    shop.send("save_skus", {"sku_id": SKU, "price": 9999999.99})
    shop.send("receive_stock", receipt(20_000_000), receipt(5, OTHER_SKU))
    dear = order(*[(SKU, 1_000_000)] * 11)
    assert codes(shop.send("place_orders", dear, order((OTHER_SKU, 1)))) == ["VA001", None]
    placed = shop.order((SKU, 1), external_id="S-1")
    assert placed.code is None
    [refused] = shop.send("modify_orders", {"order_id": "S-1", "if_match": "*", "items": dear["items"]})
    assert refused.code == "VA001"


def test_a_number_that_two_channels_gave_names_neither_order(shop: Shop) -> None:
    """A caller who sees both orders gets an error; a caller who sees one gets that one."""
    shop.receive(9)
    both = [shop.order((SKU, 2), external_id="N-77", channel=channel) for channel in ("web", "till")]
    ids = [placed.body["order_id"] for placed in both]
    numbers = f"{ids[0]} (channel web), {ids[1]} (channel till)"
    said = f"Several orders have the number N-77: {numbers}. Name yours by its order_id."
    for command, request in {"cancel_orders": {}, "fulfill_orders": {}, "modify_orders": {"note": "n", "if_match": "*"}}.items():
        [refused] = shop.send(command, {"order_id": "N-77", **request})
        assert (refused.code, refused.body["detail"]) == ("OR011", said), command
    with shop.session() as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("select * from api.get_order(1::smallint, 'N-77')")
    assert caught.value.sqlstate == "OR011"
    assert said in (caught.value.diag.message_detail or "")
    assert shop.level() == {"on_hand": 9, "available": 5, "committed": 4}
    [canceled] = shop.send("cancel_orders", {"order_id": "N-77"}, role="sales", channels=["till"])
    assert canceled.body["order_id"] == ids[1]


# Idempotency


@pytest.mark.parametrize(
    ("command", "element"),
    [
        ("place_orders", order((SKU, 2))),
        ("receive_stock", receipt(2)),
        ("adjust_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "delta": -2, "reason_code": "correction"}),
        ("set_stock", {"sku_id": SKU, "warehouse_location": "WH-01", "stock": 2}),
        ("fulfill_orders", {"order_id": "S-1", "items": [{"sku_id": SKU, "quantity": 1}]}),
        ("cancel_orders", {"order_id": "S-1"}),
    ],
)
def test_a_repeated_key_gets_the_kept_answer_and_does_nothing(shop: Shop, command: str, element: dict[str, Any]) -> None:
    shop.receive(9)
    shop.order((SKU, 2), external_id="S-1")
    [first] = shop.send(command, keyed(element))
    assert (first.code, first.replayed) == (None, False)
    before = shop.level()
    [again] = shop.send(command, keyed(element))
    assert (again.code, again.replayed, again.body) == (None, True, first.body)
    assert shop.level() == before
    assert codes(shop.send(command, keyed({**element, "note": "another payload"}))) == ["ID001"]


def test_a_key_belongs_to_who_sent_it(shop: Shop) -> None:
    shop.receive(9)
    answers = shop.send(
        "place_orders", keyed(order((SKU, 2))), keyed(order((SKU, 2)), actor="Bob"), keyed(order((SKU, 1)), "k-2")
    )
    assert codes(answers) == [None, None, None]
    assert shop.level()["committed"] == 5


def test_a_key_that_stands_twice_in_a_batch_is_carried_out_once(shop: Shop) -> None:
    shop.receive(9)
    assert codes(shop.send("place_orders", *[keyed(order((SKU, 2)))] * 2)) == [None, "ID002"]
    assert shop.level()["committed"] == 2


@pytest.mark.commits
def test_a_key_in_flight_is_refused_until_its_first_request_ends(shop: Shop) -> None:
    shop.receive(9)
    with shop.session() as first:
        [placed] = shop.run(first, "place_orders", keyed(order((SKU, 2))))
        assert codes(shop.send("place_orders", keyed(order((SKU, 2))))) == ["ID002"]
    [again] = shop.send("place_orders", keyed(order((SKU, 2))))
    assert (again.replayed, again.body) == (True, placed.body)


def test_a_refusal_is_not_kept(shop: Shop) -> None:
    assert codes(shop.send("place_orders", keyed(order((SKU, 2))))) == ["ST001"]
    shop.receive(2)
    [placed] = shop.send("place_orders", keyed(order((SKU, 2))))
    assert (placed.code, placed.replayed) == (None, False)


# The audit


def test_the_audit_of_an_order_says_who_did_what_when_and_why(shop: Shop) -> None:
    shop.receive(5)
    [placed] = shop.send(
        "place_orders", order((SKU, 2), meta={"actor": "Ada", "request_id": "r-1"}), role="sales", channels=["web"], now=LATE
    )
    shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 1}], meta={"actor": "Bob", "request_id": "r-2"})
    shop.cancel(placed, reason="customer", note="changed her mind", meta={"actor": "Cid", "request_id": "r-3"})
    rows = shop.audit("orders.orders", placed.body["order_id"].removeprefix("ORD-1-"))
    assert [(row["action"], row["actor"], row["role"], row["reason"], row["request_id"]) for row in rows] == [
        ("insert", "Ada", "sales", "placed", "r-1"),
        ("update", "Bob", "admin", "fulfilled", "r-2"),
        ("update", "Cid", "admin", "customer: changed her mind", "r-3"),
    ]
    assert rows[0]["recorded_at"].year in (2039, 2040)
    assert (rows[2]["old"]["status"], rows[2]["new"]["status"]) == ("processing", "completed")
    assert (rows[2]["old"]["total_price"], rows[2]["new"]["total_price"]) == (20, 10)
    assert "customer_name" not in rows[2]["new"]
    [parcel] = shop.rows("select fulfillment_id::text from orders.fulfillments")
    [row] = shop.audit("orders.fulfillments", parcel["fulfillment_id"])
    assert (row["action"], row["actor"]) == ("insert", "Bob")
