"""Why a group cannot be deleted: these notifications watch it."""

from __future__ import annotations

from sqlalchemy import Connection

from opulse.monitoring.notifications import store
from opulse.monitoring.systems.flow.uses import ask_before_deleting


def list_watching_in(conn: Connection, tenant: int, group_idx: int) -> list[str]:
    """Names of the notifications that watch the group, switched on or off."""
    return store.list_names_watching(conn, tenant, group_idx)


ask_before_deleting(list_watching_in)
