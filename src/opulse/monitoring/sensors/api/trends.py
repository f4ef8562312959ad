"""``/api/v1/sensor-trends``: how a sensor went; ``/api/v1/systems/{system_id}/history``: what happened on a system."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.sensors.flow import catalogue
from opulse.monitoring.sensors.flow.trends import read_past, read_trend
from opulse.monitoring.sensors.models import TrendPoint, TrendSpan
from opulse.monitoring.systems.flow import groups, systems
from opulse.ports import Ports
from opulse.web.access import Caller, api_viewer, ports_of
from opulse.web.errors import NotFound

router = APIRouter(prefix="/api/v1", tags=["sensors"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class PointView(BaseModel):
    """One step. ``systems`` is the most at once in it; null: nobody looked then."""

    begins: datetime
    systems: int | None


class PartView(BaseModel):
    """A group (by id) or an instance (by name), and the most systems at once there."""

    key: str
    name: str
    most: int


class TrendAnswer(BaseModel):
    """The trend that was asked for, and the first ten groups and instances of it."""

    sensor_id: str
    name: str
    span: TrendSpan
    most: int
    points: list[PointView]
    groups: list[PartView]
    instances: list[PartView]


class ChangeView(BaseModel):
    """A sensor became triggered, or stopped being, between the look before ``at`` and ``at``."""

    at: datetime
    sensor: str
    instance: str | None
    triggered: bool


class HistoryAnswer(BaseModel):
    """Newest first, at most 200."""

    changes: list[ChangeView]


@router.get("/sensor-trends/{sensor_id}", operation_id="get_sensor_trend")
async def get_trend(
    sensor_id: str,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Viewer,
    span: TrendSpan = TrendSpan.DAY,
    group: Annotated[str, Query(max_length=64)] = "",
    instance: Annotated[str, Query(max_length=300)] = "",
) -> TrendAnswer:
    """On how many systems the sensor was triggered: everywhere, in one group, or of one instance."""
    found = await catalogue.list_sensors(ports, caller.tenant)
    sensor = next((one for one in found if one.guid == sensor_id.lower()), None)
    known = await groups.list_groups(ports, caller.tenant)
    chosen = next((one for one in known if one.guid == group.lower()), None)
    if sensor is None:
        raise NotFound("sensor")
    if group and chosen is None:
        raise NotFound("group")
    idx = chosen.idx if chosen else None
    trend = await read_trend(ports, evaluator, caller.tenant, sensor.idx, span, idx, instance.strip())
    by_idx = {one.idx: one for one in known}
    return TrendAnswer(
        sensor_id=sensor.guid,
        name=sensor.name,
        span=span,
        most=trend.most,
        points=[_point(one) for one in trend.points],
        groups=[
            PartView(key=by_idx[int(one.key)].guid, name=by_idx[int(one.key)].name, most=one.most)
            for one in trend.groups
            if int(one.key) in by_idx
        ],
        instances=[PartView(key=str(one.key), name=str(one.key), most=one.most) for one in trend.instances],
    )


@router.get("/systems/{system_id}/history", operation_id="get_system_history")
async def get_history(
    system_id: str, ports: PortsDep, evaluator: EvaluatorDep, caller: Viewer
) -> HistoryAnswer:
    """What became triggered on the system and stopped being in the last seven days."""
    system = await systems.find_system(ports, caller.tenant, system_id)
    if system is None:
        raise NotFound("system")
    past = await read_past(ports, caller.tenant, system.idx)
    names = {sensor.idx: sensor.name for sensor in evaluator.sensors(caller.tenant).values()}
    return HistoryAnswer(
        changes=[
            ChangeView(at=one.at, sensor=names[one.sensor], instance=one.instance or None, triggered=one.on)
            for one in past.changes
            if one.sensor in names
        ]
    )


def _point(point: TrendPoint) -> PointView:
    return PointView(begins=point.begins, systems=point.systems)
