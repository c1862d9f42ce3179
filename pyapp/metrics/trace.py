"""W3C Trace Context: the trace that a request is part of (https://www.w3.org/TR/trace-context-2/, section 3.2).

This module creates no spans: the incoming trace is passed on to the log and to problem documents. Events carry the request's
ID (`requestid`), which the access log ties to the trace.
"""

from __future__ import annotations

import re

TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
SAMPLED = 1


def read(header: str) -> str | None:
    """Returns the traceparent as version 00, which we use; None if it is invalid, as if it had not been sent."""
    match = TRACEPARENT.fullmatch(header.strip(" \t"))
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or not trace_id.strip("0") or not parent_id.strip("0"):
        return None
    if version != "00":  # the known parts of a later version, and the first of its flags
        flags = f"{int(flags, 16) & SAMPLED:02x}"
    return f"00-{trace_id}-{parent_id}-{flags}"


def trace_id(traceparent: str) -> str:
    return traceparent[3:35]
