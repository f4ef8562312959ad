"""Activations as this installation knows them: its own, or, where the other wing runs elsewhere, as the webhook told of them.

The wing that asks people then has no row of the activation, but it has the JSON event, which says what it was about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection

from opulse.experience.workflows.models import Run
from opulse.experience.workflows.views import list_runs, list_task_runs
from opulse.monitoring.activations.models import Activation, Counts, Resolution, Snapshot
from opulse.monitoring.activations.views import get_activation
from opulse.monitoring.activations.views import list_activations as list_own
from opulse.monitoring.notifications.models import ActivationOption, SensorChoice, Threshold
from opulse.pulses.ledger.views import count_reached_systems
from opulse.wire.affected import ActivationState
from opulse.wire.timestamps import parse_time

RUNS_READ = 200


def find_activation(conn: Connection, tenant: int, activation: str) -> Activation | None:
    """None: neither side of this installation knows it."""
    own = get_activation(conn, tenant, activation)
    if own is not None:
        return own
    # the guide's body says eventId = activation id, and the JSON event keeps eventId as the run's key
    runs = list_runs(conn, tenant, event_key=activation, limit=1)
    return _told(conn, tenant, runs[0]) if runs and runs[0].activation == activation else None


def list_activations(conn: Connection, tenant: int, limit: int) -> list[Activation]:
    """Newest first: our own, or where there are none, those that webhooks told of."""
    own = list_own(conn, tenant, limit=limit)
    if own:
        return own
    runs = list_runs(conn, tenant, limit=RUNS_READ)
    told = {run.event_key: run for run in reversed(runs) if run.activation == run.event_key}
    return [_told(conn, tenant, run) for run in list(reversed(told.values()))[:limit]]


def _told(conn: Connection, tenant: int, run: Run) -> Activation:
    """What the webhook said, and as many systems as the affected-systems API has named since."""
    envelope = run.event.get("envelope", {})
    data = envelope.get("data") if isinstance(envelope.get("data"), dict) else {}
    opened = _time(envelope, run)
    systems = count_reached_systems(conn, tenant, run.activation)
    return Activation(
        id=run.activation,
        notification="",
        revision=0,
        snapshot=_snapshot(data),
        state=_state(conn, tenant, run, data),
        resolution=Resolution.NONE,
        opened_at=opened,
        closed_at=None,
        closed_by="",
        position=0,
        current_position=0,
        counts=Counts(systems, systems, systems),
        changed_at=run.ended_at or run.started_at,
        version=systems,
    )


def _snapshot(data: Mapping[str, Any]) -> Snapshot:
    names = data.get("sensorNames")
    names = names if isinstance(names, list) else str(names or "").split(",")
    sensors = tuple(SensorChoice(str(name).strip()) for name in names if str(name).strip())
    return Snapshot(
        name=str(
            data.get("notificationName") or ", ".join(one.name for one in sensors) or "Sensor notification"
        ),
        description=str(data.get("notificationDescription") or ""),
        sensors=sensors,
        group_id="",
        group_name=str(data.get("groupName") or ""),
        threshold=_threshold(data),
        recipients=(),
        reporting=0,
    )


def _threshold(data: Mapping[str, Any]) -> Threshold:
    try:
        value = Decimal(str(data.get("activationThresholdValue", 1)))
    except InvalidOperation:
        value = Decimal(1)
    if data.get("activationThresholdIsPercent") is True:
        return Threshold(ActivationOption.PERCENTAGE, value)
    return Threshold(ActivationOption.ANY if value == 1 else ActivationOption.NUMBER, value)


def _state(conn: Connection, tenant: int, run: Run, data: Mapping[str, Any]) -> ActivationState:
    """Over, once the run that looks for newcomers was told so. The guide's own body does not let it look again."""
    if run.ended_at is None or not data.get("systemsCurrentlyAffectedURL"):
        return ActivationState.ACTIVE
    looks = any("next_wave_at" in task.output for task in list_task_runs(conn, tenant, run.id))
    return ActivationState.ACTIVE if looks else ActivationState.RESOLVED


def _time(envelope: Mapping[str, Any], run: Run) -> datetime:
    try:
        return parse_time(str(envelope.get("eventTime", "")))
    except ValueError:
        return run.started_at
