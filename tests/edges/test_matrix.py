"""Every route against every kind of caller, on both databases: nobody gets where they may not, no tenant to another's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from uuid import uuid4

import pytest
import pytest_asyncio

from opulse.web import live
from opulse.web.csrf import SESSION_COOKIE
from opulse.web.roles import Role
from tests.edges.matrix.addresses import Addresses, NoMaker, fresh_address, names_something
from tests.edges.matrix.borrowing import Borrowing, borrowings
from tests.edges.matrix.calls import HIDDEN, Answer, call, fingerprint, mentions
from tests.edges.matrix.routes import Route, walk
from tests.edges.matrix.viewers import add_viewer, disable, end_sessions
from tests.edges.matrix.world import MARK, Caller, World
from tests.faults.world import batch_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

GUESSED = {"Cookie": f"{SESSION_COOKIE}=guessed"}
FAULT, SERVER_ERROR = 400, 500
NOT_THERE_YET = {"GET /API/v3/users/{person}/apitoken"}
"""Answers 400, as the product does, until somebody has asked for it to be made."""
TOO_FEW_ANSWERS = {
    "POST /API/v3/surveys/{survey_id}/export-responses",
    "DELETE /API/v3/surveys/{survey_id}/responses/{response_id}",
}
"""Answers 403 while so few people have answered that each could be guessed, or because one answer would be deleted alone."""
ASKS_NO_ACTIVATION = {
    "GET /api/v1/activations/{activation}/impact",
    "GET /api/v1/activations/{activation}/why",
}
"""Of the experience wing, which has no table of activations: it answers zeros or an empty list on what it never heard of."""
ENDS_THE_CALLER = {"POST /sign-out"}  # last, or the caller is gone


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def addresses(world: World, routes: list[Route]) -> dict[str, str]:
    """Name of the route → its address with Acme's ids. A route without objects fails in a test of its own."""
    known, found = Addresses(world), {}
    for route in routes:
        with contextlib.suppress(NoMaker):
            found[route.name] = await known.of(route)
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def streams(world: World, routes: list[Route], addresses: dict[str, str]) -> list[Route]:
    """Routes that answer an administrator with an event stream."""
    admin, found = world.acme.callers[Role.ADMIN], []
    for route, address in _known(routes, addresses):
        if route.reads and admin.may(route.roles):
            async with admin.client.stream(route.method, address) as answer:
                if live.EVENT_STREAM in answer.headers.get("content-type", ""):
                    found.append(route)
    return found


async def test_every_parameter_has_an_object(world: World) -> None:
    known, missing = Addresses(world), []
    for route in walk(world.app):
        try:
            await known.of(route)
        except NoMaker as error:
            missing.append(str(error))
    assert not missing, "\n".join(missing)


async def test_nobody_is_asked_to_sign_in(
    world: World, routes: list[Route], addresses: dict[str, str]
) -> None:
    before = await _rows_of_acme(world)
    wrong = []
    for route, address in _known(routes, addresses):
        for headers in ({}, {"X-API-TOKEN": "opi_guessed"} if route.path.startswith("/api/") else GUESSED):
            answer = await call(world.nobody, route, address, headers)
            if not answer.asks_to_sign_in or MARK in answer.text:
                wrong.append(_line(route, world.nobody, answer))
    assert not wrong, "\n".join(wrong)
    assert await _rows_of_acme(world) == before


async def test_a_role_outside_the_guard_is_refused(
    world: World, routes: list[Route], addresses: dict[str, str]
) -> None:
    before = await _rows_of_acme(world)
    wrong = []
    for route, address in _known(routes, addresses):
        for caller in world.acme.callers.values():
            if not caller.may(route.roles):
                answer = await call(caller, route, address)
                if answer.status != 403:
                    wrong.append(_line(route, caller, answer))
    assert not wrong, "\n".join(wrong)
    assert await _rows_of_acme(world) == before


async def test_another_tenant_finds_nothing_under_our_ids(
    world: World, routes: list[Route], addresses: dict[str, str]
) -> None:
    before = await _rows_of_acme(world)
    wrong = []
    for route, address in _known(routes, addresses):
        for caller in world.brim.callers.values():
            if names_something(route) and caller.may(route.roles):
                answer = await call(caller, route, address)
                nothing = answer.status in HIDDEN or await _is_as_of_nobody(world, caller, route, answer)
                if not nothing or MARK in answer.text:
                    wrong.append(_line(route, caller, answer))
    hint = "A 422 means that the route refused the body before it looked: give it one that fits in matrix/bodies.py"
    assert not wrong, "\n".join([*wrong, hint])
    assert await _rows_of_acme(world) == before


async def test_another_tenant_reads_nothing_of_ours_in_its_lists(
    world: World, routes: list[Route], addresses: dict[str, str]
) -> None:
    wrong = []
    for route, address in _known(routes, addresses):
        for caller in world.brim.callers.values():
            if route.reads and not names_something(route) and caller.may(route.roles):
                answer = await call(caller, route, address)
                if answer.status >= SERVER_ERROR or MARK in answer.text or world.activation in answer.text:
                    wrong.append(_line(route, caller, answer))
    assert not wrong, "\n".join(wrong)


async def test_a_form_from_another_site_changes_nothing(
    world: World, routes: list[Route], addresses: dict[str, str]
) -> None:
    before = await _rows_of_acme(world)
    people = [caller for caller in world.acme.callers.values() if caller.is_person]
    wrong = []
    for route, address in _known(routes, addresses):
        for caller in people:
            if not route.reads:
                answer = await call(caller, route, address, {"Sec-Fetch-Site": "cross-site"})
                if answer.status != 403:
                    wrong.append(_line(route, caller, answer))
    assert not wrong, "\n".join(wrong)
    assert await _rows_of_acme(world) == before


