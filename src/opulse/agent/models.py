"""What the agent says of a sensor, and what it keeps between two evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opulse.catalogue import EvaluationReason, Scalar


@dataclass(frozen=True, slots=True)
class SensorReading:
    """One sensor (and instance) as it was last read on this machine.

    ``value`` is None where there is none: then ``unavailable`` says why, or, for an instanced sensor without any
    instance, both are None. Never both set.
    """

    name: str
    instance: str | None
    value: Scalar | None
    unit: str
    unavailable: str | None
    triggered: bool
    source: str = ""
    """The measure, as the catalogue names it."""
    reason: EvaluationReason | None = None
    """Why it is triggered or not; None where a single reading was taken and no time to hold was waited for."""


@dataclass(frozen=True, slots=True)
class Change:
    """A sensor (and instance) became triggered, or ceased to be, at ``at`` (UTC)."""

    sensor: str
    instance: str | None
    triggered: bool
    at: datetime
