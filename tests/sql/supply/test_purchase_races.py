"""Two sessions about one purchase, or about its units, in both orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.purchases import LATER, SOON, buy, came, promised, queue_of, told
from tests.races import race, sender
from tests.world import OTHER_SKU, SKU, Shop, codes, order

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

pytestmark = pytest.mark.commits


def incoming(shop: Shop, sku_id: str = SKU) -> int:
    rows = shop.rows("select incoming from stock.stock_levels where sku_id = %s and warehouse_id = 'WH-01'", sku_id)
    return int(rows[0]["incoming"]) if rows else 0


def line(shop: Shop, sku_id: str = SKU) -> dict[str, int]:
    [row] = shop.rows(
        "select quantity, over, received, damaged, refused, canceled, open_quantity as open"
        " from supply.purchase_lines where sku_id = %s",
        sku_id,
    )
    return {name: units for name, units in row.items() if units}


def receiving(shop: Shop, purchase: str, *items: dict[str, Any], **rest: Any) -> Callable[..., Any]:
    return sender(shop, "receive_purchases", {"purchase_id": purchase, "items": list(items), **rest})


def test_two_deliveries_at_once_obey_the_tolerance_together_pu4(shop: Shop, pool: ThreadPoolExecutor) -> None:
    purchase = buy(shop, (SKU, 10))
    receive = sender(shop, "receive_purchases", {"purchase_id": purchase, "items": [came(6)]})
    first, second = race(shop, pool, receive, receive)
    assert (first.code, second.code) == (None, "SU003")
    assert (shop.level()["on_hand"], incoming(shop), shop.verify()) == (6, 4, [])


@pytest.mark.parametrize("closes_first", [True, False])
def test_a_delivery_comes_before_or_after_the_closing(shop: Shop, pool: ThreadPoolExecutor, closes_first: bool) -> None:
    purchase = buy(shop, (SKU, 10))
    receive = sender(shop, "receive_purchases", {"purchase_id": purchase, "items": [came(6)]})
    close = sender(shop, "close_purchases", {"purchase_id": purchase, "reason": "late"})
    both = (close, receive) if closes_first else (receive, close)
    found = race(shop, pool, *both)
    assert [one.code for one in found] == [None, "SU002" if closes_first else None]
    assert (incoming(shop), line(shop)["canceled"], shop.verify()) == (0, 10 if closes_first else 4, [])


@pytest.mark.parametrize("order_first", [True, False])
def test_an_order_beside_a_delivery_never_waits_beside_free_units_bo8(
    shop: Shop, pool: ThreadPoolExecutor, order_first: bool
) -> None:
    queue_of(shop)
    purchase = buy(shop, (SKU, 10))
    receive = sender(shop, "receive_purchases", {"purchase_id": purchase, "items": [came(6)]})
    place = sender(shop, "place_orders", order((SKU, 6)))
    found = race(shop, pool, *((place, receive) if order_first else (receive, place)))
    assert codes(list(found)) == [None, None]
    assert shop.level() == {"on_hand": 6, "committed": 6}
    assert (shop.rows("select from orders.backorders"), shop.verify()) == ([], [])


def test_a_new_lot_in_two_warehouses_at_once_is_one_lot(shop: Shop, pool: ThreadPoolExecutor) -> None:
    here, there = buy(shop, (SKU, 10)), buy(shop, (SKU, 10), warehouse_location="WH-02")
    receives = [sender(shop, "receive_purchases", {"purchase_id": one, "items": [came(6)]}) for one in (here, there)]
    assert codes(list(race(shop, pool, *receives))) == [None, None]
    assert shop.rows("select batch_number from stock.lots") == [{"batch_number": "P-1"}]
    assert shop.verify() == []


def test_two_deliveries_of_parts_both_count(shop: Shop, pool: ThreadPoolExecutor) -> None:
    purchase = buy(shop, (SKU, 10))
    both = [receiving(shop, purchase, came(units)) for units in (6, 4)]
    assert [answer.body["status"] for answer in race(shop, pool, both[0], both[1])] == ["partially_received", "received"]
    assert (shop.level()["on_hand"], incoming(shop), line(shop)) == (10, 0, {"quantity": 10, "received": 10})


def test_one_delivery_note_at_two_handhelds_counts_once_pu5(shop: Shop, pool: ThreadPoolExecutor) -> None:
    purchase = buy(shop, (SKU, 10))
    receive = receiving(shop, purchase, came(2), delivery_note="DN-1")
    assert [answer.code for answer in race(shop, pool, receive, receive)] == [None, "SU005"]
    assert (shop.level()["on_hand"], incoming(shop)) == (2, 8)


@pytest.mark.parametrize("receives_first", [True, False])
def test_a_delivery_beside_a_recall_of_its_lot_is_unavailable_pu8(
    shop: Shop, pool: ThreadPoolExecutor, receives_first: bool
) -> None:
    shop.receive(1, batch_number="P-1")
    purchase = buy(shop, (SKU, 10))
    receive = receiving(shop, purchase, came(6))
    recall = sender(shop, "recall_lots", {"lots": [{"sku_id": SKU, "batch_numbers": ["P-1"]}], "person": "Ada"})
    both = (receive, recall) if receives_first else (recall, receive)
    assert codes(list(race(shop, pool, *both))) == [None, None]
    assert (shop.level(), incoming(shop), shop.verify()) == ({"on_hand": 7, "unavailable": 7}, 4, [])


@pytest.mark.parametrize("receives_first", [True, False])
def test_a_delivery_beside_a_change_of_the_day_bo4(shop: Shop, pool: ThreadPoolExecutor, receives_first: bool) -> None:
    """An order that gets units hears no more of the day; one that waits on is told the new one."""
    queue_of(shop)
    purchase = buy(shop, (SKU, 10))
    _, waits = (shop.order((SKU, 5)).body["order_id"] for _ in range(2))
    receive = receiving(shop, purchase, came(5))
    delay = sender(shop, "save_purchases", {"purchase_id": purchase, "expected_on": LATER})
    assert codes(list(race(shop, pool, *((receive, delay) if receives_first else (delay, receive))))) == [None, None]
    assert promised(shop, waits) == [LATER]
    assert [one for one in told(shop) if one[0] == waits] == [(waits, SOON, LATER)]


@pytest.mark.parametrize("adds_first", [True, False])
def test_a_delivery_beside_a_new_line(shop: Shop, pool: ThreadPoolExecutor, adds_first: bool) -> None:
    purchase = buy(shop, (SKU, 10))
    receive = receiving(shop, purchase, came(5))
    add = sender(shop, "save_purchases", {"purchase_id": purchase, "items": [{"sku_id": OTHER_SKU, "quantity": 3}]})
    if adds_first:
        with pytest.raises(Exception, match="in the meantime"):  # the level of the new line is not locked
            race(shop, pool, add, receive)
    else:
        assert codes(list(race(shop, pool, receive, add))) == [None, None]
    assert (incoming(shop, OTHER_SKU), shop.verify()) == (3, [])
