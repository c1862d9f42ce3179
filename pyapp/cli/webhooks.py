"""`webhooks`: receive and show webhook messages."""

from __future__ import annotations

import re
import signal
import sys
import threading
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pyapp.cli import context, output
from pyapp.cli.api import Api, find
from pyapp.cli.options import DataDir, Output, Token, Url
from pyapp.failures import Exit, Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyapp.outbound.webhooks.receiver import Arrival

LISTEN_PORT = 9000  # the only one that a demo sends to

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32,86}={0,2}")

app = typer.Typer(help="Webhooks: receive and show messages.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def webhooks() -> None:
    """Keeps `listen` a subcommand, although it is the only one so far."""


@app.command()
def listen(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on. A demo sends only to the default.")
    ] = LISTEN_PORT,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    secret: Annotated[
        list[str] | None, typer.Option(metavar="WHSEC", help="A secret to verify with; repeat for several.")
    ] = None,
    type_: Annotated[list[str] | None, typer.Option("--type", help="Only these event types, such as order.*.")] = None,
    output_: Output = "table",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Receive webhooks here, verify and print them, until Ctrl-C.

    Without --secret it creates a webhook for itself at the API, and deletes it at the end.
    """
    from pyapp.outbound.webhooks.receiver import Receiver

    for given in secret or []:
        if not SECRET.fullmatch(given):
            raise Failure(Exit.USAGE, "A secret is whsec_ and base64; the response that created the webhook has it.")
    if secret and type_:
        raise Failure(Exit.USAGE, "--type is for the webhook that this command creates; leave it out with --secret.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        receiver = Receiver((host, port), secret or [], _json if output_ == "json" else _line)
    except OSError as error:
        raise Failure(Exit.PORT, f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with --port.") from error
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    try:
        if secret:
            _wait(receiver.url)
        else:
            with Api(*find(context.settings(data_dir=data_dir), url, token, "webhooks")) as api:
                _with_webhook(api, receiver.url, type_ or [], receiver.secrets.append)
    finally:
        receiver.shutdown()
        receiver.server_close()


def _with_webhook(api: Api, address: str, types: list[str], learn: Callable[[str], None]) -> None:
    settings = {"url": address, "description": "scoville webhooks listen", "event_types": types}
    made = api.request("POST", "/v1/webhooks", settings)
    learn(made["secret"])
    try:
        _wait(f"{address} as {made['webhook_id']}")
    finally:
        api.request("DELETE", f"/v1/webhooks/{made['webhook_id']}")


def _wait(where: str) -> None:
    try:  # around the message, too: who reads it may stop at once
        print(f"Listening at {output.printable(where)}; Ctrl-C stops it.", file=sys.stderr, flush=True)
        threading.Event().wait()
    except KeyboardInterrupt:
        return


def _line(arrival: Arrival) -> None:
    event = arrival.event()
    verdict = output.colored("verified", "green") if arrival.verified else output.colored("NOT VERIFIED", "red")
    said = [event.get("type", "?"), event.get("subject", "?"), arrival.message_id or "no webhook-id"]
    again = ["again"] if arrival.again else []
    parts = [f"{datetime.now().astimezone():%H:%M:%S}", verdict, *map(output.printable, said), *again]
    print("  ".join(parts), flush=True)


def _json(arrival: Arrival) -> None:
    import msgspec

    document = {**arrival._asdict(), "body": arrival.event() or arrival.body.decode(errors="replace")}
    print(msgspec.json.encode(document).decode(), flush=True)
