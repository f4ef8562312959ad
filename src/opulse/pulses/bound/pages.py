"""The console's pages of pulses: the list, one pulse with its parts, the form, the checklist, and what a deletion takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection
from starlette.datastructures import FormData

from opulse.experience.directory.views import list_lists
from opulse.experience.surveys.models import SurveyState
from opulse.experience.surveys.views import list_all_surveys
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.systems.views import list_groups
from opulse.ports import Ports
from opulse.pulses.bound.flow import keeping, previewing, reading, removing, saving
from opulse.pulses.bound.models import (
    CHANNELS,
    DEFAULT_LIST,
    DEFAULT_SURVEY,
    Leaving,
    PartKind,
    PulseDraft,
    PulseLook,
    PulseRefused,
    PulseUnknown,
    WouldAsk,
)
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
class PulseFormPage:
    """The form. ``pulse`` empty: a new one. ``would`` None: no preview was asked for."""

    draft: PulseDraft
    sensors: tuple[str, ...]
    groups: tuple[tuple[str, str], ...]
    surveys: tuple[tuple[str, str], ...]
    lists: tuple[tuple[str, str], ...]
    pulse: str = ""
    revision: int = 0
    would: WouldAsk | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = CHANNELS
    default_survey: str = DEFAULT_SURVEY
    default_list: str = DEFAULT_LIST


@dataclass(frozen=True)
class DeletePage:
    look: PulseLook
    leavings: tuple[Leaving, ...]


@router.get("")
async def show_pulses(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """Every pulse with how its parts stand."""
    found = tuple(await reading.list_pulses(ports, caller.tenant))
    return await page(request, "bound/list.html", PulsesPage(found, caller.may(Role.EDITOR)))


@router.get("/new")
async def show_new(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Eight fields, of which the threshold, the survey, the list and the way are filled in."""
    return await page(request, "bound/form.html", await _form(ports, caller, PulseDraft("", (), "")))


@router.post("/new")
async def save_new(request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor) -> Response:
    """The form's buttons: another sensor, what it would do, and make it."""
    sent = await request.form()
    context = await _form(ports, caller, _read(sent))
    do = sent.get("do")
    try:
        if do == "save":
            made = await saving.create_pulse(ports, caller.tenant, caller.name, context.draft)
            return see_other(f"/pulses/{made.id}", f"{made.draft.name}: all its parts are made and in step.")
        if do == "preview":
            would = await previewing.preview_pulse(ports, evaluator, caller.tenant, context.draft)
            context = replace(context, would=would)
    except PulseRefused as refused:
        return await page(request, "bound/form.html", replace(context, errors=_errors(refused)), 422)
    return await page(request, "bound/form.html", context)


@router.get("/{pulse_id}")
async def show_pulse(pulse_id: str, request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """Each part with what was changed by hand."""
    return await page(request, "bound/pulse.html", await _pulse_page(ports, caller, pulse_id))


@router.get("/{pulse_id}/edit")
async def show_edit(pulse_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The same form, filled."""
    look = await _look(ports, caller, pulse_id)
    context = await _form(ports, caller, look.pulse.draft)
    context = replace(context, pulse=pulse_id, revision=look.pulse.revision)
    return await page(request, "bound/form.html", context)


@router.post("/{pulse_id}/edit")
async def save_edit(
    pulse_id: str, request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor
) -> Response:
    """Every part follows."""
    look = await _look(ports, caller, pulse_id)
    sent = await request.form()
    seen = _text(sent, "revision")
    revision = int(seen) if seen.isdecimal() else look.pulse.revision
    context = await _form(ports, caller, _read(sent))
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
        return await page(request, "bound/form.html", replace(context, errors=_errors(refused)), 422)
    return await page(request, "bound/form.html", context)


@router.post("/{pulse_id}/switch")
async def save_switch(pulse_id: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Pause or resume."""
    enabled = _text(await request.form(), "enabled") == "yes"
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
    kind = _text(await request.form(), "kind")
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
    return await page(request, "bound/checklist.html", await _pulse_page(ports, caller, pulse_id))


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
    form = await _form(ports, caller, look.pulse.draft)
    draft = look.pulse.draft
    return PulsePage(
        look,
        dict(form.groups).get(draft.group, "a deleted group"),
        dict(form.surveys).get(draft.survey, "a survey that takes no answers"),
        dict(form.lists).get(draft.mailing_list, "a deleted list"),
        caller.may(Role.EDITOR),
    )


async def _form(ports: Ports, caller: Caller, draft: PulseDraft) -> PulseFormPage:
    def query(conn: Connection) -> PulseFormPage:
        surveys = [one for one in list_all_surveys(conn, caller.tenant) if one.state is SurveyState.ACTIVE]
        return PulseFormPage(
            draft,
            tuple(sorted(one.name for one in list_sensors(conn, caller.tenant))),
            tuple((one.guid, one.name) for one in list_groups(conn, caller.tenant)),
            tuple((one.id, one.name) for one in surveys),
            tuple((one.id, one.name) for one in list_lists(conn, caller.tenant)),
        )

    return await ports.db.read(query)


def _read(sent: FormData) -> PulseDraft:
    sensors = (value.strip() for value in sent.getlist("sensor") if isinstance(value, str))
    return PulseDraft(
        name=_text(sent, "name"),
        sensors=tuple(dict.fromkeys(name for name in sensors if name)),
        group=_text(sent, "group"),
        threshold=_text(sent, "threshold"),
        survey=_text(sent, "survey"),
        message=_text(sent, "message"),
        mailing_list=_text(sent, "mailing_list"),
        channel=_text(sent, "channel"),
    )


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _errors(refused: PulseRefused) -> dict[str, str]:
    errors: dict[str, str] = {}
    for one in refused.problems:
        errors.setdefault(one.field.split(".")[0], one.text)
    return errors
