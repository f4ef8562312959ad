"""The event of a workflow: its form, drawn from the extension that offers it, and for JSON the address to call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from opulse.experience.directory.models import viewer_of
from opulse.experience.surveys.flow import list_surveys
from opulse.experience.workflows import TriggerType, Workflow, find_trigger_type
from opulse.experience.workflows.flow.addresses import trigger_url
from opulse.experience.workflows.flow.checking import WorkflowProblem
from opulse.experience.workflows.models import ShareLevel, TriggerDefinition
from opulse.experience.workflows.pages.forms import (
    BLANK_ROWS,
    FieldView,
    Objects,
    draw,
    errors_by_field,
    find_objects,
    read,
)
from opulse.experience.workflows.pages.shared import Editor, PortsDep, find_workflow, posted, save_document
from opulse.experience.workflows.registry import FieldKind
from opulse.ports import Ports
from opulse.web.components.flashes import see_other
from opulse.web.errors import NotFound
from opulse.web.layout import page
from opulse.web.roles import Caller

router = APIRouter(prefix="/workflows")
GUIDE_FIELDS = [
    {"name": "Systems URL", "path": "data.systemsAtActivationURL"},
    {"name": "Sensor Names", "path": "data.sensorNames"},
]
"""The two JSON fields of the integration guide; their names are what its task's page lists."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """The event's form; ``url`` is the address of a JSON event, empty for others."""

    workflow: Workflow
    title: str
    url: str
    fields: tuple[FieldView, ...]
    errors: dict[str, str]


@router.get("/{workflow}/event")
async def show_event(workflow: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """The event's form as it is stored."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    return await _show(request, ports, caller, found, found.document.trigger.form, {})


@router.post("/{workflow}/event")
async def save_event(workflow: str, request: Request, ports: PortsDep, caller: Editor) -> Response:
    """Store the form, or add rows to it (``do``: rows, guide)."""
    found = await find_workflow(ports, caller, workflow, ShareLevel.EDIT)
    kind = _kind(found)
    sent = await posted(request)
    form = read(kind.form, sent)
    button = str(sent.get("do") or "")
    if button:
        rows = BLANK_ROWS
        for one in kind.form:
            if one.kind is FieldKind.PATHS and button == "guide":
                known = {row["name"] for row in form[one.name]}
                form[one.name] += [row for row in GUIDE_FIELDS if row["name"] not in known]
            elif button == "rows":
                rows = BLANK_ROWS + 3
        return await _show(request, ports, caller, found, form, {}, rows)
    errors = {
        one.name: "Tick at least one."
        for one in kind.form
        if one.kind is FieldKind.MANY and one.required and not form[one.name]
    }
    if errors:
        return await _show(request, ports, caller, found, form, errors)
    try:
        trigger = TriggerDefinition(type=found.document.trigger.type, form=form)
        await save_document(ports, caller, found, trigger=trigger)
    except WorkflowProblem as problem:
        errors = errors_by_field(kind.form, problem.problems, kind.form[0].name)
        return await _show(request, ports, caller, found, form, errors)
    return see_other(f"/workflows/{workflow}", "The event is saved.")


async def _show(
    request: Request,
    ports: Ports,
    caller: Caller,
    workflow: Workflow,
    form: Mapping[str, Any],
    errors: dict[str, str],
    blank_rows: int = BLANK_ROWS,
) -> Response:
    kind = _kind(workflow)
    stored = [
        name
        for name in workflow.document.trigger.form
        if name not in kind.show(workflow.document.trigger.form)
    ]
    secrets = [one.name for one in kind.form if one.kind is FieldKind.SECRET and stored]
    context = EventPage(
        workflow,
        kind.title,
        trigger_url(ports, workflow),
        draw(kind.form, kind.show(form), await objects_of(ports, caller), errors, secrets, blank_rows),
        errors,
    )
    return await page(request, "workflows/event.html", context, 422 if errors else 200)


async def objects_of(ports: Ports, caller: Caller) -> Objects:
    """The tenant's objects that a field may name."""
    surveys = await list_surveys(ports, caller.tenant)
    listed = [(one.id, one.name if one.published else f"{one.name} (not published)") for one in surveys]
    return await ports.db.read(find_objects, caller.tenant, listed, viewer_of(caller))


def _kind(workflow: Workflow) -> TriggerType:
    kind = find_trigger_type(workflow.document.trigger.type)
    if kind is None:
        raise NotFound("event")
    return kind
