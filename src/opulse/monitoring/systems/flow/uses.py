"""Who watches a group. Whatever does stands downstream and is unknown here, so it says so by :func:`ask_before_deleting`."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

Uses = Callable[[Connection, int, int], list[str]]
"""Tenant and index of a group → names of what watches it."""

_asked: list[Uses] = []


def ask_before_deleting(uses: Uses) -> None:
    """A group that ``uses`` names a user of cannot be deleted. Safe to call again."""
    if uses not in _asked:
        _asked.append(uses)


def list_uses_in(conn: Connection, tenant: int, group_idx: int) -> list[str]:
    """Names of everything that watches the group."""
    return [name for uses in _asked for name in uses(conn, tenant, group_idx)]
