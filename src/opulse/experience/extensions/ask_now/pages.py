"""The page Ask now: choose people and a survey, look who would be asked, ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.experience.directory import views as directory
from opulse.experience.extensions.ask_now.flow import ask_now, foresee
from opulse.experience.extensions.ask_now.models import AskProblem, Foreseen, Wanted
from opulse.experience.surveys.flow import list_surveys
from opulse.experience.workflows.doors import OfferedGroup, groups_door
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.layout import page
from opulse.wire.identifiers import random_text

router = APIRouter(include_in_schema=False)
PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]
Text = Annotated[str, Form()]
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AskPage:
    """The form, and what it would do once somebody has looked. ``groups`` is empty where this process knows none."""

    wanted: Wanted
    directories: Options
    lists: Options
    groups: Options
    surveys: Options
    seen: Foreseen | None
    errors: dict[str, str]


@router.get("/ask-now")
async def show_ask(request: Request, ports: PortsDep, caller: Editor, survey: str = "") -> Response:
    """The empty form."""
    return await _show(request, ports, caller, Wanted("", survey, key=random_text(20)))


@router.post("/ask-now")
async def save_ask(
    request: Request,
    ports: PortsDep,
    caller: Editor,
    directory: Text = "",
    survey: Text = "",
    group: Text = "",
    list_id: Text = "",
    people: Text = "",
    subject: Text = "",
    message: Text = "",
    key: Text = "",
    do: Text = "look",
) -> Response:
    """Look who would be asked (``do`` = look), or ask."""
    wanted = Wanted(
        directory, survey, group, list_id, people, subject.strip(), message.strip(), key or random_text(20)
    )
    try:
        if do == "ask":
            run = await ask_now(ports, caller.tenant, wanted, caller.name)
            return see_other(f"/workflows/{run.workflow}/runs/{run.id}", "They are being asked.")
        seen = await foresee(ports, caller.tenant, wanted)
    except AskProblem as problem:
        return await _show(request, ports, caller, wanted, errors=problem.problems)
    return await _show(request, ports, caller, wanted, seen)


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    wanted: Wanted,
    seen: Foreseen | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    folders, lists, groups = await ports.db.read(_offered_in, caller.tenant)
    surveys = await list_surveys(ports, caller.tenant)
    if not wanted.directory and folders:
        wanted = Wanted(folders[0][0], wanted.survey, key=wanted.key)
    context = AskPage(
        wanted,
        folders,
        lists,
        tuple((one.id, f"{one.name}, {one.systems:,} systems") for one in groups),
        tuple((one.id, one.name) for one in surveys if one.published),
        seen,
        errors or {},
    )
    return await page(request, "ask_now/ask.html", context, 422 if errors else 200)


def _offered_in(conn: Connection, tenant: int) -> tuple[Options, Options, list[OfferedGroup]]:
    door = groups_door()
    folders = sorted(directory.list_directories(conn, tenant), key=lambda one: not one.is_default)
    names = {one.id: one.name for one in folders}
    lists = tuple(
        (one.id, f"{one.name}, {one.members:,} members ({names[one.directory]})")
        for one in directory.list_lists(conn, tenant)
    )
    return tuple((one.id, one.name) for one in folders), lists, list(door(conn, tenant)) if door else []
