"""Several API processes behind one socket: `serve --workers N`. A process that dies is replaced; SIGHUP replaces all in turn.

A child gets descriptors: a lifeline to its parent, and the listening sockets, which all children accept from. The child writes
a byte when it serves, answers each byte of its parent from its event loop, and stops when the other end closes. A child that does
not answer is killed, and so replaced. The children write their metrics to files in a shared folder (pyapp/metrics), which exists
as long as the parent: the counts of a dead child stay, its gauges are removed.

It replaces uvicorn's own supervisor (0.54, tried). That parent joins a stopping child without a time limit and reads no signals
in the meantime, so a child that hangs during SIGHUP keeps it from replacing others and from ending on SIGTERM. A thread answers
its pings, so a stuck event loop looks alive. And it creates its own Server, not ours.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
import psutil  # type: ignore[import-untyped]
from prometheus_client.multiprocess import mark_process_dead

from pyapp.failures import Exit, Failure
from pyapp.tasks import end

logger = logging.getLogger("scoville.processes")

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
FOLDER_PREFIX = "scoville-metrics-"
READY_SECONDS = 30.0
RESTART_SECONDS = 1.0  # before a dead process is replaced
PING_SECONDS = 2.0
ANSWER_SECONDS = 5.0  # for a ping; nothing blocks an event loop for this long
MISSED_MAX = 2  # in a row: after a pause of the whole machine, all processes are late once
STOP_SECONDS = 30.0  # longer than a process takes to stop cleanly


class Child:
    """A process that serves or is starting."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: socket.socket) -> None:
        self.process = process
        self.lifeline = lifeline
        self.retired = False
        self.ready = asyncio.create_task(self._wait())  # whether it started to serve

    async def _wait(self) -> bool:
        """Returns False if the process ended first, or takes longer than READY_SECONDS."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(READY_SECONDS):
                return await asyncio.get_running_loop().sock_recv(self.lifeline, 1) == b"1"
        return False

    async def hangs(self) -> bool:
        """Returns True once a serving process stops answering; False if it never served or is stopping."""
        loop, missed = asyncio.get_running_loop(), 0
        if not await asyncio.shield(self.ready):
            return False
        with suppress(OSError):
            await loop.sock_sendall(self.lifeline, b"?")
            while missed < MISSED_MAX:
                try:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        if not await loop.sock_recv(self.lifeline, 1):
                            return False
                except TimeoutError:
                    missed += 1
                    continue
                missed = 0
                await asyncio.sleep(PING_SECONDS)
                await loop.sock_sendall(self.lifeline, b"?")
            return True
        return False

    def end(self, sent: signal.Signals = signal.SIGTERM) -> None:
        self.retired = True
        with suppress(ProcessLookupError):
            self.process.send_signal(sent)


class Processes:
    """The parent process."""

    def __init__(self, listeners: Sequence[socket.socket], number: int, folder: Path, announce: Callable[[], object]) -> None:
        self._listeners = listeners
        self._number = number
        self._announce = announce
        self._folder = folder
        self._children: set[Child] = set()
        self._serving: list[Child] = []
        self._watchers: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._rolling: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Runs until SIGINT or SIGTERM; a second signal does not wait for requests. Raises Failure if no process starts."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._roll)
        self._announce()
        try:
            self._serving = [await self._start() for _ in range(self._number)]
            if not all(await asyncio.gather(*(child.ready for child in self._serving))) and not self._stopping.is_set():
                raise Failure(Exit.DISAGREES, "A process could not be started. Its output is above.")
            await self._stopping.wait()
        finally:
            self._stopping.set()
            for child in self._children:
                child.end()
            if self._watchers:
                await asyncio.wait(self._watchers, timeout=STOP_SECONDS)
            for child in self._children:
                child.end(signal.SIGKILL)

    def _stop(self) -> None:
        if self._stopping.is_set():
            for child in self._children:
                child.end()
        self._stopping.set()

    def _roll(self) -> None:
        if self._rolling is None or self._rolling.done():
            self._rolling = asyncio.create_task(self._replace_all())

    async def _replace_all(self) -> None:
        """Starts each new process before it stops the old one. If the new one does not start, the old ones stay."""
        for index, old in enumerate(list(self._serving)):
            new = await self._start()
            if not await new.ready:
                logger.error("a new process does not start: the old ones keep running")
                new.end(signal.SIGKILL)
                return
            self._serving[index] = new
            old.end()
        logger.info("all processes were replaced")

    async def _start(self) -> Child:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        descriptors = (theirs.fileno(), *(listener.fileno() for listener in self._listeners))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pyapp.serve.processes", *map(str, descriptors)),
            pass_fds=descriptors,
            env={**os.environ, FOLDER_VARIABLE: str(self._folder)},
            start_new_session=True,  # Ctrl-C reaches only the parent, which passes it on
        )
        theirs.close()
        child = Child(process, ours)
        self._children.add(child)
        watcher = asyncio.create_task(self._watch(child))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        return child

    async def _watch(self, child: Child) -> None:
        """Waits until the process ends; replaces it if it was not asked to end."""
        pinging = asyncio.create_task(self._kill_when_hung(child))
        code = await child.process.wait()
        await end(pinging)
        self._children.discard(child)
        await child.ready
        child.lifeline.close()
        mark_process_dead(child.process.pid, str(self._folder))  # type: ignore[no-untyped-call]
        if child.retired or self._stopping.is_set() or child not in self._serving:
            return
        logger.warning("process %d ended with %d: a new one is started", child.process.pid, code)
        await asyncio.sleep(RESTART_SECONDS)
        if not self._stopping.is_set() and child in self._serving:
            self._serving[self._serving.index(child)] = await self._start()

    async def _kill_when_hung(self, child: Child) -> None:
        if await child.hangs():
            logger.error(
                "process %d has not answered for %g seconds and is killed", child.process.pid, ANSWER_SECONDS * MISSED_MAX
            )
            with suppress(ProcessLookupError):
                child.process.kill()


def run(listeners: Sequence[socket.socket], number: int, announce: Callable[[], object]) -> None:
    """Serves with this many processes: the API and, on a second listener, its metrics.

    Returns after SIGINT or SIGTERM, handled from the call of `announce`. Raises Failure.
    """
    _remove_left_behind()
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
    try:
        asyncio.run(Processes(listeners, number, folder, announce).run())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left_behind() -> None:
    """Removes the folders of parents that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        found = re.fullmatch(r"([0-9]+)-.*", folder.name.removeprefix(FOLDER_PREFIX))
        with suppress(OSError):
            if found and not psutil.pid_exists(int(found[1])) and folder.stat().st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)


