"""The API, the worker or both in one process, until a signal stops it."""

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
from pyapp.serve.slow_clients import HttpConnection
from pyapp.serve.websocket import LiveProtocol
from pyapp.worker import jobs as worker

BACKLOG_MAX = 2048
GRACE_SECONDS = 10  # for requests in progress when the signal arrives
KEEP_ALIVE_SECONDS = 75

# The kernel cuts off a connection whose client accepts or confirms nothing for this long. So a client that has stopped reading
# cannot hold memory, or delay the end of the server, for longer.
STALLED_MILLISECONDS = 60_000
UNSENT_BYTES = 128 * 1024  # per connection, in the kernel; more data would only be older when it is sent

GARBAGE_THRESHOLDS = (10_000, 20, 50)

Tls = tuple[Path, Path]  # certificate chain and key, PEM
Task = Callable[[asyncio.Event], Coroutine[Any, Any, None]]


class Server(uvicorn.Server):
    """uvicorn, but `run` handles the signals: more than the server has to stop."""

    on_started: Callable[[], object] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the streams first, which would never end. Clients that have stopped reading are cut off, not waited for."""
        live = getattr(getattr(self.config.app, "state", None), "live", None)
        if live is not None:
            live.end_streams()
        cutting = asyncio.create_task(self._cut_off_stalled())
        await super().shutdown(sockets)
        cutting.cancel()

    async def _cut_off_stalled(self) -> None:
        """Cuts off the connections whose buffers do not shrink."""
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
    """Returns a listening socket. From now on clients wait instead of being refused. Raises Failure if the port is taken."""
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
    """Sets the limits that connections inherit from their listener, on systems that have them."""
    for name, value in (("TCP_USER_TIMEOUT", STALLED_MILLISECONDS), ("TCP_NOTSENT_LOWAT", UNSENT_BYTES)):
        if (option := getattr(socket, name, None)) is not None:
            listener.setsockopt(socket.IPPROTO_TCP, option, value)


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Returns the URL for a client on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 (compared, not bound)
    return f"{scheme}://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


def configuration(app: ASGIApp, tls: Tls | None = None, proxies: Sequence[str] = ()) -> uvicorn.Config:
    """Returns uvicorn's configuration for the app. Its sockets need LiveProtocol."""
    cert, key = tls or (None, None)
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),  # trust only these proxies' headers about the client
        forwarded_allow_ips=list(proxies),
        ssl_certfile=cert,
        ssl_keyfile=key,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        http=HttpConnection,
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
    """Serves the app on the listener, runs the worker's jobs on that database, or both. Returns after SIGINT or SIGTERM.

    `announce` is called as soon as either signal leads to a clean stop, `on_started` once the app serves.

    `others` run alongside, and end when their event is set. `sequences`: the worker also moves events into the log,
    which the app of the API does by itself.
    """
    config = configuration(app or _no_app, tls, proxies)
    server = Server(config) if app else None
    if server:
        server.on_started = on_started
    # Objects that exist now stay: the collector skips them. A request's objects are freed before a collection could find them
    # in a cycle, so frequent collections cost a seventh of the time of an order and free nothing.
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
            server.force_exit = stop.is_set()  # the second signal: stop at once
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


async def serve_beside(app: ASGIApp, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serves another app on its own port until the event is set. For `others` of `run`."""
    server = Server(configuration(app))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await stop.wait()
    server.should_exit = True
    await serving


async def _serve(server: Server, listener: socket.socket, stop: asyncio.Event) -> None:
    try:
        await server.serve(sockets=[listener])
    finally:
        stop.set()


async def _no_app(*_: Any) -> None:
    raise RuntimeError("there is no app to serve")
