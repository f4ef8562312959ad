"""What only PostgreSQL does: ask for a transaction again, and drop connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from opulse.db import Database, open_database
from tests.servers.postgres import PostgresServer

OWN = MetaData()
balances = Table(
    "balances", OWN, Column("id", Integer, primary_key=True), Column("amount", Integer, nullable=False)
)


@pytest.fixture
async def database(postgres: PostgresServer) -> AsyncIterator[Database]:
    name = postgres.create_database()
    opened = await open_database(postgres.url(name))
    await opened.write(OWN.create_all)
    await opened.write(_fill)
    yield opened
    await opened.close()
    postgres.drop_database(name)


def _fill(conn: Connection) -> None:
    conn.execute(insert(balances).values([{"id": 1, "amount": 0}, {"id": 2, "amount": 0}]))


def _amounts(conn: Connection) -> list[int]:
    return list(conn.execute(select(balances.c.amount).order_by(balances.c.id)).scalars())


async def test_a_deadlock_is_tried_again_and_nobody_hears_of_it(database: Database) -> None:
    runs: list[tuple[int, int]] = []

    def add_in_order(conn: Connection, first: int, then: int) -> None:
        runs.append((first, then))
        for number in (first, then):
            add = update(balances).where(balances.c.id == number)
            conn.execute(add.values(amount=balances.c.amount + 1))
            conn.execute(text("SELECT pg_sleep(0.2)"))

    await asyncio.gather(database.write(add_in_order, 1, 2), database.write(add_in_order, 2, 1))
    assert len(runs) > 2, "the two units never met, so this test has shown nothing"
    assert await database.read(_amounts) == [2, 2]


async def test_a_deadlock_that_never_ends_is_told_in_the_end(database: Database) -> None:
    tries: list[int] = []

    def refuse(conn: Connection) -> None:
        tries.append(1)
        conn.execute(text("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(DBAPIError, match="again"):
        await database.write(refuse)
    assert len(tries) == 4


async def test_other_errors_are_not_tried_again(database: Database) -> None:
    tries: list[int] = []

    def refuse(conn: Connection) -> None:
        tries.append(1)
        conn.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError, match="division by zero"):
        await database.write(refuse)
    assert len(tries) == 1


async def test_a_connection_that_the_server_ends_is_told_as_such_and_replaced(database: Database) -> None:
    def be_ended(conn: Connection) -> None:
        conn.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DBAPIError, match=r"terminat|clos"):
        await database.write(be_ended)
    await database.write(lambda conn: conn.execute(update(balances).values(amount=7)) and None)
    assert await database.read(_amounts) == [7, 7]


async def test_connections_that_a_restart_of_the_server_cut_are_no_error(
    database: Database, postgres: PostgresServer
) -> None:
    async def cut() -> None:
        await asyncio.gather(*(database.read(_amounts) for _ in range(5)))  # the pool holds some at rest
        await asyncio.to_thread(
            postgres.sql,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname LIKE 'test_%'",
        )
        await asyncio.sleep(0.1)

    await cut()
    assert await database.read(_amounts) == [0, 0]
    await cut()
    await database.write(lambda conn: conn.execute(update(balances).values(amount=balances.c.amount + 1)))
    assert await database.read(_amounts) == [1, 1]


async def test_a_transaction_that_does_nothing_is_ended_by_the_server(database: Database) -> None:
    """So that a process that was stopped in the middle of one keeps nobody waiting for its rows."""
    shown = await database.read(
        lambda conn: conn.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()
    )
    assert shown == "10s"
