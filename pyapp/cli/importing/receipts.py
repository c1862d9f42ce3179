"""Receipts: units that are added, each delivery once.

A receipt is booked if the ledger does not have it: the same SKU, warehouse, lot, units and reference. So a file can be imported
again after any correction, by anybody. Equal lines of a file are as many receipts.

With a reference (a delivery note) that holds for good. Without one, two deliveries can be equal: receipts of the last day
count as those of this file, and the user decides about an older one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pyapp.cli.importing.api import Api, segment
from pyapp.cli.importing.elements import Element
from pyapp.cli.importing.report import BadLine, Line, Report
from pyapp.cli.importing.rows import Rows
from pyapp.cli.importing.sending import Sender
from pyapp.cli.importing.values import Forms, lot_key
from pyapp.cli.importing.warehouses import Warehouses

PATH = "/v1/inventory"
SAME_FILE = timedelta(hours=24)
LOOKUPS_MAX = 100  # of SKUs one by one, before the list of all levels is read

Place = tuple[str, str, str, str]  # SKU, warehouse, lot, reference


@dataclass
class Booked:
    """The receipts of one place in the ledger that no line has claimed: units -> times, the latest last."""

    left: dict[int, list[datetime]] = field(default_factory=dict)

    def claim(self, units: int) -> datetime | None:
        times = self.left.get(units)
        if not times:
            return None
        found = times.pop()
        if not times:
            del self.left[units]
        return found


def import_receipts(
    api: Api, rows: Rows, report: Report, forms: Forms, warehouses: Warehouses, advance: Any, *, again: bool, now: datetime
) -> None:
    lines: list[tuple[Line, dict[str, Any]]] = []
    for row in rows.rows:
        try:
            lines.append((row.line, _receipt(row.values, forms, warehouses)))
        except BadLine as error:
            report.bad(row.line, str(error))
    tried = []
    for line, receipt in lines:
        if report.dry_run and receipt["warehouse_location"] in warehouses.created:
            report.count(line, "untried")
        else:
            tried.append((line, receipt))
    booked = read_booked(api, [receipt for _, receipt in tried])
    elements = choose(tried, booked, report, again=again, now=now)

    def done(element: Element, document: dict[str, Any]) -> None:
        if report.dry_run:
            body = element.body
            report.changes.append(
                f"{element.lines[0].name}: {body['sku_id']} in {body['warehouse_location']}: {body['stock']:+,} units of lot "
                f"{body['batch_number']}, to {document['warehouse_stock']:,}"
            )

    Sender(api, PATH, report, done=done).send(elements, advance)


def _receipt(row: dict[str, str], forms: Forms, warehouses: Warehouses) -> dict[str, Any]:
    receipt: dict[str, Any] = {name: text for name, text in row.items() if text and name != "stock"}
    receipt["stock"] = forms.whole(row.get("stock", ""), "stock")
    for name in ("expiration_date", "manufactured_on", "received_on"):
        if name in receipt:
            receipt[name] = forms.day(receipt[name], name)
    if not receipt.get("batch_number"):
        raise BadLine("batch_number is empty: every unit belongs to a lot")
    if not receipt.get("sku_id"):
        raise BadLine("sku_id is empty")
    return {**receipt, "warehouse_location": warehouses.find(row.get("warehouse_location", ""))}


def read_booked(api: Api, receipts: list[dict[str, Any]]) -> dict[Place, Booked]:
    """The receipts in the ledger of the SKUs that these name."""
    booked: dict[Place, Booked] = {}
    wanted = {
        (receipt["sku_id"], "return" if receipt.get("reason_code") == "return" else "receipt"): None for receipt in receipts
    }
    if len(wanted) > LOOKUPS_MAX:  # SKUs that no warehouse has had, such as those of a first import, have no ledger
        stocked = {row["sku_id"] for row in api.list(PATH) if row["warehouses"]}
        wanted = {one: None for one in wanted if one[0] in stocked}
    for sku_id, kind in wanted:
        for row in api.list(f"{PATH}/{segment(sku_id)}/movements", kind=kind):
            place = _place(sku_id, row["warehouse_location"], row["batch_number"] or "", row["document"] or "")
            times = booked.setdefault(place, Booked()).left.setdefault(row["stock_delta"], [])
            times.insert(0, datetime.fromisoformat(row["recorded_at"]))  # the ledger comes latest first
    return booked


def _place(sku_id: str, warehouse_id: str, lot: str, reference: str) -> Place:
    return sku_id, warehouse_id, lot_key(lot), reference


def choose(
    lines: list[tuple[Line, dict[str, Any]]], booked: dict[Place, Booked], report: Report, *, again: bool, now: datetime
) -> list[Element]:
    """The receipts to book. The others are counted: as booked already, or refused because only the user can decide."""
    elements: list[Element] = []
    rest: list[tuple[Line, dict[str, Any], Place]] = []
    seen: dict[tuple[Place, int], int] = {}
    before = {place: {units: len(times) for units, times in one.left.items()} for place, one in booked.items()}
    for line, receipt in lines:
        place = _place(receipt["sku_id"], receipt["warehouse_location"], receipt["batch_number"], receipt.get("reference", ""))
        units = receipt["stock"]
        time = None if again or not units else booked.get(place, Booked()).claim(units)
        if time is None:
            rest.append((line, receipt, place))
        elif place[3] or now - time < SAME_FILE:
            report.elements_already += 1
            report.count(line, "already")
        else:
            report.elements_refused += 1
            report.refuse(
                line,
                f"{units:,} units of this lot came in on {time.date()}, also without a reference. If this is another delivery, "
                f"name it in a column `reference`, or import with --again",
            )
    for line, receipt, place in rest:
        units = receipt["stock"]
        other = booked[place].left if place[3] and place in booked and not again else {}
        if other and units:
            report.elements_refused += 1
            shown = ", ".join(f"{found:,}" for found in other)
            report.refuse(
                line,
                f"delivery {place[3]} has already brought {shown} units of this lot, not {units:,}. Adjust the "
                f"difference by hand, or import with --again",
            )
            continue
        nth = seen[place, units] = seen.get((place, units), 0) + 1
        elements.append(Element([line], receipt, occurrence=before.get(place, {}).get(units, 0) + nth))
    return elements