def main(lifeline: int, *listeners: int) -> None:
    """The entry point of a child."""
    from pyapp import settings
    from pyapp.metrics.logs import configure
    from pyapp.serve import server
    from pyapp.serve.app import create_app, create_metrics_app

    loaded = settings.load()
    configure(loaded.log_level)
    parent = socket.socket(fileno=lifeline)
    parent.setblocking(False)
    shared, *others = (socket.socket(fileno=listener) for listener in listeners)
    app = create_app(msgspec.structs.replace(loaded, host=shared.getsockname()[0]))  # an option may have chosen it
    server.run(
        app,
        shared,
        None,
        partial(_watch_parent, parent),
        *(partial(server.serve_beside, create_metrics_app(app), other) for other in others),
        tls=loaded.tls,
        proxies=loaded.trusted_proxies,
        on_started=lambda: parent.send(b"1"),
    )


async def _watch_parent(parent: socket.socket, stop: asyncio.Event) -> None:
    """Answers the parent while the event loop runs. Stops this process, as a signal does, when the parent is gone."""
    loop = asyncio.get_running_loop()

    def on_readable() -> None:
        with suppress(OSError):
            if asked := parent.recv(16):
                parent.send(asked)
                return
        loop.remove_reader(parent)
        if not stop.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(parent, on_readable)
    await stop.wait()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
