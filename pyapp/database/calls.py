"""Calls into Postgres: one transaction, one network flush, one function.

A call is BEGIN, app.enter (role and claims), the function and COMMIT, sent together in libpq's pipeline mode. If a
statement fails, the server skips the rest, COMMIT included. Values travel as text, and results are the bytes that
Postgres wrote, so a JSON document is passed on without being parsed. This needs none of psycopg's adapters, so the
low-level interface is used directly. Measured on two cores with a short read: 9,400 calls/s from 16 tasks, 106 us
of Python each, against 5,800 and 170 us with connection.pipeline(), which flushes after every statement.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import select
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import psycopg
from psycopg import pq
from psycopg.abc import PQGen
from psycopg.generators import fetch_many, send
from psycopg.waiting import Ready, Wait
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from pyapp.identity.enter import Caller, enter_step
from pyapp.problems import RETRY_AFTER_SECONDS, Problem, from_database, unavailable

logger = logging.getLogger("scoville.database")

POOL_WAIT_SECONDS = 5.0  # to get a free connection; then 503
POOL_WAITING_MAX = 2000  # callers in that queue; any more get 503 at once
CONNECT_SECONDS = 5
RECONNECT_SECONDS = 3.0  # one round of attempts to connect; the next caller starts the next round
CONNECTION_LIFETIME_SECONDS = 3600.0
STATEMENT_MILLISECONDS = 15_000
LOCK_MILLISECONDS = 5_000
IDLE_TRANSACTION_MILLISECONDS = 10_000
CALL_SECONDS = 20.0  # above the statement timeout: reached only when the network swallows bytes
SPARE_SECONDS = 5.0  # beyond the statement timeout, for the answer of a call to arrive
ATTEMPTS_MAX = 2  # a deadlock, a serialization failure or a lost read is retried once

# A host that disappears without closing its connections is noticed within 30 seconds.
KEEPALIVE: dict[str, Any] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000}

# A cached plan that no longer fits, after a deploy replaced a function: the connection is replaced, the call repeated.
STALE_PLAN_STATES = frozenset({"0A000", "26000"})
# Two calls used an external_id at once, one of them in a list too long to lock each: the repeat finds the other's order.
REPEATED_CONSTRAINTS = frozenset({"orders_region_id_external_id_channel_id_key"})
REPEATED_STATES = frozenset({"40001", "40P01", "57P01", "57P02", "57P03"}) | STALE_PLAN_STATES

# The end of the primary's log, behind everything committed so far. Run after COMMIT.
POSITION = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
WARMING_TIMEOUT = "set local statement_timeout = '2s'"
CHECK_GRANT = "select api.check_grant($1, $2)"
# Any login may run this: do the functions exist?
COUNT_FUNCTIONS = """select count(distinct p.proname) from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace where n.nspname = 'api' and p.proname = any ($1::text[])"""

Value = str | bytes | int | None
Row = tuple[bytes | None, ...]
Step = tuple[str, tuple[Value, ...]]
T = TypeVar("T")
TO_WRITE = int(Wait.W)


class Call(NamedTuple):
    """A statement, and the identity that runs it."""

    caller: Caller
    statement: str
    values: tuple[Value, ...]


class UnknownOutcome(Problem):
    """The connection was lost so late that the transaction may or may not have been committed."""

    def __init__(self) -> None:
        super().__init__(
            "RQ503",
            "The connection to the database was lost before the answer came. The request may have been carried "
            "out or not. Repeat it with the same Idempotency-Key; without one, read the state first.",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )


class LostConnection(Exception):  # noqa: N818
    """The connection ended before the answer: it is unknown whether the transaction was committed."""


class AfterCommit(psycopg.OperationalError):
    """The transaction was committed, and something failed afterwards."""


class Connection(psycopg.AsyncConnection[Any]):
    """A pooled connection that remembers which statements it has prepared."""

    def __init__(self, pgconn: pq.abc.PGconn, row_factory: Any = psycopg.rows.tuple_row) -> None:
        super().__init__(pgconn, row_factory)
        self.statements: dict[str, bytes] = {}

    @property
    def is_stale(self) -> bool:
        """Whether the server has closed the connection. On an idle connection only the server's last message can be readable."""
        if self.closed:
            return True
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN)
        return bool(poll.poll(0))


