"""Measures every published figure beside its floor: `make bench` (bench/README.md)."""

from __future__ import annotations
