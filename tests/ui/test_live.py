"""Changes made elsewhere appear at once; after a disconnect the page catches up or says what is missing."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, expect

from tests.calls import ORDER
from tests.http.conftest import key, run_server
from tests.ui.conftest import visit

if TYPE_CHECKING:
    import psycopg
    from playwright.sync_api import Locator, Page

    from tests.http.conftest import Api
    from tests.ui.conftest import Visitor

SECOND = 1.0
SIXTY_FRAMES = """async () => {
  const started = performance.now();
  for (let frame = 0; frame < 60; frame++) await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""
DRAFT = {"customer": ORDER["customer"], "items": ORDER["items"], "channel": "web"}


def adjust(api: Api, delta: int) -> None:
    """Changes the stock of the sample sauce as another user."""
    change = {"sku_id": "HOTSAUCE-001", "warehouse_location": "WH-01", "delta": delta, "reason_code": "correction"}
    response = api.client("admin").post("/v1/inventory/adjust", json=change, headers=key())
    assert response.status_code == 201, response.text


def available(page: Page) -> Locator:
    return page.get_by_role("row", name="Fiery Ghost Pepper Sauce").locator("[data-column=available] .value")


def line_of(page: Page) -> Locator:
    return page.locator(".connection-state")


def test_another_clients_change_is_seen_within_a_second(visitor: Visitor) -> None:
    """On a busy machine, the limit is the time of sixty frames."""
    page = visitor.sign_in("sales", channels=["web"])
    expect(line_of(page)).to_have_text("Live")
    expect(available(page)).to_have_text("350")
    frames = page.evaluate(SIXTY_FRAMES) / 1000
    started = time.monotonic()
    adjust(visitor.api, -7)
    expect(available(page)).to_have_text("343")
    assert time.monotonic() - started < max(SECOND, frames)
    expect(page.locator(".pace")).to_contain_text("ms lag")


def test_the_page_says_that_it_is_cut_off_and_has_everything_when_it_is_back(
    visitor: Visitor, browser: Browser, authenticator_url: str
) -> None:
    with ExitStack() as first:
        api = first.enter_context(run_server(authenticator_url))
        port = int(api.url.rpartition(":")[2])
        with visit(browser, api) as cut_off:
            page = cut_off.sign_in("admin")
            expect(available(page)).to_have_text("350")
            expect(line_of(page)).to_have_text("Live")
            first.close()
            expect(line_of(page)).to_contain_text("Offline")
            expect(page.get_by_role("status").last).to_have_text("The connection was lost. Trying again.")
            adjust(visitor.api, -50)  # through another server
            expect(available(page)).to_have_text("350")
            with run_server(authenticator_url, port):
                expect(line_of(page)).to_have_text("Live")
                expect(available(page)).to_have_text("300")
                adjust(visitor.api, 1)
                expect(available(page)).to_have_text("301")


def test_after_a_restore_the_page_begins_anew(
    visitor: Visitor, browser: Browser, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    with ExitStack() as first:
        api = first.enter_context(run_server(authenticator_url))
        port = int(api.url.rpartition(":")[2])
        with visit(browser, api) as cut_off:
            page = cut_off.sign_in("admin")
            frames: list[str] = []
            page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(str(frame))))
            expect(line_of(page)).to_have_text("Live")
            expect(available(page)).to_have_text("350")
            first.close()
            adjust(visitor.api, -50)
            connection.execute("update events.stream set epoch = 'restored'")
            with run_server(authenticator_url, port):
                expect(available(page)).to_have_text("300")
                assert any('"reset"' in frame for frame in frames)


def test_the_feed_of_orders_moves_by_itself(visitor: Visitor) -> None:
    page = visitor.sign_in("sales", "/orders", channels=["web"])
    expect(page.get_by_text("No orders yet.")).to_be_visible()
    admin = visitor.api.client("admin")
    order_id = admin.post("/v1/orders", json=DRAFT, headers=key()).json()["order_id"]
    line = page.locator(".order-line", has_text=order_id)
    expect(line).to_contain_text("To ship")
    admin.post(f"/v1/orders/{order_id}/fulfillments", json={}, headers=key())
    expect(line).to_contain_text("Shipped")
    assert not [url for url in visitor.requests if "/v1/orders?" in url][2:], "fetched again instead of updated by the event"


def test_staff_see_new_orders_of_their_warehouse(visitor: Visitor) -> None:
    page = visitor.sign_in("warehouse", "/orders", warehouses=["WH-01"])
    expect(page.get_by_text("No orders yet.")).to_be_visible()
    order_id = visitor.api.client("admin").post("/v1/orders", json=DRAFT, headers=key()).json()["order_id"]
    expect(page.locator(".order-line", has_text=order_id)).to_be_visible()


def test_an_order_that_another_ships_changes_on_its_page(visitor: Visitor) -> None:
    admin = visitor.api.client("admin")
    order_id = admin.post("/v1/orders", json=DRAFT, headers=key()).json()["order_id"]
    page = visitor.sign_in("sales", f"/orders/{order_id}", channels=["web"])
    expect(page.locator(".facts")).to_contain_text("To ship")
    admin.post(f"/v1/orders/{order_id}/fulfillments", json={"tracking_number": "1Z77"}, headers=key())
    expect(page.locator(".facts")).to_contain_text("Shipped")
    expect(page.get_by_role("region", name="Parcels")).to_contain_text("1Z77")


def test_a_server_without_live_stock_is_read_every_few_seconds(visitor: Visitor) -> None:
    visitor.page.route("**/v1/ws/tickets", lambda route: route.fulfill(status=404, json={}))
    page = visitor.sign_in("admin")
    expect(line_of(page)).to_have_text("Every 5 s")
    adjust(visitor.api, -1)
    expect(available(page)).to_have_text("349")


def test_nothing_of_one_user_is_left_for_the_next(visitor: Visitor) -> None:
    page = visitor.sign_in("admin")
    expect(available(page)).to_have_text("350")
    page.get_by_label("Account").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("radio", name="Token").check(force=True)
    page.locator("textarea").fill(visitor.token("warehouse", warehouses=["WH-77"]))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("group", name="Totals")).to_contain_text("On hand0")
    expect(page.get_by_text("350")).to_have_count(0)
