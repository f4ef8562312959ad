"""``/api/v1/pulses``: make, look at, change, pause, mend and delete pulses."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.ports import Ports
from opulse.pulses.bound.api.bodies import (
    Checklist,
    KeepBody,
    LeavingList,
    LeavingView,
    ProcedureView,
    PulseBody,
    PulseChangeBody,
    PulseList,
    PulseView,
    StepView,
    WouldAskView,
    pulse_view,
)
from opulse.pulses.bound.flow import keeping, listing, previewing, reading, removing, saving
from opulse.pulses.bound.models import PulseRefused, PulseUnknown
from opulse.web.access import Caller, api_editor, api_viewer, ports_of
from opulse.web.errors import NotFound, Problem

router = APIRouter(prefix="/api/v1/pulses", tags=["pulses"])

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(api_editor)]
Viewer = Annotated[Caller, Depends(api_viewer)]


@router.get("", operation_id="list_pulses")
async def list_pulses(ports: PortsDep, caller: Viewer) -> PulseList:
    """By name."""
    return PulseList(pulses=[pulse_view(one) for one in await reading.list_pulses(ports, caller.tenant)])


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
        counted=would.counted,
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


@router.get("/{pulse_id}/checklist", operation_id="get_pulse_checklist")
async def get_checklist(pulse_id: str, ports: PortsDep, caller: Viewer) -> Checklist:
    """What a person makes by hand in the real products, since no API does it, with this pulse's values."""
    try:
        found = await listing.read_checklist(ports, caller.tenant, pulse_id)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown
    return Checklist(
        procedures=[
            ProcedureView(
                title=one.title,
                remark=one.remark,
                steps=[StepView(text=step.text, value=step.value, code=step.code) for step in one.steps],
            )
            for one in found
        ]
    )


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
        return pulse_view(await reading.find_pulse(ports, caller.tenant, pulse_id))
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown


def _invalid(refused: PulseRefused) -> Problem:
    errors = [{"where": one.field, "reason": one.fault.value, "what": one.text} for one in refused.problems]
    return Problem(422, "the pulse cannot be saved", str(refused), errors=errors)
