"""Sends messages from the queue to the endpoints: many requests at once, in one event loop.

It has three parts: the fetcher claims messages as long as it has room, one task per message signs and sends it, and the reporter
reports outcomes to Postgres in batches. A claim lasts CLAIM_SECONDS; after that, any worker can claim the messages of a dead one,
and Postgres ignores late reports. A message that two workers failed to report on may have killed them: such messages are sent
alone, one after the other, so that no other message is blamed.
"""

from __future__ import annotations

import asyncio
import datetime
import email.utils
import logging
import time
from collections import deque
from typing import NamedTuple

import aiohttp
import msgspec

from pyapp import __version__, metrics
from pyapp.database.calls import Database, Row
from pyapp.outbound.webhooks import signing
from pyapp.outbound.webhooks.addresses import Refused
from pyapp.outbound.webhooks.bell import Bell, wait
from pyapp.outbound.webhooks.dispatcher import LATE_GATHER_SECONDS, WORKER
from pyapp.outbound.webhooks.egress import SECONDS_MAX, Egress
from pyapp.problems import Problem
from pyapp.tasks import end

logger = logging.getLogger("scoville.webhooks")

UNDER_WAY_MAX = 400  # requests per worker; an endpoint has its own, much lower limit
CLAIM_MAX = 200  # messages per claim
CLAIM_SECONDS = 40  # longer than a request plus its wait for the report
COMPANY_MAX = 2  # claims of a message that is sent in parallel with others
REPORT_MAX = 200  # attempts per report
GATHER_SECONDS = 0.02  # to collect more, while requests are under way: a transaction costs as much as ten deliveries
POLL_SECONDS = 1.0
AWAY_SECONDS = 1.0
RESPONSE_BYTES_MAX = 1024  # of a response that are stored
DRAIN_SECONDS = 5.0  # at shutdown, for requests in progress

CLAIM = "select * from jobs.claim_deliveries($1, $2)"
START_SOLO = "select jobs.start_solo($1, $2, $3, $4, $5, $6)"
REPORT = "select jobs.finish_deliveries($1)"
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"  # structured mode (CloudEvents HTTP binding, 3.2)
# A name that resolves to an address that is not public, and one that does not resolve. The owner of a webhook reads the same word
# for both: two words would tell which names exist inside. Metrics and log tell them apart.
INTERNAL = ("refused", "name")
NO_ADDRESS = "address"
USER_AGENT = f"Scoville-Webhooks/{__version__}"

assert CLAIM_SECONDS > 2 * SECONDS_MAX  # noqa: S101


class Message(NamedTuple):
    """A row of jobs.claim_deliveries."""

    message_id: int
    claim: int
    region_id: int
    endpoint_id: int
    delivery_id: int
    url: str
    secrets: tuple[str, ...]
    webhook_id: str
    body: bytes


class Report(msgspec.Struct):
    """An element of jobs.finish_deliveries."""

    message_id: int
    claim: int
    region_id: int
    endpoint_id: int
    delivery_id: int
    started_at: datetime.datetime
    duration_ms: int
    status_code: int | None = None
    error: str | None = None
    retry_after: int | None = None
    response: str = ""


