"""Who sleeps until something was committed: events in this process, set after the commit that asked for them."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from sqlalchemy import Connection

_KEY = "opulse_wakes"


def wake(conn: Connection, topic: str) -> None:
    """Ask that the sleepers on ``topic`` be woken once this unit's transaction has committed."""
    conn.info.setdefault(_KEY, set()).add(topic)


def take_wakes(conn: Connection) -> set[str]:
    """The topics that units on this connection asked for; they are forgotten by the connection."""
    taken: set[str] = conn.info.pop(_KEY, set())
    return taken


class Wakes:
    """One event per topic and sleeper. A wake that nobody waits for is remembered by each standing sleeper."""

    def __init__(self) -> None:
        self._sleepers: dict[str, set[asyncio.Event]] = defaultdict(set)

    def sleeper(self, topic: str) -> asyncio.Event:
        """An event that is set on every wake of ``topic``; whoever holds it clears it before looking for work."""
        event = asyncio.Event()
        self._sleepers[topic].add(event)
        return event

    def forget(self, topic: str, event: asyncio.Event) -> None:
        self._sleepers[topic].discard(event)

    def set(self, topics: set[str]) -> None:
        for topic in topics:
            for event in self._sleepers.get(topic, ()):
                event.set()


async def wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait until ``event`` is set or ``seconds`` have passed; clears it. True when it was set."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    event.clear()
    return True
