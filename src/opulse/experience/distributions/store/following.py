"""Planned reminders and thank-yous, and who they are for: one query per step, whatever the distribution's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
    exists,
    func,
    insert,
    not_,
    select,
    update,
)

from opulse.db import Instant, JsonDoc, metadata
from opulse.experience.distributions.models import (
    Distribution,
    DistributionKind,
    FollowUpState,
    InvitationState,
    MailReason,
    Progress,
)
from opulse.experience.distributions.models.following import Followed, FollowUp
from opulse.experience.distributions.store.records import message_document, message_of
from opulse.experience.distributions.store.tables import invitations

follow_ups = Table(
    "follow_ups",
    metadata,
    Column("tenant", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Column("distribution", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("after_seconds", Integer, nullable=False),
    Column("message", JsonDoc, nullable=False),
    Column("state", Text, nullable=False),
    Column("child", Text, nullable=False),
    Column("look_at", Instant, nullable=True),  # null: ended
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "distribution", "kind", "number"),
    Index("ix_follow_ups_look_at", "look_at"),
)

_NOT_ANSWERED = tuple(
    one.value for one in (Progress.NONE, Progress.STARTED, Progress.PARTIAL, Progress.EXPIRED)
)


def insert_follow_up(conn: Connection, one: FollowUp) -> None:
    conn.execute(
        insert(follow_ups).values(
            tenant=one.tenant,
            id=one.id,
            distribution=one.distribution,
            kind=one.kind.value,
            number=one.number,
            after_seconds=round(one.after.total_seconds()),
            message=message_document(one.message),
            state=one.state.value,
            child=one.child,
            look_at=one.look_at,
            created_by=one.created_by,
            created_at=one.created_at,
        )
    )


def list_follow_ups(conn: Connection, tenant: int, distribution: str) -> list[FollowUp]:
    """Those of one distribution, in the order in which their time comes."""
    query = select(follow_ups).where(follow_ups.c.tenant == tenant, follow_ups.c.distribution == distribution)
    ordered = query.order_by(follow_ups.c.kind, follow_ups.c.after_seconds)
    return [_follow_up(row) for row in conn.execute(ordered)]


def find_follow_up(conn: Connection, tenant: int, follow_up: str) -> FollowUp | None:
    row = conn.execute(
        select(follow_ups).where(follow_ups.c.tenant == tenant, follow_ups.c.id == follow_up)
    ).one_or_none()
    return None if row is None else _follow_up(row)


def list_due(conn: Connection, now: datetime) -> list[FollowUp]:
    """Those to look at now, of all tenants: a resolver for the clock's job."""
    rows = conn.execute(
        select(follow_ups).where(follow_ups.c.look_at <= now).order_by(follow_ups.c.look_at).limit(100)
    )
    return [_follow_up(row) for row in rows]


def update_follow_up(conn: Connection, tenant: int, follow_up: str, changes: Mapping[str, Any]) -> None:
    conn.execute(
        update(follow_ups)
        .where(follow_ups.c.tenant == tenant, follow_ups.c.id == follow_up)
        .values(**changes)
    )


def end_follow_up(conn: Connection, tenant: int, follow_up: str) -> None:
    """It reaches nobody any more; mails that are queued by now leave."""
    update_follow_up(conn, tenant, follow_up, {"state": FollowUpState.ENDED.value, "look_at": None})


def list_followed(
    conn: Connection, one: FollowUp, of: Distribution, now: datetime, after: str, limit: int
) -> list[Followed]:
    """The next people whose time has come, by invitation, behind ``after``; nobody twice for one round."""
    table, made = invitations, invitations.alias("made")
    # the unique key of invitations, from its front: a probe per person
    known = exists().where(
        made.c.tenant == table.c.tenant,
        made.c.contact == table.c.contact,
        made.c.cause == one.id,
        made.c.workflow == of.workflow,
        made.c.wave == table.c.wave,
    )
    rows = conn.execute(
        select(table.c.id, table.c.contact, table.c.wave, table.c.expires_at)
        .where(_mailed(of), table.c.id > after, table.c.expires_at > now, _is_due(one, now), not_(known))
        .order_by(table.c.id)
        .limit(limit)
    )
    return [Followed(row.id, row.contact, row.wave, row.expires_at) for row in rows]


def find_horizon(
    conn: Connection, one: FollowUp, of: Distribution, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """(when the first of those who are not due yet will be, when the last link ends); None: nobody."""
    reminds = one.kind is DistributionKind.REMINDER
    since = invitations.c.sent_at if reminds else invitations.c.progress_at
    first = func.min(since, type_=Instant())
    waiting = select(first).where(_mailed(of), since > now - one.after).scalar_subquery()
    last = select(func.max(invitations.c.expires_at, type_=Instant())).where(
        invitations.c.tenant == of.tenant, invitations.c.distribution == of.id
    )
    row = conn.execute(select(waiting, last.scalar_subquery())).one()
    return (None if row[0] is None else row[0] + one.after), row[1]


def list_answered(conn: Connection, tenant: int, ids: Sequence[str]) -> set[str]:
    """Those of the invitations that were answered by now."""
    query = select(invitations.c.id).where(
        invitations.c.tenant == tenant,
        invitations.c.id.in_(ids),
        invitations.c.progress.not_in(_NOT_ANSWERED),
    )
    return set(conn.execute(query).scalars())


def _mailed(of: Distribution) -> ColumnElement[bool]:
    """Mails of the distribution that arrived as far as anybody knows, and that nobody took for spam."""
    return and_(
        invitations.c.tenant == of.tenant,
        invitations.c.distribution == of.id,
        invitations.c.state == InvitationState.ACCEPTED.value,
        invitations.c.reason != MailReason.COMPLAINT.value,
    )


def _is_due(one: FollowUp, now: datetime) -> ColumnElement[bool]:
    table, since = invitations, now - one.after
    if one.kind is DistributionKind.REMINDER:
        return and_(table.c.sent_at <= since, table.c.progress.in_(_NOT_ANSWERED))
    return and_(table.c.progress == Progress.FINISHED.value, table.c.progress_at <= since)


def _follow_up(row: Any) -> FollowUp:
    return FollowUp(
        tenant=row.tenant,
        id=row.id,
        distribution=row.distribution,
        kind=DistributionKind(row.kind),
        number=row.number,
        after=timedelta(seconds=row.after_seconds),
        message=message_of(row.message),
        state=FollowUpState(row.state),
        child=row.child,
        look_at=row.look_at,
        created_by=row.created_by,
        created_at=row.created_at,
    )
