"""`--map FILE`: maps files of another format to the formats of `import`, with one TOML table per kind of file.

    [orders.columns]                       # one of our columns, made from theirs
    order_id = "{basket_id}"
    created_at = "{transaction_timestamp}"

    [orders.channel]                       # optional: creates missing sales channels that the file names
    name = "Store {store_id}"

A filter may follow the name of a column: `{package_size|ml}`. `attributes = true` in a table of SKUs keeps all their columns
as attributes. The importer validates the lines after the mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import msgspec

from pyapp.failures import Exit, Failure

PLACE = re.compile(r"\{([^{}|]+)(?:\|([a-z]+))?\}")
SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(OZ|ML|L)\b", re.IGNORECASE)
ML_PER_UNIT = {"oz": Decimal("29.5735"), "ml": Decimal(1), "l": Decimal(1000)}


def _ml(text: str) -> str:
    """The first size in the text in whole milliliters; empty without one."""
    if (size := SIZE.search(text)) is None:
        return ""
    return str(max(1, int((Decimal(size[1]) * ML_PER_UNIT[size[2].lower()]).quantize(Decimal(1), ROUND_HALF_UP))))


FILTERS: dict[str, Callable[[str], str]] = {"capitalize": str.capitalize, "ml": _ml}


class Channel(msgspec.Struct, forbid_unknown_fields=True):
    """A sales channel as the API takes it; its ID is the column `channel` of the line."""

    name: str
    kind: str
    pricing: str
    warehouses: tuple[str, ...]
    region_id: int = 1


class Table(msgspec.Struct, forbid_unknown_fields=True):
    """The map for one kind of file."""

    columns: dict[str, str]
    attributes: bool = False
    channel: Channel | None = None

    @property
    def needed(self) -> set[str]:
        """Their columns that the map reads."""
        templates = [*self.columns.values(), *([self.channel.name] if self.channel else [])]
        return {place[1] for template in templates for place in PLACE.finditer(template)}

    def apply(self, row: dict[str, str]) -> dict[str, str]:
        """Our line, made from theirs."""
        made = {name: _fill(template, row) for name, template in self.columns.items()}
        kept = {f"attributes.{name}": text for name, text in row.items()} if self.attributes else {}
        return {**kept, **made}

    def make_channel(self, row: dict[str, str]) -> dict[str, Any] | None:
        """The sales channel of their line."""
        if self.channel is None:
            return None
        document: dict[str, Any] = msgspec.to_builtins(self.channel)
        return {**document, "channel_id": _fill(self.columns["channel"], row), "name": _fill(self.channel.name, row)}


def read(path: Path, kind: str, required: list[str], optional: list[str]) -> tuple[Table, bytes]:
    """The table for this kind of file, which has these columns, and the content of the map. Raises Failure."""
    try:
        content = path.read_bytes()
        tables = msgspec.toml.decode(content, type=dict[str, Table])
    except OSError as error:
        raise Failure(Exit.USAGE, f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"{path} is not a map: {error}.") from error
    if kind not in tables:
        raise Failure(Exit.USAGE, f"{path} has no table [{kind}.columns].")
    table = tables[kind]
    if missing := [name for name in required if name not in table.columns]:
        raise Failure(Exit.USAGE, f"{path} lacks the columns {', '.join(missing)} of a file of {kind}.")
    if unknown := [name for name in table.columns if name not in required + optional and not name.startswith("attributes.")]:
        raise Failure(Exit.USAGE, f"{path} has unknown columns: {', '.join(unknown)}. Known: {', '.join(required + optional)}.")
    filters = {place[2] for template in table.columns.values() for place in PLACE.finditer(template) if place[2]}
    if unknown := sorted(filters - FILTERS.keys()):
        raise Failure(Exit.USAGE, f"{path} uses unknown filters: {', '.join(unknown)}. Known: {', '.join(FILTERS)}.")
    if table.channel and "channel" not in table.columns:
        raise Failure(Exit.USAGE, f"{path} creates sales channels but lacks the column channel.")
    return table, content


def _fill(template: str, row: dict[str, str]) -> str:
    """The template with the values of the line, runs of spaces as one."""

    def value(place: re.Match[str]) -> str:
        text = row[place[1]]
        return FILTERS[place[2]](text) if place[2] else text

    return " ".join(PLACE.sub(value, template).split())
