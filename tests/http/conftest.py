"""The app as users see it: a real server on its own port, with one client per role."""

from __future__ import annotations

import asyncio
import faulthandler
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
import psycopg
import pytest
from starlette.routing import compile_path

from pyapp.api.table import ROUTES
from pyapp.api.tokens import TokenProblem
from pyapp.cache.answers import Answers
from pyapp.cache.refusals import Refusals
from pyapp.describe.openapi import errors_of
from pyapp.http.paths import keep_slashes
from pyapp.http.results import Problem, results_of
from pyapp.http.route import Route
from pyapp.identity.tokens import Role, mint_token
from pyapp.live.live import Live
from pyapp.problems import MEDIA_TYPE
from pyapp.serve import server as serving
from pyapp.serve.app import create_app
from pyapp.settings import BATCH_ELEMENTS, Settings
from tests.calls import CHANNEL, HOOK, SECOND_SKU, SKU
from tests.conftest import run_clone
from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from tests.conftest import Server

KEY = "a key for tests, at least 32 bytes long"

SQL_WORDS = ("select ", "insert into", "update ", "violates", "relation ", "syntax", "plpgsql", "Traceback")


def check_problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """Returns the problem document of a response, after checking its form, status and code, and that it contains no SQL."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    msgspec.convert(problem, Problem)
    assert all("pointer" in error or "parameter" in error for error in problem["errors"])
    assert all(re.fullmatch("(/.*)?", error.get("pointer", "")) for error in problem["errors"])
    assert problem["status"] == status
    assert problem["code"] == code, response.text
    assert problem["request_id"] == response.headers["x-request-id"]
    assert not [word for word in SQL_WORDS if word in response.text]
    return problem


PATHS = [(route, compile_path(route.path)[0]) for route in ROUTES]


def check_answer(response: httpx2.Response) -> None:
    """Every response, in any test, has the shape that its route names, and OpenAPI lists its code."""
    media_type = response.headers.get("content-type")
    if media_type not in ("application/json", MEDIA_TYPE) or response.request.method == "HEAD":
        return
    url = response.request.url
    scope: dict[str, Any] = {"path": url.path, "raw_path": url.raw_path.partition(b"?")[0]}
    keep_slashes(scope)
    path = scope["path"]
    routes = [route for route, pattern in PATHS if route.method == response.request.method and pattern.match(path)]
    if not routes:
        return
    response.read()
    if media_type == MEDIA_TYPE:
        check_codes(routes[0], [response.json()["code"]])
    elif response.status_code >= 400:  # the token endpoint, which follows RFC 6749
        msgspec.json.decode(response.content, type=TokenProblem)
    elif response.status_code == 207:
        msgspec.json.decode(response.content, type=results_of(routes[0].answer))
        check_codes(routes[0], [item["problem"]["code"] for item in response.json()["results"] if "problem" in item])
    else:
        msgspec.json.decode(response.content, type=routes[0].answer)


def check_codes(route: Route, codes: Iterable[str]) -> None:
    unlisted = set(codes) - set(errors_of(route))
    assert unlisted == set(), f"{route.method} {route.path} returned {unlisted}, which the OpenAPI document does not list"


class Api:
    """A running server and its clients."""

    def __init__(
        self, url: str, settings: Settings, live: Live, answers: Answers, refusals: Refusals, server: serving.Server
    ) -> None:
        self.url = url
        self.server = server
        self.answers = answers  # objects of the server's thread, like `live`
        self.refusals = refusals
        self.live = live  # belongs to the server's thread: read it, do not call it
        self.settings = settings
        self.clients: list[httpx2.Client] = []

    def client(self, role: Role | None = None, **claims: Any) -> httpx2.Client:
        """A client with a token of this role, or without a token."""
        headers = {}
        if role is not None:
            headers["authorization"] = f"Bearer {mint_token(self.settings, role, **claims)}"
        self.clients.append(
            httpx2.Client(base_url=self.url, headers=headers, timeout=PATIENCE_SECONDS, event_hooks={"response": [check_answer]})
        )
        return self.clients[-1]


def print_stacks(server: serving.Server) -> None:
    """Prints where each thread is, and what each task of the server waits for."""
    faulthandler.dump_traceback()
    for task in asyncio.all_tasks(server.servers[0].get_loop()):
        task.print_stack()


@contextmanager
def run_server(database_url: str, port: int = 0, **given: Any) -> Iterator[Api]:
    """Runs the app in its own thread, on a free port or on this one.

    Its connections are cold, because most tests send only a few requests. Servers in processes of their own warm theirs.
    """
    settings = Settings(database_url=database_url, **({"jwt_key": KEY} | given))
    app = create_app(settings, warming=False)
    server = serving.Server(serving.configuration(app, proxies=settings.trusted_proxies))
    listener = serving.listen("127.0.0.1", port)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        limit = time.monotonic() + PATIENCE_SECONDS
        while not server.started:
            assert thread.is_alive(), "the server stopped while starting"
            assert time.monotonic() < limit, "the server did not start in time"
            time.sleep(0.01)
        api = Api(serving.url_of(listener), settings, app.state.live, app.state.answers, app.state.refusals, server)
        try:
            yield api
        finally:
            for client in api.clients:
                client.close()
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        if thread.is_alive():
            print_stacks(server)
        assert not thread.is_alive(), "the server did not stop in time"


@pytest.fixture
def api(authenticator_url: str, request: pytest.FixtureRequest) -> Iterator[Api]:
    """A server on this test's own database.

    The tests must pass with batches of many writes and (`make test-pg15`) with one write per transaction.
    """
    alone = request.config.getoption("--database-only")
    with run_server(authenticator_url, batch_elements=1 if alone else BATCH_ELEMENTS) as api:
        yield api


@pytest.fixture
def admin(api: Api) -> httpx2.Client:
    return api.client("admin")


@pytest.fixture
def warehouse(api: Api) -> httpx2.Client:
    return api.client("warehouse", warehouses=["WH-01"])


@pytest.fixture
def sales(api: Api) -> httpx2.Client:
    return api.client("sales", channels=["web"])


@pytest.fixture
def integration(api: Api) -> httpx2.Client:
    return api.client("integration", channels=["web"])


def key() -> dict[str, str]:
    """A new Idempotency-Key."""
    return {"idempotency-key": str(uuid.uuid4())}


def stock_up(admin: httpx2.Client) -> None:
    """The sample SKU, a second SKU and the channel web."""
    for receipt in (SKU, SECOND_SKU):
        response = admin.post("/v1/inventory", json=receipt, headers=key())
        assert response.status_code == 201, response.text
    response = admin.post("/v1/channels", json=CHANNEL)
    assert response.status_code == 201, response.text


@pytest.fixture
def stocked(admin: httpx2.Client) -> httpx2.Client:
    """The admin's client, with stock received."""
    stock_up(admin)
    return admin


