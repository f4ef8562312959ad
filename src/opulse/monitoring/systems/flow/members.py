"""A group's members change: the bitmap, and the record by which the evaluator hears of it, in one unit."""

from __future__ import annotations

from datetime import datetime

import msgspec
from pyroaring import BitMap
from sqlalchemy import Connection

from opulse.monitoring.systems.flow.journal import append_in
from opulse.monitoring.systems.models import MembersRecord, RecordKind
from opulse.monitoring.systems.store import groups


def write_members_in(
    conn: Connection, tenant: int, idx: int, before: BitMap, after: BitMap, now: datetime
) -> None:
    """Set a group's members where they differ from ``before``, which the caller has locked, and record the change."""
    if before != after:
        groups.set_members(conn, tenant, idx, after, now)
        record_members_in(conn, tenant, idx, after - before, before - after, now)


def record_members_in(
    conn: Connection, tenant: int, idx: int, added: BitMap, removed: BitMap, now: datetime
) -> None:
    """Tell the evaluator who came and who went."""
    record = MembersRecord(idx, added.serialize(), removed.serialize())
    append_in(conn, tenant, RecordKind.MEMBERS, msgspec.msgpack.encode(record), now)
