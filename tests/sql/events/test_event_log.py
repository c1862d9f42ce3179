"""The event log: its content, its order, its readers, and the life of a position in it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from psycopg.types.numeric import Int2

from tests.event_log import do_everything, happened, page, place, read, sequence, types
from tests.world import REGION, SKU, Shop, adjustment, receipt

pytestmark = pytest.mark.commits


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Without its own events: each test starts with an empty log."""
    shop.connection.execute("delete from events.outbox")
    return shop


# The events of a posting


def test_an_event_holds_the_level_as_the_snapshot_shows_it(shop: Shop) -> None:
    shop.receive(10)
    happened(shop)
    with shop.session("admin", sub="ann", request_id="r-1") as connection:
        shop.run(connection, "adjust_stock", adjustment(-3) | {"meta": {"actor": "ann", "request_id": "r-1"}})
    [event] = happened(shop)
    epoch, _, last = place(shop)
    assert event["id"] == f"{epoch}:{last}"
    assert event["source"] == "/scoville/regions/1"
    assert event["subject"] == f"stock/WH-01/{SKU}"
    assert (event["specversion"], event["type"], event["version"]) == ("1.0", "stock.adjusted", 2)
    assert (event["actor"], event["requestid"], event["region"], event["seq"]) == ("ann", "r-1", 1, last)
    data = event["data"]
    assert data["old"] == {
        "stock": 10,
        "available": 10,
        "reserved": 0,
        "committed": 0,
        "unavailable": 0,
        "safety_stock": 0,
        "incoming": 0,
        "shortfall": 0,
    }
    assert data["reason_codes"] == ["correction"]
    with shop.session("admin") as connection:
        rows = connection.execute(
            "select body, epoch, seq from api.snapshot_levels(%s, %s)", [Int2(REGION), Jsonb({})]
        ).fetchall()
    assert rows == [([data["new"]], epoch, last)]


THRESHOLDS: list[tuple[int, list[int], list[str]]] = [  # available before, the adjustments of one posting; reorder point 3
    (10, [-6], []),
    (10, [-7], ["stock.low"]),
    (10, [-9], ["stock.low"]),
    (10, [-10], ["stock.out"]),  # out takes precedence over low
    (3, [-1], []),  # was low already
    (3, [-3], ["stock.out"]),
    (0, [1], ["stock.back_in"]),
    (0, [9], ["stock.back_in"]),
    (3, [1], []),
    (10, [-4, -3], ["stock.low"]),  # neither alone would have crossed
    (10, [-10, 10], []),  # out and back in within one posting: invisible to readers
    (10, [-10, 2], ["stock.low"]),
    (10, [-8, 7], []),
    (2, [5, -7], ["stock.out"]),
    (0, [5, -5], []),
    (0, [5, -2], ["stock.back_in"]),
]


def test_thresholds_compare_before_and_after_a_posting(shop: Shop) -> None:
    cases = {f"T-{nth:02}": case for nth, case in enumerate(THRESHOLDS)}
    shop.send("save_skus", *({"sku_id": sku_id, "name": sku_id, "price": 1, "reorder_point": 3} for sku_id in cases))
    shop.send("receive_stock", *(receipt(10, sku_id) for sku_id in cases))
    shop.send("adjust_stock", *(adjustment(before - 10, sku_id) for sku_id, (before, _, _) in cases.items() if before < 10))
    happened(shop)
    answers = shop.send(
        "adjust_stock", *(adjustment(delta, sku_id) for sku_id, (_, deltas, _) in cases.items() for delta in deltas)
    )
    assert {answer.code for answer in answers} == {None}
    found: dict[str, list[str]] = {sku_id: [] for sku_id in cases}
    for event in happened(shop):
        if event["subject"] == f"stock/{event['data']['sku_id']}":  # channels: test_stock_events.py
            found[event["data"]["sku_id"]].append(event["type"])
    assert found == {sku_id: expected for sku_id, (_, _, expected) in cases.items()}


