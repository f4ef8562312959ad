"""``/api/v1/sensors``: the tenant's catalogue."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.sensors.flow import catalogue as flow
from opulse.monitoring.sensors.flow import deleting
from opulse.monitoring.sensors.models import Sensor, SensorOrigin, SensorProblem, SensorRefused
from opulse.ports import Ports
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/sensors", tags=["sensors"])

PortsDep = Annotated[Ports, Depends(ports_of)]
ScalarBody = StrictBool | StrictInt | StrictFloat | StrictStr


class SensorView(BaseModel):
    """A sensor. ``variables`` are in force; those in ``changed`` are the tenant's own."""

    sensor_id: str
    name: str
    category: str
    help: str
    severity: int
    instanced: bool
    origin: SensorOrigin
    enabled: bool
    unit: str
    variables: dict[str, ScalarBody]
    changed: list[str]


class SensorList(BaseModel):
    sensors: list[SensorView]


class SensorChange(BaseModel):
    """What to change; a variable set to null returns to its default."""

    enabled: bool | None = None
    variables: dict[str, ScalarBody | None] = {}


class SensorBody(BaseModel):
    """A custom sensor: its states come from a gateway or another tool."""

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    category: Annotated[str, Field(min_length=1, max_length=100)] = "Custom"
    help: Annotated[str, Field(max_length=500)] = ""
    severity: Annotated[int, Field(ge=1, le=10)] = 5
    instanced: bool = False


@router.get("", operation_id="list_sensors")
async def list_sensors(
    ports: PortsDep,
    caller: Annotated[Caller, Depends(api_viewer)],
    search: Annotated[str, Query(max_length=200)] = "",
) -> SensorList:
    """All sensors, by category and name; with ``search`` those whose name contains it."""
    wanted = search.strip().casefold()
    found = await flow.list_sensors(ports, caller.tenant)
    return SensorList(sensors=[_view(sensor) for sensor in found if wanted in sensor.name.casefold()])


@router.patch("/{name:path}", operation_id="change_sensor")
async def patch_sensor(
    name: str,
    body: SensorChange,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(api_editor)],
) -> SensorView:
    """Switch a sensor on or off, or set its variables. A sensor that is off counts nowhere."""
    try:
        changed = await flow.change_sensor(
            ports, caller.tenant, name, caller.name, enabled=body.enabled, variables=body.variables
        )
    except SensorRefused as error:
        raise refusal(error) from error
    if changed is None:
        raise NotFound("sensor")
    await evaluator.follow(caller.tenant)
    return _view(changed)


@router.post("", operation_id="create_sensor", status_code=201)
async def post_sensor(
    body: SensorBody,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(api_editor)],
) -> SensorView:
    """Add a custom sensor."""
    wanted = Sensor(
        idx=0,
        guid="",
        name=body.name.strip(),
        category=body.category.strip(),
        help=body.help,
        severity=body.severity,
        instanced=body.instanced,
        origin=SensorOrigin.CUSTOM,
        enabled=True,
        variables={},
        defaults={},
    )
    try:
        made = await flow.create_sensor(ports, caller.tenant, wanted, caller.name)
    except SensorRefused as error:
        raise refusal(error) from error
    await evaluator.follow(caller.tenant)
    return _view(made)


@router.delete("/{name:path}", operation_id="delete_sensor", status_code=204)
async def delete_sensor(
    name: str,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Annotated[Caller, Depends(api_editor)],
) -> None:
    """Forget a custom sensor. A kit's cannot be deleted: switch it off."""
    try:
        if not await deleting.delete_sensor(ports, caller.tenant, name, caller.name):
            raise NotFound("sensor")
    except SensorRefused as error:
        raise refusal(error) from error
    await evaluator.follow(caller.tenant)


_STATUS = {SensorProblem.BAD_VARIABLES: 422}
_SENTENCE = {
    SensorProblem.NAME_TAKEN: "A sensor has this name already; choose a different one.",
    SensorProblem.BAD_VARIABLES: "Some variables cannot be set; see what.",
    SensorProblem.FROM_KIT: "It comes from a kit and cannot be deleted; switch it off instead.",
    SensorProblem.IN_USE: "Something uses this sensor, see what; take it off there first.",
}


def refusal(error: SensorRefused) -> Problem:
    """The answer for a sensor that was not made or changed."""
    return Problem(
        _STATUS.get(error.problem, 409),
        "the sensor was not changed",
        _SENTENCE[error.problem],
        reason=error.problem.value,
        what=error.what,
    )


def _view(sensor: Sensor) -> SensorView:
    return SensorView(
        sensor_id=sensor.guid,
        name=sensor.name,
        category=sensor.category,
        help=sensor.help,
        severity=sensor.severity,
        instanced=sensor.instanced,
        origin=sensor.origin,
        enabled=sensor.enabled,
        unit=sensor.unit,
        variables=sensor.effective,
        changed=sorted(sensor.variables),
    )
