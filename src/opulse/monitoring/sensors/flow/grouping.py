"""A sensor's switch and variables in one group of systems: a stricter limit for servers, none at all for kiosks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from opulse.catalogue.models import Scalar
from opulse.monitoring.sensors.flow.catalogue import read_variables
from opulse.monitoring.sensors.models import GroupSetting, Sensor
from opulse.monitoring.sensors.store import sensors
from opulse.monitoring.systems import views as systems
from opulse.monitoring.systems.flow import append_in
from opulse.monitoring.systems.models import RecordKind
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def set_in_group(
    ports: Ports,
    tenant: int,
    name: str,
    group_id: str,
    actor: str,
    *,
    enabled: bool | None,
    variables: Mapping[str, Scalar],
) -> Sensor | None:
    """Say what holds for the group's systems; nothing said (None, no variables) means: as everywhere. None: no such sensor.

    Raises:
        LookupError: no such group.
        SensorRefused: a variable is unknown or its value cannot be used.
    """
    now = ports.clock.now()
    wanted = GroupSetting(enabled, dict(variables))
    return await ports.db.write(set_in_group_in, tenant, name, group_id, wanted, actor, now)


def set_in_group_in(
    conn: Connection, tenant: int, name: str, group_id: str, wanted: GroupSetting, actor: str, now: datetime
) -> Sensor | None:
    """:func:`set_in_group` inside another unit."""
    group = systems.find_group(conn, tenant, group_id)
    if group is None:
        raise LookupError(group_id)
    sensor = sensors.lock_by_name(conn, tenant, name)
    if sensor is None:
        return None
    setting = GroupSetting(wanted.enabled, read_variables(sensor, wanted.variables))
    before = sensor.in_groups.get(group.idx, GroupSetting())
    if setting == before:
        return sensor
    kept = {idx: one for idx, one in sensor.in_groups.items() if idx != group.idx}
    in_groups = kept if setting.says_nothing else {**kept, group.idx: setting}
    sensors.set_in_groups(conn, tenant, sensor.idx, in_groups, now)
    append_in(conn, tenant, RecordKind.CATALOGUE, b"", now)
    was, now_is = ({"group": group.name, **_shown(one)} for one in (before, setting))
    audit_in(conn, tenant, actor, "sensor.changed_in_group", name, was, now_is, now)
    return sensors.find_by_idx(conn, tenant, [sensor.idx])[sensor.idx]


def _shown(one: GroupSetting) -> dict[str, object]:
    return {"enabled": one.enabled, "variables": dict(one.variables)}
