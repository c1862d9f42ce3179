"""Days go by the clocks of each warehouse: expiry, announcements, receipts; and a time zone can change in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.races import race, sender
from tests.world import EARLY, SKU, Result, Shop, codes, parts, receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

# The last day of sale ends at 05:00Z in Chicago, at 07:00Z in Portland, and at 10:00Z of the day itself in Kiritimati.
CHICAGO, PORTLAND, KIRITIMATI = "America/Chicago", "America/Los_Angeles", "Pacific/Kiritimati"
EVENING, LAST, NIGHT, MORNING = "2030-07-01T04:59:59Z", "2030-07-01T06:59:59Z", "2030-07-01T05:00:00Z", "2030-07-01T07:00:00Z"


def zone(shop: Shop, warehouse: str, name: str | None, now: str | None = None) -> Result:
    return shop.send("save_warehouses", {"warehouse_id": warehouse, "time_zone": name}, now=now)[0]


def region_zone(shop: Shop, name: str, now: str | None = None) -> Result:
    return shop.send("save_regions", {"region_id": "1", "time_zone": name}, now=now)[0]


@pytest.fixture
def places(shop: Shop) -> Shop:
    """5 units in Chicago, whose zone is the region's, and 5 in Portland, of a lot that is good through EARLY."""
    assert region_zone(shop, CHICAGO).code is None
    assert zone(shop, "WH-02", PORTLAND).code is None
    both = receipt(5, expiration_date=EARLY), receipt(5, expiration_date=EARLY, warehouse_location="WH-02")
    assert codes(shop.send("receive_stock", *both, now="2030-06-01T12:00:00Z")) == [None, None]
    return shop


def test_a_lot_is_sold_in_each_warehouse_through_its_last_day_there(places: Shop) -> None:
    assert parts(places.order((SKU, 1), now=EVENING)) == {(SKU, "WH-01"): 1}
    assert parts(places.order((SKU, 1), now=NIGHT)) == {(SKU, "WH-02"): 1}
    assert places.level() == {"on_hand": 5, "committed": 1, "unavailable": 4, "shortfall": 1}
    assert parts(places.order((SKU, 1), now=LAST)) == {(SKU, "WH-02"): 1}
    assert places.order((SKU, 1), now=MORNING).code == "ST001"
    assert places.verify() == []


def test_the_worker_takes_it_out_of_sale_there_and_then(places: Shop) -> None:
    assert [places.job("expire_lots", now) for now in (EVENING, NIGHT, LAST, MORNING, MORNING)] == [0, 1, 0, 1, 0]
    assert [places.level(warehouse=warehouse)["unavailable"] for warehouse in ("WH-01", "WH-02")] == [5, 5]


def test_documents_say_what_is_so_in_each_warehouse(places: Shop) -> None:
    """A lot as a whole is expired once no warehouse that has units sells it; staff of one warehouse see theirs."""

    def seen(now: str, **caller: Any) -> tuple[list[str], list[str], int]:
        with places.session(now=now, **caller) as c:
            found = c.execute("select body from api.get_inventory(1::smallint, %s)", [SKU]).fetchone()
            filters = '{"status": "expired"}'
            lots = c.execute("select body from api.list_batches(1::smallint, %s, '{}', null, 10)", [SKU]).fetchone()
            expired = c.execute("select body from api.list_batches(1::smallint, %s, %s, null, 10)", [SKU, filters]).fetchone()
        assert found
        assert lots
        assert expired
        one = [lot["status"] for lot in found[0]["batches"]]
        return one, [lot["status"] for lot in lots[0]["data"]], len(expired[0]["data"])

    assert seen(EVENING) == (["available", "available"], ["available"], 0)
    assert seen(NIGHT) == (["expired", "available"], ["available"], 0)
    assert seen(MORNING) == (["expired", "expired"], ["expired"], 1)
    assert seen(NIGHT, role="warehouse", warehouses=["WH-01"]) == (["expired"], ["expired"], 1)
    assert seen(NIGHT, role="warehouse", warehouses=["WH-02"]) == (["available"], ["available"], 0)
    with places.session("admin", NIGHT) as c:
        rows = c.execute("select warehouse_id, days_left, batch_status from bi.expiring_lots order by 1").fetchall()
    assert rows == [("WH-01", -1, "expired"), ("WH-02", 0, "available")]


