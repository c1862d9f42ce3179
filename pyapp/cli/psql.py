"""`psql`: SQL by hand, as the owner or as a caller of the API."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pyapp.cli import context
from pyapp.cli.options import DataDir
from pyapp.cli.state import State
from pyapp.cli.tokens import SCOPES
from pyapp.failures import Exit, Failure
from pyapp.identity.enter import Component, session_options

if TYPE_CHECKING:
    from pyapp.settings import Settings

Role = Literal["admin", "warehouse", "sales", "integration", "scoville_worker"]
DEBIAN = Path("/usr/lib/postgresql")  # one folder per version
PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


def psql(
    ctx: typer.Context,
    role: Annotated[Role | None, typer.Option(help="Log in with this API role and its claims instead of the owner.")] = None,
    warehouse: Annotated[
        list[str] | None, typer.Option(help="With --role: a warehouse of the scope; repeat for several.")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="With --role: a sales channel of the scope; repeat for several.")
    ] = None,
    region: Annotated[int, typer.Option(help="With --role: the region of the scope.")] = 1,
    subject: Annotated[str, typer.Option(help="With --role: the actor that the audit shows.")] = "psql",
    data_dir: DataDir = None,
) -> None:
    """Open psql on the running demo, or on DATABASE_URL. All other arguments are passed to psql: -c, -f, -A ...

    Without --role it logs in as the owner, who bypasses row-level security (on DATABASE_URL: as its login).
    """
    settings = context.settings(data_dir=data_dir)
    parameters = _parameters(settings, as_owner=role is None)
    if role:
        warehouses, channels = (warehouse or [], channel or []) if warehouse or channel else SCOPES.get(role, ([], []))
        claims = session_options(Component(role, subject, warehouses, channels, region), "psql")
        parameters["options"] = " ".join([*filter(None, [parameters.get("options")]), *claims])
    _become(find_program("psql"), parameters, ctx.args)


def _parameters(settings: Settings, *, as_owner: bool) -> dict[str, Any]:
    if settings.database_url:
        return dict(conninfo_to_dict(settings.database_url))
    parameters = dict(conninfo_to_dict(State(settings.data_dir).read().database_url))
    if as_owner and (settings.data_dir / "pg").exists():
        from pyapp.demo.embedded import SUPERUSER

        parameters["user"] = SUPERUSER
    return parameters


def owner_parameters(settings: Settings) -> dict[str, Any]:
    """How to log in to DATABASE_URL, or to the running demo as its superuser."""
    return _parameters(settings, as_owner=True)


def find_program(name: str, major: int | None = None) -> Path:
    """A PostgreSQL client program: of the demo's server, or else of the machine.

    `major` prefers a program of this version, because an older server cannot read everything that newer programs write.
    """
    from pyapp.demo.embedded import POSTGRES_BIN_PATH

    installed = shutil.which(name)
    places = [POSTGRES_BIN_PATH / name, *([Path(installed)] if installed else []), DEBIAN / str(major) / "bin" / name]
    found = [place for place in places if os.access(place, os.X_OK)]
    if not found:
        raise Failure(
            Exit.PROGRAM,
            f"{name} is not installed. Install it (Debian and Ubuntu: apt install postgresql-client; macOS: brew install libpq; "
            "Fedora: dnf install postgresql), then try again.",
        )
    return next((place for place in found if major is not None and _major(place) == major), found[0])


def _major(program: Path) -> int | None:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(version[1]) if version else None


def _become(program: Path, parameters: dict[str, Any], arguments: list[str]) -> NoReturn:
    """Replaces this process with psql. The password is in the environment: everybody can read a command line."""
    password = parameters.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    sys.stdout.flush()
    os.execve(program, [str(program), "--dbname", make_conninfo("", **parameters), *arguments], environment)  # noqa: S606
