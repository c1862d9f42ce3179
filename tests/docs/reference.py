"""Generates pages of docs/reference and dbt files from the code: `make reference` writes them, a test compares them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pyapp.api.event_types import DATA
from pyapp.api.table import ROUTES
from pyapp.eventlog.types import AUDIENCES, EVENT_TYPES
from pyapp.http.route import Route
from pyapp.problems import KINDS
from tests.docs import views
from tests.sql.sources import function_files, sources

ROOT = Path(__file__).resolve().parents[2]
MADE = "Made from the code by `make reference`; a test compares."
FUNCTION = re.compile(
    r"create or replace function (?P<name>[\w.]+)\((?P<arguments>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*returns (?P<returns>.*)"
)
MAKERS = {"sql": "SQL", "api": "the API"}
DEFINER = re.compile(r"Definer: (.*?\.)(?:\s+|$)")  # a sentence at the beginning of a comment
CALLERS = {
    "api": "the roles of callers; which of them, the grants say",
    "jobs": "scoville_worker",
    "bi": "analysts",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; cells may contain any text."""
    lines = [list(head)]
    lines.append(["---"] * len(lines[0]))
    lines += [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def endpoints() -> str:
    by_tag: dict[str, list[Route]] = {}
    for route in ROUTES:
        by_tag.setdefault(route.tag, []).append(route)
    parts = [
        f"# Endpoints\n\n{MADE}\nEvery parameter, body and answer, with examples: `/docs` of a running server, or\n"
        "`/openapi.json`. What the codes mean: [errors](errors.md).\n"
    ]
    for tag, routes in by_tag.items():
        rows = [
            (
                f"`{route.method} {route.path}`",
                route.summary,
                ", ".join(route.roles) or "whoever proves itself",
                {"required": "required", "or_if_match": "or If-Match", "optional": "optional", "none": ""}[route.key]
                if route.method != "GET"
                else "",
                " ".join(route.errors),
            )
            for route in routes
        ]
        parts.append(f"## {tag}\n\n" + table(("request", "does", "roles", "Idempotency-Key", "codes of its own"), rows))
    return "\n".join(parts)


def errors() -> str:
    rows = [
        (f"`{code}`", str(kind.status), f"`{kind.slug}`", f"{kind.title}. {kind.when}", kind.remedy, MAKERS[kind.made_by])
        for code, kind in sorted(KINDS.items())
    ]
    return (
        f"# Errors\n\n{MADE}\nThe register is `sql/errors.toml`. An error is a problem document (RFC 9457): decide by\n"
        "`code`. `type` ends with the slug and leads to a page with an example, `/docs/errors/<slug>` of a running server.\n\n"
        + table(("code", "HTTP", "slug", "when", "what to do", "made by"), rows)
    )


def events() -> str:
    shapes: dict[str, list[str]] = {}
    for shape in DATA.values():
        shapes.setdefault(shape.__name__, list(shape.__struct_fields__))
    return (
        f"# Events\n\n{MADE}\nHow they are ordered, kept and read: [the event log](event-log.md). Their schemas, with examples:\n"
        "`/asyncapi.json` of a running server.\n\n"
        + table(
            ("type", "says", "audience", "`data`"),
            ((f"`{name}`", known.says, known.audience, DATA[name].__name__) for name, known in EVENT_TYPES.items()),
        )
        + "\n## Who sees an event\n\nAn admin sees every event of a region. The audience of its type says who else does, on\n"
        "sockets and streams, in lists and by webhooks.\n\n"
        + table(("audience", "who"), ((f"{audience}", who) for audience, who in AUDIENCES.items()))
        + "\n## What `data` holds\n\n"
        + table(("shape", "members"), ((name, ", ".join(f"`{field}`" for field in fields)) for name, fields in shapes.items()))
    )


def functions() -> str:
    parts = [
        f"# SQL functions\n\n{MADE}\nThe functions that may be called from outside the database, and those that run as definer.\n"
        "Everything else is called by these: read `sql/`, from `sql/README.md` down.\n"
    ]
    for schema, callers in CALLERS.items():
        rows = [describe(path) for path in sorted((ROOT / "sql" / "functions" / schema).glob("*.sql"))]
        parts.append(f"## {schema}\n\nFor {callers}.\n\n" + table(("function", "returns", "does"), rows))
    rows = [(f"`{name}`", reason, f"`{owner}`") for name, (reason, owner) in definers().items()]
    parts.append(
        "## Functions that run as definer\n\nThey run with the rights of their owner, not of their caller: "
        "[the principle](../../sql/README.md).\n\n" + table(("function", "because", "owner"), rows)
    )
    return "\n".join(parts)


def definers() -> dict[str, tuple[str, str]]:
    """The reason and the owner of each SECURITY DEFINER function; its comment begins with the reason."""
    found = {}
    for path in function_files():
        text = path.read_text(encoding="utf-8")
        [source] = sources(text)
        if getattr(source.option("security"), "boolval", False):
            reason = DEFINER.match(" ".join(lines_of_comment(text)))
            assert reason, f"{path}: the comment of a definer must begin with 'Definer: ' and a sentence with the reason"
            found[source.name] = reason[1], "scoville_definer" if "owner to scoville_definer" in text else "scoville_owner"
    return dict(sorted(found.items()))


def describe(path: Path) -> tuple[str, str, str]:
    """A function's signature, return type and comment, read from its file."""
    text = path.read_text(encoding="utf-8")
    found = FUNCTION.search(text)
    assert found, path
    arguments = re.sub(r"\s+", " ", found["arguments"]).strip()
    said = re.search(r"^comment on function [^;]*? is\s+((?:'(?:[^']|'')*'\s*)+);", text, re.MULTILINE)
    if said:
        comment = "".join(re.findall(r"'((?:[^']|'')*)'", said[1])).replace("''", "'")
    else:
        comment = DEFINER.sub("", " ".join(lines_of_comment(text)))
    return f"`{found['name']}({arguments})`", f"`{found['returns'].strip()}`", comment


def lines_of_comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("--"):
            return
        yield line.removeprefix("--").strip()


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/endpoints.md": endpoints,
    "docs/reference/errors.md": errors,
    "docs/reference/events.md": events,
    "docs/reference/sql-functions.md": functions,
    "docs/reference/bi-views.md": views.page,
    "deploy/dbt/models/sources.yml": views.sources,
    "deploy/dbt/models/exposures.yml": views.exposures,
}


if __name__ == "__main__":
    for name, make in PAGES.items():
        (ROOT / name).write_text(make(), encoding="utf-8")
