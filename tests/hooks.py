"""Webhooks in the database: a shop with webhooks, and the single steps of a worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from tests.world import SKU, Result, Shop, order

URL = "https://hooks.example.com/scoville"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Claim(NamedTuple):
    """A delivery that a worker has claimed."""

    message_id: int
    claim: int
    region_id: int
    endpoint_id: int
    delivery_id: int
    url: str
    secrets: list[str]
    webhook_id: str
    body: str

    def report(self, status: int | None = 204, error: str | None = None, **more: Any) -> dict[str, Any]:
        """The worker's report of its attempt."""
        return {
            **{name: getattr(self, name) for name in ("message_id", "claim", "region_id", "endpoint_id", "delivery_id")},
            "started_at": NOON.isoformat(),
            "duration_ms": 12,
            "status_code": status,
            "error": error,
            "response": "ok",
            **more,
        }


class Hooks:
    """A shop with webhooks, and the single steps of a worker."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def create(
        self, *, role: str = "admin", sub: str = "tester", wide: bool = False, verified: bool = True, **settings: Any
    ) -> Any:
        """Creates a webhook. Returns its document with the secret. `wide`: no limit of concurrent requests from the start.

        `verified`: its URL has answered the challenge.
        """
        claims: dict[str, Any] = {"sub": sub} | ({"channels": ["web"]} if role == "integration" else {})
        [result] = self.shop.send("create_webhooks", {"url": URL} | settings, role=role, **claims)
        assert result.code is None, result
        if verified:
            self.finish_challenges(result.body)
        if wide:
            self.shop.connection.execute("update webhooks.endpoint_states set requests_at_once = 100")
        return result.body

    def orders(self, number: int) -> None:
        """Places this number of orders of the channel web, of one unit each, in one transaction."""
        placed = self.shop.send("place_orders", *[order((SKU, 1)) for _ in range(number)])
        assert {result.code for result in placed} == {None}

    def send(
        self, command: str, webhook: Any, caller: dict[str, Any] | None = None, now: str | None = None, **request: Any
    ) -> Result:
        return self.shop.send(command, {"webhook_id": webhook["webhook_id"], **request}, now=now, **(caller or {}))[0]

    def document(self, webhook: Any, now: str | None = None) -> Any:
        with self.shop.session(now=now) as connection:
            row = connection.execute("select body from api.get_webhook(1::smallint, %s)", [webhook["webhook_id"]]).fetchone()
        assert row
        return row[0]

    def deliveries(self, webhook: Any, role: str = "admin", filters: Any = None, **claims: Any) -> list[Any]:
        """The latest event first."""
        with self.shop.session(role, **claims) as connection:
            row = connection.execute(
                "select body from api.list_deliveries(1::smallint, %s, %s, null, 200)",
                [webhook["webhook_id"], Jsonb(filters or {})],
            ).fetchone()
        assert row
        found: list[Any] = row[0]["data"]
        return found

    def sequence(self) -> None:
        with self.shop.session("scoville_worker") as connection:
            connection.execute("select jobs.sequence_events(10000)")

    def dispatch(self, now: datetime | None = None, limit: int = 1000) -> int:
        """Turns committed changes into events and events into deliveries. Returns the number of events dispatched."""
        self.sequence()
        with self.shop.session("scoville_worker", now.isoformat() if now else None) as connection:
            row = connection.execute("select jobs.dispatch_webhooks(%s)", [limit]).fetchone()
        assert row
        return int(row[0])

    def claim(self, limit: int = 100, seconds: int = 60, now: datetime | None = None) -> list[Claim]:
        with (
            self.shop.session("scoville_worker", now.isoformat() if now else None) as connection,
            connection.cursor(row_factory=class_row(Claim)) as cursor,
        ):
            return cursor.execute("select * from jobs.claim_deliveries(%s, %s)", [limit, seconds]).fetchall()

    def challenge(self, now: datetime, limit: int = 100) -> list[tuple[Any, ...]]:
        """The webhooks that are challenged at this moment: their URLs, secrets and IDs."""
        with self.shop.session("scoville_worker", now.isoformat()) as connection:
            return connection.execute(
                "select url, secrets, webhook_id from jobs.claim_challenges(%s) order by endpoint_id", [limit]
            ).fetchall()

    def finish_challenges(
        self, *webhooks: Any, failure: str | None = None, now: datetime | None = None, url: str | None = None
    ) -> int:
        """The number of webhooks whose URLs are verified now."""
        reports = [
            {
                "region_id": 1,
                "endpoint_id": int(webhook["webhook_id"].rpartition("-")[2]),
                "url": url or webhook["url"],
                "failure": failure,
            }
            for webhook in webhooks
        ]
        with self.shop.session("scoville_worker", now.isoformat() if now else None) as connection:
            row = connection.execute("select jobs.finish_challenges(%s)", [Jsonb(reports)]).fetchone()
        assert row
        return int(row[0])

    def pause_unconfirmed(self, days: int, now: datetime) -> int:
        with self.shop.session("scoville_worker", now.isoformat()) as connection:
            row = connection.execute("select jobs.pause_unconfirmed_webhooks(%s, 1000)", [days * 86_400]).fetchone()
        assert row
        return int(row[0])

    def start_solo(self, claim: Claim, seconds: int = 60) -> bool:
        with self.shop.session("scoville_worker") as connection:
            row = connection.execute("select jobs.start_solo(%s, %s, %s::smallint, %s, %s, %s)", [*claim[:5], seconds]).fetchone()
        assert row
        return bool(row[0])

    def finish(self, *reports: dict[str, Any], now: datetime | None = None) -> int:
        with self.shop.session("scoville_worker", now.isoformat() if now else None) as connection:
            row = connection.execute("select jobs.finish_deliveries(%s)", [Jsonb(list(reports))]).fetchone()
        assert row
        return int(row[0])

    def last_seq(self) -> int:
        return int(self.shop.rows("select last_seq from events.stream")[0]["last_seq"])

    def queue(self) -> int:
        return int(self.shop.rows("select count(*) as n from pgmq.q_webhook_deliveries")[0]["n"])

    def attempt(self, now: datetime, status: int | None = 204, **more: Any) -> int:
        """Attempts all due deliveries with this outcome. Returns their number."""
        self.dispatch(now)
        claims = self.claim(now=now)
        self.finish(*(claim.report(status, **more) for claim in claims), now=now)
        return len(claims)
