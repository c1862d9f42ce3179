"""After the migrations, at every deploy: the queue, once (pyapp/pgmq_schema.py), and the code, anew (pyapp/replay.py)."""

from __future__ import annotations

from pathlib import Path

from yoyo import step

from pyapp import pgmq_schema
from pyapp.replay import replay

SQL = Path(__file__).resolve().parents[1] / "sql"

step(pgmq_schema.install)
step(lambda connection: replay(connection, SQL))
