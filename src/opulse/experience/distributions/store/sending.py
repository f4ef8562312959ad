"""The sender's work list: claim, renew, settle. Resolvers across tenants: ``list_due`` and ``list_stopped`` serve all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Connection, Integer, Text, and_, case, exists, select, tuple_, update

from opulse.db import Instant
from opulse.experience.directory.views import contacts, list_members
from opulse.experience.distributions.models import (
    ClaimedMail,
    DistributionState,
    InvitationState,
    Settlement,
    SpareReason,
    Turn,
)
from opulse.experience.distributions.store.json_rows import json_rows, micros
from opulse.experience.distributions.store.tables import distributions, invitations
from opulse.tenancy import Tenant, get_tenant


def list_due(conn: Connection, now: datetime) -> list[Turn]:
    """Running distributions with an invitation to send now, of tenants whose mail may leave."""
    due = exists().where(
        invitations.c.tenant == distributions.c.tenant,
        invitations.c.distribution == distributions.c.id,
        invitations.c.next_try_at <= now,
        invitations.c.send_by > now,
    )
    rows = conn.execute(
        select(distributions.c.tenant, distributions.c.id, distributions.c.priority).where(
            distributions.c.state == DistributionState.RUNNING.value, due
        )
    ).all()
    open_tenants = {
        tenant for tenant in {row.tenant for row in rows} if mail_may_leave(get_tenant(conn, tenant))
    }
    return [Turn(row.tenant, row.id, row.priority) for row in rows if row.tenant in open_tenants]


def mail_may_leave(tenant: Tenant) -> bool:
    """Whether neither of the tenant's switches holds all mail back."""
    return not tenant.mail_paused and not tenant.hold_after_restore