def test_everything_that_happens_has_its_complete_event(shop: Shop) -> None:
    do_everything(shop)
    events = happened(shop)
    rows = shop.connection.execute("select type from events.event_types where about <> 'webhook'").fetchall()
    known = {type_ for (type_,) in rows}
    assert set(types(events)) == known
    for event in events:
        assert event["version"] == event["data"]["version"], event
        assert event["actor"], event
        assert "jane@example.com" not in str(event)
    for subject in {event["subject"] for event in events}:
        versions = [event["version"] for event in events if event["subject"] == subject]
        assert versions == sorted(versions), subject
    old = {event["type"]: event["data"]["old"] for event in events if "old" in event["data"]}
    assert old["order.canceled"] == {
        "status": "processing", "fulfillment_status": "unfulfilled", "total_price": 50, "unpaid_until": None,
        "version": 4}  # fmt: skip
    assert old["order.fulfilled"] == {"status": "processing", "fulfillment_status": "unfulfilled", "version": 2}
    line = {"sku_id": SKU, "quantity": 12, "price": 10, "amount": None, "address": None, "fulfilled": 0, "canceled": 0}
    line["components"] = []
    assert old["order.modified"]["items"] == [line]
    assert old["lot.status_changed"] == {"status": "available"}
    assert old["lot.changed"]["manufactured_on"] is None
    assert set(old) >= {type_ for type_ in known if type_.startswith("stock.")}


def test_the_levels_can_be_rebuilt_from_their_events(shop: Shop) -> None:
    do_everything(shop)
    shop.send("receive_stock", receipt(7, "SAUCE-2"), receipt(3, "SAUCE-3", warehouse_location="WH-02"))
    assert shop.send("set_safety_stock", {"sku_id": "SAUCE-2", "warehouse_location": "WH-01", "safety_stock": 2})[0].code is None
    states: dict[str, dict[str, Any]] = {}
    for event in happened(shop):
        if "stock" in event["data"].get("new", {}):
            before = states.get(event["subject"])
            old = {name: event["data"]["old"][name] for name in event["data"]["old"]}
            if before is not None and before["version"] < event["version"]:
                assert {name: before[name] for name in old} == old, event
            states[event["subject"]] = event["data"]["new"]
    with shop.session("admin") as connection:
        [(levels,)] = connection.execute("select body from api.snapshot_levels(%s, '{}')", [Int2(REGION)]).fetchall()
    moved = [level for level in levels if level["version"]]  # the others were created empty, for orders that wait
    assert {f"stock/{level['warehouse_location']}/{level['sku_id']}": level for level in moved} == states


# Reading


def test_a_place_is_gone_on_from_and_the_page_says_how_far(shop: Shop) -> None:
    shop.send("receive_stock", *(receipt(1, sku_id) for sku_id in ("SAUCE-1", "SAUCE-2", "SAUCE-3")))
    sequence(shop)
    epoch, _, last = place(shop)
    first = page(shop, "admin", limit=last - 1)
    assert [event["seq"] for event in first["data"]] == list(range(1, last))
    assert first["next"] == f"{epoch}:{last - 1}"
    assert first["last"] == f"{epoch}:{last}"
    second = page(shop, "admin", first["next"])
    assert [event["seq"] for event in second["data"]] == [last]
    assert second["next"] == second["last"] == first["last"]
    third = page(shop, "admin", second["next"])
    assert (third["data"], third["next"]) == ([], second["next"])


def test_a_page_with_nothing_for_the_caller_still_gets_on(shop: Shop) -> None:
    shop.receive(1)
    sequence(shop)
    answer = page(shop, "warehouse", warehouses=["WH-03"])
    assert (answer["data"], answer["next"]) == ([], answer["last"])


def test_a_place_that_is_gone_is_answered_by_where_to_begin(shop: Shop) -> None:
    shop.send("receive_stock", *(receipt(1, sku_id) for sku_id in ("SAUCE-1", "SAUCE-2", "SAUCE-3")))
    sequence(shop)
    shop.connection.execute("update events.stream set first_seq = last_seq")
    epoch, first, last = place(shop)
    assert first > 2
    for after, says in (
        (f"other:{last}", "restored"),
        (f"{epoch}:{last + 1}", "restored"),
        (f"{epoch}:{first - 2}", "no longer kept"),
    ):
        with pytest.raises(psycopg.Error) as caught:
            page(shop, "admin", after)
        assert caught.value.sqlstate == "LG001"
        detail = str(caught.value.diag.message_detail)
        assert says in detail
        assert f'"first": "{epoch}:{first - 1}"' in detail
        assert f'"last": "{epoch}:{last}"' in detail
    assert page(shop, "admin", f"{epoch}:{first - 1}")["next"] == f"{epoch}:{last}"


