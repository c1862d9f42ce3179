"""The checks of `doctor`: each yields one or more findings."""

from __future__ import annotations

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """`unknown`: the login lacks the right to check. `remedy` says what to do, if anything."""

    check: str
    state: Literal["ok", "warning", "bad", "unknown"]
    said: str
    remedy: str = ""


def ok(check: str, said: str) -> Finding:
    return Finding(check, "ok", said)


def warning(check: str, said: str, remedy: str = "") -> Finding:
    return Finding(check, "warning", said, remedy)


def bad(check: str, said: str, remedy: str = "") -> Finding:
    return Finding(check, "bad", said, remedy)


def unknown(check: str, said: str, remedy: str = "") -> Finding:
    return Finding(check, "unknown", said, remedy)
