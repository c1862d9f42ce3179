"""Webhooks in the database: subscribers, the times of attempts, late workers, and repair."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pyapp.problems import from_database
from tests.hooks import NOON, URL, Claim, Hooks
from tests.patience import PATIENCE_SECONDS
from tests.races import wait_for_a_waiter
from tests.world import SKU

if TYPE_CHECKING:
    pass

SCHEDULE = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600]  # seconds between attempts


def types(claims: list[Claim]) -> list[str]:
    return [json.loads(claim.body)["type"] for claim in claims]


# Subscribers -------------------------------------------------------------------------------------------------------------


def test_an_order_is_told_to_whoever_listens_and_the_body_is_the_event_of_the_log(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    placed = hooks.shop.order((SKU, 2))
    assert hooks.dispatch() > 0
    [claim] = hooks.claim()
    body = json.loads(claim.body)
    assert body["type"] == "order.placed"
    assert body["subject"] == f"orders/{placed.body['order_id']}"
    assert body["data"]["items"][0]["sku_id"] == SKU
    assert claim.url == URL
    assert claim.secrets == [webhook["secret"]]
    assert claim.webhook_id == "msg_" + body["id"].replace(":", "_")
    with hooks.shop.session("scoville_worker") as connection:
        row = connection.execute("select event::text from jobs.read_events(%s, 1)", [body["seq"] - 1]).fetchone()
    assert row == (claim.body,)


def test_a_new_webhook_listens_from_the_present_end_of_the_log(hooks: Hooks) -> None:
    hooks.shop.order((SKU, 1))
    hooks.sequence()
    hooks.create()
    hooks.dispatch()
    assert hooks.claim() == []


def test_every_event_is_dispatched_once_however_small_the_steps(hooks: Hooks) -> None:
    webhook = hooks.create(wide=True)
    hooks.orders(5)
    while hooks.dispatch(limit=2):
        hooks.claim()  # deliveries that no worker claims for half a second would delay the dispatcher
    seqs = sorted(delivery["seq"] for delivery in hooks.deliveries(webhook))
    assert len(seqs) == 6  # one order.placed per order, one stock.committed for all
    assert seqs == list(range(seqs[0], seqs[0] + 6))
    assert hooks.dispatch() == 0


def test_only_one_session_dispatches_and_the_other_does_not_wait(hooks: Hooks) -> None:
    hooks.create()
    hooks.shop.order((SKU, 1))
    hooks.sequence()
    with hooks.shop.session("scoville_worker") as first, hooks.shop.session("scoville_worker") as second:
        assert first.execute("select jobs.dispatch_webhooks(100)").fetchone() == (2,)
        assert second.execute("select jobs.dispatch_webhooks(100)").fetchone() == (-1,)
    assert hooks.dispatch() == 0


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        ({}, ["order.placed", "sku.changed", "stock.committed", "stock.committed"]),
        ({"event_types": ["order.placed"]}, ["order.placed"]),
        ({"event_types": ["stock.*", "sku.changed"]}, ["sku.changed", "stock.committed", "stock.committed"]),
        ({"skus": [SKU]}, ["order.placed", "stock.committed"]),
        ({"skus": ["SAUCE-3"]}, ["sku.changed"]),
        ({"channels": ["web"]}, ["order.placed"]),
        ({"channels": ["far"]}, []),
        ({"warehouses": ["WH-01"]}, ["order.placed", "stock.committed", "stock.committed"]),
        ({"warehouses": ["WH-03"]}, []),
        ({"warehouses": ["WH-01"], "event_types": ["order.*"], "skus": ["SAUCE-2"]}, ["order.placed"]),
    ],
    ids=str,
)
def test_an_event_passes_the_filters_that_name_one_of_its_values(hooks: Hooks, filters: dict[str, Any], told: list[str]) -> None:
    hooks.create(wide=True, **filters)
    hooks.shop.order((SKU, 1), ("SAUCE-2", 1))
    hooks.shop.connection.execute(
        "insert into events.outbox (region_id, type, audience, subject, sku_id, version, data, actor, occurred_at)"
        " values (0, 'sku.changed', 'everybody', 'skus/SAUCE-3', 'SAUCE-3', 2, '{}', 'a', now())"
    )
    hooks.dispatch()
    assert sorted(types(hooks.claim())) == told


def test_an_integration_is_told_of_its_channels_and_the_catalog_only(hooks: Hooks) -> None:
    hooks.create(role="integration", sub="shop-system", wide=True)
    hooks.shop.order((SKU, 1), channel="web")
    hooks.shop.order((SKU, 1), channel="till", items=[{"sku_id": SKU, "quantity": 1, "price": 9}])
    hooks.shop.connection.execute(
        "insert into events.outbox (region_id, type, audience, subject, sku_id, version, data, actor, occurred_at)"
        " values (0, 'sku.changed', 'everybody', 'skus/SAUCE-3', 'SAUCE-3', 2, '{}', 'a', now())"
    )
    hooks.dispatch()
    bodies = [json.loads(claim.body) for claim in hooks.claim()]
    assert sorted((body["type"], body["data"].get("channel")) for body in bodies) == [
        ("order.placed", "web"),
        ("sku.changed", None),
    ]


def test_an_integration_is_told_when_a_sku_is_sold_out_or_back_in_its_channel(hooks: Hooks) -> None:
    hooks.shop.receive(5, "SAUCE-3")
    hooks.sequence()
    hooks.create(role="integration", sub="shop-system", wide=True, event_types=["channel.stock.*"])
    hooks.shop.adjust(-5, "SAUCE-3")
    hooks.shop.receive(3, "SAUCE-3", warehouse_location="WH-03")  # which does not serve the channel
    hooks.shop.receive(2, "SAUCE-3")
    hooks.dispatch()
    bodies = [json.loads(claim.body) for claim in hooks.claim()]
    assert [(body["type"], body["data"]["channel"], body["data"]["available"]) for body in bodies] == [
        ("channel.stock.out", "web", 0),
        ("channel.stock.back_in", "web", 2),
    ]
    assert all("WH-0" not in json.dumps(body) for body in bodies)


def client(hooks: Hooks, **change: Any) -> None:
    """Creates the owner as an API client, or changes it."""
    if change:
        hooks.shop.send("change_clients", {"client_id": "shop-system", **change})
    else:
        made = {"client_id": "shop-system", "name": "Shop", "role": "integration", "channels": ["web"], "secret_hash": "00" * 32}
        [result] = hooks.shop.send("create_clients", made)
        assert result.code is None, result


def test_a_client_that_lost_a_channel_is_not_told_of_it_any_more(hooks: Hooks) -> None:
    client(hooks)
    hooks.create(role="integration", sub="shop-system", event_types=["order.placed"])
    hooks.shop.order((SKU, 1), channel="web")
    hooks.dispatch()
    assert len(hooks.claim()) == 1
    client(hooks, channels=["far"])
    hooks.shop.order((SKU, 1), channel="web")
    hooks.dispatch()
    assert hooks.claim() == []


def test_a_client_that_was_revoked_is_told_nothing(hooks: Hooks) -> None:
    client(hooks)
    hooks.create(role="integration", sub="shop-system", event_types=["order.placed"])
    hooks.shop.send("revoke_clients", {"client_id": "shop-system"})
    hooks.shop.order((SKU, 1), channel="web")
    hooks.dispatch()
    assert hooks.claim() == []


LOSSES: dict[str, dict[str, Any]] = {
    "revoked": {"revoke": True},
    "inactive": {"active": False},
    "another role": {"role": "sales"},
    "another channel": {"channels": ["far"]},
}


@pytest.mark.parametrize("queued", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_what_a_client_lost_the_right_to_see_is_not_sent_though_it_waits(hooks: Hooks, loss: str, queued: bool) -> None:
    """An existing delivery, in the queue already or waiting for its next attempt."""
    client(hooks)
    webhook = hooks.create(role="integration", sub="shop-system", event_types=["order.placed", "sku.changed"])
    hooks.shop.order((SKU, 1), channel="web")
    now = datetime.now(UTC)
    if queued:
        hooks.dispatch(now)
    else:
        assert hooks.attempt(now, 500) == 1
    if LOSSES[loss].get("revoke"):
        hooks.shop.send("revoke_clients", {"client_id": "shop-system"})
    else:
        client(hooks, **LOSSES[loss])
    later = now + timedelta(minutes=1)
    hooks.dispatch(later)
    assert hooks.claim(now=later) == []
    assert [delivery["status"] for delivery in hooks.deliveries(webhook)] == ["canceled"]
    assert hooks.queue() == 0


def test_an_owner_that_keeps_the_right_is_still_told_after_its_filters_changed(hooks: Hooks) -> None:
    client(hooks)
    webhook = hooks.create(role="integration", sub="shop-system", event_types=["order.placed"])
    hooks.shop.order((SKU, 1), channel="web")
    hooks.dispatch()
    assert hooks.send("update_webhooks", webhook, event_types=["order.canceled"]).code is None
    client(hooks, channels=["far", "web"])
    assert len(hooks.claim()) == 1


def test_an_integration_reaches_its_own_webhooks_only(hooks: Hooks) -> None:
    theirs = hooks.create(role="integration", sub="theirs")
    hooks.create(role="admin", sub="boss")
    mine = hooks.create(role="integration", sub="mine")
    me: dict[str, Any] = {"role": "integration", "sub": "mine", "channels": ["web"]}
    with hooks.shop.session(**me) as connection:
        row = connection.execute("select body from api.list_webhooks(1::smallint, '{}', null, 200)").fetchone()
        assert row
        assert [webhook["webhook_id"] for webhook in row[0]["data"]] == [mine["webhook_id"]]
        for table in ("endpoints", "endpoint_states"):
            assert connection.execute(f"select distinct owner from webhooks.{table}").fetchall() == [("mine",)]
    commands: dict[str, dict[str, Any]] = {
        "update_webhooks": {"description": "stolen"},
        "delete_webhooks": {},
        "rotate_webhook_secrets": {},
        "test_webhooks": {},
        "retry_deliveries": {"delivery_id": "1"},
        "recover_webhooks": {"since": "2020-01-01T00:00:00Z"},
        "replay_webhooks": {"from_seq": 1, "to_seq": 1},
    }
    for command, more in commands.items():
        assert hooks.send(command, theirs, me, **more).code == "WH001", command
    with pytest.raises(psycopg.Error, match="does not exist or is not yours"):
        hooks.deliveries(theirs, **me)


def test_deliveries_and_attempts_are_seen_by_admin_and_owner(hooks: Hooks) -> None:
    webhook = hooks.create(role="integration", sub="mine", event_types=["order.placed"])
    hooks.shop.order((SKU, 1), channel="web")
    hooks.attempt(datetime.now(UTC))
    [seen] = hooks.deliveries(webhook)
    assert hooks.deliveries(webhook, "integration", sub="mine", channels=["web"]) == [seen]
    assert [attempt["response"] for attempt in seen["attempts"]] == ["ok"]


# Refusals -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "code", "pointer"),
    [
        ({"event_types": ["order.placed", "order.eaten"]}, "WH003", "/event_types/1"),
        ({"event_types": ["pizza.*"]}, "WH003", "/event_types/0"),
        ({"skus": [SKU, "NO-SUCH"]}, "ST002", "/skus/1"),
        ({"warehouses": ["WH-09"]}, "ST003", "/warehouses/0"),
        ({"channels": ["web", "nowhere"]}, "OR008", "/channels/1"),
    ],
    ids=str,
)
def test_a_filter_that_would_never_let_anything_through_is_refused(
    hooks: Hooks, settings: dict[str, Any], code: str, pointer: str
) -> None:
    webhook = hooks.create()
    before = hooks.document(webhook)
    [made] = hooks.shop.send("create_webhooks", {"url": URL, **settings})
    changed = hooks.send("update_webhooks", webhook, **settings)
    for refused in (made, changed):
        assert refused.code == code
        assert [error["pointer"] for error in refused.body["errors"]] == [pointer]
    assert hooks.document(webhook) | {"confirmed_at": before["confirmed_at"]} == before


def test_an_integration_cannot_filter_for_a_channel_that_it_does_not_see(hooks: Hooks) -> None:
    element = {"url": URL, "channels": ["far"]}
    [refused] = hooks.shop.send("create_webhooks", element, role="integration", sub="mine", channels=["web"])
    assert refused.code == "OR008"


def test_an_owner_has_a_hundred_webhooks_at_most(hooks: Hooks) -> None:
    results = hooks.shop.send("create_webhooks", *[{"url": URL}] * 101)
    assert [result.code for result in results] == [None] * 100 + ["WH004"]
    hooks.send("delete_webhooks", results[0].body)
    hooks.create()


@pytest.mark.parametrize("url", ["ftp://example.com", "javascript:alert(1)", "https://a b", "", "https://" + "a" * 2050])
def test_the_table_takes_web_addresses_only(hooks: Hooks, url: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="endpoints_url_is_a_web_address_check"):
        hooks.create(url=url)


def test_a_change_on_another_version_is_refused(hooks: Hooks) -> None:
    webhook = hooks.create()
    assert hooks.send("update_webhooks", webhook, if_match="1", description="new").body["version"] == 2
    assert hooks.send("update_webhooks", webhook, if_match="1", description="newer").code == "ST009"
    assert hooks.send("delete_webhooks", webhook, if_match="1").code == "ST009"


def test_every_change_of_a_webhook_is_in_the_audit_without_its_secret(hooks: Hooks) -> None:
    webhook = hooks.create()
    rotated = hooks.send("rotate_webhook_secrets", webhook)
    hooks.send("delete_webhooks", webhook)
    entries = hooks.shop.audit("webhooks.endpoints", webhook["webhook_id"].rpartition("-")[2])
    assert [(entry["action"], entry["reason"]) for entry in entries] == [
        ("insert", None),
        ("update", "secret rotated"),
        ("update", "deleted"),
    ]
    assert not [entry for entry in entries if webhook["secret"] in str(entry) or rotated.body["secret"] in str(entry)]


# Secrets ------------------------------------------------------------------------------------------------------------------


def test_a_secret_is_shown_once_and_kept_out_of_what_is_kept_for_repeats(hooks: Hooks) -> None:
    element = {"url": URL, "meta": {"idempotency_key": "once", "actor": "tester"}}
    [first] = hooks.shop.send("create_webhooks", element)
    [second] = hooks.shop.send("create_webhooks", element)
    assert first.body["secret"].startswith("whsec_")
    assert second.replayed
    assert second.body == {name: first.body[name] for name in first.body if name != "secret"}
    assert "secret" not in hooks.document(first.body)
    kept = hooks.shop.rows("select answer::text from identity.idempotency_keys")
    assert first.body["secret"] not in str(kept)


@pytest.mark.parametrize("role", ["admin", "integration", "warehouse", "sales", "scoville_worker"])
def test_no_role_reads_the_secrets_or_the_queue(hooks: Hooks, role: str) -> None:
    hooks.create()
    for table in ("webhooks.secrets", "pgmq.q_webhook_deliveries", "pgmq.meta"):
        with hooks.shop.session(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"select * from {table}")


@pytest.mark.parametrize("role", ["pg_monitor", "pg_read_all_data", "bi_reader"])
def test_who_watches_or_reads_everything_sees_neither_secrets_nor_payloads(hooks: Hooks, role: str) -> None:
    webhook = hooks.create()
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    seen: list[Any] = []
    with hooks.shop.connection.transaction(force_rollback=True) as _:
        hooks.shop.connection.execute(f"set local role {role}")
        for table in ("secrets", "endpoints", "deliveries", "attempts"):
            try:
                with hooks.shop.connection.transaction():
                    seen += hooks.shop.connection.execute(f"select * from webhooks.{table}").fetchall()
            except psycopg.errors.InsufficientPrivilege:
                continue
        if role != "bi_reader":
            messages = hooks.shop.rows("select message, headers from pgmq.q_webhook_deliveries")
            assert messages
            assert {tuple(sorted(row["message"])) for row in messages} == {("delivery", "endpoint", "region")}
            assert webhook["secret"] not in str(messages)
    assert seen == []


def test_after_a_rotation_both_secrets_sign_until_the_older_one_runs_out(hooks: Hooks) -> None:
    webhook = hooks.create()
    rotated = hooks.send("rotate_webhook_secrets", webhook, overlap_seconds=60, now=NOON.isoformat())
    assert rotated.body["previous_secret_expires_at"] == "2026-03-01T12:01:00.000Z"
    secrets = [rotated.body["secret"], webhook["secret"]]
    for after, signing in ((59, secrets), (61, secrets[:1])):
        hooks.shop.order((SKU, 1))
        hooks.dispatch(NOON)
        claims = hooks.claim(now=NOON + timedelta(seconds=after))
        assert [claim.secrets for claim in claims] == [signing] * 2
        hooks.finish(*(claim.report() for claim in claims))


def test_a_third_secret_ends_the_first_at_once(hooks: Hooks) -> None:
    webhook = hooks.create()
    second = hooks.send("rotate_webhook_secrets", webhook).body["secret"]
    third = hooks.send("rotate_webhook_secrets", webhook).body["secret"]
    hooks.send("test_webhooks", webhook)
    hooks.dispatch()
    assert [claim.secrets for claim in hooks.claim()] == [[third, second]]


def test_a_rotation_without_overlap_ends_the_secret_so_far_at_once(hooks: Hooks) -> None:
    webhook = hooks.create()
    second = hooks.send("rotate_webhook_secrets", webhook, overlap_seconds=0)
    assert second.body["previous_secret_expires_at"] is None
    hooks.send("test_webhooks", webhook)
    hooks.dispatch()
    assert [claim.secrets for claim in hooks.claim()] == [[second.body["secret"]]]


def test_secrets_that_ran_out_are_forgotten(hooks: Hooks) -> None:
    webhook = hooks.create()
    hooks.send("rotate_webhook_secrets", webhook, overlap_seconds=60)
    assert hooks.shop.job("clean_up_webhooks") == 0
    assert hooks.shop.job("clean_up_webhooks", now=(datetime.now(UTC) + timedelta(minutes=2)).isoformat()) == 1
    assert len(hooks.shop.rows("select from webhooks.secrets")) == 1


# Attempts -----------------------------------------------------------------------------------------------------------------


def test_what_was_delivered_is_out_of_the_queue_and_in_the_log(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    [claim] = hooks.claim()
    hooks.finish(claim.report(201, response="thanks"))
    assert hooks.queue() == 0
    [delivery] = hooks.deliveries(webhook)
    assert (delivery["status"], delivery["due_at"]) == ("delivered", None)
    [attempt] = delivery["attempts"]
    assert attempt == {
        "attempt": 1,
        "started_at": "2026-03-01T12:00:00.000Z",
        "duration_ms": 12,
        "status_code": 201,
        "error": None,
        "response": "thanks",
    }
    assert hooks.document(webhook)["recent"] == {
        "pending": 0,
        "delivered": 1,
        "failed": 0,
        "canceled": 0,
        "attempts": 1,
        "failed_attempts": 0,
        "last_attempt_at": attempt["started_at"],
    }


def test_a_failure_is_tried_again_by_the_schedule_with_the_same_message_id_and_then_given_up(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.dispatch(NOON)
    moment, message_ids = NOON, set()
    for seconds in [*SCHEDULE, None]:
        [claim] = hooks.claim(now=moment)
        message_ids.add(claim.webhook_id)
        hooks.finish(claim.report(500), now=moment)
        hooks.shop.connection.execute("update webhooks.endpoint_states set paused_until_at = null")  # no pause in this test
        [delivery] = hooks.deliveries(webhook)
        if seconds is None:
            break
        due = datetime.fromisoformat(delivery["due_at"])
        assert 1 <= (due - moment).total_seconds() / seconds <= 1.1
        hooks.dispatch(due - timedelta(milliseconds=2))
        assert hooks.claim(now=moment) == []
        hooks.dispatch(due + timedelta(milliseconds=1))
        moment = due + timedelta(milliseconds=1)
    assert (delivery["status"], len(delivery["attempts"])) == ("failed", 10)
    assert len(message_ids) == 1
    assert hooks.queue() == 0


def test_what_failed_together_does_not_come_back_together(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"], wide=True)
    hooks.orders(20)
    assert hooks.attempt(NOON, 500) == 20
    assert len({delivery["due_at"] for delivery in hooks.deliveries(webhook)}) > 10


@pytest.mark.parametrize(("status", "error"), [(301, None), (404, None), (200, "timeout"), (None, "connection"), (500, None)])
def test_whatever_is_not_2xx_failed(hooks: Hooks, status: int | None, error: str | None) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    assert hooks.attempt(NOON, status, error=error) == 1
    assert hooks.deliveries(webhook)[0]["status"] == "pending"


@pytest.mark.parametrize(("asked", "got"), [(3600, 3600), (86400 * 9, 86400), (1, 5), (-7, 5)])
def test_retry_after_is_honoured_up_to_a_day(hooks: Hooks, asked: int, got: int) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON, 400, retry_after=asked)
    due = datetime.fromisoformat(hooks.deliveries(webhook)[0]["due_at"])
    assert 1 <= (due - NOON).total_seconds() / got <= 1.1


@pytest.mark.parametrize("status", [429, 503])
def test_an_endpoint_that_asks_to_be_left_alone_gets_nothing_else_meanwhile(hooks: Hooks, status: int) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON, status, retry_after=120)
    assert hooks.document(webhook, NOON.isoformat())["paused_until"] == "2026-03-01T12:02:00.000Z"
    hooks.shop.order((SKU, 1))
    assert hooks.attempt(NOON + timedelta(seconds=119)) == 0
    assert [hooks.attempt(NOON + timedelta(seconds=121)) for _ in range(2)] == [1, 1]


# The fence ----------------------------------------------------------------------------------------------------------------


def test_a_late_worker_cannot_report_on_what_another_has_taken_over(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    [late] = hooks.claim(seconds=0)  # its lease ends at once
    [taken_over] = hooks.claim()
    assert (taken_over.message_id, taken_over.claim) == (late.message_id, late.claim + 1)
    hooks.finish(late.report(204))
    assert hooks.queue() == 1
    [delivery] = hooks.deliveries(webhook)
    assert (delivery["status"], delivery["attempts"]) == ("sending", [])
    hooks.finish(taken_over.report(500))
    hooks.finish(late.report(204), late.report(410))
    [delivery] = hooks.deliveries(webhook)
    assert delivery["status"] == "pending"
    assert [attempt["status_code"] for attempt in delivery["attempts"]] == [500]
    assert hooks.document(webhook)["status"] == "failing"


def test_what_a_dead_worker_held_is_handed_out_again_with_the_same_message_id(hooks: Hooks) -> None:
    hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    [first] = hooks.claim(seconds=0)
    [second] = hooks.claim()
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)
    assert hooks.claim() == []  # the lease of the second claim has not ended


def test_a_message_that_five_workers_died_of_is_quarantined_and_can_be_tried_by_hand(hooks: Hooks) -> None:
    """Twice with another message, three times alone. The other message is not blamed."""
    webhook = hooks.create(event_types=["order.placed"])
    hooks.orders(2)
    hooks.dispatch()
    for death in range(1, 6):
        poison, innocent = sorted(hooks.claim(seconds=0))
        if death > 2:
            assert hooks.start_solo(poison, 0)
    [innocent] = hooks.claim()
    hooks.finish(innocent.report())
    assert hooks.queue() == 0
    second, first = hooks.deliveries(webhook)
    assert (first["status"], second["status"]) == ("quarantined", "delivered")
    assert hooks.send("retry_deliveries", webhook, delivery_id=first["delivery_id"]).body["status"] == "pending"
    hooks.dispatch()
    [again] = hooks.claim()
    assert (again.claim, again.webhook_id) == (1, poison.webhook_id)


def test_a_report_clears_a_message_of_the_suspicion(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.orders(1)
    hooks.dispatch()
    for _ in range(4):
        [claim] = hooks.claim(seconds=0)
    for _ in range(2):
        assert hooks.start_solo(claim, 0)
    hooks.finish(claim.report(500))
    assert hooks.shop.rows("select solo_starts, attempts from webhooks.deliveries") == [{"solo_starts": 0, "attempts": 1}]
    assert [delivery["status"] for delivery in hooks.deliveries(webhook)] == ["pending"]


def test_who_has_lost_the_claim_starts_nothing(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.orders(1)
    hooks.dispatch()
    [late] = hooks.claim(seconds=0)
    [holder] = hooks.claim(seconds=0)
    assert not hooks.start_solo(late)
    assert hooks.start_solo(holder)
    assert hooks.claim() == []  # the start has extended the lease
    hooks.send("delete_webhooks", webhook)
    assert hooks.shop.rows("select solo_starts from webhooks.deliveries") == [{"solo_starts": 1}]


def test_a_message_that_is_never_even_begun_is_quarantined_in_the_end(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.orders(1)
    hooks.dispatch()
    for _ in range(30):
        assert len(hooks.claim(seconds=0)) == 1
    assert hooks.claim() == []
    assert [delivery["status"] for delivery in hooks.deliveries(webhook)] == ["quarantined"]


# Isolation of endpoints ---------------------------------------------------------------------------------------------------


def test_an_endpoint_begins_with_two_at_once_and_earns_more(hooks: Hooks) -> None:
    hooks.create(event_types=["order.placed"], concurrency=7)
    hooks.orders(40)
    hooks.dispatch()
    sizes = []
    while claims := hooks.claim():
        sizes.append(len(claims))
        hooks.finish(*(claim.report() for claim in claims))
    assert sizes == [2, 4, 7, 7, 7, 7, 6]


def test_an_endpoint_never_has_more_in_the_queue_than_it_may(hooks: Hooks) -> None:
    hooks.create(event_types=["order.placed"])
    for _ in range(9):
        hooks.shop.order((SKU, 1))
        hooks.dispatch()
    assert hooks.queue() == 2


def test_a_worker_that_is_behind_dispatches_nothing_while_most_endpoints_have_enough(hooks: Hooks) -> None:
    hooks.create(event_types=["order.placed"], sub="first")
    hooks.create(event_types=["order.placed"], sub="second")
    quiet = hooks.create(event_types=["lot.expiring"])

    def behind(backlog: int | None) -> int:
        hooks.orders(1)
        hooks.sequence()
        with hooks.shop.session("scoville_worker") as connection:
            row = connection.execute("select jobs.dispatch_webhooks(1000, %s)", [backlog]).fetchone()
        assert row
        return int(row[0])

    hooks.orders(8)
    hooks.dispatch()  # two per endpoint are in the queue, six wait
    assert behind(7) > 0
    assert behind(7) > 0
    assert behind(7) == 0  # eight wait now, at two of three endpoints
    hooks.create(event_types=["lot.expiring"])
    assert behind(7) > 0  # two of four endpoints may themselves be slow
    hooks.send("delete_webhooks", quiet)
    assert behind(7) == 0
    assert behind(None) > 0
    assert behind(7) == 0
    while claims := hooks.claim():
        hooks.finish(*(claim.report() for claim in claims))
    assert behind(7) > 0


def test_a_claim_waits_for_the_disk_and_nothing_else_does(hooks: Hooks) -> None:
    """The sender depends on its claim. A dispatch or a report that a crash loses is repeated."""
    for statement, waits in (
        ("select jobs.dispatch_webhooks(1)", "off"),
        ("select jobs.claim_deliveries(1, 1)", "on"),
        ("""select jobs.finish_deliveries('[]')""", "off"),
    ):
        with hooks.shop.session("scoville_worker") as connection:
            connection.execute("set local synchronous_commit = on")
            connection.execute(statement)
            assert connection.execute("show synchronous_commit").fetchone() == (waits,), statement


def test_after_five_failures_in_a_row_an_endpoint_is_paused_and_then_tried_with_one(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.orders(10)
    sizes = [hooks.attempt(NOON, 500) for _ in range(6)]
    assert sizes == [2, 1, 1, 1, 0, 0]
    pause = datetime.fromisoformat(hooks.document(webhook, NOON.isoformat())["paused_until"]) - NOON
    assert pause == timedelta(seconds=30)
    moment = NOON + pause
    assert hooks.attempt(moment, 500) == 1
    again = datetime.fromisoformat(hooks.document(webhook, moment.isoformat())["paused_until"]) - moment
    assert again == timedelta(seconds=60)
    assert hooks.attempt(moment + again, 204) == 1
    assert hooks.document(webhook)["status"] == "working"
    assert hooks.queue() == 2


def test_a_pause_is_five_minutes_at_most(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.shop.connection.execute("update webhooks.endpoint_states set failures_in_row = 50, pauses_in_row = 40")
    hooks.attempt(NOON, 500)
    assert hooks.document(webhook, NOON.isoformat())["paused_until"] == "2026-03-01T12:05:00.000Z"


def test_a_rate_limit_is_kept_whatever_the_endpoint_could_take(hooks: Hooks) -> None:
    hooks.create(event_types=["order.placed"], rate_limit=120, wide=True)
    hooks.orders(20)
    sizes = [hooks.attempt(NOON + timedelta(milliseconds=250 * nth)) for nth in range(12)]
    assert sizes == [2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]  # one second's worth at once, then two per second


def test_a_rate_limit_below_one_a_second_lets_one_through_at_a_time(hooks: Hooks) -> None:
    hooks.create(event_types=["order.placed"], rate_limit=1)
    hooks.orders(3)
    assert [hooks.attempt(NOON + timedelta(seconds=after)) for after in (0, 59, 61, 119, 122)] == [1, 0, 1, 0, 1]


# Given up, paused, deleted ------------------------------------------------------------------------------------------------


def test_410_disables_the_endpoint_and_raises_an_event(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    boss = hooks.create(url="https://boss.example.com", event_types=["webhook.disabled"])
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON, 410)
    document = hooks.document(webhook)
    assert (document["status"], document["disabled_reason"], document["active"]) == ("disabled", "gone", True)
    assert hooks.deliveries(webhook)[0]["status"] == "failed"
    hooks.dispatch()
    [claim] = hooks.claim()
    body = json.loads(claim.body)
    assert (claim.url, body["type"], body["subject"]) == (boss["url"], "webhook.disabled", f"webhooks/{webhook['webhook_id']}")
    assert body["data"]["reason"] == "gone"
    assert body["version"] == document["version"]


def test_five_days_of_failure_disable_the_endpoint_and_what_waits_is_called_off(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON, 500)
    hooks.attempt(NOON + timedelta(days=4, hours=23), 500)
    assert hooks.document(webhook)["status"] == "failing"
    hooks.shop.order((SKU, 1))
    assert hooks.attempt(NOON + timedelta(days=5, minutes=1), 500) > 0
    assert (hooks.document(webhook)["status"], hooks.document(webhook)["disabled_reason"]) == ("disabled", "failing")
    assert hooks.attempt(NOON + timedelta(days=6)) == 0
    hooks.shop.job("clean_up_webhooks")
    assert {delivery["status"] for delivery in hooks.deliveries(webhook)} == {"canceled"}
    subject = f"webhooks/{webhook['webhook_id']}"
    assert hooks.shop.rows("select type from events.event_log where subject = %s", subject) == [{"type": "webhook.disabled"}]


def test_one_success_resets_the_five_days(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON, 500)
    hooks.attempt(NOON + timedelta(days=3), 204)
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON + timedelta(days=6), 500)
    assert hooks.document(webhook)["status"] == "failing"


def test_active_true_takes_a_disabled_webhook_up_again_from_the_present_on(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON, 410)
    hooks.shop.order((SKU, 1))  # placed while the webhook is disabled
    hooks.dispatch()
    for refused in (
        hooks.send("test_webhooks", webhook),
        hooks.send("recover_webhooks", webhook, since="2020-01-01T00:00:00Z"),
        hooks.send("replay_webhooks", webhook, from_seq=1, to_seq=1),
        hooks.send("retry_deliveries", webhook, delivery_id=hooks.deliveries(webhook)[0]["delivery_id"]),
    ):
        assert refused.code == "WH007"
    assert hooks.send("update_webhooks", webhook, description="mended").body["status"] == "disabled"
    assert hooks.send("update_webhooks", webhook, active=True).body["status"] == "working"
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    assert len(hooks.claim()) == 1


def test_a_paused_webhook_keeps_what_waits_and_misses_what_happens(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    assert hooks.queue() == 1
    assert hooks.send("update_webhooks", webhook, active=False).body["status"] == "paused"
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    assert hooks.claim() == []
    assert [delivery["status"] for delivery in hooks.deliveries(webhook)] == ["pending"]
    hooks.send("update_webhooks", webhook, active=True)
    hooks.dispatch()
    assert len(hooks.claim()) == 1


def test_a_deleted_webhook_is_gone_with_its_secrets_and_gets_nothing_more(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.orders(3)
    hooks.dispatch()
    assert hooks.send("delete_webhooks", webhook).body["status"] == "deleted"
    assert hooks.send("update_webhooks", webhook, active=True).code == "WH001"
    assert hooks.shop.rows("select from webhooks.secrets") == []
    assert hooks.claim() == []
    hooks.shop.job("clean_up_webhooks")
    assert hooks.shop.rows("select distinct status from webhooks.deliveries") == [{"status": "canceled"}]
    assert hooks.queue() == 0


# Repair -------------------------------------------------------------------------------------------------------------------


def test_a_test_reaches_its_webhook_whatever_the_filters_and_nobody_else(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"], role="integration", sub="mine")
    hooks.create(url="https://other.example.com")
    answer = hooks.send("test_webhooks", webhook, {"role": "integration", "sub": "mine", "channels": ["web"]})
    assert answer.body["subject"] == f"webhooks/{webhook['webhook_id']}"
    hooks.dispatch()
    [claim] = hooks.claim()
    assert claim.url == URL
    assert json.loads(claim.body)["type"] == "webhook.test"


def test_a_retry_by_hand_is_due_at_once_and_starts_the_schedule_again(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON, 500)
    hooks.attempt(NOON + timedelta(seconds=6), 500)
    [delivery] = hooks.deliveries(webhook)
    moment = NOON + timedelta(seconds=20)
    assert hooks.send("retry_deliveries", webhook, delivery_id=delivery["delivery_id"], now=moment.isoformat()).code is None
    hooks.dispatch(moment)
    refused = hooks.send("retry_deliveries", webhook, delivery_id=delivery["delivery_id"])
    assert refused.code == "WH006"
    [claim] = hooks.claim()
    hooks.finish(claim.report(500), now=moment)
    [delivery] = hooks.deliveries(webhook)
    assert len(delivery["attempts"]) == 3
    assert datetime.fromisoformat(delivery["due_at"]) - moment < timedelta(seconds=6)


@pytest.mark.parametrize("delivery_id", ["7", "x", "-1", "9" * 30])
def test_a_delivery_that_is_not_there_cannot_be_retried(hooks: Hooks, delivery_id: str) -> None:
    assert hooks.send("retry_deliveries", hooks.create(), delivery_id=delivery_id).code == "WH005"


def test_recover_sends_again_what_failed_since_a_moment_and_nothing_else(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"], concurrency=100)
    hooks.orders(5)
    hooks.dispatch()
    states = ["failed", "failed", "canceled", "quarantined", "delivered"]
    ids = [delivery["delivery_id"] for delivery in hooks.deliveries(webhook)]
    for nth, (delivery_id, status) in enumerate(zip(ids, states, strict=True)):
        hooks.shop.connection.execute(
            "update webhooks.deliveries set status = %s, finished_at = now(), created_at = %s where delivery_id = %s",
            [status, NOON - timedelta(hours=nth), delivery_id],
        )
    answer = hooks.send("recover_webhooks", webhook, since=(NOON - timedelta(hours=2)).isoformat())
    assert answer.body == {"webhook_id": webhook["webhook_id"], "deliveries": 3, "more": False}
    assert [delivery["status"] for delivery in hooks.deliveries(webhook)] == ["pending"] * 3 + ["quarantined", "delivered"]


def test_replay_sends_a_range_through_the_filters_under_the_same_message_ids(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"], wide=True)
    hooks.orders(4)
    hooks.dispatch()
    before = hooks.claim()
    hooks.finish(*(claim.report() for claim in before[:3]))
    first, last = before[0].delivery_id, before[3].delivery_id
    answer = hooks.send("replay_webhooks", webhook, from_seq=first, to_seq=last)
    assert answer.body["deliveries"] == 3  # the fourth is under way
    hooks.dispatch()
    assert [claim.webhook_id for claim in hooks.claim()] == [claim.webhook_id for claim in before[:3]]


def test_replay_sends_what_happened_before_the_webhook_was_there(hooks: Hooks) -> None:
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    last_seq = hooks.last_seq()
    webhook = hooks.create(event_types=["order.placed"])
    answer = hooks.send("replay_webhooks", webhook, from_seq=last_seq - 1, to_seq=last_seq)
    assert answer.body["deliveries"] == 1


def test_a_replay_ahead_of_the_dispatcher_is_not_sent_twice(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.sequence()
    hooks.send("replay_webhooks", webhook, from_seq=hooks.last_seq() - 1, to_seq=hooks.last_seq())
    assert hooks.attempt(datetime.now(UTC)) == 1
    assert hooks.attempt(datetime.now(UTC)) == 0


def test_a_replay_and_the_dispatcher_do_not_wait_for_each_other(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"], wide=True)
    hooks.orders(2)
    hooks.sequence()
    last = hooks.last_seq()
    with ThreadPoolExecutor(1) as pool:
        with hooks.shop.session() as connection:
            hooks.shop.run(connection, "test_webhooks", {"webhook_id": webhook["webhook_id"]})  # locks the state of the endpoint
            dispatched = pool.submit(hooks.dispatch)
            wait_for_a_waiter(hooks.shop, dispatched)
            replay = {"webhook_id": webhook["webhook_id"], "from_seq": last - 2, "to_seq": last}
            [answer] = hooks.shop.run(connection, "replay_webhooks", replay)
            assert (answer.code, answer.body["deliveries"]) == (None, 0)
        dispatched.result(PATIENCE_SECONDS)
    assert sorted(types(hooks.claim())) == ["order.placed", "order.placed"]


@pytest.mark.parametrize(
    ("first", "last", "pointer"), [(2, 1, "/to_seq"), (1, 10_001, "/to_seq"), (0, 1, "/from_seq"), (1, 9999, "/to_seq")]
)
def test_a_range_that_cannot_be_replayed_is_refused(hooks: Hooks, first: int, last: int, pointer: str) -> None:
    refused = hooks.send("replay_webhooks", hooks.create(), from_seq=first, to_seq=last)
    assert refused.code == "VA001"
    assert refused.body["errors"][0]["pointer"] == pointer


def test_old_deliveries_are_forgotten_with_their_attempts(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON)
    hooks.shop.order((SKU, 1))
    hooks.attempt(NOON + timedelta(days=20), 500)
    assert hooks.shop.job("clean_up_webhooks", now=(NOON + timedelta(days=29)).isoformat()) == 0
    assert hooks.shop.job("clean_up_webhooks", now=(NOON + timedelta(days=31)).isoformat()) == 1
    [delivery] = hooks.deliveries(webhook)
    assert delivery["status"] == "pending"
    assert hooks.shop.rows("select count(*) as n from webhooks.attempts") == [{"n": 1}]


# Bodies -------------------------------------------------------------------------------------------------------------------


def emit(hooks: Hooks, size: int) -> None:
    """An event without a subject, whose data is a text of this number of characters."""
    hooks.shop.connection.execute(
        "select events.emit(1::smallint, 'sku.changed', 'skus/X', null, '{}', 1,"
        " jsonb_build_object('text', repeat('x', %s)), 'a', null)",
        [size],
    )


def test_past_20_kib_the_body_is_thin_and_says_where_the_event_can_be_read(hooks: Hooks) -> None:
    hooks.create()
    emit(hooks, 19_000)
    emit(hooks, 21_000)
    hooks.dispatch()
    full, thin = (json.loads(claim.body) for claim in hooks.claim())
    assert len(full["data"]["text"]) == 19_000
    assert "data" not in thin
    place = thin["dataref"].removeprefix("/v1/events?after=").removesuffix("&limit=1")
    with hooks.shop.session() as connection:
        row = connection.execute("select body from api.list_events(1::smallint, '{}', %s, 1)", [place]).fetchone()
    assert row
    [event] = row[0]["data"]
    assert event["id"] == thin["id"]
    assert len(event["data"]["text"]) == 21_000
    assert thin == {name: event[name] for name in event if name not in ("data", "datacontenttype")} | {"dataref": thin["dataref"]}


def test_an_event_past_256_kib_is_refused_where_it_is_made(hooks: Hooks) -> None:
    emit(hooks, 262_000)
    with pytest.raises(psycopg.errors.CheckViolation, match="data_is_at_most_262144_bytes_check"):
        emit(hooks, 262_144)


def test_an_event_that_the_log_does_not_keep_any_more_is_not_sent(hooks: Hooks) -> None:
    webhook = hooks.create(event_types=["order.placed"])
    hooks.shop.order((SKU, 1))
    hooks.dispatch()
    hooks.shop.connection.execute("delete from events.event_log")
    assert hooks.claim() == []
    assert [delivery["status"] for delivery in hooks.deliveries(webhook)] == ["canceled"]
    assert hooks.queue() == 0


def test_the_refusal_of_a_large_event_says_what_to_do(hooks: Hooks) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        emit(hooks, 300_000)
    problem = from_database(refused.value, "r")
    assert problem.code == "VA001"
    assert problem.detail.startswith("The event for this change is larger than 256 KiB.")
