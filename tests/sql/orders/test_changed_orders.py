"""The list of changed orders ends before the oldest change that is not committed, so no late commit is missed."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.world import REGION, SKU, Shop, order


def changed(connection: psycopg.Connection[Any], **filters: str) -> list[dict[str, Any]]:
    row = connection.execute(
        "select body from api.list_orders(%s::smallint, %s::jsonb, null, 200)",
        [REGION, Jsonb({"updated_since": "2020-01-01T00:00:00Z", **filters})],
    ).fetchone()
    assert row is not None
    return list(row[0]["data"])


@pytest.mark.commits
def test_a_change_that_commits_late_is_in_the_next_answer(shop: Shop) -> None:
    shop.receive(9)
    shop.order((SKU, 1), external_id="first")
    with shop.session() as late:
        late.execute("select pg_sleep(0.01)")
        Shop.run(late, "modify_orders", {"order_id": "first", "note": "changed early, committed late"})
        with shop.session() as reader:
            known = changed(reader)
            assert [row["external_id"] for row in known] in ([], ["first"])  # as it was before the change
            assert {row["version"] for row in known} <= {1}
    with shop.session() as reader:
        rows = changed(reader)
    assert [(row["external_id"], row["version"]) for row in rows] == [("first", 2)]


@pytest.mark.commits
def test_what_is_placed_while_an_older_change_runs_waits_for_it(shop: Shop) -> None:
    shop.receive(9)
    shop.receive(9, "SAUCE-2")
    with shop.session() as late:
        [placed] = Shop.run(late, "place_orders", order((SKU, 1), external_id="early"))
        assert placed.code is None
        late.execute("select pg_sleep(1.1)")  # longer than the second that the lock names
        shop.order(("SAUCE-2", 1), external_id="later")
        with shop.session() as reader:
            assert changed(reader) == []
            row = reader.execute("select body from api.list_orders(1::smallint, '{}', null, 200)").fetchone()
            assert row is not None
            assert [found["external_id"] for found in row[0]["data"]] == ["later"]  # the plain list shows all that is committed
    with shop.session() as reader:
        assert [row["external_id"] for row in changed(reader)] == ["early", "later"]


def test_every_change_of_an_order_moves_it_to_the_end(shop: Shop) -> None:
    shop.receive(9)
    shop.order((SKU, 2), external_id="A")
    shop.order((SKU, 2), external_id="B")

    def listed() -> list[str]:
        with shop.session() as connection:
            return [row["external_id"] for row in changed(connection)]

    assert listed() == ["A", "B"]
    for command, rest in (
        ("modify_orders", {"note": "x"}),
        ("fulfill_orders", {"items": [{"sku_id": SKU, "quantity": 1}]}),
        ("cancel_orders", {}),
    ):
        for name in ("B", "A"):
            [answer] = shop.send(command, {"order_id": name, **rest})
            assert answer.code is None
        assert listed() == ["B", "A"], command
    for name, wanted in (("B", ["A", "B"]), ("A", ["B", "A"])):
        [seen] = shop.send("cancel_orders", {"order_id": name})  # again: changes nothing
        parcel = seen.body["fulfillments"][0]["fulfillment_id"]
        shop.send("change_fulfillments", {"order_id": name, "fulfillment_id": parcel, "tracking_number": "T"})
        assert listed() == wanted
