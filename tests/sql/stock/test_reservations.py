"""Reservations: reserve, extend, release, expire, convert to an order; their owners; their events and audit."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.reservations import NOON, conversion, held, read, reserve
from tests.world import (
    AFTER_EARLY,
    EARLY,
    OTHER_SKU,
    SKU,
    THIRD_SKU,
    UNPRICED_SKU,
    Result,
    Shop,
    codes,
    keyed,
    order,
    parts,
    receipt,
    shortages,
)

ONE, LATER = "2030-05-01T13:00:00Z", "2030-05-01T12:20:00Z"  # 12:15 is the end of a default reservation
swept_or_not = pytest.mark.parametrize("swept", [True, False], ids=["swept", "not swept"])


def extend(shop: Shop, hold: Result, now: str = NOON, **rest: Any) -> Result:
    return shop.send("extend_reservations", {"reservation_id": hold.body["reservation_id"], **rest}, now=now)[0]


def release(shop: Shop, hold: Result, now: str = NOON, **rest: Any) -> Result:
    return shop.send("release_reservations", {"reservation_id": hold.body["reservation_id"], **rest}, now=now)[0]


def convert(shop: Shop, hold: Result, *items: tuple[str, int], now: str = NOON, **rest: Any) -> Result:
    return shop.send("place_orders", conversion(hold, *items, **rest), now=now)[0]


def listed(shop: Shop, now: str = NOON, role: str = "admin", **filters: str) -> list[str]:
    with shop.session(role, now, channels=["web"]) as connection:
        query = "select body from api.list_reservations(1::smallint, %s, null, 200)"
        row = connection.execute(query, [psycopg.types.json.Jsonb(filters)]).fetchone()
    assert row is not None
    return [document["reservation_id"] for document in row[0]["data"]]


def movements(shop: Shop, document: str) -> list[tuple[str, int, int]]:
    """Kind, change of reserved and change of committed of each movement of a document."""
    query = "select kind, reserved_delta, committed_delta from stock.stock_movements where document = %s order by movement_id"
    return [(row["kind"], row["reserved_delta"], row["committed_delta"]) for row in shop.rows(query, document)]


def events(shop: Shop, hold: Result) -> list[dict[str, Any]]:
    query = "select * from events.outbox where subject = %s order by outbox_id"
    return shop.rows(query, f"reservations/{hold.body['reservation_id']}")


# Reserve
def test_a_hold_takes_its_units_out_of_the_available_ones(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 3), note="basket 7")
    assert hold.code is None
    assert shop.level() == {"on_hand": 5, "available": 2, "reserved": 3}
    assert shortages(shop.order((SKU, 3), now=NOON)) == [("/items/0/quantity", 3, 2)]
    assert movements(shop, hold.body["reservation_id"]) == [("reserve", 3, 0)]
    assert hold.body | {"reservation_id": "RSV-1-n"} == {
        "reservation_id": "RSV-1-n",
        "status": "active",
        "channel": "web",
        "owner": "tester",
        "items": [{"sku_id": SKU, "quantity": 3}],
        "allocations": [{"sku_id": SKU, "warehouse_location": "WH-01", "quantity": 3}],
        "expires_at": "2030-05-01T12:15:00.000Z",
        "created_at": "2030-05-01T12:00:00.000Z",
        "updated_at": "2030-05-01T12:00:00.000Z",
        "order_id": None,
        "note": "basket 7",
        "version": 1,
    }


def test_a_hold_is_served_as_an_order_would_be(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, warehouse_location="WH-02"), receipt(5, warehouse_location="WH-03"))
    assert parts(reserve(shop, (SKU, 3), (SKU, 4))) == {(SKU, "WH-01"): 5, (SKU, "WH-02"): 2}
    assert parts(reserve(shop, (SKU, 1), channel="till")) == {(SKU, "WH-02"): 1}
    assert shortages(reserve(shop, (SKU, 3))) == [("/items/0/quantity", 3, 2)]


def test_a_hold_gets_everything_or_nothing_and_every_short_line_is_named(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, OTHER_SKU))
    refused = reserve(shop, (THIRD_SKU, 1), (SKU, 5), (OTHER_SKU, 3), (OTHER_SKU, 3))
    assert shortages(refused) == [("/items/0/quantity", 1, 0), ("/items/2/quantity", 6, 5)]
    assert (shop.level(), shop.level(OTHER_SKU)) == ({"on_hand": 5, "available": 5},) * 2
    assert shop.rows("select from stock.reservations") == []


def test_holds_of_a_batch_are_served_in_the_order_they_came(shop: Shop) -> None:
    shop.receive(5)
    answers = shop.send("reserve_stock", held((SKU, 4)), held((SKU, 2)), held(("NO-SUCH", 1)), held((SKU, 1)))
    assert codes(answers) == [None, "ST001", "ST002", None]
    assert shop.level() == {"on_hand": 5, "reserved": 5}


def test_a_hold_says_only_what_can_be(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], str | None, str | None]] = [
        ({"channel": "no-such"}, "OR008", "/channel"),
        ({"channel": "till"}, "OR008", "/channel"),
        ({"items": []}, "VA001", "/items"),
        ({"items": None}, "VA001", "/items"),
        ({"items": [{"sku_id": "NO-SUCH", "quantity": 1}]}, "ST002", "/items/0/sku_id"),
        ({"items": [{"sku_id": UNPRICED_SKU, "quantity": 1}]}, "OR006", "/items/0/sku_id"),
        ({"items": [{"sku_id": SKU, "quantity": 0}]}, "VA001", "/items"),
        ({"items": [{"sku_id": SKU, "quantity": -1}]}, "VA001", "/items"),
        ({"items": [{"sku_id": SKU, "quantity": 3_000_000_000}]}, "ST001", "/items/0/quantity"),
        ({"ttl_seconds": 0}, "VA001", "/ttl_seconds"),
        ({"ttl_seconds": 86_401}, "VA001", "/ttl_seconds"),
        ({"ttl_seconds": 9_000_000_000_000_000}, "VA001", "/ttl_seconds"),
        ({"ttl_seconds": 86_400}, None, None),
        ({"channel": None}, None, None),
    ]
    shop.receive(5)
    answers = shop.send("reserve_stock", *(held((SKU, 1)) | rest for rest, _, _ in cases), role="sales", channels=["web"])
    found = [(answer.code, answer.body["errors"][0]["pointer"] if answer.code else None) for answer in answers]
    assert found == [(code, pointer) for _, code, pointer in cases]
    assert shop.level() == {"on_hand": 5, "available": 3, "reserved": 2}


def test_a_retired_sku_is_not_held(shop: Shop) -> None:
    shop.receive(5)
    shop.send("save_skus", {"sku_id": SKU, "active": False})
    assert reserve(shop, (SKU, 1)).code == "OR006"


def test_what_is_held_of_a_sku_that_is_retired_since_is_sold_and_no_more(shop: Shop) -> None:
    shop.send("receive_stock", receipt(9), receipt(9, OTHER_SKU))
    hold = reserve(shop, (SKU, 3))
    shop.send("save_skus", {"sku_id": SKU, "active": False}, {"sku_id": OTHER_SKU, "active": False})
    answers = [convert(shop, hold, *items) for items in ([(SKU, 2), (SKU, 2)], [(SKU, 3), (OTHER_SKU, 1)], [(SKU, 1), (SKU, 2)])]
    assert codes(answers) == ["OR006", "OR006", None]
    assert [error["pointer"] for error in answers[1].body["errors"]] == ["/items/1/sku_id"]


def test_a_till_holds_what_only_it_prices(shop: Shop) -> None:
    shop.receive(5, UNPRICED_SKU)
    assert reserve(shop, (UNPRICED_SKU, 1), channel="till").code is None


def share(shop: Shop, percent: int, channel: str = "web") -> None:
    assert shop.send("save_channels", {"channel_id": channel, "hold_share_max": percent, "mode": "patch"})[0].code is None


def test_one_client_holds_no_more_than_its_share_of_a_sku(shop: Shop) -> None:
    shop.send("receive_stock", receipt(10), receipt(10, warehouse_location="WH-02"), receipt(50, warehouse_location="WH-03"))
    shop.receive(5, OTHER_SKU)
    share(shop, 30)  # of the 20 in the warehouses of the channel
    first = reserve(shop, (SKU, 4))
    assert first.code is None
    refused = reserve(shop, (OTHER_SKU, 1), (SKU, 3))
    [error] = refused.body["errors"]
    assert (refused.code, error["pointer"], error["requested"], error["available"]) == ("RV005", "/items/1/quantity", 3, 2)
    assert shop.level(OTHER_SKU) == {"on_hand": 5, "available": 5}
    assert reserve(shop, (OTHER_SKU, 1), (SKU, 2)).code is None
    assert reserve(shop, (SKU, 1)).code == "RV005"
    assert shop.order((SKU, 10), now=NOON).code is None  # an order does not count; 10 units remain, free or reserved
    assert reserve(shop, (SKU, 1)).code == "RV005"
    [of_another] = shop.send("reserve_stock", held((SKU, 3)), now=NOON, sub="another")
    assert of_another.code is None
    release(shop, first)
    assert reserve(shop, (SKU, 2)).code == "RV005"  # 2 are reserved; the limit is 3 of the 10
    assert reserve(shop, (SKU, 1)).code is None
    assert reserve(shop, (SKU, 3), now=LATER).code is None  # expired reservations do not count


def test_of_what_is_scarce_one_unit_can_be_held_and_in_a_batch_those_before_count(shop: Shop) -> None:
    shop.receive(4)
    share(shop, 10)
    assert reserve(shop, (SKU, 2)).code == "RV005"
    assert codes(shop.send("reserve_stock", held((SKU, 1)), held((SKU, 1)), now=NOON)) == [None, "RV005"]
    share(shop, 50)
    batch = [held((SKU, 3)), held((SKU, 1)), held((SKU, 1)) | {"meta": {"actor": "another"}}, held((SKU, 1))]
    assert codes(shop.send("reserve_stock", *batch, now=NOON)) == ["RV005", None, None, "RV005"]
    share(shop, 100)
    assert reserve(shop, (SKU, 1)).code is None
    assert reserve(shop, (SKU, 1)).code == "ST001"


@pytest.mark.parametrize("command", ["reserve_stock", "extend_reservations", "release_reservations", "place_orders"])
def test_a_repeated_key_gets_the_kept_answer_and_does_nothing(shop: Shop, command: str) -> None:
    shop.receive(9)
    made = shop.send("reserve_stock", held((SKU, 2)), sub="Ada")[0].body["reservation_id"]
    rest = held((SKU, 2)) if command == "reserve_stock" else {"reservation_id": made}
    element = keyed(rest | ({"ttl_seconds": 60} if command == "extend_reservations" else {}))
    [first] = shop.send(command, element)
    before = shop.level()
    [again] = shop.send(command, element)
    assert (first.code, again.code, again.replayed, again.body) == (None, None, True, first.body)
    assert shop.level() == before
    assert codes(shop.send(command, element | {"note": "other"})) == ["ID001"]


# Owners
def test_a_hold_is_seen_by_its_channel_and_changed_by_its_owner_or_an_admin(shop: Shop) -> None:
    shop.receive(9)
    [hold] = shop.send("reserve_stock", held((SKU, 2)), role="sales", channels=["web"], sub="Ada")
    assert hold.body["owner"] == "Ada"
    assert read(shop, hold, role="integration", channels=["till", "web"])[0]["owner"] == "Ada"
    assert listed(shop, role="sales") == [hold.body["reservation_id"]]
    named = {"reservation_id": hold.body["reservation_id"]}

    def attempts(channels: list[str], sub: str) -> list[str | None]:
        requests: tuple[tuple[str, dict[str, Any]], ...] = (
            ("extend_reservations", {"ttl_seconds": 60}),
            ("release_reservations", {}),
            ("place_orders", {}),
        )
        return [shop.send(command, named | rest, role="sales", channels=channels, sub=sub)[0].code for command, rest in requests]

    assert attempts(["till"], "Ada") == ["RV001"] * 3
    assert attempts([], "Ada") == ["RV001"] * 3
    assert attempts(["web"], "Bob") == ["RV003"] * 3
    assert shop.level() == {"on_hand": 9, "available": 7, "reserved": 2}
    assert attempts(["web"], "Ada") == [None, None, "RV002"]
    [other] = shop.send("reserve_stock", held((SKU, 2)), role="sales", channels=["web"], sub="Ada")
    assert [extend(shop, other, "2020-01-01", ttl_seconds=60).code, convert(shop, other, now="2020-01-01").code] == [None, None]


def test_who_sent_an_element_owns_the_hold_whoever_sent_its_neighbors(shop: Shop) -> None:
    """Elements of several callers share a call; each element contains its caller's subject."""
    shop.receive(9)
    elements = [held((SKU, 1), meta={"actor": actor, "request_id": f"r-{actor}"}) for actor in ("Ada", "Bob")]
    ada, bob = shop.send("reserve_stock", *elements, role="sales", channels=["web"], sub="Ada")
    assert (ada.body["owner"], bob.body["owner"]) == ("Ada", "Bob")
    requests = [{"reservation_id": hold.body["reservation_id"], "meta": {"actor": "Bob"}} for hold in (ada, bob)]
    answers = shop.send("release_reservations", *requests, role="sales", channels=["web"], sub="Ada")
    assert codes(answers) == ["RV003", None]