@pytest.mark.parametrize("by", ["warehouse", "region"])
def test_a_zone_that_moves_brings_lots_out_of_sale_and_back(places: Shop, by: str) -> None:
    def move(name: str | None, now: str) -> None:
        moved = region_zone(places, name or CHICAGO, now) if by == "region" else zone(places, "WH-01", name, now)
        assert moved.code is None

    now = "2030-06-30T11:00:00Z"  # in Kiritimati it is the day after
    placed = places.order((SKU, 4), now=now)
    move(KIRITIMATI, now)
    assert places.level() == {"on_hand": 5, "committed": 4, "unavailable": 1, "shortfall": 4}
    assert places.level(warehouse="WH-02") == {"on_hand": 5, "available": 5}
    assert places.fulfill(placed, now=now).code == "ST013"
    move(None, now)
    assert places.level() == {"on_hand": 5, "available": 1, "committed": 4}
    assert places.fulfill(placed, now=now).code is None
    assert places.order((SKU, 6), now=LAST).code == "ST001"  # 1 in Chicago has expired
    assert places.order((SKU, 5), now=LAST).code is None
    reasons = places.rows("select distinct reason_code, note from stock.stock_movements where note like 'lot%%' order by 1")
    assert [(row["reason_code"], row["note"]) for row in reasons] == [
        ("correction", "lot is available"), ("expired", "lot is expired"),
    ]  # fmt: skip
    assert places.verify() == []


def test_a_warehouse_with_a_zone_of_its_own_does_not_follow_the_region(places: Shop) -> None:
    region_zone(places, KIRITIMATI, "2030-06-30T11:00:00Z")
    assert [places.level(warehouse=w).get("available") for w in ("WH-01", "WH-02")] == [None, 5]
    zone(places, "WH-02", None, "2030-06-30T11:00:00Z")
    assert places.level(warehouse="WH-02") == {"on_hand": 5, "unavailable": 5}


def test_the_worker_finds_zones_that_moved_behind_its_back(places: Shop) -> None:
    """By SQL, or with another edition of the time zone database."""
    now = "2030-06-30T11:00:00Z"
    for name, units in ((KIRITIMATI, "unavailable"), (CHICAGO, "available"), (KIRITIMATI, "unavailable")):
        places.connection.execute("update catalog.regions set time_zone = %s", [name])
        assert places.job("expire_lots", now) == 1
        assert places.level() == {"on_hand": 5, units: 5}
    assert places.job("expire_lots", now) == 0


def test_where_midnight_comes_twice_the_day_begins_with_the_first(shop: Shop) -> None:
    """Havana, 2026-11-01: at 01:00 the clocks go back to 00:00. What is of a day by its date is of it by its limits."""
    for name, day in (("America/Havana", "2026-11-01"), ("Africa/Cairo", "2026-04-24"), ("America/Chicago", "2026-11-01")):
        [row] = shop.rows(
            "select bool_and((timezone(z, m)::date = d) = (m >= app.day_begins_at(d, z) and m < app.day_begins_at(d + 1, z)))"
            "         as same"
            "  from (select %s::text as z, %s::date as d) p,"
            "       generate_series(d::timestamptz - interval '2 days', d::timestamptz + interval '3 days',"
            "                       interval '10 minutes') m",
            name,
            day,
        )
        assert row["same"], name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("america/chicago", "America/Chicago"), ("Chicago", "America/Chicago"), ("America/Chicgo", "America/Chicago"),
        ("los angeles", "America/Los_Angeles"), ("Europe/Berlinn", "Europe/Berlin"), ("UTC+3", ""), ("EST5EDT", ""), ("Foo3", ""),
        ("", ""), ("posix/Europe/Berlin", ""), ("Mars/Olympus_Mons", ""),
    ],
)  # fmt: skip
def test_a_zone_that_does_not_exist_is_refused_with_the_one_that_was_meant(shop: Shop, name: str, meant: str) -> None:
    for found in (zone(shop, "WH-01", name), region_zone(shop, name)):
        assert (found.code, found.body["errors"][0]["pointer"]) == ("VA001", "/time_zone")
        assert not meant or f"Did you mean {meant}?" in found.body["detail"]


