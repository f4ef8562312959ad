"""Who may do what with a workflow, who is told of failures, and what holds its starts back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from opulse.clock import zone_names
from opulse.experience.workflows import Workflow
from opulse.experience.workflows.flow import holding, notices, sharing
from opulse.experience.workflows.flow.mailing import split_addresses
from opulse.experience.workflows.models import SHARE_NAMES, Hold, NoticeKind, Notices, ShareLevel, Sharing
from opulse.experience.workflows.pages.shared import (
    Editor,
    PortsDep,
    Text,
    find_workflow,
    level_of,
    posted,
    texts,
)
from opulse.ports import Ports
from opulse.tenancy.models import Person
from opulse.tenancy.views import list_people
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/workflows")
LEVELS = (
    ("", "As their role allows"),
    ("read", "See it"),
    ("run", "See it, run it, turn it on and off"),
    ("edit", "See it, run it, change it"),
)
KINDS = (
    (NoticeKind.TRIGGER_FAILURE.value, "An event came, and the workflow did not start"),
    (NoticeKind.TASK_FAILURE.value, "A task failed"),
    (NoticeKind.TASK_SUCCESS.value, "All tasks were done (scheduled workflows only)"),
)


@dataclass(frozen=True, slots=True)
class AroundPage:
    """``people``: those of the tenant who sign in; ``is_owner``: the caller may share it and say who is told."""

    workflow: Workflow
    sharing: Sharing
    notices: Notices
    holds: tuple[Hold, ...]
    people: tuple[Person, ...]
    is_owner: bool
    errors: dict[str, str]
    levels: tuple[tuple[str, str], ...] = LEVELS
    kinds: tuple[tuple[str, str], ...] = KINDS

    def level_name(self, person: str) -> str:
        """What is shared with somebody, as the form names it."""
        level = self.sharing.shares.get(person)
        return next((name for name, one in SHARE_NAMES.items() if one is level), "")

    def person_options(self) -> list[tuple[str, str]]:
        """Whom it can be handed over to."""
        return [(one.id, one.name) for one in self.people]

    def name_of(self, person: str) -> str:
        """A person's name; empty for nobody."""
        return next((one.name for one in self.people if one.id == person), "")


@router.get("/{workflow}/sharing")
async def show_around(workflow: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Sharing, notices, holds."""
    return await _show(request, ports, caller, await find_workflow(ports, caller, workflow), {})


@router.get("/{workflow}/notices")
@router.get("/{workflow}/holds")
async def show_around_again(workflow: str, ports: PortsDep, caller: Editor) -> Response:
    """The page of sharing: a refused form leaves its address in the browser, where a reload asks for it."""
    await find_workflow(ports, caller, workflow)
    return RedirectResponse(f"/workflows/{workflow}/sharing", status_code=303)


@router.post("/{workflow}/sharing")
async def save_sharing(workflow: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Store who may do what: ``share.<person>`` names a level."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.OWNER)
    sent = texts(await posted(request))
    shares = {
        name.removeprefix("share."): SHARE_NAMES[value]
        for name, value in sent.items()
        if name.startswith("share.") and value in SHARE_NAMES
    }
    try:
        await sharing.set_sharing(ports, caller, workflow, bool(sent.get("private")), shares)
    except ValueError as error:
        return await _show(request, ports, caller, found, {"private": _sentence(error)})
    return see_other(f"/workflows/{workflow}/sharing", "Sharing is saved.")


@router.post("/{workflow}/owner")
async def save_owner(workflow: str, ports: PortsDep, caller: Editor, person: Text = "") -> Response:
    """Hand the workflow over."""
    await find_workflow(ports, caller, workflow, ShareLevel.OWNER)
    try:
        await sharing.hand_over(ports, caller, workflow, person)
    except ValueError as error:
        return see_other(f"/workflows/{workflow}/sharing", _sentence(error), "red")
    return see_other(f"/workflows/{workflow}/sharing", "It is handed over.")


@router.post("/{workflow}/notices")
async def save_notices(workflow: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Store who is told of what."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.OWNER)
    form = await posted(request)
    kinds = [NoticeKind(str(kind)) for kind in form.getlist("kinds") if kind in set(NoticeKind)]
    addresses = split_addresses(str(form.get("addresses") or ""))
    try:
        await notices.set_notices(ports, caller.tenant, workflow, kinds, addresses, caller.name)
    except ValueError as error:
        return await _show(request, ports, caller, found, {"addresses": _sentence(error)})
    return see_other(f"/workflows/{workflow}/sharing", "Notices are saved.")


@router.post("/{workflow}/holds")
async def save_hold(
    workflow: str,
    request: Request,
    ports: PortsDep,
    caller: Editor,
    name: Text = "",
    from_at: Text = "",
    until_at: Text = "",
    zone: Text = "UTC",
) -> Response:
    """Hold the workflow's starts back."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.RUN)
    try:
        begins, ends = _moment(from_at, zone), _moment(until_at, zone)
        await holding.add_hold(ports, caller.tenant, workflow, name, begins, ends, caller.name)
    except ValueError as error:
        return await _show(request, ports, caller, found, {"name": _sentence(error)})
    return see_other(
        f"/workflows/{workflow}/sharing", "Starts are held: events are taken, their runs wait.", "purple"
    )


@router.post("/{workflow}/holds/{hold}/end")
async def save_hold_end(workflow: str, hold: str, ports: PortsDep, caller: Editor) -> Response:
    """End a hold: what waits goes on."""
    await find_workflow(ports, caller, workflow, ShareLevel.RUN)
    try:
        await holding.end_hold(ports, caller.tenant, workflow, hold, caller.name)
    except LookupError as error:
        raise NotFound("hold") from error
    return see_other(f"/workflows/{workflow}/sharing", "The hold is over: what waited goes on.")


async def _show(
    request: Request, ports: Ports, caller: Caller, workflow: Workflow, errors: dict[str, str]
) -> Response:
    context = AroundPage(
        workflow,
        await sharing.read_sharing(ports, caller.tenant, workflow.id),
        await notices.read_notices(ports, caller.tenant, workflow.id),
        tuple(await holding.read_holds(ports, caller.tenant, workflow.id)),
        tuple(await ports.db.read(_people_in, caller.tenant)),
        await level_of(ports, caller, workflow.id) >= ShareLevel.OWNER,
        errors,
    )
    return await page(request, "workflows/around.html", context, 422 if errors else 200)


def _people_in(conn: Connection, tenant: int) -> list[Person]:
    return [one for one in list_people(conn, tenant) if not one.disabled]


def _moment(text: str, zone: str) -> datetime | None:
    """A wall-clock time of a form's input; empty: none. Raises ``ValueError``."""
    if not text.strip():
        return None
    if zone not in zone_names():
        raise ValueError("the time zone is a name such as Europe/Berlin")
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone))
    except ValueError as error:
        raise ValueError("a time is a date and hours and minutes, such as 2026-12-24 18:00") from error


def _sentence(error: ValueError) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}".rstrip(".") + "."
