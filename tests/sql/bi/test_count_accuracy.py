"""How well counts agree with the ledger, for analysts: compared with what the documents of the counts say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.conftest import run_clone
from tests.counts import approve, enter, plan
from tests.sql.bi import bi
from tests.world import SKU, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Server


@pytest.fixture
def clone(server: Server, migrated: str) -> Iterator[str]:
    with run_clone(server, migrated, "accuracy") as name:
        yield name


def read(server: Server, clone: str, warehouses: list[str]) -> list[tuple[Any, ...]]:
    query = (
        "select counted_on::text, warehouse_id, scope, lines_counted, lines_agreed, units_expected, units_over, units_under"
        " from bi.count_accuracy order by 1, 2, 3"
    )
    with (
        bi.analyst(server.url(clone), warehouses=warehouses) as login,
        psycopg.connect(server.url(clone, login, "for tests only")) as connection,
    ):
        return connection.execute(query.encode()).fetchall()


def test_analysts_see_how_well_the_approved_counts_of_their_warehouses_agreed(server: Server, clone: str) -> None:
    with open_shop(server, clone) as shop:
        shop.furnish()
        assert (
            shop.send("save_warehouses", {"warehouse_id": "WH-02", "name": "Second", "time_zone": "Asia/Tokyo"})[0].code is None
        )
        start = "2030-01-01T08:00:00Z"
        for number, units in (("B-1", 20), ("B-2", 10), ("B-3", 5)):
            shop.receive(units, batch_number=number, now=start)
        shop.receive(7, warehouse_location="WH-02", now=start)
        here, again, there, left, dropped = (
            plan(shop),
            plan(shop, "skus", sku_ids=[SKU]),
            plan(shop, warehouse="WH-02"),
            plan(shop),
            plan(shop),
        )
        at = "2030-01-03T20:00:00Z"
        for number, units in (("B-1", 17), ("B-2", 10), ("B-3", 6)):
            enter(shop, here, units, number=number, now=at)
        enter(shop, left, 1, now=at)
        enter(shop, dropped, 1, now=at)
        assert enter(shop, there, 9, now=at).code is None  # it is tomorrow in Tokyo
        for one in (here, there):
            assert approve(shop, one).body["status"] == "approved"
        for number, units in (("B-1", 17), ("B-2", 9), ("B-3", 6)):
            enter(shop, again, units, number=number, now="2030-01-04T08:00:00Z")
        assert approve(shop, again).body["status"] == "approved"
        assert shop.send("cancel_counts", {"count_id": dropped})[0].code is None
    near = [("2030-01-03", "WH-01", "all", 3, 1, 35, 1, 3), ("2030-01-04", "WH-01", "skus", 3, 2, 33, 0, 1)]
    far = [("2030-01-04", "WH-02", "all", 1, 0, 7, 2, 0)]
    assert read(server, clone, []) == [*near, *far]
    assert read(server, clone, ["WH-01"]) == near
    assert read(server, clone, ["WH-02"]) == far
