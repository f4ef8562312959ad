"""The one query: every reach row of an activation with its rank, over the doors of the stages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Join,
    Row,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from opulse.experience.distributions.models import HoldReason, InvitationState, MailReason, SpareReason
from opulse.experience.distributions.views import invitations
from opulse.experience.extensions.operational_pulse.models import ReachReason
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.views import owner_corrections, responses
from opulse.pulses.ledger.models import ORDER, RANK, LedgerState
from opulse.pulses.ledger.views.conditions import Unasked, unasked_of

_SPARED = {
    SpareReason.OPTED_OUT: LedgerState.OPTED_OUT,
    SpareReason.OPTED_OUT_EVERYWHERE: LedgerState.OPTED_OUT,
    SpareReason.OPTED_OUT_OF_LIST: LedgerState.OPTED_OUT,
    SpareReason.DELETED: LedgerState.NO_CONTACT,
    SpareReason.MUTED: LedgerState.MUTED,
    SpareReason.NO_EMAIL: LedgerState.BAD_ADDRESS,
    SpareReason.BAD_EMAIL: LedgerState.BAD_ADDRESS,
    SpareReason.NOT_ON_ALLOW_LIST: LedgerState.NOT_ON_ALLOW_LIST,
    SpareReason.ALREADY_ASKED: LedgerState.SAME_PERSON,
    SpareReason.ONE_PER_ACTIVATION: LedgerState.SAME_PERSON,
    SpareReason.FATIGUE_RULE: LedgerState.FATIGUE_RULE,
    SpareReason.OVER_CAP: LedgerState.OVER_CAP,
    SpareReason.STOPPED_BY_OPERATOR: LedgerState.STOPPED,
    SpareReason.BOUNCED_BEFORE: LedgerState.BAD_ADDRESS,
    SpareReason.COMPLAINED: LedgerState.OPTED_OUT,
    SpareReason.DUPLICATE_MESSAGE: LedgerState.SAME_PERSON,
    SpareReason.ANSWERED_BEFORE: LedgerState.SAME_PERSON,
}
_AT_QUALTRICS = {
    ReachReason.TO_QUALTRICS: LedgerState.BEING_RESOLVED,
    ReachReason.AT_QUALTRICS: LedgerState.HANDED_OVER,
    ReachReason.ASKED_AT_QUALTRICS: LedgerState.ASKED_THERE,
    ReachReason.ANSWERED_AT_QUALTRICS: LedgerState.ANSWERED_THERE,
    ReachReason.QUALTRICS_REFUSED: LedgerState.REFUSED_THERE,
    ReachReason.QUALTRICS_UNCLEAR: LedgerState.UNCLEAR_THERE,
}
_ANSWERS = {
    ResponseState.RECORDED: LedgerState.ANSWERED,
    ResponseState.LATE: LedgerState.ANSWERED_LATE,
    ResponseState.IN_PROGRESS: LedgerState.STARTED,
    ResponseState.PARTIAL: LedgerState.STARTED,
    ResponseState.QUARANTINED: LedgerState.QUARANTINED,
    ResponseState.WITHDRAWN: LedgerState.NOT_THEIRS,
    ResponseState.DELETED: LedgerState.ANSWER_DELETED,
}
READ = ("system", "system_name", "person", "contact", "wave", "reason", "task_run")
UNASKED = len(ORDER)
"""The rank of a row whose contact has no invitation, where the conditions are not looked at."""


def count_by_state(
    conn: Connection, tenant: int, activation: str, now: datetime, silent: LedgerState
) -> dict[LedgerState, int]:
    """Systems with a reach row, by state. ``silent``: what contacts are in that no workflow's conditions were asked about.

    First without the conditions: once everybody has an invitation, which is soon, nobody's state depends on them.
    """
    counted = _count_ranks(conn, ranked_rows(conn, tenant, activation, now, None))
    if any(row.worst == UNASKED for row in counted):
        unasked = unasked_of(conn, tenant, activation, silent)
        counted = _count_ranks(conn, ranked_rows(conn, tenant, activation, now, unasked))
    return {ORDER[row.rank]: row.systems for row in counted}


def _count_ranks(conn: Connection, ranked: Select[Any]) -> Sequence[Row[Any]]:
    """(rank, systems, worst) of the systems that are best at each rank; ``worst`` is the highest rank of any row of theirs."""
    every = ranked.subquery()
    # SQLite would carry all columns through the sort and judge each row twice; given whole, a row is judged once
    rows = select(every.c.system, every.c.rank).cte("ranked").prefix_with("MATERIALIZED", dialect="sqlite")
    best, worst = func.min(rows.c.rank).label("rank"), func.max(rows.c.rank).label("worst")
    per_system = select(best, worst).group_by(rows.c.system).subquery()
    counted = select(
        per_system.c.rank, func.count().label("systems"), func.max(per_system.c.worst).label("worst")
    )
    return conn.execute(counted.group_by(per_system.c.rank)).all()


def reach_of(tenant: int, activation: str) -> Select[Any]:
    """The reach rows of an activation with the columns that :func:`ranked_rows` reads."""
    return select(*(reach.c[name] for name in READ)).where(
        reach.c.tenant == tenant, reach.c.activation == activation
    )


def ranked_rows(
    conn: Connection,
    tenant: int,
    activation: str,
    now: datetime,
    unasked: Unasked | None,
    some: FromClause | None = None,
) -> Select[Any]:
    """One row per (system, person, invitation): system, system_name, person, contact, wave, rank, detail, asked_by.

    Of several rows of one system and person the one with the lowest rank counts.

    ``unasked``: gives the rank of a row whose contact was found and has no invitation; None: that is :data:`UNASKED`. ``some``:
    reach rows of the activation; a contact in it is there with all its rows, for the first of them is the one that is asked.
    None: every row.
    """
    rows = reach_of(tenant, activation).subquery() if some is None else some
    mine, is_later = _with_turn(conn, rows)
    invited = invitations.c.id.is_not(None)
    rank = case(
        (mine.c.reason == ReachReason.NO_USER.value, RANK[LedgerState.NO_USER]),
        (mine.c.reason == ReachReason.NO_EMAIL.value, RANK[LedgerState.NO_EMAIL]),
        (mine.c.reason == ReachReason.NO_CONTACT.value, RANK[LedgerState.NO_CONTACT]),
        *((mine.c.reason == reason.value, RANK[state]) for reason, state in _AT_QUALTRICS.items()),
        (and_(invited, is_later), RANK[LedgerState.SAME_PERSON]),
        (invited, _rank_of_invitation(now)),
        else_=unasked.rank(mine.c.contact) if unasked else literal(UNASKED),
    )
    joined: FromClause = _with_answers(mine, tenant, activation)
    if unasked is not None:
        joined = unasked.join(joined, mine.c.contact)
    shown = (mine.c[name] for name in ("system", "system_name", "person", "contact", "wave"))
    columns = (rank.label("rank"), case((invited, _detail())).label("detail"), _asked_by().label("asked_by"))
    return select(*shown, *columns).select_from(joined)


def depends_on_conditions(
    conn: Connection, tenant: int, activation: str, now: datetime, some: FromClause
) -> bool:
    """Whether any of ``some`` rows has a contact without an invitation.

    Asked first, because what conditions made of contacts is looked up for all of the incident, however few are shown.
    """
    ranked = ranked_rows(conn, tenant, activation, now, None, some).subquery()
    return conn.execute(select(func.max(ranked.c.rank))).scalar() == UNASKED


def _with_turn(conn: Connection, rows: FromClause) -> tuple[FromClause, ColumnElement[bool]]:
    """The rows, and whether a row's contact has an earlier one: then it is asked about that one's system.

    PostgreSQL sorts all rows for it. SQLite would take longer for that than for all else of the ledger, so there only the rows
    of contacts that have several are sorted; it finds them by index, and it reads the list only once.
    """
    turn = func.row_number().over(
        partition_by=(rows.c.contact,), order_by=(rows.c.wave, rows.c.system, rows.c.task_run)
    )
    if conn.dialect.name == "postgresql":
        mine = select(*(rows.c[name] for name in READ), turn.label("turn")).subquery()
        return mine, mine.c.turn > 1
    several = (
        select(rows.c.contact).where(rows.c.contact != "").group_by(rows.c.contact).having(func.count() > 1)
    )
    key = ("task_run", "system", "person")
    theirs = (
        select(*(rows.c[name] for name in key), turn.label("turn"))
        .where(rows.c.contact.in_(several))
        .subquery()
    )
    later = select(*(theirs.c[name] for name in key)).where(theirs.c.turn > 1)
    return rows, tuple_(*(rows.c[name] for name in key)).in_(later)


def _with_answers(mine: FromClause, tenant: int, activation: str) -> Join:
    """Each row with its contact's invitations of the activation and what came of them, all found by index."""
    return (
        mine.outerjoin(
            invitations,
            and_(
                invitations.c.tenant == tenant,
                invitations.c.contact == mine.c.contact,
                invitations.c.cause == activation,
            ),
        )
        .outerjoin(
            responses,
            and_(responses.c.tenant == tenant, responses.c.invitation == invitations.c.id),
        )
        .outerjoin(
            owner_corrections,
            and_(owner_corrections.c.tenant == tenant, owner_corrections.c.invitation == invitations.c.id),
        )
    )


