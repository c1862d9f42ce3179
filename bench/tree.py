"""The files of a commit, and the Python that runs its public commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

from pyapp.files import ROOT

LOCK = "requirements.lock"
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Tree:
    """A folder with the files of a commit. Whatever is run from it is a command that its users run."""

    name: str
    folder: Path = ROOT
    python: str = sys.executable

    def command(self, *arguments: str) -> list[str]:
        """`scoville ARGUMENTS` of this tree; `environment` makes it import this tree's modules."""
        scripts = tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
        module, _, function = scripts["scoville"].partition(":")
        return self.run(f"from {module} import {function}; {function}()", *arguments)

    def run(self, code: str, *arguments: str) -> list[str]:
        """-P: otherwise the modules of the current folder come first."""
        return [self.python, "-P", "-c", code, *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        ours = ("SCOVILLE_", "DATABASE_URL", "PG", "PYTHONPATH", "PYTHONSAFEPATH")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
        return {**kept, "PYTHONPATH": str(self.folder), **variables}


HERE = Tree("the working tree")


def extract(ref: str, folder: Path) -> Tree:
    """The tree of a commit in a new folder. Unlike a worktree, an archive of a killed run leaves nothing in `.git`."""
    name = _git("rev-parse", "--short=7", f"{ref}^{{commit}}").strip()
    files, archive = folder / "files", folder / "files.tar"
    _git("archive", "--output", str(archive), name)
    files.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", files], check=True)  # tarfile's safe filter came with Python 3.11.4
    archive.unlink()
    return Tree(name, files, _python(files, folder / "venv"))


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def _python(files: Path, folder: Path) -> str:
    """Our Python if it has the packages that this tree needs; otherwise that of a new virtual environment."""
    if needs_same_packages(files):
        return sys.executable
    print("Its packages are other ones: creating a virtual environment for it; this takes minutes.", flush=True)
    venv.create(folder, with_pip=True, symlinks=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(files / LOCK)]
    subprocess.run(pip, check=True)
    return python


def needs_same_packages(files: Path) -> bool:
    """Whether our lock has each package that this tree imports, and no package in another version."""
    ours, theirs = (dict(LOCKED.findall((root / LOCK).read_text(encoding="utf-8"))) for root in (ROOT, files))
    project = tomllib.loads((files / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {NAME.match(text)[0].lower() for text in project["dependencies"]}  # type: ignore[index]
    return needed <= ours.keys() and all(ours.get(name, version) == version for name, version in theirs.items())
