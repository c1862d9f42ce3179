"""Cells to values. What can be read in two ways is refused, unless the user says which (`--decimal`, `--dates`)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Literal

from pyapp.cli.importing.report import BadLine

Order = Literal["ymd", "dmy", "mdy"]
NUMBERS = {  # by the decimal sign; without one nothing groups the digits
    "": re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?"),
    ".": re.compile(r"-?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,15})?"),
    ",": re.compile(r"-?([0-9]{1,15}|[0-9]{1,3}(\.[0-9]{3}){1,4})(,[0-9]{1,15})?"),
}
DAY = re.compile(r"([0-9]{1,4})([-./])([0-9]{1,2})\2([0-9]{1,4})")
MOMENT = re.compile(
    r"(\S+)(?:,?[ T]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(?: ?([AaPp])\.?[Mm]\.?)?)?(?: ?(Z|[+-][0-9]{2}:?[0-9]{2}))?"
)
YEAR_MIN = 1900
NAMES = {"ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year"}


def lot_key(number: str) -> str:
    """Equal for numbers that name one lot, as app.code_key of the database says; tests/sql/test_fold.py compares the two."""
    return " ".join(unicodedata.normalize("NFC", number).replace("\ufeff", " ").split()).casefold()


@dataclass
class Forms:
    """How the file writes numbers and times."""

    zone: tzinfo
    decimal: str = ""
    dates: Order | None = None
    assumed: bool = False  # the order of dates is the usual one of the source; nobody has confirmed it
    contradiction: str = ""  # a date that the assumed order cannot read, but another can
    zone_used: list[bool] = field(default_factory=list)

    def amount(self, text: str, name: str) -> Decimal:
        if not NUMBERS[self.decimal].fullmatch(text):
            remedy = (
                ""
                if self.decimal or not re.fullmatch(r"-?[0-9][0-9.,]*[0-9]", text)
                else (" (--decimal , or --decimal . says what the signs mean)")
            )
            raise BadLine(f"{name} {text!r} is not an amount such as 12.99{remedy}")
        return Decimal(self._plain(text))

    def whole(self, text: str, name: str) -> int:
        if not NUMBERS[self.decimal].fullmatch(text) or not re.fullmatch(r"-?[0-9]{1,15}", self._plain(text)):
            raise BadLine(f"{name} {text!r} is not a whole number")
        return int(self._plain(text))

    def _plain(self, text: str) -> str:
        if self.decimal == ",":
            return text.replace(".", "").replace(",", ".")
        return text.replace(",", "")

    def day(self, text: str, name: str) -> str:
        """A day in ISO 8601."""
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            found = _date(text[:4], text[5:7], text[8:])
        else:
            found = self._other_day(text)
        if found is None:
            raise BadLine(f"{name} {text!r} is not a day of the form 2027-12-31{self._remedy(text)}")
        return found.isoformat()

    def moment(self, text: str) -> str:
        """RFC 3339 in UTC; a time without an offset is in the zone (the earlier one if a clock change makes it ambiguous)."""
        try:
            found: datetime | None = datetime.fromisoformat(text)
        except ValueError:
            found = self._other_moment(text)
        if found is None:
            raise BadLine(f"time {text!r} is not of the form 2024-06-01T13:45:30Z{self._remedy(text)}")
        if found.tzinfo is None:
            found = found.replace(tzinfo=self.zone)
            self.zone_used[:] = [True]
        try:
            return found.astimezone(UTC).isoformat().replace("+00:00", "Z")
        except OverflowError:
            raise BadLine(f"time {text!r} is outside the years 1 to 9999") from None

    def _other_moment(self, text: str) -> datetime | None:
        if not (parts := MOMENT.fullmatch(text)) or not (day := self._other_day(parts[1])):
            return None
        hour = int(parts[2] or 0)
        if parts[5]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if parts[5] in "pP" else 0)
        clock = f"{hour:02d}:{parts[3] or '00'}:{parts[4] or '00'}"
        try:
            return datetime.fromisoformat(f"{day.isoformat()}T{clock}{parts[6] or ''}")
        except ValueError:
            return None

    def _other_day(self, text: str) -> date | None:
        """A day in the order that was named."""
        if self.dates is None or not (parts := DAY.fullmatch(text)):
            return None
        found = _ordered(parts, self.dates)
        if found is None and self.assumed and any(_ordered(parts, order) for order in ("dmy", "mdy", "ymd")):
            self.contradiction = self.contradiction or text
        return found

    def _remedy(self, text: str) -> str:
        return " (--dates dmy or --dates mdy says the order)" if self.dates is None and DAY.match(text) else ""


def _ordered(parts: re.Match[str], order: str) -> date | None:
    numbers = dict(zip(order, (parts[1], parts[3], parts[4]), strict=True))
    if len(numbers["y"]) != 4:
        return None
    return _date(numbers["y"], numbers["m"], numbers["d"])


def _date(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year >= YEAR_MIN else None


def units_of(text: str) -> int:
    """The quantity of a line, for the totals; 0 if it is not a number."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else 0
