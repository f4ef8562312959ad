"""Dense numbers per tenant, given under a row lock."""

from __future__ import annotations

from sqlalchemy import Connection, update

from opulse.db import insert_ignoring_known
from opulse.monitoring.systems.models import Numbered
from opulse.monitoring.systems.store.tables import numbers


def take_numbers(conn: Connection, tenant: int, kind: Numbered, count: int) -> int:
    """Reserve ``count`` numbers; the first of them. The counter's row stays locked until the unit commits, so whoever counts
    next sees what was committed before; a unit that fails has taken none."""
    step = (
        update(numbers)
        .where(numbers.c.tenant == tenant, numbers.c.kind == kind.value)
        .values(last=numbers.c.last + count)
        .returning(numbers.c.last)
    )
    last = conn.execute(step).scalar_one_or_none()
    if last is None:
        insert_ignoring_known(conn, numbers, [{"tenant": tenant, "kind": kind.value, "last": 0}])
        last = conn.execute(step).scalar_one()
    return int(last) - count + 1
