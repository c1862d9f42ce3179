"""The event stream: each event that the caller may see, once and in order, across any number of reconnects."""

from __future__ import annotations

import asyncio
import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
import pytest

from pyapp.eventlog import recent
from pyapp.eventlog.reading import Event, Position
from pyapp.eventlog.rights import Rights
from pyapp.identity.tokens import Role
from pyapp.live import chunks, stream
from pyapp.live.stream import EventStream
from tests.http.conftest import check_problem
from tests.live.conftest import Onlookers, Shop, wait_for
from tests.patience import PATIENCE_SECONDS


def logged(shop: Shop, where: str = "true") -> list[int]:
    return [seq for (seq,) in shop.connection.execute(f"select seq from events.event_log where {where} order by seq").fetchall()]


def test_events_come_as_they_happen_complete(shop: Shop) -> None:
    shop.receive("HOT")
    events = shop.stream()
    shop.order("HOT", 2)
    committed = events.until("stock.committed")
    placed = events.until("order.placed") if "order.placed" not in dict(events.events) else dict(events.events)["order.placed"]
    assert committed["data"]["new"]["committed"] == 2
    assert {"specversion", "id", "source", "type", "subject", "time", "seq", "version", "actor", "data"} <= set(committed)
    assert (committed["type"], committed["region"], placed["type"]) == ("stock.committed", 1, "order.placed")
    assert events.place == shop.settle()


def test_who_comes_back_with_the_last_id_misses_nothing_and_gets_nothing_twice(shop: Shop) -> None:
    shop.receive("HOT")
    first = shop.stream()
    shop.adjust("HOT")
    first.until("stock.adjusted")
    for _ in range(5):
        shop.adjust("HOT")
    shop.settle()
    second = shop.stream(after=first.place)
    while second.place != str(shop.live.hub.position):
        second.next()
    shop.adjust("HOT")
    second.until("stock.adjusted")
    shop.settle()
    assert first.seqs() + second.seqs() == logged(shop, "type = 'stock.adjusted'")


def test_after_in_the_query_does_the_same_and_the_header_goes_before_it(shop: Shop) -> None:
    shop.receive("A", "B")
    start, _, last = shop.settle().partition(":")
    client = shop.api.client("admin")
    with client.stream("GET", f"/v1/events/stream?after={start}:0") as response:
        text = next(response.iter_text())
    assert f"id: {start}:1\n" in text
    with client.stream("GET", f"/v1/events/stream?after={start}:0", headers={"Last-Event-ID": f"{start}:{last}"}) as response:
        assert next(response.iter_text()) == f": heartbeat\nid: {start}:{last}\n\n"


def test_what_is_no_longer_in_memory_comes_from_the_log_then_live_without_a_seam(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "EVENTS_MAX", 40)
    monkeypatch.setattr(stream, "PAGE_EVENTS", 7)
    skus = [f"S-{number:03}" for number in range(150)]
    shop.receive(*skus)
    assert shop.live.hub.recent.base > 0
    events = shop.stream(after=shop.settle().partition(":")[0] + ":0")
    events.next()
    shop.flood(*skus)
    shop.settle()
    while events.place != str(shop.live.hub.position):
        events.next()
    assert events.seqs() == logged(shop)


def test_types_choose(shop: Shop) -> None:
    shop.receive("HOT")
    events = shop.stream(types="order.placed,stock.out")
    shop.order("HOT", 1)
    shop.adjust("HOT", -99)
    assert [events.next()[0], events.next()[0]] == ["order.placed", "stock.out"]


