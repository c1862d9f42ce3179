"""A worker, real sockets, a receiver: what arrives, how often, and how bad receivers affect the others."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from pyapp.outbound.webhooks import egress
from tests.lazy import imported_at_first_use
from tests.webhooks.conftest import OK, Received, Shop, Sink, run_sink, run_worker, status

ROOT = Path(__file__).resolve().parents[2]
svix = imported_at_first_use("svix")
SLOW_SECONDS = 9
KILLED_WORKER = """
import asyncio, sys
from pyapp.outbound.webhooks import outbound
from pyapp.outbound.webhooks.addresses import Allowed
asyncio.run(outbound.run(sys.argv[1], Allowed("127.0.0.1"), asyncio.Event(), claim_seconds=2))
"""
POISONED_WORKER = f"""
import os
from pyapp.outbound.webhooks import signing
sign = signing.headers
def headers(message_id, body, *rest):
    if "poison" in body:
        os._exit(1)
    return sign(message_id, body, *rest)
signing.headers = headers
{KILLED_WORKER}
"""


def verifiers() -> tuple[Any, ...]:
    return standardwebhooks.Webhook, svix.webhooks.Webhook


def signed(received: Received) -> dict[str, str]:
    return {name: received.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}


def by_the_words_of_the_standard(secret: str, received: Received) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join([received.headers[name].encode() for name in ("webhook-id", "webhook-timestamp")] + [received.body])
    return "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_an_event_arrives_signed_as_a_cloudevent(shop: Shop, sink: Sink) -> None:
    webhook = shop.create(f"{sink.url}/hooks?tenant=1", event_types=["sku.changed"])
    with run_worker(shop.url):
        shop.emit({"sku_id": "X"})
        shop.wait_delivered(1)
    [received] = sink.received
    assert received.path == "/hooks?tenant=1"
    assert received.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert received.headers["user-agent"].startswith("Scoville-Webhooks/")
    assert received.headers["host"] == sink.url.removeprefix("http://")
    assert "accept-encoding" not in received.headers
    for verifier in verifiers():
        verifier(webhook["secret"]).verify(received.body, signed(received))
    body = json.loads(received.body)
    assert (body["specversion"], body["type"], body["data"]) == ("1.0", "sku.changed", {"sku_id": "X"})
    assert received.headers["webhook-id"] == "msg_" + body["id"].replace(":", "_")
    assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 10


def test_a_thousand_deliveries_are_verified_by_two_libraries_and_no_flipped_byte_is(shop: Shop, sink: Sink) -> None:
    """Varied payloads and a secret rotation. The third check follows the standard's text, because svix uses the other library."""
    webhook = shop.create(sink.url, event_types=["sku.changed"], concurrency=100)
    kinds: list[Any] = [
        {},
        {"text": "Jalapeño 🌶️ ﷽ \u2028"},
        {"text": "x" * 19_500},
        {"text": "é" * 30_000},
        {"n": [1, None, True]},
    ]
    with run_worker(shop.url):
        shop.emit(*(kinds[nth % 5] for nth in range(500)))
        shop.wait(lambda: len(sink.received) >= 250)
        rotated = shop.send("rotate_webhook_secrets", {"webhook_id": webhook["webhook_id"]})
        shop.emit(*(kinds[nth % 5] for nth in range(500)))
        shop.wait_delivered(1000)
    assert len({received.headers["webhook-id"] for received in sink.received}) == len(sink.received) == 1000
    double = [received for received in sink.received if " " in received.headers["webhook-signature"]]
    assert 500 <= len(double) < 1000
    for received in sink.received:
        secrets = [webhook["secret"], *([rotated["secret"]] if received in double else [])]
        for secret in secrets:
            for verifier in verifiers():
                verifier(secret).verify(received.body, signed(received))
            assert by_the_words_of_the_standard(secret, received) in received.headers["webhook-signature"].split(" ")
    assert {"dataref" in json.loads(received.body) for received in sink.received} == {True, False}
    for nth, received in enumerate(sink.received[::20]):
        for verifier in verifiers():
            verify = verifier(webhook["secret"]).verify
            headers = signed(received)
            at = nth * 37 % len(received.body)
            with pytest.raises((standardwebhooks.WebhookVerificationError, UnicodeDecodeError)):
                verify(flipped(received.body, at), headers)
            for name in ("webhook-id", "webhook-timestamp"):
                changed = flipped(headers[name].encode(), nth % len(headers[name])).decode()
                with pytest.raises(standardwebhooks.WebhookVerificationError):
                    verify(received.body, headers | {name: changed})
            version, signature = headers["webhook-signature"].split(" ")[-1].split(",")
            wrong = base64.b64encode(flipped(base64.b64decode(signature), nth % 32)).decode()
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                verify(received.body, headers | {"webhook-signature": f"{version},{wrong}"})


