"""Promised units move to another warehouse by hand, and the orders whose units are missing are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.races import race, sender
from tests.world import AFTER_EARLY, EARLY, OTHER_SKU, REGION, SKU, Result, Shop, receipt

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


def move(
    shop: Shop,
    placed: Result,
    *items: tuple[str, int, str | None, str],
    role: str = "admin",
    warehouses: tuple[str, ...] = (),
    **rest: Any,
) -> Result:
    element = {"order_id": placed.body["order_id"], "items": moves(*items), **rest}
    channels = ["web"] if role == "sales" else []
    return shop.send("reallocate_orders", element, role=role, warehouses=warehouses, channels=channels)[0]


def moves(*items: tuple[str, int, str | None, str]) -> list[dict[str, Any]]:
    return [
        {"sku_id": sku, "quantity": units, "from_warehouse_location": place, "to_warehouse_location": to}
        for sku, units, place, to in items
    ]


def places(answer: Result) -> dict[str, int]:
    """The open units of SKU by warehouse, and those that wait."""
    assert answer.code is None, answer
    found = {
        part["warehouse_location"]: part["quantity"] - part["fulfilled"] - part["released"]
        for part in answer.body["allocations"]
        if part["sku_id"] == SKU
    }
    found["waits"] = sum(part["quantity"] for part in answer.body["backorders"])
    return {place: units for place, units in found.items() if units}


@pytest.fixture
def placed(shop: Shop) -> Result:
    """An order of 3 in WH-01, and 2 free units in WH-02."""
    shop.send("receive_stock", receipt(3), receipt(2, warehouse_location="WH-02"), receipt(9, warehouse_location="WH-03"))
    return shop.order((SKU, 3))


def test_units_move_and_what_becomes_free_is_available(shop: Shop, placed: Result) -> None:
    moved = move(shop, placed, (SKU, 2, "WH-01", "WH-02"), reason="not found", meta={"actor": "Ada"})
    assert places(moved) == {"WH-01": 1, "WH-02": 2}
    assert moved.body["version"] == 2
    assert (shop.level(), shop.level(warehouse="WH-02")) == (
        {"on_hand": 3, "committed": 1, "available": 2},
        {"on_hand": 2, "committed": 2},
    )
    [event] = shop.rows("select actor, data from events.outbox where type = 'order.reallocated'")
    assert (event["actor"], len(event["data"]["allocations"])) == ("Ada", 2)
    [row] = shop.rows("select changed_by, change_reason from orders.orders")
    assert row == {"changed_by": "Ada", "change_reason": "reallocated: not found"}
    assert places(move(shop, placed, (SKU, 1, "WH-02", "WH-01"))) == {"WH-01": 2, "WH-02": 1}
    assert shop.verify() == []


def test_what_becomes_free_goes_to_the_queue(shop: Shop, placed: Result) -> None:
    shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})
    later = shop.order((SKU, 4))
    assert places(later) == {"WH-02": 2, "waits": 2}
    shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01", "WH-02", "WH-03"]})
    assert places(move(shop, placed, (SKU, 3, None, "WH-03"))) == {"WH-03": 3}
    [again] = shop.rows("select quantity from orders.order_allocations where order_id = (select max(order_id) from orders.orders)"
                        " and warehouse_id = 'WH-01'")  # fmt: skip
    assert again == {"quantity": 2}
    assert shop.rows("select from orders.backorders") == []
    assert shop.verify() == []


def test_the_place_may_be_left_out_if_only_one_is_meant(shop: Shop, placed: Result) -> None:
    assert places(move(shop, placed, (SKU, 1, None, "WH-02"))) == {"WH-01": 2, "WH-02": 1}
    assert places(move(shop, placed, (SKU, 1, None, "WH-01"))) == {"WH-01": 3}
    shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01", "WH-02", "WH-03"]})
    move(shop, placed, (SKU, 1, "WH-01", "WH-02"))
    refused = move(shop, placed, (SKU, 1, None, "WH-03"))
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("OR018", "/items/0/from_warehouse_location")
    assert "WH-01 (2), WH-02 (1)" in refused.body["detail"]


@pytest.mark.parametrize(
    ("items", "code", "pointer", "says"),
    [
        ([(SKU, 3, "WH-01", "WH-02")], "ST001", "/items/0/quantity", "WH-02 has 2 available units of SAUCE-1, not 3"),
        ([(SKU, 1, "WH-01", "WH-02"), (SKU, 2, "WH-01", "WH-02")], "ST001", "/items/1/quantity", "WH-02 has 1 available"),
        ([(SKU, 1, "WH-01", "WH-03")], "OR018", "/items/0/to_warehouse_location", "ships nothing for channel web"),
        ([(SKU, 1, "WH-01", "NO-SUCH")], "ST003", "/items/0/to_warehouse_location", "does not exist"),
        ([(SKU, 1, "WH-01", "WH-01")], "OR018", "/items/0/to_warehouse_location", "in WH-01 already"),
        ([(SKU, 4, "WH-01", "WH-02")], "OR018", "/items/0/quantity", "WH-01 (3)"),
        ([(SKU, 2, "WH-01", "WH-02"), (SKU, 2, "WH-01", "WH-02")], "OR018", "/items/1/quantity", "WH-01 (1)"),
        ([(OTHER_SKU, 1, None, "WH-02")], "OR018", "/items/0/sku_id", "no open units of SAUCE-2"),
        ([(SKU, 0, "WH-01", "WH-02")], "VA001", "/items/0/quantity", "1 or more"),
    ],
)  # fmt: skip
def test_what_is_not_possible_is_refused_and_moves_nothing(
    shop: Shop, placed: Result, items: list[tuple[str, int, str | None, str]], code: str, pointer: str, says: str
) -> None:
    refused = move(shop, placed, *items)
    assert (refused.code, refused.body["errors"][0]["pointer"]) == (code, pointer)
    assert says in refused.body["detail"]
    assert shop.level() == {"on_hand": 3, "committed": 3}
    assert shop.rows("select from events.outbox where type = 'order.reallocated'") == []


def test_a_retired_warehouse_gets_nothing_and_an_ended_order_has_nothing(shop: Shop, placed: Result) -> None:
    shop.send("save_warehouses", {"warehouse_id": "WH-02", "active": False})
    assert move(shop, placed, (SKU, 1, "WH-01", "WH-02")).code == "OR018"
    shop.send("save_warehouses", {"warehouse_id": "WH-02", "active": True})
    assert move(shop, placed, (SKU, 1, "WH-01", "WH-02"), if_match="7").code == "ST009"
    shop.fulfill(placed, items=[{"sku_id": SKU, "quantity": 2}])
    assert move(shop, placed, (SKU, 2, "WH-01", "WH-02")).code == "OR018"  # shipped units have left
    shop.cancel(placed)
    assert move(shop, placed, (SKU, 1, "WH-01", "WH-02")).code == "OR014"
    assert shop.send("reallocate_orders", {"order_id": "NO-SUCH", "items": moves((SKU, 1, None, "WH-02"))})[0].code == "OR002"


@pytest.mark.parametrize(
    ("role", "warehouses", "code"),
    [
        ("sales", (), None),
        ("warehouse", ("WH-01", "WH-02"), None),
        ("warehouse", ("WH-01",), "ST003"),
        ("warehouse", ("WH-02",), "OR002"),
        ("warehouse", ("WH-02", "WH-03"), "OR002"),
    ],
)
def test_staff_move_units_between_warehouses_of_their_own(
    shop: Shop, placed: Result, role: str, warehouses: tuple[str, ...], code: str | None
) -> None:
    answer = move(shop, placed, (SKU, 1, "WH-01", "WH-02"), role=role, warehouses=warehouses)
    assert answer.code == code
    assert shop.level()["committed"] == (2 if code is None else 3)
    assert shop.verify() == []


def test_the_staff_of_one_part_take_nothing_from_the_other_part(shop: Shop) -> None:
    shop.send("receive_stock", receipt(2), receipt(5, warehouse_location="WH-02"))
    both = shop.order((SKU, 4))
    assert places(both) == {"WH-01": 2, "WH-02": 2}
    named = move(shop, both, (SKU, 1, "WH-01", "WH-02"), role="warehouse", warehouses=("WH-02",))
    assert (named.code, named.body["errors"][0]["pointer"]) == ("ST003", "/items/0/from_warehouse_location")
    meant = move(shop, both, (SKU, 1, None, "WH-02"), role="warehouse", warehouses=("WH-02",))
    assert (meant.code, meant.body["errors"][0]["pointer"]) == ("OR018", "/items/0/sku_id")


def test_a_repeated_move_acts_once(shop: Shop, placed: Result) -> None:
    meta = {"actor": "Ada", "idempotency_key": "k-1"}
    first = move(shop, placed, (SKU, 1, "WH-01", "WH-02"), meta=meta)
    again = move(shop, placed, (SKU, 1, "WH-01", "WH-02"), meta=meta)
    assert (again.replayed, again.body) == (True, first.body)
    assert places(again) == {"WH-01": 2, "WH-02": 1}


def test_two_moves_of_one_call_see_each_other(shop: Shop, placed: Result) -> None:
    element = {"order_id": placed.body["order_id"], "items": moves((SKU, 2, "WH-01", "WH-02"))}
    answers = shop.send("reallocate_orders", element, element)
    assert [answer.code for answer in answers] == [None, "OR018"]


@pytest.mark.commits
@pytest.mark.parametrize("second", ["move", "order", "cancel"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_move_meets_another_change(shop: Shop, pool: ThreadPoolExecutor, second: str, turned: bool) -> None:
    shop.send("receive_stock", receipt(3), receipt(2, warehouse_location="WH-02"))
    first, last = shop.order((SKU, 2)), shop.order((SKU, 1))
    acts = {
        "move": sender(
            shop, "reallocate_orders", {"order_id": last.body["order_id"], "items": moves((SKU, 1, "WH-01", "WH-02"))}
        ),
        "order": sender(shop, "place_orders", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 1}]}),
        "cancel": sender(shop, "cancel_orders", {"order_id": first.body["order_id"]}),
    }
    mine = sender(shop, "reallocate_orders", {"order_id": first.body["order_id"], "items": moves((SKU, 2, "WH-01", "WH-02"))})
    pair = (acts[second], mine) if turned else (mine, acts[second])
    try:
        answers = [answer.code for answer in race(shop, pool, *pair)]
    except psycopg.errors.SerializationFailure:  # the order has another level now: the API repeats the second at once
        with shop.session() as connection:
            answers = [None, pair[1](connection).code]
    expected = {
        ("move", False): [None, "ST001"],
        ("move", True): [None, "ST001"],
        ("order", False): [None, None],
        ("order", True): [None, "ST001"],
        ("cancel", False): [None, None],
        ("cancel", True): [None, "OR014"],
    }
    assert answers == expected[second, turned]
    assert shop.verify() == []
    assert shop.rows("select from stock.stock_levels where available < 0") == []


# The orders that a clerk has to look after


def short(shop: Shop, value: bool, role: str = "admin", **claims: Any) -> list[str]:
    with shop.session(role, **claims) as connection:
        rows = connection.execute(
            "select body from api.list_orders(%s, jsonb_build_object('short', %s::boolean), null, 50)", [REGION, value]
        ).fetchall()
    return [order["order_id"] for order in rows[0][0]["data"]]


def test_orders_that_lost_units_are_listed_until_they_have_them(shop: Shop) -> None:
    shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})
    shop.receive(4)
    early, late, new = shop.order((SKU, 2)), shop.order((SKU, 2)), shop.order((SKU, 1))
    assert short(shop, value=True) == []  # the new one waits, but nothing was promised to it
    shop.count(3)
    assert short(shop, value=True) == [late.body["order_id"]]
    assert short(shop, value=False) == [new.body["order_id"], early.body["order_id"]]
    shop.receive(1)
    assert short(shop, value=True) == []


def test_the_latest_orders_of_a_level_with_a_shortfall_are_listed(shop: Shop) -> None:
    shop.receive(6, expiration_date=EARLY)
    shop.receive(3, batch_number="B-2")
    shop.receive(9, OTHER_SKU)
    orders = [shop.order((SKU, 2), now="2030-06-01T00:00:00Z") for _ in range(4)]
    shop.order((OTHER_SKU, 2))
    shop.job("expire_lots", now=AFTER_EARLY)
    assert shop.level()["shortfall"] == 5
    assert short(shop, value=True) == [order.body["order_id"] for order in reversed(orders[1:])]
    assert short(shop, value=True, role="sales", channels=["till"]) == []
    assert len(short(shop, value=True, role="warehouse", warehouses=["WH-01"])) == 3
