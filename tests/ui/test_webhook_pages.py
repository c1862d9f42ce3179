"""The webhook pages: access, the display of failing receivers, and the repair actions."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from pyapp.outbound.webhooks.egress import Egress
from tests.http.conftest import run_server, stock_up
from tests.ui.conftest import PHONE, visit
from tests.webhooks.conftest import OK, Received, run_sink, run_worker, status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.ui.conftest import Visitor
    from tests.webhooks.conftest import Sink

BROKEN = '{"error": "the warehouse system is down", "note": "Grüße 🌶️"}'


@pytest.fixture
def sink() -> Iterator[Sink]:
    with run_sink() as sink:
        yield sink


@pytest.fixture
def visitor(browser: Browser, authenticator_url: str, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    """A desktop visitor, the server, and a worker that may send to this machine and keeps its answers."""
    monkeypatch.setattr(Egress, "is_exempt", lambda *_: False)
    with run_server(authenticator_url, webhook_allow="127.0.0.1") as api, run_worker(authenticator_url):
        stock_up(api.client("admin"))
        with visit(browser, api) as visitor:
            yield visitor


def make(visitor: Visitor, sink: Sink, role: Any = "admin", path: str = "/hooks", **settings: Any) -> str:
    client = visitor.api.client(role, **({"channels": ["web"], "subject": "shop"} if role == "integration" else {}))
    response = client.post("/v1/webhooks", json={"url": sink.url + path, **settings})
    assert response.status_code == 201, response.text
    path, limit = response.headers["location"], time.monotonic() + 60
    while client.get(path).json()["verified_at"] is None:
        assert time.monotonic() < limit
        time.sleep(0.05)
    return str(response.json()["webhook_id"])


def answer(sink: Sink, response: bytes) -> None:
    async def same(_: Received) -> bytes:
        return response

    sink.answer = same


def wait_for(visitor: Visitor, webhook_id: str, state: str) -> dict[str, Any]:
    """The newest delivery, once it has this state."""
    admin, limit = visitor.api.client("admin"), time.monotonic() + 60
    while True:
        rows = admin.get(f"/v1/webhooks/{webhook_id}/deliveries").json()["data"]
        if rows and rows[0]["status"] == state:
            return dict(rows[0])
        assert time.monotonic() < limit, rows
        time.sleep(0.05)


def test_a_test_that_fails_shows_why_and_is_tried_again(visitor: Visitor, sink: Sink) -> None:
    webhook_id = make(visitor, sink, description="To the warehouse system", event_types=["order.*"])
    answer(sink, status(500, body=BROKEN))
    page = visitor.sign_in("admin", "/webhooks")
    line = page.locator(".hook-line")
    expect(line).to_contain_text("To the warehouse system · order.*")
    expect(line).to_contain_text("never")
    line.get_by_role("link").click()
    expect(page.get_by_role("heading", name="127.0.0.1")).to_be_focused()
    expect(page.get_by_text("Nothing has been sent yet.")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    delivery = page.locator(".delivery")
    expect(delivery).to_contain_text("Status 500")
    expect(delivery).to_contain_text("Waiting")
    delivery.locator("summary").click()
    expect(delivery.locator("pre").first).to_have_text(BROKEN)
    expect(delivery).to_contain_text("next attempt")
    expect(page.locator(".figure", has_text="Failed attempts")).to_contain_text("100%")
    expect(page.locator(".facts").first).to_contain_text("Failing")
    answer(sink, OK)
    delivery.get_by_role("button", name="Try again now").click()
    expect(delivery.locator(".delivery-state")).to_have_text("Delivered")
    expect(delivery.locator(".attempts li").last).to_contain_text("Status 204")
    expect(page.locator(".facts").first).to_contain_text("Working")
    assert wait_for(visitor, webhook_id, "delivered")["attempts"][-1]["status_code"] == 204
    assert len({received.headers["webhook-id"] for received in sink.received}) == 1


def test_a_webhook_that_is_gone_says_so_and_is_enabled_and_made_good(visitor: Visitor, sink: Sink) -> None:
    webhook_id = make(visitor, sink)
    answer(sink, status(410))
    visitor.api.client("admin").post(f"/v1/webhooks/{webhook_id}/test")
    wait_for(visitor, webhook_id, "failed")
    page = visitor.sign_in("admin", "/webhooks")
    expect(page.locator(".hook-line")).to_contain_text("Disabled")
    expect(page.locator(".hook-line")).to_contain_text("returned 410")
    page.locator(".hook-line a").click()
    expect(page.get_by_role("button", name="Send a test")).to_have_count(0)
    answer(sink, OK)
    page.get_by_role("button", name="Enable").click()
    expect(page.locator(".facts").first).to_contain_text("Working")
    page.get_by_role("radio", name="Given up").check(force=True)
    expect(page.locator(".delivery")).to_have_count(1)
    page.get_by_role("button", name="Resend failed").click()
    page.get_by_role("dialog").get_by_role("button", name="Resend").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[role=status][aria-live]")).to_have_text("1 delivery queued again.")
    expect(page.get_by_text("No deliveries in this state.")).to_be_visible()
    wait_for(visitor, webhook_id, "delivered")


def test_a_url_that_has_proved_nothing_is_shown_with_its_answer_and_challenged_again(
    visitor: Visitor, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Egress, "is_exempt", lambda *_: False)
    proves, sink.prove = sink.prove, sink.answer
    client = visitor.api.client("admin")
    webhook_id = client.post("/v1/webhooks", json={"url": sink.url}).json()["webhook_id"]
    page = visitor.sign_in("admin", f"/webhooks/{webhook_id}")
    expect(page.locator(".facts").first).to_contain_text("Unverified")
    expect(page.locator(".hook-notice")).to_contain_text("last answer: challenge")
    sink.prove = proves
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator(".facts").first).to_contain_text("Working")
    wait_for(visitor, webhook_id, "delivered")


def test_an_integration_sees_its_own_and_nobody_else_sees_any(browser: Browser, visitor: Visitor, sink: Sink) -> None:
    own, other = make(visitor, sink, "integration", "/own"), make(visitor, sink, path="/other")
    page = visitor.sign_in("integration", "/webhooks", channels=["web"], subject="shop")
    expect(page.locator(".hook-line")).to_have_count(1)
    expect(page.locator(".hook-line")).to_contain_text("/own")
    visitor.open(f"/webhooks/{other}")
    expect(page.get_by_role("heading", name="Webhook not found")).to_be_visible()
    for role, claims in (("sales", {"channels": ["web"]}), ("warehouse", {"warehouses": ["WH-01"]})):
        with visit(browser, visitor.api) as stranger:
            stranger.sign_in(role, "/webhooks", **claims)  # type: ignore[arg-type]
            expect(stranger.page.get_by_role("link", name="Webhooks")).to_have_count(0)
            expect(stranger.page.get_by_role("heading", name=re.compile("page not found", re.IGNORECASE))).to_be_visible()
            stranger.open(f"/webhooks/{own}")
            expect(stranger.page.locator(".delivery, .hook-line")).to_have_count(0)
            assert not [url for url in stranger.requests if "/v1/webhooks" in url]


def test_earlier_deliveries_are_read_on_and_stay(visitor: Visitor, sink: Sink) -> None:
    webhook_id = make(visitor, sink, event_types=["sku.changed"], concurrency=50)
    skus = [{"sku_id": f"SAUCE-{number:03}", "name": "Sauce"} for number in range(70)]
    assert visitor.api.client("admin").post("/v1/skus", json=skus).status_code == 207
    wait_for(visitor, webhook_id, "delivered")
    page = visitor.sign_in("admin", f"/webhooks/{webhook_id}")
    rows = page.locator(".delivery")
    expect(rows).to_have_count(30)
    for shown in (60, 70):
        page.get_by_role("button", name="Show earlier deliveries").click()
        expect(rows).to_have_count(shown)
    expect(page.get_by_role("button", name="Show earlier deliveries")).to_have_count(0)
    page.get_by_role("button", name="Send a test").click()
    expect(rows).to_have_count(71)  # polling replaces the newest page and keeps the rows below it
    expect(rows.first).to_contain_text("webhook.test")


def test_a_phone_in_the_dark_shows_all_of_it(browser: Browser, visitor: Visitor, sink: Sink) -> None:
    webhook_id = make(visitor, sink, path="/" + "a-very-long-path" * 8)
    answer(sink, status(500, body="x" * 1024))
    visitor.api.client("admin").post(f"/v1/webhooks/{webhook_id}/test")
    wait_for(visitor, webhook_id, "pending")
    with visit(browser, visitor.api, viewport=PHONE, has_touch=True, color_scheme="dark") as phone:
        page = phone.sign_in("admin", "/webhooks")
        expect(page.locator(".hook-line")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.locator(".hook-line a").tap()
        page.locator(".delivery summary").tap()
        expect(page.locator(".delivery pre").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        expect(page.get_by_role("button", name="Try again now")).to_be_visible()
        dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert dark == "rgb(23, 20, 18)"
