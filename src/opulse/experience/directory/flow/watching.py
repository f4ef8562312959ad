"""Which fields the conditions of workflows read: a change set must carry their values, patched or not."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from opulse.experience.directory.store import lists


def set_watched_in(conn: Connection, tenant: int, directory: str, owner: str, fields: Iterable[str]) -> None:
    """Workflow ``owner`` listens to ``directory``; its conditions read ``fields``, perhaps none."""
    lists.replace_watched(conn, tenant, directory, owner, fields)


def stop_watching_in(conn: Connection, tenant: int, owner: str) -> None:
    """Workflow ``owner`` listens to nothing any more."""
    lists.delete_watched(conn, tenant, owner)


def watched_fields_in(conn: Connection, tenant: int, directory: str) -> list[str]:
    """The fields that any trigger on this directory reads."""
    return lists.list_watched(conn, tenant, directory)
