"""What the journey's pages show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlencode

from opulse.experience.distributions.models import Distribution
from opulse.experience.impact.models import Result
from opulse.monitoring.activations.models import Activation
from opulse.pulses.ledger.models import GROUPS, SENTENCES, Explanation, Ledger, LedgerState, SystemEnd
from opulse.pulses.ledger.rules import states_of


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
class LedgerFilter:
    """What a reader wrote into the form above the systems, as it was written."""

    state: str = ""
    group: str = ""
    wave: str = ""
    q: str = ""

    @property
    def query(self) -> str:
        """As it stands in an address; empty: no filter is set."""
        return urlencode({name: value for name, value in asdict(self).items() if value})


@dataclass(frozen=True)
class LedgerPage:
    """Context of ledger.html. ``problem``: why no systems are shown, in words; ``next``: the address of those behind."""

    activation: Activation
    ledger: Ledger
    chosen: LedgerFilter
    found: tuple[SystemEnd, ...]
    next: str
    may_see_people: bool
    problem: str = ""
    first: bool = True

    @property
    def groups(self) -> Mapping[str, int]:
        return group_ledger(self.ledger)

    @property
    def rows(self) -> list[StateRow]:
        """The states that somebody is in, in the order of the groups."""
        states = self.ledger.states
        return [
            StateRow(state, group, count, SENTENCES[state])
            for group in GROUPS
            for state, count in states.items()
            if state in states_of(group)
        ]


@dataclass(frozen=True)
class StateRow:
    """One line of the table of states."""

    state: LedgerState
    group: str
    count: int
    sentence: str


@dataclass(frozen=True)
class WhyPage:
    """Context of why.html. ``activation`` None: there is none to ask about yet."""

    words: str
    activation: Activation | None
    activations: tuple[Activation, ...]
    found: tuple[Explanation, ...]
    asked: bool


def group_ledger(ledger: Ledger) -> dict[str, int]:
    """The ledger's states in the groups above; what is in none was not reached. Sums to the total."""
    return {group: sum(ledger.states.get(state, 0) for state in states_of(group)) for group in GROUPS}
