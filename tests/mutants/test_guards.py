"""The list of guards matches the code: `make mutants` can remove each guard and run its tests."""

from __future__ import annotations

import re

import pytest

from tests.mutants.guards import GUARDS, Guard
from tests.mutants.run import ROOT


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_the_text_of_a_guard_stands_in_its_file_once(guard: Guard) -> None:
    assert (ROOT / guard.path).read_text().count(guard.old) == 1
    assert guard.new != guard.old
    paths, _, words = guard.tests.partition(" -k ")
    tests = re.findall(r"^def (test_\w+)", "".join((ROOT / path).read_text() for path in paths.split()), re.MULTILINE)
    assert tests
    for word in words.replace("(", " ").replace(")", " ").split():
        assert word in ("and", "or", "not") or any(word in test for test in tests), word


def test_every_guard_has_a_name_of_its_own() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS) >= 30
