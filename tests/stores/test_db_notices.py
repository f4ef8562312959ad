"""Two processes' worth of databases on one PostgreSQL: what one commits wakes who sleeps at the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import Connection

from opulse.db import Database, wake
from opulse.db.notices import Notices
from opulse.db.postgres import PostgresDatabase
from opulse.db.wake import wait, wake_elsewhere
from tests.servers.postgres import PostgresServer


@pytest.fixture
async def url(postgres: PostgresServer) -> AsyncIterator[str]:
    name = postgres.create_database()
    yield postgres.url(name)
    postgres.drop_database(name)


@asynccontextmanager
async def process(url: str) -> AsyncIterator[PostgresDatabase]:
    database = PostgresDatabase(url)
    notices: Notices = database.notices()
    await notices.start()
    probe = database.wakes.sleeper("probe")
    assert await wait(probe, 10), "everybody is woken when the connection stands"
    yield database
    await notices.stop()
    await database.close()


def _wake(conn: Connection) -> None:
    wake(conn, "jobs.default")


def _wake_elsewhere(conn: Connection) -> None:
    wake_elsewhere(conn, "journal")


def _wake_and_fail(conn: Connection) -> None:
    wake(conn, "jobs.default")
    raise ZeroDivisionError


async def test_a_commit_wakes_the_sleepers_of_both(url: str) -> None:
    async with process(url) as one, process(url) as two:
        here, there = one.wakes.sleeper("jobs.default"), two.wakes.sleeper("jobs.default")
        await one.write(_wake)
        assert here.is_set()
        assert await wait(there, 5)


async def test_what_is_for_others_alone_wakes_nobody_here(url: str) -> None:
    async with process(url) as one, process(url) as two:
        here, there = one.wakes.sleeper("journal"), two.wakes.sleeper("journal")
        await one.write(_wake_elsewhere)
        assert await wait(there, 5)
        await asyncio.sleep(0.1)
        assert not here.is_set()


async def test_what_did_not_commit_wakes_nobody(url: str) -> None:
    async with process(url) as one, process(url) as two:
        there = two.wakes.sleeper("jobs.default")
        with pytest.raises(ZeroDivisionError):
            await one.write(_wake_and_fail)
        await asyncio.sleep(0.2)
        assert not there.is_set()


async def test_a_lost_connection_comes_back_and_everybody_looks(url: str, postgres: PostgresServer) -> None:
    async with process(url) as one, process(url) as two:
        there = two.wakes.sleeper("jobs.default")
        postgres.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = "
            f"'{url.rsplit('/', 1)[1]}'"
        )
        assert await wait(there, 10), "woken although nothing was told: something may have been missed"
        await asyncio.sleep(1.5)
        there.clear()
        await one.write(_wake)
        assert await wait(there, 10)


async def test_sqlite_has_one_process_and_needs_none(db: Database) -> None:
    assert db.wakes.tell_others is None
    await db.write(_wake_elsewhere)
