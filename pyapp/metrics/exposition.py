"""GET /metrics: the text format of Prometheus, for this process or for all that share its folder."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response

from pyapp import metrics
from pyapp.identity.tokens import unauthenticated

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class Exposition:
    """Answers anyone if no token is set: the metrics contain no personal data."""

    def __init__(self, sample: Callable[[], None], token: str | None) -> None:
        self._sample = sample
        self._token = token

    async def answer(self, request: Request) -> Response:
        """Raises Problem RQ401."""
        self._check(request.headers.getlist("authorization"))
        self._sample()
        # In a thread: with several processes it reads all their files.
        body = await asyncio.to_thread(render)
        return Response(body, headers={"Cache-Control": "no-store"}, media_type=CONTENT_TYPE_PLAIN_0_0_4)

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
