"""What an entity tag is, and a check of our own: what the description allows in form is never refused for its form."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import strategies as st

# One strong entity tag, or the asterisk.
TAGS = st.one_of(st.just("*"), st.from_regex(r'"[!#-~]{0,20}"', fullmatch=True))
schemathesis.openapi.format("etag", TAGS)

FORM_CODES = {"RQ400", "RQ415", "RQ422"}


@schemathesis.check
def well_formed_is_read(context: Any, response: Any, case: Any) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 415, 422):
        return
    if case.operation.path == "/v1/oauth/token" and "Authorization" in response.request.headers:
        return  # the tool added a token by itself, to see whether one is wanted after all
    if response.json().get("error") == "invalid_scope":
        return  # RFC 6749 has it a 400 whatever is wrong with it
    assert response.json().get("code") not in FORM_CODES, response.text
