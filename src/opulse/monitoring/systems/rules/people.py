"""What a directory adds to the users of systems, and what one more word about a user changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from opulse.monitoring.systems.models import Person, PersonEntry, SystemUser


def lay_person(user: SystemUser, person: Person | None) -> SystemUser:
    """The user with the address and names that the directory has; without an address when the person is not active any more."""
    if person is None:
        return user
    if not person.is_active:
        return replace(user, email="")
    return replace(
        user,
        email=person.email or user.email,
        first_name=person.first_name or user.first_name,
        last_name=person.last_name or user.last_name,
        department=person.department or user.department,
        language=person.language or user.language,
    )


def lay_entry(known: Person, entry: PersonEntry) -> Person:
    """The person as the entry says; what it leaves out stays."""
    said = {
        "account": entry.account,
        "email": entry.email,
        "first_name": entry.first_name,
        "last_name": entry.last_name,
        "display_name": entry.display_name,
        "department": entry.department,
        "language": entry.language,
        "is_active": entry.is_active,
    }
    given = {name: value for name, value in said.items() if value is not None}
    return replace(known, user_name=entry.user_name, **given)  # type: ignore[arg-type]  # str but for is_active


def name_primary(users: Iterable[SystemUser], key: str | None) -> list[SystemUser] | None:
    """The users once the one of this casefolded id is the only primary one (None: nobody is). None: no user has the id."""
    known = list(users)
    if key is not None and all(user.user_id.casefold() != key for user in known):
        return None
    return [replace(user, is_primary=user.user_id.casefold() == key) for user in known]


def add_users(holding: Mapping[str, SystemUser], named: Iterable[SystemUser]) -> list[SystemUser]:
    """All users of a system after a file named some: known ones keep what the file leaves empty, and there is one primary."""
    users = dict(holding)
    for user in named:
        key = user.user_id.casefold()
        if user.is_primary:
            users = {other: replace(one, is_primary=False) for other, one in users.items()}
        users[key] = _laid_over(users[key], user) if key in users else user
    return list(users.values())


def _laid_over(known: SystemUser, user: SystemUser) -> SystemUser:
    return SystemUser(
        known.user_id,
        user.email or known.email,
        user.first_name or known.first_name,
        user.last_name or known.last_name,
        user.language or known.language,
        user.is_primary or known.is_primary,
        user.is_logged_on or known.is_logged_on,
        user.last_logon or known.last_logon,
        user.department or known.department,
    )
