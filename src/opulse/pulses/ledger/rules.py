"""What became of the systems that never reached the experience side. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from opulse.pulses.ledger.models import GROUPS, ORDER, REST, LedgerState, SystemEnd, Wanted

SETTLED_AFTER = timedelta(hours=1)
LARGE = 20_000
"""Systems from which on the sums of an incident are shared; so many are summed in less than a tenth of a second."""
KEPT_AT_MOST = timedelta(seconds=15)


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


def kept_for(total: int) -> timedelta:
    """How long the sums of so many systems are shown before they are made anew; nothing below :data:`LARGE`.

    The time grows with the incident, as what it costs does, so that those who watch take a small part of one processor.
    """
    return min(timedelta(seconds=total / LARGE), KEPT_AT_MOST) if total >= LARGE else timedelta()


def settled_state(state: LedgerState, closed_at: datetime | None, now: datetime) -> LedgerState:
    """See :func:`settle`; for one system."""
    over = closed_at is not None and now - closed_at >= SETTLED_AFTER
    return LedgerState.RUN_FAILED if over and state is LedgerState.BEING_RESOLVED else state


def _while_open(facts: Outside, now: datetime, after: LedgerState) -> LedgerState:
    """*Being resolved* until an hour after the end, then ``after``."""
    over = facts.closed_at is not None and now - facts.closed_at >= SETTLED_AFTER
    return after if over else LedgerState.BEING_RESOLVED


def unsettled(
    states: Collection[LedgerState], closed_at: datetime | None, now: datetime
) -> frozenset[LedgerState]:
    """The states as rows give them, of which :func:`settled_state` makes one of ``states``."""
    return frozenset(one for one in LedgerState if settled_state(one, closed_at, now) in states)


@dataclass(frozen=True)
class Place:
    """Where a page of systems begins: behind a system that was heard of, or behind an index among the others."""

    system: str = ""
    outside: bool = False
    idx: int = -1

    @property
    def text(self) -> str:
        """As it stands in an address."""
        return f"outside:{self.idx}" if self.outside else f"reached:{self.system}"


def read_place(text: str) -> Place:
    """The place that :attr:`Place.text` wrote; empty: the beginning.

    Raises:
        ValueError: nothing that a ledger gave out.
    """
    kind, _, rest = text.partition(":")
    if not text or kind == "reached":
        return Place(system=rest)
    if kind == "outside" and re.fullmatch(r"-1|[0-9]{1,10}", rest):
        return Place(outside=True, idx=int(rest))
    raise ValueError("not a place in a ledger; take `next` of the page before, or leave it out")


def matches(wanted: Wanted, end: SystemEnd) -> bool:
    """Whether a system is one of those asked for. Of those that were heard of the search knew the words already."""
    if end.state not in wanted.states or wanted.wave not in (None, end.wave):
        return False
    start = wanted.words.strip().lower()
    return bool(end.wave) or end.name.lower().startswith(start) or end.system.lower().startswith(start)


def states_of(group: str) -> frozenset[LedgerState]:
    """The states of one of the groups; the last holds what is in none of the others."""
    if group != REST:
        return frozenset(LedgerState(name) for name in GROUPS[group])
    grouped = {name for names in GROUPS.values() for name in names}
    return frozenset(one for one in ORDER if one.value not in grouped)


def read_wanted(state: str, group: str, wave: str, words: str, *, people: bool) -> Wanted:
    """The filter that a reader wrote; empty: that filter is not set. State and group together: what is in both.

    Raises:
        ValueError: one of them is none that there is; says which, and what may stand there.
    """
    states = frozenset(ORDER)
    if state:
        if state not in {one.value for one in ORDER}:
            raise ValueError(f"state: there is no state {state!r}; take one of {', '.join(ORDER)}")
        states &= {LedgerState(state)}
    if group:
        if group not in GROUPS:
            raise ValueError(f"group: there is no group {group!r}; take one of {', '.join(GROUPS)}")
        states &= states_of(group)
    if wave and not re.fullmatch(r"[0-9]{1,6}", wave):
        raise ValueError("wave: a number; 0 for systems that the experience side has not heard of")
    return Wanted(states, int(wave) if wave else None, words.strip(), people)
