"""The order feed and the order page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.calls import ORDER, SKU
from tests.http.conftest import key

if TYPE_CHECKING:
    from tests.ui.conftest import Visitor

LINES = [{"sku_id": "HOTSAUCE-001", "quantity": 3}, {"sku_id": "HOTSAUCE-002", "quantity": 1}]


def place(visitor: Visitor, **given: Any) -> str:
    draft = {"customer": ORDER["customer"], "items": LINES, "channel": "web", **given}
    response = visitor.api.client("admin").post("/v1/orders", json=draft, headers=key())
    assert response.status_code == 201, response.text
    return str(response.json()["order_id"])


def test_orders_are_found_by_state_customer_and_number(visitor: Visitor) -> None:
    first, second = place(visitor), place(visitor, customer={"name": "Omar"}, order_id="SHOP-77")
    visitor.api.client("admin").put(f"/v1/orders/{first}/cancel", json={})
    page = visitor.sign_in("sales", "/orders", channels=["web"])
    lines = page.locator(".order-line")
    expect(lines).to_have_count(2)
    expect(lines.first).to_contain_text(re.compile("3 . Fiery Ghost Pepper Sauce, 1 . Mild Mango Sauce"))
    page.get_by_role("radio", name="Open").check(force=True)
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text(second)
    page.get_by_role("radio", name="All").check(force=True)
    search = page.get_by_role("searchbox")
    search.fill("Jane Doe")
    search.press("Enter")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text(first)
    search.fill("SHOP-77")
    search.press("Enter")
    expect(page.get_by_role("heading", name=second)).to_be_visible()


def test_pages_show_what_a_bundle_is_made_of(visitor: Visitor) -> None:
    gift = {"sku_id": "GIFT-001", "name": "Gift set", "price": 29.9}
    admin = visitor.api.client("admin")
    assert admin.post("/v1/skus", json={**gift, "components": LINES}).status_code == 201
    order_id = place(visitor, items=[{"sku_id": "GIFT-001", "quantity": 1}])
    page = visitor.sign_in("sales", f"/orders/{order_id}", channels=["web"])
    items = page.get_by_role("group", name="Items")
    expect(items).to_contain_text(re.compile("Each: 3 . Fiery Ghost Pepper Sauce, 1 . Mild Mango Sauce"))
    items.get_by_role("link", name="Gift set").click()
    parts = page.get_by_role("group", name="Components")
    expect(parts.get_by_role("row")).to_have_count(3)
    made = admin.get("/v1/inventory/GIFT-001").json()["available"]
    expect(page.get_by_role("group", name="Totals")).to_contain_text(str(made))
    expect(page.get_by_role("button", name="Adjust stock")).to_have_count(0)


def test_staff_ship_a_part_and_then_the_rest(visitor: Visitor) -> None:
    order_id = place(visitor)
    page = visitor.sign_in("warehouse", f"/orders/{order_id}", warehouses=["WH-01"])
    expect(page.get_by_text("jane@example.com")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel order")).to_have_count(0)
    page.get_by_role("button", name="Fulfill").click()
    page.get_by_label("Fiery Ghost Pepper Sauce").fill("1")
    page.get_by_label("Mild Mango Sauce").fill("0")
    page.get_by_label("Tracking number").fill("1Z999")
    page.get_by_role("button", name="Ship 1 unit").click()
    expect(page.locator(".facts")).to_contain_text("Partly shipped")
    expect(page.get_by_role("region", name="Parcels")).to_contain_text("1Z999")
    expect(page.get_by_role("region", name="Parcels")).to_contain_text("BATCH-202404")
    page.get_by_role("button", name="Fulfill").click()
    page.get_by_role("button", name="Ship 3 units").click()
    expect(page.locator(".facts")).to_contain_text("Shipped")
    expect(page.get_by_role("button", name="Fulfill")).to_have_count(0)


def test_sales_move_units_to_another_warehouse(visitor: Visitor) -> None:
    order_id = place(visitor)
    admin = visitor.api.client("admin")
    second = {**SKU, "warehouse_location": "WH-02", "batch_number": "SECOND"}
    assert admin.post("/v1/inventory", json=second, headers=key()).status_code == 201
    assert admin.patch("/v1/channels/web", json={"warehouses": ["WH-01", "WH-02"]}).status_code == 200
    page = visitor.sign_in("sales", f"/orders/{order_id}", channels=["web"])
    page.get_by_role("button", name="Move").click()
    page.get_by_label("To warehouse").select_option("WH-02")
    page.get_by_label("Fiery Ghost Pepper Sauce").fill("2")
    page.get_by_label("Reason").fill("Not on the shelf")
    page.get_by_role("button", name="Move 2 units").click()
    parts = page.get_by_role("group", name="Ships from")
    expect(parts).to_contain_text("WH-02")
    document = admin.get(f"/v1/orders/{order_id}").json()
    moved = {part["warehouse_location"]: part["quantity"] for part in document["allocations"] if part["sku_id"] == "HOTSAUCE-001"}
    assert moved == {"WH-01": 3, "WH-02": 2}


def test_staff_scan_a_lot_and_undo_a_parcel(visitor: Visitor) -> None:
    order_id = place(visitor)
    page = visitor.sign_in("warehouse", f"/orders/{order_id}", warehouses=["WH-01"])
    page.get_by_role("button", name="Fulfill").click()
    page.get_by_label("Lot of HOTSAUCE-001").fill("batch-202404")
    page.get_by_role("button", name="Ship 4 units").click()
    parcels = page.get_by_role("region", name="Parcels")
    expect(parcels).to_contain_text("BATCH-202404")
    expect(parcels).to_contain_text("BATCH-202405 (assumed)")
    page.get_by_role("button", name="Undo").click()
    page.get_by_label("Reason").fill("The carrier never came")
    page.get_by_role("button", name="Undo the parcel").click()
    expect(parcels).to_contain_text("undone")
    expect(parcels).to_contain_text("The carrier never came")
    expect(page.locator(".facts")).to_contain_text("To ship")
    expect(page.get_by_role("button", name="Fulfill")).to_be_visible()


def test_sales_change_the_items_of_a_partly_shipped_order_and_its_history_says_so(visitor: Visitor) -> None:
    order_id = place(visitor)
    part = {"items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
    visitor.api.client("admin").post(f"/v1/orders/{order_id}/fulfillments", json=part, headers=key())
    page = visitor.sign_in("sales", f"/orders/{order_id}", channels=["web"])
    page.get_by_role("button", name="Change items").click()
    page.get_by_label("Fiery Ghost Pepper Sauce").fill("2")
    page.get_by_label("Mild Mango Sauce").fill("0")
    page.get_by_label("Another SKU").fill("HOTSAUCE-002")
    page.get_by_label("Its units").fill("2")
    page.get_by_label("Reason").fill("The customer likes it milder")
    page.get_by_role("button", name="Save the items").click()
    history = page.locator(".timeline")
    expect(history.locator("li")).to_have_count(3)
    expect(history).to_contain_text("Placed")
    expect(history.locator("li").last).to_contain_text("The customer likes it milder")
    expect(history.locator("li").last).to_contain_text("Fiery Ghost Pepper Sauce: 3 → 2")
    expect(history.locator("li").last).to_contain_text("Mild Mango Sauce: 1 → 2")
    expect(page.get_by_role("group", name="Items")).to_contain_text("1 canceled")


def test_sales_cancel_and_cannot_ship(visitor: Visitor) -> None:
    order_id = place(visitor)
    page = visitor.sign_in("sales", f"/orders/{order_id}", channels=["web"])
    expect(page.get_by_text("jane@example.com")).to_be_visible()
    expect(page.get_by_role("button", name="Fulfill")).to_have_count(0)
    page.get_by_role("button", name="Cancel order").click()
    page.get_by_label("Reason").fill("Customer changed their mind")
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.locator(".facts")).to_contain_text("Canceled")
    expect(page.get_by_role("button", name="Cancel order")).to_have_count(0)
    assert visitor.api.client("admin").get(f"/v1/orders/{order_id}").json()["status"] == "canceled"


def test_an_unpaid_order_is_held_released_confirmed_and_then_shipped(visitor: Visitor) -> None:
    order_id = place(visitor, status="pending")
    page = visitor.sign_in("admin", f"/orders/{order_id}")
    facts = page.locator(".title")
    expect(facts).to_contain_text("Not paid")
    expect(facts).to_contain_text("kept until")
    expect(page.get_by_role("button", name="Fulfill")).to_have_count(0)
    page.get_by_role("button", name="Hold").click()
    page.get_by_label("Reason").fill("The address does not exist")
    page.get_by_role("button", name="Put on hold").click()
    expect(facts).to_contain_text("The address does not exist (not paid)")
    page.get_by_role("button", name="Release").click()
    page.get_by_role("dialog").get_by_role("button", name="Release").click()
    expect(facts).to_contain_text("kept until")
    page.get_by_role("button", name="Confirm payment").click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(facts).to_contain_text("To ship")
    page.get_by_role("button", name="Fulfill").click()
    page.get_by_role("button", name="Ship 4 units").click()
    expect(facts).to_contain_text("Shipped")


def test_an_order_of_another_channel_is_kindly_not_there(visitor: Visitor) -> None:
    order_id = place(visitor)
    page = visitor.sign_in("sales", f"/orders/{order_id}", channels=["elsewhere"])
    expect(page.get_by_role("heading", name="Order not found")).to_be_visible()
    page.get_by_role("link", name="Orders").first.click()
    expect(page.get_by_text("No orders yet.")).to_be_visible()


def test_what_could_not_be_shipped_says_why(visitor: Visitor) -> None:
    order_id = place(visitor)
    page = visitor.sign_in("warehouse", f"/orders/{order_id}", warehouses=["WH-01"])
    page.get_by_role("button", name="Fulfill").click()
    shipped = visitor.api.client("admin").post(f"/v1/orders/{order_id}/fulfillments", json={}, headers=key())
    assert shipped.status_code == 201
    page.get_by_role("button", name="Ship 4 units").click()
    expect(page.get_by_role("alert")).to_contain_text("You cannot ship more units than are open")
