"""Groups: made, renamed, filled, deleted. Every change of members is also a journal record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from pyroaring import BitMap
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.jobs import enqueue
from opulse.monitoring.systems import views
from opulse.monitoring.systems.flow.dynamic import fill_group, find_matching, read_rule
from opulse.monitoring.systems.flow.facts import fill_facts
from opulse.monitoring.systems.flow.members import record_members_in, write_members_in
from opulse.monitoring.systems.flow.uses import list_uses_in
from opulse.monitoring.systems.models import (
    GROUP_RULED,
    Filter,
    Group,
    GroupKind,
    GroupProblem,
    GroupRefused,
    Numbered,
    System,
)
from opulse.monitoring.systems.store import groups
from opulse.monitoring.systems.store.numbers import take_numbers
from opulse.ports import Ports
from opulse.tenancy import audit_in

FIRST_MATCHES = 20


@dataclass(frozen=True, slots=True)
class RulePreview:
    """How many systems a filter is true of now, and the first of them with their users."""

    count: int
    first: list[System]


async def create_group(ports: Ports, tenant: int, name: str, members: Sequence[str], actor: str) -> Group:
    """A new static group of the systems with these GUIDs.

    Raises:
        GroupRefused: the name is taken, or a member is no system of the tenant.
    """
    now = ports.clock.now()
    return await ports.db.write(create_group_in, tenant, name.strip(), members, actor, now)


async def create_ruled_group(ports: Ports, tenant: int, name: str, rule: str, actor: str) -> Group:
    """A new dynamic group, filled with the systems that its filter is true of.

    Raises:
        GroupRefused: the name is taken, or the filter cannot be read.
    """
    read_rule(rule)
    group = await ports.db.write(create_ruled_group_in, tenant, name.strip(), rule, actor, ports.clock.now())
    return await _filled(ports, tenant, group)


async def change_rule(ports: Ports, tenant: int, guid: str, name: str, rule: str, actor: str) -> Group | None:
    """Rename a dynamic group and give it another filter. None: there is no such group.

    Raises:
        GroupRefused: the group is not a dynamic one, the name is taken, or the filter cannot be read.
    """
    read_rule(rule)
    now = ports.clock.now()
    group = await ports.db.write(change_rule_in, tenant, guid, name.strip(), rule, actor, now)
    return None if group is None else await _filled(ports, tenant, group)


async def preview_rule(ports: Ports, tenant: int, rule: str) -> RulePreview:
    """What a dynamic group of this filter would hold now.

    Raises:
        GroupRefused: the filter cannot be read.
    """
    term = read_rule(rule)
    await fill_facts(ports, tenant)
    return await ports.db.read(_preview, tenant, term, ports.clock.now())


async def change_group(
    ports: Ports, tenant: int, guid: str, name: str, members: Sequence[str] | None, actor: str
) -> Group | None:
    """Rename the group and, where ``members`` are given, replace its members. None: there is no such group.

    Raises:
        GroupRefused: the group is built in, the name is taken, or a member is no system of the tenant.
    """
    now = ports.clock.now()
    return await ports.db.write(change_group_in, tenant, guid, name.strip(), members, actor, now)


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
        GroupRefused: the group is built in, or something watches it; ``what`` names it.
    """
    return await ports.db.write(delete_group_in, tenant, guid, actor, ports.clock.now())


async def list_groups(ports: Ports, tenant: int) -> list[Group]:
    """All groups, All Systems first, then by name."""
    return await ports.db.read(views.list_groups, tenant)


async def find_group(ports: Ports, tenant: int, guid: str) -> Group | None:
    """The group with this GUID."""
    return await ports.db.read(views.find_group, tenant, guid)


def seed_groups_in(conn: Connection, tenant: int, now: datetime) -> None:
    """Give the tenant its built-in group; does nothing where it is there."""
    groups.ensure_all_systems(conn, tenant, now)


def create_group_in(
    conn: Connection, tenant: int, name: str, members: Sequence[str], actor: str, now: datetime
) -> Group:
    """:func:`create_group` inside another unit."""
    chosen = _resolve(conn, tenant, members)
    idx = take_numbers(conn, tenant, Numbered.GROUP, 1)
    group = Group(idx, str(uuid4()), name, GroupKind.STATIC, len(chosen))
    _insert(conn, tenant, group, chosen, now)
    record_members_in(conn, tenant, idx, chosen, BitMap(), now)
    audit_in(conn, tenant, actor, "group.created", name, None, {"systems": len(chosen)}, now)
    return group


def create_ruled_group_in(
    conn: Connection, tenant: int, name: str, rule: str, actor: str, now: datetime
) -> Group:
    """:func:`create_ruled_group` inside another unit; the job fills it. The caller has read the rule."""
    idx = take_numbers(conn, tenant, Numbered.GROUP, 1)
    group = Group(idx, str(uuid4()), name, GroupKind.DYNAMIC, 0, rule)
    _insert(conn, tenant, group, BitMap(), now)
    record_members_in(conn, tenant, idx, BitMap(), BitMap(), now)
    _announce_in(conn, tenant, idx)
    audit_in(conn, tenant, actor, "group.created", name, None, {"rule": rule}, now)
    return group


