"""`make bench`, or `python -m bench` with the same arguments (bench/README.md)."""

from __future__ import annotations

import argparse
import importlib
import signal
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from types import FrameType

import psutil  # type: ignore[import-untyped]

from bench import explain, paired, peer, report
from bench.report import Row
from bench.system import start_system

SECTIONS = ("orders", "live", "webhooks", "bi")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
END_SECONDS_MAX = 10


def main() -> None:
    given = _arguments()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _stop)
    about = report.machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    try:
        if given.explain:
            with start_system() as system:
                explain.write(system, given.explain, quick=given.quick)
            return
        with closing(_rows(given)) as figures:
            rows = report.show(figures)
    finally:
        _end_children()
    report.write(given.json, about, rows)
    if given.paired or given.peer:
        print(report.table(rows))
    met, missed = (sum(row.meets is wanted for row in rows) for wanted in (True, False))
    print(f"{len(rows)} figures: {met} targets met, {missed} missed. See {given.json}.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measures every published figure beside its floor.")
    parser.add_argument("--quick", action="store_true", help="under two minutes: shorter loads, no million orders")
    parser.add_argument("--only", action="append", metavar="SECTION", help="only this section; repeat for several")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--paired", metavar="REF", help="the working tree beside this commit, in turns")
    other.add_argument("--peer", choices=("postgraphile",), help="orders beside this system, in turns (npm installs it)")
    other.add_argument("--explain", metavar="FILE", help="writes the page that says where the time of an order goes; - prints it")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="file for the figures")
    given = parser.parse_args()
    sections = () if given.peer or given.explain else paired.PARTS if given.paired else SECTIONS
    given.only = given.only or sections
    if unknown := set(given.only) - set(sections):
        parser.error(f"--only {unknown.pop()}: choose from {', '.join(sections) or 'nothing here'}")
    return given


def _rows(given: argparse.Namespace) -> Generator[Row]:
    if given.paired:
        yield from paired.rows(given.paired, quick=given.quick, only=given.only)
    elif given.peer:
        with start_system() as system:
            yield from peer.rows(system, quick=given.quick)
    else:
        for name in given.only:
            with start_system() as system:
                yield from importlib.import_module(f"bench.{name}").rows(system, quick=given.quick)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """The first signal ends the run in order, which takes seconds. Later ones would interrupt that, so they are ignored."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _end_children() -> None:
    """Ends processes whose start was interrupted before their holders knew of them."""
    children = psutil.Process().children(recursive=True)
    for child in children:
        child.terminate()
    for child in psutil.wait_procs(children, END_SECONDS_MAX)[1]:
        child.kill()


if __name__ == "__main__":
    main()
