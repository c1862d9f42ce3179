"""Counts of units that move between warehouses, are withheld, or are recalled meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.counts import approval, approve, enter, plan, read
from tests.transfers import close, draft, incoming, receive, ship, shipped
from tests.world import SKU, Result, Shop, codes

LOT = {"sku_id": SKU, "batch_number": "B-1"}
RECALL = {"lots": [{"sku_id": SKU, "batch_numbers": ["B-1"]}], "person": "Ada"}


def withhold(shop: Shop, units: int) -> str:
    aside = LOT | {"warehouse_location": "WH-01", "quantity": units, "cause": "damaged"}
    [answer] = shop.send("withhold_stock", aside)
    assert answer.code is None, answer
    return str(answer.body["withholding_id"])


def dispose(shop: Shop, withholding: str, **rest: Any) -> Result:
    [answer] = shop.send("dispose_withholdings", {"withholding_id": withholding, **rest})
    return answer


def test_units_in_transit_are_not_on_the_shelf(shop: Shop) -> None:
    """They left the one warehouse, and nobody counts them in the other."""
    shop.receive(20)
    sent = shipped(shop, 8)
    [refused] = shop.send("plan_counts", {"warehouse_location": "WH-02", "scope": "all"})
    assert refused.code == "TA005"
    here, there = plan(shop), plan(shop, "skus", "WH-02", sku_ids=[SKU])
    assert [line["expected"] for line in read(shop, here)["details"]] == [12]
    assert enter(shop, here, 12).code is None
    assert enter(shop, there, 0).code is None
    for one in (here, there):
        assert approve(shop, one).body["status"] == "approved"
    assert (shop.level(), shop.level(warehouse="WH-02"), incoming(shop)) == ({"on_hand": 12, "available": 12}, {}, 8)
    assert receive(shop, sent).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 8, "available": 8}
    assert shop.verify() == []


@pytest.mark.parametrize("arrives", ["before the entry", "before the approval", "afterwards"])
def test_cn1_what_a_transfer_brings_after_the_mark_is_kept(shop: Shop, arrives: str) -> None:
    shop.receive(20)
    shop.receive(5, warehouse_location="WH-02")
    sent = shipped(shop, 8)
    count = plan(shop, warehouse="WH-02")
    part = [LOT | {"received": 6, "damaged": 1}]
    if arrives == "before the entry":
        assert receive(shop, sent, items=part).code is None
    assert enter(shop, count, 4).code is None
    if arrives == "before the approval":
        assert receive(shop, sent, items=part).code is None
    assert approve(shop, count).code is None
    if arrives == "afterwards":
        assert receive(shop, sent, items=part).code is None
    units = 4 if arrives == "before the entry" else 4 + 7
    assert shop.level(warehouse="WH-02") == {"on_hand": units, "available": units - 1, "unavailable": 1}
    assert incoming(shop) == 1
    assert shop.verify() == []


def test_cn1_what_a_transfer_takes_after_the_mark_stays_taken(shop: Shop) -> None:
    shop.receive(20)
    count = plan(shop)
    assert enter(shop, count, 18).code is None
    sent = shipped(shop, 10)
    assert close(shop, shipped(shop, 3), rest="taken_back").code is None
    assert approve(shop, count).code is None
    assert shop.level() == {"on_hand": 8, "available": 8}
    assert receive(shop, sent).code is None
    assert shop.verify() == []


def test_units_that_left_since_cannot_be_taken_again(shop: Shop) -> None:
    """The line stays in review until somebody looks again."""
    shop.receive(10)
    count = plan(shop)
    assert enter(shop, count, 4).code is None
    assert ship(shop, draft(shop, (SKU, 8))).code is None
    refused = approve(shop, count)
    assert refused.code == "ST001"
    assert read(shop, count)["status"] == "review"
    assert shop.level() == {"on_hand": 2, "available": 2}
    assert enter(shop, count, 2).code is None
    assert approve(shop, count).body["status"] == "approved"
    assert shop.verify() == []


def test_a_count_below_what_is_withheld_is_refused_until_their_end_is_told(shop: Shop) -> None:
    """A count does not say what became of units that were set aside: their disposition does."""
    shop.receive(10)
    aside = withhold(shop, 6)
    count = plan(shop)
    assert read(shop, count)["details"][0]["expected"] == 10
    assert enter(shop, count, 3).code is None
    refused = approve(shop, count)
    assert refused.code == "ST001"
    assert "POST /v1/withholdings/{id}/dispose" in refused.body["detail"]
    assert refused.body["errors"][0] | {"detail": ""} == {
        "pointer": "/stock",
        "detail": "",
        "sku_id": SKU,
        "warehouse_location": "WH-01",
        "requested": 7,
        "available": 4,
        "withheld": 6,
    }
    assert dispose(shop, aside, disposition="scrap", quantity=3, reason_code="damaged").code is None
    assert enter(shop, count, 3).code is None
    assert approve(shop, count).body["status"] == "approved"
    assert shop.level() == {"on_hand": 3, "unavailable": 3}
    assert shop.verify() == []


def test_what_is_scrapped_after_the_mark_is_no_difference(shop: Shop) -> None:
    shop.receive(10)
    aside = withhold(shop, 6)
    count = plan(shop)
    assert enter(shop, count, 9).code is None
    assert dispose(shop, aside, disposition="scrap", quantity=5, reason_code="damaged").code is None
    assert approve(shop, count).code is None
    assert shop.level() == {"on_hand": 4, "available": 3, "unavailable": 1}
    assert shop.verify() == []


@pytest.mark.parametrize("counted", [17, 23])
@pytest.mark.parametrize("recalled_first", [True, False])
def test_a_count_corrects_a_recalled_lot_and_frees_nothing(shop: Shop, counted: int, recalled_first: bool) -> None:
    shop.receive(20)
    shop.receive(9, batch_number="B-2")
    placed = shop.order((SKU, 9))
    count = plan(shop)
    if recalled_first:
        assert codes(shop.send("recall_lots", RECALL)) == [None]
    assert enter(shop, count, counted).code is None
    assert enter(shop, count, 9, number="B-2").code is None
    if not recalled_first:
        assert codes(shop.send("recall_lots", RECALL)) == [None]
    assert approve(shop, count).body["status"] == "approved"
    assert shop.level() == {"on_hand": 9 + counted, "committed": 9, "unavailable": counted}
    assert shop.batches() == {"B-1": counted, "B-2": 9}
    assert shop.order((SKU, 1)).code == "ST001"
    assert shop.fulfill(placed).code is None
    assert shop.verify() == []


def test_a_lot_that_is_found_after_its_recall_is_held(shop: Shop) -> None:
    """CN7: a recalled lot turns up where nobody knew it."""
    shop.receive(20)
    assert codes(shop.send("recall_lots", RECALL)) == [None]
    shop.receive(1, batch_number="B-2", warehouse_location="WH-02")
    count = plan(shop, warehouse="WH-02")
    assert enter(shop, count, 3).code is None
    assert enter(shop, count, 1, number="B-2").code is None
    assert approve(shop, count).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 4, "available": 1, "unavailable": 3}
    assert shop.verify() == []


def test_two_counts_of_a_lot_and_a_transfer_in_between(shop: Shop) -> None:
    """CN4: each has its own mark, and both agree."""
    shop.receive(20)
    first, second = plan(shop), plan(shop)
    assert enter(shop, first, 18).code is None
    assert shipped(shop, 6).code is None
    assert enter(shop, second, 12).code is None
    assert codes(shop.send("approve_counts", approval(first), approval(second))) == [None, "TA002"]
    assert approve(shop, second).code is None
    assert [read(shop, one)["details"][0]["posted"] for one in (first, second)] == [-2, 0]
    assert shop.level() == {"on_hand": 12, "available": 12}
    assert shop.verify() == []
