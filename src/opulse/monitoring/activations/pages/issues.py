"""Current issues: what is activated, and every sensor that is triggered somewhere, with how its last day went."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.activations import views
from opulse.monitoring.activations.models import Activation
from opulse.monitoring.sensors import Evaluator, Sensor, SensorPick
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.sensors.flow.trends import read_last_day
from opulse.monitoring.systems.models import ALL_SYSTEMS_IDX, Group
from opulse.monitoring.systems.views import list_groups
from opulse.ports import Ports
from opulse.web.access import Caller, needs_viewer, ports_of
from opulse.web.layout import page
from opulse.wire.affected import ActivationState

router = APIRouter(include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
SHOWN = 50


class Order(StrEnum):
    """What comes first."""

    SYSTEMS = "systems"  # on the most systems
    SEVERITY = "severity"  # the most severe, then on the most systems


@dataclass(frozen=True)
class Issue:
    """A sensor that is triggered now. ``last_day`` counts all systems by the hour, in whichever group the rest is counted."""

    sensor: Sensor
    systems: int
    last_day: list[int]
    activations: tuple[Activation, ...]


@dataclass(frozen=True)
class IssuesPage:
    """``reporting`` of ``members`` of the group are heard; ``quiet`` sensors are triggered nowhere in it."""

    open: tuple[Activation, ...]
    issues: tuple[Issue, ...]
    more: int
    quiet: int
    reporting: int
    members: int
    group: str
    order: Order
    groups: tuple[tuple[str, str], ...]


@router.get("/issues")
async def show_issues(
    request: Request,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Viewer,
    group: Annotated[str, Query(max_length=64)] = "",
    order: Order = Order.SYSTEMS,
) -> Response:
    """Of one group, or of all systems."""

    def query(conn: Connection) -> tuple[list[Activation], list[Group]]:
        found = views.list_activations(conn, caller.tenant, state=ActivationState.ACTIVE, limit=SHOWN)
        return found, list_groups(conn, caller.tenant)

    opened, groups = await ports.db.read(query)
    chosen = next((one for one in groups if one.guid == group.lower()), None)
    idx = chosen.idx if chosen else ALL_SYSTEMS_IDX
    days = await read_last_day(ports, caller.tenant)
    issues = _sorted(_issues(evaluator, caller.tenant, idx, days, opened), order)
    heard = evaluator.count(caller.tenant, (), idx)
    enabled = sum(sensor.enabled for sensor in evaluator.sensors(caller.tenant).values())
    context = IssuesPage(
        open=tuple(opened),
        issues=tuple(issues[:SHOWN]),
        more=max(len(issues) - SHOWN, 0),
        quiet=enabled - len(issues),
        reporting=heard.reporting,
        members=heard.members,
        group=chosen.guid if chosen else "",
        order=order,
        groups=tuple((one.guid, one.name) for one in groups if one.idx != ALL_SYSTEMS_IDX),
    )
    return await page(request, "activations/issues.html", context)


def _issues(
    evaluator: Evaluator, tenant: int, group: int, days: dict[int, list[int]], opened: list[Activation]
) -> list[Issue]:
    """One intersection of bitmaps per triggered sensor."""
    by_idx = {sensor.idx: sensor for sensor in evaluator.sensors(tenant).values()}
    found = []
    for idx in evaluator.triggered_counts(tenant):
        systems = len(evaluator.count(tenant, [SensorPick(idx)], group).qualifying)
        if systems:
            sensor = by_idx[idx]
            watching = tuple(one for one in opened if sensor.name in one.snapshot.sensor_names)
            found.append(Issue(sensor, systems, days.get(idx, []), watching))
    return found


def _sorted(issues: list[Issue], order: Order) -> list[Issue]:
    if order is Order.SEVERITY:
        return sorted(issues, key=lambda one: (-one.sensor.severity, -one.systems, one.sensor.name))
    return sorted(issues, key=lambda one: (-one.systems, -one.sensor.severity, one.sensor.name))
