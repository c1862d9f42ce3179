"""The locations of sql/ and migrations/: inside the package in a wheel, next to it in the repository."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE if (PACKAGE / "migrations").is_dir() else PACKAGE.parent
SQL = ROOT / "sql"
