"""Joins the doors of workflows to the stages behind them: answers of impact, and groups of the other wing where it is here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.db import chunked
from opulse.experience.directory.models import Person
from opulse.experience.impact import views as impact
from opulse.experience.workflows import doors
from opulse.monitoring.systems import views as systems

STEP = 1_000


def open_doors(wing: str) -> None:
    """Offer what this process has. ``wing``: all, monitoring, experience."""
    doors.open_answers_door(_share)
    if wing == "all":
        doors.open_groups_doors(_groups, _people)


def _share(
    conn: Connection, tenant: int, activation: str, question: str, choices: Sequence[str]
) -> doors.AnswerShare:
    return doors.AnswerShare(*impact.read_share(conn, tenant, activation, question, choices))


def _groups(conn: Connection, tenant: int) -> list[doors.OfferedGroup]:
    return [doors.OfferedGroup(one.guid, one.name, one.size) for one in systems.list_groups(conn, tenant)]


def _people(conn: Connection, tenant: int, group: str, now: datetime) -> list[Person]:
    """Per system whoever is logged on now, else its primary user; each person once. A group is read a page at a time."""
    chosen = next((one for one in systems.list_groups(conn, tenant) if one.guid == group), None)
    if chosen is None:
        raise LookupError(group)
    found: dict[str, Person] = {}
    for page in chunked(list(systems.list_members(conn, tenant, chosen.idx)), STEP):
        for system in systems.list_systems_at(conn, tenant, page, now):
            logged_on = [user for user in system.users if user.is_logged_on]
            for user in logged_on or [user for user in system.users if user.is_primary]:
                person = Person(user.user_id, user.email, user.first_name, user.last_name, user.language)
                found.setdefault(person.key, person)
    return list(found.values())
