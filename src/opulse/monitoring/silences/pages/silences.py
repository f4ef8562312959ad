"""The list of all that keeps people from being told, and the form of a silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.maintenance.models import MaintenanceWindow
from opulse.monitoring.maintenance.rules import Span, find_span
from opulse.monitoring.maintenance.views import list_windows
from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.silences.flow import previewing, reading, setting
from opulse.monitoring.silences.models import Silence, SilenceDraft, SilenceRefused
from opulse.monitoring.silences.pages.fields import errors_of, read_text
from opulse.monitoring.systems.views import list_groups
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/silences", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]

LENGTHS: Final = {
    "30m": ("30 minutes", timedelta(minutes=30)),
    "1h": ("1 hour", timedelta(hours=1)),
    "2h": ("2 hours", timedelta(hours=2)),
    "4h": ("4 hours", timedelta(hours=4)),
    "8h": ("8 hours", timedelta(hours=8)),
    "1d": ("1 day", timedelta(days=1)),
    "3d": ("3 days", timedelta(days=3)),
    "7d": ("7 days", timedelta(days=7)),
}
"""How long a silence of the form lasts; it begins at once. The API takes any two moments."""


@dataclass(frozen=True)
class SilenceLine:
    """A silence with the names of what it matches."""

    silence: Silence
    notification: str
    group: str
    begun: bool


@dataclass(frozen=True)
class WindowLine:
    """A window with the occurrence that is under way, or the next."""

    window: MaintenanceWindow
    span: Span
    under_way: bool


@dataclass(frozen=True)
class CauseLine:
    """An inhibition with the names of its notifications; deleted ones are left out."""

    id: str
    cause: str
    symptoms: tuple[str, ...]


@dataclass(frozen=True)
class SilencesPage:
    silences: tuple[SilenceLine, ...]
    windows: tuple[WindowLine, ...]
    causes: tuple[CauseLine, ...]
    may_edit: bool


@dataclass(frozen=True)
class SilenceForm:
    """Every field as text."""

    comment: str = ""
    notification: str = ""
    sensor: str = ""
    group: str = ""
    lasts: str = "1h"

    def draft(self, now: datetime) -> SilenceDraft:
        length = LENGTHS.get(self.lasts)
        ends = now + length[1] if length else None
        return SilenceDraft(self.comment, self.notification, self.sensor, self.group, now, ends)


@dataclass(frozen=True)
class SilencePage:
    """The form. ``hidden`` None: no preview was asked for."""

    form: SilenceForm
    notifications: tuple[tuple[str, str], ...]
    sensors: tuple[str, ...]
    groups: tuple[tuple[str, str], ...]
    hidden: tuple[previewing.Hidden, ...] | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    lengths: tuple[tuple[str, str], ...] = tuple((key, label) for key, (label, _) in LENGTHS.items())


@router.get("")
async def show_silences(request: Request, ports: PortsDep, caller: Viewer) -> Response:
    """All that keeps people from being told now or later."""
    now = ports.clock.now()
    found = await ports.db.read(_list_in, caller.tenant, now, may_edit=caller.may(Role.EDITOR))
    return await page(request, "silences/list.html", found)


@router.get("/new")
async def show_new(request: Request, ports: PortsDep, caller: Editor, notification: str = "") -> Response:
    """Silence something; a notification's page may name it already."""
    context = await _context(ports, caller, SilenceForm(notification=notification))
    return await page(request, "silences/silence.html", context)


@router.post("/new")
async def save_new(request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor) -> Response:
    """The form's two buttons: what it would hide, and do it."""
    sent = await request.form()
    form = SilenceForm(
        *(read_text(sent, name) for name in ("comment", "notification", "sensor", "group", "lasts"))
    )
    draft, hidden = form.draft(ports.clock.now()), None
    try:
        if read_text(sent, "do") == "save":
            made = await setting.set_silence(ports, caller.tenant, caller.name, draft)
            return see_other("/silences", f"{made.comment}: nobody is told of what matches.")
        hidden = tuple(await previewing.preview_silence(ports, evaluator, caller.tenant, draft))
    except SilenceRefused as refused:
        context = await _context(ports, caller, form, errors=errors_of(refused.problems))
        return await page(request, "silences/silence.html", context, 422)
    return await page(request, "silences/silence.html", await _context(ports, caller, form, hidden))


@router.post("/{silence_id}/end")
async def save_ended(silence_id: str, ports: PortsDep, caller: Editor) -> Response:
    """End it now."""
    ended = await setting.end_silence(ports, caller.tenant, caller.name, silence_id)
    if ended is None:
        raise NotFound("silence")
    return see_other("/silences", f"{ended.comment}: over. What it muted and is still open is told now.")


def _list_in(conn: Connection, tenant: int, now: datetime, *, may_edit: bool) -> SilencesPage:
    names = {found.id: found.name for found in list_notifications(conn, tenant)}
    groups = {group.guid: group.name for group in list_groups(conn, tenant)}
    silences = (
        SilenceLine(
            silence,
            names.get(silence.notification, ""),
            groups.get(silence.group, ""),
            silence.starts_at <= now,
        )
        for silence in reading.list_silences(conn, tenant, now)
    )
    windows = ((window, find_span(window, now)) for window in list_windows(conn, tenant, now))
    causes = (
        CauseLine(
            one.id, names[one.cause], tuple(names[symptom] for symptom in one.symptoms if symptom in names)
        )
        for one in reading.list_inhibitions(conn, tenant)
        if one.cause in names
    )
    return SilencesPage(
        tuple(silences),
        tuple(WindowLine(window, span, span.start <= now) for window, span in windows if span is not None),
        tuple(causes),
        may_edit,
    )


async def _context(
    ports: Ports,
    caller: Caller,
    form: SilenceForm,
    hidden: tuple[previewing.Hidden, ...] | None = None,
    errors: Mapping[str, str] | None = None,
) -> SilencePage:
    def query(conn: Connection) -> SilencePage:
        return SilencePage(
            form,
            tuple((found.id, found.name) for found in list_notifications(conn, caller.tenant)),
            tuple(sorted(sensor.name for sensor in list_sensors(conn, caller.tenant))),
            tuple((group.guid, group.name) for group in list_groups(conn, caller.tenant)),
            hidden,
            errors or {},
        )

    return await ports.db.read(query)
