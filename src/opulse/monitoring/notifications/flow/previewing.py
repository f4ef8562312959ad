"""What a notification, saved or still a draft, would count right now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from opulse.monitoring.maintenance.views import list_maintained_groups
from opulse.monitoring.notifications.flow.drafting import read_draft_in
from opulse.monitoring.notifications.models import Notification, NotificationDraft, Preview, ResolvedSensor
from opulse.monitoring.notifications.rules import is_in_hours, judge_threshold
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import SensorPick
from opulse.ports import Ports


def picks_of(sensors: tuple[ResolvedSensor, ...]) -> tuple[SensorPick, ...]:
    """The sensors as the evaluator counts them."""
    return tuple(SensorPick(sensor.index, sensor.instance) for sensor in sensors)


async def preview_notification(
    ports: Ports, evaluator: Evaluator, tenant: int, notification: Notification
) -> Preview:
    """Of a saved one."""
    now = ports.clock.now()
    maintained = await ports.db.read(list_maintained_groups, tenant, now)
    return _preview(evaluator, tenant, notification, maintained, now)


async def preview_draft(ports: Ports, evaluator: Evaluator, tenant: int, draft: NotificationDraft) -> Preview:
    """Of a form that is still being filled; its name and recipients do not matter.

    Raises:
        NotificationRefused: sensors, group or threshold are not there yet, or wrong.
    """
    now = ports.clock.now()

    def query(conn: Connection) -> tuple[Notification, frozenset[int]]:
        return read_draft_in(conn, tenant, draft), list_maintained_groups(conn, tenant, now)

    return _preview(evaluator, tenant, *await ports.db.read(query), now)


def _preview(
    evaluator: Evaluator, tenant: int, notification: Notification, maintained: frozenset[int], now: datetime
) -> Preview:
    hidden = evaluator.members_of(tenant, maintained)
    picks = picks_of(notification.sensors)
    count = evaluator.count(tenant, picks, notification.group_index, notification.needed_sensors, hidden)
    qualifying = len(count.qualifying)
    verdict = judge_threshold(
        notification.threshold, notification.minimum_systems, qualifying, count.reporting
    )
    in_hours = is_in_hours(notification.schedule, now)
    return Preview(qualifying, count.reporting, count.members, verdict, in_hours)
