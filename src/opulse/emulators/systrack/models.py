"""What the stand-in is made with, and one incident of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_SYSTEMS = 1_000_000


class Shape(StrEnum):
    """The form of the affected-systems answer: none is published, so each that systrack.md 5.4 names can be rehearsed."""

    OBJECT = "object"  # notificationActivationId, asOf, state, totalCount, systems, nextLink
    ARRAY = "array"  # a bare array: no state, no count, no link; the reader must go on by itself until a page is short
    VALUE = "value"  # OData: {"value": [...], "@odata.nextLink": ...}, and wguid and name for the system
    ITEMS = "items"  # {"items": [...], "next": ...}, and id and systemName for the system


class UsersIn(StrEnum):
    """Where the answer says who uses a system."""

    PAGE = "page"  # in the page, as a list of users
    EMAIL = "email"  # in the page, as one address on the system: userEmail
    APART = "apart"  # nowhere: GET /api/systems/{systemId}/users says it


@dataclass(frozen=True)
class Options:
    """The cloud's estate and credentials."""

    systems: int = 1_000
    shape: Shape = Shape.OBJECT
    users: UsersIn = UsersIn.PAGE
    username: str = "svc-pulse"
    password: str = "emulated-password"  # noqa: S105  (of a stand-in; typed on the other side)
    client_id: str = "00000000-0000-4000-8000-00000000c11e"
    api_key: str = "emulated-key"
    token_seconds: int = 3600
    page_size: int = 1000
    """The most systems of one page; where ``$top`` asks for more, this many come."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with each webhook, as the recipient's custom headers are."""
    secret: str = ""
    """Signs each webhook; empty: Authentication Off."""


@dataclass
class Activation:
    """One incident. System numbers count from 0: ``first`` up to ``first + affected`` at activation, more as it grows."""

    id: str
    sensors: tuple[str, ...]
    opened_at: datetime
    first: int
    affected: int
    per_minute: float
    """How many systems join each minute after the activation."""
    most: int
    """It grows to so many."""
    dismissed_at: datetime | None = None

    def affected_at(self, now: datetime) -> int:
        """How many systems are affected at ``now``, or were when it was dismissed."""
        until = min(now, self.dismissed_at) if self.dismissed_at else now
        minutes = max((until - self.opened_at).total_seconds(), 0.0) / 60
        return min(self.affected + int(minutes * self.per_minute), max(self.most, self.affected))
