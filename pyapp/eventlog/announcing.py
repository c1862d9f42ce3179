"""Notifications, whose failure costs only time: everybody who waits for one also polls.

PostgreSQL has one queue of notifications for all databases of the cluster. Any login can fill it, by listening in an open
transaction; then every transaction that notifies fails at its commit. So a notification has a transaction of its own, behind
what it announces. The end of a listener does not empty the queue: only a later NOTIFY or pg_notification_queue_usage() does.
"""

from __future__ import annotations

import logging
import time

import psycopg
from psycopg import sql

from pyapp.database.calls import Connection, answering

logger = logging.getLogger("scoville.notifications")

LOCK_MILLISECONDS = 250  # a commit that notifies takes a lock of the whole cluster, which another one may hold for long
ANSWER_SECONDS = 5.0
PAUSE_SECONDS = 1.0  # after a failure

NOTIFY = sql.SQL("set local lock_timeout = {}; notify {}, {}")  # sent as one message, so it is one transaction
MEASURE_QUEUE = "select pg_notification_queue_usage()"  # also frees what nobody has to read any more


class Announcer:
    """Sends the notifications of one task. `works` is false after one has failed, until one gets through."""

    def __init__(self) -> None:
        self.works = True
        self._again_at = 0.0

    async def announce(self, connection: Connection, channel: str, payload: str = "") -> None:
        """Notifies, unless the last attempt has just failed. Raises psycopg.Error only if the connection is lost."""
        if time.monotonic() < self._again_at:
            return
        notify = NOTIFY.format(sql.Literal(LOCK_MILLISECONDS), sql.Identifier(channel), sql.Literal(payload))
        try:
            with answering(connection, ANSWER_SECONDS):
                await connection.execute(notify)
        except (psycopg.errors.ProgramLimitExceeded, psycopg.errors.LockNotAvailable) as error:
            if self.works:
                logger.warning("notifications cannot be sent, events arrive by polling: %s", error.diag.message_primary)
            self.works, self._again_at = False, time.monotonic() + PAUSE_SECONDS
            with answering(connection, ANSWER_SECONDS):
                await connection.execute(MEASURE_QUEUE)
        else:
            if not self.works:
                logger.warning("notifications can be sent again")
            self.works = True
