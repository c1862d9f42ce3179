"""Output for people and scripts: results on standard output, everything else on standard error.

Tables are for people; `-o json` is for programs. Color is used only on a terminal, and not if NO_COLOR is set.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyapp.failures import Exit

COLORS = {"green": "32", "yellow": "33", "red": "31"}


def end(code: Exit, text: str) -> NoReturn:
    """An expected failure: one line with the fault and the remedy, and the exit code."""
    print(f"scoville: {printable(' '.join(text.split()))}", file=sys.stderr)
    sys.exit(code)


def printable(text: object) -> str:
    """The text without control characters: parts of it may come from others, and the terminal must not obey it."""
    return "".join(character if character.isprintable() else "?" for character in str(text))


def print_json(value: Any) -> None:
    import msgspec

    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table; numbers are right-aligned."""
    texts = [list(names), *[[_text(value) for value in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    right = [bool(rows) and all(type(row[place]) is int for row in rows) for place in range(len(names))]
    for line in texts:
        cells = [
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ]
        print("  ".join(cells).rstrip())


def print_fields(fields: Mapping[str, Any]) -> None:
    """One line per name and value."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        print(f"{name.ljust(width)}  {_text(value)}".rstrip())


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return printable(value)


def colored(text: str, color: str) -> str:
    """The text in this color if standard output is a terminal with colors."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{COLORS[color]}m{text}\x1b[0m"


class progress:  # noqa: N801 (used like a function)
    """`with progress(name) as (say, advance)`: a bar on a terminal, plain lines elsewhere; both on standard error."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bar: Any = None

    def __enter__(self) -> tuple[Callable[[str], None], Callable[[int, int], None]]:
        if not sys.stderr.isatty():
            return (lambda text: print(printable(text), file=sys.stderr)), (lambda done, total: None)  # noqa: ARG005
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, highlight=False, markup=False)
        self.bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self.bar.start()
        task = self.bar.add_task(printable(self.name), total=None)
        say, advance = console.print, self.bar.update
        return (lambda text: say(printable(text))), lambda done, total: advance(task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        if self.bar:
            self.bar.stop()
