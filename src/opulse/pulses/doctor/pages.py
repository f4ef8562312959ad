"""The page *Check the set-up*: what to mend, with the buttons that mend it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.ports import Ports
from opulse.pulses.doctor.flow.diagnosing import diagnose, last_look
from opulse.pulses.doctor.flow.mending import mend
from opulse.pulses.doctor.models import Action, Button, Finding, LastReport, MendGone, Severity, Subject
from opulse.pulses.doctor.rules.cards import CARDS, LABELS
from opulse.pulses.doctor.rules.places import is_place
from opulse.web.access import Caller, needs_admin, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.layout import page

router = APIRouter(prefix="/admin/doctor", include_in_schema=False)
ADDRESS = "/admin/doctor"
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
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Night:
    """What the last nightly look found. ``mended``: what it found and a look of now does not."""

    at: datetime
    earlier: datetime | None
    count: int
    new: tuple[Finding, ...]
    mended: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class DoctorPage:
    """``unseen``: what did not answer in time; ``night`` is None until there was one."""

    at: datetime
    lines: tuple[Line, ...]
    unseen: tuple[str, ...]
    night: Night | None


@router.get("")
async def show_doctor(request: Request, ports: PortsDep, caller: Admin) -> Response:
    """Look now; at most 15 s."""
    report = await diagnose(ports, caller.tenant)
    last = await last_look(ports, caller.tenant)
    known = {one.finding.key for one in last.findings} if last else set()
    lines = tuple(
        Line(
            CARDS[one.kind].severity,
            one.subject,
            one.what,
            CARDS[one.kind].why,
            CARDS[one.kind].mend,
            one.button,
            LABELS[one.button.action] if one.button else "",
            last is not None and one.key not in known,
        )
        for one in report.findings
    )
    night = _night(last, report.findings) if last else None
    return await page(request, "doctor/doctor.html", DoctorPage(report.at, lines, report.unseen, night))


def _night(last: LastReport, now: tuple[Finding, ...]) -> Night:
    still = {one.key for one in now}
    return Night(
        last.at,
        last.earlier,
        len(last.findings),
        tuple(one.finding for one in last.findings if one.is_new),
        tuple(one.finding for one in last.findings if one.finding.key not in still),
    )


@router.post("/mend")
async def save_mend(
    ports: PortsDep,
    caller: Admin,
    action: Annotated[Action, Form()],
    target: Annotated[str, Form()],
    other: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = ADDRESS,
) -> Response:
    """Press a finding's button; ``back``: the page on which it was pressed."""
    to = back if is_place(back) else ADDRESS
    try:
        await mend(ports, caller.tenant, Button(action, target, other), caller.name)
    except (MendGone, WorkflowProblem) as refused:
        return see_other(to, f"Nothing was changed: {refused}.", "amber")
    return see_other(to, "Mended.")
