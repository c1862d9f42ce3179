"""Catalog rows: created once, replaced and changed by version, retired; with audit and event. Also concurrently."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.races import SESSIONS, race, sender, weaken
from tests.world import OTHER_SKU, SKU, Result, Shop, codes, receipt

# Per command: the key, and a row with all members.
NOUNS: dict[str, tuple[str, dict[str, Any]]] = {
    "save_skus": (
        "sku_id",
        {
            "name": "New",
            "description": "Hot",
            "size_ml": 150,
            "flavor_profile": ["smoky"],
            "price": 9.99,
            "currency": "EUR",
            "reorder_point": 3,
            "attributes": {"vegan": True},
            "components": [],
            "active": False,
        },
    ),
    "save_warehouses": (
        "warehouse_id",
        {"name": "New", "region_id": 1, "time_zone": "Europe/Berlin", "scan_required": True, "active": False},
    ),
    "save_channels": (
        "channel_id",
        {
            "name": "New",
            "kind": "pos",
            "pricing": "channel",
            "hold_share_max": 40,
            "unpaid_minutes": 90,
            "region_id": 1,
            "warehouses": ["WH-02", "WH-01"],
            "sale_rules": [{"sku_id": None, "mode": "backorder", "units_max": 9, "priority": -1, "ships_on": None}],
            "freshness_rules": [
                {
                    "customer_group": "export",
                    "category": "hot",
                    "sku_id": None,
                    "min_days": None,
                    "min_percent": 50,
                    "transit_days": 3,
                }
            ],
            "active": False,
        },
    ),
    "save_reason_codes": (
        "reason_code",
        {"description": "New", "direction": "out", "takes": "expired", "note_required": True, "active": False},
    ),
}
REQUIRED = {"save_skus": {"name": "New"}, "save_reason_codes": {"description": "New", "direction": "out"}}
MADE_BY_SYSTEM = {"version", "created_at", "updated_at"}


def new(command: str, **rest: Any) -> dict[str, Any]:
    """An element about the row `new`."""
    return {NOUNS[command][0]: "new", **rest}


def whole(command: str, **rest: Any) -> dict[str, Any]:
    return new(command, **NOUNS[command][1], **rest)


CODES = {"save_skus": SKU, "save_warehouses": "WH-01", "save_channels": "web"}


def test_a_code_that_differs_only_by_case_is_refused(shop: Shop) -> None:
    for command, code in CODES.items():
        noun = NOUNS[command][0]
        [near] = shop.send(command, {noun: code.swapcase(), **REQUIRED.get(command, {})})
        assert (near.code, near.body["errors"][0]["pointer"]) == ("SK004", f"/{noun}")
        assert code in near.body["detail"]
        assert sorted(map(str, codes(shop.send(command, {noun: "zz-1", "name": "x"}, {noun: "ZZ-1", "name": "x"})))) == [
            "None",
            "SK004",
        ]


def test_a_receipt_makes_no_code_that_differs_only_by_case(shop: Shop) -> None:
    answers = shop.send(
        "receive_stock",
        receipt(1, warehouse_location="wh-01"),
        receipt(1, SKU.lower(), name="x"),
        receipt(1, warehouse_location="NEW-1"),
        receipt(1, warehouse_location="new-1"),
        receipt(1, "sku-9", name="x"),
        receipt(1, "SKU-9", name="x"),
        receipt(1),
    )
    assert codes(answers) == ["SK004", "SK004", None, "SK004", None, "SK004", None]
    assert answers[0].body["errors"][0]["pointer"] == "/warehouse_location"
    assert shop.rows("select from catalog.warehouses where warehouse_id in ('wh-01', 'new-1')") == []


@pytest.mark.commits
@pytest.mark.parametrize("what", ["warehouse", "sku"])
def test_two_sessions_make_no_codes_that_differ_only_by_case(shop: Shop, pool: ThreadPoolExecutor, what: str) -> None:
    first, second = (
        receipt(1, warehouse_location=code) if what == "warehouse" else receipt(1, code, name="x") for code in ("N-1", "n-1")
    )
    answers = list(race(shop, pool, sender(shop, "receive_stock", first), sender(shop, "receive_stock", second)))
    assert codes(answers) == [None, "SK004"]


def save(shop: Shop, command: str, **rest: Any) -> Result:
    [answer] = shop.send(command, new(command, **rest))
    return answer


def make(shop: Shop, command: str) -> Result:
    made = save(shop, command, **NOUNS[command][1])
    assert made.code is None, made
    return made


def said(answer: Result) -> dict[str, Any]:
    """A document without the members that the system adds."""
    assert answer.code is None, answer
    return {name: value for name, value in answer.body.items() if name not in MADE_BY_SYSTEM}


def events(shop: Shop) -> list[dict[str, Any]]:
    return shop.rows("select * from events.outbox where type = 'sku.changed' order by outbox_id")


# Creating and changing


def test_what_is_made_says_all_that_was_said(shop: Shop) -> None:
    for command in NOUNS:
        made = make(shop, command)
        assert said(made) == whole(command)
        assert made.body["version"] == 1


def test_whether_something_was_made_or_changed_is_answered(shop: Shop) -> None:
    for command in NOUNS:
        elements = [whole(command), new(command), whole(command, mode="put", if_match="*"), new(command, mode="retire")]
        query = sql.SQL("select created from api.{}(%s) order by ordinal").format(sql.Identifier(command))
        with shop.session() as connection:
            assert connection.execute(query, [Jsonb(elements)]).fetchall() == [(True,), (False,), (False,), (False,)]


def test_a_save_changes_what_it_says_and_nothing_else(shop: Shop) -> None:
    for command in NOUNS:
        make(shop, command)
        changed = save(shop, command, active=True)
        assert said(changed) == {**whole(command), "active": True}
        assert changed.body["version"] == 2


def test_what_changes_nothing_leaves_version_and_audit_alone(shop: Shop) -> None:
    for command in NOUNS:
        made = make(shop, command)
        audited = len(shop.rows("select from audit.audit_log"))
        again = shop.send(command, whole(command), whole(command, mode="patch"), new(command, mode="retire"))
        assert [answer.body for answer in again] == [made.body] * 3
        assert len(shop.rows("select from audit.audit_log")) == audited
        assert len(events(shop)) == len(shop.rows("select from catalog.skus"))


def test_a_put_resets_what_it_leaves_out(shop: Shop) -> None:
    for command in NOUNS:
        make(shop, command)
        fresh = save(shop, command, **REQUIRED.get(command, {}), mode="put", if_match="1")
        [other] = shop.send(command, {**new(command), NOUNS[command][0]: "another", **REQUIRED.get(command, {}), "mode": "put"})
        ids = {NOUNS[command][0], "name"}
        assert {name: value for name, value in said(fresh).items() if name not in ids} == {
            name: value for name, value in said(other).items() if name not in ids
        }


def test_versions_guard_what_is_there(shop: Shop) -> None:
    for command in NOUNS:
        absent = save(shop, command, active=True, mode="patch")
        assert absent.code == ("ST010" if command == "save_skus" else "SK001")
        assert save(shop, command, mode="retire").code == absent.code
        assert save(shop, command, **REQUIRED.get(command, {}), mode="put", if_match="1").code == "ST009"
        assert save(shop, command, **NOUNS[command][1], mode="put", if_none_match="*").code is None
        assert save(shop, command, **NOUNS[command][1], mode="put", if_none_match="*").code == "SK002"
        assert save(shop, command, **NOUNS[command][1], mode="put").code == "SK003"
        for mode in ("put", "patch", "retire"):
            assert save(shop, command, **NOUNS[command][1], mode=mode, if_match="7").code == "ST009"
        for nth, mode in enumerate(("patch", "put"), 1):
            assert save(shop, command, **REQUIRED.get(command, {}), active=nth == 1, mode=mode, if_match=str(nth)).code is None
        assert said(save(shop, command, active=True, mode="patch", if_match="*"))["active"] is True


def test_what_is_retired_stays_and_comes_back(shop: Shop) -> None:
    for command in NOUNS:
        make(shop, command)
        save(shop, command, active=True)
        retired = save(shop, command, mode="retire")
        assert said(retired) == whole(command)
        assert save(shop, command, mode="retire").body == retired.body
        assert said(save(shop, command, active=True, mode="patch"))["active"] is True


def test_an_element_that_is_refused_harms_none_of_the_others(shop: Shop) -> None:
    for command in NOUNS:
        key = NOUNS[command][0]
        elements = [new(command, mode="patch"), whole(command), {**whole(command, mode="put"), key: "not a code"}, whole(command)]
        absent = "ST010" if command == "save_skus" else "SK001"
        assert codes(shop.send(command, *elements)) == [absent, None, "VA001", None]


def test_answers_come_in_the_order_of_the_elements(shop: Shop) -> None:
    for command in NOUNS:
        key = NOUNS[command][0]
        ids = ["c", "a", "b", "a"]
        answers = shop.send(command, *({**whole(command), key: id_, "active": nth == 3} for nth, id_ in enumerate(ids)))
        assert [answer.body[key] for answer in answers] == ids
        assert [answer.body["version"] for answer in answers] == [1, 1, 1, 2]


def test_the_audit_of_the_catalog_says_who_what_and_why(shop: Shop) -> None:
    for command in NOUNS:
        key, row = NOUNS[command]
        meta = {"actor": "Ada", "request_id": "r-1"}
        shop.send(command, new(command, **{**row, "active": True}, meta=meta))
        shop.send(command, new(command, mode="retire"), sub="Bob", request_id="r-2")
        made, retired = shop.audit(f"catalog.{command.removeprefix('save_')}", "new")
        assert (made["action"], made["actor"], made["request_id"], made["old"]) == ("insert", "Ada", "r-1", None)
        assert made["new"].items() >= {**row, "active": True, key: "new"}.items()
        assert (retired["action"], retired["actor"], retired["request_id"], retired["reason"]) == (
            "update",
            "Bob",
            "r-2",
            "retired",
        )
        assert (retired["old"]["active"], retired["new"]["active"]) == (True, False)
        assert retired["new"].keys() <= {"active", "version", "updated_at"}


def test_a_patch_of_attributes_changes_member_by_member(shop: Shop) -> None:
    shop.send("save_skus", {"sku_id": SKU, "attributes": {"a": 1, "b": {"c": 2, "d": 3}, "e": [1]}, "size_ml": 150})
    patch = {"a": None, "b": {"c": None, "x": {"y": None, "z": 1}}, "e": [2], "f": None}
    [patched] = shop.send("save_skus", {"sku_id": SKU, "attributes": patch, "size_ml": None, "mode": "patch"})
    assert patched.body["attributes"] == {"b": {"d": 3, "x": {"z": 1}}, "e": [2]}
    assert (patched.body["size_ml"], patched.body["price"]) == (None, 10)


def test_a_region_is_for_good_and_must_exist(shop: Shop) -> None:
    shop.connection.execute("insert into catalog.regions (region_id, name) values (2, 'Second')")
    for command, key in (("save_warehouses", "warehouse_id"), ("save_channels", "channel_id")):
        ids = {"warehouse_id": "WH-01", "channel_id": "web"}
        for element in (
            {key: ids[key], "region_id": 2},
            {key: "new", "name": "New", "region_id": 3},
            {key: "new", "name": "New", "region_id": 40000},
        ):
            [refused] = shop.send(command, element)
            assert (refused.code, refused.body["errors"][0]["pointer"]) == ("VA001", "/region_id")
        [made] = shop.send(command, {key: "new", "name": "New", "region_id": 2})
        assert made.body["region_id"] == 2
        assert said(shop.send(command, {key: "new", "name": "N", "mode": "put", "if_match": "1"})[0])["region_id"] == 2


def test_a_channel_is_served_by_warehouses_of_its_region(shop: Shop) -> None:
    shop.connection.execute("insert into catalog.regions (region_id, name) values (2, 'Second')")
    shop.send("save_warehouses", {"warehouse_id": "WH-21", "region_id": 2})
    [refused] = shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01", "WH-21", "NO-SUCH"]})
    assert refused.code == "ST003"
    assert [error["pointer"] for error in refused.body["errors"]] == ["/warehouses/1", "/warehouses/2"]


# Events


def test_every_change_of_a_sku_is_an_event_with_old_and_new(shop: Shop) -> None:
    shop.connection.execute("truncate events.outbox")
    shop.send("save_skus", {"sku_id": "NEW", "name": "New", "price": 5, "meta": {"actor": "Ada", "request_id": "r-1"}})
    shop.send("save_skus", {"sku_id": "NEW", "price": 6, "mode": "patch"}, {"sku_id": "NEW", "price": 6}, sub="Bob")
    shop.send("save_skus", {"sku_id": "NEW", "mode": "retire"})
    made, changed, retired = events(shop)
    assert (made["region_id"], made["subject"], made["sku_id"], made["version"]) == (0, "skus/NEW", "NEW", 1)
    assert (made["actor"], made["request_id"], made["data"]["old"]) == ("Ada", "r-1", None)
    [current] = shop.send("save_skus", {"sku_id": "NEW"})
    assert made["data"]["new"].keys() == current.body.keys()
    assert (changed["actor"], changed["version"], changed["data"]["old"]) == ("Bob", 2, made["data"]["new"])
    assert (changed["data"]["new"]["price"], retired["data"]["old"]) == (6, changed["data"]["new"])
    assert retired["data"]["new"] == current.body


def test_a_receipt_that_makes_a_sku_makes_its_event(shop: Shop) -> None:
    shop.connection.execute("truncate events.outbox")
    shop.receive(3, "NEW", name="New", price=5)
    shop.receive(3, "NEW")
    [made] = events(shop)
    assert (made["subject"], made["version"], made["data"]["old"], made["data"]["new"]["price"]) == ("skus/NEW", 1, None, 5)


@pytest.mark.commits
def test_a_write_that_is_rolled_back_leaves_no_event(shop: Shop) -> None:
    before = len(events(shop))
    with shop.session() as connection:
        shop.run(connection, "save_skus", {"sku_id": SKU, "price": 11})
        connection.rollback()
    assert len(events(shop)) == before


# Retired rows take part in no new business; existing business can finish


def test_a_retired_sku_is_not_sold_but_its_orders_are_shipped_and_its_stock_is_kept(shop: Shop) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 2))
    shop.send("save_skus", {"sku_id": SKU, "mode": "retire"})
    assert shop.order((SKU, 1)).code == "OR006"
    assert codes([shop.adjust(-1), shop.count(7), shop.receive(1), shop.fulfill(placed)]) == [None] * 4
    assert shop.level() == {"on_hand": 6, "available": 6}


def test_a_retired_warehouse_serves_and_receives_nothing_but_is_emptied(shop: Shop) -> None:
    shop.receive(9)
    placed, canceled = shop.order((SKU, 2)), shop.order((SKU, 3))
    shop.send("save_warehouses", {"warehouse_id": "WH-01", "mode": "retire"})
    assert codes([shop.order((SKU, 1)), shop.receive(1)]) == ["ST001", "ST003"]
    assert codes([shop.fulfill(placed), shop.cancel(canceled), shop.count(6), shop.adjust(-6)]) == [None] * 4
    assert shop.level() == {}


def test_a_retired_channel_places_no_order_but_its_orders_go_on(shop: Shop) -> None:
    shop.receive(9)
    placed, canceled = shop.order((SKU, 2)), shop.order((SKU, 3))
    shop.send("save_channels", {"channel_id": "web", "mode": "retire"})
    assert shop.order((SKU, 1)).code == "OR008"
    assert codes([shop.fulfill(placed), shop.cancel(canceled)]) == [None, None]


def test_a_retired_reason_code_is_not_used(shop: Shop) -> None:
    shop.receive(9)
    shop.send("save_reason_codes", {"reason_code": "damaged", "mode": "retire"})
    assert shop.adjust(-1, reason_code="damaged").code == "ST004"
    shop.send("save_reason_codes", {"reason_code": "mice", "description": "Eaten by mice", "direction": "out"})
    assert shop.adjust(-1, reason_code="mice").code is None


# Concurrency


@pytest.mark.commits
def test_two_who_make_the_same_make_it_once_and_lose_nothing(shop: Shop, pool: ThreadPoolExecutor) -> None:
    for command in NOUNS:
        first = sender(shop, command, whole(command))
        second = sender(shop, command, new(command, **REQUIRED.get(command, {}), active=True))
        made, changed = race(shop, pool, first, second)
        assert said(made) == whole(command)
        assert said(changed) == {**whole(command), **REQUIRED.get(command, {}), "active": True}
        assert changed.body["version"] == 2
        rows = shop.audit(f"catalog.{command.removeprefix('save_')}", "new")
        assert [row["action"] for row in rows] == ["insert", "update"]
        assert [row["new"]["version"] for row in rows] == [1, 2]


@pytest.mark.commits
def test_without_a_second_look_the_second_maker_gets_no_answer(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """Without the guard, the race above fails."""
    weaken(
        shop,
        "catalog.save_sku",
        "return query select s.* from catalog.save_sku(p_write) s;",
    )
    act = sender(shop, "save_skus", whole("save_skus"))
    made, lost = race(shop, pool, act, act)
    assert made.code is None
    assert (lost.code, lost.body) == (None, None)


@pytest.mark.commits
def test_of_two_who_create_only_one_does(shop: Shop, pool: ThreadPoolExecutor) -> None:
    for command in NOUNS:
        act = sender(shop, command, whole(command, mode="put", if_none_match="*"))
        assert codes(list(race(shop, pool, act, act))) == [None, "SK002"]


@pytest.mark.commits
def test_of_two_who_replace_one_version_one_does(shop: Shop, pool: ThreadPoolExecutor) -> None:
    for command in NOUNS:
        make(shop, command)
        first = sender(shop, command, {**whole(command, mode="put", if_match="1"), "active": True})
        second = sender(shop, command, new(command, mode="patch", if_match="1", active=True))
        assert codes(list(race(shop, pool, first, second))) == [None, "ST009"]


@pytest.mark.commits
def test_two_who_change_different_things_lose_neither(shop: Shop, pool: ThreadPoolExecutor) -> None:
    for command in NOUNS:
        make(shop, command)
        word = "description" if command in ("save_skus", "save_reason_codes") else "name"
        first = sender(shop, command, new(command, mode="patch", active=True))
        second = sender(shop, command, new(command, mode="patch", **{word: "Changed"}))
        _, last = race(shop, pool, first, second)
        assert (last.body["active"], last.body[word], last.body["version"]) == (True, "Changed", 3)


@pytest.mark.commits
def test_two_who_change_the_warehouses_of_a_channel_both_see_what_was_there(shop: Shop, pool: ThreadPoolExecutor) -> None:
    first = sender(shop, "save_channels", {"channel_id": "web", "warehouses": ["WH-03"]})
    second = sender(shop, "save_channels", {"channel_id": "web", "warehouses": ["WH-01", "WH-02"]})
    _, last = race(shop, pool, first, second)
    assert last.body["warehouses"] == ["WH-01", "WH-02"]
    *_, row = shop.audit("catalog.channels", "web")
    assert row["old"]["warehouses"] == ["WH-03"]


@pytest.mark.commits
def test_a_receipt_and_a_save_that_make_one_sku_agree(shop: Shop, pool: ThreadPoolExecutor) -> None:
    save_it = sender(shop, "save_skus", {"sku_id": "NEW", "name": "Saved", "price": 5})
    receive = sender(shop, "receive_stock", receipt(3, "NEW", name="Received"))
    answers = race(shop, pool, save_it, receive)
    assert codes(list(answers)) == [None, "ST012"]
    save_it = sender(shop, "save_skus", {"sku_id": "NEWER", "name": "Saved", "price": 5})
    receive = sender(shop, "receive_stock", receipt(3, "NEWER", name="Received"))
    answers = race(shop, pool, receive, save_it)
    assert codes(list(answers)) == [None, None]
    assert (answers[1].body["name"], answers[1].body["price"], answers[1].body["version"]) == ("Saved", 5, 2)
    assert [event["version"] for event in events(shop) if event["sku_id"] == "NEWER"] == [1, 2]


@pytest.mark.commits
def test_lists_in_opposite_order_do_not_wait_for_each_other_in_a_circle(shop: Shop, pool: ThreadPoolExecutor) -> None:
    names = [f"N-{nth}" for nth in range(30)]

    def storm(turned: bool) -> list[str | None]:
        elements = [{"sku_id": name, "name": name, "price": int(turned)} for name in (reversed(names) if turned else names)]
        return codes(shop.send("save_skus", *elements))

    futures = [pool.submit(storm, nth % 2 == 1) for nth in range(SESSIONS)]
    assert all(future.result() == [None] * len(names) for future in futures)
    assert shop.rows("select deadlocks from pg_stat_database where datname = current_database()") == [{"deadlocks": 0}]
    rows = shop.rows("select count(*) as made from audit.audit_log where action = 'insert' and row_key like 'N-%%'")
    assert rows == [{"made": len(names)}]


@pytest.mark.parametrize("role", ["scoville_definer", "integration"])
def test_the_rule_of_serving_is_part_of_the_plan_and_reads_no_channel_unless_asked(shop: Shop, role: str) -> None:
    with shop.connection.transaction(force_rollback=True):
        shop.connection.execute(f"set local role {role}")
        for columns, reads_channels in (("warehouse_id, priority", False), ("warehouse_id, sells", True)):
            rows = shop.connection.execute(f"explain select {columns} from catalog.serving_warehouses() where channel_id = 'web'")
            plan = "\n".join(line for (line,) in rows)
            assert "Function Scan" not in plan
            assert (" on channels " in plan) == reads_channels, plan


def test_a_price_of_0_is_an_event_of_its_own(shop: Shop) -> None:
    """For admins, whoever made it: a SKU that is created free, and one that becomes free, once."""
    shop.send("save_skus", {"sku_id": "FREE", "name": "Free", "price": 0}, {"sku_id": SKU, "price": 0})
    shop.send("save_skus", {"sku_id": SKU, "name": "Free as before"}, {"sku_id": "FREE", "price": 3})
    shop.send("receive_stock", receipt(1, "GIFT", name="Gift", price=0))
    rows = shop.rows("select audience, sku_id, data from events.outbox where type = 'sku.price_zero' order by outbox_id")
    assert [(row["audience"], row["sku_id"]) for row in rows] == [("admin", "FREE"), ("admin", SKU), ("admin", "GIFT")]
    assert (rows[1]["data"]["old"]["price"], rows[1]["data"]["new"]["price"]) == (10, 0)


@pytest.mark.parametrize("member", [{"price": 0}, {"price": 15.01}, {"price": None}, {"currency": "EUR"}, {"active": False}])
def test_what_customers_pay_is_the_admins(shop: Shop, member: dict[str, Any]) -> None:
    """As sales, in SQL: the rule stands in the function and not in front of it."""
    sales: dict[str, Any] = {"role": "sales", "channels": ["web"]}
    for mode in ("save", "patch"):
        [refused] = shop.send("save_skus", {"sku_id": SKU, "mode": mode, **member}, **sales)
        assert (refused.code, refused.body["errors"][0]["pointer"]) == ("SK005", f"/{next(iter(member))}")
    assert codes(shop.send("save_skus", {"sku_id": SKU, **member})) == [None]
    assert codes(shop.send("save_skus", {"sku_id": OTHER_SKU, "price": 15, "name": "X"}, **sales)) == [None]
    assert codes(shop.send("save_skus", {"sku_id": OTHER_SKU, "mode": "retire"}, **sales)) == ["SK005"]
