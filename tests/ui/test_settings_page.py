"""The settings: an admin sets the time zones of regions and warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.ui.axe import faults
from tests.ui.conftest import PHONE, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.http.conftest import Api
    from tests.ui.conftest import Visitor


def test_an_admin_sets_the_time_zone_of_a_region_and_a_warehouse(visitor: Visitor) -> None:
    admin = visitor.api.client("admin")
    page = visitor.sign_in("admin")
    page.get_by_role("navigation").get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_focused()
    for label, path in (("Region Main", "/v1/regions/1"), ("WH-01", "/v1/warehouses/WH-01")):
        field = page.get_by_role("combobox", name=label)
        save = page.get_by_role("button", name=f"Save {label}")
        field.fill("Chicago")
        save.click()
        expect(page.get_by_text("Did you mean America/Chicago?")).to_be_visible()
        field.fill("America/Chicago")
        save.click()
        expect(page.get_by_text(f"{label}: saved.")).to_be_attached()
        expect(save).to_be_disabled()
        assert admin.get(path).json()["time_zone"] == "America/Chicago"
    page.get_by_role("combobox", name="WH-01").fill("")
    page.get_by_role("button", name="Save WH-01").click()
    expect(page.get_by_text("As its region: America/Chicago").first).to_be_visible()
    assert admin.get("/v1/warehouses/WH-01").json()["time_zone"] is None


def test_others_have_no_settings(visitor: Visitor) -> None:
    page = visitor.sign_in("warehouse", warehouses=["WH-01"])
    expect(page.get_by_role("navigation").get_by_role("link", name="Settings")).to_have_count(0)
    visitor.open("/settings")
    expect(page.get_by_role("combobox")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_on_a_phone(browser: Browser, api: Api, scheme: str) -> None:
    with visit(browser, api, viewport=PHONE, color_scheme=scheme) as visitor:
        page = visitor.sign_in("admin", "/settings")
        expect(page.get_by_role("combobox").first).to_be_visible()
        assert faults(visitor) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
