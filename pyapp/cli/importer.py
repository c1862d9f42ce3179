"""`scoville import`: CSV files through the HTTP API in bulk requests. Every bad line is reported; all other lines are imported.

A file becomes elements (SKUs, receipts, orders). Elements are sent in lists, each under an Idempotency-Key made from the file's
content and the list's number. So a repeated or interrupted import does nothing twice: the API repeats its response to a list that
is done, for 24 hours and to the same client.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal

import httpx2
import msgspec

from pyapp.cli import mapping
from pyapp.failures import Exit, Failure

Kind = Literal["skus", "stock", "orders"]
Outcome = Literal["committed", "already", "refused", "bad", "untried"]
OUTCOMES: tuple[Outcome, ...] = ("committed", "already", "refused", "bad")

ELEMENTS_MAX = 100  # per list: about 30 kB of orders, well below the API's 1 MiB
DRY_ELEMENTS_MAX = 1000  # per list of a dry run: a list does not see units taken by earlier ones, so lists are few and long
ROUNDS_MAX = 40  # of leaving out elements that the API refuses; it names at most 20 faults per response
ATTEMPTS_MAX = 10  # per request, over about a minute
PAUSE_SECONDS_MAX = 10.0
REQUEST_SECONDS = 60.0
FILE_BYTES_MAX = 256 * 1024 * 1024  # unpacked; the file is read whole before anything is sent

PATHS: dict[Kind, str] = {"skus": "/v1/skus", "stock": "/v1/inventory", "orders": "/v1/orders"}
COLUMNS: dict[Kind, tuple[list[str], list[str]]] = {  # required, optional
    "skus": (["sku_id", "name"], ["description", "size_ml", "flavor_profile", "price", "reorder_point"]),
    "stock": (["sku_id", "warehouse_location", "stock", "batch_number"], ["expiration_date", "reason_code", "note"]),
    "orders": (
        ["order_id", "sku_id", "quantity"],
        ["created_at", "channel", "customer_name", "customer_email", "customer_address", "price", "line_total"],
    ),
}


@dataclass(frozen=True)
class Line:
    """A line of the file and its values."""

    number: int
    sku_id: str = ""
    units: int = 0


@dataclass
class Element:
    """One element to send. Each item of an order has its line, so that bad lines can be left out."""

    lines: list[Line]
    body: dict[str, Any]
    items: list[tuple[Line, dict[str, Any]]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {**self.body, "items": [item for _, item in self.items]} if self.items else self.body

    @property
    def name(self) -> str:
        return f" (order {self.body['external_id']})" if "external_id" in self.body else ""


class BadLine(Exception):  # noqa: N818
    """The line cannot be used; the text has the reason."""


@dataclass
class Report:
    """The outcome of every line, by SKU. `say` gets each message as it happens."""

    say: Callable[[str], None]
    dry_run: bool = False
    lines: int = 0
    elements_done: int = 0
    elements_already: int = 0
    elements_refused: int = 0
    by_sku: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)

    def count(self, line: Line, outcome: Outcome) -> None:
        sku = self.by_sku.setdefault(line.sku_id, {name: {"lines": 0, "units": 0} for name in self.outcomes})
        sku[outcome]["lines"] += 1
        sku[outcome]["units"] += line.units

    def bad(self, line: Line, reason: str) -> None:
        self.count(line, "bad")
        self.say(f"line {line.number}: bad: {reason}")

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return (*OUTCOMES, "untried") if self.dry_run else OUTCOMES

    def total(self, outcome: Outcome, unit: Literal["lines", "units"]) -> int:
        return sum(sku[outcome][unit] for sku in self.by_sku.values() if outcome in sku)

    @property
    def is_complete(self) -> bool:
        return self.total("refused", "lines") + self.total("bad", "lines") == 0

    def as_json(self) -> bytes:
        totals = {name: {"lines": self.total(name, "lines"), "units": self.total(name, "units")} for name in self.outcomes}
        document = {
            **({"dry_run": True} if self.dry_run else {}),
            "lines": self.lines,
            "done": self.elements_done,
            "already_there": self.elements_already,
            "refused": self.elements_refused,
            "totals": totals,
            "skus": self.by_sku,
        }
        return msgspec.json.format(msgspec.json.encode(document), indent=1)


def run(
    kind: Kind,
    path: Path,
    url: str,
    token: str,
    *,
    say: Callable[[str], None],
    advance: Callable[[int, int], None] | None = None,
    time_zone: tzinfo = UTC,
    dry_run: bool = False,
    map_: Path | None = None,
) -> Report:
    """Import one file. `advance` gets the number of finished elements. Raises Failure if the import cannot continue.

    A dry run sends the same elements in longer lists, and the API keeps nothing.
    """
    content = _read(path)
    report = Report(say, dry_run)
    elements_max = DRY_ELEMENTS_MAX if dry_run else ELEMENTS_MAX
    table, mapped_by = mapping.read(map_, kind, *COLUMNS[kind]) if map_ else (None, b"")
    rows = _rows(kind, content, report, table)
    elements, channels = _elements(kind, rows, report, time_zone)
    zone = f" {time_zone}" if kind == "orders" else ""  # only for orders: otherwise a receipt would be booked once per time zone
    digest = hashlib.sha256(content + mapped_by + f"\n{kind}{zone} {elements_max}".encode()).hexdigest()[:32]
    with Api(url, token, dry_run=dry_run) as api:
        new: set[str] = set()
        for start in range(0, len(channels), elements_max):
            new |= _make_channels(api, channels[start : start + elements_max])
        if dry_run:
            elements = _tried(elements, new, report)
        for start in range(0, len(elements), elements_max):
            part = elements[start : start + elements_max]
            _submit(api, PATHS[kind], part, f"import-{digest}-{start // elements_max}", report)
            if advance:
                advance(start + len(part), len(elements))
    return report


# Reading ------------------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            content = (gzip.GzipFile(fileobj=file) if packed else file).read(FILE_BYTES_MAX + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Failure(Exit.INCOMPLETE, f"{path} is damaged ({error}); nothing was sent. Get another copy of the file.") from error
    except OSError as error:
        raise Failure(Exit.USAGE, f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > FILE_BYTES_MAX:
        raise Failure(Exit.USAGE, f"{path} is larger than {FILE_BYTES_MAX // 1024**2} MiB; split it.")
    return content


@dataclass(frozen=True)
class Row:
    """A line in our columns, and the sales channel that a map derives from it."""

    number: int
    values: dict[str, str]
    channel: dict[str, Any] | None = None


def _rows(kind: Kind, content: bytes, report: Report, table: mapping.Table | None) -> Iterator[Row]:
    """The rows, each with the number of its first line."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig", errors="surrogateescape"), newline=""))
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error:
        header = []
    if len(set(header)) < len(header):
        raise Failure(Exit.USAGE, "The first line names a column twice.")
    if table is None:
        _check_columns(kind, header)
    elif missing := sorted(table.needed - set(header)):
        raise Failure(Exit.USAGE, f"The map uses columns that the first line does not name: {', '.join(missing)}.")
    records = _records(reader, header, report)
    if table is None:
        return (Row(number, values) for number, values in records)
    return (Row(number, table.apply(values), table.make_channel(values)) for number, values in records)


