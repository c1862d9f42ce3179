"""The shape of what Postgres answers, one module a noun: the JSON documents that functions of schema api build.

Nothing is ever encoded by these structs: the bytes of Postgres go out as they are. The OpenAPI document and the columns of
CSV are made from them, and a test decodes real answers of every route into them, so they cannot drift from the SQL.
A member that may be null is `T | None`; one that is left out where there is nothing to say is `T | UnsetType = UNSET`.
"""

from __future__ import annotations