def delivered(client: httpx2.Client, authenticator_url: str) -> tuple[str, str]:
    """The IDs of a new webhook of the client and of its only delivery: a manual test that failed."""
    webhook_id = client.post("/v1/webhooks", json=HOOK).json()["webhook_id"]
    assert client.post(f"/v1/webhooks/{webhook_id}/test").status_code == 202
    with psycopg.connect(authenticator_url) as connection:
        moved = -1
        while moved < 0:  # the server's own sequencer holds the lock
            connection.rollback()
            connection.execute("select app.enter('scoville_worker', '{}')")
            [(moved,)] = connection.execute("select jobs.sequence_events(100000)").fetchall()
        proof = {"region_id": 1, "endpoint_id": int(webhook_id.rpartition("-")[2]), "url": HOOK["url"]}
        connection.execute("select jobs.finish_challenges(%s)", [json.dumps([proof])])
        connection.execute("select jobs.dispatch_webhooks(1000000)")
        connection.commit()
        status = "sending"
        while status == "sending":  # a message of this moment may be one of the next for a clock that was set back
            connection.execute("select app.enter('scoville_worker', '{}')")
            connection.execute("""
                select jobs.finish_deliveries(json_agg(json_build_object(
                         'message_id', c.message_id, 'claim', c.claim, 'region_id', c.region_id, 'endpoint_id', c.endpoint_id,
                         'delivery_id', c.delivery_id, 'started_at', now(), 'duration_ms', 7, 'error', 'timeout'))::jsonb)
                  from jobs.claim_deliveries(10000, 60) c""")
            connection.commit()
            [delivery] = client.get(f"/v1/webhooks/{webhook_id}/deliveries?type=webhook.test").json()["data"]
            status = delivery["status"]
    return webhook_id, delivery["delivery_id"]


@pytest.fixture(scope="module")
def shared_database(server: Server, migrated: str) -> Iterator[Callable[[str | None, str | None], str]]:
    """The URL maker of one database per module, for tests that change nothing."""
    with run_clone(server, migrated, "shared") as name:
        yield partial(server.url, name)


@pytest.fixture(scope="module")
def shared_api(shared_database: Callable[[str | None, str | None], str]) -> Iterator[Api]:
    """A server with the stock of stock_up, for tests that only read or send only refused requests."""
    with run_server(shared_database("authenticator", "for tests only")) as api:
        stock_up(api.client("admin"))
        yield api


@pytest.fixture(scope="module")
def module_database(server: Server, module_clone: str) -> Callable[[str | None, str | None], str]:
    """The URL maker of one database per module."""
    return partial(server.url, module_clone)


@pytest.fixture(scope="module")
def module_api(module_database: Callable[[str | None, str | None], str]) -> Iterator[Api]:
    """A server per module with the stock of stock_up, for tests that tolerate each other's changes."""
    with run_server(module_database("authenticator", "for tests only")) as api:
        stock_up(api.client("admin"))
        yield api
