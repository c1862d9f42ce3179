"""Counts: units that were found, in place of what the books say. A count that agrees changes nothing.

Units of a lot that the warehouse does not know are received: a level has no other way to begin. Without a lot in the file they
are received into the lot COUNTED, which has no expiry date.
"""

from __future__ import annotations

from typing import Any

from pyapp.cli.importing.api import Answer, Api, segment
from pyapp.cli.importing.elements import Element, key_of
from pyapp.cli.importing.report import BadLine, Line, Report
from pyapp.cli.importing.rows import Rows
from pyapp.cli.importing.sending import reasons
from pyapp.cli.importing.values import Forms, lot_key
from pyapp.cli.importing.warehouses import Warehouses

LOT = "COUNTED"
ROUNDS_MAX = 5  # of reading a level again that changed between reading and counting


def import_counts(api: Api, rows: Rows, report: Report, forms: Forms, warehouses: Warehouses, advance: Any) -> None:
    counts: dict[tuple[str, str, str], tuple[Line, dict[str, Any]]] = {}
    for row in rows.rows:
        try:
            count = _count(row.values, forms, warehouses)
            place = (count["sku_id"], count["warehouse_location"], lot_key(count.get("batch_number", "")))
            if place in counts:
                raise BadLine(f"{' '.join(filter(None, place))} is counted in {counts[place][0].name} already")
        except BadLine as error:
            report.bad(row.line, str(error))
            continue
        counts[place] = (row.line, count)
    unnamed = 0
    for number, (line, count) in enumerate(counts.values(), 1):
        if report.dry_run and count["warehouse_location"] in warehouses.created:
            report.count(line, "untried")
        else:
            unnamed += _settle(api, line, count, report)
        if advance:
            advance(number, len(counts))
    if unnamed:
        verb = "would be" if report.dry_run else "are"
        report.notes.append(
            f"{unnamed:,} units {verb} in the lot {LOT}, which has no expiry date: the file names no lot for them."
        )


def _count(row: dict[str, str], forms: Forms, warehouses: Warehouses) -> dict[str, Any]:
    count: dict[str, Any] = {name: text for name, text in row.items() if text and name != "stock"}
    count["stock"] = forms.whole(row.get("stock", ""), "stock")
    if count["stock"] < 0:
        raise BadLine(f"stock {count['stock']} is negative: a count cannot be")
    if "expiration_date" in count:
        count["expiration_date"] = forms.day(count["expiration_date"], "expiration_date")
    if not count.get("sku_id"):
        raise BadLine("sku_id is empty")
    return {**count, "warehouse_location": warehouses.find(row.get("warehouse_location", ""))}


def _settle(api: Api, line: Line, count: dict[str, Any], report: Report) -> int:
    """Sends a count, and counts its line. Returns the units that went into a lot without a name."""
    sku_id, warehouse, units = count["sku_id"], count["warehouse_location"], count["stock"]
    lot = count.get("batch_number", "")
    for _ in range(ROUNDS_MAX):
        found = api.get(f"/v1/inventory/{segment(sku_id)}")
        if not found.is_done:
            report.bad(line, f"sku_id {sku_id!r}: {reasons(found.document)}")
            return 0
        have, lots, version = _levels(found.document, warehouse, lot)
        if have == units:
            report.elements_already += 1
            report.count(line, "already")
            return 0
        received = not lots
        answer = _receive(api, count, version) if received else _set(api, count, have)
        if answer.is_done or (answer.status == 207 and "data" in answer.document["results"][0]):
            report.elements_done += 1
            report.count(line, "committed")
            if report.dry_run:
                of = f" of lot {lot or LOT}" if lot or received else ""
                report.changes.append(f"{line.name}: {sku_id} in {warehouse}: {have:,} -> {units:,} units{of}")
            return units if received and not lot else 0
        problem = answer.document["results"][0]["problem"] if answer.status == 207 else answer.document
        if problem.get("code") not in ("ST008", "ST009"):
            break
    short = problem.get("status") == 409
    report.elements_refused += 1
    report.count(line, "refused" if short else "bad")
    report.say(f"{line.name}: {'refused' if short else 'bad'}: {reasons(problem, count)}")
    return 0


def _levels(document: dict[str, Any], warehouse: str, lot: str) -> tuple[int, bool, int]:
    """The units that the books have, whether there is a lot that a count can be booked on, and the version of the level."""
    lots = [batch for batch in document.get("batches", []) if batch["warehouse_location"] == warehouse]
    level: dict[str, Any] = next((one for one in document["warehouses"] if one["warehouse_location"] == warehouse), {})
    if lot:
        named = [batch for batch in lots if lot_key(batch["batch_number"]) == lot_key(lot)]
        return sum(batch["stock"] for batch in named), bool(named), level.get("version", 0)
    return level.get("stock", 0), bool(lots), level.get("version", 0)


def _set(api: Api, count: dict[str, Any], have: int) -> Answer:
    body = {name: value for name, value in count.items() if name not in ("sku_id", "expiration_date")}
    return api.change("PUT", f"/v1/inventory/{segment(count['sku_id'])}", {**body, "change_from_quantity": have})


def _receive(api: Api, count: dict[str, Any], version: int) -> Answer:
    receipt = {"batch_number": LOT, "reason_code": "cycle_count", **count}
    return api.post("/v1/inventory", [receipt], key_of([Element([], receipt)], "count", version))
