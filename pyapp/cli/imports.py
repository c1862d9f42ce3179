"""`import`: files through the HTTP API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from pyapp.cli import context
from pyapp.cli.api import find
from pyapp.cli.options import DataDir, Token, Url
from pyapp.cli.output import end, printable, progress
from pyapp.failures import Exit, Failure

if TYPE_CHECKING:
    from pyapp.cli.importing.report import Outcome, Report

CHANGES_SHOWN_MAX = 100


def import_(
    kind: Annotated[Literal["skus", "stock", "counts", "orders"], typer.Argument(help="Kind of the file.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, also gzipped, or a workbook (.xlsx); - is standard input.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report outcome and changes, keep nothing.")] = False,
    url: Url = None,
    token: Token = None,
    preset: Annotated[
        Literal["shopify", "woocommerce", "square", "amazon"] | None,
        typer.Option(help="Read the export of this program as it is."),
    ] = None,
    map_: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="TOML file that maps the columns of another format to these.")
    ] = None,
    time_zone: Annotated[str, typer.Option(help="Time zone of times without an offset.")] = "America/New_York",
    dates: Annotated[
        Literal["ymd", "dmy", "mdy"] | None, typer.Option(help="Order of year, month and day in dates that are not ISO 8601.")
    ] = None,
    decimal: Annotated[
        Literal[".", ","] | None, typer.Option(help="Decimal sign; the other one may then group thousands.")
    ] = None,
    separator: Annotated[str, typer.Option(help="comma, semicolon, tab, bar or a character, if the file does not show it.")] = "",
    encoding: Annotated[str, typer.Option(help="Encoding of text that is neither UTF-8 nor UTF-16, such as windows-1252.")] = "",
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook; default: the first.")] = None,
    warehouse: Annotated[str | None, typer.Option(help="Warehouse of lines that name none.")] = None,
    create_warehouses: Annotated[
        bool, typer.Option("--create-warehouses", help="Create warehouses that do not exist (role admin).")
    ] = False,
    channel: Annotated[str | None, typer.Option(help="Sales channel of orders that name none.")] = None,
    historic: Annotated[
        bool,
        typer.Option("--historic", help="Record orders that were shipped elsewhere: completed, no stock moves (role admin)."),
    ] = False,
    whole_orders: Annotated[bool, typer.Option("--whole-orders", help="Do not place orders of which a line is bad.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Book receipts even if the ledger has equal ones.")] = False,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write totals by SKU to this file, as JSON.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Import a file through the API.

    A file may be corrected and imported again: only what was not booked is booked.

    skus: sku_id, name [description, size_ml, flavor_profile (a|b|c), price, currency, reorder_point, active, attributes.NAME,
    components (JSON)];
    the SKU is created or changed; a column that is missing changes nothing.

    stock: sku_id, warehouse_location, stock, batch_number [expiration_date, manufactured_on, reason_code, note, reference];
    the units are added.

    counts: sku_id, warehouse_location, stock [batch_number, expiration_date, reason_code, note];
    the units are what was counted.

    orders: order_id, sku_id, quantity [created_at, channel, customer_name, customer_email, customer_phone, customer_address,
    price, line_total, line_address, currency, historic, status];
    lines with the same order_id make one order, and empty cells of an order mean "as above".

    Files with other columns need --preset or --map; see docs/how-to/import.md.
    """
    from pyapp.cli import importing

    settings = context.settings(data_dir=data_dir)
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Failure(Exit.USAGE, f"Unknown time zone {time_zone!r}: write a name such as Europe/Berlin or UTC.") from None
    named: dict[str, str | None] = {}
    if kind in ("stock", "counts"):
        named = {"warehouse_location": warehouse}
    elif kind == "orders":
        named = {"channel": channel, "historic": "true" if historic else None}
    options = importing.Options(
        time_zone=zone,
        dry_run=dry_run,
        map_=map_,
        preset=preset,
        separator=separator,
        encoding=encoding,
        sheet=sheet,
        decimal=decimal or "",
        dates=dates,
        named={name: text for name, text in named.items() if text},
        create_warehouses=create_warehouses,
        whole_orders=whole_orders,
        again=again,
    )
    base, bearer = find(settings, url, token, "import")
    try:
        with progress(file.name) as (say, advance):
            result = importing.run(kind, file, base, bearer, options, say=say, advance=advance)
    except KeyboardInterrupt:
        end(Exit.INTERRUPTED, "Interrupted. Run the same command again; nothing is done twice.")
    _print_summary(kind, result)
    if report:
        try:
            report.write_bytes(result.as_json())
        except OSError as error:
            raise Failure(Exit.USAGE, f"{report} cannot be written: {error.strerror}.") from error
    sys.exit(Exit.OK if result.is_complete else Exit.INCOMPLETE)


def _print_summary(kind: str, result: Report) -> None:
    """The summary of the import or dry run."""
    noun, verb = {
        "skus": ("SKUs", "saved"),
        "stock": ("receipts", "booked"),
        "counts": ("counts", "booked"),
        "orders": ("orders", "placed"),
    }[kind]
    would = " would be" if result.dry_run else ""
    print(f"{result.lines:,} lines read; {result.elements_done:,} {noun}{would} {verb}", end="")
    print(f", {result.elements_already:,} existed already" if result.elements_already else "", end="")
    print(f", {result.elements_refused:,}{would} refused" if result.elements_refused else "", end=".\n")
    shown: tuple[tuple[Outcome, str], ...] = (
        ("committed", "would be in effect" if result.dry_run else "in effect"),
        ("already", "existed already"),
        ("refused", f"{would.strip()} refused (short, or against a rule)".strip()),
        ("bad", "bad"),
        ("skipped", "left out"),
        ("untried", f"not tried: the dry run did not create their {'sales channel' if kind == 'orders' else 'warehouse'}"),
    )
    for outcome, words in shown:
        lines, units = result.total(outcome, "lines"), result.total(outcome, "units")
        if lines:
            print(f"  {words}: {lines:,} lines" + (f", {units:,} units" if kind != "skus" else ""))
    for reason, lines in result.reasons.items():
        print(f"    {printable(reason)}: {lines:,} lines")
    print(f"Read as {printable('; '.join(result.seen))}.")
    for note in result.notes:
        print(printable(note))
    if result.dry_run:
        for change in result.changes[:CHANGES_SHOWN_MAX]:
            print(f"  {printable(change)}")
        if (more := len(result.changes) - CHANGES_SHOWN_MAX) > 0:
            print(f"  and {more:,} more (--report writes all).")
        print("Nothing was kept.")
