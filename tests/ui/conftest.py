"""The dashboard in a real Chromium, on a real server. The fixtures record the page's requests and violations."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, expect

from pyapp.identity.tokens import Role, mint_token
from tests.http.conftest import Api, run_server, stock_up

if TYPE_CHECKING:
    from collections.abc import Iterator

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 360, "height": 740}
# The only report when the page's own policy blocks a script or style.
KEEP_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


@pytest.fixture(scope="module")
def browser(built: None, chromium: Browser) -> Browser:
    """The browser, started after the pages were built."""
    return chromium


@dataclass
class Visitor:
    """A tab and its server."""

    page: Page
    api: Api
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> Page:
        self.page.goto(self.api.url + path)
        return self.page

    def token(self, role: Role, **claims: Any) -> str:
        return mint_token(self.api.settings, role, **claims)

    def sign_in(self, role: Role, path: str = "/", **claims: Any) -> Page:
        """Signs in through the form with a pasted token."""
        self.open(path)
        self.page.get_by_role("radio", name="Token").check(force=True)
        self.page.get_by_label("Token", exact=True).and_(self.page.locator("textarea")).fill(self.token(role, **claims))
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("navigation")).to_be_visible()
        return self.page

    def check(self) -> None:
        """Asserts: no request to another host, no policy violation, no script error."""
        foreign = [
            url for url in self.requests if not url.startswith((self.api.url, self.api.url.replace("http", "ws", 1), "data:"))
        ]
        assert foreign == []
        assert self.page.evaluate("window.violations") == []
        assert self.complaints == []


@contextmanager
def visit(browser: Browser, api: Api, **options: Any) -> Iterator[Visitor]:
    """A visitor with these browser `options`; its faults are checked at the end."""
    context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "no-preference", **options})
    context.add_init_script(KEEP_VIOLATIONS)
    visitor = Visitor(context.new_page(), api)
    visitor.page.on("request", lambda request: visitor.requests.append(request.url))
    visitor.page.on("websocket", lambda socket: visitor.requests.append(socket.url))
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    try:
        yield visitor
        visitor.check()
    finally:
        context.close()


@pytest.fixture
def api(authenticator_url: str) -> Iterator[Api]:
    """A server on this test's own database."""
    with run_server(authenticator_url) as api:
        yield api


@pytest.fixture
def visitor(browser: Browser, api: Api) -> Iterator[Visitor]:
    """A desktop visitor on this test's own database."""
    stock_up(api.client("admin"))
    with visit(browser, api) as visitor:
        yield visitor
