"""Pages of other origins (Fetch standard, CORS protocol): only the origins in SCOVILLE_ALLOWED_ORIGINS are allowed.

Credentials are not: the API sets no cookies, and a page sends its token itself.
"""

from __future__ import annotations

from collections.abc import Collection

from pyapp.http.headers import IndexedHeaders

Fields = list[tuple[bytes, bytes]]

PREFLIGHT_SECONDS = 600
METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = (
    b"Accept, Authorization, Cache-Control, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
    b"Scoville-LSN, X-Request-Id"
)
ANSWER_HEADERS = (
    b"Dry-Run, ETag, Idempotency-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, Scoville-LSN, X-Request-Id"
)


def cors_fields(method: str, headers: IndexedHeaders, allowed: Collection[str]) -> Fields:
    """Returns the CORS header fields of an answer; none if the origin is not allowed."""
    if not allowed:
        return []
    fields: Fields = [(b"vary", b"Origin")]
    origins = headers.getlist("origin")
    if len(origins) == 1 and origins[0].lower() in allowed:
        fields.append((b"access-control-allow-origin", origins[0].encode("latin-1")))
        if method == "OPTIONS":
            fields += [
                (b"access-control-allow-methods", METHODS),
                (b"access-control-allow-headers", REQUEST_HEADERS),
                (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
            ]
        else:
            fields.append((b"access-control-expose-headers", ANSWER_HEADERS))
    return fields