def test_a_retry_carries_the_same_id_and_a_fresh_timestamp(shop: Shop, public_sink: Sink) -> None:
    sink = public_sink
    webhook = shop.create(sink.url)
    answers = [status(500, body="try again"), status(302, "Location: /elsewhere"), OK]

    async def answer(_: Received) -> bytes:
        return answers[len(sink.received) - 1]

    sink.answer = answer
    with run_worker(shop.url):
        shop.emit({})
        for attempt in (1, 2):
            shop.wait(lambda attempt=attempt: shop.statuses() == {"pending": 1} and len(sink.received) == attempt)  # type: ignore[misc]
            time.sleep(1.01)
            shop.now_due()
        shop.wait_delivered(1)
    assert len({received.headers["webhook-id"] for received in sink.received}) == 1
    assert len({received.body for received in sink.received}) == 1
    timestamps = [int(received.headers["webhook-timestamp"]) for received in sink.received]
    assert timestamps == sorted(set(timestamps))
    for received in sink.received:
        standardwebhooks.Webhook(webhook["secret"]).verify(received.body, signed(received))
    attempts = shop.owner.execute("select status_code, response from webhooks.attempts order by attempt_no").fetchall()
    assert attempts == [(500, "try again"), (302, ""), (204, "")]


def test_the_log_says_what_was_in_the_way_and_not_which_names_exist_inside(shop: Shop, sink: Sink) -> None:
    async def answer(received: Received) -> bytes:
        if received.path == "/garbage":
            return b"SSH-2.0-OpenSSH\r\n\r\n"
        return b""  # and nothing else

    sink.answer = answer
    said = {
        "http://127.0.0.1:1/": "connection",
        "https://nothing.invalid/": "address",
        "https://10.0.0.1/": "address",
        f"{sink.url}/garbage": "protocol",
    }
    ids = {shop.create(url)["webhook_id"]: word for url, word in said.items()}
    shop.verify_all()
    with run_worker(shop.url):
        shop.emit({})
        shop.wait(lambda: shop.statuses() == {"pending": 4})
    rows = shop.owner.execute("select 'WHK-1-' || endpoint_id, error, status_code from webhooks.attempts").fetchall()
    assert {row[0]: row[1] for row in rows} == ids
    assert {row[2] for row in rows} == {None}


@pytest.mark.parametrize("exempt", [False, True])
def test_of_an_answer_the_first_kib_is_kept_as_text_unless_its_host_may_be_our_own(
    shop: Shop, sink: Sink, exempt: bool, request: pytest.FixtureRequest
) -> None:
    if not exempt:
        request.getfixturevalue("public_sink")

    async def answer(_: Received) -> bytes:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"\xff\x00" + b"y" * 199_998

    sink.answer = answer
    shop.create(sink.url)
    with run_worker(shop.url):
        shop.emit({})
        shop.wait_delivered(1)
    kept = "" if exempt else "\ufffd\ufffd" + "y" * 1022
    assert shop.owner.execute("select response from webhooks.attempts").fetchall() == [(kept,)]


# The proof of a URL


