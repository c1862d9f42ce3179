"""A figure with its floor and target, and the report."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Row:
    """One line of the report. `target` applies to the ratio if the row has a floor, otherwise to the value.

    at_most: the target is a maximum (a latency), not a minimum.
    """

    name: str
    value: float
    unit: str
    floor: str | None = None
    floor_value: float | None = None
    target: float | None = None
    at_most: bool = False
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor_value if self.floor_value else None

    @property
    def meets(self) -> bool | None:
        """True if the target is met; None without a target, or if nothing was measured."""
        if self.target is None or (self.floor and self.ratio is None):
            return None
        measured = self.value if self.ratio is None else self.ratio
        return measured <= self.target if self.at_most else measured >= self.target

    def text(self) -> str:
        compared = f"{self.ratio:5.2f} x {self.floor}" if self.ratio is not None else ""
        wanted = ""
        if self.target is not None and self.meets is not None:
            number = f"{self.target:g}" + (" x" if self.ratio is not None else f" {self.unit}")
            wanted = f"{'at most' if self.at_most else 'at least'} {number}: {'met' if self.meets else 'MISSED'}"
        facts = ", ".join(f"{name} {_short(value)}" for name, value in self.facts.items())
        return f"{self.name:<58} {_short(self.value):>10} {self.unit:<9} {compared:<28} {wanted:<24} {facts}".rstrip()


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def machine() -> dict[str, Any]:
    """The machine of the measurement."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_before": psutil.getloadavg()[0],
    }


def show(rows: Iterator[Row]) -> list[Row]:
    """Prints each row as it comes."""
    shown = []
    for row in rows:
        print(row.text(), flush=True)
        shown.append(row)
    return shown


def table(rows: Sequence[Row]) -> str:
    """The rows with a floor as a table in Markdown."""
    lines = ["| figure | here | beside | ratio | target |", "| --- | ---: | ---: | ---: | --- |"]
    for row in rows:
        if row.ratio is not None:
            limit = "" if row.target is None else f"{'<=' if row.at_most else '>='} {row.target:g}"
            found = {True: " met", False: " MISSED", None: ""}[row.meets]
            values = f"{_short(row.value)} {row.unit} | {_short(row.floor_value)} ({row.floor}) | {row.ratio:.2f}"
            lines.append(f"| {row.name} | {values} | {limit}{found} |")
    return "\n".join(lines)


def write(path: Path, about: dict[str, Any], rows: Sequence[Row]) -> None:
    """Writes everything as JSON, for comparing runs."""
    documents = [{**asdict(row), "ratio": row.ratio, "meets": row.meets} for row in rows]
    path.write_text(json.dumps({"machine": about, "rows": documents}, indent=2) + "\n")
