"""After the migrations, at every deploy: installs the queue once, then replays the code (pyapp/deploy)."""

from __future__ import annotations

from pathlib import Path

from yoyo import step

from pyapp.deploy import pgmq_schema
from pyapp.deploy.replay import replay

SQL = Path(__file__).resolve().parents[1] / "sql"

step(pgmq_schema.install)
step(lambda connection: replay(connection, SQL))
