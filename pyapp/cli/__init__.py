"""The command `scoville`. Expected failures print one line on standard error, each kind with its own exit code.

One module per noun, with one or two commands each. Start-up time is part of every shell completion, so commands import heavy
modules (the app, uvicorn, the HTTP client) only when they run.
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
    erasures,
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
    "Exit codes: 0 success · 1 verify or doctor found faults · 2 wrong usage · 3 import refused some lines · 4 a setting is "
    "missing or wrong · 5 cannot connect or log in to the database · 6 the database has another version · 7 the port "
    "is in use · 8 the data folder cannot be used · 9 another demo runs on it · 10 the API is down or refuses the token · "
    "11 the API refused the request · 12 a program is missing · 130 Ctrl-C."
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
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
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
app.add_typer(erasures.app, name="erase")
app.command("import")(imports.import_)
app.command()(watch.watch)


def main() -> NoReturn:
    """Runs the command and flushes its output: at exit, Python itself would only print a warning about a failed flush."""
    try:
        _run()
    except SystemExit as ended:
        code = ended.code
    try:
        if sys.stdout is not None:  # None if the shell has closed it
            sys.stdout.flush()
    except BrokenPipeError:  # the reader closed the pipe: not an error
        _give_output_up()
    except OSError as error:
        _end_unwritten(error)
    sys.exit(code)


def _run() -> NoReturn:
    try:
        app(prog_name="scoville")
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):  # Typer would exit with 1
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
    sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 (open until the process ends)


def _end_unwritten(error: OSError) -> NoReturn:
    _give_output_up()
    end(Exit.USAGE, f"The output cannot be written: {error.strerror}. Redirect it to another place.")
