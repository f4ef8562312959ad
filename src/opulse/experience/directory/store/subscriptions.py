"""Who is opted out of what, and every change of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    insert,
    select,
    update,
)

from opulse.db import Instant, metadata
from opulse.experience.directory.models import SubscriptionChange, SubscriptionOrigin
from opulse.experience.directory.store.tables import contacts, list_members, mailing_lists

subscription_changes = Table(
    "subscription_changes",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),  # begins with the time
    Column("directory", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("list", Text, nullable=False),  # empty: the directory
    Column("out", Boolean, nullable=False),
    Column("origin", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    ForeignKeyConstraint(["tenant", "contact"], ["contacts.tenant", "contacts.id"]),
    Index("ix_subscription_changes_contact", "tenant", "contact", "at"),
)


def set_in_directory(conn: Connection, tenant: int, contact: str, out: bool, now: datetime) -> bool:
    """Opt the contact out of the directory, or in again; False when that is how it is already."""
    done = conn.execute(
        update(contacts)
        .where(contacts.c.tenant == tenant, contacts.c.id == contact, contacts.c.unsubscribed.is_(not out))
        .values(unsubscribed=out, unsubscribed_at=now if out else None, updated_at=now)
    )
    return done.rowcount == 1


def set_in_list(conn: Connection, tenant: int, list_id: str, contact: str, out: bool, now: datetime) -> bool:
    """Opt the contact out of one list, or in again; False when that is how it is already, or they are not on it."""
    done = conn.execute(
        update(list_members)
        .where(
            list_members.c.tenant == tenant,
            list_members.c.list == list_id,
            list_members.c.contact == contact,
            list_members.c.unsubscribed.is_(not out),
        )
        .values(unsubscribed=out, unsubscribed_at=now if out else None)
    )
    return done.rowcount == 1


def find_in_list(conn: Connection, tenant: int, list_id: str, contact: str) -> bool | None:
    """Whether the contact is opted out of the list; None: not on it."""
    query = select(list_members.c.unsubscribed).where(
        list_members.c.tenant == tenant, list_members.c.list == list_id, list_members.c.contact == contact
    )
    return conn.execute(query).scalar()


def set_muted(conn: Connection, tenant: int, contact: str, until: datetime | None) -> datetime | None:
    """The contact is not asked before ``until`` (None: they may be asked again); until when it was before."""
    this = (contacts.c.tenant == tenant, contacts.c.id == contact)
    before = conn.execute(select(contacts.c.muted_until).where(*this)).scalar()
    conn.execute(update(contacts).where(*this).values(muted_until=until))
    return before


def insert_changes(
    conn: Connection,
    tenant: int,
    directory: str,
    rows: Sequence[tuple[str, str]],
    *,
    list_id: str,
    out: bool,
    origin: SubscriptionOrigin,
    actor: str,
    now: datetime,
) -> None:
    """Write down the change of each (id of the row, contact)."""
    same = {
        "tenant": tenant,
        "directory": directory,
        "list": list_id,
        "out": out,
        "origin": origin.value,
        "actor": actor,
        "at": now,
    }
    if rows:
        conn.execute(insert(subscription_changes), [{"id": row, "contact": one, **same} for row, one in rows])


def list_subscriptions_of(
    conn: Connection, tenant: int, contact: str, limit: int = 50
) -> list[SubscriptionChange]:
    """Newest first."""
    table = subscription_changes
    named = and_(mailing_lists.c.tenant == table.c.tenant, mailing_lists.c.id == table.c.list)
    rows = conn.execute(
        select(table, mailing_lists.c.name)
        .outerjoin(mailing_lists, named)
        .where(table.c.tenant == tenant, table.c.contact == contact)
        .order_by(table.c.at.desc(), table.c.id.desc())
        .limit(limit)
    )
    return [
        SubscriptionChange(
            row.contact, row.list, row.name or "", row.out, SubscriptionOrigin(row.origin), row.actor, row.at
        )
        for row in rows
    ]
