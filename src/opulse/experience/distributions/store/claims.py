"""A claim of the sender's: taken, renewed, settled. Each statement is built once: it runs for every twenty mails."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Integer,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    case,
    select,
    update,
)

from opulse.db import Instant, as_json, listed
from opulse.db.json_rows import json_table, micros
from opulse.experience.directory.views import contacts, list_members, out_everywhere
from opulse.experience.distributions.models import (
    ClaimedMail,
    DistributionKind,
    DistributionState,
    InvitationState,
    Settlement,
    SpareReason,
    Turn,
)
from opulse.experience.distributions.store.following import list_answered
from opulse.experience.distributions.store.sending import mail_may_leave
from opulse.experience.distributions.store.tables import distributions, invitations
from opulse.tenancy import Tenant, get_tenant

_MAIL = (
    invitations.c.id,
    invitations.c.email,
    invitations.c.first_name,
    invitations.c.last_name,
    invitations.c.language,
    invitations.c.fields,
    invitations.c.message_id,
    invitations.c.attempts,
    invitations.c.ambiguous,
    invitations.c.asked_at,
    invitations.c.of_invitation,
)


def claim_mails(
    conn: Connection, turn: Turn, claim: str, lease: timedelta, now: datetime, limit: int
) -> list[ClaimedMail]:
    """Move up to ``limit`` due invitations to ``sending`` under ``claim``; none where the distribution may not send now.

    Who opted out since being asked, or is off the allow list by now, is spared instead.
    """
    tenant = get_tenant(conn, turn.tenant)
    if not mail_may_leave(tenant):
        return []
    key = {"of_tenant": turn.tenant, "of_distribution": turn.distribution}
    due = conn.execute(_due(conn.dialect.name), {**key, "now": now, "most": limit}).all()
    mails, spared = _sorted(tenant, turn.distribution, due)
    if turn.kind is DistributionKind.REMINDER and mails:
        answered = list_answered(conn, turn.tenant, [mail.of_invitation for mail in mails])
        spared[SpareReason.ANSWERED_BEFORE] = [one.id for one in mails if one.of_invitation in answered]
        mails = [one for one in mails if one.of_invitation not in answered]
    if mails:
        ids = as_json([mail.id for mail in mails])
        given = {"of_tenant": turn.tenant, "ids": ids, "by": claim, "until": now + lease}
        conn.execute(_take(conn.dialect.name), given)
    for reason, ids_spared in spared.items():
        given = {"of_tenant": turn.tenant, "ids": as_json(ids_spared), "why": reason.value}
        conn.execute(_spare(conn.dialect.name), given)
    return mails


def _sorted(
    tenant: Tenant, distribution: str, due: Sequence[Any]
) -> tuple[list[ClaimedMail], dict[SpareReason, list[str]]]:
    """Those to mail, and those whom nobody may mail any more, by the reason."""
    mails: list[ClaimedMail] = []
    spared: dict[SpareReason, list[str]] = {}
    for *mail, email_key, opted_out, deleted, out_of_list, out_of_all in due:
        reasons = (
            (deleted, SpareReason.DELETED),
            (out_of_all, SpareReason.OPTED_OUT_EVERYWHERE),
            (opted_out, SpareReason.OPTED_OUT),
            (out_of_list, SpareReason.OPTED_OUT_OF_LIST),
            (not tenant.lets_mail_reach(email_key), SpareReason.NOT_ON_ALLOW_LIST),
        )
        reason = next((one for applies, one in reasons if applies), None)
        if reason is None:
            mails.append(ClaimedMail(tenant.id, distribution, *mail))
        else:
            spared.setdefault(reason, []).append(mail[0])
    return mails, spared


@cache
def _due(dialect: str) -> Select[Any]:
    """What may be sent of a running distribution, the earliest first, with all that could speak against it by now."""
    table = invitations
    on_list = and_(
        list_members.c.tenant == table.c.tenant,
        list_members.c.contact == table.c.contact,
        list_members.c.list == distributions.c.list,
    )
    query = (
        select(
            *_MAIL,
            table.c.email_key,
            contacts.c.unsubscribed,
            contacts.c.deleted,
            list_members.c.unsubscribed,
            out_everywhere(),
        )
        .select_from(table)
        .join(
            distributions,
            and_(distributions.c.tenant == table.c.tenant, distributions.c.id == table.c.distribution),
        )
        .join(contacts, and_(contacts.c.tenant == table.c.tenant, contacts.c.id == table.c.contact))
        .outerjoin(list_members, on_list)
        .where(
            table.c.tenant == bindparam("of_tenant", type_=Integer()),
            table.c.distribution == bindparam("of_distribution", type_=Text()),
            distributions.c.state == DistributionState.RUNNING.value,
            table.c.next_try_at <= bindparam("now", type_=Instant()),
            table.c.send_by > bindparam("now", type_=Instant()),
        )
        .order_by(table.c.next_try_at)
        .limit(bindparam("most", type_=Integer()))
    )
    return query.with_for_update(of=table, skip_locked=True) if dialect == "postgresql" else query


@cache
def _take(dialect: str) -> Update:
    return _of_listed(dialect).values(
        state=InvitationState.SENDING.value,
        claim=bindparam("by", type_=Text()),
        lease_until=bindparam("until", type_=Instant()),
        next_try_at=None,
    )


@cache
def _spare(dialect: str) -> Update:
    """What may have arrived already keeps its state."""
    unsent = case(
        (invitations.c.ambiguous, InvitationState.UNKNOWN.value), else_=InvitationState.SPARED.value
    )
    return _of_listed(dialect).values(
        state=unsent,
        reason=bindparam("why", type_=Text()),
        claim="",
        lease_until=None,
        next_try_at=None,
    )


def _of_listed(dialect: str) -> Update:
    return update(invitations).where(
        invitations.c.tenant == bindparam("of_tenant", type_=Integer()),
        invitations.c.id.in_(select(listed(dialect, "ids").c.value)),
    )


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


def settle_mails(conn: Connection, tenant: int, outcomes: Sequence[tuple[str, Settlement]]) -> list[str]:
    """Write outcomes down, each with its claim, of rows that this claim still sends. Their ids: fewer, and a lease was lost."""
    rows = [
        (
            one.id,
            claim,
            one.state.value,
            one.reason,
            micros(one.next_try_at),
            one.ambiguous,
            int(one.tried),
            one.relay_code,
            one.relay_text,
            micros(one.at),
        )
        for claim, one in outcomes
    ]
    given = {"of_tenant": tenant, "outcomes": as_json(rows)}
    return list(conn.execute(_settle(conn.dialect.name), given).scalars())


@cache
def _settle(dialect: str) -> Any:
    given = json_table(
        dialect,
        "outcomes",
        {
            "id": Text(),
            "claim": Text(),
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
    taken = given.c.state == InvitationState.ACCEPTED.value
    return (
        update(invitations)
        .where(
            invitations.c.tenant == bindparam("of_tenant", type_=Integer()),
            invitations.c.id == given.c.id,
            invitations.c.state == InvitationState.SENDING.value,
            invitations.c.claim == given.c.claim,
        )
        .values(
            state=given.c.state,
            reason=given.c.reason,
            next_try_at=given.c.next_try_at,
            ambiguous=given.c.ambiguous,
            attempts=invitations.c.attempts + given.c.tried,
            relay_code=given.c.relay_code,
            relay_text=given.c.relay_text,
            sent_at=case((taken, given.c.at), else_=invitations.c.sent_at),
            claim="",
            lease_until=None,
        )
        .returning(invitations.c.id)
    )
