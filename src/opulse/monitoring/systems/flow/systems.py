"""Systems and their users: taken in bulk, listed, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.db import chunked
from opulse.monitoring.systems import rules, views
from opulse.monitoring.systems.flow.facts import keep_facts_in
from opulse.monitoring.systems.flow.groups import seed_groups_in
from opulse.monitoring.systems.flow.members import write_members_in
from opulse.monitoring.systems.flow.reports import forget_reports_in
from opulse.monitoring.systems.flow.users import add_users_in, set_users_in
from opulse.monitoring.systems.models import (
    ALL_SYSTEMS_IDX,
    Numbered,
    RefusedSystem,
    System,
    SystemEntry,
    SystemUser,
    TakenSystem,
)
from opulse.monitoring.systems.store import facts, groups, systems
from opulse.monitoring.systems.store.numbers import take_numbers
from opulse.ports import Ports
from opulse.tenancy import audit_in
from opulse.wire.identifiers import new_guid_in_order

_AT_ONCE = 500  # systems per write unit: with their users about 2,000 rows


@dataclass(frozen=True, slots=True)
class SystemPage:
    """Some systems, how many there are in all, and the index to go on after (None: these were the last)."""

    systems: list[System]
    total: int
    next: int | None


async def take_systems(
    ports: Ports, tenant: int, entries: Sequence[SystemEntry]
) -> tuple[list[TakenSystem], list[RefusedSystem]]:
    """Add or change systems by GUID, else by name, and set their users; lines that cannot be taken are refused by index."""
    lines, refused = rules.check_lines(entries)
    taken: list[TakenSystem] = []
    for chunk in chunked(lines, _AT_ONCE):
        done, more = await ports.db.write(take_systems_in, tenant, chunk, ports.clock.now())
        taken += done
        refused += more
    return taken, sorted(refused, key=lambda line: line.index)


async def delete_system(ports: Ports, tenant: int, guid: str, actor: str) -> bool:
    """Take the system out of every group and leave a tombstone. False: there is no such system."""
    return await ports.db.write(_delete_in, tenant, guid, actor, ports.clock.now())


async def find_system(ports: Ports, tenant: int, guid: str) -> System | None:
    """The system with the users it has now."""
    return await ports.db.read(_find_with_users, tenant, guid, ports.clock.now())


async def list_users(ports: Ports, tenant: int, guid: str) -> list[SystemUser] | None:
    """Who uses the system now; None: there is no such system."""
    found = await find_system(ports, tenant, guid)
    return None if found is None else list(found.users)


async def list_systems(
    ports: Ports, tenant: int, search: str, after: int, limit: int, retired: bool | None = None
) -> SystemPage:
    """Living systems with their present users, in order of index, beyond ``after``.

    ``retired``: only those that are, or only those that are not; None: all.
    """
    return await ports.db.read(_list_page, tenant, search, after, limit, retired, ports.clock.now())


async def list_last_reports(ports: Ports, tenant: int, idxs: Sequence[int]) -> dict[int, datetime]:
    """When these systems last reported, to the hour, however long ago; those that never did are absent."""
    return await ports.db.read(views.list_last_reports, tenant, idxs)


async def list_by_fqdn(ports: Ports, tenant: int, fqdn: str, limit: int) -> list[System]:
    """Living systems of this full name."""
    return await ports.db.read(views.list_by_fqdn, tenant, fqdn, limit)


async def list_member_page(ports: Ports, tenant: int, group_idx: int, after: int, limit: int) -> SystemPage:
    """Members of a group in order of index, beyond ``after``."""
    return await ports.db.read(_list_members, tenant, group_idx, after, limit)


async def find_named(ports: Ports, tenant: int, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Systems that people wrote down, by name, full name or GUID: their GUIDs, and the words that mean none or several."""
    return await ports.db.read(_find_named, tenant, words)


