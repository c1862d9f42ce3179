"""`clients`: the programs and people that may ask for tokens."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Literal

import typer

from pyapp.cli import context, output
from pyapp.cli.api import Api, find
from pyapp.cli.options import DataDir, Output, Token, Url
from pyapp.failures import Exit, Failure

Role = Literal["admin", "warehouse", "sales", "integration"]
ClientId = Annotated[str, typer.Argument(metavar="CLIENT_ID")]
COLUMNS = ("client_id", "name", "role", "region_id", "scope", "active", "secrets", "updated_at")

app = typer.Typer(help="API clients: who may ask for tokens.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def add(
    role: Annotated[Role, typer.Option(help="What it may do.")],
    client_id: Annotated[
        str | None, typer.Argument(metavar="[CLIENT_ID]", help="Its name in tokens and audit (one is chosen).")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call it (CLIENT_ID).")] = None,
    warehouse: Annotated[list[str] | None, typer.Option(help="Where it works; may stand several times.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="What it sells through; may stand several times.")] = None,
    region: Annotated[int, typer.Option(min=1, max=32767)] = 1,
    output_: Output = "table",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Make a client, and print its secret, once."""
    if not client_id and not name:
        raise Failure(Exit.USAGE, "What is it called? Give a CLIENT_ID or a --name.")
    given = {"client_id": client_id} if client_id else {}
    scope = {"warehouses": warehouse or [], "channels": channel or []}
    with _open(url, token, data_dir) as api:
        made = api.request(
            "POST", "/v1/clients", {**given, "name": name or client_id, "role": role, "region_id": region, **scope}
        )
    _show(made, output_)


@app.command()
def rotate(
    client_id: ClientId,
    overlap: Annotated[
        int | None, typer.Option(min=0, metavar="SECONDS", help="How long the old secret works on (a day).")
    ] = None,
    output_: Output = "table",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Give a client a new secret, and print it, once. The old one works on for a day."""
    body = {} if overlap is None else {"overlap_seconds": overlap}
    with _open(url, token, data_dir) as api:
        _show(api.request("POST", f"/v1/clients/{client_id}/rotate-secret", body), output_)


@app.command()
def revoke(
    client_id: ClientId, output_: Output = "table", url: Url = None, token: Token = None, data_dir: DataDir = None
) -> None:
    """End a client: its secrets at once, its tokens within a minute."""
    with _open(url, token, data_dir) as api:
        _show(api.request("DELETE", f"/v1/clients/{client_id}"), output_)


@app.command("list")
def list_(
    role: Annotated[Role | None, typer.Option(help="Only those of this role.")] = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Only these.")] = None,
    output_: Output = "table",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """List the clients. No secret is shown: none is kept."""
    query = {"role": role, "active": None if active is None else str(active).lower()}
    with _open(url, token, data_dir) as api:
        clients = api.pages("/v1/clients", **{key: value for key, value in query.items() if value is not None})
    if output_ == "json":
        output.print_json(clients)
    else:
        output.print_table(COLUMNS, [[_row(client)[column] for column in COLUMNS] for client in clients])


def _open(url: str | None, token: str | None, data_dir: Any) -> Api:
    return Api(*find(context.settings(data_dir=data_dir), url, token, "clients"))


def _row(client: dict[str, Any]) -> dict[str, Any]:
    scope = ", ".join([*client["warehouses"], *client["channels"]]) or "everything"
    return {**client, "scope": scope, "secrets": len(client["secrets"])}


def _show(client: dict[str, Any], kind: str) -> None:
    if kind == "json":
        output.print_json(client)
        return
    row = _row(client)
    output.print_fields({name: row[name] for name in ("client_id", "client_secret", *COLUMNS[1:]) if name in row})
    if "client_secret" in client:
        print("The secret is shown this once: keep it now.", file=sys.stderr)
