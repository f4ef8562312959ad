"""``/api/v1/pulses``: make, look at, change, pause, mend and delete pulses."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.ports import Ports
from opulse.pulses.bound.flow import keeping, previewing, reading, removing, saving
from opulse.pulses.bound.models import (
    CHANNELS,
    PartKind,
    PartState,
    PulseDraft,
    PulseLook,
    PulseRefused,
    PulseUnknown,
)
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/pulses", tags=["pulses"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


class PulseBody(BaseModel):
    """The eight fields. An empty ``survey_id`` or ``mailing_list_id`` is the default one, which is made where it is not there."""

    name: str
    sensors: list[str] = Field(description="All of them must be triggered on a system.", max_length=100)
    group_id: str
    threshold: str = Field("10 %", description="`1` any system, `25` so many, `10 %` of those that report.")
    survey_id: str = ""
    message: str = Field("", description="Empty: the survey's introduction, in each person's language.")
    mailing_list_id: str = ""
    channel: str = Field(CHANNELS[0], description=f"One of: {', '.join(CHANNELS)}.")

    def draft(self) -> PulseDraft:
        return PulseDraft(
            self.name,
            tuple(self.sensors),
            self.group_id,
            self.threshold,
            self.survey_id,
            self.message,
            self.mailing_list_id,
            self.channel,
        )


class PulseChangeBody(PulseBody):
    """``revision``: the one that was read; refused when somebody has saved since. Left out: whatever it is."""

    revision: int | None = None


class KeepBody(BaseModel):
    """Which part the pulse shall follow."""

    part: PartKind


class DifferenceView(BaseModel):
    """``here``: what the part says; ``pulse``: what the pulse says."""

    what: str
    here: str
    pulse: str


class PartView(BaseModel):
    kind: PartKind
    id: str
    name: str
    state: PartState
    differences: list[DifferenceView]
    shared_with: list[str] = Field(description="Names of other pulses that use it.")


class PulseView(PulseBody):
    """A pulse with its parts as they are now."""

    pulse_id: str
    revision: int
    enabled: bool
    in_step: bool
    parts: list[PartView]
    last_activation_at: AwareDatetime | None
    last_activation_id: str
    asked: int = Field(description="People of the last activation who were asked.")
    notes: list[str]
    changed_by: str
    changed_at: AwareDatetime


class PulseList(BaseModel):
    pulses: list[PulseView]


class WouldAskView(BaseModel):
    """What the draft would do right now."""

    count: int = Field(description="Systems that count.")
    of: int = Field(description="Systems of the group that report.")
    members: int
    would_activate: bool
    people: int = Field(description="Users of the systems that count, who have a contact.")
    without_contact: int
    systems_without_user: int
    notes: list[str]


class LeavingView(BaseModel):
    """``stays``: why it is not deleted; empty: it goes."""

    kind: PartKind
    name: str
    stays: str


class LeavingList(BaseModel):
    parts: list[LeavingView]


@router.get("", operation_id="list_pulses")
async def list_pulses(ports: PortsDep, caller: Viewer) -> PulseList:
    """By name."""
    return PulseList(pulses=[_view(one) for one in await reading.list_pulses(ports, caller.tenant)])


@router.post("", operation_id="create_pulse", status_code=201)
async def post_pulse(body: PulseBody, ports: PortsDep, caller: Editor) -> PulseView:
    """Everything that the pulse needs on both sides, or nothing."""
    try:
        made = await saving.create_pulse(ports, caller.tenant, caller.name, body.draft())
    except PulseRefused as refused:
        raise _invalid(refused) from refused
    return await _found(ports, caller, made.id)


@router.post("/preview", operation_id="preview_pulse")
async def post_preview(
    body: PulseBody, ports: PortsDep, evaluator: EvaluatorDep, caller: Viewer
) -> WouldAskView:
    """How many systems and people right now. Saves nothing."""
    try:
        would = await previewing.preview_pulse(ports, evaluator, caller.tenant, body.draft())
    except PulseRefused as refused:
        raise _invalid(refused) from refused
    return WouldAskView(
        count=would.count,
        of=would.of,
        members=would.members,
        would_activate=would.activates,
        people=would.people,
        without_contact=would.strangers,
        systems_without_user=would.nobody,
        notes=list(would.notes),
    )


@router.get("/{pulse_id}", operation_id="get_pulse")
async def get_pulse(pulse_id: str, ports: PortsDep, caller: Viewer) -> PulseView:
    return await _found(ports, caller, pulse_id)


@router.put("/{pulse_id}", operation_id="change_pulse")
async def put_pulse(pulse_id: str, body: PulseChangeBody, ports: PortsDep, caller: Editor) -> PulseView:
    """Every part follows."""
    try:
        await saving.change_pulse(ports, caller.tenant, caller.name, pulse_id, body.draft(), body.revision)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown
    except PulseRefused as refused:
        raise _invalid(refused) from refused
    return await _found(ports, caller, pulse_id)


@router.delete("/{pulse_id}", operation_id="delete_pulse", status_code=204)
async def delete_pulse(pulse_id: str, ports: PortsDep, caller: Editor) -> None:
    """With what it made, as far as nothing else uses it."""
    try:
        await removing.delete_pulse(ports, caller.tenant, caller.name, pulse_id)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown


@router.get("/{pulse_id}/deletion", operation_id="preview_pulse_deletion")
async def get_deletion(pulse_id: str, ports: PortsDep, caller: Viewer) -> LeavingList:
    """What a deletion would take, and what stays and why."""
    try:
        found = await removing.preview_deletion(ports, caller.tenant, pulse_id)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown
    return LeavingList(parts=[LeavingView(kind=one.kind, name=one.name, stays=one.stays) for one in found])


@router.post("/{pulse_id}/pause", operation_id="pause_pulse")
async def post_pause(pulse_id: str, ports: PortsDep, caller: Editor) -> PulseView:
    """Incidents are recorded; nobody is asked."""
    return await _switched(ports, caller, pulse_id, enabled=False)


@router.post("/{pulse_id}/resume", operation_id="resume_pulse")
async def post_resume(pulse_id: str, ports: PortsDep, caller: Editor) -> PulseView:
    return await _switched(ports, caller, pulse_id, enabled=True)


@router.post("/{pulse_id}/put-back", operation_id="put_pulse_back")
async def post_put_back(pulse_id: str, ports: PortsDep, caller: Editor) -> PulseView:
    """Every part as the pulse says it; missing ones are made again."""
    try:
        await keeping.put_back(ports, caller.tenant, caller.name, pulse_id)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown
    except PulseRefused as refused:
        raise _invalid(refused) from refused
    return await _found(ports, caller, pulse_id)


@router.post("/{pulse_id}/keep", operation_id="keep_pulse_part")
async def post_keep(pulse_id: str, body: KeepBody, ports: PortsDep, caller: Editor) -> PulseView:
    """The pulse says what this part says; the other parts follow."""
    try:
        await keeping.keep(ports, caller.tenant, caller.name, pulse_id, body.part)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown
    except PulseRefused as refused:
        raise _invalid(refused) from refused
    return await _found(ports, caller, pulse_id)


async def _switched(ports: Ports, caller: Caller, pulse_id: str, *, enabled: bool) -> PulseView:
    try:
        await saving.switch_pulse(ports, caller.tenant, caller.name, pulse_id, enabled)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown
    except PulseRefused as refused:
        raise _invalid(refused) from refused
    return await _found(ports, caller, pulse_id)


async def _found(ports: Ports, caller: Caller, pulse_id: str) -> PulseView:
    try:
        return _view(await reading.find_pulse(ports, caller.tenant, pulse_id))
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown


def _invalid(refused: PulseRefused) -> Problem:
    errors = [{"where": one.field, "reason": one.fault.value, "what": one.text} for one in refused.problems]
    return Problem(422, "the pulse cannot be saved", str(refused), errors=errors)


def _view(look: PulseLook) -> PulseView:
    pulse, draft = look.pulse, look.pulse.draft
    return PulseView(
        pulse_id=pulse.id,
        name=draft.name,
        sensors=list(draft.sensors),
        group_id=draft.group,
        threshold=draft.threshold,
        survey_id=draft.survey,
        message=draft.message,
        mailing_list_id=draft.mailing_list,
        channel=draft.channel,
        revision=pulse.revision,
        enabled=pulse.enabled,
        in_step=look.in_step,
        parts=[
            PartView(
                kind=one.kind,
                id=pulse.parts[one.kind].id,
                name=one.name,
                state=one.state,
                differences=[
                    DifferenceView(what=d.what, here=d.here, pulse=d.pulse) for d in one.differences
                ],
                shared_with=list(one.shared),
            )
            for one in look.parts
        ],
        last_activation_at=look.last_at,
        last_activation_id=look.last_activation,
        asked=look.asked,
        notes=list(look.notes),
        changed_by=pulse.changed_by,
        changed_at=pulse.changed_at,
    )
