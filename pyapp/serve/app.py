"""The application: its lifespan and its routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp

from pyapp.api.tokens import TokenIssuer
from pyapp.cache.answers import Answers
from pyapp.cache.demand import Demand
from pyapp.cache.refusals import Refusals
from pyapp.cache.writes import Noted
from pyapp.database.calls import Database
from pyapp.database.commands import Commands, Transactions
from pyapp.database.lanes import Lanes
from pyapp.database.reads import Primary, Reads
from pyapp.database.standby import Standby
from pyapp.describe import pages as docs
from pyapp.describe.dashboard import Dashboard
from pyapp.eventlog.sequencer import Sequencer
from pyapp.http.leases import Limits
from pyapp.http.middleware import Middleware
from pyapp.identity.tokens import Verifier
from pyapp.live.live import Live
from pyapp.live.routes import STREAM_PATH, live_routes
from pyapp.metrics import exposition
from pyapp.metrics.exposition import Exposition
from pyapp.metrics.sources import Sampler
from pyapp.metrics.sources import sequencer as sequencing
from pyapp.outbound.webhooks.addresses import Allowed
from pyapp.problems import unavailable
from pyapp.serve import sources
from pyapp.serve.table import endpoints_by_path, healthz, starlette_routes
from pyapp.serve.warming import warming_calls
from pyapp.settings import Settings, SettingsError
from pyapp.tasks import end


class State(TypedDict):
    """The contents of scope["state"], in addition to request_id."""

    database: Database
    commands: Commands
    reads: Reads
    answers: Answers
    live: Live
    sequencer: Sequencer
    verifier: Verifier
    issuer: TokenIssuer
    allowed: Allowed
    exposition: Exposition
    limits: Limits | None  # None: no rate limits are set
    origins: frozenset[str]  # whose pages are allowed


def create_app(settings: Settings, *, warming: bool = True) -> Scoville:
    """The ASGI application. Raises SettingsError if a setting needed to serve is missing."""
    if not settings.database_url:
        raise SettingsError("DATABASE_URL is not set: give the URL of the login role, postgresql://authenticator@host/database.")
    url, verifier, allowed = settings.database_url, Verifier(settings), Allowed.of(settings)

    @asynccontextmanager
    async def lifespan(app: Scoville) -> AsyncIterator[State]:
        calls = warming_calls() if warming else ()
        database = Database(url, settings.pool_size, tracked=settings.read_url is not None, warming=calls)
        await database.open()
        lanes = Lanes(Transactions(database), batch_elements_max=settings.batch_elements)
        sequencer = Sequencer(url)
        database.on_write = sequencer.kick
        verifier.check_grant = database.check_grant
        try:
            async with AsyncExitStack() as stack:
                await stack.enter_async_context(sequencer.running())
                live = await stack.enter_async_context(Live(url, database, verifier, settings).open())
                reads: Reads = Primary(database)
                standby = None
                if settings.read_url:
                    reads = standby = Standby(reads, settings.read_url, database, url, settings.pool_size)
                    await stack.enter_async_context(standby.running())
                answers = Answers(reads, live.hub)
                refusals = Refusals(lanes, live.hub)
                demand = Demand(refusals, database)
                app.state.live, app.state.answers, app.state.refusals = live, answers, refusals
                issuer = TokenIssuer(settings)
                sampler = Sampler(
                    sources.requests(lambda: app.middleware.under_way),
                    sources.answers(answers),
                    sources.standby(standby),
                    sources.lanes(lanes),
                    sources.database(database),
                    sequencing(sequencer),
                    sources.live(live),
                )
                app.state.exposition = Exposition(sampler.sample, settings.metrics_token, is_open=settings.is_local)
                sampling, counting = asyncio.create_task(sampler.run()), asyncio.create_task(demand.run())
                rates = settings.rates()
                yield {
                    "database": database,
                    "commands": Noted(demand, answers, standby),
                    "reads": answers,
                    "answers": answers,
                    "live": live,
                    "sequencer": sequencer,
                    "verifier": verifier,
                    "issuer": issuer,
                    "allowed": allowed,
                    "exposition": app.state.exposition,
                    "limits": Limits(database, rates) if rates else None,
                    "origins": frozenset(settings.allowed_origins),
                }
                await end(sampling, counting)
                await demand.flush()
        finally:
            await lanes.drain()
            await database.close()

    app = Scoville(routes=[*starlette_routes(), *docs.routes(), *live_routes(), *Dashboard().routes()], lifespan=lifespan)
    app.router.redirect_slashes = False
    return app


def create_worker_app(settings: Settings) -> Scoville:
    """The worker's own application: health and metrics."""

    @asynccontextmanager
    async def lifespan(_app: Scoville) -> AsyncIterator[dict[str, Exposition]]:
        yield {"exposition": Exposition(lambda: None, settings.metrics_token, is_open=True)}

    return Scoville(
        routes=[StarletteRoute("/healthz", healthz), StarletteRoute("/metrics", exposition.endpoint)], lifespan=lifespan
    )


def create_metrics_app(app: Scoville) -> Scoville:
    """Health and metrics of this application, for a port of their own."""

    async def answer(request: Request) -> Response:
        exposition: Exposition | None = getattr(app.state, "exposition", None)
        if exposition is None:
            raise unavailable("The server is starting. Repeat the request.")
        return await exposition.answer(request, is_own_port=True)

    return Scoville(routes=[StarletteRoute("/healthz", healthz), StarletteRoute("/metrics", answer)])


class Scoville(Starlette):
    """Starlette with a single layer between server and router: Middleware replaces Starlette's two error layers."""

    middleware: Middleware

    def build_middleware_stack(self) -> ASGIApp:
        paths = [route.path for route in self.routes if isinstance(route, StarletteRoute) and route.path.startswith("/v1/")]
        self.middleware = Middleware(self.router, endpoints_by_path(self.routes), endless=(STREAM_PATH,), paths=paths)
        return self.middleware
