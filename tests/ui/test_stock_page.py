"""The stock list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.calls import SKU
from tests.http.conftest import key

if TYPE_CHECKING:
    from tests.ui.conftest import Visitor

MANY = 3000


def test_search_and_marks_narrow_the_list(visitor: Visitor) -> None:
    sku = {"sku_id": "SALSA-9", "name": "Green Salsa", "flavor_profile": ["tomatillo"]}
    assert visitor.api.client("admin").post("/v1/skus", json=sku).status_code == 201
    page = visitor.sign_in("sales", channels=["web"])
    rows = page.locator(".table.stock .body [role=row]")
    expect(rows).to_have_count(3)
    page.keyboard.press("/")
    page.keyboard.type("tomatillo")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Out")
    page.keyboard.press("Escape")
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Low").click()
    expect(rows).to_have_count(1)


def test_one_warehouse_shows_what_its_stock_is_made_of(visitor: Visitor) -> None:
    receipt = {**SKU, "warehouse_location": "WH-02", "stock": 40}
    assert visitor.api.client("admin").post("/v1/inventory", json=receipt, headers=key()).status_code == 201
    page = visitor.sign_in("admin")
    expect(page.get_by_role("columnheader")).to_have_text(["Product↑", "On hand", "WH-01", "WH-02", "Available"])
    cells = page.get_by_role("row", name="Fiery Ghost").locator(".numeric")
    expect(cells).to_have_text(["390", "350", "40", "350"])  # no channel sells from WH-02
    page.get_by_role("radio", name="WH-02").check(force=True)
    columns = ["Product↑", "On hand", "Reserved", "Committed", "Unavailable", "Available"]
    expect(page.get_by_role("columnheader")).to_have_text(columns)
    rows = page.locator(".table.stock .body [role=row]")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("40")
    expect(page.get_by_role("group", name="Totals")).to_contain_text("Available40")


def test_headings_sort(visitor: Visitor) -> None:
    extra = {**SKU, "sku_id": "HOTSAUCE-003", "name": "Zesty", "stock": 7}
    assert visitor.api.client("admin").post("/v1/inventory", json=extra, headers=key()).status_code == 201
    page = visitor.sign_in("admin")
    names = page.locator(".table.stock .product-name")
    expect(names).to_have_text(["Fiery Ghost Pepper Sauce", "Mild Mango Sauce", "Zesty"])
    page.get_by_role("button", name="Product").click()
    expect(names.first).to_have_text("Zesty")
    page.get_by_role("button", name="Available", exact=True).click()
    expect(names.last).to_have_text("Zesty")
    page.get_by_role("button", name="Available", exact=True).click()
    expect(names.first).to_have_text("Zesty")
    expect(page.get_by_role("columnheader", name="Available", exact=True)).to_have_attribute("aria-sort", "ascending")


def test_an_integration_sees_what_is_available_and_nothing_else(visitor: Visitor) -> None:
    page = visitor.sign_in("integration", channels=["web"])
    expect(page.get_by_role("row", name="Fiery Ghost Pepper Sauce")).to_contain_text("350")
    expect(page.get_by_role("columnheader")).to_have_text(["Product↑", "Available"])
    expect(page.get_by_text("On hand")).to_have_count(0)


def test_thousands_of_products_are_a_few_dozen_rows_of_the_page(visitor: Visitor) -> None:
    admin = visitor.api.client("admin")
    for start in range(0, MANY, 1000):
        skus = [{"sku_id": f"S-{n:05}", "name": f"Sauce {n:05}"} for n in range(start, start + 1000)]
        assert admin.post("/v1/skus", json=skus).status_code == 207
    page = visitor.sign_in("admin")
    table = page.get_by_role("table")
    expect(table).to_have_attribute("aria-rowcount", str(MANY + 3))
    page.keyboard.press("End")
    expect(page.get_by_text(f"S-{MANY - 1:05}")).to_be_visible()
    assert page.locator(".table.stock .body [role=row]").count() < 60
    page.keyboard.press("/")
    page.keyboard.type("01234")
    expect(page.locator(".table.stock .body [role=row]")).to_have_count(1)


def test_another_choice_of_warehouse_is_not_shown_as_a_change_of_stock(visitor: Visitor) -> None:
    receipt = {**SKU, "warehouse_location": "WH-02", "stock": 40}
    assert visitor.api.client("admin").post("/v1/inventory", json=receipt, headers=key()).status_code == 201
    page = visitor.sign_in("admin")
    expect(page.get_by_role("group", name="Totals")).to_contain_text("740")
    page.get_by_role("radio", name="WH-02").check(force=True)
    expect(page.get_by_role("group", name="Totals")).to_contain_text("40")
    assert page.locator(".delta").all_inner_texts() == [""] * page.locator(".delta").count()
