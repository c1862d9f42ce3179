"""SKUs. A column that the file does not have changes nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from pyapp.cli.importing.api import Api
from pyapp.cli.importing.elements import Element
from pyapp.cli.importing.report import BadLine, Report
from pyapp.cli.importing.rows import Rows
from pyapp.cli.importing.sending import Sender
from pyapp.cli.importing.values import Forms

PATH = "/v1/skus"
Sku = dict[str, Any]


def import_skus(api: Api, rows: Rows, report: Report, forms: Forms, advance: Any) -> None:
    elements: dict[str, Element] = {}
    for row in rows.rows:
        try:
            sku = _sku(row.values, forms, whole=rows.whole)
            if (before := elements.get(row.line.sku_id)) and before.body != sku:
                raise BadLine(f"SKU {row.line.sku_id} is in {before.lines[0].name} already, with other values")
        except BadLine as error:
            report.bad(row.line, str(error))
            continue
        elements.setdefault(row.line.sku_id, Element([], sku)).lines.append(row.line)
    merged = [element.body for element in elements.values() if "attributes" in element.body and "attributes" not in rows.columns]
    known = {sku["sku_id"]: sku for sku in api.list(PATH)} if report.dry_run or merged else {}
    for sku in merged:  # the API replaces them as a whole
        sku["attributes"] = {**(known.get(sku["sku_id"]) or {}).get("attributes", {}), **sku["attributes"]}
    unpriced: list[str] = []

    def done(element: Element, document: Sku) -> None:
        if report.dry_run and (changed := _changes(known.get(document["sku_id"]), document)):
            report.changes.append(f"{element.lines[0].name}: {document['sku_id']}: {changed}")
            if (known.get(document["sku_id"]) or {}).get("price") is not None and document["price"] is None:
                unpriced.append(document["sku_id"])

    # A bundle comes after its components.
    Sender(api, PATH, report, done=done).send(
        sorted(elements.values(), key=lambda element: bool(element.body.get("components"))), advance
    )
    if unpriced:
        report.notes.append(
            f"{len(unpriced):,} SKUs would lose their list price and could not be sold: {', '.join(unpriced[:10])}."
        )


def _sku(row: dict[str, str], forms: Forms, *, whole: bool) -> Sku:
    """The SKU of a line. An empty price means no list price. Other empty cells change nothing, unless the API wrote the file."""
    sku: Sku = {"sku_id": row.get("sku_id", ""), "name": row.get("name", "")}
    for name, read in READERS.items():
        if text := row.get(name):
            sku[name] = read(text, name, forms)
        elif name in row and (name == "price" or (whole and name in EMPTY)):
            sku[name] = EMPTY[name]
    attributes = _object(row["attributes"]) if row.get("attributes") else {}
    for name, text in row.items():
        if name.startswith("attributes.") and text:
            attributes[name.removeprefix("attributes.")] = text
    return {**sku, "attributes": attributes} if attributes or row.get("attributes") else sku


def _flavors(text: str, name: str, forms: Forms) -> list[str]:  # noqa: ARG001
    """`a|b`, or a JSON list."""
    if text.strip().startswith("["):
        try:
            return msgspec.json.decode(text, type=list[str])
        except (msgspec.DecodeError, UnicodeEncodeError):
            pass
    return [flavor.strip() for flavor in text.split("|")]


def _components(text: str, name: str, forms: Forms) -> list[dict[str, Any]]:  # noqa: ARG001
    """A JSON list, as the API writes it."""
    try:
        return msgspec.json.decode(text, type=list[dict[str, Any]])
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise BadLine(f'components {text[:40]!r} is not a list such as [{{"sku_id": "SAUCE-1", "quantity": 2}}]') from None


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeEncodeError):
        raise BadLine(f"attributes {text[:40]!r} is not a JSON object") from None


def _truth(text: str, name: str, forms: Forms) -> bool:  # noqa: ARG001
    if text.casefold() not in ("true", "false"):
        raise BadLine(f"{name} {text!r} is not true or false")
    return text.casefold() == "true"


READERS: dict[str, Any] = {
    "description": lambda text, *_: text,
    "size_ml": lambda text, name, forms: forms.whole(text, name),
    "flavor_profile": _flavors,
    "price": lambda text, name, forms: forms.amount(text, name),
    "currency": lambda text, *_: text.strip().upper(),
    "reorder_point": lambda text, name, forms: forms.whole(text, name),
    "active": _truth,
    "components": _components,
}
EMPTY: dict[str, Any] = {"description": "", "size_ml": None, "flavor_profile": [], "price": None, "components": []}


def _changes(old: Sku | None, new: Sku) -> str:
    if old is None:
        return f"new: {new['name']}, {_shown(new['price'])}"
    skipped = ("version", "created_at", "updated_at")
    return "; ".join(
        f"{name} {_shown(old.get(name))} -> {_shown(value)}"
        for name, value in new.items()
        if name not in skipped and old.get(name) != value
    )


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    return msgspec.json.encode(value).decode() if isinstance(value, list | dict | bool) else str(value)
