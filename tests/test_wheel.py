"""The wheel carries the SQL and the migrations, and finds them wherever it is installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from pyapp.migrate import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_wheel_deploys_from_its_own_files(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name.removeprefix("pyapp/") for name in archive.namelist()}
        archive.extractall(tmp_path / "installed")
    ours = {path.relative_to(ROOT).as_posix() for folder in ("sql", "migrations") for path in (ROOT / folder).rglob("*.*")}
    assert {name for name in ours if "__pycache__" not in name} <= names
    where = "from pyapp.migrate import ROOT; print(ROOT)"
    said = subprocess.run([sys.executable, "-c", where], cwd=tmp_path / "installed", check=True, capture_output=True, text=True)
    assert said.stdout.strip() == str(tmp_path / "installed" / "pyapp")
