"""Groups: made, renamed, filled, deleted. Every change of members is also a journal record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec
from pyroaring import BitMap
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.journal import append_in
from opulse.monitoring.systems.models import (
    Group,
    GroupKind,
    GroupProblem,
    GroupRefused,
    MembersRecord,
    Numbered,
    RecordKind,
)
from opulse.monitoring.systems.store import groups
from opulse.monitoring.systems.store.numbers import take_numbers
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def create_group(ports: Ports, tenant: int, name: str, members: Sequence[str], actor: str) -> Group:
    """A new static group of the systems with these GUIDs.

    Raises:
        GroupRefused: the name is taken, or a member is no system of the tenant.
    """
    now = ports.clock.now()
    return await ports.db.write(_create_in, tenant, name.strip(), members, actor, now)


async def change_group(
    ports: Ports, tenant: int, guid: str, name: str, members: Sequence[str] | None, actor: str
) -> Group | None:
    """Rename the group and, where ``members`` are given, replace its members. None: there is no such group.

    Raises:
        GroupRefused: the group is built in, the name is taken, or a member is no system of the tenant.
    """
    now = ports.clock.now()
    return await ports.db.write(_change_in, tenant, guid, name.strip(), members, actor, now)


async def change_members(
    ports: Ports, tenant: int, guid: str, add: Sequence[str], remove: Sequence[str], actor: str
) -> Group | None:
    """Put systems into the group and take others out. None: there is no such group.

    Raises:
        GroupRefused: the group is built in, or a system is none of the tenant's.
    """
    now = ports.clock.now()
    return await ports.db.write(_change_members_in, tenant, guid, add, remove, actor, now)


async def delete_group(ports: Ports, tenant: int, guid: str, actor: str) -> bool:
    """Empty the group and leave a tombstone. False: there is no such group.

    Raises:
        GroupRefused: the group is built in.
    """
    return await ports.db.write(_delete_in, tenant, guid, actor, ports.clock.now())


async def list_groups(ports: Ports, tenant: int) -> list[Group]:
    """All groups, All Systems first, then by name."""
    return await ports.db.read(views.list_groups, tenant)


async def find_group(ports: Ports, tenant: int, guid: str) -> Group | None:
    """The group with this GUID."""
    return await ports.db.read(views.find_group, tenant, guid)


def seed_groups_in(conn: Connection, tenant: int, now: datetime) -> None:
    """Give the tenant its built-in group; does nothing where it is there."""
    groups.ensure_all_systems(conn, tenant, now)


def _create_in(
    conn: Connection, tenant: int, name: str, members: Sequence[str], actor: str, now: datetime
) -> Group:
    chosen = _resolve(conn, tenant, members)
    idx = take_numbers(conn, tenant, Numbered.GROUP, 1)
    group = Group(idx, str(uuid4()), name, GroupKind.STATIC, len(chosen))
    _refuse_taken(conn, tenant, name, idx)
    try:
        groups.insert_group(conn, tenant, group, chosen, now)
    except IntegrityError as error:  # made by somebody else since we looked
        raise GroupRefused(GroupProblem.NAME_TAKEN, (name,)) from error
    _record(conn, tenant, idx, chosen, BitMap(), now)
    audit_in(conn, tenant, actor, "group.created", name, None, {"systems": len(chosen)}, now)
    return group


def _change_in(
    conn: Connection,
    tenant: int,
    guid: str,
    name: str,
    members: Sequence[str] | None,
    actor: str,
    now: datetime,
) -> Group | None:
    group = _find_static(conn, tenant, guid)
    if group is None:
        return None
    if name != group.name:
        _refuse_taken(conn, tenant, name, group.idx)
        groups.rename_group(conn, tenant, group.idx, name, now)
    if members is not None:
        before = groups.lock_members(conn, tenant, group.idx)
        write_members_in(conn, tenant, group.idx, before, _resolve(conn, tenant, members), now)
    changed = views.find_group_by_idx(conn, tenant, group.idx)
    after = None if changed is None else _shown(changed)
    audit_in(conn, tenant, actor, "group.changed", group.name, _shown(group), after, now)
    return changed


def _change_members_in(
    conn: Connection,
    tenant: int,
    guid: str,
    add: Sequence[str],
    remove: Sequence[str],
    actor: str,
    now: datetime,
) -> Group | None:
    group = _find_static(conn, tenant, guid)
    if group is None:
        return None
    coming, going = _resolve(conn, tenant, add), _resolve(conn, tenant, remove)
    before = groups.lock_members(conn, tenant, group.idx)
    after = (before | coming) - going
    write_members_in(conn, tenant, group.idx, before, after, now)
    change = {"added": len(after - before), "removed": len(before - after)}
    audit_in(conn, tenant, actor, "group.members_changed", group.name, _shown(group), change, now)
    return views.find_group_by_idx(conn, tenant, group.idx)


def _delete_in(conn: Connection, tenant: int, guid: str, actor: str, now: datetime) -> bool:
    group = _find_static(conn, tenant, guid)
    if group is None:
        return False
    before = groups.lock_members(conn, tenant, group.idx)
    groups.mark_deleted(conn, tenant, group.idx, now)
    _record(conn, tenant, group.idx, BitMap(), before, now)
    audit_in(conn, tenant, actor, "group.deleted", group.name, _shown(group), None, now)
    return True


def write_members_in(
    conn: Connection, tenant: int, idx: int, before: BitMap, after: BitMap, now: datetime
) -> None:
    """Set a group's members where they differ from ``before``, which the caller has locked, and record the change."""
    if before != after:
        groups.set_members(conn, tenant, idx, after, now)
        _record(conn, tenant, idx, after - before, before - after, now)


def _record(conn: Connection, tenant: int, idx: int, added: BitMap, removed: BitMap, now: datetime) -> None:
    record = MembersRecord(idx, added.serialize(), removed.serialize())
    append_in(conn, tenant, RecordKind.MEMBERS, msgspec.msgpack.encode(record), now)


def _find_static(conn: Connection, tenant: int, guid: str) -> Group | None:
    group = views.find_group(conn, tenant, guid)
    if group is not None and group.kind is GroupKind.ALL:
        raise GroupRefused(GroupProblem.BUILT_IN, (group.name,))
    return group


def _refuse_taken(conn: Connection, tenant: int, name: str, idx: int) -> None:
    other = views.find_group_by_name(conn, tenant, name)
    if other is not None and other.idx != idx:
        raise GroupRefused(GroupProblem.NAME_TAKEN, (name,))


def _resolve(conn: Connection, tenant: int, guids: Sequence[str]) -> BitMap:
    wanted = [guid.lower() for guid in guids]
    known = views.map_living(conn, tenant, wanted)
    unknown = tuple(guid for guid in wanted if guid not in known)
    if unknown:
        raise GroupRefused(GroupProblem.UNKNOWN_SYSTEM, unknown[:20])
    return BitMap(known.values())


def _shown(group: Group) -> dict[str, str | int]:
    return {"name": group.name, "systems": group.size}
