"""The few endpoints that serve the whole route table: read a page, read a document, write elements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

import msgspec
from msgspec import UNSET, Raw
from starlette.responses import Response

from pyapp.database.calls import Value
from pyapp.database.commands import Command
from pyapp.database.reads import ReadQuery
from pyapp.http.cached import key_of
from pyapp.http.context import Context, enter, idempotency_key, path_values, preconditions, read_body
from pyapp.http.decoding import element, parse, split_members
from pyapp.http.fields import Body, PageQuery, Query, WriteQuery
from pyapp.http.headers import LSN_HEADER, Request
from pyapp.http.responses import document_response, page_response, result_response, results_response
from pyapp.http.route import Route
from pyapp.http.text import invalid
from pyapp.problems import Problem


async def read_page(request: Request) -> Response:
    """Returns a page of a list. Arguments: region (if the rows have one), path variables, filters, cursor, limit."""
    context = await enter(request)
    query = cast(PageQuery, context.query)
    cursor = query.cursor if isinstance(query.cursor, str) else None
    values = (*path_values(request).values(), query.filters(), cursor, query.limit)
    body, next_cursor = await read(request, context, values)
    return page_response(request, context, body, next_cursor)


async def read_document(request: Request) -> Response:
    """Returns one document with its ETag. Arguments: region (if it has one), path variables, filters (if it has any)."""
    context = await enter(request)
    filters = () if context.route.query is Query else (context.query.filters(),)
    body, etag = await read(request, context, (*path_values(request).values(), *filters))
    return document_response(request, body, etag or b"")


async def read_summary(request: Request) -> Response:
    """Returns a list that is always short. Argument: region."""
    context = await enter(request)
    body, _ = await read(request, context, ())
    return page_response(request, context, body)


async def read(request: Request, context: Context, values: Sequence[Value]) -> tuple[bytes, bytes | None]:
    """Returns the document that the route's function builds from these values, and its cursor or version."""
    route, headers, cache_key = context.route, request.headers, None
    if route.kept:
        cache_key = key_of(request.scope, headers, context.identity)
    asks_primary = (
        not route.replicated or context.query.asks_primary() or any("no-" in value for value in headers.getlist("cache-control"))
    )
    query = ReadQuery(
        identity=context.identity,
        statement=route.statement,
        values=(*((context.region,) if route.regional else ()), *route.fixed, *values),
        request_id=context.request_id,
        positions=None if asks_primary else headers.getlist(LSN_HEADER.lower()),
        cache_key=cache_key,
        topic=(context.region, request.path_params.get("sku_id")),
    )
    rows = await context.reads.fetch(query)
    if cache_key is not None:
        request.scope["state"]["cached_rows"] = (cache_key, rows)
    body, second = rows[0]
    return body or b"null", second


async def write(request: Request) -> Response:
    """Sends one object or a list to a command: the body, with the path variables added."""
    context = await enter(request)
    return await _write(request, context, path_values(request), {})


async def change(request: Request) -> Response:
    """Like write, but for the thing that the path names. If-Match or If-None-Match guard its version."""
    return await change_with(request, {}, {})


async def change_with(request: Request, added: Mapping[str, str], shown: Mapping[str, str]) -> Response:
    """Like change. `added` goes to Postgres with the body; `shown` is added to the document of a successful answer, but not to
    that of a repeat."""
    context = await enter(request)
    return await _write(request, context, path_values(request) | preconditions(request) | dict(added), shown)


async def _write(request: Request, context: Context, added: Mapping[str, str], shown: Mapping[str, str]) -> Response:
    command, is_list = await read_command(request, context, added)
    results = await context.commands.execute(command)
    if shown and not command.dry_run:
        results = [result if result.replayed else result.showing(shown) for result in results]
    if is_list:
        return results_response(context, results, dry_run=command.dry_run)
    return result_response(context, results[0], dry_run=command.dry_run)


async def read_command(request: Request, context: Context, added: Mapping[str, str]) -> tuple[Command, bool]:
    """Returns the command of the request, and whether its body is a list. Raises Problem for an invalid body or key."""
    route, dry_run = context.route, cast(WriteQuery, context.query).dry_run
    key = idempotency_key(request, required=route.key == "required") if route.key != "none" else None
    if route.key == "or_if_match" and key is None and "if-match" not in request.headers:
        raise Problem("RQ428", "A retry on the way would do this twice. Send an Idempotency-Key, such as a UUID, or If-Match.")
    drafts: list[Body] = [Body()]
    is_list = False
    if route.body is not None:
        body = await read_body(request, required=route.body_required)
        body, repeated = split_members(body, route.read_only)
        drafts, is_list = parse(body, route.body, many=route.many, method=route.method)
        if repeated and route.reader is not None:
            await _check_read_only(request, context, route.reader, repeated)
    if route.mode is not None:
        added = {**added, "mode": route.mode}
    elements = []
    for number, draft in enumerate(drafts):
        _check_path(draft, request.path_params)
        draft.check(request)
        meta = {"actor": context.identity.subject, "request_id": context.request_id}
        if key is not None:
            # Postgres locks what precedes U+001F, which no header contains: one lock for a list (identity.check_keys).
            meta["idempotency_key"] = f"{key}\x1f{number}" if is_list else key
        elements.append(element(draft, **added, meta=meta))
    command = Command(
        identity=context.identity,
        statement=route.statement,
        region=context.region if route.regional else None,
        elements=elements,
        request_id=context.request_id,
        keyed=key is not None,
        dry_run=dry_run,
        shares=route.lane,
        wanted=None if is_list or dry_run else drafts[0].wanted(),
    )
    return command, is_list


async def _check_read_only(request: Request, context: Context, reader: Route, repeated: Mapping[str, Raw]) -> None:
    """A document can be sent back as it was read, with the members that only we set. Raises Problem RQ422 if one differs."""
    values = (*((context.region,) if reader.regional else ()), *path_values(request).values())
    query = ReadQuery(context.identity, reader.statement, values, context.request_id)
    try:
        [(body, _)] = await context.reads.fetch(query)
        document = msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except Problem as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        document = {}
    errors = [
        {"pointer": f"/{name}", "detail": "Read-only: leave it out, or send it as the document has it now."}
        for name, value in repeated.items()
        if name not in document or msgspec.json.decode(value) != document[name]
    ]
    if errors:
        raise invalid(errors)


def _check_path(draft: Body, names: Mapping[str, str]) -> None:
    """The body may repeat path variables but not contradict them. They are removed from it, because the path adds them."""
    for name, value in names.items():
        if getattr(draft, name, UNSET) not in (UNSET, value):
            error = {"pointer": f"/{name}", "detail": "Differs from the path: leave it out, or send the same."}
            raise Problem("VA001", f"The body and the path name a different {name}.", [error])
        if hasattr(draft, name):
            setattr(draft, name, UNSET)
