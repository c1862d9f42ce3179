"""The lengths of the battery: short within the suite, long in `make battery` (SCOVILLE_BATTERY=long).

Each run prints its seed. SCOVILLE_BATTERY_SEED repeats the random choices, but not the scheduling of the processes.
"""

from __future__ import annotations

import os
import random
from typing import NamedTuple


class Length(NamedTuple):
    """`kills`: kill -9 of PostgreSQL, the API and the worker during the load. `terminated`: backends that the server ends."""

    examples: int
    clients: int
    seconds: float
    kills: tuple[int, int, int]
    terminated: int
    doubled: int  # requests per idempotency key, each sent twice at once
    doubled_kills: int
    pairs: int  # pairs of commands, out of all pairs
    soak_minutes: float


QUICK = Length(15, 3, 2, (1, 1, 1), 2, 30, 1, 25, 0)
NIGHTLY = Length(2000, 16, 60, (10, 10, 10), 20, 1000, 20, 10_000, float(os.environ.get("SCOVILLE_SOAK_MINUTES", "10")))

LONG = os.environ.get("SCOVILLE_BATTERY") == "long"
LENGTH = NIGHTLY if LONG else QUICK
SEED = int(os.environ.get("SCOVILLE_BATTERY_SEED", "0")) or random.randrange(1, 1 << 32)


def chance(name: str) -> random.Random:
    """A random generator per test, so that a test draws the same values alone and in the suite. Prints the seed."""
    print(f"SCOVILLE_BATTERY_SEED={SEED}")
    return random.Random(f"{SEED} {name}")
