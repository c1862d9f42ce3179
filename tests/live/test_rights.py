"""The filter in Python and the policies in Postgres agree on every event, for every caller."""

from __future__ import annotations

from itertools import product
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from pyapp.eventlog import reading as log
from pyapp.eventlog.rights import Rights
from pyapp.eventlog.types import AUDIENCES
from pyapp.identity.tokens import Identity, Role
from tests.conftest import AsRole

SCOPES: list[tuple[Role, list[str], list[str]]] = [
    ("admin", [], []),
    ("warehouse", ["WH-01"], []),
    ("warehouse", ["WH-01", "WH-02"], ["web"]),
    ("warehouse", [], ["web"]),
    ("sales", ["WH-01"], ["web"]),
    ("sales", [], ["web", "pos"]),
    ("sales", ["WH-01"], []),
    ("integration", [], ["pos"]),
    ("integration", ["WH-02"], []),
]


@pytest.fixture
def every_kind(connection: psycopg.Connection[Any], as_role: AsRole) -> int:
    """A log with every type of event, and with names of other audiences, in three regions and every scope."""
    types = connection.execute("select type, audience from events.event_types").fetchall()
    types += product(["stock.x", "order.placed", "sku.changed", "none"], AUDIENCES)
    warehouses = [[], ["WH-01"], ["WH-02"], ["WH-01", "WH-02"], ["NULL"]]
    for region, (kind, audience), codes, channel in product([0, 1, 2], types, warehouses, [None, "web", "pos"]):
        connection.execute(
            "insert into events.outbox"
            " (region_id, type, audience, subject, warehouse_ids, channel_id, version, data, actor, occurred_at)"
            " values (%s, %s, %s, 's', %s, %s, 1, '{}', 'a', now())",
            [region, kind, audience, codes, channel],
        )
    connection.execute("insert into catalog.regions (region_id, name) values (2, 'North')")
    with as_role("scoville_worker") as c:
        row = c.execute("select jobs.sequence_events(100000)").fetchone()
    assert row
    return int(row[0])


@pytest.mark.parametrize("region", [1, 2])
def test_memory_and_row_level_security_show_the_same_events(every_kind: int, as_role: AsRole, region: int) -> None:
    with as_role("scoville_worker") as c:
        rows = c.execute(
            "select seq::text, region_id::text, type, audience, warehouse_ids::text, channel_id, event::text"
            " from jobs.read_events(0, 100000)"
        ).fetchall()
    events = log.events([tuple(None if value is None else value.encode() for value in row) for row in rows])
    assert len(events) == every_kind
    for role, warehouses, channels in SCOPES:
        rights = Rights.of(Identity(role, "tester", tuple(warehouses), tuple(channels), region), region)
        in_memory = [event.seq for event in events if rights.sees(event)]
        with as_role(role, warehouses=warehouses, channels=channels, region=region) as c:
            cursor = c.cursor(row_factory=dict_row)
            page = cursor.execute("select body from api.list_events(%s::smallint, '{}', null, 100000)", [region]).fetchone()
        assert page
        assert in_memory == [event["seq"] for event in page["body"]["data"]], (role, warehouses, channels)
        assert 0 < len(in_memory) < len(events)
