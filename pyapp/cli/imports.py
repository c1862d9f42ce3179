"""`import`: CSV files through the HTTP API."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from pyapp.cli import context
from pyapp.cli.api import find
from pyapp.cli.options import DataDir, Token, Url
from pyapp.cli.output import end, progress
from pyapp.failures import Exit, Failure


def import_(
    kind: Annotated[Literal["skus", "stock", "orders"], typer.Argument(help="Kind of the file.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or gzipped CSV in UTF-8; the first line names the columns.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the outcome without keeping anything.")] = False,
    url: Url = None,
    token: Token = None,
    time_zone: Annotated[str, typer.Option(help="Time zone of times without an offset.")] = "America/New_York",
    map_: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="TOML file that maps the columns of another format to these.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="Write totals by SKU to this file, as JSON.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Import a CSV file through the API.

    A repeated or interrupted import does nothing twice, within 24 hours and as the same client.

    skus: sku_id, name [description, size_ml, flavor_profile (a|b|c), price, reorder_point, attributes.NAME];
    the SKU is created or replaced.

    stock: sku_id, warehouse_location, stock, batch_number [expiration_date, reason_code, note]; the units are added.

    orders: order_id, sku_id, quantity [created_at, channel, customer_name, customer_email, customer_address,
    price, line_total];
    lines with the same order_id make one order.

    Files with other columns need --map; see docs/how-to/import.md.
    """
    from pyapp.cli import importer

    settings = context.settings(data_dir=data_dir)
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Failure(Exit.USAGE, f"Unknown time zone {time_zone!r}: write a name such as Europe/Berlin or UTC.") from None
    base, bearer = find(settings, url, token, "import")
    try:
        with progress(file.name) as (say, advance):
            result = importer.run(kind, file, base, bearer, say=say, advance=advance, time_zone=zone, dry_run=dry_run, map_=map_)
    except KeyboardInterrupt:
        end(Exit.INTERRUPTED, "Interrupted. Run the same command again within 24 hours; nothing is done twice.")
    _print_summary(kind, result)
    if report:
        try:
            report.write_bytes(result.as_json())
        except OSError as error:
            raise Failure(Exit.USAGE, f"{report} cannot be written: {error.strerror}.") from error
    sys.exit(Exit.OK if result.is_complete else Exit.INCOMPLETE)


def _print_summary(kind: str, result: Any) -> None:
    """The summary of the import or dry run."""
    things = {"skus": "SKUs saved", "stock": "receipts booked", "orders": "orders placed"}[kind]
    would = " would be" if result.dry_run else ""
    noun, verb = things.split()
    print(f"{result.lines:,} lines read; {result.elements_done:,} {noun}{would} {verb}", end="")
    print(f", {result.elements_already:,} existed already" if result.elements_already else "", end="")
    print(f", {result.elements_refused:,}{would} refused" if result.elements_refused else "", end=".\n")
    for outcome, words in (
        ("committed", "would be in effect" if result.dry_run else "in effect"),
        ("already", "existed already"),
        ("refused", f"{would.strip()} refused (short, or against a rule)".strip()),
        ("bad", "bad"),
        ("untried", "not tried: the dry run did not create their sales channel"),
    ):
        lines, units = result.total(outcome, "lines"), result.total(outcome, "units")
        if lines:
            print(f"  {words}: {lines:,} lines" + (f", {units:,} units" if kind != "skus" else ""))
    if result.dry_run:
        print("Nothing was kept.")