class Database:
    """The pool and the calls through it. The app creates it at start; its lifespan opens and closes it.

    `on_write` is called after each write that may have been committed. `tracked`: `position` holds the end of the primary's log
    after the last write, for reads from a standby (standby.py). `warming`: calls that each new connection runs and rolls back
    before it serves callers.
    """

    on_write: Callable[[], None] = staticmethod(lambda: None)

    def __init__(
        self,
        url: str,
        pool_size: int,
        *,
        tracked: bool = False,
        wait_seconds: float | None = None,
        warming: Iterable[Call] = (),
    ) -> None:
        options = (
            f"-c timezone=UTC -c statement_timeout={STATEMENT_MILLISECONDS} -c lock_timeout={LOCK_MILLISECONDS}"
            f" -c idle_in_transaction_session_timeout={IDLE_TRANSACTION_MILLISECONDS}"
        )
        self._pool = AsyncConnectionPool(
            url,
            connection_class=Connection,
            kwargs={
                "autocommit": True,
                "application_name": "scoville",
                "connect_timeout": CONNECT_SECONDS,
                "options": with_options(url, options),
                **KEEPALIVE,
            },
            min_size=min(2, pool_size),
            max_size=pool_size,
            timeout=POOL_WAIT_SECONDS if wait_seconds is None else wait_seconds,
            max_waiting=POOL_WAITING_MAX,
            configure=self._warm,
            max_lifetime=CONNECTION_LIFETIME_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            name="scoville",
            open=False,
        )
        self.timeouts = 0  # callers that got no connection in time
        self.refusals = 0  # callers refused because the queue was full
        self.repeats = 0
        self.position = 0
        self._tracked = tracked
        self._warming = tuple(warming)

    def pool_stats(self) -> dict[str, int]:
        """Statistics under psycopg_pool's names; counters that are still zero may be missing."""
        return self._pool.get_stats()

    async def open(self) -> None:
        """Starts connecting and returns at once: each request waits for a connection itself."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        await self._pool.close()

    async def call(
        self,
        identity: Caller,
        statement: str,
        values: Sequence[Value],
        *,
        request_id: str,
        read_only: bool = False,
        dry_run: bool = False,
    ) -> list[Row]:
        """Returns the rows of one statement, run as the identity in its own transaction.

        dry_run does everything and rolls back. Raises Problem: RQ503 if the database is unreachable or busy, or if the
        connection was lost so late that the outcome is unknown; otherwise the error that the SQL raised.
        """
        steps = (
            ("begin read only" if read_only else "begin", ()),
            enter_step(identity, request_id),
            (statement, tuple(values)),
            ("rollback" if dry_run else "commit", ()),
        )
        harmless = read_only or dry_run
        tracked = self._tracked and not harmless
        try:
            rows = await self._repeat((*steps, (POSITION, ())) if tracked else steps, request_id, harmless=harmless)
            if tracked:
                self.position = max(self.position, int(rows[4][0][0] or 0))
            return rows[2]
        finally:
            if not harmless:
                self.on_write()

    async def run(self, steps: Sequence[Step]) -> list[list[Row]]:
        """Returns the rows of each step, tried once. Raises psycopg.Error, LostConnection, Problem RQ503."""
        return await self._run(steps)

    async def ask(self, statement: str, values: Sequence[Value], *, request_id: str) -> list[Row]:
        """Returns the rows of a read that runs as the login itself, before the caller is known. Raises Problem as call does."""
        return (await self._repeat(((statement, tuple(values)),), request_id, harmless=True))[0]

    async def check_grant(self, client_id: str, grant: int) -> bool:
        """Whether tokens issued to this client under this grant number are still valid. Raises Problem as call does."""
        rows = await self.ask(CHECK_GRANT, (client_id, grant), request_id="")
        return rows[0][0] == b"t"

    async def is_ready(self, functions: Sequence[str]) -> bool:
        """Whether Postgres answers and schema api has these functions."""
        names = "{" + ",".join(functions) + "}"
        try:
            rows = await self._run(((COUNT_FUNCTIONS, (names,)),))
        except (psycopg.Error, LostConnection, Problem):
            return False
        return rows[0][0][0] == str(len(set(functions))).encode()

    async def _repeat(self, steps: Sequence[Step], request_id: str, *, harmless: bool) -> list[list[Row]]:
        """Returns the rows of each step. Retries where a retry can help and is harmless."""
        for attempt in range(1, ATTEMPTS_MAX + 1):
            self.repeats += attempt > 1
            try:
                return await self._run(steps)
            except psycopg.Error as error:
                if attempt == ATTEMPTS_MAX or not _is_repeated(error):
                    raise from_database(error, request_id) from error
            except LostConnection as error:
                if not harmless:
                    raise UnknownOutcome from error
                if attempt == ATTEMPTS_MAX:
                    raise unavailable("The connection to the database was lost. Repeat the request.") from error
        raise AssertionError("unreachable")

    async def _run(self, steps: Sequence[Step]) -> list[list[Row]]:
        """Returns the rows of each step. Raises psycopg.Error if nothing was committed, LostConnection if that is unknown."""
        arguments = [tuple(map(_encode, values)) for _, values in steps]
        connection = await self._connect()
        try:
            rows = await _run_steps(connection, steps, arguments)
        except psycopg.Error as error:
            await self._recover(connection, error)
            if error.diag.sqlstate is None:
                raise LostConnection from error
            raise
        except TimeoutError as error:
            await connection.close()
            raise LostConnection from error
        except BaseException:
            # Cancelled in the middle of an exchange: the next caller must not receive its answer.
            await connection.close()
            raise
        finally:
            await self._pool.putconn(connection)
        return rows

    async def _connect(self) -> Connection:
        while True:
            try:
                connection = await self._pool.getconn()
            except PoolTimeout as error:
                self.timeouts += 1
                raise unavailable("The database is unreachable, or too busy to take more. Repeat the request.") from error
            except TooManyRequests as error:
                self.refusals += 1
                raise unavailable("Too many requests are waiting for the database. Repeat the request.") from error
            if not connection.is_stale:
                return connection
            await connection.close()
            await self._pool.putconn(connection)  # so that the pool opens a new connection

    async def _warm(self, connection: Connection) -> None:
        """A failing call only ends the warming: the database may be too busy, or not migrated yet.

        If a caller is waiting, it gets the connection as it is: one cold call ends sooner than all the warming calls.
        """
        for caller, statement, values in self._warming:
            if self.pool_stats()["requests_waiting"]:
                return
            steps = (("begin", ()), (WARMING_TIMEOUT, ()), enter_step(caller), (statement, values), ("rollback", ()))
            try:
                await _run_steps(connection, steps, [tuple(map(_encode, values)) for _, values in steps])
            except BaseException as error:
                if not isinstance(error, psycopg.Error) or error.diag.sqlstate is None:
                    await connection.close()
                    raise
                logger.debug("a new connection could not be warmed: %s", error.diag.message_primary)
                await connection.rollback()
                return

    async def _recover(self, connection: Connection, error: psycopg.Error) -> None:
        """Ends the failed transaction, or closes the connection if it is in any other state."""
        pgconn = connection.pgconn
        try:
            if pgconn.pipeline_status != pq.PipelineStatus.OFF:
                pgconn.exit_pipeline_mode()
            if pgconn.transaction_status == pq.TransactionStatus.INERROR and error.diag.sqlstate not in STALE_PLAN_STATES:
                async with asyncio.timeout(CALL_SECONDS):
                    await connection.rollback()
            if pgconn.transaction_status == pq.TransactionStatus.IDLE and error.diag.sqlstate not in STALE_PLAN_STATES:
                return
        except (psycopg.Error, TimeoutError):
            pass
        await connection.close()


def _is_repeated(error: psycopg.Error) -> bool:
    """Whether nothing was changed, and the same call may succeed at once."""
    return error.diag.sqlstate in REPEATED_STATES or error.diag.constraint_name in REPEATED_CONSTRAINTS


def with_options(url: str, options: str) -> str:
    """Adds these options. The URL's own options come after them and take precedence."""
    given = psycopg.conninfo.conninfo_to_dict(url).get("options")
    return f"{options} {given}" if given else options