@pytest.mark.parametrize(
    ("role", "claims", "where"),
    [
        ("admin", {}, "true"),
        ("warehouse", {"warehouses": ["WH-02"]}, "warehouse_ids @> '{WH-02}' and type like 'stock.%' or audience = 'everybody'"),
        ("sales", {"channels": ["pos"]}, "channel_id = 'pos' or audience = 'everybody'"),
        ("integration", {"channels": ["web"]}, "channel_id = 'web' or audience = 'everybody'"),
    ],
)
@pytest.mark.parametrize("memory", [10_000, 4])
def test_everybody_gets_the_events_of_the_role_from_memory_and_from_the_log(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, role: Role, claims: dict[str, Any], where: str, memory: int
) -> None:
    monkeypatch.setattr(recent, "EVENTS_MAX", memory)
    shop.receive("HOT")
    shop.receive("HOT", warehouse="WH-02")
    for channel in ("web", "pos"):
        shop.order("HOT", channel=channel)
    end = shop.settle()
    events = shop.stream(role, after=end.partition(":")[0] + ":0", **claims)
    expected = logged(shop, where)
    while len(events.events) < len(expected):
        events.next()
    for channel in ("web", "pos"):  # and now live events
        shop.order("HOT", channel=channel)
    shop.settle()
    expected = logged(shop, where)
    while len(events.events) < len(expected):
        events.next()
    assert events.seqs() == expected
    assert len(expected) >= 2


def test_a_place_of_another_epoch_is_answered_with_a_reset_and_the_end_of_the_log(shop: Shop) -> None:
    shop.receive("HOT")
    events = shop.stream(after="0123456789ab:7")
    kind, data = events.next()
    assert (kind, data) == ("reset", {"reason": "epoch_changed", "place": shop.settle()})
    shop.adjust("HOT")
    events.until("stock.adjusted")
    assert events.place == shop.settle()


def test_a_place_beyond_the_end_is_answered_with_a_reset(shop: Shop) -> None:
    shop.receive("HOT")
    epoch, _, last = shop.settle().partition(":")
    events = shop.stream(after=f"{epoch}:{int(last) + 5}")
    assert events.next() == ("reset", {"reason": "place_unknown", "place": f"{epoch}:{last}"})


def test_a_place_older_than_what_is_kept_is_answered_with_a_reset(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "EVENTS_MAX", 2)
    shop.receive("A", "B", "C", "D", "E", "F")
    epoch, _, last = shop.settle().partition(":")
    shop.connection.execute("update events.stream set first_seq = last_seq")
    events = shop.stream(after=f"{epoch}:1")
    assert events.next() == ("reset", {"reason": "place_expired", "place": f"{epoch}:{last}"})


def test_a_new_epoch_resets_the_streams_that_are_open(shop: Shop) -> None:
    shop.receive("HOT")
    events = shop.stream()
    shop.adjust("HOT")
    events.until("stock.adjusted")
    with shop.connection.transaction():
        shop.connection.execute("select jobs.renew_epoch()")
    kind, data = events.next()
    assert (kind, data) == ("reset", {"reason": "epoch_changed", "place": shop.settle()})
    shop.adjust("HOT")
    events.until("stock.adjusted")


def test_a_quiet_stream_tells_its_place_with_a_heartbeat(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.receive("HOT")
    monkeypatch.setattr(stream, "HEARTBEAT_SECONDS", 0.1)
    client = shop.api.client("sales", channels=["web"])
    with client.stream("GET", "/v1/events/stream") as response:
        blocks = response.iter_text()
        first = next(blocks)
        shop.adjust("HOT")  # invisible to sales
        end = shop.settle()
        assert first.startswith(": heartbeat\nid: ")
        wait_for(lambda: next(blocks) == f": heartbeat\nid: {end}\n\n")


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?after=rubbish", {}),
        ("?after=", {}),
        ("?color=red", {}),
        ("?types=", {}),
        ("?types=stock.exploded", {}),
        ("", {"Last-Event-ID": "rubbish"}),
        ("", {"Last-Event-ID": "0123456789ab:" + "9" * 30}),
    ],
)
def test_a_bad_request_gets_a_problem_and_no_stream(onlookers: Onlookers, query: str, headers: dict[str, str]) -> None:
    response = onlookers.api.client("admin").get(f"/v1/events/stream{query}", headers=headers)
    check_problem(response, *((422, "VA001") if "exploded" in query else (400, "RQ400")))