def _check_columns(kind: Kind, header: list[str]) -> None:
    required, optional = COLUMNS[kind]
    if missing := [name for name in required if name not in header]:
        raise Failure(
            Exit.USAGE,
            f"This is not a file of {kind}: the first line must name the columns {', '.join(required)} "
            f"(and may name {', '.join(optional)}); missing: {', '.join(missing)}.",
        )
    known = {*required, *optional}
    if unknown := [name for name in header if name not in known and not (kind == "skus" and name.startswith("attributes."))]:
        raise Failure(Exit.USAGE, f"Unknown columns: {', '.join(unknown)}. Known: {', '.join([*required, *optional])}.")


def _records(reader: Any, header: list[str], report: Report) -> Iterator[tuple[int, dict[str, str]]]:
    while True:
        number = reader.line_num + 1
        try:
            values = next(reader, None)
        except csv.Error as error:
            report.lines += 1
            report.bad(Line(number), f"not CSV: {error}")
            continue
        if values is None:
            return
        if not values:  # an empty line
            continue
        report.lines += 1
        sku = dict(zip(header, values, strict=False)).get("sku_id", "")
        if len(values) != len(header):
            report.bad(Line(number, sku), f"{len(values)} columns instead of {len(header)}")
        elif any("\udc80" <= character <= "\udcff" for value in values for character in value):
            report.bad(Line(number), "not UTF-8")
        else:
            yield number, dict(zip(header, (value.strip() for value in values), strict=True))


