"""`scoville watch`, in its own process, with its own server."""

from __future__ import annotations

import json
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread

from tests.cli import forked
from tests.cli.conftest import ROOT, environment
from tests.http.conftest import KEY
from tests.live.conftest import Shop
from tests.patience import PATIENCE_SECONDS

LINE = re.compile(r"\d\d:\d\d:\d\d\.\d{3}  WH-01 +HOT +available (\d+) \(([+-]\d+)\)  stock (\d+)(.*)")


class Watch:
    """A running `scoville watch`."""

    def __init__(self, *arguments: str) -> None:
        self.process = forked.Command(["watch", *arguments], folder=ROOT, environment=environment())
        self._said: dict[str, Queue[str]] = {"out": Queue(), "err": Queue()}
        self._readers = [Thread(target=self._read, args=(name,)) for name in self._said]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str) -> None:
        pipe = self.process.stdout if name == "out" else self.process.stderr
        assert pipe
        with pipe:
            for line in pipe:
                self._said[name].put(line.rstrip("\n"))

    def line(self, name: str = "out") -> str:
        return self._said[name].get(timeout=3 * PATIENCE_SECONDS)

    def until(self, text: str) -> str:
        """The next line on standard error that contains this text."""
        while text not in (line := self.line("err")):
            pass
        return line

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def watching(*arguments: str) -> Iterator[Watch]:
    watch = Watch(*arguments)
    try:
        yield watch
    finally:
        watch.close()


def test_changes_are_printed_with_what_is_different(shop: Shop) -> None:
    shop.receive("HOT", "MILD")
    with watching("--url", shop.api.url, "--token", shop.token("admin"), "--sku", "HOT") as watch:
        assert watch.until("watching") == f"scoville: watching 1 levels at {shop.api.url}; Ctrl-C stops it"
        shop.adjust("MILD")
        shop.adjust("HOT", -3)
        shop.order("HOT", 2)
        found = LINE.fullmatch(watch.line())
        assert found
        assert found.groups() == ("97", "-3", "97", " (-3)")
        assert re.search(r"available 95 \(-2\)  stock 97  committed 2 \(\+2\)$", watch.line())
        assert watch.interrupt() == 130
    assert watch._said["err"].empty()


def test_as_json_a_line_is_a_level(shop: Shop) -> None:
    shop.receive("HOT", "MILD")
    arguments = ("--url", shop.api.url, "--token", shop.token("integration", channels=["web"]), "-o", "json", "--all")
    with watching(*arguments) as watch:
        shown = [json.loads(watch.line()) for _ in range(2)]
        assert {level["sku_id"]: level["stock"] for level in shown} == {"HOT": 100, "MILD": 100}
        shop.adjust("HOT", -3)
        level = json.loads(watch.line())
        assert (level["sku_id"], level["available"], "reserved" in level) == ("HOT", 97, False)


@contextmanager
def serving(shop: Shop, port: int) -> Iterator[None]:
    variables = {"DATABASE_URL": shop.api.settings.database_url or "", "SCOVILLE_JWT_KEY": KEY}
    process = forked.Command(["serve", "--port", str(port)], folder=ROOT, environment=environment(**variables))
    try:
        assert process.stderr
        while "serving on" not in process.stderr.readline():
            assert process.poll() is None
        yield
    finally:
        process.terminate()
        process.communicate(timeout=2 * PATIENCE_SECONDS)


def test_it_comes_back_when_the_server_does_and_misses_nothing(shop: Shop) -> None:
    shop.receive("HOT")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with serving(shop, port):
        watch = Watch("--url", f"http://127.0.0.1:{port}", "--token", shop.token("admin"), "-o", "json")
        watch.until("watching")
    try:
        watch.until("connection lost")
        shop.adjust("HOT")
        shop.settle()
        with serving(shop, port):
            assert json.loads(watch.line())["stock"] == 99
            shop.adjust("HOT")
            assert json.loads(watch.line())["stock"] == 98
    finally:
        watch.close()


def test_what_cannot_be_watched_ends_with_one_line(shop: Shop) -> None:
    for arguments, code, words in (
        (("--url", shop.api.url, "--token", "rubbish"), 10, "RQ401"),
        (("--url", "http://127.0.0.1:1", "--token", "t"), 10, "No connection to http://127.0.0.1:1"),
        (("--url", "not a url", "--token", "t"), 2, "write http://host:port"),
        (("--url", shop.api.url, "--token", shop.token("admin"), "--sku", "not a sku"), 10, "RQ422"),
    ):
        with watching(*arguments) as watch:
            assert watch.process.wait(3 * PATIENCE_SECONDS) == code, arguments
            line = watch.line("err")
            assert line.startswith("scoville: ")
            assert words in line
