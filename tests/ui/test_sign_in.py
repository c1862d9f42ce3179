"""Sign-in: with a client's ID and secret, or with a pasted token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.ui.conftest import Visitor

CLIENT = {"client_id": "packing-desk", "name": "Packing desk", "role": "warehouse", "warehouses": ["WH-01"]}


def make_client(visitor: Visitor) -> str:
    response = visitor.api.client("admin").post("/v1/clients", json=CLIENT)
    assert response.status_code == 201, response.text
    return str(response.json()["client_secret"])


def fill(page: Page, secret: str) -> None:
    page.get_by_label("Client ID").fill("packing-desk")
    page.get_by_label("Secret").fill(secret)
    page.get_by_role("button", name="Sign in").click()


def kept(page: Page) -> str:
    """Everything that the page stored in the browser."""
    return str(page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"))


def test_a_client_signs_in_and_its_secret_is_kept_in_memory_only(visitor: Visitor) -> None:
    secret = make_client(visitor)
    page = visitor.open()
    expect(page.get_by_label("Client ID")).to_be_focused()
    fill(page, secret)
    expect(page.get_by_role("row", name="Fiery Ghost Pepper Sauce")).to_contain_text("350")
    expect(page.get_by_label("Account: Warehouse, WH-01")).to_be_visible()
    assert secret not in kept(page)


def test_a_token_is_renewed_before_it_expires(visitor: Visitor) -> None:
    secret = make_client(visitor)

    def shorten(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "expires_in": 1})

    visitor.page.route("**/v1/oauth/token", shorten)
    page = visitor.open()
    fill(page, secret)
    expect(page.get_by_role("heading", name="Stock")).to_be_visible()
    first = page.evaluate("sessionStorage.getItem('scoville.token')")
    for _ in range(40):
        page.wait_for_timeout(100)
        if page.evaluate("sessionStorage.getItem('scoville.token')") != first:
            break
    assert page.evaluate("sessionStorage.getItem('scoville.token')") != first
    expect(page.get_by_role("heading", name="Stock")).to_be_visible()


def test_a_wrong_secret_is_refused_in_the_servers_words(visitor: Visitor) -> None:
    make_client(visitor)
    page = visitor.open()
    fill(page, "scs_wrong")
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(page.get_by_label("Client ID")).to_have_value("packing-desk")


def test_a_pasted_token_signs_in_and_signing_out_forgets_it(visitor: Visitor) -> None:
    page = visitor.sign_in("warehouse", warehouses=["WH-01"], subject="ana")
    expect(page.get_by_role("row", name="Fiery Ghost Pepper Sauce")).to_contain_text("350")
    page.reload()
    expect(page.get_by_role("heading", name="Stock")).to_be_visible()
    page.get_by_label("Account: Warehouse, WH-01").click()
    expect(page.get_by_text("ana", exact=True)).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert kept(page) == '[{},{},""]'
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_token_that_is_no_good_is_refused_in_the_servers_words(visitor: Visitor) -> None:
    page = visitor.open()
    page.get_by_role("radio", name="Token").check(force=True)
    field = page.locator("textarea")
    for token, words in (("nonsense", "not a Scoville token"), (visitor.token("sales", seconds=-60), "has expired")):
        field.fill(token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text(words)
    expect(field).to_be_focused()


def test_a_session_that_has_ended_says_so_and_comes_back_to_its_page(visitor: Visitor) -> None:
    page = visitor.sign_in("admin", "/orders", seconds=5)
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=25_000)
    expect(page.get_by_role("status")).to_contain_text("has expired")
    page.get_by_role("radio", name="Token").check(force=True)
    page.locator("textarea").fill(visitor.token("admin"))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
