"""How often and at which hours people of a directory may be asked."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from opulse.experience.directory import views
from opulse.experience.directory.api.shared import Editor, PortsDep, Viewer, find_directory
from opulse.experience.directory.flow.limits import WantedRule, set_hours, set_rules
from opulse.experience.directory.models import AskingHours, RuleKind, RuleScope
from opulse.experience.directory.rules import DAYS, read_minutes
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/directories/{directory}", tags=["directory"])


class RuleIn(BaseModel):
    """A contact frequency rule. ``target``: the id of the mailing list or the survey that ``scope`` speaks of."""

    kind: RuleKind
    limit: int = 1
    period_seconds: int = 0
    scope: RuleScope = RuleScope.DIRECTORY
    target: str = ""


class RulesIn(BaseModel):
    rules: list[RuleIn]


class HoursView(BaseModel):
    """When people may be asked, on their own clocks. ``quiet_days``: Mon to Sun. ``shift_field``: the embedded data with a
    person's working hours, such as ``Mon-Fri 06:00-14:00``; where they are set they count instead of quiet hours."""

    time_zone: str = "UTC"
    quiet_from: str = Field("", description="22:00; empty for none")
    quiet_until: str = ""
    quiet_days: list[str] = []
    shift_field: str = ""


@router.get("/frequency-rules", operation_id="list_frequency_rules")
async def list_rules(directory: str, ports: PortsDep, caller: Viewer) -> list[RuleIn]:
    await find_directory(ports, caller, directory)
    found = await ports.db.read(views.list_rules, caller.tenant, directory)
    return [
        RuleIn(
            kind=one.kind,
            limit=one.limit,
            period_seconds=one.period_seconds,
            scope=one.scope,
            target=one.target,
        )
        for one in found
    ]


@router.put("/frequency-rules", operation_id="set_frequency_rules")
async def put_rules(directory: str, body: RulesIn, ports: PortsDep, caller: Editor) -> list[RuleIn]:
    """Replace the rules. Per kind a survey's rule takes the place of a list's, and that of the directory's."""
    wanted = [
        WantedRule(one.kind, one.limit, one.period_seconds, one.scope, one.target) for one in body.rules
    ]
    try:
        await set_rules(ports, caller.tenant, directory, wanted, caller.name)
    except LookupError as error:
        raise NotFound("directory") from error
    except ValueError as error:
        raise Problem(422, "not valid frequency rules", str(error)) from error
    return body.rules


@router.get("/asking-hours", operation_id="get_asking_hours")
async def get_hours(directory: str, ports: PortsDep, caller: Viewer) -> HoursView:
    await find_directory(ports, caller, directory)
    hours = await ports.db.read(views.find_hours, caller.tenant, directory)
    return HoursView(
        time_zone=hours.zone,
        quiet_from=clock_time(hours.quiet_from),
        quiet_until=clock_time(hours.quiet_until),
        quiet_days=[DAYS[day] for day in hours.quiet_days],
        shift_field=hours.shift_field,
    )


@router.put("/asking-hours", operation_id="set_asking_hours")
async def put_hours(directory: str, body: HoursView, ports: PortsDep, caller: Editor) -> HoursView:
    try:
        days = tuple(sorted({DAYS.index(day) for day in body.quiet_days}))
        hours = AskingHours(
            body.time_zone,
            read_minutes(body.quiet_from),
            read_minutes(body.quiet_until),
            days,
            body.shift_field.strip(),
        )
        await set_hours(ports, caller.tenant, directory, hours, caller.name)
    except LookupError as error:
        raise NotFound("directory") from error
    except ValueError as error:
        raise Problem(422, "not valid asking hours", str(error)) from error
    return body


def clock_time(minutes: int | None) -> str:
    """Minutes from midnight as ``22:30``; empty for none."""
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
