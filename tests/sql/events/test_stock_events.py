"""What the log says of a SKU: low, out and back in, over all that can be sold, by channel, and by warehouse with its own point.

web is served by WH-01 and WH-02, till by WH-02 and WH-01, far by WH-03.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.battery.lengths import chance
from tests.event_log import happened, page, place, read, sequence, types
from tests.world import OTHER_SKU, SKU, THIRD_SKU, Shop, adjustment, codes, order, receipt

pytestmark = pytest.mark.commits

WAREHOUSES = ("WH-01", "WH-02", "WH-03")
CHANNELS = ("web", "till", "far")


@pytest.fixture
def shop(shop: Shop) -> Shop:
    sequence(shop)
    return shop


def furnish(shop: Shop, reorder_point: int, *units: int, sku_id: str = SKU) -> None:
    """Receives these units in WH-01, WH-02, .. and forgets the events."""
    shop.send("save_skus", {"sku_id": sku_id, "reorder_point": reorder_point})
    shop.send(
        "receive_stock",
        *(receipt(n, sku_id, warehouse_location=place) for place, n in zip(WAREHOUSES[: len(units)], units, strict=True) if n),
    )
    happened(shop)


def said(events: list[dict[str, Any]], subject: str = f"stock/{SKU}") -> list[tuple[str, int]]:
    """Type and available units of the events of a subject."""
    return [(event["type"], event["data"]["available"]) for event in events if event["subject"] == subject]


def test_a_warehouse_that_is_low_makes_no_sku_low(shop: Shop) -> None:
    furnish(shop, 40, 60, 100, 100)
    assert shop.order((SKU, 30)).code is None
    assert shop.order((SKU, 30)).code is None  # WH-01 has no unit left, 200 are for sale
    assert said(happened(shop)) == []


def test_a_sku_is_low_once_when_all_warehouses_together_are(shop: Shop) -> None:
    furnish(shop, 100, 35, 35, 35)
    for _ in range(2):
        assert shop.order((SKU, 3)).code is None
    assert said(happened(shop)) == [("stock.low", 99)]
    assert shop.order((SKU, 64)).code is None
    assert shop.order((SKU, 35), channel="far").code is None
    assert said(happened(shop)) == [("stock.out", 0)]
    assert shop.receive(1, batch_number="B-2").code is None
    assert shop.receive(200, batch_number="B-2").code is None
    assert shop.adjust(-110).code is None
    assert said(happened(shop)) == [("stock.back_in", 1), ("stock.low", 91)]


def test_every_crossing_is_said_even_if_the_sequencer_sees_it_too_late(shop: Shop) -> None:
    furnish(shop, 3, 5)
    for delta in (-5, 9, -7, 7, -9):
        assert shop.adjust(delta).code is None
    events = happened(shop)
    assert said(events) == [("stock.out", 0), ("stock.back_in", 9), ("stock.low", 2), ("stock.out", 0)]
    by_cause = [
        event["data"].get("new", {}).get("stock")
        for event in events
        if event["subject"] in (f"stock/{SKU}", f"stock/WH-01/{SKU}")
    ]
    assert by_cause == [0, None, 9, None, 2, None, 9, 0, None]  # each right behind the change that caused it
    assert [event["version"] for event in events if event["subject"] == f"stock/{SKU}"] == [2, 3, 4, 5]


def test_the_event_names_nobody_and_says_what_it_compared(shop: Shop) -> None:
    furnish(shop, 3, 5)
    shop.adjust(-2)
    low = next(event for event in happened(shop) if event["type"] == "stock.low")
    assert (low["actor"], low["requestid"], low["region"]) == ("system", None, 1)
    assert low["data"] == {
        "sku_id": SKU,
        "version": 2,
        "available": 3,
        "reorder_point": 3,
        "old": {"state": "in_stock"},
        "new": {"state": "low"},
    }


def test_a_channel_hears_of_its_own_warehouses_only(shop: Shop) -> None:
    furnish(shop, 3, 5, 0, 5)
    after = "{}:{}".format(*(place(shop)[n] for n in (0, 2)))
    assert shop.order((SKU, 5)).code is None
    assert shop.order((SKU, 3), channel="far").code is None
    events = happened(shop)
    assert said(events, f"channels/web/stock/{SKU}") == [("channel.stock.out", 0)]
    assert said(events, f"channels/till/stock/{SKU}") == [("channel.stock.out", 0)]
    assert said(events, f"channels/far/stock/{SKU}") == [("channel.stock.low", 2)]
    for channel in CHANNELS:
        seen = page(shop, "integration", after, channels=[channel])["data"]
        stock = [event for event in seen if "stock" in event["type"]]
        assert [event["data"]["channel"] for event in stock] == [channel]
        assert "WH-0" not in str(stock)
        assert {event["data"].get("channel") for event in page(shop, "sales", after, channels=[channel])["data"]} == {channel}
    assert {event["type"] for event in page(shop, "warehouse", after, warehouses=["WH-03"])["data"]} == {
        "stock.low",
        "stock.committed",
    }


def test_a_level_with_a_reorder_point_of_its_own_speaks_for_itself(shop: Shop) -> None:
    furnish(shop, 0, 10, 10)
    here = {"sku_id": SKU, "warehouse_location": "WH-01"}
    assert codes(shop.send("set_reorder_point", here | {"reorder_point": 10}, role="warehouse", warehouses=["WH-01"])) == [None]
    subject = f"warehouses/WH-01/stock/{SKU}"
    assert said(happened(shop), subject) == [("warehouse.stock.low", 10)]
    assert codes(shop.send("set_reorder_point", here | {"reorder_point": 3, "warehouse_location": "WH-02"})) == [None]
    assert said(happened(shop), f"warehouses/WH-02/stock/{SKU}") == []  # 10 units are no news
    shop.adjust(5)
    shop.adjust(-6)
    shop.adjust(-9)
    assert said(happened(shop), subject) == [("warehouse.stock.low", 9), ("warehouse.stock.out", 0)]
    assert codes(shop.send("set_reorder_point", here | {"reorder_point": None})) == [None]
    shop.adjust(5)
    assert said(happened(shop), subject) == []
    assert (
        codes(shop.send("set_reorder_point", here | {"reorder_point": -1}, here | {"reorder_point": 3_000_000_000}))
        == ["VA001"] * 2
    )
    with_point, without = shop.send("set_reorder_point", here | {"reorder_point": 7}, here | {"reorder_point": None})
    assert (with_point.body["reorder_point"], without.body["reorder_point"]) == (7, None)


def test_a_change_of_the_catalog_is_followed_by_what_it_means(shop: Shop) -> None:
    furnish(shop, 3, 5, 5, 5)
    furnish(shop, 3, 5, sku_id=OTHER_SKU)

    def follows(command: str, **element: Any) -> list[tuple[str, str]]:
        assert codes(shop.send(command, element)) == [None]
        return [(event["type"], event["subject"]) for event in happened(shop) if "stock" in event["type"]]

    assert follows("save_skus", sku_id=SKU, reorder_point=10) == [
        ("channel.stock.low", f"channels/{channel}/stock/{SKU}") for channel in sorted(CHANNELS)
    ]
    assert follows("save_skus", sku_id=SKU, name="New") == []
    assert follows("save_skus", sku_id=SKU, reorder_point=4) == []
    assert follows("save_channels", channel_id="far", warehouses=[]) == [("channel.stock.out", f"channels/far/stock/{SKU}")]
    assert follows("save_warehouses", warehouse_id="WH-03", active=False) == []
    assert follows("save_channels", channel_id="web", warehouses=["WH-02"]) == [
        ("channel.stock.out", f"channels/web/stock/{OTHER_SKU}")
    ]
    assert follows("save_warehouses", warehouse_id="WH-01", active=False) == [
        ("stock.out", f"stock/{OTHER_SKU}"),
        ("channel.stock.out", f"channels/till/stock/{OTHER_SKU}"),
    ]
    assert follows("save_channels", channel_id="web", active=False) == [("channel.stock.out", f"channels/web/stock/{SKU}")]
    assert follows("save_channels", channel_id="till", active=False) == [
        ("stock.out", f"stock/{SKU}"),
        ("channel.stock.out", f"channels/till/stock/{SKU}"),
    ]
    assert follows("save_channels", channel_id="web", active=True) == [
        ("stock.back_in", f"stock/{SKU}"),
        ("channel.stock.back_in", f"channels/web/stock/{SKU}"),
    ]


def test_levels_that_lose_a_little_each_are_low_together(shop: Shop) -> None:
    furnish(shop, 10, 30, 30)
    for code in WAREHOUSES[:2]:
        assert codes(shop.send("adjust_stock", adjustment(-24, warehouse_location=code))) == [None]
    assert said(happened(shop)) == []  # 12 are left
    for code in WAREHOUSES[:2]:
        assert codes(shop.send("adjust_stock", adjustment(-1, warehouse_location=code))) == [None]
    assert said(happened(shop)) == [("stock.low", 10)]


def test_a_sum_counts_the_levels_that_lost_a_little_before(shop: Shop) -> None:
    furnish(shop, 10, 30, 30)
    for code in WAREHOUSES[:2]:
        assert codes(shop.send("adjust_stock", adjustment(-24, warehouse_location=code))) == [None]
    assert said(happened(shop)) == []
    assert codes(shop.send("adjust_stock", adjustment(-2, warehouse_location=WAREHOUSES[0]))) == [None]
    assert said(happened(shop)) == [("stock.low", 10)]  # the other warehouse is in no event of this batch


def test_what_happens_beside_a_change_of_the_catalog_is_compared_in_its_order(shop: Shop) -> None:
    furnish(shop, 3, 20)
    assert shop.adjust(-5).code is None
    assert codes(shop.send("save_skus", {"sku_id": SKU, "reorder_point": 16})) == [None]
    assert shop.adjust(3).code is None
    assert said(happened(shop)) == [("stock.low", 15)]  # though 18 are there when the batch is moved


def test_many_at_once_in_different_warehouses_cross_once(shop: Shop) -> None:
    furnish(shop, 15, 20, 20, 20)

    def sell(number: int) -> str | None:
        with shop.session() as connection:
            return shop.run(connection, "place_orders", order((SKU, 2), channel=("web", "till", "far")[number % 3]))[0].code

    with ThreadPoolExecutor(6) as pool:
        results = [pool.submit(sell, number) for number in range(36)]
        events: list[dict[str, Any]] = []
        while not all(result.done() for result in results):
            events += happened(shop)
    events += happened(shop)
    assert {result.result() for result in results} <= {None, "ST001"}
    assert [type_ for type_, _ in said(events)] == ["stock.low", "stock.out"]
    for channel in CHANNELS:
        assert [type_ for type_, _ in said(events, f"channels/{channel}/stock/{SKU}")] == [
            "channel.stock.low",
            "channel.stock.out",
        ]


TRUTH = """
    with serving as (select * from catalog.serving_warehouses() where sells), scopes as (
      select 'region' as scope, '' as scope_id, warehouse_id from serving group by warehouse_id
      union all select 'channel', channel_id, warehouse_id from serving)
    select k.sku_id, s.scope, s.scope_id, case when coalesce(sum(l.available), 0) = 0 then 'out_of_stock'
             when sum(l.available) <= k.reorder_point then 'low' else 'in_stock' end as state
      from catalog.skus k
     cross join (select 'region' as scope, '' as scope_id union all select 'channel', channel_id from catalog.channels) s
      left join scopes m on m.scope = s.scope and m.scope_id = s.scope_id
      left join stock.stock_levels l on l.warehouse_id = m.warehouse_id and l.sku_id = k.sku_id
     group by k.sku_id, s.scope, s.scope_id
    union all
    select sku_id, 'warehouse', warehouse_id, case when available = 0 then 'out_of_stock'
             when available <= reorder_point then 'low' else 'in_stock' end
      from stock.stock_levels where reorder_point is not null"""
ANNOUNCED = "select sku_id, scope, scope_id, state from events.announced_states"
KNOWN = """
    select l.sku_id, l.warehouse_id, l.available, w.available from stock.stock_levels l
      left join events.known_levels w using (region_id, sku_id, warehouse_id) where l.available <> coalesce(w.available, 0)"""


def test_whatever_happens_the_log_ends_with_the_truth_and_no_state_is_said_twice(shop: Shop) -> None:
    dice = chance("stock events")
    skus = (SKU, OTHER_SKU, THIRD_SKU)
    for _ in range(60):
        sku, warehouse, channel = dice.choice(skus), dice.choice(WAREHOUSES), dice.choice(CHANNELS)
        here = {"sku_id": sku, "warehouse_location": warehouse}
        match dice.randrange(8):
            case 0 | 1:
                shop.send("receive_stock", receipt(dice.randint(1, 9), sku, warehouse_location=warehouse))
            case 2 | 3:
                shop.send("place_orders", order((sku, dice.randint(1, 6)), channel=channel))
            case 4:
                shop.send("adjust_stock", adjustment(-dice.randint(1, 5), sku, warehouse_location=warehouse))
            case 5:
                shop.send("save_channels", {"channel_id": channel, "warehouses": dice.sample(WAREHOUSES, dice.randint(0, 3))})
            case 6:
                shop.send("save_warehouses", {"warehouse_id": warehouse, "active": dice.random() < 0.7})
                shop.send("save_skus", {"sku_id": sku, "reorder_point": dice.randint(0, 8)})
            case _:
                shop.send("set_reorder_point", here | {"reorder_point": dice.choice([None, 2, 5])})
        if dice.random() < 0.4:
            sequence(shop, limit=dice.choice([1, 3, 1000]))
    while sequence(shop):
        pass
    announced = {(row["sku_id"], row["scope"], row["scope_id"]): row["state"] for row in shop.rows(ANNOUNCED)}
    truth = {(row["sku_id"], row["scope"], row["scope_id"]): row["state"] for row in shop.rows(TRUTH)}
    begins = {"region": "out_of_stock", "channel": "out_of_stock", "warehouse": "in_stock"}
    assert {key: announced.get(key, begins[key[1]]) for key in truth} == truth
    assert shop.rows(KNOWN) == []
    last: dict[str, str] = {}
    for event in read(shop, limit=10_000):
        if event["type"].rpartition(".")[0].endswith("stock") and "state" in event["data"].get("new", {}):
            subject, data = event["subject"], event["data"]
            assert data["new"]["state"] != data["old"]["state"]
            assert not (last.get(subject) == data["new"]["state"] == "out_of_stock"), event
            last[subject] = data["new"]["state"]
    assert "channel.stock.back_in" in types(read(shop, limit=10_000))