class Deliverer:
    """Delivers until stopped. One per worker; any number of workers can run."""

    def __init__(self, database: Database, bell: Bell, egress: Egress, *, claim_seconds: int = CLAIM_SECONDS) -> None:
        self._database = database
        self._bell = bell
        self._egress = egress
        self._claim_seconds = claim_seconds
        self._under_way: set[asyncio.Task[None]] = set()
        self._suspects: deque[Message] = deque()
        self._suspected = asyncio.Event()
        self._room = asyncio.Event()
        self._reports: list[tuple[float, Report]] = []  # with the end of the claim
        self._reported = asyncio.Event()
        self._settled = asyncio.Event()  # no request is under way, or a report is full: nothing to wait for
        self._idle = asyncio.Event()  # set while no report is due
        self._idle.set()
        self._away = False

    async def run(self, stop: asyncio.Event) -> None:
        """Returns when the requests in progress at `stop` are reported, or after DRAIN_SECONDS."""
        fetcher, reporter = asyncio.create_task(self._fetch()), asyncio.create_task(self._report())
        soloist = asyncio.create_task(self._send_suspects())
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({fetcher, reporter, soloist, stopped}, return_when=asyncio.FIRST_COMPLETED)
            await end(fetcher)
            self._suspects.clear()
            await self._drain()
        finally:
            tasks = [fetcher, reporter, soloist, stopped, *self._under_way]
            await end(*tasks)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                if self._under_way:
                    await asyncio.wait(self._under_way)
                await self._idle.wait()
        except TimeoutError:
            logger.warning(
                "%d deliveries were in progress at shutdown: they are sent again", len(self._under_way) + len(self._reports)
            )

    async def _fetch(self) -> None:
        while True:
            room = UNDER_WAY_MAX - len(self._under_way) - len(self._suspects)
            if room <= 0:
                await wait(self._room, POLL_SECONDS)
                continue
            limit = min(room, CLAIM_MAX)
            until = time.monotonic() + self._claim_seconds
            rows = await self._call(CLAIM, limit, self._claim_seconds)
            for row in rows:
                message = _message(row)
                if message.claim > COMPANY_MAX:
                    self._suspects.append(message)
                    self._suspected.set()
                    continue
                self._begin(message, until)
            if len(rows) < limit:
                await wait(self._bell.queue, POLL_SECONDS)

    async def _send_suspects(self) -> None:
        """Sends one message after the other and reports each before the next, so that a crash has exactly one suspect."""
        while True:
            await self._suspected.wait()
            self._suspected.clear()
            while self._suspects:
                message = self._suspects.popleft()
                until = time.monotonic() + self._claim_seconds
                if await self._call(START_SOLO, *message[:5], self._claim_seconds) == [(b"t",)]:
                    await asyncio.wait({self._begin(message, until)})
                    await self._idle.wait()
                self._room.set()

    def _begin(self, message: Message, until: float) -> asyncio.Task[None]:
        task = asyncio.create_task(self._deliver(message, until))
        self._under_way.add(task)
        metrics.DELIVERING.set(len(self._under_way))
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not self._under_way or len(self._reports) >= REPORT_MAX:
            self._settled.set()
        metrics.DELIVERING.set(len(self._under_way))
        self._room.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a delivery broke off", exc_info=error)

    async def _deliver(self, message: Message, until: float) -> None:
        started_at, started = datetime.datetime.now(datetime.UTC), time.perf_counter()
        report = Report(*message[:5], started_at, 0)
        error = await self._send(message, started_at, report)
        seconds = time.perf_counter() - started
        report.duration_ms = round(seconds * 1000)
        metrics.ATTEMPTS.labels(error or _outcome(report)).inc()
        metrics.ATTEMPT_DURATION.observe(seconds)
        self._reports.append((until, report))
        self._reported.set()
        self._idle.clear()

    async def _send(self, message: Message, now: datetime.datetime, report: Report) -> str | None:
        """Fills in the answer. Returns the error in one word, for operators; what the owner may know of it is in the report."""
        headers = signing.headers(message.webhook_id, message.body.decode(), message.secrets, now)
        headers["content-type"] = CONTENT_TYPE
        headers["user-agent"] = USER_AGENT
        try:
            answer = await self._egress.post(message.url, message.body, headers)
        except (aiohttp.ClientError, OSError) as error:
            word = describe(error)
            report.error = told(word)
            if word in INTERNAL:
                logger.info("webhook of endpoint %s not sent: %s", message.endpoint_id, error)
            return word
        report.status_code = answer.status
        report.retry_after = _seconds(answer.retry_after, now)
        if self._egress.is_exempt(message.url):
            return None  # services of our own network may have answered
        report.response = answer.body[:RESPONSE_BYTES_MAX].decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
        return None

    async def _report(self) -> None:
        while True:
            await self._reported.wait()
            self._reported.clear()
            await wait(self._settled, LATE_GATHER_SECONDS if self._bell.is_late else GATHER_SECONDS)
            while self._reports:
                batch = self._reports[:REPORT_MAX]
                rows = await self._call(REPORT, msgspec.json.encode([report for _, report in batch]))
                if rows:
                    del self._reports[: len(batch)]
                    if rows[0][0] != b"0":
                        self._bell.queue.set()
                else:
                    now = time.monotonic()  # another worker sends messages again whose claim has ended
                    self._reports = [(until, report) for until, report in self._reports if until > now]
            self._idle.set()

    async def _call(self, statement: str, *values: int | bytes) -> list[Row]:
        """The rows; none after a pause if the database is down. Repeating the call is harmless."""
        try:
            rows = await self._database.call(WORKER, statement, values, request_id="")
            self._away = False
        except Problem as problem:
            if not self._away:
                logger.warning("webhooks cannot be delivered, trying again: %s", problem)
            self._away = True
            await asyncio.sleep(AWAY_SECONDS)
            return []
        return rows


def _message(row: Row) -> Message:
    message_id, claim, region, endpoint, delivery, url, secrets, webhook_id, body = (value or b"" for value in row)
    return Message(
        int(message_id),
        int(claim),
        int(region),
        int(endpoint),
        int(delivery),
        url.decode(),
        signing.read_secrets(secrets),
        webhook_id.decode(),
        body,
    )


def _outcome(report: Report) -> str:
    """The label of the metric: delivered, or the class of the status (4xx)."""
    if report.status_code is None:
        return "protocol"
    return "delivered" if 200 <= report.status_code < 300 else f"{report.status_code // 100}xx"


def told(word: str) -> str:
    """What the owner of a webhook may know of an error."""
    return NO_ADDRESS if word in INTERNAL else word


def describe(error: Exception) -> str:
    """One word for the error, for operators."""
    seen: list[BaseException | None] = [error, error.__cause__, getattr(error, "os_error", None)]
    if any(isinstance(cause, Refused) for cause in seen):
        return "refused"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "name"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls"
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return "connection"
    return "protocol"


def _seconds(retry_after: str | None, now: datetime.datetime) -> int | None:
    """Retry-After (RFC 9110, section 10.2.3): seconds, or a date. None for anything else."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdecimal():
        return min(int(retry_after[:12]), 2**31 - 1)
    try:
        moment = email.utils.parsedate_to_datetime(retry_after)
        return max(0, min(round((moment - now).total_seconds()), 2**31 - 1))
    except (TypeError, ValueError, OverflowError):
        return None
