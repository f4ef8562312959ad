"""Rows of groups. Members are one bitmap per group: a group of 100,000 is one row of some kilobytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from pyroaring import BitMap
from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from opulse.db import insert_ignoring_known
from opulse.monitoring.systems.models import ALL_SYSTEMS, ALL_SYSTEMS_IDX, RETIRED_IDX, Group, GroupKind
from opulse.monitoring.systems.store.tables import groups

_SHOWN = (groups.c.idx, groups.c.guid, groups.c.name, groups.c.kind, groups.c.size, groups.c.rule)


@dataclass(frozen=True, slots=True)
class Ruled:
    """A dynamic group: its filter as it was typed, and its members as they are."""

    rule: str
    members: BitMap


def ensure_all_systems(conn: Connection, tenant: int, now: datetime) -> None:
    """Make the built-in group where the tenant has none yet."""
    row = _row(tenant, Group(ALL_SYSTEMS_IDX, str(uuid4()), ALL_SYSTEMS, GroupKind.ALL), BitMap(), now)
    insert_ignoring_known(conn, groups, [row])


def ensure_retired(conn: Connection, tenant: int, now: datetime) -> None:
    """Make the place of the retired systems where the tenant has none yet. Its key is no name that a person can give."""
    group = Group(RETIRED_IDX, str(uuid4()), "", GroupKind.RETIRED)
    insert_ignoring_known(conn, groups, [_row(tenant, group, BitMap(), now)])


def insert_group(conn: Connection, tenant: int, group: Group, members: BitMap, now: datetime) -> None:
    """Add a group; raises ``IntegrityError`` when its name is taken."""
    retired = find_members(conn, tenant, RETIRED_IDX)
    row = _row(tenant, group, members, now) | {"size": len(members - retired)}
    conn.execute(insert(groups).values(row))


def rename_group(conn: Connection, tenant: int, idx: int, name: str, now: datetime) -> None:
    """Give the group another name."""
    _set(conn, tenant, idx, name=name, name_key=name.casefold(), updated_at=now)


def set_rule(conn: Connection, tenant: int, idx: int, rule: str, now: datetime) -> None:
    """Give a dynamic group another filter. Whoever does so fills it."""
    _set(conn, tenant, idx, rule=rule, updated_at=now)


def set_members(conn: Connection, tenant: int, idx: int, members: BitMap, now: datetime) -> None:
    """Replace the group's members. Runs of indices are stored as runs: a million systems in a row are some bytes."""
    members.run_optimize()
    retired = BitMap() if idx == RETIRED_IDX else find_members(conn, tenant, RETIRED_IDX)
    size = len(members - retired)
    _set(conn, tenant, idx, members=members.serialize(), size=size, updated_at=now)


def set_size(conn: Connection, tenant: int, idx: int, size: int) -> None:
    """How many of the group's members count: some were retired, or are back."""
    _set(conn, tenant, idx, size=size)


def mark_deleted(conn: Connection, tenant: int, idx: int, now: datetime) -> None:
    """Turn the group into an empty tombstone."""
    _set(conn, tenant, idx, deleted=True, members=BitMap().serialize(), size=0, updated_at=now)


def lock_members(conn: Connection, tenant: int, idx: int) -> BitMap:
    """The group's members, its row locked until the unit commits."""
    stored = conn.execute(
        select(groups.c.members)
        .where(groups.c.tenant == tenant, groups.c.idx == idx, groups.c.deleted.is_(False))
        .with_for_update()
    ).scalar_one()
    return BitMap.deserialize(stored)


def lock_ruled(conn: Connection, tenant: int, idx: int | None = None) -> dict[int, Ruled]:
    """The dynamic groups by index, or the one with this index, locked in order of index until the unit commits."""
    query = (
        select(groups.c.idx, groups.c.rule, groups.c.members)
        .where(_is_ruled(tenant))
        .order_by(groups.c.idx)
        .with_for_update()
    )
    rows = conn.execute(query if idx is None else query.where(groups.c.idx == idx))
    return {row.idx: Ruled(row.rule, BitMap.deserialize(row.members)) for row in rows}


def list_rules(conn: Connection, tenant: int) -> dict[int, str]:
    """The filters of the dynamic groups, by index of the group."""
    rows = conn.execute(select(groups.c.idx, groups.c.rule).where(_is_ruled(tenant)))
    return {row.idx: row.rule for row in rows}


def find_rule(conn: Connection, tenant: int, idx: int) -> str:
    """The filter of this group; empty where it has none, or is gone."""
    query = select(groups.c.rule).where(_is_ruled(tenant), groups.c.idx == idx)
    return conn.execute(query).scalar_one_or_none() or ""


def lock_all_members(conn: Connection, tenant: int) -> dict[int, BitMap]:
    """Members of every group by its index, locked in order of index until the unit commits."""
    rows = conn.execute(
        select(groups.c.idx, groups.c.members)
        .where(groups.c.tenant == tenant, groups.c.deleted.is_(False))
        .order_by(groups.c.idx)
        .with_for_update()
    )
    return {row.idx: BitMap.deserialize(row.members) for row in rows}


def list_all_members(conn: Connection, tenant: int) -> dict[int, BitMap]:
    """Members of every group by its index."""
    rows = conn.execute(
        select(groups.c.idx, groups.c.members).where(groups.c.tenant == tenant, groups.c.deleted.is_(False))
    )
    return {row.idx: BitMap.deserialize(row.members) for row in rows}


def find_members(conn: Connection, tenant: int, idx: int) -> BitMap:
    """The group's members; none for an unknown group."""
    stored = conn.execute(
        select(groups.c.members).where(
            groups.c.tenant == tenant, groups.c.idx == idx, groups.c.deleted.is_(False)
        )
    ).scalar_one_or_none()
    return BitMap() if stored is None else BitMap.deserialize(stored)


def find_group(conn: Connection, tenant: int, *which: ColumnElement[bool]) -> Group | None:
    """The one living group that ``which`` describes."""
    row = conn.execute(
        select(*_SHOWN).where(
            groups.c.tenant == tenant, groups.c.deleted.is_(False), groups.c.idx != RETIRED_IDX, *which
        )
    ).one_or_none()
    return None if row is None else _group(row)


def list_groups(conn: Connection, tenant: int) -> list[Group]:
    """All living groups: All Systems, then by name."""
    rows = conn.execute(
        select(*_SHOWN)
        .where(groups.c.tenant == tenant, groups.c.deleted.is_(False), groups.c.idx != RETIRED_IDX)
        .order_by(groups.c.idx != ALL_SYSTEMS_IDX, groups.c.name_key)
    )
    return [_group(row) for row in rows]


def _is_ruled(tenant: int) -> ColumnElement[bool]:
    return and_(
        groups.c.tenant == tenant, groups.c.kind == GroupKind.DYNAMIC.value, groups.c.deleted.is_(False)
    )


def _set(conn: Connection, tenant: int, idx: int, **values: Any) -> None:
    conn.execute(update(groups).where(groups.c.tenant == tenant, groups.c.idx == idx).values(**values))


def _row(tenant: int, group: Group, members: BitMap, now: datetime) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "idx": group.idx,
        "guid": group.guid,
        "name": group.name,
        "name_key": group.name.casefold(),
        "kind": group.kind.value,
        "members": members.serialize(),
        "size": len(members),
        "rule": group.rule,
        "deleted": False,
        "created_at": now,
        "updated_at": now,
    }


def _group(row: Any) -> Group:
    return Group(row.idx, row.guid, row.name, GroupKind(row.kind), row.size, row.rule)