@pytest.mark.parametrize("table", ["regions", "warehouses"])
@pytest.mark.parametrize("name", ["Foo3", "Foo/Bar3", "EST", "Mars/Olympus_Mons", "", "America/Chicago "])
def test_the_tables_take_no_unknown_zone(shop: Shop, table: str, name: str) -> None:
    with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.InvalidParameterValue)), shop.connection.transaction():
        shop.connection.execute(f"update catalog.{table} set time_zone = %s".encode(), [name])


def test_a_lot_is_announced_by_the_days_of_its_warehouse(places: Shop) -> None:
    places.send("save_regions", {"region_id": "1", "expiry_notice_days": 2})
    announced = [places.job("announce_expiring_lots", f"2030-06-28T0{hour}:30:00Z") for hour in (4, 5, 6, 7)]
    assert announced == [0, 1, 0, 1]
    found = places.rows(
        "select data ->> 'warehouse_location' as w, data ->> 'days_left' as n from events.outbox where type = 'lot.expiring'"
    )
    assert [(row["w"], row["n"]) for row in found] == [("WH-01", "2"), ("WH-02", "2")]


def test_a_region_is_changed_by_version_with_audit(shop: Shop) -> None:
    element = {
        "region_id": "1",
        "name": "North",
        "time_zone": CHICAGO,
        "if_match": "1",
        "meta": {"actor": "Ada", "request_id": "r"},
    }
    [changed] = shop.send("save_regions", element)
    assert (changed.body["name"], changed.body["time_zone"], changed.body["version"]) == ("North", CHICAGO, 2)
    assert shop.send("save_regions", element)[0].code == "ST009"
    assert shop.send("save_regions", {"region_id": "7", "name": "x"})[0].code == "SK001"
    [row] = shop.audit("catalog.regions", "1")
    assert (row["action"], row["actor"], row["new"]["time_zone"]) == ("update", "Ada", CHICAGO)


def test_others_than_admins_see_their_own_region(shop: Shop) -> None:
    shop.connection.execute("insert into catalog.regions (region_id, name) values (2, 'Other')")
    for role, seen in (("admin", [1, 2]), ("warehouse", [1]), ("sales", [1]), ("integration", [1])):
        with shop.session(role) as c:
            [(body,)] = c.execute("select body from api.list_regions('{}', null, 10)").fetchall()
        assert [region["region_id"] for region in body["data"]] == seen, role


def at(now: str, send: Callable[[psycopg.Connection[Any]], Result]) -> Callable[[psycopg.Connection[Any]], Result]:
    def run(connection: psycopg.Connection[Any]) -> Result:
        connection.execute("select set_config('scoville.now', %s, true)", [now])
        return send(connection)

    return run


@pytest.mark.commits
def test_a_level_that_is_made_while_the_zone_moves_follows_it(shop: Shop, pool: ThreadPoolExecutor) -> None:
    now = "2030-06-30T11:00:00Z"
    for nth, name in enumerate((KIRITIMATI, "UTC")):
        goods = receipt(5, f"SAUCE-{nth + 1}", expiration_date=EARLY)
        place = {"warehouse_id": "WH-01", "time_zone": name}
        race(shop, pool, at(now, sender(shop, "receive_stock", goods)), at(now, sender(shop, "save_warehouses", place)))
        for level in shop.rows("select available, unavailable from stock.stock_levels"):
            assert (level["unavailable"] if name == KIRITIMATI else level["available"]) == 5


# Receipts of earlier days

NOW = "2026-07-15T18:00:00Z"


def came(shop: Shop, role: str = "warehouse", **rest: Any) -> Result:
    return shop.send("receive_stock", receipt(5, batch_number="B-2", **rest), now=NOW, role=role, warehouses=["WH-01"])[0]


