"""Maps (`--map FILE`) and presets (`--preset NAME`): how files of another format become ours. One TOML table per kind of file:

    [orders.columns]                       # one of our columns, made from theirs
    order_id = "{basket_id}"
    customer_name = ["{Shipping Name}", "{Billing Name}"]   # the first of them that gives text; columns may be missing

    [orders.channel]                       # optional: creates missing sales channels that the file names
    name = "Store {store_id}"

A filter may follow the name of a column: `{package_size|ml}`. `Table` explains the further members of a table. There may be
several tables for a kind (`[[orders]]`): the first whose columns the file has is used.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec

from pyapp import formulas
from pyapp.cli.importing.kinds import KINDS, KindName
from pyapp.cli.importing.report import BadLine, LeftOut
from pyapp.failures import Exit, Failure

PRESETS = ("shopify", "woocommerce", "square", "amazon")
OWN = "scoville"  # the API's own lists as CSV: recognized without an option

REQUIRED = {name for kind in KINDS.values() for name in kind.required}
PLACE = re.compile(r"\{([^{}|]+)(?:\|([a-z]+))?\}")
SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(OZ|ML|L)\b", re.IGNORECASE)
SHIELDED = re.compile(r"'+[=+@\t\r-]")
ML_PER_UNIT = {"oz": Decimal("29.5735"), "ml": Decimal(1), "l": Decimal(1000)}


def _ml(text: str) -> str:
    """The first size in the text in whole milliliters; empty without one."""
    if (size := SIZE.search(text)) is None:
        return ""
    return str(max(1, int((Decimal(size[1]) * ML_PER_UNIT[size[2].lower()]).quantize(Decimal(1), ROUND_HALF_UP))))


FILTERS: dict[str, Callable[[str], str]] = {
    "capitalize": str.capitalize,
    "ml": _ml,
    "plain": lambda text: html.unescape(re.sub(r"<[^<>]*>", " ", text)),  # HTML
    "amount": lambda text: text.removeprefix("$"),
    "unquote": lambda text: text.removeprefix("'"),
    "exact": str,  # alone: with all spaces and line breaks
    "option": lambda text: "" if text == "Default Title" else text,
}


class Channel(msgspec.Struct, forbid_unknown_fields=True):
    """A sales channel as the API takes it; its ID is the column `channel` of the line."""

    name: str
    kind: str
    pricing: str
    warehouses: tuple[str, ...]
    region_id: int = 1


class Each(msgspec.Struct, forbid_unknown_fields=True):
    """Cells that hold an item each, or a list of them.

    Templates see `{each.place}` (what * stands for), `{each.value}` and `{each.KEY}`.

    form: cell (the value itself), pairs (`sku:A|quantity:2`), json (a list of objects).
    """

    columns: str  # a name, with * for any text
    form: Literal["cell", "pairs", "json"] = "cell"


class LeaveOut(msgspec.Struct, forbid_unknown_fields=True):
    """Lines that are left out: the column has one of these values (none: any text; "": no text), case ignored."""

    column: str
    why: str
    values: tuple[str, ...] = ()
    shipped: bool = False  # these are what --historic takes, and it takes no others

    def applies(self, row: Mapping[str, str]) -> bool:
        text = row.get(self.column, "").strip().casefold()
        return text in [value.casefold() for value in self.values] if self.values else bool(text)


class Table(msgspec.Struct, forbid_unknown_fields=True):
    """The map for one kind of file.

    attributes: keep all columns as attributes. fill_by, fill: a row whose `fill_by` is that of the row before takes empty cells
    of `fill` from it. absolute: quantities of `stock` are counts. encoding: of files that are not UTF-8. quotes: false if a
    quotation mark is a character like any other. apostrophes: start: one before = + - @ at the beginning of a cell is not part of
    the text; formulas: as the API marks formulas in CSV. decimal, dates: as --decimal and --dates.
    """

    columns: dict[str, str | list[str]]
    attributes: bool = False
    channel: Channel | None = None
    each: Each | None = None
    fill_by: str | tuple[str, ...] = ""  # of several, the first that the file has
    fill: tuple[str, ...] = ()
    leave_out: tuple[LeaveOut, ...] = ()
    absolute: bool = False
    encoding: str = ""
    quotes: bool = True
    apostrophes: Literal["", "start", "formulas"] = ""
    decimal: Literal["", ".", ","] = ""
    dates: Literal["ymd", "dmy", "mdy"] | None = None

    def without_apostrophes(self, text: str) -> str:
        if self.apostrophes == "formulas":
            return formulas.unmark(text)
        return text[1:] if self.apostrophes and SHIELDED.match(text) else text

    @property
    def needed(self) -> set[str]:
        """Their columns without which nothing can be read."""
        templates = [template for template in self.columns.values() if isinstance(template, str)]
        found = set().union(*map(_places, [*templates, *([self.channel.name] if self.channel else [])]))
        return found | ({self.fill_by} if isinstance(self.fill_by, str) and self.fill_by else set())

    def fits(self, header: Sequence[str]) -> bool:
        """Whether a header has the needed columns, and those of one template at least of each list for a required column."""
        names = set(header)
        some = all(
            any(_places(template) <= names for template in templates)
            for column, templates in self.columns.items()
            if column in REQUIRED and isinstance(templates, list)
        )
        keys = isinstance(self.fill_by, str) or bool(names & set(self.fill_by))
        cells = self.each is None or any(self.place_of(name) is not None for name in header)
        return self.needed <= names and some and keys and cells

    def narrowed(self, header: Sequence[str]) -> Table:
        """The table for a file with this header. A column that the file does not have is none of ours: it changes nothing."""
        names = set(header)
        columns: dict[str, str | list[str]] = {}
        for column, templates in self.columns.items():
            kept = [
                one
                for one in ([templates] if isinstance(templates, str) else templates)
                if not _places(one) or _places(one) & names
            ]
            if isinstance(templates, str) or kept:
                columns[column] = templates if isinstance(templates, str) else kept
        key = self.fill_by if isinstance(self.fill_by, str) else next(name for name in self.fill_by if name in names)
        return msgspec.structs.replace(self, columns=columns, fill_by=key)

    def place_of(self, name: str) -> str | None:
        """What * stands for in the name of a column; None for other columns."""
        if self.each is None:
            return None
        begin, star, end = self.each.columns.partition("*")
        if not star:
            return "" if name == begin else None
        fits = name.startswith(begin) and name.endswith(end) and len(name) > len(begin) + len(end)
        return name[len(begin) : len(name) - len(end)] if fits else None

    def filled(self, row: dict[str, str], above: Mapping[str, str] | None) -> dict[str, str]:
        """The row, with cells from above if it continues the row before."""
        key = str(self.fill_by)
        if not key or above is None or not row.get(key) or row[key] != above.get(key):
            return row
        return {**row, **{name: above[name] for name in self.fill if name in above and not row.get(name)}}

    def items(self, row: dict[str, str], *, historic: bool) -> list[dict[str, str]]:
        """One row per item. Raises BadLine, LeftOut."""
        self._leave_out(row, historic=historic)
        if self.each is None:
            return [self._apply(row)]
        made = []
        for name, text in row.items():
            place = self.place_of(name)
            if place is not None and text.strip():
                for item in _items(self.each.form, name, text):
                    values = {**row, "each.place": place, **{f"each.{key}": value for key, value in item.items()}}
                    for rule in self.leave_out:
                        if rule.column.startswith("each.") and rule.applies(values):
                            break
                    else:
                        made.append(self._apply(values))
        if not made:
            raise LeftOut("it has no items")
        return made

    def _leave_out(self, row: Mapping[str, str], *, historic: bool) -> None:
        """Raises LeftOut for a line that is no business of the import."""
        for rule in self.leave_out:
            if rule.applies(row) and not (historic and rule.shipped):
                raise LeftOut(rule.why)
        shipped = [rule for rule in self.leave_out if rule.shipped]
        if historic and shipped and not any(rule.applies(row) for rule in shipped):
            raise LeftOut("its order is not shipped")

    def _apply(self, row: Mapping[str, str]) -> dict[str, str]:
        """Our line, made from theirs."""
        made = {name: _first(templates, row) for name, templates in self.columns.items()}
        kept = {f"attributes.{name}": text for name, text in row.items()} if self.attributes else {}
        return {**kept, **made}

    def make_channel(self, row: Mapping[str, str]) -> dict[str, Any] | None:
        """The sales channel of their line."""
        if self.channel is None:
            return None
        document: dict[str, Any] = msgspec.to_builtins(self.channel)
        return {**document, "channel_id": _first(self.columns["channel"], row), "name": _fill(self.channel.name, row)}


Tables = dict[str, Table | list[Table]]


def _items(form: str, name: str, text: str) -> Iterator[dict[str, str]]:
    if form == "cell":
        yield {"value": text}
    elif form == "pairs":
        yield {key.strip(): value.strip() for key, _, value in (pair.partition(":") for pair in text.split("|"))}
    else:
        try:
            found = msgspec.json.decode(text, type=list[dict[str, msgspec.Raw]])
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            raise BadLine(f"{name} is not a list of JSON objects") from None
        for item in found:
            yield {key: _json_text(bytes(value)) for key, value in item.items()}


def _json_text(raw: bytes) -> str:
    """A text as it is, anything else as it is written: numbers stay exact."""
    if raw == b"null":
        return ""
    return msgspec.json.decode(raw, type=str) if raw.startswith(b'"') else raw.decode()


def read_preset(name: str, kind: KindName) -> list[Table]:
    """The tables of a preset for a kind. Raises Failure if it has none."""
    content = resources.files("pyapp.cli.importing").joinpath(f"presets/{name}.toml").read_bytes()
    tables = msgspec.toml.decode(content, type=Tables)
    if (found := _of_kind(tables, kind)) is None:
        raise Failure(Exit.USAGE, f"The preset {name} has nothing for {kind}, but for {', '.join(sorted(tables))}.")
    return found


def read_map(path: Path, kind: KindName, given: Sequence[str]) -> list[Table]:
    """The table for this kind of file. given: columns that an option fills. Raises Failure."""
    required = [name for name in KINDS[kind].required if name not in given]
    try:
        tables = msgspec.toml.decode(path.read_bytes(), type=Tables)
    except OSError as error:
        raise Failure(Exit.USAGE, f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Failure(Exit.USAGE, f"{path} is not a map: {error}.") from error
    if (found := _of_kind(tables, kind)) is None:
        raise Failure(Exit.USAGE, f"{path} has no table [{kind}.columns].")
    for table in found:
        _check(path, table, kind, required)
    return found


def _of_kind(tables: Tables, kind: KindName) -> list[Table] | None:
    """The tables for a kind of file; those of stock serve for counts, too."""
    found = tables.get(kind) or (tables.get("stock") if kind == "counts" else None)
    return found if isinstance(found, list) or found is None else [found]


def _check(path: Path, table: Table, kind: KindName, required: Sequence[str]) -> None:
    known = KINDS[kind]
    if missing := [name for name in required if name not in table.columns]:
        raise Failure(Exit.USAGE, f"{path} lacks the columns {', '.join(missing)} of a file of {kind}.")
    if unknown := [name for name in table.columns if name not in known.known and not name.startswith("attributes.")]:
        raise Failure(Exit.USAGE, f"{path} has unknown columns: {', '.join(unknown)}. Known: {', '.join(known.known)}.")
    if unknown := sorted(_filters(table) - FILTERS.keys()):
        raise Failure(Exit.USAGE, f"{path} uses unknown filters: {', '.join(unknown)}. Known: {', '.join(FILTERS)}.")
    if table.channel and "channel" not in table.columns:
        raise Failure(Exit.USAGE, f"{path} creates sales channels but lacks the column channel.")


def _filters(table: Table) -> set[str]:
    templates = [text for value in table.columns.values() for text in (value if isinstance(value, list) else [value])]
    return {
        place[2]
        for text in [*templates, *([table.channel.name] if table.channel else [])]
        for place in PLACE.finditer(text)
        if place[2]
    }


def _places(template: str) -> set[str]:
    """The columns of the file that a template names."""
    return {place[1] for place in PLACE.finditer(template) if not place[1].startswith("each.")}


def _first(templates: str | list[str], row: Mapping[str, str]) -> str:
    """The template filled; of a list the first that gives text, where one without any value gives none."""
    if isinstance(templates, str):
        return _fill(templates, row)
    for template in templates:
        places = [place[1] for place in PLACE.finditer(template)]
        if (not places or any(row.get(place) for place in places)) and (text := _fill(template, row)):
            return text
    return ""


def _fill(template: str, row: Mapping[str, str]) -> str:
    """The template with the values of the line: runs of spaces as one, and no comma after a value that is missing."""

    def value(place: re.Match[str]) -> str:
        text = row.get(place[1], "")
        return FILTERS[place[2]](text) if place[2] else text

    if (alone := PLACE.fullmatch(template)) and alone[2] == "exact":
        return row.get(alone[1], "")
    text = " ".join(PLACE.sub(value, template).split())
    return text if PLACE.fullmatch(template) else re.sub(r"^(?: ?,)+ ?|(?: ?,)+(?=,|$)", "", text)
