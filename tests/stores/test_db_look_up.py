"""Look-ups: one statement by keys, without a transaction around it and, compiled, without SQLAlchemy's machinery."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, bindparam, insert, select
from sqlalchemy.exc import DBAPIError

from opulse.db import CompiledLookUp, Database

OWN = MetaData()
words = Table("words", OWN, Column("id", Integer, primary_key=True), Column("word", Text, nullable=False))
BY_ID = select(words.c.word).where(words.c.id == bindparam("id"))
LONGER = CompiledLookUp(
    select(words.c.id, words.c.word)
    .where(words.c.word != "skipped", words.c.id.between(bindparam("low"), bindparam("high")))
    .order_by(words.c.id),
    "high",
    "low",
)


@pytest.fixture
async def database(db: Database) -> Database:
    await db.write(OWN.create_all)
    await db.write(add, {1: "one", 2: "two", 3: "skipped", 4: "four"})
    return db


def add(conn: Connection, rows: dict[int, str]) -> None:
    conn.execute(insert(words), [{"id": number, "word": word} for number, word in rows.items()])


def find(conn: Connection, number: int) -> str | None:
    return conn.execute(BY_ID, {"id": number}).scalar()


def look_at_nothing(conn: Connection) -> None:
    conn.exec_driver_sql("SELECT * FROM nowhere")


@pytest.mark.stores
async def test_a_look_up_sees_what_was_written_before_it(database: Database) -> None:
    assert await database.look_up(find, 2) == "two"
    await database.write(add, {5: "five"})
    assert await database.look_up(find, 5) == "five"
    assert await database.look_up(find, 6) is None


@pytest.mark.stores
async def test_many_at_once_beside_writes(database: Database) -> None:
    writes = [database.write(add, {number: str(number)}) for number in range(10, 40)]
    looks = [database.look_up(find, 1) for _ in range(60)]
    ends = await asyncio.gather(*writes, *looks)
    assert ends[30:] == ["one"] * 60
    assert await database.look_up(find, 39) == "39"


@pytest.mark.stores
async def test_a_look_up_that_fails_spoils_none_after_it(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await database.look_up(look_at_nothing)
    assert await database.look_up(find, 1) == "one"


@pytest.mark.stores
async def test_a_compiled_one_binds_its_names_in_their_order(database: Database) -> None:
    for _ in range(2):
        assert [tuple(row) for row in await database.look_up(LONGER.rows, 4, 2)] == [(2, "two"), (4, "four")]
    assert not await database.look_up(LONGER.rows, 0, 0)
    assert [tuple(row) for row in await database.read(LONGER.rows, 1, 1)] == [(1, "one")], "in a read as well"
