"""Where sql/ and migrations/ lie: inside the package in a wheel, beside it in the repository."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE if (PACKAGE / "migrations").is_dir() else PACKAGE.parent
SQL = ROOT / "sql"