def take_systems_in(
    conn: Connection, tenant: int, lines: Sequence[rules.Line], now: datetime
) -> tuple[list[TakenSystem], list[RefusedSystem]]:
    """:func:`take_systems` for some hundred checked lines, inside a unit."""
    living = _lock_estate(conn, tenant, now)
    matches, refused = rules.match_lines(lines, _find_known(conn, tenant, lines))
    fresh = sum(match.known is None for match in matches)
    number = take_numbers(conn, tenant, Numbered.SYSTEM, fresh) if fresh else 0
    new: list[System] = []
    changed: list[System] = []
    spoken: dict[int, System] = {}
    people: dict[int, Sequence[SystemUser]] = {}
    further: dict[int, Sequence[SystemUser]] = {}
    taken: list[TakenSystem] = []
    for match in matches:
        entry, known = match.line.entry, match.known
        start = known or System(number + len(new), entry.guid or new_guid_in_order(now), entry.name)
        system = rules.lay_over(start, entry)
        if known is None:
            new.append(system)
        elif system != known:
            changed.append(system)
        spoken[system.idx] = system
        if entry.users is not None:
            (further if entry.adds_users else people)[system.idx] = entry.users
        taken.append(TakenSystem(match.line.index, system.idx, system.guid, system.name, known is None))
    systems.insert_systems(conn, tenant, new, now)
    systems.update_systems(conn, tenant, changed, now)
    touched = {system.idx for system in (*new, *changed)}
    touched |= set_users_in(conn, tenant, people, now) | add_users_in(conn, tenant, further, now)
    write_members_in(conn, tenant, ALL_SYSTEMS_IDX, living, living | BitMap(spoken), now)
    keep_facts_in(conn, tenant, [spoken[idx] for idx in sorted(touched)], now)
    return [replace(line, changed=line.idx in touched) for line in taken], refused


def _lock_estate(conn: Connection, tenant: int, now: datetime) -> BitMap:
    """The living systems. One request at a time may add systems, else two could add the same name."""
    seed_groups_in(conn, tenant, now)
    return groups.lock_members(conn, tenant, ALL_SYSTEMS_IDX)


def _find_known(conn: Connection, tenant: int, lines: Sequence[rules.Line]) -> rules.Known:
    guids = [line.entry.guid for line in lines if line.entry.guid is not None]
    names = [line.entry.name.casefold() for line in lines if line.entry.guid is None]
    by_guid = systems.find_by_guids(conn, tenant, guids) if guids else {}
    by_name = systems.find_by_names(conn, tenant, names) if names else {}
    serials = [line.entry.serial.casefold() for line in lines if line.entry.by_serial and line.entry.serial]
    by_serial = systems.find_by_serials(conn, tenant, serials) if serials else {}
    return rules.Known(by_guid, by_name, by_serial)


def _delete_in(conn: Connection, tenant: int, guid: str, actor: str, now: datetime) -> bool:
    members = groups.lock_all_members(conn, tenant)
    system = views.find_system(conn, tenant, guid)
    if system is None:
        return False
    systems.mark_deleted(conn, tenant, [system.idx], now)
    set_users_in(conn, tenant, {system.idx: ()}, now)
    facts.delete_facts(conn, tenant, [system.idx])
    gone = BitMap([system.idx])
    forget_reports_in(conn, tenant, gone, now)
    for idx, before in members.items():
        write_members_in(conn, tenant, idx, before, before - gone, now)
    audit_in(conn, tenant, actor, "system.deleted", system.name, {"system_id": system.guid}, None, now)
    return True


def _find_with_users(conn: Connection, tenant: int, guid: str, now: datetime) -> System | None:
    found = views.find_system(conn, tenant, guid)
    return None if found is None else views.list_systems_at(conn, tenant, [found.idx], now)[0]


def _list_page(
    conn: Connection, tenant: int, search: str, after: int, limit: int, retired: bool | None, now: datetime
) -> SystemPage:
    found = views.list_page(conn, tenant, search, after, limit + 1, retired)
    shown = views.list_systems_at(conn, tenant, [system.idx for system in found[:limit]], now)
    total = views.count_systems(conn, tenant, search, retired)
    return SystemPage(shown, total, shown[-1].idx if len(found) > limit else None)


def _list_members(conn: Connection, tenant: int, group_idx: int, after: int, limit: int) -> SystemPage:
    members = views.list_members(conn, tenant, group_idx)
    start = members.rank(after)
    shown = views.list_systems_at(conn, tenant, members[start : start + limit])
    more = start + limit < len(members)
    return SystemPage(shown, len(members), shown[-1].idx if more and shown else None)


def _find_named(conn: Connection, tenant: int, words: Sequence[str]) -> tuple[list[str], list[str]]:
    keys = {word: word.casefold() for word in words}
    named = views.find_by_any_name(conn, tenant, set(keys.values()))
    found = {word: named.get(key, []) for word, key in keys.items()}
    guids = [guids[0] for guids in found.values() if len(guids) == 1]
    return guids, [word for word, guids in found.items() if len(guids) != 1]
