"""How long a test waits for what must happen."""

from __future__ import annotations

# A guard against hanging, not a measurement: a test that passes does not wait for it. Long, because a machine may be slow and
# shared, and its other tests may all be starting.
PATIENCE_SECONDS = 120.0
