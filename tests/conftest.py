"""One server per session, one migrated database, one clone of it per test.

The server is the embedded one, or a superuser's URL in SCOVILLE_TEST_SERVER_URL. Workers that run side by side need a server
each: {worker} in the URL is the name of one.
"""

from __future__ import annotations

import functools
import gc
import os
import shutil
import subprocess
import sys
import uuid
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

import httpcore2
import psycopg
import pytest
from playwright.sync_api import expect, sync_playwright

from pyapp.database import calls
from pyapp.demo import embedded
from pyapp.deploy.migrate import migrate
from pyapp.identity.enter import Component, entering
from tests.folders import short_folder
from tests.patience import PATIENCE_SECONDS
from tests.prepared import AUTHENTICATOR_PASSWORD, MIGRATED, SHARED, WITH_DEMO, copy_cluster
from tests.sql.bi import bi

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from playwright.sync_api import Browser

# Each client would load the certificates of all authorities, 25 ms of CPU, and tests open thousands of clients.
httpcore2.default_ssl_context = functools.cache(httpcore2.default_ssl_context)

# A request that the tests keep waiting behind a lock waits for as long as they do: on a busy machine longer than in production.
PRODUCTION_CALL_SECONDS = calls.CALL_SECONDS
calls.LOCK_MILLISECONDS = calls.STATEMENT_MILLISECONDS = int(PATIENCE_SECONDS * 1000)
calls.CALL_SECONDS = PATIENCE_SECONDS + calls.SPARE_SECONDS

ROOT = Path(__file__).resolve().parents[1]
GIVEN_SERVER = os.environ.get("SCOVILLE_TEST_SERVER_URL", "").replace("{worker}", os.environ.get("PYTEST_XDIST_WORKER", "gw0"))

# For speed only: these settings do not change the results of statements or their visibility.
FAST = (
    *("fsync = off", "full_page_writes = off", "synchronous_commit = off", "max_wal_size = '512MB'"),
    "autovacuum_naptime = '20s'",  # there are many databases, and few of them live for long
)

LONGEST = {
    path: turn
    for turn, path in enumerate(
        (
            *("fuzz/test_fuzz.py", "cli/test_demo.py", "docs/test_browser.py", "clients/test_generated.py"),
            "bench/test_bench.py",
            *("webhooks/test_delivery.py", "cli/test_processes.py", "test_migrate.py", "http/test_replica.py"),
            *("ui/test_live.py", "ui/test_accessible.py", "ui/test_analytics_page.py", "battery/test_model.py"),
            *("webhooks/test_battery.py", "ui/test_webhook_pages.py", "battery/test_deploy.py", "battery/test_load.py"),
            *("battery/test_standby.py", "deploy/test_prometheus.py", "cli/test_backup.py", "docs/test_tutorial.py"),
            *("ui/test_sku_page.py", "http/test_answers.py", "docs/test_openapi.py", "docs/test_asyncapi.py"),
            *("cli/test_import.py", "ui/test_sign_in.py", "cli/test_commands.py", "sql/test_drift.py"),
            *("battery/test_canaries.py", "battery/test_upgrade.py", "deploy/test_rollout.py"),
        )
    )
}

# No sandbox, because tests may run as root; no background network requests.
CHROMIUM_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="only tests that use the database server")


def pytest_configure(config: pytest.Config) -> None:
    """Creates the folder that xdist's workers share before they start."""
    if not hasattr(config, "workerinput"):
        stack = ExitStack()
        os.environ[SHARED] = str(stack.enter_context(short_folder()))
        config.add_cleanup(stack.close)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What collection makes stays until the end: searching it for garbage, now and during the tests, would be in vain."""
    gc.disable()
    collected = yield
    gc.freeze()
    gc.enable()
    return collected


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Runs the longest files first, so that no worker starts a long file when the others are done."""
    items.sort(key=lambda item: LONGEST.get(item.path.relative_to(ROOT / "tests").as_posix(), len(LONGEST)))
    if config.getoption("--database-only"):
        # The pages do not depend on the version of PostgreSQL.
        uses = {item: set(getattr(item, "fixturenames", ())) for item in items}
        without = [item for item in items if "server" not in uses[item] or "browser" in uses[item]]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]


@dataclass(frozen=True)
class Server:
    """Where the tests' server listens."""

    host: str
    port: int
    user: str
    password: str | None = None

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
        region: int | None = 1,
    ) -> AbstractContextManager[psycopg.Connection[Any]]: ...


