"""`doctor`: checks everything that Scoville depends on. One line per check, with a remedy if it fails."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec

from pyapp.cli import context, output
from pyapp.cli.checks import bad, machine, ok
from pyapp.cli.options import DataDir, Host, Output, Port
from pyapp.cli.output import end
from pyapp.cli.state import State
from pyapp.failures import Exit, Failure
from pyapp.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyapp.cli.checks import Finding

MARKS = {"ok": ("ok", "green"), "warning": ("warn", "yellow"), "bad": ("BAD", "red"), "unknown": ("?", "yellow")}


def doctor(output_: Output = "table", host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Check machine, settings, database and worker. Exits with 1 if a check fails; warnings alone do not count.

    Works on DATABASE_URL or the running demo.
    """
    findings = list(_findings({"host": host, "port": port, "data_dir": data_dir}))
    if output_ == "json":
        output.print_json([msgspec.structs.asdict(finding) for finding in findings])
    else:
        _print(findings)
    faults = sum(finding.state == "bad" for finding in findings)
    if faults:
        sys.stdout.flush()
        end(Exit.DISAGREES, f"{faults} of {len(findings)} checks failed.")


def _findings(given: dict[str, Any]) -> Iterator[Finding]:
    yield from machine.check_python()
    try:
        settings = context.settings(**given)
    except SettingsError as error:
        yield bad("settings", str(error), "Correct the variable; the other checks need it.")
        return
    yield ok("settings", "valid")
    try:
        running = State(settings.data_dir).find()
    except Failure as error:
        yield bad("demo", str(error))
        return
    yield from machine.check_tokens(settings, running)
    yield from machine.check_port(settings, running)
    if settings.database_url is None:
        yield from machine.check_folder(settings.data_dir)
        yield from machine.check_disk(settings.data_dir)
    url = settings.database_url or (running.database_url if running else None)
    if url is None:
        yield ok("database", "none: no demo runs, and DATABASE_URL is not set")
        return
    yield from _database_findings(url, settings)
    if settings.database_url and settings.read_url:
        from pyapp.cli.checks import standby

        yield from standby.check(settings.database_url, settings.read_url)


def _database_findings(url: str, settings: Settings) -> Iterator[Finding]:
    import psycopg

    from pyapp.cli.checks import database

    try:
        with context.connect(url) as connection:
            connection.autocommit = True
            yield from database.check(connection, settings)
    except Failure as error:
        yield bad("database", str(error))
    except psycopg.Error as error:
        yield bad("database", f"The check was interrupted: {context.one_line(error)}.")


def _print(findings: list[Finding]) -> None:
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        mark, color = MARKS[finding.state]
        print(f"{output.colored(mark.ljust(4), color)}  {finding.check.ljust(width)}  {output.printable(finding.said)}")
        if finding.remedy:
            print(f"{' ' * (width + 8)}-> {output.printable(finding.remedy)}")
