"""Checks of the machine and the settings: Python, tokens, port, data folder, disk."""

from __future__ import annotations

import os
import platform
import shutil
import stat
import sys
from typing import TYPE_CHECKING

from pyapp.cli.checks import Finding, bad, ok, warning
from pyapp.cli.state import State
from pyapp.failures import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyapp.cli.state import Running
    from pyapp.settings import Settings

PYTHON_MIN = (3, 11)
ANSWER_SECONDS = 5
FREE_BYTES_BAD = 200 * 1024**2
FREE_BYTES_LOW = 1024**3


def check_python() -> Iterator[Finding]:
    found = platform.python_version()
    if sys.version_info < PYTHON_MIN:
        yield bad("python", f"{found} is too old", f"Install Python {'.'.join(map(str, PYTHON_MIN))} or later.")
    else:
        yield ok("python", found)


def check_tokens(settings: Settings, running: Running | None) -> Iterator[Finding]:
    """Which keys verify tokens, and whether they work."""
    if settings.jwks_url:
        yield _check_keys(settings.jwks_url)
        return
    if settings.jwt_key:
        yield ok("tokens", "signed with SCOVILLE_JWT_KEY")
        return
    try:
        key = State(settings.data_dir).read_key()
    except Failure as error:
        yield bad("tokens", str(error))
        return
    if key:
        yield ok("tokens", f"signed with the demo's own key, {settings.data_dir / 'jwt.key'}")
    elif settings.database_url and not running:
        yield bad("tokens", "no key to verify them with", "Set SCOVILLE_JWT_KEY (`openssl rand -hex 32`) or SCOVILLE_JWKS_URL.")
    else:
        yield ok("tokens", "the demo creates its own key")


def _check_keys(url: str) -> Finding:
    import jwt

    try:
        keys = jwt.PyJWKClient(url, timeout=ANSWER_SECONDS).get_signing_keys()
    except (jwt.PyJWTError, ValueError) as error:
        return bad("tokens", f"the issuer's keys cannot be fetched: {error}", f"Check that {url} returns a JWK set.")
    return ok("tokens", f"{len(keys)} keys at {url}")


def check_port(settings: Settings, running: Running | None) -> Iterator[Finding]:
    """The API answers, or its port is free."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 (compared, not bound)
    url = running.url if running else f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    said = _ask(url)
    if said == "ready":
        yield ok("api", f"ready at {url}")
    elif said == "unready":
        yield bad("api", f"{url} answers, but is not ready", "See the database check and the API's log.")
    elif running:
        yield bad("api", f"the demo (pid {running.pid}) does not answer at {url}", "Stop it (Ctrl-C) and start it again.")
    elif _is_free(settings.host, settings.port):
        yield ok("api", f"not running here; port {settings.port} is free")
    else:
        yield bad("api", f"{settings.host} port {settings.port} cannot be used", "Choose another with --port or SCOVILLE_PORT.")


def _ask(url: str) -> str:
    """ready, unready, or None if no Scoville answers."""
    import httpx2

    try:
        if httpx2.get(f"{url}/healthz", timeout=ANSWER_SECONDS).json() != {"status": "alive"}:
            return ""
        return "ready" if httpx2.get(f"{url}/readyz", timeout=ANSWER_SECONDS).is_success else "unready"
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return ""


def _is_free(host: str, port: int) -> bool:
    from pyapp.serve import server

    try:
        server.listen(host, port).close()
    except (OSError, Failure):
        return False
    return True


def check_folder(data_dir: Path) -> Iterator[Finding]:
    """The data folder is usable, and only its owner can read the key."""
    from pyapp.demo import embedded

    if not data_dir.exists():
        parent = next(folder for folder in data_dir.absolute().parents if folder.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            yield ok("data folder", f"{data_dir} will be created")
        else:
            yield bad("data folder", f"{data_dir} cannot be created", "Choose another with --data-dir or SCOVILLE_DATA_DIR.")
        return
    if not data_dir.is_dir() or not os.access(data_dir, os.W_OK | os.X_OK):
        yield bad("data folder", f"{data_dir} cannot be written", "Choose another with --data-dir or SCOVILLE_DATA_DIR.")
        return
    key = State(data_dir).key_file
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield bad("data folder", f"others may read {key}", f"chmod 600 {key}")
        return
    yield ok("data folder", f"{data_dir}{' contains a demo' if embedded.is_cluster(data_dir) else ''}")


def check_disk(data_dir: Path) -> Iterator[Finding]:
    folder = next(folder for folder in (data_dir.absolute(), *data_dir.absolute().parents) if folder.exists())
    free = shutil.disk_usage(folder).free
    said = f"{free / 1024**3:.1f} GB free at {folder}"
    if free < FREE_BYTES_BAD:
        yield bad("disk", said, "Free disk space: PostgreSQL stops when it cannot write.")
    elif free < FREE_BYTES_LOW:
        yield warning("disk", said, "Free disk space before it runs out.")
    else:
        yield ok("disk", said)
