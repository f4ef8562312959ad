"""The page *Check the set-up*: what to mend, with the buttons that mend it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.ports import Ports
from opulse.pulses.doctor.flow.diagnosing import diagnose
from opulse.pulses.doctor.flow.mending import mend
from opulse.pulses.doctor.models import Action, Button, MendGone, Severity, Subject
from opulse.pulses.doctor.rules.cards import CARDS
from opulse.web.access import Caller, needs_admin, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.layout import page

router = APIRouter(prefix="/admin/doctor", include_in_schema=False)
ADDRESS = "/admin/doctor"
LABELS = {
    Action.ADD_SENSORS: "Add the missing sensors",
    Action.SWITCH_ON: "Switch it on",
    Action.LISTEN: "Tick updated and created",
    Action.ENABLE_RECIPIENT: "Enable it",
}
PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(needs_admin)]


@dataclass(frozen=True, slots=True)
class Line:
    """One finding in words."""

    severity: Severity
    subject: Subject
    what: str
    why: str
    mend: str
    button: Button | None
    label: str


@dataclass(frozen=True, slots=True)
class DoctorPage:
    """``unseen``: what did not answer in time."""

    at: datetime
    lines: tuple[Line, ...]
    unseen: tuple[str, ...]


@router.get("")
async def show_doctor(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Look now; at most 15 s."""
    report = await diagnose(ports, caller.tenant)
    lines = tuple(
        Line(
            CARDS[one.kind].severity,
            one.subject,
            one.what,
            CARDS[one.kind].why,
            CARDS[one.kind].mend,
            one.button,
            LABELS[one.button.action] if one.button else "",
        )
        for one in report.findings
    )
    return await page(request, "doctor/doctor.html", DoctorPage(report.at, lines, report.unseen))


@router.post("/mend")
async def save_mend(
    ports: PortsDep,
    caller: Admin,
    action: Annotated[Action, Form()],
    target: Annotated[str, Form()],
    other: Annotated[str, Form()] = "",
) -> Response:
    """Press a finding's button."""
    try:
        await mend(ports, caller.tenant, Button(action, target, other), caller.name)
    except (MendGone, WorkflowProblem) as refused:
        return see_other(ADDRESS, f"Nothing was changed: {refused}.")
    return see_other(ADDRESS, "Mended.")
