"""The API, the worker or both in one process, until a signal says stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from pyapp import worker
from pyapp.failures import Exit, Failure

BACKLOG_MAX = 2048
GRACE_SECONDS = 10  # for requests that are under way when the signal comes
KEEP_ALIVE_SECONDS = 75


class Server(uvicorn.Server):
    """uvicorn, with the signals left to `run`: there is more to stop than the server."""

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


def url_of(listener: socket.socket) -> str:
    """Where a client on this machine finds it."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 (compared, not bound)
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{port}"


def run(app: ASGIApp | None, listener: socket.socket | None, worker_url: str | None) -> None:
    """Serve the app on the listener, do the worker's jobs on that database, or both. Returns after SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app or _no_app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_run(Server(config) if app else None, listener, worker_url))


async def _run(server: Server | None, listener: socket.socket | None, worker_url: str | None) -> None:
    stop = asyncio.Event()

    def on_signal() -> None:
        if server:
            server.force_exit = stop.is_set()  # the second time: at once
            server.should_exit = True
        stop.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, on_signal)
    async with asyncio.TaskGroup() as group:
        if worker_url:
            group.create_task(worker.run(worker_url, stop))
        if server and listener:
            group.create_task(_serve(server, listener, stop))


async def _serve(server: Server, listener: socket.socket, stop: asyncio.Event) -> None:
    try:
        await server.serve(sockets=[listener])
    finally:
        stop.set()


async def _no_app(*_: Any) -> None:
    raise RuntimeError("there is no app to serve")
