"""Asks the URL of a new webhook to prove that it wants events, before the first one is sent.

Users choose the URLs, so one may be somebody else's; a host that the operator exempts from the rules needs no proof. Any
other gets a signed message with a random text, in the header webhook-challenge and in the body, and proves itself by
answering 2xx with this text as the whole body (in quotation marks or not, since many frameworks answer a text as JSON). A
page that repeats parts of a request in a longer answer proves nothing.
"""

from __future__ import annotations

import asyncio
import datetime
import logging
import secrets
from typing import NamedTuple

import aiohttp
import msgspec

from pyapp.database.calls import Database, Row
from pyapp.outbound.webhooks import signing
from pyapp.outbound.webhooks.bell import Bell
from pyapp.outbound.webhooks.delivery import CONTENT_TYPE, USER_AGENT, describe, told
from pyapp.outbound.webhooks.dispatcher import WORKER
from pyapp.outbound.webhooks.egress import Answer, Egress
from pyapp.problems import Problem
from pyapp.tasks import end

logger = logging.getLogger("scoville.webhooks")

CHALLENGES_MAX = 40  # at once
POLL_SECONDS = 0.5
CHALLENGE_BYTES = 24
HEADER = "webhook-challenge"
TYPE = "webhook.challenge"

CLAIM = "select * from jobs.claim_challenges($1)"
REPORT = "select jobs.finish_challenges($1)"


class Target(NamedTuple):
    """A row of jobs.claim_challenges."""

    region_id: int
    endpoint_id: int
    url: str
    secrets: tuple[str, ...]
    webhook_id: str


async def challenge(database: Database, bell: Bell, egress: Egress) -> None:
    """Challenges until canceled. Waits for a database that is down."""
    under_way: set[asyncio.Task[None]] = set()

    def done(task: asyncio.Task[None]) -> None:
        under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a challenge broke off", exc_info=error)

    try:
        while True:
            if room := CHALLENGES_MAX - len(under_way):
                for row in await _call(database, CLAIM, room):
                    task = asyncio.create_task(_prove(database, bell, egress, _target(row)))
                    under_way.add(task)
                    task.add_done_callback(done)
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await end(*under_way)


async def _prove(database: Database, bell: Bell, egress: Egress, target: Target) -> None:
    try:
        failure = None if egress.is_exempt(target.url) else await _ask(egress, target)
    except (aiohttp.ClientError, OSError) as error:
        failure = told(describe(error))
    report = {"region_id": target.region_id, "endpoint_id": target.endpoint_id, "url": target.url, "failure": failure}
    if await _call(database, REPORT, msgspec.json.encode([report])) == [(b"1",)]:
        bell.events.set()  # its events may be waiting already


async def _ask(egress: Egress, target: Target) -> str | None:
    """Returns what is wrong with the answer, or None if it is the proof. Raises what egress.post raises."""
    text = secrets.token_urlsafe(CHALLENGE_BYTES)
    now = datetime.datetime.now(datetime.UTC)
    message_id = f"msg_{secrets.token_hex(8)}"
    event = {
        "specversion": "1.0",
        "id": message_id,
        "source": f"/scoville/regions/{target.region_id}",
        "type": TYPE,
        "subject": f"webhooks/{target.webhook_id}",
        "time": now.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {"webhook_id": target.webhook_id, "challenge": text},
    }
    body = msgspec.json.encode(event)
    headers = signing.headers(message_id, body.decode(), target.secrets, now)
    headers |= {HEADER: text, "content-type": CONTENT_TYPE, "user-agent": USER_AGENT}
    return _failure(await egress.post(target.url, body, headers), text)


def _failure(answer: Answer, text: str) -> str | None:
    if not 200 <= answer.status < 300:
        return f"status {answer.status}"
    return None if answer.body.strip().strip(b'"') == text.encode() else "challenge"


async def _call(database: Database, statement: str, value: int | bytes) -> list[Row]:
    """The rows; none if the database is down. Repeating the call is harmless: each claim schedules the next attempt."""
    try:
        return await database.call(WORKER, statement, (value,), request_id="")
    except Problem as problem:
        logger.debug("webhooks cannot be challenged, trying again: %s", problem)
        return []


def _target(row: Row) -> Target:
    region, endpoint, url, keys, webhook_id = (value or b"" for value in row)
    return Target(int(region), int(endpoint), url.decode(), signing.read_secrets(keys), webhook_id.decode())
