"""People of the organisation's directory: written by SCIM or an import; the users of systems follow in the same unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.monitoring.systems.flow.facts import keep_facts_in
from opulse.monitoring.systems.flow.users import follow_people_in
from opulse.monitoring.systems.models import Person, PersonEntry, UserNameTaken
from opulse.monitoring.systems.rules.people import lay_entry
from opulse.monitoring.systems.store import people, systems
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def create_person(ports: Ports, tenant: int, entry: PersonEntry, actor: str) -> Person:
    """A new person.

    Raises:
        UserNameTaken: the tenant has one of this user name.
    """
    return await ports.db.write(_create_in, tenant, entry, actor, ports.clock.now())


async def change_person(
    ports: Ports, tenant: int, person: str, entry: PersonEntry, actor: str
) -> Person | None:
    """What the entry leaves out stays. None: there is no such person.

    Raises:
        UserNameTaken: another person has this user name.
    """
    return await ports.db.write(_change_in, tenant, person, entry, actor, ports.clock.now())


async def delete_person(ports: Ports, tenant: int, person: str, actor: str) -> bool:
    """Users of systems keep what they were given, but for the address: nobody asks them by it. False: there is no such person."""
    return await ports.db.write(_delete_in, tenant, person, actor, ports.clock.now())


async def find_person(ports: Ports, tenant: int, person: str) -> Person | None:
    """The one with this id."""
    return await ports.db.read(people.find_person, tenant, person)


async def list_people(
    ports: Ports, tenant: int, start: int, limit: int, which: dict[str, str]
) -> tuple[int, list[Person]]:
    """How many have these texts in these fields, and some of them by user name, from the ``start``-th on (from 0)."""
    return await ports.db.read(people.list_people, tenant, start, limit, which)


def take_people_in(
    conn: Connection, tenant: int, entries: Sequence[PersonEntry], now: datetime
) -> tuple[int, int, int]:
    """Add or change some hundred people by user name: how many were created, changed, and as they were. Of two entries for one
    person the later one adds to the earlier."""
    known = people.find_by_user_names(conn, tenant, {entry.user_name.casefold() for entry in entries})
    before = dict(known)
    for entry in entries:
        key = entry.user_name.casefold()
        known[key] = lay_entry(known.get(key) or _new(entry, now), entry)
    changed = {key: one for key, one in known.items() if before.get(key) != one}
    _write_in(conn, tenant, list(changed.values()), list(before.values()), now)
    created = sum(key not in before for key in changed)
    return created, len(changed) - created, len(known) - len(changed)


def _create_in(conn: Connection, tenant: int, entry: PersonEntry, actor: str, now: datetime) -> Person:
    if people.find_by_user_names(conn, tenant, [entry.user_name.casefold()]):
        raise UserNameTaken(entry.user_name)
    person = lay_entry(_new(entry, now), entry)
    _write_in(conn, tenant, [person], [], now)
    audit_in(conn, tenant, actor, "person.created", person.user_name, None, _shown(person), now)
    return person


def _change_in(
    conn: Connection, tenant: int, person: str, entry: PersonEntry, actor: str, now: datetime
) -> Person | None:
    before = people.find_person(conn, tenant, person)
    if before is None:
        return None
    other = people.find_by_user_names(conn, tenant, [entry.user_name.casefold()])
    if any(one.id != person for one in other.values()):
        raise UserNameTaken(entry.user_name)
    after = lay_entry(before, entry)
    if after == before:
        return before
    _write_in(conn, tenant, [after], [before], now)
    audit_in(conn, tenant, actor, "person.changed", after.user_name, _shown(before), _shown(after), now)
    return people.find_person(conn, tenant, person)


def _delete_in(conn: Connection, tenant: int, person: str, actor: str, now: datetime) -> bool:
    before = people.find_person(conn, tenant, person)
    if before is None:
        return False
    gone = lay_entry(before, PersonEntry(before.user_name, is_active=False))
    _write_in(conn, tenant, [gone], [before], now)
    people.delete_person(conn, tenant, person)
    audit_in(conn, tenant, actor, "person.deleted", before.user_name, _shown(before), None, now)
    return True


def _write_in(
    conn: Connection, tenant: int, changed: Sequence[Person], before: Sequence[Person], now: datetime
) -> None:
    if not changed:
        return
    try:
        people.write_people(conn, tenant, [_stamped(one, now) for one in changed])
    except IntegrityError as error:  # made by somebody else since we looked
        raise UserNameTaken(changed[0].user_name) from error
    keys = {key for one in (*changed, *before) for key in one.keys}
    touched = follow_people_in(conn, tenant, sorted(keys), now)
    keep_facts_in(conn, tenant, systems.list_by_idx(conn, tenant, sorted(touched)), now)


def _stamped(one: Person, now: datetime) -> Person:
    return replace(one, updated_at=now)


def _new(entry: PersonEntry, now: datetime) -> Person:
    return Person(str(uuid4()), entry.user_name, "", "", "", "", "", "", "", True, now, now)


def _shown(person: Person) -> dict[str, str | bool]:
    """For the audit trail: who, not how to reach them."""
    return {"user_name": person.user_name, "department": person.department, "active": person.is_active}
