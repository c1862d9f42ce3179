"""Logs: one JSON object per line on standard error. They never contain a token, a key or an e-mail address."""

from __future__ import annotations

import datetime
import logging
import sys

import msgspec

FIELDS = (
    *("request_id", "trace_id", "method", "route", "path", "status", "milliseconds", "principal", "client_id", "address"),
    *("code", "refused", "replayed"),  # of a problem; of each refused element of a list; whether it is a kept answer
)


class JsonFormatter(logging.Formatter):
    """Formats a record as a line of JSON, with the members of `extra` that FIELDS names."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        given = record.__dict__
        line |= {name: value for name in FIELDS if (value := given.get(name)) is not None}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


def configure(level: str = "info") -> None:
    """Sends all logs of this process through JsonFormatter."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    pool = logging.getLogger("psycopg.pool")
    pool.setLevel(logging.WARNING)
    pool.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Drops the pool's message about a closed connection: Database closes one whose call was cancelled, as at every stop."""
    return not record.getMessage().startswith("discarding closed connection")
