"""Which fields the conditions of workflows read: a change set must carry their values, patched or not."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from opulse.experience.directory.store import lists


def set_watched_in(conn: Connection, tenant: int, directory: str, owner: str, fields: Iterable[str]) -> None:
    """The conditions of workflow ``owner`` read ``fields`` on ``directory``. No fields: it watches nothing any more."""
    lists.replace_watched(conn, tenant, directory, owner, fields)


def watched_fields_in(conn: Connection, tenant: int, directory: str) -> list[str]:
    """The fields that any trigger on this directory reads."""
    return lists.list_watched(conn, tenant, directory)
