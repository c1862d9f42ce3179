"""Clients of a server with stock."""

from __future__ import annotations

from tests.http.conftest import module_api, module_database

__all__ = ["module_api", "module_database"]
