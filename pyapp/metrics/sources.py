"""What objects count or know anyway, copied into metrics once a second and whenever this process is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]
from prometheus_client import Counter

from pyapp import __version__, metrics

if TYPE_CHECKING:
    from pyapp.cache.answers import Answers
    from pyapp.database.calls import Database
    from pyapp.database.lanes import Lanes
    from pyapp.database.standby import Standby
    from pyapp.eventlog.sequencer import Sequencer
    from pyapp.live.live import Live

SAMPLE_SECONDS = 1.0

Source = Callable[[], None]


class Sampler:
    """Copies from its sources as long as it runs."""

    def __init__(self, *sources: Source) -> None:
        self._sources: Sequence[Source] = (process(), *sources)

    def sample(self) -> None:
        for source in self._sources:
            source()

    async def run(self) -> None:
        while True:
            self.sample()
            started = time.monotonic()
            await asyncio.sleep(SAMPLE_SECONDS)
            metrics.LOOP_LAG.set(max(0.0, time.monotonic() - started - SAMPLE_SECONDS))


class Running:
    """A total that something else keeps, followed by a counter."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._seen = 0.0

    def follow(self, total: float) -> None:
        if total > self._seen:
            self._counter.inc(total - self._seen)
        self._seen = total


def process() -> Source:
    this, cpu = psutil.Process(), Running(metrics.CPU)
    metrics.BUILD.labels(__version__).set(1)
    metrics.PROCESSES.set(1)

    def sample() -> None:
        metrics.MEMORY.set(this.memory_info().rss)
        cpu.follow(time.process_time())

    return sample


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
        metrics.LANE_QUEUED.set(lanes.queued)
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


def sequencer(sequencer: Sequencer) -> Source:
    moved = Running(metrics.SEQUENCED)

    def sample() -> None:
        metrics.SEQUENCERS.set(sequencer.connected)
        metrics.SEQUENCER_BACKLOG.set(sequencer.backlog)
        metrics.SEQUENCER_LAG.set(sequencer.lag_seconds)
        moved.follow(sequencer.moved)

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
