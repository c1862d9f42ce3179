"""Production commands as operators start them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from tests.cli import forked
from tests.cli.conftest import ROOT, environment
from tests.patience import PATIENCE_SECONDS

KEY = "a key for tests, at least 32 bytes long"


@contextmanager
def run_command(*arguments: str, **variables: str) -> Iterator[str]:
    """Starts `serve` or `worker`, waits until it responds, and yields the URL that it prints."""
    process = forked.Command([*arguments], folder=ROOT, environment=environment(**variables))
    assert process.stderr
    lines: list[str] = [process.stderr.readline()]
    listening = threading.Thread(target=lambda: lines.extend(process.stderr or ()))
    listening.start()
    try:
        url = lines[0].split()[-1]
        limit = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                httpx2.get(url.removesuffix("/metrics") + "/healthz")
                break
            except httpx2.HTTPError:
                assert process.poll() is None, lines
                assert time.monotonic() < limit, lines
                time.sleep(0.1)
        yield url
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)
        listening.join()
        process.communicate()
