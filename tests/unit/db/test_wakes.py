"""Sleepers and what wakes them."""

from __future__ import annotations

import asyncio

from opulse.db.wake import Wakes, wait


async def test_every_sleeper_of_a_topic_is_woken_and_no_other() -> None:
    wakes = Wakes()
    first, second, other = wakes.sleeper("mail"), wakes.sleeper("mail"), wakes.sleeper("jobs")
    wakes.set({"mail"})
    assert (first.is_set(), second.is_set(), other.is_set()) == (True, True, False)


async def test_a_wake_before_the_wait_is_not_lost() -> None:
    wakes = Wakes()
    sleeper = wakes.sleeper("mail")
    wakes.set({"mail"})
    assert await wait(sleeper, 0.01) is True
    assert await wait(sleeper, 0.01) is False, "a wake is used up by whoever waited for it"


async def test_waiting_ends_with_its_time() -> None:
    began = asyncio.get_running_loop().time()
    assert await wait(Wakes().sleeper("mail"), 0.05) is False
    assert asyncio.get_running_loop().time() - began >= 0.05


async def test_a_forgotten_sleeper_sleeps_on() -> None:
    wakes = Wakes()
    sleeper = wakes.sleeper("mail")
    wakes.forget("mail", sleeper)
    wakes.set({"mail", "never asked for"})
    assert not sleeper.is_set()
