"""Orders: all lines with the same number and channel. An empty cell of the order itself means "as in the line above"."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pyapp.cli.importing.api import Answer, Api, segment
from pyapp.cli.importing.elements import Element, key_of
from pyapp.cli.importing.report import BadLine, Line, Report
from pyapp.cli.importing.rows import Row, Rows
from pyapp.cli.importing.sending import DRY_ELEMENTS_MAX, ELEMENTS_MAX, Sender, reasons, refuse_rest
from pyapp.cli.importing.values import Forms
from pyapp.failures import Exit, Failure

PATH = "/v1/orders"
CELLS = ("channel", "created_at", "customer_name", "customer_email", "customer_phone", "customer_address", "historic", "status")
Item = dict[str, Any]


@dataclass
class Order:
    """An order of the file: its own cells, and what its lines say."""

    first: Line
    cells: dict[str, str]
    element: Element
    bad: bool = False


@dataclass
class Orders:
    """The orders in the position of their first lines, and the sales channels that must exist first."""

    forms: Forms
    report: Report
    currencies: dict[str, str]
    by_number: dict[str, list[Order]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Adds a line. The cells of an order count even if the item of the line is bad."""
        order = None
        try:
            order = self._find(row)
            item = _item(row.values, self.forms, self.currencies)
        except BadLine as error:
            self.report.bad(row.line, str(error))
            if order:
                order.bad = True
            return
        order.element.lines.append(row.line)
        order.element.items.append((row.line, item))
        if row.channel:
            self.channels[row.channel["channel_id"]] = row.channel

    def _find(self, row: Row) -> Order:
        number = row.values.get("order_id", "").strip()
        if not number:
            raise BadLine("order_id is empty")
        cells = {name: row.values.get(name, "").strip() for name in CELLS}
        if cells["created_at"]:
            cells["created_at"] = self.forms.moment(cells["created_at"])
        cells["historic"] = cells["historic"].casefold()
        if cells["historic"] not in ("", "true", "false"):
            raise BadLine(f"historic {cells['historic']!r} is not true or false")
        cells["status"] = cells["status"].casefold()
        if cells["status"] not in ("", "pending", "processing"):
            raise BadLine(f"status {cells['status']!r} is not pending or processing")
        same = self.by_number.setdefault(number, [])
        # Another channel may use the number, too; without a channel the line continues the order above.
        order = next((one for one in reversed(same) if _agree(one.cells["channel"], cells["channel"])), None)
        if order is None:
            order = Order(row.line, cells, Element([], {"external_id": number}))
            same.append(order)
        elif not all(_agree(order.cells[name], cells[name]) for name in CELLS):
            order.bad = True
            raise BadLine(f"has another time, customer or status than {order.first.name} of order {number}")
        order.cells = {name: order.cells[name] or cells[name] for name in CELLS}
        return order

    def elements(self, *, whole: bool) -> list[Element]:
        """The orders to send, with their cells; in the order of their first lines."""
        found = sorted((order for orders in self.by_number.values() for order in orders), key=lambda one: one.first.number)
        made = []
        for order in found:
            customer = {name: order.cells[f"customer_{name}"] for name in ("name", "email", "phone", "address")}
            given = {name: text for name, text in customer.items() if text}
            kept = {name: order.cells[name] for name in ("channel", "created_at", "status") if order.cells[name]}
            historic = {"historic": True} if order.cells["historic"] == "true" else {}
            order.element.body |= {**kept, **historic, "customer": {"name": "unknown", **given}}
            if whole and order.bad:
                refuse_rest(self.report, order.element.lines, order.element.name)
            elif order.element.items:
                made.append(order.element)
        return made


def _agree(one: str, other: str) -> bool:
    return one == other or not one or not other


def import_orders(api: Api, rows: Rows, report: Report, forms: Forms, advance: Any, *, whole: bool, file: str) -> None:
    currencies = {sku["sku_id"]: sku["currency"] for sku in api.list("/v1/skus")} if "currency" in rows.columns else {}
    orders = Orders(forms, report, currencies)
    for row in rows.rows:
        orders.add(row)
    _refuse_contradiction(forms)
    elements = orders.elements(whole=whole)
    new = _make_channels(api, list(orders.channels.values()))
    if report.dry_run:
        elements = _tried(elements, new, report)

    def done(element: Element, document: dict[str, Any]) -> None:
        if report.dry_run:
            units = sum(item["quantity"] for _, item in element.items)
            report.changes.append(
                f"{element.numbers}: order {element.body['external_id']}: {units:,} units for {_shown(document['total_price'])} "
                f"{document['currency']} through {document['channel']}"
            )

    known = _Known(api, report)
    Sender(api, PATH, report, done=done, known=known.settle, whole=whole, file=file).send(elements, advance)


def _refuse_contradiction(forms: Forms) -> None:
    """A single date in another order shows that all others may be wrong. Raises Failure before anything is sent."""
    if forms.contradiction:
        raise Failure(
            Exit.USAGE,
            f"The file has the date {forms.contradiction}, which is not in the usual order of this source ({forms.dates}). "
            f"Nothing was sent. --dates dmy, mdy or ymd says the order.",
        )


