"""The views of schema bi are a contract, documented in the database, and correct."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from bench.bi import QUESTIONS
from pyapp.api.analytics import VIEWS, comments
from tests.conftest import run_clone
from tests.sql.bi import bi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import AsRole, Server

RUNBOOK = Path(__file__).parents[3] / "docs" / "how-to" / "runbook.md"
CONTRACT = VIEWS / "columns.txt"
# Types that every BI driver supports: no arrays, no JSON, no custom types.
TYPES = r"text|smallint|integer|bigint|boolean|date|timestamp with time zone|numeric\(\d+,\d+\)"


@pytest.fixture(scope="module")
def demo_clone(server: Server, with_demo: str) -> Iterator[str]:
    """The name of a database with the demo's data, which tests only read."""
    with run_clone(server, with_demo, "demo") as name:
        yield name


@pytest.fixture(scope="module")
def demo_url(server: Server, demo_clone: str) -> str:
    """Its owner's URL."""
    return server.url(demo_clone)


@pytest.fixture
def demo_data(demo_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(demo_url, autocommit=True) as connection:
        yield connection


def columns(connection: psycopg.Connection[Any]) -> list[tuple[str, str, str]]:
    return connection.execute(
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod)"
        " from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = 'bi'::regnamespace and a.attnum > 0 order by c.relname, a.attnum"
    ).fetchall()


def test_the_columns_are_those_of_the_contract(connection: psycopg.Connection[Any]) -> None:
    """Reports and models depend on names, order and types. Add columns at the end of a view; the file lists the contract."""
    found = [f"{view}.{column} {kind}" for view, column, kind in columns(connection)]
    assert found == CONTRACT.read_text(encoding="utf-8").splitlines()