@pytest.mark.parametrize(
    ("answered", "failure"),
    [
        ("{}", None),
        ('"{}"', None),
        ("  {}\n", None),
        ("ok", "challenge"),
        ("unknown event {}", "challenge"),
        ("", "challenge"),
        (404, "status 404"),
        (302, "status 302"),
    ],
)
def test_nothing_is_sent_to_a_url_that_did_not_answer_the_challenge(
    shop: Shop, public_sink: Sink, answered: str | int, failure: str | None
) -> None:
    """It also gets no event from before its proof, and all of them after it."""
    sink = public_sink

    async def prove(received: Received) -> bytes:
        challenge = received.headers["webhook-challenge"]
        if isinstance(answered, int):
            return status(answered, "Location: /", body=challenge)
        return status(200, body=answered.format(challenge))

    sink.prove = prove
    webhook = shop.create(sink.url)
    assert (webhook["status"], webhook["verified_at"]) == ("unverified", None)
    shop.emit({"n": 1})
    with run_worker(shop.url):
        if failure is None:
            shop.wait_delivered(1)
        else:
            shop.wait(lambda: shop.statuses() == {"pending": 1} and bool(sink.challenges))
            shop.wait(lambda: shop.verification() == (False, failure))
    assert shop.verification() == (failure is None, failure)
    assert len(sink.received) == (failure is None)
    [challenge] = sink.challenges
    for verifier in verifiers():
        verifier(webhook["secret"]).verify(challenge.body, signed(challenge))
    event = json.loads(challenge.body)
    assert (event["type"], event["subject"]) == ("webhook.challenge", f"webhooks/{webhook['webhook_id']}")
    assert event["data"] == {"webhook_id": webhook["webhook_id"], "challenge": challenge.headers["webhook-challenge"]}


def test_a_host_that_the_operator_exempts_needs_no_proof(shop: Shop, sink: Sink) -> None:
    webhook = shop.create(sink.url)
    shop.emit({"n": 1})
    with run_worker(shop.url):
        shop.wait_delivered(1)
    assert (sink.challenges, webhook["status"], shop.verification()) == ([], "unverified", (True, None))


def test_who_repairs_the_receiver_asks_for_another_challenge_by_a_test(shop: Shop, public_sink: Sink) -> None:
    sink = public_sink
    proves, sink.prove = sink.prove, sink.answer
    webhook = shop.create(sink.url)
    with run_worker(shop.url):
        shop.wait(lambda: shop.verification() == (False, "challenge"))
        sink.prove = proves
        shop.send("test_webhooks", {"webhook_id": webhook["webhook_id"]})
        shop.owner.execute("update webhooks.endpoint_states set challenge_due_at = now()")  # not 20 seconds later
        shop.wait_delivered(1)
    assert [json.loads(received.body)["type"] for received in sink.received] == ["webhook.test"]


def test_slow_answers_of_one_owner_delay_nobody_else(shop: Shop, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """30 webhooks of one owner that answer 200 after seconds, each replaying the log: of 400 places they get a quarter."""
    monkeypatch.setattr("pyapp.outbound.webhooks.delivery.DRAIN_SECONDS", 0.1)
    slowest = 0

    async def slowly(_: Received) -> bytes:
        nonlocal slowest
        slowest = max(slowest, len(slow.received) - done)
        await asyncio.sleep(SLOW_SECONDS)
        return OK

    done = 0
    healthy = shop.create(sink.url, event_types=["sku.changed"])
    with run_sink() as slow, run_worker(shop.url):
        slow.answer = slowly
        theirs = [
            shop.send("create_webhooks", {"url": f"{slow.url}/{n}", "concurrency": 100, "meta": {"actor": "slow"}})
            for n in range(30)
        ]
        shop.emit(*({"n": n} for n in range(120)))
        shop.wait(lambda: len(sink.received) == 120)
        # As if they had answered quickly for a while.
        shop.owner.execute("update webhooks.endpoint_states set requests_at_once = 100 where owner = 'slow'")
        last = shop.owner.execute("select last_seq from events.stream").fetchone()
        assert last
        for webhook in theirs:
            shop.send(
                "replay_webhooks", {"webhook_id": webhook["webhook_id"], "from_seq": max(1, last[0] - 119), "to_seq": last[0]}
            )
        shop.wait(lambda: len(slow.received) >= 90)
        sink.received.clear()
        for _ in range(40):
            shop.emit({"at": time.time()})
            time.sleep(0.1)
        shop.wait(lambda: len(sink.received) == 40)
        queued = shop.owner.execute(
            "select count(*) from webhooks.deliveries where status = 'queued' and owner = 'slow'"
        ).fetchone()
        assert queued
        assert queued[0] <= 150  # two sessions may fill the queue at once
        late = sorted(received.at - json.loads(received.body)["data"]["at"] for received in sink.received)
        assert late[-1] < SLOW_SECONDS  # none has waited for a slow answer
    assert healthy["status"] == "unverified"


def test_nothing_is_lost_when_workers_are_killed_under_load(shop: Shop, sink: Sink) -> None:

    async def slowly(_: Received) -> bytes:
        await asyncio.sleep(0.02)
        return OK

    sink.answer = slowly
    for _ in range(4):
        shop.create(sink.url)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED_WORKER, shop.url]
    shop.emit(*({"n": n} for n in range(150)))
    for round_ in range(1, 4):
        worker = subprocess.Popen(command, env=environment)
        seen = len(sink.received)
        shop.wait(lambda seen=seen, round_=round_: len(sink.received) > seen + 30 * round_)  # type: ignore[misc]
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert shop.statuses() != {"delivered": 600}
    with run_worker(shop.url, claim_seconds=2):
        shop.wait_delivered(600)
    times: dict[tuple[str, str], int] = {}
    for received in sink.received:
        key = (received.headers["webhook-id"], received.headers["webhook-signature"])
        times[key] = times.get(key, 0) + 1
    # 150 messages to 4 endpoints; requests that were in progress when a worker was killed are repeated.
    assert len({received.headers["webhook-id"] for received in sink.received}) == 150
    assert 600 <= len(sink.received) <= 600 + 3 * 4 * 10


