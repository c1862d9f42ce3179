"""Rules for the test suite."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
IMPORT = re.compile(r"^ *(?:from|import) +(tests[.\w]*)(?: +import +(.+))?", re.MULTILINE)


def imported(path: Path) -> set[str]:
    """The modules of this folder that a file imports."""
    found = set()
    for module, names in IMPORT.findall(path.read_text(encoding="utf-8")):
        found |= {module, *(f"{module}.{name.strip()}" for name in names.split(","))}
    return found


def test_no_file_imports_a_module_of_tests() -> None:
    """Helpers have their own modules, so that a test file can be read and moved independently."""
    modules = {".".join(("tests", *path.relative_to(TESTS).with_suffix("").parts)) for path in TESTS.rglob("test_*.py")}
    assert len(modules) > 100
    found = {(path.relative_to(TESTS).as_posix(), name) for path in TESTS.rglob("*.py") for name in imported(path) & modules}
    assert found == set()
