"""What time does to invitations: leases end, deadlines pass, holds end. Across tenants, a limited number of rows per unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    exists,
    literal,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from opulse.db import Instant, stored_instant
from opulse.experience.distributions.models import (
    Chores,
    Decision,
    DistributionState,
    InvitationState,
    MailReason,
    SpareReason,
)
from opulse.experience.distributions.store.among import among
from opulse.experience.distributions.store.tables import distributions, invitations, may_wait

ROWS = 2_000
OPEN_FOR = timedelta(minutes=15)
"""An unanswered invitation keeps other pulses away this long, from when its mail may leave."""
_MICROSECOND = timedelta(microseconds=1)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class EndedHold:
    """Contacts of one distribution that are to be decided again."""

    tenant: int
    distribution: str
    cause: str
    contacts: tuple[str, ...]


def find_chores(conn: Connection, now: datetime) -> Chores:
    """Which chores have work: one look per index, so that an idle sender writes nothing."""
    row = conn.execute(
        select(
            (_first_lease_end() <= now).label("leases"),
            exists().where(_is_late(now)).label("late"),
            exists().where(invitations.c.hold_until <= now).label("holds"),
            exists(_in_state(DistributionState.CANCELLED).where(_has_waiting())).label("leftovers"),
            exists(_finished()).label("finished"),
        )
    ).one()
    return Chores(*map(bool, row))


def end_all_claims(conn: Connection) -> None:
    """The leases of everything that is being sent end now; :func:`end_leases` does the rest."""
    sending = invitations.c.state == InvitationState.SENDING.value
    conn.execute(update(invitations).where(sending).values(lease_until=_LONG_AGO))


def end_leases(conn: Connection, now: datetime) -> int:
    """Whoever sent these is gone and the relay may have taken them: unknown, with one resend; a second time for good."""
    table = invitations
    picked = select(table.c.tenant, table.c.id).where(_lease_ended(now)).limit(ROWS)
    if conn.dialect.name == "postgresql":
        picked = picked.with_for_update(skip_locked=True)
    rows = conn.execute(picked).all()
    if not rows:
        return 0
    done = conn.execute(
        update(table)
        .where(tuple_(table.c.tenant, table.c.id).in_([tuple(row) for row in rows]), _lease_ended(now))
        .values(
            state=InvitationState.UNKNOWN.value,
            reason=MailReason.LEASE_ENDED.value,
            next_try_at=case((table.c.ambiguous, None), else_=literal(now, Instant())),
            ambiguous=True,
            attempts=table.c.attempts + 1,
            claim="",
            lease_until=None,
        )
    )
    return int(done.rowcount)


def end_late(conn: Connection, now: datetime) -> int:
    """What the relay did not take by ``send_by`` is too late; an unknown one stays unknown and is not resent."""
    table = invitations
    unknown = _of_state(InvitationState.UNKNOWN)
    picked = select(table.c.tenant, table.c.id).where(_is_late(now)).limit(ROWS)
    done = conn.execute(
        update(table)
        .where(tuple_(table.c.tenant, table.c.id).in_(picked), _is_late(now))
        .values(
            state=case((unknown, table.c.state), else_=InvitationState.TOO_LATE.value),
            next_try_at=None,
            hold_until=None,
        )
    )
    return int(done.rowcount)


def cancel_leftovers(conn: Connection) -> int:
    """What still waits in a cancelled distribution will not leave; an unknown one is not resent."""
    table = invitations
    unknown = _of_state(InvitationState.UNKNOWN)
    done = conn.execute(
        update(table)
        .where(tuple_(table.c.tenant, table.c.id).in_(_leftovers().limit(ROWS)), _waits())
        .values(
            state=case((unknown, table.c.state), else_=InvitationState.CANCELLED.value),
            reason=case((unknown, table.c.reason), else_=SpareReason.STOPPED_BY_OPERATOR.value),
            next_try_at=None,
            hold_until=None,
        )
    )
    return int(done.rowcount)


def finish_distributions(conn: Connection) -> int:
    """Running distributions in which nothing waits are done. Locked first: a wave that joins must not be lost."""
    picked = _finished().limit(ROWS)
    if conn.dialect.name == "postgresql":
        picked = picked.with_for_update(skip_locked=True, key_share=True)
    rows = conn.execute(picked).all()
    if not rows:
        return 0
    done = conn.execute(
        update(distributions)
        .where(
            tuple_(distributions.c.tenant, distributions.c.id).in_([tuple(row) for row in rows]),
            not_(_has_waiting()),
            not_(_has(_of_state(InvitationState.SENDING))),
            distributions.c.state == DistributionState.RUNNING.value,
        )
        .values(state=DistributionState.DONE.value)
    )
    return int(done.rowcount)


def list_ended_holds(conn: Connection, now: datetime) -> list[EndedHold]:
    """Held invitations that are due to be decided again, by distribution."""
    rows = conn.execute(
        select(invitations.c.tenant, invitations.c.distribution, invitations.c.cause, invitations.c.contact)
        .where(invitations.c.hold_until <= now, invitations.c.state == InvitationState.HELD.value)
        .order_by(invitations.c.hold_until)
        .limit(ROWS)
    ).all()
    grouped: dict[tuple[int, str, str], list[str]] = {}
    for row in rows:
        grouped.setdefault((row.tenant, row.distribution, row.cause), []).append(row.contact)
    return [EndedHold(*key, tuple(sorted(ids))) for key, ids in grouped.items()]


def update_held(
    conn: Connection, tenant: int, distribution: str, decisions: Sequence[Decision], now: datetime
) -> int:
    """Write the second decision about held invitations, alike ones at once; who is not held any more is left alone."""
    alike: dict[tuple[InvitationState, str, str, datetime | None], list[str]] = defaultdict(list)
    for one in decisions:
        reason = one.reason.value if one.reason else ""
        alike[one.state, reason, one.rule, one.hold_until].append(one.candidate.contact)
    return sum(
        _update_alike(conn, tenant, distribution, ids, *decision, now) for decision, ids in alike.items()
    )


def _update_alike(
    conn: Connection,
    tenant: int,
    distribution: str,
    ids: Sequence[str],
    state: InvitationState,
    reason: str,
    rule: str,
    hold_until: datetime | None,
    now: datetime,
) -> int:
    table = invitations
    done = conn.execute(
        update(table)
        .where(
            table.c.tenant == tenant,
            table.c.distribution == distribution,
            table.c.state == InvitationState.HELD.value,
            among(conn, table.c.contact, ids),
        )
        .values(
            state=state.value,
            reason=reason,
            rule=rule,
            next_try_at=_when_due(now) if state is InvitationState.QUEUED else None,
            hold_until=hold_until,
        )
    )
    return int(done.rowcount)


def _when_due(now: datetime) -> ColumnElement[Any]:
    """Now, or where the mails of this request wait for a time of their own, then: it lies OPEN_FOR before the end of *open*."""
    later = cast(type_coerce(invitations.c.open_until, BigInteger()) - OPEN_FOR // _MICROSECOND, BigInteger())
    asked_later = invitations.c.open_until > now + OPEN_FOR
    return case((asked_later, later), else_=literal(stored_instant(now), BigInteger()))


def _lease_ended(now: datetime) -> ColumnElement[bool]:
    return and_(invitations.c.lease_until <= now, invitations.c.state == InvitationState.SENDING.value)


def _first_lease_end() -> ScalarSelect[datetime]:
    """The first of the leases' index. Asked for any that has ended, PostgreSQL expects many, and reads the table for one."""
    end = invitations.c.lease_until
    return select(end).where(end.is_not(None)).order_by(end).limit(1).scalar_subquery()