def test_what_names_no_hold_is_not_found(shop: Shop) -> None:
    shop.receive(5)
    reserve(shop, (SKU, 1))
    names = ["RSV-1-999999", "RSV-2-1001", "RSV-01-1001", "1001", "RSV-1-99999999999999999999", ""]
    for command in ("extend_reservations", "release_reservations", "place_orders"):
        elements = [order((SKU, 1), reservation_id=name, ttl_seconds=9) for name in names]
        assert codes(shop.send(command, *elements)) == ["RV001"] * len(names)
    assert codes(shop.send("extend_reservations", {"ttl_seconds": 9}, {"reservation_id": None})) == ["RV001"] * 2
    assert shop.order((SKU, 1), reservation_id=None).code is None


# Extend


def test_a_hold_is_extended_from_now_and_at_most_a_day(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"ttl_seconds": 3600}, "2030-05-01T13:05:00.000Z"),
        ({"ttl_seconds": 1}, "2030-05-01T12:05:01.000Z"),
        ({"ttl_seconds": 86_400}, "2030-05-02T12:05:00.000Z"),
        ({"expires_at": "2030-05-01T14:10:00.1239+02:00"}, "2030-05-01T12:10:00.123Z"),
        ({"expires_at": "2030-05-02T12:05:00Z"}, "2030-05-02T12:05:00.000Z"),
        ({"expires_at": "2030-05-02T12:05:01Z"}, None),
        ({"expires_at": "2030-05-01T12:05:00Z"}, None),
        ({"expires_at": "1999-05-01T12:05:00Z"}, None),
        ({"expires_at": "infinity"}, None),
        ({"ttl_seconds": 86_401}, None),
        ({"ttl_seconds": 0}, None),
        ({"ttl_seconds": -1}, None),
        ({"ttl_seconds": 9_000_000_000_000_000}, None),
        ({"ttl_seconds": 60, "expires_at": "2030-05-01T12:10:00Z"}, None),
        ({}, None),
    ]
    shop.receive(5)
    hold = reserve(shop, (SKU, 2))
    name = {"reservation_id": hold.body["reservation_id"]}
    answers = shop.send("extend_reservations", *(name | rest for rest, _ in cases), now="2030-05-01T12:05:00Z")
    assert codes(answers) == [None if until else "VA001" for _, until in cases]
    assert [answer.body.get("expires_at") for answer in answers] == [until for _, until in cases]
    assert [answer.body["version"] for answer in answers[:5]] == [2, 3, 4, 5, 6]
    assert read(shop, hold)[1] == "6"
    assert shop.level() == {"on_hand": 5, "available": 3, "reserved": 2}


