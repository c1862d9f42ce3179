"""The OpenAPI 3.1 document, built from the route table, the structs of bodies and answers, and the register of errors.

This module contains nothing about single operations: everything comes from the route and its types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import fields

from pyapp import __version__
from pyapp.api.table import NOUNS, ROUTES
from pyapp.http import csv_pages as sheets
from pyapp.http.accept import CSV
from pyapp.http.context import KEY_CHARACTERS_MAX, PATCH_TYPES, PATH_VALUE_CHARACTERS_MAX
from pyapp.http.decoding import ELEMENTS_MAX
from pyapp.http.fields import Body, Json, Page, WriteQuery
from pyapp.http.headers import LSN_HEADER as HEADER
from pyapp.http.nulls import body_type
from pyapp.http.results import Problem, results_of
from pyapp.http.route import COMMON_ERRORS, WRITE_ERRORS, Route
from pyapp.problems import KINDS, MEDIA_TYPE, document

DESCRIPTION = """\
Stock and orders, exact to the unit. Each change of a quantity is a line of a ledger, and no unit is ever sold twice.

- **Errors** are problem documents (RFC 9457, `application/problem+json`). Decide by `code`; `type` links to a page that
  explains it.
- **Repeat safely**: send an `Idempotency-Key` with requests that move stock or place orders. A repeat gets the first answer and
  `Idempotency-Replayed: true`.
- **Lists** are paged: pass `next_cursor` as `cursor`, or follow the `Link` header. `Accept: text/csv` returns them as CSV.
- **Dry runs**: `?dry_run=true` on any write returns the answer and stores nothing.
- **Bulk writes**: if a body may be a list, each element gets its own result (207), and a refusal does not affect the others.
- **Versions**: send an `ETag` as `If-None-Match` (304 while nothing changed) or as `If-Match` (412 if something did).
  A write that cannot check a version refuses both headers (400) instead of ignoring them.
