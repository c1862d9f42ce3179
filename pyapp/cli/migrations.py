"""`migrate`, and the deploy at the start of `demo`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pyapp.cli import context


def migrate(
    only_if_needed: Annotated[bool, typer.Option(help="Skip the replay if the last deploy used exactly these files.")] = False,
) -> None:
    """Deploy to the database at DATABASE_URL: roles, migrations, functions, policies. Its login must own the database.

    SCOVILLE_AUTHENTICATOR_PASSWORD (or _FILE) sets the password of the API's login.
    """
    deploy(context.database_url(context.settings()), only_if_needed=only_if_needed, say=True)


def deploy(url: str, *, only_if_needed: bool, say: bool = False) -> None:
    from pyapp.deploy.migrate import migrate as run

    report = run(url, authenticator_password=context.login_password(), only_if_needed=only_if_needed)
    for warning in report.warnings:
        print(f"scoville: {warning}", file=sys.stderr)
    if say:
        done = "nothing to do" if report.skipped else f"{len(report.applied)} migrations applied, functions and policies replayed"
        print(f"PostgreSQL {report.server_version}: {done}.")
