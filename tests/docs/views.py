"""Generates the documentation of schema bi, for people and for dbt, from its views: `make reference` writes, a test compares."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import yaml

from pyapp.api.analytics import VIEWS, comments, reports, types

ROOT = Path(__file__).resolve().parents[2]
JOIN = re.compile(r"\('(\w+)', '([\w, ]+)', '(\w+)', '([\w, ]+)', '([\w ]+)'\)")
STALE = {"warn_after": {"count": 15, "period": "minute"}, "error_after": {"count": 6, "period": "hour"}}


@dataclass(frozen=True)
class View:
    name: str
    comment: str
    columns: dict[str, tuple[str, str]]  # name: type, comment


def views() -> list[View]:
    """In the order of the contract and its files: dimensions, facts, reports."""
    said = comments()
    columns: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for name, kind in types().items():
        view, column = name.split(".")
        columns[view][column] = (kind, said[name])
    order = [path.stem.partition("_")[2] for path in sorted(VIEWS.glob("0*.sql"))]
    return [View(name, said[name], columns[name]) for name in order]


def joins() -> list[tuple[str, ...]]:
    """Relationships: from view, its columns, to view, its columns, cardinality."""
    return JOIN.findall((VIEWS / "040_relationships.sql").read_text(encoding="utf-8"))


def page() -> str:
    """docs/reference/bi-views.md"""
    parts = [
        "# Views for analysts\n\nMade from the code by `make reference`; a test compares. How to get in:\n"
        "[analysts and BI](../bi.md). `bi.relationships` lists the joins. Names, order and types of the columns are a contract:\n"
        "new ones come at the end.\n"
    ]
    for view in views():
        rows = "".join(
            f"| `{name}` | {kind} | {text.replace('|', chr(92) + '|')} |\n" for name, (kind, text) in view.columns.items()
        )
        parts.append(f"## {view.name}\n\n{view.comment}\n\n| column | type | what |\n| --- | --- | --- |\n{rows}")
    return "\n".join(parts)


def sources() -> str:
    """deploy/dbt/models/sources.yml"""
    tests: dict[tuple[str, str], list[object]] = defaultdict(list)
    for here, columns, there, others, cardinality in joins():
        if cardinality == "many to one" and "," not in columns:
            if not tests[there, others]:
                tests[there, others] = ["unique", "not_null"]
            to = {"to": f"source('scoville', '{there}')", "field": others}
            tests[here, columns].append({"relationships": {"arguments": to}})
    tables = []
    for view in views():
        table: dict[str, object] = {"name": view.name, "description": view.comment}
        if view.name == "freshness":
            table |= {"loaded_at_field": "as_of_at", "freshness": STALE}
        table["columns"] = [
            {
                "name": name,
                "description": text,
                "data_type": kind,
                **({"data_tests": tests[view.name, name]} if tests[view.name, name] else {}),
            }
            for name, (kind, text) in view.columns.items()
        ]
        tables.append(table)
    source = {"name": "scoville", "description": "Stock and orders; read-only.", "schema": "bi", "tables": tables}
    return _yaml({"version": 2, "sources": [source]})


def exposures() -> str:
    """deploy/dbt/models/exposures.yml: the product's own uses of the views."""
    shown = [
        {
            "name": f"analytics_{report.report.replace('-', '_')}",
            "label": f"GET /v1/analytics/{report.report}",
            "type": "application",
            "owner": {"name": "Scoville"},
            "depends_on": [f"source('scoville', '{report.view}')"],
        }
        for report in sorted(reports(), key=lambda report: report.report)
    ]
    everything = sorted({on for one in shown for on in one["depends_on"]})
    page = {"name": "analytics_page", "label": "The page of analytics", "type": "dashboard", "owner": {"name": "Scoville"}}
    return _yaml({"version": 2, "exposures": [*shown, page | {"depends_on": everything}]})


def _yaml(document: dict[str, object]) -> str:
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)
    return f"# Made from the code by `make reference`; a test compares.\n{text}"
