"""Compares the answers that clients got with the database: it has every acknowledged effect exactly once, every unknown effect
at most once, and no other effect. The versions of each level have no gap, and the books agree."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.battery.load import STOCK, Act, Client
from tests.battery.system import Cluster
from tests.patience import PATIENCE_SECONDS


class Findings(NamedTuple):
    """The summary that the test prints."""

    acts: int
    done: int
    refused: int
    unknown: int
    landed: int  # the number of unknown acts that took effect
    replayed: int


def check_history(cluster: Cluster, clients: Sequence[Client], *, stock: int = STOCK) -> Findings:
    """Raises AssertionError at the first fault. `stock`: the units of each level at the start."""
    acts = [act for client in clients for act in client.acts]
    wrong = [wrong for client in clients for wrong in client.wrong]
    assert not wrong, wrong[:3]
    check_books(cluster)
    landed = _check_orders(cluster, acts) | _check_movements(cluster, acts) | _check_holds(cluster, acts)
    _check_fates(cluster, acts, landed)
    _check_levels(cluster, acts, landed, stock)
    outcomes = Counter(act.outcome for act in acts)
    told = {act.key for act in acts if act.outcome == "unknown"} & landed
    replayed = sum(act.replayed for act in acts)
    return Findings(len(acts), outcomes["done"], outcomes["refused"], outcomes["unknown"], len(told), replayed)


def check_books(cluster: Cluster) -> None:
    """Ledger, levels, lots, orders and reservations agree; no version is missing; the log is complete; no deadlock occurred."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while cluster.rows("select from events.outbox limit 1"):
        assert time.monotonic() < limit, "the outbox is not empty"
        time.sleep(0.05)
    assert cluster.rows("select * from stock.verify()") == []
    assert cluster.rows("select * from events.verify_chain()") == []
    assert cluster.rows("select * from stock.stock_levels where available < 0 or reserved + committed > on_hand") == []
    # In the ledger and in the log, the versions of a level increase by one from the first.
    assert (
        cluster.rows("""
            select * from (
              select warehouse_id, sku_id, version, movement_id, on_hand_after,
                     coalesce(lag(version) over w, 0) as before,
                     sum(on_hand_delta) over w as sum
                from stock.stock_movements
              window w as (partition by warehouse_id, sku_id order by movement_id rows unbounded preceding)) m
             where version not in (before, before + 1) or on_hand_after <> sum""")
        == []
    )
    assert (
        cluster.rows("""
            select * from (
              select subject, seq, version, coalesce(lag(version) over w, 0) as before
                from events.event_log where type like 'stock.%' and data ? 'new' and version > 0
              window w as (partition by subject order by seq)) e
             where version not in (before, before + 1)""")
        == []
    )
    assert "deadlock detected" not in cluster.log


def _expect(acts: Sequence[Act], found: Counter[str]) -> set[str]:
    """The keys that took effect. `found`: the number of effects per key."""
    for act in acts:
        wanted = {"done": (1,), "refused": (0,), "unknown": (0, 1)}[act.outcome]
        assert found[act.key] in wanted, (act, found[act.key])
    strangers = set(found) - {act.key for act in acts}
    assert not strangers, strangers
    return {key for key, number in found.items() if number}


def _check_orders(cluster: Cluster, acts: Sequence[Act]) -> set[str]:
    rows = cluster.rows(
        "select external_id, orders.public_id(region_id, order_id), count(*) over (partition by external_id) from orders.orders"
    )
    ids = {key: order_id for key, order_id, _ in rows}
    mine = [act for act in acts if act.kind == "order"]
    for act in mine:
        if act.outcome == "done":
            assert ids[act.key] == act.answer["order_id"], act
    return _expect(mine, Counter({key: number for key, _, number in rows}))


