"""The context of a command: settings, database, and login."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pyapp import settings as settings_module
from pyapp.cli.state import State
from pyapp.failures import Exit, Failure
from pyapp.settings import Settings, SettingsError, refuse_placeholder

if TYPE_CHECKING:
    from pyapp.demo.embedded import Server as Postgres

LOGIN = "authenticator"
DATABASE = "scoville"
LOGIN_ATTEMPTS = 3
CONNECT_SECONDS = 5


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Holds Ctrl-C and SIGTERM back until the end of the block, for imports: Python ignores an exception that a signal raises in
    one of the callbacks of an import, and the signal would be lost. A mask would not do, because a module may start threads."""
    arrived: list[int] = []

    def hold(number: int, _: object) -> None:
        arrived.append(number)

    handlers = {held: signal.signal(held, hold) for held in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for held, handler in handlers.items():
            signal.signal(held, handler)
        for number in arrived:
            signal.raise_signal(number)


def settings(**given: Any) -> Settings:
    """The environment, overridden by options."""
    loaded = settings_module.load()
    return msgspec.structs.replace(loaded, **{name: value for name, value in given.items() if value is not None})


def with_demo_key(settings: Settings) -> Settings:
    """The settings, with the demo's key if none is set. Raises SettingsError without any key."""
    if settings.jwt_key or settings.jwks_url:
        return settings
    key = State(settings.data_dir).read_key()
    if key is None:
        raise SettingsError(
            f"No key to sign with in {settings.data_dir}: set SCOVILLE_JWT_KEY, or name the folder of a demo with --data-dir."
        )
    return msgspec.structs.replace(settings, jwt_key=key)


def database_url(settings: Settings) -> str:
    if not settings.database_url:
        raise SettingsError("DATABASE_URL is not set: write postgresql://user:password@host:5432/database.")
    return settings.database_url


def connect(url: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(url, connect_timeout=CONNECT_SECONDS, application_name="scoville")
    except psycopg.OperationalError as error:
        raise Failure(
            Exit.DATABASE, f"No connection to the database: {one_line(error)}. Is it running, and is DATABASE_URL right?"
        ) from error
    except psycopg.Error as error:  # its text may repeat the URL, including the password
        raise Failure(
            Exit.SETTINGS, "DATABASE_URL cannot be used: write postgresql://user:password@host:5432/database."
        ) from error


def one_line(error: psycopg.Error) -> str:
    """The last line of libpq's text has the reason; the lines before it name each address that was tried."""
    text = error.diag.message_primary or str(error)
    return text.strip().splitlines()[-1].strip().rstrip(".") if text.strip() else type(error).__name__


def check_login(url: str) -> None:
    """Checks that row-level security binds the API and that its functions exist."""
    for left in reversed(range(LOGIN_ATTEMPTS)):
        try:
            with connect(url) as connection:
                row = connection.execute(
                    "select current_user, r.rolsuper or r.rolbypassrls, to_regnamespace('api') is not null"
                    " from pg_catalog.pg_roles r where r.rolname = current_user"
                ).fetchone()
            break
        except psycopg.OperationalError:  # closed by a restart or an administrator
            if not left:
                raise
    user, unbound, deployed = row or ("", False, False)
    if unbound:
        raise Failure(
            Exit.SETTINGS,
            f"DATABASE_URL logs in as {user}, which bypasses row-level security. Log in as {LOGIN} "
            f"(`scoville migrate` creates that role; SCOVILLE_AUTHENTICATOR_PASSWORD sets its password).",
        )
    if not deployed:
        raise Failure(Exit.DATABASE, "The database is not set up: run `scoville migrate` with the URL of its owner first.")


def login_password() -> str | None:
    name = "SCOVILLE_AUTHENTICATOR_PASSWORD"
    path = os.environ.get(f"{name}_FILE")
    try:
        password = Path(path).read_text(encoding="utf-8").strip() if path else os.environ.get(name) or None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE: {path} cannot be read. Pass the path of a readable file.") from error
    refuse_placeholder(name, password)
    return password


def embedded_urls(postgres: Postgres) -> tuple[str, str]:
    """The URLs of owner and API; creates the database on first use."""
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", [DATABASE]).fetchone() is None:
            connection.execute("create database scoville")
    return postgres.url("postgres", DATABASE), postgres.url(LOGIN, DATABASE)


def with_user(url: str, user: str) -> str:
    """The same server and database, as another login that needs no password."""
    return make_conninfo("", **{**conninfo_to_dict(url), "user": user, "password": None})


def login_url(owner_url: str) -> str:
    """The same server and database, as the API's login."""
    given = conninfo_to_dict(owner_url)
    if given.get("user") == LOGIN:
        return owner_url
    given.pop("password", None)
    password = login_password()
    return make_conninfo("", **{**given, "user": LOGIN, **({"password": password} if password else {})})
