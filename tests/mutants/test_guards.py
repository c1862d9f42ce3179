"""The list of guards matches the code: `make mutants` can remove each guard and run its tests."""

from __future__ import annotations

import pytest

from tests.mutants.guards import GUARDS, Guard
from tests.mutants.run import ROOT


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_the_text_of_a_guard_stands_in_its_file_once(guard: Guard) -> None:
    assert (ROOT / guard.path).read_text().count(guard.old) == 1
    assert guard.new != guard.old
    for path in guard.tests.partition(" -k ")[0].split():
        assert (ROOT / path).exists(), path


def test_every_guard_has_a_name_of_its_own() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS) >= 30
