"""All SQL of recipients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from opulse.monitoring.recipients.models import (
    Channel,
    DisabledReason,
    Recipient,
    RecipientDraft,
    RecipientState,
    RecipientType,
    Webhook,
)
from opulse.monitoring.recipients.store.documents import document_of, webhook_of
from opulse.monitoring.recipients.store.tables import assignments, recipients


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


def find_recipient(conn: Connection, tenant: int, recipient: str, *, lock: bool = False) -> Recipient | None:
    """With its secrets sealed. With ``lock`` nobody else changes it until this transaction ends."""
    query = _with_count().where(recipients.c.tenant == tenant, recipients.c.id == recipient)
    row = conn.execute(query.with_for_update(of=recipients) if lock else query).first()
    return _recipient(row) if row else None


def store_webhook(conn: Connection, tenant: int, recipient: str, webhook: Webhook, now: datetime) -> None:
    """The webhook alone, with its secrets sealed."""
    conn.execute(
        update(recipients)
        .where(recipients.c.tenant == tenant, recipients.c.id == recipient)
        .values(webhook=document_of(webhook), updated_at=now)
    )


def disable_recipient(
    conn: Connection, tenant: int, recipient: str, reason: DisabledReason, now: datetime
) -> bool:
    """False: it is disabled already, or there is none."""
    done = conn.execute(
        update(recipients)
        .where(
            recipients.c.tenant == tenant, recipients.c.id == recipient, recipients.c.disabled_reason == ""
        )
        .values(disabled_reason=reason.value, disabled_at=now)
    )
    return done.rowcount == 1


def enable_recipient(conn: Connection, tenant: int, recipient: str) -> bool:
    """False: it is told already, or there is none."""
    done = conn.execute(
        update(recipients)
        .where(
            recipients.c.tenant == tenant, recipients.c.id == recipient, recipients.c.disabled_reason != ""
        )
        .values(disabled_reason="", disabled_at=None)
    )
    return done.rowcount == 1


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


def name_key(name: str) -> str:
    return name.strip().casefold()


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
        "webhook": document_of(draft.webhook) if draft.webhook else {},
        "tell_end": draft.tell_end,
        "updated_at": now,
    }


def _recipient(row: Row[Any]) -> Recipient:
    return Recipient(
        id=row.id,
        recipient_type=RecipientType(row.recipient_type),
        name=row.name,
        channel=Channel(row.channel),
        email=row.email,
        first_name=row.first_name,
        last_name=row.last_name,
        webhook=webhook_of(row.webhook) if row.webhook else None,
        tell_end=row.tell_end,
        assigned=row.assigned,
        created_at=row.created_at,
        updated_at=row.updated_at,
        state=RecipientState.DISABLED if row.disabled_reason else RecipientState.ACTIVE,
        disabled_reason=DisabledReason(row.disabled_reason) if row.disabled_reason else None,
        disabled_at=row.disabled_at,
    )
