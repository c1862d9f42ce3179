"""How long the battery runs: a quick form with the suite, the nightly one by `make battery` (SCOVILLE_BATTERY=long).

Every run prints its seed; SCOVILLE_BATTERY_SEED repeats what was drawn with it (not how the processes' time was cut).
"""

from __future__ import annotations

import os
import random
from typing import NamedTuple


class Length(NamedTuple):
    """`kills`: signals 9 during the load, of PostgreSQL, the API and the worker; `terminated`: backends that the server ends."""

    examples: int
    clients: int
    seconds: float
    kills: tuple[int, int, int]
    terminated: int
    doubled: int  # submits of an idempotency key, each twice at once
    doubled_kills: int
    pairs: int  # of commands, of all that there are
    soak_minutes: float


QUICK = Length(200, 6, 6, (1, 1, 1), 3, 60, 1, 40, 0)
NIGHTLY = Length(2000, 16, 60, (10, 10, 10), 20, 1000, 20, 10_000, float(os.environ.get("SCOVILLE_SOAK_MINUTES", "10")))

LONG = os.environ.get("SCOVILLE_BATTERY") == "long"
LENGTH = NIGHTLY if LONG else QUICK
SEED = int(os.environ.get("SCOVILLE_BATTERY_SEED", "0")) or random.randrange(1, 1 << 32)


def chance(name: str) -> random.Random:
    """What a test draws from: its own, so that it draws the same alone and among others. Prints the seed."""
    print(f"SCOVILLE_BATTERY_SEED={SEED}")
    return random.Random(f"{SEED} {name}")
