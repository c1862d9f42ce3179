"""The wheel contains the SQL, the migrations and the dashboard, and the package finds them in any environment."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

from pyapp.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_wheel_made_from_the_sdist_needs_no_node(tmp_path: Path, built: None) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--directory", str(tmp_path), "--target"]
    subprocess.run([*build, "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    subprocess.run(
        [shutil.which("tar") or "tar", "-xf", sdist, "-C", tmp_path], check=True
    )  # tarfile's safe filter came with Python 3.11.4
    assert not [name for name in names if "node_modules" in name]
    (folder,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    subprocess.run([*build, "wheel"], cwd=folder, check=True, capture_output=True, env={"PATH": "/nowhere"})
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        web = [name for name in archive.namelist() if name.startswith("pyapp/web/")]
        page = archive.read("pyapp/web/index.html").decode()
    assert set(re.findall(r"/(assets/[^\"]+)", page)) <= {name.removeprefix("pyapp/web/") for name in web}
    assert not (folder / "ui" / "node_modules").exists()


def test_a_wheel_deploys_from_its_own_files(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name.removeprefix("pyapp/") for name in archive.namelist()}
        archive.extractall(tmp_path / "installed")
    ours = {path.relative_to(ROOT).as_posix() for folder in ("sql", "migrations") for path in (ROOT / folder).rglob("*.*")}
    assert {name for name in ours if "__pycache__" not in name} <= names
    where = "from pyapp.files import ROOT; print(ROOT)"
    said = subprocess.run([sys.executable, "-c", where], cwd=tmp_path / "installed", check=True, capture_output=True, text=True)
    assert said.stdout.strip() == str(tmp_path / "installed" / "pyapp")
