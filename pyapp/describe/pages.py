"""The documentation that the service serves itself: its pages load nothing from other hosts.

/openapi.json    the description of the API, with the address to which the request came
/.well-known/oauth-authorization-server   where programs get tokens (RFC 8414)
/docs            Swagger UI for it, from the files of the package offapi
/asyncapi.json   the description of sockets and streams
/docs/live       the same as a page, with an example of each message
/docs/errors     the meaning of each problem type; `type` in a problem document links here
"""

from __future__ import annotations

import asyncio
import gzip
import re
import zlib
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, cast

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pyapp.api.tokens import TOKEN_PATH, TokenIssuer
from pyapp.describe import asyncapi, openapi
from pyapp.describe import error_pages as pages
from pyapp.http.accept import takes_gzip
from pyapp.http.context import matches_etag
from pyapp.http.headers import joined
from pyapp.identity.tokens import ROLES
from pyapp.problems import KINDS

# Scripts, styles and requests from this host only. Swagger UI's own icons are data: images.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
GZIP_BYTES_MIN = 1024
HOST = re.compile(r"[A-Za-z0-9._-]{1,255}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
ADDRESSES_MAX = 4  # for which the compressed description is kept


class File(NamedTuple):
    """A document as it is served: plain, compressed, and with its ETag."""

    content: bytes
    compressed: bytes
    media_type: str
    tag: str


# The files that /docs loads. offapi is never imported: its import reads 9 MB of files.
ASSETS = {
    "docs.js": (None, "docs.js", "text/javascript"),
    "docs.css": (None, "docs.css", "text/css"),
    "swagger.js": ("offapi", "swagger_bundle.js", "text/javascript"),
    "swagger.css": ("offapi", "swagger_style.css", "text/css"),
}


def routes() -> list[Route]:
    """The documentation routes. A new document gets its routes here and its line in pages.MENU."""
    return [
        Route("/openapi.json", description),
        Route("/asyncapi.json", live_description),
        Route("/.well-known/oauth-authorization-server", authorization_server),
        Route("/docs", interactive),
        Route("/docs/live", live),
        Route("/docs/errors", list_errors),
        Route("/docs/errors/{slug}", explain_error),
        Route("/docs/{name}", asset),
    ]


async def description(request: Request) -> Response:
    base, state = base_url(request), request.app.state
    if not hasattr(state, "descriptions"):
        state.descriptions = {}
    kept: dict[str, File] = state.descriptions
    if base not in kept and len(kept) < ADDRESSES_MAX:
        kept[base] = await asyncio.to_thread(_description, base, level=9)  # 0.2 s of work, the first time
    return _answer(request, kept.get(base) or _description(base, level=0))  # compressing it for every address takes too long


def base_url(request: Request) -> str:
    """Returns the address to which the request came, or an empty text if that cannot be part of a URL."""
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}" if HOST.fullmatch(host) else ""


async def live_description(request: Request) -> Response:
    return _answer(request, _made("asyncapi", "application/json"))


async def live(request: Request) -> Response:
    return _answer(request, _made("live", "text/html"))


async def authorization_server(request: Request) -> Response:
    """RFC 8414, section 3: OAuth libraries find the token endpoint with it."""
    base = base_url(request)
    if not base or not cast(TokenIssuer, request.scope["state"]["issuer"]).settings.jwt_key:
        raise HTTPException(404)
    document = {
        "issuer": base,
        "token_endpoint": f"{base}{TOKEN_PATH}",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": ROLES,
        "service_documentation": f"{base}/docs",
    }
    return Response(msgspec.json.encode(document), headers=HEADERS, media_type="application/json")


async def interactive(request: Request) -> Response:
    return _answer(request, _made("interactive", "text/html"))


async def list_errors(request: Request) -> Response:
    return _answer(request, _made("errors", "text/html"))


async def explain_error(request: Request) -> Response:
    code = next((code for code, kind in KINDS.items() if kind.slug == request.path_params["slug"]), None)
    if code is None:
        raise HTTPException(404)
    return _answer(request, _made(code, "text/html"))


async def asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in ASSETS:
        raise HTTPException(404)
    return _answer(request, _asset(name))


def _description(base: str, level: int) -> File:
    here = msgspec.json.encode(openapi.HERE)
    content = openapi.encoded().replace(b'"url":' + here, b'"url":' + msgspec.json.encode(base or openapi.HERE), 1)
    return File(content, gzip.compress(content, level, mtime=0), "application/json", f"{_tag()}-{zlib.crc32(base.encode()):08x}")


@cache
def _tag() -> str:
    return sha256(openapi.encoded()).hexdigest()[:32]


@cache
def _made(what: str, media_type: str) -> File:
    documents = {"asyncapi": asyncapi.encoded}
    if what in documents:
        return _file(documents[what](), media_type)
    made = {"interactive": pages.interactive, "errors": pages.errors, "live": pages.live}
    return _file((made[what]() if what in made else pages.error(what)).encode(), media_type)


@cache
def _asset(name: str) -> File:
    package, file, media_type = ASSETS[name]
    folder = Path(__file__).parent
    if package is not None:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError(f"the package {package}, which the documentation pages need, is not installed")
        folder = Path(spec.submodule_search_locations[0])
    return _file((folder / file).read_bytes(), media_type)


def _file(content: bytes, media_type: str) -> File:
    return File(content, gzip.compress(content, mtime=0), media_type, sha256(content).hexdigest()[:32])


def _answer(request: Request, file: File) -> Response:
    headers = {**HEADERS, "ETag": f'"{file.tag}"', "Vary": "Accept-Encoding"}
    if matches_etag(request, file.tag):
        return Response(status_code=304, headers=headers)
    if len(file.content) >= GZIP_BYTES_MIN and takes_gzip(joined(request.headers, "accept-encoding")):
        headers |= {"Content-Encoding": "gzip", "ETag": f'W/"{file.tag}"'}
        return Response(file.compressed, headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
