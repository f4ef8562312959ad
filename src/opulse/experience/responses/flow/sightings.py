"""Which links of a mail were opened a moment ago, and by whom: kept in memory alone, for a minute, and never written.

A GET stores nothing, so a scanner that follows every link leaves no trace in the database. But a press that comes from the
same client within a minute of such a walk is hardly a person's. Each process remembers what went through it; behind a
balancer that spreads one client over several processes the sign is weaker, and nothing else changes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from opulse.db import Database

REMEMBERED = timedelta(seconds=60)
"""A person in the same office (one address for all) whose mail was just scanned waits at most this long to be believed."""

ALL_LINKS = 3
"""Different choices of one mail opened within that time: who corrects a slip opens two."""

MOST = 50_000
"""Links remembered at once; some megabytes. The oldest is forgotten first."""


class _Sighting:
    """What one client opened of one mail."""

    __slots__ = ("choices", "hidden", "since")

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.choices: set[str] = set()
        self.hidden = False


class Sightings:
    """What this process saw. Keyed by invitation and client, oldest first."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], _Sighting] = {}

    def note(self, invitation: str, client: str, choice: str, hidden: bool, now: datetime) -> None:
        """A GET for a choice of the mail (empty: none), or for its hidden link."""
        if not choice and not hidden:
            return
        key = (invitation, client)
        seen = self._seen.get(key)
        if seen is None or now - seen.since > REMEMBERED:
            self._seen.pop(key, None)
            seen = self._seen[key] = _Sighting(now)
            if len(self._seen) > MOST:
                self._seen.pop(next(iter(self._seen)), None)
        seen.choices.add(choice)
        seen.hidden = seen.hidden or hidden
        if hidden or len(seen.choices) >= ALL_LINKS:
            seen.since = now  # a walk that goes on is as fresh as its last step

    def recall(self, invitation: str, client: str, now: datetime) -> tuple[bool, bool]:
        """(hidden link followed, all links opened) by this client within the last minute."""
        seen = self._seen.get((invitation, client))
        if seen is None or now - seen.since > REMEMBERED:
            return False, False
        return seen.hidden, len(seen.choices - {""}) >= ALL_LINKS


_of_database: WeakKeyDictionary[Database, Sightings] = WeakKeyDictionary()


def sightings_of(db: Database) -> Sightings:
    """The one that belongs to this database."""
    found = _of_database.get(db)
    if found is None:
        found = _of_database[db] = Sightings()
    return found
