"""Every route names exactly one guard, and no guard is wider than what the route does."""

from __future__ import annotations

import pytest

from opulse.bootstrap.app import make_app
from opulse.bootstrap.stages import import_stores
from opulse.cli.demo import api as demo_api
from opulse.cli.demo import pages as demo_pages
from opulse.ports import Ports
from opulse.web.access import Open
from opulse.web.roles import Role
from tests.edges.matrix.routes import Route, walk

import_stores()  # so that the database of the fixture has every table

OPEN = {
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /openapi.json",
    "GET /sign-in",
    "POST /sign-in",
    "POST /oauth/token",
    "POST /oauth2/token",
    "POST /API/v3/oauth2/token",
    "POST /{cloud}/{policy}/oauth2/v2.0/token",
    "POST /inbound-event/v1/events/json/triggers",
    "PUT /inbound-event/v1/events/json/triggers",
    "GET /s/{token}",
    "HEAD /s/{token}",
    "POST /s/{token}",
    "GET /u/{token}",
    "HEAD /u/{token}",
    "POST /u/{token}",
    "GET /looks/colour/{colour}",
    "GET /looks/logo/{logo}",
    *(f"{method} /API/v3/{{rest:path}}" for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")),
}
"""Doors without a lock. A new one is a decision, to be made here too."""

VIEWERS_CHANGE = {
    "POST /API/v3/directories/{directory}/contacts/search",  # asks
    "POST /sign-out",
    "POST /account/password",
    "POST /account/sessions/{session}/end",
    "POST /api/v1/groups/preview",  # a question with a body; it changes nothing
    "POST /api/v1/notifications/preview",  # a question with a body; it changes nothing
    "POST /api/v1/sources/preview",  # the same
    "POST /api/v1/silences/preview",  # the same
    "POST /api/v1/pulses/preview",  # the same
    "POST /api/v1/replays",  # the same
    "POST /surveys/{survey_id}/preview/page",  # the next page of a preview: nothing is stored
}
"""What is not reading and yet open to viewers: their own account."""

PEOPLE = {Role.ADMIN, Role.EDITOR, Role.VIEWER}


@pytest.fixture(params=["all", "monitoring", "experience", "demo"])
def routes(request: pytest.FixtureRequest, ports: Ports) -> list[Route]:
    app = make_app(ports, "all" if request.param == "demo" else request.param)
    if request.param == "demo":
        app.include_router(demo_api.router)
        app.include_router(demo_pages.router)
    return list(walk(app))


def test_every_route_has_exactly_one_guard(routes: list[Route]) -> None:
    assert len(routes) > 50
    wrong = [f"{route.name}: {len(route.guards)} guards" for route in routes if len(route.guards) != 1]
    assert not wrong, "\n".join([*wrong, "give each one guard of opulse.web.access"])


def test_open_doors_are_known_and_say_why(routes: list[Route]) -> None:
    opened = [route for route in routes if route.is_open]
    assert {route.name for route in opened} <= OPEN
    for route in opened:
        guard = route.guards[0]
        assert isinstance(guard, Open)
        assert len(guard.reason.split()) >= 4, route.name


def test_a_viewer_changes_nothing_but_the_own_account(routes: list[Route]) -> None:
    changing = {route.name for route in routes if not route.reads and Role.VIEWER in route.roles}
    assert changing <= VIEWERS_CHANGE


def test_pages_are_for_people_and_the_administrators_pages_for_them(routes: list[Route]) -> None:
    for route in routes:
        if route.is_page:
            assert set(route.roles) <= PEOPLE, route.name
        if route.path.startswith("/admin"):
            assert set(route.roles) == {Role.ADMIN}, route.name


def test_keys_of_agents_gateways_and_service_accounts_open_only_their_own_doors(routes: list[Route]) -> None:
    for role, paths in {
        Role.AGENT: ("/api/v1/sensor-states", "/api/v1/agent-config"),
        Role.GATEWAY: ("/api/v1/sensor-states", "/api/v1/sources/{source_id}/receive"),
        Role.SYSTEMS: ("/api/groups", "/api/systems", "/api/sensornotifications/"),
    }.items():
        opened = [route.path for route in routes if role in route.roles]
        assert all(path.startswith(paths) for path in opened), (role, opened)
