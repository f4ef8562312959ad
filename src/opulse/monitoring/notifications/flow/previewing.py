"""What a notification, saved or still a draft, would count right now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from opulse.monitoring.maintenance.views import list_maintained_groups
from opulse.monitoring.notifications.models import (
    Notification,
    NotificationDraft,
    Preview,
    ResolvedSensor,
    Schedule,
    Threshold,
)
from opulse.monitoring.notifications.rules import (
    check_draft,
    is_in_hours,
    judge_threshold,
    minimum_of,
    needed_of,
    schedule_of,
)
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import SensorPick
from opulse.monitoring.sensors.views import find_sensors
from opulse.monitoring.systems.views import find_group
from opulse.ports import Ports


def picks_of(sensors: tuple[ResolvedSensor, ...]) -> tuple[SensorPick, ...]:
    """The sensors as the evaluator counts them."""
    return tuple(SensorPick(sensor.index, sensor.instance) for sensor in sensors)


async def preview_notification(
    ports: Ports, evaluator: Evaluator, tenant: int, notification: Notification
) -> Preview:
    """Of a saved one."""
    asked = _Asked(
        notification.sensors,
        notification.needed_sensors,
        notification.group_index,
        notification.threshold,
        notification.minimum_systems,
        notification.schedule,
    )
    now = ports.clock.now()
    maintained = await ports.db.read(list_maintained_groups, tenant, now)
    return _preview(evaluator, tenant, asked, maintained, now)


async def preview_draft(ports: Ports, evaluator: Evaluator, tenant: int, draft: NotificationDraft) -> Preview:
    """Of a form that is still being filled; its name and recipients do not matter.

    Raises:
        NotificationRefused: sensors, group or threshold are not there yet, or wrong.
    """
    draft = replace(draft, name=draft.name or "preview", recipients=())
    now = ports.clock.now()

    def query(conn: Connection) -> tuple[_Asked, frozenset[int]]:
        group = find_group(conn, tenant, draft.group_id)
        known = find_sensors(conn, tenant, [choice.name for choice in draft.sensors])
        sensors, threshold = check_draft(draft, known, group_known=group is not None, recipients_known=())
        assert group is not None
        minimum = minimum_of(draft, threshold)
        asked = _Asked(sensors, needed_of(draft), group.idx, threshold, minimum, schedule_of(draft))
        return asked, list_maintained_groups(conn, tenant, now)

    asked, maintained = await ports.db.read(query)
    return _preview(evaluator, tenant, asked, maintained, now)


class _Asked(NamedTuple):
    """What of a notification decides what it counts."""

    sensors: tuple[ResolvedSensor, ...]
    needed: int
    group_idx: int
    threshold: Threshold
    minimum_systems: int
    schedule: Schedule


def _preview(
    evaluator: Evaluator, tenant: int, asked: _Asked, maintained: frozenset[int], now: datetime
) -> Preview:
    hidden = evaluator.members_of(tenant, maintained)
    count = evaluator.count(tenant, picks_of(asked.sensors), asked.group_idx, asked.needed, hidden)
    qualifying = len(count.qualifying)
    verdict = judge_threshold(asked.threshold, asked.minimum_systems, qualifying, count.reporting)
    in_hours = is_in_hours(asked.schedule, now)
    return Preview(qualifying, count.reporting, count.members, verdict, in_hours)
