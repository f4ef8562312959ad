"""Leases on both databases: one holder, an epoch per holding, and nothing written on the strength of one that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from opulse.db import Database, open_database
from opulse.jobs.leases import (
    Lease,
    confirm,
    forget_leases,
    leases,
    list_leases,
    release,
    renew_leases,
    take_lease,
)
from tests.servers.postgres import PostgresServer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def take(owner: str, at: int, until: int, name: str = "decider/1") -> Callable[[Connection], Lease | None]:
    def unit(conn: Connection) -> Lease | None:
        return take_lease(conn, name, owner, NOON + at * SECOND, NOON + until * SECOND)

    return unit


@pytest.mark.stores
async def test_one_holds_it_until_it_ends_and_every_holding_has_an_epoch_of_its_own(db: Database) -> None:
    first = await db.write(take("a", 0, 10))
    assert first is not None
    assert await db.write(take("b", 9, 19)) is None
    again = await db.write(take("a", 9, 19))
    assert again is not None
    assert again.epoch == first.epoch, "whoever goes on holding it goes on in the same epoch"
    second = await db.write(take("b", 19, 29))
    assert second is not None
    assert second.epoch == first.epoch + 1
    third = await db.write(take("b", 40, 50))
    assert third is not None
    assert third.epoch == second.epoch + 1, "nobody had it in between, but somebody might have"


@pytest.mark.stores
async def test_an_earlier_holder_is_refused(db: Database) -> None:
    first = await db.write(take("a", 0, 10))
    assert first is not None
    assert await db.write(confirm, first)
    second = await db.write(take("b", 10, 20))
    assert second is not None
    assert not await db.write(confirm, first)
    assert await db.write(confirm, second)


@pytest.mark.stores
async def test_what_was_given_back_is_free_and_a_late_release_frees_nothing(db: Database) -> None:
    first = await db.write(take("a", 0, 10))
    assert first is not None
    await db.write(release, first)
    assert not await db.write(confirm, first)
    second = await db.write(take("b", 1, 11))
    assert second is not None
    await db.write(release, first)
    assert await db.write(confirm, second)


@pytest.mark.stores
async def test_all_of_an_owner_are_renewed_at_once_and_only_those_that_still_run(db: Database) -> None:
    for name in ("decider/1", "decider/2", "other/1"):
        await db.write(take("a", 0, 10, name))
    await db.write(take("b", 0, 10, "decider/3"))
    renewed = await db.write(renew_leases, "decider/", "a", NOON + 5 * SECOND, NOON + 15 * SECOND)
    assert {lease.name for lease in renewed} == {"decider/1", "decider/2"}
    assert all([await db.write(confirm, lease) for lease in renewed])
    late = await db.write(renew_leases, "decider/", "a", NOON + 15 * SECOND, NOON + 25 * SECOND)
    assert late == []


@pytest.mark.stores
async def test_those_of_processes_that_are_gone_are_forgotten(db: Database) -> None:
    await db.write(take("a", 0, 10, "listener/a"))
    await db.write(take("b", 0, 100, "listener/b"))
    await db.write(forget_leases, "listener/", NOON + 50 * SECOND)
    assert [lease.owner for lease in await db.read(list_leases, "listener/")] == ["b"]


async def test_nobody_takes_over_while_a_decision_is_being_written(postgres: PostgresServer) -> None:
    """The check locks the row: a successor's first decision comes after the last one that its predecessor was allowed."""
    name = postgres.create_database()
    db = await open_database(postgres.url(name))
    await db.write(leases.create)
    held = await db.write(take("a", 0, 10))
    assert held is not None
    order: list[str] = []
    engine = create_async_engine(_async(postgres.url(name)))
    async with engine.connect() as conn:
        async with conn.begin():
            assert await conn.run_sync(confirm, held)
            successor = asyncio.create_task(db.write(take("b", 10, 20)))
            await asyncio.sleep(0.3)
            assert not successor.done()
            order.append("written")
        await successor
        order.append("taken over")
    await engine.dispose()
    assert order == ["written", "taken over"]
    assert not await db.write(confirm, held)
    await db.close()
    postgres.drop_database(name)


def _async(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://")
