"""Money of orders: exact amounts of whole lines ("3 for 10.00"), and the decimals of the currency."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from tests.world import OTHER_SKU, SKU, UNPRICED_SKU, Result, Shop, codes

Line = tuple[int, str | None, str | None]


def line(quantity: int, sku_id: str = SKU, **rest: Any) -> dict[str, Any]:
    return {"sku_id": sku_id, "quantity": quantity, **rest}


def place(shop: Shop, *lines: dict[str, Any], channel: str = "till", **rest: Any) -> Result:
    return shop.order(**{"items": list(lines), "channel": channel, **rest})


def modify(shop: Shop, *lines: dict[str, Any], **rest: Any) -> Result:
    [result] = shop.send("modify_orders", {"order_id": "S-1", "items": list(lines), **rest})
    return result


def ship(shop: Shop, quantity: int) -> None:
    assert codes(shop.send("fulfill_orders", {"order_id": "S-1", "items": [{"sku_id": SKU, "quantity": quantity}]})) == [None]


def cancel(shop: Shop) -> Result:
    [result] = shop.send("cancel_orders", {"order_id": "S-1"})
    return result


def money(result: Result) -> tuple[list[tuple[int, float | None, float | None]], float]:
    assert result.code is None, result.body
    items = [(item["quantity"], item["price"], item["amount"]) for item in result.body["items"]]
    return items, result.body["total_price"]


def text_of(shop: Shop, order_id: str) -> str:
    """The order as the bytes that a client gets: numbers with their decimals."""
    with shop.session() as connection:
        [(text,)] = connection.execute("select body::text from api.get_order(1::smallint, %s)", [order_id])
    return str(text)


def test_the_amount_of_a_line_is_exact(shop: Shop) -> None:
    shop.receive(90)
    placed = place(shop, line(3, amount=10), line(2, price=1.5), external_id="S-1", total_price=13)
    assert money(placed) == ([(3, None, 10.0), (2, 1.5, None)], 13.0)
    assert '"price" : null, "amount" : 10.00' in text_of(shop, "S-1")
    with shop.session() as connection:
        [(read,)] = connection.execute("select body from api.get_order(1::smallint, 'S-1')")
    assert read == {**placed.body, "timeline": read["timeline"], "return_status": "none"}
    [event] = shop.rows("select data from events.outbox where type = 'order.placed'")
    assert event["data"]["items"] == placed.body["items"]
    assert place(shop, line(3, amount=10), total_price=9.99).code == "OR007"


def test_an_amount_is_no_way_around_the_list_price(shop: Shop) -> None:
    shop.receive(90)
    refused = place(shop, line(1), line(3, amount=10), channel="web")
    assert (refused.code, [error["pointer"] for error in refused.body["errors"]]) == ("OR001", ["/items/1/amount"])
    assert "3 x SAUCE-1 at the list price of 10.00 cost 30.00, not 10." in refused.body["errors"][0]["detail"]
    assert money(place(shop, line(3, amount=30), channel="web", external_id="S-1")) == ([(3, 10.0, None)], 30.0)
    assert modify(shop, line(3, amount=10)).code == "OR001"
    assert modify(shop, line(4, amount=30)).code == "OR001"
    assert money(modify(shop, line(4, amount=40))) == ([(4, 10.0, None)], 40.0)
    assert place(shop, line(1, UNPRICED_SKU, amount=10), channel="web").code == "OR006"


def test_a_line_has_a_price_or_an_amount(shop: Shop) -> None:
    shop.receive(90)
    for channel in ("till", "web"):
        refused = place(shop, line(3, price=10, amount=30), channel=channel, external_id="S-1")
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/items/0/amount")
    assert place(shop, line(3, amount=10), external_id="S-1").code is None
    assert modify(shop, line(3, price=10, amount=30)).code == "VA001"


def test_a_sku_without_a_list_price_is_sold_at_an_amount(shop: Shop) -> None:
    shop.receive(9, UNPRICED_SKU)
    assert money(place(shop, line(3, UNPRICED_SKU, amount=10), external_id="S-1")) == ([(3, None, 10.0)], 10.0)
    assert money(modify(shop, line(2, UNPRICED_SKU))) == ([(2, None, 6.67)], 6.67)
    assert modify(shop, line(4, UNPRICED_SKU)).code == "OR006"  # the fourth has no price


@pytest.mark.parametrize("amount", ["10.00", "0.01", "0.05", "100.00", "0.00"])
def test_the_way_to_a_quantity_makes_no_difference(shop: Shop, amount: str) -> None:
    """Reductions in any steps, then a cancellation after any shipment: what is owed depends on the units alone, and what is owed
    and what was taken off add up."""
    shop.receive(500)
    whole, units = Decimal(amount), 7
    expected = [round(whole * n / units + Decimal("1e-9"), 2) for n in range(units + 1)]
    for nth, steps in enumerate(itertools.chain.from_iterable(itertools.combinations((6, 5, 4, 3), n) for n in (0, 1, 2, 4))):
        number = f"A-{nth}"
        place(shop, line(units, amount=float(whole)), external_id=number)
        left = units
        for left in steps:
            [changed] = shop.send("modify_orders", {"order_id": number, "items": [line(left)]})
            assert money(changed) == ([(left, None, float(expected[left]))], float(expected[left]))
        shop.send("fulfill_orders", {"order_id": number, "items": [{"sku_id": SKU, "quantity": 2}]})
        [ended] = shop.send("cancel_orders", {"order_id": number})
        assert money(ended) == ([(left, None, float(expected[2]))], float(expected[2]))
    assert shop.verify() == []


def test_a_line_that_is_split_adds_up(shop: Shop) -> None:
    shop.receive(90)
    place(shop, line(3, amount=10), external_id="S-1")
    split = modify(shop, line(1), line(1), line(1))
    assert money(split) == ([(1, None, 3.33), (1, None, 3.34), (1, None, 3.33)], 10.0)
    assert money(modify(shop, line(2))) == ([(1, None, 3.33), (1, None, 3.34)], 6.67)


def test_units_above_those_of_an_exact_line_have_the_current_price(shop: Shop) -> None:
    shop.receive(90)
    place(shop, line(3, amount=10), line(1, price=2), external_id="S-1")
    assert money(modify(shop, line(5))) == ([(3, None, 10.0), (1, 2.0, None), (1, 10.0, None)], 22.0)
    assert money(modify(shop, line(1, price=2), line(3))) == ([(1, 2.0, None), (3, None, 10.0)], 12.0)


def test_a_document_can_be_sent_back(shop: Shop) -> None:
    """An amount that the order has names its line, also where the channel sells at list prices since."""
    shop.receive(90)
    place(shop, line(3, amount=10), line(3, amount=10), line(2, amount=7), external_id="S-1")
    cut = modify(shop, line(3, amount=10), line(2), line(2, amount=7))
    assert money(cut) == ([(3, None, 10.0), (2, None, 6.67), (2, None, 7.0)], 23.67)
    shop.send("save_channels", {"channel_id": "till", "pricing": "list"})
    sent = [{name: item[name] for name in ("sku_id", "quantity", "price", "amount")} for item in cut.body["items"]]
    assert modify(shop, *sent).body == cut.body
    assert modify(shop, *sent[1:]).body["total_price"] == 13.67
    assert modify(shop, line(2, amount=10)).code == "OR001"
    assert modify(shop, line(2, amount=7), line(2, amount=7)).code == "OR001"  # there is one such line
    assert money(modify(shop, line(1, amount=10), line(1)))[0] == [(1, 10.0, None), (1, None, 3.33)]


def test_the_audit_of_a_change_tells_amounts(shop: Shop) -> None:
    shop.receive(90)
    placed = place(shop, line(3, amount=10), external_id="S-1")
    modify(shop, line(2), reason="too many")
    [entry] = shop.audit("orders.order_lines", placed.body["order_id"].rpartition("-")[2])
    assert entry["old"]["items"] == [{"sku_id": SKU, "quantity": 3, "price": None, "amount": 10.0}]
    assert entry["new"]["items"] == [{"sku_id": SKU, "quantity": 2, "price": None, "amount": 6.67}]


def test_views_tell_amounts(shop: Shop) -> None:
    shop.receive(90)
    place(shop, line(3, amount=10), external_id="S-1")
    ship(shop, 2)
    assert money(cancel(shop)) == ([(3, None, 6.67)], 6.67)
    with shop.as_role("scoville_worker") as connection:
        connection.execute("select jobs.sequence_events(1000)")
        connection.execute("select jobs.roll_up_sales(1::smallint, 500)")
    [fact] = shop.rows("select unit_price, amount, revenue from bi.fact_order_line")
    assert fact == {"unit_price": None, "amount": Decimal("10.00"), "revenue": Decimal("6.67")}
    [sums] = shop.rows("select sum(revenue) as revenue from analytics.sales_days")
    assert round(sums["revenue"], 2) == Decimal("6.67")
    assert shop.rows("select revenue from bi.channel_performance") == [{"revenue": Decimal("6.67")}]


# Decimals of the currency


@pytest.mark.parametrize(
    ("currency", "fine", "printed", "coarse"),
    [
        ("JPY", 1200, "1200", 1200.5),
        ("USD", 12.5, "12.50", 12.505),
        ("KWD", 12.505, "12.505", 12.5055),
        ("CLF", 0.0001, "0.0001", None),
    ],
)
def test_money_has_the_decimals_of_its_currency(
    shop: Shop, currency: str, fine: float, printed: str, coarse: float | None
) -> None:
    [saved] = shop.send("save_skus", {"sku_id": "X", "name": "X", "price": fine, "currency": currency})
    assert saved.code is None
    [row] = shop.rows("select price::text, reference_price::text as reference from catalog.skus where sku_id = 'X'")
    assert row == {"price": printed, "reference": printed}
    shop.receive(9, "X")
    place(shop, line(2, "X"), channel="web", external_id="S-1")
    total = f"{Decimal(printed) * 2}"
    assert f'"price" : {printed}, "amount" : null' in text_of(shop, "S-1")
    assert f'"total_price" : {total}, "currency" : "{currency}"' in text_of(shop, "S-1")
    assert place(shop, line(1, "X", price=fine), external_id="S-2").code is None
    assert place(shop, line(2, "X", amount=fine), external_id="S-3").code is None
    if coarse is None:
        return
    [refused] = shop.send("save_skus", {"sku_id": "X", "price": coarse})
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/price")
    for member in ("price", "amount"):
        for channel in ("till", "web"):
            refused = place(shop, line(1, "X"), line(1, "X", **{member: coarse}), channel=channel)
            assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", f"/items/1/{member}")
            assert currency in refused.body["errors"][0]["detail"]
        refused = modify(shop, line(1, "X", **{member: coarse}))
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", f"/items/0/{member}")


def test_zeros_after_the_decimals_are_the_same_amount(shop: Shop) -> None:
    shop.send("save_skus", {"sku_id": SKU, "price": 1200.00, "currency": "JPY"})
    shop.receive(9)
    assert shop.rows("select price::text from catalog.skus where sku_id = 'SAUCE-1'") == [{"price": "1200"}]
    place(shop, line(3, amount=1000), external_id="S-1")
    assert '"amount" : 1000,' in text_of(shop, "S-1")
    assert money(modify(shop, line(2)))[1] == 667


def test_an_unknown_currency_is_refused(shop: Shop) -> None:
    for currency in ("XYZ", "XAU", "usd"):
        [refused] = shop.send("save_skus", {"sku_id": SKU, "currency": currency})
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/currency")


def test_another_currency_needs_a_price_with_its_decimals(shop: Shop) -> None:
    shop.send("save_skus", {"sku_id": SKU, "price": 12.5})
    [refused] = shop.send("save_skus", {"sku_id": SKU, "currency": "JPY"})
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/price")
    assert codes(shop.send("save_skus", {"sku_id": SKU, "currency": "JPY", "price": 1250})) == [None]
    assert shop.rows("select reference_price::text as p from catalog.skus where sku_id = 'SAUCE-1'") == [{"p": "1250"}]


def test_the_bound_of_a_price_has_the_decimals_of_the_currency(shop: Shop) -> None:
    shop.send("save_skus", {"sku_id": SKU, "currency": "JPY", "price": 333})
    [refused] = shop.send("save_skus", {"sku_id": SKU, "price": 166}, role="sales")
    [error] = refused.body["errors"]
    assert (refused.code, error["price_min"], error["price_max"]) == ("SK005", 167, 499)
    shop.send("save_skus", {"sku_id": OTHER_SKU, "currency": "KWD", "price": 0.003})
    [refused] = shop.send("save_skus", {"sku_id": OTHER_SKU, "price": 0.005}, role="sales")
    assert (refused.body["errors"][0]["price_min"], refused.body["errors"][0]["price_max"]) == (0.002, 0.004)


def test_a_receipt_describes_a_sku_in_dollars(shop: Shop) -> None:
    refused = shop.receive(1, "NEW", name="New", price=1.2345)
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/price")
    assert shop.receive(1, "NEW", name="New", price=1.2).code is None
    assert shop.rows("select price::text from catalog.skus where sku_id = 'NEW'") == [{"price": "1.20"}]
