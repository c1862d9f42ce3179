"""One server per role, and one that is only read."""

from __future__ import annotations

from tests.http.conftest import api, shared_api, shared_database

__all__ = ["api", "shared_api", "shared_database"]
