"""`watch`: live stock in a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from pyapp.cli import context
from pyapp.cli.api import find
from pyapp.cli.options import DataDir, Output, Token, Url
from pyapp.cli.output import colored, printable
from pyapp.failures import Exit, Failure

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

RETRY_SECONDS_MIN = 0.5
RETRY_SECONDS_MAX = 10.0
OPEN_SECONDS = 10.0
SILENT_SECONDS = 40.0  # the server sends a frame at least every 15
REFUSALS = {1008, 4401, 4403}  # close codes after which a retry would fail the same way
TRY_AGAIN = 503  # the statuses of temporary problems
COUNTERS = ("stock", "reserved", "committed", "unavailable", "safety_stock", "incoming", "shortfall")


def watch(
    sku: Annotated[list[str] | None, typer.Option(help="A SKU to watch; repeat for several. Default: all.")] = None,
    warehouse: Annotated[list[str] | None, typer.Option(help="A warehouse; repeat for several. Default: all.")] = None,
    first: Annotated[bool, typer.Option("--all", help="Print the current levels first.")] = False,
    output: Output = "table",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Print every change of stock as it happens, until Ctrl-C. Reconnects by itself.

    With -o json it prints one line of JSON per change. A change names the quantities that differ from the last ones shown.
    """
    base, bearer = find(context.settings(data_dir=data_dir), url, token, "watch")
    subscription = {name: codes for name, codes in (("skus", sku), ("warehouses", warehouse)) if codes}
    try:
        _Watcher(base, bearer, subscription, output, first=first).run()
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)


class _Watcher:
    def __init__(self, base: str, bearer: str, subscription: dict[str, Any], output: str, *, first: bool) -> None:
        self._base = base
        self._url = f"ws{base.removeprefix('http')}/v1/ws/inventory"
        self._bearer = bearer
        self._subscription = subscription
        self._output = output
        self._first = first
        self._place: str | None = None
        self._levels: dict[tuple[str, str], dict[str, Any]] = {}

    def run(self) -> None:
        """Connects, and reconnects after every temporary failure. Raises Failure after any other."""
        from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
        from websockets.sync.client import connect

        wait = RETRY_SECONDS_MIN
        while True:
            headers = {"Authorization": f"Bearer {self._bearer}"}
            try:
                with connect(
                    self._url, additional_headers=headers, open_timeout=OPEN_SECONDS, max_size=None, compression=None
                ) as connection:
                    wait = RETRY_SECONDS_MIN
                    self._listen(connection)
            except InvalidURI:
                raise Failure(Exit.USAGE, f"{self._base} is not the URL of an API: write http://host:port.") from None
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in REFUSALS:
                    raise Failure(Exit.SERVER, f"The API refuses the connection: {closed.rcvd.reason}.") from None
            except (OSError, InvalidHandshake, TimeoutError) as error:
                if self._place is None:
                    raise Failure(Exit.SERVER, f"No connection to {self._base}: {error}. Is `scoville demo` running?") from None
            print(f"scoville: connection lost, trying again in {wait:g} s", file=sys.stderr)
            time.sleep(wait)
            wait = min(wait * 2, RETRY_SECONDS_MAX)

    def _listen(self, connection: ClientConnection) -> None:
        resume = {"after": self._place} if self._place else {}
        connection.send(msgspec.json.encode({"type": "subscribe", **self._subscription, **resume}).decode())
        while True:
            self._take(msgspec.json.decode(connection.recv(SILENT_SECONDS)))

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "error" and (problem := message["problem"])["status"] != TRY_AGAIN:
            raise Failure(Exit.SERVER, f"The API refuses the connection: {problem['code']} {problem['detail']}")
        if kind == "reset":
            reason = printable(message["reason"])
            print(f"scoville: changes may be missing ({reason}); reading all levels again", file=sys.stderr)
        if kind not in ("snapshot", "changes"):
            return
        for level in message["levels"]:
            name = (level["warehouse_location"], level["sku_id"])
            before = self._levels.get(name)
            self._levels[name] = level
            if kind == "changes" or self._first or (before is not None and before["version"] != level["version"]):
                self._print(level, before)
        self._place = message["place"]
        if kind == "snapshot" and not message["more"]:
            self._first = False
            print(f"scoville: watching {len(self._levels):,} levels at {self._base}; Ctrl-C stops it", file=sys.stderr)

    def _print(self, level: dict[str, Any], before: dict[str, Any] | None) -> None:
        if self._output == "json":
            print(msgspec.json.encode(level).decode(), flush=True)
            return
        names = [name for name in COUNTERS if level.get(name) or _differs(level, before, name)]
        parts = [f"{name.replace('_', ' ')} {_difference(level, before, name)}" for name in ("available", *names)]
        place = f"{level['updated_at'][11:23]}  {level['warehouse_location']:<10} {level['sku_id']:<24}"
        print(f"{printable(place)} {'  '.join(parts)}", flush=True)


def _differs(level: dict[str, Any], before: dict[str, Any] | None, name: str) -> bool:
    return before is not None and before.get(name) != level.get(name)


def _difference(level: dict[str, Any], before: dict[str, Any] | None, name: str) -> str:
    """342, or 342 (-3) after 345."""
    if not _differs(level, before, name):
        return printable(level[name])
    delta = level[name] - (before or {})[name]
    return f"{level[name]} {colored(f'({delta:+d})', 'green' if delta > 0 else 'red')}"
