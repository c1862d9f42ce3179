"""`python -m pyapp.cli`."""

from __future__ import annotations

from pyapp.cli import main

main()
