"""The one query: every reach row of an activation with its rank, over the doors of the stages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, func, literal, select

from opulse.experience.directory.views import change_members, change_sets
from opulse.experience.distributions.models import HoldReason, InvitationState, SpareReason
from opulse.experience.distributions.views import invitations
from opulse.experience.extensions.operational_pulse.models import ReachReason
from opulse.experience.extensions.operational_pulse.views import reach
from opulse.experience.responses.models import ResponseState
from opulse.experience.responses.views import owner_corrections, responses
from opulse.experience.workflows.models import RunState
from opulse.experience.workflows.views import runs, traces
from opulse.pulses.ledger.models import ORDER, RANK, LedgerState

_SPARED = {
    SpareReason.OPTED_OUT: LedgerState.OPTED_OUT,
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
}
_ANSWERS = {
    ResponseState.RECORDED: LedgerState.ANSWERED,
    ResponseState.LATE: LedgerState.ANSWERED_LATE,
    ResponseState.IN_PROGRESS: LedgerState.STARTED,
    ResponseState.QUARANTINED: LedgerState.QUARANTINED,
    ResponseState.WITHDRAWN: LedgerState.NOT_THEIRS,
}
_ACTIVE_RUNS = (RunState.QUEUED.value, RunState.RUNNING.value)
READ = ("system", "system_name", "person", "contact", "wave", "reason")
_FAILED_RUNS = (RunState.FAILED.value, RunState.PARTLY_FAILED.value, RunState.NOT_STARTED.value)


def count_by_state(
    conn: Connection, tenant: int, activation: str, now: datetime, silent: LedgerState
) -> dict[LedgerState, int]:
    """Systems with a reach row, by state. ``silent``: what contacts are in that no workflow's conditions were asked about."""
    ranked = ranked_rows(tenant, activation, now, silent).subquery()
    per_system = select(func.min(ranked.c.rank).label("rank")).group_by(ranked.c.system).subquery()
    rows = conn.execute(select(per_system.c.rank, func.count()).group_by(per_system.c.rank))
    return {ORDER[rank]: count for rank, count in rows}


def reach_of(tenant: int, activation: str) -> Select[Any]:
    """The reach rows of an activation with the columns that :func:`ranked_rows` reads."""
    return select(*(reach.c[name] for name in (*READ, "task_run"))).where(
        reach.c.tenant == tenant, reach.c.activation == activation
    )


def ranked_rows(
    tenant: int, activation: str, now: datetime, silent: LedgerState, some: FromClause | None = None
) -> Select[Any]:
    """One row per (system, person, invitation): system, system_name, person, contact, wave, rank, detail.

    ``some``: reach rows of the activation; a contact in it is there with all its rows, for the first of them is the one that is
    asked. None: every row.

    Of several rows of one system and person the one with the lowest rank counts. Every join is a probe of an index by contact:
    joined as a whole, the invitations of 100,000 people would be walked once for each of them.
    """
    rows = reach_of(tenant, activation).subquery() if some is None else some
    turn = func.row_number().over(
        partition_by=(rows.c.contact,), order_by=(rows.c.wave, rows.c.system, rows.c.task_run)
    )
    mine = select(*(rows.c[name] for name in READ), turn.label("turn")).subquery()
    invited = invitations.c.id.is_not(None)
    rank = case(
        (mine.c.reason == ReachReason.NO_USER.value, RANK[LedgerState.NO_USER]),
        (mine.c.reason == ReachReason.NO_EMAIL.value, RANK[LedgerState.NO_EMAIL]),
        (mine.c.reason == ReachReason.NO_CONTACT.value, RANK[LedgerState.NO_CONTACT]),
        (and_(mine.c.turn > 1, invited), RANK[LedgerState.SAME_PERSON]),
        (invited, _rank_of_invitation(now)),
        *(
            (_has_trace(tenant, activation, mine.c.contact, runs_in), RANK[state])
            for runs_in, state in (
                (_ACTIVE_RUNS, LedgerState.BEING_RESOLVED),
                (_FAILED_RUNS, LedgerState.RUN_FAILED),
                ((), LedgerState.CONDITIONS_FALSE),
            )
        ),
        else_=RANK[silent],
    )
    return select(
        mine.c.system,
        mine.c.system_name,
        mine.c.person,
        mine.c.contact,
        mine.c.wave,
        rank.label("rank"),
        case((invited, _detail())).label("detail"),
    ).select_from(
        mine.outerjoin(
            invitations,
            and_(
                invitations.c.tenant == tenant,
                invitations.c.contact == mine.c.contact,
                invitations.c.activation + "" == activation,  # not by the index of the activation: see above
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
    return case(
        *answers,
        (owner_corrections.c.invitation.is_not(None), RANK[LedgerState.NOT_THEIRS]),
        (
            and_(
                state == InvitationState.ACCEPTED.value,
                invitations.c.expires_at <= literal(now, invitations.c.expires_at.type),
            ),
            RANK[LedgerState.EXPIRED],
        ),
        (state == InvitationState.ACCEPTED.value, RANK[LedgerState.ACCEPTED]),
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
        (state == InvitationState.HELD.value, RANK[LedgerState.NEEDS_CONFIRMATION]),
        *spared,
        else_=RANK[LedgerState.BEING_RESOLVED],
    )


def _has_trace(
    tenant: int, activation: str, contact: ColumnElement[str], runs_in: tuple[str, ...]
) -> ColumnElement[bool]:
    """Whether a change of this contact in the activation was looked at by conditions; with ``runs_in`` only where they
    matched and the run that followed is in one of those states."""
    looked_at = (
        select(literal(1))
        .select_from(
            change_members.join(
                change_sets,
                and_(
                    change_sets.c.tenant == change_members.c.tenant,
                    change_sets.c.id == change_members.c.change_set,
                ),
            )
            .join(
                traces,
                and_(
                    traces.c.tenant == change_members.c.tenant,
                    traces.c.change_set == change_members.c.change_set,
                    traces.c.number == change_members.c.number,
                ),
            )
            .outerjoin(
                runs,
                and_(
                    runs.c.tenant == traces.c.tenant,
                    runs.c.workflow == traces.c.workflow,
                    runs.c.event_key == traces.c.change_set,
                    traces.c.matched.is_(True),
                ),
            )
        )
        .where(
            change_members.c.tenant == tenant,
            change_members.c.contact == contact,
            change_sets.c.activation == activation,
        )
    )
    if runs_in:
        looked_at = looked_at.where(runs.c.state.in_(runs_in))
    return looked_at.exists()
