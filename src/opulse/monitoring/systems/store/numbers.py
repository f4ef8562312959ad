"""Dense numbers per tenant, given under a row lock."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from opulse.db import insert_ignoring_known
from opulse.monitoring.systems.models import Numbered
from opulse.monitoring.systems.store.tables import numbers


def take_numbers(conn: Connection, tenant: int, kind: Numbered, count: int) -> int:
    """Reserve ``count`` numbers; the first of them. Holds the counter's row until the unit commits."""
    last = lock_number(conn, tenant, kind)
    conn.execute(
        update(numbers)
        .where(numbers.c.tenant == tenant, numbers.c.kind == kind.value)
        .values(last=last + count)
    )
    return last + 1


def lock_number(conn: Connection, tenant: int, kind: Numbered) -> int:
    """The last number given, with its row locked until the unit commits: who waits here sees what was committed before."""
    wanted = (
        select(numbers.c.last)
        .where(numbers.c.tenant == tenant, numbers.c.kind == kind.value)
        .with_for_update()
    )
    last = conn.execute(wanted).scalar_one_or_none()
    if last is None:
        insert_ignoring_known(conn, numbers, [{"tenant": tenant, "kind": kind.value, "last": 0}])
        last = conn.execute(wanted).scalar_one()
    return int(last)
