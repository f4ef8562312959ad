"""What a notification, saved or still a draft, would count right now."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from opulse.monitoring.notifications.models import (
    Notification,
    NotificationDraft,
    Preview,
    ResolvedSensor,
    Threshold,
)
from opulse.monitoring.notifications.rules import check_draft, judge_threshold, minimum_of
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import SensorPick
from opulse.monitoring.sensors.views import find_sensors
from opulse.monitoring.systems.views import find_group
from opulse.ports import Ports


def picks_of(sensors: tuple[ResolvedSensor, ...]) -> tuple[SensorPick, ...]:
    """The sensors as the evaluator counts them."""
    return tuple(SensorPick(sensor.index, sensor.instance) for sensor in sensors)


def preview_notification(evaluator: Evaluator, tenant: int, notification: Notification) -> Preview:
    """Of a saved one."""
    return _preview(
        evaluator,
        tenant,
        notification.sensors,
        notification.group_index,
        notification.threshold,
        notification.minimum_systems,
    )


async def preview_draft(ports: Ports, evaluator: Evaluator, tenant: int, draft: NotificationDraft) -> Preview:
    """Of a form that is still being filled; its name and recipients do not matter.

    Raises:
        NotificationRefused: sensors, group or threshold are not there yet, or wrong.
    """

    draft = replace(draft, name=draft.name or "preview", recipients=())

    def query(conn: Connection) -> tuple[tuple[ResolvedSensor, ...], Threshold, int]:
        group = find_group(conn, tenant, draft.group_id)
        known = find_sensors(conn, tenant, [choice.name for choice in draft.sensors])
        sensors, threshold = check_draft(draft, known, group_known=group is not None, recipients_known=())
        assert group is not None
        return sensors, threshold, group.idx

    sensors, threshold, group_idx = await ports.db.read(query)
    return _preview(evaluator, tenant, sensors, group_idx, threshold, minimum_of(draft, threshold))


def _preview(
    evaluator: Evaluator,
    tenant: int,
    sensors: tuple[ResolvedSensor, ...],
    group_idx: int,
    threshold: Threshold,
    minimum_systems: int,
) -> Preview:
    count = evaluator.count(tenant, picks_of(sensors), group_idx)
    qualifying = len(count.qualifying)
    verdict = judge_threshold(threshold, minimum_systems, qualifying, count.reporting)
    return Preview(qualifying, count.reporting, count.members, verdict)
