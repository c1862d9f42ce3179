"""Recalls in one act (RC1 to RC12): units are held, promises move or wait by age, parcels are listed. Drills leave evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests import returns
from tests.races import race, sender
from tests.transfers import close, draft, receive, ship, shipped
from tests.world import SKU, Result, Shop, codes, receipt

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

L1 = "L-1"
KEPT = ("orders", "stock", "supply", "events", "catalog", "webhooks", "analytics")
OWN = ("stock.recall_drills",)


def lots(*numbers: str, sku_id: str = SKU) -> dict[str, Any]:
    return {"lots": [{"sku_id": sku_id, "batch_numbers": list(numbers)}], "person": "Ada", "note": "glass"}


def recall(shop: Shop, *numbers: str, **rest: Any) -> Result:
    [answer] = shop.send("recall_lots", lots(*numbers) | rest)
    return answer


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """100 + 20 units in WH-01, 60 good ones in WH-02; the channel asks WH-01 first."""
    shop.send("save_warehouses", {"warehouse_id": "WH-02", "name": "Second"})
    assert codes(shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01", "WH-02"]})) == [None]
    shop.receive(100, batch_number=L1, expiration_date="2030-06-30")
    shop.receive(20, batch_number="L-2", expiration_date="2031-06-30")
    shop.receive(60, batch_number="L-3", expiration_date="2031-06-30", warehouse_location="WH-02")
    return shop


def read(shop: Shop, placed: Result) -> Any:
    with shop.session() as connection:
        [(body,)] = connection.execute("select body from api.get_order(1::smallint, %s)", [placed.body["order_id"]]).fetchall()
    return body


def test_rc2_rc4_promises_move_by_age_and_the_rest_waits_before_any_newer_order(shop: Shop) -> None:
    """F1: a recall strands nobody, and nobody passes those who wait."""
    placed = [shop.order((SKU, 10)) for _ in range(11)]
    assert shop.fulfill(placed[0]).code is None
    recalled = recall(shop, L1)
    assert recalled.code is None, recalled.body
    # 100 open units were promised in WH-01: 20 good ones are there, 60 in WH-02.
    assert shop.level() == {"on_hand": 110, "committed": 20, "unavailable": 90}
    assert shop.level(warehouse="WH-02") == {"on_hand": 60, "committed": 60}
    waits = [sum(part["quantity"] for part in read(shop, order).get("backorders", [])) for order in placed]
    assert waits == [0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 10]
    assert recalled.body["unresolved"] == []
    assert [(o["moved"], o["waiting"]) for o in recalled.body["orders"]] == [(10, 0)] * 6 + [(0, 10)] * 2
    assert shop.order((SKU, 1)).code == "ST001"
    for order in placed[1:9]:
        assert shop.fulfill(order).code is None
    shop.receive(15, batch_number="L-4", expiration_date="2031-06-30")
    waits = [sum(part["quantity"] for part in read(shop, order).get("backorders", [])) for order in placed[9:]]
    assert waits == [0, 5]
    assert shop.verify() == []


def test_rc1_no_path_gives_out_a_unit_of_the_lot(shop: Shop) -> None:
    placed = shop.order((SKU, 5))
    aside = {"sku_id": SKU, "warehouse_location": "WH-01", "batch_number": L1, "quantity": 2, "cause": "inspection"}
    [withheld] = shop.send("withhold_stock", aside)
    assert recall(shop, L1).code is None
    named = {"order_id": placed.body["order_id"], "items": [{"sku_id": SKU, "quantity": 1, "batch_number": L1}]}
    assert codes(shop.send("fulfill_orders", named)) == ["ST013"]
    shipped = shop.fulfill(placed)
    assert {line["batch_number"] for parcel in shipped.body["fulfillments"] for line in parcel["items"]} == {"L-2"}
    assert codes(shop.send("reserve_stock", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 76}]})) == ["ST001"]
    restock = {"withholding_id": withheld.body["withholding_id"], "disposition": "restock"}
    assert codes(shop.send("dispose_withholdings", restock)) == [None]
    shop.receive(5, batch_number=L1, expiration_date="2030-06-30", warehouse_location="WH-02")
    assert shop.level(warehouse="WH-02") == {"on_hand": 65, "available": 60, "unavailable": 5}
    assert shop.level() == {"on_hand": 115, "available": 15, "unavailable": 100}
    assert shop.verify() == []


def test_rc5_every_received_unit_has_a_place(shop: Shop) -> None:
    shop.fulfill(shop.order((SKU, 10)))
    shop.adjust(-3, batch_number=L1, reason_code="damaged")
    shop.adjust(-2, batch_number=L1, reason_code="shrinkage")
    shop.adjust(1, batch_number=L1, reason_code="found")
    [lot] = recall(shop, L1).body["lots"]
    figures = {name: lot[name] for name in ("received", "on_hand", "shipped", "returned", "written_off", "unexplained")}
    assert figures == {"received": 100, "on_hand": 86, "shipped": 10, "returned": 0, "written_off": 3, "unexplained": 1}


def test_rc5_units_on_their_way_are_in_transit_and_arrive_unavailable(shop: Shop) -> None:
    sent = shipped(shop, 12)
    lot = {"sku_id": SKU, "batch_number": L1}
    assert receive(shop, sent, items=[lot | {"received": 5}]).code is None
    recalled = recall(shop, L1)
    [figures] = recalled.body["lots"]
    assert (figures["on_hand"], figures["in_transit"], figures["unexplained"]) == (93, 7, 0)
    assert recalled.body["accounted_percent"] == 100
    places = {place["warehouse_location"]: (place["stock"], place["in_transit"]) for place in recalled.body["places"]}
    assert places == {"WH-01": (88, 0), "WH-02": (5, 7)}
    assert [place["transfers"] for place in recalled.body["places"]] == [[], [sent.body["transfer_id"]]]
    assert receive(shop, sent, items=[lot | {"received": 4}]).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 69, "available": 60, "unavailable": 9}
    assert close(shop, sent, rest="lost", reason_code="shrinkage").code is None
    again = recall(shop, L1)
    assert again.body["recall_id"] == recalled.body["recall_id"]
    assert shop.verify() == []


def test_rc5_what_is_lost_on_its_way_is_unexplained_and_what_was_destroyed_is_written_off(shop: Shop) -> None:
    sent = shipped(shop, 12)
    destroyed = {"sku_id": SKU, "batch_number": L1, "lost": 2}
    assert close(shop, sent, items=[destroyed], rest="taken_back", reason_code="damaged").code is None
    assert close(shop, shipped(shop, 3), rest="lost", reason_code="shrinkage").code is None
    [figures] = recall(shop, L1).body["lots"]
    assert [figures[name] for name in ("received", "on_hand", "in_transit", "written_off", "unexplained")] == [100, 95, 0, 2, 3]


def test_rc1_a_draft_of_a_recalled_lot_is_not_sent_for_sale(shop: Shop) -> None:
    planned = draft(shop, {"sku_id": SKU, "quantity": 30})
    assert recall(shop, L1).code is None
    assert ship(shop, planned).code == "ST001"
    swept = ship(shop, draft(shop, {"sku_id": SKU, "batch_number": L1, "quantity": 100, "withheld": True}))
    assert swept.code is None, swept.body
    assert receive(shop, swept).code is None
    assert shop.level(warehouse="WH-02") == {"on_hand": 160, "available": 60, "unavailable": 100}
    assert shop.verify() == []


def test_the_trace_names_the_warehouse_at_the_other_end(shop: Shop) -> None:
    assert receive(shop, shipped(shop, 12)).code is None
    with shop.session() as connection:
        [(body,)] = connection.execute(
            "select body from api.trace_lot(1::smallint, %s, %s, '{}', null, 100)", [SKU, L1]
        ).fetchall()
    assert [(e["event"], e["warehouse_location"], e["counterpart"], e["quantity"]) for e in body["data"]] == [
        ("receipt", "WH-01", None, 100),
        ("transfer_out", "WH-01", "WH-02", 12),
        ("transfer_in", "WH-02", "WH-01", 12),
    ]


def test_rc9_the_parcels_are_those_that_left_with_the_lot(shop: Shop) -> None:
    jane = {"name": "Jane", "email": "jane@example.com", "address": "Main St 1"}
    first, second, other = (shop.order((SKU, 2), customer=jane) for _ in range(3))
    shop.fulfill(first)
    shop.fulfill(second, items=[{"sku_id": SKU, "quantity": 2, "batch_number": L1}])
    shop.fulfill(other, items=[{"sku_id": SKU, "quantity": 2, "batch_number": "L-2", "reason_code": "could_not_locate"}])
    undone = shop.order((SKU, 2))
    parcel = shop.fulfill(undone).body["fulfillments"][0]["fulfillment_id"]
    back = {"order_id": undone.body["order_id"], "fulfillment_id": parcel, "reason": "never collected"}
    assert codes(shop.send("cancel_fulfillments", back)) == [None]
    recalled = recall(shop, L1)
    assert (recalled.body["parcels"], recalled.body["shipped"]) == (2, 4)
    listed = parcels(shop, recalled)
    assert [(row["order_id"], row["quantity"], row["assumed"], row["customer"]["email"]) for row in listed] == [
        (first.body["order_id"], 2, True, "jane@example.com"),
        (second.body["order_id"], 2, False, "jane@example.com"),
    ]
    shop.send("erase_customers", {"email": "jane@example.com", "include_open": True})
    assert {row["customer"]["email"] for row in parcels(shop, recalled)} == {None}


def parcels(shop: Shop, recalled: Result, role: str = "admin", **claims: Any) -> list[Any]:
    with shop.session(role, **claims) as connection:
        [(body,)] = connection.execute(
            "select body from api.list_recall_parcels(1::smallint, %s, '{}', null, 100)", [recalled.body["recall_id"]]
        ).fetchall()
    return list(body["data"])


def fingerprint(shop: Shop) -> dict[str, str]:
    tables = shop.rows(
        "select c.oid::regclass::text as name from pg_class c"
        " where c.relkind = 'r' and c.relnamespace::regnamespace::text = any (%s)",
        list(KEPT),
    )
    return {
        row["name"]: shop.rows(
            f"select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as sum from {row['name']} t"
        )[0]["sum"]
        for row in tables
        if row["name"] not in OWN
    }


def test_rc6_rc7_a_drill_finds_what_a_recall_finds_and_leaves_only_its_evidence(shop: Shop) -> None:
    placed = [shop.order((SKU, 10)) for _ in range(11)]
    shop.fulfill(placed[0])
    before = fingerprint(shop)
    [drill] = shop.send("drill_recalls", lots(L1))
    assert drill.code is None, drill.body
    assert fingerprint(shop) == before
    recalled = recall(shop, L1)
    same = ("lots", "places", "orders", "parcels", "shipped", "accounted_percent", "digest")
    assert {name: drill.body[name] for name in same} == {name: recalled.body[name] for name in same}
    assert drill.body["accounted_percent"] == 100
    assert shop.verify() == []


def test_rc11_a_lot_that_is_recalled_again_joins_its_recall_with_what_is_new(shop: Shop) -> None:
    first = recall(shop, L1)
    again = recall(shop, L1, "L-2")
    assert (again.code, again.body["recall_id"]) == (None, first.body["recall_id"])
    assert [lot["batch_number"] for lot in again.body["lots"]] == [L1, "L-2"]
    far = recall(shop, "L-3")  # only in WH-02
    assert far.body["recall_id"] != first.body["recall_id"]
    joined = recall(shop, L1, "L-3")
    assert joined.body["recall_id"] == first.body["recall_id"]
    with shop.session("warehouse", warehouses=["WH-02"]) as connection:
        [(seen,)] = connection.execute("select body from api.get_recall(1::smallint, %s)", [joined.body["recall_id"]]).fetchall()
    assert [lot["batch_number"] for lot in seen["lots"]] == [L1, "L-2", "L-3"]
    assert [place["warehouse_location"] for place in seen["places"]] == ["WH-02"]
    shop.send("close_recalls", {"recall_id": first.body["recall_id"]})
    assert recall(shop, "L-2").body["recall_id"] != first.body["recall_id"]


def test_rc11_an_order_that_loses_its_units_twice_is_told_with_both(shop: Shop) -> None:
    placed = shop.order((SKU, 30), (SKU, 80))
    recall(shop, L1)  # 20 stay in WH-01, 60 move, 30 wait
    again = recall(shop, L1, "L-3")
    assert [(o["order_id"], o["moved"], o["waiting"]) for o in again.body["orders"]] == [(placed.body["order_id"], 60, 90)]
    assert shop.level() == {"on_hand": 120, "committed": 20, "unavailable": 100}
    assert shop.verify() == []


def test_rc12_staff_and_sales_see_their_part(shop: Shop) -> None:
    shop.fulfill(shop.order((SKU, 2)))
    recalled = recall(shop, L1, "L-3")

    def seen(role: str, **claims: Any) -> Any:
        with shop.session(role, **claims) as connection:
            [(page,)] = connection.execute("select body from api.list_recalls(1::smallint, '{}', null, 10)").fetchall()
        return page["data"]

    [mine] = seen("warehouse", warehouses=["WH-02"])
    assert [(place["warehouse_location"], place["stock"]) for place in mine["places"]] == [("WH-02", 60)]
    assert (mine["parcels"], mine["orders"]) == (0, [])
    [theirs] = seen("sales", channels=["web"])
    assert (theirs["places"], theirs["parcels"]) == ([], 1)
    assert seen("sales", channels=["pos"]) == []
    assert len(parcels(shop, recalled, "sales", channels=["web"])) == 1


def test_what_came_back_is_noted_up_to_what_was_shipped(shop: Shop) -> None:
    shop.fulfill(shop.order((SKU, 3)))
    recalled = recall(shop, L1)
    [parcel] = parcels(shop, recalled)
    item = {"fulfillment_id": parcel["fulfillment_id"], "sku_id": SKU, "batch_number": "l-1", "quantity": 2}

    def note(*items: dict[str, Any]) -> Result:
        [answer] = shop.send("recover_recalls", {"recall_id": recalled.body["recall_id"], "items": list(items)})
        return answer

    assert note(item).body["recovered"] == 2
    refused = note(item)
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("RC003", "/items/0/quantity")
    one = item | {"quantity": 1}
    assert note(one, one).code == "RC003"
    assert note(one).body["recovered_percent"] == 100
    assert note(one | {"fulfillment_id": "FUL-1-99"}).body["errors"][0]["pointer"] == "/items/0/fulfillment_id"
    [closed] = shop.send("close_recalls", {"recall_id": recalled.body["recall_id"], "note": "done"})
    assert (closed.code, closed.body["status"], closed.body["close_note"]) == (None, "closed", "done")
    assert note(one).code == "RC002"


def test_rc5_rt4_units_that_came_back_are_returned_and_never_available(shop: Shop) -> None:
    assert codes(shop.send("save_channels", {"channel_id": "web", "sale_rules": [{"mode": "backorder"}]})) == [None]
    placed = returns.ship(shop, 4)
    parcel = placed.body["fulfillments"][0]["fulfillment_id"]
    asked = returns.announce(shop, placed, 3)
    returns.approve(shop, asked)
    early = returns.receive(shop, asked, 1, L1)
    [lot] = recall(shop, L1).body["lots"]
    figures = [lot[name] for name in ("received", "on_hand", "shipped", "returned", "written_off", "unexplained")]
    assert figures == [100, 97, 4, 1, 0, 0]
    recalled = recall(shop, L1)
    noted = {"fulfillment_id": parcel, "sku_id": SKU, "batch_number": L1, "quantity": 2}
    item = {"recall_id": recalled.body["recall_id"], "items": [noted]}
    shop.order((SKU, 90))  # 20 and 60 good ones: the rest waits for units that can be sold
    late = returns.receive(shop, asked, 2, L1)
    for came in (early, late):
        answer = returns.dispose(shop, came, "restock")
        assert (answer.code, answer.body["status"]) == (None, "recalled")
    assert shop.level() == {"on_hand": 119, "committed": 20, "unavailable": 99}
    [row] = parcels(shop, recalled, "sales", channels=["web"])
    assert [row[name] for name in ("quantity", "recovered", "returned", "unreadable")] == [4, 3, 3, 0]
    assert row["returns"] == [asked.body["return_id"]]
    refused, kept = shop.send("recover_recalls", item), shop.send("recover_recalls", item | {"items": [noted | {"quantity": 1}]})
    assert (codes(refused), codes(kept), kept[0].body["recovered"]) == (["RC003"], [None], 4)
    assert shop.verify() == []


def test_rt5_a_recall_of_any_lot_of_an_order_lists_its_unreadable_units(shop: Shop) -> None:
    placed = shop.order((SKU, 4))
    for number in (L1, "L-2"):
        named = {"quantity": 2, "sku_id": SKU, "batch_number": number, "reason_code": "could_not_locate"}
        assert shop.fulfill(placed, items=[named]).code is None
    asked = returns.announce(shop, placed, 1)
    returns.approve(shop, asked)
    assert returns.receive(shop, asked, 1, None).code is None
    for number in (L1, "L-2"):
        [row] = parcels(shop, recall(shop, number))
        assert [row[name] for name in ("batch_number", "recovered", "returned", "unreadable")] == [number, 0, 0, 1]
        assert row["returns"] == [asked.body["return_id"]]
    refused = recall(shop, "L-3", "unknown")
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("RT005", "/lots/0/batch_numbers/1")
    assert shop.level(warehouse="WH-02")["available"] == 60
    assert shop.verify() == []


def test_the_trace_names_who_sent_units_back(shop: Shop) -> None:
    placed = shop.fulfill(shop.order((SKU, 2), customer={"name": "Jane", "address": "Main St 1"}))
    asked = returns.announce(shop, placed, 1)
    returns.approve(shop, asked)
    assert returns.receive(shop, asked, 1, L1).code is None
    with shop.session() as connection:
        query = 'select body from api.trace_lot(1::smallint, %s, %s, \'{"direction": "down"}\', null, 10)'
        [(page,)] = connection.execute(query, [SKU, L1]).fetchall()
    assert [(row["event"], row["reference"], row["counterpart"]) for row in page["data"]] == [
        ("fulfill", placed.body["order_id"], "Jane, Main St 1"),
        ("return", asked.body["return_id"], "Jane, Main St 1"),
    ]


def test_a_recall_names_every_lot_that_does_not_exist_and_recalls_none(shop: Shop) -> None:
    refused = recall(shop, L1, "L-8", "L-9")
    assert (refused.code, [error["pointer"] for error in refused.body["errors"]]) == (
        "RC001",
        ["/lots/0/batch_numbers/1", "/lots/0/batch_numbers/2"],
    )
    assert refused.body["errors"][0]["detail"] == "SAUCE-1 has no lot L-8. Its lots: L-3, L-2, L-1."
    assert shop.level()["available"] == 120
    assert recall(shop, " l-1 ").body["lots"][0]["batch_number"] == L1
    [empty] = shop.send("recall_lots", {"lots": [], "person": "Ada"})
    assert empty.code == "VA001"


def test_a_recall_without_reallocation_leaves_the_promises_as_a_shortfall(shop: Shop) -> None:
    shop.order((SKU, 110))
    recalled = recall(shop, L1, reallocate=False)
    assert recalled.body["orders"] == []
    assert recalled.body["unresolved"] == [{"warehouse_location": "WH-01", "sku_id": SKU, "shortfall": 90}]
    assert recall(shop, L1).body["unresolved"] == []
    assert shop.verify() == []


def test_the_trace_of_a_lot_goes_up_and_down(shop: Shop) -> None:
    shop.fulfill(shop.order((SKU, 2), customer={"name": "Jane", "address": "Main St 1"}))

    def trace(**filters: str) -> list[tuple[str, str, int]]:
        with shop.session() as connection:
            [(page,)] = connection.execute(
                "select body from api.trace_lot(1::smallint, %s, 'l-1', %s::jsonb, null, 10)",
                [SKU, str(filters).replace("'", '"')],
            ).fetchall()
        return [(row["event"], row["direction"], row["quantity"]) for row in page["data"]]

    assert trace() == [("receipt", "in", 100), ("fulfill", "out", 2)]
    assert trace(direction="up") == [("receipt", "in", 100)]
    assert trace(direction="down") == [("fulfill", "out", 2)]


@pytest.mark.commits
@pytest.mark.parametrize("recalled_first", [True, False])
def test_rc11_a_lot_never_joins_a_recall_that_is_being_closed(shop: Shop, pool: ThreadPoolExecutor, recalled_first: bool) -> None:
    first = recall(shop, L1).body["recall_id"]
    again = sender(shop, "recall_lots", lots(L1, "L-2"))
    close = sender(shop, "close_recalls", {"recall_id": first})
    if recalled_first:
        joined, closed = race(shop, pool, again, close)
        assert (joined.body["recall_id"], len(closed.body["lots"])) == (first, 2)
    else:
        closed, opened = race(shop, pool, close, again)
        assert (closed.body["status"], opened.body["status"]) == ("closed", "open")
        assert (opened.body["recall_id"] == first, len(opened.body["lots"])) == (False, 2)


@pytest.mark.commits
@pytest.mark.parametrize("recalled_first", [True, False])
@pytest.mark.parametrize("other", ["order", "receive", "fulfill", "cancel", "reserve", "recall"])
def test_a_recall_and_anything_else_leave_no_unit_of_the_lot_promised(
    shop: Shop, pool: ThreadPoolExecutor, other: str, recalled_first: bool
) -> None:
    placed = shop.order((SKU, 115))
    act = sender(shop, "recall_lots", lots(L1))
    others = {
        "order": sender(shop, "place_orders", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 30}]}),
        "receive": sender(
            shop, "receive_stock", receipt(7, batch_number=L1, expiration_date="2030-06-30", warehouse_location="WH-02")
        ),
        "fulfill": sender(
            shop, "fulfill_orders", {"order_id": placed.body["order_id"], "items": [{"sku_id": SKU, "quantity": 10}]}
        ),
        "cancel": sender(shop, "cancel_orders", {"order_id": placed.body["order_id"]}),
        "reserve": sender(shop, "reserve_stock", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 30}]}),
        "recall": sender(shop, "recall_lots", lots("L-2", L1)),
    }
    try:
        race(shop, pool, *((act, others[other]) if recalled_first else (others[other], act)))
    except psycopg.errors.SerializationFailure:  # the order lost or got a level meanwhile: the API repeats the second at once
        with shop.session() as connection:
            (others[other] if recalled_first else act)(connection)
    assert shop.rows("select from stock.stock_levels where shortfall > 0") == []
    blocked = shop.rows("""
        select l.warehouse_id from stock.stock_levels l
         where l.on_hand - l.unavailable <> (
           select coalesce(sum(v.on_hand), 0) from stock.lot_levels v join stock.lots t using (region_id, lot_id)
            where v.warehouse_id = l.warehouse_id and v.sku_id = l.sku_id and t.status = 'available')""")
    assert blocked == []
    assert shop.verify() == []
