"""How the audit is asked for."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from pyapp.http.fields import RangeQuery


class AuditQuery(RangeQuery):
    table: Annotated[str, Meta(min_length=1, max_length=100)] | UnsetType = UNSET
    key: Annotated[str, Meta(min_length=1, max_length=200)] | UnsetType = UNSET
    actor: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
