"""Rows of systems.

Lists of keys are asked for with ``IN (SELECT …)``, never by a join: SQLite would read every system once per key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pyroaring import BitMap
from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, tuple_, update

from opulse.db import json_list, seek, upsert
from opulse.monitoring.systems.models import System
from opulse.monitoring.systems.store.tables import systems

_LAST = "\U0010ffff"
_CHANGEABLE = (
    "name",
    "name_key",
    "fqdn",
    "fqdn_key",
    "domain",
    "operating_system",
    "agent_version",
    "site",
    "attributes",
    "deleted",
    "updated_at",
    "serial",
    "serial_key",
    "ip_address",
    "platform",
)


def insert_systems(conn: Connection, tenant: int, new: Sequence[System], now: datetime) -> None:
    """Add systems that carry fresh indices."""
    if new:
        conn.execute(insert(systems), [_row(tenant, system, now) | {"created_at": now} for system in new])


def update_systems(conn: Connection, tenant: int, changed: Sequence[System], now: datetime) -> None:
    """Set all fields of known systems, in set-based statements."""
    rows = [_row(tenant, system, now) | {"created_at": now} for system in changed]
    upsert(conn, systems, rows, key=("tenant", "idx"), change=_CHANGEABLE)


def mark_deleted(conn: Connection, tenant: int, idxs: Iterable[int], now: datetime) -> None:
    """Turn systems into tombstones."""
    wanted = json_list(conn, idxs, numbers=True)
    conn.execute(
        update(systems)
        .where(systems.c.tenant == tenant, systems.c.idx.in_(select(wanted.c.value)))
        .values(deleted=True, retired_at=None, restored_at=None, updated_at=now)
    )


def set_retired(
    conn: Connection, tenant: int, idxs: Iterable[int], retired_at: datetime | None, now: datetime
) -> None:
    """Note since when systems are retired; None: they are not."""
    wanted = json_list(conn, idxs, numbers=True)
    conn.execute(
        update(systems)
        .where(systems.c.tenant == tenant, systems.c.idx.in_(select(wanted.c.value)))
        .values(retired_at=retired_at, updated_at=now)
    )


def set_restored(conn: Connection, tenant: int, idx: int, now: datetime) -> None:
    """Somebody wants it to count although it is silent."""
    conn.execute(
        update(systems).where(systems.c.tenant == tenant, systems.c.idx == idx).values(restored_at=now)
    )


def list_unheard_since(conn: Connection, tenant: int, before: datetime) -> BitMap:
    """Systems that were registered before this time."""
    rows = conn.execute(
        select(systems.c.idx).where(
            systems.c.tenant == tenant, systems.c.deleted.is_(False), systems.c.created_at < before
        )
    )
    return BitMap(rows.scalars())


def list_restored_after(conn: Connection, tenant: int, after: datetime) -> BitMap:
    """Systems that somebody restored by hand at or after this time."""
    rows = conn.execute(
        select(systems.c.idx).where(systems.c.tenant == tenant, systems.c.restored_at >= after)
    )
    return BitMap(rows.scalars())


def find_by_guids(conn: Connection, tenant: int, guids: Iterable[str]) -> dict[str, System]:
    """Systems with these GUIDs, tombstones included."""
    wanted = json_list(conn, guids)
    rows = conn.execute(
        select(systems).where(systems.c.tenant == tenant, systems.c.guid.in_(select(wanted.c.value)))
    )
    return {row.guid: _system(row) for row in rows}


def find_by_names(conn: Connection, tenant: int, name_keys: Iterable[str]) -> dict[str, list[System]]:
    """Living systems by casefolded name; a name may be carried by several."""
    return _find_by(conn, tenant, systems.c.name_key, name_keys)


def find_by_serials(conn: Connection, tenant: int, serial_keys: Iterable[str]) -> dict[str, list[System]]:
    """Living systems by casefolded serial number; several may carry what their maker never filled in."""
    return _find_by(conn, tenant, systems.c.serial_key, serial_keys)


def _find_by(
    conn: Connection, tenant: int, column: ColumnElement[str], keys: Iterable[str]
) -> dict[str, list[System]]:
    found: dict[str, list[System]] = {}
    living = select(systems, column.label("key")).where(
        systems.c.tenant == tenant, systems.c.deleted.is_(False)
    )
    # put in order here: asked to order by index, SQLite reads every system in that order
    for row in sorted(seek(conn, living, column, keys), key=lambda row: row.idx):
        found.setdefault(row.key, []).append(_system(row))
    return found


def list_by_idx(conn: Connection, tenant: int, idxs: Iterable[int]) -> list[System]:
    """Systems with these indices in order of index, tombstones included."""
    wanted = json_list(conn, idxs, numbers=True)
    rows = conn.execute(
        select(systems)
        .where(systems.c.tenant == tenant, systems.c.idx.in_(select(wanted.c.value)))
        .order_by(systems.c.idx)
    )
    return [_system(row) for row in rows]


def map_living(conn: Connection, tenant: int, guids: Iterable[str]) -> dict[str, int]:
    """GUID → index of living systems: what a batch of sensor states needs, without building objects."""
    wanted = json_list(conn, guids)
    rows = conn.execute(
        select(systems.c.guid, systems.c.idx).where(
            systems.c.tenant == tenant,
            systems.c.guid.in_(select(wanted.c.value)),
            systems.c.deleted.is_(False),
        )
    )
    return {row.guid: row.idx for row in rows}


def list_by_start(
    conn: Connection, tenant: int, column: ColumnElement[str], start: str, after: tuple[str, int], limit: int
) -> Sequence[Row[tuple[str, int, str, str]]]:
    """``(key, idx, guid, name)`` of systems whose ``column`` begins with ``start``, tombstones included, in order of
    (key, idx) from the one behind ``after``."""
    begins = column.startswith(start, autoescape=True)
    if conn.dialect.name == "sqlite":
        # a range, which the column's index answers; elsewhere its order is that of the database's language
        begins = and_(column >= start, column < start + _LAST)
    query = (
        select(column.label("key"), systems.c.idx, systems.c.guid, systems.c.name)
        .where(systems.c.tenant == tenant, begins, tuple_(column, systems.c.idx) > after)
        .order_by(column, systems.c.idx)
        .limit(limit)
    )
    return conn.execute(query).all()


def find_by_any_name(conn: Connection, tenant: int, words: Iterable[str]) -> dict[str, list[str]]:
    """Casefolded word → GUIDs of the living systems that have it as name, full name or GUID."""
    wanted = set(words)
    listed = json_list(conn, wanted)
    found: dict[str, list[str]] = {}
    # one question per column: each has its own index
    for column in (systems.c.name_key, systems.c.fqdn_key, systems.c.guid):
        rows = conn.execute(
            select(systems.c.guid, column.label("word")).where(
                systems.c.tenant == tenant, column.in_(select(listed.c.value)), systems.c.deleted.is_(False)
            )
        )
        for row in rows:
            known = found.setdefault(row.word, [])
            if row.guid not in known:
                known.append(row.guid)
    return found


def list_page(
    conn: Connection, tenant: int, search: str, after: int, limit: int, retired: bool | None
) -> list[System]:
    """Living systems beyond index ``after`` whose name, full name, serial number or site contains ``search``, in order of index.

    ``retired``: only those that are, or only those that are not; None: all.
    """
    rows = conn.execute(
        select(systems)
        .where(systems.c.tenant == tenant, systems.c.idx > after, *_matching(search, retired))
        .order_by(systems.c.idx)
        .limit(limit)
    )
    return [_system(row) for row in rows]


def count_matching(conn: Connection, tenant: int, search: str, retired: bool | None) -> int:
    """How many living systems a search finds."""
    return int(
        conn.execute(
            select(func.count())
            .select_from(systems)
            .where(systems.c.tenant == tenant, *_matching(search, retired))
        ).scalar_one()
    )


def list_by_fqdn(conn: Connection, tenant: int, fqdn: str, limit: int) -> list[System]:
    """Living systems of this full name, compared without case."""
    rows = conn.execute(
        select(systems)
        .where(
            systems.c.tenant == tenant, systems.c.fqdn_key == fqdn.casefold(), systems.c.deleted.is_(False)
        )
        .order_by(systems.c.idx)
        .limit(limit)
    )
    return [_system(row) for row in rows]


def _matching(search: str, retired: bool | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [systems.c.deleted.is_(False)]
    if retired is not None:
        wanted.append(systems.c.retired_at.is_not(None) if retired else systems.c.retired_at.is_(None))
    text = search.strip().casefold()
    if not text:
        return wanted
    parts = (
        systems.c.name_key.contains(text, autoescape=True),
        systems.c.fqdn_key.contains(text, autoescape=True),
        func.lower(systems.c.site).contains(text, autoescape=True),
        systems.c.serial_key.contains(text, autoescape=True),
        systems.c.guid == text,
    )
    return [*wanted, or_(*parts)]


def _row(tenant: int, system: System, now: datetime) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "idx": system.idx,
        "guid": system.guid,
        "name": system.name,
        "name_key": system.name.casefold(),
        "fqdn": system.fqdn,
        "fqdn_key": system.fqdn.casefold(),
        "domain": system.domain,
        "operating_system": system.operating_system,
        "agent_version": system.agent_version,
        "site": system.site,
        "attributes": dict(system.attributes),
        "deleted": system.deleted,
        "updated_at": now,
        "serial": system.serial,
        "serial_key": system.serial.casefold(),
        "ip_address": system.ip_address,
        "platform": system.platform,
    }


def _system(row: Any) -> System:
    return System(
        row.idx,
        row.guid,
        row.name,
        row.fqdn,
        row.domain,
        row.operating_system,
        row.agent_version,
        row.site,
        row.attributes,
        row.deleted,
        (),
        row.serial,
        row.ip_address,
        row.platform,
        row.retired_at,
    )
