"""Chooses the representation that a client wants from Accept and Accept-Encoding (RFC 9110, section 12.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

JSON = "application/json"
CSV = "text/csv"
# A client that accepts problem documents accepts JSON.
ALIASES = {"application/problem+json": JSON}

# An unclosed quotation mark extends to the end, and the pattern never backtracks: the time is linear in the length.
RANGE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.?)*+"?)++', re.DOTALL)
QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
EVERYTHING = frozenset({"", "*/*"})


def choose(accept: str, offers: Sequence[str]) -> str | None:
    """Returns the offer with the highest quality (first among equals), or None if none is acceptable."""
    accept = accept.strip().lower()
    if accept in EVERYTHING or accept == offers[0]:  # nearly all clients send one of these
        return offers[0]
    ranges = [_read(part) for part in RANGE.findall(accept)]
    qualities = {offer: _quality(offer, ranges) for offer in offers}
    best = max(offers, key=lambda offer: qualities[offer])
    return best if qualities[best] > 0 else None


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the client accepts gzip."""
    codings = dict(_read(part) for part in accept_encoding.lower().split(","))
    return codings.get("gzip", codings.get("*", 0.0)) > 0


def _read(part: str) -> tuple[str, float]:
    media, *parameters = (item.strip() for item in part.split(";"))
    found = next((match for parameter in parameters if (match := QUALITY.fullmatch(parameter))), None)
    return ALIASES.get(media, media), float(found[1]) if found else 1.0


def _quality(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The most specific range that matches the offer decides."""
    for pattern in (offer, offer.partition("/")[0] + "/*", "*/*"):
        qualities = [quality for media, quality in ranges if media == pattern]
        if qualities:
            return max(qualities)
    return 0.0
