"""The warehouses that a file names: by ID, or by name. Others are refused, unless the user wants them created."""

from __future__ import annotations

import re

from pyapp.cli.importing.api import Api
from pyapp.cli.importing.kinds import near
from pyapp.cli.importing.report import BadLine, Report
from pyapp.cli.importing.sending import reasons
from pyapp.failures import Exit, Failure


class Warehouses:
    """Those that exist for the caller."""

    def __init__(self, api: Api, report: Report, *, create: bool) -> None:
        self._api = api
        self._report = report
        self._create = create
        found = list(api.list("/v1/warehouses"))
        self._ids = {row["warehouse_id"] for row in found}
        self._names: dict[str, set[str]] = {}
        for row in found:
            self._names.setdefault(row["name"].casefold(), set()).add(row["warehouse_id"])
        self.created: set[str] = set()

    def find(self, text: str) -> str:
        """The ID of the warehouse that a line names. Raises BadLine."""
        if not text:
            raise BadLine("warehouse_location is empty (--warehouse names one for such lines)")
        if text in self._ids:
            return text
        if len(named := self._names.get(text.casefold(), set())) == 1:
            return next(iter(named))
        if self._create:
            return self._make(text)
        guess = near(text, [*self._ids, *self._names])
        meant = f"; did you mean {next(iter(self._names.get(guess, [guess])))}?" if guess else ""
        raise BadLine(f"warehouse {text} does not exist or is not yours{meant} (--create-warehouses creates it)")

    def _make(self, text: str) -> str:
        id_ = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")[:64]
        if not id_:
            raise BadLine(f"warehouse {text!r} makes no ID")
        if id_ not in self._ids:
            answer = self._api.post("/v1/warehouses", [{"warehouse_id": id_, "name": text}], f"import-warehouse-{id_}")
            problems = [result["problem"] for result in answer.document.get("results", []) if "problem" in result]
            if problems or answer.status != 207:
                why = reasons((problems or [answer.document])[0])
                raise Failure(Exit.INCOMPLETE, f"The warehouse {id_} cannot be created: {why}")
            self._report.notes.append(f"Warehouse {id_} {'would be' if self._report.dry_run else 'was'} created.")
            self._ids.add(id_)
            self.created.add(id_)
        self._names.setdefault(text.casefold(), set()).add(id_)
        return id_
