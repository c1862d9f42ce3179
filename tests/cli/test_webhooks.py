"""`scoville webhooks listen`: verifies and prints each message."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx2
import psycopg
import pytest
from standardwebhooks import Webhook

from tests.cli import forked
from tests.cli.conftest import Demo, Scoville, assert_one_clear_line, environment
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

SECRET, OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDb3JkYW4=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
EVENT = {"type": "order.placed", "subject": "orders/ORD-1-1001", "data": {"text": "ñ"}}

Listen = Callable[..., tuple[forked.Command, str]]


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Listen]:
    """Starts the command with these arguments, by default on any port; returns the process and its URL."""
    started: list[forked.Command] = []

    def start(*arguments: str | Path, port: str = "0") -> tuple[forked.Command, str]:
        words = ["webhooks", "listen", "--port", port, *map(str, arguments)]
        process = forked.Command(words, folder=tmp_path, environment=environment())
        started.append(process)
        assert process.stderr
        said = process.stderr.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        return process, found[0]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def end(process: forked.Command) -> list[str]:
    """The output, after Ctrl-C."""
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, errors
    return output.splitlines()


def send(url: str, secret: str, message_id: str = "msg_1", body: str | None = None) -> int:
    text = json.dumps(EVENT) if body is None else body
    now = datetime.now(UTC)
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, text),
    }
    return httpx2.post(url, content=text.encode(), headers=headers).status_code


def test_what_is_signed_is_verified_and_what_is_not_is_refused(listen: Listen) -> None:
    process, url = listen("--secret", SECRET)
    assert send(url, SECRET) == 204
    assert send(url, OTHER, "msg_2") == 401
    assert send(url, SECRET) == 204
    assert send(url, SECRET, "msg_3", '{"type": "\\u001b[31mred"}') == 204
    assert send(url, OTHER, "msg_4", "no JSON") == 401
    lines = [re.split(r"  +", line) for line in end(process)]
    assert [line[1:] for line in lines] == [
        ["verified", "order.placed", "orders/ORD-1-1001", "msg_1"],
        ["NOT VERIFIED", "order.placed", "orders/ORD-1-1001", "msg_2"],
        ["verified", "order.placed", "orders/ORD-1-1001", "msg_1", "again"],
        ["verified", "?[31mred", "?", "msg_3"],
        ["NOT VERIFIED", "?", "?", "msg_4"],
    ]


def test_several_secrets_and_json_lines(listen: Listen) -> None:
    process, url = listen("--secret", SECRET, "--secret", OTHER, "-o", "json")
    assert [send(url, SECRET), send(url, OTHER, "msg_2")] == [204, 204]
    first, second = map(json.loads, end(process))
    assert first == {"message_id": "msg_1", "body": EVENT, "verified": True, "again": False}
    assert second["verified"]


def test_it_makes_a_webhook_for_itself_and_takes_it_away_again(listen: Listen, demo: Demo) -> None:
    sequence(demo)
    process, _ = listen("--type", "order.placed", "--data-dir", demo.data_dir, port="9000")  # the one that the demo allows
    with demo.client() as admin:
        [webhook] = [hook for hook in admin.get("/v1/webhooks").json()["data"] if hook["status"] != "deleted"]
        assert webhook["event_types"] == ["order.placed"]
        body = {"channel": "web", "customer": {"name": "Jane"}, "items": [{"sku_id": "HOTSAUCE-001", "quantity": 1}]}
        order = admin.post("/v1/orders", json=body, headers={"idempotency-key": "listen"})
        assert order.status_code == 201, order.text
        sequence(demo)
        assert process.stdout
        line = process.stdout.readline()
        assert "  verified  order.placed  " in line
        assert order.json()["order_id"] in line
        assert end(process) == []
        assert admin.get("/v1/webhooks").json()["data"] == []


def test_a_demo_sends_to_the_listener_and_to_no_other_service_of_this_machine(demo: Demo) -> None:
    with demo.client() as admin:
        for url, status in (("http://127.0.0.1:9000/", 201), ("http://localhost:9000/x", 201), ("http://127.0.0.1:9001/", 422)):
            response = admin.post("/v1/webhooks?dry_run=true", json={"url": url})
            assert response.status_code == status, response.text


def test_a_challenge_is_answered_with_its_text(listen: Listen) -> None:
    process, url = listen("--secret", SECRET)
    response = httpx2.post(url, content=b"{}", headers={"webhook-challenge": "abc"})
    assert (response.status_code, response.text) == (200, "abc")
    assert end(process) == []


def sequence(demo: Demo) -> None:
    """Turns committed rows into events."""
    url = re.search(r"^  SQL +(\S+)$", demo.output, re.MULTILINE)
    assert url
    with psycopg.connect(url[1]) as connection:
        connection.execute("select app.enter('scoville_worker', '{}')")
        while connection.execute("select jobs.sequence_events(1000) > 0").fetchone() == (True,):
            pass


def test_wrong_arguments_are_one_line(scoville: Scoville) -> None:
    assert_one_clear_line(scoville("webhooks", "listen", "--secret", "hunter2"), 2, "whsec_")
    assert_one_clear_line(scoville("webhooks", "listen", "--secret", SECRET, "--type", "order.*"), 2, "--type")
    assert_one_clear_line(scoville("webhooks", "listen", "--host", "192.0.2.1", "--secret", SECRET), 7, "--port")
