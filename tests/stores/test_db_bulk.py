"""The set-based statements that both databases understand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    select,
    update,
)

from opulse.db import Database, JsonDoc, insert_ignoring_known, json_list, json_merge, upsert
from opulse.db.bulk import chunked

OWN = MetaData()
documents = Table(
    "documents",
    OWN,
    Column("tenant", Integer, nullable=False),
    Column("id", Integer, nullable=False),
    Column("word", Text, nullable=False),
    Column("body", JsonDoc, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)

pytestmark = pytest.mark.stores


@pytest.fixture
async def database(db: Database) -> Database:
    await db.write(OWN.create_all)
    return db


def row(number: int, word: str = "", body: Any = None) -> dict[str, Any]:
    return {"tenant": 1, "id": number, "word": word, "body": body or {}}


def words(conn: Connection) -> dict[int, str]:
    return {found.id: found.word for found in conn.execute(select(documents.c.id, documents.c.word))}


def bodies(conn: Connection) -> list[Any]:
    return list(conn.execute(select(documents.c.body).order_by(documents.c.id)).scalars())


async def test_known_rows_are_left_as_they_are_and_new_ones_counted(database: Database) -> None:
    assert await database.write(insert_ignoring_known, documents, [row(1, "one"), row(2, "two")]) == 2
    again = [row(1, "other"), row(3, "three"), row(3, "three again")]
    assert await database.write(insert_ignoring_known, documents, again) == 1
    assert await database.read(words) == {1: "one", 2: "two", 3: "three"}


async def test_no_rows_are_no_statement(database: Database) -> None:
    assert await database.write(insert_ignoring_known, documents, []) == 0
    await database.write(upsert, documents, [], key=("tenant", "id"), change=("word",))
    assert await database.read(words) == {}


async def test_more_rows_than_one_statement_may_name(database: Database) -> None:
    rows = [row(number, str(number)) for number in range(1_234)]
    assert await database.write(insert_ignoring_known, documents, rows) == 1_234
    assert len(await database.read(words)) == 1_234


async def test_upsert_changes_what_it_is_told_to_and_nothing_else(database: Database) -> None:
    await database.write(insert_ignoring_known, documents, [row(1, "one", {"kept": True})])
    rows = [row(1, "uno", {"kept": False}), row(2, "due")]
    await database.write(upsert, documents, rows, key=("tenant", "id"), change=("word",))
    assert await database.read(words) == {1: "uno", 2: "due"}
    assert await database.read(bodies) == [{"kept": True}, {}]


async def test_of_two_rows_with_one_key_the_later_counts(database: Database) -> None:
    rows = [row(1, "first"), row(2, "two"), row(1, "last")]
    await database.write(upsert, documents, rows, key=("tenant", "id"), change=("word",))
    assert await database.read(words) == {1: "last", 2: "two"}


@pytest.mark.parametrize("count", [0, 1, 40_000])
async def test_a_list_of_any_length_is_one_bound_value(database: Database, count: int) -> None:
    def chosen(conn: Connection) -> list[int]:
        listed = json_list(conn, range(count), numbers=True)
        query = select(documents.c.id).where(documents.c.id.in_(select(listed.c.value)))
        return sorted(conn.execute(query).scalars())

    await database.write(insert_ignoring_known, documents, [row(0), row(39_999), row(40_000)])
    expected = [number for number in (0, 39_999, 40_000) if number < count]
    assert await database.read(chosen) == expected


async def test_texts_in_a_list_may_hold_anything(database: Database) -> None:
    odd = ["it's", '"quoted"', "back\\slash", "line\nbreak", "ünïcode ✓", "", "%"]

    def listed(conn: Connection) -> list[str]:
        return list(conn.execute(select(json_list(conn, odd).c.value)).scalars())

    assert sorted(await database.read(listed)) == sorted(odd)


FLAT = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8),
    st.one_of(
        st.booleans(),
        st.integers(-(2**53), 2**53),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8),
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=4), max_size=3),
    ),
    max_size=4,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # each example is a round trip to a real database
@given(before=FLAT, patch=FLAT)
async def test_a_merge_is_what_python_would_make_of_it(
    database: Database, before: dict[str, Any], patch: dict[str, Any]
) -> None:
    def merge(conn: Connection) -> list[Any]:
        conn.execute(documents.delete())
        insert_ignoring_known(conn, documents, [row(1, "", before)])
        conn.execute(update(documents).values(body=json_merge(conn, documents.c.body, patch)))
        return bodies(conn)

    assert await database.write(merge) == [before | patch]


@pytest.mark.parametrize("value", [None, {"nested": 1}])
async def test_what_the_two_databases_would_merge_differently_is_refused(
    database: Database, value: Any
) -> None:
    def merge(conn: Connection) -> None:
        json_merge(conn, documents.c.body, {"field": value})

    with pytest.raises(ValueError, match="flat and without nulls"):
        await database.write(merge)


async def test_chunks_hold_everything_once_in_order() -> None:
    assert list(chunked(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunked([], 3)) == []
