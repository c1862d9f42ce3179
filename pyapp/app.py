"""The application: lifespan, the middleware around every request, the routes."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pyapp.auth import Verifier
from pyapp.database import Database
from pyapp.problems import Problem
from pyapp.responses import on_http_exception, on_problem, problem_response
from pyapp.routes import starlette_routes
from pyapp.settings import Settings, SettingsError

access_logger = logging.getLogger("scoville.access")
logger = logging.getLogger("scoville.app")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class State(TypedDict):
    """What requests find in scope["state"], besides their request_id."""

    database: Database
    verifier: Verifier


def create_app(settings: Settings) -> Starlette:
    """The ASGI application. Raises SettingsError when the settings do not suffice to serve."""
    if not settings.database_url:
        raise SettingsError("DATABASE_URL is not set: give the URL of the login role, postgresql://authenticator@host/database.")
    url, verifier = settings.database_url, Verifier(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        database = Database(url, settings.pool_size)
        await database.open()
        try:
            yield {"database": database, "verifier": verifier}
        finally:
            await database.close()

    app = Starlette(
        routes=starlette_routes(),
        middleware=[Middleware(Door)],
        exception_handlers={Problem: on_problem, HTTPException: on_http_exception},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


class Door:
    """Around every request: its id, the last resort for errors, one line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                if scope["path"].startswith("/v1/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except ClientDisconnect:
            status = status or 499  # nobody is there to read an answer; the number is nginx's
        except Exception:
            logger.exception("unhandled error", extra={"request_id": request_id})
            if status:
                raise
            problem = Problem("RQ500", "Something failed on our side. Report it with the request_id.")
            await problem_response(problem, request_id)(scope, receive, send_with_headers)
        finally:
            # The path without its query: that may hold a customer's e-mail.
            access_logger.info(
                "request",
                extra={
                    "request_id": request_id,
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "milliseconds": round((time.perf_counter() - started) * 1000, 2),
                },
            )
