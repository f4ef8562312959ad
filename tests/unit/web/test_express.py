"""The way around the middleware: one POST with its guard and its errors; everything else goes to the application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from opulse.experience.extensions.json_event import api as json_event
from opulse.monitoring.sensors.api import states
from opulse.web.access import Caller, Needs, Role, ingest, ports_of
from opulse.web.errors import NotFound, install_errors
from opulse.web.express import Express

GATEWAY = Caller(1, Role.GATEWAY, "gateway")


class OneDoor:
    """A gate that knows two keys."""

    async def find_caller(self, request: Request) -> Caller | None:
        return {"g": GATEWAY, "v": Caller(1, Role.VIEWER, "viewer")}.get(
            request.headers.get("x-api-token", "")
        )


async def answer(request: Request, caller: Caller) -> bytes | Response:
    if await request.body() == b"again":
        return PlainTextResponse("taken before", 200)
    if await request.body() == b"unknown":
        raise NotFound("system")
    return b'{"by":"%s"}' % caller.name.encode()


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    install_errors(app)
    app.state.gate = OneDoor()

    @app.get("/way")
    @app.post("/other")
    async def elsewhere() -> dict[str, str]:
        return {"by": "the application"}

    express: Any = Express(app, app, "/way", Needs(Role.GATEWAY), answer)
    transport = httpx2.ASGITransport(app=express)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path", "key", "body", "status", "told"),
    [
        ("POST", "/way", "g", b"x", 202, "gateway"),
        ("POST", "/way", "g", b"again", 200, "taken before"),
        ("POST", "/way", "", b"x", 401, "not signed in"),
        ("POST", "/way", "v", b"x", 403, "not allowed"),
        ("POST", "/way", "g", b"unknown", 404, "system not found"),
        ("GET", "/way", "", b"", 200, "the application"),
        ("POST", "/other", "", b"", 200, "the application"),
    ],
)
async def test_who_answers_what(
    client: httpx2.AsyncClient, method: str, path: str, key: str, body: bytes, status: int, told: str
) -> None:
    answered = await client.request(method, path, content=body, headers={"X-API-TOKEN": key})
    assert (answered.status_code, told in answered.text) == (status, True)
    if status > 400:
        assert answered.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("api", "guard"), [(states, ingest), (json_event, json_event.DOOR)])
def test_an_express_takes_the_guard_of_its_route(api: Any, guard: object) -> None:
    (route,) = [one for one in api.router.routes if getattr(one, "path", "") == api.PATH]
    guards = [inner.call for inner in route.dependant.dependencies if inner.call is not ports_of]
    app = FastAPI()
    assert guards == [guard]
    assert api.make_express(app, app).guard is guard
