"""What the journey's pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from opulse.experience.distributions.models import Distribution
from opulse.experience.impact.models import Result
from opulse.monitoring.activations.models import Activation
from opulse.pulses.ledger.models import Explanation, Ledger


@dataclass(frozen=True)
class Step:
    """One line of the timeline."""

    title: str
    at: datetime | None
    icon: str
    tone: str
    hint: str = ""


@dataclass(frozen=True)
class StageTime:
    """When a stage was first reached; ``took`` seconds after the one before it, ``total`` after the first. None: not yet."""

    name: str
    at: datetime | None
    took: float | None
    total: float | None


@dataclass(frozen=True)
class Running:
    """A distribution with what can be done about it now."""

    distribution: Distribution
    to_confirm: int
    waiting: int
    waits_for: str  # why nothing is sent though mails wait; empty: it sends, or nothing waits


@dataclass(frozen=True)
class Journey:
    """The whole state of one activation, as it is sent with every live event."""

    activation: Activation
    result: Result
    ledger: Ledger
    steps: tuple[Step, ...]
    running: tuple[Running, ...]
    stages: tuple[StageTime, ...] = ()

    @property
    def seconds(self) -> float:
        """From the first sensor to the last stage that machines have reached: how long a person takes is not their doing."""
        return max((one.total for one in self.stages[:-1] if one.total is not None), default=0.0)

    @property
    def groups(self) -> Mapping[str, int]:
        """The ledger in six words: what an operator asks first."""
        return group_ledger(self.ledger)


@dataclass(frozen=True)
class JourneyPage:
    """Context of journey.html and of its live part."""

    journey: Journey
    may_edit: bool
    may_search: bool


@dataclass(frozen=True)
class ResultPage:
    """Context of result.html."""

    activation: Activation
    result: Result
    language: str
    languages: tuple[str, ...]


@dataclass(frozen=True)
class LedgerPage:
    """Context of ledger.html."""

    activation: Activation
    ledger: Ledger
    sentences: Mapping[str, str]


@dataclass(frozen=True)
class WhyPage:
    """Context of why.html. ``activation`` None: there is none to ask about yet."""

    words: str
    activation: Activation | None
    activations: tuple[Activation, ...]
    found: tuple[Explanation, ...]
    asked: bool


GROUPS: Mapping[str, frozenset[str]] = {
    "Answered": frozenset({"answered", "answered_late", "started", "not_theirs", "quarantined"}),
    "Mail accepted": frozenset({"accepted", "shown", "expired", "ambiguous"}),
    "On the way": frozenset(
        {"queued", "offered", "being_resolved", "in_another_pulse", "quiet_hours", "needs_confirmation"}
    ),
    "Same person": frozenset({"same_person"}),
    "Spared": frozenset({"opted_out", "muted", "fatigue_rule", "not_on_allow_list", "over_cap", "stopped"}),
    "Not reached": frozenset(),
}


def group_ledger(ledger: Ledger) -> dict[str, int]:
    """The ledger's states in the groups above; what is in none was not reached. Sums to the total."""
    sums = dict.fromkeys(GROUPS, 0)
    for state, count in ledger.states.items():
        name = next((group for group, states in GROUPS.items() if state.value in states), "Not reached")
        sums[name] += count
    return sums
