"""Invitations without the person: by name, and by age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from opulse.db import json_list
from opulse.experience.distributions.models import InvitationState, MailReason, SpareReason
from opulse.experience.distributions.store.among import among
from opulse.experience.distributions.store.tables import invitations

_BLANK = {"email": "", "email_key": "", "first_name": "", "last_name": "", "relay_text": ""}
_UNSENT = (InvitationState.QUEUED.value, InvitationState.DEFERRED.value, InvitationState.HELD.value)


def find_invitations_of(conn: Connection, tenant: int, ids: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Invitations of these contacts, or that were written to one of these lower-case addresses."""
    table = invitations.c
    named = json_list(conn, keys)
    mine = or_(among(conn, table.contact, ids), table.email_key.in_(select(named.c.value)))
    return list(
        conn.execute(select(table.id).where(table.tenant == tenant, mine).order_by(table.id)).scalars()
    )


def forget_invitations(conn: Connection, tenant: int, found: Sequence[str], now: datetime) -> int:
    """Blank address, names, frozen values and the relay's words; what waits is not sent, links are closed. Returns how many."""
    table = invitations.c
    mine = table.tenant == tenant, among(conn, table.id, found)
    conn.execute(
        update(invitations)
        .where(*mine, table.state.in_(_UNSENT))
        .values(
            state=InvitationState.SPARED.value,
            reason=SpareReason.DELETED.value,
            next_try_at=None,
            hold_until=None,
        )
    )
    conn.execute(update(invitations).where(*mine, table.expires_at > now).values(expires_at=now))
    done = conn.execute(update(invitations).where(*mine).values(**_BLANK, fields={}))
    return done.rowcount


def blank_old(conn: Connection, tenant: int, before: datetime, limit: int) -> int:
    """The mail log ends: invitations decided before then lose address, names, values and the relay's words. Returns how many."""
    table = invitations.c
    old = (
        select(table.id)
        .where(
            table.tenant == tenant,
            table.asked_at < before,
            or_(table.email != "", table.first_name != "", table.last_name != "", table.relay_text != ""),
            table.next_try_at.is_(None),
            table.lease_until.is_(None),
            table.hold_until.is_(None),
        )
        .limit(limit)
    )
    done = conn.execute(
        update(invitations).where(table.tenant == tenant, table.id.in_(old)).values(**_BLANK, fields={})
    )
    return done.rowcount


def mark_cut(conn: Connection, tenant: int, found: Sequence[str]) -> None:
    """The ledger goes on to say *answered* of invitations whose answer does not lead to them any more."""
    table = invitations.c
    conn.execute(
        update(invitations)
        .where(table.tenant == tenant, among(conn, table.id, found))
        .values(reason=MailReason.ANSWER_CUT.value)
    )