def _asked_by() -> ColumnElement[str]:
    """By which way somebody was asked: what the relay took or may have, and what a desktop showed."""
    mailed = invitations.c.state.in_(
        [one.value for one in (InvitationState.ACCEPTED, InvitationState.UNKNOWN, InvitationState.BOUNCED)]
    )
    shown = invitations.c.shown_at.is_not(None)
    return case((and_(mailed, shown), "mail and desktop"), (mailed, "mail"), (shown, "desktop"), else_="")


def _detail() -> ColumnElement[str]:
    """What explains the state further: the rule that spared, or the relay's words."""
    return case(
        (invitations.c.rule != "", invitations.c.rule),
        (invitations.c.relay_text != "", invitations.c.relay_text),
        else_=invitations.c.reason,
    )


def _rank_of_invitation(now: datetime) -> ColumnElement[int]:
    state, reason = invitations.c.state, invitations.c.reason
    answers = [(responses.c.state == answer.value, RANK[ledger]) for answer, ledger in _ANSWERS.items()]
    spared = [
        (and_(state == InvitationState.SPARED.value, reason == why.value), RANK[ledger])
        for why, ledger in _SPARED.items()
    ]
    stopped = (InvitationState.CANCELLED.value, InvitationState.SPARED.value)
    shown = and_(invitations.c.shown_at.is_not(None), state.not_in(stopped))
    return case(
        *answers,
        (reason == MailReason.ANSWER_CUT.value, RANK[LedgerState.ANSWERED]),
        (owner_corrections.c.invitation.is_not(None), RANK[LedgerState.NOT_THEIRS]),
        (
            and_(
                or_(state == InvitationState.ACCEPTED.value, shown),
                invitations.c.expires_at <= literal(now, invitations.c.expires_at.type),
            ),
            RANK[LedgerState.EXPIRED],
        ),
        (state == InvitationState.ACCEPTED.value, RANK[LedgerState.ACCEPTED]),
        (shown, RANK[LedgerState.SHOWN]),
        (state == InvitationState.OFFERED.value, RANK[LedgerState.OFFERED]),
        (state == InvitationState.UNKNOWN.value, RANK[LedgerState.AMBIGUOUS]),
        (
            state.in_(
                [
                    one.value
                    for one in (InvitationState.QUEUED, InvitationState.SENDING, InvitationState.DEFERRED)
                ]
            ),
            RANK[LedgerState.QUEUED],
        ),
        (state == InvitationState.REFUSED.value, RANK[LedgerState.REFUSED]),
        (state == InvitationState.BOUNCED.value, RANK[LedgerState.BOUNCED]),
        (state == InvitationState.TOO_LATE.value, RANK[LedgerState.TOO_LATE]),
        (state == InvitationState.CANCELLED.value, RANK[LedgerState.STOPPED]),
        (
            and_(state == InvitationState.HELD.value, reason == HoldReason.IN_ANOTHER_PULSE.value),
            RANK[LedgerState.IN_ANOTHER_PULSE],
        ),
        (
            and_(state == InvitationState.HELD.value, reason == HoldReason.QUIET_HOURS.value),
            RANK[LedgerState.QUIET_HOURS],
        ),
        (state == InvitationState.HELD.value, RANK[LedgerState.NEEDS_CONFIRMATION]),
        *spared,
        else_=RANK[LedgerState.BEING_RESOLVED],
    )
