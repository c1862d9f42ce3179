"""The worker's metrics of the database: exact values, and only declared metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp import metrics
from pyapp.cli.checks import database
from pyapp.worker import business as figures
from pyapp.worker.business import FIGURES, measure
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from tests.conftest import AsRole

Found = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


def look(url: str) -> Found:
    async def ask() -> Found:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            rows = await measure(connection)
        return {(row.figure, frozenset(row.labels.items())): row.value for row in rows}

    return asyncio.run(ask())


def value(found: Found, figure: str, **labels: str) -> float:
    return found[figure, frozenset(labels.items())]


def test_every_figure_is_declared_and_every_declared_one_is_there(
    authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    connection.execute("update orders.orders set placed_at = now()")
    found = look(authenticator_url)
    names = {name for name, _ in found}
    assert names == set(FIGURES) - {"stock_disagreements", "stock_verified_timestamp_seconds"}
    for name, labels in found:
        assert {label for label, _ in labels} == set(FIGURES[name][1])


def test_they_are_those_of_the_tables(authenticator_url: str, connection: psycopg.Connection[Any], as_role: AsRole) -> None:
    connection.execute(
        "update stock.stock_levels set on_hand = 0, committed = 0, unavailable = 0, reserved = 0 where sku_id = 'HOTSAUCE-001'"
    )
    connection.execute("update catalog.skus set reorder_point = 1000000 where sku_id = 'HOTSAUCE-002'")
    with as_role("sales", channels=["web"]) as sales:
        hold = '[{"channel": "web", "items": [{"sku_id": "HOTSAUCE-002", "quantity": 2}], "meta": {"actor": "t"}}]'
        assert sales.execute("select code from api.reserve_stock(1::smallint, %s::jsonb)", [hold]).fetchall() == [(None,)]
    found = look(authenticator_url)
    row = connection.execute(
        "select sum(available), sum(reserved), sum(committed), sum(on_hand * k.price), count(distinct sku_id)"
        "  from stock.stock_levels l join catalog.skus k using (sku_id)"
    ).fetchone()
    assert row is not None
    for state, units in zip(("available", "reserved", "committed"), row[:3], strict=True):
        assert value(found, "stock_units", region="1", state=state) == units
    assert value(found, "stock_units", region="1", state="reserved") == 2
    assert value(found, "stock_value", region="1", currency="USD") == pytest.approx(float(row[3]))
    skus = [value(found, "skus", region="1", state=state) for state in ("in_stock", "low", "out_of_stock")]
    assert sum(skus) == row[4]
    assert skus[2] == 1
    assert skus[1] >= 1
    assert value(found, "holds", region="1") == 1
    expiring = connection.execute(
        "select count(distinct lot_id), sum(v.on_hand) from stock.lots t join stock.lot_levels v using (region_id, lot_id)"
        "  join catalog.zones() z using (warehouse_id)"
        " where t.expiration_date - timezone(z.time_zone, now())::date between 0 and 30 and t.status = 'available'"
        "   and v.on_hand > 0"
    ).fetchone()
    assert (value(found, "expiring_lots", region="1"), value(found, "expiring_units", region="1")) == expiring

    connection.execute("update stock.reservations set expires_at = now() - interval '90 s'")
    found = look(authenticator_url)
    assert value(found, "holds", region="1") == 0
    assert value(found, "expired_holds") == 1
    assert value(found, "expired_holds_oldest_seconds") >= 90

    assert (value(found, "unpaid_orders", region="1"), value(found, "overdue_orders")) == (0, 0)
    connection.execute(
        "update orders.orders set status = 'pending', unpaid_until = now() - interval '90 s'"
        " where order_id = (select min(order_id) from orders.orders)"
    )
    found = look(authenticator_url)
    assert (value(found, "unpaid_orders", region="1"), value(found, "overdue_orders")) == (1, 1)
    assert value(found, "overdue_orders_oldest_seconds") >= 90


def test_a_snapshot_that_somebody_keeps_is_seen(
    authenticator_url: str, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    with psycopg.connect(database_url) as report, psycopg.connect(authenticator_url, autocommit=True) as doctor:
        report.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        report.execute("select 1 from stock.stock_levels")
        connection.execute(
            "do $$ begin for n in 1 .. 10100 loop perform pg_current_xact_id(); commit; end loop; end $$"  # one transaction each
        )
        assert value(look(authenticator_url), "oldest_snapshot_transactions") > 10_000
        (finding,) = database.check_snapshots(doctor)
        assert (finding.state, str(report.info.backend_pid) in finding.said) == ("warning", True)
        report.rollback()
        assert value(look(authenticator_url), "oldest_snapshot_transactions") < 10_000
        (finding,) = database.check_snapshots(doctor)
        assert finding.state == "ok"


def test_orders_of_the_last_hour(authenticator_url: str, connection: psycopg.Connection[Any]) -> None:
    connection.execute("update orders.orders set placed_at = now() - interval '61 min'")
    found = look(authenticator_url)
    assert sum(number for (name, _), number in found.items() if name in ("recent_orders", "recent_units")) == 0
    assert not [name for name, _ in found if name == "recent_order_value"]
    connection.execute(
        "update orders.orders set placed_at = now() - interval '1 min',"
        " status = case when order_id % 2 = 0 then 'canceled' else status end"
        " where order_id <= (select min(order_id) + 3 from orders.orders)"
    )
    found = look(authenticator_url)
    row = connection.execute(
        "select sum(l.quantity) from orders.orders o join orders.order_lines l using (region_id, order_id)"
        " where o.placed_at > now() - interval '1 hour' and o.status <> 'canceled'"
    ).fetchone()
    assert row is not None
    assert value(found, "recent_orders", region="1", status="canceled") == 2
    assert sum(number for (name, _), number in found.items() if name == "recent_orders") == 4
    assert value(found, "recent_units", region="1") == row[0]
    value_of = connection.execute(
        "select sum(total_price) from orders.orders where placed_at > now() - interval '1 hour' and status <> 'canceled'"
    ).fetchone()
    assert value_of is not None
    assert value(found, "recent_order_value", region="1", currency="USD") == float(value_of[0])


def test_webhooks_that_wait_and_endpoints_that_were_given_up(
    authenticator_url: str, connection: psycopg.Connection[Any], as_role: AsRole
) -> None:
    with as_role("admin") as admin:
        for name in ("a", "b", "c"):
            draft = f'[{{"url": "https://{name}.example.com/", "meta": {{"actor": "t"}}}}]'
            assert admin.execute("select code from api.create_webhooks(1::smallint, %s::jsonb)", [draft]).fetchall() == [(None,)]
    assert value(look(authenticator_url), "webhook_endpoints", state="unverified") == 3
    connection.execute("update webhooks.endpoint_states set verified_at = now()")
    connection.execute("update webhooks.endpoints set disabled_at = now(), disabled_reason = 'failing' where url like '%//b.%'")
    connection.execute("update webhooks.endpoints set active = false where url like '%//c.%'")
    connection.execute(
        "insert into webhooks.deliveries"
        " (region_id, endpoint_id, delivery_id, owner, event_id, type, subject, recorded_at, status, due_at, created_at)"
        " select 1, endpoint_id, n, 't', 'e', 'order.placed', 's', now(), case n when 3 then 'queued' else 'pending' end,"
        "        now() - interval '100 s' + n * interval '40 s', now()"
        "   from webhooks.endpoints, generate_series(1, 4) n where url not like '%//c.%'"
    )
    found = look(authenticator_url)
    # Deliveries of the abandoned endpoint do not count as pending.
    assert value(found, "webhook_deliveries", status="pending") == 3
    assert value(found, "webhook_deliveries", status="queued") == 1
    assert 60 <= value(found, "webhook_oldest_due_seconds") < 80
    states = {state: value(found, "webhook_endpoints", state=state) for state in ("active", "paused", "failing", "gone")}
    assert states == {"active": 1, "paused": 1, "failing": 1, "gone": 0}


def test_a_level_that_disagrees_with_the_ledger_is_told(
    authenticator_url: str, connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(figures, "FIRST_VERIFICATION_SECONDS", 0.0)
    monkeypatch.setattr(figures, "MEASURE_SECONDS", 0.1)

    def told() -> float | None:
        return metrics.REGISTRY.get_sample_value("scoville_stock_disagreements")

    async def main() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(figures.run(authenticator_url, 0.0000001, stop))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while told() is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            assert told() == 0
            connection.execute(
                "update stock.stock_levels set on_hand = on_hand + 1 where (warehouse_id, sku_id) ="
                " (select warehouse_id, sku_id from stock.stock_levels where on_hand > 0 limit 1)"
            )
            while told() == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert told() == 3  # on_hand disagrees with the ledger, the lots and the sums
        stop.set()
        await task

    asyncio.run(main())
    assert "disagree" in caplog.text
    assert told() is None