def test_an_extension_says_which_version_it_was_decided_on(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 2))
    assert extend(shop, hold, if_match="1", ttl_seconds=60).body["version"] == 2
    assert extend(shop, hold, if_match="1", ttl_seconds=60).code == "ST009"
    assert extend(shop, hold, if_match="*", ttl_seconds=60).body["version"] == 3
    assert release(shop, hold, if_match="2").code == "ST009"
    requests = [{"reservation_id": hold.body["reservation_id"], "if_match": "3", "ttl_seconds": 60}] * 2
    assert codes(shop.send("extend_reservations", *requests, now=NOON)) == [None, "ST009"]
    assert release(shop, hold, if_match="4").code is None


def test_a_hold_that_was_shortened_ends_sooner(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 5))
    extend(shop, hold, ttl_seconds=60)
    assert shop.order((SKU, 5), now="2030-05-01T12:01:00Z").code is None
    assert read(shop, hold)[0]["status"] == "expired"


# Release


def test_a_release_gives_the_units_back_once_and_may_be_repeated(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, OTHER_SKU, warehouse_location="WH-02"))
    hold = reserve(shop, (SKU, 2), (OTHER_SKU, 5))
    released = release(shop, hold)
    assert (released.code, released.body["status"], released.body["version"]) == (None, "released", 2)
    assert released.body["items"] == hold.body["items"]
    again = release(shop, hold, LATER)
    assert (again.code, again.body) == (None, released.body)
    request = {"reservation_id": reserve(shop, (SKU, 5)).body["reservation_id"]}
    assert codes(shop.send("release_reservations", request, request, {"reservation_id": "x"}, now=NOON)) == [None, None, "RV001"]
    assert (shop.level(), shop.level(OTHER_SKU, "WH-02")) == ({"on_hand": 5, "available": 5},) * 2
    assert movements(shop, hold.body["reservation_id"]) == [
        *(("reserve", 2, 0), ("reserve", 5, 0)),
        *(("release", -2, 0), ("release", -5, 0)),
    ]
    assert extend(shop, hold, ttl_seconds=60).code == "RV002"


