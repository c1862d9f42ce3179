"""The command `scoville`. What goes wrong outside it ends in one line on standard error and an exit code of its own."""

from __future__ import annotations

import os
import re
import secrets
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pyapp import settings as settings_module
from pyapp.failures import Exit, Failure
from pyapp.settings import Settings, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyapp.embedded import Server as Postgres

EPILOG = (
    "Exit codes: 0 done · 1 verify found disagreements · 2 wrong usage · 3 import refused some lines · 4 a setting is missing or "
    "wrong · 5 the database does not answer or does not let us in · 6 the database is of another version · 7 the port is taken · "
    "8 the data folder cannot be used · 9 another demo runs on it · 10 the API does not answer or refuses the token · 130 Ctrl-C."
)
LOGIN = "authenticator"
DATABASE = "scoville"
CONNECT_SECONDS = 5
DEMO_TOKEN_SECONDS = 12 * 3600
TOKEN_SECONDS_MAX = 365 * 24 * 3600
SCOPES: dict[str, tuple[list[str], list[str]]] = {  # warehouses, channels
    "admin": ([], []),
    "warehouse": (["WH-01"], []),
    "sales": ([], ["web"]),
    "integration": ([], ["web"]),
}

app = typer.Typer(
    help="Stock and orders, with all the rules in PostgreSQL.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Host = Annotated[str | None, typer.Option(help="Address to listen on (SCOVILLE_HOST, 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (SCOVILLE_PORT, 8000).")]
DataDir = Annotated[Path | None, typer.Option(help="Folder for the demo's data (SCOVILLE_DATA_DIR, .scoville).")]


def main() -> NoReturn:
    try:
        app()
    except Failure as failure:
        _end(failure.exit_code, str(failure))
    except SettingsError as error:
        _end(Exit.SETTINGS, str(error))
    except psycopg.Error as error:
        _end(Exit.DATABASE, f"The database refused: {_one_line(error)}")
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 (nobody reads; Python would complain at exit)
        sys.exit(Exit.OK)
    sys.exit(Exit.OK)


def _end(code: Exit, text: str) -> NoReturn:
    print(f"scoville: {' '.join(text.split())}", file=sys.stderr)
    sys.exit(code)


# Commands -----------------------------------------------------------------------------------------------------------


@app.command()
def demo(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Run everything here: a PostgreSQL of its own (or DATABASE_URL), demo data, API and worker. Ctrl-C stops it all."""
    from pyapp import demo as demo_data
    from pyapp import embedded, server
    from pyapp.app import create_app
    from pyapp.logs import configure

    signal.signal(signal.SIGTERM, _interrupt)  # until the loop takes over, SIGTERM is like Ctrl-C
    settings = _settings(host=host, port=port, data_dir=data_dir)
    configure("warning" if "SCOVILLE_LOG_LEVEL" not in os.environ else settings.log_level)
    listener = server.listen(settings.host, settings.port)
    postgres: Postgres | None = None
    state = State(settings.data_dir)
    try:
        if settings.database_url is None:
            postgres = embedded.start(settings.data_dir)
            owner_url, url = _embedded_urls(postgres)
        else:
            owner_url, url = settings.database_url, _login_url(settings.database_url)
        if not settings.jwt_key and not settings.jwks_url:
            settings = msgspec.structs.replace(settings, jwt_key=state.make_key())
        _migrate(owner_url, only_if_needed=True)
        _check_login(url)
        loaded = demo_data.load(url)
        if loaded:
            _analyze(owner_url)
        settings = msgspec.structs.replace(settings, database_url=url)

        application = create_app(settings)
        state.write(server.url_of(listener), url)
        _print_welcome(settings, server.url_of(listener), url, loaded)
        server.run(application, listener, url)
    except KeyboardInterrupt:
        pass  # before the loop ran: nothing is half done that a new start would not finish
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        listener.close()
        state.remove()
        if postgres:
            postgres.stop()


@app.command()
def serve(host: Host = None, port: Port = None) -> None:
    """Serve the API on the database at DATABASE_URL, which logs in as authenticator."""
    from pyapp import server
    from pyapp.app import create_app
    from pyapp.logs import configure

    settings = _settings(host=host, port=port)
    application = create_app(settings)
    _check_login(settings.database_url or "")
    listener = server.listen(settings.host, settings.port)
    configure(settings.log_level)
    print(f"scoville: serving on {server.url_of(listener)}", file=sys.stderr)
    server.run(application, listener, None)


@app.command()
def worker() -> None:
    """Do what has to happen by the clock, on the database at DATABASE_URL: expiry, partitions, clean-up."""
    from pyapp import server
    from pyapp.logs import configure

    settings = _settings()
    url = _database_url(settings)
    _check_login(url)
    configure(settings.log_level)
    print("scoville: the worker runs", file=sys.stderr)
    server.run(None, None, url)


@app.command()
def migrate(
    only_if_needed: Annotated[bool, typer.Option(help="Leave the replay out where these very files were deployed last.")] = False,
) -> None:
    """Deploy to the database at DATABASE_URL: roles, migrations, functions, policies. Its login owns the database.

    SCOVILLE_AUTHENTICATOR_PASSWORD (or _FILE) sets the password of the API's login.
    """
    settings = _settings()
    _migrate(_database_url(settings), only_if_needed=only_if_needed, say=True)


@app.command()
def token(
    role: Annotated[Literal["admin", "warehouse", "sales", "integration"], typer.Option(help="What the token may do.")],
    warehouse: Annotated[list[str] | None, typer.Option(help="A warehouse of its scope; may stand several times.")] = None,
    channel: Annotated[list[str] | None, typer.Option(help="A sales channel of its scope; may stand several times.")] = None,
    region: Annotated[int, typer.Option(min=1, max=32767)] = 1,
    subject: Annotated[str | None, typer.Option(help="Who it is for, as the audit will show it (the role's name).")] = None,
    ttl: Annotated[str, typer.Option(help="How long it is good: 15m, 1h, 7d.")] = "1h",
    data_dir: DataDir = None,
) -> None:
    """Print a token, and nothing else. Without a scope: warehouse WH-01, sales and integration channel web."""
    from pyapp.auth import mint_token

    settings = _with_demo_key(_settings(data_dir=data_dir))
    warehouses, channels = (warehouse or [], channel or []) if warehouse or channel else SCOPES[role]
    print(
        mint_token(
            settings, role, subject=subject, warehouses=warehouses, channels=channels, region=region, seconds=_seconds(ttl)
        )
    )


@app.command("import")
def import_(
    kind: Annotated[Literal["skus", "stock", "orders"], typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="csv or csv.gz, UTF-8, with the names of the columns first.")],
    url: Annotated[str | None, typer.Option(help="Where the API is (SCOVILLE_URL, or the running demo).")] = None,
    token: Annotated[str | None, typer.Option(help="A token (SCOVILLE_TOKEN, or one of role admin by the key at hand).")] = None,
    time_zone: Annotated[str, typer.Option(help="Of times without an offset.")] = "America/New_York",
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write totals by SKU as JSON.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Import a csv file through the API. A repeated or interrupted import does nothing twice.

    skus: sku_id, name [description, size_ml, flavor_profile (a|b|c), price, reorder_point, attributes.NAME];
    the SKU is made or replaced.

    stock: sku_id, warehouse_location, stock, batch_number [expiration_date, reason_code, note]; the units are added.

    orders: order_id, sku_id, quantity [created_at, channel, customer_name, customer_email, customer_address, price];
    lines of one order_id make one order.

    The grocer's files (product_id, ... and basket_id, ...) are known by their columns; see docs/how-to/import.md.
    """
    from pyapp import importer

    settings = _settings(data_dir=data_dir)
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Failure(Exit.USAGE, f"Unknown time zone {time_zone!r}: write one such as Europe/Berlin or UTC.") from None
    base = url or os.environ.get("SCOVILLE_URL") or State(settings.data_dir).read().url
    bearer = token or os.environ.get("SCOVILLE_TOKEN") or _import_token(settings)
    try:
        with _progress(file.name) as (say, advance):
            result = importer.run(kind, file, base, bearer, say=say, advance=advance, time_zone=zone)
    except KeyboardInterrupt:
        _end(Exit.INTERRUPTED, "Interrupted. Run the same command again: what is done is not done twice.")
    _print_summary(kind, result)
    if report:
        try:
            report.write_bytes(result.as_json())
        except OSError as error:
            raise Failure(Exit.USAGE, f"{report} cannot be written: {error.strerror}.") from error
    sys.exit(Exit.OK if result.is_complete else Exit.INCOMPLETE)


@app.command()
def verify(data_dir: DataDir = None) -> None:
    """Prove that ledger, levels, batches and orders agree. Prints each row that does not, and then ends with 1."""
    settings = _settings(data_dir=data_dir)
    url = settings.database_url or State(settings.data_dir).read().database_url
    with _connect(url) as connection:
        connection.execute("select app.enter('admin', %s)", ['{"sub": "verify"}'])
        cursor = connection.execute("select * from stock.verify()")
        names = [column.name for column in cursor.description or []]
        rows = cursor.fetchall()
    if not rows:
        print("Everything agrees.")
        return
    print("\t".join(names))
    for row in rows:
        print("\t".join("" if value is None else str(value) for value in row))
    _end(Exit.DISAGREES, f"{len(rows)} disagreements.")


# Settings and the running demo --------------------------------------------------------------------------------------


class Running(msgspec.Struct):
    """What scoville.json says of the demo that runs."""

    url: str
    database_url: str
    pid: int


class State:
    """Two files in the data folder, for nobody but its owner: where the demo runs, and the key that signs its tokens."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.file = data_dir / "scoville.json"
        self.key_file = data_dir / "jwt.key"

    def write(self, url: str, database_url: str) -> None:
        _write_private(self.file, msgspec.json.encode(Running(url, database_url, os.getpid())))

    def read(self) -> Running:
        """Raises Failure where no demo runs."""
        try:
            running = msgspec.json.decode(self.file.read_bytes(), type=Running)
            os.kill(running.pid, 0)
        except PermissionError as error:
            raise Failure(Exit.SETTINGS, f"{self.data_dir} belongs to somebody else: run this as that user.") from error
        except (OSError, msgspec.DecodeError) as error:
            raise Failure(
                Exit.SETTINGS,
                f"No `scoville demo` runs on {self.data_dir}. Start it, name its folder by --data-dir, "
                "or say where to go (DATABASE_URL for verify, --url and --token for import).",
            ) from error
        return running

    def remove(self) -> None:
        """Unless it is of another demo that has begun to use the folder."""
        try:
            if msgspec.json.decode(self.file.read_bytes(), type=Running).pid == os.getpid():
                self.file.unlink()
        except (OSError, msgspec.DecodeError):
            return

    def read_key(self) -> str | None:
        try:
            return self.key_file.read_text().strip() or None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Failure(Exit.SETTINGS, f"{self.key_file} cannot be read: {error.strerror}.") from error

    def make_key(self) -> str:
        """The key of this folder; made once, so that tokens outlive a restart."""
        key = self.read_key()
        if key is None:
            key = secrets.token_hex(32)
            _write_private(self.key_file, key.encode())
        return key


def _write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and readable by its owner only."""
    new = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(content)
        new.replace(path)
    except OSError as error:
        raise Failure(
            Exit.DATA_DIR,
            f"{path} cannot be written: {error.strerror}. Choose another folder with --data-dir or SCOVILLE_DATA_DIR.",
        ) from error


def _settings(**given: Any) -> Settings:
    """The environment, and above it what the command line says."""
    settings = settings_module.load()
    return msgspec.structs.replace(settings, **{name: value for name, value in given.items() if value is not None})


def _with_demo_key(settings: Settings) -> Settings:
    if settings.jwt_key or settings.jwks_url:
        return settings
    key = State(settings.data_dir).read_key()
    if key is None:
        raise SettingsError(
            f"No key to sign with in {settings.data_dir}: set SCOVILLE_JWT_KEY, or name the folder of a demo by --data-dir."
        )
    return msgspec.structs.replace(settings, jwt_key=key)


def _import_token(settings: Settings) -> str:
    from pyapp.auth import mint_token

    return mint_token(_with_demo_key(settings), "admin", subject="import", seconds=_seconds("24h"))


def _seconds(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]] if found else 0
    if not 0 < seconds <= TOKEN_SECONDS_MAX:
        raise Failure(Exit.USAGE, f"--ttl {text!r} is not a time such as 15m, 1h or 7d, a year at most.")
    return seconds


# The database -------------------------------------------------------------------------------------------------------


def _database_url(settings: Settings) -> str:
    if not settings.database_url:
        raise SettingsError("DATABASE_URL is not set: write postgresql://user:password@host:5432/database.")
    return settings.database_url


def _connect(url: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(url, connect_timeout=CONNECT_SECONDS, application_name="scoville")
    except psycopg.OperationalError as error:
        raise Failure(
            Exit.DATABASE, f"No connection to the database: {_one_line(error)}. Is it running, and is DATABASE_URL right?"
        ) from error
    except psycopg.Error as error:  # its text may repeat the URL, password and all
        raise Failure(
            Exit.SETTINGS, "DATABASE_URL cannot be used: write postgresql://user:password@host:5432/database."
        ) from error


def _one_line(error: psycopg.Error) -> str:
    """The last line of libpq's text says why; the lines before name each address that was tried."""
    text = error.diag.message_primary or str(error)
    return text.strip().splitlines()[-1].strip().rstrip(".") if text.strip() else type(error).__name__


def _check_login(url: str) -> None:
    """The API must be bound by row-level security, and its functions must be there."""
    with _connect(url) as connection:
        row = connection.execute(
            "select current_user, r.rolsuper or r.rolbypassrls, to_regnamespace('api') is not null"
            " from pg_catalog.pg_roles r where r.rolname = current_user"
        ).fetchone()
    user, unbound, deployed = row or ("", False, False)
    if unbound:
        raise Failure(
            Exit.SETTINGS,
            f"DATABASE_URL logs in as {user}, whom row-level security does not bind. Log in as {LOGIN} "
            f"(`scoville migrate` makes that role; SCOVILLE_AUTHENTICATOR_PASSWORD gives it a password).",
        )
    if not deployed:
        raise Failure(Exit.DATABASE, "The database is not set up: run `scoville migrate` with the URL of its owner first.")


def _migrate(url: str, *, only_if_needed: bool, say: bool = False) -> None:
    from pyapp.migrate import migrate as deploy

    report = deploy(url, authenticator_password=_login_password(), only_if_needed=only_if_needed)
    for warning in report.warnings:
        print(f"scoville: {warning}", file=sys.stderr)
    if say:
        done = "nothing to do" if report.skipped else f"{len(report.applied)} migrations applied, functions and policies replayed"
        print(f"PostgreSQL {report.server_version}: {done}.")


def _analyze(owner_url: str) -> None:
    """Statistics of what has just been put in, without which the first plans would be poor ones."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("analyze")


def _login_password() -> str | None:
    name = "SCOVILLE_AUTHENTICATOR_PASSWORD"
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name) or None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE: {path} cannot be read. Give the path of a readable file.") from error


def _embedded_urls(postgres: Postgres) -> tuple[str, str]:
    """The URLs of owner and API; makes the database the first time."""
    with psycopg.connect(postgres.superuser_url, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", [DATABASE]).fetchone() is None:
            connection.execute("create database scoville")
    return postgres.url("postgres", DATABASE), postgres.url(LOGIN, DATABASE)


def _login_url(owner_url: str) -> str:
    """The same server and database, as the API's login."""
    given = conninfo_to_dict(owner_url)
    if given.get("user") == LOGIN:
        return owner_url
    given.pop("password", None)
    password = _login_password()
    return make_conninfo("", **{**given, "user": LOGIN, **({"password": password} if password else {})})


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


# What people see ----------------------------------------------------------------------------------------------------


def _print_welcome(settings: Settings, base: str, database_url: str, loaded: dict[str, int] | None) -> None:
    from pyapp.auth import ROLES, mint_token

    lines = [f"Scoville runs at {base}   (Ctrl-C stops it; the data stays in {settings.data_dir})"]
    if loaded:
        lines.append("Demo data: " + ", ".join(f"{number} {name}" for name, number in loaded.items()) + ".")
    lines += [
        "",
        f"  stock    {base}/v1/inventory",
        f"  orders   {base}/v1/orders",
        f"  health   {base}/readyz",
        f"  SQL      {database_url}",
        "",
    ]
    if settings.jwt_key:
        lines += [f"Tokens, good for {DEMO_TOKEN_SECONDS // 3600} hours; `scoville token --role admin` prints another:", ""]
        for role in ROLES:
            warehouses, channels = SCOPES[role]
            token = mint_token(settings, role, warehouses=warehouses, channels=channels, seconds=DEMO_TOKEN_SECONDS)
            name = "TOKEN" if role == "admin" else f"{role.upper()}_TOKEN"
            lines += [f"# {role}: {', '.join([*warehouses, *channels]) or 'everything'}", f"export {name}={token}", ""]
        lines += ["Try:", "", f'  curl -s -H "Authorization: Bearer $TOKEN" {base}/v1/inventory/HOTSAUCE-001', ""]
    print("\n".join(lines), flush=True)


def _print_summary(kind: str, result: Any) -> None:
    things = {"skus": "SKUs saved", "stock": "receipts booked", "orders": "orders placed"}[kind]
    print(f"{result.lines:,} lines read; {result.elements_done:,} {things}", end="")
    print(f", {result.elements_already:,} were there already" if result.elements_already else "", end="")
    print(f", {result.elements_refused:,} refused" if result.elements_refused else "", end=".\n")
    for outcome, words in (
        ("committed", "in effect"),
        ("already", "there already"),
        ("refused", "refused (short, or against a rule)"),
        ("bad", "bad"),
    ):
        lines, units = result.total(outcome, "lines"), result.total(outcome, "units")
        if lines:
            print(f"  {words}: {lines:,} lines" + (f", {units:,} units" if kind != "skus" else ""))


class _progress:  # noqa: N801 (used like a function)
    """`with _progress(name) as (say, advance)`: a bar on a terminal, plain lines elsewhere; both on standard error."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bar: Any = None

    def __enter__(self) -> tuple[Callable[[str], None], Callable[[int, int], None]]:
        if not sys.stderr.isatty():
            return (lambda text: print(text, file=sys.stderr)), (lambda done, total: None)  # noqa: ARG005
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, highlight=False, markup=False)
        self.bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self.bar.start()
        task = self.bar.add_task(self.name, total=None)
        return console.print, lambda done, total: self.bar.update(task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()


if __name__ == "__main__":
    main()
