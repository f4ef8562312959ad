"""The form of an inhibition: a cause and its symptoms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import Connection

from opulse.monitoring.notifications.flow.reading import list_notifications
from opulse.monitoring.silences.flow import setting
from opulse.monitoring.silences.models import SilenceRefused
from opulse.monitoring.silences.pages.fields import errors_of, read_text
from opulse.ports import Ports
from opulse.web.access import Caller, needs_editor, ports_of
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page

router = APIRouter(prefix="/silences/causes", include_in_schema=False)

PortsDep = Annotated[Ports, Depends(ports_of)]
Editor = Annotated[Caller, Depends(needs_editor)]


@dataclass(frozen=True)
class CausePage:
    """The form with every notification to choose from."""

    notifications: tuple[tuple[str, str], ...]
    cause: str = ""
    symptoms: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)


@router.get("/new")
async def show_new(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Say which notification is the cause of which."""
    return await page(request, "silences/cause.html", CausePage(await _names(ports, caller)))


@router.post("/new")
async def save_new(request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Save it."""
    sent = await request.form()
    cause = read_text(sent, "cause")
    symptoms = tuple(value for value in sent.getlist("symptom") if isinstance(value, str))
    try:
        await setting.set_inhibition(ports, caller.tenant, caller.name, cause, symptoms)
    except SilenceRefused as refused:
        context = CausePage(await _names(ports, caller), cause, symptoms, errors_of(refused.problems))
        return await page(request, "silences/cause.html", context, 422)
    return see_other("/silences", "While the cause is open, nobody is told of its symptoms.")


@router.post("/{inhibition_id}/delete")
async def save_deleted(inhibition_id: str, ports: PortsDep, caller: Editor) -> Response:
    """What it mutes and is still open is told."""
    if not await setting.delete_inhibition(ports, caller.tenant, caller.name, inhibition_id):
        raise NotFound("inhibition")
    return see_other("/silences", "Deleted. What it muted and is still open is told now.")


async def _names(ports: Ports, caller: Caller) -> tuple[tuple[str, str], ...]:
    def query(conn: Connection) -> tuple[tuple[str, str], ...]:
        return tuple((found.id, found.name) for found in list_notifications(conn, caller.tenant))

    return await ports.db.read(query)
