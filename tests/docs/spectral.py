"""Spectral, the linter for API descriptions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests import npm

OPENAPI_RULES = {"extends": ["spectral:oas"]}


def lint(documents: dict[str, Any], folder: Path, rules: Any = OPENAPI_RULES) -> dict[str, list[str]]:
    """The codes of Spectral's findings under these rules, by the documents' names. One run: its start is dear."""
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    (folder / "rules.json").write_text(json.dumps(rules))
    packages = npm.install(Path(__file__).parent)
    command = [npm.node(), str(packages / "node_modules/.bin/spectral"), "lint", *(f"{name}.json" for name in documents)]
    command += ["--ruleset", "rules.json", "--format", "json", "--fail-severity", "hint", "--quiet"]
    done = subprocess.run(command, cwd=folder, env=npm.environment(), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, list[str]] = {name: [] for name in documents}
    for finding in json.loads(done.stdout):
        found[Path(finding["source"]).stem].append(f"{finding['code']} {'.'.join(map(str, finding['path']))}")
    return found
