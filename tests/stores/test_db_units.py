"""Units of work on both databases: all or nothing, durable when ``write`` returns, and wakes only for what was committed."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from opulse.db import Database, Priority, open_database, wake
from opulse.db.sqlite import SqliteDatabase

OWN = MetaData()
numbers = Table("numbers", OWN, Column("id", Integer, primary_key=True), Column("word", Text, nullable=False))


@pytest.fixture
async def database(db: Database) -> Database:
    await db.write(OWN.create_all)
    return db


def add(conn: Connection, number: int, word: str = "") -> int:
    conn.execute(insert(numbers).values(id=number, word=word))
    return number


def add_then_fail(conn: Connection, number: int) -> None:
    add(conn, number)
    wake(conn, "failed")
    raise LookupError("on purpose")


def listed(conn: Connection) -> list[int]:
    return list(conn.execute(select(numbers.c.id).order_by(numbers.c.id)).scalars())


@pytest.mark.stores
async def test_what_a_unit_wrote_is_there_when_write_returns(database: Database) -> None:
    assert await database.write(add, 1) == 1
    assert await database.read(listed) == [1]


async def test_sqlite_writes_on_one_thread_and_syncs_each_commit(tmp_path: Path) -> None:
    """spine.md 8: synchronous FULL (2), the log ahead of the file, and every unit on the writer's own thread."""

    def look(conn: Connection) -> tuple[int, int, str]:
        synchronous = conn.execute(text("PRAGMA synchronous")).scalar_one()
        return threading.get_ident(), synchronous, conn.execute(text("PRAGMA journal_mode")).scalar_one()

    database = await open_database(f"sqlite:///{tmp_path}/one.db")
    seen = set(await asyncio.gather(*(database.write(look) for _ in range(20))))
    await database.close()
    [(thread, synchronous, journal)] = seen
    assert thread != threading.get_ident()
    assert (synchronous, journal) == (2, "wal")


@pytest.mark.stores
async def test_a_failing_unit_leaves_nothing_and_takes_no_other_with_it(database: Database) -> None:
    ends = await asyncio.gather(
        database.write(add, 1),
        database.write(add_then_fail, 2),
        database.write(add, 3),
        database.write(add, 1),  # a key that is taken
        database.write(add, 4),
        return_exceptions=True,
    )
    assert isinstance(ends[1], LookupError)
    assert isinstance(ends[3], IntegrityError)
    assert [ends[0], ends[2], ends[4]] == [1, 3, 4]
    assert await database.read(listed) == [1, 3, 4]


@pytest.mark.stores
async def test_many_units_at_once_all_arrive(database: Database) -> None:
    await asyncio.gather(*(database.write(add, number) for number in range(200)))
    assert await database.read(listed) == list(range(200))


@pytest.mark.stores
async def test_a_wake_comes_after_the_commit(database: Database) -> None:
    sleeper = database.wakes.sleeper("numbers")

    def unit(conn: Connection) -> None:
        add(conn, 1)
        wake(conn, "numbers")
        assert not sleeper.is_set(), "nobody may look before the row can be seen"

    async def watch() -> list[int]:
        await sleeper.wait()
        return await database.read(listed)

    watching = asyncio.create_task(watch())
    await database.write(unit)
    assert await asyncio.wait_for(watching, 5) == [1]


@pytest.mark.stores
async def test_a_failed_unit_wakes_nobody(database: Database) -> None:
    sleeper = database.wakes.sleeper("failed")
    with pytest.raises(LookupError):
        await database.write(add_then_fail, 1)
    await database.write(add, 2)
    await asyncio.sleep(0.05)
    assert not sleeper.is_set()


@pytest.mark.stores
async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.read(add, 1)
    assert await database.read(listed) == []


@pytest.mark.stores
async def test_all_statements_of_a_read_see_one_moment(database: Database) -> None:
    """A page that counts twice must not contradict itself because somebody wrote in between."""
    loop = asyncio.get_running_loop()
    between = asyncio.Event()

    def pause(conn: Connection) -> None:
        if database.dialect == "postgresql":
            loop.call_soon(between.set)
            conn.execute(text("SELECT pg_sleep(0.5)"))
        else:
            loop.call_soon_threadsafe(between.set)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.5), loop).result()

    def twice(conn: Connection) -> tuple[list[int], list[int]]:
        before = listed(conn)
        pause(conn)
        return before, listed(conn)

    await database.write(add, 1)
    reading = asyncio.create_task(database.read(twice))
    await between.wait()
    await database.write(add, 2)
    assert await reading == ([1], [1])
    assert await database.read(listed) == [1, 2]


