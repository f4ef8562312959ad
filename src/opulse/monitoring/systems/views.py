"""What downstream stages may ask of the estate inside their own units and queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from pyroaring import BitMap
from sqlalchemy import Connection, Row

from opulse.monitoring.systems.models import (
    RETIRED_IDX,
    Group,
    JournalEntry,
    RecordRefused,
    System,
    SystemImport,
    SystemUser,
)
from opulse.monitoring.systems.store import groups, imports, journal, occupied, reports, systems, users
from opulse.monitoring.systems.store.tables import groups as group_rows
from opulse.monitoring.systems.store.tables import system_users
from opulse.monitoring.systems.store.tables import systems as system_rows

user_links = system_users
"""Who used which system from when to when: for statements that join people across the tenant."""


def list_systems_at(
    conn: Connection, tenant: int, idxs: Iterable[int], users_at: datetime | None = None
) -> list[System]:
    """The systems with these indices (at most a page of 1,000), in order of index, tombstones included.

    With ``users_at`` each carries the users it had at that time.
    """
    wanted = list(idxs)
    found = systems.list_by_idx(conn, tenant, wanted)
    if users_at is None:
        return found
    links = users.list_as_of(conn, tenant, wanted, users_at)
    by_system = {idx: tuple(link.user for link in own) for idx, own in groupby(links, attrgetter("system"))}
    return [replace(system, users=by_system.get(system.idx, ())) for system in found]


def walk_by_start(
    conn: Connection, tenant: int, start: str, page: int
) -> Iterator[list[tuple[int, str, str]]]:
    """Pages of ``(idx, GUID, name)``: the systems whose name begins with ``start``, by name, then those whose GUID does.

    Tombstones included. The reader stops when it has enough.
    """
    for column in (system_rows.c.name_key, system_rows.c.guid):
        after = ("", -1)
        while found := systems.list_by_start(conn, tenant, column, start.casefold(), after, page):
            yield [(row.idx, row.guid, row.name) for row in found]
            after = (found[-1].key, found[-1].idx)


def list_occupied(
    conn: Connection, tenant: int, idxs: Iterable[int], at: datetime
) -> Sequence[Row[tuple[Any, ...]]]:
    """One row per system and user at that time, in order of index; the columns are those of the store's function."""
    return occupied.list_occupied(conn, tenant, idxs, at)


def find_system(conn: Connection, tenant: int, guid: str) -> System | None:
    """The living system with this GUID, without users."""
    found = systems.find_by_guids(conn, tenant, [guid.lower()]).get(guid.lower())
    return None if found is None or found.deleted else found


def map_living(conn: Connection, tenant: int, guids: Iterable[str]) -> dict[str, int]:
    """Lower-case GUID → index, of the living systems among these."""
    return systems.map_living(conn, tenant, guids)


def list_users(conn: Connection, tenant: int, system_idx: int, at: datetime) -> list[SystemUser]:
    """Who used the system at that time."""
    return [link.user for link in users.list_as_of(conn, tenant, [system_idx], at)]


def list_page(
    conn: Connection, tenant: int, search: str, after: int, limit: int, retired: bool | None = None
) -> list[System]:
    """Living systems beyond index ``after`` whose name, full name, serial number or site contains ``search``, in order of index.

    ``retired``: only those that are, or only those that are not; None: all.
    """
    return systems.list_page(conn, tenant, search, after, limit, retired)


def count_systems(conn: Connection, tenant: int, search: str = "", retired: bool | None = None) -> int:
    """How many living systems a search finds."""
    return systems.count_matching(conn, tenant, search, retired)


def list_by_fqdn(conn: Connection, tenant: int, fqdn: str, limit: int) -> list[System]:
    """Living systems of this full name, compared without case."""
    return systems.list_by_fqdn(conn, tenant, fqdn, limit)


def find_by_any_name(conn: Connection, tenant: int, words: Iterable[str]) -> dict[str, list[str]]:
    """Casefolded word → GUIDs of the living systems that have it as name, full name or GUID."""
    return systems.find_by_any_name(conn, tenant, words)


def list_unique_names(conn: Connection, tenant: int, idxs: Iterable[int]) -> list[str]:
    """What each of these systems alone is called: its name, or its GUID where another has the name too."""
    found = [system for system in systems.list_by_idx(conn, tenant, idxs) if not system.deleted]
    called = systems.find_by_any_name(conn, tenant, {system.name.casefold() for system in found})
    return [
        system.name if called.get(system.name.casefold()) == [system.guid] else system.guid
        for system in found
    ]


def find_group(conn: Connection, tenant: int, guid: str) -> Group | None:
    """The group with this GUID; None when unknown or deleted."""
    return groups.find_group(conn, tenant, group_rows.c.guid == guid.lower())


def find_group_by_idx(conn: Connection, tenant: int, idx: int) -> Group | None:
    """The group with this index; None when unknown or deleted."""
    return groups.find_group(conn, tenant, group_rows.c.idx == idx)


def find_group_by_name(conn: Connection, tenant: int, name: str) -> Group | None:
    """The group of this name, compared without case."""
    return groups.find_group(conn, tenant, group_rows.c.name_key == name.casefold())


def list_groups(conn: Connection, tenant: int) -> list[Group]:
    """All groups by name, All Systems first."""
    return groups.list_groups(conn, tenant)


def list_members(conn: Connection, tenant: int, group_idx: int) -> BitMap:
    """Indices of the group's living members that are not retired."""
    return groups.find_members(conn, tenant, group_idx) - list_retired(conn, tenant)


def list_retired(conn: Connection, tenant: int) -> BitMap:
    """Indices of the retired systems."""
    return groups.find_members(conn, tenant, RETIRED_IDX)


def list_all_members(conn: Connection, tenant: int) -> dict[int, BitMap]:
    """Members of every group by its index, and the retired systems by theirs: where the evaluator begins."""
    return groups.list_all_members(conn, tenant)


def list_last_reports(conn: Connection, tenant: int, idxs: Iterable[int]) -> dict[int, datetime]:
    """When these systems last reported, to the hour; those that never did are absent."""
    return reports.list_last(conn, tenant, BitMap(idxs))


def find_journal_time(conn: Connection, tenant: int, position: int) -> datetime | None:
    """When the record at this position was taken; None once it is forgotten."""
    return journal.find_time(conn, tenant, position)


def newest_positions(conn: Connection) -> dict[int, int]:
    """By tenant, the position of the newest record of its journal. For a look across tenants that tells none of them."""
    return journal.newest_positions(conn)


def list_journal(conn: Connection, tenant: int, after: int, limit: int) -> list[JournalEntry]:
    """Journal records beyond position ``after``, in order."""
    return journal.list_entries(conn, tenant, after, limit)


def find_answer(conn: Connection, tenant: int, source: str, batch: str) -> bytes | None:
    """What the source was told when it sent this batch before; None: it has not."""
    return journal.find_answer(conn, tenant, source, batch)


def find_import(conn: Connection, tenant: int, import_id: str) -> SystemImport | None:
    """A file of systems or people on its way in."""
    return imports.find_import(conn, tenant, import_id)


def list_imports(conn: Connection, tenant: int, limit: int) -> list[SystemImport]:
    """Newest first."""
    return imports.list_imports(conn, tenant, limit)


def list_refused(
    conn: Connection, tenant: int, import_id: str, after: int, limit: int
) -> list[RecordRefused]:
    """Refused records of a file by line, from the one behind line ``after``."""
    return imports.list_refused(conn, tenant, import_id, after, limit)
