"""Builds HTTP responses from the documents that Postgres built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pyapp import problems
from pyapp.database.commands import Result
from pyapp.http import csv_pages as sheets
from pyapp.http.accept import CSV, JSON
from pyapp.http.context import PATCH_TYPES, Context, matches_etag
from pyapp.http.headers import LSN_HEADER
from pyapp.metrics import trace
from pyapp.problems import KINDS, Problem

METHOD_CHARACTERS_MAX = 20
REFUSALS_KEPT_MAX = 256
REFUSAL_BYTES_MAX = 4096  # of a refusal that is kept


REPLAYED: Mapping[str, Any] = MappingProxyType({"replayed": True})
NOTHING: Mapping[str, Any] = MappingProxyType({})


class WholeResponse(Response):
    """A response in one piece. The middleware sends it without calling it, and logs `about` with its request."""

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] = NOTHING,
        media_type: str = JSON,
        about: Mapping[str, object] = NOTHING,
    ) -> None:
        self.status_code, self.body, self.background, self.about = status, body, None, about
        self.raw_headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        self.raw_headers += [(b"content-length", b"%d" % len(body)), (b"content-type", media_type.encode())]


def json_response(body: bytes, status: int = 200, headers: Mapping[str, str] = NOTHING) -> Response:
    return WholeResponse(body, status, headers)


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


def shown_id(request_id: str) -> str:
    """Returns the client's own ID, which comes after ours and a colon, or ours."""
    return request_id.rpartition(":")[2]


def problem_response(problem: Problem, request_id: str, traceparent: str | None = None) -> Response:
    return _problem_response(problem, msgspec.json.encode(problem.document()), problem.headers, request_id, traceparent)


def _problem_response(
    problem: Problem, document: bytes, headers: Mapping[str, str], request_id: str, traceparent: str | None
) -> Response:
    """Returns the response with the problem's document, after adding the IDs of this request to it."""
    ids = {"request_id": shown_id(request_id)}
    if traceparent is not None:
        ids["trace_id"] = trace.trace_id(traceparent)
    body = document[:-1] + b"," + msgspec.json.encode(ids)[1:]
    return WholeResponse(body, problem.status, headers, problems.MEDIA_TYPE, {"code": problem.code})


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
        is_small = len(result.body) <= REFUSAL_BYTES_MAX
        problem, document = (_kept_refusal if is_small else _refusal)(result.code, result.body)
        return _problem_response(problem, document, {**headers, **problem.headers}, context.request_id, context.traceparent)
    route, status = context.route, _status(context, result)
    if not dry_run and (route.versioned or (route.location and status == 201)):
        members = route.head_members(result.body)
        if route.location and status == 201:
            headers["Location"] = route.location.format_map(members)
        if route.versioned and not result.replayed:
            headers["ETag"] = f'"{members["version"]}"'
    return WholeResponse(result.body, status, headers, about=REPLAYED if result.replayed else NOTHING)


def _status(context: Context, result: Result) -> int:
    return 200 if context.route.upserts and not result.created else context.route.status


def results_response(context: Context, results: Sequence[Result], *, dry_run: bool) -> Response:
    """Returns the answer to a list: 207 with one result per element, in order."""
    items, refused = [], Counter[str]()
    for number, result in enumerate(results):
        item: dict[str, Any]
        if result.code is None:
            item = {"status": _status(context, result), "data": msgspec.Raw(result.body)}
        else:
            problem, document = _refusal(result.code, result.body, f"/{number}")
            item = {"status": problem.status, "problem": msgspec.Raw(document)}
            refused[problem.code] += 1
        if result.replayed:
            item["replayed"] = True
        items.append(item)
    headers = _headers(results[0], dry_run=dry_run, replayed=all(result.replayed for result in results))
    about = {**({"refused": refused} if refused else {}), **(REPLAYED if "Idempotency-Replayed" in headers else {})}
    return WholeResponse(msgspec.json.encode({"results": items}), 207, headers, about=about)


def _headers(result: Result, *, dry_run: bool, replayed: bool) -> dict[str, str]:
    headers = {}
    if dry_run:
        headers["Dry-Run"] = "true"
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    if result.position:
        headers[LSN_HEADER] = result.position
    return headers


def _refusal(code: str, body: bytes, prefix: str = "") -> tuple[Problem, bytes]:
    """Returns a refused element as a problem, and its document. Its pointers begin at the body that was sent."""
    said, headers = msgspec.json.decode(body, type=problems.Refusal), {}
    for error in said.errors:
        if "retry_after" in error:
            headers["Retry-After"] = str(error.pop("retry_after"))
        if isinstance(pointer := error.get("pointer"), str):
            error["pointer"] = prefix + pointer
    problem = Problem(code if code in KINDS else "RQ500", said.detail, said.errors, headers)
    return problem, msgspec.json.encode(problem.document())


# Hundreds of orders per second may be refused with the same words (cache/refusals.py).
_kept_refusal = lru_cache(maxsize=REFUSALS_KEPT_MAX)(_refusal)
