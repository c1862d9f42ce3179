"""A database with rows in all tables, for the role matrices, and a function that tries a statement there as a role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.numeric import Int2

from tests.calls import BOUGHT, CHANNEL, HELD, ORDER, REASON, SECOND_SKU, SKU, SUPPLIER, Names
from tests.world import WITHOUT_REGION

if TYPE_CHECKING:
    from tests.conftest import AsRole

REGION = Int2(1)
OTHER_CHANNEL = {"channel_id": "pos", "warehouses": ["WH-02"]}


def run(c: psycopg.Connection[Any], function: str, *elements: object) -> list[Any]:
    """Runs a command of the API, which must succeed. Returns its documents."""
    region = () if function in WITHOUT_REGION else (REGION,)
    marks = ", ".join(["%s"] * (len(region) + 1))
    rows = c.execute(
        f"select code, body from api.{function}({marks}) order by ordinal", [*region, json.dumps(elements)]
    ).fetchall()
    assert [code for code, _ in rows] == [None] * len(elements), rows
    return [body for _, body in rows]


def seed(as_role: AsRole, connection: psycopg.Connection[Any]) -> Names:
    """Two warehouses, each with a channel, a partly shipped order and a reservation, and a third one to which units can move.
    Returns the names that the requests of tests/calls.py need."""
    with as_role("admin") as c:
        run(c, "save_warehouses", *({"warehouse_id": name} for name in ("WH-01", "WH-02", "WH-03", "spare")))
        run(c, "save_channels", CHANNEL | {"warehouses": ["WH-01", "WH-03"]}, OTHER_CHANNEL, {"channel_id": "spare"})
        run(
            c,
            "receive_stock",
            SKU,
            SECOND_SKU,
            *(SKU | {"warehouse_location": far, "batch_number": "FAR"} for far in ("WH-02", "WH-03")),
        )
        recalled = {"sku_id": "HOTSAUCE-003", "batch_number": "R"}
        run(c, "receive_stock", *(SKU | recalled | {"name": "Recalled", "warehouse_location": f"WH-0{n}"} for n in (1, 2)))
        run(c, "receive_stock", SKU | recalled | {"name": "Recalled", "batch_number": "LOST", "expiration_date": "2036-01-01"})
        bottles = [{"sku_id": "HOTSAUCE-003", "quantity": 2}]
        bought = {"customer": ORDER["customer"], "items": bottles}
        for order in run(c, "place_orders", *(bought | {"channel": channel} for channel in ("web", "pos"))):
            run(c, "fulfill_orders", {"order_id": order["order_id"], "items": bottles})
        many = bought | {"items": [{"sku_id": "HOTSAUCE-003", "quantity": 500}]}  # more than the other lot has
        run(c, "place_orders", many | {"channel": "web"}, bought | {"channel": "pos"})
        bad = {"lots": [{"sku_id": "HOTSAUCE-003", "batch_numbers": ["R"]}], "person": "Ada"}
        [drill] = run(c, "drill_recalls", bad)
        [recall] = run(c, "recall_lots", bad)
        run(c, "save_skus", {"sku_id": "spare", "name": "Spare"})
        run(c, "save_reason_codes", REASON | {"reason_code": "spare"})
        run(c, "save_suppliers", SUPPLIER, SUPPLIER | {"supplier_id": "spare"})
        buying, ordered, far = run(c, "save_purchases", BOUGHT, BOUGHT, BOUGHT | {"warehouse_location": "WH-02"})
        run(c, "order_purchases", *({"purchase_id": one["purchase_id"]} for one in (ordered, far)))
        delivered = {"sku_id": "HOTSAUCE-001", "quantity": 1, "batch_number": "BATCH-202404"}
        run(c, "receive_purchases", *({"purchase_id": one["purchase_id"], "items": [delivered]} for one in (ordered, far)))
        lots = [
            (SKU | place, {"quantity": 3, "cause": "inspection"})
            for place in ({}, {"warehouse_location": "WH-02", "batch_number": "FAR"})
        ]
        names = ("sku_id", "warehouse_location", "batch_number")
        withheld, _ = run(c, "withhold_stock", *({name: lot[name] for name in names} | aside for lot, aside in lots))
        between = [("WH-01", "WH-03"), ("WH-03", "WH-01"), ("WH-02", "WH-03")]
        drafted, sent, far = run(
            c,
            "save_transfers",
            *(
                {
                    "from_warehouse_location": source,
                    "to_warehouse_location": place,
                    "items": [{"sku_id": SKU["sku_id"], "quantity": 4}],
                }
                for source, place in between
            ),
        )
        run(c, "ship_transfers", *({"transfer_id": one["transfer_id"]} for one in (sent, far)))
        named = {"scope": "skus", "sku_ids": ["HOTSAUCE-001"]}
        plans = [named | {"warehouse_location": place} for place in ("WH-01", "WH-01", "WH-02")]
        planned, reviewed, far = run(c, "plan_counts", *plans)
        for one, number in ((reviewed, SKU["batch_number"]), (far, "FAR")):
            entry = {"sku_id": "HOTSAUCE-001", "batch_number": number, "counted": 340}
            run(c, "enter_counts", {"count_id": one["count_id"], "entries": [entry], "meta": {"actor": "counter"}})
        sold = {"customer": ORDER["customer"], "items": [{"sku_id": "HOTSAUCE-001", "quantity": 2}]}
        orders = [("web", "from-web"), ("pos", "from-pos"), ("web", "open")]
        run(
            c,
            "place_orders",
            *(
                sold | {"channel": channel, "external_id": name, "meta": {"idempotency_key": name, "actor": "a"}}
                for channel, name in orders
            ),
        )
        run(c, "save_skus", {"sku_id": "LATE", "name": "Late", "price": 9})
        late = [{"sku_id": "LATE", "mode": "backorder"}]
        fresh = [{"sku_id": "LATE", "min_days": 1}]
        rules = {"sale_rules": late, "freshness_rules": fresh}
        run(c, "save_channels", *({"channel_id": channel, **rules} for channel in ("web", "pos")))
        waits = sold | {"items": [*HELD, {"sku_id": "LATE", "quantity": 1}]}
        run(c, "place_orders", *(waits | {"channel": channel} for channel in ("web", "pos")))
        shipped, _ = run(c, "fulfill_orders", *({"order_id": f"from-{channel}", "items": HELD} for channel in ("web", "pos")))
        gift = {"channel": "web", "warehouse_location": "WH-01", "items": HELD, "reason": "too hot", "note": "a gift"}
        far = gift | {"channel": "pos", "warehouse_location": "WH-02"}
        asked, approved, *backs = run(c, "request_returns", gift, gift, gift, far)
        run(c, "approve_returns", *({"return_id": back["return_id"]} for back in (approved, *backs)))
        came = [[HELD[0] | {"batch_number": lot}] for lot in ("BATCH-202404", "FAR")]
        run(
            c, "receive_returns", *({"return_id": back["return_id"], "items": lot} for back, lot in zip(backs, came, strict=True))
        )
    with as_role("admin", sub="t") as c:
        held, _ = run(c, "reserve_stock", *({"channel": channel, "items": HELD} for channel in ("web", "pos")))
    connection.execute("""
        insert into events.outbox (region_id, type, audience, subject, version, data, actor, occurred_at)
        values (0, 'sku.changed', 'everybody', 'skus/HOTSAUCE-001', 9, '{}', 'a', now())""")
    with as_role("scoville_worker") as c:
        assert c.execute("select jobs.sequence_events(1000)").fetchone() != (0,)
        c.execute(
            "select jobs.record_refusals(1::smallint, %s)",
            [json.dumps([{"channel": name, "sku_id": "HOTSAUCE-001", "refusals": 1, "units": 9} for name in ("web", "pos")])],
        )
        c.execute("select jobs.roll_up_stock(1::smallint, 500), jobs.roll_up_sales(1::smallint, 500)")
    connection.execute("""
        with made as (
          insert into webhooks.endpoints (region_id, url, owner, owner_role, from_seq, changed_by)
          values (1, 'https://a.example', 't', 'integration', 0, 't'), (1, 'https://b.example', 'boss', 'admin', 0, 'boss')
          returning region_id, endpoint_id, owner
        ), states as (
          insert into webhooks.endpoint_states (region_id, endpoint_id, owner) select * from made
        ), sent as (
          insert into webhooks.deliveries (region_id, endpoint_id, delivery_id, owner, event_id, type, subject, recorded_at,
            status, due_at, created_at)
          select region_id, endpoint_id, 1, owner, 'e:1', 'order.placed', 'orders/1', now(), 'pending', now(), now() from made
        )
        insert into webhooks.attempts (region_id, endpoint_id, delivery_id, attempt_no, owner, started_at, duration_ms)
        select region_id, endpoint_id, 1, 1, owner, now(), 1 from made""")
    connection.execute("""
        insert into stock.count_requests (region_id, warehouse_id, sku_id, requested_at, units, document)
        select l.region_id, l.warehouse_id, l.sku_id, now(), 1, 'ORD-1-1001'
          from stock.stock_levels l where l.sku_id = 'HOTSAUCE-001'""")
    connection.execute("insert into orders.erasures (region_id, order_ids, erased_at, actor) values (1, '{1}', now(), 'boss')")
    connection.execute(
        "insert into identity.clients (client_id, name, role, region_id, channels) values ('c', 'c', 'sales', 1, '{web}')"
    )
    [(webhook_id,)] = connection.execute(
        "select webhooks.public_id(region_id, endpoint_id) from webhooks.endpoints where owner = 't'"
    ).fetchall()
    return {
        "order_id": "open",
        "external_id": "open",
        "shipped_id": shipped["order_id"],
        "fulfillment_id": shipped["fulfillments"][0]["fulfillment_id"],
        "reservation_id": held["reservation_id"],
        "recall_id": recall["recall_id"],
        "drill_id": drill["drill_id"],
        "withholding_id": withheld["withholding_id"],
        "transfer_id": drafted["transfer_id"],
        "sent_id": sent["transfer_id"],
        "purchase_id": buying["purchase_id"],
        "ordered_id": ordered["purchase_id"],
        "count_id": planned["count_id"],
        "reviewed_id": reviewed["count_id"],
        "return_id": asked["return_id"],
        "approved_id": approved["return_id"],
        "client_id": "c",
        "webhook_id": webhook_id,
        "delivery_id": "1",
        "spare": "spare",
        "role": "x",
    }


def become(connection: psycopg.Connection[Any], role: str, region: int | None = 1) -> None:
    """Enters a role as the API does, in a transaction of a superuser's connection. The last three roles never enter."""
    if role in ("bi_reader", "bi_reader_all", "authenticator"):
        connection.execute(f"set local role {role}")
        connection.execute("set local scoville.region = '1'")
        connection.execute("set local scoville.warehouses = '{WH-01}'")
        connection.execute("set local scoville.channels = '{web}'")
    else:
        claims = json.dumps({"sub": "t", "region": region, "warehouses": ["WH-01"], "channels": ["web"]})
        connection.execute("select app.enter(%s, %s)", [role, claims])


def attempt(
    connection: psycopg.Connection[Any], role: str, statement: str, region: int | None = 1
) -> list[tuple[Any, ...]] | str:
    """The rows, or the SQLSTATE of the refusal. Rolls back."""
    try:
        with connection.transaction(force_rollback=True):
            become(connection, role, region)
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
    except psycopg.Error as error:
        return str(error.sqlstate)
