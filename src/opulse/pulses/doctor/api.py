"""``/api/v1/doctor``: the findings, and the buttons."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.ports import Ports
from opulse.pulses.doctor.flow.diagnosing import diagnose, last_look
from opulse.pulses.doctor.flow.mending import mend
from opulse.pulses.doctor.models import Action, Button, Finding, Kind, LastFinding, MendGone, Severity
from opulse.pulses.doctor.rules.cards import CARDS
from opulse.web.access import Caller, api_admin, ports_of
from opulse.web.errors import Problem

router = APIRouter(prefix="/api/v1/doctor", tags=["doctor"])
PortsDep = Annotated[Ports, Depends(ports_of)]
Admin = Annotated[Caller, Depends(api_admin)]


class ButtonBody(BaseModel):
    """What a finding's ``button`` says, sent back as it is."""

    action: Action
    target: str
    other: str = ""


class FindingView(BaseModel):
    """``subject_page`` is an address of the console; ``button`` is None where a person has to decide."""

    kind: Kind
    severity: Severity
    subject_kind: str
    subject: str
    subject_page: str
    what: str
    why: str
    mend: str
    button: ButtonBody | None


class ReportView(BaseModel):
    """Faults first. ``unseen``: what did not answer in time, so that nothing is known of it."""

    at: AwareDatetime
    findings: list[FindingView]
    unseen: list[str] = Field(description="What did not answer in time.")


class LastFindingView(BaseModel):
    """As in a look of now, without a button; ``is_new``: the night before did not find it."""

    kind: Kind
    severity: Severity
    subject_kind: str
    subject: str
    subject_page: str
    what: str
    is_new: bool


class LastReportView(BaseModel):
    """``at`` is null until there was a night; ``compared_with``: when the look before it was, null when there was none."""

    at: AwareDatetime | None
    compared_with: AwareDatetime | None
    findings: list[LastFindingView]
    unseen: list[str]


@router.get("", operation_id="diagnose")
async def get_findings(ports: PortsDep, caller: Admin) -> ReportView:
    """Look at the whole set-up now: both halves, people, relay, DNS, clocks. Takes 15 s at most."""
    report = await diagnose(ports, caller.tenant)
    return ReportView(
        at=report.at, findings=[_view(one) for one in report.findings], unseen=list(report.unseen)
    )


@router.get("/last", operation_id="last_diagnosis")
async def get_last(ports: PortsDep, caller: Admin) -> LastReportView:
    """What the last nightly look found, and what of it is new. Looks at nothing now."""
    last = await last_look(ports, caller.tenant)
    if last is None:
        return LastReportView(at=None, compared_with=None, findings=[], unseen=[])
    return LastReportView(
        at=last.at,
        compared_with=last.earlier,
        findings=[_last_view(one) for one in last.findings],
        unseen=list(last.unseen),
    )


@router.post("/mends", operation_id="mend_finding", status_code=204)
async def post_mend(body: ButtonBody, ports: PortsDep, caller: Admin) -> None:
    """Press a finding's button. 409 when the finding stands no more."""
    button = Button(body.action, body.target, body.other)
    try:
        await mend(ports, caller.tenant, button, caller.name)
    except MendGone as gone:
        raise Problem(409, "there is nothing to mend", str(gone)) from gone
    except WorkflowProblem as problem:
        raise Problem(409, "the workflow cannot be saved", str(problem)) from problem


def _view(finding: Finding) -> FindingView:
    card, button = CARDS[finding.kind], finding.button
    return FindingView(
        kind=finding.kind,
        severity=card.severity,
        subject_kind=finding.subject.kind,
        subject=finding.subject.name,
        subject_page=finding.subject.page,
        what=finding.what,
        why=card.why,
        mend=card.mend,
        button=ButtonBody(action=button.action, target=button.target, other=button.other) if button else None,
    )


def _last_view(one: LastFinding) -> LastFindingView:
    finding = one.finding
    return LastFindingView(
        kind=finding.kind,
        severity=CARDS[finding.kind].severity,
        subject_kind=finding.subject.kind,
        subject=finding.subject.name,
        subject_page=finding.subject.page,
        what=finding.what,
        is_new=one.is_new,
    )
