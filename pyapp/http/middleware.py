"""Wraps every request: assigns its ID and trace, turns errors into problem documents, counts it, logs one line."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Collection, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pyapp.http.cached import Shown, find
from pyapp.http.cors import cors_fields
from pyapp.http.headers import IndexedHeaders
from pyapp.http.paths import SLASH, Nearest, PathEndpoint, keep_slashes
from pyapp.http.responses import NOTHING, WholeResponse, error_response, problem_response, shown_id
from pyapp.metrics import trace
from pyapp.metrics.meters import UNMATCHED, Meter, Meters
from pyapp.problems import Problem

access_logger = logging.getLogger("scoville.access")
logger = logging.getLogger("scoville.app")

FAILED = Problem("RQ500", "Something failed on our side. Report it with the request_id.")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
GONE = 499  # the client has gone; nginx's number
DIGEST_CHARACTERS = 16
API = "/v1/"


class Middleware:
    """The only middleware. It puts `request_id`, and `traceparent` if sent, into scope["state"]."""

    def __init__(
        self, router: ASGIApp, endpoints: Mapping[str, PathEndpoint], endless: Collection[str], paths: Iterable[str]
    ) -> None:
        self.router = router
        self.endpoints = endpoints
        self.nearest = Nearest(paths)
        self.under_way = 0
        self.meters = Meters(endless=frozenset(endless))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.router(scope, receive, send)
            return
        started = time.perf_counter()
        keep_slashes(scope)
        headers = scope["scoville.headers"] = IndexedHeaders(scope)
        request_id, given = secrets.token_hex(16), headers.first("x-request-id")
        if given and REQUEST_ID.fullmatch(given):
            # Ours first: in audit and logs nobody can make two requests look like one, or like somebody else's.
            request_id = f"{request_id}:{given}"
        traces = headers.getlist("traceparent")
        traceparent = trace.read(traces[0]) if len(traces) == 1 else None
        state = scope.setdefault("state", {})
        state["request_id"], state["traceparent"] = request_id, traceparent
        status, about = 0, NOTHING

        async def send_with_fields(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_fields(scope, message["headers"])]
            await send(message)

        self.under_way += 1
        try:
            try:
                response = await self._respond(scope, receive, send_with_fields)
            except (Problem, HTTPException) as refused:
                if status:
                    raise
                nearest = self.nearest.find(scope["path"]) if _is_unknown_path(refused) else None
                response = error_response(refused, scope["method"], request_id, traceparent, nearest)
            except ClientDisconnect:
                raise
            except Exception:
                logger.exception("unhandled error", extra=_ids(request_id, traceparent))
                if status:
                    raise
                response = problem_response(FAILED, request_id, traceparent)
            if isinstance(response, WholeResponse | Shown):
                status, about = response.status_code, response.about
                sent = [*response.raw_headers, *_fields(scope, response.raw_headers)]
                await send({"type": "http.response.start", "status": status, "headers": sent})
                await send({"type": "http.response.body", "body": response.body})
            elif response is not None:
                await response(scope, receive, send_with_fields)
        except ClientDisconnect:
            status = status or GONE  # no client is left to read an answer
        finally:
            self.under_way -= 1
            seconds = time.perf_counter() - started
            route = scope.get("scoville.route") or scope.get("route")
            meter = self.meters.of(scope["method"], UNMATCHED if route is None else route.path)
            meter.count(status or GONE, seconds)
            if access_logger.isEnabledFor(logging.INFO):
                # Made here, because info() looks for the source file of its caller: that takes a third of the line's time.
                record = logging.LogRecord(access_logger.name, logging.INFO, "", 0, "request", (), None)
                record.__dict__ |= _line(scope, meter, status, seconds, about) | _ids(request_id, traceparent)
                access_logger.handle(record)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> Response | Shown | None:
        """Returns the response; None if it was sent. Raises Problem, HTTPException."""
        state, path, method = scope["state"], scope["path"], scope["method"]
        if method == "GET" and "answers" in state and state["limits"] is None and path.startswith(API):
            kept = find(scope, scope["scoville.headers"])
            if kept is not None:
                return kept
        endpoint = self.endpoints.get(path)
        if endpoint is not None and method in endpoint.methods:
            scope["path_params"] = {}
            await endpoint(scope, receive, send)
        else:
            await self.router(scope, receive, send)
        return scope.get("scoville.response")


def _fields(scope: Scope, given: Collection[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Returns the header fields that every answer has, in addition to its own."""
    state = scope["state"]
    fields = [(b"x-request-id", shown_id(state["request_id"]).encode())]
    if origins := state.get("origins"):
        fields += cors_fields(scope["method"], scope["scoville.headers"], origins)
    if "rate_fields" in state:
        fields += state["rate_fields"]
    if scope["path"].startswith(API):
        fields.append((b"x-content-type-options", b"nosniff"))
        if b"cache-control" not in [name for name, _ in given]:
            fields.append((b"cache-control", b"no-store"))
    return fields


def _is_unknown_path(refused: Problem | HTTPException) -> bool:
    return isinstance(refused, HTTPException) and refused.status_code == HTTPStatus.NOT_FOUND


def _ids(request_id: str, traceparent: str | None) -> dict[str, str]:
    ids = {"request_id": request_id}
    return ids if traceparent is None else ids | {"trace_id": trace.trace_id(traceparent)}


def _line(scope: Scope, meter: Meter, status: int, seconds: float, added: Mapping[str, object]) -> dict[str, Any]:
    """Returns the fields of an access log line. It omits the query and any path with an @, which may hold a customer's e-mail."""
    about: dict[str, Any] = {
        "method": scope["method"],
        "route": meter.route,
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
    }
    if "@" not in scope["path"]:
        about["path"] = scope["path"].replace(SLASH, "%2F")
    if (identity := scope["state"].get("identity")) is not None:
        about["principal"] = principal_of(identity.subject)
    if (client := scope.get("client")) is not None:
        about["address"] = client[0]
    about.update(added)
    return about


def principal_of(subject: str) -> str:
    """Returns the token's subject; only a digest if it is an e-mail address, as some issuers use."""
    if "@" not in subject:
        return subject
    return f"sha256:{hashlib.sha256(subject.encode()).hexdigest()[:DIGEST_CHARACTERS]}"
