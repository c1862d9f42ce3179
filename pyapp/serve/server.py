"""The API, the worker or both in one process, until a signal says stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from pyapp.eventlog.messages import MESSAGE_BYTES_MAX
from pyapp.failures import Exit, Failure
from pyapp.serve.slow_clients import Connection
from pyapp.serve.websocket import LiveProtocol
from pyapp.worker import jobs as worker

BACKLOG_MAX = 2048
GRACE_SECONDS = 10  # for requests that are under way when the signal comes
KEEP_ALIVE_SECONDS = 75

# A connection that takes nothing, or confirms nothing, for so long is cut off by the kernel. Whatever is sent to whomever:
# a client that has stopped reading cannot hold memory, or the end of the server, for longer.
STALLED_MILLISECONDS = 60_000
UNSENT_BYTES = 128 * 1024  # of a connection, in the kernel; more would only be older by the time it goes out

GARBAGE_THRESHOLDS = (10_000, 20, 50)

Tls = tuple[Path, Path]  # certificate chain and key, PEM
Task = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


class Server(uvicorn.Server):
    """uvicorn, with the signals left to `run`: there is more to stop than the server."""

    on_started: Callable[[], object] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams first: they are requests under way that would never end. Nobody who does not read is waited for."""
        live = getattr(getattr(self.config.app, "state", None), "live", None)
        if live is not None:
            live.end_streams()
        cutting = asyncio.create_task(self._cut_off_stalled())
        await super().shutdown(sockets)
        cutting.cancel()

    async def _cut_off_stalled(self) -> None:
        """The connections whose buffers stay as full as they are."""
        waiting: dict[Any, int] = {}
        while True:
            await asyncio.sleep(GRACE_SECONDS / 5)
            for connection in list(self.server_state.connections):
                size = connection.transport.get_write_buffer_size()
                if size and size == waiting.get(connection):
                    connection.transport.abort()
                waiting[connection] = size

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. From here on a client waits instead of being refused. Raises Failure when the port is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _limit(listener)
            listener.bind(address)
            listener.listen(BACKLOG_MAX)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise Failure(
            Exit.PORT,
            f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with --port or SCOVILLE_PORT (and --host).",
        ) from error
    return listener


def _limit(listener: socket.socket) -> None:
    """What connections inherit from their listener, where the system has it."""
    for name, value in (("TCP_USER_TIMEOUT", STALLED_MILLISECONDS), ("TCP_NOTSENT_LOWAT", UNSENT_BYTES)):
        if (option := getattr(socket, name, None)) is not None:
            listener.setsockopt(socket.IPPROTO_TCP, option, value)


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Where a client on this machine finds it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 (compared, not bound)
    return f"{scheme}://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


def configuration(app: ASGIApp, tls: Tls | None = None, proxies: Sequence[str] = ()) -> uvicorn.Config:
    """How uvicorn serves the app. Its sockets need LiveProtocol."""
    cert, key = tls or (None, None)
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),  # what a header says of who the client is, is believed of these only
        forwarded_allow_ips=list(proxies),
        ssl_certfile=cert,
        ssl_keyfile=key,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        http=Connection,
        ws=LiveProtocol,
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,
    )


def run(
    app: ASGIApp | None,
    listener: socket.socket | None,
    worker_url: str | None,
    *others: Task,
    tls: Tls | None = None,
    proxies: Sequence[str] = (),
    sequences: bool = False,
    announce: Callable[[], object] = lambda: None,
    on_started: Callable[[], object] = lambda: None,
) -> None:
    """Serve the app on the listener, do the worker's jobs on that database, or both. Returns after SIGINT or SIGTERM.

    `announce` is called as soon as either signal would end it in good order, `on_started` once the app serves.

    What `others` do runs beside them and ends when its event is set. `sequences`: the worker also moves events into the log,
    which the app of the API does by itself.
    """
    config = configuration(app or _no_app, tls, proxies)
    server = Server(config) if app else None
    if server:
        server.on_started = on_started
    # What is there now stays: it is not looked through again. What a request makes is gone before it could be found in a cycle,
    # so looking often costs a seventh of the time of an order and frees nothing.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_run(server, listener, worker_url, others, sequences=sequences, announce=announce))


async def _run(
    server: Server | None,
    listener: socket.socket | None,
    worker_url: str | None,
    others: Sequence[Task],
    *,
    sequences: bool,
    announce: Callable[[], object],
) -> None:
    stop = asyncio.Event()

    def on_signal() -> None:
        if server:
            server.force_exit = stop.is_set()  # the second time: at once
            server.should_exit = True
        stop.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, on_signal)
    announce()
    async with asyncio.TaskGroup() as group:
        if worker_url:
            group.create_task(worker.run(worker_url, stop, sequences=sequences))
        if server and listener:
            group.create_task(_serve(server, listener, stop))
        for other in others:
            group.create_task(other(stop))


async def _serve(server: Server, listener: socket.socket, stop: asyncio.Event) -> None:
    try:
        await server.serve(sockets=[listener])
    finally:
        stop.set()


async def _no_app(*_: Any) -> None:
    raise RuntimeError("there is no app to serve")