def list_stopped(conn: Connection, sending: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of the (tenant, distribution) pairs that must not go on."""
    running = conn.execute(
        select(distributions.c.tenant, distributions.c.id).where(
            tuple_(distributions.c.tenant, distributions.c.id).in_(sorted(sending)),
            distributions.c.state == DistributionState.RUNNING.value,
        )
    ).all()
    open_tenants = {
        tenant for tenant in {one for one, _ in sending} if mail_may_leave(get_tenant(conn, tenant))
    }
    return set(sending) - {(row.tenant, row.id) for row in running if row.tenant in open_tenants}


def claim_mails(
    conn: Connection, turn: Turn, claim: str, lease: timedelta, now: datetime, limit: int
) -> list[ClaimedMail]:
    """Move up to ``limit`` due invitations to ``sending`` under ``claim``; none where the distribution may not send now.

    Who opted out since being asked, or is off the allow list by now, is spared instead.
    """
    table = invitations
    tenant = get_tenant(conn, turn.tenant)
    state, list_id = conn.execute(
        select(distributions.c.state, distributions.c.list).where(
            distributions.c.tenant == turn.tenant, distributions.c.id == turn.distribution
        )
    ).one()
    if state != DistributionState.RUNNING.value or not mail_may_leave(tenant):
        return []
    picked = (
        select(table.c.id)
        .where(
            table.c.tenant == turn.tenant,
            table.c.distribution == turn.distribution,
            table.c.next_try_at <= now,
            table.c.send_by > now,
        )
        .order_by(table.c.next_try_at)
        .limit(limit)
    )
    if conn.dialect.name == "postgresql":
        picked = picked.with_for_update(skip_locked=True)
    # A common table expression is evaluated once; PostgreSQL may run a subquery with SKIP LOCKED again and claim too many.
    chosen = picked.cte("chosen")
    rows = conn.execute(
        update(table)
        .where(table.c.tenant == turn.tenant, table.c.id.in_(select(chosen.c.id)))
        .values(state=InvitationState.SENDING.value, claim=claim, lease_until=now + lease, next_try_at=None)
        .returning(
            table.c.tenant,
            table.c.id,
            table.c.distribution,
            table.c.email,
            table.c.first_name,
            table.c.last_name,
            table.c.language,
            table.c.fields,
            table.c.message_id,
            table.c.attempts,
            table.c.ambiguous,
            table.c.asked_at,
        )
    ).all()
    spared = _spare_meanwhile(conn, tenant, list_id, [row.id for row in rows]) if rows else set()
    return [ClaimedMail(**row._mapping) for row in rows if row.id not in spared]


def _spare_meanwhile(conn: Connection, tenant: Tenant, list_id: str, ids: Sequence[str]) -> set[str]:
    """Spare those of the claimed whom nobody may mail any more. What may have arrived already keeps its state."""
    table = invitations
    on_list = and_(
        list_members.c.tenant == table.c.tenant,
        list_members.c.contact == table.c.contact,
        list_members.c.list == list_id,
    )
    rows = conn.execute(
        select(
            table.c.id,
            table.c.email_key,
            contacts.c.unsubscribed,
            contacts.c.deleted,
            list_members.c.unsubscribed,
        )
        .join(contacts, and_(contacts.c.tenant == table.c.tenant, contacts.c.id == table.c.contact))
        .outerjoin(list_members, on_list)
        .where(table.c.tenant == tenant.id, table.c.id.in_(ids))
    )
    spared: dict[SpareReason, list[str]] = {}
    for invitation, email_key, opted_out, deleted, out_of_list in rows:
        reasons = (
            (deleted, SpareReason.DELETED),
            (opted_out, SpareReason.OPTED_OUT),
            (out_of_list, SpareReason.OPTED_OUT_OF_LIST),
            (not tenant.lets_mail_reach(email_key), SpareReason.NOT_ON_ALLOW_LIST),
        )
        if (reason := next((one for applies, one in reasons if applies), None)) is not None:
            spared.setdefault(reason, []).append(invitation)
    for reason, listed in spared.items():
        unsent = case((table.c.ambiguous, InvitationState.UNKNOWN.value), else_=InvitationState.SPARED.value)
        conn.execute(
            update(table)
            .where(table.c.tenant == tenant.id, table.c.id.in_(listed))
            .values(state=unsent, reason=reason.value, claim="", lease_until=None)
        )
    return {invitation for listed in spared.values() for invitation in listed}


def renew_lease(conn: Connection, turn: Turn, claim: str, until: datetime) -> int:
    """Hold what the claim still sends until ``until``. How many rows it still has."""
    done = conn.execute(
        update(invitations)
        .where(
            invitations.c.tenant == turn.tenant,
            invitations.c.distribution == turn.distribution,
            invitations.c.state == InvitationState.SENDING.value,
            invitations.c.claim == claim,
        )
        .values(lease_until=until)
    )
    return int(done.rowcount)


def settle_mails(conn: Connection, tenant: int, claim: str, settlements: Sequence[Settlement]) -> int:
    """Write outcomes down, of rows that this claim still sends. How many those were: fewer, and the lease was lost."""
    rows = [
        [
            one.id,
            one.state.value,
            one.reason,
            micros(one.next_try_at),
            one.ambiguous,
            int(one.tried),
            one.relay_code,
            one.relay_text,
            micros(one.at),
        ]
        for one in settlements
    ]
    given = json_rows(
        conn,
        rows,
        {
            "id": Text(),
            "state": Text(),
            "reason": Text(),
            "next_try_at": Instant(),
            "ambiguous": Boolean(),
            "tried": Integer(),
            "relay_code": Integer(),
            "relay_text": Text(),
            "at": Instant(),
        },
    )
    table = invitations
    taken = given.c.state == InvitationState.ACCEPTED.value
    done = conn.execute(
        update(table)
        .where(
            table.c.tenant == tenant,
            table.c.id.in_([one.id for one in settlements]),  # else SQLite looks through all of the tenant's
            table.c.id == given.c.id,
            table.c.state == InvitationState.SENDING.value,
            table.c.claim == claim,
        )
        .values(
            state=given.c.state,
            reason=given.c.reason,
            next_try_at=given.c.next_try_at,
            ambiguous=given.c.ambiguous,
            attempts=table.c.attempts + given.c.tried,
            relay_code=given.c.relay_code,
            relay_text=given.c.relay_text,
            sent_at=case((taken, given.c.at), else_=table.c.sent_at),
            claim="",
            lease_until=None,
        )
    )
    return int(done.rowcount)
