"""Units in transit promise orders that wait a day, beside purchases (BO4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.purchases import LATER, SOON, buy, came, deliver, promised, queue_of, told
from tests.races import race, sender
from tests.transfers import act, close, draft, receive, ship, shipped
from tests.world import OTHER_SKU, SKU, Shop

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from tests.world import Result

DEPOT = {"from_warehouse_location": "WH-03"}  # it does not serve the channel web


def change(shop: Shop, transfer: Result, **rest: Any) -> Result:
    return act(shop, "save_transfers", transfer, **rest)


def moving(shop: Shop, units: int, day: str | None = SOON, **lot: Any) -> Result:
    """Units on their way from the depot to WH-02."""
    shop.receive(units, warehouse_location="WH-03", **{"batch_number": "D-1", **lot})
    return shipped(shop, units, **DEPOT, **({"expected_on": day} if day else {}))


def test_units_in_transit_promise_their_day_bo4(shop: Shop) -> None:
    queue_of(shop)
    first, second = (shop.order((SKU, 30)).body["order_id"] for _ in range(2))
    moving(shop, 40)
    assert (promised(shop, first), promised(shop, second)) == ([SOON], [None])
    buy(shop, (SKU, 20), expected_on=LATER)
    assert (promised(shop, first), promised(shop, second)) == ([SOON], [LATER])
    assert told(shop) == [(first, None, SOON), (second, None, LATER)]
    assert shop.verify() == []


def test_without_a_day_units_in_transit_promise_nothing_until_they_have_one_bo4(shop: Shop) -> None:
    queue_of(shop)
    waits = shop.order((SKU, 5)).body["order_id"]
    sent = moving(shop, 5, None)
    assert (promised(shop, waits), told(shop)) == ([None], [])
    assert change(shop, sent, expected_on=SOON).code is None
    assert promised(shop, waits) == [SOON]
    assert change(shop, sent, expected_on=LATER).code is None
    assert change(shop, sent, reference="VAN-2").code is None
    assert change(shop, sent, expected_on=None).code is None
    assert told(shop) == [(waits, None, SOON), (waits, SOON, LATER), (waits, LATER, None)]


def test_a_draft_promises_nothing_bo4(shop: Shop) -> None:
    queue_of(shop)
    waits = shop.order((SKU, 5)).body["order_id"]
    shop.receive(5, warehouse_location="WH-03")
    drafted = draft(shop, (SKU, 5), **DEPOT, expected_on=SOON)
    assert change(shop, drafted, expected_on=LATER).code is None
    assert promised(shop, waits) == [None]
    assert ship(shop, drafted).code is None
    assert (promised(shop, waits), told(shop)) == ([LATER], [(waits, None, LATER)])


def test_units_that_cannot_be_sold_when_they_arrive_promise_nothing_bo4(shop: Shop) -> None:
    """A lot that expires before the day, that is blocked, or units that are withheld."""
    queue_of(shop)
    waits = shop.order((SKU, 5)).body["order_id"]
    sent = moving(shop, 5, "2034-05-31", expiration_date="2034-05-31")
    assert promised(shop, waits) == ["2034-05-31"]
    assert change(shop, sent, expected_on=SOON).code is None
    assert promised(shop, waits) == [None]
    assert change(shop, sent, expected_on="2034-05-30").code is None
    assert promised(shop, waits) == ["2034-05-30"]
    assert shop.send("change_batches", {"sku_id": SKU, "batch_number": "D-1", "status": "quarantined"})[0].code is None
    assert promised(shop, waits) == [None]
    shop.receive(5, warehouse_location="WH-03", batch_number="D-2")
    aside = {"sku_id": SKU, "warehouse_location": "WH-03", "batch_number": "D-2", "quantity": 5, "cause": "inspection"}
    assert shop.send("withhold_stock", aside)[0].code is None
    item = {"sku_id": SKU, "batch_number": "D-2", "quantity": 5, "withheld": True}
    assert ship(shop, draft(shop, item, **DEPOT, expected_on=SOON)).code is None
    assert promised(shop, waits) == [None]


def test_what_arrives_short_or_ends_tells_who_waits_on_bo4(shop: Shop) -> None:
    queue_of(shop)
    first, second, third = (shop.order((SKU, 10)).body["order_id"] for _ in range(3))
    sent = moving(shop, 30)
    before = len(told(shop))
    item = {"sku_id": SKU, "batch_number": "D-1"}
    assert receive(shop, sent, items=[item | {"received": 10, "damaged": 5}]).code is None
    assert promised(shop, first) == []
    assert told(shop)[before:] == [(third, SOON, None)]
    assert close(shop, sent, rest="lost", reason_code="shrinkage").code is None
    assert told(shop)[before + 1 :] == [(second, SOON, None)]
    assert shop.verify() == []


def test_a_change_in_transit_is_of_its_day_reference_and_note_only_and_an_event(shop: Shop) -> None:
    sent = moving(shop, 5)
    assert change(shop, sent, items=[{"sku_id": SKU, "quantity": 1}]).code == "TR002"
    assert change(shop, sent, status="draft").code == "TR002"
    changed = change(shop, sent, expected_on=LATER, note="snow")
    assert (changed.code, changed.body["expected_on"], changed.body["in_transit"]) == (None, LATER, 5)
    [event] = shop.rows("select data, warehouse_ids from events.outbox where type = 'transfer.changed'")
    assert event["warehouse_ids"] == ["WH-03", "WH-02"]
    assert event["data"]["old"] == {"expected_on": SOON, "reference": None, "note": None}
    assert (event["data"]["expected_on"], event["data"]["note"], event["data"]["items"]) == (LATER, "snow", [])
    assert receive(shop, sent).code is None
    assert change(shop, sent, note="melted").code == "TR002"


def test_the_day_is_the_same_whoever_changes_it_bo4(shop: Shop) -> None:
    """Staff of one end see neither the missing units of other warehouses nor other channels' orders; the day knows of both."""
    queue_of(shop)
    shop.receive(4, batch_number="GONE")
    assert shop.order((SKU, 4)).code is None
    lost = {"sku_id": SKU, "batch_number": "GONE", "status": "quarantined"}
    assert shop.send("change_batches", lost)[0].code is None
    waits = shop.order((SKU, 5)).body["order_id"]
    sent = moving(shop, 8)
    assert promised(shop, waits) == [None]
    assert change(shop, sent, role="warehouse", warehouses=["WH-03"], expected_on=LATER).code is None
    assert told(shop) == []
    shop.receive(1, warehouse_location="WH-03", batch_number="D-1")
    assert shipped(shop, 1, **DEPOT, expected_on=LATER).code is None
    assert told(shop) == [(waits, None, LATER)]
    assert change(shop, sent, role="warehouse", warehouses=["WH-03"], expected_on=SOON).code is None
    assert promised(shop, waits) == [LATER]


