"""What downstream stages may ask of the estate inside their own units and queries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.systems.models import Group, System, SystemUser


def list_systems_at(
    conn: Connection, tenant: int, idxs: Iterable[int], users_at: datetime | None = None
) -> list[System]:
    """The systems with these indices (at most a page of 1,000), in order of index, tombstones included.

    With ``users_at`` each carries the users it had at that time.
    """
    raise NotImplementedError


def find_system(conn: Connection, tenant: int, guid: str) -> System | None:
    """The living system with this GUID, without users."""
    raise NotImplementedError


def list_users(conn: Connection, tenant: int, system_idx: int, at: datetime) -> list[SystemUser]:
    """Who used the system at that time."""
    raise NotImplementedError


def find_group(conn: Connection, tenant: int, guid: str) -> Group | None:
    """The group with this GUID; None when unknown or deleted."""
    raise NotImplementedError


def find_group_by_idx(conn: Connection, tenant: int, idx: int) -> Group | None:
    """The group with this index; None when unknown or deleted."""
    raise NotImplementedError


def find_group_by_name(conn: Connection, tenant: int, name: str) -> Group | None:
    """The group of this name, compared without case."""
    raise NotImplementedError


def list_groups(conn: Connection, tenant: int) -> list[Group]:
    """All groups by name, All Systems first."""
    raise NotImplementedError


def list_members(conn: Connection, tenant: int, group_idx: int) -> BitMap:
    """Indices of the group's living members."""
    raise NotImplementedError
