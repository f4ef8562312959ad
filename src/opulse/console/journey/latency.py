"""How long each stage of one activation took: times of rows, so that they are the same after a restart and in every process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from opulse.console.journey.models import StageTime
from opulse.experience.impact.models import Totals
from opulse.monitoring.activations.models import Activation
from opulse.pulses.watch import find_first_times


def list_stage_times(
    conn: Connection, tenant: int, activation: Activation, totals: Totals
) -> tuple[StageTime, ...]:
    """The stages in their order. Where the other wing runs elsewhere, the moments that only it knows are missing."""
    first = find_first_times(conn, tenant, activation.id)
    return measure_stages(
        [
            ("First sensor", activation.snapshot.sensed_at),
            ("Activated", activation.opened_at),
            ("Webhook received", first.webhook),
            ("First contact updated", first.contact),
            ("First mail accepted", totals.first_sent_at),
            ("First answer", totals.first_answer_at),
        ]
    )


def measure_stages(moments: Sequence[tuple[str, datetime | None]]) -> tuple[StageTime, ...]:
    """Each moment with its distance from the known one before it, and from the first."""
    known = [at for _, at in moments if at is not None]
    before = begin = known[0] if known else None
    measured = []
    for name, at in moments:
        took = _seconds(before, at)
        measured.append(StageTime(name, at, took, _seconds(begin, at)))
        before = at or before
    return tuple(measured)


def _seconds(before: datetime | None, at: datetime | None) -> float | None:
    """Never below 0: two processes' clocks may differ by more than a stage takes."""
    return None if at is None or before is None else max(0.0, (at - before).total_seconds())
