"""`make mutants`: removes each guard in a copy of the tree, runs the tests that must fail, and reports surviving mutants.

The exit code is 1 if a mutant survives, or if tests fail without a mutant.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.guards import GUARDS, Guard

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 600
GREEN, RED = 0, 1  # exit codes of pytest; any other decides nothing
EXAMPLES = "190"  # for the model's state machine; unlike the suite's number, it does not shrink failures


@contextmanager
def copied_tree() -> Iterator[Path]:
    """Copies the files in git and the built files to a disposable folder."""
    folder = Path(tempfile.mkdtemp(prefix="scoville-mutants-"))
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    for name in filter(None, listed.stdout.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    if (ROOT / "pyapp" / "web").exists():
        shutil.copytree(ROOT / "pyapp" / "web", folder / "pyapp" / "web")
    yield folder
    shutil.rmtree(folder)


@contextmanager
def without(guard: Guard, tree: Path) -> Iterator[None]:
    """The tree without the guard."""
    path = tree / guard.path
    kept = path.read_text()
    assert kept.count(guard.old) == 1, f"{guard.name}: its text occurs {kept.count(guard.old)} times in {guard.path}"
    path.write_text(kept.replace(guard.old, guard.new))
    _follow_schema(guard, tree)
    yield
    path.write_text(kept)
    _follow_schema(guard, tree)


def _follow_schema(guard: Guard, tree: Path) -> None:
    if guard.path.startswith("sql/schema/"):
        subprocess.run(["make", "-s", "migration-0001"], cwd=tree, check=True)  # noqa: S607


def run_tests(tests: str, tree: Path) -> tuple[int, str]:
    """The exit code of pytest, and its last line of output."""
    paths, _, words = tests.partition(" -k ")
    arguments = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *paths.split()]
    arguments += ["-k", words] if words else []
    environment = {**os.environ, "PYTHONPATH": str(tree), "SCOVILLE_BATTERY_EXAMPLES": EXAMPLES}
    try:
        done = subprocess.run(
            arguments, cwd=tree, env=environment, capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        return RED, f"did not end in {SECONDS_MAX} s"
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, (failed or done.stdout.splitlines() or [done.stderr])[-1][:160]


def main(words: list[str]) -> int:
    """`words`: runs only guards whose name or file contains one of them."""
    chosen = [guard for guard in GUARDS if not words or any(word in f"{guard.name} {guard.path}" for word in words)]
    survivors, broken = [], []
    with copied_tree() as tree:
        for tests in dict.fromkeys(guard.tests for guard in chosen):
            code, said = run_tests(tests, tree)
            if code != GREEN:
                broken.append(f"{tests}: {said}")
            print(f"{'green' if code == GREEN else 'RED':9} without a mutant: {tests}: {said}", flush=True)
        for guard in chosen:
            started = time.monotonic()
            with without(guard, tree):
                code, said = run_tests(guard.tests, tree)
            verdict = {RED: "red", GREEN: "SURVIVES"}.get(code, f"NO ANSWER ({code})")
            if code != RED:
                survivors.append(guard.name)
            print(f"{verdict:9} {time.monotonic() - started:5.0f} s  {guard.name}: {said}", flush=True)
    print(f"\n{len(chosen)} guards taken away, {len(chosen) - len(survivors)} noticed.")
    for line in (*(f"survives: {name}" for name in survivors), *(f"red without a mutant: {line}" for line in broken)):
        print(line)
    return 1 if survivors or broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
