"""Fixtures of the edges.

``console``  the application in process with a signed-in browser of each role.
``world``    a running installation with two tenants, one per module and database; ``routes`` are its routes with a lock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from opulse.bootstrap.stages import import_stores
from opulse.ports import Ports
from opulse.tenancy.flow import people
from tests.edges.console import Console, open_console
from tests.edges.matrix.routes import Route, walk
from tests.edges.matrix.world import World, open_world
from tests.servers.postgres import PostgresServer
from tests.servers.smtp import SmtpSink

import_stores()  # so that the database of the fixture has every table


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real argon2 at its least cost: at the product's, signing three people in takes seconds per test."""
    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    decoy = hasher.hash("nobody's")
    monkeypatch.setattr(people, "_hasher", lambda: hasher)
    monkeypatch.setattr(people, "_decoy", lambda: decoy)


@pytest.fixture
async def console(ports: Ports) -> AsyncIterator[Console]:
    async with open_console(ports) as opened:
        yield opened


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
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
