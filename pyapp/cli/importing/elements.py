"""What is sent to the API, and the lines that it stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pyapp.cli.importing.report import Line

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass
class Element:
    """One element to send. Each item of an order has its line, so that bad lines can be left out."""

    lines: list[Line]
    body: dict[str, Any]
    items: list[tuple[Line, dict[str, Any]]] = field(default_factory=list)
    occurrence: int = 0  # of equal elements that were booked before this one

    def document(self) -> dict[str, Any]:
        return {**self.body, "items": [item for _, item in self.items]} if self.items else self.body

    @property
    def name(self) -> str:
        return f" (order {self.body['external_id']})" if "external_id" in self.body else ""

    @property
    def numbers(self) -> str:
        """The lines in words: `lines 3, 4`."""
        if len(self.lines) == 1:
            return self.lines[0].name
        numbers = dict.fromkeys(line.number for line in self.lines)
        return f"line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def encode(value: Any) -> bytes:
    return _ENCODER.encode(value)


def key_of(elements: Iterable[Element] | Sequence[Element], *more: object) -> str:
    """The idempotency key of a list: equal for equal content, wherever it stands in which file."""
    content = encode([[(element.document(), element.occurrence) for element in elements], [str(one) for one in more]])
    return f"import-{hashlib.sha256(content).hexdigest()[:32]}"
