"""Request headers with an index."""

from __future__ import annotations

from starlette import requests
from starlette.datastructures import Headers
from starlette.types import Scope

from pyapp.problems import Problem

LIST_CHARACTERS_MAX = 1000  # of Accept, Accept-Encoding and If-None-Match: their parts are read one by one
LSN_HEADER = "Scoville-LSN"  # set by writes, and sent with reads that must include the write (database/standby.py)


class IndexedHeaders(Headers):
    """Starlette's headers, which search linearly, with an index. A value is decoded only when it is asked for."""

    def __init__(self, scope: Scope) -> None:
        self._list = scope["headers"]
        self._index = dict(self._list)
        self._is_repeated = len(self._index) < len(self._list)  # a name occurs twice

    def getlist(self, key: str) -> list[str]:
        """Returns all values of a header; `key` in lower case."""
        if self._is_repeated:
            return super().getlist(key)
        value = self._index.get(key.encode())
        return [] if value is None else [value.decode("latin-1")]

    def first(self, key: str, otherwise: str = "") -> str:
        """Returns the first value of a header; `key` in lower case."""
        values = self.getlist(key)
        return values[0] if values else otherwise


def joined(headers: Headers, key: str) -> str:
    """Returns the values of a list header (RFC 9110, section 5.3) as one; `key` in lower case. Raises Problem RQ400."""
    value = ",".join(headers.getlist(key))
    if len(value) > LIST_CHARACTERS_MAX:
        raise Problem("RQ400", f"The header {key.title()} has more than {LIST_CHARACTERS_MAX} characters. Send a shorter one.")
    return value


class Request(requests.Request):
    """A request whose headers the middleware has indexed."""

    @property
    def headers(self) -> IndexedHeaders:
        headers: IndexedHeaders = self.scope["scoville.headers"]
        return headers