"""
SERVICE = "Health and metrics of the service."  # the tag of routes outside the table
# A bare key, or a quoted one: a string of RFC 9651, as in the draft of the header.
KEY_PATTERN = r'^([!#-~]([ -~]{0,253}[!-~])?|"([ !#-\[\]-~]|\\["\\]){1,255}")$'
ETAG_PATTERN = r'^(\*|"[!#-~]*")$'
HEADERS = {
    "X-Request-ID": (
        "The ID of the request: yours, if you sent one, else ours.",
        {"type": "string", "minLength": 1},
    ),
    "ETag": ("The version of the document.", {"type": "string", "pattern": '^"[!#-~]*"$'}),
    "Link": ('The next page, as `<...>; rel="next"` (RFC 8288); absent on the last page.', {"type": "string"}),
    "Vary": ("Accept: a list is available as JSON or CSV.", {"type": "string"}),
    "Location": ("The URL of the new thing.", {"type": "string"}),
    "Idempotency-Replayed": ("Present if an earlier request with the same key got this answer.", {"enum": ["true"]}),
    HEADER: ("Present if reads may go to a standby: send it with them so that they see this write.", {"type": "string"}),
    "Dry-Run": ("Present if nothing was stored.", {"enum": ["true"]}),
    "RateLimit-Policy": ("The limits of the caller.", {"type": "string"}),
    "RateLimit": ("The requests left.", {"type": "string"}),
    "Retry-After": ("Seconds to wait.", {"type": "string", "pattern": "^[0-9]+$"}),
    "WWW-Authenticate": ("The challenge of RFC 6750.", {"type": "string"}),
}
HEADERS_OF_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After", "RateLimit-Policy", "RateLimit"), 503: ("Retry-After",)}
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Your token."},
    "client": {
        "type": "oauth2",
        "description": "Client id and secret, for a token of at most 15 minutes.",
        "flows": {"clientCredentials": {"tokenUrl": "/v1/oauth/token", "scopes": {}}},
    },
}
HERE = "/"  # replaced by the address to which the request for the document came
REF = "#/components/schemas/{name}"


def build(routes: Sequence[Route] = ROUTES) -> Json:
    """Returns the document as a JSON object."""
    schemas = _schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
        if links := _links(route, routes):
            paths[route.path][route.method.lower()]["responses"][str(route.status)]["links"] = links
    for path, summary in (("/healthz", "The process is alive"), ("/readyz", "The database answers and is migrated")):
        paths[path] = {"get": _probe(path, summary)}
    paths["/metrics"] = {"get": _metrics()}
    used = {route.tag for route in routes}
    tags = [*((noun.tag, noun.description) for noun in NOUNS if noun.tag in used), ("service", SERVICE)]
    codes = sorted({code for route in routes for code in errors_of(route)})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Scoville",
            "version": __version__,
            "summary": "Stock and orders for a hot sauce brand.",
            "description": DESCRIPTION,
            "contact": {"name": "The operator of this service"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": HERE, "description": "Here."}],
        "security": [{name: []} for name in SECURITY],
        "tags": [{"name": name, "description": text} for name, text in tags],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": {name: {"description": text, "schema": schema} for name, (text, schema) in HEADERS.items()},
            "examples": {code: {"summary": KINDS[code].title, "value": example(code)} for code in codes},
            "securitySchemes": SECURITY,
        },
    }


@cache
def encoded() -> bytes:
    """Returns the document as it is served."""
    return msgspec.json.encode(build())


def errors_of(route: Route) -> tuple[str, ...]:
    """Returns every code that the route can return."""
    codes = {*COMMON_ERRORS, *route.errors}
    if route.method != "GET":
        codes.update(WRITE_ERRORS)
    if not route.roles:  # its form and its authentication follow another standard
        codes -= {"RQ403", "RQ415", "RQ422", "VA001"}
    if "{" in route.path:
        codes.add("RQ404")
    if route.key != "none":
        codes.add("ID003")
    if route.key == "or_if_match":
        codes.add("RQ428")
    return tuple(sorted(codes))


def example(code: str) -> Json:
    """Returns a problem document of this code."""
    said = KINDS[code].example
    return document(code, said.detail, said.errors, "7f3f2c1e-8a35-4c58-9a53-0d1f6a2b9c11")


def _schemas(routes: Iterable[Route]) -> dict[str, Json]:
    """Returns all schemas by name."""
    answers: set[type] = {Problem, *(route.refusal for route in routes)}
    bodies: set[type[Body]] = set()
    for route in routes:
        answers.update([route.answer, *([results_of(route.answer)] if route.many else [])])
        if route.body and fields(route.body):
            bodies.add(body_type(route.body, route.method) if route.roles else route.body)
    schemas, drafts = _components(answers), _flat(_components(bodies))
    for schema in schemas.values():
        schema.pop("additionalProperties", None)  # answers may gain members, which must not break clients
    for body in (*bodies, *_heirs(Body)):  # also those within others, such as a line of an order
        if body.__name__ in drafts:
            drafts[body.__name__] |= body.together
    if both := schemas.keys() & drafts.keys():
        raise ValueError(f"bodies and answers must not share names: {sorted(both)}")
    return schemas | drafts


def _heirs(struct: type[Body]) -> Iterator[type[Body]]:
    for heir in struct.__subclasses__():
        yield heir
        yield from _heirs(heir)


def _components(types: Iterable[type]) -> dict[str, Json]:
    _, components = msgspec.json.schema_components(sorted(types, key=lambda type_: type_.__name__), ref_template=REF)
    # Only Python needs to be told that $ does not match before a final line break.
    made: dict[str, Json] = json.loads(json.dumps(components).replace(r"$(?!\\n)", "$"), object_hook=_with_type)
    return made


def _flat(components: dict[str, Json]) -> dict[str, Json]:
    """Writes a simple type that may be null as one schema with its description, where many generators look for it."""

    def flatten(schema: Json) -> Json:
        options = schema.get("anyOf", [])
        if len(options) == 2 and options[1] == {"type": "null"} and isinstance(options[0].get("type"), str):
            one: Json = options[0]
            return schema if "enum" in one else {**one, "type": [one["type"], "null"]}
        return schema

    made: dict[str, Json] = json.loads(json.dumps(components), object_hook=flatten)
    return made


def _with_type(schema: Json) -> Json:
    """Adds the type to an enumeration: client generators need it."""
    values = schema.get("enum")
    strings = isinstance(values, list) and all(isinstance(value, str) for value in values)
    return {"type": "string", **schema} if strings and "type" not in schema else schema


def _operation(route: Route, schemas: Mapping[str, Json]) -> Json:
    operation: Json = {
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": route.summary,
        "description": " ".join(filter(None, [route.description, f"Roles: {', '.join(route.roles)}." if route.roles else ""])),
        "parameters": list(_parameters(route)),
        "responses": _responses(route, schemas),
    }
    if not route.roles:
        operation["security"] = []
    if route.body is not None and fields(route.body):
        operation["requestBody"] = _body(route, route.body, {"$ref": REF.format(name=route.body.__name__)}, schemas)
    return operation


def _parameters(route: Route) -> Iterable[Json]:
    for variable in route.variables:
        schema: Json = {"type": "string", "minLength": 1, "maxLength": PATH_VALUE_CHARACTERS_MAX}
        about = {"description": variable.description, "schema": schema, "example": variable.sample}
        yield {"name": variable.name, "in": "path", "required": True, **about}
    query = _components([route.query])[route.query.__name__] if route.roles else {}
    for name, schema in query.get("properties", {}).items():
        about = {
            "description": schema.pop("description", ""),
            "schema": schema,
            "example": schema.get("default", compose(schema, {})),
        }
        yield {"name": name, "in": "query", "required": name in query.get("required", ()), **about}
    if route.key != "none":
        yield _header(
            "Idempotency-Key",
            f"1 to {KEY_CHARACTERS_MAX} printable ASCII characters, bare or quoted, kept for 24 hours. A new one per "
            "request, the same for its repeats.",
            {"type": "string", "pattern": KEY_PATTERN},
            required=route.key == "required",
            example="0b7d7a54-9a1e-4d0b-8a53-3f1f0b1c9e55",
        )
    if route.takes_if_match:
        text = "The ETag that you saw, or * for any version."
        yield _header("If-Match", text, {"type": "string", "format": "etag", "pattern": ETAG_PATTERN}, example="*")
    if route.takes_if_none_match:
        text = "* to create it only if it does not exist."
        yield _header("If-None-Match", text, {"type": "string", "enum": ["*"]}, example="*")
    if route.replicated:
        text = f"The {HEADER} of your last write, if any: the answer then includes that write."
        yield _header(HEADER, text, {"type": "string"}, example="0/1A2B3C4")
    if _has_etag(route):
        text = "The ETag that you have: 304 while it is current."
        yield _header("If-None-Match", text, {"type": "string"}, example='"6"')
    text = (
        "Up to 128 letters, digits, . _ and -: returned; audit and logs have it behind our own and a colon. Others are ignored."
    )
    yield _header("X-Request-ID", text, {"type": "string"}, example="7f3f2c1e-8a35-4c58-9a53-0d1f6a2b9c11")


def _header(name: str, text: str, schema: Json, *, required: bool = False, **more: Any) -> Json:
    return {"name": name, "in": "header", "required": required, "description": text, "schema": schema, **more}


def _has_etag(route: Route) -> bool:
    return route.method == "GET" and not issubclass(route.answer, Page)


def _body(route: Route, body: type[Body], one: Json, schemas: Mapping[str, Json]) -> Json:
    many = {"type": "array", "minItems": 1, "maxItems": ELEMENTS_MAX, "items": one}
    sample = body.sample or compose(one, schemas, required_only=True)
    # Not oneOf: openapi-generator's typescript-fetch would import the type twice.
    content = {"schema": {"anyOf": [one, many]} if route.many else one, "example": sample}
    types = PATCH_TYPES if route.method == "PATCH" else (route.body_type,)
    return {"required": route.body_required, "content": dict.fromkeys(types, content)}


def _responses(route: Route, schemas: Mapping[str, Json]) -> Json:
    answer: Json = {"$ref": REF.format(name=route.answer.__name__)}
    sample = compose(answer, schemas)
    names = ["X-Request-ID"]
    if route.method != "GET":
        names += ["Dry-Run", HEADER] if issubclass(route.query, WriteQuery) else []
        names += ["Idempotency-Replayed"] if route.key != "none" else []
        names += ["ETag"] if route.versioned else []
    elif _has_etag(route):
        names += ["ETag"]
    else:
        names += ["Link"]
    done = _response("Done." if route.method != "GET" else "Found.", answer, [*names, *(["Location"] if route.location else [])])
    done["content"]["application/json"]["example"] = sample
    if CSV in route.media_types:
        done["content"][CSV] = {
            "schema": {"type": "string"},
            "example": sheets.write(route.answer, json.dumps(sample).encode()).decode(),
        }
        done["headers"] |= {"Vary": {"$ref": "#/components/headers/Vary"}}
    responses: Json = {str(route.status): done}
    if route.upserts:
        responses["200"] = _response("Changed: it existed before.", answer, names)
        responses["200"]["content"]["application/json"]["example"] = sample
    if _has_etag(route):
        responses["304"] = {"description": "Your version is current.", "headers": _headers(["X-Request-ID", "ETag"])}
    if route.many:
        results = {"$ref": REF.format(name=results_of(route.answer).__name__)}
        responses["207"] = _response("A list was sent: one result per element.", results, names)
    by_status: dict[int, list[str]] = {}
    for code in errors_of(route):
        by_status.setdefault(KINDS[code].status, []).append(code)
    responses |= {str(status): _refusal(route, status, codes, schemas) for status, codes in sorted(by_status.items())}
    return responses


def _links(route: Route, routes: Sequence[Route]) -> Json:
    """Returns the possible next steps for a new thing: each operation whose path begins with its Location."""
    variables = re.findall(r"{(\w+)}", route.location or "")
    parameters = {name: f"$response.body#/{name}" for name in variables if name in route.answer.__struct_fields__}
    found = [other for other in routes if route.location and other.path.startswith(route.location)]
    return {other.operation_id: {"operationId": other.operation_id, "parameters": parameters} for other in found if parameters}


def _refusal(route: Route, status: int, codes: Sequence[str], schemas: Mapping[str, Json]) -> Json:
    text = "; ".join(f"{code} {KINDS[code].title[:1].lower()}{KINDS[code].title[1:]}" for code in codes)
    headers = _headers(["X-Request-ID", *HEADERS_OF_STATUS.get(status, ())])
    media_type, schema = MEDIA_TYPE, {"$ref": REF.format(name="Problem")}
    content: Json = {"examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes}}
    if status in (400, 401) and route.refusal is not Problem:
        media_type, schema = "application/json", {"$ref": REF.format(name=route.refusal.__name__)}
        content = {"example": compose(schema, schemas)}
    return {"description": f"{text}.", "headers": headers, "content": {media_type: {"schema": schema, **content}}}


def _response(text: str, schema: Json, headers: Iterable[str]) -> Json:
    return {"description": text, "headers": _headers(headers), "content": {"application/json": {"schema": schema}}}


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _probe(path: str, summary: str) -> Json:
    word = {"/healthz": "alive", "/readyz": "ready"}[path]
    schema = {"type": "object", "required": ["status"], "properties": {"status": {"const": word}}}
    responses = {"200": _response("Yes.", schema, ["X-Request-ID"])}
    return {
        "operationId": path.removeprefix("/"),
        "tags": ["service"],
        "summary": summary,
        "description": "For load balancers. Needs no token.",
        "security": [],
        "responses": responses,
    }


def _metrics() -> Json:
    answer = {
        "description": "The metrics.",
        "headers": _headers(["X-Request-ID"]),
        "content": {"text/plain": {"schema": {"type": "string"}, "example": "scoville_live_sockets 12.0\n"}},
    }
    return {
        "operationId": "metrics",
        "tags": ["service"],
        "summary": "Metrics of this service",
        "description": "In the text format of Prometheus. Open on the server's own machine; elsewhere it needs the token of "
        "SCOVILLE_METRICS_TOKEN.",
        "security": [],
        "responses": {"200": answer},
    }


def compose(schema: Json, schemas: Mapping[str, Json], *, required_only: bool = False) -> Any:
    """Builds a document of this schema from the examples of its parts."""
    if "$ref" in schema:
        return compose(schemas[schema["$ref"].rpartition("/")[2]], schemas, required_only=required_only)
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return compose(schema["anyOf"][0], schemas, required_only=required_only)
    if schema["type"] in ("array", ["array", "null"]):
        return [compose(schema["items"], schemas, required_only=required_only)]
    if "properties" in schema:
        names = schema["required"] if required_only else schema["properties"]
        return {name: compose(schema["properties"][name], schemas, required_only=required_only) for name in names}
    if "format" in schema:
        return {"date": "2024-06-01", "date-time": "2024-06-01T13:45:30Z"}[schema["format"]]
    kind = schema["type"][0] if isinstance(schema["type"], list) else schema["type"]
    return {"string": "text", "integer": 1, "number": 1, "boolean": True, "object": {}}[kind]
