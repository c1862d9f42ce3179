"""The environment variables, as one struct."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
import psycopg
from msgspec import Meta
from psycopg.conninfo import conninfo_to_dict

JWT_KEY_BYTES_MIN = 32  # RFC 7518, section 3.2: an HS256 key is as long as the hash, or longer
JWT_KEY_DIFFERENT_MIN = 8  # bytes; a random key in hex has 16 different ones, or a few less
PLACEHOLDER = "CHANGE-ME"  # in the manifests under deploy/
BATCH_ELEMENTS = 128  # per batch of a lane (lanes.py)
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class SettingsError(Exception):
    """An invalid setting. The message names the variable and says what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Read it with `load()`. Secrets may come from a file: `<NAME>_FILE` holds its path."""

    database_url: str | None = None
    read_url: str | None = None
    data_dir: Path = Path(".scoville")
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    jwt_key: str | None = None
    jwks_url: str | None = None
    jwt_issuer: Annotated[str, Meta(min_length=1)] = "scoville"
    jwt_audience: Annotated[str, Meta(min_length=1)] = "scoville-api"
    token_kept_seconds: Annotated[float, Meta(ge=0, le=60)] = 60
    allowed_origins: tuple[Annotated[str, Meta(pattern=r"^https?://[^/\s]+$(?!\n)")], ...] = ()
    reads_per_minute: Annotated[int, Meta(ge=0, le=1_000_000)] = 0  # per caller, over all processes; 0: no limit
    writes_per_minute: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    pool_size: Annotated[int, Meta(ge=1, le=200)] = 16
    batch_elements: Annotated[int, Meta(ge=1, le=1000)] = BATCH_ELEMENTS
    log_level: str = "info"
    webhook_allow: str = ""
    webhook_confirm_days: Annotated[float, Meta(ge=0, le=3650)] = 30  # 0: never
    trusted_proxies: tuple[str, ...] = ()  # proxies whose X-Forwarded-For is trusted
    tls_cert: Path | None = None
    tls_key: Path | None = None
    metrics_token: str | None = None
    metrics_port: Annotated[int, Meta(ge=0, le=65535)] | None = None
    workers: Annotated[int, Meta(ge=1, le=64)] = 1
    verify_hours: Annotated[float, Meta(ge=0, le=8760)] = 24

    def rates(self) -> dict[Literal["read", "write"], int]:
        """Returns the limits that are set."""
        rates: dict[Literal["read", "write"], int] = {"read": self.reads_per_minute, "write": self.writes_per_minute}
        return {kind: rate for kind, rate in rates.items() if rate}

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the host."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def tls(self) -> tuple[Path, Path] | None:
        """Returns the files of certificate chain and key, if the API uses HTTPS."""
        return (self.tls_cert, self.tls_key) if self.tls_cert and self.tls_key else None

    def __repr__(self) -> str:
        """Leaves out the secrets: a settings object may end up in a log."""
        return f"Settings(host={self.host!r}, port={self.port}, data_dir={str(self.data_dir)!r})"


VARIABLES = {
    "database_url": "DATABASE_URL",
    "read_url": "SCOVILLE_READ_URL",
    "data_dir": "SCOVILLE_DATA_DIR",
    "host": "SCOVILLE_HOST",
    "port": "SCOVILLE_PORT",
    "jwt_key": "SCOVILLE_JWT_KEY",
    "jwks_url": "SCOVILLE_JWKS_URL",
    "jwt_issuer": "SCOVILLE_JWT_ISSUER",
    "jwt_audience": "SCOVILLE_JWT_AUDIENCE",
    "token_kept_seconds": "SCOVILLE_TOKEN_KEPT_SECONDS",
    "allowed_origins": "SCOVILLE_ALLOWED_ORIGINS",
    "reads_per_minute": "SCOVILLE_READS_PER_MINUTE",
    "writes_per_minute": "SCOVILLE_WRITES_PER_MINUTE",
    "pool_size": "SCOVILLE_POOL_SIZE",
    "batch_elements": "SCOVILLE_BATCH_ELEMENTS",
    "log_level": "SCOVILLE_LOG_LEVEL",
    "webhook_allow": "SCOVILLE_WEBHOOK_ALLOW",
    "webhook_confirm_days": "SCOVILLE_WEBHOOK_CONFIRM_DAYS",
    "trusted_proxies": "SCOVILLE_TRUSTED_PROXIES",
    "tls_cert": "SCOVILLE_TLS_CERT",
    "tls_key": "SCOVILLE_TLS_KEY",
    "metrics_token": "SCOVILLE_METRICS_TOKEN",
    "metrics_port": "SCOVILLE_METRICS_PORT",
    "workers": "SCOVILLE_WORKERS",
    "verify_hours": "SCOVILLE_VERIFY_HOURS",
}
SECRETS = ("database_url", "read_url", "jwt_key", "metrics_token")
READERS: dict[str, Callable[[str], object]] = {
    "data_dir": Path,
    "tls_cert": Path,
    "tls_key": Path,
    "allowed_origins": lambda text: text.lower().replace(",", " ").split(),
    "trusted_proxies": lambda text: text.replace(",", " ").split(),
}
LOG_LEVELS = ("debug", "info", "warning", "error")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Reads the settings of this process. Raises SettingsError. An empty variable counts as unset."""
    values: dict[str, object] = {}
    for field, variable in VARIABLES.items():
        text = _read(environ, variable) if field in SECRETS else environ.get(variable)
        if text:
            values[field] = READERS.get(field, str)(text)
    for field, value in values.items():
        try:
            msgspec.convert({field: value}, Settings, strict=False)
        except msgspec.ValidationError as error:
            reason = str(error).partition(" - at")[0].replace("`", "")
            raise SettingsError(f"{VARIABLES[field]} cannot be used: {reason[:1].lower()}{reason[1:]}.") from None
    settings = msgspec.convert(values, Settings, strict=False)
    _check(settings)
    return settings


