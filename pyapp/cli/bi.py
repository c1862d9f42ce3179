"""`bi`: logins for analysts and BI tools, which read the views of schema bi."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer
from psycopg.conninfo import conninfo_to_dict

from pyapp.cli import context, output
from pyapp.cli.options import DataDir, Output
from pyapp.cli.state import State
from pyapp.deploy import analysts

if TYPE_CHECKING:
    import psycopg

    from pyapp.settings import Settings

PORT = 5432
Name = Annotated[str, typer.Argument(metavar="NAME")]

app = typer.Typer(help="Logins for BI tools: read-only views, no API.", no_args_is_help=True, rich_markup_mode=None)


@app.command("add-user")
def add_user(
    name: Name,
    warehouse: Annotated[list[str] | None, typer.Option(help="Limit the login to this warehouse; repeat for several.")] = None,
    anyway: Annotated[bool, typer.Option(help="Create the login even if something else stays open to it.")] = False,
    output_: Output = "table",
    data_dir: DataDir = None,
) -> None:
    """Create a login that reads the views of schema bi, and print its password once. Closes the cluster's other databases to it.

    Works on the running demo, or on DATABASE_URL, which must log in as the owner.
    """
    settings = context.settings(data_dir=data_dir)
    password = analysts.new_password()
    with _connect(settings) as connection:
        left = analysts.add(connection, name, password, warehouse or [], anyway=anyway)
    made = {"login": name, "password": password, "warehouses": warehouse or [], "url": url_for(settings, name, password)}
    if output_ == "json":
        output.print_json(made)
    else:
        output.print_fields({**made, "warehouses": ", ".join(made["warehouses"]) or "all"})
    print("The password is shown only once: store it now.", file=sys.stderr)
    if left:
        names = output.printable(", ".join(left))
        print(f"Left open to this login: {names}. Close it in pg_hba.conf (see docs/bi.md).", file=sys.stderr)


@app.command("list")
def list_(output_: Output = "table", data_dir: DataDir = None) -> None:
    """List the logins. Passwords are not stored and cannot be shown."""
    with _connect(context.settings(data_dir=data_dir)) as connection:
        found = analysts.find(connection)
    if output_ == "json":
        output.print_json([{"login": one.login, "warehouses": one.warehouses, "created_at": one.created_at} for one in found])
    else:
        output.print_table(
            ("login", "warehouses", "created_at"),
            [[one.login, ", ".join(one.warehouses) or "all", f"{one.created_at:%Y-%m-%dT%H:%M:%SZ}"] for one in found],
        )


@app.command("remove-user")
def remove_user(name: Name, data_dir: DataDir = None) -> None:
    """Remove a login and close its connections."""
    with _connect(context.settings(data_dir=data_dir)) as connection:
        analysts.remove(connection, name)


def _connect(settings: Settings) -> psycopg.Connection[Any]:
    from pyapp.demo.embedded import SUPERUSER

    if settings.database_url:
        connection = context.connect(settings.database_url)
    else:
        running = State(settings.data_dir).read()
        connection = context.connect(context.with_user(running.database_url, SUPERUSER))
    connection.autocommit = True
    return connection


def url_for(settings: Settings, login: str, password: str) -> str:
    """The URL for a BI tool, as far as it is known here."""
    if settings.database_url:
        given = conninfo_to_dict(settings.database_url)
        address = f"{given.get('host') or 'localhost'}:{given.get('port') or PORT}"
        database = str(given.get("dbname") or context.DATABASE)
    else:
        address, database = State(settings.data_dir).read().bi_address, context.DATABASE
    return f"postgresql://{quote(login, safe='')}:{quote(password, safe='')}@{address}/{quote(database)}"