def test_without_a_token_or_for_json_there_is_no_stream(onlookers: Onlookers, monkeypatch: pytest.MonkeyPatch) -> None:
    check_problem(onlookers.api.client().get("/v1/events/stream"), 401, "RQ401")
    json_only = onlookers.api.client("admin").get("/v1/events/stream", headers={"Accept": "application/json"})
    check_problem(json_only, 406, "RQ406")
    monkeypatch.setattr(stream, "STREAMS_MAX", 0)
    check_problem(onlookers.api.client("admin").get("/v1/events/stream"), 503, "RQ503")


def test_a_browser_opens_a_stream_with_a_ticket_once(onlookers: Onlookers) -> None:
    """EventSource can send no headers. Chromium's own: tests/docs/test_browser.py."""
    client = onlookers.api.client("sales", subject="ticketed", channels=["web"])
    ticket = client.post("/v1/ws/tickets").json()["ticket"]
    anyone = onlookers.api.client()
    with anyone.stream("GET", f"/v1/events/stream?ticket={ticket}&types=order.placed") as opened:
        assert opened.status_code == 200
        lines = opened.iter_lines()  # kept: without it the client would hang up
        assert next(lines).startswith(":")
        [holder] = [one for one in onlookers.live.streams if one.session.identity.subject == "ticketed"]
        assert (holder.session.identity.role, holder.session.identity.channels) == ("sales", ("web",))
    check_problem(anyone.get(f"/v1/events/stream?ticket={ticket}"), 401, "RQ401")
    check_problem(anyone.get("/v1/events/stream?ticket=made-up"), 401, "RQ401")
    other = client.post("/v1/ws/tickets").json()["ticket"]
    check_problem(client.get(f"/v1/events/stream?ticket={other}"), 400, "RQ400")
    check_problem(anyone.get(f"/v1/events/stream?ticket={other}&ticket={other}"), 400, "RQ400")


def test_one_caller_cannot_take_all_streams(onlookers: Onlookers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "STREAMS_OF_ONE_MAX", 1)
    opened = onlookers.stream("sales", subject="greedy", channels=["web"])
    wait_for(lambda: len(onlookers.live.streams) == 1)
    refused = onlookers.api.client("sales", subject="greedy", channels=["web"]).get("/v1/events/stream")
    check_problem(refused, 429, "RQ429")
    assert refused.headers["retry-after"]
    onlookers.stream("sales", subject="modest", channels=["web"])
    wait_for(lambda: len(onlookers.live.streams) == 2)
    del opened


