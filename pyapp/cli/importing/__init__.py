"""`scoville import`: files through the HTTP API in bulk requests. Every line is imported, named with the reason, or counted.

A file becomes rows in our columns (`files`, `rows`, `maps`), rows become elements (one module per kind), and those are sent in
lists (`sending`). What was imported before is recognized by its content: an order by its number, a receipt by the ledger, a
count and a SKU by what is there. So a file can be corrected and imported again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

from pyapp.cli.importing import maps
from pyapp.cli.importing.api import Api
from pyapp.cli.importing.counts import import_counts
from pyapp.cli.importing.files import Given, read_file
from pyapp.cli.importing.kinds import KindName
from pyapp.cli.importing.maps import Table
from pyapp.cli.importing.orders import import_orders
from pyapp.cli.importing.receipts import import_receipts
from pyapp.cli.importing.report import Report
from pyapp.cli.importing.rows import Rows, read_rows
from pyapp.cli.importing.skus import import_skus
from pyapp.cli.importing.values import NAMES, Forms, Order
from pyapp.cli.importing.warehouses import Warehouses
from pyapp.failures import Exit, Failure


@dataclass(frozen=True)
class Options:
    """What the user says about an import."""

    time_zone: tzinfo = UTC
    dry_run: bool = False
    map_: Path | None = None
    preset: str | None = None
    separator: str = ""
    encoding: str = ""
    sheet: str | None = None
    decimal: str = ""
    dates: Order | None = None
    named: dict[str, str] = field(default_factory=dict)  # columns for lines that leave them out
    create_warehouses: bool = False
    whole_orders: bool = False
    again: bool = False


def run(
    kind: KindName,
    path: Path,
    url: str,
    token: str,
    options: Options,
    *,
    say: Callable[[str], None],
    advance: Callable[[int, int], None] | None = None,
) -> Report:
    """Import one file. `advance` gets the number of finished elements. Raises Failure if the import cannot continue."""
    if options.map_ and options.preset:
        raise Failure(Exit.USAGE, "Choose --map or --preset, not both.")
    tables: Sequence[Table] = (
        maps.read_map(options.map_, kind, list(options.named))
        if options.map_
        else maps.read_preset(options.preset, kind)
        if options.preset
        else []
    )
    content = read_file(path)
    report = Report(say, options.dry_run)
    first = tables[0] if tables else Table({})
    given = Given(options.separator, options.encoding, options.sheet, first.encoding, first.quotes)
    rows = read_rows(content, kind, given, report, tables, options.named)
    forms = _forms(options, rows)
    with Api(url, token, dry_run=options.dry_run) as api:
        if kind == "orders":
            file = hashlib.sha256(content).hexdigest()
            import_orders(api, rows, report, forms, advance, whole=options.whole_orders, file=file)
        elif kind == "skus":
            import_skus(api, rows, report, forms, advance)
        else:
            _import_units(kind, api, rows, report, forms, options, advance)
    _note_forms(report, forms)
    return report


def _forms(options: Options, rows: Rows) -> Forms:
    usual = rows.table or Table({})
    return Forms(
        options.time_zone,
        options.decimal or usual.decimal,
        options.dates or usual.dates,
        assumed=options.dates is None and usual.dates is not None,
    )


def _import_units(kind: KindName, api: Api, rows: Rows, report: Report, forms: Forms, options: Options, advance: Any) -> None:
    warehouses = Warehouses(api, report, create=options.create_warehouses)
    if kind == "counts" or (rows.table and rows.table.absolute):
        if kind == "stock":
            report.notes.append("The quantities of this source are counts: they were set, not added.")
        import_counts(api, rows, report, forms, warehouses, advance)
    else:
        import_receipts(api, rows, report, forms, warehouses, advance, again=options.again, now=datetime.now(UTC))


def _note_forms(report: Report, forms: Forms) -> None:
    if forms.zone_used:
        report.notes.append(f"Times without an offset were read as times in {forms.zone} (--time-zone).")
    if forms.assumed and forms.dates:
        report.notes.append(f"Dates such as 05/06/2026 were read as {NAMES[forms.dates]}, as this source writes them (--dates).")
