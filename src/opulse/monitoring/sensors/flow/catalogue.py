"""The tenant's sensors: seeded from the kits, switched, given variables, added to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from opulse.catalogue import SensorDefinition, check_variables, load_catalogue
from opulse.catalogue.models import Scalar
from opulse.monitoring.sensors.models import Sensor, SensorOrigin, SensorProblem, SensorRefused
from opulse.monitoring.sensors.store import sensors
from opulse.monitoring.systems.flow import append_in, seed_groups_in, take_numbers_in
from opulse.monitoring.systems.models import Numbered, RecordKind
from opulse.ports import Ports
from opulse.tenancy import audit_in


async def list_sensors(ports: Ports, tenant: int) -> list[Sensor]:
    """All sensors of the tenant, by category and name."""
    return await ports.db.read(sensors.list_sensors, tenant)


async def find_sensor(ports: Ports, tenant: int, name: str) -> Sensor | None:
    """The sensor of exactly this name."""
    found = await ports.db.read(sensors.find_by_names, tenant, [name])
    return found.get(name)


async def change_sensor(
    ports: Ports,
    tenant: int,
    name: str,
    actor: str,
    *,
    enabled: bool | None = None,
    variables: Mapping[str, Scalar | None] | None = None,
) -> Sensor | None:
    """Switch a sensor on or off and lay ``variables`` over its own values; a variable set to None returns to its default.

    Returns None when there is no such sensor.

    Raises:
        SensorRefused: a variable is unknown or its value cannot be used.
    """
    now = ports.clock.now()
    return await ports.db.write(change_sensor_in, tenant, name, actor, enabled, variables or {}, now)


async def create_sensor(ports: Ports, tenant: int, wanted: Sensor, actor: str) -> Sensor:
    """Add a custom sensor; ``idx`` and ``guid`` of ``wanted`` are given here.

    Raises:
        SensorRefused: the name is taken.
    """
    return await ports.db.write(create_sensor_in, tenant, wanted, actor, ports.clock.now())


def describe_sensor_in(
    conn: Connection, tenant: int, sensor: Sensor, wanted: Sensor, actor: str, now: datetime
) -> None:
    """Give a custom sensor another category, help and severity, inside another unit."""
    said = (wanted.category, wanted.help, wanted.severity)
    sensors.describe_sensor(conn, tenant, sensor.idx, *said, now)
    append_in(conn, tenant, RecordKind.CATALOGUE, b"", now)
    before, after = (
        {"category": one.category, "help": one.help, "severity": one.severity} for one in (sensor, wanted)
    )
    audit_in(conn, tenant, actor, "sensor.described", sensor.name, before, after, now)


def add_sensors_in(
    conn: Connection, tenant: int, wanted: Sequence[Sensor], actor: str, now: datetime
) -> list[Sensor]:
    """Add the custom sensors of ``wanted`` whose names are new, compared without case; those that were added.

    ``idx`` and ``guid`` are given here.
    """
    if not wanted:
        return []
    # the counter's lock first: whoever added one of these names before us has committed when we look
    number = take_numbers_in(conn, tenant, Numbered.SENSOR, len(wanted))
    known = sensors.find_by_keys(conn, tenant, [sensor.name for sensor in wanted])
    new = {sensor.name.casefold(): sensor for sensor in wanted if sensor.name.casefold() not in known}
    made = [
        replace(sensor, idx=number + place, guid=str(uuid4()), origin=SensorOrigin.CUSTOM)
        for place, sensor in enumerate(new.values())
    ]
    if made:
        sensors.insert_sensors(conn, tenant, made, now)
        append_in(conn, tenant, RecordKind.CATALOGUE, b"", now)
    for sensor in made:
        audit_in(conn, tenant, actor, "sensor.created", sensor.name, None, _shown(sensor), now)
    return made


def seed_tenant_in(conn: Connection, tenant: int, now: datetime) -> None:
    """Give the tenant its built-in group and the kits' sensors; brings known ones up to date. Does nothing where all is there."""
    seed_groups_in(conn, tenant, now)
    known = {sensor.name.casefold(): sensor for sensor in sensors.list_sensors(conn, tenant)}
    new = [made for made in load_catalogue() if made.name.casefold() not in known]
    stale = [
        fresh
        for made in load_catalogue()
        if (old := known.get(made.name.casefold())) is not None and (fresh := _refreshed(old, made)) != old
    ]
    if new:
        number = take_numbers_in(conn, tenant, Numbered.SENSOR, len(new))
        rows = [_factory_sensor(made, number + place) for place, made in enumerate(new)]
        sensors.insert_sensors(conn, tenant, rows, now)
    if stale:
        sensors.refresh_sensors(conn, tenant, stale, now)
    if new or stale:
        append_in(conn, tenant, RecordKind.CATALOGUE, b"", now)


