"""The kinds of files and their columns."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pyapp.failures import Exit, Failure

KindName = Literal["skus", "stock", "counts", "orders"]


@dataclass(frozen=True)
class Kind:
    """The columns that a file must and may have. prose: texts that are kept as they are, line breaks and spaces included."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    prose: tuple[str, ...] = ()
    exported: tuple[str, ...] = ()  # columns of the API's own CSV that nobody can set
    quantity: str = ""
    attributes: bool = False

    @property
    def known(self) -> tuple[str, ...]:
        return (*self.required, *self.optional)

    def has(self, name: str) -> bool:
        return name in self.known or (self.attributes and name.startswith("attributes."))


KINDS: dict[KindName, Kind] = {
    "skus": Kind(
        required=("sku_id", "name"),
        optional=(
            "description",
            "size_ml",
            "flavor_profile",
            "price",
            "currency",
            "reorder_point",
            "active",
            "attributes",
            "components",
        ),
        prose=("name", "description", "flavor_profile"),
        exported=("version", "created_at", "updated_at"),
        attributes=True,
    ),
    "stock": Kind(
        required=("sku_id", "warehouse_location", "stock", "batch_number"),
        optional=("expiration_date", "manufactured_on", "reason_code", "note", "reference", "received_on"),
        prose=("note",),
        quantity="stock",
    ),
    "counts": Kind(
        required=("sku_id", "warehouse_location", "stock"),
        optional=("batch_number", "expiration_date", "reason_code", "note"),
        prose=("note",),
        quantity="stock",
    ),
    "orders": Kind(
        required=("order_id", "sku_id", "quantity"),
        optional=(
            "created_at",
            "channel",
            "customer_name",
            "customer_email",
            "customer_phone",
            "customer_address",
            "price",
            "line_total",
            "line_address",
            "currency",
            "historic",
            "status",
        ),
        prose=("customer_address", "line_address"),
        quantity="quantity",
    ),
}


def folded(name: str) -> str:
    """The name of a column as people vary it: `SKU ID` is sku_id, and `attributes.Color` stays."""
    name = name.strip()
    begin, dot, rest = name.partition(".")
    if dot and begin.casefold() == "attributes":
        return f"attributes.{rest}"
    return re.sub(r"[\s_-]+", "_", name.casefold())


def near(name: str, names: Iterable[str]) -> str:
    """The name that was probably meant, or nothing."""
    found = difflib.get_close_matches(name.casefold(), [other.casefold() for other in names], 1, 0.7)
    return next((other for other in names if found and other.casefold() == found[0]), "")


def check_columns(kind_name: KindName, header: Sequence[str], given: Iterable[str], seen: str) -> None:
    """Raises Failure unless the header has the required columns and no unknown ones. given: columns that an option fills."""
    kind = KINDS[kind_name]
    required = [name for name in kind.required if name not in given]
    if missing := [name for name in required if name not in header]:
        guesses = {name: near(name, [other for other in header if not kind.has(other)]) for name in missing}
        meant = "; ".join(f"{name} may be {guess}" for name, guess in guesses.items() if guess)
        raise Failure(
            Exit.USAGE,
            f"This is not a file of {kind_name}: the first line must name the columns {', '.join(required)} "
            f"(and may name {', '.join(kind.optional)}); missing: {', '.join(missing)}{f' ({meant})' if meant else ''}. "
            f"Its first line has: {', '.join(filter(None, header)) or 'nothing'}. It was read as {seen}. "
            f"--preset or --map reads the columns of other programs, --separator and --encoding other text.",
        )
    if unknown := [name for name in header if name and not kind.has(name) and name not in kind.exported]:
        meant = "".join(f" Is {name} {guess}?" for name in unknown if (guess := near(name, kind.known)))
        raise Failure(Exit.USAGE, f"Unknown columns: {', '.join(unknown)}.{meant} Known: {', '.join(kind.known)}.")
