"""What PostgreSQL's planner believes about tables that have just been filled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest
from sqlalchemy import Connection, text

from opulse.db import Database, open_database
from opulse.db.statistics import Statistics, list_outgrown, refresh_statistics
from tests.servers.postgres import PostgresServer

T = TypeVar("T")

SECONDS = 15.0  # what was written shows in the server's counts about a second later


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    name = postgres.create_database()
    opened = await open_database(postgres.url(name))
    await opened.write(_run, "CREATE TABLE imported (n integer PRIMARY KEY)")
    await opened.write(_run, 'CREATE TABLE "a few" (n integer PRIMARY KEY)')
    # autovacuum is the helper that comes too late; here it must not come at all, or it could do our work
    for table in ("imported", '"a few"'):
        await opened.write(_run, f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
    yield opened
    await opened.close()
    postgres.drop_database(name)


def _run(conn: Connection, statement: str) -> None:
    conn.execute(text(statement))


async def _fill(db: Database, table: str, first: int, last: int) -> None:
    await db.write(_run, f"INSERT INTO {table} SELECT generate_series({first}, {last})")


def _believed(conn: Connection) -> int:
    return int(conn.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'imported'")) or 0)


async def _outgrown_soon(db: Database, wanted: list[str]) -> None:
    await _soon(db, list_outgrown, wanted)


async def _soon(db: Database, query: Callable[[Connection], T], wanted: T) -> None:
    for _ in range(int(SECONDS * 10)):
        if await db.read(query) == wanted:
            return
        await asyncio.sleep(0.1)
    assert await db.read(query) == wanted


async def test_a_table_that_was_filled_is_analysed_and_a_small_one_is_not(database: Database) -> None:
    await _fill(database, "imported", 1, 5000)
    await _fill(database, '"a few"', 1, 500)
    await _outgrown_soon(database, ["public.imported"])
    assert await database.read(_believed) == -1
    assert await refresh_statistics(database) == ["public.imported"]
    assert await database.read(_believed) == 5000
    assert await database.read(list_outgrown) == []


async def test_it_is_looked_at_again_when_it_has_doubled_and_not_before(database: Database) -> None:
    await _fill(database, "imported", 1, 2000)
    await _outgrown_soon(database, ["public.imported"])
    await refresh_statistics(database)
    await _fill(database, "imported", 2001, 3500)
    await _fill(database, '"a few"', 1, 1500)  # counted when the rows before it are
    await _outgrown_soon(database, ['public."a few"'])
    await _fill(database, "imported", 3501, 4100)
    await _outgrown_soon(database, ['public."a few"', "public.imported"])


async def test_the_part_does_it_by_itself(database: Database) -> None:
    part = Statistics(database)
    await part.start()
    try:
        await _fill(database, "imported", 1, 3000)
        await _soon(database, _believed, 3000)
    finally:
        await part.stop()


async def test_a_table_that_somebody_holds_is_left_for_the_next_look(database: Database) -> None:
    await _fill(database, "imported", 1, 3000)
    await _outgrown_soon(database, ["public.imported"])
    held = asyncio.Event()
    holding = asyncio.create_task(database.write(_hold, held))
    await asyncio.wait_for(held.wait(), SECONDS)
    await refresh_statistics(database)
    assert not holding.done(), "it waited, so this test has shown nothing"
    assert await database.read(_believed) == -1
    await holding


def _hold(conn: Connection, held: asyncio.Event) -> None:
    conn.execute(text("LOCK TABLE imported IN SHARE UPDATE EXCLUSIVE MODE"))
    held.set()
    conn.execute(text("SELECT pg_sleep(2)"))
