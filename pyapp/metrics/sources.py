"""Copies totals that objects keep anyway into metrics, once per second and at each scrape of this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import psutil  # type: ignore[import-untyped]
from prometheus_client import Counter

from pyapp import __version__, metrics

SAMPLE_SECONDS = 1.0

Source = Callable[[], None]


class Sampler:
    """Copies from its sources while it runs."""

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
    """Makes a counter follow a total that another object keeps."""

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


class Sequencing(Protocol):
    """The totals of a sequencer."""

    @property
    def connected(self) -> bool: ...
    @property
    def backlog(self) -> int: ...
    @property
    def lag_seconds(self) -> float: ...
    @property
    def notify_usage(self) -> float: ...
    @property
    def moved(self) -> int: ...


def sequencer(sequencer: Sequencing) -> Source:
    moved = Running(metrics.SEQUENCED)

    def sample() -> None:
        metrics.SEQUENCERS.set(sequencer.connected)
        metrics.SEQUENCER_BACKLOG.set(sequencer.backlog)
        metrics.SEQUENCER_LAG.set(sequencer.lag_seconds)
        metrics.NOTIFY_USAGE.set(sequencer.notify_usage)
        moved.follow(sequencer.moved)

    return sample
