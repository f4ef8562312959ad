"""What became of the systems that never reached the experience side. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from opulse.pulses.ledger.models import LedgerState

SETTLED_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Outside:
    """What is known of an activation's way to the other side. ``asks_again``: its run still looks for newcomers."""

    has_run: bool
    run_ended: bool
    run_failed: bool
    asks_again: bool
    told: bool  # a delivery was accepted, or may still be
    closed_at: datetime | None


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
    return _while_open(facts, now, LedgerState.NOT_TOLD) if facts.told else LedgerState.NOT_TOLD


def settle(
    counts: Mapping[LedgerState, int], closed_at: datetime | None, now: datetime
) -> dict[LedgerState, int]:
    """One hour after the end nothing is *being resolved* any more: what still is has failed."""
    settled = {state: count for state, count in counts.items() if count}
    if closed_at is not None and now - closed_at >= SETTLED_AFTER and LedgerState.BEING_RESOLVED in settled:
        stuck = settled.pop(LedgerState.BEING_RESOLVED)
        settled[LedgerState.RUN_FAILED] = settled.get(LedgerState.RUN_FAILED, 0) + stuck
    return settled


def _while_open(facts: Outside, now: datetime, after: LedgerState) -> LedgerState:
    """*Being resolved* until an hour after the end, then ``after``."""
    over = facts.closed_at is not None and now - facts.closed_at >= SETTLED_AFTER
    return after if over else LedgerState.BEING_RESOLVED
