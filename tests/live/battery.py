"""Ten clients, a growing log and every kind of failure.

Connections are cut at random, pg_terminate_backend kills the listener, the server is stopped and started, and PostgreSQL is
killed with SIGKILL. In the end every client must have exactly the data it may see. Streams: each event of the log once and
in order. Sockets: no level ever goes back, and the last state of each level.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from psycopg.types.json import Jsonb
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from pyapp.identity.tokens import Role, mint_token
from pyapp.settings import Settings
from tests.battery.system import Cluster
from tests.calls import CHANNEL, SKU
from tests.http.conftest import KEY, key, run_server
from tests.live.conftest import FLOOD, wait_for
from tests.patience import PATIENCE_SECONDS

SKUS = [f"S-{number:02}" for number in range(40)]
WAREHOUSES = ("WH-01", "WH-02")
AWAY_SECONDS = 0.05  # between two connection attempts of a client

# Role, claims and kind of connection.
CLIENTS: list[tuple[Role, dict[str, list[str]], str]] = [
    ("admin", {}, "stream"),
    ("warehouse", {"warehouses": ["WH-01"]}, "stream"),
    ("warehouse", {"warehouses": ["WH-01", "WH-02"]}, "stream"),
    ("sales", {"channels": ["web"]}, "stream"),
    ("integration", {"channels": ["pos"]}, "stream"),
    ("admin", {}, "socket"),
    ("admin", {}, "socket of some"),
    ("warehouse", {"warehouses": ["WH-02"]}, "socket"),
    ("sales", {"channels": ["web"]}, "socket"),
    ("integration", {"channels": ["web"]}, "socket"),
]
ORDERS = """
    insert into events.outbox (region_id, type, audience, subject, channel_id, warehouse_ids, version, data, actor, occurred_at)
    select 1, 'order.placed', 'channel', 'orders/' || n, case n % 2 when 0 then 'web' else 'pos' end, '{}', 1, '{}', 'flood',
           now()
      from generate_series(1, 4) n"""


class Client(threading.Thread):
    """Listens, reconnects after every cut, and records what it received."""

    def __init__(self, url: Callable[[], str], token: str, role: Role, claims: dict[str, list[str]]) -> None:
        super().__init__()
        self._url = url
        self.token = token
        self.role = role
        self.claims = claims
        self.place = ""
        self.resets: list[str] = []
        self.connections = 0
        self.stopping = False
        self._close: Callable[[], object] = lambda: None

    def run(self) -> None:
        while not self.stopping:
            with suppress(WebSocketException, httpx2.HTTPError, OSError, EOFError, TimeoutError):
                self.listen()
            time.sleep(AWAY_SECONDS)

    def cut(self) -> None:
        """Cuts the connection as a network does: without notice, in the middle of a message."""
        with suppress(Exception):
            self._close()

    def stop(self) -> None:
        self.stopping = True
        self.cut()
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive()

    def listen(self) -> None:
        raise NotImplementedError


class StreamClient(Client):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.seqs: list[int] = []

    def listen(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        if self.place:
            headers["Last-Event-ID"] = self.place
        with (
            httpx2.Client(base_url=self._url(), timeout=PATIENCE_SECONDS) as client,
            client.stream("GET", "/v1/events/stream", headers=headers) as response,
        ):
            self._close = lambda: response.extensions["network_stream"].get_extra_info("socket").shutdown(2)
            if response.status_code != 200:
                return
            self.connections += 1
            fields: dict[str, str] = {}
            for line in response.iter_lines():
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif not line:
                    self.take(fields)
                    fields = {}

    def take(self, fields: dict[str, str]) -> None:
        if fields.get("event") == "reset":
            self.resets.append(fields["data"])
        elif "data" in fields:
            self.seqs.append(json.loads(fields["data"])["seq"])
            assert fields["id"].endswith(f":{self.seqs[-1]}")
        self.place = fields.get("id", self.place)


class SocketClient(Client):
    def __init__(self, *arguments: Any, skus: list[str] | None = None) -> None:
        super().__init__(*arguments)
        self.skus = skus
        self.levels: dict[tuple[str, str], dict[str, Any]] = {}
        self.wrong: list[object] = []
        self.states = 0

    def listen(self) -> None:
        url = self._url().replace("http://", "ws://") + "/v1/ws/inventory"
        headers = {"Authorization": f"Bearer {self.token}"}
        with connect(url, additional_headers=headers, compression=None, max_size=None, close_timeout=0.2) as connection:
            self._close = lambda: connection.socket.shutdown(2)
            self.connections += 1
            subscription = {"type": "subscribe", **({"skus": self.skus} if self.skus else {})}
            connection.send(json.dumps(subscription | ({"after": self.place} if self.place else {})))
            for message in connection:
                self.take(json.loads(message))

    def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "reset":
            self.resets.append(message["reason"])
        if message["type"] not in ("snapshot", "changes"):
            return
        if message["type"] == "snapshot" and self.place:
            self.wrong.append("a snapshot for one who asked to resume")
        for level in message["levels"]:
            name = (level["warehouse_location"], level["sku_id"])
            known = self.levels.get(name)
            if known is not None and known["version"] >= level["version"]:
                self.wrong.append((known, level))
            self.levels[name] = level
            self.states += 1
        self.place = message["place"]


class Writer(threading.Thread):
    """Changes stock and places orders until the log has this many events."""

    def __init__(self, url: str, events: int) -> None:
        super().__init__()
        self._url = url
        self._events = events
        self.written = 0

    def run(self) -> None:
        while self.written < self._events:
            with suppress(psycopg.OperationalError), psycopg.connect(self._url, autocommit=True) as connection:
                while self.written < self._events:
                    some = random.sample(SKUS, 20)
                    with connection.transaction():
                        connection.execute(FLOOD, {"skus": some, "warehouse": random.choice(WAREHOUSES)})
                        connection.execute(ORDERS)
                    self.written += len(some) + 4
                    time.sleep(0.001)
            time.sleep(AWAY_SECONDS)


class Server:
    """The API, which can be stopped and restarted on another port."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._stack = ExitStack()
        self.url = ""
        self.start()

    def start(self) -> None:
        self.api = self._stack.enter_context(run_server(self._cluster.url))
        self.url = self.api.url

    def stop(self) -> None:
        self._stack.close()