def _read(environ: Mapping[str, str], variable: str) -> str | None:
    path = environ.get(f"{variable}_FILE")
    if not path:
        return environ.get(variable)
    if environ.get(variable):
        raise SettingsError(f"{variable} and {variable}_FILE are both set: unset one of them.")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{variable}_FILE: {path} cannot be read ({reason}). Give the path of a readable file.") from None


def refuse_placeholder(variable: str, secret: str | None) -> None:
    """Everybody can read the secrets of a published file. Raises SettingsError."""
    if PLACEHOLDER in (secret or "").upper():
        raise SettingsError(f"{variable} contains {PLACEHOLDER}, the placeholder of a published file: put your own value there.")


def _is_url(text: str) -> bool:
    try:
        conninfo_to_dict(text)
    except psycopg.ProgrammingError:
        return False
    return True


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
    except ValueError:
        return False


def _check(settings: Settings) -> None:
    key, jwks = settings.jwt_key, settings.jwks_url
    for field in SECRETS:
        refuse_placeholder(VARIABLES[field], getattr(settings, field))
    for variable, url in (("DATABASE_URL", settings.database_url), ("SCOVILLE_READ_URL", settings.read_url)):
        if url and not url.startswith(("postgresql://", "postgres://")):
            raise SettingsError(f"{variable} is not a URL of PostgreSQL: write postgresql://user:password@host:5432/database.")
        if url and not _is_url(url):
            # libpq's own message would quote the URL, and the password with it.
            raise SettingsError(f"{variable} cannot be read: percent-encode spaces and / ? # @ : in the user name and password.")
    if key and len(key.encode()) < JWT_KEY_BYTES_MIN:
        raise SettingsError(
            f"SCOVILLE_JWT_KEY is too short: it needs at least {JWT_KEY_BYTES_MIN} bytes. Make one with `openssl rand -hex 32`."
        )
    if key and len(set(key.encode())) < JWT_KEY_DIFFERENT_MIN:
        raise SettingsError("SCOVILLE_JWT_KEY can be guessed: it repeats a few characters. Make one with `openssl rand -hex 32`.")
    if jwks and not _is_safe(jwks):
        raise SettingsError("SCOVILLE_JWKS_URL must be an https:// URL: keys sent unencrypted can be replaced in transit.")
    if key and jwks:
        raise SettingsError("SCOVILLE_JWT_KEY and SCOVILLE_JWKS_URL are both set: keep the one that signs your tokens.")
    try:
        for proxy in settings.trusted_proxies:
            ip_network(proxy)
    except ValueError:
        raise SettingsError("SCOVILLE_TRUSTED_PROXIES cannot be used: write addresses or networks, such as 10.0.0.0/8.") from None
    if (settings.tls_cert is None) != (settings.tls_key is None):
        raise SettingsError("SCOVILLE_TLS_CERT and SCOVILLE_TLS_KEY go together: name the files of certificate and key.")
    if settings.tls_cert and settings.tls_key:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
        except OSError as error:  # ssl.SSLError is one
            reason = getattr(error, "reason", None) or error.strerror or "unknown"
            raise SettingsError(
                f"SCOVILLE_TLS_CERT and SCOVILLE_TLS_KEY cannot be used ({reason}): two PEM files that belong together."
            ) from None
    if settings.log_level.lower() not in LOG_LEVELS:
        raise SettingsError(f"SCOVILLE_LOG_LEVEL is unknown: use one of {', '.join(LOG_LEVELS)}.")
