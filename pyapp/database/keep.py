"""A task's own connection, outside the pool: opened, used, and opened again after a pause for as long as the task runs.

The hub, the sequencer, the worker, its listener and its measurements each keep one. All of them survive a database that is
unreachable, restarting or not yet migrated: one log line reports the failure, one more the recovery.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import psycopg

from pyapp.database.calls import CONNECT_SECONDS, IDLE_TRANSACTION_MILLISECONDS, KEEPALIVE, Connection, with_options
from pyapp.identity.enter import Component, session_options
from pyapp.tasks import wait_for

logger = logging.getLogger("scoville.database")

BACKOFF_SECONDS_MIN = 0.1
BACKOFF_SECONDS_MAX = 5.0


class Keeper:
    """Keeps one connection. `name` is its application name and the prefix of its log lines.

    `caller`: the session is the caller's, so its transactions need no app.enter.
    `connected`: the connection works, as its user has reported with `works`.
    """

    def __init__(
        self, url: str, name: str, *, statement_milliseconds: int | None = None, caller: Component | None = None
    ) -> None:
        self.connected = False
        self._url = url
        self._name = name
        self._options = f"-c idle_in_transaction_session_timeout={IDLE_TRANSACTION_MILLISECONDS}"
        if statement_milliseconds is not None:
            self._options += f" -c statement_timeout={statement_milliseconds}"
        if caller is not None:
            self._options = " ".join([self._options, *session_options(caller, request_id="")])
        self._away = False
        self._backoff = BACKOFF_SECONDS_MIN

    async def run(self, work: Callable[[Connection], Awaitable[None]], stop: asyncio.Event | None = None) -> None:
        """Connects and does the work, again after each failure. Returns when `work` does, or between two attempts on `stop`."""
        stop = stop or asyncio.Event()
        while not stop.is_set():
            try:
                async with self.connection() as connection:
                    await work(connection)
                return
            except (psycopg.Error, OSError) as error:  # TimeoutError is an OSError
                self._log(error)
            except Exception:
                logger.exception("%s: failed, trying again", self._name)
            finally:
                self.connected = False
            await wait_for(stop, self._backoff * random.uniform(0.5, 1))  # noqa: S311 (spreads processes, hides nothing)
            self._backoff = min(self._backoff * 2, BACKOFF_SECONDS_MAX)

    def works(self) -> None:
        """The user reports that the new connection works: the next failure is logged, and retried soon."""
        if self._away:
            logger.info("%s: the database is back", self._name)
        self.connected, self._away, self._backoff = True, False, BACKOFF_SECONDS_MIN

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One connection, closed at the end in any state: after a failure in mid-exchange it cannot even roll back."""
        connection = await Connection.connect(
            self._url,
            autocommit=True,
            application_name=self._name,
            connect_timeout=CONNECT_SECONDS,
            options=with_options(self._url, self._options),
            **KEEPALIVE,
        )
        try:
            yield connection
        finally:
            await connection.close()

    def _log(self, error: psycopg.Error | OSError) -> None:
        primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
        text = " ".join((primary or str(error) or type(error).__name__).split())
        level = logging.DEBUG if self._away else logging.WARNING
        logger.log(level, "%s: the database is unreachable, trying again: %s", self._name, text)
        self._away = True