def test_those_who_open_streams_at_once_get_no_more_of_them(onlookers: Onlookers, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for(lambda: not onlookers.live.streams)
    monkeypatch.setattr(stream, "STREAMS_OF_ONE_MAX", 3)
    clients = [onlookers.api.client("sales", subject="greedy", channels=["web"]) for _ in range(24)]
    start = Barrier(len(clients))

    def open_stream(client: httpx2.Client) -> int:
        start.wait()
        response = client.send(client.build_request("GET", "/v1/events/stream"), stream=True)
        onlookers.stack.callback(response.close)
        return response.status_code

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sorted(pool.map(open_stream, clients)) == [200] * 3 + [429] * 21
    assert len(onlookers.live.streams) == 3


def test_head_gets_the_headers_alone_and_takes_no_place(onlookers: Onlookers) -> None:
    wait_for(lambda: not onlookers.live.streams)
    client = onlookers.api.client("admin")
    answer = client.head("/v1/events/stream")
    assert not onlookers.live.streams
    with client.stream("GET", "/v1/events/stream") as response:
        volatile = {"date", "x-request-id", "transfer-encoding"}
        same, expected = ({name: r.headers[name] for name in r.headers if name not in volatile} for r in (answer, response))
    assert (answer.status_code, answer.content, same) == (200, b"", expected)
    assert client.head("/v1/events/stream?after=rubbish").status_code == 400
    assert onlookers.api.client().head("/v1/events/stream").status_code == 401


def test_the_answer_to_head_ends(onlookers: Onlookers) -> None:
    """The next request on the same connection gets a response."""
    url = urlsplit(onlookers.api.url)
    token = onlookers.token("admin")
    with closing(http.client.HTTPConnection(url.hostname or "", url.port, timeout=5)) as connection:
        for method, path in (("HEAD", "/v1/events/stream"), ("GET", "/v1/events")):
            connection.request(method, path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            assert (answer.status, answer.read() == b"") == (200, method == "HEAD")


def test_a_stream_that_is_refused_takes_no_place(onlookers: Onlookers, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for(lambda: not onlookers.live.streams)
    monkeypatch.setattr(stream, "STREAMS_OF_ONE_MAX", 1)
    client = onlookers.api.client("admin")
    for _ in range(3):  # the event log refuses the unknown type
        check_problem(client.get("/v1/events/stream?types=stock.exploded"), 422, "VA001")
    assert not onlookers.live.streams
    with client.stream("GET", "/v1/events/stream") as response:
        assert response.status_code == 200


def test_who_goes_before_the_answer_comes_leaves_no_place_taken(onlookers: Onlookers, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for(lambda: not onlookers.live.streams)
    prepare, begun, may_end = EventStream.prepare, threading.Event(), threading.Event()

    async def prepare_slowly(events: EventStream) -> None:
        begun.set()
        while not may_end.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await prepare(events)

    monkeypatch.setattr(EventStream, "prepare", prepare_slowly)
    with pytest.raises(httpx2.ReadTimeout):
        onlookers.api.client("admin").get("/v1/events/stream", timeout=0.5)
    wait_for(begun.is_set)
    assert len(onlookers.live.streams) == 1
    may_end.set()
    wait_for(lambda: not onlookers.live.streams)


def test_an_expired_token_ends_its_stream_in_good_order(onlookers: Onlookers) -> None:
    events = onlookers.stream(seconds=2)
    started = time.monotonic()
    with pytest.raises(EOFError):
        events.next()
    assert time.monotonic() - started < PATIENCE_SECONDS / 2  # it ends by itself, not by the client's timeout


def test_a_client_that_goes_away_is_forgotten(onlookers: Onlookers) -> None:
    wait_for(lambda: not onlookers.live.streams)
    with onlookers.api.client("admin").stream("GET", "/v1/events/stream") as response:
        blocks = response.iter_text()  # keep a reference: deleting it closes the response
        next(blocks)
        assert len(onlookers.live.streams) == 1
    wait_for(lambda: not onlookers.live.streams)


def test_a_client_that_reads_nothing_holds_no_memory(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server stores only the client's position in the log; when the client reads again, it misses nothing."""
    monkeypatch.setattr(recent, "EVENTS_MAX", 50)
    skus = [f"S-{number:03}" for number in range(200)]
    shop.receive(*skus)
    events = shop.stream()
    shop.flood(*skus, rounds=15)
    end = shop.settle()
    assert len(shop.live.hub.recent) <= 50
    while events.place != end:
        events.next()
    assert events.seqs() == logged(shop, "type = 'stock.adjusted'")


def test_what_is_made_for_those_who_come_back_is_bounded_in_bytes() -> None:
    """For any number of clients that resume at any positions, while no new event arrives."""
    rights = Rights("admin", 1, frozenset(), frozenset())
    event = Event(1, 1, "order.placed", "channel", frozenset(), None, b"x" * 100_000)
    recent_events = SimpleNamespace(after=lambda _seq, _limit: [event] * 20)
    made = chunks.Chunks(cast(Any, SimpleNamespace(position=Position("e", 1), recent=recent_events)))
    view = chunks.StreamView(rights, None)
    for seq in range(50):
        chunk = made.after(view, Position("e", seq))
        assert chunk is not None
        assert len(chunk.body) > 2_000_000
    kept = sum(len(chunk.body) for chunk in made._made.values())
    assert 0 < kept <= chunks.CHUNKS_BYTES_MAX
    made.forget()
    made.after(view, Position("e", 1))
    assert len(made._made) == 1
