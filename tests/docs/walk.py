"""Walks through a page: runs its shell blocks in order, as printed, in one shell."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import ROOT, environment
from tests.patience import PATIENCE_SECONDS

FENCED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)


def fenced(text: str) -> list[str]:
    return FENCED.findall(text)


def indented(text: str) -> list[str]:
    return [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip("\n") for block in INDENTED.findall(text) if block.strip()]


def walk(blocks: list[str], folder: Path, **variables: str) -> list[str]:
    """The output of each block. `scoville`, or .venv/bin/scoville, is this tree's command. Fails if a line fails."""
    for place in (folder / ".venv" / "bin", folder / "bin"):
        place.mkdir(parents=True)
        program = place / "scoville"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pyapp.cli "$@"\n')
        program.chmod(0o755)
    mark = "--- next ---"
    script = "set -euo pipefail\n" + f"\necho; echo '{mark}'\n".join(blocks)
    given = environment(**variables)
    given["PATH"] = f"{folder / 'bin'}:{given['PATH']}"
    given["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.split(f"{mark}\n")