def test_what_became_an_order_is_not_released(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 2))
    placed = convert(shop, hold)
    refused = release(shop, hold)
    assert (refused.code, refused.body["errors"][0]["order_id"]) == ("RV002", placed.body["order_id"])
    assert extend(shop, hold, ttl_seconds=60).code == "RV002"
    assert shop.level() == {"on_hand": 5, "available": 3, "committed": 2}
    assert shop.cancel(placed).code is None
    assert shop.level() == {"on_hand": 5, "available": 5}


# Expiry


def test_an_expired_hold_looks_the_same_before_and_after_the_sweep(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 2))
    assert read(shop, hold, "2030-05-01T12:14:59.999Z") == (hold.body, "1")
    before = read(shop, hold, LATER)
    assert (before[0]["status"], before[0]["updated_at"], before[1]) == ("expired", hold.body["expires_at"], "2")
    assert [listed(shop, LATER, status=status) for status in ("active", "expired")] == [[], [hold.body["reservation_id"]]]
    assert shop.job("expire_reservations", LATER) == 1
    assert read(shop, hold, LATER) == before
    assert [listed(shop, LATER, status=status) for status in ("active", "expired")] == [[], [hold.body["reservation_id"]]]


@swept_or_not
def test_an_expired_hold_is_neither_extended_nor_converted_nor_released_twice(shop: Shop, swept: bool) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 2))
    if swept:
        assert shop.job("expire_reservations", LATER) == 1
    refused = convert(shop, hold, now=LATER)
    assert (refused.code, refused.body["errors"][0]["status"]) == ("RV002", "expired")
    assert refused.body["errors"][0]["pointer"] == "/reservation_id"
    assert extend(shop, hold, LATER, ttl_seconds=60).code == "RV002"
    released = release(shop, hold, LATER)
    assert (released.code, released.body["status"]) == (None, "expired")
    assert release(shop, hold, LATER).body == released.body
    assert shop.level() == {"on_hand": 5, "available": 5}
    assert shop.job("expire_reservations", LATER) == 0
    assert [event["type"] for event in events(shop, hold)] == ["reservation.created", "reservation.expired"]