@pytest.mark.commits
@pytest.mark.parametrize("purchase_first", [True, False])
def test_two_documents_of_two_warehouses_tell_an_order_one_after_the_other_bo4(
    shop: Shop, pool: ThreadPoolExecutor, purchase_first: bool
) -> None:
    """The last event of an order has its day."""
    queue_of(shop)
    waits = shop.order((SKU, 10)).body["order_id"]
    sent = moving(shop, 5)
    [drafted] = shop.send("save_suppliers", {"supplier_id": "ACME"})
    bought = {"supplier_id": "ACME", "warehouse_location": "WH-01", "items": [{"sku_id": SKU, "quantity": 5}]}
    [drafted] = shop.send("save_purchases", bought | {"expected_on": SOON})
    orders = sender(shop, "order_purchases", {"purchase_id": drafted.body["purchase_id"]})
    delays = sender(shop, "save_transfers", {"transfer_id": sent.body["transfer_id"], "expected_on": LATER})
    answers = race(shop, pool, *((orders, delays) if purchase_first else (delays, orders)))
    assert [answer.code for answer in answers] == [None, None]
    assert promised(shop, waits) == [LATER]
    assert told(shop) == ([(waits, None, SOON), (waits, SOON, LATER)] if purchase_first else [(waits, None, LATER)])


@pytest.mark.commits
def test_a_change_that_meets_the_shipment_starts_over_bo4(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """A draft has no levels to lock; a transfer in transit has."""
    queue_of(shop)
    shop.receive(5, warehouse_location="WH-03")
    drafted = draft(shop, (SKU, 5), **DEPOT, expected_on=SOON)
    ships = sender(shop, "ship_transfers", {"transfer_id": drafted.body["transfer_id"]})
    delays = sender(shop, "save_transfers", {"transfer_id": drafted.body["transfer_id"], "expected_on": LATER})
    with pytest.raises(Exception, match="in the meantime"):
        race(shop, pool, ships, delays)
    assert change(shop, drafted, expected_on=LATER).code is None


def test_a_purchase_and_a_transfer_are_incoming_of_one_level_pu1(shop: Shop) -> None:
    shop.receive(9, batch_number="A")
    sent = shipped(shop, 4)
    bought = buy(shop, (SKU, 10), (OTHER_SKU, 3), warehouse_location="WH-02")

    def incoming() -> int:
        [row] = shop.rows("select incoming from stock.stock_levels where sku_id = %s and warehouse_id = 'WH-02'", SKU)
        return int(row["incoming"])

    assert (incoming(), shop.verify()) == (14, [])
    assert deliver(shop, bought, came(6)).code is None
    assert (incoming(), shop.verify()) == (8, [])
    assert receive(shop, sent).code is None
    assert (incoming(), shop.verify()) == (4, [])
    for change in ("supply.purchase_lines set refused = refused + 1", "supply.transfer_lots set received = received - 1"):
        with shop.connection.transaction(force_rollback=True):
            shop.connection.execute(f"update {change}")
            shop.connection.execute("select app.enter('admin', '{}')")
            found = {(row["check_name"], row["expected"], row["found"]) for row in shop.rows("select * from stock.verify()")}
            assert ("incoming", 3 if "purchase" in change else 5, 4) in found
