"""Keyboard, screen reader and phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Browser, expect

from tests.calls import HOOK, ORDER
from tests.http.conftest import key, stock_up
from tests.ui.axe import faults
from tests.ui.conftest import PHONE, visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.http.conftest import Api
    from tests.ui.conftest import Visitor

DRAFT = {"customer": ORDER["customer"], "items": ORDER["items"], "channel": "web"}


def every_page(visitor: Visitor) -> Iterator[str]:
    """Every page and dialog in order."""
    order_id = visitor.api.client("admin").post("/v1/orders", json=DRAFT, headers=key()).json()["order_id"]
    webhook_id = visitor.api.client("admin").post("/v1/webhooks", json=HOOK).json()["webhook_id"]
    page = visitor.open()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    yield "sign in"
    visitor.sign_in("admin")
    for path, heading, opens in (
        ("/", "Stock", None),
        ("/stock/HOTSAUCE-001", "Fiery Ghost Pepper Sauce", "Adjust stock"),
        ("/orders", "Orders", None),
        (f"/orders/{order_id}", order_id, "Fulfill"),
        ("/webhooks", "Webhooks", None),
        (f"/webhooks/{webhook_id}", "hooks.example.com/scoville", "Resend failed"),
        ("/analytics", "Analytics", None),
        ("/settings", "Settings", None),
        ("/channels", "Channels", "Edit Web"),
        ("/stock/NOTHING", "Product not found", None),
    ):
        visitor.open(path)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.get_by_text("Loading")).to_have_count(0)
        yield path
        if opens:
            page.get_by_role("button", name=opens).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            yield f"{path}: {opens}"
    page.locator("details.account summary").click()
    yield "account"


def test_no_page_has_a_serious_fault(browser: Browser, api: Api) -> None:
    stock_up(api.client("admin"))
    seen = {}
    with visit(browser, api) as visitor:
        for where in every_page(visitor):
            visitor.page.emulate_media(color_scheme="light")
            seen[where, "light"] = faults(visitor)
            visitor.page.emulate_media(color_scheme="dark")
            seen[where, "dark"] = faults(visitor, "color-contrast")
    assert {where: found for where, found in seen.items() if found} == {}
    assert len(seen) == 2 * 16


def test_a_phone_shows_every_page_without_scrolling_sideways(browser: Browser, api: Api) -> None:
    stock_up(api.client("admin"))
    with visit(browser, api, viewport=PHONE, has_touch=True) as visitor:
        page = visitor.page
        for where in every_page(visitor):
            for width in (420, 360, 320):
                page.set_viewport_size({"width": width, "height": PHONE["height"]})
                assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (where, width)
        visitor.open("/")
        row = page.get_by_role("row", name="Fiery Ghost Pepper Sauce")
        expect(row).to_contain_text("347")
        row.get_by_role("link").tap()
        page.get_by_role("navigation").get_by_role("link", name="Orders").tap()
        expect(page.get_by_role("heading", name="Orders")).to_be_visible()


def test_the_keyboard_reaches_everything(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("radio", name="Client").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.insert_text(visitor.token("admin"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="Fiery Ghost Pepper Sauce")).to_be_visible()
    page.reload()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("ghost")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Fiery Ghost Pepper Sauce")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Fiery Ghost Pepper Sauce")).to_be_focused()
    button = page.get_by_role("button", name="Adjust stock")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Units")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_reduced_motion_marks_a_change_without_moving(browser: Browser, api: Api) -> None:
    stock_up(api.client("admin"))
    with visit(browser, api, reduced_motion="reduce") as visitor:
        page = visitor.sign_in("admin", "/stock/HOTSAUCE-001")
        expect(page.get_by_role("heading", name="Why is it 350?")).to_be_visible()
        change = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": -1, "reason_code": "damaged"}
        api.client("admin").post("/v1/inventory/adjust", json=change, headers=key())
        expect(page.locator(".figure .quantity .delta").first).to_have_text("−1")  # noqa: RUF001 (as in the page's text)
        easings = page.evaluate("document.getAnimations().map((one) => one.effect.getTiming().easing)")
        assert easings
        assert all(easing.startswith("steps(") for easing in easings), easings
