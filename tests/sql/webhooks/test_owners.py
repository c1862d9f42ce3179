"""A webhook proves its URL, takes a share of the places, and ends with its owner."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pyapp.outbound.webhooks.delivery import UNDER_WAY_MAX
from tests.hooks import NOON, URL, Hooks
from tests.world import SKU

if TYPE_CHECKING:
    from datetime import datetime

DAY = timedelta(days=1)


def create(hooks: Hooks, now: datetime = NOON, **settings: Any) -> Any:
    """A webhook whose URL has proved nothing so far."""
    [made] = hooks.shop.send("create_webhooks", {"url": URL} | settings, now=now.isoformat())
    assert made.code is None, made
    return made.body


# The URL


def test_until_its_url_has_answered_the_challenge_events_wait(hooks: Hooks) -> None:
    webhook = hooks.create(verified=False)
    hooks.orders(2)
    hooks.dispatch()
    assert hooks.claim() == []
    assert {delivery["status"] for delivery in hooks.deliveries(webhook)} == {"pending"}
    assert hooks.document(webhook)["status"] == "unverified"
    assert hooks.finish_challenges(webhook, url="https://another.example.com/") == 0
    assert hooks.finish_challenges(webhook) == 1
    hooks.dispatch()
    assert len(hooks.claim()) == 2
    document = hooks.document(webhook)
    assert (document["status"], document["version"]) == ("working", webhook["version"])
    assert document["verified_at"] is not None


def test_challenges_have_a_schedule_and_an_end(hooks: Hooks) -> None:
    """The seconds between two challenges are those between two attempts of a delivery, and never less than 20."""
    webhook = create(hooks)
    now, gaps = NOON, []
    assert hooks.challenge(NOON) == [(URL, [webhook["secret"]], webhook["webhook_id"])]
    while True:
        hooks.finish_challenges(webhook, failure="status 404", now=now)
        document = hooks.document(webhook, now=now.isoformat())
        if document["status"] == "disabled":
            break
        assert (document["status"], document["verification_error"]) == ("unverified", "status 404")
        [(due,)] = hooks.shop.connection.execute("select challenge_due_at from webhooks.endpoint_states").fetchall()
        assert hooks.challenge(due - timedelta(seconds=1)) == []
        gaps.append((due - now).total_seconds())
        now = due
        assert len(hooks.challenge(now)) == 1
    assert (document["disabled_reason"], len(gaps)) == ("unverified", 9)
    assert gaps[0] == 20
    assert 300 <= gaps[1] <= 330
    assert 2 * DAY < now - NOON < 4 * DAY
    assert hooks.challenge(now + 30 * DAY) == []
    hooks.send("update_webhooks", webhook, now=(now + DAY).isoformat(), active=True)
    assert len(hooks.challenge(now + DAY)) == 1


def test_a_new_url_has_to_prove_itself_again_and_gets_nothing_before(hooks: Hooks) -> None:
    webhook = hooks.create()
    hooks.orders(1)
    hooks.dispatch()  # in the queue already
    moved = hooks.send("update_webhooks", webhook, url="https://new.example.com/").body
    assert moved["status"] == "unverified"
    assert hooks.claim() == []
    assert hooks.finish_challenges(webhook) == 0  # the old URL
    assert hooks.finish_challenges(moved) == 1
    hooks.dispatch()
    assert {claim.url for claim in hooks.claim()} == {"https://new.example.com/"}
    assert hooks.send("update_webhooks", webhook, url="https://new.example.com/", description="x").body["status"] == "working"


def test_a_test_challenges_again_but_not_twice_in_20_seconds(hooks: Hooks) -> None:
    webhook = create(hooks)
    assert len(hooks.challenge(NOON)) == 1
    hooks.finish_challenges(webhook, failure="timeout", now=NOON)
    soon, later = NOON + timedelta(seconds=5), NOON + timedelta(seconds=20)
    assert hooks.send("test_webhooks", webhook, now=soon.isoformat()).code is None
    assert (hooks.challenge(soon), len(hooks.challenge(later))) == ([], 1)


def test_owners_take_turns_with_their_challenges(hooks: Hooks) -> None:
    many = [create(hooks, meta={"actor": "many"})["webhook_id"] for _ in range(9)]
    one = create(hooks, NOON + timedelta(seconds=1), meta={"actor": "one"})["webhook_id"]
    assert {row[2] for row in hooks.challenge(NOON + timedelta(seconds=1), limit=2)} == {many[0], one}


# The places


def test_slow_successes_are_no_reason_to_send_more_at_once(hooks: Hooks) -> None:
    hooks.create()
    now, widths = NOON, []
    for milliseconds in (100, 2000, 2001, 13_000, 100):
        hooks.orders(1)
        hooks.attempt(now, duration_ms=milliseconds)
        [(width,)] = hooks.shop.connection.execute("select requests_at_once from webhooks.endpoint_states").fetchall()
        widths.append(width)
    assert widths == [4, 8, 8, 8, 10]


def test_an_owner_has_a_quarter_of_the_places_while_there_are_others(hooks: Hooks) -> None:
    for _ in range(4):
        hooks.create(sub="greedy", concurrency=100)
    hooks.create(sub="modest", concurrency=100, wide=True)
    hooks.orders(80)
    hooks.dispatch()
    rows = hooks.shop.rows("select owner, count(*) as n from webhooks.deliveries where status = 'queued' group by 1 order by 1")
    assert [(row["owner"], row["n"]) for row in rows] == [("greedy", UNDER_WAY_MAX // 4), ("modest", 81)]
    taken = hooks.claim(limit=1000)
    assert len(taken) == UNDER_WAY_MAX // 4 + 81
    # What is answered makes room, for the webhook with the least in the queue.
    greedy = [claim for claim in taken if claim.endpoint_id == taken[0].endpoint_id][:10]
    assert hooks.finish(*(claim.report() for claim in greedy)) <= 10
    rows = hooks.shop.rows("select count(*) as n from webhooks.deliveries where status = 'queued' and owner = 'greedy'")
    assert rows[0]["n"] <= UNDER_WAY_MAX // 4


def test_an_owner_without_others_has_all_places(hooks: Hooks) -> None:
    for _ in range(2):
        hooks.create(sub="alone", concurrency=100, wide=True)
    hooks.create(sub="unverified", verified=False)
    hooks.orders(80)
    hooks.dispatch()
    rows = hooks.shop.rows("select count(*) as n from webhooks.deliveries where status = 'queued' and owner = 'alone'")
    assert rows[0]["n"] == 2 * 81


# Replays


def test_an_owner_replays_so_many_events_per_hour(hooks: Hooks) -> None:
    """All webhooks of the owner count together, also deleted ones; of other owners none."""
    first, second, other = hooks.create(), hooks.create(), hooks.create(sub="other")
    hooks.orders(3)
    hooks.dispatch()
    last = hooks.last_seq()
    for _ in range(3):
        hooks.finish(*(claim.report() for claim in hooks.claim()))
    window = {"from_seq": last - 3, "to_seq": last}

    def replay(webhook: Any, now: str, caller: dict[str, Any] | None = None) -> Any:
        return hooks.send("replay_webhooks", webhook, caller, now=now, **window)

    assert replay(first, "2026-03-01T12:10:00Z").body["deliveries"] == 4
    hooks.shop.connection.execute("update webhooks.endpoint_states set replayed = replayed + 49995 where replayed > 0")
    assert replay(second, "2026-03-01T12:59:59Z").code is None
    hooks.send("delete_webhooks", second)
    refused = replay(first, "2026-03-01T12:59:59Z")
    assert refused.code == "WH008"
    assert refused.body["detail"].endswith("Repeat the request at 2026-03-01T13:00:00.000Z.")
    assert hooks.send("recover_webhooks", first, now="2026-03-01T12:59:59Z", since="2026-01-01T00:00:00Z").code == "WH008"
    assert replay(other, "2026-03-01T12:59:59Z", {"sub": "other"}).code is None
    assert replay(first, "2026-03-01T13:00:00Z").code is None


# The owner


@pytest.mark.parametrize("role", ["admin", "integration"])
def test_a_webhook_ends_when_nothing_is_heard_of_an_owner_who_is_no_client(hooks: Hooks, role: str) -> None:
    """A token of an issuer or of `scoville token` ends by itself, and nobody here can see whether there is a next one."""
    caller: dict[str, Any] = {"role": role, "sub": "partner"} | ({"channels": ["web"]} if role == "integration" else {})
    webhook = hooks.shop.send("create_webhooks", {"url": URL}, now=NOON.isoformat(), **caller)[0].body
    hooks.finish_challenges(webhook)
    assert hooks.pause_unconfirmed(30, NOON + 29 * DAY) == 0
    assert hooks.send("test_webhooks", webhook, caller, now=(NOON + 29 * DAY).isoformat()).code is None
    assert hooks.pause_unconfirmed(30, NOON + 58 * DAY) == 0
    # Another admin's request shows nothing about the owner.
    hooks.send("update_webhooks", webhook, {"sub": "tester"}, now=(NOON + 58 * DAY).isoformat(), description="theirs")
    hooks.shop.order((SKU, 1))
    hooks.dispatch()  # in the queue already
    assert hooks.pause_unconfirmed(30, NOON + 59 * DAY) == 1
    document = hooks.document(webhook)
    assert (document["status"], document["disabled_reason"]) == ("disabled", "unconfirmed")
    assert hooks.claim() == []
    hooks.sequence()
    [event] = hooks.shop.rows("select data from events.event_log where type = 'webhook.disabled' order by seq desc limit 1")
    assert (event["data"]["owner"], event["data"]["reason"]) == ("partner", "unconfirmed")
    assert (
        hooks.send("update_webhooks", webhook, caller, now=(NOON + 60 * DAY).isoformat(), active=True).body["status"] == "working"
    )
    assert hooks.pause_unconfirmed(30, NOON + 61 * DAY) == 0


def test_the_webhook_of_a_client_needs_no_confirmation(hooks: Hooks) -> None:
    client = {"client_id": "shop", "name": "Shop", "role": "integration", "region_id": 1, "channels": ["web"]}
    [made] = hooks.shop.send("create_clients", {**client, "secret_hash": "00" * 32})
    assert made.code is None, made
    create(hooks, meta={"actor": "shop"})
    assert hooks.pause_unconfirmed(30, NOON + 1000 * DAY) == 0
    create(hooks, meta={"actor": "nobody"})
    with hooks.shop.session("scoville_worker") as connection:
        found = connection.execute("select owner from jobs.find_unclaimed_webhooks()").fetchall()
    assert found == [("nobody",)]
