"""After the migrations, at every deploy: replay the code (see pyapp/replay.py)."""

from __future__ import annotations

from pathlib import Path

from yoyo import step

from pyapp.replay import replay

SQL = Path(__file__).resolve().parents[1] / "sql"

step(lambda connection: replay(connection, SQL))
