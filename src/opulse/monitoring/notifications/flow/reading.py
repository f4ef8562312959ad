"""Notifications with the names that upstream stages know: of sensors, the group and the recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from opulse.monitoring.notifications import store
from opulse.monitoring.notifications.models import Notification, ResolvedSensor
from opulse.monitoring.recipients.flow.assigning import list_assigned
from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.sensors.views import find_sensors_by_idx
from opulse.monitoring.systems.models import Group
from opulse.monitoring.systems.views import find_group_by_idx


def find_notification(conn: Connection, tenant: int, notification: str) -> Notification | None:
    """A living notification of this tenant."""
    found = store.find_notification(conn, tenant, notification)
    return _named(conn, tenant, [found])[0] if found else None


def lock_notification_in(conn: Connection, tenant: int, notification: str) -> Notification | None:
    """``find_notification``, and nobody changes it until this transaction ends."""
    found = store.find_notification(conn, tenant, notification, lock=True)
    return _named(conn, tenant, [found])[0] if found else None


def list_notifications(conn: Connection, tenant: int) -> list[Notification]:
    """All living notifications of the tenant, by name."""
    return _named(conn, tenant, store.list_notifications(conn, tenant))


def list_tenants_with_notifications(conn: Connection) -> list[int]:
    """For the decider, which works for every tenant."""
    return store.list_tenants_with_notifications(conn)


def _named(conn: Connection, tenant: int, found: Sequence[store.StoredNotification]) -> list[Notification]:
    sensor_idxs = {index for stored in found for index, _ in stored.row.sensors}
    sensors = find_sensors_by_idx(conn, tenant, sensor_idxs) if sensor_idxs else {}
    groups = {
        index: find_group_by_idx(conn, tenant, index) for index in {stored.row.group_idx for stored in found}
    }
    assigned = list_assigned(conn, tenant, [stored.id for stored in found])
    return [
        _notification(stored, sensors, groups[stored.row.group_idx], assigned.get(stored.id, ()))
        for stored in found
    ]


def _notification(
    stored: store.StoredNotification,
    sensors: Mapping[int, Sensor],
    group: Group | None,
    recipients: tuple[str, ...],
) -> Notification:
    row = stored.row
    return Notification(
        id=stored.id,
        name=row.name,
        description=row.description,
        sensors=tuple(
            ResolvedSensor(index, sensors[index].name, instance or None)
            for index, instance in row.sensors
            if index in sensors
        ),
        group_id=group.guid if group else "",
        group_index=row.group_idx,
        group_name=group.name if group else "",
        threshold=row.threshold,
        minimum_systems=row.minimum_systems,
        hold_seconds=row.hold_seconds,
        needed_sensors=row.needed_sensors,
        cool_down_seconds=row.cool_down_seconds,
        schedule=row.schedule,
        recipients=recipients,
        enabled=row.enabled,
        revision=stored.revision,
        created_by=stored.created_by,
        created_at=stored.created_at,
        modified_by=stored.modified_by,
        modified_at=stored.modified_at,
    )
