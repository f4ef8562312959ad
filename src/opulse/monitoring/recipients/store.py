"""All SQL of recipients, and of which notification tells which recipient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Select,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, insert_ignoring_known, metadata
from opulse.monitoring.recipients.models import (
    Authentication,
    AuthenticationType,
    Channel,
    Header,
    Recipient,
    RecipientDraft,
    RecipientType,
    RequestMethod,
    Webhook,
)

recipients = Table(
    "recipients",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("recipient_type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("webhook", JsonDoc, nullable=False),  # {} for e-mail; secrets in it are sealed
    Column("tell_end", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)
Index(
    "uq_recipients_webhook_name",
    recipients.c.tenant,
    recipients.c.name_key,
    unique=True,
    sqlite_where=recipients.c.channel == Channel.WEBHOOK.value,
    postgresql_where=recipients.c.channel == Channel.WEBHOOK.value,
)

assignments = Table(
    "recipient_assignments",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("notification", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "recipient", "notification"),
    ForeignKeyConstraint(["tenant", "recipient"], ["recipients.tenant", "recipients.id"]),
    Index("ix_recipient_assignments_notification", "tenant", "notification"),
)


def insert_recipient(
    conn: Connection, tenant: int, recipient: str, draft: RecipientDraft, now: datetime
) -> None:
    """``draft.webhook`` comes with its secrets sealed."""
    conn.execute(
        insert(recipients).values(tenant=tenant, id=recipient, created_at=now, **_columns(draft, now))
    )


def update_recipient(
    conn: Connection, tenant: int, recipient: str, draft: RecipientDraft, now: datetime
) -> None:
    conn.execute(
        update(recipients)
        .where(recipients.c.tenant == tenant, recipients.c.id == recipient)
        .values(_columns(draft, now))
    )


def delete_recipient(conn: Connection, tenant: int, recipient: str) -> None:
    conn.execute(delete(recipients).where(recipients.c.tenant == tenant, recipients.c.id == recipient))


def find_recipient(conn: Connection, tenant: int, recipient: str) -> Recipient | None:
    """With its secrets sealed."""
    row = conn.execute(
        _with_count().where(recipients.c.tenant == tenant, recipients.c.id == recipient)
    ).first()
    return _recipient(row) if row else None


def list_recipients(conn: Connection, tenant: int, ids: Sequence[str] | None = None) -> list[Recipient]:
    """By name; with ``ids`` only those. Secrets are sealed."""
    query = (
        _with_count().where(recipients.c.tenant == tenant).order_by(recipients.c.name_key, recipients.c.id)
    )
    if ids is not None:
        query = query.where(recipients.c.id.in_(ids))
    return [_recipient(row) for row in conn.execute(query)]


def is_webhook_name_taken(conn: Connection, tenant: int, name: str, besides: str) -> bool:
    """Whether another webhook than ``besides`` has the name, compared without case."""
    query = select(recipients.c.id).where(
        recipients.c.tenant == tenant,
        recipients.c.name_key == name_key(name),
        recipients.c.channel == Channel.WEBHOOK.value,
        recipients.c.id != besides,
    )
    return conn.execute(query).first() is not None


def count_assignments(conn: Connection, tenant: int, recipient: str) -> int:
    query = select(func.count()).where(assignments.c.tenant == tenant, assignments.c.recipient == recipient)
    return int(conn.execute(query).scalar_one())


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


def name_key(name: str) -> str:
    return name.strip().casefold()


def _assign(conn: Connection, tenant: int, pairs: Sequence[tuple[str, str]]) -> None:
    rows = [
        {"tenant": tenant, "recipient": recipient, "notification": notification}
        for recipient, notification in pairs
    ]
    insert_ignoring_known(conn, assignments, rows)


def _with_count() -> Select[Any]:
    count = (
        select(func.count())
        .where(assignments.c.tenant == recipients.c.tenant, assignments.c.recipient == recipients.c.id)
        .correlate(recipients)
        .scalar_subquery()
    )
    return select(recipients, count.label("assigned"))


def _columns(draft: RecipientDraft, now: datetime) -> dict[str, Any]:
    return {
        "recipient_type": draft.recipient_type.value,
        "name": draft.name.strip(),
        "name_key": name_key(draft.name),
        "channel": draft.channel.value,
        "email": draft.email,
        "first_name": draft.first_name,
        "last_name": draft.last_name,
        "webhook": _document(draft.webhook) if draft.webhook else {},
        "tell_end": draft.tell_end,
        "updated_at": now,
    }


def _document(webhook: Webhook) -> dict[str, Any]:
    proof = webhook.authentication
    return {
        "url": webhook.url,
        "method": webhook.method.value,
        "authentication": {
            "type": proof.type.value,
            "username": proof.username,
            "password": proof.password or "",
            "secret": proof.secret or "",
        },
        "headers": [
            {"name": header.name, "value": header.value or "", "sensitive": header.sensitive}
            for header in webhook.headers
        ],
        "body": webhook.body,
    }


def _webhook(document: dict[str, Any]) -> Webhook:
    proof = document["authentication"]
    return Webhook(
        url=document["url"],
        method=RequestMethod(document["method"]),
        authentication=Authentication(
            AuthenticationType(proof["type"]),
            proof["username"],
            proof["password"] or None,
            proof["secret"] or None,
        ),
        headers=tuple(Header(**header) for header in document["headers"]),
        body=document["body"],
    )


def _recipient(row: Row[Any]) -> Recipient:
    return Recipient(
        id=row.id,
        recipient_type=RecipientType(row.recipient_type),
        name=row.name,
        channel=Channel(row.channel),
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        webhook=_webhook(row.webhook) if row.webhook else None,
        tell_end=row.tell_end,
        assigned=row.assigned,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
