"""Each ready answer equals the result of pandas, from the demo's tables and directly from a file of orders.

SCOVILLE_REAL_DATA names a folder with the grocer's sauce_order_lines.csv.gz, which covers nine months. Without it the test uses
the demo's month.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from tests.lazy import imported_at_first_use
from tests.prepared import AUTHENTICATOR_PASSWORD
from tests.sql.bi import answers, bi
from tests.sql.bi.trade import Trade, read_orders

if TYPE_CHECKING:
    from tests.conftest import Server

np = imported_at_first_use("numpy")
pd = imported_at_first_use("pandas")
VIEWS = (
    *("fact_stock_daily", "inventory_turnover", "sell_through", "days_of_cover", "stockouts", "fill_rate"),
    *("fulfillment_lead_time", "expiring_lots", "aging_stock", "abc_xyz", "order_patterns", "channel_performance"),
    *("shrinkage", "dim_customer"),
)
MERE_NAMES = {"region_id", "sku_name", "channel_name", "batch_id", "batch_status", "customer_key"}


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


@pytest.fixture(scope="module", params=["demo", "file"])
def both(request: pytest.FixtureRequest, server: Server, module_clone: str) -> dict[str, tuple[Any, Any]]:
    """By view: the result of pandas, and the rows that an analyst reads. First for the demo's data, then for a file's."""
    authenticator = server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD)
    owner = server.url(module_clone)
    if request.param == "demo":
        with psycopg.connect(owner) as connection:
            facts = answers.read(connection)
    else:
        _empty(owner)
        now = datetime.now(UTC)
        facts = Trade(authenticator, now).play(read_orders(now))
        bi.roll_up(authenticator)
    expected = answers.compute(facts)
    assert set(expected) == set(VIEWS)
    with bi.analyst(owner) as login, psycopg.connect(server.url(module_clone, login, "for tests only")) as connection:
        return {view: (expected[view], _read(connection, view)) for view in VIEWS}


def _empty(owner: str) -> None:
    with psycopg.connect(owner) as connection:
        names = connection.execute(
            "select string_agg(format('%I.%I', schemaname, tablename), ', ') from pg_tables"
            " where (schemaname in ('stock', 'orders', 'events', 'identity', 'analytics')"
            "   and tablename not in ('stream', 'event_types', 'pseudonym_keys', 'bi_logins'))"
            "    or (schemaname = 'catalog' and tablename in ('skus', 'warehouses', 'channels', 'channel_warehouses'))"
        ).fetchone()
        assert names is not None
        connection.execute(f"truncate {names[0]} cascade".encode())


def _read(connection: psycopg.Connection[Any], view: str) -> Any:
    cursor = connection.execute(sql.SQL("select * from bi.{}").format(sql.Identifier(view)))
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("view", VIEWS)
def test_the_view_says_what_pandas_says(both: dict[str, tuple[Any, Any]], view: str) -> None:
    expected, found = both[view]
    columns = [column for column in found.columns if column not in MERE_NAMES]
    assert set(columns) == set(expected.columns), view
    keys = [key for key in _keys(view) if key in columns]
    left, right = (_plain(frame[columns]).sort_values(keys, ignore_index=True) for frame in (expected, found))
    assert len(left) == len(right) > 0
    for column in columns:
        same = _close(left[column], right[column], scale=_scale(found[column]))
        assert same.all(), (column, left[~same].head().to_dict("records"), right[~same].head().to_dict("records"))


def _keys(view: str) -> list[str]:
    if view == "dim_customer":
        return ["first_order_at", "last_order_at", "orders"]
    return bi.GRAINS[view].replace("batch_id", "sku_id, batch_number").split(", ")


def _plain(frame: Any) -> Any:
    """Numbers as floats, days and times as times without a time zone, null as nan, the rest unchanged."""

    def plain(value: Any) -> Any:
        if isinstance(value, (bool, np.bool_)):
            return bool(value)
        if isinstance(value, datetime):  # a Timestamp is one too
            return pd.Timestamp(value).tz_convert("UTC").tz_localize(None) if value.tzinfo else pd.Timestamp(value)
        if isinstance(value, date):
            return pd.Timestamp(value)
        return float(value) if isinstance(value, (int, float, Decimal, np.number)) else value

    return frame.map(plain)


def _scale(column: Any) -> int:
    """Decimals that the view rounds to."""
    return max((-int(value.as_tuple().exponent) for value in column if isinstance(value, Decimal)), default=0)


def _close(left: Any, right: Any, scale: int) -> Any:
    numbers = left.map(lambda value: isinstance(value, float)) & right.map(lambda value: isinstance(value, float))
    same = (left == right) | (left.isna() & right.isna())
    if not numbers.any():
        return same
    distance = (left[numbers].astype(float) - right[numbers].astype(float)).abs()
    same[numbers] |= distance <= (0.5 * 10**-scale + 1e-6 if scale else 0)
    return same
