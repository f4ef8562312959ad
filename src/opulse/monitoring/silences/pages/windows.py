"""The form of a maintenance window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.maintenance import flow
from opulse.monitoring.maintenance.models import Repeat, WindowDraft, WindowRefused
from opulse.monitoring.maintenance.rules import check_draft
from opulse.monitoring.notifications.rules import list_zones
from opulse.monitoring.sensors.api.states import EvaluatorDep
from opulse.monitoring.silences.flow import previewing
from opulse.monitoring.silences.pages.fields import errors_of, read_moment, read_text
from opulse.monitoring.systems.views import list_groups
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/silences/windows", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]

_REPEATS = (
    (Repeat.ONCE.value, "Once"),
    (Repeat.DAILY.value, "Every day"),
    (Repeat.WEEKLY.value, "Every week, on the same day"),
)


@dataclass(frozen=True)
class WindowForm:
    """Every field as text; times are wall-clock times of ``zone``."""

    name: str = ""
    group_id: str = ""
    starts_at: str = ""
    ends_at: str = ""
    repeat: str = Repeat.ONCE.value
    until: str = ""
    zone: str = "UTC"

    def draft(self) -> WindowDraft:
        return WindowDraft(
            name=self.name,
            group_id=self.group_id,
            starts_at=read_moment(self.starts_at, self.zone),
            ends_at=read_moment(self.ends_at, self.zone),
            repeat=self.repeat,
            zone=self.zone,
            until=read_moment(self.until, self.zone),
        )


@dataclass(frozen=True)
class WindowPage:
    """The form. ``hidden`` None: no preview was asked for."""

    form: WindowForm
    groups: tuple[tuple[str, str], ...]
    hidden: tuple[previewing.Hidden, ...] | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    repeats: tuple[tuple[str, str], ...] = _REPEATS
    zones: tuple[str, ...] = field(default_factory=list_zones)


@router.get("/new")
async def show_new(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Plan a window."""
    return await page(request, "silences/window.html", await _context(ports, caller, WindowForm()))


@router.post("/new")
async def save_new(request: Request, ports: PortsDep, evaluator: EvaluatorDep, caller: Editor) -> Response:
    """The form's two buttons: what it would hide, and plan it."""
    sent = await request.form()
    names = ("name", "group_id", "starts_at", "ends_at", "repeat", "until", "zone")
    form = WindowForm(*(read_text(sent, name) for name in names))
    if read_text(sent, "do") != "save":
        hidden = tuple(await previewing.preview_window(ports, evaluator, caller.tenant, form.group_id))
        return await page(request, "silences/window.html", await _context(ports, caller, form, hidden))
    try:
        made = await flow.plan_window(ports, caller.tenant, caller.name, form.draft())
    except WindowRefused as refused:
        problems = refused.problems or check_draft(form.draft(), group_known=False)
        context = await _context(ports, caller, form, errors=errors_of(problems))
        return await page(request, "silences/window.html", context, 422)
    return see_other("/silences", f"{made.name}: planned for {made.group_name}.")


@router.post("/{window_id}/end")
async def save_ended(window_id: str, ports: PortsDep, caller: Editor) -> Response:
    """End it now, and all that would come again."""
    ended = await flow.end_window(ports, caller.tenant, caller.name, window_id)
    if ended is None:
        raise NotFound("maintenance window")
    return see_other("/silences", f"{ended.name}: over. The systems of {ended.group_name} count again.")


async def _context(
    ports: Ports,
    caller: Caller,
    form: WindowForm,
    hidden: tuple[previewing.Hidden, ...] | None = None,
    errors: Mapping[str, str] | None = None,
) -> WindowPage:
    def query(conn: Connection) -> tuple[tuple[str, str], ...]:
        return tuple((group.guid, group.name) for group in list_groups(conn, caller.tenant))

    return WindowPage(form, await ports.db.read(query), hidden, errors or {})
