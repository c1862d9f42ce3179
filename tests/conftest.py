"""One server for the session, one migrated template, a clone of it for every test.

The server is the embedded one, or a superuser's URL in SCOVILLE_TEST_SERVER_URL.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

import psycopg
import pytest
from psycopg.types.json import Jsonb
from pytest_postgresql import factories

from pyapp import embedded
from pyapp.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

AUTHENTICATOR_PASSWORD = "for tests only"

# Speed only: nothing here changes what a statement does or what another session sees.
FAST = ("fsync = off", "full_page_writes = off", "synchronous_commit = off", "max_wal_size = '4GB'")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="only tests that use the database server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database-only"):
        without = [item for item in items if "server" not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


@dataclass(frozen=True)
class Server:
    """Where the tests' server listens, in the words of pytest-postgresql."""

    host: str
    port: int
    user: str
    password: str | None = None
    options: str = ""
    maintenance_dbname: str = "postgres"
    template_dbname: str | None = None

    def url(self, database: str, user: str | None = None, password: str | None = None) -> str:
        """A libpq URL; without `user` the superuser's."""
        name, secret = (user, password) if user else (self.user, self.password)
        login = quote(name, safe="") + (f":{quote(secret, safe='')}" if secret else "")
        return f"postgresql://{login}@/{quote(database)}?{urlencode({'host': self.host, 'port': self.port})}"


class AsRole(Protocol):
    """The signature of the fixture `as_role`."""

    def __call__(
        self,
        role: str,
        *,
        sub: str = "tester",
        warehouses: Sequence[str] = (),
        channels: Sequence[str] = (),
        request_id: str | None = None,
    ) -> AbstractContextManager[psycopg.Connection[Any]]: ...


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The session's PostgreSQL."""
    given = os.environ.get("SCOVILLE_TEST_SERVER_URL")
    if given:
        with psycopg.connect(given) as connection:
            info = connection.info
            yield Server(info.host, info.port, info.user, info.password or None)
        return
    folder = Path(tempfile.mkdtemp(prefix="scoville-tests-"))
    folder.chmod(0o711)  # under root the server runs as another user
    running = embedded.start(folder)
    try:
        with psycopg.connect(running.superuser_url, autocommit=True) as connection:
            for setting in FAST:
                connection.execute(f"alter system set {setting}")
            connection.execute("select pg_reload_conf()")
            yield Server(connection.info.host, connection.info.port, connection.info.user)
    finally:
        running.stop()
        shutil.rmtree(folder)


def _migrate(**given: Any) -> None:
    where = Server(given["host"], given["port"], given["user"], given["password"])
    migrate(where.url(given["dbname"]), authenticator_password=AUTHENTICATOR_PASSWORD)


template = factories.postgresql_noproc(depends_on="server", load=[_migrate])
clone = factories.postgresql("template")


@pytest.fixture
def database_url(server: Server, clone: psycopg.Connection[Any]) -> str:
    """The superuser's URL of this test's own migrated database."""
    return server.url(clone.info.dbname)


@pytest.fixture
def authenticator_url(server: Server, clone: psycopg.Connection[Any]) -> str:
    """The API's own URL of this test's database."""
    return server.url(clone.info.dbname, "authenticator", AUTHENTICATOR_PASSWORD)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection, in autocommit: row-level security does not bind it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def as_role(authenticator_url: str) -> AsRole:
    """`with as_role("sales", channels=["web"]) as c:` is one transaction of the API; it commits unless an error leaves it."""

    @contextmanager
    def enter(
        role: str,
        *,
        sub: str = "tester",
        warehouses: Sequence[str] = (),
        channels: Sequence[str] = (),
        request_id: str | None = None,
    ) -> Iterator[psycopg.Connection[Any]]:
        claims = {"sub": sub, "warehouses": list(warehouses), "channels": list(channels), "request_id": request_id}
        with psycopg.connect(authenticator_url) as connection:
            connection.execute("select app.enter(%s, %s)", [role, Jsonb(claims)])
            yield connection

    return enter


@pytest.fixture
def new_database(server: Server) -> Iterator[Callable[[], str]]:
    """Call it for the URL of a database with nothing in it."""
    names: list[str] = []

    def create() -> str:
        names.append(f"empty_{uuid.uuid4().hex[:8]}")
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {names[-1]}")
        return server.url(names[-1])

    yield create
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for name in names:
            connection.execute(f"drop database {name} with (force)")