@swept_or_not
def test_an_expired_hold_blocks_neither_an_order_nor_another_hold(shop: Shop, swept: bool) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, warehouse_location="WH-02"))
    first = reserve(shop, (SKU, 10), channel="till")
    if swept:
        shop.job("expire_reservations", LATER)
    second = reserve(shop, (SKU, 10), now=LATER)
    assert second.code is None
    assert codes([shop.order((SKU, 1), now=LATER), shop.order((SKU, 10), now=ONE)]) == ["ST001", None]
    assert [read(shop, hold)[0]["status"] for hold in (first, second)] == ["expired", "expired"]


@swept_or_not
def test_an_expired_hold_blocks_no_adjustment_count_or_safety_stock_even_of_staff_that_sees_half_of_it(
    shop: Shop, swept: bool
) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, warehouse_location="WH-02"), receipt(5, OTHER_SKU))
    hold = reserve(shop, (SKU, 10), channel="till")
    other = reserve(shop, (OTHER_SKU, 5))
    if swept:
        shop.job("expire_reservations", LATER)
    staff: dict[str, Any] = {"role": "warehouse", "now": LATER, "warehouses": ["WH-01"]}
    here = {"sku_id": SKU, "warehouse_location": "WH-01"}
    with shop.session("warehouse", LATER, warehouses=["WH-01"]) as connection:
        (damaged,) = shop.run(connection, "adjust_stock", here | {"delta": -2, "reason_code": "damaged"})
        # Ending the reservation gave staff no rights beyond their own warehouse.
        seen = connection.execute("select distinct warehouse_id from stock.stock_levels").fetchall()
        assert seen == [("WH-01",)]
    assert (damaged.code, damaged.body["stock"], damaged.body["reserved"]) == (None, 3, 0)
    (counted,) = shop.send("set_stock", here | {"stock": 2, "change_from_quantity": 3}, **staff)
    assert counted.code is None
    (kept,) = shop.send("set_safety_stock", {**here, "sku_id": OTHER_SKU, "safety_stock": 4}, **staff)
    assert kept.code is None, kept.body
    assert [read(shop, each, LATER)[0]["status"] for each in (hold, other)] == ["expired", "expired"]
    ended = shop.rows("select actor from stock.stock_movements where kind = 'release'")
    assert {row["actor"] for row in ended} == {"system"}