def test_goods_came_when_the_receipt_says(places: Shop) -> None:
    for rest, moment in (
        ({"received_on": "2026-07-12"}, "2026-07-12T05:00:00.000Z"),
        ({"received_on": "2026-07-15"}, "2026-07-15T18:00:00.000Z"),
        ({"occurred_at": "2026-07-14T09:30:00+02:00"}, "2026-07-14T07:30:00.000Z"),
        ({"occurred_at": "2026-07-15T18:04:00Z"}, "2026-07-15T18:00:00.000Z"),
        ({"received_on": None}, "2026-07-15T18:00:00.000Z"),
    ):
        answer = came(places, **rest)
        assert (answer.code, answer.body["occurred_at"]) == (None, moment), rest
        [row] = places.rows(
            "select app.rfc3339(occurred_at) as at, app.rfc3339(recorded_at) as known from stock.stock_movements"
            " order by movement_id desc limit 1"
        )
        assert (row["at"], row["known"]) == (moment, "2026-07-15T18:00:00.000Z")


@pytest.mark.parametrize(
    ("rest", "role", "pointer"),
    [
        ({"received_on": "2026-07-16"}, "admin", "/received_on"),
        ({"occurred_at": "2026-07-15T18:06:00Z"}, "admin", "/occurred_at"),
        ({"received_on": "2023-07-14"}, "warehouse", "/received_on"),
        ({"received_on": "2023-07-15"}, "warehouse", None),
        ({"occurred_at": "2023-07-14T00:00:00Z"}, "warehouse", "/occurred_at"),
        ({"received_on": "2023-07-14"}, "admin", None),
        ({"received_on": "2015-01-01"}, "admin", None),
        ({"received_on": "2014-12-31"}, "admin", "/received_on"),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, "admin", "/occurred_at"),
        ({"received_on": "2026-07-14", "occurred_at": "2026-07-14T00:00:00Z"}, "admin", "/received_on"),
    ],
)
def test_goods_came_neither_in_the_future_nor_in_closed_months(
    places: Shop, rest: dict[str, str], role: str, pointer: str | None
) -> None:
    answer = came(places, role, **rest)
    assert (answer.code, (answer.body.get("errors") or [{"pointer": None}])[0]["pointer"]) == (
        "VA001" if pointer else None,
        pointer,
    )


def test_a_day_that_has_begun_only_elsewhere_is_in_the_future(shop: Shop) -> None:
    """18:00Z: the 16th in Kiritimati."""
    assert came(shop, received_on="2026-07-16").code == "VA001"
    zone(shop, "WH-01", KIRITIMATI)
    assert came(shop, received_on="2026-07-16").code is None


# Orders of earlier days


@pytest.mark.parametrize(
    ("created_at", "role", "code"),
    [
        ("0001-01-01T00:00:00Z", "integration", "VA001"),
        ("2023-07-14T23:59:59Z", "integration", "VA001"),
        ("2023-07-15T00:00:00Z", "integration", None),
        ("2023-07-14T23:59:59Z", "sales", "VA001"),
        ("2023-07-14T23:59:59Z", "admin", None),
        ("2014-12-31T23:59:59Z", "admin", "VA001"),
    ],
)
def test_an_order_is_not_placed_in_closed_months(shop: Shop, created_at: str, role: str, code: str | None) -> None:
    shop.receive(5, now=NOW)
    order = {"channel": "web", "items": [{"sku_id": SKU, "quantity": 1}], "created_at": created_at}
    [placed] = shop.send("place_orders", order, role=role, channels=["web"], now=NOW)
    assert placed.code == code
    historic = order | {"historic": True, "customer": {"name": "J"}}
    if role == "admin":
        assert shop.send("place_orders", historic, now=NOW)[0].code == code
    if code:
        assert placed.body["errors"][0]["pointer"] == "/created_at"


def test_an_admin_closes_the_books(shop: Shop) -> None:
    shop.receive(5, now=NOW)
    shop.send("save_regions", {"region_id": "1", "backdating_days_max": 14})
    for day, code in (("2026-06-30T23:59:59Z", "VA001"), ("2026-07-01T00:00:00Z", None)):
        order = {"channel": "web", "items": [{"sku_id": SKU, "quantity": 1}], "created_at": day}
        assert shop.send("place_orders", order, role="sales", channels=["web"], now=NOW)[0].code == code
        assert came(shop, received_on=day[:10]).code == code
