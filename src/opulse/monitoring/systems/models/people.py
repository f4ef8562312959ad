"""People as a directory of the organisation knows them. Users of systems get their address and name from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opulse.monitoring.systems.models.estate import System, SystemUser


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """What a directory says of a person. ``user_name`` names it; ``account`` is another name by which agents may report it, such
    as ``CORP\\anna``. None leaves what is known."""

    user_name: str
    account: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None
    department: str | None = None
    language: str | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """``is_active`` False: nobody asks the person any more."""

    id: str
    user_name: str
    account: str
    email: str
    first_name: str
    last_name: str
    display_name: str
    department: str
    language: str
    is_active: bool
    created_at: datetime
    updated_at: datetime

    @property
    def keys(self) -> tuple[str, ...]:
        """The user keys under which systems may know the person."""
        return tuple({name.casefold() for name in (self.user_name, self.account) if name})


class UserNameTaken(Exception):
    """Another person of the tenant has this user name, compared without case."""


@dataclass(frozen=True, slots=True)
class UserLine:
    """Somebody who uses systems now: on how many, as whose primary user, and logged on to how many."""

    user: SystemUser
    systems: int
    primary: int
    logged_on: int


@dataclass(frozen=True, slots=True)
class UsedSystem:
    """A system and what is true of one user on it; ``since`` when."""

    system: System
    user: SystemUser
    since: datetime