def test_a_live_hold_ends_when_its_units_are_lost(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 4))
    element = {"sku_id": SKU, "warehouse_location": "WH-01", "delta": -2, "reason_code": "damaged"}
    (damaged,) = shop.send("adjust_stock", element, now=NOON)
    assert (damaged.code, damaged.body["available"], damaged.body["reserved"]) == (None, 3, 0)
    assert read(shop, hold, NOON)[0]["status"] == "released"


def test_an_expired_hold_does_not_make_a_closed_warehouse_serve(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(1, warehouse_location="WH-02"))
    reserve(shop, (SKU, 5))
    shop.send("save_warehouses", {"warehouse_id": "WH-01", "active": False})
    assert shortages(shop.order((SKU, 2), now=LATER)) == [("/items/0/quantity", 2, 1)]


# Convert to an order


def test_a_hold_becomes_an_order_in_one_movement(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, OTHER_SKU, warehouse_location="WH-02"))
    hold = reserve(shop, (SKU, 2), (OTHER_SKU, 3))
    placed = convert(shop, hold, customer={"name": "Jane"})
    assert parts(placed) == {(SKU, "WH-01"): 2, (OTHER_SKU, "WH-02"): 3}
    assert (placed.body["total_price"], placed.body["channel"], placed.body["status"]) == (50, "web", "processing")
    assert movements(shop, placed.body["order_id"]) == [("commit", -2, 2), ("commit", -3, 3)]
    assert movements(shop, hold.body["reservation_id"]) == [("reserve", 2, 0), ("reserve", 3, 0)]
    document, etag = read(shop, hold)
    assert (document["status"], document["order_id"], etag) == ("committed", placed.body["order_id"], "2")
    assert shop.level() == {"on_hand": 5, "available": 3, "committed": 2}
    assert shop.fulfill(placed).body["fulfillment_status"] == "fulfilled"


def test_an_order_of_more_than_is_held_takes_the_rest_from_what_is_available_or_nothing(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, OTHER_SKU))
    hold = reserve(shop, (SKU, 3))
    refused = convert(shop, hold, (SKU, 6), (OTHER_SKU, 6))
    assert shortages(refused) == [("/items/0/quantity", 6, 5), ("/items/1/quantity", 6, 5)]
    assert read(shop, hold)[0] == hold.body
    assert shop.level() == {"on_hand": 5, "available": 2, "reserved": 3}
    placed = convert(shop, hold, (SKU, 4), (OTHER_SKU, 1))
    assert parts(placed) == {(SKU, "WH-01"): 4, (OTHER_SKU, "WH-01"): 1}
    assert movements(shop, placed.body["order_id"]) == [("commit", -3, 4), ("commit", 0, 1)]
    assert shop.level() == {"on_hand": 5, "available": 1, "committed": 4}


def test_what_an_order_leaves_of_its_hold_is_released(shop: Shop) -> None:
    shop.send("receive_stock", receipt(2), receipt(5, warehouse_location="WH-02"), receipt(5, OTHER_SKU))
    hold = reserve(shop, (SKU, 6), (OTHER_SKU, 1))
    placed = convert(shop, hold, (SKU, 3))
    assert parts(placed) == {(SKU, "WH-01"): 2, (SKU, "WH-02"): 1}
    assert shop.level() == {"on_hand": 2, "committed": 2}
    assert shop.level(warehouse="WH-02") == {"on_hand": 5, "available": 4, "committed": 1}
    assert shop.level(OTHER_SKU) == {"on_hand": 5, "available": 5}
    assert movements(shop, placed.body["order_id"]) == [("commit", -2, 2), ("commit", -1, 1)]
    assert sorted(movements(shop, hold.body["reservation_id"])[3:]) == [("release", -3, 0), ("release", -1, 0)]


def test_the_units_that_are_held_are_those_that_are_sold(shop: Shop) -> None:
    """New stock in the first warehouse does not move an order away from the warehouse of its reserved units."""
    shop.receive(5, warehouse_location="WH-02")
    hold = reserve(shop, (SKU, 3))
    shop.receive(9)
    assert parts(convert(shop, hold, (SKU, 4))) == {(SKU, "WH-02"): 4}


