"""What became of an order, for everybody who may read it: made from the audit."""

from __future__ import annotations

from typing import Any

from tests.world import OTHER_SKU, SKU, Result, Shop, codes, receipt

CUSTOMER = {"name": "Jane", "email": "jane@example.com", "phone": "+1 555 1", "address": "1 Hot St"}


def read(shop: Shop, role: str = "admin", **claims: Any) -> list[dict[str, Any]]:
    with shop.session(role, **claims) as connection:
        [(body,)] = connection.execute("select body from api.get_order(1::smallint, 'S-1')").fetchall()
    return list(body["timeline"])


def do(shop: Shop, command: str, actor: str = "Ada", **rest: Any) -> Result:
    [answer] = shop.send(command, {"order_id": "S-1", "meta": {"actor": actor}, **rest})
    assert answer.code is None, answer
    return answer


def change(member: str, before: Any, after: Any, sku_id: str | None = None) -> dict[str, Any]:
    return {"member": member, "sku_id": sku_id, "before": before, "after": after}


def live(shop: Shop) -> str:
    """An order that meets everything; the id of its first parcel."""
    shop.send("save_channels", {"channel_id": "web", "unpaid_minutes": 60, "sale_rules": [{"mode": "backorder"}]})
    shop.send("receive_stock", receipt(2), receipt(9, OTHER_SKU, warehouse_location="WH-02"))
    shop.order((SKU, 3), external_id="S-1", customer=CUSTOMER, note="ring", status="pending", meta={"actor": "shop"})
    do(shop, "confirm_orders", reason="paid: bank")
    do(shop, "hold_orders", reason="address")
    do(shop, "modify_orders", customer={"email": "j@example.com", "address": "2 Hot St"}, note=None, reason="Typo.")
    do(shop, "release_held_orders")
    shop.receive(5)
    shipped = do(shop, "fulfill_orders", "Bob", items=[{"sku_id": SKU, "quantity": 1}])
    parcel = str(shipped.body["fulfillments"][0]["fulfillment_id"])
    do(shop, "change_fulfillments", "Bob", fulfillment_id=parcel, tracking_number="T-1")
    items = [{"sku_id": SKU, "quantity": 2}, {"sku_id": OTHER_SKU, "quantity": 1}]
    do(shop, "modify_orders", items=items, reason="Milder, please.")
    do(shop, "cancel_fulfillments", "Bob", fulfillment_id=parcel, reason="never collected")
    do(shop, "fulfill_orders", "Bob", warehouse_location="WH-01")
    do(shop, "cancel_orders", reason="modified")
    return parcel


def test_every_change_is_told_with_time_person_and_reason(shop: Shop) -> None:
    parcel = live(shop)
    entries = read(shop)
    assert [(entry["type"], entry["by"], entry["reason"]) for entry in entries] == [
        ("placed", "shop", None),
        ("confirmed", "Ada", "paid: bank"),
        ("held", "Ada", "address"),
        ("modified", "Ada", "Typo."),
        ("released", "Ada", None),
        ("supplied", "system", None),
        ("shipped", "Bob", None),
        ("parcel_corrected", "Bob", None),
        ("modified", "Ada", "Milder, please."),
        ("parcel_undone", "Bob", "never collected"),
        ("shipped", "Bob", None),
        ("canceled", "Ada", "modified"),
    ]
    by = {(entry["type"], entry["reason"]): entry for entry in entries}
    assert by["held", "address"]["changes"] == [change("status", "processing", "on_hold")]
    assert by["modified", "Typo."]["changes"] == [
        change("customer.email", "jane@example.com", "j@example.com"),
        change("customer.address", "1 Hot St", "2 Hot St"),
        change("note", "ring", None),
    ]
    assert by["modified", "Milder, please."]["changes"] == [
        change("items", 3, 2, SKU),
        change("items", None, 1, OTHER_SKU),
    ]
    assert by["supplied", None]["units"] == [{"sku_id": SKU, "warehouse_location": "WH-01", "quantity": 1}]
    assert by["parcel_undone", "never collected"]["fulfillments"] == [parcel]
    assert by["parcel_corrected", None]["changes"] == [change("parcel.tracking_number", None, "T-1")]
    assert all(entry["units"] == [] for entry in entries if entry["type"] != "supplied")
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)


def test_everybody_who_may_read_the_order_sees_what_the_role_may_see(shop: Shop) -> None:
    parcel = live(shop)
    everything = read(shop)
    assert read(shop, "sales", channels=["web"]) == read(shop, "integration", channels=["web"]) == everything
    own = read(shop, "warehouse", warehouses=["WH-01"])
    [contact] = [entry["changes"][0] for entry in own if entry["reason"] == "Typo."]
    assert contact == change("customer.email", None, None)
    assert "example.com" not in str(own)
    assert [entry["fulfillments"] for entry in own if entry["type"] == "parcel_undone"] == [[parcel]]
    order_id = shop.rows("select order_id from orders.orders")[0]["order_id"]
    with shop.session("integration", channels=["till"]) as connection:
        assert connection.execute("select orders.timeline(1::smallint, %s)", [order_id]).fetchone() == ([],)
        assert connection.execute("select count(*) from orders.orders").fetchone() == (0,)


def test_parcels_and_units_of_other_warehouses_are_not_told(shop: Shop) -> None:
    shop.send("receive_stock", receipt(9), receipt(9, OTHER_SKU, warehouse_location="WH-02"))
    shop.order((SKU, 1), (OTHER_SKU, 2), external_id="S-1")
    shipped = do(shop, "fulfill_orders", items=[{"sku_id": OTHER_SKU, "quantity": 1}])
    [parcel] = [part["fulfillment_id"] for part in shipped.body["fulfillments"]]
    do(shop, "change_fulfillments", fulfillment_id=parcel, tracking_number="SECRET")
    assert [entry["fulfillments"] for entry in read(shop, "warehouse", warehouses=["WH-02"])] == [[], [parcel], [parcel]]
    other = read(shop, "warehouse", warehouses=["WH-01"])
    assert [entry["type"] for entry in other] == ["placed", "shipped", "parcel_corrected"]
    assert [entry["fulfillments"] for entry in other] == [[], [], []]
    assert "SECRET" not in str(other)


def test_an_erasure_takes_the_person_out_and_says_so(shop: Shop) -> None:
    live(shop)
    assert codes(shop.send("erase_customers", {"email": "j@example.com"})) == [None]
    entries = read(shop)
    assert (entries[-1]["type"], entries[-1]["changes"], len(entries)) == ("erased", [], 13)
    [typo] = [entry for entry in entries if entry["type"] == "modified"][:1]
    assert typo["changes"] == [change(member, None, None) for member in ("customer.email", "customer.address", "note")]
    assert {entry["reason"] for entry in entries} == {None, "modified"}  # a word of ours
    for gone in ("example.com", "Hot St", "ring", "Typo", "Milder", "T-1", "collected", "bank"):
        assert gone not in str(entries)


def test_it_survives_the_event_log(shop: Shop) -> None:
    live(shop)
    entries = read(shop)
    shop.rows("with gone as (delete from events.outbox returning 1) select count(*) from gone")
    assert read(shop) == entries


def test_commands_and_lists_answer_without_it(shop: Shop) -> None:
    shop.receive(9)
    assert "timeline" not in shop.order((SKU, 1), external_id="S-1").body
    with shop.session() as connection:
        [(page,)] = connection.execute("select body from api.list_orders(1::smallint, '{}', null, 9)").fetchall()
    assert ["timeline" in row for row in page["data"]] == [False]
