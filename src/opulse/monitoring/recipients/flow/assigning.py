"""Which notification tells which recipient: one table, written from both sides (the Edit page and the Recipients tab)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from opulse.monitoring.recipients import store


def assign_recipients_in(conn: Connection, tenant: int, notification: str, recipients: Iterable[str]) -> None:
    """From the notification's Edit page: it tells exactly these. Unknown ids break the foreign key: check them first."""
    store.replace_recipients_of(conn, tenant, notification, recipients)


def assign_notifications_in(
    conn: Connection, tenant: int, recipient: str, notifications: Iterable[str]
) -> None:
    """From the Recipients tab: exactly these notifications tell it. Dismisses nothing."""
    store.replace_notifications_of(conn, tenant, recipient, notifications)


def list_assigned(conn: Connection, tenant: int, notifications: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Per notification the ids of its recipients, by their names; notifications without any are absent."""
    return store.list_assigned(conn, tenant, notifications)


def list_notifications_of(conn: Connection, tenant: int, recipient: str) -> list[str]:
    return store.list_notifications_of(conn, tenant, recipient)


def known_recipients(conn: Connection, tenant: int, ids: Sequence[str]) -> dict[str, str]:
    """Id → name of those that exist."""
    return {found.id: found.name for found in store.list_recipients(conn, tenant, ids)}
