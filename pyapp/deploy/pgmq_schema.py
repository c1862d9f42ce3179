"""The schema pgmq: the message queue in plain SQL, as the package pgmq ships it.

Not an extension: it installs on any managed Postgres, by scoville_owner, who owns it. The file of the package cannot be
run twice, so it runs where the schema is missing and never again; a newer version will need a migration of its own.
"""

from __future__ import annotations

from typing import Any

import psycopg

OWNER = "scoville_owner"
QUEUE = "webhook_deliveries"


def install(connection: psycopg.Connection[Any]) -> None:
    """Makes the schema and our queue where they are missing, as the role of the connection. Raises psycopg.Error.

    The caller opens and ends the transaction. Rights of our roles are given by sql/policies/pgmq.sql.
    """
    found = connection.execute(
        "select n.nspowner::regrole::text, to_regclass('pgmq.meta') is not null from pg_namespace n where n.nspname = 'pgmq'"
    ).fetchone()
    if found is None:
        # Imported here: it brings all its clients along, and is needed once in the life of a database.
        from pgmq.install import get_embedded_install_sql, get_embedded_sql_version

        connection.execute("set local client_min_messages = warning")
        connection.execute(get_embedded_install_sql())
        connection.execute(f"comment on schema pgmq is 'Message queue: PGMQ {get_embedded_sql_version()}, unchanged.'")
    elif found != (OWNER, True):
        raise psycopg.errors.DuplicateSchema(
            f"the schema pgmq belongs to {found[0]}, and is not the one that Scoville installs; "
            "drop it (or the extension pgmq), or use a database of its own"
        )
    connection.execute("select pgmq.create(%s) where to_regclass(%s) is null", [QUEUE, f"pgmq.q_{QUEUE}"])
