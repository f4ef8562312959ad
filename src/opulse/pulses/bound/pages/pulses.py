"""The console's pages of pulses: the list, one pulse with its parts, the form, the checklist, and what a deletion takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.ports import Ports
from opulse.pulses.bound.flow import keeping, listing, previewing, reading, removing, saving
from opulse.pulses.bound.models import (
    Leaving,
    PartKind,
    Procedure,
    PulseDraft,
    PulseLook,
    PulseRefused,
    PulseUnknown,
)
from opulse.pulses.bound.pages.form import errors_of, form_of, read_draft, text_of
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/pulses", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
Doing = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class PulsesPage:
    pulses: tuple[PulseLook, ...]
    may_edit: bool


@dataclass(frozen=True)
class PulsePage:
    """One pulse. ``names``: what its ids are called; ``keepable``: parts whose own words the pulse can take over."""

    look: PulseLook
    group: str
    survey: str
    mailing_list: str
    may_edit: bool
    problem: str = ""
    keepable: tuple[PartKind, ...] = (PartKind.NOTIFICATION, PartKind.SENDER)


@dataclass(frozen=True)
class DeletePage:
    look: PulseLook
    leavings: tuple[Leaving, ...]


@dataclass(frozen=True)
class ChecklistPage:
    pulse: PulseLook
    procedures: tuple[Procedure, ...]


@router.get("")
async def show_pulses(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """Every pulse with how its parts stand."""
    found = tuple(await reading.list_pulses(ports, caller.tenant))
    return await page(request, "bound/list.html", PulsesPage(found, caller.may(Role.EDITOR)))


@router.get("/new")
async def show_new(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Eight fields, of which the threshold, the survey, the list and the way are filled in."""
    return await page(request, "bound/form.html", await form_of(ports, caller, PulseDraft("", (), "")))


@router.post("/new")
async def save_new(request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor) -> Response:
    """The form's buttons: another sensor, what it would do, and make it."""
    sent = await request.form()
    context = await form_of(ports, caller, read_draft(sent))
    do = sent.get("do")
    try:
        if do == "save":
            made = await saving.create_pulse(ports, caller.tenant, caller.name, context.draft)
            return see_other(f"/pulses/{made.id}", f"{made.draft.name}: all its parts are made and in step.")
        if do == "preview":
            would = await previewing.preview_pulse(ports, evaluator, caller.tenant, context.draft)
            context = replace(context, would=would)
    except PulseRefused as refused:
        return await page(request, "bound/form.html", replace(context, errors=errors_of(refused)), 422)
    return await page(request, "bound/form.html", context)


@router.get("/{pulse_id}")
async def show_pulse(pulse_id: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """Each part with what was changed by hand."""
    return await page(request, "bound/pulse.html", await _pulse_page(ports, caller, pulse_id))


@router.get("/{pulse_id}/edit")
async def show_edit(pulse_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The same form, filled."""
    look = await _look(ports, caller, pulse_id)
    context = await form_of(ports, caller, look.pulse.draft)
    context = replace(context, pulse=pulse_id, revision=look.pulse.revision)
    return await page(request, "bound/form.html", context)


@router.post("/{pulse_id}/edit")
async def save_edit(
    pulse_id: str, request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor
) -> Response:
    """Every part follows."""
    look = await _look(ports, caller, pulse_id)
    sent = await request.form()
    seen = text_of(sent, "revision")
    revision = int(seen) if seen.isdecimal() else look.pulse.revision
    context = await form_of(ports, caller, read_draft(sent))
    context = replace(context, pulse=pulse_id, revision=revision)
    do = sent.get("do")
    try:
        if do == "save":
            who = (caller.tenant, caller.name)
            saved = await saving.change_pulse(ports, *who, pulse_id, context.draft, revision)
            return see_other(f"/pulses/{pulse_id}", f"{saved.draft.name}: saved, and every part follows.")
        if do == "preview":
            would = await previewing.preview_pulse(ports, evaluator, caller.tenant, context.draft, pulse_id)
            context = replace(context, would=would)
    except PulseRefused as refused:
        return await page(request, "bound/form.html", replace(context, errors=errors_of(refused)), 422)
    return await page(request, "bound/form.html", context)


@router.post("/{pulse_id}/switch")
async def save_switch(pulse_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Pause or resume."""
    enabled = text_of(await request.form(), "enabled") == "yes"
    text = "asks again." if enabled else "paused. Incidents are recorded; nobody is asked."

    async def do() -> str:
        done = await saving.switch_pulse(ports, caller.tenant, caller.name, pulse_id, enabled)
        return f"{done.draft.name}: {text}"

    return await _done(request, ports, caller, pulse_id, do)


@router.post("/{pulse_id}/put-back")
async def save_put_back(pulse_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Every part as the pulse says it."""

    async def do() -> str:
        done = await keeping.put_back(ports, caller.tenant, caller.name, pulse_id)
        return f"{done.draft.name}: every part is in step again."

    return await _done(request, ports, caller, pulse_id, do)


@router.post("/{pulse_id}/keep")
async def save_kept(pulse_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The pulse says what the part says; the other parts follow."""
    kind = text_of(await request.form(), "kind")
    if kind not in set(PartKind):
        raise NotFound("part")

    async def do() -> str:
        done = await keeping.keep(ports, caller.tenant, caller.name, pulse_id, PartKind(kind))
        return f"{done.draft.name}: kept, and the other parts follow."

    return await _done(request, ports, caller, pulse_id, do)


@router.get("/{pulse_id}/delete")
async def show_delete(pulse_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """What goes, what stays, and why."""
    look = await _look(ports, caller, pulse_id)
    leavings = await removing.preview_deletion(ports, caller.tenant, pulse_id)
    return await page(request, "bound/delete.html", DeletePage(look, leavings))


@router.post("/{pulse_id}/delete")
async def save_deleted(pulse_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Delete it with what it made and nothing else uses."""
    try:
        gone = await removing.delete_pulse(ports, caller.tenant, caller.name, pulse_id)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown
    return see_other("/pulses", f"{gone.draft.name}: deleted.")


@router.get("/{pulse_id}/checklist")
async def show_checklist(pulse_id: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """The guide's steps with this pulse's values, for who makes it in the real products; printable."""
    look = await _look(ports, caller, pulse_id)
    procedures = await listing.read_checklist(ports, caller.tenant, pulse_id)
    return await page(request, "bound/checklist.html", ChecklistPage(look, procedures))


async def _done(request: Request, ports: Ports, caller: Caller, pulse_id: str, do: Doing) -> Response:
    try:
        return see_other(f"/pulses/{pulse_id}", await do())
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown
    except PulseRefused as refused:
        context = replace(await _pulse_page(ports, caller, pulse_id), problem=str(refused))
        return await page(request, "bound/pulse.html", context, 422)


async def _look(ports: Ports, caller: Caller, pulse_id: str) -> PulseLook:
    try:
        return await reading.find_pulse(ports, caller.tenant, pulse_id)
    except PulseUnknown as unknown:
        raise NotFound("pulse") from unknown


async def _pulse_page(ports: Ports, caller: Caller, pulse_id: str) -> PulsePage:
    look = await _look(ports, caller, pulse_id)
    form = await form_of(ports, caller, look.pulse.draft)
    draft = look.pulse.draft
    return PulsePage(
        look,
        dict(form.groups).get(draft.group, "a deleted group"),
        dict(form.surveys).get(draft.survey, "a survey that takes no answers"),
        dict(form.lists).get(draft.mailing_list, "a deleted list"),
        caller.may(Role.EDITOR),
    )
