"""GET /metrics: the text format of Prometheus, for this process or for all that share its folder."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Callable
from time import monotonic

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pyapp import metrics
from pyapp.identity.tokens import unauthenticated

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SHARED_SECONDS = 1.0  # for which everybody gets the same text: writing it costs as much as many requests


class Exposition:
    """With a token, whoever sends it gets the metrics. Without one everybody does if `is_open`: they contain no personal data,
    but the figures of the business."""

    def __init__(self, sample: Callable[[], None], token: str | None, *, is_open: bool) -> None:
        self._sample = sample
        self._token = token
        self._is_open = is_open
        self._text: asyncio.Task[bytes] | None = None
        self._due = 0.0  # monotonic

    async def answer(self, request: Request, *, is_own_port: bool = False) -> Response:
        """Raises Problem RQ401, HTTPException 404."""
        if self._token is None and not (self._is_open or is_own_port):
            raise HTTPException(404)
        self._check(request.headers.getlist("authorization"))
        body = await asyncio.shield(self._shared())
        return Response(body, headers={"Cache-Control": "no-store"}, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def _shared(self) -> asyncio.Task[bytes]:
        if self._text is None or (self._text.done() and monotonic() >= self._due):
            self._due = monotonic() + SHARED_SECONDS
            self._sample()
            # In a thread: with several processes it reads all their files.
            self._text = asyncio.create_task(asyncio.to_thread(render))
        return self._text

    def _check(self, given: list[str]) -> None:
        if self._token is None:
            return
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token.encode()):
            raise unauthenticated("The metrics have their own token. Send the one in SCOVILLE_METRICS_TOKEN.", sent=bool(given))


def render() -> bytes:
    if FOLDER_VARIABLE not in os.environ:
        return generate_latest(metrics.REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


async def endpoint(request: Request) -> Response:
    exposition: Exposition = request.scope["state"]["exposition"]
    return await exposition.answer(request)
