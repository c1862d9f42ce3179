"""Sends elements in lists until each is done or refused. Every bad line is reported; all other lines are imported."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from pyapp.cli.importing.api import Api
from pyapp.cli.importing.elements import Element, key_of
from pyapp.cli.importing.report import Line, Report

ELEMENTS_MAX = 100  # per list: about 30 kB of orders, well below the API's 1 MiB
DRY_ELEMENTS_MAX = 1000  # per list of a dry run: a list does not see units taken by earlier ones, so lists are few and long
ROUNDS_MAX = 40  # of leaving out elements that the API refuses; it names at most 20 faults per response

Done = Callable[[Element, dict[str, Any]], None]  # gets an element and its document
Known = Callable[[Element, dict[str, Any]], None]  # gets an element that exists already, and the refusal that says so


class Sender:
    """Sends the elements of one kind and counts what becomes of them.

    whole: an order with a bad line is not placed at all. file: a digest of the file, if only its own repeat may get kept answers.
    """

    def __init__(
        self,
        api: Api,
        path: str,
        report: Report,
        *,
        done: Done,
        known: Known | None = None,
        whole: bool = False,
        file: str = "",
    ) -> None:
        self._api = api
        self._path = path
        self._report = report
        self._done = done
        self._known = known
        self._whole = whole
        self._file = file

    def send(self, elements: list[Element], advance: Callable[[int, int], None] | None = None) -> None:
        """`advance` gets the number of finished elements, and of all."""
        elements_max = DRY_ELEMENTS_MAX if self._report.dry_run else ELEMENTS_MAX
        for start in range(0, len(elements), elements_max):
            part = elements[start : start + elements_max]
            self._submit(part, key_of(part, self._path, elements_max, self._file))
            if advance:
                advance(start + len(part), len(elements))

    def _submit(self, elements: list[Element], key: str) -> None:
        """Sends a list until each element is done or refused, leaving out elements that the API refuses."""
        for round_ in range(ROUNDS_MAX):
            if not elements:
                return
            documents = [element.document() for element in elements]
            answer = self._api.post(self._path, documents, f"{key}.{round_}" if round_ else key)
            if answer.status == 207:
                elements = self._settle(elements, answer.document["results"])
            elif problems := _problems_by_element(answer.document):
                kept = [
                    self._without_faults(element, problems[place]) if place in problems else element
                    for place, element in enumerate(elements)
                ]
                elements = [element for element in kept if element]
            elif len(elements) == 1:
                self._refuse(elements.pop(), answer.document)
            else:  # the whole list is refused, without naming an element
                for place, element in enumerate(elements):
                    self._submit([element], f"{key}.{round_}-{place}")
                return
        for element in elements:
            self._refuse(element, {"detail": f"not settled in {ROUNDS_MAX} rounds"})

    def _settle(self, elements: list[Element], results: list[dict[str, Any]]) -> list[Element]:
        """Counts the results; returns the elements to retry."""
        again = []
        for element, result in zip(elements, results, strict=True):
            problem = result.get("problem")
            if problem is None:
                self._report.elements_done += 1
                for line in element.lines:
                    self._report.count(line, "committed")
                self._done(element, result["data"])
            elif problem.get("code") == "OR005" and self._known:
                self._known(element, problem)
            elif problem.get("code") == "ID002":  # in progress elsewhere: its response will be available soon
                time.sleep(0.2)
                again.append(element)
            elif problem.get("status") == 422:
                if rest := self._without_faults(element, problem):
                    again.append(rest)
            else:
                self._refuse(element, problem)
        return again

    def _without_faults(self, element: Element, problem: dict[str, Any]) -> Element | None:
        """The order without its bad lines; None, with all lines bad, if the fault is not in a line."""
        errors = problem.get("errors") or []
        places = [re.match(r"(?:/[0-9]+)?/items/([0-9]+)", error.get("pointer", "")) for error in errors]
        wrong = {
            element.items[int(place[1])][0]: reason(error, element.document())
            for place, error in zip(places, errors, strict=True)
            if place and int(place[1]) < len(element.items)
        }
        if not wrong or not all(places):
            wrong = dict.fromkeys(element.lines, reasons(problem, element.document()))
        for line, text in wrong.items():
            self._report.bad(line, f"{text}{element.name}")
        lines = [line for line in element.lines if line not in wrong]
        if self._whole:
            refuse_rest(self._report, lines, element.name)
            return None
        items = [(line, item) for line, item in element.items if line not in wrong]
        return Element(lines, element.body, items) if items else None

    def _refuse(self, element: Element, problem: dict[str, Any]) -> None:
        """Counts an element that the API refused as a whole: short of stock, or against a rule."""
        short = problem.get("code") == "ST001"
        self._report.elements_refused += 1
        for line in element.lines:
            self._report.count(line, "refused" if problem.get("status") == 409 else "bad")
        kind = "short" if short else "refused"
        self._report.say(f"{element.numbers}: {kind}: {reasons(problem, element.document())}{element.name}")


def refuse_rest(report: Report, lines: list[Line], name: str) -> None:
    """The good lines of an order that is placed whole or not at all."""
    for line in lines:
        report.refuse(line, f"another line of its order is bad, and --whole-orders places only whole ones{name}")


def _problems_by_element(problem: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The faults of each element in a refusal of the whole list, with pointers into the element."""
    problems: dict[int, dict[str, Any]] = {}
    for error in problem.get("errors") or []:
        if found := re.match(r"/([0-9]+)(/.*|$)", error.get("pointer", "")):
            problems.setdefault(int(found[1]), {"errors": []})["errors"].append({**error, "pointer": found[2]})
    return problems


def reasons(problem: dict[str, Any], document: Any = None) -> str:
    found = dict.fromkeys(reason(error, document) for error in problem.get("errors") or [])
    return "; ".join(found) or problem.get("detail") or "no reason given"


def reason(error: dict[str, Any], document: Any = None) -> str:
    """The field, the value that was sent, and its fault."""
    pointer = str(error.get("pointer", ""))
    name = pointer.rpartition("/")[2]
    detail = error.get("detail", "wrong")
    value = _value_at(document, pointer)
    shown = f" {value!r}" if isinstance(value, str) and value not in detail and len(value) <= 100 else ""
    return f"{name}{shown}: {detail}" if name else str(detail)


def _value_at(document: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        if isinstance(document, list) and token.isdigit() and int(token) < len(document):
            document = document[int(token)]
        elif isinstance(document, dict):
            document = document.get(token)
        else:
            return None
    return document