def test_a_message_that_workers_die_of_is_quarantined_and_takes_nothing_with_it(shop: Shop, sink: Sink) -> None:
    shop.create(sink.url, concurrency=50)
    shop.owner.execute("update webhooks.endpoint_states set requests_at_once = 50")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shop.emit(*({"n": n, "is": "poison" if n == 7 else "fine"} for n in range(30)))
    ended = {"delivered": 29, "quarantined": 1}
    deaths = 0
    while True:
        worker = subprocess.Popen([sys.executable, "-c", POISONED_WORKER, shop.url], env=environment)
        try:
            shop.wait(lambda worker=worker: worker.poll() is not None or shop.statuses() == ended)  # type: ignore[misc]
            if worker.poll() is None:
                break
            deaths += 1
        finally:
            worker.kill()
            worker.wait()
    assert deaths == 5
    assert len({received.headers["webhook-id"] for received in sink.received}) == 29


def test_the_database_may_hang_up_at_any_moment(shop: Shop, sink: Sink) -> None:
    for _ in range(4):
        shop.create(sink.url)
    with run_worker(shop.url, claim_seconds=2):
        for _ in range(5):
            shop.emit(*({"n": n} for n in range(40)))
            time.sleep(0.1)
            shop.owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name in ('scoville', 'scoville webhooks')"
            )
        shop.wait_delivered(800)


def test_without_notifications_polling_delivers(shop: Shop, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pyapp.outbound.webhooks.bell.EVENTS_CHANNEL", "deaf")
    shop.create(sink.url)
    with run_worker(shop.url):
        time.sleep(0.5)
        shop.emit({})
        shop.wait_delivered(1)


def test_notifications_deliver_at_once(shop: Shop, sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("dispatcher", "delivery"):
        monkeypatch.setattr(f"pyapp.outbound.webhooks.{module}.POLL_SECONDS", 300.0)
    shop.create(sink.url)
    with run_worker(shop.url):
        shop.emit({"first": True})
        shop.wait_delivered(1)
        shop.emit({"second": True})
        shop.wait_delivered(2)


def test_with_a_tenth_of_the_endpoints_hanging_the_healthy_ones_wait_for_nobody(
    shop: Shop, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pyapp.outbound.webhooks.delivery.DRAIN_SECONDS", 0.1)
    hanging = threading.Event()

    async def never(_: Received) -> bytes:
        hanging.set()
        await asyncio.sleep(60)
        return OK

    with run_sink() as hung:
        hung.answer = never
        for nth in range(20):
            shop.create(f"{hung.url if nth % 10 == 0 else sink.url}/{nth}")
        with run_worker(shop.url):
            for n in range(40):
                shop.emit({"at": time.time(), "n": n})
                time.sleep(0.1)
            shop.wait(lambda: len(sink.received) == 40 * 18)
            assert hanging.is_set()
            assert len(hung.received) <= 2 * 2  # two at once, until one succeeds
            late = sorted(received.at - json.loads(received.body)["data"]["at"] for received in sink.received)
            assert late[int(len(late) * 0.99)] < egress.SECONDS_MAX / 2  # none has waited for one that hangs
            for connection in hung.received:
                assert connection.path in ("/0", "/10")
