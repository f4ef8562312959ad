"""Who sleeps until something was committed: events in this process, set after the commit that asked for them.

Where several processes share a database, :mod:`opulse.db.notices` carries the same topics to the others.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable

from sqlalchemy import Connection

_KEY = "opulse_wakes"
_ELSEWHERE = "opulse_wakes_elsewhere"


def wake(conn: Connection, topic: str) -> None:
    """Ask that the sleepers on ``topic``, of every process, be woken once this unit's transaction has committed."""
    conn.info.setdefault(_KEY, set()).add(topic)


def wake_elsewhere(conn: Connection, topic: str) -> None:
    """``wake``, but for the other processes alone: this one knows already what it has written."""
    conn.info.setdefault(_ELSEWHERE, set()).add(topic)


def take_wakes(conn: Connection) -> set[str]:
    """The topics that units on this connection asked for; they are forgotten by the connection."""
    taken: set[str] = conn.info.pop(_KEY, set())
    return taken


def take_wakes_elsewhere(conn: Connection) -> set[str]:
    """Those that are for other processes only; likewise forgotten."""
    taken: set[str] = conn.info.pop(_ELSEWHERE, set())
    return taken


class Wakes:
    """One event per topic and sleeper. A wake that nobody waits for is remembered by each standing sleeper.

    ``tell_others`` is given every topic that was committed here; None where no other process listens.
    """

    def __init__(self) -> None:
        self._sleepers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.tell_others: Callable[[set[str]], None] | None = None

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

    def set_all(self) -> None:
        """Wake everybody: notices may have been missed."""
        self.set(set(self._sleepers))


async def wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait until ``event`` is set or ``seconds`` have passed; clears it. True when it was set."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    event.clear()
    return True
