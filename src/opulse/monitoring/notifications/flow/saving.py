"""Create, edit and delete notifications; assign them from the Recipients tab.

An edit or a deletion dismisses the open activation: the same transaction adds the job ``notification.changed``, which the
stage *activations* takes. An assignment from the Recipients tab adds none (systrack.md 3.4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection

from opulse.db import wake
from opulse.jobs import enqueue
from opulse.monitoring.notifications import store
from opulse.monitoring.notifications.flow.reading import find_notification
from opulse.monitoring.notifications.models import (
    Notification,
    NotificationDraft,
    NotificationWarning,
    SavedNotification,
)
from opulse.monitoring.notifications.rules import (
    check_draft,
    describe_threshold,
    minimum_of,
    needed_of,
    schedule_of,
)
from opulse.monitoring.recipients.flow.assigning import (
    assign_notifications_in,
    assign_recipients_in,
    known_recipients,
    list_notifications_of,
)
from opulse.monitoring.sensors.views import find_sensors
from opulse.monitoring.systems.views import find_group
from opulse.ports import Ports
from opulse.tenancy import audit_in

CHANGED = "notification.changed"
"""Job ``{"notification", "cause": "edited"|"deleted", "revision"}``: announced by every edit and deletion."""

WAKE = "notifications"
"""Woken whenever what the decider holds in memory may be old."""


async def create_notification(
    ports: Ports, tenant: int, actor: str, draft: NotificationDraft
) -> SavedNotification:
    """*Save Notification* on the Create page.

    Raises:
        NotificationRefused: with everything to mend.
    """
    return await ports.db.write(create_notification_in, tenant, actor, draft, ports.clock.now())


def create_notification_in(
    conn: Connection, tenant: int, actor: str, draft: NotificationDraft, now: datetime
) -> SavedNotification:
    """:func:`create_notification` inside another unit."""
    notification = str(uuid4())
    row, warnings = _checked_in(conn, tenant, draft)
    store.insert_notification(conn, tenant, notification, row, actor, now)
    return _saved_in(conn, tenant, notification, draft, None, warnings, actor, now)


async def change_notification(
    ports: Ports, tenant: int, actor: str, notification: str, draft: NotificationDraft
) -> SavedNotification | None:
    """*Save Notification* on the Edit page: whatever changed, the open activation is dismissed. None: no such one.

    Raises:
        NotificationRefused: with everything to mend.
    """
    return await ports.db.write(change_notification_in, tenant, actor, notification, draft, ports.clock.now())


def change_notification_in(
    conn: Connection, tenant: int, actor: str, notification: str, draft: NotificationDraft, now: datetime
) -> SavedNotification | None:
    """:func:`change_notification` inside another unit."""
    before = find_notification(conn, tenant, notification)
    if before is None:
        return None
    row, warnings = _checked_in(conn, tenant, draft)
    store.update_notification(conn, tenant, notification, row, actor, now)
    _announce_in(conn, tenant, notification, "edited", before.revision + 1)
    return _saved_in(conn, tenant, notification, draft, before, warnings, actor, now)


async def delete_notification(ports: Ports, tenant: int, actor: str, notification: str) -> bool:
    """Ends its open activation too. False: no such notification."""
    return await ports.db.write(delete_notification_in, tenant, actor, notification, ports.clock.now())


def delete_notification_in(
    conn: Connection, tenant: int, actor: str, notification: str, now: datetime
) -> bool:
    """:func:`delete_notification` inside another unit."""
    before = find_notification(conn, tenant, notification)
    if before is None:
        return False
    store.mark_deleted(conn, tenant, notification, actor, now)
    assign_recipients_in(conn, tenant, notification, ())
    _announce_in(conn, tenant, notification, "deleted", before.revision + 1)
    audit_in(conn, tenant, actor, "notification.deleted", before.name, describe(before), None, now)
    return True


def set_recipients_in(
    conn: Connection, tenant: int, actor: str, notification: str, recipients: Sequence[str], now: datetime
) -> None:
    """It tells exactly these from now on. As from the Recipients tab, this dismisses nothing."""
    before = find_notification(conn, tenant, notification)
    assert before is not None, "the caller has read it in this unit"
    assign_recipients_in(conn, tenant, notification, recipients)
    change = {"recipients": list(before.recipients)}, {"recipients": list(recipients)}
    audit_in(conn, tenant, actor, "notification.assigned", before.name, *change, now)
    wake(conn, WAKE)


async def assign_notifications(
    ports: Ports, tenant: int, actor: str, recipient: str, notifications: tuple[str, ...]
) -> tuple[str, ...] | None:
    """From the Recipients tab: exactly these notifications tell the recipient. Dismisses nothing.

    Returns:
        Names of the notifications that now tell nobody, to be shown as a warning; None: no such recipient. Ids of
        notifications that do not exist are passed over.
    """
    now = ports.clock.now()

    def unit(conn: Connection) -> tuple[str, ...] | None:
        names = known_recipients(conn, tenant, [recipient])
        if recipient not in names:
            return None
        before = set(list_notifications_of(conn, tenant, recipient))
        after = [found.id for found in store.list_notifications(conn, tenant, notifications)]
        assign_notifications_in(conn, tenant, recipient, after)
        change = {"notifications": sorted(before)}, {"notifications": sorted(after)}
        audit_in(conn, tenant, actor, "recipient.assigned", names[recipient], *change, now)
        wake(conn, WAKE)
        return _left_alone_in(conn, tenant, before - set(after))

    return await ports.db.write(unit)


def left_alone(
    notifications: Iterable[Notification], recipient: str, chosen: Collection[str]
) -> tuple[str, ...]:
    """Names of those that only this recipient is told by, and that ``chosen`` leaves out."""
    return tuple(
        found.name for found in notifications if found.recipients == (recipient,) and found.id not in chosen
    )


def describe(notification: Notification) -> dict[str, Any]:
    """For the audit trail."""
    return {
        "name": notification.name,
        "description": notification.description,
        "sensors": [[sensor.name, sensor.instance] for sensor in notification.sensors],
        "group": notification.group_name,
        "threshold": describe_threshold(notification.threshold),
        "minimum_systems": notification.minimum_systems,
        "hold_seconds": notification.hold_seconds,
        "needed_sensors": notification.needed_sensors,
        "cool_down_seconds": notification.cool_down_seconds,
        "schedule": [notification.schedule.preset.value, notification.schedule.zone],
        "recipients": list(notification.recipients),
        "enabled": notification.enabled,
    }


def _checked_in(
    conn: Connection, tenant: int, draft: NotificationDraft
) -> tuple[store.NotificationRow, tuple[NotificationWarning, ...]]:
    group = find_group(conn, tenant, draft.group_id)
    sensors, threshold = check_draft(
        draft,
        find_sensors(conn, tenant, [choice.name for choice in draft.sensors]),
        group_known=group is not None,
        recipients_known=known_recipients(conn, tenant, draft.recipients),
    )
    assert group is not None
    warnings = []
    if not draft.recipients:
        warnings.append(NotificationWarning.NO_RECIPIENTS)
    if group.size == 0:
        warnings.append(NotificationWarning.GROUP_EMPTY)
    row = store.NotificationRow(
        name=draft.name.strip(),
        description=draft.description.strip(),
        group_idx=group.idx,
        threshold=threshold,
        minimum_systems=minimum_of(draft, threshold),
        hold_seconds=draft.hold_seconds,
        needed_sensors=needed_of(draft),
        cool_down_seconds=draft.cool_down_seconds,
        schedule=schedule_of(draft),
        enabled=draft.enabled,
        sensors=tuple((sensor.index, sensor.instance or "") for sensor in sensors),
    )
    return row, tuple(warnings)


def _saved_in(
    conn: Connection,
    tenant: int,
    notification: str,
    draft: NotificationDraft,
    before: Notification | None,
    warnings: tuple[NotificationWarning, ...],
    actor: str,
    now: datetime,
) -> SavedNotification:
    assign_recipients_in(conn, tenant, notification, draft.recipients)
    saved = find_notification(conn, tenant, notification)
    assert saved is not None
    action = "notification.changed" if before else "notification.created"
    audit_in(
        conn, tenant, actor, action, saved.name, describe(before) if before else None, describe(saved), now
    )
    wake(conn, WAKE)
    return SavedNotification(saved, warnings)


def _announce_in(
    conn: Connection, tenant: int, notification: str, cause: Literal["edited", "deleted"], revision: int
) -> None:
    payload = {"notification": notification, "cause": cause, "revision": revision}
    enqueue(conn, tenant, CHANGED, payload, unique=f"{notification}:{revision}", priority=1)
    wake(conn, WAKE)


def _left_alone_in(conn: Connection, tenant: int, ids: set[str]) -> tuple[str, ...]:
    from_before = [find_notification(conn, tenant, notification) for notification in sorted(ids)]
    return tuple(found.name for found in from_before if found is not None and not found.recipients)
