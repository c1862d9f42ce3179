"""Runs two sessions at once. The server reports whether a session waits."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor

    import psycopg

    from tests.world import Result, Shop

SESSIONS = 8


def wait_for_a_waiter(shop: Shop, other: Future[Any]) -> None:
    """Waits until the other session of this database waits for a lock. It must not end before."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not shop.rows("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"):
        assert not other.done(), "the other session did not wait"
        assert time.monotonic() < deadline, "the other session neither waits nor ends"


def race(shop: Shop, pool: ThreadPoolExecutor, first: Callable[..., Any], second: Callable[..., Any]) -> tuple[Any, Any]:
    """Runs `first` in an open transaction and `second` in another, and commits the first when the second waits."""

    def follow() -> Any:
        with shop.session() as other:
            return second(other)

    with shop.session() as connection:
        answer = first(connection)
        follower = pool.submit(follow)
        wait_for_a_waiter(shop, follower)
    return answer, follower.result(PATIENCE_SECONDS)


def sender(shop: Shop, command: str, *elements: dict[str, Any]) -> Callable[[psycopg.Connection[Any]], Result]:
    return lambda connection: shop.run(connection, command, *elements)[0]


def weaken(shop: Shop, function: str, guard: str) -> None:
    """Removes a guard from a function of this test's database."""
    [row] = shop.rows("select pg_get_functiondef(%s::regproc) as source", function)
    assert row["source"].count(guard) == 1
    shop.connection.execute(row["source"].replace(guard, ""))
