"""The battery in a short form; `make battery-webhooks` runs the long form."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.folders import short_folder
from tests.webhooks.battery import battery

WORKERS = int(os.environ.get("SCOVILLE_BATTERY_WORKERS", "2"))
POSTGRES = int(os.environ.get("SCOVILLE_BATTERY_POSTGRES", "1"))
CLAIM_SECONDS = int(os.environ.get("SCOVILLE_BATTERY_CLAIM_SECONDS", "5"))


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


@pytest.mark.timeout(1800)
def test_no_webhook_is_lost_whatever_is_killed(folder: Path) -> None:
    seed = int(os.environ.get("SCOVILLE_BATTERY_SEED", "0")) or random.randrange(1, 1 << 32)
    print(f"SCOVILLE_BATTERY_SEED={seed}")
    battery(folder, WORKERS, POSTGRES, CLAIM_SECONDS, seed)
