"""Systems with who used them at some moment, in one statement: what the pages of affected systems are made of.

An incident of 100,000 systems is read through here, so a row stays a row: no object per system and person is built.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, and_, bindparam, select

from opulse.db import Instant, as_json, listed
from opulse.monitoring.systems.store.tables import system_users, systems


def list_occupied(
    conn: Connection, tenant: int, idxs: Iterable[int], at: datetime
) -> Sequence[Row[tuple[Any, ...]]]:
    """Rows in order of ``idx``, one per system and user; one with a ``user_id`` of None where nobody used the system.

    Columns: idx, guid, name, fqdn, domain, operating_system, agent_version, user_id, email, first_name, last_name,
    is_primary, is_logged_on, last_logon.
    """
    given = {"of_tenant": tenant, "idxs": as_json(list(idxs)), "at": at}
    return conn.execute(_occupied(conn.dialect.name), given).all()


@cache
def _occupied(dialect: str) -> Select[Any]:
    at = bindparam("at", type_=Instant())
    used = and_(
        system_users.c.tenant == systems.c.tenant,
        system_users.c.system == systems.c.idx,
        system_users.c.valid_from <= at,
        system_users.c.valid_to > at,
    )
    return (
        select(
            systems.c.idx,
            systems.c.guid,
            systems.c.name,
            systems.c.fqdn,
            systems.c.domain,
            systems.c.operating_system,
            systems.c.agent_version,
            system_users.c.user_id,
            system_users.c.email,
            system_users.c.first_name,
            system_users.c.last_name,
            system_users.c.is_primary,
            system_users.c.is_logged_on,
            system_users.c.last_logon,
        )
        .select_from(systems)
        .outerjoin(system_users, used)
        .where(
            systems.c.tenant == bindparam("of_tenant", type_=Integer()),
            systems.c.idx.in_(select(listed(dialect, "idxs", numbers=True).c.value)),
        )
        .order_by(systems.c.idx, system_users.c.user_key)
    )