@pytest.mark.stores
async def test_a_write_that_nobody_waits_for_any_more_still_happens(database: Database) -> None:
    writing = asyncio.create_task(database.write(add, 1))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await database.write(add, 2)
    ids = await database.read(listed)
    # PostgreSQL may have been told to stop before it began; what must not be is a half or a broken connection
    assert ids == [1, 2] if database.dialect == "sqlite" else ids in ([2], [1, 2])


async def test_a_waiting_batch_of_sensor_states_goes_before_everything_else(database: Database) -> None:
    order: list[str] = []
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    def first(conn: Connection) -> None:
        loop.call_soon_threadsafe(started.set)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), loop).result()

    def note(conn: Connection, name: str) -> None:
        order.append(name)

    busy = asyncio.create_task(database.write(first))
    await started.wait()
    waiting = [
        asyncio.create_task(database.write_first(priority, note, priority.name))
        for priority in sorted(Priority, reverse=True)
    ]
    await asyncio.gather(busy, *waiting)
    assert order == ["INGEST", "ACTIVATION", "MAIL", "ANSWER", "OTHER"]


async def test_units_that_wait_share_one_commit(database: Database) -> None:
    """One fsync pays for everybody who waited: the WAL grows by one commit, not by fifty."""
    assert isinstance(database, SqliteDatabase)
    groups: list[int] = []
    write_group = database._write_group

    def counting(conn: Connection, first: object) -> None:
        groups.append(1)
        write_group(conn, first)  # type: ignore[arg-type]  # handed through as it came

    database._write_group = counting  # type: ignore[method-assign]  # looks over its shoulder, changes nothing
    await asyncio.gather(*(database.write(add, number) for number in range(50)))
    assert len(groups) < 10


async def test_what_is_urgent_is_committed_before_what_is_less_so_runs(database: Database) -> None:
    """A burst of mails shares a commit with what ran before it, and does not wait for a chunk of decisions behind it."""
    assert isinstance(database, SqliteDatabase)
    begun, go = threading.Event(), threading.Event()
    seen: list[list[int]] = []

    def hold(conn: Connection) -> None:
        add(conn, 1)
        begun.set()
        assert go.wait(10)

    def look(conn: Connection) -> None:
        with contextlib.closing(sqlite3.connect(database.path)) as another:
            seen.append([number for (number,) in another.execute("SELECT id FROM numbers ORDER BY id")])

    held = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(begun.wait)
    less_urgent = asyncio.create_task(database.write(look))
    urgent = asyncio.create_task(database.write_first(Priority.MAIL, add, 2))
    await asyncio.sleep(0)  # both wait behind the first one
    go.set()
    await asyncio.gather(held, urgent, less_urgent)
    assert seen == [[1, 2]]


async def test_a_unit_that_breaks_the_transaction_keeps_nobody_waiting(database: Database) -> None:
    def break_off(conn: Connection) -> None:
        conn.exec_driver_sql("ROLLBACK")

    with pytest.raises(OperationalError):
        await asyncio.wait_for(database.write(break_off), 5)
    assert await asyncio.wait_for(database.write(add, 1), 5) == 1


async def test_another_process_that_holds_the_file_is_an_error_and_no_silence(database: Database) -> None:
    assert isinstance(database, SqliteDatabase)
    await database.write(lambda conn: conn.exec_driver_sql("PRAGMA busy_timeout=50") and None)
    other = await open_database(f"sqlite:///{database.path}")
    release = asyncio.Event()
    loop = asyncio.get_running_loop()
    holds = asyncio.Event()

    def hold(conn: Connection) -> None:
        loop.call_soon_threadsafe(holds.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

    holding = asyncio.create_task(other.write(hold))
    await holds.wait()
    with pytest.raises(OperationalError, match="locked"):
        await asyncio.wait_for(database.write(add, 1), 5)
    release.set()
    await holding
    assert await database.write(add, 1) == 1
    await other.close()


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = await open_database(f"sqlite:///{tmp_path / 'new' / 'one.db'}")
    await database.write(OWN.create_all)
    await database.close()
    await database.close()
    with pytest.raises(RuntimeError, match="closed"):
        await database.write(add, 1)


async def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="sqlite:/// or postgresql://"):
        await open_database("mysql://somewhere/else")
