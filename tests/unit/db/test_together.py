"""Look-ups of the moment: one question at a time, nobody is given an answer that is older than the call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from opulse.db.together import Together


async def test_those_who_ask_meanwhile_share_the_next_question() -> None:
    asked: list[set[int]] = []
    go = asyncio.Event()

    async def ask(keys: set[int]) -> Mapping[int, str]:
        asked.append(set(keys))
        await go.wait()
        return {key: str(key) for key in keys if key < 10}

    together = Together(ask)
    first = asyncio.create_task(together.find([1]))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(together.find([key])) for key in (1, 2, 30)]
    await asyncio.sleep(0.01)
    go.set()
    found = [await one for one in (first, *others)]
    assert asked == [{1}, {1, 2, 30}]
    assert [found[0].get(1), found[1].get(1), found[2].get(2), found[3].get(30)] == ["1", "1", "2", None]


async def test_a_question_that_fails_fails_for_its_askers_only() -> None:
    async def ask(keys: set[str]) -> Mapping[str, int]:
        if "bad" in keys:
            raise OSError("the database is away")
        return dict.fromkeys(keys, 1)

    together = Together(ask)
    with pytest.raises(OSError, match="away"):
        await together.find(["bad"])
    assert await together.find(["good"]) == {"good": 1}


async def test_whoever_stops_waiting_takes_nobody_with_him() -> None:
    go = asyncio.Event()

    async def ask(keys: set[int]) -> Mapping[int, int]:
        await go.wait()
        return {key: key for key in keys}

    together = Together(ask)
    one, other = (asyncio.create_task(together.find([key])) for key in (1, 2))
    await asyncio.sleep(0.01)
    one.cancel()
    go.set()
    assert (await other)[2] == 2
