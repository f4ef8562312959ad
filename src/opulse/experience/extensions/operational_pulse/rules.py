"""Whom to ask about an affected system, and which sensors the event names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from opulse.experience.directory.models import Person
from opulse.experience.extensions.operational_pulse.models import (
    LAST_LOGON_DAYS,
    AffectedPerson,
    ReachReason,
)
from opulse.wire.affected import AffectedSystem, AffectedUser, seconds_since

_DAY = 86_400


def choose_people(systems: Iterable[AffectedSystem], as_of: str | None) -> list[AffectedPerson]:
    """Everybody logged on at activation; else the primary user; else the last one within 7 days (spine.md 4)."""
    chosen: list[AffectedPerson] = []
    for system in systems:
        name = system.system_name or system.fqdn or system.system_id
        users = _users_to_ask(system.users or [], as_of)
        if not users:
            chosen.append(AffectedPerson(system.system_id, name, None, ReachReason.NO_USER))
        for user in users:
            person = Person(user.user_id, user.email or "", user.first_name or "", user.last_name or "")
            chosen.append(AffectedPerson(system.system_id, name, person, ReachReason.REACHED))
    return chosen


def _users_to_ask(users: Sequence[AffectedUser], as_of: str | None) -> Sequence[AffectedUser]:
    logged_on = [user for user in users if user.is_logged_on]
    if logged_on:
        return logged_on
    primary = [user for user in users if user.is_primary]
    if primary:
        return primary
    recent = sorted(
        (since, user.user_id, user)
        for user in users
        if (since := seconds_since(user.last_logon, as_of)) is not None and since <= LAST_LOGON_DAYS * _DAY
    )
    return [recent[0][2]] if recent else []


def sensor_names(value: object) -> list[str]:
    """The names as the event carried them: a JSON array, or one text separated by commas."""
    if isinstance(value, list):
        return [str(name) for name in value if str(name).strip()]
    return [part.strip() for part in str(value or "").split(",") if part.strip()]
