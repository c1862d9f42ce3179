"""The few endpoints that serve the whole route table: read a page, read a document, write elements."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

from msgspec import UNSET
from starlette.responses import Response

from pyapp.cache.refusals import FIND_REPEATS, Wish, wish_of
from pyapp.database.commands import Command, Result, run
from pyapp.database.standby import HEADER
from pyapp.http.context import Visit, enter, idempotency_key, path_values, preconditions, read_body
from pyapp.http.decoding import element, parse
from pyapp.http.fields import Body, PageQuery, WriteQuery
from pyapp.http.headers import Request
from pyapp.http.responses import document_response, page_response, result_response, results_response
from pyapp.problems import Problem


async def read_page(request: Request) -> Response:
    """A page of a list: region (where rows belong to one), variables of the path, filters, cursor, limit."""
    visit = await enter(request)
    query = cast(PageQuery, visit.query)
    cursor = query.cursor if isinstance(query.cursor, str) else None
    values = (*_region(visit), *visit.route.fixed, *path_values(request).values(), query.filters(), cursor, query.limit)

    async def read() -> Response:
        body, next_cursor = await read_rows(request, visit, values)
        return page_response(request, visit, body, next_cursor)

    return await _kept(request, visit, None, read)


async def read_document(request: Request) -> Response:
    """One document with its ETag: region (where it belongs to one), variables of the path."""
    visit = await enter(request)
    values = path_values(request)

    async def read() -> Response:
        body, etag = await read_rows(request, visit, (*_region(visit), *values.values()))
        return document_response(request, body, etag or b"")

    return await _kept(request, visit, values.get("sku_id"), read)


async def read_summary(request: Request) -> Response:
    """A list that is never long: region."""
    visit = await enter(request)
    body, _ = await read_rows(request, visit, (visit.region,))
    return page_response(request, visit, body)


async def _kept(request: Request, visit: Visit, sku_id: str | None, read: Callable[[], Awaitable[Response]]) -> Response:
    if not visit.route.kept:
        return await read()
    return await visit.reads.through(request, visit.identity, (visit.region, sku_id), read)


def _region(visit: Visit) -> tuple[int, ...]:
    return (visit.region,) if visit.route.regional else ()


async def read_rows(request: Request, visit: Visit, values: Sequence[str | bytes | int | None]) -> tuple[bytes, bytes | None]:
    rows, identity, statement = None, visit.identity, visit.route.statement
    if visit.replica is not None and visit.route.replicated:
        rows = await visit.replica.read(identity, request.headers, statement, values, visit.request_id)
    if rows is None:
        rows = await visit.database.call(identity, statement, values, request_id=visit.request_id, read_only=True)
    body, second = rows[0]
    return body or b"null", second


async def write(request: Request) -> Response:
    """One object or a list, to a batch function: what the body says, with the variables of the path."""
    return await _write(request, path_values(request))


async def change(request: Request) -> Response:
    """As write, to what the path names, decided on the version that If-Match names (or that there is none: If-None-Match)."""
    return await _write(request, path_values(request) | preconditions(request))


async def change_with(request: Request, added: Mapping[str, str], shown: Mapping[str, str]) -> Response:
    """As change. `added` goes to Postgres with the body; `shown` is added to the answer of what was done."""
    return await _write(request, path_values(request) | preconditions(request) | dict(added), shown)


async def _write(request: Request, added: Mapping[str, str], shown: Mapping[str, str] | None = None) -> Response:
    """`shown` is added to the answer of what was done, and goes nowhere else."""
    visit = await enter(request)
    route, dry_run = visit.route, cast(WriteQuery, visit.query).dry_run
    key = idempotency_key(request, required=route.key == "required") if route.key != "none" else None
    drafts: list[Body] = [Body()]
    is_list = False
    if route.body is not None:
        body = await read_body(request, required=route.body_required)
        drafts, is_list = parse(body, route.body, many=route.many)
    if route.mode is not None:
        added = {**added, "mode": route.mode}
    elements = []
    for number, draft in enumerate(drafts):
        _check_path(draft, request.path_params)
        draft.check(request)
        meta = {"actor": visit.identity.subject, "request_id": visit.request_id}
        if key is not None:
            meta["idempotency_key"] = f"{key}#{number}" if is_list else key
        elements.append(element(draft, **added, meta=meta))
    command = Command(
        identity=visit.identity,
        statement=route.statement,
        region=visit.region if route.regional else None,
        elements=elements,
        request_id=visit.request_id,
        keyed=key is not None,
        dry_run=dry_run,
    )
    wish = wish_of(visit.identity, visit.region, drafts[0]) if route.lane and not is_list and not dry_run else None
    if visit.replica is not None:
        visit.replica.writing(visit.identity)
    try:
        results = await (_try(visit, command, wish) if wish else _execute(visit, command))
    finally:
        visit.reads.wrote(visit.identity)
        if wish is None:  # whatever it was, it may have brought units
            visit.sold_out.on_reset("a write")
    if shown and not dry_run:
        results = [result.showing(shown) for result in results]
    if is_list:
        response = results_response(visit, results, dry_run=dry_run)
    else:
        response = result_response(visit, results[0], dry_run=dry_run)
    if visit.replica is not None:
        response.headers[HEADER] = visit.replica.wrote(visit.identity)
    return response


async def _execute(visit: Visit, command: Command) -> list[Result]:
    return await (visit.lanes.execute(command) if visit.route.lane and not command.dry_run else run(visit.database, command))


async def _try(visit: Visit, command: Command, wish: Wish) -> list[Result]:
    """Places an order, unless it is known that there is nothing to sell and this is no repeat of one that was placed."""
    refusal = visit.sold_out.verdict(wish)
    if refusal is not None:
        [found] = await visit.lanes.execute(command._replace(statement=FIND_REPEATS))
        if found.code is None and not found.replayed:
            visit.sold_out.refused += 1
            return [refusal]
        return [found]
    asked = time.monotonic()
    results = await _execute(visit, command)
    visit.sold_out.tell(wish, asked, results[0])
    return results


def _check_path(draft: Body, names: Mapping[str, str]) -> None:
    """What the path names, the body may repeat but not contradict. It is taken out of the body: the path adds it."""
    for name, value in names.items():
        if getattr(draft, name, UNSET) not in (UNSET, value):
            error = {"pointer": f"/{name}", "detail": "Differs from the path: leave it out, or send the same."}
            raise Problem("VA001", f"The body and the path name a different {name}.", [error])
        if hasattr(draft, name):
            setattr(draft, name, UNSET)
