"""The analytics page: the views' figures, permissions, and its form on a phone and in the dark theme."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.http.conftest import run_server
from tests.prepared import AUTHENTICATOR_PASSWORD
from tests.ui.axe import faults
from tests.ui.conftest import PHONE, visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator

    from tests.conftest import Server
    from tests.http.conftest import Api
    from tests.ui.conftest import Visitor

EVERYTHING = [
    *("Fill rate", "Runs out first", "Out of stock", "Expires soon", "What brings the revenue", "When customers order"),
    *("From order to parcel", "Turnover"),
]


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


@pytest.fixture(scope="module")
def trading(server: Server, module_clone: str) -> Iterator[Api]:
    """A server with the demo's data, already aggregated."""
    url = server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD)
    with run_server(url) as api:
        yield api


@pytest.fixture
def desktop(browser: Browser, trading: Api) -> Iterator[Visitor]:
    with visit(browser, trading) as visitor:
        yield visitor


def part(visitor: Visitor, title: str) -> Locator:
    return visitor.page.locator(".part").filter(has=visitor.page.get_by_role("heading", name=title, exact=True))


def rows(visitor: Visitor, name: str, **query: Any) -> list[dict[str, Any]]:
    answer = visitor.api.client("admin").get(f"/v1/analytics/{name}", params={"limit": 200, **query})
    return list(answer.json()["data"])


def test_it_shows_what_the_views_say(desktop: Visitor) -> None:
    page = desktop.sign_in("admin")
    page.get_by_role("navigation").get_by_role("link", name="Analytics").click()
    expect(page.get_by_role("heading", name="Analytics")).to_be_focused()
    expect(page.get_by_text("Loading")).to_have_count(0)
    assert page.locator(".part h2").all_text_contents() == EVERYTHING

    fills = rows(desktop, "fill-rate")
    latest = [row for row in fills if row["month"] == fills[0]["month"]]
    ordered, shipped = (sum(row[name] for row in latest) for name in ("units_ordered", "units_shipped"))
    line = part(desktop, "Fill rate").locator(".lines li").first
    expect(line).to_contain_text(f"{ordered} units, {sum(row['units_open'] for row in latest)} open")
    expect(line.locator(".line-value")).to_have_text(f"{shipped / ordered * 100:.1f}".removesuffix(".0") + "%")

    first = next(row for row in rows(desktop, "cover") if row["available"] > 0 and row["days_of_cover"] is not None)
    line = part(desktop, "Runs out first").locator(".lines li").first
    expect(line).to_contain_text(f"{first['warehouse_location']}, {first['available']} left")
    expect(line).to_contain_text(f"{int(first['days_of_cover'])} day")

    out = rows(desktop, "stockouts", open="true")
    expect(page.locator(".figure", has_text="Out of stock").locator(".figure-value")).to_have_text(str(len(out)))
    expect(part(desktop, "Out of stock").locator(".lines li").first).to_contain_text(out[0]["name"])

    best = rows(desktop, "abc")[0]
    expect(part(desktop, "What brings the revenue").locator(".lines li").first).to_contain_text(f"${best['revenue']:,.2f}")

    map_ = part(desktop, "When customers order").get_by_role("table", name="Orders by weekday and hour")
    cells = [int(text) for text in map_.locator("td[data-level] .hidden").all_text_contents()]
    assert len(cells) == 7 * 24
    for row in rows(desktop, "patterns"):
        assert cells[(row["iso_weekday"] - 1) * 24 + row["hour_of_day"]] == row["orders"]
    assert sum(cells) == sum(row["orders"] for row in rows(desktop, "patterns"))

    parcels = part(desktop, "From order to parcel").locator("tbody tr").first
    lead = rows(desktop, "fulfillment")[0]
    expect(parcels).to_contain_text(f"{lead['median_hours']} h")

    part(desktop, "Runs out first").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name=first["name"], exact=True)).to_be_visible()


def test_others_see_what_is_theirs(browser: Browser, trading: Api) -> None:
    for role, claims, titles in (
        ("warehouse", {"warehouses": ["WH-02"]}, [EVERYTHING[place] for place in (1, 2, 3, 6, 7)]),
        ("sales", {"channels": ["web"]}, [EVERYTHING[place] for place in (2, 3, 6)]),
    ):
        with visit(browser, trading) as visitor:
            page = visitor.sign_in(role, "/analytics", **claims)  # type: ignore[arg-type]
            expect(page.get_by_role("heading", name="Out of stock")).to_be_visible()
            expect(page.get_by_text("Loading")).to_have_count(0)
            assert page.locator(".part h2").all_text_contents() == titles
            expect(page.locator(".trouble")).to_have_count(0)
            if role == "warehouse":
                expect(page.locator(".parts")).not_to_contain_text("WH-01")
    with visit(browser, trading) as visitor:
        page = visitor.sign_in("integration", "/analytics", channels=["web"])
        expect(page.get_by_role("link", name="Analytics")).to_have_count(0)
        expect(page.locator(".part")).to_have_count(0)
        assert not [url for url in visitor.requests if "/v1/analytics" in url]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [None, PHONE])
def test_it_can_be_read_by_everybody(browser: Browser, trading: Api, scheme: str, viewport: dict[str, int] | None) -> None:
    screen = {"viewport": viewport, "has_touch": True} if viewport else {}
    with visit(browser, trading, color_scheme=scheme, **screen) as visitor:
        page = visitor.sign_in("admin", "/analytics")
        expect(page.locator(".heat")).to_be_visible()
        expect(page.get_by_text("Loading")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert faults(visitor) == []
        if "SHOTS" in os.environ:
            page.screenshot(path=f"{os.environ['SHOTS']}/{scheme}-{'phone' if viewport else 'desktop'}.png", full_page=True)


def test_a_server_that_fails_is_said_in_its_place(browser: Browser, trading: Api) -> None:
    with visit(browser, trading) as visitor:
        broken = {"status": 503, "content_type": "application/problem+json", "body": '{"title": "Away", "detail": "Try later."}'}
        visitor.page.route("**/v1/analytics/abc**", lambda route: route.fulfill(**broken))
        page = visitor.sign_in("admin", "/analytics")
        trouble = part(visitor, "What brings the revenue").locator(".trouble")
        expect(trouble).to_contain_text("Try later.")
        expect(page.locator(".trouble")).to_have_count(1)
        page.unroute("**/v1/analytics/abc**")
        trouble.get_by_role("button", name="Try again").click()
        expect(part(visitor, "What brings the revenue").locator(".lines li").first).to_be_visible()
