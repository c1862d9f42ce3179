"""Packagings: a case of 12 with its GTIN. Stock is counted in units; only requests and labels know of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.races import race, sender
from tests.world import EARLY, OTHER_SKU, SKU, Result, Shop, codes

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

CASE = {"packaging_id": "CASE", "sku_id": SKU, "name": "case", "units": 12, "gtin": "10360000291455"}


def save(shop: Shop, **rest: Any) -> Result:
    [answer] = shop.send("save_packagings", CASE | rest)
    return answer


def document(shop: Shop) -> dict[str, Any]:
    with shop.session() as connection:
        [(body,)] = connection.execute("select body from api.get_sku(%s)", [SKU]).fetchall()
    return dict(body)


def receive(shop: Shop, **rest: Any) -> Result:
    [answer] = shop.send(
        "receive_stock",
        {"sku_id": SKU, "warehouse_location": "WH-01", "batch_number": "B-1", "expiration_date": EARLY, "stock": 2, **rest},
    )
    return answer


def test_um2_the_units_and_the_sku_of_a_packaging_never_change(shop: Shop) -> None:
    assert save(shop).code is None
    assert [save(shop, **change).code for change in ({"units": 6}, {"sku_id": OTHER_SKU})] == ["PK001", "PK001"]
    # A new size is a new row, and may take the name when the old one is retired.
    six = {"packaging_id": "CASE6", "units": 6, "gtin": None}
    assert save(shop, **six).code == "PK002"
    assert codes(shop.send("save_packagings", {"packaging_id": "CASE", "mode": "retire"})) == [None]
    assert save(shop, **six).code is None
    assert save(shop, active=True).code == "PK002"  # its name is taken meanwhile


def test_um3_a_gtin_belongs_to_one_packaging_and_has_its_check_digit(shop: Shop) -> None:
    assert save(shop, gtin="036000291452").body["gtin"] == "00036000291452"
    other = {"packaging_id": "BOTTLE", "name": "bottle", "units": 1}
    assert [
        save(shop, **other, gtin=gtin).code for gtin in ("0036000291452", "00036000291452", "036000291453", "1", "1036000029145x")
    ] == ["PK002", "PK002", "VA001", "VA001", "VA001"]
    assert save(shop, **other, gtin="96385074").body["gtin"] == "00000096385074"
    assert save(shop, gtin=None).body["gtin"] is None
    assert save(shop, **other, gtin="036000291452").code is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sku_id": "NONE"}, "ST002"),
        ({"units": None}, "VA001"),
        ({"name": None}, "VA001"),
        ({"packaging_id": "a b"}, "VA001"),
    ],
)
def test_a_packaging_that_cannot_be_saved_is_refused(shop: Shop, change: dict[str, Any], code: str) -> None:
    assert save(shop, **change).code == code


def test_the_document_of_a_sku_lists_its_packagings_and_has_a_new_version(shop: Shop) -> None:
    before = document(shop)["version"]
    save(shop)
    listed = document(shop)["packagings"]
    assert [(packaging["name"], packaging["units"]) for packaging in listed] == [("case", 12)]
    assert document(shop)["version"] == before + 1
    save(shop)  # changes nothing
    assert document(shop)["version"] == before + 1


def test_um1_a_receipt_in_cases_is_counted_in_units_and_its_document_shows_both(shop: Shop) -> None:
    save(shop)
    received = receive(shop, packaging="case").body
    assert received["received"] == received["stock"] == 24
    assert received["packed"] == {"quantity": 2, "packaging": "case", "units": 12}  # UM4
    assert receive(shop).body["packed"] is None
    refused = receive(shop, packaging="crate")
    assert refused.code == "PK003"
    assert "It has: case (12)" in refused.body["detail"]
    assert receive(shop, packaging="case", stock=-1).code == "VA001"
    assert receive(shop, packaging="case", stock=1_900_000_000).code == "ST014"
    shop.send("save_packagings", {"packaging_id": "CASE", "mode": "retire"})
    assert receive(shop, packaging="case").code == "PK003"
    assert shop.verify() == []


def test_an_adjustment_in_cases_changes_units(shop: Shop) -> None:
    save(shop)
    receive(shop, packaging="case")
    taken = {"sku_id": SKU, "warehouse_location": "WH-01", "reason_code": "damaged", "packaging": "case"}
    [one, too_many] = shop.send("adjust_stock", taken | {"delta": -1}, taken | {"delta": -2})
    assert (one.code, one.body["stock"], too_many.code) == (None, 12, "ST001")


@pytest.mark.commits
def test_of_two_that_give_one_gtin_at_once_one_is_refused(shop: Shop, pool: ThreadPoolExecutor) -> None:
    first, second = CASE, CASE | {"packaging_id": "OTHER", "sku_id": OTHER_SKU}
    won, lost = race(shop, pool, sender(shop, "save_packagings", first), sender(shop, "save_packagings", second))
    assert codes([won, lost]) == [None, "PK002"]
