"""The same uvicorn with a Starlette route that returns constant bytes for GET and POST; prints its address."""

from __future__ import annotations

import sys

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.floors import BYTES
from pyapp.serve import server

ANSWER = b'{"answer":"' + b"x" * (BYTES - 13) + b'"}'


async def answer(request: Request) -> Response:
    await request.body()
    return Response(ANSWER, media_type="application/json")


if __name__ == "__main__":
    listener = server.listen("127.0.0.1", 0)
    print(server.url_of(listener), file=sys.stderr, flush=True)
    server.run(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])]), listener, None)