async def test_another_tenant_borrows_nothing_of_ours(world: World) -> None:
    """Ids of Acme in the bodies of Brim's requests: refused, and nothing of Acme moves."""
    wrong = []
    brim = world.brim.callers[Role.INTEGRATION]
    async for one in borrowings(world):
        before, said = await _rows_of_acme(world), await _rows_that_name(world, one)
        answer = await brim.client.request(one.method, one.path, json=one.body)
        refused = 400 <= answer.status_code < SERVER_ERROR
        if refused == one.overlooked or (MARK in answer.text and MARK not in str(one.body)):
            wrong.append(f"{one}: {answer.status_code} {answer.text[:300]}")
        assert await _rows_of_acme(world) == before, one
        assert await _rows_that_name(world, one) == said, one
    assert not wrong, "\n".join(wrong)


async def test_a_query_that_names_our_object_finds_nothing(world: World, routes: list[Route]) -> None:
    known, asked, wrong = Addresses(world), 0, []
    for route in routes:
        for query, value in (await known.of_queries(route)).items():
            for caller in world.brim.callers.values():
                if route.reads and not names_something(route) and caller.may(route.roles):
                    answer = await call(caller, route, f"{route.path}?{query}={value}")
                    asked += 1
                    if answer.status >= SERVER_ERROR or MARK in answer.text:
                        wrong.append(f"{query}: {_line(route, caller, answer)}")
    assert asked
    assert not wrong, "\n".join(wrong)


async def test_sensor_states_of_our_systems_are_ours_to_report(world: World) -> None:
    """Also where another tenant's key names our system or our group as its scope."""
    before = await _rows_of_acme(world)
    for role in (Role.INTEGRATION, Role.GATEWAY, Role.AGENT):
        client = world.brim.callers[role].client
        body = batch_of(1, world.incident.later[:1])
        answer = await client.post(
            "/api/v1/sensor-states", content=body, headers={"Content-Type": "application/json"}
        )
        refused = answer.status_code == 403 or answer.json()["refused"]
        assert refused, (role, answer.text)
    assert await _rows_of_acme(world) == before


@pytest.mark.parametrize("how", ["ended", "disabled"])
async def test_a_live_stream_ends_with_the_session(
    world: World,
    streams: list[Route],
    addresses: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.1)
    monkeypatch.setattr(live, "QUIET_SECONDS", 0.2)
    assert streams
    for route in streams:
        viewer = await add_viewer(world)
        async with viewer.client.stream("GET", addresses[route.name]) as answer:
            parts = answer.aiter_text()
            assert (await anext(parts)).startswith("data:"), route.name
            await (end_sessions if how == "ended" else disable)(world, viewer)
            async with asyncio.timeout(10):
                rest = [part async for part in parts]
        assert len(rest) < 20, route.name


async def test_who_may_read_reads(world: World, routes: list[Route], addresses: dict[str, str]) -> None:
    """Without this and the next one, those above would also pass on ids of nothing."""
    wrong = []
    for route, address in _known(routes, addresses):
        for caller in world.acme.callers.values():
            if route.reads and caller.may(route.roles) and route.name not in NOT_THERE_YET:
                answer = await call(caller, route, address)
                if answer.status >= FAULT or answer.asks_to_sign_in:
                    wrong.append(_line(route, caller, answer))
    assert not wrong, "\n".join(wrong)


async def test_who_may_change_finds_what_to_change(world: World, routes: list[Route]) -> None:
    """Runs last: it changes and deletes what it calls. A body may be refused; an object of our own is there."""
    wrong = []
    changing = [route for route in routes if not route.reads]
    for route in sorted(changing, key=lambda one: one.name in ENDS_THE_CALLER):
        allowed = [caller for caller in world.acme.callers.values() if caller.may(route.roles)]
        for caller in {caller.is_person: caller for caller in reversed(allowed)}.values():
            with contextlib.suppress(NoMaker):
                answer = await call(caller, route, await fresh_address(world, route))
                hidden = answer.status in HIDDEN and route.name not in TOO_FEW_ANSWERS
                if answer.status >= SERVER_ERROR or hidden or _is_turned_away(route, answer):
                    wrong.append(_line(route, caller, answer))
    assert not wrong, "\n".join(wrong)


def _is_turned_away(route: Route, answer: Answer) -> bool:
    return answer.asks_to_sign_in and route.name not in ENDS_THE_CALLER


async def _is_as_of_nobody(world: World, caller: Caller, route: Route, answer: Answer) -> bool:
    """Where an activation is not looked up: the answer on Acme's is, to the letter, that on one which never was."""
    if route.name not in ASKS_NO_ACTIVATION:
        return False
    never = str(uuid4())
    other = await call(caller, route, route.path.replace("{activation}", never))
    return answer.text.replace(world.activation, never) == other.text


def _known(routes: list[Route], addresses: dict[str, str]) -> Iterator[tuple[Route, str]]:
    for route in routes:
        if route.name in addresses:
            yield route, addresses[route.name]


async def _rows_of_acme(world: World) -> dict[str, str]:
    return await world.ports.db.read(fingerprint, world.acme.tenant.id)


async def _rows_that_name(world: World, borrowing: Borrowing) -> list[str]:
    """Brim's rows in which an id of Acme stands; some do from the start, as the scope of a key."""
    return await world.ports.db.read(mentions, world.brim.tenant.id, borrowing.ids)


def _line(route: Route, caller: Caller, answer: Answer) -> str:
    return f"{route.name} by {caller.name}: {answer.status} {answer.location} {answer.text[:160]!r}"
