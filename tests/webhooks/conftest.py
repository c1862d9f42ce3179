"""Running webhooks: a receiver that can misbehave, a worker in a thread, a shop that causes events."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
import pytest

from pyapp.outbound.webhooks import outbound
from pyapp.outbound.webhooks.addresses import Allowed
from pyapp.outbound.webhooks.egress import Egress
from tests.conftest import Roles
from tests.patience import PATIENCE_SECONDS
from tests.prepared import AUTHENTICATOR_PASSWORD

if TYPE_CHECKING:
    from tests.conftest import Server

SEQUENCE_SECONDS = 0.02


class Received(NamedTuple):
    """A request as received."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float  # time.time()


Answer = Callable[[Received], Awaitable[bytes]]
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


async def accept(_: Received) -> bytes:
    return OK


def status(code: int, *headers: str, body: str = "") -> bytes:
    lines = [f"HTTP/1.1 {code} Status", f"Content-Length: {len(body.encode())}", *headers]
    return "\r\n".join([*lines, "", body]).encode()


async def prove(received: Received) -> bytes:
    return status(200, body=received.headers["webhook-challenge"])


class Sink:
    """A receiver on 127.0.0.1. `answer` decides the response to each event; assign another function to change it.

    `prove` decides the response to a challenge.
    """

    def __init__(self) -> None:
        self.challenges: list[Received] = []
        self.prove: Answer = prove
        self.received: list[Received] = []
        self.connections = 0
        self.answer: Answer = accept
        self.url = ""

    async def serve(self, stopped: asyncio.Event, started: threading.Event) -> None:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started.set()
        async with server:
            await stopped.wait()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *lines = head.decode("latin-1").strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Received(line.split(" ")[1], headers, body, time.time())
                challenged = "webhook-challenge" in headers
                (self.challenges if challenged else self.received).append(request)
                writer.write(await (self.prove if challenged else self.answer)(request))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@contextmanager
def loop_thread(main: Callable[[asyncio.Event], Awaitable[None]]) -> Iterator[asyncio.AbstractEventLoop]:
    """Runs a loop in its own thread until the block ends; main receives the stop event."""
    loop = asyncio.new_event_loop()
    stopped = asyncio.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            loop.run_until_complete(main(stopped))
        except BaseException as error:
            failed.append(error)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield loop
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(stopped.set)
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


@contextmanager
def run_sink() -> Iterator[Sink]:
    sink, started = Sink(), threading.Event()

    async def main(stopped: asyncio.Event) -> None:
        await sink.serve(stopped, started)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:  # connections still open
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    with loop_thread(main):
        assert started.wait(PATIENCE_SECONDS)
        yield sink


@pytest.fixture
def sink() -> Iterator[Sink]:
    with run_sink() as sink:
        yield sink


@pytest.fixture
def public_sink(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Sink:
    """A receiver whose answers are kept, like those of a host that no setting exempts."""
    monkeypatch.setattr(Egress, "is_exempt", lambda *_: False)
    return sink


@contextmanager
def run_worker(url: str, *, allow: str = "127.0.0.1", claim_seconds: int = 40) -> Iterator[None]:
    """The worker's webhook tasks, in a thread."""

    async def main(stopped: asyncio.Event) -> None:
        await outbound.run(url, Allowed(allow), stopped, claim_seconds=claim_seconds)

    with loop_thread(main):
        yield


@contextmanager
def run_sequencer(url: str) -> Iterator[None]:
    """Sequences committed rows into events in the background."""
    stop = threading.Event()

    def run() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.wait(SEQUENCE_SECONDS):
                with connection.transaction():
                    connection.execute("select app.enter('scoville_worker', '{}')")
                    row = connection.execute("select jobs.sequence_events(1000)").fetchone()
                if row and row[0] > 0:
                    connection.execute("notify scoville_events")

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Shop:
    """Creates webhooks and events in a database."""

    def __init__(self, url: str, owner: psycopg.Connection[Any]) -> None:
        self.url = url
        self.owner = owner  # connected as superuser
        self.as_role = Roles(url)

    def create(self, url: str, **settings: Any) -> Any:
        return self.send("create_webhooks", {"url": url} | settings)

    def send(self, command: str, element: dict[str, Any]) -> Any:
        with self.as_role("admin") as connection:
            row = connection.execute(f"select code, body from api.{command}(1::smallint, %s)", [json.dumps([element])]).fetchone()
        assert row
        assert row[0] is None, row
        return row[1]

    def emit(self, *payloads: Any, type_: str = "sku.changed") -> None:
        """Creates one event per payload, all in one transaction."""
        with self.owner.transaction(), self.owner.cursor() as cursor:
            cursor.executemany(
                "insert into events.outbox (region_id, type, audience, subject, version, data, actor, occurred_at)"
                " values (1, %s, events.audience_of(%s), 'skus/X', 1, %s, 'tester', clock_timestamp())",
                [(type_, type_, json.dumps(payload)) for payload in payloads],
            )

    def statuses(self) -> dict[str, int]:
        """The number of deliveries per state."""
        return dict(self.owner.execute("select status, count(*) from webhooks.deliveries group by 1").fetchall())

    def verify_all(self) -> None:
        """Makes all webhooks count as verified, whatever their URLs answer."""
        self.owner.execute("update webhooks.endpoint_states set verified_at = now(), challenge_due_at = null")

    def verification(self) -> tuple[bool, str | None]:
        """Whether the one webhook is verified, and what was wrong with its last answer to a challenge."""
        row = self.owner.execute("select verified_at is not null, challenge_failure from webhooks.endpoint_states").fetchone()
        assert row
        return row[0], row[1]

    def now_due(self) -> None:
        """Makes all waiting deliveries due now."""
        self.owner.execute("update webhooks.deliveries set due_at = now() where status = 'pending'")
        self.owner.execute("update webhooks.endpoint_states set paused_until_at = null, pauses_in_row = 0, failures_in_row = 0")

    def wait(self, done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        limit = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < limit, self.statuses()
            time.sleep(0.02)

    def wait_delivered(self, number: int, seconds: float = PATIENCE_SECONDS) -> None:
        self.wait(lambda: self.statuses() == {"delivered": number}, seconds)


@pytest.fixture(scope="module")
def clone_urls(server: Server, module_clone: str) -> tuple[str, str]:
    """The URLs of authenticator and superuser of one database per module."""
    return server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD), server.url(module_clone)


@pytest.fixture
def shop(clone_urls: tuple[str, str]) -> Iterator[Shop]:
    """A shop without webhooks and undispatched events; committed rows are sequenced in the background."""
    with psycopg.connect(clone_urls[1], autocommit=True) as owner:
        owner.execute("truncate webhooks.endpoints, webhooks.deliveries, webhooks.attempts cascade")
        owner.execute("delete from pgmq.q_webhook_deliveries")
        owner.execute("delete from events.outbox")
        owner.execute("update webhooks.dispatchers set last_seq = (select last_seq from events.stream)")
        with run_sequencer(clone_urls[0]):
            shop = Shop(clone_urls[0], owner)
            with closing(shop.as_role):
                yield shop
