"""What the conditions of workflows made of contacts that have no invitation."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, Subquery, and_, case, func, select

from opulse.experience.directory.views import change_members, change_sets
from opulse.experience.workflows.models import RunState
from opulse.experience.workflows.views import runs, traces
from opulse.pulses.ledger.models import RANK, LedgerState

_ACTIVE = (RunState.QUEUED.value, RunState.RUNNING.value)
_FAILED = (RunState.FAILED.value, RunState.PARTLY_FAILED.value, RunState.NOT_STARTED.value)
_OUTCOMES = (LedgerState.BEING_RESOLVED, LedgerState.RUN_FAILED, LedgerState.CONDITIONS_FALSE)
"""In this order: of several changes of a contact the first of these counts."""


def rank_of_unasked(looked_at: Subquery, silent: LedgerState) -> ColumnElement[int]:
    """The rank of a contact without an invitation. ``silent``: what it is in if no conditions were asked about it."""
    known = [(looked_at.c.outcome == place, RANK[state]) for place, state in enumerate(_OUTCOMES)]
    return case(*known, else_=RANK[silent])


def looked_at_of(tenant: int, activation: str, some: FromClause | None = None) -> Subquery:
    """(contact, outcome) of contacts whose change in this activation was shown to conditions; ``outcome`` is a place in the
    order of *a run goes on*, *the run failed*, *nothing matched, or the run passed the contact by*.

    Conditions are asked once per group of people alike, so the groups' outcomes come first: a few hundred rows for any number
    of people. ``some``: only the contacts of these rows.
    """
    groups = _outcomes_of_groups(tenant, activation)
    mine = select(change_sets.c.id).where(
        change_sets.c.tenant == tenant, change_sets.c.activation == activation
    )
    # grouped by a value that no index has: by the index of contacts SQLite would walk the members of every incident
    contact = change_members.c.contact + ""
    query = (
        select(contact.label("contact"), func.min(groups.c.outcome).label("outcome"))
        .select_from(
            change_members.outerjoin(
                groups,
                and_(
                    groups.c.change_set == change_members.c.change_set,
                    groups.c.number == change_members.c.number,
                ),
            )
        )
        .where(change_members.c.tenant == tenant, change_members.c.change_set.in_(mine))
        .group_by(contact)
    )
    if some is not None:
        query = query.where(change_members.c.contact.in_(select(some.c.contact)))
    return query.subquery("looked_at")


def _outcomes_of_groups(tenant: int, activation: str) -> Subquery:
    outcome = case((runs.c.state.in_(_ACTIVE), 0), (runs.c.state.in_(_FAILED), 1), else_=2)
    return (
        select(traces.c.change_set, traces.c.number, func.min(outcome).label("outcome"))
        .select_from(
            traces.outerjoin(
                runs,
                and_(
                    runs.c.tenant == traces.c.tenant,
                    runs.c.workflow == traces.c.workflow,
                    runs.c.event_key == traces.c.change_set,
                    traces.c.matched.is_(True),
                ),
            )
        )
        .where(traces.c.tenant == tenant, traces.c.activation == activation)
        .group_by(traces.c.change_set, traces.c.number)
        .subquery("groups_looked_at")
    )