def _check_movements(cluster: Cluster, acts: Sequence[Act]) -> set[str]:
    """Finds receipts and adjustments by their notes."""
    rows = cluster.rows(
        "select note, sum(on_hand_delta)::integer, min(warehouse_id), min(sku_id), count(distinct version)"
        " from stock.stock_movements where note like 'stock-%' and on_hand_delta <> 0 group by note"
    )
    mine = [act for act in acts if act.kind == "stock"]
    bodies = {act.key: act.body for act in mine}
    for note, units, warehouse, sku, _ in rows:
        body = bodies[note]
        assert (units, warehouse, sku) == (body.get("delta", body.get("stock")), body["warehouse_location"], body["sku_id"]), note
    return _expect(mine, Counter({note: number for note, *_, number in rows}))


def _check_holds(cluster: Cluster, acts: Sequence[Act]) -> set[str]:
    rows = cluster.rows("select note, count(*) from stock.reservations group by note")
    return _expect([act for act in acts if act.kind == "hold"], Counter(dict(rows)))


def _lines(items: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {item["sku_id"]: item["quantity"] for item in items}


def _check_fates(cluster: Cluster, acts: Sequence[Act], landed: set[str]) -> None:
    """Each order has the state that the one act on it left. Adds the acts that took effect to `landed`."""
    rows = cluster.rows("""
        select orders.public_id(o.region_id, o.order_id), o.status,
               (select jsonb_object_agg(l.sku_id, l.quantity) from orders.order_lines l
                 where l.region_id = o.region_id and l.order_id = o.order_id),
               array(select f.tracking_number from orders.fulfillments f
                      where f.region_id = o.region_id and f.order_id = o.order_id group by 1 order by 1),
               exists (select from audit.audit_log a where a.region_id = o.region_id and a.table_name = 'orders.orders'
                        and a.row_key = o.order_id::text and a.reason like 'backordered:%')
          from orders.orders o""")
    found = {order_id: (status, lines, parcels) for order_id, status, lines, parcels, _ in rows}
    robbed = {order_id for order_id, *_, lost in rows if lost}  # of units, by a loss: a parcel may have left them out
    placed = {act.answer["order_id"]: act for act in acts if act.kind == "order" and act.outcome == "done"}
    changed = {act.order_id: act for act in acts if act.order_id}
    for order_id, act in placed.items():
        status, lines, parcels = found[order_id]
        was = _lines(act.answer["items"])
        change = changed.get(order_id)
        if change is None:
            assert (status, lines, parcels) == ("processing", was, []), order_id
            continue
        took_effect = {
            "modify": lines == _lines(change.body.get("items", ())),
            "cancel": status == "canceled",
            "ship": parcels == [change.key] and (status == "completed" or order_id in robbed),
        }[change.kind]
        assert took_effect or (status, lines, parcels) == ("processing", was, []), (order_id, change)
        assert change.outcome == "unknown" or took_effect == (change.outcome == "done"), (order_id, change)
        if took_effect:
            landed.add(change.key)


def _check_levels(cluster: Cluster, acts: Sequence[Act], landed: set[str], stock: int) -> None:
    """Units on hand and promised, computed only from the answers that clients got."""
    rows = cluster.rows("select sku_id, sum(on_hand)::integer, sum(committed)::integer from stock.stock_levels group by sku_id")
    on_hand = {sku: units for sku, units, _ in rows}
    expected = Counter(dict.fromkeys(on_hand, 2 * stock))
    for act in acts:
        if act.kind == "stock" and act.key in landed:
            expected[act.body["sku_id"]] += int(act.body.get("delta", act.body.get("stock", 0)))
    shipped = cluster.rows("""
        select l.sku_id, sum(l.fulfilled_quantity)::integer from orders.order_lines l group by 1""")
    expected.subtract(dict(shipped))
    assert on_hand == dict(expected)
    open_lines = cluster.rows("""
        select u.sku_id, sum(u.units)::integer
          from (select l.sku_id, l.quantity - l.fulfilled_quantity - l.canceled_quantity as units from orders.order_lines l
                 union all
                select b.sku_id, -b.quantity from orders.backorders b) u
         group by u.sku_id having sum(u.units) <> 0""")
    assert {sku: units for sku, _, units in rows if units} == dict(open_lines)
