"""The totals that an API process copies into metrics (pyapp/metrics/sources.py)."""

from __future__ import annotations

from collections.abc import Callable

from pyapp import metrics
from pyapp.cache.answers import Answers
from pyapp.database.calls import Database
from pyapp.database.lanes import Lanes
from pyapp.database.standby import Standby
from pyapp.live.live import Live
from pyapp.metrics.sources import Running, Source


def requests(under_way: Callable[[], int]) -> Source:
    return lambda: metrics.UNDER_WAY.set(under_way())


def answers(answers: Answers) -> Source:
    memory, database = (Running(metrics.READS.labels(source)) for source in ("memory", "database"))

    def sample() -> None:
        memory.follow(answers.hits)
        database.follow(answers.misses)
        metrics.KEPT.set(answers.size)

    return sample


def standby(standby: Standby | None) -> Source:
    from_standby, from_primary = (Running(metrics.REPLICA_READS.labels(source)) for source in ("standby", "primary"))

    def sample() -> None:
        if standby is not None:
            from_standby.follow(standby.from_standby)
            from_primary.follow(standby.from_primary)

    return sample


def lanes(lanes: Lanes) -> Source:
    def sample() -> None:
        metrics.LANE_QUEUED.set(lanes.queued + lanes.listed)
        metrics.LANES.set(lanes.in_use)

    return sample


def database(database: Database) -> Source:
    idle, busy = metrics.POOL.labels("idle"), metrics.POOL.labels("busy")
    uses, waited = Running(metrics.POOL_USES), Running(metrics.POOL_WAITED)
    errors, repeats = Running(metrics.POOL_ERRORS), Running(metrics.REPEATS)
    timeouts, full = (Running(metrics.POOL_REFUSALS.labels(reason)) for reason in ("timeout", "full"))

    def sample() -> None:
        stats = database.pool_stats()
        available = stats["pool_available"]
        idle.set(available)
        busy.set(stats["pool_size"] - available)
        metrics.POOL_MAX.set(stats["pool_max"])
        metrics.POOL_WAITING.set(stats["requests_waiting"])
        uses.follow(stats.get("requests_num", 0))
        waited.follow(stats.get("requests_wait_ms", 0) / 1000)
        errors.follow(stats.get("connections_errors", 0))
        repeats.follow(database.repeats)
        timeouts.follow(database.timeouts)
        full.follow(database.refusals)

    return sample


def live(live: Live) -> Source:
    followed, frames = Running(metrics.FOLLOWED), Running(metrics.FRAMES)
    skipped, cut_off = Running(metrics.SKIPPED), Running(metrics.CUT_OFF)

    def sample() -> None:
        hub, relay = live.hub, live.relay
        metrics.FOLLOWERS.set(hub.connected)
        metrics.FOLLOW_LAG.set(hub.lag_seconds)
        followed.follow(hub.events_read)
        metrics.SOCKETS.set(len(live.sockets))
        metrics.STREAMS.set(len(live.streams))
        metrics.FULL.set(relay.full)
        metrics.BUFFERED.set(relay.buffered_bytes)
        frames.follow(relay.frames_sent)
        skipped.follow(relay.states_skipped)
        cut_off.follow(relay.closed_slow)

    return sample
