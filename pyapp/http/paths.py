"""One path of the route table as an ASGI application, and paths whose values contain an encoded slash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from pyapp.http.cached import keep
from pyapp.http.headers import Request
from pyapp.http.route import Route

ENCODED_SLASH = re.compile(rb"%2f", re.IGNORECASE)
VARIABLE = re.compile(r"{[^}]*}")
VERSION = "v1"
PATH_CHARACTERS_MAX = 100  # of one for which a similar path is looked for
SLASH = "\ufdd0"  # a slash within a segment, while the path is matched; not a character that any ID can contain


def keep_slashes(scope: Scope) -> None:
    """An encoded slash belongs to its segment (RFC 3986, section 2.2): it may be part of an ID, and never part of a route.

    Otherwise a proxy that compares paths without decoding them would let /v1%2fclients pass.
    """
    raw = scope.get("raw_path") or b""
    if b"%2" in raw and ENCODED_SLASH.search(raw):
        scope["path"] = unquote(ENCODED_SLASH.sub(SLASH.encode(), raw))


class Nearest:
    """Finds the existing path that an unknown one may mean. `paths` are templates of the table."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._templates = [tuple(VARIABLE.sub("{}", path).strip("/").split("/")) for path in paths]

    def find(self, path: str) -> str | None:
        """Returns the path without a slash too many, with /v1 in front, or with its misspelled word corrected."""
        if len(path) > PATH_CHARACTERS_MAX or not path.isprintable():
            return None
        given = tuple(segment for segment in path.split("/") if segment)
        for segments in (given, (VERSION, *given)):
            wrong: dict[str, int] = {}  # the right word for one that is wrong, and its place
            for template in self._templates:
                differing = _differing(template, segments)
                if differing == []:
                    return "/" + "/".join(segments)
                if differing is not None and len(differing) == 1:
                    wrong[template[differing[0]]] = differing[0]
            for right, place in wrong.items():
                if get_close_matches(segments[place], [right]):
                    return "/" + "/".join((*segments[:place], right, *segments[place + 1 :]))
        return None


def _differing(template: tuple[str, ...], segments: tuple[str, ...]) -> list[int] | None:
    """Returns the places of the words that differ, or None if the path has another number of segments."""
    if len(template) != len(segments):
        return None
    return [place for place, word in enumerate(template) if word not in ("{}", segments[place])]


class PathEndpoint:
    """The router calls it without a layer in between. It leaves its response in the scope, and the middleware sends it."""

    def __init__(self, methods: Mapping[str, Route]) -> None:
        self.methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if SLASH in scope["path"]:
            scope["path_params"] = {name: value.replace(SLASH, "/") for name, value in scope["path_params"].items()}
        method = scope["method"]
        route = scope["scoville.route"] = self.methods["GET" if method == "HEAD" else method]
        scope["scoville.response"] = response = await route.endpoint(Request(scope, receive, send))
        if route.kept:
            keep(scope, response)
