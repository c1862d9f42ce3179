"""What is in transit for analysts: the units that the ledger of a transfer has not brought to an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.conftest import run_clone
from tests.sql.bi import bi
from tests.transfers import close, draft, receive, ship, shipped
from tests.world import SKU, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Server


@pytest.fixture
def clone(server: Server, migrated: str) -> Iterator[str]:
    with run_clone(server, migrated, "transit") as name:
        yield name


def read(server: Server, clone: str, warehouses: list[str]) -> list[tuple[Any, ...]]:
    query = (
        "select transfer_no, batch_number, withheld, from_warehouse_id, to_warehouse_id, units from bi.in_transit order by 1, 3"
    )
    with (
        bi.analyst(server.url(clone), warehouses=warehouses) as login,
        psycopg.connect(server.url(clone, login, "for tests only")) as connection,
    ):
        return connection.execute(query.encode()).fetchall()


def test_analysts_see_what_is_on_its_way_from_and_to_their_warehouses(server: Server, clone: str) -> None:
    with open_shop(server, clone) as shop:
        shop.furnish()
        shop.receive(20)
        shop.receive(9, warehouse_location="WH-02")
        aside = {"sku_id": SKU, "warehouse_location": "WH-01", "batch_number": "B-1", "quantity": 3, "cause": "inspection"}
        assert shop.send("withhold_stock", aside)[0].code is None
        draft(shop, (SKU, 1))
        part = ship(shop, draft(shop, (SKU, 5), {"sku_id": SKU, "quantity": 3, "withheld": True}))
        receive(shop, part, items=[{"sku_id": SKU, "batch_number": "B-1", "received": 2, "damaged": 1, "withheld": False}])
        far = shipped(shop, 4, from_warehouse_location="WH-02", to_warehouse_location="WH-03")
        close(shop, shipped(shop, 2), rest="lost", reason_code="shrinkage")
    numbers = [int(answer.body["transfer_id"].split("-")[-1]) for answer in (part, far)]
    first = [(numbers[0], "B-1", withheld, "WH-01", "WH-02", units) for withheld, units in ((False, 2), (True, 3))]
    second = [(numbers[1], "B-1", False, "WH-02", "WH-03", 4)]
    assert read(server, clone, []) == first + second
    assert read(server, clone, ["WH-01"]) == first
    assert read(server, clone, ["WH-03"]) == second
