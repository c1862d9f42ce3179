"""W3C Trace Context: the trace that a request is part of (https://www.w3.org/TR/trace-context-2/, section 3.2).

Nothing here makes spans: what comes in goes on as it is, to the log and to problem documents. Events carry the request's
id (`requestid`), which the line of the log ties to the trace.
"""

from __future__ import annotations

import re

TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
SAMPLED = 1


def read(header: str) -> str | None:
    """The traceparent in version 00, which is ours; None for what is no valid one, as if it had not been sent."""
    match = TRACEPARENT.fullmatch(header.strip(" \t"))
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest) or not trace_id.strip("0") or not parent_id.strip("0"):
        return None
    if version != "00":  # of a later version we know these parts, and of its flags the first
        flags = f"{int(flags, 16) & SAMPLED:02x}"
    return f"00-{trace_id}-{parent_id}-{flags}"


def trace_id(traceparent: str) -> str:
    return traceparent[3:35]
