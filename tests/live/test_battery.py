"""The battery in a short form; `make battery-live` runs the long form."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.folders import short_folder
from tests.live.battery import battery

EVENTS = int(os.environ.get("SCOVILLE_BATTERY_EVENTS", "6000"))
FAULTS = os.environ.get("SCOVILLE_BATTERY_FAULTS", "listener server postgres listener").split()


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


@pytest.mark.timeout(1800)
def test_every_client_has_exactly_what_it_may_see_whatever_happened(folder: Path) -> None:
    seed = int(os.environ.get("SCOVILLE_BATTERY_SEED", "0")) or random.randrange(1, 1 << 32)
    print(f"SCOVILLE_BATTERY_SEED={seed}")
    battery(folder, EVENTS, FAULTS, seed)
