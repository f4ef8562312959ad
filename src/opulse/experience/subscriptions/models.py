"""Who is told of events, and what an event says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

COMPLETED = "surveyengine.completedResponse"
PARTIAL = "surveyengine.partialResponse"
ACTIVATED = "controlpanel.activateSurvey"
DEACTIVATED = "controlpanel.deactivateSurvey"


class SubscriptionState(StrEnum):
    """Whether a subscription is told anything."""

    ACTIVE = "active"  # it is told of each event of its topics
    GONE = "gone"  # its address answered 410: it wants nothing more, and is told nothing more


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody who wants to hear.

    ``topics`` is one topic, with ``*`` at its end for anything; ``sealed`` is the shared key, empty where events are unsigned.
    """

    tenant: int
    id: str  # SUB_…
    topics: str
    url: str
    sealed: str
    state: SubscriptionState
    successful: int  # events that were taken with a 2xx
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """What happened.

    ``key`` tells it from all others, so that it is told once (empty: it never comes twice). ``message`` is what is said, without
    the brand, in the product's order.
    """

    topic: str
    key: str
    message: Mapping[str, str]
