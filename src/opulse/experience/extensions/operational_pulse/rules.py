"""Whom to ask about an affected system, and which sensors the event names. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from opulse.experience.directory.models import Person
from opulse.experience.extensions.operational_pulse.models import (
    LAST_LOGON_DAYS,
    AffectedPerson,
    ReachReason,
    Target,
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


def is_on(value: object) -> bool:
    """Whether a switch of a form is on."""
    return str(value).lower() in ("true", "yes", "1", "on")


def qualtrics_target(form: Mapping[str, Any]) -> Target | None:
    """The directory at Qualtrics that the task writes into; None: it writes into one of ours."""
    if form.get("directory_at") != "qualtrics":
        return None
    directory, list_id = (
        str(form.get(name) or "").strip() for name in ("qualtrics_directory", "qualtrics_list")
    )
    return Target(directory, list_id, is_on(form.get("create_contacts", "")))


def target_problems(target: Target) -> list[str]:
    """What is wrong with the ids as typed."""
    wanted = (
        ("Qualtrics Directory ID", "POOL_", target.directory),
        ("Qualtrics List ID", "CG_", target.list_id),
    )
    return [
        f"{label} is {prefix} and 15 letters or digits, as Qualtrics shows it under Qualtrics IDs"
        for label, prefix, text in wanted
        if not (text.startswith(prefix) and len(text) == len(prefix) + 15 and text[len(prefix) :].isalnum())
    ]


def as_text_patch(sensors: Iterable[str], at: str) -> dict[str, str]:
    """What is written on a contact at Qualtrics, where embedded data is text; the activation's id comes with the page."""
    return {"lastAlarm": ", ".join(sensors), "lastAlarmAt": at}
