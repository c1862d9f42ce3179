"""The shape of what clients send: JSON bodies and query strings. Whether the values make sense is decided in SQL.

Fields that a client may leave out are UNSET and are then left out of what Postgres gets, so each default stands once: there.
Money is kept as the text of its JSON number, so it is exact from the client to Postgres.
"""

from __future__ import annotations
