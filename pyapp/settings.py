"""What can be set from outside: one struct over the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
import psycopg
from msgspec import Meta
from psycopg.conninfo import conninfo_to_dict

JWT_KEY_BYTES_MIN = 32  # RFC 7518, section 3.2: an HS256 key is as long as the hash, or longer
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class SettingsError(Exception):
    """A setting that cannot be used. The message names the variable and says what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Read with `load()`. Secrets may come from a file: `<NAME>_FILE` holds its path."""

    database_url: str | None = None
    data_dir: Path = Path(".scoville")
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    jwt_key: str | None = None
    jwks_url: str | None = None
    jwt_issuer: Annotated[str, Meta(min_length=1)] = "scoville"
    jwt_audience: Annotated[str, Meta(min_length=1)] = "scoville-api"
    pool_size: Annotated[int, Meta(ge=1, le=200)] = 16
    log_level: str = "info"

    def __repr__(self) -> str:
        """Without the secrets: a settings object may end up in a log."""
        return f"Settings(host={self.host!r}, port={self.port}, data_dir={str(self.data_dir)!r})"


VARIABLES = {
    "database_url": "DATABASE_URL",
    "data_dir": "SCOVILLE_DATA_DIR",
    "host": "SCOVILLE_HOST",
    "port": "SCOVILLE_PORT",
    "jwt_key": "SCOVILLE_JWT_KEY",
    "jwks_url": "SCOVILLE_JWKS_URL",
    "jwt_issuer": "SCOVILLE_JWT_ISSUER",
    "jwt_audience": "SCOVILLE_JWT_AUDIENCE",
    "pool_size": "SCOVILLE_POOL_SIZE",
    "log_level": "SCOVILLE_LOG_LEVEL",
}
SECRETS = ("database_url", "jwt_key")
LOG_LEVELS = ("debug", "info", "warning", "error")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process. Raises SettingsError; an empty variable counts as unset."""
    values: dict[str, object] = {}
    for field, variable in VARIABLES.items():
        text = _read(environ, variable) if field in SECRETS else environ.get(variable)
        if text:
            values[field] = Path(text) if field == "data_dir" else text
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
    url, key, jwks = settings.database_url, settings.jwt_key, settings.jwks_url
    if url and not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError("DATABASE_URL is not a URL of PostgreSQL: write postgresql://user:password@host:5432/database.")
    if url and not _is_url(url):
        # What libpq says would quote the URL, and with it the password.
        raise SettingsError("DATABASE_URL cannot be read: percent-encode spaces and / ? # @ : in the user name and password.")
    if key and len(key.encode()) < JWT_KEY_BYTES_MIN:
        raise SettingsError(
            f"SCOVILLE_JWT_KEY is too short: it needs at least {JWT_KEY_BYTES_MIN} bytes. Make one with `openssl rand -hex 32`."
        )
    if jwks and not _is_safe(jwks):
        raise SettingsError("SCOVILLE_JWKS_URL must be an https:// URL: keys that arrive in the clear can be swapped on the way.")
    if key and jwks:
        raise SettingsError("SCOVILLE_JWT_KEY and SCOVILLE_JWKS_URL are both set: keep the one that signs your tokens.")
    if settings.log_level.lower() not in LOG_LEVELS:
        raise SettingsError(f"SCOVILLE_LOG_LEVEL is unknown: use one of {', '.join(LOG_LEVELS)}.")
