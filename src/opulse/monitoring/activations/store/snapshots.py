"""A snapshot as the JSON document that an activation's row keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from opulse.monitoring.activations.models import Snapshot
from opulse.monitoring.notifications.models import ActivationOption, SensorChoice, Threshold


def write_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "name": snapshot.name,
        "description": snapshot.description,
        "sensors": [[choice.name, choice.instance] for choice in snapshot.sensors],
        "group_id": snapshot.group_id,
        "group_name": snapshot.group_name,
        "option": snapshot.threshold.option.value,
        "value": format(snapshot.threshold.value, "f"),
        "recipients": list(snapshot.recipients),
        "reporting": snapshot.reporting,
        "sensed_at": snapshot.sensed_at.isoformat() if snapshot.sensed_at else "",
    }


def read_snapshot(document: dict[str, Any]) -> Snapshot:
    sensors: Sequence[tuple[str, str | None]] = document["sensors"]
    return Snapshot(
        name=document["name"],
        description=document["description"],
        sensors=tuple(SensorChoice(name, instance) for name, instance in sensors),
        group_id=document["group_id"],
        group_name=document["group_name"],
        threshold=Threshold(ActivationOption(document["option"]), Decimal(document["value"])),
        recipients=tuple(document["recipients"]),
        reporting=document["reporting"],
        # absent in activations of earlier versions
        sensed_at=datetime.fromisoformat(text) if (text := document.get("sensed_at")) else None,
    )
