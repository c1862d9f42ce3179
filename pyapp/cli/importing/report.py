"""What became of every line of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

Outcome = Literal["committed", "already", "refused", "bad", "skipped", "untried"]
OUTCOMES: tuple[Outcome, ...] = ("committed", "already", "refused", "bad")


@dataclass(frozen=True)
class Line:
    """A record of the file, from its first to its last line. A record of several items has a Line for each of them."""

    number: int
    last: int = 0  # 0: the same
    sku_id: str = ""
    units: int = 0
    part: int = 0  # of the record: 0 is the one that is counted

    @property
    def lines(self) -> int:
        return 0 if self.part else max(self.last, self.number) - self.number + 1

    @property
    def name(self) -> str:
        return f"lines {self.number} to {self.last}" if self.last > self.number else f"line {self.number}"


class BadLine(Exception):  # noqa: N818
    """The line cannot be used; the text has the reason."""


class LeftOut(Exception):  # noqa: N818
    """The line is no business of this import; the text has the reason."""


@dataclass
class Report:
    """The outcome of every line, by SKU. `say` gets each message as it happens."""

    say: Callable[[str], None]
    dry_run: bool = False
    lines: int = 0
    header_lines: int = 0  # up to the names of the columns
    blank: int = 0
    elements_done: int = 0
    elements_already: int = 0
    elements_refused: int = 0
    by_sku: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)  # how the file was read
    notes: list[str] = field(default_factory=list)  # what should be known about the result
    changes: list[str] = field(default_factory=list)  # that a dry run would make
    reasons: dict[str, int] = field(default_factory=dict)  # lines that were left out, by reason

    def read(self, line: Line) -> None:
        self.lines += line.lines

    def count(self, line: Line, outcome: Outcome) -> None:
        sku = self.by_sku.setdefault(line.sku_id, {})
        counted = sku.setdefault(outcome, {"lines": 0, "units": 0})
        counted["lines"] += line.lines
        counted["units"] += line.units

    def bad(self, line: Line, reason: str) -> None:
        self.count(line, "bad")
        self.say(f"{line.name}: bad: {reason}")

    def refuse(self, line: Line, reason: str) -> None:
        self.count(line, "refused")
        self.say(f"{line.name}: refused: {reason}")

    def skip(self, line: Line, reason: str) -> None:
        self.count(line, "skipped")
        self.reasons[reason] = self.reasons.get(reason, 0) + line.lines

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        more: tuple[Outcome, ...] = ("skipped",) if any("skipped" in sku for sku in self.by_sku.values()) else ()
        return (*OUTCOMES, *more, "untried") if self.dry_run else (*OUTCOMES, *more)

    def total(self, outcome: Outcome, unit: Literal["lines", "units"]) -> int:
        return sum(sku[outcome][unit] for sku in self.by_sku.values() if outcome in sku)

    @property
    def is_complete(self) -> bool:
        return not any("refused" in sku or "bad" in sku for sku in self.by_sku.values())

    def as_json(self) -> bytes:
        nothing = {"lines": 0, "units": 0}
        totals = {name: {"lines": self.total(name, "lines"), "units": self.total(name, "units")} for name in self.outcomes}
        document: dict[str, Any] = {
            **({"dry_run": True, "changes": self.changes} if self.dry_run else {}),
            "file": self.seen,
            "notes": self.notes,
            "header_lines": self.header_lines,
            "blank": self.blank,
            "lines": self.lines,
            "done": self.elements_done,
            "already_there": self.elements_already,
            "refused": self.elements_refused,
            "totals": totals,
            "skus": {sku: {name: found.get(name, nothing) for name in self.outcomes} for sku, found in self.by_sku.items()},
        }
        return msgspec.json.format(msgspec.json.encode(document), indent=1)
