"""/docs in a real Chromium: it shows all operations, "Try it" works, and the page contacts no other host."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Route as BrowserRoute

from pyapp.api.table import ROUTES
from pyapp.identity.tokens import mint_token
from tests.http.conftest import Api


@pytest.fixture(scope="module")
def tab(chromium: Browser, shared_api: Api) -> Iterator[Page]:
    """A tab that records faults and contacted hosts; fails at the end on any fault or foreign host."""
    faults: list[str] = []
    hosts: set[str] = set()
    # Swagger UI renders only the operations that are in view.
    context = chromium.new_context(base_url=shared_api.url, viewport={"width": 1280, "height": 20_000})
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
    expect(tab.locator(".opblock").first).to_be_visible()  # when window.ui is there
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


def test_each_try_has_an_idempotency_key_of_its_own(docs: Page) -> None:
    sent: list[str] = []

    def answer(route: BrowserRoute) -> None:
        sent.append(route.request.headers["idempotency-key"])
        route.fulfill(status=201, json={})

    docs.route("**/v1/orders*", answer)
    operation = docs.locator("#operations-orders-placeOrders")
    operation.locator(".opblock-summary-control").click()
    operation.locator(".try-out__btn").click()
    key = operation.locator("tr[data-param-name='Idempotency-Key'] input")
    expect(key).not_to_have_value("")
    status = operation.locator(".live-responses-table .response .response-col_status")
    for _ in range(2):
        operation.locator(".execute").click()
        expect(status).to_have_text("201")
        operation.locator(".btn-clear").click()
    assert len(set(sent)) == 2
    key.fill("mine")  # a key that somebody typed is sent as it is
    operation.locator(".execute").click()
    expect(status).to_have_text("201")
    assert sent[2:] == ["mine"]
    docs.unroute("**/v1/orders*")


def test_a_link_of_an_error_page_opens_the_operation(tab: Page) -> None:
    tab.set_viewport_size({"width": 1280, "height": 720})  # the operation is not in view
    tab.goto("/docs/errors/price-changed")
    expect(tab.locator("h1")).to_have_text("The price has changed")
    tab.get_by_role("link", name="POST /v1/orders", exact=True).click()
    expect(tab.locator("#operations-orders-placeOrders.is-open")).to_be_visible()


def test_an_event_source_of_the_browser_gets_in_by_ticket(tab: Page, shared_api: Api) -> None:
    ticket = shared_api.client("admin").post("/v1/ws/tickets").json()["ticket"]
    tab.goto("/docs/errors")
    opened = """ticket => new Promise((done) => {
        const source = new EventSource(`/v1/events/stream?ticket=${ticket}`);
        source.onopen = () => { source.close(); done("open"); };
        source.onerror = () => { source.close(); done("refused"); };
    })"""
    assert tab.evaluate(opened, ticket) == "open"
