"""Sensors as a part of the tenant's configuration: those that people made, and of the kits' what differs from the kit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr
from sqlalchemy import Connection

from opulse.monitoring.sensors import views
from opulse.monitoring.sensors.flow import catalogue as flow
from opulse.monitoring.sensors.flow.deleting import delete_sensor_in
from opulse.monitoring.sensors.flow.grouping import set_in_group_in
from opulse.monitoring.sensors.models import GroupSetting, Sensor, SensorOrigin, SensorProblem, SensorRefused
from opulse.monitoring.systems import views as systems
from opulse.monitoring.systems.models import Group
from opulse.tenancy.sections import Change, Entry, Section, Work

NAME = "sensors"


class CustomSensor(Entry):
    """What a person says of a sensor of the tenant's own."""

    category: Annotated[str, Field(min_length=1, max_length=100)] = "Custom"
    help: Annotated[str, Field(max_length=500)] = ""
    severity: Annotated[int, Field(ge=1, le=10)] = 5
    instanced: bool = False


Variables = dict[str, StrictBool | StrictInt | StrictFloat | StrictStr]


class InGroup(Entry):
    """What holds for the systems of a group; ``enabled`` left out: as everywhere."""

    enabled: bool | None = None
    variables: Variables = Field(default_factory=dict)


class SensorEntry(Entry):
    """``custom`` is there for a sensor of the tenant's own; ``variables`` are the tenant's values over the kit's.

    ``groups``: name of a group → what holds there instead.
    """

    custom: CustomSensor | None = None
    enabled: bool = True
    variables: Variables = Field(default_factory=dict)
    groups: dict[str, InGroup] = Field(default_factory=dict)


def _read_in(conn: Connection, tenant: int, now: datetime) -> dict[str, SensorEntry]:
    found = sorted(views.list_sensors(conn, tenant), key=lambda one: (one.name.casefold(), one.name))
    names = {group.idx: group.name for group in systems.list_groups(conn, tenant)}
    return {sensor.name: _entry(sensor, names) for sensor in found if _is_told(sensor)}


def _is_told(sensor: Sensor) -> bool:
    return (
        sensor.origin is SensorOrigin.CUSTOM
        or not sensor.enabled
        or bool(sensor.variables or sensor.in_groups)
    )


def _entry(sensor: Sensor, names: Mapping[int, str]) -> SensorEntry:
    own = sensor.origin is SensorOrigin.CUSTOM
    made = CustomSensor(
        category=sensor.category, help=sensor.help, severity=sensor.severity, instanced=sensor.instanced
    )
    variables = dict(sorted(sensor.variables.items()))
    groups = {
        names[idx]: InGroup(enabled=one.enabled, variables=dict(sorted(one.variables.items())))
        for idx, one in sensor.in_groups.items()
        if idx in names
    }
    return SensorEntry(
        custom=made if own else None,
        enabled=sensor.enabled,
        variables=variables,
        groups=dict(sorted(groups.items())),
    )


def _save_in(work: Work, changes: Sequence[Change]) -> None:
    known = views.find_sensors(work.conn, work.tenant, [change.key for change in changes])
    groups = _groups_in(work)
    for change in changes:
        try:
            _save_one(work, change, known.get(change.key), groups)
        except SensorRefused as refused:
            for culprit, why in refused.what.items():
                where = ("variables", culprit) if refused.problem is SensorProblem.BAD_VARIABLES else ()
                work.refuse(NAME, change.key, f"{culprit}: {why.replace('_', ' ')}.", *where)


def _groups_in(work: Work) -> dict[str, Group]:
    """By name: read once, because thousands of sensors times thousands of groups hold the writer for seconds."""
    return {group.name: group for group in systems.list_groups(work.conn, work.tenant)}


def _save_one(work: Work, change: Change, sensor: Sensor | None, groups: Mapping[str, Group]) -> None:
    entry: SensorEntry = change.after
    if sensor is None:
        if entry.custom is None:
            text = "The kits here have no such sensor. If it is one of your own, say so with `custom: {}`."
            work.refuse(NAME, change.key, text)
            return
        sensor = flow.create_sensor_in(
            work.conn, work.tenant, _wanted(change.key, entry.custom), work.actor, work.now
        )
    elif (sensor.origin is SensorOrigin.CUSTOM) != (entry.custom is not None):
        text = "A sensor of a kit cannot become one of your own, nor the other way round; use another name."
        work.refuse(NAME, change.key, text, "custom")
        return
    elif entry.custom is not None and entry.custom != _entry(sensor, {}).custom:
        if entry.custom.instanced != sensor.instanced:
            text = "Whether it has instances stays as it was made; use another name."
            work.refuse(NAME, change.key, text, "custom", "instanced")
            return
        flow.describe_sensor_in(
            work.conn, work.tenant, sensor, _wanted(change.key, entry.custom), work.actor, work.now
        )
    # every variable that the document does not name returns to the kit's
    variables = {**dict.fromkeys(sensor.variables), **entry.variables}
    flow.change_sensor_in(work.conn, work.tenant, change.key, work.actor, entry.enabled, variables, work.now)
    _save_groups(work, sensor, entry.groups, groups)


def _save_groups(
    work: Work, sensor: Sensor, wanted: Mapping[str, InGroup], known: Mapping[str, Group]
) -> None:
    """Groups that the document does not name take what holds everywhere."""
    settled = {group.name for group in known.values() if group.idx in sensor.in_groups}
    for group in sorted(settled | wanted.keys()):
        if group not in known:
            work.refuse(NAME, sensor.name, f"There is no group {group!r}.", "groups", group)
            continue
        one = wanted.get(group, InGroup())
        setting = GroupSetting(one.enabled, one.variables)
        set_in_group_in(work.conn, work.tenant, sensor.name, known[group].guid, setting, work.actor, work.now)


def _wanted(name: str, custom: CustomSensor) -> Sensor:
    return Sensor(
        idx=0,
        guid="",
        name=name,
        origin=SensorOrigin.CUSTOM,
        enabled=True,
        variables=MappingProxyType({}),
        defaults=MappingProxyType({}),
        **custom.model_dump(),
    )


def _remove_in(work: Work, keys: Sequence[str]) -> None:
    known = views.find_sensors(work.conn, work.tenant, keys)
    groups = _groups_in(work)
    for key in keys:
        sensor = known[key]
        if sensor.origin is SensorOrigin.FACTORY:  # as the kit has it
            back = dict.fromkeys(sensor.variables)
            flow.change_sensor_in(work.conn, work.tenant, key, work.actor, True, back, work.now)
            _save_groups(work, sensor, {}, groups)
            continue
        try:
            delete_sensor_in(work.conn, work.tenant, key, work.actor, work.now)
        except SensorRefused as refused:
            work.refuse(NAME, key, f"It cannot be removed: {', '.join(refused.what.values())}.")


def _unsaid_in(conn: Connection, tenant: int, names: Iterable[str]) -> dict[str, SensorEntry]:
    """Sensors as their kit has them."""
    found = views.find_sensors(conn, tenant, names)
    return {name: _entry(sensor, {}) for name, sensor in found.items() if not _is_told(sensor)}


SECTIONS = (Section(NAME, SensorEntry, _read_in, _save_in, _remove_in, unsaid_in=_unsaid_in),)