def _elements(kind: Kind, rows: Iterator[Row], report: Report, zone: tzinfo) -> tuple[list[Element], list[dict[str, Any]]]:
    """The elements of the file, and the sales channels that must exist first."""
    if kind == "orders":
        return _orders(rows, report, zone)
    make = {"skus": _sku, "stock": _receipt}[kind]
    elements = []
    for row in rows:
        line = Line(row.number, row.values.get("sku_id", ""), _units(row.values.get("stock", "")))
        try:
            elements.append(Element([line], make(row.values)))
        except BadLine as error:
            report.bad(line, str(error))
    return elements, []


def _orders(rows: Iterator[Row], report: Report, zone: tzinfo) -> tuple[list[Element], list[dict[str, Any]]]:
    """Lines with the same channel and order ID make one order, in the position of the first line."""
    orders: dict[tuple[str, str], Element] = {}
    channels: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = Line(row.number, row.values["sku_id"], _units(row.values["quantity"]))
        try:
            body, items = _order(row.values, zone)
        except BadLine as error:
            report.bad(line, str(error))
            continue
        order = orders.setdefault((body.get("channel", ""), body["external_id"]), Element([], body))
        if order.body != body:
            report.bad(line, f"has another time or customer than line {order.lines[0].number} of order {body['external_id']}")
            continue
        order.lines.append(line)
        order.items.extend((line, item) for item in items)
        if row.channel:
            channels[row.channel["channel_id"]] = row.channel
    return list(orders.values()), list(channels.values())