def test_there_is_every_view_and_nothing_but_views(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute("select relname, relkind from pg_class where relnamespace = 'bi'::regnamespace").fetchall()
    assert {name for name, _ in found} == bi.EXPECTED
    assert {kind for _, kind in found} == {"v"}


def test_every_view_says_its_grain_and_every_column_what_it_is(connection: psycopg.Connection[Any]) -> None:
    missing = connection.execute("""
        select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'bi'::regnamespace and a.attnum > 0
           and (coalesce(obj_description(c.oid, 'pg_class'), '') !~ '^One row per '
                or coalesce(col_description(c.oid, a.attnum), '') = '')""").fetchall()
    assert missing == []


def test_types_are_those_that_drivers_know(connection: psycopg.Connection[Any]) -> None:
    assert [found for found in columns(connection) if not re.fullmatch(TYPES, found[2])] == []


def test_every_relationship_joins(demo_data: psycopg.Connection[Any]) -> None:
    """Every row of one view has a row in the other, and a "many to one" finds exactly one."""
    for here, here_columns, there, there_columns, cardinality in demo_data.execute("select * from bi.relationships").fetchall():
        left, right = here_columns.split(", "), there_columns.split(", ")
        on = " and ".join(f"f.{a} = t.{b}" for a, b in zip(left, right, strict=True))
        orphans = demo_data.execute(
            f"select count(*) from bi.{here} f where not exists (select from bi.{there} t where {on})"
            f" and {' and '.join(f'f.{a} is not null' for a in left)}".encode()
        ).fetchone()
        assert orphans == (0,), (here, here_columns, there)
        if cardinality == "many to one":
            twice = f"select {there_columns} from bi.{there} group by {there_columns} having count(*) > 1"
            assert demo_data.execute(twice.encode()).fetchall() == [], (there, there_columns)


@pytest.mark.parametrize("scoped", [False, True])
def test_each_answer_has_rows_of_its_grain_for_analysts(demo_url: str, server: Server, demo_clone: str, scoped: bool) -> None:
    with (
        bi.analyst(demo_url, warehouses=["WH-02"] if scoped else []) as login,
        psycopg.connect(server.url(demo_clone, login, "for tests only")) as connection,
    ):
        for view, grain in bi.GRAINS.items():
            counted = connection.execute(f"select count(*), count(distinct ({grain})) from bi.{view}".encode()).fetchone()
            assert counted is not None
            assert counted[0] == counted[1], view
            assert (counted[0] > 0) == (not scoped or view != "refused_demand"), view  # a refusal has no warehouse
        for (view,) in connection.execute(
            "select table_name from information_schema.columns where table_schema = 'bi' and column_name = 'warehouse_id'"
            " and table_name <> 'dim_warehouse'"
        ).fetchall():
            seen = connection.execute(sql.SQL("select distinct warehouse_id from bi.{}").format(sql.Identifier(view))).fetchall()
            assert not scoped or {warehouse for (warehouse,) in seen} <= {"WH-02"}, view


def test_the_bench_asks_every_view_and_is_answered(demo_url: str, server: Server, demo_clone: str) -> None:
    with (
        bi.analyst(demo_url) as login,
        psycopg.connect(server.url(demo_clone, login, "for tests only")) as connection,
    ):
        assert {name for name in QUESTIONS if "," not in name} == bi.EXPECTED
        for question in QUESTIONS.values():
            connection.execute(question.encode()).fetchall()


def test_a_customer_is_a_pseudonym_that_nobody_can_compute(demo_data: psycopg.Connection[Any]) -> None:
    """A customer has one key per database, different in each database, and it is not a plain hash of known values."""
    rows = demo_data.execute("""
        select o.customer_pseudonym::text, lower(coalesce(c.email, o.customer_name))
          from orders.orders o left join orders.order_contacts c using (region_id, order_id)""").fetchall()
    assert len({key for key, _ in rows}) == len({who for _, who in rows}) > 50
    guesses = demo_data.execute("""
        select count(*) from orders.orders o left join orders.order_contacts c using (region_id, order_id),
               lateral (values (md5(lower(c.email))), (left(encode(sha256(lower(c.email)::bytea), 'hex'), 32))) g (hash)
         where replace(o.customer_pseudonym::text, '-', '') = g.hash""").fetchone()
    assert guesses == (0,)
    known = demo_data.execute(
        "select orders.pseudonym(secret, 'Household-600@example.com') from identity.pseudonym_keys"
    ).fetchone()
    assert known is not None
    assert str(known[0]) in {key for key, _ in rows}


def test_no_personal_data_stands_in_any_view(demo_data: psycopg.Connection[Any]) -> None:
    """Canaries: the names, e-mails and addresses of the demo's customers, the notes, and the names of the actors."""
    text = "\n".join(line for lines in bi.read_all(demo_data).values() for line in lines)
    canaries = ("Household 6", "example.com", "Store 4", "Pallet dropped", "demo", "DEMO0")
    assert [canary for canary in canaries if canary in text] == []


def test_the_days_are_the_running_sums_of_the_ledger(demo_data: psycopg.Connection[Any]) -> None:
    wrong = demo_data.execute("""
        select * from bi.fact_stock_daily d
          join bi.dim_warehouse w using (region_id, warehouse_id)
         cross join lateral (
           select coalesce(sum(m.on_hand_delta), 0), coalesce(sum(m.reserved_delta), 0), coalesce(sum(m.committed_delta), 0)
             from stock.stock_movements m
            where m.region_id = d.region_id and m.warehouse_id = d.warehouse_id and m.sku_id = d.sku_id
              and m.occurred_at < (d.day_on + 1)::timestamp at time zone w.time_zone) l (on_hand, reserved, committed)
         where (d.on_hand, d.reserved, d.committed) <> (l.on_hand, l.reserved, l.committed)""").fetchall()
    assert wrong == []


# A change: seconds since the previous one (negative if the clock went back), the level, and the act.
CHANGE = st.tuples(
    st.integers(-4000, 200_000), st.sampled_from(["WH-01", "WH-02"]), st.sampled_from(["HOT", "MILD"]),
    st.sampled_from(["receive", "receive late", "order", "cancel", "ship", "adjust", "roll up", "move east", "move west"]),
)  # fmt: skip
BEGIN = datetime(2026, 3, 5, 12, tzinfo=UTC)  # the clocks of Chicago change three days later
ZONES = {"move east": "Pacific/Kiritimati", "move west": "America/Chicago"}


class Shop:
    """Two warehouses, two SKUs, and a clock that the test sets."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.clock = BEGIN
        self.open: list[str] = []
        self.call("save_warehouses", [{"warehouse_id": w} for w in ("WH-01", "WH-02")], regional=False)
        self.call("save_channels", [{"channel_id": w.lower(), "warehouses": [w]} for w in ("WH-01", "WH-02")], regional=False)
        self.call("save_skus", [{"sku_id": s, "name": s, "price": 2} for s in ("HOT", "MILD")], regional=False)

    def call(self, function: str, elements: list[dict[str, Any]], *, regional: bool = True) -> list[Any]:
        marked = [e | {"meta": {"actor": "t", "idempotency_key": str(random.random())}} for e in elements]
        with self.connection.transaction():
            self.connection.execute("select app.enter('admin', '{\"sub\": \"t\"}')")
            self.connection.execute(sql.SQL("set local scoville.now = {}").format(sql.Literal(self.clock.isoformat())))
            region = "1::smallint, " if regional else ""
            return self.connection.execute(f"select * from api.{function}({region}%s)".encode(), [Jsonb(marked)]).fetchall()

    def do(self, kind: str, warehouse: str, sku: str) -> None:
        where = {"sku_id": sku, "warehouse_location": warehouse}
        if kind == "receive":
            self.call("receive_stock", [where | {"stock": 5, "batch_number": "B"}])
        elif kind == "receive late":
            came_at = self.clock - timedelta(seconds=random.randrange(400_000))
            self.call("receive_stock", [where | {"stock": 5, "batch_number": "B", "occurred_at": came_at.isoformat()}])
        elif kind in ZONES:
            self.call("save_warehouses", [{"warehouse_id": warehouse, "time_zone": ZONES[kind]}], regional=False)
        elif kind == "order":
            customer = {"name": "J", "address": "1"}
            order = {"channel": warehouse.lower(), "customer": customer, "items": [{"sku_id": sku, "quantity": 2}]}
            (row,) = self.call("place_orders", [order])
            if row[1] is None:
                self.open.append(row[3]["order_id"])
        elif kind == "cancel" and self.open:
            self.call("cancel_orders", [{"order_id": self.open.pop()}])
        elif kind == "ship" and self.open:
            self.call("fulfill_orders", [{"order_id": self.open.pop(0)}])
        elif kind == "adjust":
            self.call("adjust_stock", [where | {"delta": -1, "reason_code": "damaged"}])


STATES = ("on_hand", "reserved", "committed", "unavailable", "safety_stock", "incoming")


def sums(connection: psycopg.Connection[Any], until: datetime) -> list[tuple[Any, ...]]:
    """The units of each level in every state, computed from the ledger."""
    return connection.execute(
        f"select warehouse_id, sku_id, {', '.join(f'sum({state}_delta)::bigint' for state in STATES)} from stock.stock_movements"
        " where occurred_at <= %s group by 1, 2 order by 1, 2".encode(), [until]
    ).fetchall()  # fmt: skip


def check_moments(connection: psycopg.Connection[Any], moments: list[datetime]) -> None:
    """The function's result equals the sums of the ledger; a level is zero before its first movement."""
    for moment in moments:
        found = connection.execute(
            f"select warehouse_id, sku_id, {', '.join(STATES)} from bi.stock_as_of(%s) order by 1, 2".encode(), [moment]
        ).fetchall()
        assert [row for row in found if any(row[2:])] == [row for row in sums(connection, moment) if any(row[2:])], moment


@pytest.fixture
def shop(authenticator_url: str) -> Iterator[Shop]:
    shop = Shop(authenticator_url)
    yield shop
    shop.connection.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(CHANGE, min_size=1, max_size=25), moments=st.lists(st.integers(-90_000, 2_000_000), min_size=3, max_size=6)
)
def test_stock_at_any_moment_is_the_sum_of_the_ledger(
    shop: Shop, authenticator_url: str, connection: psycopg.Connection[Any], changes: list[Any], moments: list[int]
) -> None:
    """For any changes in any order of time: as of each time, and at the end of each day. The examples follow
    each other in one database, so the later ones meet the sums of the earlier ones."""
    for seconds, warehouse, sku, kind in changes:
        shop.clock += timedelta(seconds=seconds)
        if kind == "roll up":
            bi.roll_up(authenticator_url)
        else:
            shop.do(kind, warehouse, sku)
    asked = [*(BEGIN + timedelta(seconds=seconds) for seconds in moments), shop.clock, datetime.max.replace(tzinfo=UTC)]
    check_moments(connection, asked)
    bi.roll_up(authenticator_url)
    check_moments(connection, asked)
    check_days(connection)