@contextlib.contextmanager
def answering(connection: psycopg.AsyncConnection[Any], seconds: float) -> Iterator[None]:
    """Statements inside the block must be answered within this time, or the connection is lost (psycopg.OperationalError)."""
    timer = asyncio.get_running_loop().call_later(seconds, cut_off, connection)
    try:
        yield
    finally:
        timer.cancel()


def cut_off(connection: psycopg.AsyncConnection[Any]) -> None:
    """Breaks the connection, so that its waiting user finds it lost.

    Cancelling does not work: psycopg then asks the server to end the statement and waits again for the silent server.
    """
    if not connection.closed:
        with socket.socket(fileno=os.dup(connection.fileno())) as same, contextlib.suppress(OSError):
            same.shutdown(socket.SHUT_RDWR)


async def run_steps(connection: Connection, steps: Sequence[Step]) -> list[list[Row]]:
    """Returns the rows of each step, sent together on the caller's own connection. After any error the connection is closed."""
    try:
        return await _run_steps(connection, steps, [tuple(map(_encode, values)) for _, values in steps])
    except (
        BaseException
    ):  # cancelled too: psycopg warns about a connection left open in the middle of an exchange, which cannot be rolled back
        await connection.close()
        raise


async def _run_steps(
    connection: Connection, steps: Sequence[Step], arguments: Sequence[tuple[bytes | None, ...]]
) -> list[list[Row]]:
    return await _wait(_exchange(connection, steps, arguments), connection.pgconn.socket)


