"""Every figure that we claim, beside its floor, in one run: `make bench` (bench/README.md)."""

from __future__ import annotations
