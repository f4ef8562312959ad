"""Writes of the moment: those that come while one runs share the next, and one that fails takes no other with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection

from opulse.db.grouped import MOST, GroupedWrites


class Writer:
    """Runs units without a database, one at a time, when it is let."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.go = asyncio.Event()
        self.away = False

    async def __call__(
        self, unit: Callable[[Connection, Sequence[Any]], Any], items: Sequence[Any], /
    ) -> Any:
        self.groups.append(list(items))
        await self.go.wait()
        if self.away:
            raise OSError("the database is away")
        return unit(None, items)  # type: ignore[arg-type]  # the units below ask it nothing


def double(conn: Connection, items: Sequence[int]) -> list[int]:
    if 13 in items:
        raise ValueError("thirteen")
    return [2 * item for item in items]


@pytest.fixture
def writer() -> Writer:
    return Writer()


async def _ask(grouped: GroupedWrites, *items: int) -> list[asyncio.Task[int]]:
    asked = [asyncio.create_task(grouped.write(double, item)) for item in items]
    await asyncio.sleep(0.01)
    return asked


async def test_those_who_come_meanwhile_share_the_next_unit(writer: Writer) -> None:
    grouped = GroupedWrites(writer)
    asked = await _ask(grouped, 1)
    asked += await _ask(grouped, 2, 3, 4)
    writer.go.set()
    assert [await one for one in asked] == [2, 4, 6, 8]
    assert writer.groups == [[1], [2, 3, 4]]
    assert [await one for one in await _ask(grouped, 5)] == [10]


async def test_a_group_has_a_limit(writer: Writer) -> None:
    grouped = GroupedWrites(writer)
    writer.go.set()
    asked = await _ask(grouped, *range(1_000, 1_000 + MOST + 5))
    assert [await one for one in asked] == [2 * item for item in range(1_000, 1_000 + MOST + 5)]
    assert [len(group) for group in writer.groups] == [MOST, 5]


async def test_one_that_fails_takes_no_other_with_it(writer: Writer) -> None:
    grouped = GroupedWrites(writer)
    writer.go.set()
    asked = await _ask(grouped, 12, 13, 14)
    assert await asked[0] == 24
    with pytest.raises(ValueError, match="thirteen"):
        await asked[1]
    assert await asked[2] == 28
    assert writer.groups == [[12, 13, 14], [12], [13], [14]]


async def test_a_database_that_is_away_is_asked_once(writer: Writer) -> None:
    grouped = GroupedWrites(writer)
    writer.away = True
    writer.go.set()
    for asked in await _ask(grouped, 1, 2, 3):
        with pytest.raises(OSError, match="away"):
            await asked
    assert writer.groups == [[1, 2, 3]]
    writer.away = False
    assert [await one for one in await _ask(grouped, 4)] == [8]


async def test_who_does_not_wait_any_more_keeps_nobody_from_their_result(writer: Writer) -> None:
    grouped = GroupedWrites(writer)
    gone, stays = await _ask(grouped, 1, 2)
    gone.cancel()
    await asyncio.sleep(0.01)
    writer.go.set()
    assert await stays == 4
    assert writer.groups == [[1, 2]], "what was asked for is written all the same"
