"""Two sessions, one of which counts: no entry and no correction is lost, and none is posted twice (A10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.counts import approval, approve, enter, entries, plan, read
from tests.races import race, sender
from tests.transfers import receive, shipped
from tests.world import SKU, Shop, receipt

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

pytestmark = pytest.mark.commits
FIRST = pytest.mark.parametrize("counts_first", [True, False])


def both(shop: Shop, pool: ThreadPoolExecutor, count: Any, other: Any, counts_first: bool) -> None:
    """Runs both commands, in this order; both succeed."""
    answers = race(shop, pool, *((count, other) if counts_first else (other, count)))
    assert [answer.code for answer in answers] == [None, None]


def expected(shop: Shop, count_id: str) -> int:
    [line] = read(shop, count_id)["details"]
    return int(line["expected"])


@FIRST
def test_an_entry_and_a_parcel(shop: Shop, pool: ThreadPoolExecutor, counts_first: bool) -> None:
    """An entry that waits for the parcel expects its units no more; later parcels take from the units that were counted."""
    shop.receive(20)
    placed = shop.order((SKU, 5))
    count = plan(shop)
    counting = sender(shop, "enter_counts", entries(count, "sam", 14))
    both(shop, pool, counting, sender(shop, "fulfill_orders", {"order_id": placed.body["order_id"]}), counts_first)
    assert expected(shop, count) == (20 if counts_first else 15)
    assert approve(shop, count).code is None
    left = 9 if counts_first else 14
    assert shop.level() == {"on_hand": left, "available": left}
    assert shop.verify() == []


@FIRST
def test_an_entry_and_a_receipt(shop: Shop, pool: ThreadPoolExecutor, counts_first: bool) -> None:
    shop.receive(20)
    count = plan(shop)
    both(
        shop,
        pool,
        sender(shop, "enter_counts", entries(count, "sam", 19)),
        sender(shop, "receive_stock", receipt(5)),
        counts_first,
    )
    assert expected(shop, count) == (20 if counts_first else 25)
    assert approve(shop, count).code is None
    units = 24 if counts_first else 19
    assert shop.level() == {"on_hand": units, "available": units}
    assert shop.verify() == []


def test_an_entry_and_the_first_receipt_of_a_level(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """There is no level yet that could be locked."""
    shop.receive(5)
    count = plan(shop, "skus", "WH-02", sku_ids=[SKU])
    counting = sender(shop, "enter_counts", entries(count, "sam", 3))
    both(shop, pool, counting, sender(shop, "receive_stock", receipt(4, warehouse_location="WH-02")), counts_first=False)
    assert expected(shop, count) == 4
    assert approve(shop, count).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 3, "available": 3}
    assert shop.verify() == []


@FIRST
def test_an_approval_and_a_parcel(shop: Shop, pool: ThreadPoolExecutor, counts_first: bool) -> None:
    shop.receive(20)
    placed = shop.order((SKU, 5))
    count = plan(shop)
    assert enter(shop, count, 14).code is None
    parcel = sender(shop, "fulfill_orders", {"order_id": placed.body["order_id"]})
    both(shop, pool, sender(shop, "approve_counts", approval(count)), parcel, counts_first)
    assert shop.level() == {"on_hand": 9, "available": 9}
    assert shop.verify() == []


def test_an_approval_and_an_order_do_not_both_get_the_last_units(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(5)
    count = plan(shop)
    assert enter(shop, count, 2).code is None
    buys = sender(shop, "place_orders", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 4}]})
    approved, refused = race(shop, pool, sender(shop, "approve_counts", approval(count)), buys)
    assert (approved.code, refused.code) == (None, "ST001")
    assert shop.level() == {"on_hand": 2, "available": 2}


def test_two_approvals_post_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(20)
    count = plan(shop)
    enter(shop, count, 18)
    approving = sender(shop, "approve_counts", approval(count))
    with pytest.raises(psycopg.errors.SerializationFailure):  # the API repeats it
        race(shop, pool, approving, approving)
    assert shop.level() == {"on_hand": 18, "available": 18}
    assert approve(shop, count).code == "TA002"


def test_approvals_of_two_counts_of_a_lot_correct_it_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(20)
    counts = [plan(shop), plan(shop)]
    for one in counts:
        enter(shop, one, 18)
    approving = [sender(shop, "approve_counts", approval(one)) for one in counts]
    with pytest.raises(psycopg.errors.SerializationFailure):  # there is nothing left to correct: the API repeats it
        race(shop, pool, approving[0], approving[1])
    assert approve(shop, counts[1]).code is None
    assert shop.level() == {"on_hand": 18, "available": 18}
    assert shop.verify() == []


@FIRST
def test_an_entry_and_an_approval(shop: Shop, pool: ThreadPoolExecutor, counts_first: bool) -> None:
    """What is approved is what the approver saw, or he is asked again."""
    shop.receive(20)
    count = plan(shop)
    enter(shop, count, 18)
    counting = sender(shop, "enter_counts", entries(count, "sam", 17))
    approving = sender(shop, "approve_counts", approval(count))
    if counts_first:
        with pytest.raises(psycopg.errors.SerializationFailure):
            race(shop, pool, counting, approving)
        assert shop.level() == {"on_hand": 20, "available": 20}
        assert approve(shop, count).code is None
        assert shop.level() == {"on_hand": 17, "available": 17}
    else:
        approved, late = race(shop, pool, approving, counting)
        assert (approved.code, late.code) == (None, "TA002")
        assert shop.level() == {"on_hand": 18, "available": 18}


@FIRST
def test_an_entry_and_a_cancelation(shop: Shop, pool: ThreadPoolExecutor, counts_first: bool) -> None:
    shop.receive(20)
    count = plan(shop)
    counting = sender(shop, "enter_counts", entries(count, "sam", 17))
    canceling = sender(shop, "cancel_counts", {"count_id": count})
    answers = race(shop, pool, *((counting, canceling) if counts_first else (canceling, counting)))
    assert [answer.code for answer in answers] == ([None, None] if counts_first else [None, "TA002"])
    assert read(shop, count)["status"] == "canceled"
    assert shop.level() == {"on_hand": 20, "available": 20}


def test_two_counters_at_once_both_keep_their_entries(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """CN3: whoever comes second is compared with the first."""
    shop.receive(20)
    count = plan(shop)
    counting = [sender(shop, "enter_counts", entries(count, who, units)) for who, units in (("sam", 18), ("kim", 12))]
    _, second = race(shop, pool, counting[0], counting[1])
    assert second.body["lines_to_recount"] == 1
    [line] = read(shop, count)["details"]
    assert [entry["counted"] for entry in line["entries"]] == [18, 12]


@FIRST
def test_an_approval_and_a_recall(shop: Shop, pool: ThreadPoolExecutor, counts_first: bool) -> None:
    shop.receive(20)
    count = plan(shop)
    enter(shop, count, 18)
    recall = {"lots": [{"sku_id": SKU, "batch_numbers": ["B-1"]}], "person": "Ada"}
    both(shop, pool, sender(shop, "approve_counts", approval(count)), sender(shop, "recall_lots", recall), counts_first)
    assert shop.level() == {"on_hand": 18, "unavailable": 18}
    assert shop.verify() == []


@FIRST
def test_an_entry_and_a_recall(shop: Shop, pool: ThreadPoolExecutor, counts_first: bool) -> None:
    shop.receive(20)
    count = plan(shop)
    recall = {"lots": [{"sku_id": SKU, "batch_numbers": ["B-1"]}], "person": "Ada"}
    counting = sender(shop, "enter_counts", entries(count, "sam", 18))
    both(shop, pool, counting, sender(shop, "recall_lots", recall), counts_first)
    assert approve(shop, count).code is None
    assert shop.level() == {"on_hand": 18, "unavailable": 18}
    assert shop.verify() == []


@FIRST
@pytest.mark.parametrize("command", ["enter_counts", "approve_counts"])
def test_a_count_and_the_receipt_of_a_transfer(shop: Shop, pool: ThreadPoolExecutor, counts_first: bool, command: str) -> None:
    """Units that arrive after the entry are kept; those that arrived before it are part of the count."""
    shop.receive(20)
    shop.receive(6, warehouse_location="WH-02")
    sent = shipped(shop, 4)
    count = plan(shop, warehouse="WH-02")
    enters = command == "enter_counts"
    if not enters:
        assert enter(shop, count, 5).code is None
    counting = sender(shop, command, entries(count, "sam", 5) if enters else approval(count))
    receiving = sender(shop, "receive_transfers", {"transfer_id": sent.body["transfer_id"]})
    both(shop, pool, counting, receiving, counts_first)
    if enters:
        assert expected(shop, count) == (6 if counts_first else 10)
        assert approve(shop, count).code is None
    units = 5 if enters and not counts_first else 9
    assert shop.level(warehouse="WH-02") == {"on_hand": units, "available": units}
    assert receive(shop, sent).code == "TR002"
    assert shop.verify() == []
