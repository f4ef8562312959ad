"""What became of the systems that never reached the experience side. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from opulse.pulses.ledger.models import LedgerState

SETTLED_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Outside:
    """What is known of an activation's way to the other side."""

    has_run: bool = False
    run_ended: bool = False
    run_failed: bool = False
    asks_again: bool = False  # its run still looks for newcomers
    was_off: bool = False  # the event came, and the workflow was switched off
    conditions_false: bool = False  # the event came, and the workflow's conditions did not hold
    silenced: bool = False  # nobody was told, because of a silence or of its cause
    told: bool = False  # a delivery was accepted, or may still be
    closed_at: datetime | None = None


def decide_outside(facts: Outside, now: datetime) -> LedgerState:
    """The state of affected systems without a reach row."""
    if facts.has_run:
        if not facts.run_ended:
            return _while_open(facts, now, LedgerState.RUN_FAILED)
        if facts.run_failed:
            return LedgerState.RUN_FAILED
        return (
            _while_open(facts, now, LedgerState.JOINED_LATER)
            if facts.asks_again
            else LedgerState.JOINED_LATER
        )
    if facts.was_off:
        return LedgerState.WORKFLOW_OFF
    if facts.conditions_false:
        return LedgerState.CONDITIONS_FALSE
    if facts.silenced:
        return LedgerState.SILENCED
    return _while_open(facts, now, LedgerState.NOT_TOLD) if facts.told else LedgerState.NOT_TOLD


def settle(
    counts: Mapping[LedgerState, int], closed_at: datetime | None, now: datetime
) -> dict[LedgerState, int]:
    """One hour after the end nothing is *being resolved* any more: what still is has failed."""
    settled: dict[LedgerState, int] = {}
    for state, count in counts.items():
        if count:
            ended = settled_state(state, closed_at, now)
            settled[ended] = settled.get(ended, 0) + count
    return settled


def settled_state(state: LedgerState, closed_at: datetime | None, now: datetime) -> LedgerState:
    """See :func:`settle`; for one system."""
    over = closed_at is not None and now - closed_at >= SETTLED_AFTER
    return LedgerState.RUN_FAILED if over and state is LedgerState.BEING_RESOLVED else state


def _while_open(facts: Outside, now: datetime, after: LedgerState) -> LedgerState:
    """*Being resolved* until an hour after the end, then ``after``."""
    over = facts.closed_at is not None and now - facts.closed_at >= SETTLED_AFTER
    return after if over else LedgerState.BEING_RESOLVED