def _factory_sensor(made: SensorDefinition, idx: int) -> Sensor:
    return Sensor(
        idx=idx,
        guid=str(uuid4()),
        name=made.name,
        category=made.category,
        help=made.help,
        severity=made.severity,
        instanced=made.instanced,
        origin=SensorOrigin.FACTORY,
        enabled=True,
        variables={},
        defaults=made.variables,
        unit=made.unit,
    )


def _refreshed(old: Sensor, made: SensorDefinition) -> Sensor:
    """What the kit says now, with the tenant's own switch and values; a custom sensor of the name stays the tenant's."""
    if old.origin is SensorOrigin.CUSTOM:
        return old
    fresh = _factory_sensor(made, old.idx)
    return replace(
        fresh, guid=old.guid, enabled=old.enabled, variables=old.variables, in_groups=old.in_groups
    )


def change_sensor_in(
    conn: Connection,
    tenant: int,
    name: str,
    actor: str,
    enabled: bool | None,
    variables: Mapping[str, Scalar | None],
    now: datetime,
) -> Sensor | None:
    """:func:`change_sensor` inside another unit."""
    before = sensors.lock_by_name(conn, tenant, name)
    if before is None:
        return None
    after = replace(
        before,
        enabled=before.enabled if enabled is None else enabled,
        variables=_lay_over(before, variables),
    )
    if after != before:
        sensors.update_sensor(conn, tenant, before.idx, after.enabled, dict(after.variables), now)
        append_in(conn, tenant, RecordKind.CATALOGUE, b"", now)
        audit_in(conn, tenant, actor, "sensor.changed", name, _shown(before), _shown(after), now)
    return after


def read_variables(sensor: Sensor, variables: Mapping[str, Scalar | None]) -> dict[str, Scalar]:
    """The values among ``variables``. Raises SensorRefused: one is unknown, or its value cannot be used."""
    given = {name: value for name, value in variables.items() if value is not None}
    definition = load_catalogue().find(sensor.name)
    unknown = {name: "unknown" for name in variables if name not in sensor.defaults}
    wrong = {} if definition is None else check_variables(definition, given)
    problems = unknown | {name: problem.value for name, problem in wrong.items()}
    if problems:
        raise SensorRefused(SensorProblem.BAD_VARIABLES, problems)
    return given


def _lay_over(sensor: Sensor, variables: Mapping[str, Scalar | None]) -> dict[str, Scalar]:
    given = read_variables(sensor, variables)
    laid = {**sensor.variables, **given}
    return {
        name: value
        for name, value in laid.items()
        if variables.get(name, value) is not None and value != sensor.defaults[name]
    }


def create_sensor_in(conn: Connection, tenant: int, wanted: Sensor, actor: str, now: datetime) -> Sensor:
    """:func:`create_sensor` inside another unit."""
    taken = SensorRefused(SensorProblem.NAME_TAKEN, {wanted.name: "is a sensor already"})
    if sensors.find_by_key(conn, tenant, wanted.name) is not None:
        raise taken
    idx = take_numbers_in(conn, tenant, Numbered.SENSOR, 1)
    made = replace(wanted, idx=idx, guid=str(uuid4()), origin=SensorOrigin.CUSTOM)
    try:
        sensors.insert_sensors(conn, tenant, [made], now)
    except IntegrityError as error:  # made by somebody else since we looked
        raise taken from error
    append_in(conn, tenant, RecordKind.CATALOGUE, b"", now)
    audit_in(conn, tenant, actor, "sensor.created", made.name, None, _shown(made), now)
    return made


def _shown(sensor: Sensor) -> dict[str, object]:
    return {"enabled": sensor.enabled, "variables": dict(sensor.variables)}
