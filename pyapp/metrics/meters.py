"""What is counted of a request. The labels of a route are looked up at its first request, and never again."""

from __future__ import annotations

import re

from prometheus_client import Counter, Histogram

from pyapp import metrics

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"  # a method that HTTP does not know: anybody can make up any number of them
UNMATCHED = "unmatched"  # no route: nor is a path that anybody makes up a label
CONVERTER = re.compile(r":\w+}")


class Meter:
    """One method of one route. `route` is its template, as people write it."""

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
    """A meter for each method and path that was asked for and is there."""

    def __init__(self, *, endless: frozenset[str] = frozenset()) -> None:
        self._endless = endless  # paths whose answers go on as long as the client likes
        self._meters: dict[tuple[str, str], Meter] = {}

    def of(self, method: str, path: str) -> Meter:
        meter = self._meters.get((method, path))
        if meter is None:
            key = (method if method in METHODS else OTHER, path)
            meter = self._meters.get(key)
            if meter is None:
                meter = self._meters[key] = Meter(*key, timed=path not in self._endless)
        return meter
