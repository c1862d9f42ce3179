"""The documentation is tested where users read it: on a running server."""

from __future__ import annotations

from tests.cli.conftest import demo, finished_folder, short_folder
from tests.http.conftest import admin, api, shared_api, shared_database, stocked

__all__ = ["admin", "api", "demo", "finished_folder", "shared_api", "shared_database", "short_folder", "stocked"]
