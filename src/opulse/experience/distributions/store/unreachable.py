"""Contacts whose address takes no mail any more."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from opulse.experience.directory import Contact
from opulse.experience.directory.views import contact_of, contacts, list_members
from opulse.experience.distributions.models import SpareReason
from opulse.experience.distributions.store.returning import suppressions


def list_unreachable(
    conn: Connection, tenant: int, directory: str, list_id: str = "", after: str = "", limit: int = 50
) -> list[Contact]:
    """By id: of a directory, or of those on a list. A mail to their address came back for good, and nobody lifted that."""
    same = and_(contacts.c.tenant == suppressions.c.tenant, contacts.c.email_key == suppressions.c.email_key)
    query = (
        select(contacts)
        .join(suppressions, same)
        .where(
            contacts.c.tenant == tenant,
            contacts.c.directory == directory,
            contacts.c.id > after,
            contacts.c.deleted.is_(False),
            suppressions.c.reason == SpareReason.BOUNCED_BEFORE.value,
        )
    )
    if list_id:
        on_list = select(list_members.c.contact).where(
            list_members.c.tenant == tenant,
            list_members.c.list == list_id,
            list_members.c.contact == contacts.c.id,
        )
        query = query.where(on_list.exists())
    return [contact_of(row) for row in conn.execute(query.order_by(contacts.c.id).limit(limit))]
