"""The channels: an admin edits names, warehouses, minutes to pay and sale rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.ui.axe import faults
from tests.ui.conftest import DESKTOP, PHONE, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.http.conftest import Api
    from tests.ui.conftest import Visitor


def test_an_admin_edits_a_channel(visitor: Visitor) -> None:
    admin = visitor.api.client("admin")
    assert admin.put("/v1/warehouses/WH-02", json={"name": "Second"}).status_code < 300
    name = admin.get("/v1/channels/web").json()["name"]
    page = visitor.sign_in("admin", "/settings")
    page.get_by_role("link", name="Channels").click()
    expect(page.get_by_role("heading", name="Channels")).to_be_focused()
    page.get_by_role("button", name=f"Edit {name}").click()
    page.get_by_label("Name").fill("Shop")
    page.get_by_label("Warehouses").fill("WH-02, NOWHERE")
    page.get_by_label("Minutes to pay").fill("90")
    page.get_by_role("button", name="Add a rule").click()
    page.get_by_role("group", name="Rule 1").get_by_label("At most").fill("50")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#places-error")).to_contain_text("NOWHERE")
    page.get_by_label("Warehouses").fill("WH-02 WH-01")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("from WH-02, WH-01")).to_be_visible()
    saved = admin.get("/v1/channels/web").json()
    assert (saved["name"], saved["warehouses"], saved["unpaid_minutes"]) == ("Shop", ["WH-02", "WH-01"], 90)
    assert saved["sale_rules"] == [{"sku_id": None, "mode": "backorder", "units_max": 50, "priority": 0, "ships_on": None}]
    page.get_by_role("button", name="Edit Shop").click()
    page.get_by_label("Missing units").select_option("Wait for the release")
    page.get_by_label("Ships on").fill("2199-03-01")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert [rule["ships_on"] for rule in admin.get("/v1/channels/web").json()["sale_rules"]] == ["2199-03-01"]
    # The form leaves the members that it does not change.
    page.get_by_role("button", name="Edit Shop").click()
    page.get_by_role("button", name="Remove rule 1").click()
    assert admin.patch("/v1/channels/web", json={"unpaid_minutes": 30}).status_code == 200
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    left = admin.get("/v1/channels/web").json()
    assert (left["sale_rules"], left["unpaid_minutes"]) == ([], 30)


def test_others_have_no_channels_to_edit(visitor: Visitor) -> None:
    page = visitor.sign_in("sales", "/channels", channels=["web"])
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_form_is_accessible(browser: Browser, api: Api, size: dict[str, int]) -> None:
    rules = [{"mode": "backorder", "units_max": 500}, {"sku_id": "HOTSAUCE-001", "mode": "refuse"}]
    admin = api.client("admin")
    sku = {"sku_id": "HOTSAUCE-001", "name": "Ghost"}
    assert admin.post("/v1/skus", json=sku).status_code in (201, 409)
    assert admin.put("/v1/channels/rules", json={"name": "Rules", "sale_rules": rules}).status_code < 300
    with visit(browser, api, viewport=size) as visitor:
        page = visitor.sign_in("admin", "/channels")
        page.get_by_role("button", name="Edit Rules").click()
        expect(page.get_by_role("group", name="Rule 2")).to_be_visible()
        assert faults(visitor) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