@pytest.fixture(scope="session")
def built() -> None:
    """The dashboard is built from these sources."""
    done = subprocess.run([sys.executable, "ui/build.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.fail(done.stderr)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The session's PostgreSQL."""
    if GIVEN_SERVER:
        with psycopg.connect(GIVEN_SERVER) as connection:
            info = connection.info
            yield Server(info.host, info.port, info.user, info.password or None)
        return
    with short_folder() as folder:
        copy_cluster(folder)
        running = embedded.start(folder)
        try:
            with psycopg.connect(running.superuser_url, autocommit=True) as connection:
                for setting in FAST:
                    connection.execute(f"alter system set {setting}")
                connection.execute("select pg_reload_conf()")
                yield Server(connection.info.host, connection.info.port, connection.info.user)
        finally:
            running.stop()


@contextmanager
def run_clone(server: Server, source: str, prefix: str) -> Iterator[str]:
    """The name of a copy of this database. FILE_COPY: twice as fast as WAL_LOG without fsync."""
    name = f"{prefix}_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {source} strategy file_copy")
    yield name
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def migrated(server: Server) -> Iterator[str]:
    """The name of the migrated database that no test changes."""
    if not GIVEN_SERVER:
        yield MIGRATED
        return
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database if exists {MIGRATED}")
        connection.execute(f"create database {MIGRATED}")
        migrate(server.url(MIGRATED), authenticator_password=AUTHENTICATOR_PASSWORD)
        yield MIGRATED
        connection.execute(f"drop database {MIGRATED} with (force)")


@pytest.fixture(scope="session")
def with_demo(server: Server, migrated: str) -> Iterator[str]:
    """The name of the database with the demo's data and their sums, which no test changes."""
    if not GIVEN_SERVER:
        yield WITH_DEMO
        return
    with run_clone(server, migrated, WITH_DEMO) as name:
        bi.load(server.url(name, "authenticator", AUTHENTICATOR_PASSWORD))
        yield name


@pytest.fixture(scope="module")
def template(migrated: str) -> str:
    """The name of the database that the tests of a module get clones of. A module may define another, such as with_demo."""
    return migrated


@pytest.fixture
def clone(server: Server, template: str) -> Iterator[str]:
    """The name of this test's own database."""
    with run_clone(server, template, "test") as name:
        yield name


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser per module. Playwright allows no second one at the same time, and while it runs no other event
    loop can run, which the tests that follow may need."""
    path = os.environ.get("SCOVILLE_TEST_CHROMIUM") or shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if not path:
        pytest.fail("There is no Chromium: run .ci/chromium (root), or name one by SCOVILLE_TEST_CHROMIUM.")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_SECONDS * 1000)
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def database_url(server: Server, clone: str) -> str:
    """The superuser's URL of this test's own migrated database."""
    return server.url(clone)


@pytest.fixture
def authenticator_url(server: Server, clone: str) -> str:
    """The API's own URL of this test's database."""
    return server.url(clone, "authenticator", AUTHENTICATOR_PASSWORD)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection, in autocommit: row-level security does not bind it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def enter(
    connection: psycopg.Connection[Any],
    role: str,
    *,
    sub: str,
    warehouses: Sequence[str],
    channels: Sequence[str],
    request_id: str | None,
    region: int | None = 1,
) -> None:
    """The first statement of each API transaction."""
    connection.execute(*entering(Component(role, sub, warehouses, channels, region), request_id or ""))


class Roles:
    """`Roles(url)("sales")` is one transaction of the API. It commits unless an exception leaves it.

    Like the API, it reuses connections across roles: a new connection compiles each function again.
    """

    def __init__(self, authenticator_url: str) -> None:
        self._url = authenticator_url
        self._idle: list[psycopg.Connection[Any]] = []

    @contextmanager
    def __call__(
        self,
        role: str,
        *,
        sub: str = "tester",
        warehouses: Sequence[str] = (),
        channels: Sequence[str] = (),
        request_id: str | None = None,
        region: int | None = 1,
    ) -> Iterator[psycopg.Connection[Any]]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = psycopg.connect(self._url)
        try:
            enter(connection, role, sub=sub, warehouses=warehouses, channels=channels, request_id=request_id, region=region)
            yield connection
            connection.commit()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


@pytest.fixture
def as_role(authenticator_url: str) -> Iterator[AsRole]:
    """Transactions of the API in this test's database."""
    roles = Roles(authenticator_url)
    yield roles
    roles.close()


@pytest.fixture(scope="module")
def module_clone(server: Server, template: str) -> Iterator[str]:
    """The name of a database that the tests of a module share. Each test cleans up after itself."""
    with run_clone(server, template, "module") as name:
        yield name


@pytest.fixture
def new_database(server: Server) -> Iterator[Callable[[], str]]:
    """A function that returns the URL of a new empty database."""
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
