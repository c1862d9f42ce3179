"""Which representation a client wants: Accept and Accept-Encoding, as RFC 9110 has them in section 12.5."""

from __future__ import annotations

import re
from collections.abc import Sequence

JSON = "application/json"
CSV = "text/csv"
# Who takes problem documents takes JSON.
ALIASES = {"application/problem+json": JSON}

# A quotation mark without its other one goes on to the end, and nothing is tried twice: the time grows with the length alone.
RANGE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.?)*+"?)++', re.DOTALL)
QUALITY = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")
EVERYTHING = frozenset({"", "*/*"})


def choose(values: Sequence[str], offers: Sequence[str]) -> str | None:
    """The offer with the highest quality, the first of equals, or None where none is acceptable. `values`: the header's lines."""
    accept = ",".join(values).strip().lower()
    if accept in EVERYTHING or accept == offers[0]:  # what nearly all clients send
        return offers[0]
    ranges = [_read(part) for part in RANGE.findall(accept)]
    qualities = {offer: _quality(offer, ranges) for offer in offers}
    best = max(offers, key=lambda offer: qualities[offer])
    return best if qualities[best] > 0 else None


def takes_gzip(values: Sequence[str]) -> bool:
    """Whether the client takes what is compressed by gzip. `values`: the lines of Accept-Encoding."""
    codings = dict(_read(part) for part in ",".join(values).lower().split(","))
    return codings.get("gzip", codings.get("*", 0.0)) > 0


def _read(part: str) -> tuple[str, float]:
    media, *parameters = (piece.strip() for piece in part.split(";"))
    found = next((match for parameter in parameters if (match := QUALITY.fullmatch(parameter))), None)
    return ALIASES.get(media, media), float(found[1]) if found else 1.0


def _quality(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Of the ranges that match the offer the most specific one decides."""
    for pattern in (offer, offer.partition("/")[0] + "/*", "*/*"):
        qualities = [quality for media, quality in ranges if media == pattern]
        if qualities:
            return max(qualities)
    return 0.0
