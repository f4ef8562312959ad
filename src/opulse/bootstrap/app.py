"""The web application of a process: routes of its wing, pages, errors, health, static files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import generate_latest
from starlette.middleware.gzip import GZipMiddleware

from opulse import __version__
from opulse.bootstrap.doors import open_doors
from opulse.bootstrap.frame import ConsoleFrame
from opulse.bootstrap.readiness import check_parts
from opulse.bootstrap.stages import (
    at_once,
    expresses,
    front_routes,
    load_extensions,
    routers_of,
    template_folders,
)
from opulse.experience.prompts.flow.exchange import DesktopPrompts
from opulse.ports import Ports
from opulse.pulses.doctor.flow.beside import Beside
from opulse.pulses.watch import Watch
from opulse.tenancy.gate import TenancyGate
from opulse.web.access import Open, ports_of
from opulse.web.at_once import Application
from opulse.web.components.built_files import BuiltFiles
from opulse.web.components.manifest import STATIC_URL, AssetsMissing, load_manifest
from opulse.web.csrf import SameSiteOnly
from opulse.web.errors import install_errors
from opulse.web.joining import join
from opulse.web.layout import Pages, make_environment, show_error

health = APIRouter(tags=["health"])
HEALTH_DOOR = Open("says only that the process lives, or what it waits for")
SCHEMA_DOOR = Open("the shape of the API, the same for every installation of this version; no data")
METRICS_DOOR = Open(
    "numbers without identities; keep the port inside, or the proxy closed, if they are not for everybody"
)


@health.get("/healthz", operation_id="health", dependencies=[Depends(HEALTH_DOOR)])
async def get_health() -> PlainTextResponse:
    """The process answers."""
    return PlainTextResponse("ok")


@health.get("/readyz", operation_id="readiness", dependencies=[Depends(HEALTH_DOOR)])
async def get_readiness(request: Request, ports: Annotated[Ports, Depends(ports_of)]) -> JSONResponse:
    """The process can do its work, part by part: `ok`, or what a part waits for. 503 while a needed one waits."""
    state = request.app.state
    parts = await check_parts(ports, state.watch, getattr(state, "evaluator", None), state.wing)
    ready = not any(part.waits_for and part.needed for part in parts)
    told = {part.name: part.text for part in parts}
    return JSONResponse({"ready": ready, **told, "version": __version__}, 200 if ready else 503)


@health.get("/metrics", operation_id="metrics", dependencies=[Depends(METRICS_DOOR)])
async def get_metrics(request: Request) -> PlainTextResponse:
    """Prometheus text format. What waits is read from the database at this moment."""
    await request.app.state.watch.measure(getattr(request.app.state, "evaluator", None))
    return PlainTextResponse(generate_latest().decode(), media_type="text/plain; version=0.0.4")


@health.get("/openapi.json", operation_id="openapi", dependencies=[Depends(SCHEMA_DOOR)])
async def get_openapi(request: Request) -> JSONResponse:
    """The JSON API, described."""
    app: FastAPI = request.app
    return JSONResponse(app.openapi())


def make_app(ports: Ports, wing: str = "all") -> FastAPI:
    """The application over ``ports``. Its parts that run (evaluator, worker, …) are started by the installation."""
    load_extensions()
    open_doors(wing)
    app = Application(title="Operational Pulse", version=__version__, openapi_url=None)
    app.state.ports = ports
    app.state.wing = wing
    app.state.watch = Watch(ports)
    app.state.gate = TenancyGate(ports)
    app.state.frame_source = ConsoleFrame(ports, wing)
    app.state.notes_source = Beside(ports)
    if wing == "all":  # agents speak with one wing, people are asked by the other
        app.state.prompts = DesktopPrompts(ports)
    _install_pages(app, wing)
    install_errors(app)
    app.router.routes.extend(front_routes(wing))
    join(app.router, health)
    for router in routers_of(wing):
        join(app.router, router)
    app.add_middleware(SameSiteOnly)
    app.add_middleware(GZipMiddleware, minimum_size=800)
    for express in reversed(list(expresses(wing))):  # the first stage's stands before the others
        app.express = express(app, app.express or app.framed)
    app.at_once = {prefix: answers(app.state) for prefix, answers in at_once(wing).items()}
    return app


def make_health_app(ports: Ports, wing: str) -> FastAPI:
    """What a process without pages and API serves: whether it lives, whether it can work, and its numbers."""
    app = FastAPI(title="Operational Pulse", version=__version__, openapi_url=None)
    app.state.ports = ports
    app.state.wing = wing
    app.state.watch = Watch(ports)
    join(app.router, health)
    return app


def _install_pages(app: FastAPI, wing: str) -> None:
    try:
        manifest = load_manifest()
    except AssetsMissing:
        # the JSON API is of use without pages; whoever asks for a page is told how to build the assets
        app.state.pages = None
        return
    app.state.pages = Pages(make_environment(template_folders(wing), manifest))
    app.state.show_error = show_error
    app.mount(STATIC_URL, BuiltFiles(), name="static")
