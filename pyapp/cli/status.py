"""`status`: the running server, and the content of its database."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import typer

from pyapp import __version__
from pyapp.cli import context, output
from pyapp.cli.options import DataDir
from pyapp.cli.state import State
from pyapp.cli.tokens import role_tokens
from pyapp.identity.enter import Component, entering

if TYPE_CHECKING:
    import psycopg

READY_SECONDS = 5
COUNTS = """
    select (select count(*) from catalog.skus), (select count(*) from catalog.warehouses),
           (select count(*) from catalog.channels),
           (select count(*) from identity.clients c where c.active),
           (select coalesce(sum(l.on_hand), 0)::bigint from stock.stock_levels l),
           (select count(*) from (select from stock.stock_levels l group by l.sku_id having coalesce(sum(l.available) filter (
              where l.warehouse_id in (select v.warehouse_id from catalog.serving_warehouses() v where v.sells)), 0) <= 0) s),
           (select count(*) from stock.reservations r where r.status = 'active'), (select count(*) from orders.orders),
           (select count(*) from orders.orders o where o.status not in ('completed', 'canceled')),
           (select count(*) from orders.orders o where o.placed_at > now() - interval '24 hours'),
           (select coalesce(sum(h.units), 0)::bigint from analytics.order_hours h),
           (select string_agg(r.revenue || ' ' || r.currency, ', ' order by r.currency)
              from (select h.currency, sum(h.revenue) as revenue from analytics.order_hours h group by h.currency) r)"""
COUNTED = ("skus", "warehouses", "channels", "clients", "units", "skus_out_of_stock", "reservations", "orders", "open_orders")
SOLD = ("orders_of_24_hours", "units_sold", "revenue")  # the last two are as old as the worker's sums


def status(
    output_: Annotated[
        Literal["table", "json", "env"], typer.Option("--output", "-o", help="env prints lines to `eval`.")
    ] = "table",
    tokens: Annotated[bool, typer.Option("--tokens", help="With -o env: also a token for each role.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Show the running demo or the database at DATABASE_URL: addresses, versions, and counts of its content."""
    settings = context.settings(data_dir=data_dir)
    running = State(settings.data_dir).read() if settings.database_url is None else None
    url = running.database_url if running else context.database_url(settings)
    if output_ == "env":
        names = {"API": running.url, "SQL": url} if running else {"SQL": url}
        if running and running.bi_url:
            names["BI"] = running.bi_url
        for name, value in names.items():
            print(f"export {name}={shlex.quote(value)}")
        if tokens:
            for name, token in role_tokens(context.with_demo_key(settings)).values():
                print(f"export {name}={token}")
        return
    document = {
        "version": __version__,
        "demo": {"pid": running.pid, "data_dir": str(settings.data_dir)} if running else None,
        "api": {"url": running.url, "ready": _is_ready(running.url)} if running else None,
        "bi": {"url": running.bi_url} if running and running.bi_url else None,
        "database": _look(url),
    }
    if output_ == "json":
        output.print_json(document)
    else:
        output.print_fields(_flat(document))


def _look(url: str) -> dict[str, Any]:
    with context.connect(url) as connection:
        server = connection.info.parameter_status("server_version")
        return {"url": without_password(url), "server_version": server, **_count(connection)}


def _count(connection: psycopg.Connection[Any]) -> dict[str, int | str | None]:
    connection.execute(*entering(Component("admin", "status")))
    return dict(zip(COUNTED + SOLD, connection.execute(COUNTS).fetchone() or (), strict=True))


def _is_ready(url: str) -> bool:
    import httpx2

    try:
        return httpx2.get(f"{url}/readyz", timeout=READY_SECONDS).is_success
    except httpx2.HTTPError:
        return False


def without_password(url: str) -> str:
    """The URL without its password."""
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    query = "&".join(part for part in parts.query.split("&") if part.partition("=")[0] not in ("password", "sslpassword"))
    if ":" in login or query != parts.query:
        parts = parts._replace(netloc=f"{login.partition(':')[0]}{at}{host}", query=query)
        return f"{parts.scheme}://{parts.netloc}{parts.path}{'?' if query else ''}{query}"
    return url


def _flat(document: dict[str, Any]) -> dict[str, Any]:
    """One flat level for people: each name is a part and a member."""
    fields: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            fields |= {(name if inner == "url" else inner.replace("_", " ")): shown for inner, shown in value.items()}
        elif value is not None:
            fields[name] = value
    return fields
