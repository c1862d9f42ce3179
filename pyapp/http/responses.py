"""Builds HTTP responses from the documents that Postgres built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pyapp import problems
from pyapp.database.commands import Result
from pyapp.http import csv_pages as sheets
from pyapp.http.accept import CSV
from pyapp.http.context import PATCH_TYPES, Context, matches_etag
from pyapp.http.headers import LSN_HEADER
from pyapp.metrics import trace
from pyapp.problems import KINDS, Problem

METHOD_CHARACTERS_MAX = 20


def json_response(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, media_type="application/json")


def page_response(
    request: Request, context: Context, body: bytes, next_cursor: bytes | None = None, parameter: str = "cursor"
) -> Response:
    """Returns a list as JSON or CSV. If there is a next page, a Link (RFC 8288) leads to it with this query parameter."""
    headers = {"Vary": "Accept"}
    if next_cursor is not None:
        pairs = [pair for pair in parse_qsl(request.scope["query_string"].decode("latin-1")) if pair[0] != parameter]
        query = urlencode([*pairs, (parameter, next_cursor.decode())])
        headers["Link"] = f'<{request.scope["raw_path"].decode("ascii")}?{query}>; rel="next"'
    if context.media_type == CSV:
        return Response(sheets.write(context.route.answer, body), headers=headers, media_type=sheets.MEDIA_TYPE)
    return json_response(body, headers=headers)


def document_response(request: Request, body: bytes, etag: bytes) -> Response:
    """Returns a single document with its ETag, or 304 if the client has it already."""
    tag = etag.decode()
    headers = {"ETag": f'"{tag}"'}
    if matches_etag(request, tag):
        return Response(status_code=304, headers=headers)
    return json_response(body, headers=headers)


class LoggedResponse(Response):
    """A response that adds to the access log line of its request."""

    about: Mapping[str, object] = MappingProxyType({})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"].setdefault("about", {}).update(self.about)
        await super().__call__(scope, receive, send)


def shown_id(request_id: str) -> str:
    """Returns the client's own ID, which comes after ours and a colon, or ours."""
    return request_id.rpartition(":")[2]


def problem_response(problem: Problem, request_id: str, traceparent: str | None = None) -> Response:
    body = msgspec.json.encode(problem.document(shown_id(request_id), traceparent and trace.trace_id(traceparent)))
    response = LoggedResponse(body, problem.status, problem.headers, media_type=problems.MEDIA_TYPE)
    response.about = {"code": problem.code}
    return response


def error_response(
    error: Problem | HTTPException, method: str, request_id: str, traceparent: str | None = None, nearest: str | None = None
) -> Response:
    """Converts an exception to a response: a Problem of ours, or Starlette's own for an unknown path or method.

    `nearest` is the existing path that an unknown one may mean.
    """
    if isinstance(error, Problem):
        return problem_response(error, request_id, traceparent)
    code = problems.CODES_BY_STATUS.get(error.status_code, "RQ500")
    headers = dict(error.headers or {})
    detail = problems.DETAILS_BY_STATUS.get(error.status_code, str(error.detail))
    if error.status_code == HTTPStatus.NOT_FOUND and nearest is not None:
        detail = f"{detail} Did you mean {nearest}?"
    if "Allow" in headers:
        methods = {*headers["Allow"].split(", "), "OPTIONS"}
        headers["Allow"] = ", ".join(sorted(methods))
        detail = f"This path does not allow {method[:METHOD_CHARACTERS_MAX]}. It allows {headers['Allow']}."
        if method == "OPTIONS":
            # RFC 9110, section 9.3.7. No Access-Control headers: other origins are not allowed here.
            patch = {"Accept-Patch": ", ".join(PATCH_TYPES)} if "PATCH" in methods else {}
            return Response(status_code=204, headers=headers | patch)
    return problem_response(Problem(code, detail, headers=headers), request_id, traceparent)


def result_response(context: Context, result: Result, *, dry_run: bool) -> Response:
    """Returns the answer to a single object."""
    headers = _headers(result, dry_run=dry_run, replayed=result.replayed)
    if result.code is not None:
        return problem_response(_refusal(result, headers), context.request_id, context.traceparent)
    route, status = context.route, _status(context, result)
    if not dry_run and (route.versioned or (route.location and status == 201)):
        members = msgspec.json.decode(result.body)
        if route.location and status == 201:
            headers["Location"] = route.location.format_map(members)
        if route.versioned and not result.replayed:
            headers["ETag"] = f'"{members["version"]}"'
    return _logged(result.body, status, headers, {"replayed": True} if result.replayed else {})


def _logged(body: bytes, status: int, headers: Mapping[str, str], about: Mapping[str, object]) -> Response:
    response = LoggedResponse(body, status, headers, media_type="application/json")
    response.about = about
    return response


def _status(context: Context, result: Result) -> int:
    return 200 if context.route.upserts and not result.created else context.route.status


def results_response(context: Context, results: Sequence[Result], *, dry_run: bool) -> Response:
    """Returns the answer to a list: 207 with one result per element, in order."""
    items = []
    for number, result in enumerate(results):
        item: dict[str, Any]
        if result.code is None:
            item = {"status": _status(context, result), "data": msgspec.Raw(result.body)}
        else:
            problem = _refusal(result, {}, f"/{number}")
            item = {"status": problem.status, "problem": problem.document()}
        if result.replayed:
            item["replayed"] = True
        items.append(item)
    headers = _headers(results[0], dry_run=dry_run, replayed=all(result.replayed for result in results))
    refused = Counter(item["problem"]["code"] for item in items if "problem" in item)
    about = ({"refused": refused} if refused else {}) | ({"replayed": True} if "Idempotency-Replayed" in headers else {})
    return _logged(msgspec.json.encode({"results": items}), 207, headers, about)


def _headers(result: Result, *, dry_run: bool, replayed: bool) -> dict[str, str]:
    headers = {}
    if dry_run:
        headers["Dry-Run"] = "true"
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    if result.position:
        headers[LSN_HEADER] = result.position
    return headers


def _refusal(result: Result, headers: dict[str, str], prefix: str = "") -> Problem:
    """Returns a refused element as a problem. Its pointers begin at the body that was sent."""
    code = result.code if result.code in KINDS else "RQ500"
    said = msgspec.json.decode(result.body, type=problems.Refusal)
    for error in said.errors:
        if "retry_after" in error:
            headers["Retry-After"] = str(error.pop("retry_after"))
        if isinstance(pointer := error.get("pointer"), str):
            error["pointer"] = prefix + pointer
    return Problem(code or "RQ500", said.detail, said.errors, headers)
