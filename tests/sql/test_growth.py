"""What a request reads does not grow with the orders of the past.

A session keeps its plans until a table that they read is analyzed; the worker does that as soon as a table has grown.
For all that the planner knows, a function returns 1,000 rows and a jsonb has 100 members: joined with them, a table of
some thousand rows is read whole.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.calls import FUNCTION_CALLS, ORDER, SKU, Names, sql_call
from tests.conftest import Roles
from tests.prepared import AUTHENTICATOR_PASSWORD
from tests.sql.seeded import become, run, seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Server

ORDERS, BATCH = 4000, 500
READS_TIMES_MAX = 1.2  # an index over these orders is a level or two deeper
READS_MORE_MAX = 80  # pages; the whole of a table or index has more
TRIES = 6  # the first one also reads the catalog


def pages_read(connection: psycopg.Connection[Any], role: str, statement: str) -> int:
    with connection.transaction(force_rollback=True):
        become(connection, role)
        [(plan,)] = connection.execute(f"explain (analyze, buffers, format json) {statement}".encode())
    top = plan[0]["Plan"]
    return int(top["Shared Hit Blocks"] + top["Shared Read Blocks"])


@pytest.fixture(scope="module")
def pages(server: Server, module_clone: str) -> Iterator[dict[str, tuple[int, int]]]:
    """The pages that each call read before these orders came and afterwards."""
    roles = Roles(server.url(module_clone, "authenticator", AUTHENTICATOR_PASSWORD))
    with closing(roles), psycopg.connect(server.url(module_clone), autocommit=True) as connection:
        names = seed(roles, connection)
        before = {name: cheapest(connection, name, names) for name in FUNCTION_CALLS}
        with roles("admin") as admin:
            grow(admin)
        with roles("scoville_worker") as worker:
            while worker.execute("select jobs.sequence_events(10000)").fetchone() != (0,):
                pass
        connection.execute("analyze")  # as the worker and autovacuum do when tables have grown
        yield {name: (read, cheapest(connection, name, names)) for name, read in before.items()}


def grow(admin: psycopg.Connection[Any]) -> None:
    """Orders of one SKU through one channel, half of them canceled."""
    run(admin, "receive_stock", SKU | {"stock": 10 * ORDERS})
    sold = {"channel": "web", "customer": ORDER["customer"], "items": [{"sku_id": SKU["sku_id"], "quantity": 1}]}
    for _ in range(ORDERS // BATCH):
        placed = run(admin, "place_orders", *[sold] * BATCH)
        run(admin, "cancel_orders", *({"order_id": order["order_id"]} for order in placed[: BATCH // 2]))


def cheapest(connection: psycopg.Connection[Any], name: str, names: Names) -> int:
    role = min(FUNCTION_CALLS[name].roles)
    return min(pages_read(connection, role, sql_call(name, names)) for _ in range(TRIES))


def test_a_call_reads_no_more_pages_after_thousands_of_orders(pages: dict[str, tuple[int, int]]) -> None:
    assert {name: read for name, read in pages.items() if read[1] > READS_TIMES_MAX * read[0] + READS_MORE_MAX} == {}
