"""Reports over HTTP: the rows of the views, limited to the caller's scope."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp.api.table import ROUTES
from tests.http.conftest import check_problem, run_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

    from tests.http.conftest import Api

FILL_RATE = """(
    select month_on, channel_id, warehouse_id, sum(units_ordered)::bigint as units_ordered,
           sum(units_shipped)::bigint as units_shipped, sum(units_withdrawn)::bigint as units_withdrawn,
           sum(units_open)::bigint as units_open, round(sum(units_shipped) / sum(units_ordered), 4) as fill_rate
      from bi.fill_rate group by 1, 2, 3) f"""
PATTERNS = """(
    select iso_weekday, hour_of_day, sum(orders)::bigint as orders, sum(units)::bigint as units from bi.order_patterns
     group by 1, 2) p"""
# The view behind each path, and the API's names for its columns.
VIEWS = {
    "turnover": ("bi.inventory_turnover", {"month": "month_on"}),
    "sell-through": ("bi.sell_through", {"month": "month_on"}),
    "stockouts": ("bi.stockouts", {}),
    "refused-demand": ("bi.refused_demand", {"day": "refused_on", "channel": "channel_id"}),
    "fulfillment": ("bi.fulfillment_lead_time", {"month": "month_on", "channel": "channel_id", "max_hours": "hours_max"}),
    "expiring": ("bi.expiring_lots", {"status": "batch_status", "stock": "on_hand"}),
    "fill-rate": (FILL_RATE, {"month": "month_on", "channel": "channel_id"}),
    "cover": ("bi.days_of_cover", {}),
    "abc": ("bi.abc_xyz", {}),
    "patterns": (PATTERNS, {}),
}
SAME = {"warehouse_location": "warehouse_id", "name": "sku_name"}
PATHS = [f"/v1/analytics/{name}" for name in VIEWS]
OF_WAREHOUSES = [route.path for route in ROUTES if route.path in PATHS and "warehouse" in route.roles]


@pytest.fixture(scope="module")
def template(with_demo: str) -> str:
    return with_demo


@pytest.fixture(scope="module")
def api(module_database: Callable[[str | None, str | None], str]) -> Iterator[Api]:
    with run_server(module_database("authenticator", "for tests only")) as api:
        yield api


def rows(client: httpx2.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """Reads all pages."""
    found: list[dict[str, Any]] = []
    while True:
        page = client.get(path, params=params).json()
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("limit", [200, 7])
def test_the_rows_are_those_of_the_view(
    api: Api, module_database: Callable[[str | None, str | None], str], path: str, limit: int
) -> None:
    view, names = VIEWS[path.rpartition("/")[2]]
    found = rows(api.client("admin"), path, limit=limit)
    columns = [name for name in found[0] if name != "open"]
    with psycopg.connect(module_database(None, None)) as connection:
        wanted = connection.execute(
            f"select {', '.join((names | SAME).get(name, name) for name in columns)} from {view}".encode()
        ).fetchall()
    assert len(wanted) > 1
    shown = [tuple(str(row[name]) for name in columns) for row in found]
    assert sorted(shown) == sorted(tuple(_as_json(value) for value in row) for row in wanted)
    assert len(set(shown)) == len(shown)  # pages share no row


def _as_json(value: Any) -> str:
    return str(float(value)) if isinstance(value, Decimal) else str(value)


@pytest.mark.parametrize("path", OF_WAREHOUSES)
def test_staff_see_their_own_warehouse(api: Api, path: str) -> None:
    everything = rows(api.client("admin"), path)
    for warehouse in ("WH-01", "WH-02", "WH-99"):
        own = rows(api.client("warehouse", warehouses=[warehouse]), path)
        assert own == [row for row in everything if row["warehouse_location"] == warehouse], warehouse


def test_sales_see_their_channels_parcels_and_every_stockout(api: Api) -> None:
    everything = rows(api.client("admin"), "/v1/analytics/fulfillment")
    sales = api.client("sales", channels=["web"])
    own = rows(sales, "/v1/analytics/fulfillment")
    assert own == [row for row in everything if row["channel"] == "web"] != everything
    for path in ("/v1/analytics/stockouts", "/v1/analytics/expiring"):
        assert rows(sales, path) == rows(api.client("admin"), path)
    check_problem(sales.get("/v1/analytics/turnover"), 403, "RQ403")  # turnover would reveal sales of other channels


@pytest.mark.parametrize("path", PATHS)
def test_they_come_as_csv(api: Api, path: str) -> None:
    admin = api.client("admin")
    text = admin.get(path, headers={"accept": "text/csv"}, params={"limit": 200}).text
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    shown = admin.get(path, params={"limit": 200}).json()["data"]
    name = next(iter(shown[0]))
    assert [row[name] for row in read] == [str(row[name]) for row in shown]


def test_filters_leave_what_they_name(api: Api) -> None:
    admin = api.client("admin")
    newest = next(row for row in rows(admin, "/v1/analytics/turnover") if row["units_shipped"])
    named = {"month": newest["month"][:8] + "17", "sku_id": newest["sku_id"], "warehouse": newest["warehouse_location"]}
    assert rows(admin, "/v1/analytics/turnover", **named) == [newest]
    spells = rows(admin, "/v1/analytics/stockouts")
    for value in (True, False):
        assert (
            rows(admin, "/v1/analytics/stockouts", open=str(value).lower())
            == [row for row in spells if row["open"] is value]
            != []
        )
    for name, letter in (("abc", "A"), ("xyz", "Z")):
        classes = rows(admin, "/v1/analytics/abc", **{name: letter})
        assert classes == [row for row in rows(admin, "/v1/analytics/abc") if row[name] == letter] != []
    web = rows(admin, "/v1/analytics/patterns", channel="web")
    assert 0 < sum(row["orders"] for row in web) < sum(row["orders"] for row in rows(admin, "/v1/analytics/patterns"))
    soon = rows(admin, "/v1/analytics/expiring", within_days=0)
    assert 0 < len(soon) < len(rows(admin, "/v1/analytics/expiring"))
    assert all(row["days_left"] <= 0 for row in soon)


def test_every_path_is_in_the_route_table() -> None:
    assert set(PATHS) == {route.path for route in ROUTES if route.path.startswith("/v1/analytics/")}
