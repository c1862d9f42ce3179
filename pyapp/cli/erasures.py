"""`erase`: forget a person, and repeat erasures after a restore."""

from __future__ import annotations

import re
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pyapp.cli import context, output
from pyapp.cli.api import Api, find
from pyapp.cli.options import DataDir, Output, Token, Url
from pyapp.failures import Exit, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLIC_ID = re.compile(r"ORD-([0-9]{1,5})-[0-9]{1,18}")
REGISTER_COLUMNS = ("erasure_id", "erased_at", "actor", "orders")

app = typer.Typer(help="Forget a person.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def customer(
    email: Annotated[str | None, typer.Argument(metavar="[EMAIL]", help="E-mail of the orders.")] = None,
    order: Annotated[list[str] | None, typer.Option(help="An order, where there is no e-mail; repeat for several.")] = None,
    include_open: Annotated[bool, typer.Option("--include-open", help="Also orders that are still to be shipped.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased, and erase nothing.")] = False,
    output_: Output = "table",
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Erase a person from orders, audit, events and kept answers, in every region. It cannot be undone."""
    if bool(email) == bool(order):
        raise Failure(Exit.USAGE, "Name the person either by EMAIL or by --order.")
    body: dict[str, Any] = {"email": email} if email else {"order_ids": order}
    with _open(url, token, data_dir) as api:
        regions = [region["region_id"] for region in api.pages("/v1/regions")] if email else [_region_of(order or [])]
        done = [_erase(api, {**body, "include_open": include_open}, region, dry_run=dry_run) for region in regions]
    if output_ == "json":
        output.print_json(done)
        return
    output.print_fields(
        {
            "orders": ", ".join(name for each in done for name in each["orders"]) or "none",
            "former orders": ", ".join(name for each in done for name in each["former_orders"]) or "none",
            **{name.replace("_", " "): sum(each["erased"][name] for each in done) for name in done[0]["erased"]},
        }
    )
    if dry_run:
        print("Nothing was erased: this was a dry run.", file=sys.stderr)


@app.command()
def register(output_: Output = "table", url: Url = None, token: Token = None, data_dir: DataDir = None) -> None:
    """List the erasures of every region. Keep `-o json` of it beside your backups: `again` reads it."""
    with _open(url, token, data_dir) as api:
        found = [
            entry
            for region in api.pages("/v1/regions")
            for entry in api.pages("/v1/customers/erasures", region=region["region_id"])
        ]
    if output_ == "json":
        output.print_json(found)
    else:
        rows = [{**entry, "orders": len(entry["orders"])} for entry in found]
        output.print_table(REGISTER_COLUMNS, [[row[name] for name in REGISTER_COLUMNS] for row in rows])


@app.command()
def again(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The register, as `scoville erase register -o json` printed it.")],
    url: Url = None,
    token: Token = None,
    data_dir: DataDir = None,
) -> None:
    """Repeat the erasures of a register, after the restore of an older backup. What is erased already stays as it is."""
    import msgspec

    from pyapp.api.customers import ORDERS_MAX

    try:
        entries = [tuple(entry["orders"]) for entry in msgspec.json.decode(file.read_bytes(), type=list[dict[str, Any]])]
        regions = [_region_of(orders) for orders in entries]
    except (OSError, msgspec.MsgspecError, KeyError, TypeError) as error:
        raise Failure(
            Exit.USAGE, f"{file} is not a register of erasures: `scoville erase register -o json` prints one."
        ) from error
    erased = 0
    with _open(url, token, data_dir) as api:
        for orders, region in reversed([*zip(entries, regions, strict=True)]):  # the earliest first
            for at in range(0, len(orders), ORDERS_MAX):
                body = {"order_ids": orders[at : at + ORDERS_MAX], "include_open": True, "skip_missing": True}
                erased += len(_erase(api, body, region)["orders"])
    print(f"{erased} orders erased again, of {sum(map(len, entries))} in the register.")


def _region_of(orders: Sequence[str]) -> int | None:
    """The region that the orders name; None if they are numbers of a shop. Raises Failure if they name several."""
    found = {int(match[1]) if (match := PUBLIC_ID.fullmatch(order)) else None for order in orders}
    if len(found) > 1:
        raise Failure(Exit.USAGE, "The orders are of several regions: erase those of each region by themselves.")
    return found.pop()


def _erase(api: Api, body: dict[str, Any], region: int | None, *, dry_run: bool = False) -> dict[str, Any]:
    query = {**({"region": region} if region else {}), **({"dry_run": "true"} if dry_run else {})}
    return dict(api.request("POST", "/v1/customers/erase", body, key=str(uuid.uuid4()), **query))


def _open(url: str | None, token: str | None, data_dir: Any) -> Api:
    return Api(*find(context.settings(data_dir=data_dir), url, token, "erase"))
