"""Adding up what was decided, chunk by chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from opulse.experience.distributions.models import (
    AskResult,
    Decision,
    HoldReason,
    InvitationState,
    SpareReason,
)
from opulse.observe.metrics import DECISIONS


@dataclass
class Tally:
    """Decisions so far, by what they say."""

    asked: int = 0
    known: int = 0
    held: Counter[HoldReason] = field(default_factory=Counter)
    spared: Counter[SpareReason] = field(default_factory=Counter)

    def add(self, decisions: Iterable[Decision], known: int) -> None:
        """Count ``decisions``, and ``known`` contacts that were decided before."""
        self.known += known
        for one in decisions:
            self.asked += one.state in (InvitationState.QUEUED, InvitationState.OFFERED)
            if isinstance(one.reason, HoldReason):
                self.held[one.reason] += 1
            if isinstance(one.reason, SpareReason):
                self.spared[one.reason] += 1

    @property
    def slots(self) -> int:
        """People who use up the cap: asked or held."""
        return self.asked + self.held.total()

    def result(self, distribution: str) -> AskResult:
        """The counts as an answer."""
        return AskResult(distribution, self.asked, self.held, self.spared, self.known)

    def publish(self) -> None:
        """The counts as metrics, by reason."""
        DECISIONS.labels("decide_invitations", "ask").inc(self.asked)
        for held, count in self.held.items():
            DECISIONS.labels("decide_invitations", held.value).inc(count)
        for spared, count in self.spared.items():
            DECISIONS.labels("decide_invitations", spared.value).inc(count)
