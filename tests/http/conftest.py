"""The app as its users meet it: a real server on a port of its own, a client for each role."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import jsonschema
import psycopg
import pytest
import uvicorn

from pyapp.app import create_app
from pyapp.auth import Role, mint_token
from pyapp.settings import Settings

if TYPE_CHECKING:
    from tests.conftest import Server

KEY = "a key for tests, at least 32 bytes long"
START_SECONDS_MAX = 10

SKU = {
    "sku_id": "HOTSAUCE-001",
    "name": "Fiery Ghost Pepper Sauce",
    "description": "Extra spicy sauce with the heat of ghost peppers",
    "size_ml": 150,
    "flavor_profile": ["spicy", "smoky", "fruity"],
    "price": 12.99,
    "warehouse_location": "WH-01",
    "stock": 350,
    "batch_number": "BATCH-202404",
    "expiration_date": "2035-04-30",
}
SECOND_SKU = {**SKU, "sku_id": "HOTSAUCE-002", "name": "Mild Mango Sauce", "price": 10.99, "batch_number": "BATCH-202405"}
ORDER = {
    "order_id": "ORD-123456",
    "created_at": "2024-06-01T13:45:30Z",
    "customer": {"name": "Jane Doe", "email": "jane@example.com", "address": "123 Hot St, Spicetown, USA"},
    "items": [
        {"sku_id": "HOTSAUCE-001", "quantity": 3, "price": 12.99},
        {"sku_id": "HOTSAUCE-002", "quantity": 1, "price": 10.99},
    ],
    "total_price": 49.96,
    "status": "processing",
}
CHANNEL = {"channel_id": "web", "name": "Web shop", "kind": "web", "pricing": "list", "region_id": 1, "warehouses": ["WH-01"]}

PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "errors", "request_id"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "pattern": "^/docs/errors/[a-z-]+$"},
        "title": {"type": "string", "minLength": 1},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{3}$"},
        "detail": {"type": "string", "minLength": 1},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "anyOf": [{"required": ["pointer"]}, {"required": ["parameter"]}],
                "properties": {"pointer": {"type": "string", "pattern": "^(/.*)?$"}, "detail": {"type": "string"}},
            },
        },
        "request_id": {"type": "string", "minLength": 1},
    },
}
SQL_WORDS = ("select ", "insert into", "update ", "violates", "relation ", "syntax", "plpgsql", "Traceback")


def check_problem(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of a response, after checking that it is one, of this status and code, without SQL."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    jsonschema.validate(problem, PROBLEM_SCHEMA)
    assert problem["status"] == status
    assert problem["code"] == code, response.text
    assert problem["request_id"] == response.headers["x-request-id"]
    assert not [word for word in SQL_WORDS if word in response.text]
    return problem


class Api:
    """A running server, and clients for it."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self.settings = settings
        self.clients: list[httpx2.Client] = []

    def client(self, role: Role | None = None, **claims: Any) -> httpx2.Client:
        """A client with a token of this role, or without a token."""
        headers = {}
        if role is not None:
            headers["authorization"] = f"Bearer {mint_token(self.settings, role, **claims)}"
        self.clients.append(httpx2.Client(base_url=self.url, headers=headers, timeout=30))
        return self.clients[-1]


@contextmanager
def run_server(database_url: str, **given: Any) -> Iterator[Api]:
    """The app on a free port, in a thread of its own."""
    settings = Settings(database_url=database_url, jwt_key=KEY, **given)
    config = uvicorn.Config(
        create_app(settings), port=0, log_config=None, access_log=False, server_header=False, ws="none", lifespan="on"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        limit = time.monotonic() + START_SECONDS_MAX
        while not server.started:
            assert thread.is_alive(), "the server ended while starting"
            assert time.monotonic() < limit, "the server does not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        api = Api(f"http://127.0.0.1:{port}", settings)
        try:
            yield api
        finally:
            for client in api.clients:
                client.close()
    finally:
        server.should_exit = True
        thread.join(START_SECONDS_MAX)
        assert not thread.is_alive()


@pytest.fixture
def api(authenticator_url: str) -> Iterator[Api]:
    """A server on this test's own database."""
    with run_server(authenticator_url) as api:
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
    """The sample SKU, a second one, and the channel web."""
    for receipt in (SKU, SECOND_SKU):
        response = admin.post("/v1/inventory", json=receipt, headers=key())
        assert response.status_code == 201, response.text
    response = admin.post("/v1/channels", json=CHANNEL)
    assert response.status_code == 201, response.text


@pytest.fixture
def stocked(admin: httpx2.Client) -> httpx2.Client:
    """The admin's client, after stock has arrived."""
    stock_up(admin)
    return admin


@pytest.fixture(scope="session")
def shared_database(server: Server, template: Any) -> Iterator[Callable[[str | None, str | None], str]]:
    """The URL maker of one database for all tests that must not change anything."""
    name = f"shared_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template.template_dbname}")
    yield lambda user, password: server.url(name, user, password)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def shared_api(shared_database: Callable[[str | None, str | None], str]) -> Iterator[Api]:
    """A server for tests whose requests are all refused, or only read. It has the stock of stock_up."""
    with run_server(shared_database("authenticator", "for tests only")) as api:
        stock_up(api.client("admin"))
        yield api