def _units(text: str) -> int:
    """The line's quantity, for the totals; 0 if it is not a number."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else 0


def _whole(text: str, name: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        raise BadLine(f"{name} {text!r} is not a whole number")
    return int(text)


def _quantity(text: str) -> int:
    quantity = _whole(text, "quantity")
    if quantity <= 0:
        raise BadLine(f"quantity {quantity} is not positive")
    return quantity


def _decimal(text: str, name: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or abs(value) > 10**12:
        raise BadLine(f"{name} {text!r} is not an amount such as 12.99")
    return Decimal(f"{value:f}")


def _moment(text: str, zone: tzinfo) -> str:
    """RFC 3339 in UTC; a time without an offset is in the given zone (the earlier one if a clock change makes it ambiguous)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadLine(f"time {text!r} is not of the form 2024-06-01T13:45:30Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC).isoformat().replace("+00:00", "Z")


def _given(row: dict[str, str], names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if row.get(name)}


# Formats ------------------------------------------------------------------------------------------------------------


def _sku(row: dict[str, str]) -> dict[str, Any]:
    sku = {
        **_given(row, ["sku_id", "name", "description"]),
        "price": _decimal(row["price"], "price") if row.get("price") else None,
    }
    for name in ("size_ml", "reorder_point"):
        if row.get(name):
            sku[name] = _whole(row[name], name)
    if row.get("flavor_profile"):
        sku["flavor_profile"] = row["flavor_profile"].split("|")
    attributes = {name.removeprefix("attributes."): text for name, text in row.items() if name.startswith("attributes.") and text}
    return {**sku, "attributes": attributes} if attributes else sku


def _receipt(row: dict[str, str]) -> dict[str, Any]:
    return {**_given(row, list(row)), "stock": _whole(row["stock"], "stock")}


def _order(row: dict[str, str], zone: tzinfo) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    customer = {name: row[f"customer_{name}"] for name in ("name", "email", "address") if row.get(f"customer_{name}")}
    body = {"external_id": row["order_id"], **_given(row, ["channel"]), "customer": {"name": "unknown", **customer}}
    if not row["order_id"]:
        raise BadLine("order_id is empty")
    if row.get("created_at"):
        body["created_at"] = _moment(row["created_at"], zone)
    quantity = _quantity(row["quantity"])
    item: dict[str, Any] = {"sku_id": row["sku_id"], "quantity": quantity}
    if row.get("line_total"):
        return body, [{**item, "quantity": units, "price": price} for units, price in _unit_prices(row["line_total"], quantity)]
    if row.get("price"):
        item["price"] = _decimal(row["price"], "price")
    return body, [item]


def _unit_prices(total: str, quantity: int) -> list[tuple[int, Decimal]]:
    """Splits a line total into (units, price). If the total does not divide into whole cents, some units cost one cent more."""
    cents = _decimal(total, "line_total") * 100
    if cents != int(cents) or cents < 0:
        raise BadLine(f"line_total {total!r} is not an amount in whole cents")
    low, dearer = divmod(int(cents), quantity)
    return [(units, Decimal(price).scaleb(-2)) for units, price in ((dearer, low + 1), (quantity - dearer, low)) if units]


# Sending ------------------------------------------------------------------------------------------------------------


@dataclass
class Answer:
    status: int
    document: Any
    replayed: bool


class Api:
    """The HTTP API with retries: temporary failures (no connection, 429, 503) are retried under the same key."""

    def __init__(self, url: str, token: str, *, dry_run: bool = False) -> None:
        self.query = {"dry_run": "true"} if dry_run else {}
        self.url = url.rstrip("/")
        self._client = httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=REQUEST_SECONDS)
        self._encoder = msgspec.json.Encoder(decimal_format="number")
        self._answered = False

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def post(self, path: str, documents: list[dict[str, Any]], key: str) -> Answer:
        """Raises Failure without a response, or on a response that does not depend on the payload."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": f'"{key}"'}
        content = self._encoder.encode(documents)
        trouble = ""
        for attempt in range(ATTEMPTS_MAX):
            pause = min(0.25 * 2**attempt, PAUSE_SECONDS_MAX)
            try:
                response = self._client.post(path, content=content, headers=headers, params=self.query)
            except (httpx2.TransportError, httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
                if not self._answered:
                    raise Failure(
                        Exit.SERVER,
                        f"No answer from {self.url} ({error}). Start the server (`scoville demo`), or pass its --url.",
                    ) from error
                trouble = str(error)
            else:
                self._answered = True
                if response.status_code not in (429, 502, 503, 504):
                    return self._read(response, path)
                trouble = f"status {response.status_code}"
                wait = response.headers.get("Retry-After", "")
                pause = min(float(wait), 60.0) if wait.isdigit() else pause
            time.sleep(pause)
        raise Failure(
            Exit.SERVER,
            f"{self.url} stopped answering ({trouble}). Run the same command again within 24 hours; nothing is done twice.",
        )

    def _read(self, response: httpx2.Response, path: str) -> Answer:
        try:
            document = msgspec.json.decode(response.content)
        except msgspec.DecodeError:
            document = None
        if response.status_code in (401, 403):
            detail = document.get("detail", "") if isinstance(document, dict) else ""
            raise Failure(
                Exit.SERVER, f"The API refuses the token: {detail} Pass another one with --token (`scoville token --role admin`)."
            )
        readable = response.status_code == 207 or response.status_code in (400, 409, 413, 422)
        if not readable or not isinstance(document, dict):
            raise Failure(
                Exit.SERVER, f"{self.url}{path} returned status {response.status_code}: is this a Scoville server? See its log."
            )
        return Answer(response.status_code, document, response.headers.get("Idempotency-Replayed") == "true")


def _make_channels(api: Api, channels: list[dict[str, Any]]) -> set[str]:
    """Creates the channels; returns the ones that did not exist."""
    answer = api.post("/v1/channels", channels, "import-channels")
    refused = answer.document.get("results", [{"problem": answer.document}])
    for channel, result in zip(channels, refused, strict=False):
        if "problem" in result:
            raise Failure(
                Exit.INCOMPLETE, f"The sales channel {channel['channel_id']} cannot be created: {_reasons(result['problem'])}"
            )
    return {result["data"]["channel_id"] for result in refused if result["data"]["version"] == 1}


def _tried(elements: list[Element], channels: set[str], report: Report) -> list[Element]:
    """The elements whose channel exists. A dry run keeps no new channel; elements that need one are counted as not tried."""
    for element in elements:
        if element.body.get("channel") in channels:
            for line in element.lines:
                report.count(line, "untried")
    return [element for element in elements if element.body.get("channel") not in channels]


def _submit(api: Api, path: str, elements: list[Element], key: str, report: Report) -> None:
    """Send a list until each element is done or refused, leaving out elements that the API refuses."""
    for round_ in range(ROUNDS_MAX):
        if not elements:
            return
        answer = api.post(path, [element.document() for element in elements], f"{key}.{round_}" if round_ else key)
        if answer.status == 207:
            elements = _settle(elements, answer.document["results"], report)
        elif problems := _problems_by_element(answer.document):
            kept = [
                _without_faults(element, problems[place], report) if place in problems else element
                for place, element in enumerate(elements)
            ]
            elements = [element for element in kept if element]
        elif len(elements) == 1:
            _refuse(elements.pop(), answer.document, report)
        else:  # the whole list is refused, without naming an element
            for place, element in enumerate(elements):
                _submit(api, path, [element], f"{key}.{round_}-{place}", report)
            return
    for element in elements:
        _refuse(element, {"detail": f"not settled in {ROUNDS_MAX} rounds"}, report)


def _settle(elements: list[Element], results: list[dict[str, Any]], report: Report) -> list[Element]:
    """Count the results; returns the elements to retry."""
    again = []
    for element, result in zip(elements, results, strict=True):
        problem = result.get("problem")
        if problem is None:
            report.elements_done += 1
            for line in element.lines:
                report.count(line, "committed")
        elif problem.get("code") == "OR005":
            report.elements_already += 1
            for line in element.lines:
                report.count(line, "already")
        elif problem.get("code") == "ID002":  # in progress elsewhere: its response will be available soon
            time.sleep(0.2)
            again.append(element)
        elif problem.get("status") == 422:
            if rest := _without_faults(element, problem, report):
                again.append(rest)
        else:
            _refuse(element, problem, report)
    return again


def _problems_by_element(problem: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The faults of each element in a refusal of the whole list, with pointers into the element."""
    problems: dict[int, dict[str, Any]] = {}
    for error in problem.get("errors") or []:
        if found := re.match(r"/([0-9]+)(/.*|$)", error.get("pointer", "")):
            problems.setdefault(int(found[1]), {"errors": []})["errors"].append({**error, "pointer": found[2]})
    return problems


