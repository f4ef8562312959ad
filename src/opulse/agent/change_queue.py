"""Changes that the server has not taken yet: merged, bounded, and kept until it says 202."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from opulse.agent.models import Change

MOST_WAITING = 5_000
"""Sensor instances that may wait. Beyond it the whole set is sent instead, which says the same and is never long."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What one batch is to carry. ``full``: the changes are all that is triggered."""

    full: bool
    changes: tuple[Change, ...]


class ChangeQueue:
    """Per sensor and instance only the latest change waits: while offline, older ones are merged away.

    A change that was sent waits until the answer. So a lost answer means that it is sent once more, in a new batch: the
    server keeps states, not events, and passes over a batch with a lower number that arrives late.
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str | None], Change] = {}
        self._full_due = True

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def has_something(self) -> bool:
        return self._full_due or bool(self._waiting)

    def put(self, changes: Iterable[Change]) -> None:
        """Add changes, the later of two for one sensor and instance winning."""
        for change in changes:
            key = (change.sensor, change.instance)
            self._waiting.pop(key, None)
            self._waiting[key] = change
        if len(self._waiting) > MOST_WAITING:
            self.ask_for_full()

    def ask_for_full(self) -> None:
        """The next batch carries the whole set, so single changes need not wait any more."""
        self._full_due = True
        self._waiting.clear()

    def next(self, triggered: Callable[[], Iterable[Change]]) -> Outgoing:
        """What to send now; empty is the heartbeat. ``triggered`` gives the whole set where that is due."""
        if self._full_due:
            self._waiting.clear()
            return Outgoing(True, tuple(triggered()))
        return Outgoing(False, tuple(self._waiting.values()))

    def taken(self, sent: Outgoing) -> None:
        """The server has taken this batch. Changes that came meanwhile go on waiting."""
        if sent.full:
            self._full_due = False
            return
        for change in sent.changes:
            key = (change.sensor, change.instance)
            if self._waiting.get(key) is change:
                del self._waiting[key]
