"""The command `scoville`. What goes wrong outside it ends in one line on standard error and an exit code of its own.

A module a noun, one or two commands in each. Start-up is part of every shell completion, so what is heavy (the app, uvicorn,
the HTTP client) is imported inside the commands that need it.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated, NoReturn

import psycopg
import typer

from pyapp import __version__
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

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

app = typer.Typer(
    help="Stock and orders, with all the rules in PostgreSQL.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"scoville {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


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
    """The command, up to the last byte that it prints: Python's own end would only complain of what cannot be written."""
    try:
        _run()
    except SystemExit as ended:
        code = ended.code
    try:
        if sys.stdout is not None:  # as it is where the shell has closed it
            sys.stdout.flush()
    except BrokenPipeError:  # who reads no further has read enough
        _give_output_up()
    except OSError as error:
        _end_unwritten(error)
    sys.exit(code)


def _run() -> NoReturn:
    try:
        app(prog_name="scoville")
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # Typer makes a 1 of it
            sys.exit(Exit.OK)
        raise
    except Failure as failure:
        end(failure.exit_code, str(failure))
    except SettingsError as error:
        end(Exit.SETTINGS, str(error))
    except psycopg.Error as error:
        end(Exit.DATABASE, f"The database refused: {one_line(error)}")
    except OSError as error:
        if error.filename is not None or error.errno not in UNWRITABLE:
            raise
        _end_unwritten(error)
    sys.exit(Exit.OK)


def _give_output_up() -> None:
    sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 (it ends with the process)


def _end_unwritten(error: OSError) -> NoReturn:
    _give_output_up()
    end(Exit.USAGE, f"What there is to print cannot be written: {error.strerror}. Send it somewhere else.")
