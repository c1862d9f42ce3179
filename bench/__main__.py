"""`make bench`, or `python -m bench [--quick] [--only orders] [--json FILE]`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from bench import report
from bench.system import start_system

SECTIONS = ("orders", "live", "webhooks", "bi")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Measures every published figure beside its floor.")
    parser.add_argument("--quick", action="store_true", help="under two minutes: shorter loads, no million orders")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="only this section; repeat for several")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="file for the figures")
    given = parser.parse_args()
    about = report.machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    rows: list[report.Row] = []
    for name in given.only or SECTIONS:
        with start_system() as system:
            rows += report.show(importlib.import_module(f"bench.{name}").rows(system, quick=given.quick))
    report.write(given.json, about, rows)
    met, missed = (sum(row.meets is wanted for row in rows) for wanted in (True, False))
    print(f"{len(rows)} figures: {met} targets met, {missed} missed. See {given.json}.")


if __name__ == "__main__":
    main()
