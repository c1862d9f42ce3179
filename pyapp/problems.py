"""Errors as the client sees them: RFC 9457 problem documents, and the one map from SQLSTATE to HTTP.

sql/README.md registers the same codes; tests/http/test_problems.py keeps the two and the SQL in step.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import psycopg

logger = logging.getLogger("scoville.problems")

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
DETAIL_CHARACTERS_MAX = 500


class Kind(NamedTuple):
    """What a code means in HTTP."""

    status: int
    slug: str
    title: str


KINDS: dict[str, Kind] = {
    "ST001": Kind(409, "insufficient-stock", "Not enough stock"),
    "ST002": Kind(422, "unknown-sku", "Unknown SKU"),
    "ST003": Kind(422, "unknown-warehouse", "Unknown warehouse"),
    "ST004": Kind(422, "unknown-reason-code", "Unknown reason code"),
    "ST005": Kind(422, "note-required", "This reason needs a note"),
    "ST006": Kind(422, "reason-direction", "The reason does not fit the direction"),
    "ST007": Kind(422, "unknown-batch", "Unknown batch"),
    "ST008": Kind(409, "quantity-changed", "The quantity has changed"),
    "ST009": Kind(412, "version-mismatch", "The version has changed"),
    "ST010": Kind(404, "sku-not-found", "SKU not found"),
    "ST011": Kind(409, "batch-conflict", "The batch is known with other dates"),
    "ST012": Kind(409, "sku-conflict", "The SKU is known with other properties"),
    "ST013": Kind(409, "no-sellable-batch", "No sellable batch"),
    "ST014": Kind(422, "quantity-out-of-range", "Quantity out of range"),
    "ST015": Kind(422, "batch-required", "A batch is required"),
    "ST016": Kind(404, "batch-not-found", "Batch not found"),
    "ST017": Kind(403, "batch-elsewhere", "The batch lies in other warehouses too"),
    "ST018": Kind(409, "batch-not-empty", "Units of the batch are on hand"),
    "OR001": Kind(409, "price-changed", "The price has changed"),
    "OR002": Kind(404, "order-not-found", "Order not found"),
    "OR003": Kind(409, "order-not-cancelable", "The order cannot be canceled"),
    "OR004": Kind(409, "order-not-fulfillable", "The order cannot be fulfilled"),
    "OR005": Kind(409, "duplicate-order", "The order exists already"),
    "OR006": Kind(422, "sku-not-for-sale", "The SKU is not for sale"),
    "OR007": Kind(422, "total-mismatch", "The total does not match the lines"),
    "OR008": Kind(422, "unknown-channel", "Unknown channel"),
    "OR009": Kind(422, "channel-required", "A channel is required"),
    "OR010": Kind(409, "order-not-modifiable", "The order cannot be changed any more"),
    "SK001": Kind(404, "not-in-catalogue", "Not in the catalogue"),
    "SK002": Kind(412, "exists-already", "It exists already"),
    "SK003": Kind(428, "if-match-required", "If-Match is required"),
    "RV001": Kind(404, "reservation-not-found", "Reservation not found"),
    "RV002": Kind(409, "reservation-not-active", "The reservation is not active"),
    "RV003": Kind(403, "reservation-not-yours", "The reservation is somebody else's"),
    "RV004": Kind(422, "reservation-of-another-channel", "The reservation belongs to another channel"),
    "RV005": Kind(409, "hold-share-exceeded", "More than one client may hold"),
    "WH001": Kind(404, "webhook-not-found", "Webhook not found"),
    "WH002": Kind(422, "webhook-url-refused", "The URL of the webhook is refused"),
    "WH003": Kind(422, "unknown-event-type", "Unknown event type"),
    "WH004": Kind(409, "too-many-webhooks", "Too many webhooks"),
    "WH005": Kind(404, "delivery-not-found", "Delivery not found"),
    "WH006": Kind(409, "delivery-under-way", "The delivery is under way"),
    "WH007": Kind(409, "webhook-not-active", "The webhook is not active"),
    "ID001": Kind(422, "idempotency-key-reused", "The idempotency key was used for another request"),
    "ID002": Kind(409, "idempotency-in-flight", "A request with this idempotency key is under way"),
    "ID003": Kind(400, "idempotency-key-missing", "An Idempotency-Key is required"),
    "ID004": Kind(404, "client-not-found", "Client not found"),
    "ID005": Kind(409, "client-exists", "The client exists already"),
    "ID006": Kind(422, "scope-mismatch", "Role and scope do not fit"),
    "ID007": Kind(409, "client-inactive", "The client is inactive"),
    "LG001": Kind(410, "reset", "The place in the event log is gone"),
    "VA001": Kind(422, "invalid-input", "A value cannot be used"),
    "RQ400": Kind(400, "bad-request", "Bad request"),
    "RQ401": Kind(401, "unauthenticated", "Not authenticated"),
    "RQ403": Kind(403, "forbidden", "Forbidden"),
    "RQ404": Kind(404, "not-found", "Not found"),
    "RQ405": Kind(405, "method-not-allowed", "Method not allowed"),
    "RQ406": Kind(406, "not-acceptable", "Not acceptable"),
    "RQ413": Kind(413, "body-too-large", "Body too large"),
    "RQ415": Kind(415, "unsupported-media-type", "Unsupported media type"),
    "RQ422": Kind(422, "invalid-body", "Invalid body"),
    "RQ428": Kind(428, "precondition-required", "Precondition required"),
    "RQ429": Kind(429, "too-many-requests", "Too many requests"),
    "RQ500": Kind(500, "internal-error", "Internal error"),
    "RQ503": Kind(503, "unavailable", "Unavailable"),
}

DETAILS_BY_STATUS = {
    404: "There is nothing at this path.",
    405: "This path does not know this method. The Allow header lists those that it knows.",
}
CODES_BY_STATUS = {400: "RQ400", 404: "RQ404", 405: "RQ405", 406: "RQ406", 413: "RQ413", 415: "RQ415"}

# What breaking a rule of a table means to a client, where its name does not say it.
RULES = {
    "outbox_data_is_at_most_262144_bytes_check": (
        "The event that would tell the outside world of this is larger than 256 KiB. Send fewer lines, or shorter texts."
    ),
}

# Passing troubles of the database: statement or lock timeout, deadlock, serialization, idle transaction ended.
PASSING_STATES = frozenset({"57014", "55P03", "40P01", "40001", "25P03", "25P04"})
# Classes: 08 connection, 53 out of resources, 57 an operator's doing (shutdown, crash, starting up).
PASSING_CLASSES = frozenset({"08", "53", "57"})
# Classes: 22 data, 23 a constraint, 54 a limit of the program.
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
        """The members of RFC 9457, and ours: code, errors, request_id, trace_id."""
        members = document(self.code, self.detail, self.errors, request_id)
        return members if trace_id is None else members | {"trace_id": trace_id}


class Refusal(msgspec.Struct):
    """What SQL says about a refusal: the body of a result row, or the DETAIL of an exception."""

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
    """Whether the same call may well succeed in a moment."""
    return state is not None and (state in PASSING_STATES or state[:2] in PASSING_CLASSES)


def from_database(error: psycopg.Error, request_id: str) -> Problem:
    """The problem for an error that Postgres reported. Never its SQL text; what is not understood goes to the log."""
    state, diag = error.diag.sqlstate, error.diag
    if state in KINDS:
        return _raised(state, diag.message_detail, diag.message_primary)
    if state == "42501":
        logger.info("refused by the database: %s", diag.message_primary, extra={"request_id": request_id})
        return Problem("RQ403", "Your role may not do this. Use a token of a role that may.")
    if is_passing(state):
        return unavailable("The database is busy or away. Nothing was changed; repeat the request.")
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
    # A constraint's name is a sentence; the message of Postgres would name tables.
    if diag.constraint_name in RULES:
        return RULES[diag.constraint_name]
    if diag.constraint_name:
        return f"A rule refuses this value: {diag.constraint_name.replace('_', ' ')}."
    if diag.sqlstate == "23502" and diag.column_name:
        return f"A value is missing: {diag.column_name.replace('_', ' ')}."
    if diag.sqlstate and diag.sqlstate.startswith("22") and diag.message_primary:
        return f"A value cannot be stored: {diag.message_primary[:DETAIL_CHARACTERS_MAX]}."
    return "A value cannot be stored. Send a smaller or simpler one."
