"""The command `scoville`. What goes wrong outside it ends in one line on standard error and an exit code of its own.

A module a noun, one or two commands in each. Start-up is part of every shell completion, so what is heavy (the app, uvicorn,
the HTTP client) is imported inside the commands that need it.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import psycopg
import typer

from pyapp.cli import (
    backups,
    bi,
    clients,
    demo,
    doctor,
    imports,
    migrations,
    psql,
    reset,
    servers,
    status,
    tokens,
    verification,
    watch,
    webhooks,
)
from pyapp.cli.context import one_line
from pyapp.cli.output import end
from pyapp.failures import Exit, Failure
from pyapp.settings import SettingsError

EPILOG = (
    "Exit codes: 0 done · 1 verify or doctor found something · 2 wrong usage · 3 import refused some lines · 4 a setting is "
    "missing or wrong · 5 the database does not answer or does not let us in · 6 the database is of another version · 7 the port "
    "is taken · 8 the data folder cannot be used · 9 another demo runs on it · 10 the API does not answer or refuses the token · "
    "11 the API refused what was asked · 12 a program is missing · 130 Ctrl-C."
)

app = typer.Typer(
    help="Stock and orders, with all the rules in PostgreSQL.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo.demo)
app.command()(servers.serve)
app.command()(servers.worker)
app.command()(migrations.migrate)
app.command()(status.status)
app.command()(doctor.doctor)
app.command()(verification.verify)
app.command(context_settings=psql.PASSED_ON)(psql.psql)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(reset.reset)
app.command()(tokens.token)
app.add_typer(clients.app, name="clients")
app.add_typer(bi.app, name="bi")
app.add_typer(webhooks.app, name="webhooks")
app.command("import")(imports.import_)
app.command()(watch.watch)


def main() -> NoReturn:
    try:
        app(prog_name="scoville")
    except Failure as failure:
        end(failure.exit_code, str(failure))
    except SettingsError as error:
        end(Exit.SETTINGS, str(error))
    except psycopg.Error as error:
        end(Exit.DATABASE, f"The database refused: {one_line(error)}")
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 (nobody reads; Python would complain at exit)
        sys.exit(Exit.OK)
    sys.exit(Exit.OK)