@contextmanager
def running(folder: Path) -> Iterator[tuple[Cluster, Server]]:
    """A cluster, a server on it, and stock."""
    with ExitStack() as stack:
        cluster = Cluster(folder)
        stack.callback(cluster.stop)
        server = Server(cluster)
        stack.callback(server.stop)
        with server.api.client("admin") as admin:
            warehouses = [{"warehouse_id": code, "name": code} for code in WAREHOUSES]
            channels = [CHANNEL, {**CHANNEL, "channel_id": "pos", "warehouses": ["WH-02"]}]
            receipts = [
                {**SKU, "sku_id": sku, "name": sku, "warehouse_location": code, "stock": 1_000_000}
                for sku in SKUS
                for code in WAREHOUSES
            ]
            for path, body in (("warehouses", warehouses), ("channels", channels), ("inventory", receipts)):
                response = admin.post(f"/v1/{path}", json=body, headers=key())
                assert response.status_code == 207, response.text
        yield cluster, server


def terminate_listener(cluster: Cluster) -> None:
    with psycopg.connect(cluster.owner_url) as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'scoville live'")


def restart(server: Server) -> None:
    server.stop()
    server.start()


def battery(folder: Path, events: int, faults: list[str], seed: int, say: Callable[[str], object] = print) -> None:
    """Runs the battery. Raises AssertionError if a client lacks data or has too much."""
    random.seed(seed)
    settings = Settings(jwt_key=KEY)
    with running(folder) as (cluster, server):
        wait_for(lambda: server.api.live.hub.seq >= len(SKUS) * 2)
        start = str(server.api.live.hub.position)
        clients: list[Client] = []
        for role, claims, kind in CLIENTS:
            arguments = (lambda: server.url, mint_token(settings, role, **claims), role, claims)  # type: ignore[arg-type]
            if kind == "stream":
                clients.append(StreamClient(*arguments))
                clients[-1].place = start
            else:
                clients.append(SocketClient(*arguments, skus=SKUS[:7] if kind == "socket of some" else None))
        for client in clients:
            client.start()
        try:
            for fault in faults:
                _disturb(cluster, server, clients, events // len(faults), fault)
                _check(cluster, clients, start)
        finally:
            for client in clients:
                client.stop()
        connections = [client.connections for client in clients]
        states = [client.states for client in clients if isinstance(client, SocketClient)]
        say(f"{faults}; connections of each client {connections}, states told to each socket {states}")


def _disturb(cluster: Cluster, server: Server, clients: list[Client], events: int, fault: str) -> None:
    """Writes this many events and injects one fault, while connections are cut."""
    acts = {"listener": lambda: terminate_listener(cluster), "server": lambda: restart(server), "postgres": cluster.kill}
    writer = Writer(cluster.owner_url, events)
    writer.start()
    done = False
    while writer.is_alive() or not done:
        time.sleep(random.uniform(0.02, 0.1))
        random.choice(clients).cut()
        if not done and writer.written >= events // 2:
            with suppress(psycopg.OperationalError):
                acts[fault]()
                done = True


def _check(cluster: Cluster, clients: list[Client], start: str) -> None:
    """Compares what each client received with what row-level security shows it."""
    with psycopg.connect(cluster.owner_url, autocommit=True) as connection:
        wait_for(lambda: connection.execute("select not exists (select from events.outbox)").fetchone() == (True,), 60)
    for client in clients:
        with psycopg.connect(cluster.url) as connection:
            claims = {"sub": "t", "region": 1, "warehouses": [], "channels": [], **client.claims}
            connection.execute("select app.enter(%s, %s)", [client.role, Jsonb(claims)])
            if isinstance(client, StreamClient):
                _check_stream(client, connection, int(start.partition(":")[2]))
            elif isinstance(client, SocketClient):
                _check_socket(client, connection)
        assert client.resets == [], (client.role, client.resets)


def _check_stream(client: StreamClient, connection: psycopg.Connection[Any], start: int) -> None:
    statement = "select seq from events.event_log where seq > %s order by seq"
    expected = [seq for (seq,) in connection.execute(statement, [start]).fetchall()]
    wait_for(lambda: len(client.seqs) >= len(expected), 60)
    assert client.seqs == expected, (client.role, _first_difference(client.seqs, expected))


def _check_socket(client: SocketClient, connection: psycopg.Connection[Any]) -> None:
    filters = Jsonb({"skus": client.skus} if client.skus else {})
    rows = connection.execute("select body from api.snapshot_levels(1::smallint, %s)", [filters]).fetchall()
    expected = {(level["warehouse_location"], level["sku_id"]): level for (body,) in rows for level in body}
    with suppress(AssertionError):
        wait_for(lambda: client.levels == expected, 60)
    assert client.levels == expected, client.role
    assert client.wrong == [], (client.role, client.wrong[:3])


def _first_difference(left: list[int], right: list[int]) -> object:
    return next(((number, pair) for number, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), "length")