def _is_late(now: datetime) -> ColumnElement[bool]:
    unknown = and_(_of_state(InvitationState.UNKNOWN), invitations.c.next_try_at.is_not(None))
    return and_(
        may_wait, invitations.c.send_by <= now, or_(not_(_of_state(InvitationState.UNKNOWN)), unknown)
    )


def _waits() -> ColumnElement[bool]:
    held_or_offered = invitations.c.state.in_((InvitationState.HELD.value, InvitationState.OFFERED.value))
    return or_(invitations.c.next_try_at.is_not(None), held_or_offered)


def _of_state(state: InvitationState) -> ColumnElement[bool]:
    """In words, not as a bound value: only so does PostgreSQL see that a state is rare, and goes to its index."""
    return invitations.c.state == literal_column(f"'{state.value}'")


def _leftovers() -> Select[tuple[int, str]]:
    mine = and_(
        distributions.c.tenant == invitations.c.tenant, distributions.c.id == invitations.c.distribution
    )
    return (
        select(invitations.c.tenant, invitations.c.id)
        .join(distributions, mine)
        .where(distributions.c.state == DistributionState.CANCELLED.value, may_wait, _waits())
    )


def _finished() -> Select[tuple[int, str]]:
    sending = _has(_of_state(InvitationState.SENDING))
    return _in_state(DistributionState.RUNNING).where(not_(_has_waiting()), not_(sending))


def _in_state(state: DistributionState) -> Select[tuple[int, str]]:
    return select(distributions.c.tenant, distributions.c.id).where(distributions.c.state == state.value)


def _has_waiting() -> ColumnElement[bool]:
    due = invitations.c.next_try_at
    held, offered = (_has(_of_state(one)) for one in (InvitationState.HELD, InvitationState.OFFERED))
    return or_(_has(due.is_not(None), first_by=due), held, offered)


def _has(
    condition: ColumnElement[bool], first_by: ColumnElement[datetime] | None = None
) -> ColumnElement[bool]:
    """The distribution has such an invitation: one probe of an index that begins with tenant and distribution.

    The first one is asked for, and not whether there are any: EXISTS may become a list of all who wait, made anew each second.
    """
    mine = and_(
        invitations.c.tenant == distributions.c.tenant, invitations.c.distribution == distributions.c.id
    )
    first = select(literal(1)).where(mine, condition).correlate(distributions).limit(1)
    return first.order_by(first_by).scalar_subquery().is_not(None)
