"""Mails that came back, and the addresses that get no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    delete,
    func,
    select,
    update,
)

from opulse.db import Instant, insert_ignoring_known, metadata, seek
from opulse.experience.directory.views import contacts
from opulse.experience.distributions.models import (
    InvitationState,
    MailReason,
    ReturnedMail,
    SpareReason,
    Suppression,
)
from opulse.experience.distributions.store.tables import invitations
from opulse.mail.reports import BounceCategory, ReportKind

returned_mails = Table(
    "returned_mails",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("invitation", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("reporter", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "invitation", "kind"),  # a report that is brought again is known
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("invitation", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "email_key"),
    Index("ix_suppressions_at", "tenant", "at"),
    Index("ix_suppressions_contact", "tenant", "contact"),
)

_WAITS = (InvitationState.QUEUED.value, InvitationState.DEFERRED.value, InvitationState.HELD.value)
_ARRIVED = (InvitationState.ACCEPTED.value, InvitationState.UNKNOWN.value)


def find_mailed(conn: Connection, tenants: Sequence[int], invitation: str) -> Any:
    """The invitation that a bounce address names: a resolver across tenants, for the address carries none.

    Each tenant is a probe of the primary key, so however many rows there are, it costs as much as there are tenants.
    """
    return conn.execute(
        select(
            invitations.c.tenant,
            invitations.c.state,
            invitations.c.contact,
            invitations.c.email,
            invitations.c.email_key,
        ).where(invitations.c.tenant.in_(tenants), invitations.c.id == invitation)
    ).one_or_none()


def insert_returned(conn: Connection, one: ReturnedMail) -> bool:
    """Keep a report. False: the same kind of report about this mail is known."""
    row = {
        "tenant": one.tenant,
        "invitation": one.invitation,
        "kind": one.kind.value,
        "category": one.category.value,
        "status": one.status,
        "text": one.text,
        "reporter": one.reporter,
        "at": one.at,
    }
    return insert_ignoring_known(conn, returned_mails, [row]) == 1


def mark_returned(
    conn: Connection, tenant: int, invitation: str, reason: MailReason, text: str, code: int
) -> bool:
    """A mail that the relay took came back: *bounced*, and why. A soft bounce never takes the place of a hard one.

    ``code``: the SMTP code of the server that refused it; 0: not known. False: nothing changed by it.
    """
    done = conn.execute(
        update(invitations)
        .where(
            invitations.c.tenant == tenant,
            invitations.c.id == invitation,
            invitations.c.state.in_((*_ARRIVED, InvitationState.BOUNCED.value)),
            invitations.c.reason != MailReason.HARD_BOUNCE.value,
        )
        .values(
            state=InvitationState.BOUNCED.value,
            reason=reason.value,
            relay_code=code,
            relay_text=text,
            next_try_at=None,
        )
    )
    return done.rowcount == 1


def mark_complaint(conn: Connection, tenant: int, invitation: str) -> None:
    """A mail that arrived was reported as spam; its state stays what it is."""
    conn.execute(
        update(invitations)
        .where(
            invitations.c.tenant == tenant,
            invitations.c.id == invitation,
            invitations.c.state.in_(_ARRIVED),
        )
        .values(reason=MailReason.COMPLAINT.value, next_try_at=None)
    )


def suppress(conn: Connection, found: Sequence[Suppression]) -> int:
    """Addresses that get no more mail, all of one tenant. How many are new; what waits for them is spared, with the reason."""
    rows = [
        {
            "tenant": one.tenant,
            "email_key": one.email,
            "reason": one.reason.value,
            "contact": one.contact,
            "invitation": one.invitation,
            "text": one.text,
            "at": one.at,
        }
        for one in found
    ]
    new = insert_ignoring_known(conn, suppressions, rows)
    for reason in {one.reason for one in found}:
        _spare_waiting(conn, [one for one in found if one.reason is reason], reason)
    return new


def _spare_waiting(conn: Connection, found: Sequence[Suppression], reason: SpareReason) -> None:
    """By the contact, for invitations are found by it, and then by the address that each was asked at."""
    tenant, keys = found[0].tenant, [one.email for one in found]
    theirs = select(contacts.c.id).where(contacts.c.tenant == tenant, contacts.c.email_key.in_(keys))
    people = {one.contact for one in found} | set(conn.execute(theirs).scalars())
    conn.execute(
        update(invitations)
        .where(
            invitations.c.tenant == tenant,
            invitations.c.contact.in_(sorted(people)),
            invitations.c.email_key.in_(keys),
            invitations.c.state.in_(_WAITS),
        )
        .values(state=InvitationState.SPARED.value, reason=reason.value, next_try_at=None, hold_until=None)
    )


def suppress_dead(conn: Connection, tenant: int, texts: Mapping[str, str], now: datetime) -> None:
    """Addresses that the relay itself refused for good: invitation → its words."""
    rows = conn.execute(
        select(invitations.c.id, invitations.c.contact, invitations.c.email_key).where(
            invitations.c.tenant == tenant, invitations.c.id.in_(list(texts))
        )
    ).all()
    found = [
        Suppression(
            tenant, row.email_key, SpareReason.BOUNCED_BEFORE, row.contact, row.id, texts[row.id], now
        )
        for row in rows
    ]
    if found:
        suppress(conn, found)


def list_suppressed(conn: Connection, tenant: int, keys: Iterable[str]) -> dict[str, SpareReason]:
    """Those of the lower-case addresses that get no mail, with the reason."""
    query = select(suppressions.c.email_key, suppressions.c.reason).where(suppressions.c.tenant == tenant)
    return {
        row.email_key: SpareReason(row.reason) for row in seek(conn, query, suppressions.c.email_key, keys)
    }


def find_suppression(conn: Connection, tenant: int, email: str) -> Suppression | None:
    """By the lower-case address."""
    row = conn.execute(
        select(suppressions).where(suppressions.c.tenant == tenant, suppressions.c.email_key == email)
    ).one_or_none()
    return None if row is None else _suppression(row)


def delete_suppression(conn: Connection, tenant: int, email: str) -> None:
    """The address may be mailed again."""
    conn.execute(
        delete(suppressions).where(suppressions.c.tenant == tenant, suppressions.c.email_key == email)
    )


def list_suppressions(
    conn: Connection, tenant: int, *, contact: str = "", before: str = "", limit: int = 100
) -> list[Suppression]:
    """By address, from the one behind ``before``; of one contact, or all."""
    query = select(suppressions).where(suppressions.c.tenant == tenant, suppressions.c.email_key > before)
    if contact:
        query = query.where(suppressions.c.contact == contact)
    return [_suppression(row) for row in conn.execute(query.order_by(suppressions.c.email_key).limit(limit))]


def count_suppressions(conn: Connection, tenant: int) -> int:
    query = select(func.count()).select_from(suppressions).where(suppressions.c.tenant == tenant)
    return int(conn.execute(query).scalar_one())


def list_returned(conn: Connection, tenant: int, ids: Iterable[str]) -> dict[str, list[ReturnedMail]]:
    """Invitation → the reports about its mail, oldest first."""
    query = select(returned_mails).where(returned_mails.c.tenant == tenant)
    found: dict[str, list[ReturnedMail]] = {}
    for row in sorted(seek(conn, query, returned_mails.c.invitation, ids), key=lambda row: row.at):
        found.setdefault(row.invitation, []).append(
            ReturnedMail(
                row.tenant,
                row.invitation,
                ReportKind(row.kind),
                BounceCategory(row.category),
                row.status,
                row.text,
                row.reporter,
                row.at,
            )
        )
    return found


def _suppression(row: Any) -> Suppression:
    return Suppression(
        row.tenant, row.email_key, SpareReason(row.reason), row.contact, row.invitation, row.text, row.at
    )
