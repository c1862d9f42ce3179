"""A connection to the database that fails on demand."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest

from tests.patience import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator


class Proxy:
    """Forwards bytes between the app and Postgres. On demand, it drops the server's answer to a COMMIT or goes silent."""

    def __init__(self, url: str) -> None:
        info = psycopg.conninfo.conninfo_to_dict(url)
        self.path = f"{info['host']}/.s.PGSQL.{info['port']}"
        self.cut_at: bytes | None = None
        self.counted: bytes | None = None
        self.count = 0  # occurrences of `counted` in the data that the app sent
        self.listener = socket.create_server(("127.0.0.1", 0))
        login = f"authenticator:{quote(str(info['password']))}"
        self.url = f"postgresql://{login}@127.0.0.1:{self.listener.getsockname()[1]}/{info['dbname']}?sslmode=disable"
        self.sockets: list[socket.socket] = [self.listener]
        self.frozen: set[socket.socket] = set()
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.path)
            self.sockets += [client, server]
            for source, target in ((client, server), (server, client)):
                self.threads.append(threading.Thread(target=self.pump, args=(source, target, source is client)))
                self.threads[-1].start()

    def freeze(self) -> None:
        """Existing connections go silent, as when a host is gone; new ones work."""
        self.frozen = set(self.sockets)

    def pump(self, source: socket.socket, target: socket.socket, is_app: bool) -> None:
        try:
            while data := source.recv(65536):
                if source in self.frozen:
                    continue
                if is_app and self.counted is not None:
                    self.count += data.count(self.counted)
                if self.cut_at is not None and self.cut_at in data:
                    break
                target.sendall(data)
        except OSError:
            pass
        if source in self.frozen:
            return
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        for end in self.sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)


@pytest.fixture
def proxy(authenticator_url: str) -> Iterator[Proxy]:
    proxy = Proxy(authenticator_url)
    yield proxy
    proxy.close()


def wait_for(connection: psycopg.Connection[object], condition: str) -> None:
    """Waits until a session of the app is in this state."""
    limit = time.monotonic() + PATIENCE_SECONDS
    query = f"select from pg_stat_activity where application_name = 'scoville' and {condition}"
    while not connection.execute(query.encode()).rowcount:
        assert time.monotonic() < limit, condition
        time.sleep(0.01)
