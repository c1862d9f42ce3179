"""The HTTP API for commands: its URL, a token, and one line for every failure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pyapp.cli import context
from pyapp.cli.options import seconds
from pyapp.cli.state import State
from pyapp.failures import Exit, Failure

if TYPE_CHECKING:
    import httpx2

    from pyapp.settings import Settings

REQUEST_SECONDS = 30.0
TOKEN_TTL = "24h"  # noqa: S105 (a time)


def find(settings: Settings, url: str | None, token: str | None, subject: str) -> tuple[str, str]:
    """URL and token: from the options, the settings, or the running demo. Without a token, makes an admin's with the local key.

    Raises Failure if either is malformed.
    """
    from pyapp.identity.tokens import mint_token

    base = url or os.environ.get("SCOVILLE_URL") or State(settings.data_dir).read().url
    if not _is_url(base):
        raise Failure(Exit.USAGE, f"{base} is not the URL of an API: write http://host:port.")
    bearer = token or os.environ.get("SCOVILLE_TOKEN")
    if not bearer:
        bearer = mint_token(context.with_demo_key(settings), "admin", subject=subject, seconds=seconds(TOKEN_TTL))
    if not (bearer.isascii() and bearer.isprintable()):
        raise Failure(Exit.USAGE, "--token or SCOVILLE_TOKEN is not a token: `scoville token --role admin` prints one.")
    return base.rstrip("/"), bearer


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 (raises ValueError for a bad port)
        host = (parts.hostname or "").encode("idna")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and text.isprintable()


class Api:
    """Requests with a token. Raises Failure unless the response is the requested document."""

    def __init__(self, url: str, token: str) -> None:
        import httpx2

        self.url = url
        self._client = httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=REQUEST_SECONDS)

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def request(self, method: str, path: str, body: Any = None, *, key: str | None = None, **query: Any) -> Any:
        import httpx2

        headers = {"Idempotency-Key": key} if key else None

        try:
            response = self._client.request(method, path, json=body, params=query or None, headers=headers)
        except (httpx2.TransportError, httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise Failure(
                Exit.SERVER, f"No answer from {self.url} ({error}). Start the server (`scoville demo`), or pass its --url."
            ) from error
        return self._read(response)

    def pages(self, path: str, **query: Any) -> list[Any]:
        """All rows of a list, page by page."""
        rows: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.request("GET", path, limit=200, **query, **cursor)
            rows += page["data"]
            if page["next_cursor"] is None:
                return rows
            cursor = {"cursor": page["next_cursor"]}

    def _read(self, response: httpx2.Response) -> Any:
        try:
            document = response.json()
        except ValueError:
            document = None
        if response.is_success and document is not None:
            return document
        detail = document.get("detail", "") if isinstance(document, dict) else ""
        if response.status_code in (401, 403):
            raise Failure(
                Exit.SERVER, f"The API refuses the token: {detail} Pass another one with --token (`scoville token --role admin`)."
            )
        if not detail or response.status_code >= 500:
            raise Failure(
                Exit.SERVER, f"{response.url} returned status {response.status_code}. {detail or 'Is this a Scoville server?'}"
            )
        faults = [f"{fault.get('pointer', '').lstrip('/')}: {fault['detail']}" for fault in document.get("errors", [])]
        said = "; ".join(fault.removeprefix(": ") for fault in faults) or detail
        raise Failure(Exit.REFUSED, f"The API refused ({document.get('code')}): {said}")