async def _wait(exchange: PQGen[T], descriptor: int) -> T:
    """Runs an exchange like psycopg's wait_async, but with one timer, and one registration of the socket if it suffices.

    Raises TimeoutError.
    """
    loop = asyncio.get_running_loop()
    try:
        wanted = next(exchange)
    except StopIteration as end:
        return cast(T, end.value)
    ready, is_late = loop.create_future(), False

    def wake(state: Ready) -> None:
        if not ready.done():
            ready.set_result(state)

    def expire() -> None:
        nonlocal is_late
        is_late = True
        wake(Ready.NONE)

    timer = loop.call_later(CALL_SECONDS, expire)
    loop.add_reader(descriptor, wake, Ready.R)
    try:
        while True:
            if wanted & TO_WRITE:
                loop.add_writer(descriptor, wake, Ready.W)
            state = await ready
            if is_late:
                raise TimeoutError
            if wanted & TO_WRITE:
                loop.remove_writer(descriptor)
            ready = loop.create_future()
            wanted = exchange.send(state)
            # Most exchanges need no second look. uvloop watches a socket with an error only until it has reported it once.
            loop.remove_reader(descriptor)
            loop.add_reader(descriptor, wake, Ready.R)
    except StopIteration as end:
        return cast(T, end.value)
    finally:
        timer.cancel()
        loop.remove_reader(descriptor)
        if wanted & TO_WRITE:
            loop.remove_writer(descriptor)


def _encode(value: Value) -> bytes | None:
    if value is None or isinstance(value, bytes):
        data = value
    elif isinstance(value, str):
        data = value.encode(errors="surrogatepass")
    else:
        data = str(value).encode()
    if data is not None and b"\0" in data:
        # libpq would silently cut off the value there.
        raise Problem("VA001", "A value contains the character NUL, which cannot be stored. Leave it out.")
    return data


def _exchange(
    connection: Connection, steps: Sequence[Step], arguments: Sequence[tuple[bytes | None, ...]]
) -> PQGen[list[list[Row]]]:
    """Sends all steps at once and collects their rows. A generator, as psycopg's waiting functions expect."""
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    sent: list[tuple[str, bytes] | None] = []  # in order: a statement to prepare, or None for one to run
    decisive = 0  # the number of COMMIT, or of the last step
    for (statement, values), data in zip(steps, arguments, strict=True):
        if not values:
            pgconn.send_query_params(statement.encode(), None)
        else:
            name = connection.statements.get(statement)
            if name is None:
                name = f"s{len(connection.statements)}_{len(sent)}".encode()
                pgconn.send_prepare(name, statement.encode())
                sent.append((statement, name))
            pgconn.send_query_prepared(name, data)
        sent.append(None)
        if statement == "commit":
            decisive = len(sent)
    decisive = decisive or len(sent)
    pgconn.pipeline_sync()
    yield from send(pgconn)

    rows: list[list[Row]] = []
    failed: psycopg.Error | None = None
    failed_last = False
    try:
        for number, prepared in enumerate(sent, start=1):
            for result in (yield from fetch_many(pgconn)):
                if result.status == pq.ExecStatus.FATAL_ERROR:
                    after = number > decisive
                    failed = failed or (AfterCommit() if after else psycopg.errors.error_from_result(result))
                    failed_last = number >= decisive
                elif result.status == pq.ExecStatus.PIPELINE_ABORTED:
                    continue
                elif prepared is not None:
                    connection.statements[prepared[0]] = prepared[1]
                else:
                    rows.append(_read(result))
        yield from fetch_many(pgconn)  # the sync
        pgconn.exit_pipeline_mode()
    except psycopg.OperationalError:
        # The server hung up. If it gave a reason before COMMIT, nothing was committed, and that reason is the error to raise.
        if failed is None or failed_last:
            raise
    if failed is not None:
        raise failed
    return rows


def _read(result: pq.abc.PGresult) -> list[Row]:
    columns = range(result.nfields)
    return [tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)]