def _item(row: dict[str, str], forms: Forms, currencies: dict[str, str]) -> Item:
    sku_id = row.get("sku_id", "").strip()
    quantity = forms.whole(row.get("quantity", ""), "quantity")
    if quantity <= 0:
        raise BadLine(f"quantity {quantity} is not positive")
    currency = row.get("currency", "").strip().upper()
    if currency and currencies.get(sku_id, currency) != currency:
        raise BadLine(f"currency {currency!r} is not that of {sku_id}, {currencies[sku_id]}")
    item: Item = {"sku_id": sku_id, "quantity": quantity}
    if row.get("line_total"):
        item["amount"] = forms.amount(row["line_total"], "line_total")
    elif row.get("price"):
        item["price"] = forms.amount(row["price"], "price")
    if address := row.get("line_address", "").strip():
        item["address"] = address
    return item


def _make_channels(api: Api, channels: list[dict[str, Any]]) -> set[str]:
    """Creates the channels that do not exist, and returns them. The others stay as they are."""
    if not channels:
        return set()
    existing = {row["channel_id"] for row in api.list("/v1/channels")}
    missing = [channel for channel in channels if channel["channel_id"] not in existing]
    size = DRY_ELEMENTS_MAX if api.dry_run else ELEMENTS_MAX
    for start in range(0, len(missing), size):
        part = missing[start : start + size]
        answer = api.post("/v1/channels", part, key_of([Element([], channel) for channel in part]))
        for channel, result in zip(part, answer.document.get("results", [{"problem": answer.document}]), strict=False):
            if "problem" in result:
                raise Failure(
                    Exit.INCOMPLETE,
                    f"The sales channel {channel['channel_id']} cannot be created: {reasons(result['problem'], channel)}",
                )
    return {channel["channel_id"] for channel in missing}


def _tried(elements: list[Element], channels: set[str], report: Report) -> list[Element]:
    """The elements whose channel exists. A dry run keeps no new channel; elements that need one are counted as not tried."""
    for element in elements:
        if element.body.get("channel") in channels:
            for line in element.lines:
                report.count(line, "untried")
    return [element for element in elements if element.body.get("channel") not in channels]


class _Known:
    """Orders that exist already: compared with the file, line by line."""

    def __init__(self, api: Api, report: Report) -> None:
        self._api = api
        self._report = report

    def settle(self, element: Element, problem: dict[str, Any]) -> None:
        order_id = next((error["order_id"] for error in problem.get("errors") or [] if error.get("order_id")), None)
        found = self._api.get(f"{PATH}/{segment(order_id or element.body['external_id'])}")
        if not found.is_done:
            self._refuse(element, f"it exists, and cannot be read: {reasons(found.document)}")
            return
        order = found.document
        missing = _missing(element, order["items"])
        if missing is None:
            self._refuse(
                element, f"{order['order_id']} exists with other items: {_in_words(order['items'])}. Change it, or this file"
            )
        elif not missing:
            self._report.elements_already += 1
            for line in element.lines:
                self._report.count(line, "already")
        else:
            self._add(element, order, missing)

    def _add(self, element: Element, order: dict[str, Any], missing: list[Line]) -> None:
        """Adds the missing lines to an order that nobody has touched since it was placed."""
        items = [item for _, item in element.items]
        answer: Answer = self._api.change(
            "PATCH",
            f"{PATH}/{segment(order['order_id'])}",
            {"items": items, "reason": "import of a corrected file"},
            If_Match='"1"',
        )
        kept = [line for line in element.lines if line not in missing]
        if not answer.is_done:
            why = "it was changed since" if answer.status == 412 else reasons(answer.document, {"items": items})
            text = f"{order['order_id']} exists without this line, which cannot be added: {why}{element.name}"
            self._report.elements_refused += 1
            for line in missing:
                self._report.refuse(line, text)
        else:
            self._report.elements_done += 1
            for line in missing:
                self._report.count(line, "committed")
            verb = "would be added" if self._report.dry_run else "was added"
            numbers = Element(missing, {}).numbers
            self._report.notes.append(f"{numbers} {verb} to order {element.body['external_id']} ({order['order_id']}).")
        for line in kept:
            self._report.count(line, "already")

    def _refuse(self, element: Element, why: str) -> None:
        self._report.elements_refused += 1
        for line in element.lines:
            self._report.count(line, "refused")
        self._report.say(f"{element.numbers}: refused: {why}{element.name}")


def _missing(element: Element, items: list[Item]) -> list[Line] | None:
    """The lines that an order lacks; None if it has something else. A line without a price fits every price."""
    left = Counter((item["sku_id"], item["quantity"], _worth(item)) for item in items)
    lines: dict[Line, None] = {}
    for line, item in element.items:
        found = next((key for key, number in left.items() if number and _fits(item, key)), None)
        if found is None:
            lines[line] = None
        else:
            left[found] -= 1
    return None if left.total() else list(lines)


def _fits(item: Item, key: tuple[str, int, Decimal | None]) -> bool:
    return key[:2] == (item["sku_id"], item["quantity"]) and (None in (key[2], _worth(item)) or key[2] == _worth(item))


def _worth(item: Item) -> Decimal | None:
    """What a line costs. None: it names no price, or a canceled part of it has changed its amount."""
    if item.get("amount") is not None:
        return None if item.get("canceled") else Decimal(str(item["amount"]))
    return None if item.get("price") is None else Decimal(str(item["price"])) * item["quantity"]


def _in_words(items: list[Item]) -> str:
    return ", ".join(
        f"{item['quantity']:,} x {item['sku_id']} "
        + (f"at {_shown(item['price'])}" if item["amount"] is None else f"for {_shown(item['amount'])}")
        for item in items
    )


def _shown(amount: float) -> str:
    """An amount with two decimals, or with more if its currency has more."""
    exact = Decimal(str(amount))
    return f"{exact:.2f}" if exact == round(exact, 2) else f"{exact:f}"
