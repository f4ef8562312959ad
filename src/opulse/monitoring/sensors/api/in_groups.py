"""``/api/v1/groups/{group_id}/sensors``: what holds for the systems of one group."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from opulse.monitoring.sensors.api.sensors import ScalarBody, refusal
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.sensors.flow import catalogue
from opulse.monitoring.sensors.flow.grouping import set_in_group
from opulse.monitoring.sensors.models import GroupSetting, Sensor, SensorRefused
from opulse.monitoring.systems import views as systems
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound

router = APIRouter(prefix="/api/v1/groups/{group_id}/sensors", tags=["sensors"])

PortsDep = Annotated[Ports, Depends(ports_of)]


class SensorInGroup(BaseModel):
    """``enabled`` null: as everywhere; ``variables`` lie over those of everywhere."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    enabled: bool | None = None
    variables: dict[str, ScalarBody] = {}


class SensorsInGroup(BaseModel):
    """The sensors for which something else holds in the group."""

    sensors: list[SensorInGroup]


@router.get("", operation_id="list_sensors_in_group")
async def list_in_group(
    group_id: str, ports: PortsDep, caller: Annotated[Caller, Depends(api_viewer)]
) -> SensorsInGroup:
    """What is set for the group, by category and name of the sensor."""
    group = await ports.db.read(systems.find_group, caller.tenant, group_id)
    if group is None:
        raise NotFound("group")
    everything = await catalogue.list_sensors(ports, caller.tenant)
    return SensorsInGroup(
        sensors=[_view(one, one.in_groups[group.idx]) for one in everything if group.idx in one.in_groups]
    )


@router.put("", operation_id="set_sensor_in_group")
async def put_in_group(
    group_id: str,
    body: SensorInGroup,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(api_editor)],
) -> SensorInGroup:
    """Set a sensor's switch and variables for the group; with neither, what holds everywhere holds there again."""
    try:
        changed = await set_in_group(
            ports,
            caller.tenant,
            body.name,
            group_id,
            caller.name,
            enabled=body.enabled,
            variables=body.variables,
        )
    except SensorRefused as error:
        raise refusal(error) from error
    except LookupError as error:
        raise NotFound("group") from error
    if changed is None:
        raise NotFound("sensor")
    await evaluator.follow(caller.tenant)
    return body


def _view(sensor: Sensor, setting: GroupSetting) -> SensorInGroup:
    return SensorInGroup(name=sensor.name, enabled=setting.enabled, variables=dict(setting.variables))