def test_what_is_no_place_is_refused(shop: Shop) -> None:
    for after in ("", "12", ":", "abc:", ":5", "abc:-1", "abc:1:2", "ABC:1", "abc:1 ", "abc:1\n", "abc:9999999999999999999"):
        with pytest.raises(psycopg.Error) as caught:
            page(shop, "admin", after)
        assert caught.value.sqlstate == "VA001", after


def test_filters_choose_types_and_a_subject(shop: Shop) -> None:
    shop.send("receive_stock", receipt(1), receipt(1, "SAUCE-2"))
    shop.adjust(-1)
    sequence(shop)
    assert set(types(page(shop, "admin", filters={"types": "stock.out,stock.low"})["data"])) == {"stock.out"}
    assert {e["subject"] for e in page(shop, "admin", filters={"subject": "stock/WH-01/SAUCE-2"})["data"]} == {
        "stock/WH-01/SAUCE-2"
    }
    with pytest.raises(psycopg.Error) as caught:
        page(shop, "admin", filters={"types": "stock.out,stock.gone"})
    assert caught.value.sqlstate == "VA001"


def test_a_region_reads_its_own_events_and_those_of_the_catalog(shop: Shop) -> None:
    shop.receive(1)
    for region in (0, 2):
        shop.connection.execute("insert into catalog.regions values (2, 'Other') on conflict do nothing")
        shop.connection.execute(
            "insert into events.outbox (region_id, type, audience, subject, version, data, actor, occurred_at)"
            " values (%s, 'sku.changed', 'everybody', 's', 1, '{}', 'a', now())",
            [region],
        )
    sequence(shop)
    assert {event["region"] for event in page(shop, "admin")["data"]} == {0, 1}
    assert {event["region"] for event in read(shop)} == {0, 1, 2}


# Snapshots


def test_a_snapshot_comes_in_portions_of_one_moment(shop: Shop) -> None:
    shop.connection.execute("insert into catalog.skus (sku_id, name) select 'N-' || n, 'N' from generate_series(1, 1100) n")
    shop.connection.execute(
        "insert into stock.stock_levels (region_id, warehouse_id, sku_id) select 1, 'WH-02', sku_id from catalog.skus"
    )
    with shop.session("admin") as connection:
        rows = connection.execute("select body, epoch, seq from api.snapshot_levels(1::smallint, '{}')").fetchall()
        some = connection.execute(
            "select body from api.snapshot_levels(1::smallint, %s)", [Jsonb({"skus": ["N-7", SKU], "warehouses": ["WH-02"]})]
        ).fetchall()
        none = connection.execute(
            "select body, seq from api.snapshot_levels(1::smallint, %s)", [Jsonb({"skus": ["?"]})]
        ).fetchall()
    assert [len(body) for body, _, _ in rows] == [1000, 104]
    assert len({(epoch, seq) for _, epoch, seq in rows}) == 1
    assert [level["sku_id"] for level in some[0][0]] == ["N-7", SKU]
    assert none == [([], 0)]


def test_an_integration_sees_of_a_snapshot_what_is_available(shop: Shop) -> None:
    shop.receive(5)
    shop.order((SKU, 2))
    with shop.session("integration", channels=["web"]) as connection:
        [[body]] = connection.execute("select body from api.snapshot_levels(1::smallint, '{}')").fetchall()
    assert [set(level) for level in body] == [{"sku_id", "warehouse_location", "stock", "available", "version", "updated_at"}]
    assert (body[0]["stock"], body[0]["available"]) == (3, 3)


