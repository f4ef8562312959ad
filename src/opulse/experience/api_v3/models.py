"""A contact's history; and what the edge of the API v3 counts: how often a tenant may call, and what is called too often."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from opulse.experience.distributions.models import DistributionKind, InvitationState, Progress

MINUTE = 60.0
BRAND_PER_MINUTE = 3_000
"""Requests of one tenant over all endpoints (qualtrics-api.md 1.5)."""


@dataclass(frozen=True, slots=True)
class MailSent:
    """An invitation, reminder or thank-you of one contact, as its history needs it."""

    id: str  # of the invitation
    distribution: str
    survey: str
    kind: DistributionKind
    contact: str
    state: InvitationState
    reason: str
    progress: Progress
    at: datetime  # when the relay took it; before that, when it was decided


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """A response of one contact, as their history needs it."""

    id: str
    distribution: str
    survey: str
    started_at: datetime
    recorded_at: datetime | None  # None: it is not finished


@dataclass
class Bucket:
    """A leaky bucket: it holds ``size`` requests and loses as many within a minute."""

    size: int
    level: float = 0.0
    at: datetime | None = None

    def take(self, now: datetime) -> float:
        """Put a request in. 0: it fits; else the seconds until one would, and it is not in."""
        if self.at is not None:
            leaked = max(0.0, (now - self.at).total_seconds()) * self.size / MINUTE
            self.level = max(0.0, self.level - leaked)
        self.at = now
        if self.level + 1 > self.size:
            return (self.level + 1 - self.size) * MINUTE / self.size
        self.level += 1
        return 0.0

    def is_empty(self, now: datetime) -> bool:
        """Whether it can be forgotten: a new one would be no different."""
        return self.at is None or (now - self.at).total_seconds() >= MINUTE


@dataclass
class Buckets:
    """Of one process: per tenant one for all requests, and one per endpoint that has a lower limit."""

    brand: int = BRAND_PER_MINUTE
    _held: dict[tuple[int, str], Bucket] = field(default_factory=dict)

    def wait_for(self, tenant: int, endpoint: str, limit: int | None, now: datetime) -> int:
        """Whole seconds until the request may be sent again; 0: it may go on. A refused one counts nowhere."""
        asked = [self._of(tenant, "", self.brand, now)]
        if limit is not None:
            asked.append(self._of(tenant, endpoint, limit, now))
        for place, bucket in enumerate(asked):
            if wait := bucket.take(now):
                for taken in asked[:place]:
                    taken.level -= 1
                return max(1, math.ceil(wait))
        return 0

    def _of(self, tenant: int, endpoint: str, size: int, now: datetime) -> Bucket:
        if len(self._held) > 10_000:
            self._held = {key: one for key, one in self._held.items() if not one.is_empty(now)}
        return self._held.setdefault((tenant, endpoint), Bucket(size))
