"""Schema pgmq: the message queue in plain SQL, from the package pgmq.

It is not an extension, so it installs on any managed Postgres; scoville_owner installs and owns it. The file of the package
cannot run twice, so it runs only if the schema is missing; a newer version will need its own migration.
"""

from __future__ import annotations

from typing import Any

import psycopg

OWNER = "scoville_owner"
QUEUE = "webhook_deliveries"


def install(connection: psycopg.Connection[Any]) -> None:
    """Creates the schema and our queue if they are missing, as the role of the connection. Raises psycopg.Error.

    The caller opens and ends the transaction. sql/policies/pgmq.sql grants the rights.
    """
    found = connection.execute(
        "select n.nspowner::regrole::text, to_regclass('pgmq.meta') is not null from pg_namespace n where n.nspname = 'pgmq'"
    ).fetchone()
    if found is None:
        # Imported here: it imports all its clients, and is needed only once per database.
        from pgmq.install import get_embedded_install_sql, get_embedded_sql_version

        connection.execute("set local client_min_messages = warning")
        connection.execute(get_embedded_install_sql())
        connection.execute(f"comment on schema pgmq is 'Message queue: PGMQ {get_embedded_sql_version()}, unchanged.'")
    elif found != (OWNER, True):
        raise psycopg.errors.DuplicateSchema(
            f"the schema pgmq belongs to {found[0]}, and was not installed by Scoville; "
            "drop it (or the extension pgmq), or use a database of its own"
        )
    connection.execute("select pgmq.create(%s) where to_regclass(%s) is null", [QUEUE, f"pgmq.q_{QUEUE}"])
