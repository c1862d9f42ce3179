"""Forgetting a person: what is gone, what stays and is still provable, who may do it, and what happens at the same time."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.event_log import happened, page, place, read, sequence
from tests.hooks import Hooks
from tests.patience import PATIENCE_SECONDS
from tests.races import race, sender, wait_for_a_waiter
from tests.world import OTHER_SKU, SKU, Result, Shop, codes, keyed

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

EMAIL = "Canary.Erased@customer.example"
CUSTOMER = {"name": "Canary Erased", "email": EMAIL, "phone": "555-0143-77", "address": "1 Canary Lane, Spicetown"}
SECRETS = (
    *("canary erased", "canary.erased@customer.example", "canary lane", "canary's bell", "canary called", "canary has moved"),
    *("canary hides it", "canary-track", "canary-hold", "canary echo", "555-0143-77", "555014377", "canary is"),
)
MOVED = [{"sku_id": SKU, "quantity": 1}, {"sku_id": SKU, "quantity": 3, "address": "4 Canary Lane"}]
FIGURES = (
    "select order_id, channel_id, status, fulfillment_status, currency, total_price, placed_at, created_at"
    " from orders.orders order by 1"
)


def erase(shop: Shop, **request: Any) -> Result:
    return shop.send("erase_customers", {"email": EMAIL, **request})[0]


def find(shop: Shop) -> Counter[str]:
    """The tables in which a row has one of the secrets, in any column; with the number of such rows."""
    found: Counter[str] = Counter()
    tables = shop.rows(
        "select c.relnamespace::regnamespace as schema, c.relname as name from pg_class c"
        " where c.relkind = 'r' and c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' order by 1, 2"
    )
    assert {"order_contacts", "audit_log_default", "event_log_default", "idempotency_keys", "outbox"} <= {
        row["name"] for row in tables
    }
    for table in tables:
        query = sql.SQL("select lower(t::text) as text from {} t").format(sql.Identifier(table["schema"], table["name"]))
        for (text,) in shop.connection.execute(query):
            if any(secret in text for secret in SECRETS):
                found[f"{table['schema']}.{re.sub('_(default|y[0-9]{4}m[0-9]{2})$', '', table['name'])}"] += 1
    return found


def history(shop: Shop, *, sequenced: bool = True) -> list[str]:
    """Orders of a person, with a secret wherever a caller can write text: shipped, canceled, from a reservation, of the past."""
    shop.receive(50)
    shop.receive(50, OTHER_SKU)
    shop.send(
        "create_webhooks",
        {"url": "https://hooks.example/", "event_types": ["order.*"], "meta": {"actor": "boss"}},
    )
    held = shop.send("reserve_stock", {"channel": "web", "items": [{"sku_id": SKU, "quantity": 2}], "note": "canary-hold"})[0]
    [kept] = shop.send("place_orders", keyed({**placing(), "external_id": "S-1", "note": "Ring the Canary's bell"}, "first"))
    [converted] = shop.send("place_orders", {"reservation_id": held.body["reservation_id"], "customer": CUSTOMER})
    moved = {"address": "2 Canary Lane", "name": "Canary Erased-Smith"}
    changes = [
        shop.send(
            "modify_orders", keyed({"order_id": kept.body["order_id"], "customer": moved, "reason": "Canary has moved"}, "second")
        ),
        shop.send(
            "modify_orders",
            {"order_id": kept.body["order_id"], "items": MOVED, "reason": "canary called"},
        ),
        shop.send("hold_orders", {"order_id": kept.body["order_id"], "reason": "Canary is away"}),
        shop.send("release_held_orders", {"order_id": kept.body["order_id"]}),
    ]
    undone = shop.fulfill(kept, tracking_number="CANARY-TRACK-0")
    parcel = {"order_id": kept.body["order_id"], "fulfillment_id": undone.body["fulfillments"][0]["fulfillment_id"]}
    changes += [
        shop.send("cancel_fulfillments", {**parcel, "reason": "never collected", "note": "Canary is ill"}),
        [shop.fulfill(kept, tracking_number="CANARY-TRACK-1", note="Canary hides it")],
        [shop.fulfill(converted, tracking_number="CANARY-TRACK-2")],
    ]
    canceled = shop.order((OTHER_SKU, 3), customer=CUSTOMER)
    changes.append([shop.cancel(canceled, reason="customer", note="Canary called")])
    old = shop.record((SKU, 7), customer=CUSTOMER)
    assert codes([kept, converted, canceled, old, *(one for change in changes for one in change)]) == [None] * 12
    if sequenced:
        sequence(shop)
    return [one.body["order_id"] for one in (kept, converted, canceled, old)]


def placing(**rest: Any) -> dict[str, Any]:
    items = [{"sku_id": SKU, "quantity": 3, "address": "3 Canary Lane"}]
    return {"channel": "web", "items": items, "customer": CUSTOMER, **rest}


def chain(shop: Shop) -> list[Any]:
    with shop.session() as connection:
        return connection.execute("select fault, seq from events.verify_chain()").fetchall()


def report(shop: Shop, seq: int, response: str) -> None:
    """The attempt of a worker: the endpoint echoed the event."""
    shop.connection.execute(
        "insert into webhooks.attempts"
        " (region_id, endpoint_id, delivery_id, attempt_no, owner, started_at, duration_ms, response)"
        " values (1, 1001, %s, 1, 'boss', now(), 1, %s)",
        [seq, response],
    )


# What is gone


def test_nothing_of_the_person_is_left_in_any_table(shop: Shop) -> None:
    orders = history(shop)
    [placed] = [event for event in read(shop) if event["type"] == "order.placed" and event["data"]["external_id"] == "S-1"]
    report(shop, placed["seq"], "Canary echo")
    assert set(find(shop)) == {
        *("orders.orders", "orders.order_contacts", "orders.order_lines", "orders.fulfillments"),
        *("stock.reservations", "stock.stock_movements"),
        *("audit.audit_log", "events.event_log", "identity.idempotency_keys", "webhooks.attempts"),
    }
    erased = erase(shop)
    assert erased.code is None
    assert erased.body["orders"] == orders
    assert find(shop) == {}
    assert {name: count > 0 for name, count in erased.body["erased"].items()} == dict.fromkeys(erased.body["erased"], True)
    sequence(shop)
    assert find(shop) == {}
    with shop.session() as connection:
        listed = connection.execute(
            "select body::text from api.list_orders(1::smallint, %s, null, 10)", ['{"q": "canary"}']
        ).fetchone()
    assert listed == ('{"data" : [], "next_cursor" : null}',)


def test_events_that_are_not_in_the_log_yet_are_erased_too(shop: Shop) -> None:
    history(shop, sequenced=False)
    assert find(shop)["events.outbox"] > 5
    erase(shop)
    assert find(shop) == {}
    sequence(shop)
    assert find(shop) == {}
    assert chain(shop) == []


def test_a_repeat_of_a_key_gets_the_order_as_it_is_and_acts_once(shop: Shop) -> None:
    [order_id, *_] = history(shop)
    count = shop.rows("select count(*) as n from orders.orders")
    erase(shop)
    [again] = shop.send("place_orders", keyed({**placing(), "external_id": "S-1", "note": "Ring the Canary's bell"}, "first"))
    assert (again.code, again.replayed, again.body["order_id"]) == (None, True, order_id)
    assert again.body["customer"] == {"name": None, "email": None, "phone": None, "address": None}
    assert again.body["status"] == "completed"
    assert shop.rows("select count(*) as n from orders.orders") == count


def test_only_the_person_is_erased(shop: Shop) -> None:
    history(shop)
    others = [
        shop.order((SKU, 1), customer={"name": "Canary Erased", "email": "canary.érased@customer.example"}),  # folds alike
        shop.order((SKU, 1), customer={"name": "Canary Erased"}),
    ]
    before = [shop.rows("select to_jsonb(o) from orders.orders o where external_id is null and status = 'processing'")]
    assert erase(shop, email=EMAIL.upper()).code is None
    assert [shop.rows("select to_jsonb(o) from orders.orders o where external_id is null and status = 'processing'")] == before
    assert {one.body["order_id"] for one in others}.isdisjoint(shop.send("erase_customers", {"email": EMAIL})[0].body["orders"])


def test_without_an_email_orders_name_the_person(shop: Shop) -> None:
    placed = shop.record((SKU, 1), customer={"name": "Canary Erased"}, external_id="OLD-7", note="canary's bell")
    sequence(shop)
    [erased] = shop.send("erase_customers", {"order_ids": ["OLD-7"]})
    assert erased.body["orders"] == [placed.body["order_id"]]
    assert find(shop) == {}


def test_an_email_that_an_order_had_before_is_gone_and_the_order_is_named(shop: Shop) -> None:
    shop.receive(5)
    placed = shop.order((SKU, 1), customer=CUSTOMER)
    other = {"name": "Jo", "email": "jo@example.com", "address": "9 Elm"}
    assert codes(shop.send("modify_orders", {"order_id": placed.body["order_id"], "customer": other})) == [None]
    sequence(shop)
    erased = erase(shop)
    assert (erased.body["orders"], erased.body["former_orders"]) == ([], [placed.body["order_id"]])
    assert "canary.erased@customer.example" not in str(shop.audit("orders.order_contacts", placed.body["order_id"][6:])).lower()
    [named] = shop.rows("select customer_name from orders.orders")
    assert named["customer_name"] == "Jo"


# What stays


def test_figures_stay_and_everything_is_still_proved(shop: Shop) -> None:
    history(shop)
    quantities = [
        f"select to_jsonb(t) - 'address' as kept from {table} t order by t::text"
        for table in ("stock.stock_levels", "orders.order_lines", "orders.order_allocations")
    ]
    ledger = (
        "select movement_id, sku_id, kind, on_hand_delta, committed_delta, recorded_at, document"
        " from stock.stock_movements order by 1"
    )
    queries = (FIGURES, ledger, *quantities)
    before = [shop.rows(query) for query in queries]
    events = {event["seq"]: event for event in read(shop)}
    erase(shop)
    assert [shop.rows(query) for query in queries] == before
    assert chain(shop) == []
    assert shop.verify() == []
    for event in read(shop):
        was = events[event["seq"]]
        assert {**event, "data": None} == {**was, "data": None}
        if event["data"].pop("erased", False):
            kept = [item | dict.fromkeys(item.keys() & {"address"}) for item in was["data"].get("items", ())]
            assert event["data"].get("items", []) == kept
            for member in ("allocations", "total_price", "currency", "created_at", "status", "version"):
                assert event["data"].get(member) == was["data"].get(member)
            assert event["data"]["note"] is None
        else:
            assert event["data"] == was["data"]


def test_an_order_is_an_order_of_one_customer_for_analysts_and_joins_no_later_one(shop: Shop) -> None:
    history(shop)
    before = shop.rows("select distinct customer_pseudonym as p from orders.orders")
    erase(shop)
    later = shop.order((SKU, 1), customer=CUSTOMER)
    assert later.code is None
    [mine, erased] = sorted(shop.rows("select * from bi.dim_customer"), key=lambda row: row["is_erased"])
    assert (mine["orders"], mine["is_erased"], erased["orders"], erased["is_erased"]) == (1, False, 4, True)
    assert str(before[0]["p"]) == mine["customer_key"] != erased["customer_key"]


ALTERATIONS = {
    "an amount": "data = jsonb_set(data, '{total_price}', '1')",
    "units of a parcel": "data = jsonb_set(data, '{fulfillments,0,items,0,quantity}', '1')",
    "the time": "occurred_at = occurred_at + interval '1 second'",
    "the subject": "subject = 'orders/ORD-1-9999'",
    "the hash of what is gone": "personal_hash = sha256('x')",
    "a name again": "data = jsonb_set(data, '{customer,name}', '\"Somebody\"')",
    "a note again": "data = jsonb_set(data, '{note}', '\"said yes\"')",
    "the mark": "data = data - 'erased'",
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_an_erased_event_hides_no_other_change(shop: Shop, what: str) -> None:
    history(shop)
    erase(shop)
    [row] = shop.rows("select seq from events.event_log where type = 'order.fulfilled' order by seq limit 1")
    query = sql.SQL("update events.event_log set {} where seq = %s").format(sql.SQL(ALTERATIONS[what]))
    shop.connection.execute(query, [row["seq"]])
    assert chain(shop) == [("altered", row["seq"])]


def test_a_person_who_is_not_erased_cannot_be_altered(shop: Shop) -> None:
    history(shop)
    [row] = shop.rows("select seq from events.event_log where type = 'order.placed' order by seq limit 1")
    for change in (
        "data = jsonb_set(data, '{customer,name}', '\"X\"')",
        "data = events.impersonal(data) || '{\"erased\": true}'",
    ):
        with shop.connection.transaction(force_rollback=True):
            shop.connection.execute(
                sql.SQL("update events.event_log set {} where seq = %s").format(sql.SQL(change)), [row["seq"]]
            )
            assert chain(shop) == [("altered", row["seq"])]


def test_a_guess_cannot_be_tested_against_what_stays(shop: Shop) -> None:
    """The hash of the data that is gone is salted, and the salt is gone, too."""
    history(shop)
    [salted] = shop.rows("select seq, salt, data from events.event_log where type = 'order.placed' order by seq limit 1")
    erase(shop)
    [row] = shop.rows("select salt, personal_hash from events.event_log where seq = %s", salted["seq"])
    assert row["salt"] is None
    [told] = shop.rows(
        "select events.personal_hash(%s, d) as right, events.personal_hash(gen_random_uuid(), d) as guessed"
        " from (select %s::jsonb) t (d)",
        salted["salt"],
        Jsonb(salted["data"]),
    )
    assert told["right"] == row["personal_hash"] != told["guessed"]
    assert shop.rows("select count(distinct salt) = count(*) as own from events.event_log where salt is not null") == [
        {"own": True}
    ]


# Again, dry, and refused


def test_a_second_time_finds_nothing_and_tells_of_the_first(shop: Shop) -> None:
    orders = history(shop)
    first = erase(shop)
    before = shop.rows("select to_jsonb(o) from orders.orders o order by order_id")
    second = erase(shop)
    assert (second.code, second.body["erasure_id"], second.body["orders"]) == (None, None, [])
    assert second.body["last_erased_at"] == first.body["last_erased_at"] is not None
    [by_id] = shop.send("erase_customers", {"order_ids": orders})
    assert (by_id.code, by_id.body["orders"]) == (None, [])
    assert shop.rows("select to_jsonb(o) from orders.orders o order by order_id") == before
    assert len(shop.rows("select from orders.erasures")) == 1
    [unknown] = shop.send("erase_customers", {"email": "never@example.com"})
    assert (unknown.code, unknown.body["last_erased_at"]) == (None, None)


def test_open_orders_are_refused_by_name_unless_they_are_included(shop: Shop) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 2), customer=CUSTOMER)
    refused = erase(shop)
    assert refused.code == "OR020"
    [error] = refused.body["errors"]
    assert (error["pointer"], error["order_id"], error["status"]) == ("/include_open", placed.body["order_id"], "processing")
    assert find(shop)["orders.orders"] == 1
    assert erase(shop, include_open=True).code is None
    sequence(shop)
    assert find(shop) == {}
    # It goes on without its customer: it is shipped, and what its parcel says is erased by its number.
    name = {"order_id": placed.body["order_id"]}
    shipped = shop.fulfill(placed, tracking_number="CANARY-TRACK-9")
    [parcel] = shipped.body["fulfillments"]
    later = (
        (),
        ("cancel_fulfillments", {**name, "fulfillment_id": parcel["fulfillment_id"], "reason": "Canary is ill"}),
        ("hold_orders", {**name, "reason": "Canary is away"}),
        ("modify_orders", {**name, "customer": {"phone": CUSTOMER["phone"]}}),
    )
    for command in later:
        if command:
            assert codes(shop.send(*command)) == [None]
        assert find(shop)
        [again] = shop.send("erase_customers", {"order_ids": [placed.body["order_id"]], "include_open": True})
        assert again.body["orders"] == [placed.body["order_id"]]
        sequence(shop)
        assert find(shop) == {}
    assert chain(shop) == []


def test_an_included_order_that_gets_a_customer_is_that_customers(shop: Shop) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 2), customer=CUSTOMER)
    erase(shop, include_open=True)
    [row] = shop.rows("select customer_pseudonym as p from orders.orders")
    assert codes(shop.send("modify_orders", {"order_id": placed.body["order_id"], "note": "gift"})) == [None]
    [noted] = shop.rows("select customer_pseudonym as p, customer_erased_at is not null as erased from orders.orders")
    assert noted == {"p": row["p"], "erased": True}
    assert codes(shop.send("modify_orders", {"order_id": placed.body["order_id"], "customer": {"name": "Jo"}})) == [None]
    [named] = shop.rows("select customer_pseudonym <> %s as other, customer_erased_at as at from orders.orders", row["p"])
    assert named == {"other": True, "at": None}


def test_an_unknown_order_is_named_or_left_out(shop: Shop) -> None:
    placed = shop.record((SKU, 1), customer=CUSTOMER)
    names = [placed.body["order_id"], "ORD-1-99", "S-99"]
    [refused] = shop.send("erase_customers", {"order_ids": names})
    assert (refused.code, [error["pointer"] for error in refused.body["errors"]]) == ("OR002", ["/order_ids/1", "/order_ids/2"])
    [done] = shop.send("erase_customers", {"order_ids": names, "skip_missing": True})
    assert (done.code, done.body["orders"]) == (None, [placed.body["order_id"]])


# Who is told


def test_who_may_see_the_orders_is_told_which_and_of_nobody(shop: Shop) -> None:
    shop.receive(9)
    shop.receive(9, warehouse_location="WH-03", batch_number="B-3")
    placed = [shop.order((SKU, 1), customer=CUSTOMER, channel=channel) for channel in ("web", "web", "far")]
    for one in placed:
        assert shop.fulfill(one).code is None
    happened(shop)
    after = "{}:{}".format(*[place(shop)[at] for at in (0, 2)])
    erased = erase(shop)
    assert find(shop) == {}
    events = [event for event in happened(shop) if event["type"] == "customer.erased"]
    assert [[order["order_id"] for order in event["data"]["orders"]] for event in events] == [
        erased.body["orders"][:2],
        erased.body["orders"][2:],
    ]
    assert [event["version"] for event in events] == [1, 2]
    versions = {order["order_id"]: order["version"] for event in events for order in event["data"]["orders"]}
    assert versions == {
        f"ORD-1-{row['order_id']}": row["version"] for row in shop.rows("select order_id, version from orders.orders")
    }
    callers: dict[str, dict[str, Any]] = {
        "admin": {},
        "sales": {"channels": ["web"]},
        "integration": {"channels": ["far"]},
        "warehouse": {"warehouses": ["WH-03"]},
    }
    seen = {
        who: [event["data"]["channel"] for event in page(shop, who, after, **claims)["data"]] for who, claims in callers.items()
    }
    assert seen == {"admin": ["web", "far"], "sales": ["web"], "integration": ["far"], "warehouse": ["far"]}


def test_nobody_but_an_admin_erases_and_no_role_writes_what_erasing_writes(shop: Shop) -> None:
    for role in ("warehouse", "sales", "integration", "scoville_worker"):
        for call in ("api.erase_customers(1::smallint, '[]')", "audit.erase_history(1::smallint, '{}', '{}', '{}', '{}', '{}')",
                     "audit.erase_email(1::smallint, 'x@y')", "events.erase_events(1::smallint, '{}')"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege), shop.session(role, channels=["web"]) as connection:
                connection.execute(sql.SQL("select {}").format(sql.SQL(call)))
    with pytest.raises(psycopg.errors.InsufficientPrivilege), shop.session("admin") as connection:
        connection.execute("select audit.erase_history(1::smallint, '{}', '{}', '{}', '{}', '{}')")
    for table in ("audit.audit_log", "events.event_log", "stock.stock_movements"):
        [row] = shop.rows("select has_any_column_privilege('scoville_definer', %s, 'UPDATE') as may", table)
        assert row == {"may": False}


# At the same time


@pytest.mark.commits
def test_an_order_that_is_changed_at_the_same_time_is_erased_with_the_change(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 2), customer=CUSTOMER)
    change = {"order_id": placed.body["order_id"], "note": "canary called", "reason": "canary has moved"}
    request = {"email": EMAIL, "include_open": True}
    race(shop, pool, sender(shop, "modify_orders", change), sender(shop, "erase_customers", request))
    sequence(shop)
    assert find(shop) == {}
    assert chain(shop) == []


@pytest.mark.commits
@pytest.mark.parametrize("ship_first", [True, False])
def test_an_order_that_is_shipped_at_the_same_time(shop: Shop, pool: ThreadPoolExecutor, *, ship_first: bool) -> None:
    shop.receive(9)
    placed = shop.order((SKU, 2), customer=CUSTOMER)
    ship = sender(shop, "fulfill_orders", {"order_id": placed.body["order_id"]})
    forget = sender(shop, "erase_customers", {"email": EMAIL, "include_open": True})
    done = race(shop, pool, *((ship, forget) if ship_first else (forget, ship)))
    assert codes(list(done)) == [None, None]
    sequence(shop)
    assert find(shop) == {}
    assert chain(shop) == []


@pytest.mark.commits
def test_an_order_that_is_placed_at_the_same_time_is_a_later_one(shop: Shop, pool: ThreadPoolExecutor) -> None:
    shop.receive(9)
    old = shop.order((SKU, 2), customer=CUSTOMER)
    shop.fulfill(old)
    with shop.session() as connection:
        [new] = shop.run(connection, "place_orders", placing())
        [erased] = pool.submit(lambda: shop.send("erase_customers", {"email": EMAIL})).result(PATIENCE_SECONDS)
    assert (erased.code, erased.body["orders"]) == (None, [old.body["order_id"]])
    [row] = shop.rows("select customer_name from orders.orders where order_id = %s", int(new.body["order_id"][6:]))
    assert row["customer_name"] == "Canary Erased"


@pytest.mark.commits
def test_two_erasures_at_once_erase_once(shop: Shop, pool: ThreadPoolExecutor) -> None:
    history(shop)
    forget = sender(shop, "erase_customers", {"email": EMAIL})
    first, second = race(shop, pool, forget, forget)
    assert (len(first.body["orders"]), second.code, second.body["orders"]) == (4, None, [])
    assert len(shop.rows("select from orders.erasures")) == 1


@pytest.mark.commits
def test_events_that_are_sequenced_at_the_same_time_are_erased(shop: Shop, pool: ThreadPoolExecutor) -> None:
    """The sequencer has taken them out of the outbox and not committed: the erasure waits for it."""
    history(shop, sequenced=False)
    with shop.session("scoville_worker") as connection:
        connection.execute("select jobs.sequence_events(1000)")
        follower = pool.submit(erase, shop)
        wait_for_a_waiter(shop, follower)
    assert follower.result(PATIENCE_SECONDS).code is None
    sequence(shop)
    assert find(shop) == {}
    assert chain(shop) == []


@pytest.mark.commits
def test_a_sequencer_that_comes_during_an_erasure_moves_what_is_erased(shop: Shop, pool: ThreadPoolExecutor) -> None:
    history(shop, sequenced=False)
    with shop.session() as connection:
        shop.run(connection, "erase_customers", {"email": EMAIL})
        follower = pool.submit(sequence, shop)
        wait_for_a_waiter(shop, follower)
    assert follower.result(PATIENCE_SECONDS) > 5
    sequence(shop)
    assert find(shop) == {}
    assert chain(shop) == []


def echo(shop: Shop) -> tuple[Hooks, Any]:
    """A webhook, and the claim of a worker that is sending it the event of an order with this customer."""
    hooks = Hooks(shop)
    hooks.sequence()
    shop.receive(9)
    hooks.create(event_types=["order.placed"])
    shop.fulfill(shop.order((SKU, 2), customer=CUSTOMER))
    hooks.dispatch()
    [claim] = hooks.claim()
    assert "Canary Erased" in claim.body
    return hooks, claim


@pytest.mark.commits
def test_an_endpoint_that_repeats_what_it_got_before_brings_nothing_back(shop: Shop) -> None:
    """The worker was sending the event when the person was erased, and reports later. A replay sends the erased one."""
    hooks, claim = echo(shop)
    erase(shop)
    hooks.finish(claim.report(200, response="Canary echo"))
    assert shop.rows("select response from webhooks.attempts") == [{"response": ""}]
    [webhook] = shop.rows("select webhooks.public_id(region_id, endpoint_id) as webhook_id from webhooks.endpoints")
    seq = claim.delivery_id
    assert hooks.send("replay_webhooks", webhook, from_seq=seq, to_seq=seq).code is None
    hooks.dispatch()
    [again] = hooks.claim()
    assert '"erased": true' in again.body
    assert "Canary" not in again.body


@pytest.mark.commits
@pytest.mark.parametrize("report_first", [True, False])
def test_an_answer_that_is_reported_at_the_same_time_is_not_kept(
    shop: Shop, pool: ThreadPoolExecutor, *, report_first: bool
) -> None:
    hooks, claim = echo(shop)
    call = "select jobs.finish_deliveries(%s)"
    reports = [Jsonb([claim.report(200, response="Canary echo")])]
    if report_first:
        with shop.session("scoville_worker") as connection:
            connection.execute(call, reports)
            follower = pool.submit(erase, shop)
            wait_for_a_waiter(shop, follower)
        assert follower.result(PATIENCE_SECONDS).body["erased"]["responses"] == 1
    else:
        with shop.session() as connection:
            shop.run(connection, "erase_customers", {"email": EMAIL})
            reported = pool.submit(hooks.finish, *[claim.report(200, response="Canary echo")])
            wait_for_a_waiter(shop, reported)
        reported.result(PATIENCE_SECONDS)
    assert shop.rows("select response from webhooks.attempts") == [{"response": ""}]
    hooks.sequence()
    assert find(shop) == {}
