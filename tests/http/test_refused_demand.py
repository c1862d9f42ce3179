"""Refusals for lack of stock are counted by channel and SKU, from database and memory, and written when a process stops."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import psycopg

from pyapp.cache import demand
from pyapp.database.calls import Database
from pyapp.database.commands import Command, Result
from pyapp.identity.tokens import Identity
from tests.http.conftest import Api, check_problem, key, run_server, stock_up
from tests.http.orders import lines, place
from tests.patience import PATIENCE_SECONDS

NAMED = "HOTSAUCE-001"
Sums = dict[tuple[str, str], tuple[int, int]]


def written(connection: psycopg.Connection[Any]) -> Sums:
    rows = connection.execute("select channel_id, sku_id, refusals, units from analytics.refusal_days").fetchall()
    return {(channel, sku_id): (refusals, units) for channel, sku_id, refusals, units in rows}


def refuse(api: Api) -> int:
    """Refusals in all ways, those from memory included. Returns how many there were of 400 units in the channel web."""
    sales = api.client("sales", channels=["web"])
    limit, asked, from_memory = time.monotonic() + PATIENCE_SECONDS, 0, api.refusals.refused
    while api.refusals.refused == from_memory:
        check_problem(place(sales, lines(400)), 409, "ST001")
        asked += 1
        assert time.monotonic() < limit, "no refusal came from the cache"
    admin = api.client("admin")
    listed = [lines(400, channel="web"), lines(1, channel="web"), lines(500, channel="other")]
    answer = admin.post("/v1/orders", json=listed, headers=key())
    assert [result["status"] for result in answer.json()["results"]] == [409, 201, 409], answer.text
    check_problem(sales.post("/v1/orders?dry_run=true", json=lines(400), headers=key()), 409, "ST001")
    held = {"items": [{"sku_id": NAMED, "quantity": 400}]}
    check_problem(sales.post("/v1/reservations", json=held, headers=key()), 409, "ST001")
    return asked + 2


def test_each_refusal_is_counted_once(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    total = 0
    for nth in (1, 2):  # another process adds to the same day
        with run_server(authenticator_url) as api:
            admin = api.client("admin")
            if nth == 1:
                stock_up(admin)
                assert admin.put("/v1/channels/other", json={"name": "Other", "warehouses": ["WH-01"]}).status_code < 300
            total += refuse(api)
        assert written(connection) == {("web", NAMED): (total, 400 * total), ("other", NAMED): (nth, 500 * nth)}
    with run_server(authenticator_url) as api:
        for caller, channels in ((api.client("admin"), ["other", "web"]), (api.client("sales", channels=["web"]), ["web"])):
            rows = caller.get(f"/v1/analytics/refused-demand?sku_id={NAMED}").json()["data"]
            assert sorted(row["channel"] for row in rows) == channels
        check_problem(api.client("warehouse", warehouses=["WH-01"]).get("/v1/analytics/refused-demand"), 403, "RQ403")


def test_what_cannot_be_written_is_kept(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    """The table is missing for a moment."""

    class Short:
        async def execute(self, command: Command) -> list[Result]:
            body = b'{"detail": "", "errors": [{"sku_id": "HOTSAUCE-001", "requested": 3, "available": 0}]}'
            return [Result("ST001", False, body)]

    async def run() -> None:
        database = Database(authenticator_url, 1)
        await database.open()
        try:
            counted = demand.Demand(Short(), database)
            identity = Identity("sales", "shop", (), ("web",))
            statement = "select * from api.place_orders($1, $2)"
            await counted.execute(Command(identity, statement, 1, [b"{}"], "r"))
            connection.execute("alter table analytics.refusal_days rename to moved")
            await counted.flush()
            connection.execute("alter table analytics.moved rename to refusal_days")
            assert written(connection) == {}
            await counted.flush()
            await counted.flush()
            assert written(connection) == {("web", NAMED): (1, 3)}
        finally:
            await database.close()

    asyncio.run(run())