def _without_faults(element: Element, problem: dict[str, Any], report: Report) -> Element | None:
    """The order without its bad lines; None, with all lines bad, if the fault is not in a line."""
    errors = problem.get("errors") or []
    places = [re.match(r"(?:/[0-9]+)?/items/([0-9]+)", error.get("pointer", "")) for error in errors]
    wrong = {
        element.items[int(place[1])][0]: _reason(error)
        for place, error in zip(places, errors, strict=True)
        if place and int(place[1]) < len(element.items)
    }
    if not wrong or not all(places):
        wrong = dict.fromkeys(element.lines, _reasons(problem))
    for line, reason in wrong.items():
        report.bad(line, f"{reason}{element.name}")
    lines = [line for line in element.lines if line not in wrong]
    items = [(line, item) for line, item in element.items if line not in wrong]
    return Element(lines, element.body, items) if items else None


def _refuse(element: Element, problem: dict[str, Any], report: Report) -> None:
    """Counts an element that the API refused as a whole: short of stock, or against a rule."""
    short = problem.get("code") == "ST001"
    report.elements_refused += 1
    for line in element.lines:
        report.count(line, "refused" if problem.get("status") == 409 else "bad")
    numbers = ", ".join(str(line.number) for line in element.lines)
    kind = "short" if short else "refused"
    report.say(f"line{'s' if len(element.lines) > 1 else ''} {numbers}: {kind}: {_reasons(problem)}{element.name}")


def _reasons(problem: dict[str, Any]) -> str:
    return "; ".join(dict.fromkeys(map(_reason, problem.get("errors") or []))) or problem.get("detail") or "no reason given"


def _reason(error: dict[str, Any]) -> str:
    """The field and its fault."""
    name = str(error.get("pointer", "")).rpartition("/")[2]
    return f"{name}: {error.get('detail', 'wrong')}" if name else str(error.get("detail", "wrong"))