def _insert(conn: Connection, tenant: int, group: Group, members: BitMap, now: datetime) -> None:
    _refuse_taken(conn, tenant, group.name, group.idx)
    try:
        groups.insert_group(conn, tenant, group, members, now)
    except IntegrityError as error:  # made by somebody else since we looked
        raise GroupRefused(GroupProblem.NAME_TAKEN, (group.name,)) from error


def change_rule_in(
    conn: Connection, tenant: int, guid: str, name: str, rule: str, actor: str, now: datetime
) -> Group | None:
    """:func:`change_rule` inside another unit; the job fills it. The caller has read the rule."""
    group = _find_own(conn, tenant, guid)
    if group is None:
        return None
    if group.kind is not GroupKind.DYNAMIC:
        raise GroupRefused(GroupProblem.NO_RULE, (group.name,))
    _rename(conn, tenant, group, name, now)
    groups.set_rule(conn, tenant, group.idx, rule, now)
    _announce_in(conn, tenant, group.idx)
    return _changed_in(conn, tenant, group, actor, now)


def _announce_in(conn: Connection, tenant: int, idx: int) -> None:
    """Whoever changes a rule fills the group at once; the job does it where that process ends before."""
    enqueue(conn, tenant, GROUP_RULED, {"group": idx}, unique=str(idx), priority=7)


async def _filled(ports: Ports, tenant: int, group: Group) -> Group:
    await fill_facts(ports, tenant)
    await fill_group(ports, tenant, group.idx)
    return await ports.db.read(views.find_group_by_idx, tenant, group.idx) or group


def _preview(conn: Connection, tenant: int, term: Filter, now: datetime) -> RulePreview:
    found = find_matching(conn, tenant, term, now) - views.list_retired(conn, tenant)
    return RulePreview(len(found), views.list_systems_at(conn, tenant, found[:FIRST_MATCHES], now))


def change_group_in(
    conn: Connection,
    tenant: int,
    guid: str,
    name: str,
    members: Sequence[str] | None,
    actor: str,
    now: datetime,
) -> Group | None:
    """:func:`change_group` inside another unit."""
    group = _find_own(conn, tenant, guid)
    if group is None:
        return None
    _rename(conn, tenant, group, name, now)
    if members is not None:
        _refuse_ruled(group)
        before = groups.lock_members(conn, tenant, group.idx)
        write_members_in(conn, tenant, group.idx, before, _resolve(conn, tenant, members), now)
    return _changed_in(conn, tenant, group, actor, now)


def _changed_in(conn: Connection, tenant: int, before: Group, actor: str, now: datetime) -> Group:
    changed = views.find_group_by_idx(conn, tenant, before.idx) or before
    audit_in(conn, tenant, actor, "group.changed", before.name, _shown(before), _shown(changed), now)
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
    group = _find_own(conn, tenant, guid)
    if group is None:
        return None
    _refuse_ruled(group)
    coming, going = _resolve(conn, tenant, add), _resolve(conn, tenant, remove)
    before = groups.lock_members(conn, tenant, group.idx)
    after = (before | coming) - going
    write_members_in(conn, tenant, group.idx, before, after, now)
    change = {"added": len(after - before), "removed": len(before - after)}
    audit_in(conn, tenant, actor, "group.members_changed", group.name, _shown(group), change, now)
    return views.find_group_by_idx(conn, tenant, group.idx)


def delete_group_in(conn: Connection, tenant: int, guid: str, actor: str, now: datetime) -> bool:
    """:func:`delete_group` inside another unit."""
    group = _find_own(conn, tenant, guid)
    if group is None:
        return False
    if uses := list_uses_in(conn, tenant, group.idx):
        raise GroupRefused(GroupProblem.IN_USE, tuple(uses))
    before = groups.lock_members(conn, tenant, group.idx)
    groups.mark_deleted(conn, tenant, group.idx, now)
    record_members_in(conn, tenant, group.idx, BitMap(), before, now)
    audit_in(conn, tenant, actor, "group.deleted", group.name, _shown(group), None, now)
    return True


def _find_own(conn: Connection, tenant: int, guid: str) -> Group | None:
    group = views.find_group(conn, tenant, guid)
    if group is not None and group.kind is GroupKind.ALL:
        raise GroupRefused(GroupProblem.BUILT_IN, (group.name,))
    return group


def _rename(conn: Connection, tenant: int, group: Group, name: str, now: datetime) -> None:
    if name != group.name:
        _refuse_taken(conn, tenant, name, group.idx)
        groups.rename_group(conn, tenant, group.idx, name, now)


def _refuse_ruled(group: Group) -> None:
    if group.kind is GroupKind.DYNAMIC:
        raise GroupRefused(GroupProblem.KEPT_BY_RULE, (group.name,))


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


def _shown(group: Group) -> dict[str, object]:
    return {"name": group.name, "systems": group.size} | ({"rule": group.rule} if group.rule else {})
