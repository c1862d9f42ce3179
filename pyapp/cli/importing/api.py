"""The HTTP API with retries: temporary failures (no connection, 429, 503) are retried under the same key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec

from pyapp.cli.importing.elements import encode
from pyapp.failures import Exit, Failure

ATTEMPTS_MAX = 10  # per request, over about a minute
PAUSE_SECONDS_MAX = 10.0
REQUEST_SECONDS = 60.0
PAGE_ROWS = 200
READABLE = (200, 201, 207, 400, 404, 409, 412, 413, 422, 428)


@dataclass
class Answer:
    status: int
    document: Any

    @property
    def is_done(self) -> bool:
        return self.status in (200, 201)


class Api:
    """Requests with a token. Raises Failure without a response, or on a response that does not depend on the payload."""

    def __init__(self, url: str, token: str, *, dry_run: bool = False) -> None:
        self.dry_run = dry_run
        self.url = url.rstrip("/")
        self._client = httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=REQUEST_SECONDS)
        self._answered = False

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def post(self, path: str, documents: Any, key: str) -> Answer:
        return self._send("POST", path, documents, {"Idempotency-Key": f'"{key}"'})

    def change(self, method: str, path: str, document: dict[str, Any], **headers: str) -> Answer:
        """Sends PUT or PATCH. Header names are written with _ for -."""
        return self._send(method, path, document, {name.replace("_", "-"): value for name, value in headers.items()})

    def get(self, path: str, **parameters: str | int) -> Answer:
        """Reads from the primary database, past every cache: what was written a moment ago decides."""
        return self._send("GET", path, None, {"Cache-Control": "no-cache"}, parameters)

    def list(self, path: str, **parameters: str | int) -> Iterator[dict[str, Any]]:
        """The rows of all pages; none if there is nothing at the path."""
        cursor: dict[str, str | int] = {}
        while True:
            answer = self.get(path, limit=PAGE_ROWS, **parameters, **cursor)
            if answer.status == 404:
                return
            if not answer.is_done:
                raise Failure(Exit.SERVER, f"{self.url}{path} cannot be read: {answer.document.get('detail', answer.status)}")
            yield from answer.document["data"]
            if not answer.document.get("next_cursor"):
                return
            cursor = {"cursor": answer.document["next_cursor"]}

    def _send(
        self, method: str, path: str, document: Any, headers: dict[str, str], parameters: dict[str, str | int] | None = None
    ) -> Answer:
        content = None if document is None else encode(document)
        query = parameters if parameters is not None else {"dry_run": "true"} if self.dry_run else {}
        given = headers if content is None else {"Content-Type": "application/json", **headers}
        trouble = ""
        for attempt in range(ATTEMPTS_MAX):
            pause = min(0.25 * 2**attempt, PAUSE_SECONDS_MAX)
            try:
                response = self._client.request(method, path, content=content, headers=given, params=query)
            except (httpx2.TransportError, httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
                if not self._answered:
                    raise Failure(
                        Exit.SERVER,
                        f"No answer from {self.url} ({error}). Start the server (`scoville demo`), or pass its --url.",
                    ) from error
                trouble = str(error)
            else:
                self._answered = True
                if response.status_code not in (429, 502, 503, 504):
                    return self._read(response, path)
                trouble = f"status {response.status_code}"
                wait = response.headers.get("Retry-After", "")
                pause = min(float(wait), 60.0) if wait.isdigit() else pause
            time.sleep(pause)
        raise Failure(
            Exit.SERVER, f"{self.url} stopped answering ({trouble}). Run the same command again; nothing is done twice."
        )

    def _read(self, response: httpx2.Response, path: str) -> Answer:
        try:
            document = msgspec.json.decode(response.content)
        except msgspec.DecodeError:
            document = None
        if response.status_code in (401, 403):
            detail = document.get("detail", "") if isinstance(document, dict) else ""
            raise Failure(
                Exit.SERVER, f"The API refuses the token: {detail} Pass another one with --token (`scoville token --role admin`)."
            )
        if response.status_code not in READABLE or not isinstance(document, dict):
            raise Failure(
                Exit.SERVER, f"{self.url}{path} returned status {response.status_code}: is this a Scoville server? See its log."
            )
        return Answer(response.status_code, document)


def segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
