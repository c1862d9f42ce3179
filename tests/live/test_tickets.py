"""Authentication of sockets and streams: who is admitted, how, and for how long."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import Barrier
from typing import Any

import httpx2
import pytest
from psycopg.types.json import Jsonb
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pyapp.identity.keys import STALE_SECONDS
from pyapp.identity.tokens import Role
from pyapp.live import inventory, live
from tests.conftest import PRODUCTION_CALL_SECONDS, AsRole
from tests.http.conftest import check_problem, run_server
from tests.http.issuer import Keys, by
from tests.live.conftest import PATH, Onlookers, Shop, Socket, wait_for
from tests.prepared import AUTHENTICATOR_PASSWORD


def ticket(onlookers: Onlookers, role: Role = "admin", **claims: Any) -> str:
    response = onlookers.api.client(role, **claims).post("/v1/ws/tickets")
    assert response.status_code == 201, response.text
    return str(response.json()["ticket"])


def is_open(socket: Socket) -> bool:
    socket.send(type="ping")
    return bool(socket.receive()["type"] == "pong")


def refusal_or_pong(socket: Socket) -> str:
    with suppress(ConnectionClosed):
        socket.send(type="ping")
    return str(socket.receive()["type"])


def refusal(socket: Socket) -> tuple[int, int | None]:
    """The status of the problem that the socket received, and its close code."""
    code = socket.close_code()
    return socket.told[0]["problem"]["status"], code


@pytest.mark.parametrize(
    ("role", "claims"),
    [
        ("admin", {}),
        ("warehouse", {"warehouses": ["WH-01"]}),
        ("sales", {"channels": ["web"]}),
        ("integration", {"channels": ["web"]}),
    ],
)
def test_a_ticket_opens_a_socket_with_the_rights_of_its_owner(onlookers: Onlookers, role: Role, claims: dict[str, Any]) -> None:
    by_ticket = onlookers.connect(None, f"{PATH}?ticket={ticket(onlookers, role, **claims)}")
    by_token = onlookers.connect(role, **claims)
    for socket in (by_ticket, by_token):
        socket.subscribe()
        socket.snapshot()
    assert by_ticket.levels
    assert by_ticket.levels == by_token.levels


def test_the_log_says_who_opened_a_socket_and_from_where(onlookers: Onlookers, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "scoville.access")
    opened = onlookers.connect(None, f"{PATH}?ticket={ticket(onlookers, subject='till-7')}")
    opened.subscribe()
    opened.snapshot()
    opened.connection.close()

    def lines() -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.getMessage() == "socket"]

    [line] = wait_for(lines)
    assert (line.__dict__["principal"], line.__dict__["address"]) == ("till-7", "127.0.0.1")


def test_a_ticket_is_good_once_however_many_come_with_it_at_once(onlookers: Onlookers) -> None:
    path = f"{PATH}?ticket={ticket(onlookers)}"
    database = onlookers.api.settings.database_url or ""
    with run_server(database) as second, ThreadPoolExecutor(8) as pool:  # a second server behaves like another process
        others = Onlookers(second, onlookers.stack)
        sockets = list(pool.map(lambda number: (onlookers, others)[number % 2].connect(None, path), range(8)))
        assert sorted(refusal_or_pong(socket) for socket in sockets) == ["error"] * 7 + ["pong"]


def test_an_unknown_or_used_ticket_opens_nothing(onlookers: Onlookers) -> None:
    used = ticket(onlookers)
    assert is_open(onlookers.connect(None, f"{PATH}?ticket={used}"))
    for text in (used, "", "x", "x" * 5000, used[:-1] + ("A" if used[-1] != "A" else "B"), "%ff%00"):
        socket = onlookers.connect(None, f"{PATH}?ticket={text}")
        assert refusal(socket)[1] in (4401, 1008), text


def test_an_old_ticket_is_not_taken_and_the_worker_forgets_it(shop: Shop, as_role: AsRole) -> None:
    text = ticket(shop)
    shop.connection.execute("update identity.socket_tickets set expires_at = now() - interval '1 ms'")
    assert refusal(shop.connect(None, f"{PATH}?ticket={text}")) == (401, 4401)
    ticket(shop)
    with as_role("scoville_worker") as c:
        assert c.execute("select jobs.forget_tickets(500)").fetchone() == (1,)
    assert shop.connection.execute("select count(*) from identity.socket_tickets").fetchone() == (1,)


def test_a_ticket_lasts_30_seconds_and_only_its_hash_is_kept(shop: Shop) -> None:
    text = ticket(shop)
    row = shop.connection.execute("select t::text, t.expires_at - now() from identity.socket_tickets t").fetchone()
    assert row
    assert text not in row[0]
    assert 25 < row[1].total_seconds() <= 30


@pytest.mark.parametrize("role", ["sales", "warehouse"])
def test_nobody_makes_a_ticket_with_more_rights_than_its_own(shop: Shop, as_role: AsRole, role: Role) -> None:
    forged = Jsonb({"role": "admin", "subject": "root", "expires_at": time.time() + 60, "client_id": None, "grant": None})
    with as_role(role, sub="eve", channels=["web"], warehouses=["WH-02"]) as c:
        c.execute("select api.issue_ticket(1::smallint, sha256('forged'), %s::json)", [forged])
    row = shop.connection.execute("select role, subject, warehouses, channels from identity.socket_tickets").fetchone()
    assert row == (role, "eve", ["WH-02"], ["web"])


def test_without_a_token_or_with_a_bad_one_the_socket_says_so_and_closes(onlookers: Onlookers) -> None:
    assert refusal(onlookers.connect(None)) == (401, 4401)
    assert refusal(onlookers.connect(None, headers={"Authorization": "Bearer nonsense"})) == (401, 4401)
    expired = onlookers.token("admin", seconds=-60)
    assert refusal(onlookers.connect(None, headers={"Authorization": f"Bearer {expired}"})) == (401, 4401)
    assert refusal(onlookers.connect("admin", f"{PATH}?ticket=x")) == (400, 1008)
    assert refusal(onlookers.connect("admin", f"{PATH}?color=red")) == (400, 1008)


def test_a_ticket_needs_a_token(onlookers: Onlookers) -> None:
    check_problem(onlookers.api.client().post("/v1/ws/tickets"), 401, "RQ401")


@pytest.fixture(scope="module")
def allowing(shared_database: Callable[[str | None, str | None], str]) -> Iterator[Onlookers]:
    """A server that accepts sockets from pages of https://shop.example."""
    with ExitStack() as stack:
        url = shared_database("authenticator", AUTHENTICATOR_PASSWORD)
        yield Onlookers(stack.enter_context(run_server(url, allowed_origins=("https://shop.example",))), stack)


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("http://{host}", True),
        ("https://{host}", True),  # the proxy in front terminates TLS
        ("https://shop.example", True),
        ("https://SHOP.example", True),
        ("https://shop.example.evil.example", False),
        ("http://shop.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("", False),
        ("http://{host}.evil.example", False),
        ("http://{host}@evil.example", False),
    ],
)
def test_only_pages_of_this_host_or_of_allowed_origins_open_sockets(allowing: Onlookers, origin: str, is_allowed: bool) -> None:
    host = allowing.api.url.removeprefix("http://")
    socket = allowing.connect(headers={"Origin": origin.format(host=host)})
    if is_allowed:
        assert is_open(socket)
    else:
        assert refusal(socket) == (403, 4403)


