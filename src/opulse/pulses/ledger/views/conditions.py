"""What the conditions of workflows made of contacts that have no invitation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, FromClause, Select, Subquery, and_, case, func, select

from opulse.experience.directory.views import change_members, change_sets
from opulse.experience.workflows.models import RunState
from opulse.experience.workflows.views import runs, traces
from opulse.pulses.ledger.models import RANK, LedgerState

_ACTIVE = (RunState.QUEUED.value, RunState.RUNNING.value, RunState.HELD.value)
_FAILED = (RunState.FAILED.value, RunState.PARTLY_FAILED.value, RunState.NOT_STARTED.value)
_OUTCOMES = (LedgerState.BEING_RESOLVED, LedgerState.RUN_FAILED, LedgerState.CONDITIONS_FALSE)
"""By their places, of several changes of a contact the first of these counts: a run goes on, a run failed, nothing matched or
the run passed the contact by."""


@dataclass(frozen=True)
class Unasked:
    """The rank of contacts without an invitation: what became of each contact whose change was shown to conditions.

    PostgreSQL joins the contacts' outcomes. SQLite would walk all of them for each row, for it takes an incident for ten rows;
    a list it sorts once whatever it expects.
    """

    outcomes: CTE  # (contact, outcome): see _OUTCOMES
    silent: LedgerState  # what a contact is in if no conditions were asked about it
    joins: bool

    def join(self, rows: FromClause, contact: ColumnElement[str]) -> FromClause:
        """``rows`` with what :meth:`rank` reads."""
        return rows.outerjoin(self.outcomes, self.outcomes.c.contact == contact) if self.joins else rows

    def rank(self, contact: ColumnElement[str]) -> ColumnElement[int]:
        known = [(self._has(contact, place), RANK[state]) for place, state in enumerate(_OUTCOMES)]
        return case(*known, else_=RANK[self.silent])

    def _has(self, contact: ColumnElement[str], place: int) -> ColumnElement[bool]:
        theirs = self.outcomes.c.outcome == place
        return theirs if self.joins else contact.in_(select(self.outcomes.c.contact).where(theirs))


def unasked_of(
    conn: Connection, tenant: int, activation: str, silent: LedgerState, some: FromClause | None = None
) -> Unasked:
    """What the conditions made of the contacts of an activation; of those in ``some`` alone, if it is given."""
    query = _looked_at(tenant, activation)
    if some is not None:
        query = query.where(change_members.c.contact.in_(select(some.c.contact)))
    outcomes = query.cte("looked_at").prefix_with("MATERIALIZED", dialect="sqlite")
    return Unasked(outcomes, silent, joins=conn.dialect.name == "postgresql")


def _looked_at(tenant: int, activation: str) -> Select[Any]:
    """(contact, outcome) of contacts whose change in this activation was shown to conditions.

    Conditions are asked once per group of people alike, so the groups' outcomes come first: a few hundred rows for any number
    of people.
    """
    groups = _outcomes_of_groups(tenant, activation)
    mine = select(change_sets.c.id).where(
        change_sets.c.tenant == tenant, change_sets.c.activation == activation
    )
    # grouped by a value that no index has: by the index of contacts SQLite would walk the members of every incident
    contact = change_members.c.contact + ""
    of_member = and_(
        groups.c.change_set == change_members.c.change_set, groups.c.number == change_members.c.number
    )
    return (
        select(contact.label("contact"), func.min(groups.c.outcome).label("outcome"))
        .select_from(change_members.outerjoin(groups, of_member))
        .where(change_members.c.tenant == tenant, change_members.c.change_set.in_(mine))
        .group_by(contact)
    )


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
