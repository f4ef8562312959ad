"""Library messages, mail templates and the keys of sender domains: few rows, changed by people."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, metadata, upsert
from opulse.experience.distributions.models import Wording
from opulse.experience.distributions.models.library import (
    DomainKey,
    LibraryMessage,
    MailTemplate,
    MessageCategory,
)
from opulse.mail.signing import Algorithm

library_messages = Table(
    "library_messages",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("texts", JsonDoc, nullable=False),  # [[language, subject, body]]: JSON objects keep no order
    Column("updated_by", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)

mail_templates = Table(
    "mail_templates",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("updated_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)

domain_keys = Table(
    "domain_keys",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("domain", Text, nullable=False),  # lower case
    Column("selector", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("private", Text, nullable=False),  # sealed
    Column("public", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "domain", "selector"),
)


def save_message(conn: Connection, one: LibraryMessage) -> None:
    """Insert it, or write over the one of its id."""
    row = {
        "tenant": one.tenant,
        "id": one.id,
        "category": one.category.value,
        "name": one.name,
        "texts": [[language, text.subject, text.body] for language, text in one.texts.items()],
        "updated_by": one.updated_by,
        "updated_at": one.updated_at,
    }
    changed = ("category", "name", "texts", "updated_by", "updated_at")
    upsert(conn, library_messages, [row], key=("tenant", "id"), change=changed)


def list_messages(conn: Connection, tenant: int, category: str = "") -> list[LibraryMessage]:
    """By name; of one category, or all."""
    query = select(library_messages).where(library_messages.c.tenant == tenant)
    if category:
        query = query.where(library_messages.c.category == category)
    rows = conn.execute(query.order_by(library_messages.c.name, library_messages.c.id))
    return [_message(row) for row in rows]


def find_message(conn: Connection, tenant: int, message: str) -> LibraryMessage | None:
    row = conn.execute(
        select(library_messages).where(library_messages.c.tenant == tenant, library_messages.c.id == message)
    ).one_or_none()
    return None if row is None else _message(row)


def delete_message(conn: Connection, tenant: int, message: str) -> None:
    conn.execute(
        delete(library_messages).where(library_messages.c.tenant == tenant, library_messages.c.id == message)
    )


def _message(row: Any) -> LibraryMessage:
    texts = {language: Wording(subject, body) for language, subject, body in row.texts}
    category = MessageCategory(row.category)
    return LibraryMessage(row.tenant, row.id, category, row.name, texts, row.updated_by, row.updated_at)


def save_template(conn: Connection, one: MailTemplate) -> None:
    """Insert it, or write over the one of its id."""
    row = {
        "tenant": one.tenant,
        "id": one.id,
        "name": one.name,
        "source": one.source,
        "updated_by": one.updated_by,
        "updated_at": one.updated_at,
    }
    changed = ("name", "source", "updated_by", "updated_at")
    upsert(conn, mail_templates, [row], key=("tenant", "id"), change=changed)


def list_templates(conn: Connection, tenant: int) -> list[MailTemplate]:
    """By name."""
    query = select(mail_templates).where(mail_templates.c.tenant == tenant)
    rows = conn.execute(query.order_by(mail_templates.c.name, mail_templates.c.id))
    return [_template(row) for row in rows]


def find_template(conn: Connection, tenant: int, template: str) -> MailTemplate | None:
    row = conn.execute(
        select(mail_templates).where(mail_templates.c.tenant == tenant, mail_templates.c.id == template)
    ).one_or_none()
    return None if row is None else _template(row)


def delete_template(conn: Connection, tenant: int, template: str) -> None:
    conn.execute(
        delete(mail_templates).where(mail_templates.c.tenant == tenant, mail_templates.c.id == template)
    )


def _template(row: Any) -> MailTemplate:
    return MailTemplate(row.tenant, row.id, row.name, row.source, row.updated_by, row.updated_at)


def insert_domain_key(conn: Connection, one: DomainKey, private: str) -> None:
    """``private`` is sealed. Raises IntegrityError: this domain has a key with this selector."""
    conn.execute(
        insert(domain_keys).values(
            tenant=one.tenant,
            id=one.id,
            domain=one.domain,
            selector=one.selector,
            algorithm=one.algorithm.value,
            private=private,
            public=one.public,
            active=one.active,
            created_by=one.created_by,
            created_at=one.created_at,
        )
    )


def list_domain_keys(conn: Connection, tenant: int) -> list[DomainKey]:
    """By domain, the oldest first."""
    query = select(domain_keys).where(domain_keys.c.tenant == tenant)
    rows = conn.execute(query.order_by(domain_keys.c.domain, domain_keys.c.created_at, domain_keys.c.id))
    return [_domain_key(row) for row in rows]


def find_domain_key(conn: Connection, tenant: int, key: str) -> DomainKey | None:
    row = conn.execute(
        select(domain_keys).where(domain_keys.c.tenant == tenant, domain_keys.c.id == key)
    ).one_or_none()
    return None if row is None else _domain_key(row)


def list_signing(conn: Connection, tenant: int, domain: str) -> list[tuple[str, str]]:
    """(selector, sealed private key) of the keys that sign mails from this domain."""
    rows = conn.execute(
        select(domain_keys.c.selector, domain_keys.c.private)
        .where(
            domain_keys.c.tenant == tenant,
            domain_keys.c.domain == domain.lower(),
            domain_keys.c.active.is_(True),
        )
        .order_by(domain_keys.c.algorithm.desc(), domain_keys.c.id)
    )
    return [(row.selector, row.private) for row in rows]


def set_active(conn: Connection, tenant: int, key: str, active: bool) -> None:
    conn.execute(
        update(domain_keys)
        .where(domain_keys.c.tenant == tenant, domain_keys.c.id == key)
        .values(active=active)
    )


def delete_domain_key(conn: Connection, tenant: int, key: str) -> None:
    conn.execute(delete(domain_keys).where(domain_keys.c.tenant == tenant, domain_keys.c.id == key))


def _domain_key(row: Any) -> DomainKey:
    return DomainKey(
        row.tenant,
        row.id,
        row.domain,
        row.selector,
        Algorithm(row.algorithm),
        row.public,
        row.active,
        row.created_by,
        row.created_at,
    )
