"""`serve` and `worker`: the production processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial

from pyapp.cli import context
from pyapp.cli.options import Host, MetricsPort, Port, Workers

NO_METRICS = (
    "/metrics answers 404, because other machines can reach this address. "
    "Set SCOVILLE_METRICS_PORT (a port of its own) or SCOVILLE_METRICS_TOKEN to open it."
)
NICE = 10  # on a shared machine, orders come before the worker's jobs


def serve(host: Host = None, port: Port = None, workers: Workers = None, metrics_port: MetricsPort = None) -> None:
    """Serve the API on the database at DATABASE_URL, which must log in as authenticator."""
    with context.uninterrupted():
        from pyapp.metrics.logs import configure
        from pyapp.serve import processes, server
        from pyapp.serve.app import create_app, create_metrics_app

    settings = context.settings(host=host, port=port, workers=workers, metrics_port=metrics_port)
    application = create_app(settings)
    context.check_login(settings.database_url or "")
    listener = server.listen(settings.host, settings.port)
    beside = [] if settings.metrics_port is None else [server.listen(settings.host, settings.metrics_port)]
    configure(settings.log_level)
    where = "".join(f", metrics on {server.url_of(other)}/metrics" for other in beside)
    announce = _say(f"serving on {server.url_of(listener, 'https' if settings.tls else 'http')}{where}")
    if not (settings.is_local or settings.metrics_token or beside):
        print(f"scoville: {NO_METRICS}", file=sys.stderr)
    if settings.workers > 1:
        processes.run([listener, *beside], settings.workers, announce)
        return
    others = [partial(server.serve_beside, create_metrics_app(application), other) for other in beside]
    tls, proxies = settings.tls, settings.trusted_proxies
    server.run(application, listener, None, *others, tls=tls, proxies=proxies, announce=announce)


def worker(host: Host = None, metrics_port: MetricsPort = None) -> None:
    """Run the background jobs on the database at DATABASE_URL: webhooks, expiry, partitions, clean-up."""
    with context.uninterrupted():
        from pyapp.metrics.logs import configure
        from pyapp.outbound.webhooks import outbound
        from pyapp.outbound.webhooks.addresses import Allowed
        from pyapp.serve import server
        from pyapp.serve.app import create_worker_app
        from pyapp.worker import business as figures

    settings = context.settings(host=host, metrics_port=metrics_port)
    url = context.database_url(settings)
    context.check_login(url)
    asked = settings.metrics_port is not None
    listener = server.listen(settings.host, settings.metrics_port or 0) if asked else None
    configure(settings.log_level)
    os.nice(NICE)
    where = f", metrics on {server.url_of(listener)}/metrics" if listener else ""
    tasks = (
        partial(outbound.run, url, Allowed.of(settings), confirm_days=settings.webhook_confirm_days),
        partial(figures.run, url, settings.verify_hours),
    )
    app = create_worker_app(settings) if listener else None
    server.run(app, listener, url, *tasks, sequences=True, announce=_say(f"the worker runs{where}"))


def _say(text: str) -> Callable[[], None]:
    return lambda: print(f"scoville: {text}", file=sys.stderr)