def test_a_warehouse_that_was_closed_or_taken_away_gives_what_was_held_and_no_more(shop: Shop) -> None:
    shop.receive(5, warehouse_location="WH-02")
    first, second, third = reserve(shop, (SKU, 1)), reserve(shop, (SKU, 1)), reserve(shop, (SKU, 1))
    shop.send("save_channels", {"channel_id": "web", "warehouses": ["WH-01"]})
    # The warehouse still serves the till, whose order is in the same batch.
    elements = conversion(first, (SKU, 2)), order((SKU, 1), channel="till"), conversion(first)
    answers = shop.send("place_orders", *elements, now=NOON)
    assert (codes(answers), shortages(answers[0])) == (["ST001", None, None], [("/items/0/quantity", 2, 1)])
    shop.send("save_warehouses", {"warehouse_id": "WH-02", "active": False})
    assert shortages(convert(shop, second, (SKU, 2))) == [("/items/0/quantity", 2, 1)]
    assert parts(convert(shop, second)) == {(SKU, "WH-02"): 1}
    assert release(shop, third).code is None


def test_a_hold_becomes_one_order(shop: Shop) -> None:
    shop.receive(9)
    hold = reserve(shop, (SKU, 3))
    first, second = shop.send("place_orders", conversion(hold), conversion(hold), now=NOON)
    assert (first.code, second.code) == (None, "RV002")
    assert second.body["errors"][0]["pointer"] == "/reservation_id"
    again = convert(shop, hold)
    assert (again.code, again.body["errors"][0]["order_id"]) == ("RV002", first.body["order_id"])
    assert shop.level() == {"on_hand": 9, "available": 6, "committed": 3}


def test_a_hold_whose_first_order_is_refused_serves_the_next(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 3))
    answers = shop.send("place_orders", conversion(hold, (SKU, 6)), conversion(hold, (SKU, 5)), order((SKU, 1)), now=NOON)
    assert codes(answers) == ["ST001", None, "ST001"]


def test_converted_and_plain_orders_share_a_batch(shop: Shop) -> None:
    shop.send("receive_stock", receipt(10), receipt(4, OTHER_SKU))
    three, four = reserve(shop, (SKU, 3)), reserve(shop, (SKU, 4), (OTHER_SKU, 4))
    elements = (
        order((SKU, 4)),  # three are available
        order((SKU, 2)),
        conversion(three),
        order((OTHER_SKU, 1)),  # all are reserved
        conversion(four, (SKU, 1)),  # leaves three of SKU and four of OTHER_SKU
        order((OTHER_SKU, 4)),
        order((SKU, 4)),  # the three that it left, and the one available before
        order((SKU, 1)),
    )
    answers = shop.send("place_orders", *elements, now=NOON)
    assert codes(answers) == ["ST001", None, None, "ST001", None, None, None, "ST001"]
    assert (shop.level(), shop.level(OTHER_SKU)) == ({"on_hand": 10, "committed": 10}, {"on_hand": 4, "committed": 4})


def test_what_an_order_leaves_in_a_refused_neighbors_reach_is_not_sold_twice(shop: Shop) -> None:
    """An order that takes part of its reservation and is refused for another line leaves the reservation intact."""
    shop.receive(5)
    hold = reserve(shop, (SKU, 5))
    answers = shop.send("place_orders", conversion(hold, (SKU, 2), (OTHER_SKU, 1)), order((SKU, 1)), now=NOON)
    assert codes(answers) == ["ST001", "ST001"]
    assert shop.level() == {"on_hand": 5, "reserved": 5}


def test_units_that_an_order_leaves_settle_the_shortfall_and_serve_nobody(shop: Shop) -> None:
    """The reserved lot has expired: the next order in the batch does not get the remaining units of the reservation."""
    shop.receive(6, expiration_date=EARLY)
    hold = reserve(shop, (SKU, 6), now=f"{EARLY}T12:00:00Z", ttl_seconds=86_400)
    answers = shop.send("place_orders", conversion(hold, (SKU, 2)), order((SKU, 1)), now="2030-07-01T11:00:00Z")
    assert codes(answers) == [None, "ST001"]
    assert shop.level() == {"on_hand": 6, "committed": 2, "unavailable": 4, "shortfall": 2}
    assert shop.order((SKU, 1), now=AFTER_EARLY).code == "ST001"


def test_an_order_of_another_channel_does_not_take_the_hold(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 2), channel="till")
    refused = convert(shop, hold, channel="web")
    assert (refused.code, refused.body["errors"][0]["pointer"]) == ("RV004", "/reservation_id")
    [placed] = shop.send("place_orders", conversion(hold), now=NOON, role="sales", channels=["web", "till"])
    assert placed.body["channel"] == "till"


