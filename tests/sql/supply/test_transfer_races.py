"""Two sessions about one transfer, or about its units, in both orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.races import race, sender, wait_for_a_waiter
from tests.transfers import draft, incoming, receive, ship, shipped
from tests.world import OTHER_SKU, SKU, Shop, order

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from tests.world import Result

pytestmark = pytest.mark.commits
RECALL = ("change_batches", {"sku_id": SKU, "batch_number": "B-1", "status": "recalled"})


def about(transfer: Result, **rest: Any) -> dict[str, Any]:
    return {"transfer_id": transfer.body["transfer_id"], **rest}


def arrived(units: int) -> list[dict[str, Any]]:
    return [{"sku_id": SKU, "batch_number": "B-1", "received": units}]


@pytest.mark.parametrize("ships_first", [True, False])
def test_a_shipment_and_an_order_do_not_both_get_the_last_units(shop: Shop, pool: ThreadPoolExecutor, ships_first: bool) -> None:
    shop.receive(5)
    ships = sender(shop, "ship_transfers", about(draft(shop, (SKU, 4))))
    buys = sender(shop, "place_orders", order((SKU, 3)))
    answers = race(shop, pool, *((ships, buys) if ships_first else (buys, ships)))
    assert [answer.code for answer in answers] == [None, "ST001"]
    assert shop.level() == ({"on_hand": 1, "available": 1} if ships_first else {"on_hand": 5, "committed": 3, "available": 2})


def test_two_shipments_of_one_transfer_are_one(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(9)
    ships = sender(shop, "ship_transfers", about(draft(shop, (SKU, 4))))
    assert [answer.code for answer in race(shop, pool, ships, ships)] == [None, "TR002"]
    assert (shop.level(), incoming(shop)) == ({"on_hand": 5, "available": 5}, 4)


def test_two_receipts_never_take_more_than_is_in_transit(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """TR5: two handhelds at one pallet."""
    shop.receive(10)
    sent = shipped(shop, 6)
    both = [sender(shop, "receive_transfers", about(sent, items=arrived(units))) for units in (4, 3)]
    assert [answer.code for answer in race(shop, pool, both[0], both[1])] == [None, "TR003"]
    assert (shop.level(warehouse="WH-02"), incoming(shop)) == ({"on_hand": 4, "available": 4}, 2)


def test_two_receipts_of_parts_both_count(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(10)
    sent = shipped(shop, 6)
    both = [sender(shop, "receive_transfers", about(sent, items=arrived(3))) for _ in range(2)]
    assert [answer.body["status"] for answer in race(shop, pool, both[0], both[1])] == ["partially_received", "received"]


@pytest.mark.parametrize("receives_first", [True, False])
def test_a_receipt_and_a_closing_answer_each_unit_once(shop: Shop, pool: ThreadPoolExecutor, receives_first: bool) -> None:
    shop.receive(10)
    sent = shipped(shop, 6)
    receives = sender(shop, "receive_transfers", about(sent, items=arrived(4)))
    closes = sender(shop, "close_transfers", about(sent, rest="taken_back"))
    answers = race(shop, pool, *((receives, closes) if receives_first else (closes, receives)))
    assert [answer.code for answer in answers] == ([None, None] if receives_first else [None, "TR002"])
    back = 2 if receives_first else 6
    assert shop.level() == {"on_hand": 4 + back, "available": 4 + back}
    assert incoming(shop) == 0


def test_a_shipment_that_waits_for_a_recall_is_refused(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(10)
    ships = sender(shop, "ship_transfers", about(draft(shop, (SKU, 4))))
    _, refused = race(shop, pool, sender(shop, *RECALL), ships)
    assert refused.code == "ST001"
    assert shop.level() == {"on_hand": 10, "unavailable": 10}


def test_a_recall_that_waits_for_a_shipment_finds_what_is_left_and_the_rest_when_it_arrives(
    shop: Shop, pool: ThreadPoolExecutor
) -> None:
    shop.receive(10)
    drafted = draft(shop, (SKU, 4))
    race(shop, pool, sender(shop, "ship_transfers", about(drafted)), sender(shop, *RECALL))
    assert shop.level() == {"on_hand": 6, "unavailable": 6}
    assert receive(shop, drafted).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 4, "unavailable": 4}


def test_a_receipt_that_waits_for_a_recall_brings_unavailable_units(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(10)
    sent = shipped(shop, 4)
    _, got = race(shop, pool, sender(shop, *RECALL), sender(shop, "receive_transfers", about(sent)))
    assert got.code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 4, "unavailable": 4}


def test_a_recall_that_waits_for_a_receipt_starts_over_and_finds_its_units(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(10)
    sent = shipped(shop, 4)
    with pytest.raises(psycopg.errors.SerializationFailure):
        race(shop, pool, sender(shop, "receive_transfers", about(sent)), sender(shop, *RECALL))
    shop.send(*RECALL)
    assert shop.level(warehouse="WH-02") == {"on_hand": 4, "unavailable": 4}


def test_two_transfers_in_opposite_directions_do_not_deadlock(shop: Shop, pool: ThreadPoolExecutor) -> None:
    for place in ("WH-01", "WH-02"):
        shop.receive(5, warehouse_location=place)
        shop.receive(5, OTHER_SKU, warehouse_location=place)
    there = draft(shop, (SKU, 2), (OTHER_SKU, 2))
    back = draft(shop, (OTHER_SKU, 2), (SKU, 2), from_warehouse_location="WH-02", to_warehouse_location="WH-01")
    both = [sender(shop, "ship_transfers", about(one)) for one in (there, back)]
    assert [answer.code for answer in race(shop, pool, both[0], both[1])] == [None, None]
    assert incoming(shop) == incoming(shop, OTHER_SKU) == 2


def test_a_shipment_starts_over_if_the_draft_got_another_sku_meanwhile(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """The levels of the new line are not locked."""
    shop.receive(5)
    shop.receive(5, OTHER_SKU)
    drafted = draft(shop, (SKU, 2))

    def follow() -> Any:
        with shop.session() as other:
            return sender(shop, "ship_transfers", about(drafted))(other)

    with shop.session() as connection:
        items = [{"sku_id": sku, "quantity": 1} for sku in (SKU, OTHER_SKU)]
        assert shop.run(connection, "save_transfers", about(drafted, items=items))[0].code is None
        follower = pool.submit(follow)
        wait_for_a_waiter(shop, follower)
    with pytest.raises(psycopg.errors.SerializationFailure):
        follower.result(30)
    assert ship(shop, drafted).body["shipped"] == 2


@pytest.mark.parametrize("receives_first", [True, False])
def test_an_order_never_waits_beside_units_that_arrive(shop: Shop, pool: ThreadPoolExecutor, receives_first: bool) -> None:
    """BO8: also if they are the first of their SKU in the warehouse."""
    shop.send("save_channels", {"channel_id": "till", "warehouses": ["WH-02"], "sale_rules": [{"mode": "backorder"}]})
    shop.receive(6)
    sent = shipped(shop, 6)
    receives = sender(shop, "receive_transfers", about(sent))
    buys = sender(shop, "place_orders", order((SKU, 4), channel="till"))
    answers = race(shop, pool, *((receives, buys) if receives_first else (buys, receives)))
    assert [answer.code for answer in answers] == [None, None]
    assert shop.level(warehouse="WH-02") == {"on_hand": 6, "committed": 4, "available": 2}