def test_a_level_with_more_movements_than_a_call_takes_is_summed_to_the_end(
    shop: Shop, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    """Over several days with a pause, and with later movements on a day that was already summed."""
    for days in (1, 1, 3, 0):
        shop.clock += timedelta(days=days)
        shop.do("receive", "WH-01", "MILD")
        for _ in range(40):
            shop.do("receive", "WH-01", "HOT")
            shop.do("order", "WH-01", "HOT")
            shop.do("ship", "WH-01", "HOT")
        if days == 1:
            bi.roll_up(authenticator_url, rows=3)  # three hundred movements per call
    moments = [BEGIN + timedelta(hours=hours) for hours in range(-1, 150, 12)]
    with psycopg.connect(authenticator_url, autocommit=True) as worker:
        assert bi.call(worker, "roll_up_stock(1::smallint, 1)") == 1  # a hundred later movements: the sums stop midway
    assert connection.execute("select count(*) from analytics.stock_marks where version < 0").fetchone() == (1,)
    check_moments(connection, moments)
    found = connection.execute("select max(n) from (select count(*) n from stock.stock_movements group by sku_id) m").fetchone()
    assert found == (480,)
    bi.roll_up(authenticator_url, rows=3)
    check_days(connection)
    check_moments(connection, moments)
    assert connection.execute("select count(*) from bi.freshness where as_of_at is not null").fetchone() == (2,)


@pytest.mark.parametrize("state", STATES)
def test_the_check_of_the_books_finds_days_that_do_not_agree(
    shop: Shop, authenticator_url: str, connection: psycopg.Connection[Any], state: str
) -> None:
    """As the roles that check: an administrator and the worker."""

    def verify() -> list[tuple[Any, ...]]:
        answers = []
        for role in ("admin", "scoville_worker"):
            with shop.connection.transaction():
                shop.connection.execute("select app.enter(%s, '{}')", [role])
                checks = "select check_name, warehouse_id, sku_id, found - expected from stock.verify()"
                answers.append(shop.connection.execute(checks).fetchall())
        assert answers[0] == answers[1]
        return answers[0]

    shop.do("receive", "WH-01", "HOT")
    bi.roll_up(authenticator_url)
    assert verify() == []
    last = "day_on = (select max(day_on) from analytics.stock_days)"
    connection.execute(f"update analytics.stock_days set {state} = {state} + 1 where {last}".encode())
    assert verify() == [(f"days {state}", "WH-01", "HOT", 1)]
    shop.do("receive", "WH-01", "HOT")
    assert verify() == []  # movements that are not summed yet are not a disagreement
    bi.roll_up(authenticator_url)
    assert verify() == [(f"days {state}", "WH-01", "HOT", 1)]

    (statement,) = re.findall(r"`(truncate analytics[^`]+)`", RUNBOOK.read_text(encoding="utf-8"))
    connection.execute(statement.encode())
    bi.roll_up(authenticator_url)
    assert verify() == []
    check_days(connection)


def test_a_spell_goes_on_until_a_day_is_summed_that_ended_with_units_for_sale(shop: Shop, authenticator_url: str) -> None:
    def spells() -> list[tuple[Any, ...]]:
        with shop.connection.transaction():
            shop.connection.execute('select app.enter(\'sales\', \'{"region": 1, "channels": ["wh-01"]}\')')
            shop.connection.execute(sql.SQL("set local scoville.now = {}").format(sql.Literal(shop.clock.isoformat())))
            row = shop.connection.execute("select body from api.read_report(1::smallint, 'stockouts', '{}', null, 10)").fetchone()
        assert row
        return [(spell["open"], spell["ended_on"], spell["days"]) for spell in row[0]["data"]]

    shop.clock = datetime.now(UTC)
    shop.do("receive", "WH-01", "HOT")
    for _ in range(5):
        shop.do("adjust", "WH-01", "HOT")
    bi.roll_up(authenticator_url)
    assert spells() == [(True, None, 1)]
    shop.clock += timedelta(days=1)
    assert spells() == [(True, None, 1)]  # midnight has passed, and no movement is summed yet
    shop.do("receive", "WH-01", "HOT")
    bi.roll_up(authenticator_url, now=shop.clock)
    [spell] = spells()
    assert spell[0] is False


def test_sums_that_wait_for_the_log_are_not_called_fresh(
    shop: Shop, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    def as_of() -> datetime:
        [(moment,)] = connection.execute("select as_of_at from bi.freshness where rollup = 'sales'").fetchall()
        assert isinstance(moment, datetime)
        return moment

    shop.clock = datetime.now(UTC)
    shop.do("receive", "WH-01", "HOT")
    bi.roll_up(authenticator_url)
    shop.clock = datetime.now(UTC)
    shop.do("order", "WH-01", "HOT")
    with psycopg.connect(authenticator_url, autocommit=True) as worker:
        bi.call(worker, "roll_up_sales(1::smallint, 100)")
        assert as_of() <= shop.clock
        bi.call(worker, "sequence_events(1000)")
        bi.call(worker, "roll_up_sales(1::smallint, 100)")
        assert as_of() > shop.clock


def test_a_batch_that_came_as_a_return_is_as_old_as_it_is(
    shop: Shop, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    shop.clock = datetime.now(UTC) - timedelta(days=40)
    element = {"sku_id": "HOT", "warehouse_location": "WH-01", "batch_number": "R", "stock": 1, "reason_code": "return"}
    shop.call("receive_stock", [element])
    bi.roll_up(authenticator_url)
    assert connection.execute("select age_days, age_band from bi.aging_stock").fetchall() == [(40, "31-60")]


def test_days_and_hours_are_those_of_the_place_also_after_its_zone_has_changed(
    shop: Shop, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    """Orders and parcels around local midnight in two nights when clocks change (Berlin, Chicago), summed by a zone of whole
    hours, then by one of half hours, and so on: as computed from the moments. Of the sums by the old zone nothing stays."""
    shop.clock = datetime(2026, 10, 24, 12, tzinfo=UTC)
    for _ in range(30):
        shop.do("receive", "WH-01", "HOT")
    placed, shipped = [], []
    for begin in (datetime(2026, 10, 24, 21, 10, tzinfo=UTC), datetime(2026, 11, 1, 3, 50, tzinfo=UTC)):
        for minutes in range(0, 300, 13):
            shop.clock = begin + timedelta(minutes=minutes)
            shop.do("order", "WH-01", "HOT")
            placed.append(shop.clock)
            shop.clock += timedelta(minutes=7)
            shop.do("ship", "WH-01", "HOT")
            shipped.append(shop.clock)
    assert not shop.open
    for region, own in (
        ("America/Chicago", None), ("Asia/Kolkata", "Europe/Berlin"), ("America/Chicago", "Asia/Kolkata"), ("Europe/Berlin", None)
    ):  # fmt: skip
        shop.call("save_regions", [{"region_id": "1", "time_zone": region}], regional=False)
        shop.call("save_warehouses", [{"warehouse_id": "WH-01", "time_zone": own}], regional=False)
        bi.roll_up(authenticator_url, rows=30, now=shop.clock)
        clocks = [moment.astimezone(ZoneInfo(region)) for moment in placed]
        days = [moment.astimezone(ZoneInfo(own or region)).date() for moment in shipped]

        def counted(query: str) -> Counter[Any]:
            return Counter(
                {row[:-1] if len(row) > 2 else row[0]: int(row[-1]) for row in connection.execute(query.encode()).fetchall()}
            )

        assert counted("select iso_weekday, hour_of_day, orders from bi.order_patterns") == Counter(
            (at.isoweekday(), at.hour) for at in clocks
        ), region
        by_day = Counter(at.date() for at in clocks)
        assert counted("select placed_on, sum(shipped) / 2 from analytics.sales_days group by 1") == by_day
        assert counted("select placed_on, sum(parcels) from analytics.lead_hours group by 1") == by_day
        assert counted("select placed_on, count(*) from bi.fact_order_line group by 1") == by_day
        daily = "select day_on, units_shipped / 2 from bi.fact_stock_daily where units_shipped > 0"
        assert counted(daily) == counted("select shipped_on, count(*) from bi.fact_fulfillment group by 1") == Counter(days)
        moments = [moment + timedelta(seconds=seconds) for moment in shipped[::5] for seconds in (-1, 0)]
        check_moments(connection, moments)
        assert connection.execute("select * from stock.verify()").fetchall() == []


def test_goods_that_are_recorded_late_were_there_in_the_days_between(
    shop: Shop, authenticator_url: str, connection: psycopg.Connection[Any]
) -> None:
    shop.clock = datetime.now(UTC) - timedelta(days=6)
    shop.do("receive", "WH-01", "HOT")
    for _ in range(5):
        shop.do("adjust", "WH-01", "HOT")
    shop.clock = datetime.now(UTC)
    bi.roll_up(authenticator_url)
    today = shop.clock.date()

    def stockouts() -> list[tuple[Any, ...]]:
        return connection.execute("select started_on, ended_on from bi.stockouts order by 1").fetchall()

    assert stockouts() == [(today - timedelta(days=6), None)]
    late = {"sku_id": "HOT", "warehouse_location": "WH-01", "stock": 5, "batch_number": "B"}
    shop.call("receive_stock", [late | {"received_on": (today - timedelta(days=4)).isoformat()}])
    shop.call("receive_stock", [late | {"received_on": (today - timedelta(days=9)).isoformat(), "batch_number": "OLD"}])
    for _ in range(2):  # before the sums know of it, and after
        noon = [
            datetime(day.year, day.month, day.day, 12, tzinfo=UTC) for day in (today - timedelta(days=n) for n in (10, 9, 5, 3))
        ]
        found = [connection.execute("select sum(available)::int from bi.stock_as_of(%s)", [at]).fetchone() for at in noon]
        assert found == [(0,), (5,), (5,), (10,)]
        bi.roll_up(authenticator_url)
    assert stockouts() == []
    check_days(connection)
    received = connection.execute(
        "select day_on, units_received from bi.fact_stock_daily where units_received > 0 order by 1"
    ).fetchall()
    assert received == [(today - timedelta(days=n), 5) for n in (9, 6, 4)]
    assert connection.execute("select age_days from bi.aging_stock where batch_number = 'OLD'").fetchone() == (9,)


def check_days(connection: psycopg.Connection[Any]) -> None:
    """The view has one row per day, equal to the sums of the ledger."""
    wrong = connection.execute("""
        select * from bi.fact_stock_daily d
          join bi.dim_warehouse w using (region_id, warehouse_id)
         cross join lateral (
           select coalesce(sum(m.on_hand_delta), 0), coalesce(sum(m.committed_delta), 0) from stock.stock_movements m
            where m.region_id = d.region_id and m.warehouse_id = d.warehouse_id and m.sku_id = d.sku_id
              and m.occurred_at < (d.day_on + 1)::timestamp at time zone w.time_zone) l (on_hand, committed)
         where (d.on_hand, d.committed) <> (l.on_hand, l.committed)""").fetchall()
    assert wrong == []
    gaps = connection.execute("""
        select warehouse_id, sku_id from bi.fact_stock_daily join bi.dim_warehouse w using (warehouse_id)
         group by 1, 2, time_zone
        having max(day_on) - min(day_on) + 1 <> count(*) or max(day_on) < timezone(time_zone, now())::date""")
    assert gaps.fetchall() == []


def test_a_report_names_columns_of_its_view(connection: psycopg.Connection[Any]) -> None:
    known = {f"{view}.{column}" for view, column, _ in columns(connection)}
    for view, members, keys, filters, sums, shares in connection.execute(
        "select view, members, keys, filters, sums, shares from analytics.reports"
    ).fetchall():
        named = {item.split(" ")[0] for item in (*members, *keys, *filters, *(sums or ()), *(shares or {}))}
        named |= {column for pair in (shares or {}).values() for column in pair}
        assert {f"{view}.{column}" for column in named} <= known


def test_a_column_of_a_report_that_is_null_says_so(demo_data: psycopg.Connection[Any]) -> None:
    """The HTTP schemas depend on this word in the comment."""
    silent = []
    for view, members in demo_data.execute("select view, members from analytics.reports").fetchall():
        for column in (item.split(" ")[0] for item in members):
            found = demo_data.execute(f"select exists (select from bi.{view} where {column} is null)".encode()).fetchone()
            if found == (True,) and not re.search(r"\bnull\b", comments()[f"{view}.{column}"]):
                silent.append(f"{view}.{column}")
    assert silent == []


def test_a_report_that_does_not_exist_is_refused(as_role: AsRole) -> None:
    with as_role("admin") as c, pytest.raises(psycopg.Error, match="unknown report") as raised:
        c.execute("select * from api.read_report(1::smallint, 'fill_rate', '{}', null, 10)")
    assert raised.value.sqlstate == "VA001"
