"""Errors as the client sees them: RFC 9457 problem documents, and the one map from SQLSTATE to HTTP.

sql/errors.toml registers all codes; tests/http/test_problems.py keeps it in step with the SQL and the Python that make them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import psycopg

from pyapp.files import SQL

logger = logging.getLogger("scoville.problems")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
DETAIL_CHARACTERS_MAX = 500


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parts of a sample problem document that vary between cases."""

    detail: str
    errors: tuple[dict[str, Any], ...] = ()


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The meaning of a code: `slug` names its page, `when` explains it, `remedy` says what to do."""

    made_by: Literal["sql", "api"]
    status: int
    slug: str
    title: str
    when: str
    remedy: str
    example: Example


KINDS = msgspec.toml.decode((SQL / "errors.toml").read_bytes(), type=dict[str, Kind])

DETAILS_BY_STATUS = {404: "This path does not exist."}
CODES_BY_STATUS = {400: "RQ400", 404: "RQ404", 405: "RQ405", 406: "RQ406", 413: "RQ413", 415: "RQ415"}

# Messages for constraints whose names do not explain themselves.
RULES = {
    "data_is_at_most_262144_bytes_check": (
        "The event for this change is larger than 256 KiB. Send fewer lines, or shorter texts."
    ),
}

# Temporary states of the database: statement or lock timeout, deadlock, serialization failure, idle transaction ended.
PASSING_STATES = frozenset({"57014", "55P03", "40P01", "40001", "25P03", "25P04"})
# Classes: 08 connection, 53 insufficient resources, 57 operator intervention (shutdown, crash, starting up).
PASSING_CLASSES = frozenset({"08", "53", "57"})
# Classes: 22 data, 23 constraint, 54 program limit.
FOREIGN_KEY = "23503"
INVALID_CLASSES = frozenset({"22", "23", "54"})


class Problem(Exception):  # noqa: N818 (the RFC calls it a problem)
    """A refusal on its way to the client."""

    def __init__(
        self,
        code: str,
        detail: str,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        return KINDS[self.code].status

    def document(self, request_id: str | None = None, trace_id: str | None = None) -> dict[str, Any]:
        """Returns the members of RFC 9457 and ours: code, errors, request_id, trace_id."""
        members = document(self.code, self.detail, self.errors, request_id)
        return members if trace_id is None else members | {"trace_id": trace_id}


class Refusal(msgspec.Struct):
    """A refusal as SQL reports it: the body of a result row, or the DETAIL of an exception."""

    detail: str = ""
    errors: list[dict[str, Any]] = []


def document(code: str, detail: str, errors: Sequence[Mapping[str, Any]] = (), request_id: str | None = None) -> dict[str, Any]:
    kind = KINDS[code]
    members: dict[str, Any] = {
        "type": f"/docs/errors/{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "detail": detail or kind.title,
        "errors": list(errors),
    }
    if request_id is not None:
        members["request_id"] = request_id
    return members


def unavailable(detail: str) -> Problem:
    return Problem("RQ503", detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def is_passing(state: str | None) -> bool:
    """Whether the same call may succeed in a moment."""
    return state is not None and (state in PASSING_STATES or state[:2] in PASSING_CLASSES)


def from_database(error: psycopg.Error, request_id: str) -> Problem:
    """Returns the problem for an error from Postgres. It never shows SQL text; unknown errors go to the log."""
    state, diag = error.diag.sqlstate, error.diag
    if state in KINDS:
        return _raised(state, diag.message_detail, diag.message_primary)
    if state == "42501":
        logger.info("refused by the database: %s", diag.message_primary, extra={"request_id": request_id})
        return Problem("RQ403", "Your role may not do this. Use a token of a role that may.")
    if is_passing(state):
        return unavailable("The database is busy or unreachable. Nothing was changed; repeat the request.")
    if state is not None and state[:2] in INVALID_CLASSES:
        return Problem("VA001", _invalid(diag))
    logger.error("database error %s: %s", state, diag.message_primary or error, extra={"request_id": request_id})
    return Problem("RQ500", "Something failed on our side. Nothing was changed. Report it with the request_id.")


def _raised(code: str, detail: str | None, message: str | None) -> Problem:
    try:
        refusal = msgspec.json.decode(detail or "", type=Refusal)
    except (msgspec.DecodeError, msgspec.ValidationError):
        refusal = Refusal(detail=detail or message or "")
    return Problem(code, refusal.detail or message or "", refusal.errors)


def _invalid(diag: psycopg.errors.Diagnostic) -> str:
    # A constraint's name is a sentence; Postgres' own message would name tables.
    if diag.constraint_name in RULES:
        return RULES[diag.constraint_name]
    if diag.sqlstate == FOREIGN_KEY and diag.constraint_name:
        thing = diag.constraint_name.removesuffix("_fkey").removeprefix(f"{diag.table_name}_").removesuffix("_id")
        return f"The {thing.replace('_', ' ')} does not exist. Name one that exists."
    if diag.constraint_name:
        return f"A rule refuses this value: {diag.constraint_name.replace('_', ' ')}."
    if diag.sqlstate == "23502" and diag.column_name:
        return f"A value is missing: {diag.column_name.replace('_', ' ')}."
    if diag.sqlstate and diag.sqlstate.startswith("22") and diag.message_primary:
        return f"A value cannot be stored: {diag.message_primary[:DETAIL_CHARACTERS_MAX]}."
    return "A value cannot be stored. Send a smaller or simpler one."