def test_every_type_that_the_code_emits_is_known(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("""
        select distinct m[1]
          from pg_proc p, regexp_matches(p.prosrc, '''((?:stock|reservation|order|lot|sku)\\.[a-z_]+)''', 'g') m
         where p.pronamespace::regnamespace::text in ('stock', 'orders', 'events', 'api', 'jobs', 'catalog')
           and to_regclass(m[1]) is null""")
    found = {type_ for (type_,) in rows}
    known = connection.execute("select type from events.event_types").fetchall()
    assert "order.placed" in found
    assert found <= {type_ for (type_,) in known}


def test_the_outbox_refuses_a_type_that_is_not_known(shop: Shop) -> None:
    def emit(type_: str) -> None:
        shop.connection.execute("select events.emit(1::smallint, %s, 's', null, '{}', 1, '{}', 'a', null)", [type_])

    emit("stock.out")
    with pytest.raises(psycopg.errors.NotNullViolation, match="audience"):
        emit("stock.gone")


# The chain


def faults(shop: Shop) -> list[tuple[str, int]]:
    with shop.session("admin") as connection:
        return [(fault, seq) for fault, seq in connection.execute("select fault, seq from events.verify_chain()")]


PLANTED: dict[str, tuple[str, tuple[str, int]]] = {
    "a word altered": ("update events.event_log set actor = 'nobody' where seq = 4", ("altered", 4)),
    "a number altered": ("update events.event_log set data = jsonb_set(data, '{new,stock}', '7') where seq = 4", ("altered", 4)),
    "a moment altered": ("update events.event_log set occurred_at = occurred_at - interval '1 us' where seq = 4", ("altered", 4)),
    "a hash altered": ("update events.event_log set hash = sha256('') where seq = 4", ("altered", 4)),
    "a row removed": ("delete from events.event_log where seq = 4", ("removed", 4)),
    "the first removed": ("delete from events.event_log where seq = 1", ("removed", 1)),
    "the last removed": ("delete from events.event_log where seq = 8", ("removed", 8)),
    "the end removed": ("delete from events.event_log where seq > 5", ("removed", 6)),
    "all removed": ("delete from events.event_log", ("removed", 1)),
    "removed and closed up": (
        "delete from events.event_log where seq = 4; update events.event_log set seq = seq - 1 where seq > 4;"
        "update events.stream set last_seq = 7",
        ("altered", 4),
    ),
    "rows swapped": (
        "update events.event_log set seq = -seq where seq in (4, 7); update events.event_log set seq = 11 + seq where seq < 0",
        ("reordered", 4),
    ),
    "another audience": ("update events.event_log set audience = 'everybody' where seq = 6", ("altered", 6)),
    "neighbors swapped": (
        "update events.event_log set seq = -seq where seq in (4, 5); update events.event_log set seq = 9 + seq where seq < 0",
        ("reordered", 4),
    ),
    "contents swapped": (  # of one posting, so that all other fields are equal
        "update events.event_log e set (sku_id, subject, data) = (select o.sku_id, o.subject, o.data"
        " from events.event_log o where o.seq = 8 - e.seq) where seq in (3, 5)",
        ("reordered", 3),
    ),
    "a row added": (
        "insert into events.event_log select region_id, 9, epoch, recorded_at, type, audience, subject, sku_id, warehouse_ids,"
        " channel_id, version, data, actor, request_id, occurred_at, hash from events.event_log where seq = 8",
        ("added", 9),
    ),
    "a row doubled": (
        "insert into events.event_log select region_id, seq, epoch, recorded_at + interval '1 s', type, audience, subject,"
        " sku_id, warehouse_ids, channel_id, version, data, actor, request_id, occurred_at, hash from events.event_log"
        " where seq = 4",
        ("added", 4),
    ),
    "another end": ("update events.stream set last_hash = sha256('')", ("altered", 8)),
    "another beginning": ("update events.stream set anchor_hash = sha256('')", ("altered", 1)),
}


def test_the_chain_shows_the_first_event_that_was_altered_removed_or_put_elsewhere(shop: Shop) -> None:
    shop.send("receive_stock", *(receipt(5, f"SAUCE-{nth}") for nth in (1, 2, 3)))
    sequence(shop)
    shop.connection.execute("delete from events.event_log")
    shop.connection.execute("update events.stream set last_seq = 0, last_hash = anchor_hash")
    for numbers in ((2,), (2,), (1, 2, 3), (1, 2, 3)):
        shop.send("adjust_stock", *(adjustment(-1, f"SAUCE-{nth}") for nth in numbers))
    assert sequence(shop) == 8
    assert faults(shop) == []
    found = {}
    for name, (statements, _) in PLANTED.items():
        with shop.connection.transaction(force_rollback=True):
            for statement in statements.split(";"):
                shop.connection.execute(statement)
            shop.connection.execute("set local role admin")
            row = shop.connection.execute("select fault, seq from events.verify_chain()").fetchone()
            found[name] = row
    assert found == {name: expected for name, (_, expected) in PLANTED.items()}
    assert faults(shop) == []


# Retention


def let_go(shop: Shop, now: str) -> int:
    with shop.session("scoville_worker", now) as connection:
        row = connection.execute("select jobs.drop_old_events()").fetchone()
    assert row
    return int(row[0])


def partitions(shop: Shop) -> list[str]:
    rows = shop.rows(
        "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events.event_log'::regclass order by 1"
    )
    return [row["name"].removeprefix("events.event_log_") for row in rows]


def kept(shop: Shop) -> list[int]:
    return [row["seq"] for row in shop.rows("select seq from events.event_log order by seq")]


def make_partitions(shop: Shop, now: str) -> None:
    """Makes the partitions of all tables; the job handles one table per call."""
    made = None
    while made != (0,):
        with shop.session("scoville_worker", now) as connection:
            made = connection.execute("select jobs.make_partitions()").fetchone()


def test_who_reads_one_table_for_long_keeps_only_its_own_partitions_from_being_made(shop: Shop) -> None:
    """The job releases a table that has its partition before it waits for the next table."""
    now = "2071-01-01T00:00:00Z"
    with shop.session("admin") as reader:
        reader.execute("select count(*) from stock.stock_movements")
        for parent in ("audit_log", "event_log"):
            with shop.session("scoville_worker", now) as connection:
                assert connection.execute("select jobs.make_partitions()").fetchone() == (4,)
                locked = shop.rows(
                    "select distinct coalesce(inhparent::regclass, relation::regclass)::text as name from pg_locks"
                    " left join pg_inherits on inhrelid = relation where mode = 'AccessExclusiveLock'"
                    " and relation::regclass::text ~ '^(audit|events|stock)[.]' order by 1"
                )
                assert [row["name"].split(".")[1] for row in locked] == [parent]
        with pytest.raises(psycopg.errors.LockNotAvailable), shop.session("scoville_worker", now) as connection:
            connection.execute("select jobs.make_partitions()")
    make_partitions(shop, now)
    months = shop.rows("select count(*) from pg_class where relname ~ '_y2071m0' and relkind = 'r'")
    assert [row["count"] for row in months] == [12]


def test_events_go_by_whole_months_once_nobody_can_still_be_reading_them(shop: Shop) -> None:
    shop.connection.execute("update events.stream set retention_months = 2")
    for month in ("2071-01", "2071-02", "2071-03", "2071-04"):
        if month != "2071-01":  # a month without its own partition: its events are in the default one
            make_partitions(shop, f"{month}-01T00:00:00Z")
        shop.receive(1, now=f"{month}-15T00:00:00Z")
        sequence(shop, now=f"{month}-15T00:00:00Z")
    last = place(shop)[2]
    assert kept(shop) == list(range(1, last + 1))
    assert {"y2071m02", "y2071m03", "y2071m04"} <= set(partitions(shop))

    assert let_go(shop, "2071-04-30T23:58:00Z") > 0  # empty partitions of the past
    assert place(shop)[1] == 1
    assert let_go(shop, "2071-04-30T23:59:00Z") == 0  # January is older than two whole months, February is not
    first = place(shop)[1]
    assert read(shop, first - 1, 1)[0]["time"] == "2071-02-15T00:00:00.000Z"
    assert kept(shop) == list(range(1, last + 1))  # announced first, dropped later
    let_go(shop, "2071-04-30T23:59:30Z")
    assert kept(shop) == list(range(1, last + 1))
    let_go(shop, "2071-05-01T00:01:00Z")
    assert kept(shop) == list(range(first, last + 1))
    assert faults(shop) == []

    let_go(shop, "2071-05-01T00:01:01Z")
    assert let_go(shop, "2071-05-01T00:03:00Z") >= 1
    assert "y2071m02" not in partitions(shop)
    assert "y2071m03" in partitions(shop)
    assert [event["time"][:7] for event in read(shop)] == ["2071-03", "2071-04"]
    assert faults(shop) == []
    with pytest.raises(psycopg.Error) as caught:
        page(shop, "admin", f"{place(shop)[0]}:{first - 1}")
    assert caught.value.sqlstate == "LG001"

    for minute in ("00", "02", "04"):
        let_go(shop, f"2080-01-01T00:{minute}:00Z")
    assert kept(shop) == []
    assert place(shop)[1:] == (last + 1, last)
    assert faults(shop) == []
    shop.adjust(-1)
    assert sequence(shop) > 0
    assert kept(shop) == list(range(last + 1, place(shop)[2] + 1))
    assert faults(shop) == []


def test_an_event_recorded_while_the_clock_was_wrong_leaves_no_gap_behind(shop: Shop) -> None:
    shop.connection.execute("update events.stream set retention_months = 1")
    make_partitions(shop, "2071-01-01T00:00:00Z")
    for moment in ("2071-01-31T23:59:00Z", "2071-02-01T00:00:01Z", "2071-01-31T23:59:59Z", "2071-03-01T00:00:00Z"):
        shop.adjust(1) if kept(shop) else shop.receive(1)
        sequence(shop, now=moment)
    first_of_february = next(
        row["seq"] for row in shop.rows("select min(seq) as seq from events.event_log where recorded_at >= '2071-02-01Z'")
    )
    for minute in ("00", "02", "04"):
        let_go(shop, f"2071-03-02T00:{minute}:00Z")
    assert place(shop)[1] == first_of_february
    assert "y2071m01" in partitions(shop)  # it still contains an event that follows a retained one
    assert faults(shop) == []


# Lots that will expire


def test_a_batch_is_announced_once_for_each_warehouse_when_its_last_day_comes_near(shop: Shop) -> None:
    near = {"batch_number": "NEAR", "expiration_date": "2030-06-30"}
    shop.send(
        "receive_stock",
        receipt(5, **near),
        receipt(2, **near, warehouse_location="WH-02"),
        receipt(5, batch_number="FAR", expiration_date="2030-07-01"),
        receipt(5, batch_number="NEVER"),
        now="2030-01-01T00:00:00Z",
    )
    shop.adjust(-2, batch_number="NEAR", warehouse_location="WH-02")
    happened(shop)
    assert shop.job("announce_expiring_lots", "2030-05-30T23:59:59Z") == 0
    assert shop.job("announce_expiring_lots", "2030-05-31T00:00:00Z") == 1
    [event] = happened(shop)
    assert (event["type"], event["subject"]) == ("lot.expiring", f"lots/{SKU}/NEAR")
    assert event["data"] == {
        "sku_id": SKU,
        "warehouse_location": "WH-01",
        "batch_number": "NEAR",
        "expiration_date": "2030-06-30",
        "days_left": 30,
        "batch_stock": 5,
        "version": event["version"],
    }
    assert shop.job("announce_expiring_lots", "2030-05-31T00:00:00Z") == 0
    shop.receive(3, **near, warehouse_location="WH-02", now="2030-06-01T00:00:00Z")
    assert shop.job("announce_expiring_lots", "2030-06-01T00:00:00Z") == 2  # WH-02 now has units, and FAR is near as well
    shop.connection.execute("update catalog.regions set expiry_notice_days = 0")
    shop.receive(1, batch_number="LAST-DAY", expiration_date="2030-06-02", now="2030-06-01T00:00:00Z")
    assert shop.job("announce_expiring_lots", "2030-06-01T00:00:00Z") == 0
    assert shop.job("announce_expiring_lots", "2030-06-02T00:00:00Z") == 1
    assert shop.job("announce_expiring_lots", "2030-06-03T00:00:00Z") == 0
    sequence(shop)
    seen = page(shop, "warehouse", warehouses=["WH-02"], filters={"types": "lot.expiring"})["data"]
    assert [event["data"]["warehouse_location"] for event in seen] == ["WH-02"]
