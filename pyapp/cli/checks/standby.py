"""The check of the standby that SCOVILLE_READ_URL names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from pyapp.cli.checks import Finding, bad, ok, warning
from pyapp.cli.context import CONNECT_SECONDS, one_line
from pyapp.database.calls import POSITION
from pyapp.database.standby import LAG_SECONDS_MAX, REPLAYED

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS_PAUSE_SECONDS = LAG_SECONDS_MAX
NAME = "standby"


def check(url: str, read_url: str) -> Iterator[Finding]:
    """Whether reads will use it: it is a standby, and it catches up with the primary within the limit."""
    try:
        with (
            psycopg.connect(url, connect_timeout=CONNECT_SECONDS, autocommit=True) as primary,
            psycopg.connect(read_url, connect_timeout=CONNECT_SECONDS, autocommit=True) as standby,
        ):
            yield _look(primary, standby)
    except psycopg.Error as error:
        remedy = "The primary serves all reads. Check that the standby runs and SCOVILLE_READ_URL is right."
        yield bad(NAME, f"no connection: {one_line(error)}", remedy)


def _look(primary: psycopg.Connection[tuple[object, ...]], standby: psycopg.Connection[tuple[object, ...]]) -> Finding:
    if standby.execute("select pg_is_in_recovery()").fetchone() != (True,):
        remedy = "It serves no reads. Unset SCOVILLE_READ_URL, or name a streaming standby of DATABASE_URL."
        return warning(NAME, "SCOVILLE_READ_URL does not name a standby", remedy)
    wanted = primary.execute(POSITION).fetchone()
    standby.execute("select pg_sleep(%s)", [LOOKS_PAUSE_SECONDS])
    reached = standby.execute(REPLAYED).fetchone()
    if wanted is None or reached is None or reached[0] is None or int(str(reached[0])) < int(str(wanted[0])):
        remedy = "The primary serves all reads until it has caught up. Look at pg_stat_replication on the primary."
        return warning(NAME, f"more than {LAG_SECONDS_MAX:g} s behind", remedy)
    return ok(NAME, f"less than {LAG_SECONDS_MAX:g} s behind")
