"""What operators and the asked people themselves change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from opulse.db import json_list
from opulse.experience.directory.views import contacts
from opulse.experience.distributions.models import (
    DistributionState,
    HoldReason,
    InvitationState,
    Progress,
    SpareReason,
)
from opulse.experience.distributions.store.tables import distributions, invitations

_UNSENT = (
    InvitationState.QUEUED.value,
    InvitationState.DEFERRED.value,
    InvitationState.HELD.value,
    InvitationState.OFFERED.value,
)


def set_state(conn: Connection, tenant: int, distribution: str, state: DistributionState) -> None:
    conn.execute(
        update(distributions)
        .where(distributions.c.tenant == tenant, distributions.c.id == distribution)
        .values(state=state.value)
    )


def set_confirmed(conn: Connection, tenant: int, distribution: str, by: str, now: datetime) -> None:
    """Remember who said yes, and have the people who waited for it decided again."""
    conn.execute(
        update(distributions)
        .where(distributions.c.tenant == tenant, distributions.c.id == distribution)
        .values(confirmed_by=by)
    )
    conn.execute(
        update(invitations)
        .where(
            invitations.c.tenant == tenant,
            invitations.c.distribution == distribution,
            invitations.c.state == InvitationState.HELD.value,
            invitations.c.reason == HoldReason.NEEDS_CONFIRMATION.value,
        )
        .values(hold_until=now)
    )


def spare_waiting(
    conn: Connection, tenant: int, contact: str, reason: SpareReason, list_id: str = ""
) -> None:
    """A contact who opted out is not mailed what still waits; with ``list_id`` only what that list is asked."""
    query = update(invitations).where(
        invitations.c.tenant == tenant,
        invitations.c.contact == contact,
        invitations.c.state.in_(_UNSENT),
    )
    if list_id:
        of_list = select(distributions.c.id).where(
            distributions.c.tenant == tenant, distributions.c.list == list_id
        )
        query = query.where(invitations.c.distribution.in_(of_list))
    conn.execute(
        query.values(
            state=InvitationState.SPARED.value, reason=reason.value, next_try_at=None, hold_until=None
        )
    )


def close_open(conn: Connection, tenant: int, invitation: str, now: datetime) -> bool:
    """The invitation keeps no other pulse away any more; whether somebody waited for it, who is decided again now."""
    contact = conn.execute(
        _CLOSE, {"in_tenant": tenant, "invitation": invitation, "now": now}
    ).scalar_one_or_none()
    if contact is None:
        return False
    waited = conn.execute(_END_HOLDS, {"in_tenant": tenant, "of_contact": contact, "now": now})
    return waited.rowcount > 0


# Built once: every answer runs them, and building a statement takes longer than running it.
_CLOSE = (
    update(invitations)
    .where(
        invitations.c.tenant == bindparam("in_tenant"),
        invitations.c.id == bindparam("invitation"),
        invitations.c.open_until > bindparam("now"),
    )
    .values(open_until=bindparam("now"))
    .returning(invitations.c.contact)
)
_END_HOLDS = (
    update(invitations)
    .where(
        invitations.c.tenant == bindparam("in_tenant"),
        invitations.c.contact == bindparam("of_contact"),
        invitations.c.state == InvitationState.HELD.value,
        invitations.c.reason == HoldReason.IN_ANOTHER_PULSE.value,
    )
    .values(hold_until=bindparam("now"))
)


def note_progress(conn: Connection, tenant: int, invitation: str, progress: Progress, now: datetime) -> None:
    """How far the person came; *started* never takes the place of anything."""
    statement = _START if progress is Progress.STARTED else _PROGRESS
    conn.execute(
        statement, {"in_tenant": tenant, "invitation": invitation, "came": progress.value, "now": now}
    )


def note_partial(conn: Connection, tenant: int, ids: Sequence[str], now: datetime) -> None:
    """*Partially finished* where only a beginning was noted."""
    listed = json_list(conn, ids)
    conn.execute(
        update(invitations)
        .where(
            invitations.c.tenant == tenant,
            invitations.c.id.in_(select(listed.c.value)),
            invitations.c.progress.in_([Progress.NONE.value, Progress.STARTED.value]),
        )
        .values(progress=Progress.PARTIAL.value, progress_at=now)
    )


_PROGRESS = (
    update(invitations)
    .where(
        invitations.c.tenant == bindparam("in_tenant"),
        invitations.c.id == bindparam("invitation"),
        invitations.c.progress != bindparam("came"),
    )
    .values(progress=bindparam("came"), progress_at=bindparam("now"))
)
_START = _PROGRESS.where(invitations.c.progress == Progress.NONE.value)


def mute(conn: Connection, tenant: int, contact: str, until: datetime) -> datetime | None:
    """The contact is not asked before ``until``; until when it was before."""
    this = (contacts.c.tenant == tenant, contacts.c.id == contact)
    before = conn.execute(select(contacts.c.muted_until).where(*this)).scalar()
    conn.execute(update(contacts).where(*this).values(muted_until=until))
    return before
