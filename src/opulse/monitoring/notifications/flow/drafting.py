"""A draft as the notification that it would become: for whoever wants to know what it would do, and saves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection

from opulse.monitoring.notifications.models import Notification, NotificationDraft
from opulse.monitoring.notifications.rules import check_draft, minimum_of, needed_of, schedule_of
from opulse.monitoring.sensors.views import find_sensors
from opulse.monitoring.systems.views import find_group

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def read_draft_in(conn: Connection, tenant: int, draft: NotificationDraft) -> Notification:
    """The draft with its sensors and group found; without recipients, and enabled. Its name may be missing.

    Raises:
        NotificationRefused: with everything to mend.
    """
    draft = replace(draft, name=draft.name or "draft", recipients=())
    group = find_group(conn, tenant, draft.group_id)
    known = find_sensors(conn, tenant, [choice.name for choice in draft.sensors])
    sensors, threshold = check_draft(draft, known, group_known=group is not None, recipients_known=())
    assert group is not None
    return Notification(
        id="",
        name=draft.name,
        description=draft.description,
        sensors=sensors,
        group_id=group.guid,
        group_index=group.idx,
        group_name=group.name,
        threshold=threshold,
        minimum_systems=minimum_of(draft, threshold),
        hold_seconds=draft.hold_seconds,
        needed_sensors=needed_of(draft),
        cool_down_seconds=draft.cool_down_seconds,
        schedule=schedule_of(draft),
        recipients=(),
        enabled=True,
        revision=0,
        created_by="",
        created_at=_NEVER,
        modified_by="",
        modified_at=_NEVER,
    )
