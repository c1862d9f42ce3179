"""/docs in a real Chromium: it shows all operations, "Try it" works, and the page contacts no other host."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from pyapp.api.table import ROUTES
from pyapp.identity.tokens import mint_token
from tests.http.conftest import Api


@pytest.fixture(scope="module")
def tab(chromium: Browser, shared_api: Api) -> Iterator[Page]:
    """A tab that records faults and contacted hosts; fails at the end on any fault or foreign host."""
    faults: list[str] = []
    hosts: set[str] = set()
    context = chromium.new_context(base_url=shared_api.url)
    page = context.new_page()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert hosts - {""} == {urlsplit(shared_api.url).netloc}
    assert faults == []


@pytest.fixture
def docs(tab: Page) -> Page:
    """The tab on /docs, not signed in. It is loaded once, because a browser needs seconds for all operations."""
    if urlsplit(tab.url).path != "/docs":
        tab.goto("/docs")
    if tab.evaluate("'authorized' in ui.getState().get('auth').toJS()"):
        tab.evaluate("ui.authActions.logout(Object.keys(ui.authSelectors.authorized().toJS()))")
    return tab


def test_every_operation_is_shown_and_one_can_be_tried(docs: Page, shared_api: Api) -> None:
    paths = httpx2.get(f"{shared_api.url}/openapi.json").json()["paths"]
    operations = [method for path in paths.values() for method in path if method != "parameters"]
    assert len(operations) >= len(ROUTES)
    expect(docs.locator(".opblock")).to_have_count(len(operations))
    expect(docs.locator(".info .title")).to_contain_text("Scoville")

    docs.locator(".auth-wrapper .authorize").first.click()
    docs.locator("#auth-bearer-value").fill(mint_token(shared_api.settings, "sales", channels=["web"]))
    docs.locator(".auth-container", has=docs.locator("#auth-bearer-value")).locator("button.authorize").click()
    docs.locator(".close-modal").click()

    operation = docs.locator("#operations-inventory-getInventory")
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()
    operation.locator(".execute").click()
    expect(operation.locator(".live-responses-table .response .response-col_status")).to_have_text("200")
    expect(operation.locator(".live-responses-table")).to_contain_text("Fiery Ghost Pepper Sauce")


def test_a_client_signs_in_with_id_and_secret(docs: Page, shared_api: Api) -> None:
    draft = {"client_id": "docs-shop", "name": "Docs", "role": "integration", "channels": ["web"]}
    secret = shared_api.client("admin").post("/v1/clients", json=draft).raise_for_status().json()["client_secret"]
    docs.locator(".auth-wrapper .authorize").first.click()
    form = docs.locator(".auth-container", has_text="clientCredentials")
    form.locator("input[id*='client_id']").fill("docs-shop")
    form.locator("input[id*='client_secret']").fill(secret)
    form.locator("button.authorize").click()
    expect(docs.locator(".dialog-ux").get_by_role("button", name="Remove authorization")).to_be_visible()
    docs.locator(".close-modal").click()

    operation = docs.locator("#operations-orders-listOrders")
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()
    operation.locator(".execute").click()
    expect(operation.locator(".live-responses-table .response .response-col_status")).to_have_text("200")


def test_a_link_of_an_error_page_opens_the_operation(tab: Page) -> None:
    tab.goto("/docs/errors/price-changed")
    expect(tab.locator("h1")).to_have_text("The price has changed")
    tab.get_by_role("link", name="POST /v1/orders", exact=True).click()
    expect(tab.locator("#operations-orders-placeOrders.is-open")).to_be_visible()
