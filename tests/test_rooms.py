"""The code keeps the contracts of [tool.importlinter], which detect circular imports and imports from a higher room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--no-cache"], cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=False
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "pyapp", tmp_path / "pyapp", ignore=shutil.ignore_patterns("web", "__pycache__"))
    return tmp_path


def test_the_rooms_keep_their_order(tree: Path) -> None:
    said = lint(tree)
    assert said.returncode == 0, said.stdout


def test_an_import_from_a_higher_room_and_a_circle_are_seen(tree: Path) -> None:
    violations = {"http/decoding.py": "from pyapp.api import stock", "live/live.py": "from pyapp.live import stream"}
    for module, planted in violations.items():
        with (tree / "pyapp" / module).open("a", encoding="utf-8") as file:
            file.write(f"\n{planted}\n")
    said = lint(tree)
    assert said.returncode == 1
    assert "pyapp.http is not allowed to import pyapp.api" in said.stdout
    assert "No modules import each other in a circle BROKEN" in said.stdout
