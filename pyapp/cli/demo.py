"""`demo`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec
import psycopg
import typer

from pyapp.cli import context
from pyapp.cli.migrations import deploy
from pyapp.cli.options import DataDir, Host, Port
from pyapp.cli.state import State
from pyapp.cli.tokens import DEMO_TOKEN_SECONDS, SCOPES, role_tokens
from pyapp.cli.webhooks import LISTEN_PORT

if TYPE_CHECKING:
    from pyapp.demo.embedded import Server as Postgres
    from pyapp.settings import Settings

LISTENER = f"127.0.0.1:{LISTEN_PORT},localhost:{LISTEN_PORT}"  # `scoville webhooks listen`, and no other service of this machine

Quiet = Annotated[bool, typer.Option("--quiet", help="Do not replay orders.")]


def demo(host: Host = None, port: Port = None, data_dir: DataDir = None, quiet: Quiet = False) -> None:
    """Run everything on this machine: PostgreSQL (or DATABASE_URL), demo data, API and worker. Ctrl-C stops all of it."""
    with context.uninterrupted():
        from pyapp import demo as demo_data
        from pyapp.demo import clients, embedded, traffic
        from pyapp.metrics.logs import configure
        from pyapp.outbound.webhooks import outbound
        from pyapp.outbound.webhooks.addresses import Allowed
        from pyapp.serve import server
        from pyapp.serve.app import create_app
        from pyapp.worker import business as figures

    signal.signal(signal.SIGTERM, _interrupt)  # until the loop takes over, SIGTERM acts like Ctrl-C
    settings = context.settings(host=host, port=port, data_dir=data_dir)
    configure("warning" if "SCOVILLE_LOG_LEVEL" not in os.environ else settings.log_level)
    listener = server.listen(settings.host, settings.port)
    postgres: Postgres | None = None
    state = State(settings.data_dir)
    try:
        if settings.database_url is None:
            postgres = embedded.start(settings.data_dir, bi=True)
            owner_url, url = context.embedded_urls(postgres)
        else:
            owner_url, url = settings.database_url, context.login_url(settings.database_url)
        if not settings.jwt_key and not settings.jwks_url:
            settings = msgspec.structs.replace(settings, jwt_key=state.make_key())
        deploy(owner_url, only_if_needed=True)
        context.check_login(url)
        loaded = demo_data.load(url)
        if loaded:
            _analyze(owner_url)
        settings = msgspec.structs.replace(settings, database_url=url, webhook_allow=settings.webhook_allow or LISTENER)

        application = create_app(settings)
        # The user's own database may have real stock, and has its own clients.
        secret = clients.admit(url, state.make_key()) if postgres and settings.jwt_key else None
        trade = [partial(traffic.run, url)] if postgres and not quiet else []
        bi_url = None
        if postgres:
            bi_url = clients.admit_analyst(owner_url, f"{embedded.LOOPBACK}:{postgres.port}", context.DATABASE, state.make_key())
        state.write(server.url_of(listener), url, bi_url)
        _print_welcome(settings, server.url_of(listener), url, loaded, secret, bi_url)
        webhooks = partial(outbound.run, url, Allowed.of(settings), confirm_days=settings.webhook_confirm_days)
        server.run(application, listener, url, webhooks, partial(figures.run, url, settings.verify_hours), *trade)
    except KeyboardInterrupt:
        pass  # before the loop ran: the next start finishes whatever is incomplete
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        listener.close()
        state.remove()
        if postgres:
            postgres.stop()


def _analyze(owner_url: str) -> None:
    """Analyzes the new rows: without statistics the first plans would be poor."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("analyze")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _print_welcome(
    settings: Settings, base: str, database_url: str, loaded: dict[str, int] | None, secret: str | None, bi_url: str | None
) -> None:
    from pyapp.demo.clients import CLIENTS

    lines = [f"Scoville runs at {base}   (Ctrl-C stops it; the data is kept in {settings.data_dir})"]
    if loaded:
        lines.append("Demo data: " + ", ".join(f"{number} {name}" for name, number in loaded.items()) + ".")
    lines += [
        "",
        f"  dashboard  {base}/",
        *(
            [f"             sign in as {_either([client['client_id'] for client in CLIENTS])}, secret {secret}"]
            if secret
            else ["             sign in with a token"]
        ),
        f"  stock      {base}/v1/inventory",
        f"  orders     {base}/v1/orders",
        f"  health     {base}/readyz",
        f"  SQL        {database_url}",
        *([f"  BI tools   {bi_url}"] if bi_url else []),
        "",
    ]
    if settings.jwt_key:
        hours = DEMO_TOKEN_SECONDS // 3600
        lines += [f"Tokens, valid for {hours} hours; `scoville token --role admin` prints another:", ""]
        for role, (name, token) in role_tokens(settings).items():
            warehouses, channels = SCOPES[role]
            lines += [f"# {role}: {', '.join([*warehouses, *channels]) or 'everything'}", f"export {name}={token}", ""]
        lines += ["Try:", "", f'  curl -s -H "Authorization: Bearer $TOKEN" {base}/v1/inventory/HOTSAUCE-001', ""]
    print("\n".join(lines), flush=True)


def _either(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
