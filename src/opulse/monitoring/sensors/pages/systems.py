"""Systems in the console: which there are, who uses them, whether they report and what is triggered on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import Sensor, SensorPick
from opulse.monitoring.sensors.pages.shared import Editor, EvaluatorDep, PortsDep, Viewer, may_edit
from opulse.monitoring.systems.flow import groups as groups_flow
from opulse.monitoring.systems.flow import systems as flow
from opulse.monitoring.systems.models import Group, System
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/systems", include_in_schema=False)

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class SystemLine:
    """One system of the list. ``triggered`` counts sensors and instances."""

    system: System
    reporting: bool
    last_heard: datetime | None
    triggered: int


@dataclass(frozen=True, slots=True)
class SystemListPage:
    """A page of systems. ``reporting`` and ``total`` count the whole tenant, ``found`` what the search finds."""

    lines: list[SystemLine]
    search: str
    found: int
    total: int
    reporting: int
    first: str
    next: str


@dataclass(frozen=True, slots=True)
class TriggeredLine:
    """A sensor that is triggered on the system now."""

    sensor: Sensor
    instance: str | None


@dataclass(frozen=True, slots=True)
class SystemPage:
    """One system with its present users, groups and triggered sensors."""

    system: System
    reporting: bool
    last_heard: datetime | None
    triggered: list[TriggeredLine]
    groups: list[Group]
    may_edit: bool


@router.get("")
async def show_systems(
    request: Request,
    caller: Viewer,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    search: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Systems whose name, full name or site contains the search."""
    found = await flow.list_systems(ports, caller.tenant, search, after, PAGE_SIZE)
    reporting = evaluator.reporting(caller.tenant)
    context = SystemListPage(
        lines=_lines(evaluator, caller.tenant, found.systems),
        search=search,
        found=found.total,
        total=evaluator.count(caller.tenant, (), 0).members,
        reporting=len(reporting),
        first=_address(search, 0) if after else "",
        next=_address(search, found.next) if found.next else "",
    )
    return await page(request, "sensors/systems.html", context)


@router.get("/{system_id}")
async def show_system(
    system_id: str, request: Request, caller: Viewer, ports: PortsDep, evaluator: EvaluatorDep
) -> Response:
    """One system."""
    system = await flow.find_system(ports, caller.tenant, system_id)
    if system is None:
        raise NotFound("system")
    sensors = evaluator.sensors(caller.tenant)
    holding = evaluator.groups_of(caller.tenant, system.idx)
    groups = await groups_flow.list_groups(ports, caller.tenant)
    context = SystemPage(
        system=system,
        reporting=system.idx in evaluator.reporting(caller.tenant),
        last_heard=evaluator.last_heard(caller.tenant, system.idx),
        triggered=[
            TriggeredLine(sensors[one.sensor], one.instance)
            for one in evaluator.triggered_on(caller.tenant, system.idx)
        ],
        groups=[group for group in groups if group.idx in holding],
        may_edit=may_edit(caller),
    )
    return await page(request, "sensors/system.html", context)


@router.post("/{system_id}/delete")
async def save_deleted(system_id: str, caller: Editor, ports: PortsDep) -> Response:
    """Take the system out of the estate."""
    if not await flow.delete_system(ports, caller.tenant, system_id, caller.name):
        raise NotFound("system")
    return see_other("/systems", "The system is deleted. Past activations keep it.")


def _lines(evaluator: Evaluator, tenant: int, systems: list[System]) -> list[SystemLine]:
    picks = [SensorPick(sensor.idx) for sensor in evaluator.sensors(tenant).values()]
    active = evaluator.active_instances(tenant, [system.idx for system in systems], picks)
    reporting = evaluator.reporting(tenant)
    return [
        SystemLine(
            system,
            system.idx in reporting,
            evaluator.last_heard(tenant, system.idx),
            len(active.get(system.idx, ())),
        )
        for system in systems
    ]


def _address(search: str, after: int) -> str:
    query = {name: value for name, value in (("search", search), ("after", after)) if value}
    return f"/systems?{urlencode(query)}" if query else "/systems"
