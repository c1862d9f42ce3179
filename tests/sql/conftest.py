"""The shop of tests/world.py: in a transaction that is rolled back, or (mark `commits`) in its own database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.conftest import run_clone
from tests.races import SESSIONS
from tests.sql.seeded import seed
from tests.world import Rehearsal, Shop, open_shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calls import Names
    from tests.conftest import AsRole, Server


@pytest.fixture(scope="session")
def furnished(server: Server, migrated: str) -> Iterator[str]:
    """The name of the database that shops are copied from."""
    with run_clone(server, migrated, "furnished") as name:
        with open_shop(server, name) as shop:
            shop.furnish()
        yield name


@pytest.fixture
def unchecked_shop(server: Server, furnished: str) -> Iterator[Shop]:
    """In its own database. Its books may be broken at the end."""
    with run_clone(server, furnished, "shop") as name, open_shop(server, name) as shop:
        yield shop


@pytest.fixture(scope="session")
def warm_connection(server: Server, furnished: str) -> Iterator[psycopg.Connection[Any]]:
    with run_clone(server, furnished, "rehearsals") as name, psycopg.connect(server.url(name), autocommit=True) as connection:
        yield connection


@pytest.fixture
def rehearsal(warm_connection: psycopg.Connection[Any]) -> Iterator[Shop]:
    """In a transaction that is rolled back."""
    with warm_connection.transaction(force_rollback=True):
        yield Shop(Rehearsal(warm_connection), warm_connection)


@pytest.fixture
def shop(request: pytest.FixtureRequest, server: Server) -> Iterator[Shop]:
    """Its books agree at the end."""
    commits = request.node.get_closest_marker("commits") is not None
    shop = request.getfixturevalue("unchecked_shop" if commits else "rehearsal")
    yield shop
    assert shop.verify() == []


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(SESSIONS) as pool:
        yield pool


@pytest.fixture
def names(as_role: AsRole, connection: psycopg.Connection[Any]) -> Names:
    """The names of the resources in a seeded database."""
    return seed(as_role, connection)


@pytest.fixture
def seeded(names: Names, connection: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """A superuser's connection to the database of tests/sql/seeded.py."""
    return connection
