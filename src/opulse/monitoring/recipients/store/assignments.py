"""All SQL of which notification tells which recipient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select

from opulse.db import insert_ignoring_known
from opulse.monitoring.recipients.store.tables import assignments, recipients


def list_assigned(conn: Connection, tenant: int, notifications: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Per notification the recipients it tells, by recipient name."""
    query = (
        select(assignments.c.notification, assignments.c.recipient)
        .join(
            recipients,
            (recipients.c.tenant == assignments.c.tenant) & (recipients.c.id == assignments.c.recipient),
        )
        .where(assignments.c.tenant == tenant, assignments.c.notification.in_(list(notifications)))
        .order_by(recipients.c.name_key, recipients.c.id)
    )
    found: dict[str, list[str]] = {}
    for row in conn.execute(query):
        found.setdefault(row.notification, []).append(row.recipient)
    return {notification: tuple(ids) for notification, ids in found.items()}


def list_notifications_of(conn: Connection, tenant: int, recipient: str) -> list[str]:
    query = select(assignments.c.notification).where(
        assignments.c.tenant == tenant, assignments.c.recipient == recipient
    )
    return list(conn.execute(query).scalars())


def replace_recipients_of(conn: Connection, tenant: int, notification: str, ids: Iterable[str]) -> None:
    conn.execute(
        delete(assignments).where(assignments.c.tenant == tenant, assignments.c.notification == notification)
    )
    _assign(conn, tenant, [(recipient, notification) for recipient in ids])


def replace_notifications_of(conn: Connection, tenant: int, recipient: str, ids: Iterable[str]) -> None:
    conn.execute(
        delete(assignments).where(assignments.c.tenant == tenant, assignments.c.recipient == recipient)
    )
    _assign(conn, tenant, [(recipient, notification) for notification in ids])


def _assign(conn: Connection, tenant: int, pairs: Sequence[tuple[str, str]]) -> None:
    rows = [
        {"tenant": tenant, "recipient": recipient, "notification": notification}
        for recipient, notification in pairs
    ]
    insert_ignoring_known(conn, assignments, rows)
