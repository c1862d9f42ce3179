"""The plans of all statements that a session runs, also inside functions, by the module auto_explain."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = frozenset({"app", "audit", "catalog", "events", "identity", "jobs", "orders", "stock", "supply", "webhooks"})
ONE_ROW = frozenset({"pseudonym_keys", "stream"})  # by a constraint
JOINED_IN_VAIN_MAX = 1000  # rows of one join; 128 x 128 would be 16,384
SETTINGS = {
    "log_min_duration": "0",
    "log_analyze": "on",
    "log_timing": "off",
    "log_nested_statements": "on",
    "log_verbose": "on",  # schemas of tables
    "log_format": "json",
}


@contextmanager
def explained(url: str) -> Iterator[tuple[psycopg.Connection[Any], list[dict[str, Any]]]]:
    """A superuser's session that acts as `authenticator`, and the list to which each statement adds its plan. Plans are generic,
    as they are from the sixth call of a session on."""
    plans: list[dict[str, Any]] = []

    def keep(notice: psycopg.errors.Diagnostic) -> None:
        _, found, text = (notice.message_primary or "").partition("plan:\n")
        if found:
            plans.append(json.loads(text))

    with psycopg.connect(url, autocommit=True) as session:
        session.execute("load 'auto_explain'")
        for name, value in SETTINGS.items():
            session.execute("select set_config(%s, %s, false)", [f"auto_explain.{name}", value])
        session.execute("set client_min_messages = log; set plan_cache_mode = force_generic_plan")
        session.execute("set session authorization authenticator")
        session.add_notice_handler(keep)
        yield session, plans


def faults(plan: dict[str, Any]) -> list[str]:
    """The parts of a plan whose cost grows faster than its result."""
    query = " ".join(plan["Query Text"].split())[:100]
    return [f"{fault}: {query}" for node in _nodes(plan["Plan"]) for fault in _faults(node)]


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _faults(node: dict[str, Any]) -> Iterator[str]:
    in_vain = node.get("Rows Removed by Join Filter", 0) * node["Actual Loops"]  # the number is an average of the loops
    if in_vain > JOINED_IN_VAIN_MAX:
        yield f"{node['Node Type']} joins {in_vain:,.0f} rows in vain"
    table = node.get("Relation Name")
    if node["Node Type"] == "Seq Scan" and node["Schema"] in OURS and table not in ONE_ROW and node["Actual Loops"]:
        yield f"scans {node['Schema']}.{table}"
