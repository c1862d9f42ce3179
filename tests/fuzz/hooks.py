"""Entity tags and amounts for schemathesis, and two checks of our own: a body that the description allows is never refused for
its form, and every returned code is listed for its operation."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import strategies as st

# One strong entity tag, or the asterisk.
TAGS = st.one_of(st.just("*"), st.from_regex(r'"[!#-~]{0,20}"', fullmatch=True))
schemathesis.openapi.format("etag", TAGS)

AMOUNTS = ("price", "total_price", "amount")
FORM_CODES = {"RQ400", "RQ415", "RQ422"}


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Amounts have two decimals. JSON Schema could say so only by multipleOf, which validators compute in binary.

    Numbers within attributes have few digits, which JSON Schema cannot say of an object that may contain anything.
    """
    if isinstance(body, dict):
        return {
            name: cents(value) if name in AMOUNTS else plain(value) if name == "attributes" else map_body(context, value)
            for name, value in body.items()
        }
    return [map_body(context, item) for item in body] if isinstance(body, list) else body


def plain(value: Any) -> Any:
    """The value with numbers that can be written with few digits."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value if value == 0 or 1e-9 < abs(value) < 1e30 else 0.5


def cents(value: Any) -> Any:
    return round(value, 2) if isinstance(value, float) else value


@schemathesis.check
def well_formed_is_read(context: Any, response: Any, case: Any) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 415, 422):
        return
    if case.operation.path == "/v1/oauth/token" and "Authorization" in response.request.headers:
        return  # the tool added a token, to test whether the operation ignores authentication
    if response.json().get("error") == "invalid_scope":
        return  # RFC 6749 requires a 400 for every error
    assert response.json().get("code") not in FORM_CODES, response.text


@schemathesis.check
def code_is_listed(context: Any, response: Any, case: Any) -> None:
    if case.method.upper() != case.operation.method.upper():
        return  # the tool tried a method that the path does not support
    listed = {
        code
        for answer in case.operation.definition.raw["responses"].values()
        for code in answer.get("content", {}).get("application/problem+json", {}).get("examples", ())
    }
    kinds = response.headers.get("content-type", [])
    if "application/problem+json" in kinds:
        codes = {response.json()["code"]}
    elif response.status_code == 207:
        codes = {result["problem"]["code"] for result in response.json()["results"] if "problem" in result}
    else:
        return
    assert codes <= listed, f"{case.operation.label} returned {codes - listed}, which the description does not list"
