"""Fixtures every test may take. Servers are real; each starts when the first test of the process asks for it.

``db``            a Database with the schema: marked ``stores``, a test runs on SQLite and again on PostgreSQL, else on SQLite.
``database_url``  the address of an empty database, for tests that start processes; the same two.
``ports``         what flows take, over ``db`` and ``clock``; nothing beyond this machine is within reach, mail has no relay.
``clock``         a ManualClock at a fixed Monday noon, UTC.
``smtp_sink``     a real SMTP server that keeps what it accepts; ``smtp_sinks`` makes some that refuse or dawdle.
``serve``         starts the product in processes of their own: ``serve(smtp_port=...)``; they end with the test.
``browser``       a real Chromium.

Stages' modules and the browser's driver are imported by the fixtures that need them: collecting a unit test stays quick.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from opulse.clock import ManualClock
from opulse.db import Database, metadata, open_database
from tests import once
from tests.servers.opulse import OpulseProcess
from tests.servers.postgres import PostgresServer
from tests.servers.smtp import SmtpSink

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from opulse.ports import Ports


def pytest_configure() -> None:
    once.compile_templates_once()
    once.read_certificates_once()
    once.compile_statements_once()
    once.import_the_product_once()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts commands and mostly waits is for the second pass of ``tools/run-tests``."""
    here = Path(__file__).parent
    for item in items:
        if {here / "journeys", here / "wire"} & set(item.path.parents):
            item.add_marker("journey")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "dialect" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("stores") is not None
        metafunc.parametrize("dialect", ("sqlite", "postgresql") if both else ("sqlite",), scope="function")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
def database_url(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sqlite-templates")


@pytest.fixture
async def db(dialect: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    if dialect == "sqlite":
        template = await _sqlite_template(request.getfixturevalue("sqlite_templates"))
        shutil.copyfile(template, tmp_path / "opulse.db")
        database = await open_database(f"sqlite:///{tmp_path / 'opulse.db'}")
        yield database
        await database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = await server.lend(frozenset(metadata.tables), _create_tables)
    database = await open_database(server.url(name))
    yield database
    await database.close()
    await server.take_back(name)


async def _sqlite_template(folder: Path) -> Path:
    """A file with the tables known now; made once per process and set of tables, then copied."""
    path = folder / f"{abs(hash(frozenset(metadata.tables)))}.db"
    if not path.exists():
        await _create_tables(f"sqlite:///{path}")
    return path


async def _create_tables(url: str) -> None:
    database = await open_database(url)
    await database.write(metadata.create_all)
    await database.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
async def ports(db: Database, clock: ManualClock) -> AsyncIterator[Ports]:
    from tests.servers.installation import open_ports

    async with open_ports(db, clock) as opened:
        yield opened


@pytest.fixture
def smtp_sinks() -> Iterator[Callable[..., SmtpSink]]:
    made: list[SmtpSink] = []

    def make(*options: str) -> SmtpSink:
        made.append(SmtpSink(*options))
        return made[-1]

    yield make
    for sink in made:
        sink.remove()


@pytest.fixture
def smtp_sink(smtp_sinks: Callable[..., SmtpSink]) -> SmtpSink:
    return smtp_sinks()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., OpulseProcess]]:
    made: list[OpulseProcess] = []

    def start(**options: object) -> OpulseProcess:
        process = OpulseProcess(tmp_path / f"installation-{len(made) + 1}", **options)
        made.append(process)
        process.start()
        return process

    yield start
    for process in made:
        process.stop()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright

    from tests.servers.browser import launch

    async with async_playwright() as playwright:
        running = await launch(playwright)
        yield running
        await running.close()