def test_an_order_that_is_refused_leaves_its_hold(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], str | None]] = [
        ({"total_price": 20}, None),
        ({"items": None}, None),
        ({"total_price": 30}, "OR007"),
        ({"items": [{"sku_id": SKU, "quantity": 2, "price": 9}]}, "OR001"),
        ({"items": [{"sku_id": "NO-SUCH", "quantity": 2}]}, "ST002"),
        ({"items": []}, "VA001"),
        ({"external_id": "S-1"}, "OR005"),
    ]
    shop.receive(20)
    shop.order((SKU, 1), external_id="S-1")
    for rest, code in cases:
        hold = reserve(shop, (SKU, 2))
        assert (rest, convert(shop, hold, **rest).code) == (rest, code)
        assert read(shop, hold)[0]["status"] == ("active" if code else "committed")


def test_an_order_without_items_or_hold_is_refused(shop: Shop) -> None:
    assert codes(shop.send("place_orders", {"channel": "web"}, {"channel": "web", "items": []})) == ["VA001", "VA001"]


# Lists, events, audit


def test_holds_are_found_by_status_sku_and_channel(shop: Shop) -> None:
    shop.send("receive_stock", receipt(9), receipt(9, OTHER_SKU))
    made = [
        reserve(shop, (SKU, 1)),
        reserve(shop, (OTHER_SKU, 1)),
        reserve(shop, (SKU, 1), channel="till"),
        reserve(shop, (SKU, 1)),
    ]
    release(shop, made[0])
    convert(shop, made[3])
    first, second, third, fourth = (hold.body["reservation_id"] for hold in made)
    assert listed(shop) == [fourth, third, second, first]
    assert listed(shop, role="sales") == [fourth, second, first]
    assert listed(shop, sku=SKU) == [fourth, third, first]
    assert listed(shop, channel="till") == [third]
    assert [listed(shop, status=status) for status in ("active", "released", "committed", "expired")] == [
        [third, second],
        [first],
        [fourth],
        [],
    ]


def test_a_list_of_holds_has_pages(shop: Shop) -> None:
    shop.receive(9)
    made = [reserve(shop, (SKU, 1)).body["reservation_id"] for _ in range(5)]
    found, cursor = [], None
    with shop.session() as connection:
        while True:
            page = connection.execute("select * from api.list_reservations(1::smallint, '{}', %s, 2)", [cursor]).fetchone()
            assert page is not None
            found.append([document["reservation_id"] for document in page[0]["data"]])
            cursor = page[1]
            if cursor is None:
                break
    assert found == [made[4:2:-1], made[2:0:-1], made[:1]]


def test_each_change_of_a_hold_is_a_complete_event(shop: Shop) -> None:
    shop.send("receive_stock", receipt(5), receipt(5, warehouse_location="WH-02"))
    hold = reserve(shop, (SKU, 6))
    extended = extend(shop, hold, ttl_seconds=60)
    placed = convert(shop, hold)
    found = events(shop, hold)
    assert [(event["type"], event["version"]) for event in found] == [
        ("reservation.created", 1),
        ("reservation.extended", 2),
        ("reservation.committed", 3),
    ]
    assert [event["data"] for event in found] == [hold.body, extended.body, read(shop, hold)[0]]
    assert found[2]["data"]["order_id"] == placed.body["order_id"]
    for event in found:
        assert (event["channel_id"], sorted(event["warehouse_ids"]), event["actor"]) == ("web", ["WH-01", "WH-02"], "tester")
    other = reserve(shop, (SKU, 1))
    released = release(shop, other)
    assert [(event["type"], event["data"]) for event in events(shop, other)][1:] == [("reservation.released", released.body)]
    types = shop.rows("select type from events.outbox where type like 'stock.%%' and occurred_at = %s order by outbox_id", NOON)
    assert [row["type"] for row in types] == [
        *["stock.reserved", "stock.reserved"],
        *["stock.committed"] * 2,
        *["stock.reserved", "stock.released"],
    ]


def test_the_audit_says_who_did_what_to_a_hold(shop: Shop) -> None:
    shop.receive(5)
    hold = reserve(shop, (SKU, 2))
    extend(shop, hold, ttl_seconds=60, meta={"actor": "Ada", "request_id": "r-1"})
    release(shop, hold, meta={"actor": "Bob", "request_id": "r-2"})
    rows = shop.audit("stock.reservations", hold.body["reservation_id"].rpartition("-")[2])
    assert [(row["action"], row["actor"], row["reason"], row["request_id"]) for row in rows] == [
        ("insert", "tester", "reserved", None),
        ("update", "Ada", "extended", "r-1"),
        ("update", "Bob", "released", "r-2"),
    ]
    ledger = "select actor, request_id, note from stock.stock_movements where kind = 'release'"
    assert shop.rows(ledger) == [{"actor": "Bob", "request_id": "r-2", "note": "released"}]
