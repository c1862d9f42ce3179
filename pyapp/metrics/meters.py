"""Counts requests. The labels of a route are looked up only at its first request."""

from __future__ import annotations

import re

from prometheus_client import Counter, Histogram

from pyapp import metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"  # an unknown method: clients can make up any number of them
UNMATCHED = "unmatched"  # no route: clients can make up paths, so a path is not a label
CONVERTER = re.compile(r":\w+}")


class Meter:
    """One method of one route. `route` is the path template."""

    __slots__ = ("_duration", "_method", "_statuses", "route")

    def __init__(self, method: str, path: str, *, timed: bool) -> None:
        self.route = CONVERTER.sub("}", path)
        self._method = method
        self._duration: Histogram | None = metrics.DURATION.labels(method, self.route) if timed else None
        self._statuses: dict[int, Counter] = {}

    def count(self, status: int, seconds: float) -> None:
        counter = self._statuses.get(status)
        if counter is None:
            counter = self._statuses[status] = metrics.REQUESTS.labels(self._method, self.route, status)
        counter.inc()
        if self._duration is not None:
            self._duration.observe(seconds)


class Meters:
    """One meter per requested method and existing path."""

    def __init__(self, *, endless: frozenset[str] = frozenset()) -> None:
        self._endless = endless  # paths whose answers last as long as the client likes
        self._meters: dict[tuple[str, str], Meter] = {}

    def of(self, method: str, path: str) -> Meter:
        meter = self._meters.get((method, path))
        if meter is None:
            key = (method if method in METHODS else OTHER, path)
            meter = self._meters.get(key)
            if meter is None:
                meter = self._meters[key] = Meter(*key, timed=path not in self._endless)
        return meter
