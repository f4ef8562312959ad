"""Systems in the console: which there are, who uses them, whether they report and what is triggered on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.flow.trends import SystemPast, read_past
from opulse.monitoring.sensors.models import Sensor, SensorPick, SystemChange
from opulse.monitoring.sensors.pages.shared import Editor, EvaluatorDep, PortsDep, Viewer, may_edit
from opulse.monitoring.systems.flow import groups as groups_flow
from opulse.monitoring.systems.flow import retiring
from opulse.monitoring.systems.flow import systems as flow
from opulse.monitoring.systems.models import Group, System, SystemUser
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/systems", include_in_schema=False)

PAGE_SIZE = 50
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Shown(StrEnum):
    """Which systems the list shows."""

    COUNTING = "counting"
    RETIRED = "retired"
    ALL = "all"


_RETIRED = {Shown.COUNTING: False, Shown.RETIRED: True, Shown.ALL: None}


@dataclass(frozen=True, slots=True)
class SystemLine:
    """One system of the list. ``triggered`` counts sensors and instances."""

    system: System
    reporting: bool
    last_heard: datetime | None
    triggered: int


@dataclass(frozen=True, slots=True)
class SystemListPage:
    """A page of systems. ``reporting`` and ``total`` count the whole tenant, ``found`` what the search finds; ``window`` is how
    long a system may be silent and reports still."""

    lines: list[SystemLine]
    search: str
    show: Shown
    found: int
    total: int
    reporting: int
    window: timedelta
    retire_after: timedelta | None
    first: str
    next: str
    may_edit: bool


@dataclass(frozen=True, slots=True)
class TriggeredLine:
    """A sensor that is triggered on the system now. ``since``: the look at which it was first seen so; None: see ``seen``.

    ``seen``: a look has seen it triggered, so without a ``since`` it is older than what is kept; else it is newer than the last.
    """

    sensor: Sensor
    instance: str | None
    since: datetime | None
    seen: bool


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """Something that happened on the system."""

    change: SystemChange
    sensor: Sensor


@dataclass(frozen=True, slots=True)
class SystemPage:
    """One system with its present users, groups and triggered sensors."""

    system: System
    reporting: bool
    last_heard: datetime | None
    triggered: list[TriggeredLine]
    changes: list[ChangeLine]
    groups: list[Group]
    window: timedelta
    may_edit: bool

    @property
    def primary(self) -> list[SystemUser]:
        """Whose system it is."""
        return [user for user in self.system.users if user.is_primary]

    @property
    def logged_on(self) -> list[SystemUser]:
        """Who sits before it."""
        return [user for user in self.system.users if user.is_logged_on]

    @property
    def last_logon(self) -> SystemUser | None:
        """The user who logged on last."""
        known = [user for user in self.system.users if user.last_logon is not None]
        return max(known, key=lambda user: user.last_logon or EARLIEST, default=None)


@router.get("")
async def show_systems(
    request: Request,
    caller: Viewer,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    search: Annotated[str, Query(max_length=200)] = "",
    after: Annotated[int, Query(ge=0)] = 0,
    show: Shown = Shown.COUNTING,
) -> Response:
    """Systems whose name, full name, serial number or site contains the search."""
    found = await flow.list_systems(ports, caller.tenant, search, after, PAGE_SIZE, _RETIRED[show])
    reporting = evaluator.reporting(caller.tenant)
    heard = await _last_heard(ports, evaluator, caller.tenant, found.systems)
    context = SystemListPage(
        lines=_lines(evaluator, caller.tenant, found.systems, heard),
        search=search,
        show=show,
        found=found.total,
        total=evaluator.count(caller.tenant, (), 0).members,
        reporting=len(reporting),
        window=ports.limits.reporting,
        retire_after=ports.limits.retire_after,
        first=_address(search, show, 0) if after else "",
        next=_address(search, show, found.next) if found.next else "",
        may_edit=may_edit(caller),
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
    heard = await _last_heard(ports, evaluator, caller.tenant, [system])
    past = await read_past(ports, caller.tenant, system.idx)
    by_idx = {sensor.idx: sensor for sensor in sensors.values()}
    context = SystemPage(
        system=system,
        reporting=system.idx in evaluator.reporting(caller.tenant),
        last_heard=heard.get(system.idx),
        triggered=[
            _triggered_line(sensors[one.sensor], one.instance, past)
            for one in evaluator.triggered_on(caller.tenant, system.idx)
        ],
        changes=[ChangeLine(one, by_idx[one.sensor]) for one in past.changes if one.sensor in by_idx],
        groups=[group for group in groups if group.idx in holding],
        window=ports.limits.reporting,
        may_edit=may_edit(caller),
    )
    return await page(request, "sensors/system.html", context)


@router.post("/{system_id}/delete")
async def save_deleted(system_id: str, caller: Editor, ports: PortsDep) -> Response:
    """Take the system out of the estate."""
    if not await flow.delete_system(ports, caller.tenant, system_id, caller.name):
        raise NotFound("system")
    return see_other("/systems", "The system is deleted. Past activations keep it.")


@router.post("/{system_id}/retire")
async def save_retired(system_id: str, caller: Editor, ports: PortsDep) -> Response:
    """Let the system count nowhere."""
    if not await retiring.retire_system(ports, caller.tenant, system_id, caller.name):
        raise NotFound("system")
    return see_other(f"/systems/{system_id}", "The system is retired. It is back with its next report.")


@router.post("/{system_id}/restore")
async def save_restored(system_id: str, caller: Editor, ports: PortsDep) -> Response:
    """Let the system count again."""
    if not await retiring.restore_system(ports, caller.tenant, system_id, caller.name):
        raise NotFound("system")
    return see_other(f"/systems/{system_id}", "The system counts again, in the groups that it had.")


def _triggered_line(sensor: Sensor, instance: str | None, past: SystemPast) -> TriggeredLine:
    key = (sensor.idx, instance or "")
    return TriggeredLine(sensor, instance, past.since(*key), key in past.seen)


async def _last_heard(
    ports: Ports, evaluator: Evaluator, tenant: int, systems: list[System]
) -> dict[int, datetime]:
    """When each last reported: what memory knows to 15 s, else what is kept to the hour."""
    heard = {system.idx: evaluator.last_heard(tenant, system.idx) for system in systems}
    kept = await flow.list_last_reports(ports, tenant, [idx for idx, at in heard.items() if at is None])
    return kept | {idx: at for idx, at in heard.items() if at is not None}


def _lines(
    evaluator: Evaluator, tenant: int, systems: list[System], heard: dict[int, datetime]
) -> list[SystemLine]:
    picks = [SensorPick(sensor.idx) for sensor in evaluator.sensors(tenant).values()]
    active = evaluator.active_instances(tenant, [system.idx for system in systems], picks)
    reporting = evaluator.reporting(tenant)
    return [
        SystemLine(
            system,
            system.idx in reporting,
            heard.get(system.idx),
            len(active.get(system.idx, ())),
        )
        for system in systems
    ]


def _address(search: str, show: Shown, after: int) -> str:
    shown = "" if show is Shown.COUNTING else show.value
    named = (("search", search), ("show", shown), ("after", after))
    query = {name: value for name, value in named if value}
    return f"/systems?{urlencode(query)}" if query else "/systems"
