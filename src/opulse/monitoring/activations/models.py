"""An activation, the *fact*: a notification's condition was met (systrack.md 2.8 and 3.4; spine.md 2).

Its state is :class:`opulse.wire.affected.ActivationState`, which stands on the wire too: only an active one moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pyroaring import BitMap

from opulse.monitoring.notifications.models import Schedule, SensorChoice, Threshold
from opulse.wire.affected import ActivationState

ALWAYS: Final = Schedule()


class Resolution(StrEnum):
    """What ended an activation."""

    NONE = ""  # nothing yet: it is active
    AUTO = "auto"  # below the threshold for the clear delay
    MANUAL = "manual"  # a person on the activation's page, or the API
    EDITED = "edited"  # the notification was saved on its Edit page
    DELETED = "deleted"  # the notification was deleted


class DecisionKind(StrEnum):
    """What to do about one notification now."""

    NOTHING = "nothing"  # leave things as they are
    OPEN = "open"  # an activation begins: freeze who is affected, tell the recipients
    RESOLVE = "resolve"  # the open activation is over


class DecisionReason(StrEnum):
    """Why. Also the metric's label, the log's field and, through a template, the words of the preview."""

    ALREADY_DECIDED = "already_decided"  # a replay: this journal position was decided before a crash
    DISABLED = "disabled"  # the notification is switched off
    NOBODY_REPORTS = (
        "nobody_reports"  # the threshold is not reached; these three words are ThresholdVerdict's
    )
    BELOW_MINIMUM = "below_minimum"  # as ThresholdVerdict
    BELOW_THRESHOLD = "below_threshold"  # as ThresholdVerdict
    HOLDING = "holding"  # met, but not for the hold time yet
    OUT_OF_HOURS = "out_of_hours"  # met, outside of the notification's schedule
    COOLING_DOWN = "cooling_down"  # met, too soon after the last activation ended
    SUPPRESSED = "suppressed"  # met, but a person dismissed it and it has not been below since
    THRESHOLD_MET = "threshold_met"  # opens
    STILL_MET = "still_met"  # active, and rightly so
    REPORTING_FROZEN = "reporting_frozen"  # below, but we may just not be hearing them: nothing resolves
    CLEARING = "clearing"  # below, but not for the clear delay yet
    NEVER_CLEARS = "never_clears"  # below, and the clear delay is 0: only a person ends it
    CLEARED = "cleared"  # resolves


@dataclass(frozen=True)
class Rule:
    """What ``decide_activation`` needs to know of a notification and the installation's limits."""

    enabled: bool
    threshold: Threshold
    minimum_systems: int
    hold: timedelta
    clear_delay: timedelta  # zero: never by itself
    rearm: timedelta
    cool_down: timedelta = timedelta(0)
    schedule: Schedule = ALWAYS


@dataclass(frozen=True)
class Facts:
    """What the evaluator counted, and when."""

    now: datetime
    position: int  # of the sensor journal: everything up to here is in the counts
    qualifying: int  # reporting systems of the group on which every sensor is triggered
    reporting: int  # systems of the group that report now
    frozen: bool  # reporting is not to be trusted: ingest was down, or this process has just started


@dataclass(frozen=True)
class Watch:
    """What is remembered of a notification from one decision to the next."""

    is_open: bool
    decided_to: int  # nothing is decided at a position below this one
    decided_at: datetime  # nor at this very position before this time
    met_since: datetime | None
    below_since: datetime | None
    suppressed_until: datetime | None  # None: armed
    ended_at: datetime | None = (
        None  # of the last activation; None: there was none, or it was ended by an edit
    )


@dataclass(frozen=True)
class Decision:
    """``watch`` is what to remember; it says nothing of ``is_open``, which the row of the activation says."""

    kind: DecisionKind
    reason: DecisionReason
    watch: Watch


@dataclass(frozen=True)
class Snapshot:
    """What the notification said when the activation opened; later edits do not change it."""

    name: str
    description: str
    sensors: tuple[SensorChoice, ...]
    group_id: str
    group_name: str
    threshold: Threshold
    recipients: tuple[str, ...]
    reporting: int  # systems of the group that reported at activation
    sensed_at: datetime | None = None  # when the states came in that met the condition; None: not known

    @property
    def sensor_names(self) -> tuple[str, ...]:
        """In the notification's order, each name once (two instances of one sensor share a name)."""
        return tuple(dict.fromkeys(choice.name for choice in self.sensors))


@dataclass(frozen=True)
class Counts:
    """Affected systems: ``ever`` is every system that was affected at any time while the activation was open."""

    at_activation: int
    now: int
    ever: int


@dataclass(frozen=True)
class Activation:
    """One occurrence. Its affected sets stay in the store as bitmaps; ``counts`` are their sizes."""

    id: str
    notification: str
    revision: int  # of the notification that opened it
    snapshot: Snapshot
    state: ActivationState
    resolution: Resolution
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    position: int
    current_position: int  # of the sensor journal, up to which the current set is counted
    counts: Counts
    changed_at: datetime  # of the current set
    version: int  # grows with every change, so that a live page knows when to read again


@dataclass(frozen=True)
class CountedIn:
    """An activation that counted a system: when it began or later, and whether it is affected now (or was at the end)."""

    activation: Activation
    at_activation: bool
    now: bool


class WhichSystems(StrEnum):
    """The two lists that the product documents, by the last word of their address."""

    AT_ACTIVATION = "atactivation"  # frozen when the activation opened
    CURRENTLY_AFFECTED = "currentlyaffected"  # live while active, then frozen at the end


@dataclass(frozen=True)
class Counted:
    """A count of the evaluator, with the revision of the notification that was counted."""

    revision: int
    qualifying: BitMap
    reporting: int
    position: int
    now: datetime
    frozen: bool


class StepOutcome(StrEnum):
    """What one step of the decider did to one notification, besides the decision itself."""

    DECIDED = "decided"  # the decision stands, whatever it is
    STALE = "stale"  # the notification was saved after it was counted: count again
    GONE = "gone"  # it was deleted; its activation is dismissed


@dataclass(frozen=True)
class Step:
    """After a step: what is true now. ``current`` is who is affected by the open activation; empty when none is open."""

    outcome: StepOutcome
    decision: Decision | None
    watch: Watch
    activation: str
    current: BitMap
    seconds_to_open: float | None = None  # from the states that met the condition; None: nothing was opened
