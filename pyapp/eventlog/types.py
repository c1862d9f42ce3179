"""Every type of event, read once from sql/schema/050_events.sql at import, without a database."""

from __future__ import annotations

import re
from typing import NamedTuple

from pyapp.files import SQL

AUDIENCES = {
    "everybody": "every role; events of region 0 in every region",
    "warehouse": "staff of its warehouses; sales and integrations of its channel if it names one",
    "channel": "sales and integrations of its channel",
    "webhook": "the webhook that its subject names",
    "admin": "nobody else",
}


class EventType(NamedTuple):
    """A row of events.event_types."""

    type: str
    audience: str
    about: str
    says: str


def _read() -> dict[str, EventType]:
    text = (SQL / "schema" / "050_events.sql").read_text(encoding="utf-8")
    seed = text.partition("insert into events.event_types ")[2].partition(";\n")[0]
    rows = re.findall(r"^  \('(.*)', '(.*)', '(.*)', '(.*)'\),?$", seed, re.MULTILINE)
    return {row[0]: EventType(*row) for row in rows}


EVENT_TYPES = _read()
