"""Is the start of a run held back now? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from opulse.experience.workflows.models import Hold


def decide_hold(holds: Sequence[Hold], now: datetime) -> Hold | None:
    """The hold in force that ends last; one that only a person ends comes before all. None: the run may start."""
    in_force = [one for one in holds if one.from_at <= now and (one.until_at is None or one.until_at > now)]
    open_ended = next((one for one in in_force if one.until_at is None), None)
    return open_ended or max(in_force, key=lambda one: one.until_at or now, default=None)
