"""What the suite asks of itself."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
IMPORT = re.compile(r"^ *(?:from|import) +(tests[.\w]*)(?: +import +(.+))?", re.MULTILINE)


def imported(path: Path) -> set[str]:
    """The modules of this folder that a file names in its imports."""
    found = set()
    for module, names in IMPORT.findall(path.read_text(encoding="utf-8")):
        found |= {module, *(f"{module}.{name.strip()}" for name in names.split(","))}
    return found


def test_no_file_imports_a_module_of_tests() -> None:
    """Helpers have modules of their own, so a test can be read, and moved, without those who use its helpers."""
    modules = {".".join(("tests", *path.relative_to(TESTS).with_suffix("").parts)) for path in TESTS.rglob("test_*.py")}
    assert len(modules) > 100
    found = {(path.relative_to(TESTS).as_posix(), name) for path in TESTS.rglob("*.py") for name in imported(path) & modules}
    assert found == set()
