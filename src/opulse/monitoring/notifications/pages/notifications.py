"""Notifications in the console: Create Notification and Edit Notification with its lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.notifications.flow import previewing, reading, saving
from opulse.monitoring.notifications.models import (
    Notification,
    NotificationRefused,
    NotificationWarning,
    Preview,
    SavedNotification,
)
from opulse.monitoring.notifications.pages.form import NotificationForm, errors_of, form_of, read_form
from opulse.monitoring.notifications.rules import (
    OPTION_LABELS,
    SCHEDULE_LABELS,
    list_zones,
)
from opulse.monitoring.recipients.flow.saving import list_recipients
from opulse.monitoring.recipients.models import Recipient
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.sensors.flow.evaluator import Evaluator
from opulse.monitoring.sensors.models import Sensor
from opulse.monitoring.sensors.views import list_sensors
from opulse.monitoring.systems.models import Group
from opulse.monitoring.systems.views import list_groups
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, needs_viewer, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Role

router = APIRouter(prefix="/notifications", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Viewer = Annotated[Caller, Depends(needs_viewer)]
Editor = Annotated[Caller, Depends(needs_editor)]
_FOLDED = ("minimum", "hold_seconds", "cool_down_seconds", "schedule", "zone")
OFFERED = 40  # sensors shown at once; a category holds fewer, a search may find more

_WARNINGS = {
    NotificationWarning.NO_RECIPIENTS: "It has no recipients: it will activate and tell nobody.",
    NotificationWarning.GROUP_EMPTY: "No system is in its group, so nothing can activate it.",
}


@dataclass(frozen=True)
class Category:
    """One entry of the list at the left; ``count`` sensors are in it."""

    name: str
    count: int
    chosen: bool


@dataclass(frozen=True)
class ChosenSensor:
    """One added sensor with the instances that were seen; ``place`` counts from 0."""

    place: int
    name: str
    instance: str
    instanced: bool
    instances: tuple[str, ...]


@dataclass(frozen=True)
class NotificationPage:
    """Create or Edit Notification. ``notification`` None: a new one. ``preview`` None: too little is filled in to count."""

    notification: Notification | None
    form: NotificationForm
    chosen: tuple[ChosenSensor, ...]
    categories: tuple[Category, ...]
    offered: tuple[Sensor, ...]
    not_shown: int
    groups: tuple[Group, ...]
    recipients: tuple[Recipient, ...]
    options: tuple[tuple[str, str, str], ...]
    schedules: tuple[tuple[str, str], ...]
    zones: tuple[str, ...]
    preview: Preview | None
    errors: Mapping[str, str]
    editing: bool
    may_edit: bool

    @property
    def has_timing_error(self) -> bool:
        """Whether the folded part of the form must be open."""
        return not self.errors.keys().isdisjoint(_FOLDED)


@router.get("/new")
async def show_new(request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor) -> Response:
    """Create Notification."""
    context = await _context(ports, evaluator, caller, None, NotificationForm(), {}, editing=True)
    return await page(request, "notifications/edit.html", context)


@router.post("/new")
async def save_new(request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor) -> Response:
    """A button of Create Notification."""
    return await _pressed(request, ports, evaluator, caller, None)


@router.get("/{notification_id}")
async def show_notification(
    request: Request,
    notification_id: str,
    ports: PortsDep,
    evaluator: EvaluatorDep,
    caller: Viewer,
    edit: bool = False,
) -> Response:
    """Edit Notification, locked until it is unlocked."""
    found = await _found(ports, caller.tenant, notification_id)
    editing = edit and caller.may(Role.EDITOR)
    context = await _context(ports, evaluator, caller, found, form_of(found), {}, editing=editing)
    return await page(request, "notifications/edit.html", context)


@router.post("/{notification_id}")
async def save_notification(
    request: Request, notification_id: str, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor
) -> Response:
    """A button of Edit Notification; saving dismisses its activation."""
    found = await _found(ports, caller.tenant, notification_id)
    return await _pressed(request, ports, evaluator, caller, found)


@router.post("/{notification_id}/delete")
async def save_deleted(notification_id: str, ports: PortsDep, caller: Editor) -> Response:
    """Delete it; its activation is dismissed."""
    found = await _found(ports, caller.tenant, notification_id)
    await saving.delete_notification(ports, caller.tenant, caller.name, notification_id)
    return see_other("/notifications", f"{found.name} was deleted.")


async def _pressed(
    request: Request, ports: Ports, evaluator: Evaluator, caller: Caller, found: Notification | None
) -> Response:
    sent = await request.form()
    form = read_form(sent)
    button = str(sent.get("do", ""))
    errors: dict[str, str] = {}
    if button == "save":
        try:
            saved = await _save(ports, caller, found, form)
        except NotificationRefused as refused:
            errors = errors_of(refused)
        else:
            return _see_saved(saved)
    context = await _context(ports, evaluator, caller, found, form.pressed(button), errors, editing=True)
    return await page(request, "notifications/edit.html", context, 422 if errors else 200)


async def _save(
    ports: Ports, caller: Caller, found: Notification | None, form: NotificationForm
) -> SavedNotification:
    if found is None:
        return await saving.create_notification(ports, caller.tenant, caller.name, form.draft())
    saved = await saving.change_notification(ports, caller.tenant, caller.name, found.id, form.draft())
    if saved is None:
        raise NotFound("notification")
    return saved


def _see_saved(saved: SavedNotification) -> Response:
    text = f"{saved.notification.name} is saved."
    warnings = " ".join(_WARNINGS[warning] for warning in saved.warnings)
    return see_other("/notifications", f"{text} {warnings}".strip(), "amber" if warnings else "green")


async def _found(ports: Ports, tenant: int, notification_id: str) -> Notification:
    found = await ports.db.read(reading.find_notification, tenant, notification_id)
    if found is None:
        raise NotFound("notification")
    return found


async def _context(
    ports: Ports,
    evaluator: Evaluator,
    caller: Caller,
    found: Notification | None,
    form: NotificationForm,
    errors: Mapping[str, str],
    *,
    editing: bool,
) -> NotificationPage:
    def query(conn: Connection) -> tuple[list[Sensor], list[Group]]:
        return list_sensors(conn, caller.tenant), list_groups(conn, caller.tenant)

    sensors, groups = await ports.db.read(query)
    form = _with_category(sensors, form)
    offered = _offered(sensors, form)
    return NotificationPage(
        notification=found,
        form=form,
        chosen=_chosen(evaluator, caller.tenant, sensors, form),
        categories=_categories(sensors, form),
        offered=tuple(offered[:OFFERED]),
        not_shown=max(0, len(offered) - OFFERED),
        groups=tuple(groups),
        recipients=tuple(await list_recipients(ports, caller.tenant)),
        options=tuple((option.value, label, "") for option, label in OPTION_LABELS.items()),
        schedules=tuple((preset.value, label) for preset, label in SCHEDULE_LABELS.items()),
        zones=list_zones(),
        preview=await _preview(ports, evaluator, caller.tenant, form),
        errors=errors,
        editing=editing,
        may_edit=caller.may(Role.EDITOR),
    )


async def _preview(ports: Ports, evaluator: Evaluator, tenant: int, form: NotificationForm) -> Preview | None:
    try:
        return await previewing.preview_draft(ports, evaluator, tenant, form.draft())
    except NotificationRefused:
        return None


def _categories(sensors: Sequence[Sensor], form: NotificationForm) -> tuple[Category, ...]:
    names = sorted({sensor.category for sensor in sensors})
    return tuple(
        Category(
            name,
            sum(sensor.category == name for sensor in sensors),
            name == form.category and not form.search,
        )
        for name in names
    )


def _offered(sensors: Sequence[Sensor], form: NotificationForm) -> list[Sensor]:
    """The list at the right: what a search finds in all categories, else the category's own."""
    words = form.search.casefold().split()
    if words:
        return [sensor for sensor in sensors if all(word in sensor.name.casefold() for word in words)]
    return [sensor for sensor in sensors if sensor.category == form.category]


def _with_category(sensors: Sequence[Sensor], form: NotificationForm) -> NotificationForm:
    """Without a category, that of the first added sensor is open; without one, the first of all."""
    if form.category:
        return form
    added = {choice.name for choice in form.sensors}
    named = sorted(sensors, key=lambda sensor: (sensor.name not in added, sensor.category))
    return replace(form, category=named[0].category) if named else form


def _chosen(
    evaluator: Evaluator, tenant: int, sensors: Sequence[Sensor], form: NotificationForm
) -> tuple[ChosenSensor, ...]:
    known = {sensor.name: sensor for sensor in sensors}
    return tuple(
        ChosenSensor(
            place=place,
            name=choice.name,
            instance=choice.instance or "",
            instanced=choice.name in known and known[choice.name].instanced,
            instances=tuple(evaluator.instances(tenant, known[choice.name].idx))
            if choice.name in known
            else (),
        )
        for place, choice in enumerate(form.sensors)
    )
