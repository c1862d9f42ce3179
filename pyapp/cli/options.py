"""Options that several commands take."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from pyapp.failures import Exit, Failure

TOKEN_SECONDS_MAX = 365 * 24 * 3600

Host = Annotated[str | None, typer.Option(help="Address to listen on (SCOVILLE_HOST, 127.0.0.1).")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (SCOVILLE_PORT, 8000).")]
Workers = Annotated[int | None, typer.Option(min=1, max=64, help="Number of processes on that port (SCOVILLE_WORKERS, 1).")]
MetricsPort = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port for /metrics and /healthz (SCOVILLE_METRICS_PORT, none).")
]
Output = Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="table for people, json for programs.")]
Url = Annotated[str | None, typer.Option(help="URL of the API (SCOVILLE_URL, or the running demo).")]
Token = Annotated[str | None, typer.Option(help="A token (SCOVILLE_TOKEN, or one of role admin made with the local key).")]
DataDir = Annotated[Path | None, typer.Option(help="Folder for the demo's data (SCOVILLE_DATA_DIR, .scoville).")]


def seconds(text: str) -> int:
    """15m, 1h, 7d in seconds. Raises Failure for anything else."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    seconds = int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]] if found else 0
    if not 0 < seconds <= TOKEN_SECONDS_MAX:
        raise Failure(Exit.USAGE, f"--ttl {text!r} is not a duration such as 15m, 1h or 7d, at most one year.")
    return seconds