def test_an_expired_token_closes_its_socket(onlookers: Onlookers) -> None:
    text = ticket(onlookers, seconds=2)
    by_ticket, by_token = onlookers.connect(None, f"{PATH}?ticket={text}"), onlookers.connect(seconds=2)
    lasting = onlookers.connect(seconds=60)
    for socket in (by_ticket, by_token, lasting):
        assert is_open(socket)
    assert (by_ticket.close_code(), by_token.close_code()) == (4401, 4401)
    assert is_open(lasting)


@pytest.fixture
def rechecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Open connections are rechecked five times per second."""
    assert live.RECHECK_SECONDS + PRODUCTION_CALL_SECONDS < 60  # with the slowest permitted database
    monkeypatch.setattr(live, "RECHECK_SECONDS", 0.2)


@pytest.mark.usefixtures("rechecked")
def test_a_revoked_client_loses_its_sockets_within_the_minute(shop: Shop) -> None:
    secret = shop.done(
        shop.admin.post("/v1/clients", json={"client_id": "till", "name": "Till", "role": "sales", "channels": ["web"]})
    )["client_secret"]
    form = {"grant_type": "client_credentials", "client_id": "till", "client_secret": secret}
    token = shop.done(shop.api.client().post("/v1/oauth/token", data=form))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    text = shop.done(shop.api.client().post("/v1/ws/tickets", headers=headers))["ticket"]
    by_token, by_ticket, other = shop.connect(None, headers=headers), shop.connect(None, f"{PATH}?ticket={text}"), shop.connect()
    time.sleep(0.5)
    for socket in (by_token, by_ticket, other):
        assert is_open(socket)
    shop.done(shop.admin.delete("/v1/clients/till"))
    assert (by_token.close_code(), by_ticket.close_code()) == (4401, 4401)
    assert is_open(other)


@pytest.mark.usefixtures("rechecked")
def test_a_key_that_the_issuer_withdraws_ends_its_sockets(authenticator_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert live.RECHECK_SECONDS + STALE_SECONDS < 60
    monkeypatch.setattr("pyapp.identity.keys.FETCH_SECONDS", 0.2)
    keys = Keys("one", "two")
    monkeypatch.setattr("pyapp.identity.keys._download", keys.fetch)
    with ExitStack() as stack:
        api = stack.enter_context(run_server(authenticator_url, jwt_key=None, jwks_url="https://issuer.example/keys"))
        onlookers = Onlookers(api, stack)
        headers = {kid: {"Authorization": f"Bearer {by(kid)}"} for kid in ("one", "two")}
        sockets = {kid: onlookers.connect(None, headers=headers[kid]) for kid in headers}
        ticket = httpx2.post(f"{api.url}/v1/ws/tickets", headers=headers["one"]).json()["ticket"]
        by_ticket = onlookers.connect(None, f"{PATH}?ticket={ticket}")
        keys.away = True
        time.sleep(0.8)
        assert all(map(is_open, (*sockets.values(), by_ticket)))  # an unreachable issuer revokes nothing
        keys.publish("two")
        keys.away = False
        assert (sockets["one"].close_code(), by_ticket.close_code()) == (4401, 4401)
        assert is_open(sockets["two"])


@pytest.mark.usefixtures("rechecked")
def test_a_check_that_breaks_off_does_not_end_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    verifier, broken = shop.api.live.verifier, [True, True]

    async def is_good(*_: object) -> bool:
        if broken:
            broken.pop()
            raise RecursionError("a check that breaks off")
        return False

    monkeypatch.setattr(verifier, "is_good", is_good)
    assert shop.connect().close_code() == 4401
    assert "a check that breaks off" in caplog.text


def test_past_the_number_of_sockets_the_handshake_is_refused_with_503(
    onlookers: Onlookers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "SOCKETS_MAX", 1)
    wait_for(lambda: not onlookers.live.sockets)
    first = onlookers.connect()
    assert is_open(first)
    with pytest.raises(Exception, match="503"):
        onlookers.connect()
    first.connection.close()
    wait_for(lambda: not onlookers.live.sockets)
    assert is_open(onlookers.connect())


def test_one_caller_cannot_take_all_sockets(onlookers: Onlookers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "SOCKETS_OF_ONE_MAX", 2)
    wait_for(lambda: not onlookers.live.sockets)
    mine = [onlookers.connect("sales", subject="greedy", channels=["web"]) for _ in range(2)]
    assert all(map(is_open, mine))
    third = onlookers.connect("sales", subject="greedy", channels=["web"])
    assert third.receive()["problem"]["code"] == "RQ429"
    assert third.close_code() == 1008
    assert is_open(onlookers.connect("sales", subject="modest", channels=["web"]))
    mine[0].connection.close()
    wait_for(lambda: len(onlookers.live.sockets) == 2)
    assert is_open(onlookers.connect("sales", subject="greedy", channels=["web"]))


@pytest.mark.parametrize("limit", ["SOCKETS_OF_ONE_MAX", "SOCKETS_MAX"])
def test_those_who_open_sockets_at_once_get_no_more_of_them(
    onlookers: Onlookers, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    wait_for(lambda: not onlookers.live.sockets)
    monkeypatch.setattr(inventory, limit, 3)
    start = Barrier(12)

    def open_one(_: int) -> bool:
        start.wait()
        try:
            return refusal_or_pong(onlookers.connect("sales", subject="greedy", channels=["web"])) == "pong"
        except InvalidStatus:
            return False

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(open_one, range(12))) == 3


def test_no_ticket_and_no_token_gets_into_a_log(onlookers: Onlookers, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    text, token = ticket(onlookers), onlookers.token("admin")
    assert is_open(onlookers.connect(None, f"{PATH}?ticket={text}"))
    assert is_open(onlookers.connect(None, headers={"Authorization": f"Bearer {token}"}))
    onlookers.connect(None, f"{PATH}?ticket={text}").close_code()
    server_side = [record for record in caplog.records if not record.name.startswith(("websockets.client", "httpx", "httpcore"))]
    wait_for(lambda: any(record.name == "scoville.access" for record in caplog.records))
    assert not [record for record in server_side if text in record.getMessage() or token in record.getMessage()]
