"""Every route against every kind of caller, on both databases: nobody gets where they may not, no tenant to another's."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.edges.matrix.calls import HIDDEN, Answer, call, fingerprint
from tests.edges.matrix.objects import Addresses, NoMaker, fresh_address, names_something
from tests.edges.matrix.routes import Route, walk
from tests.edges.matrix.world import MARK, Caller, World, open_world
from tests.servers.postgres import PostgresServer
from tests.servers.smtp import SmtpSink

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVER_ERROR = 500
ENDS_THE_CALLER = {"POST /sign-out"}  # last, or the caller is gone


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('matrix') / 'opulse.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(database: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    sink = SmtpSink()
    folder: Path = tmp_path_factory.mktemp("matrix-data")
    try:
        async with open_world(folder, database, sink) as opened:
            yield opened
    finally:
        sink.remove()


@pytest.fixture(scope="module")
def routes(world: World) -> list[Route]:
    return [route for route in walk(world.app) if not route.is_open]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def addresses(world: World, routes: list[Route]) -> dict[str, str]:
    """Name of the route → its address with Acme's ids. A route without objects fails in a test of its own."""
    known, found = Addresses(world), {}
    for route in routes:
        with contextlib.suppress(NoMaker):
            found[route.name] = await known.of(route)
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
        for headers in ({}, {"X-API-TOKEN": "opi_guessed"}, {"Cookie": "opulse_session=guessed"}):
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
                if answer.status not in HIDDEN or MARK in answer.text:
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


async def test_who_may_gets_an_answer(world: World, routes: list[Route]) -> None:
    """Without this the tests above would also pass on ids of nothing. Runs last: it changes what it calls."""
    wrong = []
    for route in sorted(routes, key=lambda one: one.name in ENDS_THE_CALLER):
        allowed = [caller for caller in world.acme.callers.values() if caller.may(route.roles)]
        for caller in allowed:
            try:
                answer = await call(caller, route, await fresh_address(world, route))
            except NoMaker:
                continue
            if not _is_an_answer(route, answer):
                wrong.append(_line(route, caller, answer))
    assert not wrong, "\n".join(wrong)


def _is_an_answer(route: Route, answer: Answer) -> bool:
    if answer.status >= SERVER_ERROR or answer.asks_to_sign_in or answer.status in HIDDEN:
        return route.name in ENDS_THE_CALLER and answer.asks_to_sign_in
    return answer.status < 400 or not route.reads


def _known(routes: list[Route], addresses: dict[str, str]) -> Iterator[tuple[Route, str]]:
    for route in routes:
        if route.name in addresses:
            yield route, addresses[route.name]


async def _rows_of_acme(world: World) -> dict[str, str]:
    return await world.ports.db.read(fingerprint, world.acme.tenant.id)


def _line(route: Route, caller: Caller, answer: Answer) -> str:
    return f"{route.name} by {caller.name}: {answer.status} {answer.location} {answer.text[:160]!r}"
